//! Solves with packed upper triangles, their scaling and their condition.
//!
//! A triangle of `dim` rows is packed as in [`packed`]. A vector shorter than `dim` stands for the
//! leading part of the triangle: that is how a rank found by pivoting is used.
//!
//! # Cost
//! `n^2` flops a solve, `32 n^2` flops for the condition, `n` the length of the vector.
//!
//! # Numerics
//! Substitution, never an inverse: the answer is exact for a triangle whose entries differ from those given by at most
//! about `n` eps. [`solve`] takes a dot product a row, [`solve_transposed`] a scaled addition a row.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::triangular;
//! let triangle = [2.0, 1.0, 4.0]; // [2 1; 0 4]
//! let mut x = [4.0, 8.0];
//! triangular::solve(&triangle, 2, &mut x)?;
//! assert_eq!(x, [1.0, 2.0]);
//! triangular::solve_transposed(&triangle, 2, &mut x)?;
//! assert_eq!(x, [0.5, 0.375]);
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

use super::qr::{check_storage, norm_exponent};
use super::{packed, vector};
use crate::base::matrix::check_finite;
use crate::{Error, Real};

/// Steps of power and of inverse iteration.
const STEPS: usize = 8;

/// Overwrites `x` by `R^-1 x`, `R` the leading `x.len()` rows and columns of the triangle.
///
/// # Errors
/// [`Error::Storage`] if `triangle` has not [`packed::len`]`(dim)` entries; [`Error::Dimension`] if `x` is longer than
/// `dim`; [`Error::RankDeficient`] with the number of diagonal entries before the first zero, if there is one. Nothing
/// is changed. An answer that overflows shows as entries that are not finite.
pub fn solve<T: Real>(triangle: &[T], dim: usize, x: &mut [T]) -> Result<(), Error> {
    check(triangle, dim, x)?;
    back_substitute(triangle, dim, x);
    Ok(())
}

/// Overwrites `x` by `R'^-1 x`, `R` the leading `x.len()` rows and columns of the triangle.
///
/// # Errors
/// As [`solve`].
pub fn solve_transposed<T: Real>(triangle: &[T], dim: usize, x: &mut [T]) -> Result<(), Error> {
    check(triangle, dim, x)?;
    forward_substitute(triangle, dim, x);
    Ok(())
}

/// Multiplies each column by a power of two so that its norm is in `[1, 2)`, and writes the exponents taken out:
/// column `j` was `2^exponents[j]` times what it is now. Columns of zeros stay, with exponent 0.
///
/// # Errors
/// [`Error::Storage`] if `triangle` has not [`packed::len`]`(dim)` entries, `dim = exponents.len()`;
/// [`Error::NonFinite`] with the entry's place in the triangle. Nothing is changed.
pub fn equilibrate<T: Real>(triangle: &mut [T], exponents: &mut [i32]) -> Result<(), Error> {
    let dim = exponents.len();
    check_storage(packed::len(dim), triangle.len())?;
    check_finite(triangle)?;
    for (j, exponent) in exponents.iter_mut().enumerate() {
        *exponent = norm_exponent((0..=j).map(|i| triangle[packed::index(dim, i, j)]));
        for i in 0..=j {
            let x = &mut triangle[packed::index(dim, i, j)];
            *x = x.times_power_of_two(-*exponent);
        }
    }
    Ok(())
}

