//! Filling a summary by shards of rows, on several threads.

use super::gathered::{Gathered, gather, lock};
use crate::{CoreError, Difference, Error, MatRef, Merge, RowSummary};
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Numbers in a shard of rows that are not wide.
const NUMBERS: usize = 1 << 17;
/// Numbers of a piece of a shard, in which it is read: half of a common second-level cache.
const PIECE: usize = 1 << 15;
/// Numbers that all threads together may hold of what was read and is not yet in a summary.
const HELD: usize = 1 << 23;

/// Rows of a shard of rows of `dim` entries; part of the answer, so it will not change.
///
/// A power of two: at least 131,072 numbers, and at least as many rows as a row has entries, so that the merge of two
/// triangles costs little beside the rows in them.
pub const fn shard_rows(dim: usize) -> usize {
    let rows = NUMBERS.div_ceil(if dim == 0 { 1 } else { dim });
    let rows = if rows < dim { dim } else { rows };
    match rows.checked_next_power_of_two() {
        Some(rows) => rows,
        None => 1 << (usize::BITS - 1),
    }
}

/// Fills a summary with rows in memory on up to `threads` threads. `make` makes an empty one, with equal parameters each time; it
/// is told the number of the first row that the summary will see, for those whose rows have numbers.
///
/// Exact sums, Nystrom sketches and Frequent Directions take any rows. A [`RandomOrderEigen`](crate::eigen::RandomOrderEigen)
/// needs random shards: pieces of a random order are random, and its order check says so where they are not.
///
/// # Cost
/// A summary for each thread, and one for each level of the tree: four for ten shards.
///
/// # Errors
/// What `make`, an update or a merge answers; for an update with the number of the row, counted from 1. Of several errors
/// the one that comes first in the rows. [`Incompatible`](CoreError::Incompatible) if `make` gives a summary that has seen
/// rows.
///
/// # Example
/// ```
/// use sketchlet::{MatRef, RowSummary, eigen::{ExactEigen, ExactEigenParams}, parallel};
/// let numbers: Vec<f64> = (0..900_000).map(|i| f64::from(i % 7)).collect();
/// let rows = MatRef::new(&numbers, 300_000, 3)?;
/// let threads = std::thread::available_parallelism().unwrap();
/// let summary = parallel::fill(rows, threads, |_| ExactEigen::new(ExactEigenParams::new(3)))?;
/// assert_eq!(summary.rows_seen(), 300_000);
/// # Ok::<(), sketchlet::Error>(())
/// ```
pub fn fill<M: RowSummary<Scalar: Sync> + Merge + Send>(
    rows: MatRef<'_, M::Scalar>,
    threads: NonZero<usize>,
    make: impl Fn(u64) -> Result<M, CoreError> + Sync,
) -> Result<M, Error> {
    let len = shard_rows(rows.cols());
    let work = |(): &mut (), shard| {
        let (first, rows) = (shard * len, rows.rows_from(shard * len, len));
        let mut summary = make(first as u64)?;
        check_empty(&summary)?;
        let updated = summary.update_batch(rows);
        updated.map_err(|error| {
            // The batch does not say which of its rows it was: the summary begins anew, and finds it.
            summary.clear();
            let refused = rows.iter_rows().enumerate().find_map(|(i, row)| Some((i, summary.update(row).err()?)));
            let (place, error) = refused.unwrap_or((0, error));
            Error::from(error).at_row((first + place) as u64 + 1)
        })?;
        Ok(summary)
    };
    let whole = gather(rows.rows().div_ceil(len), threads, work, |first, second| Ok(first.merge(&second)?))?;
    Ok(whole.map_or_else(|| make(0), Ok)?)
}

fn check_empty<M: RowSummary>(summary: &M) -> Result<(), CoreError> {
    match summary.rows_seen() {
        0 => Ok(()),
        got => Err(CoreError::Incompatible { what: Difference::RowsSeen, expected: 0, got }),
    }
}

