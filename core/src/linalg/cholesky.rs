//! Cholesky factors of packed symmetric matrices, plain and with diagonal pivoting.
//!
//! The upper triangle of `G` is overwritten by `R` with `R'R = G`; both are packed as in [`packed`], so
//! that a Gram matrix filled there is factored where it stands.
//!
//! # Cost
//! `d^3 / 3` flops and `d` square roots; `2 d^2` flops a solve.
//!
//! # Numerics
//! Every entry takes its products away in the order of the pivots. A Gram matrix has the square of the condition of its
//! rows: where that may pass `0.1 / eps`, factor the rows ([`qr`](super::qr)). [`equilibrate`] before a rank decision.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::cholesky;
//! let mut gram = [4.0, 2.0, 10.0]; // [4 2; 2 10]
//! cholesky::factor(&mut gram, 2)?;
//! assert_eq!(gram, [2.0, 1.0, 3.0]);
//! let mut x = [8.0, 13.0];
//! cholesky::solve(&gram, 2, &mut x)?;
//! assert_eq!(x, [1.5, 1.0]);
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

use super::qr::{check_storage, check_tolerance};
use super::{packed, triangular, vector};
use crate::base::matrix::check_finite;
use crate::{Error, Real};

/// An entry this many tolerances large, beside a diagonal below one, is no rounding error of a semidefinite matrix.
const NOISE: f64 = 32.0;

/// Overwrites the packed matrix by its factor `R`, `R'R = G`, with a positive diagonal.
///
/// # Errors
/// [`Error::Storage`] if `matrix` has not [`packed::len`]`(dim)` entries, nothing is changed then;
/// [`Error::NotPositiveSemidefinite`] with the first pivot that is not finite and positive. The rows before it are then
/// factored and those after it reduced: work on a copy where the matrix is still needed.
pub fn factor<T: Real>(matrix: &mut [T], dim: usize) -> Result<(), Error> {
    check_storage(packed::len(dim), matrix.len())?;
    for k in 0..dim {
        let pivot = matrix[packed::index(dim, k, k)];
        if !(pivot > T::ZERO && pivot.is_finite()) {
            return Err(Error::NotPositiveSemidefinite { value: pivot.as_f64() });
        }
        eliminate(matrix, dim, k);
    }
    Ok(())
}

/// Cholesky with diagonal pivoting, `R'R = P'GP`: stops where the largest pivot left is not above `tolerance` times the
/// largest diagonal entry of `G`, and gives the number of rows of `R` found.
///
/// Column `k` of `R` belongs to column `permutation[k]` of `G`. The rows from the rank on become zero.
///
/// # Errors
/// Before anything is changed: [`Error::Storage`] if `matrix` has not [`packed::len`]`(dim)` entries,
/// `dim = permutation.len()`; [`Error::Parameter`] for a tolerance that is negative or not finite;
/// [`Error::NonFinite`] with the entry's place in the matrix. [`Error::NotPositiveSemidefinite`], after the matrix was
/// used up, if an entry of what is left at the end is larger than 32 times the cut.
pub fn factor_pivoted<T: Real>(matrix: &mut [T], permutation: &mut [u32], tolerance: T) -> Result<usize, Error> {
    check_pivoted(matrix, permutation.len(), tolerance)?;
    permutation.iter_mut().zip(0..).for_each(|(column, j)| *column = j);
    factor_pivoted_with(matrix, permutation.len(), tolerance, |i, j| permutation.swap(i, j))
}

/// The same, telling `exchanged` of every exchange of columns.
pub(crate) fn factor_pivoted_with<T: Real>(
    matrix: &mut [T],
    dim: usize,
    tolerance: T,
    mut exchanged: impl FnMut(usize, usize),
) -> Result<usize, Error> {
    check_pivoted(matrix, dim, tolerance)?;
    let diagonal = |matrix: &[T], j| matrix[packed::index(dim, j, j)];
    let largest = (0..dim).fold(T::ZERO, |max, j| max.max(diagonal(matrix, j)));
    let cut = tolerance * largest;
    for k in 0..dim {
        let pivot = (k..dim).fold(k, |best, j| if diagonal(matrix, j) > diagonal(matrix, best) { j } else { best });
        if diagonal(matrix, pivot) <= cut || !diagonal(matrix, pivot).is_finite() {
            let left = &mut matrix[packed::index(dim, k, k)..];
            // Beside a diagonal below the cut, a large entry of either sign means an eigenvalue as far below zero.
            if let Some(x) = left.iter().find(|x| x.abs() > T::constant(NOISE) * cut || !x.is_finite()) {
                return Err(Error::NotPositiveSemidefinite { value: -x.abs().as_f64() });
            }
            left.fill(T::ZERO);
            return Ok(k);
        }
        exchange(matrix, dim, k, pivot);
        exchanged(k, pivot);
        eliminate(matrix, dim, k);
    }
    Ok(dim)
}

