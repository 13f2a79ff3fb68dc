//! Eigenvectors of small symmetric matrices by way of a tridiagonal form: Householder reflections, then implicit QL steps.
//!
//! Four to eight times faster than the rotations of [`symmetric`] from about 12 columns on, and less
//! exact for some matrices: eigenvalues have an error of some `eps` times the *largest* one, so those of a graded matrix
//! that are smaller than that are noise.
//!
//! # Cost
//! About `9 m^3` flops, no memory beside the arguments.
//!
//! # Numerics
//! The matrix is scaled by a power of two first: any finite entries will do, and scaling it by a power of two changes no bit
//! of the vectors. The order of the operations is fixed.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::tridiagonal;
//! let (mut matrix, mut vectors, mut values, mut scratch) = ([2.0, 1.0, 1.0, 2.0], [0.0; 4], [0.0; 2], [0.0; 2]);
//! tridiagonal::eigen(&mut matrix, &mut vectors, &mut values, &mut scratch);
//! assert!((values[0] - 3.0f64).abs() < 1e-15 && (values[1] - 1.0).abs() < 1e-15);
//! assert!((vectors[0] - 0.5f64.sqrt()).abs() < 1e-15);
//! ```

use super::{symmetric, vector};
use crate::Real;
use crate::base::wide;

/// QL steps for one eigenvalue after which it is taken as it is; the mean is below 2.
const STEPS: usize = 40;

/// Eigenvalues, descending, of the `m x m` matrix, `m = values.len()`, and its eigenvectors as the rows of `vectors`, the
/// first entry of each that is not noise positive. Equal eigenvalues keep the order in which they are found.
///
/// `matrix` and `vectors` have `m * m` entries, `scratch` has `m`; with shorter slices nothing is done. The matrix is
/// destroyed.
pub fn eigen<T: Real>(matrix: &mut [T], vectors: &mut [T], values: &mut [T], scratch: &mut [T]) {
    let m = values.len();
    let (Some(matrix), Some(vectors), Some(off)) =
        (matrix.get_mut(..m * m), vectors.get_mut(..m * m), scratch.get_mut(..m))
    else {
        return;
    };
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
            reduce(matrix, values, off);
            accumulate(matrix, vectors, m);
            diagonalize(values, off, vectors);
        },
    );
    vector::rescale(values, e);
    symmetric::sort_descending(values, vectors, m);
    vectors.chunks_exact_mut(m).for_each(vector::fix_sign);
}

/// Brings the matrix to tridiagonal form, `values` its diagonal and `off` what stands beside it. Reflection `k` is left in
/// row `k`, behind the diagonal: `I - v v'`, `|v|^2 = 2`, or zero for none.
#[inline(always)]
fn reduce<T: Real>(matrix: &mut [T], values: &mut [T], off: &mut [T]) {
    let m = values.len();
    for k in 0..m {
        values[k] = matrix[k * m + k];
        let (head, rest) = matrix.split_at_mut((k + 1) * m);
        let v = &mut head[k * m + k + 1..];
        let Some(&first) = v.first() else { break };
        // Nothing to do for the last pair; a row of rounding noise beside the largest entry, which is in [1, 2), is zero.
        let square = sum_of_squares(v);
        if v.len() == 1 || square <= T::EPSILON * T::EPSILON * T::EPSILON {
            off[k] = if v.len() == 1 { first } else { T::ZERO };
            v.fill(T::ZERO);
            continue;
        }
        let norm = square.sqrt();
        off[k] = norm.negate_if(first >= T::ZERO);
        v[0] = first - off[k];
        // |v|^2 = 2 norm (norm + |first|)
        let scale = T::ONE / (norm * (norm + first.abs())).sqrt();
        v.iter_mut().for_each(|x| *x *= scale);
        // The rest becomes H A H = A - v w' - w v', w = A v - (v'A v / 2) v; `off` has room for w behind its entry k.
        let w = &mut off[k + 1..];
        for (w, row) in w.iter_mut().zip(rest.chunks_exact(m)) {
            *w = dot(&row[k + 1..], v);
        }
        let half = T::constant(0.5) * dot(w, v);
        w.iter_mut().zip(&*v).for_each(|(w, &v)| *w -= half * v);
        for (i, row) in rest.chunks_exact_mut(m).enumerate() {
            let (vi, wi) = (v[i], w[i]);
            for ((x, &v), &w) in row[k + 1..].iter_mut().zip(&*v).zip(&*w) {
                *x -= vi * w + wi * v;
            }
        }
    }
}

