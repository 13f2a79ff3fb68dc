//! The exact path: QR of the rows, some thousand at a time.

use super::data::{Data, check_finite};
use super::source::{Layout, RowBlock};
use super::{Scalar, dense};
use crate::Error;
use faer::{Mat, MatRef};

/// A triangle over features and targets of all rows, and how many there are. Chunks have triangles of their own, which are joined
/// in order.
pub(super) fn triangle<T: Scalar>(
    data: &mut Data<'_, T>,
    layout: Layout,
    threads: usize,
) -> Result<(Mat<T>, u64), Error> {
    let columns = layout.columns();
    let whole = data.pass(
        threads,
        |matrix: &mut Option<Mat<T>>, first, chunk| {
            check_finite(first, &chunk, layout)?;
            let matrix = matrix.get_or_insert_with(Mat::new);
            copy_rows(&chunk, layout, matrix);
            Ok((dense::triangle_of(matrix.as_mut()), chunk.rows_that_count()))
        },
        |(triangle, rows), (other, more)| {
            *rows += more;
            *triangle = dense::triangle_of_two(columns, |i, j| triangle[(i, j)], |i, j| other[(i, j)]);
            Ok(())
        },
    )?;
    Ok(whole.unwrap_or_else(|| (Mat::zeros(columns, columns), 0)))
}

/// Rows that are turned into columns together.
const TURNED: usize = 64;

/// The rows of a chunk, weighted, side by side with the targets.
pub(super) fn rows<T: Scalar>(chunk: &RowBlock<'_, T>, layout: Layout) -> Mat<T> {
    let mut matrix = Mat::new();
    copy_rows(chunk, layout, &mut matrix);
    matrix
}

/// The same into a matrix that was used before.
fn copy_rows<T: Scalar>(chunk: &RowBlock<'_, T>, layout: Layout, matrix: &mut Mat<T>) {
    let columns = layout.columns();
    matrix.resize_with(chunk.rows(), columns, |_, _| T::ZERO);
    // Some rows at a time: a second copy of the chunk would count against the memory beside the input.
    let mut numbers = vec![T::ZERO; TURNED * columns];
    for first in (0..chunk.rows()).step_by(TURNED) {
        let count = TURNED.min(chunk.rows() - first);
        for (row, out) in numbers.chunks_exact_mut(columns).take(count).enumerate() {
            layout.copy_row(chunk, first + row, chunk.root_weight(first + row), 0, out);
        }
        let turned = MatRef::from_row_major_slice(&numbers[..count * columns], count, columns);
        matrix.as_mut().subrows_mut(first, count).copy_from(turned);
    }
}
