//! Factors of small matrices, by faer and always in one thread of its own: its global setting is the caller's.

use super::Scalar;
use super::reflectors;
use crate::linalg::qr;
use crate::{Error, Real};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_solve;
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::{ColRef, Mat, MatMut, MatRef, Par, Spec};

/// The upper triangle `R` of a QR factorisation, with as many rows as columns.
pub(super) fn triangle<T: Scalar>(mut matrix: Mat<T>) -> Mat<T> {
    triangle_of(matrix.as_mut())
}

/// The same, in place of the matrix.
pub(super) fn triangle_of<T: Scalar>(mut matrix: MatMut<'_, T>) -> Mat<T> {
    let rows = matrix.nrows();
    reflectors::factor(matrix.rb_mut(), |_| rows);
    reflectors::upper(matrix.rb())
}

/// The same of two upper triangles, one above the other: a fifth of the work that other rows would take.
pub(super) fn triangle_of_two<T: Scalar>(
    columns: usize,
    first: impl Fn(usize, usize) -> T,
    second: impl Fn(usize, usize) -> T,
) -> Mat<T> {
    // Their rows take turns: then a column reaches no further down than twice its number.
    let mut rows = Mat::from_fn(2 * columns, columns, |i, j| match (i / 2, i % 2) {
        (i, _) if i > j => T::ZERO,
        (i, 0) => first(i, j),
        (i, _) => second(i, j),
    });
    reflectors::factor(rows.as_mut(), |k| 2 * k);
    reflectors::upper(rows.as_ref())
}

/// QR with column pivoting of a square matrix: `R`, the columns in their order, the number of pivots above `tolerance` times the
/// first, and `Q'` applied to `others`.
pub(super) fn pivoted<T: Scalar>(
    matrix: &Mat<T>,
    others: &mut Mat<T>,
    tolerance: T,
) -> Result<(Mat<T>, Vec<usize>, usize), Error> {
    let (dim, width) = (matrix.ncols(), others.ncols());
    let by_rows =
        |x: &Mat<T>| (0..dim).flat_map(|i| (0..x.ncols()).map(move |j| (i, j))).map(|at| x[at]).collect::<Vec<T>>();
    let (mut entries, mut right) = (by_rows(matrix), by_rows(others));
    let mut factors = crate::MatMut::new(&mut entries, dim, dim)?;
    let (mut tau, mut norms, mut order) = (vec![T::ZERO; dim], vec![T::ZERO; 2 * dim], vec![0; dim]);
    let rank = qr::factor_pivoted(&mut factors, &mut tau, &mut norms, &mut order, tolerance)?;
    qr::apply_transposed(factors.as_ref(), &tau, &mut crate::MatMut::new(&mut right, dim, width)?)?;
    let r = factors.as_slice();
    *others = Mat::from_fn(dim, width, |i, j| right[i * width + j]);
    let r = Mat::from_fn(dim, dim, |i, j| if i <= j { r[i * dim + j] } else { T::ZERO });
    Ok((r, order.into_iter().map(|k| k as usize).collect(), rank))
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

/// `x <- (L L')^-1 x`.
pub(super) fn solve_cholesky<T: Scalar>(l: MatRef<'_, T>, x: &mut Mat<T>) {
    solve_lower(l, x.as_mut());
    solve_upper(l.transpose(), x.as_mut());
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