/// Multiplies the identity with the reflections, last one first: row `i` of `vectors` is then what the tridiagonal form
/// calls coordinate `i`.
#[inline(always)]
fn accumulate<T: Real>(matrix: &[T], vectors: &mut [T], m: usize) {
    for k in (0..m.saturating_sub(2)).rev() {
        let v = &matrix[k * m + k + 1..(k + 1) * m];
        for row in vectors.chunks_exact_mut(m).skip(k + 1) {
            let row = &mut row[k + 1..];
            let along = dot(row, v);
            for (x, &v) in row.iter_mut().zip(v) {
                *x -= along * v;
            }
        }
    }
}

/// Implicit QL steps with Wilkinson's shift until nothing stands beside the diagonal; the rows of `vectors` turn along.
#[inline(always)]
fn diagonalize<T: Real>(d: &mut [T], e: &mut [T], vectors: &mut [T]) {
    let (m, two) = (d.len(), T::constant(2.0));
    e[m - 1] = T::ZERO;
    for first in 0..m {
        for _ in 0..STEPS {
            // The block from `first` ends where the entry beside the diagonal is noise.
            let mut last = first;
            while last + 1 < m && e[last].abs() > T::EPSILON * (d[last].abs() + d[last + 1].abs()) {
                last += 1;
            }
            if last == first {
                break;
            }
            let g = (d[first + 1] - d[first]) / (two * e[first]);
            let r = (g * g + T::ONE).sqrt();
            let mut g = d[last] - d[first] + e[first] / (g + r.negate_if(g < T::ZERO));
            let (mut s, mut c, mut p) = (T::ONE, T::ONE, T::ZERO);
            let mut split = false;
            for i in (first..last).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r = (f * f + g * g).sqrt();
                e[i + 1] = r;
                if r == T::ZERO {
                    // Underflow: the block falls in two here.
                    d[i + 1] -= p;
                    e[last] = T::ZERO;
                    split = true;
                    break;
                }
                (s, c) = (f / r, g / r);
                let shifted = d[i + 1] - p;
                let r = (d[i] - shifted) * s + two * c * b;
                p = s * r;
                d[i + 1] = shifted + p;
                g = c * r - b;
                let (head, tail) = vectors.split_at_mut((i + 1) * m);
                let (x, y) = (&mut head[i * m..], &mut tail[..m]);
                for (x, y) in x.iter_mut().zip(y) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
            }
            if !split {
                d[first] -= p;
                e[first] = g;
                e[last] = T::ZERO;
            }
        }
    }
}

/// The lanes of [`vector::dot`] would be a detour for so few entries: four sums, combined in pairs. Part of the kernels where
/// they choose their width, a call where flash is dear.
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    let len = x.len().min(y.len());
    let (x, x_tail) = x[..len].as_chunks::<4>();
    let (y, y_tail) = y[..len].as_chunks::<4>();
    let mut sums = [T::ZERO; 4];
    for (x, y) in x.iter().zip(y) {
        for i in 0..4 {
            sums[i] += x[i] * y[i];
        }
    }
    for ((sum, &x), &y) in sums.iter_mut().zip(x_tail).zip(y_tail) {
        *sum += x * y;
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3])
}

