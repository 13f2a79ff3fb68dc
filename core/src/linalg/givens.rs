//! Givens rotations, and updates and downdates of packed upper triangles by single rows and columns.
//!
//! A triangle `R` stands for the rows `A` with `R'R = A'A`. [`insert_row`] adds a row to them, [`remove_row`] takes one
//! away, [`exchange_columns`] and [`pivot`] change the order of the columns. All work in place, without scratch.
//!
//! # Cost
//! `3 d^2` flops and `d` square roots a row, `6 (d - k)` flops an exchange of columns `k` and `k + 1`.
//!
//! # Numerics
//! A rotation is safe for any finite pair; its length is not negative. Rounding errors of inserted rows add up with their
//! number: for long streams in `f32` prefer blocks ([`qr::insert_rows`](super::qr::insert_rows)), or a new triangle now
//! and then whose rows are inserted into the old one. Removing is only as accurate as what is left is large.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::givens;
//! let mut triangle = [3.0, 0.0, 1.0]; // of the rows (3, 0) and (0, 1)
//! givens::insert_row(&mut triangle, &mut [4.0, 5.0])?;
//! let near = |x: f64, y: f64| (x - y).abs() < 1e-14;
//! assert!(near(triangle[0], 5.0) && near(triangle[1], 4.0) && near(triangle[2], 10f64.sqrt()));
//! givens::remove_row(&mut triangle, &mut [4.0, 5.0])?;
//! assert!(near(triangle[0], 3.0) && near(triangle[1], 0.0) && near(triangle[2], 1.0));
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

use super::qr::{check_storage, check_tolerance, in_range, scaled_norm};
use super::{packed, triangular};
use crate::base::matrix::check_finite;
use crate::base::wide;
use crate::{Error, Real};

/// Cosine, sine and length of the rotation `[c s; -s c]` that takes `(a, b)` to `(length, 0)`, length not negative.
///
/// `(0, 0)` is left where it is, with cosine 1. Only the length can overflow.
#[must_use]
#[inline]
pub fn rotation<T: Real>(a: T, b: T) -> (T, T, T) {
    let sum = a * a + b * b;
    if in_range(sum) {
        let norm = sum.sqrt();
        (a / norm, b / norm, norm)
    } else {
        scaled_rotation(a, b)
    }
}

/// The rotation of a pair whose squares leave the range.
#[cold]
fn scaled_rotation<T: Real>(a: T, b: T) -> (T, T, T) {
    let (norm, e) = scaled_norm([a, b].iter().copied());
    if norm == T::ZERO {
        return (T::ONE, T::ZERO, T::ZERO);
    }
    let (c, s) = (a.times_power_of_two(-e) / norm, b.times_power_of_two(-e) / norm);
    (c, s, norm.times_power_of_two(e))
}

/// `(x, y) <- (c x + s y, c y - s x)` over the common length. `6 n` flops.
#[inline]
pub fn rotate<T: Real>(x: &mut [T], y: &mut [T], c: T, s: T) {
    wide::run(
        #[inline(always)]
        || rotate_kernel(x, y, c, s),
    );
}