/// Estimate from below of the 2-norm condition of the leading `scratch.len()` rows and columns of the triangle: the
/// largest over the smallest singular value, by 8 steps each of power and inverse iteration from a fixed start.
///
/// 0 for an empty triangle. Infinite where the condition can't be represented. Equilibrate the columns first, or their
/// units are part of the answer.
///
/// # Errors
/// As [`solve`], and [`Error::NonFinite`] if an entry of the triangle is not finite.
pub fn condition<T: Real>(triangle: &[T], dim: usize, scratch: &mut [T]) -> Result<T, Error> {
    check(triangle, dim, scratch)?;
    check_finite(triangle)?;
    if scratch.is_empty() {
        return Ok(T::ZERO);
    }
    let (mut largest, mut inverse) = (T::ZERO, T::ZERO);
    start(scratch);
    for _ in 0..STEPS {
        multiply(triangle, dim, scratch);
        largest = largest.max(vector::normalize(scratch));
        multiply_transposed(triangle, dim, scratch);
        largest = largest.max(vector::normalize(scratch));
    }
    start(scratch);
    for _ in 0..STEPS {
        forward_substitute(triangle, dim, scratch);
        inverse = inverse.max(vector::normalize(scratch));
        back_substitute(triangle, dim, scratch);
        inverse = inverse.max(vector::normalize(scratch));
        if !inverse.is_finite() {
            break;
        }
    }
    Ok(largest * inverse)
}

/// A unit vector without pattern, so that no singular vector of a structured triangle is orthogonal to it.
fn start<T: Real>(x: &mut [T]) {
    let mut phase = T::ZERO;
    for x in x.iter_mut() {
        // Multiples of the golden ratio modulo 1, moved to [-1/2, 1/2).
        phase += T::constant(0.618_033_988_749_894_9);
        if phase >= T::ONE {
            phase -= T::ONE;
        }
        *x = phase - T::constant(0.5);
    }
    vector::normalize(x);
}

fn back_substitute<T: Real>(triangle: &[T], dim: usize, x: &mut [T]) {
    for i in (0..x.len()).rev() {
        let line = row(triangle, dim, i, x.len());
        x[i] = (x[i] - vector::dot(&line[1..], &x[i + 1..])) / line[0];
    }
}

fn forward_substitute<T: Real>(triangle: &[T], dim: usize, x: &mut [T]) {
    for i in 0..x.len() {
        let line = row(triangle, dim, i, x.len());
        x[i] /= line[0];
        let (head, below) = x.split_at_mut(i + 1);
        vector::add_scaled(below, -head[i], &line[1..]);
    }
}

/// `x <- R x`.
fn multiply<T: Real>(triangle: &[T], dim: usize, x: &mut [T]) {
    for i in 0..x.len() {
        x[i] = vector::dot(row(triangle, dim, i, x.len()), &x[i..]);
    }
}

/// `x <- R' x`.
fn multiply_transposed<T: Real>(triangle: &[T], dim: usize, x: &mut [T]) {
    for i in (0..x.len()).rev() {
        let line = row(triangle, dim, i, x.len());
        let (head, below) = x.split_at_mut(i + 1);
        vector::add_scaled(below, head[i], &line[1..]);
        head[i] *= line[0];
    }
}

/// Entries `i..until` of row `i`; `i < until <= dim`.
fn row<T>(triangle: &[T], dim: usize, i: usize, until: usize) -> &[T] {
    let start = packed::index(dim, i, i);
    &triangle[start..start + until - i]
}

fn check<T: Real>(triangle: &[T], dim: usize, x: &[T]) -> Result<(), Error> {
    check_storage(packed::len(dim), triangle.len())?;
    if x.len() > dim {
        return Err(Error::Dimension { expected: dim, got: x.len() });
    }
    let zero = (0..x.len()).find(|&i| triangle[packed::index(dim, i, i)] == T::ZERO);
    zero.map_or(Ok(()), |rank| Err(Error::RankDeficient { rank }))
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "test data are small, or cut on purpose"
)]
mod tests {
    use super::*;
    use crate::linalg::givens;
    use crate::linalg::one_sided;
    use crate::linalg::qr::tests::numbers;
    use std::vec;
    use std::vec::Vec;

    /// A random triangle whose diagonal is well away from zero.
    fn triangle<T: Real>(dim: usize, salt: u64) -> Vec<T> {
        let mut triangle = numbers::<T>(packed::len(dim), salt);
        for i in 0..dim {
            let x = &mut triangle[packed::index(dim, i, i)];
            *x += (T::ONE + T::ONE).negate_if(*x < T::ZERO);
        }
        triangle
    }