fn check_pivoted<T: Real>(matrix: &[T], dim: usize, tolerance: T) -> Result<(), Error> {
    check_storage(packed::len(dim), matrix.len())?;
    check_tolerance(tolerance)?;
    check_finite(matrix)
}

/// Overwrites `x` by `G^-1 x`, by two triangular solves with the factor of `G`.
///
/// A vector shorter than `dim` stands for the leading part of the factor.
///
/// # Errors
/// As [`triangular::solve`].
pub fn solve<T: Real>(factor: &[T], dim: usize, x: &mut [T]) -> Result<(), Error> {
    triangular::solve_transposed(factor, dim, x)?;
    triangular::solve(factor, dim, x)
}

/// Multiplies row and column `j` by a power of two so that the diagonal entry is in `[1, 4)`, and writes the exponents
/// taken out: entry `(i, j)` was `2^(exponents[i] + exponents[j])` times what it is now. Rows whose diagonal entry is
/// not positive get exponent 0.
///
/// # Errors
/// [`Error::Storage`] if `matrix` has not [`packed::len`]`(dim)` entries, `dim = exponents.len()`;
/// [`Error::NonFinite`] with the entry's place in the matrix. Nothing is changed.
pub fn equilibrate<T: Real>(matrix: &mut [T], exponents: &mut [i32]) -> Result<(), Error> {
    let dim = exponents.len();
    check_storage(packed::len(dim), matrix.len())?;
    check_finite(matrix)?;
    for (j, exponent) in exponents.iter_mut().enumerate() {
        let x = matrix[packed::index(dim, j, j)];
        *exponent = if x > T::ZERO { x.exponent().div_euclid(2) } else { 0 };
    }
    for i in 0..dim {
        for j in i..dim {
            let x = &mut matrix[packed::index(dim, i, j)];
            *x = x.times_power_of_two(-exponents[i] - exponents[j]);
        }
    }
    Ok(())
}

/// Divides row `k` by the square root of its pivot and takes its outer product from the rows below.
fn eliminate<T: Real>(matrix: &mut [T], dim: usize, k: usize) {
    let (_, lines) = matrix.split_at_mut(packed::index(dim, k, k));
    let (line, mut rest) = lines.split_at_mut(dim - k);
    let Some((pivot, line)) = line.split_first_mut() else { return };
    *pivot = pivot.sqrt();
    line.iter_mut().for_each(|x| *x /= *pivot);
    for i in 0..line.len() {
        let Some((below, tail)) = rest.split_at_mut_checked(line.len() - i) else { return };
        vector::add_scaled(below, -line[i], &line[i..]);
        rest = tail;
    }
}

/// Exchanges rows and columns `k <= p` of the symmetric matrix, and columns `k` and `p` of the factor's rows above.
fn exchange<T: Real>(matrix: &mut [T], dim: usize, k: usize, p: usize) {
    if k == p {
        return;
    }
    let at = |i, j| packed::index(dim, i, j);
    (0..k).for_each(|i| matrix.swap(at(i, k), at(i, p)));
    matrix.swap(at(k, k), at(p, p));
    (k + 1..p).for_each(|i| matrix.swap(at(k, i), at(i, p)));
    (p + 1..dim).for_each(|j| matrix.swap(at(k, j), at(p, j)));
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "test data are small, or cut on purpose"
)]
mod tests {
    use super::*;
    use crate::linalg::qr::tests::{distance, gram_of, gram_of_triangle, numbers};
    use std::vec;
    use std::vec::Vec;

    fn full(packed_matrix: &[f64], dim: usize) -> Vec<f64> {
        let mut full = vec![0.0; dim * dim];
        full[..packed_matrix.len()].copy_from_slice(packed_matrix);
        packed::unpack(&mut full, dim);
        full
    }

    fn packed_gram<T: Real>(rows: &[T], dim: usize) -> Vec<T> {
        let mut gram = vec![T::ZERO; packed::len(dim)];
        packed::add_rows(&mut gram, rows, dim);
        gram
    }

