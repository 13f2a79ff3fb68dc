//! Blocked Householder QR.
//!
//! faer applies the blocks; the reflections are found here, because its own factorisation takes a column for dependent whose
//! remainder is below `16 n eps` of it, 1e-2 for 4096 rows in `f32`, and drops that remainder (faer 0.24.4, measured).

use super::Scalar;
use crate::Real;
use crate::linalg::vector;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder;
use faer::reborrow::ReborrowMut;
use faer::{Conj, Mat, MatMut, MatRef, Par};

/// Columns of a block, and of the smallest part of one.
const BLOCK: usize = 32;
const SMALLEST: usize = 4;

/// `Q` as a product of reflections, and `R` above them.
pub(super) struct Reflectors<T> {
    matrix: Mat<T>,
    factors: Mat<T>,
}

impl<T: Scalar> Reflectors<T> {
    /// Factors a matrix.
    pub(super) fn of(mut matrix: Mat<T>) -> Self {
        let rows = matrix.nrows();
        let factors = factor(matrix.as_mut(), |_| rows);
        Self { matrix, factors }
    }

    /// `R`.
    pub(super) fn triangle(&self) -> Mat<T> {
        upper(self.matrix.as_ref())
    }

    /// `x <- Q x`.
    pub(super) fn apply(&self, x: &mut Mat<T>) {
        let (rows, block_len) = (self.matrix.nrows(), self.factors.nrows());
        let scratch =
            householder::apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(rows, block_len, x.ncols());
        householder::apply_block_householder_sequence_on_the_left_in_place_with_conj(
            self.matrix.as_ref().subcols(0, self.factors.ncols()),
            self.factors.as_ref(),
            Conj::No,
            x.as_mut(),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
    }
}

/// Puts reflections and `R` in place of a matrix whose first `k` columns are zero from row `reach(k)` on, and gives the factors of
/// the blocks.
pub(super) fn factor<T: Scalar>(mut matrix: MatMut<'_, T>, reach: impl Fn(usize) -> usize) -> Mat<T> {
    let (rows, cols) = (matrix.nrows(), matrix.ncols());
    let size = rows.min(cols);
    let mut factors = Mat::zeros(BLOCK.min(size).max(1), size);
    let scratch = householder::apply_block_householder_transpose_on_the_left_in_place_scratch::<T>(rows, BLOCK, cols);
    let mut scratch = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut scratch);
    for k in (0..size).step_by(BLOCK) {
        let width = BLOCK.min(size - k);
        let below = matrix.rb_mut().subrows_mut(k, reach(k + width).clamp(k + width, rows) - k);
        let (block, right) = below.subcols_mut(k, cols - k).split_at_col_mut(width);
        factor_block(block, factors.as_mut().submatrix_mut(0, k, width, width), right, stack);
    }
    factors
}

/// `R` above the reflections, square; rows that the matrix does not have are zero.
pub(super) fn upper<T: Scalar>(matrix: MatRef<'_, T>) -> Mat<T> {
    let (rows, cols) = (matrix.nrows(), matrix.ncols());
    Mat::from_fn(cols, cols, |i, j| if i <= j && i < rows { matrix[(i, j)] } else { T::ZERO })
}

/// Factors a block of columns, halves first, and applies its reflections to what is right of it.
fn factor_block<T: Scalar>(
    mut block: MatMut<'_, T>,
    mut factors: MatMut<'_, T>,
    right: MatMut<'_, T>,
    stack: &mut MemStack,
) {
    let (rows, width) = (block.nrows(), block.ncols());
    if width <= SMALLEST {
        factor_columns(block.as_mut(), factors.as_mut());
    } else {
        let half = width / 2;
        let (mut first, mut second) = block.as_mut().split_at_col_mut(half);
        factor_block(first.as_mut(), factors.as_mut().submatrix_mut(0, 0, half, half), second.as_mut(), stack);
        let (rest, own) = (width - half, rows - half);
        let second = second.subrows_mut(half, own);
        let mut nothing = Mat::zeros(own, 0);
        factor_block(second, factors.as_mut().submatrix_mut(half, half, rest, rest), nothing.as_mut(), stack);
    }
    householder::upgrade_householder_factor(factors.as_mut(), block.as_ref(), width, 1, Par::Seq);
    if right.ncols() > 0 {
        householder::apply_block_householder_transpose_on_the_left_in_place_with_conj(
            block.as_ref(),
            factors.as_ref(),
            Conj::Yes,
            right,
            Par::Seq,
            stack,
        );
    }
}

