//! Symmetric matrices as their upper triangle, row after row, and the sum of outer products that fills them.
//!
//! Entry `(i, j)`, `i <= j`, of a `d x d` matrix stands at [`index`]`(d, i, j)`; [`len`]`(d)` scalars in all.
//!
//! # Numerics
//! Every entry adds its products in row order, one after the other. Panels of rows and register tiles only change when
//! which entry is worked on, never the order within one, so batches of any size give the bits of single rows.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::packed;
//! let mut gram = [0.0; packed::len(2)];
//! packed::add_rows(&mut gram, &[1.0, 2.0, 3.0, 4.0], 2);
//! assert_eq!(gram, [10.0, 14.0, 20.0]);
//! ```

use crate::base::wide;
use crate::{Lane, Real, ScalarType};

/// Rows of a register tile.
const TILE_ROWS: usize = 4;
/// Rows of input that pass through all tiles before the next ones: they stay in the first-level cache.
const PANEL: usize = 64;

/// Scalars of the packed upper triangle of a `dim x dim` matrix. Saturates.
#[must_use]
pub const fn len(dim: usize) -> usize {
    // One of the two factors is even; halving it first keeps the product exact up to the last word.
    if dim.is_multiple_of(2) { (dim / 2).saturating_mul(dim + 1) } else { dim.saturating_mul(dim / 2 + 1) }
}

/// Where entry `(i, j)` stands; `i <= j < dim`. Wraps for a matrix too large to be addressed.
#[must_use]
#[inline]
pub const fn index(dim: usize, i: usize, j: usize) -> usize {
    i.wrapping_mul(dim).wrapping_sub(i.wrapping_mul(i.saturating_sub(1)) / 2).wrapping_sub(i).wrapping_add(j)
}

/// Adds `row' row`. `d^2` flops.
pub fn add_row<L: Lane>(gram: &mut [L], row: &[L]) {
    wide::run(
        #[inline(always)]
        || add_row_kernel(gram, row),
    );
}

#[inline(always)]
fn add_row_kernel<L: Lane>(mut gram: &mut [L], row: &[L]) {
    for i in 0..row.len() {
        let Some((line, rest)) = gram.split_at_mut_checked(row.len() - i) else { return };
        let x = row[i];
        for (sum, &y) in line.iter_mut().zip(&row[i..]) {
            *sum = sum.plus(x.times(y));
        }
        gram = rest;
    }
}

/// Subtracts `row' row`. `d^2` flops.
pub fn subtract_row<L: Lane>(mut gram: &mut [L], row: &[L]) {
    for i in 0..row.len() {
        let Some((line, rest)) = gram.split_at_mut_checked(row.len() - i) else { return };
        for (sum, &y) in line.iter_mut().zip(&row[i..]) {
            *sum = sum.minus(row[i].times(y));
        }
        gram = rest;
    }
}

/// Adds `weight row' row`. `d^2` flops.
pub fn add_weighted_row<T: Real>(mut gram: &mut [T], row: &[T], weight: T) {
    for i in 0..row.len() {
        let Some((line, rest)) = gram.split_at_mut_checked(row.len() - i) else { return };
        super::vector::add_scaled(line, weight * row[i], &row[i..]);
        gram = rest;
    }
}

/// Adds `factor(row)' row` for each of the rows of `dim` entries, in order, and to `lost` what rounding takes from the sums:
/// `gram + lost` has the error of one addition, however many there were. `5 d^2` flops a row.
pub(crate) fn add_rows_compensated<L: Lane>(
    gram: &mut [L],
    lost: &mut [L],
    rows: &[L],
    dim: usize,
    factor: impl Fn(L) -> L,
) {
    if dim == 0 {
        return;
    }
    wide::run(
        #[inline(always)]
        || rows.chunks_exact(dim).for_each(|row| add_row_compensated_kernel(gram, lost, row, &factor)),
    );
}

#[inline(always)]
fn add_row_compensated_kernel<L: Lane>(mut gram: &mut [L], mut lost: &mut [L], row: &[L], factor: &impl Fn(L) -> L) {
    for i in 0..row.len() {
        let Some((sums, below)) = gram.split_at_mut_checked(row.len() - i) else { return };
        let Some((losses, rest)) = lost.split_at_mut_checked(row.len() - i) else { return };
        let x = factor(row[i]);
        for ((sum, loss), &y) in sums.iter_mut().zip(losses).zip(&row[i..]) {
            add_compensated(sum, loss, x.times(y));
        }
        (gram, lost) = (below, rest);
    }
}