    fn reconstruction_in<T: Real>() {
        for dim in [1, 2, 5, 16, 17, 40] {
            let rows = numbers::<T>(2 * dim * dim, 1);
            let gram = packed_gram(&rows, dim);
            let mut triangle = gram.clone();
            factor(&mut triangle, dim).unwrap();
            let given = full(&gram.iter().map(|x| x.as_f64()).collect::<Vec<_>>(), dim);
            let error = distance(&gram_of_triangle(&triangle, dim), &given);
            assert!(error < 4.0 * T::EPSILON.as_f64(), "{dim}: {error:e}");
            // The solution of G x = b, by its residual.
            let b = numbers::<T>(dim, 2);
            let mut x = b.clone();
            solve(&triangle, dim, &mut x).unwrap();
            let size = x.iter().fold(0.0, |max: f64, x| max.max(x.as_f64().abs())) * given[0].abs().max(1.0);
            for i in 0..dim {
                let product: f64 = (0..dim).map(|j| given[i * dim + j] * x[j].as_f64()).sum();
                let residual = (product - b[i].as_f64()).abs();
                assert!(residual < 8.0 * dim as f64 * T::EPSILON.as_f64() * size, "{dim} {i}: {residual:e}");
            }
        }
    }

    #[test]
    fn factors_reconstruct_the_matrix_and_solve_with_it() {
        reconstruction_in::<f32>();
        reconstruction_in::<f64>();
    }

    fn scaling_in<T: Real>(exponents: &[i32]) {
        let dim = 9;
        let gram = packed_gram(&numbers::<T>(30 * dim, 3), dim);
        let run = |e: i32| {
            let mut plain: Vec<T> = gram.iter().map(|x| x.times_power_of_two(2 * e)).collect();
            let (mut pivoted, mut permutation) = (plain.clone(), vec![0; dim]);
            factor(&mut plain, dim).unwrap();
            assert_eq!(factor_pivoted(&mut pivoted, &mut permutation, T::EPSILON), Ok(dim));
            let back = |x: Vec<T>| x.into_iter().map(|x| x.times_power_of_two(-e)).collect::<Vec<T>>();
            (back(plain), back(pivoted), permutation)
        };
        exponents.iter().for_each(|&e| assert_eq!(run(e), run(0), "{e}"));
    }

    #[test]
    fn scaling_by_powers_of_two_changes_no_bit() {
        // Grams of rows of 1e-15 and 1e15, 1e-140 and 1e150: 1e-30 and 1e30, 1e-280 and 1e300.
        scaling_in::<f32>(&[-49, 49]);
        scaling_in::<f64>(&[-465, 498]);
    }

    fn equilibration_in<T: Real>(range: i32) {
        let dim = 8;
        let rows = numbers::<T>(30 * dim, 4);
        let mut plain = packed_gram(&rows, dim);
        let mut expected = [0; 8];
        equilibrate(&mut plain, &mut expected).unwrap();
        let scale: Vec<i32> = (0..dim).map(|j| (j as i32 * 5 % 8 - 4) * range).collect();
        let scaled: Vec<T> = (0..rows.len()).map(|i| rows[i].times_power_of_two(scale[i % dim])).collect();
        let (mut gram, mut exponents) = (packed_gram(&scaled, dim), [0; 8]);
        equilibrate(&mut gram, &mut exponents).unwrap();
        assert_eq!(gram, plain);
        for j in 0..dim {
            let x = gram[packed::index(dim, j, j)];
            assert!(x >= T::ONE && x < T::constant(4.0), "{j}: {x}");
            assert_eq!(exponents[j], expected[j] + scale[j]);
        }
    }

    #[test]
    fn equilibration_undoes_the_units_of_the_columns_to_the_bit() {
        equilibration_in::<f32>(12);
        equilibration_in::<f64>(100);
        let (mut zeros, mut exponents) = ([0.0, 0.0, -2.0], [9; 2]);
        equilibrate(&mut zeros, &mut exponents).unwrap();
        assert_eq!((zeros, exponents), ([0.0, 0.0, -2.0], [0, 0]));
    }