    fn residuals_in<T: Real>() {
        for (dim, len) in [(1, 1), (2, 2), (5, 3), (17, 17), (40, 33), (4, 0)] {
            let triangle = triangle::<T>(dim, 1);
            let b = numbers::<T>(len, 2);
            for transposed in [false, true] {
                let mut x = b.clone();
                let solved = if transposed { solve_transposed } else { solve }(&triangle, dim, &mut x);
                assert_eq!(solved, Ok(()));
                for (i, b) in b.iter().enumerate() {
                    let entry = |j: usize| {
                        let (p, q) = if transposed { (j, i) } else { (i, j) };
                        if p <= q { triangle[packed::index(dim, p, q)].as_f64() } else { 0.0 }
                    };
                    let terms: Vec<f64> = (0..len).map(|j| entry(j) * x[j].as_f64()).collect();
                    let size: f64 = terms.iter().map(|x| x.abs()).sum();
                    let residual = (terms.iter().sum::<f64>() - b.as_f64()).abs();
                    assert!(residual <= 2.0 * T::EPSILON.as_f64() * size, "{dim} {len} {transposed}: {residual:e}");
                }
            }
        }
    }

    #[test]
    fn solutions_satisfy_their_equations_row_by_row() {
        residuals_in::<f32>();
        residuals_in::<f64>();
    }

    fn scaling_in<T: Real>(exponents: &[i32]) {
        let dim = 11;
        let plain = triangle::<T>(dim, 3);
        let run = |e: i32| {
            let scaled: Vec<T> = plain.iter().map(|x| x.times_power_of_two(e)).collect();
            let (mut x, mut y) = (numbers::<T>(dim, 4), numbers::<T>(dim, 4));
            solve(&scaled, dim, &mut x).unwrap();
            solve_transposed(&scaled, dim, &mut y).unwrap();
            x.iter_mut().chain(&mut y).for_each(|x| *x = x.times_power_of_two(e));
            (x, y, condition(&scaled, dim, &mut vec![T::ZERO; dim]))
        };
        exponents.iter().for_each(|&e| assert_eq!(run(e), run(0), "{e}"));
    }

    #[test]
    fn scaling_by_powers_of_two_changes_no_bit() {
        // 1e-30 and 1e30, 1e-300 and 1e300.
        scaling_in::<f32>(&[-99, 99]);
        scaling_in::<f64>(&[-997, 997]);
    }

    fn equilibration_in<T: Real>(range: i32) {
        let dim = 9;
        let mut plain = triangle::<T>(dim, 5);
        let scale: Vec<i32> = (0..dim).map(|j| (j as i32 * 4 % 9 - 4) * range).collect();
        let mut scaled = plain.clone();
        for j in 0..dim {
            for i in 0..=j {
                let x = &mut scaled[packed::index(dim, i, j)];
                *x = x.times_power_of_two(scale[j]);
            }
        }
        let (mut expected, mut exponents) = ([0; 9], [0; 9]);
        equilibrate(&mut plain, &mut expected).unwrap();
        equilibrate(&mut scaled, &mut exponents).unwrap();
        assert_eq!(scaled, plain);
        for j in 0..dim {
            assert_eq!(exponents[j], expected[j] + scale[j]);
            let norm: f64 = (0..=j).map(|i| plain[packed::index(dim, i, j)].as_f64().powi(2)).sum::<f64>().sqrt();
            assert!((1.0 - 1e-6..2.0 + 1e-6).contains(&norm), "{j}: {norm}");
        }
    }

    #[test]
    fn equilibration_undoes_the_units_of_the_columns_to_the_bit() {
        equilibration_in::<f32>(24);
        equilibration_in::<f64>(240);
        let (mut zeros, mut exponents) = ([8.0, 0.0, 0.0], [9; 2]);
        equilibrate(&mut zeros, &mut exponents).unwrap();
        assert_eq!((zeros, exponents), ([1.0, 0.0, 0.0], [3, 0]));
    }

