//! Eigenvectors of small symmetric matrices by cyclic Jacobi rotations.
//!
//! # Cost
//! About `20 m^3` flops, a square root and three divisions a rotation; the matrix is destroyed.
//!
//! # Numerics
//! Rotations stop where an off-diagonal entry is below `eps` times the geometric mean of its two diagonal entries, so a
//! positive matrix whose rows have very different scales keeps its small eigenvalues. The matrix is scaled by a power of
//! two first: any finite entries will do. The order of the rotations is fixed.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::symmetric;
//! let (mut matrix, mut vectors, mut values) = ([2.0, 1.0, 1.0, 2.0], [0.0; 4], [0.0; 2]);
//! symmetric::eigen(&mut matrix, &mut vectors, &mut values);
//! assert!((values[0] - 3.0f64).abs() < 1e-15 && (values[1] - 1.0).abs() < 1e-15);
//! assert!((vectors[0] - 0.5f64.sqrt()).abs() < 1e-15);
//! ```

use super::vector;
use crate::Real;
use crate::base::wide;

/// Sweeps after which Jacobi gives up improving; it converges quadratically and needs 4 to 8.
const SWEEPS: usize = 30;

/// Eigenvalues, descending, of the `m x m` matrix, `m = values.len()`, and its eigenvectors as the rows of `vectors`, the
/// first entry of each that is not noise positive. Equal eigenvalues keep the order of their columns.
///
/// `matrix` and `vectors` have `m * m` entries; with shorter slices nothing is done.
pub fn eigen<T: Real>(matrix: &mut [T], vectors: &mut [T], values: &mut [T]) {
    let m = values.len();
    let (Some(matrix), Some(vectors)) = (matrix.get_mut(..m * m), vectors.get_mut(..m * m)) else { return };
    vectors.fill(T::ZERO);
    vectors.iter_mut().step_by(m + 1).for_each(|x| *x = T::ONE);
    values.fill(T::ZERO);
    let largest = vector::max_abs(matrix);
    if largest == T::ZERO {
        return;
    }
    let e = largest.exponent();
    vector::rescale(matrix, -e);
    wide::run(
        #[inline(always)]
        || {
            for _ in 0..SWEEPS {
                if !sweep(matrix, vectors, m) {
                    break;
                }
            }
        },
    );
    for (value, &x) in values.iter_mut().zip(matrix.iter().step_by(m + 1)) {
        *value = x.times_power_of_two(e);
    }
    sort_descending(values, vectors, m);
    vectors.chunks_exact_mut(m).for_each(vector::fix_sign);
}

/// One cycle through all pairs; false if nothing had to be rotated.
#[inline(always)]
fn sweep<T: Real>(matrix: &mut [T], vectors: &mut [T], m: usize) -> bool {
    // Below this, entries are rounding noise of a matrix whose largest entry is in [1, 2).
    let noise = T::EPSILON * T::EPSILON;
    let mut rotated = false;
    for p in 0..m {
        for q in p + 1..m {
            let (app, aqq, apq) = (matrix[p * m + p], matrix[q * m + q], matrix[p * m + q]);
            if apq.abs() <= noise || apq * apq <= noise * (app * aqq).abs() {
                continue;
            }
            rotated = true;
            let (c, s, t) = rotation(app, aqq, apq);
            for rows in [&mut *matrix, &mut *vectors] {
                let (head, tail) = rows.split_at_mut(q * m);
                rotate_kernel(&mut head[p * m..(p + 1) * m], &mut tail[..m], c, s);
            }
            // The columns by symmetry; the two-by-two block from its closed form.
            let (mut at_p, mut at_q) = (p, q);
            for r in 0..m {
                (matrix[at_p], matrix[at_q]) = (matrix[p * m + r], matrix[q * m + r]);
                (at_p, at_q) = (at_p + m, at_q + m);
            }
            matrix[p * m + p] = app - t * apq;
            matrix[q * m + q] = aqq + t * apq;
            matrix[p * m + q] = T::ZERO;
            matrix[q * m + p] = T::ZERO;
        }
    }
    rotated
}

/// Cosine, sine and tangent of the smaller angle that makes `[app apq; apq aqq]` diagonal.
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(crate) fn rotation<T: Real>(app: T, aqq: T, apq: T) -> (T, T, T) {
    let (one, two) = (T::ONE, T::constant(2.0));
    let theta = (aqq - app) / (two * apq);
    // For a huge theta its square would overflow; the tangent is then 1 / (2 theta) to the last bit.
    let t = if theta.abs() > one / T::EPSILON {
        one / (two * theta)
    } else {
        let root = (theta * theta + one).sqrt();
        if theta < T::ZERO { -one / (root - theta) } else { one / (root + theta) }
    };
    let c = one / (t * t + one).sqrt();
    (c, t * c, t)
}