    fn rank_in<T: Real>() {
        for (dim, rank) in [(5, 3), (12, 4), (30, 29), (6, 6)] {
            // Small integers times small integers: the Gram matrix is exact and exactly singular.
            let small = |n, salt| -> Vec<T> {
                numbers::<f64>(n, salt).into_iter().map(|x| T::constant((4.0 * x).round())).collect()
            };
            let (left, right) = (small(50 * rank, 5), small(rank * dim, 6));
            let mut rows = vec![T::ZERO; 50 * dim];
            for (row, weights) in rows.chunks_exact_mut(dim).zip(left.chunks_exact(rank)) {
                weights.iter().zip(right.chunks_exact(dim)).for_each(|(&w, x)| vector::add_scaled(row, w, x));
            }
            let gram = packed_gram(&rows, dim);
            let (mut factor, mut permutation) = (gram.clone(), vec![0; dim]);
            let tolerance = T::count(dim as u64) * T::EPSILON;
            assert_eq!(factor_pivoted(&mut factor, &mut permutation, tolerance), Ok(rank), "{dim}");
            assert!(rank == dim || factor[packed::index(dim, rank, rank)..].iter().all(|&x| x == T::ZERO));
            let permuted: Vec<T> =
                rows.chunks_exact(dim).flat_map(|row| permutation.iter().map(|&j| row[j as usize])).collect();
            let error = distance(&gram_of_triangle(&factor, dim), &gram_of(&permuted, dim));
            assert!(error < 4.0 * dim as f64 * T::EPSILON.as_f64(), "{dim} {rank}: {error:e}");
            let pivots: Vec<T> = (0..rank).map(|k| factor[packed::index(dim, k, k)]).collect();
            assert!(pivots.is_sorted_by(|x, y| *x >= *y * (T::ONE - T::constant(8.0) * T::EPSILON)));
        }
    }

    #[test]
    fn pivoting_finds_the_rank_of_singular_matrices() {
        rank_in::<f32>();
        rank_in::<f64>();
    }

    #[test]
    fn indefinite_matrices_are_refused() {
        assert_eq!(factor(&mut [1.0, 2.0, 1.0], 2), Err(Error::NotPositiveSemidefinite { value: -3.0 }));
        assert_eq!(factor(&mut [0.0f32], 1), Err(Error::NotPositiveSemidefinite { value: 0.0 }));
        assert!(matches!(factor(&mut [f64::NAN], 1), Err(Error::NotPositiveSemidefinite { .. })));
        assert!(matches!(factor(&mut [f64::INFINITY], 1), Err(Error::NotPositiveSemidefinite { .. })));
        let mut order = [0; 2];
        let pivoted = |matrix: &mut [f64], order: &mut [u32]| factor_pivoted(matrix, order, 1e-14);
        let below = |value| Err(Error::NotPositiveSemidefinite { value });
        assert_eq!(pivoted(&mut [1.0, 2.0, 1.0], &mut order), below(-3.0));
        assert_eq!(pivoted(&mut [-1.0, 0.0, 1.0], &mut order), below(-1.0));
        // What is left has a zero diagonal and an entry beside it; so has the whole of the second matrix.
        assert_eq!(pivoted(&mut [1.0, 1.0, 0.0, 1.0, 0.5, 0.0], &mut [0; 3]), below(-0.5));
        assert_eq!(pivoted(&mut [0.0, 1.0, 0.0], &mut order), below(-1.0));
        // Products that overflow on the way.
        assert!(pivoted(&mut [1.0, 1e300, 1.0], &mut order).is_err());
        assert!(pivoted(&mut [1e-20, 1e300, 0.0, 0.0, 0.0, 1e-20], &mut [0; 3]).is_err());
        assert_eq!(pivoted(&mut [0.0, 0.0, 0.0], &mut order), Ok(0));
    }

    #[test]
    fn refusals_change_nothing() {
        let (mut matrix, mut order) = ([4.0, 2.0, 10.0], [7, 7]);
        let storage = Error::Storage { needed: 6, got: 3 };
        assert_eq!(factor(&mut matrix, 3), Err(storage));
        assert_eq!(factor_pivoted(&mut matrix, &mut [0; 3], 0.0), Err(storage));
        assert_eq!(equilibrate(&mut matrix, &mut [0; 3]), Err(storage));
        assert_eq!(solve(&matrix, 2, &mut [1.0; 3]), Err(Error::Dimension { expected: 2, got: 3 }));
        assert!(matches!(factor_pivoted(&mut matrix, &mut order, f64::INFINITY), Err(Error::Parameter { .. })));
        assert_eq!((matrix, order), ([4.0, 2.0, 10.0], [7, 7]));
        let nan = Err(Error::NonFinite { index: 2 });
        assert_eq!(factor_pivoted(&mut [1.0, 0.0, f32::NAN], &mut order, 0.0).map(|_| ()), nan);
        assert_eq!(equilibrate(&mut [1.0, 0.0, f32::NAN], &mut [0; 2]), nan);
        assert_eq!(factor::<f32>(&mut [], 0), Ok(()));
        assert_eq!(factor_pivoted::<f32>(&mut [], &mut [], 0.0), Ok(0));
    }
}