    /// The condition by singular values, of the leading `len` rows and columns.
    fn exact_condition(triangle: &[f64], dim: usize, len: usize) -> f64 {
        let mut rows = vec![0.0; len * len];
        for i in 0..len {
            rows[i * len + i..(i + 1) * len].copy_from_slice(row(triangle, dim, i, len));
        }
        let mut squares = vec![0.0; len];
        one_sided::orthogonalize_rows(&mut rows, &mut squares);
        (squares[0] / squares[len - 1]).sqrt()
    }

    #[test]
    fn condition_is_an_estimate_from_below() {
        let mut worst: f64 = 1.0;
        for salt in 0..300 {
            let dim = 2 + salt as usize * 7 % 29;
            // Triangles of rows with correlated columns; every third has small last columns to be equilibrated.
            let mut triangle = vec![0.0; packed::len(dim)];
            for row in numbers::<f64>((dim + 3) * dim, salt).chunks_exact_mut(dim) {
                let correlation = 0.5 * (salt % 4) as f64;
                for j in 1..dim {
                    row[j] += correlation * row[j - 1];
                    row[j] *= if salt % 3 == 0 { 0.1 } else { 1.0 };
                }
                givens::insert_row(&mut triangle, row).unwrap();
            }
            equilibrate(&mut triangle, &mut vec![0; dim]).unwrap();
            let len = dim - (salt % 2) as usize;
            let estimate = condition(&triangle, dim, &mut vec![0.0; len]).unwrap();
            let ratio = estimate / exact_condition(&triangle, dim, len);
            assert!(ratio < 1.0 + 1e-12, "{salt}: {ratio}");
            worst = worst.min(ratio);
        }
        // 0.85 on these matrices.
        assert!(worst > 0.8, "{worst}");
    }

    #[test]
    fn condition_of_diagonals_is_exact() {
        let mut scratch = [0.0; 3];
        let estimate = condition(&[4.0, 0.0, 0.0, 1e-4, 0.0, 2.0], 3, &mut scratch).unwrap();
        assert!((estimate / 4e4 - 1.0).abs() < 1e-8, "{estimate}");
        assert_eq!(condition(&[3.0f32], 1, &mut [0.0]), Ok(1.0));
        assert_eq!(condition(&[3.0f32], 1, &mut []), Ok(0.0));
        assert_eq!(condition(&[1e30f32, 0.0, 1e-30], 2, &mut [0.0; 2]), Ok(f32::INFINITY));
    }

    #[test]
    fn refusals_leave_the_vector_unchanged() {
        let mut x = [1.0, 2.0];
        let singular = [1.0, 1.0, 0.0];
        for refused in [
            solve(&singular, 2, &mut x),
            solve_transposed(&singular, 2, &mut x),
            condition(&singular, 2, &mut x).map(|_| ()),
        ] {
            assert_eq!(refused, Err(Error::RankDeficient { rank: 1 }));
        }
        assert_eq!(solve(&singular, 3, &mut x), Err(Error::Storage { needed: 6, got: 3 }));
        assert_eq!(solve_transposed(&[1.0], 1, &mut x), Err(Error::Dimension { expected: 1, got: 2 }));
        assert_eq!(solve(&[1.0], usize::MAX, &mut x), Err(Error::Storage { needed: usize::MAX, got: 1 }));
        let nan = Err(Error::NonFinite { index: 1 });
        assert_eq!(condition(&[1.0, f64::NAN, 1.0], 2, &mut x).map(|_| ()), nan);
        assert_eq!(equilibrate(&mut [1.0, f64::NAN, 1.0], &mut [0; 2]), nan);
        assert_eq!(x, [1.0, 2.0]);
        // The leading part of a singular triangle is another matter.
        assert_eq!(solve(&singular, 2, &mut x[..1]), Ok(()));
    }
}