/// `(x, y) <- (c x - s y, s x + c y)`.
pub(crate) fn rotate<T: Real>(x: &mut [T], y: &mut [T], c: T, s: T) {
    wide::run(
        #[inline(always)]
        || rotate_kernel(x, y, c, s),
    );
}

#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
fn rotate_kernel<T: Real>(x: &mut [T], y: &mut [T], c: T, s: T) {
    for (x, y) in x.iter_mut().zip(y.iter_mut()) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

/// Sorts values descending and the rows of `vectors`, `width` entries each, with them; stable.
pub(crate) fn sort_descending<T: Real>(values: &mut [T], vectors: &mut [T], width: usize) {
    for end in 1..values.len() {
        let mut at = end;
        while at > 0 && values[at - 1] < values[at] {
            values.swap(at - 1, at);
            let (head, tail) = vectors.split_at_mut(at * width);
            head[(at - 1) * width..].swap_with_slice(&mut tail[..width]);
            at -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keyed::{Domain, symmetric, word};
    use std::vec;
    use std::vec::Vec;

    fn random_symmetric(m: usize, salt: u64) -> Vec<f64> {
        let mut a = vec![0.0; m * m];
        for i in 0..m {
            for j in 0..=i {
                let x = symmetric(word(salt, Domain::Normal, (i * m + j) as u64));
                (a[i * m + j], a[j * m + i]) = (x, x);
            }
        }
        a
    }

    #[test]
    fn eigenpairs_satisfy_their_equation() {
        for m in [1, 2, 3, 5, 12, 22, 40] {
            let a = random_symmetric(m, m as u64);
            let (mut work, mut vectors, mut values) = (a.clone(), vec![0.0; m * m], vec![0.0; m]);
            eigen(&mut work, &mut vectors, &mut values);
            for (k, v) in vectors.chunks_exact(m).enumerate() {
                for i in 0..m {
                    let av: f64 = (0..m).map(|j| a[i * m + j] * v[j]).sum();
                    assert!((av - values[k] * v[i]).abs() < 1e-13 * m as f64, "m = {m}, pair {k}");
                }
                for (l, u) in vectors.chunks_exact(m).enumerate() {
                    let expected = if k == l { 1.0 } else { 0.0 };
                    assert!((vector::dot(u, v) - expected).abs() < 1e-14 * m as f64);
                }
            }
            assert!(values.is_sorted_by(|x, y| x >= y));
        }
    }

    #[test]
    fn graded_matrices_keep_their_small_eigenvalues() {
        // Scales 1, 1e-6, 1e-12 around a well-conditioned core.
        let scale = [1.0, 1e-6, 1e-12];
        let core = [2.0, 0.5, 0.3, 0.5, 2.0, 0.4, 0.3, 0.4, 2.0];
        let mut a: Vec<f64> = (0..9).map(|i| core[i] * scale[i / 3] * scale[i % 3]).collect();
        let (mut vectors, mut values) = ([0.0; 9], [0.0; 3]);
        eigen(&mut a, &mut vectors, &mut values);
        // The smallest is det / (the product of the others) = 1e-24 times a number of order one, to 15 digits.
        let expected_det = 1e-36 * (2.0 * (4.0 - 0.16) - 0.5 * (1.0 - 0.12) + 0.3 * (0.2 - 0.6));
        let product = values[0] * values[1] * values[2];
        assert!((product / expected_det - 1.0).abs() < 1e-13, "{product:e}");
    }

    #[test]
    fn scaling_by_powers_of_two_changes_no_bit_of_the_vectors() {
        let a = random_symmetric(9, 3);
        let solve = |e: i32| {
            let mut work: Vec<f64> = a.iter().map(|x| x.times_power_of_two(e)).collect();
            let (mut vectors, mut values) = (vec![0.0; 81], vec![0.0; 9]);
            eigen(&mut work, &mut vectors, &mut values);
            values.iter_mut().for_each(|x| *x = x.times_power_of_two(-e));
            (vectors, values)
        };
        assert_eq!(solve(0), solve(900));
        assert_eq!(solve(0), solve(-900));
    }

    #[test]
    fn zero_matrix_has_the_unit_vectors() {
        let (mut vectors, mut values) = ([9.0f32; 4], [9.0; 2]);
        eigen(&mut [0.0; 4], &mut vectors, &mut values);
        assert_eq!((vectors, values), ([1.0, 0.0, 0.0, 1.0], [0.0, 0.0]));
    }
}
