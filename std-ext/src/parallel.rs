//! Threads: a summary of rows in memory, filled by shards and merged.
//!
//! Rows are cut into shards of [`SHARD`] rows, whatever the number of threads; each shard fills a summary of its own, and
//! neighbours merge, level by level. So the number of threads changes no bit of the answer. It is not the answer of one
//! summary that sees all rows, except where additions are exact: see *Merging* in the docs of the types.
//!
//! Threads are the standard library's, scoped to the call: a pool of threads would double the crates that a library user
//! compiles, and a fill lasts long enough not to feel their start.

use crate::{CoreError, Error, MatRef, Merge, RowSummary};
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Rows of a shard; part of the answer, so it will not change.
pub const SHARD: usize = 1 << 16;

/// Fills a summary with rows on up to `threads` threads. `make` makes an empty one, with equal parameters each time; it is
/// told the number of the first row that the summary will see, for those whose rows have numbers.
///
/// Exact sums, Nystrom sketches and Frequent Directions take any rows. A [`RandomOrderEigen`](crate::eigen::RandomOrderEigen)
/// needs random shards: pieces of a random order are random, and its order check says so where they are not.
///
/// # Cost
/// One summary for each shard that is being filled or waits for its neighbour, and for each shard at the end of the fill: rows
/// over [`SHARD`] of them.
///
/// # Errors
/// What `make`, an update or a merge answers; for an update with the number of the row, counted from 1. Of several errors
/// the one that comes first in the rows. [`Incompatible`](CoreError::Incompatible) if `make` gives a summary that has seen
/// rows.
///
/// # Example
/// ```
/// use sketchlet::{MatRef, RowSummary, eigen::{ExactEigen, ExactEigenParams}, parallel};
/// let numbers: Vec<f64> = (0..300_000).map(|i| f64::from(i % 7)).collect();
/// let rows = MatRef::new(&numbers, 100_000, 3)?;
/// let threads = std::thread::available_parallelism().unwrap();
/// let summary = parallel::fill(rows, threads, |_| ExactEigen::new(ExactEigenParams::new(3)))?;
/// assert_eq!(summary.rows_seen(), 100_000);
/// # Ok::<(), sketchlet::Error>(())
/// ```
pub fn fill<M>(
    rows: MatRef<'_, M::Scalar>,
    threads: NonZero<usize>,
    make: impl Fn(u64) -> Result<M, CoreError> + Sync,
) -> Result<M, Error>
where
    M: RowSummary + Merge + Send,
    M::Scalar: Sync,
{
    let shards = rows.rows().div_ceil(SHARD);
    let fill_shard = |shard: usize| -> Result<M, Error> {
        let first = shard * SHARD;
        let mut summary = make(first as u64)?;
        if summary.rows_seen() > 0 {
            return Err(CoreError::Incompatible.into());
        }
        let shard_rows = rows.rows_from(first, SHARD);
        summary.update_batch(shard_rows).map_err(|error| {
            // The batch does not say which of its rows it was.
            let (row, error) = refused(shard_rows, make(first as u64)).unwrap_or((0, error));
            Error::from(error).at_row((first + row + 1) as u64)
        })?;
        Ok(summary)
    };
    let mut level = in_order(shards, threads, &fill_shard)?;
    if level.is_empty() {
        return Ok(make(0)?);
    }
    while level.len() > 1 {
        let mut next = Vec::with_capacity(level.len().div_ceil(2));
        let mut summaries = level.into_iter();
        while let Some(mut first) = summaries.next() {
            if let Some(second) = summaries.next() {
                first.merge(&second)?;
            }
            next.push(first);
        }
        level = next;
    }
    level.pop().ok_or_else(|| CoreError::Corrupt.into())
}