/// A summary that was filled, and how.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Filled<M> {
    /// The summary of all rows.
    pub summary: M,
    /// Threads that could have a shard to fill: no more than there were shards.
    pub threads: usize,
    /// How long the busiest of them worked on its shards and their merges; reading is not counted.
    pub busy: Duration,
}

/// Fills a summary with rows that are read, on up to `threads` threads: while one of them reads, the others work on what they
/// have read.
///
/// Rows have `dim` entries, and shards a number of them that is part of the answer, rounded up to a power of two:
/// [`shard_rows`]`(dim)`, where nothing speaks for another. `read` puts so many rows into a batch, fewer only at the end, and gives their number; before it fails,
/// it leaves the rows in the batch that it has read till then. `make` makes an
/// empty summary as for [`fill`], and `feed` tells it the rows of a batch. The bits are those of [`fill`] over the same rows if shards
/// are of that length.
///
/// # Cost
/// As [`fill`], and what was read: 32,768 numbers, or a row if it is longer, for one thread; with several, a shard for each, and as
/// many threads as there is room for in 2^23 numbers.
///
/// # Errors
/// What `read`, `make`, `feed` or a merge answers; of several errors the one that comes first in the rows.
///
/// # Example
/// ```
/// use sketchlet::io::{Batch, ReadOptions, RowReader};
/// use sketchlet::eigen::{ExactEigen, ExactEigenParams};
/// use sketchlet::{RowSummary, parallel};
/// let text: String = "x,y\n".chars().chain("1,2\n3,4\n".repeat(200_000).chars()).collect();
/// let mut reader = RowReader::from_csv(std::io::Cursor::new(text), "demo.csv", &ReadOptions::new())?;
/// let filled = parallel::fill_from(
///     2,
///     parallel::shard_rows(2),
///     std::thread::available_parallelism().unwrap(),
///     |batch: &mut Batch<f64>, rows| reader.read_into(batch, rows),
///     |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(2)),
///     |summary, batch| Ok(summary.update_batch(batch.rows())?),
/// )?;
/// assert_eq!(filled.summary.rows_seen(), 400_000);
/// # Ok::<(), sketchlet::Error>(())
/// ```
pub fn fill_from<B: Default + Send, M: Merge + Send>(
    dim: usize,
    shard_rows: usize,
    threads: NonZero<usize>,
    read: impl FnMut(&mut B, usize) -> Result<usize, Error> + Send,
    make: impl Fn(u64) -> Result<M, CoreError> + Sync,
    feed: impl Fn(&mut M, &mut B) -> Result<(), Error> + Sync,
) -> Result<Filled<M>, Error> {
    // Powers of two: pieces end where shards do.
    let shard = shard_rows.max(1).checked_next_power_of_two().unwrap_or(1 << (usize::BITS - 1));
    let rows = (PIECE / dim.max(1)).max(1).next_power_of_two().min(shard);
    let of_shard = shard / rows;
    // One thread reads a piece when it has worked on the one before. Several read a shard at once, for the next one's sake, if
    // there is room for so many.
    let threads = threads.get().min(HELD / shard.saturating_mul(dim.max(1))).max(1);
    let at_once = if threads == 1 { 1 } else { of_shard };
    let stop = AtomicBool::new(false);
    let source = Mutex::new(Source { read, rows, shards: 0, is_at_end: false, stop: &stop });
    let gathered = Gathered::new(|first: &mut M, second: M| Ok(first.merge(&second)?));
    let busiest = Mutex::new(Duration::ZERO);
    let work = |go_on: &dyn Fn()| {
        let mut batches: Vec<B> = (0..at_once).map(|_| B::default()).collect();
        let mut busy = Duration::ZERO;
        let mut go_on = Some(go_on);
        while let Some((index, mut read)) = Source::next_shard(&source, &mut batches) {
            if read.pieces == of_shard
                && let Some(go_on) = go_on.take()
            {
                go_on();
            }
            let filled = make(index.saturating_mul(shard as u64)).map_err(Error::from).and_then(|mut summary| {
                let mut pieces = 0;
                loop {
                    let begin = Instant::now();
                    // What was read before the reader failed comes first.
                    let some = read.pieces + usize::from(read.failed.is_some());
                    let fed = batches[..some].iter_mut().try_for_each(|batch| feed(&mut summary, batch));
                    busy += begin.elapsed();
                    fed?;
                    read.failed.map_or(Ok(()), Err)?;
                    pieces += read.pieces;
                    if pieces == of_shard {
                        break;
                    }
                    let left = at_once.min(of_shard - pieces);
                    read = lock(&source).next_pieces(&mut batches[..left]);
                    if read.is_nothing() {
                        break;
                    }
                }
                let begin = Instant::now();
                let added = gathered.add(index, summary);
                busy += begin.elapsed();
                added
            });
            if let Err(error) = filled {
                stop.store(true, Ordering::Relaxed);
                gathered.fail(index, error);
            }
        }
        let mut busiest = lock(&busiest);
        *busiest = busy.max(*busiest);
    };
    thread::scope(|scope| spread(scope, threads - 1, &work));
    let shards = usize::try_from(lock(&source).shards).unwrap_or(usize::MAX);
    let busy = *lock(&busiest);
    let summary = gathered.finish()?.map_or_else(|| make(0), Ok)?;
    Ok(Filled { summary, threads: threads.min(shards).max(1), busy })
}

