//! Gram matrices of the independent columns of the rows, either of the columns themselves or times the inverse of a triangle.

use super::data::Data;
use super::gradient::{Operand, Sums, add_panel, panels};
use super::source::{Layout, RowBlock};
use super::triangle::Triangle;
use super::{Scalar, dense};
use crate::Error;
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// How rows become those whose Gram matrix is wanted.
enum Form<'a, T> {
    /// The features as they are in memory.
    Plain,
    /// Independent columns, scaled, times the inverse of a triangle if there is one.
    Packed { order: &'a [usize], scales: Vec<T>, triangle: Option<Mat<T>> },
}

/// The Gram matrix, lower triangle, of the independent columns of the triangle, in its order and scale - of those times the inverse of
/// the triangle, if `is_preconditioned` -, and the gradient at the operand, from the same pass.
pub(super) fn gram<T: Scalar>(
    data: &mut Data<'_, T>,
    layout: Layout,
    triangle: &Triangle<T>,
    is_preconditioned: bool,
    operand: &Operand<T>,
    threads: usize,
) -> Result<(Mat<T>, Sums<T>), Error> {
    let rank = triangle.rank;
    let order = &triangle.order[..rank];
    let is_weighted = match data {
        Data::Memory(rows) => rows.weights.is_some(),
        Data::Passes(_) => true,
    };
    let is_plain = !is_preconditioned
        && !is_weighted
        && layout.constants == 0
        && triangle.exponents.iter().all(|e| e.abs() <= T::COMFORT);
    let form = if is_plain {
        Form::Plain
    } else {
        let scales = order.iter().map(|&j| T::ONE.times_power_of_two(-triangle.exponents[j])).collect();
        Form::Packed { order, scales, triangle: is_preconditioned.then(|| triangle.leading()) }
    };
    let width = if is_plain { layout.features } else { rank };
    let nothing = || (Mat::zeros(width, width), Sums::zero(layout));
    let whole = data.pass(
        threads,
        |buffer, _, chunk| {
            let mut part = nothing();
            for panel in panels(&chunk) {
                // The product first: its work hides the reading of the rows.
                add_gram(&mut part.0, &panel, layout, &form, buffer);
                add_panel(&mut part.1, &panel, layout, operand);
            }
            Ok(part)
        },
        |sum, part| {
            sum.0 += &part.0;
            sum.1.add(&part.1);
            Ok(())
        },
    )?;
    let mut sum = whole.unwrap_or_else(nothing);
    if is_plain {
        let plain = sum.0;
        sum.0 = Mat::from_fn(rank, rank, |i, j| {
            let (row, col) = (order[i].max(order[j]), order[i].min(order[j]));
            plain[(row, col)].times_power_of_two(-triangle.exponents[row] - triangle.exponents[col])
        });
    }
    Ok(sum)
}

fn add_gram<T: Scalar>(
    gram: &mut Mat<T>,
    panel: &RowBlock<'_, T>,
    layout: Layout,
    form: &Form<'_, T>,
    buffer: &mut Vec<T>,
) {
    let rows = panel.rows();
    let product = |gram: &mut Mat<T>, a: MatRef<'_, T>| {
        let (whole, lower) = (BlockStructure::Rectangular, BlockStructure::TriangularLower);
        matmul(gram.as_mut(), lower, Accum::Add, a.transpose(), whole, a, whole, T::ONE, Par::Seq);
    };
    match form {
        Form::Plain => product(gram, MatRef::from_row_major_slice(panel.features.as_slice(), rows, layout.features)),
        Form::Packed { order, scales, triangle } => {
            let width = order.len();
            buffer.resize(rows * width, T::ZERO);
            pack(panel, layout, order, scales, buffer);
            if let Some(triangle) = triangle {
                let columns = MatMut::from_column_major_slice_mut(buffer, width, rows);
                dense::solve_lower(triangle.transpose(), columns);
            }
            product(gram, MatRef::from_row_major_slice(buffer, rows, width));
        }
    }
}

/// Copies the columns that count, scaled, times the roots of the weights.
fn pack<T: Scalar>(panel: &RowBlock<'_, T>, layout: Layout, order: &[usize], scales: &[T], buffer: &mut [T]) {
    let width = order.len();
    let is_in_order = order.iter().enumerate().all(|(i, &k)| i == k);
    let mut entries = vec![T::ZERO; layout.coefficients()];
    for (row, out) in buffer.chunks_exact_mut(width.max(1)).enumerate() {
        let factor = panel.root_weight(row);
        if is_in_order {
            layout.copy_row(panel, row, factor, 0, out);
            out.iter_mut().zip(scales).for_each(|(x, &scale)| *x *= scale);
        } else {
            layout.copy_row(panel, row, factor, 0, &mut entries);
            out.iter_mut().zip(order).zip(scales).for_each(|((x, &k), &scale)| *x = entries[k] * scale);
        }
    }
}
