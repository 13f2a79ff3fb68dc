//! Filling a summary with rows in memory, by shards on several threads.

use super::Shards;
use crate::{CoreError, Error, MatRef, Merge, RowSummary};
use std::num::NonZero;

/// Fills a summary with rows on up to `threads` threads. `make` makes an empty one, with equal parameters each time; it is
/// told the number of the first row that the summary will see, for those whose rows have numbers.
///
/// Exact sums, Nystrom sketches and Frequent Directions take any rows. A [`RandomOrderEigen`](crate::eigen::RandomOrderEigen)
/// needs random shards: pieces of a random order are random, and its order check says so where they are not.
///
/// # Cost
/// As [`Shards`]: a summary for each thread, and one for each level of the tree.
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
    let mut shards = Shards::new(rows.cols(), threads, make);
    shards.update_batch(rows)?;
    shards.finish()
}