/// Adds to a sum and what rounding took from it. What was lost returns to the sum as soon as it counts there, or it would
/// round in its turn when there are millions of terms. Integers lose nothing.
#[inline(always)]
pub(crate) fn add_compensated<L: Lane>(sum: &mut L, lost: &mut L, x: L) {
    // The error of the addition, exactly (Knuth's form, without a branch).
    let rounded = sum.plus(x);
    let other = rounded.minus(*sum);
    let error = sum.minus(rounded.minus(other)).plus(x.minus(other));
    let small = lost.plus(error);
    *sum = rounded.plus(small);
    *lost = small.minus(sum.minus(rounded));
}

/// Adds `row' row` for each of the rows of `dim` entries, in order, with the bits of [`add_row`].
pub fn add_rows<L: Lane>(gram: &mut [L], rows: &[L], dim: usize) {
    if dim == 0 || gram.len() < len(dim) {
        return;
    }
    // Tiles as wide as two or four vector registers; too narrow a matrix has no room for one, and few machines multiply
    // vectors of 64-bit integers.
    let width = if L::BYTES == 4 { 16 } else { 8 };
    if dim < 2 * width || L::TYPE == ScalarType::I64 {
        rows.chunks_exact(dim).for_each(|row| add_row(gram, row));
        return;
    }
    for panel in rows.chunks(PANEL * dim) {
        wide::run(
            #[inline(always)]
            || {
                if L::BYTES == 4 {
                    panel_kernel::<L, 16>(gram, panel, dim);
                } else {
                    panel_kernel::<L, 8>(gram, panel, dim);
                }
            },
        );
    }
}

#[inline(always)]
fn panel_kernel<L: Lane, const W: usize>(gram: &mut [L], panel: &[L], dim: usize) {
    let mut row_from = 0;
    while row_from < dim {
        // The last tiles are moved back into the matrix; they store only what is not yet done.
        let top = row_from.min(dim - TILE_ROWS);
        let mut col_from = row_from.min(dim - W);
        while col_from < dim {
            let left = col_from.min(dim - W);
            tile::<L, W>(gram, panel, dim, (top, row_from), (left, col_from));
            col_from = left + W;
        }
        row_from = top + TILE_ROWS;
    }
}

#[inline(always)]
fn tile<L: Lane, const W: usize>(
    gram: &mut [L],
    panel: &[L],
    dim: usize,
    (top, row_from): (usize, usize),
    (left, col_from): (usize, usize),
) {
    let mut sums = [[L::default(); W]; TILE_ROWS];
    for (i, sums) in sums.iter_mut().enumerate() {
        for (j, sum) in sums.iter_mut().enumerate() {
            if left + j >= top + i {
                *sum = gram[index(dim, top + i, left + j)];
            }
        }
    }
    accumulate(&mut sums, panel, dim, top, left);
    for (i, sums) in sums.iter().enumerate() {
        for (j, &sum) in sums.iter().enumerate() {
            if top + i >= row_from && left + j >= col_from && left + j >= top + i {
                gram[index(dim, top + i, left + j)] = sum;
            }
        }
    }
}

#[inline(always)]
fn accumulate<L: Lane, const W: usize>(
    sums: &mut [[L; W]; TILE_ROWS],
    panel: &[L],
    dim: usize,
    top: usize,
    left: usize,
) {
    let mut local = *sums;
    for row in panel.chunks_exact(dim) {
        let (Some(x), Some(y)) = (row[top..].first_chunk::<TILE_ROWS>(), row[left..].first_chunk::<W>()) else {
            return;
        };
        for i in 0..TILE_ROWS {
            for j in 0..W {
                local[i][j] = local[i][j].plus(x[i].times(y[j]));
            }
        }
    }
    *sums = local;
}

/// `out = A x`. `2 d^2` flops.
pub fn multiply<T: Real>(matrix: &[T], x: &[T], out: &mut [T]) {
    out.fill(T::ZERO);
    add_product(matrix, x, out);
}

/// `out += A x`. `2 d^2` flops.
pub fn add_product<T: Real>(matrix: &[T], x: &[T], out: &mut [T]) {
    let mut rest = matrix;
    for i in 0..x.len().min(out.len()) {
        let Some((line, tail)) = rest.split_at_checked(x.len() - i) else { return };
        // Row i of the triangle serves as row i and as column i of the matrix.
        let dot = super::vector::dot(line, &x[i..]);
        out[i] += dot;
        if let (Some((_, below)), Some((_, right))) = (out[i..].split_first_mut(), line.split_first()) {
            super::vector::add_scaled(below, x[i], right);
        }
        rest = tail;
    }
}

/// Sum of the diagonal; of what there is of it, if the slice is too short.
pub fn trace<T: Real>(matrix: &[T], dim: usize) -> T {
    (0..dim).map_while(|i| matrix.get(index(dim, i, i))).fold(T::ZERO, |sum, &x| sum + x)
}