/// Works in this thread, and in others as soon as there is a whole shard: short input starts none.
fn spread<'scope>(scope: &'scope thread::Scope<'scope, '_>, others: usize, work: &'scope (impl Fn(&dyn Fn()) + Sync)) {
    work(&|| {
        if others > 0 {
            // A thread that can't be started leaves the work to the others.
            let _ = thread::Builder::new().spawn_scoped(scope, move || spread(scope, others - 1, work));
        }
    });
}

/// Rows in the order in which they are read.
struct Source<'a, R> {
    read: R,
    /// Rows of a piece.
    rows: usize,
    /// Shards that were begun.
    shards: u64,
    is_at_end: bool,
    /// Set when something failed: nothing more is wanted.
    stop: &'a AtomicBool,
}

/// Pieces that were read, and what ended the reading.
struct Pieces {
    pieces: usize,
    failed: Option<Error>,
}

impl Pieces {
    const fn is_nothing(&self) -> bool {
        self.pieces == 0 && self.failed.is_none()
    }
}

impl<R> Source<'_, R> {
    /// Reads a piece into each of the batches; fewer only at the end, or before a failure.
    fn next_pieces<B>(&mut self, batches: &mut [B]) -> Pieces
    where
        R: FnMut(&mut B, usize) -> Result<usize, Error>,
    {
        let mut read = Pieces { pieces: 0, failed: None };
        for batch in batches {
            if self.is_at_end || self.stop.load(Ordering::Relaxed) {
                break;
            }
            // Nothing is read behind a failure, nor a panic.
            self.is_at_end = true;
            match (self.read)(batch, self.rows) {
                Ok(0) => {}
                Ok(rows) => {
                    read.pieces += 1;
                    self.is_at_end = rows < self.rows;
                }
                Err(error) => read.failed = Some(error),
            }
        }
        read
    }

    /// The first pieces of the next shard, and its number; `None` at the end.
    fn next_shard<B>(source: &Mutex<Self>, batches: &mut [B]) -> Option<(u64, Pieces)>
    where
        R: FnMut(&mut B, usize) -> Result<usize, Error>,
    {
        let mut source = lock(source);
        let read = source.next_pieces(batches);
        if read.is_nothing() {
            return None;
        }
        source.shards += 1;
        Some((source.shards - 1, read))
    }
}
