//! Singular vectors of a few long rows by one-sided Jacobi rotations.
//!
//! Rows are rotated against each other until all are orthogonal; they are then singular values times right singular
//! vectors. No Gram matrix is formed, so small singular values keep their relative accuracy.
//!
//! # Cost
//! About `8 m^2 d` flops a sweep, 4 to 8 sweeps; no memory beside the rows and one scalar a row.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::one_sided;
//! let (mut rows, mut squares) = ([3.0f64, 0.0, 3.0, 1.0], [0.0; 2]);
//! one_sided::orthogonalize_rows(&mut rows, &mut squares);
//! assert!((rows[0] * rows[2] + rows[1] * rows[3]).abs() < 1e-14);
//! assert!((squares[0] + squares[1] - 19.0).abs() < 1e-13);
//! ```

use super::{symmetric, vector};
use crate::Real;

const SWEEPS: usize = 30;

/// Makes the rows orthogonal by rotations, sorts them by length, longest first, and writes their squared lengths.
///
/// There are `squares.len()` rows. The squares of the entries must neither overflow nor vanish in `T`.
pub fn orthogonalize_rows<T: Real>(rows: &mut [T], squares: &mut [T]) {
    let m = squares.len();
    if m == 0 || rows.len() < m {
        return;
    }
    let width = rows.len() / m;
    for _ in 0..SWEEPS {
        for (square, row) in squares.iter_mut().zip(rows.chunks_exact(width)) {
            *square = vector::sum_of_squares(row);
        }
        if !sweep(rows, squares, width) {
            break;
        }
    }
    symmetric::sort_descending(squares, rows, width);
}

fn sweep<T: Real>(rows: &mut [T], squares: &mut [T], width: usize) -> bool {
    let tolerance = T::constant(64.0) * T::EPSILON * T::EPSILON;
    let largest = squares.iter().fold(T::ZERO, |max, &x| max.max(x));
    let negligible = T::EPSILON * T::EPSILON * largest;
    let mut rotated = false;
    for p in 0..squares.len() {
        for q in p + 1..squares.len() {
            let (head, tail) = rows.split_at_mut(q * width);
            let (x, y) = (&mut head[p * width..(p + 1) * width], &mut tail[..width]);
            let along = vector::dot(x, y);
            // Rows that are noise beside the longest one are left alone, and so are pairs already orthogonal.
            if along.abs() <= negligible
                || along * (along / squares[p].max(squares[q])) <= tolerance * squares[p].min(squares[q])
            {
                continue;
            }
            rotated = true;
            let (c, s, t) = symmetric::rotation(squares[p], squares[q], along);
            symmetric::rotate(x, y, c, s);
            squares[p] -= t * along;
            squares[q] += t * along;
        }
    }
    rotated
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keyed::{Domain, symmetric as uniform, word};
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn rows_become_orthogonal_and_keep_their_gram_spectrum() {
        for (m, d) in [(1, 5), (2, 2), (6, 9), (12, 40), (9, 4)] {
            let rows: Vec<f64> = (0..m * d).map(|i| uniform(word(1, Domain::Normal, i as u64))).collect();
            let mut gram = vec![0.0; m * m];
            for i in 0..m {
                for j in 0..m {
                    gram[i * m + j] = vector::dot(&rows[i * d..(i + 1) * d], &rows[j * d..(j + 1) * d]);
                }
            }
            let (mut vectors, mut values) = (vec![0.0; m * m], vec![0.0; m]);
            symmetric::eigen(&mut gram, &mut vectors, &mut values);
            let (mut work, mut squares) = (rows.clone(), vec![0.0; m]);
            orthogonalize_rows(&mut work, &mut squares);
            for i in 0..m {
                assert!((squares[i] - values[i]).abs() < 1e-13 * values[0], "{m} {d} {i}");
                for j in 0..i {
                    let dot = vector::dot(&work[i * d..(i + 1) * d], &work[j * d..(j + 1) * d]);
                    assert!(dot.abs() < 1e-13 * values[0], "{m} {d}: {dot:e}");
                }
            }
        }
    }

    #[test]
    fn small_singular_values_survive_in_f32() {
        // Two rows, lengths 1 and 1e-5, nearly parallel: a Gram matrix in f32 would lose the second one.
        let (mut rows, mut squares) = ([1.0f32, 0.0, 1e-5, 1e-5], [0.0; 2]);
        orthogonalize_rows(&mut rows, &mut squares);
        assert!((squares[1].sqrt() / 1e-5 - 1.0).abs() < 1e-3, "{}", squares[1].sqrt());
    }
}
