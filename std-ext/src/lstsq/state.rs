//! The sketch of all rows, by any operator.

use super::data::Data;
use super::source::Layout;
use super::{LeastSquaresParams, Scalar, Sketch, pooled, srct, srht};
use crate::parallel::shares;
use crate::sketch::{
    CountSketch, GaussianSketch, Osnap, Piece, RademacherSketch, SketchOperator, SketchShape, Srct, Srht,
};
use crate::{CoreError, Error, Real};
use core::ops::Range;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// `S A`, with the isometry factor, and the number of rows that count.
pub(super) struct State<T> {
    pub(super) rows: Mat<T>,
    pub(super) seen: u64,
}

/// Sketches all rows once. Rows that are NaN or infinite, or whose sums are, give an error.
pub(super) fn sketch<T: Scalar>(
    data: &mut Data<'_, T>,
    layout: Layout,
    params: &LeastSquaresParams<'_, T>,
    rows: usize,
) -> Result<State<T>, Error> {
    let shape = SketchShape { rows, cols: layout.columns(), seed: params.seed };
    let threads = params.threads.get();
    let ((mut state, seen), factor) = match params.sketch {
        Sketch::Srht => (srht::sketch(data, layout, shape, threads)?, SketchOperator::<T>::factor(&Srht, rows)),
        Sketch::Srct => (srct::sketch(data, layout, shape, threads)?, SketchOperator::<T>::factor(&Srct, rows)),
        Sketch::Gaussian => by_products(data, layout, threads, shape, GaussianSketch)?,
        Sketch::Rademacher => by_products(data, layout, threads, shape, RademacherSketch)?,
        // It is done when the rows are read: threads would be in each other's way.
        Sketch::CountSketch => by_rows(data, layout, 1, shape, CountSketch)?,
        Sketch::Osnap { nonzeros } => by_rows(data, layout, threads, shape, Osnap { nonzeros })?,
        Sketch::Pooled => (pooled::sketch(data, layout, shape, threads)?, 1.0),
    };
    if !T::all_finite(&state) {
        data.check_finite(layout)?;
        // All entries are finite: their sums are not.
        let index = state.iter().position(|x| !x.is_finite()).unwrap_or(0) % layout.columns();
        return Err(CoreError::NonFinite { index: index.saturating_sub(layout.constants) }.into());
    }
    if seen == 0 {
        return Err(CoreError::TooFewRows { needed: 1, got: 0 }.into());
    }
    let factor = T::constant(factor);
    state.iter_mut().for_each(|x| *x *= factor);
    Ok(State { rows: MatRef::from_row_major_slice(&state, rows, layout.columns()).to_owned(), seen })
}

/// Rows of a product.
const PANEL: usize = 256;

/// Dense operators, by products: some columns of `S`, which the operator itself gives, times as many rows.
fn by_products<T: Scalar, O: SketchOperator<T> + Sync>(
    data: &mut Data<'_, T>,
    layout: Layout,
    threads: usize,
    shape: SketchShape,
    operator: O,
) -> Result<((Vec<T>, u64), f64), Error> {
    operator.check(shape)?;
    let column = SketchShape { cols: 1, ..shape };
    let whole = data.pass(
        threads,
        |&mut (), first, chunk| {
            let mut part = Mat::zeros(shape.cols, shape.rows);
            let (mut operators, mut entries) = (vec![T::ZERO; PANEL * shape.rows], vec![T::ZERO; PANEL * shape.cols]);
            for from in (0..chunk.rows()).step_by(PANEL) {
                let rows = PANEL.min(chunk.rows() - from);
                operators.fill(T::ZERO);
                for (row, state) in operators.chunks_exact_mut(shape.rows).take(rows).enumerate() {
                    let index = (first + from + row) as u64;
                    operator.accumulate(
                        column,
                        &[],
                        Piece { index, column: 0, entries: &[T::ONE], subtract: false },
                        state,
                    )?;
                }
                for (row, entries) in entries.chunks_exact_mut(shape.cols).take(rows).enumerate() {
                    layout.copy_row(&chunk, from + row, chunk.root_weight(from + row), 0, entries);
                }
                let s = MatRef::from_row_major_slice(&operators[..rows * shape.rows], rows, shape.rows);
                let a = MatRef::from_column_major_slice(&entries[..rows * shape.cols], shape.cols, rows);
                matmul(part.as_mut(), Accum::Add, a, s, T::ONE, Par::Seq);
            }
            Ok((part, chunk.rows_that_count()))
        },
        |(sum, seen), (part, more)| {
            *sum += &part;
            *seen += more;
            Ok(())
        },
    )?;
    let (sum, seen) = whole.unwrap_or_else(|| (Mat::zeros(shape.cols, shape.rows), 0));
    // By columns of the transpose: by rows.
    let state = (0..shape.rows).flat_map(|j| sum.col(j).iter().copied().collect::<Vec<T>>()).collect();
    Ok(((state, seen), operator.factor(shape.rows)))
}

/// Adds row after row; threads share the columns.
fn by_rows<T: Real, O: SketchOperator<T> + Sync>(
    data: &mut Data<'_, T>,
    layout: Layout,
    threads: usize,
    shape: SketchShape,
    operator: O,
) -> Result<((Vec<T>, u64), f64), Error> {
    struct Part<T> {
        columns: Range<usize>,
        entries: Vec<T>,
        state: Vec<T>,
        seen: u64,
    }
    operator.check(shape)?;
    let mut parts: Vec<Part<T>> = shares(shape.cols, threads)
        .map(|columns| {
            let (entries, state) = (vec![T::ZERO; columns.len()], vec![T::ZERO; columns.len() * shape.rows]);
            Part { columns, entries, state, seen: 0 }
        })
        .collect();
    data.pass_by_parts(&mut parts, |part, first, chunk| {
        let share = SketchShape { cols: part.columns.len(), ..shape };
        for row in 0..chunk.rows() {
            let factor = chunk.root_weight(row);
            part.seen += u64::from(factor > T::ZERO);
            layout.copy_row(chunk, row, factor, part.columns.start, &mut part.entries);
            let piece = Piece { index: (first + row) as u64, column: 0, entries: &part.entries, subtract: false };
            operator.accumulate(share, &[], piece, &mut part.state)?;
        }
        Ok(())
    })?;
    let seen = parts.first().map_or(0, |part| part.seen);
    let mut state = vec![T::ZERO; shape.len()];
    for part in &parts {
        let width = part.columns.len().max(1);
        for (row, from) in state.chunks_exact_mut(shape.cols).zip(part.state.chunks_exact(width)) {
            row[part.columns.clone()].copy_from_slice(from);
        }
    }
    Ok(((state, seen), operator.factor(shape.rows)))
}