/// Some columns, one reflection after the other. Their factors go to the diagonal.
fn factor_columns<T: Scalar>(mut block: MatMut<'_, T>, mut factors: MatMut<'_, T>) {
    let width = block.ncols();
    for k in 0..width {
        let (head, others) = block.as_mut().subcols_mut(k, width - k).split_at_col_mut(1);
        let (own, tail) = head.col_mut(0).split_at_row_mut(k + 1);
        let alpha = &mut own.iter_mut().last();
        let (Some(alpha), Some(tail)) = (alpha, tail.try_as_col_major_mut()) else { continue };
        let tail = tail.as_slice_mut();
        let left = vector::norm(tail);
        if left == T::ZERO {
            factors[(k, k)] = <T as Real>::INFINITY;
            continue;
        }
        let norm = vector::norm(&[**alpha, left]);
        let beta = if **alpha < T::ZERO { norm } else { -norm };
        let scale = **alpha - beta;
        tail.iter_mut().for_each(|x| *x /= scale);
        // Half the square of the whole reflector, whose first entry is 1.
        let tau = scale / -beta;
        factors[(k, k)] = T::ONE / tau;
        **alpha = beta;
        for column in others.col_iter_mut() {
            let (own, rest) = column.split_at_row_mut(k + 1);
            let (Some(first), Some(rest)) = (own.iter_mut().last(), rest.try_as_col_major_mut()) else { continue };
            let rest = rest.as_slice_mut();
            let sum = tau * (vector::dot(tail, rest) + *first);
            *first -= sum;
            vector::add_scaled(rest, -sum, tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keyed::{Domain, symmetric, word};

    fn reproduces<T: Scalar>(tolerance: f64) {
        for (rows, cols) in [(1, 1), (5, 3), (3, 5), (40, 33), (200, 70), (33, 33), (64, 1)] {
            let entry = |i: usize, j: usize| symmetric::<T>(word(1, Domain::Normal, (i * cols + j) as u64));
            // The last column all but depends on the first.
            let small = T::constant(1e-3);
            let matrix =
                Mat::from_fn(
                    rows,
                    cols,
                    |i, j| {
                        if j + 1 == cols { entry(i, 0) + small * entry(i, j) } else { entry(i, j) }
                    },
                );
            let reflectors = Reflectors::of(matrix.clone());
            let r = reflectors.triangle();
            let mut product = Mat::from_fn(rows, cols, |i, j| if i < cols { r[(i, j)] } else { T::ZERO });
            reflectors.apply(&mut product);
            for i in 0..rows {
                for j in 0..cols {
                    let error = (product[(i, j)] - matrix[(i, j)]).as_f64().abs();
                    assert!(error < tolerance, "{rows} {cols} {i} {j}: {error:e}");
                }
            }
        }
        let zeros = Reflectors::of(Mat::<T>::zeros(9, 4));
        assert_eq!(zeros.triangle(), Mat::<T>::zeros(4, 4));
    }

    #[test]
    fn stairs_need_no_more_than_they_reach() {
        for cols in [1, 5, 33, 70] {
            let entry = |i: usize, j: usize| symmetric::<f64>(word(2, Domain::Normal, (i * cols + j) as u64));
            let matrix = Mat::from_fn(2 * cols, cols, |i, j| if i / 2 <= j { entry(i, j) } else { 0.0 });
            let (mut whole, mut stairs) = (matrix.clone(), matrix);
            factor(whole.as_mut(), |_| 2 * cols);
            factor(stairs.as_mut(), |k| 2 * k);
            let (whole, stairs) = (upper(whole.as_ref()), upper(stairs.as_ref()));
            for i in 0..cols {
                for j in 0..cols {
                    let error = (whole[(i, j)] - stairs[(i, j)]).abs();
                    assert!(error < 1e-13, "{cols} {i} {j}: {error:e}");
                }
            }
        }
    }

    #[test]
    fn factors_reproduce_the_matrix() {
        reproduces::<f64>(1e-14);
        reproduces::<f32>(3e-6);
    }
}