#[inline(always)]
fn rotate_kernel<T: Real>(x: &mut [T], y: &mut [T], c: T, s: T) {
    for (x, y) in x.iter_mut().zip(y.iter_mut()) {
        (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
    }
}

/// Replaces a packed triangle `R` by that of `R` over `row`, which is used up: `R'R` grows by `row' row`.
///
/// # Errors
/// Before anything is changed: [`Error::Storage`] if `triangle` has not [`packed::len`]`(row.len())` entries,
/// [`Error::NonFinite`] for an entry of the row. An entry of `R` overflows when the norm of all that went into its column
/// does; scale the rows to prevent that.
pub fn insert_row<T: Real>(triangle: &mut [T], row: &mut [T]) -> Result<(), Error> {
    check_storage(packed::len(row.len()), triangle.len())?;
    check_finite(row)?;
    wide::run(
        #[inline(always)]
        || insert_kernel(triangle, row),
    );
    Ok(())
}

#[inline(always)]
fn insert_kernel<T: Real>(mut triangle: &mut [T], mut row: &mut [T]) {
    while let Some((&mut x, tail)) = row.split_first_mut() {
        let Some((line, rest)) = triangle.split_at_mut_checked(tail.len() + 1) else { return };
        if let Some((diagonal, line)) = line.split_first_mut()
            && x != T::ZERO
        {
            let (c, s, length) = rotation(*diagonal, x);
            *diagonal = length;
            rotate_kernel(line, tail, c, s);
        }
        (triangle, row) = (rest, tail);
    }
}

/// Replaces a packed triangle `R` by that of the same rows without `row`, which is used up: `R'R` shrinks by `row' row`.
///
/// Rotations only, after one triangular solve. `4 d^2` flops.
///
/// # Errors
/// Before the triangle is changed: [`Error::Storage`] and [`Error::NonFinite`] as [`insert_row`];
/// [`Error::RankDeficient`] if a diagonal entry is zero; [`Error::NotPositiveSemidefinite`] if the row can't have been
/// part of the triangle, with the share of it that is left, `1 - |R^-T row|^2`, which is not positive. `row` is used up
/// by the last one.
pub fn remove_row<T: Real>(triangle: &mut [T], row: &mut [T]) -> Result<(), Error> {
    let dim = row.len();
    check_storage(packed::len(dim), triangle.len())?;
    check_finite(row)?;
    triangular::solve_transposed(triangle, dim, row)?;
    let (norm, e) = scaled_norm(row.iter().copied());
    let norm = norm.times_power_of_two(e);
    // The factored form keeps the digits of a share near zero.
    let share = (T::ONE - norm) * (T::ONE + norm);
    if share <= T::ZERO || !share.is_finite() {
        return Err(Error::NotPositiveSemidefinite { value: share.as_f64() });
    }
    // Rotate (row, sqrt(share)), a unit vector, into its last axis, from the last row of R up; the row removed builds up
    // in the entries of `row` that are no longer needed.
    let mut length = share.sqrt();
    for k in (0..dim).rev() {
        let (c, s, next) = rotation(length, row[k]);
        length = next;
        row[k] = T::ZERO;
        let line = packed_row(triangle, dim, k);
        rotate(&mut row[k..], line, c, s);
    }
    Ok(())
}

/// Exchanges columns `k` and `k + 1` of a packed triangle of `dim` columns and makes it a triangle again, with the
/// rotation of rows `k` and `k + 1` that it returns, `(c, s)` as in [`rotation`].
///
/// To remove a column, exchange it step by step with those after it: the leading part is then the triangle of the rest.
///
/// # Errors
/// [`Error::Storage`] if `triangle` has not [`packed::len`]`(dim)` entries, [`Error::NotFound`] if there is no column
/// `k + 1`. Nothing is changed.
pub fn exchange_columns<T: Real>(triangle: &mut [T], dim: usize, k: usize) -> Result<(T, T), Error> {
    check_storage(packed::len(dim), triangle.len())?;
    if dim < 2 || k > dim - 2 {
        return Err(Error::NotFound { index: k.saturating_add(1) });
    }
    Ok(exchange(triangle, dim, k))
}

fn exchange<T: Real>(triangle: &mut [T], dim: usize, k: usize) -> (T, T) {
    for i in 0..k {
        packed_row(triangle, dim, i).swap(k - i, k + 1 - i);
    }
    // The rows k and k + 1 are now [y x ..] and [z 0 ..], where [x y ..] and [z ..] stood; z goes.
    let (_, lines) = triangle.split_at_mut(packed::index(dim, k, k));
    let (upper, rest) = lines.split_at_mut(dim - k);
    let lower = &mut rest[..dim - k - 1];
    let (x, y, z) = (upper[0], upper[1], lower[0]);
    let (c, s, length) = rotation(y, z);
    (upper[0], upper[1], lower[0]) = (length, c * x, -(s * x));
    rotate(&mut upper[2..], &mut lower[1..], c, s);
    (c, s)
}

/// Brings the independent ones among the first `permutation.len()` of `dim` columns of a packed triangle to the front,
/// and gives the number of leading diagonal entries above `tolerance * |R_11|`.
///
/// Step by step the column with the longest rest moves forward, the first one among equals. Column `k` then is column
/// `permutation[k]` of before. The columns behind, right-hand sides, stay in place and take part in the rotations.
/// Equilibrate the columns first ([`triangular::equilibrate`]). At most about `d^3` flops.
///
/// # Errors
/// [`Error::Storage`] if `triangle` has not [`packed::len`]`(dim)` entries or if the permutation is longer than `dim`;
/// [`Error::NonFinite`] with the entry's place in the triangle; [`Error::Parameter`] for a tolerance that is negative or
/// not finite. Nothing is changed.
pub fn pivot<T: Real>(triangle: &mut [T], dim: usize, permutation: &mut [u32], tolerance: T) -> Result<usize, Error> {
    check_storage(packed::len(dim), triangle.len())?;
    if permutation.len() > dim {
        return Err(Error::Storage { needed: dim, got: permutation.len() });
    }
    check_tolerance(tolerance)?;
    permutation.iter_mut().zip(0..).for_each(|(column, j)| *column = j);
    pivot_with(triangle, dim, permutation.len(), tolerance, |j| permutation.swap(j, j + 1))
}

/// The same for the first `columns` columns, telling `exchanged` of every exchange of columns `j` and `j + 1`.
pub(crate) fn pivot_with<T: Real>(
    triangle: &mut [T],
    dim: usize,
    columns: usize,
    tolerance: T,
    mut exchanged: impl FnMut(usize),
) -> Result<usize, Error> {
    check_finite(triangle)?;
    for k in 0..columns {
        let (mut pivot, mut longest) = (k, T::ZERO);
        for j in k..columns {
            let (norm, e) = scaled_norm((k..=j).map(|i| triangle[packed::index(dim, i, j)]));
            let norm = norm.times_power_of_two(e);
            if norm > longest {
                (pivot, longest) = (j, norm);
            }
        }
        for j in (k..pivot).rev() {
            exchange(triangle, dim, j);
            exchanged(j);
        }
    }
    let diagonal = |k: usize| triangle[packed::index(dim, k, k)].abs();
    Ok((0..columns).take_while(|&k| diagonal(k) > tolerance * diagonal(0)).count())
}

/// Row `k` of a packed triangle, from the diagonal on.
fn packed_row<T>(triangle: &mut [T], dim: usize, k: usize) -> &mut [T] {
    let start = packed::index(dim, k, k);
    &mut triangle[start..start + dim - k]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MatMut;
    use crate::linalg::qr;
    use crate::linalg::qr::tests::{distance, gram_of, gram_of_triangle, numbers};
    use std::vec;
    use std::vec::Vec;

    fn inserted<T: Real>(rows: &[T], dim: usize) -> Vec<T> {
        let mut triangle = vec![T::ZERO; packed::len(dim)];
        rows.chunks_exact(dim).for_each(|row| insert_row(&mut triangle, &mut row.to_vec()).unwrap());
        triangle
    }

    fn rotation_is_safe_in<T: Real>(exponents: &[i32]) {
        for &e in exponents {
            let two_to_e = |x: f64| T::constant(x).times_power_of_two(e);
            for (a, b) in [(3.0, 4.0), (-3.0, 4.0), (3.0, -4.0), (0.0, -5.0), (-5.0, 0.0)] {
                let (c, s, length) = rotation(two_to_e(a), two_to_e(b));
                assert_eq!(length, two_to_e(5.0), "{a} {b} {e}");
                assert_eq!((c, s), (T::constant(a / 5.0), T::constant(b / 5.0)), "{a} {b} {e}");
            }
        }
        assert_eq!(rotation(T::ZERO, T::ZERO), (T::ONE, T::ZERO, T::ZERO));
        let (c, s, length) = rotation(T::max_value() / T::constant(2.0), T::ONE / T::max_value());
        assert_eq!((c, s, length), (T::ONE, T::ZERO, T::max_value() / T::constant(2.0)));
    }

    #[test]
    fn rotation_is_safe_at_both_ends_of_the_range() {
        rotation_is_safe_in::<f32>(&[-147, -100, -60, 0, 60, 100, 125]);
        rotation_is_safe_in::<f64>(&[-1070, -997, -500, 0, 500, 997, 1021]);
    }

    fn insertion_in<T: Real>() {
        for (n, dim) in [(1, 1), (3, 5), (5, 5), (40, 1), (40, 9), (60, 33)] {
            let rows = numbers::<T>(n * dim, 1);
            let triangle = inserted(&rows, dim);
            let error = distance(&gram_of_triangle(&triangle, dim), &gram_of(&rows, dim));
            assert!(error < 4.0 * T::EPSILON.as_f64(), "{n} {dim}: {error:e}");
            assert!((0..dim).all(|k| triangle[packed::index(dim, k, k)] >= T::ZERO));
        }
    }

    #[test]
    fn inserted_rows_add_up_to_their_gram_matrix() {
        insertion_in::<f32>();
        insertion_in::<f64>();
    }

    fn scaling_in<T: Real>(exponents: &[i32]) {
        let dim = 7;
        let rows = numbers::<T>(20 * dim, 2);
        let expected = inserted(&rows, dim);
        for &e in exponents {
            let scaled: Vec<T> = rows.iter().map(|x| x.times_power_of_two(e)).collect();
            let found: Vec<T> = inserted(&scaled, dim).iter().map(|x| x.times_power_of_two(-e)).collect();
            assert_eq!(found, expected, "{e}");
        }
    }

    #[test]
    fn scaling_by_powers_of_two_changes_no_bit() {
        // 1e-30 and 1e30, 1e-291 and 1e300.
        scaling_in::<f32>(&[-99, -65, 65, 99]);
        scaling_in::<f64>(&[-967, -510, 510, 997]);
    }

    #[test]
    fn small_rows_leave_the_bits_of_a_large_triangle() {
        let mut triangle = [2f64.powi(900), 3.0, 2f64.powi(-900)];
        let before = triangle;
        insert_row(&mut triangle, &mut [2f64.powi(-900), 0.0]).unwrap();
        assert_eq!(triangle, before);
    }

    #[test]
    fn zeros_leave_a_row_as_it_is() {
        let mut triangle = [-1.0, 2.0, 3.0];
        insert_row(&mut triangle, &mut [0.0, 4.0]).unwrap();
        assert_eq!(triangle, [-1.0, 2.0, 5.0]);
    }

    fn removal_in<T: Real>() {
        for dim in [1, 2, 8, 21] {
            let rows = numbers::<T>(3 * dim * dim, 3);
            let cut = 2 * dim * dim;
            let mut triangle = inserted(&rows, dim);
            for row in rows[cut..].chunks_exact(dim) {
                remove_row(&mut triangle, &mut row.to_vec()).unwrap();
            }
            let error = distance(&gram_of_triangle(&triangle, dim), &gram_of(&rows[..cut], dim));
            assert!(error < 16.0 * T::EPSILON.as_f64(), "{dim}: {error:e}");
        }
    }

    #[test]
    fn removal_undoes_insertion() {
        removal_in::<f32>();
        removal_in::<f64>();
    }

    #[test]
    fn refusals_leave_the_triangle_unchanged() {
        let mut triangle = [5.0, 3.0, 1.0];
        let before = triangle;
        let share = remove_row(&mut triangle, &mut [3.0, 4.0]);
        assert!(matches!(share, Err(Error::NotPositiveSemidefinite { value }) if value < 0.0), "{share:?}");
        let share = remove_row(&mut triangle, &mut [5.5, 3.3]);
        assert!(matches!(share, Err(Error::NotPositiveSemidefinite { value }) if value > -0.5), "{share:?}");
        assert_eq!(remove_row(&mut [2.0f32], &mut [2.0]), Err(Error::NotPositiveSemidefinite { value: 0.0 }));
        assert_eq!(remove_row(&mut triangle, &mut [1.0]), Err(Error::Storage { needed: 1, got: 3 }));
        let nan = Err(Error::NonFinite { index: 1 });
        assert_eq!(insert_row(&mut triangle, &mut [0.0, f64::NAN]), nan);
        assert_eq!(remove_row(&mut triangle, &mut [0.0, f64::INFINITY]), nan);
        assert_eq!(insert_row(&mut triangle, &mut [1.0; 3]), Err(Error::Storage { needed: 6, got: 3 }));
        assert_eq!(exchange_columns(&mut triangle, 2, 1), Err(Error::NotFound { index: 2 }));
        assert_eq!(exchange_columns(&mut triangle, 2, usize::MAX), Err(Error::NotFound { index: usize::MAX }));
        assert_eq!(exchange_columns(&mut triangle, 3, 0), Err(Error::Storage { needed: 6, got: 3 }));
        assert_eq!(pivot(&mut triangle, 2, &mut [0; 3], 0.0), Err(Error::Storage { needed: 2, got: 3 }));
        assert!(matches!(pivot(&mut triangle, 2, &mut [0; 2], -1.0), Err(Error::Parameter { .. })));
        assert!(matches!(pivot(&mut triangle, 2, &mut [0; 2], f64::NAN), Err(Error::Parameter { .. })));
        assert_eq!(triangle, before);
        let mut singular = [1.0, 1.0, 0.0];
        assert_eq!(remove_row(&mut singular, &mut [0.5, 0.5]), Err(Error::RankDeficient { rank: 1 }));
        assert_eq!(insert_row::<f32>(&mut [], &mut []), Ok(()));
        assert_eq!(pivot::<f32>(&mut [], 0, &mut [], 0.0), Ok(0));
    }

    #[test]
    fn exchanged_columns_are_those_of_the_permuted_rows() {
        let dim = 6;
        let rows: Vec<f64> = numbers(10 * dim, 4);
        for k in 0..dim - 1 {
            let before = inserted(&rows, dim);
            let mut triangle = before.clone();
            let (c, s) = exchange_columns(&mut triangle, dim, k).unwrap();
            let mut swapped = rows.clone();
            swapped.chunks_exact_mut(dim).for_each(|row| row.swap(k, k + 1));
            let expected = inserted(&swapped, dim);
            for (i, (x, y)) in triangle.iter().zip(&expected).enumerate() {
                // Signs of rows are free.
                assert!((x.abs() - y.abs()).abs() < 1e-14, "{k} {i}");
            }
            // The rotation returned is the one that was applied: to rows k and k + 1 in the last column.
            if k + 2 < dim {
                let at = |i| before[packed::index(dim, i, dim - 1)];
                let rotated = c * at(k) + s * at(k + 1);
                assert!((triangle[packed::index(dim, k, dim - 1)] - rotated).abs() < 1e-15);
            }
        }
    }

    fn pivoting_in<T: Real>() {
        // Column 2 is half of column 0 plus column 1, column 4 twice column 1; columns 6 and 7 are right-hand sides.
        let (n, dim, features) = (25, 8, 6);
        let mut rows = numbers::<T>(n * dim, 5);
        for row in rows.chunks_exact_mut(dim) {
            row[2] = row[0] * T::constant(0.5) + row[1];
            row[4] = row[1] + row[1];
        }
        let mut triangle = inserted(&rows, dim);
        let mut permutation = [0; 6];
        let rank = pivot(&mut triangle, dim, &mut permutation, T::constant(100.0) * T::EPSILON).unwrap();
        assert_eq!(rank, 4);
        let permuted: Vec<T> = rows
            .chunks_exact(dim)
            .flat_map(|row| {
                permutation.iter().map(|&j| row[j as usize]).chain(row[features..].iter().copied()).collect::<Vec<T>>()
            })
            .collect();
        let error = distance(&gram_of_triangle(&triangle, dim), &gram_of(&permuted, dim));
        assert!(error < 16.0 * T::EPSILON.as_f64(), "{error:e}");
        // The same pivots as those of the matrix.
        let mut data: Vec<T> = rows.chunks_exact(dim).flat_map(|row| row[..features].to_vec()).collect();
        let mut matrix = MatMut::new(&mut data, n, features).unwrap();
        let (mut tau, mut norms, mut expected) = ([T::ZERO; 6], [T::ZERO; 12], [0; 6]);
        let cut = T::constant(100.0) * T::EPSILON;
        let found = qr::factor_pivoted(&mut matrix, &mut tau, &mut norms, &mut expected, cut).unwrap();
        assert_eq!((found, &expected[..4]), (4, &permutation[..4]));
    }

    #[test]
    fn pivoting_finds_the_rank_of_dependent_columns() {
        pivoting_in::<f32>();
        pivoting_in::<f64>();
    }

    #[test]
    fn first_of_equal_columns_is_taken() {
        let mut order = [0; 3];
        assert_eq!(pivot(&mut [1.0f32, 0.0, 0.0, 1.0, 0.0, 2.0], 3, &mut order, 0.0), Ok(3));
        assert_eq!(order, [2, 0, 1]);
    }

    #[test]
    fn triangles_merge_by_their_rows() {
        let dim = 5;
        let rows: Vec<f64> = numbers(30 * dim, 6);
        let (mut left, right) = (inserted(&rows[..15 * dim], dim), inserted(&rows[15 * dim..], dim));
        let mut start = 0;
        for k in 0..dim {
            let mut row = vec![0.0; dim];
            row[k..].copy_from_slice(&right[start..start + dim - k]);
            start += dim - k;
            insert_row(&mut left, &mut row).unwrap();
        }
        assert!(distance(&gram_of_triangle(&left, dim), &gram_of(&rows, dim)) < 1e-15);
    }
}
