//! Rows on their way into a summary: as they come, shuffled, or by shards on several threads.

use super::summary::Summary;
use crate::parallel::Shards;
#[cfg(feature = "faer")]
use crate::parallel::shard_rows;
use crate::stream::ShuffleBuffer;
use crate::{CoreError, Error, MatRef, Merge, Real, RowSummary};

/// A summary that is being filled.
pub(super) enum Feed<T: Real> {
    Directly(Box<dyn Summary<T>>),
    Shuffled(ShuffleBuffer<Box<dyn Summary<T>>, Vec<T>>),
    Sharded(Box<dyn Sharded<T>>),
}

impl<T: Real> Feed<T> {
    pub(super) fn update_batch(&mut self, rows: MatRef<'_, T>) -> Result<(), Error> {
        match self {
            Self::Directly(summary) => Ok(summary.update_batch(rows)?),
            Self::Shuffled(summary) => Ok(summary.update_batch(rows)?),
            Self::Sharded(shards) => shards.update_batch(rows),
        }
    }

    /// Rows of a batch that suits, where that matters.
    pub(super) fn batch_rows(&self) -> Option<usize> {
        if let Self::Sharded(shards) = self { Some(shards.batch_rows()) } else { None }
    }

    /// Threads that have worked at the same time.
    pub(super) fn threads_used(&self) -> usize {
        if let Self::Sharded(shards) = self { shards.threads_used() } else { 1 }
    }

    /// The summary of all rows.
    pub(super) fn finish(self) -> Result<Box<dyn Summary<T>>, Error> {
        match self {
            Self::Directly(summary) => Ok(summary),
            Self::Shuffled(mut shuffled) => {
                shuffled.drain()?;
                Ok(shuffled.into_inner())
            }
            Self::Sharded(shards) => shards.finish(),
        }
    }
}

/// A summary that is filled by shards, whatever its type.
pub(super) trait Sharded<T: Real> {
    fn update_batch(&mut self, rows: MatRef<'_, T>) -> Result<(), Error>;
    fn batch_rows(&self) -> usize;
    fn threads_used(&self) -> usize;
    fn finish(self: Box<Self>) -> Result<Box<dyn Summary<T>>, Error>;
}

/// Shards, and whether their rows may go through wide matrix products.
pub(super) struct ByShards<M, F> {
    pub(super) shards: Shards<M, F>,
    pub(super) fast: bool,
}

impl<T, M, F> Sharded<T> for ByShards<M, F>
where
    T: Real,
    M: Summary<T> + Merge + Send + 'static,
    F: Fn(u64) -> Result<M, CoreError> + Sync,
{
    fn update_batch(&mut self, rows: MatRef<'_, T>) -> Result<(), Error> {
        let fast = self.fast;
        self.shards.feed(rows.rows(), |summary, range| {
            let rows = rows.rows_from(range.start, range.len());
            if fast { feed_fast(summary, rows) } else { Ok(summary.update_batch(rows)?) }
        })
    }

    fn batch_rows(&self) -> usize {
        self.shards.batch_rows()
    }

    fn threads_used(&self) -> usize {
        self.shards.threads_used()
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn Summary<T>>, Error> {
        Ok(Box::new(self.shards.finish()?))
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
