//! Factors of small matrices, by faer and always in one thread of its own: its global setting is the caller's.

use super::Scalar;
use crate::Real;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::qr::{col_pivoting, no_pivoting};
use faer::linalg::{householder, triangular_solve};
use faer::{ColRef, Conj, Mat, MatMut, MatRef, Par, Spec};

/// The upper triangle `R` of a QR factorisation, with as many rows as columns.
pub(super) fn triangle<T: Scalar>(matrix: Mat<T>) -> Mat<T> {
    factor(matrix).0
}

/// The triangle, and `Q`.
pub(super) fn factor<T: Scalar>(mut matrix: Mat<T>) -> (Mat<T>, Reflectors<T>) {
    let (rows, cols) = (matrix.nrows(), matrix.ncols());
    let size = rows.min(cols);
    let block_len = no_pivoting::factor::recommended_block_size::<T>(rows, cols);
    let mut factors = Mat::zeros(block_len, size);
    let scratch = no_pivoting::factor::qr_in_place_scratch::<T>(rows, cols, block_len, Par::Seq, Spec::default());
    no_pivoting::factor::qr_in_place(
        matrix.as_mut(),
        factors.as_mut(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Spec::default(),
    );
    let r = Mat::from_fn(cols, cols, |i, j| if i <= j && i < rows { matrix[(i, j)] } else { T::ZERO });
    (r, Reflectors { matrix, factors })
}

/// `Q`, as a product of reflections.
pub(super) struct Reflectors<T> {
    matrix: Mat<T>,
    factors: Mat<T>,
}

impl<T: Scalar> Reflectors<T> {
    /// `x <- Q x`.
    pub(super) fn apply(&self, x: &mut Mat<T>) {
        let (rows, block_len) = (self.matrix.nrows(), self.factors.nrows());
        let scratch =
            householder::apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(rows, block_len, x.ncols());
        householder::apply_block_householder_sequence_on_the_left_in_place_with_conj(
            self.matrix.as_ref(),
            self.factors.as_ref(),
            Conj::No,
            x.as_mut(),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
    }
}

/// QR with column pivoting of a square matrix: `R`, the columns in their order, and `Q'` applied to `others`.
pub(super) fn pivoted<T: Scalar>(mut matrix: Mat<T>, others: &mut Mat<T>) -> (Mat<T>, Vec<usize>) {
    let dim = matrix.ncols();
    let block_len = no_pivoting::factor::recommended_block_size::<T>(dim, dim);
    let mut factors = Mat::zeros(block_len, dim);
    let (mut order, mut inverse) = (vec![0usize; dim], vec![0usize; dim]);
    let scratch = col_pivoting::factor::qr_in_place_scratch::<usize, T>(dim, dim, block_len, Par::Seq, Spec::default());
    col_pivoting::factor::qr_in_place(
        matrix.as_mut(),
        factors.as_mut(),
        &mut order,
        &mut inverse,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Spec::default(),
    );
    let scratch = householder::apply_block_householder_sequence_transpose_on_the_left_in_place_scratch::<T>(
        dim,
        block_len,
        others.ncols(),
    );
    householder::apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj(
        matrix.as_ref(),
        factors.as_ref(),
        Conj::No,
        others.as_mut(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
    );
    (Mat::from_fn(dim, dim, |i, j| if i <= j { matrix[(i, j)] } else { T::ZERO }), order)
}

/// Overwrites the lower triangle of a symmetric matrix by its Cholesky factor; whether that worked.
pub(super) fn cholesky<T: Scalar>(matrix: &mut Mat<T>) -> bool {
    let dim = matrix.ncols();
    let scratch = cholesky_in_place_scratch::<T>(dim, Par::Seq, Spec::default());
    let result = cholesky_in_place(
        matrix.as_mut(),
        LltRegularization::default(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Spec::default(),
    );
    result.is_ok() && (0..dim).all(|i| matrix[(i, i)].is_finite())
}

/// `x <- R^-1 x`.
pub(super) fn solve_upper<T: Scalar>(r: MatRef<'_, T>, x: MatMut<'_, T>) {
    triangular_solve::solve_upper_triangular_in_place(r, x, Par::Seq);
}

/// `x <- L^-1 x`.
pub(super) fn solve_lower<T: Scalar>(l: MatRef<'_, T>, x: MatMut<'_, T>) {
    triangular_solve::solve_lower_triangular_in_place(l, x, Par::Seq);
}

/// Euclidean norm, safe against overflow.
pub(super) fn norm<T: Scalar>(x: ColRef<'_, T>) -> T {
    let largest = x.iter().fold(T::ZERO, |largest, &x| Real::max(largest, Real::abs(x)));
    if largest == T::ZERO || !largest.is_finite() {
        return largest;
    }
    let e = Real::exponent(largest);
    let square = x.iter().fold(T::ZERO, |sum, x| {
        let x = x.times_power_of_two(-e);
        sum + x * x
    });
    Real::sqrt(square).times_power_of_two(e)
}