#[inline(always)]
fn sum_of_squares<T: Real>(x: &[T]) -> T {
    dot(x, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keyed::{Domain, symmetric as uniform, word};
    use std::vec;
    use std::vec::Vec;

    fn random_symmetric<T: Real>(m: usize, salt: u64) -> Vec<T> {
        let mut a = vec![T::ZERO; m * m];
        for i in 0..m {
            for j in 0..=i {
                let x = uniform(word(salt, Domain::Normal, (i * m + j) as u64));
                (a[i * m + j], a[j * m + i]) = (x, x);
            }
        }
        a
    }

    fn solve<T: Real>(a: &[T], m: usize) -> (Vec<T>, Vec<T>) {
        let (mut work, mut vectors, mut values) = (a.to_vec(), vec![T::ZERO; m * m], vec![T::ZERO; m]);
        eigen(&mut work, &mut vectors, &mut values, &mut vec![T::ZERO; m]);
        (vectors, values)
    }

    fn check<T: Real>(a: &[T], m: usize) {
        let (vectors, values) = solve(a, m);
        let tolerance = 8.0 * m as f64 * T::EPSILON.as_f64() * vector::max_abs(a).as_f64().max(1e-300);
        for (k, v) in vectors.chunks_exact(m).enumerate() {
            for i in 0..m {
                let av: f64 = (0..m).map(|j| a[i * m + j].as_f64() * v[j].as_f64()).sum();
                let expected = values[k].as_f64() * v[i].as_f64();
                assert!((av - expected).abs() <= tolerance, "m = {m}, pair {k}: {av:e} {expected:e}");
            }
            for (l, u) in vectors.chunks_exact(m).enumerate() {
                let expected = if k == l { 1.0 } else { 0.0 };
                assert!((vector::dot(u, v).as_f64() - expected).abs() < 4.0 * m as f64 * T::EPSILON.as_f64());
            }
        }
        assert!(values.is_sorted_by(|x, y| x >= y));
    }

    #[test]
    fn eigenpairs_satisfy_their_equation() {
        for m in [1, 2, 3, 4, 5, 7, 12, 22, 32, 40] {
            check(&random_symmetric::<f64>(m, m as u64), m);
            check(&random_symmetric::<f32>(m, m as u64), m);
        }
    }

    #[test]
    fn degenerate_matrices_are_solved_too() {
        let m = 9;
        // Rank 1, a tie of all values, a diagonal, blocks that fall apart, and two scales far apart.
        let rank_one: Vec<f64> = (0..m * m).map(|i| ((i / m + 1) * (i % m + 1)) as f64).collect();
        let mut tie = vec![0.0; m * m];
        tie.iter_mut().step_by(m + 1).for_each(|x| *x = 3.0);
        let mut diagonal = vec![0.0; m * m];
        diagonal.iter_mut().step_by(m + 1).enumerate().for_each(|(i, x)| *x = i as f64 - 4.0);
        let blocks: Vec<f64> = random_symmetric::<f64>(m, 5)
            .iter()
            .enumerate()
            .map(|(i, &x)| if (i / m < 4) == (i % m < 4) { x } else { 0.0 })
            .collect();
        let scales: Vec<f64> =
            random_symmetric::<f64>(m, 6).iter().enumerate().map(|(i, &x)| if i == 0 { 1e30 } else { x }).collect();
        for a in [&rank_one, &tie, &diagonal, &blocks, &scales] {
            check(a, m);
            let narrow: Vec<f32> = a.iter().map(|&x| f32::constant(x)).collect();
            check(&narrow, m);
        }
    }

    #[test]
    fn agrees_with_rotations() {
        let m = 19;
        let a = random_symmetric::<f64>(m, 7);
        let (_, values) = solve(&a, m);
        let (mut work, mut vectors, mut rotated) = (a, vec![0.0; m * m], vec![0.0; m]);
        symmetric::eigen(&mut work, &mut vectors, &mut rotated);
        assert!(values.iter().zip(&rotated).all(|(x, y)| (x - y).abs() < 1e-13), "{values:?} {rotated:?}");
    }

    #[test]
    fn scaling_by_powers_of_two_changes_no_bit_of_the_vectors() {
        let a = random_symmetric::<f64>(9, 3);
        let scaled = |e: i32| {
            let a: Vec<f64> = a.iter().map(|x| x.times_power_of_two(e)).collect();
            let (vectors, values) = solve(&a, 9);
            (vectors, values.iter().map(|x| x.times_power_of_two(-e)).collect::<Vec<f64>>())
        };
        assert_eq!(scaled(0), scaled(900));
        assert_eq!(scaled(0), scaled(-900));
    }

    #[test]
    fn zero_matrix_has_the_unit_vectors() {
        let (mut vectors, mut values) = ([9.0f32; 4], [9.0; 2]);
        eigen(&mut [0.0; 4], &mut vectors, &mut values, &mut [0.0; 2]);
        assert_eq!((vectors, values), ([1.0, 0.0, 0.0, 1.0], [0.0, 0.0]));
    }
}