/// Spreads the packed triangle at the front of `matrix` over all of its `dim * dim` entries, in place. With a shorter slice
/// nothing is done.
pub fn unpack<T: Real>(matrix: &mut [T], dim: usize) {
    if dim.checked_mul(dim).is_none_or(|len| len > matrix.len()) {
        return;
    }
    // From the end: an entry's full position is never before its packed one.
    for i in (0..dim).rev() {
        for j in (i..dim).rev() {
            matrix[i * dim + j] = matrix[index(dim, i, j)];
        }
    }
    for i in 1..dim {
        for j in 0..i {
            matrix[i * dim + j] = matrix[j * dim + i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_sizes_never_panic() {
        let all = usize::MAX;
        assert_eq!((len(all), len(all - 1)), (all, all));
        for (i, j) in [(0, all), (2, 2), (all / 2, all - 1), (all - 1, all - 1)] {
            let _ = index(all, i, j);
        }
        assert_eq!(trace(&[3.0, 4.0], all), 3.0);
        assert_eq!(trace(&[1.0, 2.0, 4.0], 2), 5.0);
        let mut gram = [1.0];
        add_rows(&mut gram, &[1.0], all);
        unpack(&mut gram, all);
        assert_eq!(gram, [1.0]);
    }

    use crate::random::keyed::{Domain, symmetric, word};
    use std::vec;
    use std::vec::Vec;

    fn rows<T: Real>(count: u64) -> Vec<T> {
        (0..count).map(|i| symmetric(word(5, Domain::Normal, i))).collect()
    }

    fn batches_give_the_bits_of_rows_in<T: Real>() {
        for dim in [1, 3, 9, 16, 17, 31, 32, 33, 35, 50, 64, 67] {
            let rows = rows::<T>(dim as u64 * 150);
            let (mut single, mut batch) = (vec![T::ZERO; len(dim)], vec![T::ZERO; len(dim)]);
            rows.chunks_exact(dim).for_each(|row| add_row(&mut single, row));
            let cut = 37 * dim;
            add_rows(&mut batch, &rows[..cut], dim);
            add_rows(&mut batch, &rows[cut..], dim);
            assert!(single == batch, "{dim}");
            let naive = rows.chunks_exact(dim).fold(T::ZERO, |sum, row| sum + row[0] * row[dim - 1]);
            assert_eq!(single[index(dim, 0, dim - 1)], naive);
        }
    }

    #[test]
    fn batches_give_the_bits_of_rows() {
        batches_give_the_bits_of_rows_in::<f32>();
        batches_give_the_bits_of_rows_in::<f64>();
    }

    #[test]
    fn compensated_sums_keep_what_rounding_takes() {
        let n = 100_000u32;
        let row = [0.1f32, 0.3];
        let (mut gram, mut lost, mut plain) = ([0.0; 3], [0.0; 3], [0.0; 3]);
        for _ in 0..n {
            add_rows_compensated(&mut gram, &mut lost, &row, 2, |x| x);
            add_row(&mut plain, &row);
        }
        for (k, product) in [row[0] * row[0], row[0] * row[1], row[1] * row[1]].into_iter().enumerate() {
            let exact = f64::from(n) * f64::from(product);
            let error = |x: f32| (f64::from(x) / exact - 1.0).abs();
            assert!(error(gram[k] + lost[k]) <= f64::from(f32::EPSILON), "{k}");
            assert!(error(plain[k]) > 1e-4, "{k}: the test tests nothing");
        }
        // Taken away again, nothing is left.
        (0..n).for_each(|_| add_rows_compensated(&mut gram, &mut lost, &row, 2, |x| -x));
        assert!((0..3).all(|k| (gram[k] + lost[k]).abs() < 1e-6), "{gram:?} {lost:?}");
        let (mut whole, mut nothing) = ([i32::MAX; 3], [0; 3]);
        add_rows_compensated(&mut whole, &mut nothing, &[2, 3], 2, |x| x);
        assert_eq!((whole[0], nothing), (i32::MIN + 3, [0; 3]));
    }

    #[test]
    fn multiply_and_unpack_agree_with_the_full_matrix() {
        let dim = 7;
        let packed: Vec<f64> = rows(len(dim) as u64);
        let mut full = vec![0.0; dim * dim];
        full[..packed.len()].copy_from_slice(&packed);
        unpack(&mut full, dim);
        let x: Vec<f64> = rows(dim as u64);
        let mut out = vec![0.0; dim];
        multiply(&packed, &x, &mut out);
        for i in 0..dim {
            for j in 0..dim {
                assert_eq!(full[i * dim + j], packed[index(dim, i.min(j), i.max(j))]);
            }
            let expected: f64 = (0..dim).map(|j| full[i * dim + j] * x[j]).sum();
            assert!((out[i] - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn len_saturates() {
        assert_eq!(len(usize::MAX), usize::MAX);
        assert_eq!([len(0), len(1), len(2), len(9)], [0, 1, 3, 45]);
    }
}
