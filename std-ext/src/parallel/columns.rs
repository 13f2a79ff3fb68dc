//! A linear sketch whose columns are shared among threads.

use super::spread::{each, shares};
use super::tree::merge_all_by;
use crate::regression::{SketchedLeastSquares, SketchedLeastSquaresParams};
use crate::sketch::SketchOperator;
use crate::{CoreError, Error, Lane, MatRef, Real};
use core::convert::Infallible;
use core::ops::Range;
use std::num::NonZero;

/// Columns of a thread at least: with fewer, what is done once a row outweighs them.
const COLUMNS: usize = 8;

type Sketched<L, O> = SketchedLeastSquares<L, O, Vec<L>, Vec<u32>>;

/// Fills a [`SketchedLeastSquares`] on up to so many threads, each of which sketches some of the columns of every row.
///
/// A sketch treats every column alike, and columns of the same rows can be put side by side to the bit. So the number of
/// threads changes no bit, and neither does their use: the answer is that of one summary which sees row after row. The
/// threads together hold no more than that summary.
///
/// # Cost
/// What an operator does once a row, it does once a row and thread: with few columns a
/// [`GaussianSketch`](crate::sketch::GaussianSketch), whose normal numbers cost more than the sums, gains little.
///
/// # Example
/// ```
/// use sketchlet::regression::SketchedLeastSquaresParams;
/// use sketchlet::{MatRef, parallel::ColumnShares, sketch::Srht};
/// let params = SketchedLeastSquaresParams::new(20, 64).block_len(16);
/// let threads = std::thread::available_parallelism().unwrap();
/// let mut shares = ColumnShares::new(params, Srht, threads)?;
/// let batch: Vec<f64> = (0..2000).map(|i| f64::from(i % 7)).collect();
/// shares.update_batch_at(0, MatRef::new(&batch, 100, 20)?)?;
/// assert_eq!(shares.finish()?.params(), &params);
/// # Ok::<(), sketchlet::Error>(())
/// ```
#[derive(Debug)]
pub struct ColumnShares<L, O> {
    columns: usize,
    parts: Vec<Part<L, O>>,
}

/// Some neighbouring columns.
#[derive(Debug)]
struct Part<L, O> {
    columns: Range<usize>,
    summary: Sketched<L, O>,
    /// The row of the batch that was refused, and why.
    refused: Option<(usize, CoreError)>,
}

impl<L: Lane, O: SketchOperator<L> + Send + Sync> ColumnShares<L, O> {
    /// Shares of an empty summary.
    ///
    /// # Errors
    /// Those of [`SketchedLeastSquares::new`].
    pub fn new(params: SketchedLeastSquaresParams, operator: O, threads: NonZero<usize>) -> Result<Self, CoreError> {
        let (columns, whole) = (params.shape().cols, Sketched::new(params, operator)?);
        let threads = threads.get().min(columns / COLUMNS);
        let part = |columns: Range<usize>, summary| Part { columns, summary, refused: None };
        let parts = if threads > 1 {
            let select = |own: Range<usize>| Ok(part(own.clone(), whole.select(&own.collect::<Vec<_>>())?));
            shares(columns, threads).map(select).collect::<Result<_, CoreError>>()?
        } else {
            vec![part(0..columns, whole)]
        };
        Ok(Self { columns, parts })
    }

    /// Threads that work at the same time.
    pub fn threads_used(&self) -> usize {
        self.parts.len()
    }

    /// Consumes the rows of a matrix, numbered from `first` on.
    ///
    /// # Errors
    /// Those of [`SketchedLeastSquares::update_at`], with the row, counted from 1 within the batch. Nothing can follow then.
    pub fn update_batch_at(&mut self, first: u64, rows: MatRef<'_, L>) -> Result<(), Error> {
        self.for_each_row(rows, |summary, row, entries| summary.update_at(numbered(first, row)?, entries))
    }

    /// The summary of all columns.
    ///
    /// # Errors
    /// Those of [`SketchedLeastSquares::join`]; an error also after an error before.
    pub fn finish(self) -> Result<Sketched<L, O>, CoreError> {
        if let Some((_, error)) = self.parts.iter().find_map(|part| part.refused) {
            return Err(error);
        }
        let summaries = self.parts.into_iter().map(|part| part.summary);
        let joined = merge_all_by(summaries, |left, right| {
            *left = Sketched::join(left, &right)?;
            Ok(())
        });
        joined?.ok_or(CoreError::Corrupt)
    }

    /// Tells every share its part of every row.
    fn for_each_row(
        &mut self,
        rows: MatRef<'_, L>,
        update: impl Fn(&mut Sketched<L, O>, usize, &[L]) -> Result<(), CoreError> + Sync,
    ) -> Result<(), Error> {
        if rows.rows() > 0 && rows.cols() != self.columns {
            return Err(CoreError::Dimension { expected: self.columns, got: rows.cols() }.into());
        }
        let Ok(()) = each(&mut self.parts, |part| {
            for (i, row) in rows.iter_rows().enumerate() {
                if let Err(error) = update(&mut part.summary, i, &row[part.columns.clone()]) {
                    part.refused = Some((i, error));
                    break;
                }
            }
            Ok::<(), Infallible>(())
        });
        // Of the first row that any of them refused, the first column.
        let refused = self.parts.iter().filter_map(|part| Some((part.refused?, &part.columns)));
        let Some(((row, error), columns)) = refused.min_by_key(|((row, _), _)| *row) else { return Ok(()) };
        let error = match error {
            // The weight stands behind the last column.
            CoreError::NonFinite { index } if index >= columns.len() => CoreError::NonFinite { index: self.columns },
            CoreError::NonFinite { index } => CoreError::NonFinite { index: columns.start + index },
            other => other,
        };
        Err(Error::from(error).at_row(row as u64 + 1))
    }
}

impl<T: Real, O: SketchOperator<T> + Send + Sync> ColumnShares<T, O> {
    /// The same with a weight a row.
    ///
    /// # Errors
    /// Those of [`SketchedLeastSquares::update_weighted`], with the row, counted from 1 within the batch;
    /// [`CoreError::Dimension`] for another number of weights. Nothing can follow then.
    pub fn update_weighted_batch_at(&mut self, first: u64, rows: MatRef<'_, T>, weights: &[T]) -> Result<(), Error> {
        if weights.len() != rows.rows() {
            return Err(CoreError::Dimension { expected: rows.rows(), got: weights.len() }.into());
        }
        self.for_each_row(rows, |summary, row, entries| {
            summary.update_weighted(numbered(first, row)?, entries, weights[row])
        })
    }
}

/// The number of a row of a batch.
fn numbered(first: u64, row: usize) -> Result<u64, CoreError> {
    first.checked_add(row as u64).ok_or(CoreError::Capacity { limit: usize::MAX })
}
