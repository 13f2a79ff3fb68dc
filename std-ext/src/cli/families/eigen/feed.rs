//! Rows on their way into a summary: as they come, shuffled, or by shards on several threads.

use super::summary::Summary;
use crate::cli::cost::Clock;
use crate::io::{Batch, RowReader};
use crate::parallel::shard_rows;
use crate::stream::ShuffleBuffer;
use crate::{CoreError, Error, MatRef, Merge, Real, RowSummary};
use std::num::NonZero;

/// Empty summaries, and how rows come to them.
pub(super) enum Feed<T: Real> {
    /// Each of them sees all rows in order.
    InOrder(Vec<Box<dyn Summary<T>>>),
    Shuffled(Vec<ShuffleBuffer<Box<dyn Summary<T>>, Vec<T>>>),
    /// One summary, whatever its type.
    Sharded(Box<dyn Sharded<T>>),
}

impl<T: Real> Feed<T> {
    /// The summaries of all rows.
    pub(super) fn fill(self, reader: &mut RowReader<T>, clock: &mut Clock) -> Result<Vec<Box<dyn Summary<T>>>, Error> {
        match self {
            Self::InOrder(mut summaries) => {
                for_each_batch(reader, |rows| {
                    clock.count(|| summaries.iter_mut().try_for_each(|summary| summary.update_batch(rows)))
                })?;
                Ok(summaries)
            }
            Self::Shuffled(mut summaries) => {
                for_each_batch(reader, |rows| {
                    clock.count(|| summaries.iter_mut().try_for_each(|summary| summary.update_batch(rows)))
                })?;
                clock.count(|| summaries.iter_mut().try_for_each(ShuffleBuffer::drain))?;
                Ok(summaries.into_iter().map(ShuffleBuffer::into_inner).collect())
            }
            Self::Sharded(shards) => Ok(vec![shards.fill(reader, clock)?]),
        }
    }
}

fn for_each_batch<T: Real>(
    reader: &mut RowReader<T>,
    mut visit: impl FnMut(MatRef<'_, T>) -> Result<(), CoreError>,
) -> Result<(), Error> {
    while let Some(rows) = reader.next_batch()? {
        visit(rows)?;
    }
    Ok(())
}

/// A summary that is filled by shards on several threads.
pub(super) trait Sharded<T: Real> {
    fn fill(&self, reader: &mut RowReader<T>, clock: &mut Clock) -> Result<Box<dyn Summary<T>>, Error>;
}

/// Makes the summaries of shards.
pub(super) struct ByShards<F> {
    pub(super) threads: NonZero<usize>,
    /// Whether the rows may go through wide matrix products.
    pub(super) fast: bool,
    pub(super) make: F,
}

impl<T, M, F> Sharded<T> for ByShards<F>
where
    T: Real,
    M: Summary<T> + Merge + Send + 'static,
    F: Fn() -> Result<M, CoreError> + Sync,
{
    fn fill(&self, reader: &mut RowReader<T>, clock: &mut Clock) -> Result<Box<dyn Summary<T>>, Error> {
        let dim = reader.columns().len();
        let read = |batch: &mut Batch<T>, rows| reader.read_into(batch, rows);
        let feed = |summary: &mut M, batch: &mut Batch<T>| {
            if self.fast { feed_fast(summary, batch.rows()) } else { Ok(summary.update_batch(batch.rows())?) }
        };
        Ok(Box::new(clock.fill(dim, shard_rows(dim), self.threads, read, |_| (self.make)(), feed)?))
    }
}

/// Feeds the rows as matrix products, of as many rows each whatever the batch, where that is understood.
#[cfg(feature = "faer")]
fn feed_fast<T: Real>(summary: &mut dyn Summary<T>, rows: MatRef<'_, T>) -> Result<(), Error> {
    let some = shard_rows(rows.cols()).div_ceil(8);
    for first in (0..rows.rows()).step_by(some) {
        let rows = rows.rows_from(first, some);
        let wide: Vec<f64> = rows.as_slice().iter().map(|x| x.as_f64()).collect();
        let gram = crate::wide::gram(MatRef::new(&wide, rows.rows(), rows.cols())?);
        let gram: Vec<T> = gram.into_iter().map(T::constant).collect();
        // A refusal (numbers too large for their squares) leaves the summary as it was: row by row then.
        if !summary.take_covariance(&gram, rows.rows() as u64).unwrap_or(false) {
            summary.update_batch(rows)?;
        }
    }
    Ok(())
}

#[cfg(not(feature = "faer"))]
fn feed_fast<T: Real>(summary: &mut dyn Summary<T>, rows: MatRef<'_, T>) -> Result<(), Error> {
    Ok(summary.update_batch(rows)?)
}