/// The first row that a summary refuses, fed one by one, and why.
fn refused<M: RowSummary>(rows: MatRef<'_, M::Scalar>, summary: Result<M, CoreError>) -> Option<(usize, CoreError)> {
    let mut summary = summary.ok()?;
    rows.iter_rows().enumerate().find_map(|(i, row)| Some((i, summary.update(row).err()?)))
}

/// The results of numbered tasks, in order; the first error in that order if there is one.
fn in_order<R: Send>(
    tasks: usize,
    threads: NonZero<usize>,
    run: &(impl Fn(usize) -> Result<R, Error> + Sync),
) -> Result<Vec<R>, Error> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(tasks)));
    let work = || {
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                break;
            }
            let result = run(task);
            if result.is_err() {
                // Tasks after this one don't matter any more; those before it are taken already.
                next.store(tasks, Ordering::Relaxed);
            }
            // A thread that panicked holds no lock; what the others did is sound.
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((task, result));
        }
    };
    thread::scope(|scope| {
        let helpers = threads.get().min(tasks).saturating_sub(1);
        for _ in 0..helpers {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_unstable_by_key(|&(task, _)| task);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Wire;
    use crate::eigen::{ExactEigen, ExactEigenParams, RandomOrderEigen, RandomOrderEigenParams};
    use crate::random::keyed::{Domain, symmetric, word};

    const DIM: usize = 3;

    fn numbers(rows: usize) -> Vec<f64> {
        (0..(rows * DIM) as u64).map(|i| symmetric(word(5, Domain::Normal, i))).collect()
    }

    fn threads(count: usize) -> NonZero<usize> {
        NonZero::new(count).unwrap()
    }

    #[test]
    fn threads_change_no_bit() {
        let rows = 3 * SHARD + 17;
        let numbers = numbers(rows);
        let rows = MatRef::new(&numbers, rows, DIM).unwrap();
        let exact = |count| {
            fill(rows, threads(count), |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(DIM))).unwrap().encode()
        };
        let random = |count| {
            let make = |_| RandomOrderEigen::<f64, _>::new(RandomOrderEigenParams::new(DIM));
            fill(rows, threads(count), make).unwrap().encode()
        };
        for count in [2, 7] {
            assert_eq!(exact(1), exact(count));
            assert_eq!(random(1), random(count));
        }
    }

    #[test]
    fn exact_sums_of_integers_are_those_of_one_stream() {
        let rows = 2 * SHARD + 5;
        let numbers: Vec<f64> = (0..rows * DIM).map(|i| (i % 11) as f64).collect();
        let rows = MatRef::new(&numbers, rows, DIM).unwrap();
        let make = |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(DIM));
        let mut whole = make(0).unwrap();
        whole.update_batch(rows).unwrap();
        assert_eq!(fill(rows, threads(2), make).unwrap().encode(), whole.encode());
    }

    #[test]
    fn errors_name_the_first_row() {
        let rows = 4 * SHARD;
        let mut numbers = numbers(rows);
        for row in [SHARD + 40, SHARD + 90, 3 * SHARD + 1] {
            numbers[row * DIM + 1] = f64::NAN;
        }
        let rows = MatRef::new(&numbers, rows, DIM).unwrap();
        for count in [1, 2, 4] {
            let error =
                fill(rows, threads(count), |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(DIM))).unwrap_err();
            assert_eq!(error.row(), Some((SHARD + 41) as u64), "{error}");
            assert_eq!(error.core(), Some(CoreError::NonFinite { index: 1 }), "{error}");
        }
        let error = fill(rows, threads(2), |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(0))).unwrap_err();
        assert!(matches!(error.core(), Some(CoreError::Parameter { name: &"dim", .. })), "{error}");
    }

    #[test]
    fn no_rows_make_an_empty_summary() {
        let none: MatRef<'_, f64> = MatRef::new(&[], 0, DIM).unwrap();
        let summary = fill(none, threads(2), |_| ExactEigen::new(ExactEigenParams::new(DIM))).unwrap();
        assert_eq!(summary.rows_seen(), 0);
    }
}
