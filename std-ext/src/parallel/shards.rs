//! Filling a summary with rows that arrive in batches, by shards.

use super::spread::tasks;
use super::tree::{MergeTree, Node, settle};
use crate::{CoreError, Difference, Error, MatRef, Merge, RowSummary};
use core::ops::Range;
use std::num::NonZero;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Numbers in a shard of rows that are not wide.
const NUMBERS: usize = 1 << 18;
/// Batches of a shard that a single thread fills.
const BATCHES: usize = 8;
/// Shards of a batch that keeps a few threads busy.
const SHARDS: usize = 8;

/// Rows of a shard of rows of `dim` entries; part of the answer, so it will not change.
///
/// A power of two: at least 262,144 numbers, and at least as many rows as a row has entries, so that the merge of two
/// triangles costs little beside the rows in them.
pub const fn shard_rows(dim: usize) -> usize {
    let rows = NUMBERS.div_ceil(if dim == 0 { 1 } else { dim });
    let rows = if rows < dim { dim } else { rows };
    rows.next_power_of_two()
}

/// Fills a summary by shards of rows, on up to so many threads, from batches as a reader gives them.
///
/// Rows are counted through all batches, and each shard fills a summary of its own; a batch of several shards keeps
/// several threads busy, each with one of them, and nothing is copied. Batches of any length give the same bits, and so
/// does any number of threads.
///
/// # Cost
/// A summary for each thread, and one for each level of the tree: four for ten shards.
///
/// # Example
/// ```
/// use sketchlet::eigen::{ExactEigen, ExactEigenParams};
/// use sketchlet::{MatRef, RowSummary, parallel::Shards};
/// let threads = std::thread::available_parallelism().unwrap();
/// let mut shards = Shards::new(3, threads, |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(3)));
/// let batch: Vec<f64> = (0..3000).map(|i| f64::from(i % 7)).collect();
/// for _ in 0..200 {
///     shards.update_batch(MatRef::new(&batch, 1000, 3)?)?;
/// }
/// assert_eq!(shards.finish()?.rows_seen(), 200_000);
/// # Ok::<(), sketchlet::Error>(())
/// ```
#[derive(Debug)]
pub struct Shards<M, F> {
    make: F,
    shard_rows: usize,
    threads: NonZero<usize>,
    rows: u64,
    /// The shard that is not full yet.
    open: Option<M>,
    tree: MergeTree<M>,
    busy: usize,
    is_broken: bool,
}

/// Rows of a batch that belong to one shard.
struct Piece {
    shard: u64,
    rows: Range<usize>,
    /// Whether the shard's rows before are in a batch before.
    is_begun: bool,
    is_full: bool,
}

impl<M, F> Shards<M, F>
where
    M: Merge + Send,
    F: Fn(u64) -> Result<M, CoreError> + Sync,
{
    /// Shards of rows of `dim` entries. `make` makes an empty summary, with equal parameters each time; it is told the number of
    /// the first row that the summary will see, for those whose rows have numbers.
    pub const fn new(dim: usize, threads: NonZero<usize>, make: F) -> Self {
        Self {
            make,
            shard_rows: shard_rows(dim),
            threads,
            rows: 0,
            open: None,
            tree: MergeTree::new(),
            busy: 1,
            is_broken: false,
        }
    }

    /// Rows of a good batch: an eighth of a shard for one thread, which then finds them in its cache, and shards for all others.
    /// Of such batches all but the last end where shards end, or parts of them.
    pub const fn batch_rows(&self) -> usize {
        match self.threads.get() {
            1 => self.shard_rows.div_ceil(BATCHES),
            threads if threads > SHARDS => self.shard_rows.saturating_mul(threads),
            _ => self.shard_rows.saturating_mul(SHARDS),
        }
    }

    /// Rows so far.
    pub const fn rows_seen(&self) -> u64 {
        self.rows
    }

    /// The largest number of threads that have worked at the same time.
    pub const fn threads_used(&self) -> usize {
        self.busy
    }

    /// Consumes so many rows, the next ones: `feed` is given a summary and tells it those of the rows that are in its shard.
    ///
    /// # Errors
    /// What `make`, `feed` or a merge answers; of several errors the one that comes first in the rows. Nothing can follow then.
    pub fn feed(
        &mut self,
        rows: usize,
        feed: impl Fn(&mut M, Range<usize>) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        self.check()?;
        let pieces = self.pieces(rows);
        self.busy = self.busy.max(self.threads.get().min(pieces.len()));
        let (before, after) = (Mutex::new(self.open.take()), Mutex::new(None));
        let tree = Mutex::new(&mut self.tree);
        let (make, shard_rows) = (&self.make, self.shard_rows as u64);
        let done = tasks(pieces.len(), self.threads, |piece| {
            let Piece { shard, ref rows, is_begun, is_full } = pieces[piece];
            let begun = if is_begun { lock(&before).take() } else { None };
            let mut summary = begun.map_or_else(|| make(shard * shard_rows), Ok)?;
            feed(&mut summary, rows.clone())?;
            if !is_full {
                *lock(&after) = Some(summary);
                return Ok(());
            }
            // Neighbours merge in whichever thread has the second of them, outside the lock.
            let node = Node { level: 0, index: shard, summary };
            Ok(settle(node, |first, second| first.merge(&second), |node| lock(&tree).place(node))?)
        });
        self.open = after.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.rows += rows as u64;
        self.is_broken = done.is_err();
        done
    }

    /// The summary of all rows.
    ///
    /// # Errors
    /// What a merge answers, or `make` if there were no rows; an error also after an error before.
    pub fn finish(self) -> Result<M, Error> {
        self.check()?;
        let Self { make, shard_rows, rows, open, mut tree, .. } = self;
        if let Some(summary) = open {
            let node = Node { level: 0, index: rows / shard_rows as u64, summary };
            settle(node, |first: &mut M, second| first.merge(&second), |node| tree.place(node))?;
        }
        let whole = tree.finish()?;
        Ok(whole.map_or_else(|| make(0), Ok)?)
    }

    fn check(&self) -> Result<(), Error> {
        if self.is_broken { Err(Error::data("rows were refused before: begin anew")) } else { Ok(()) }
    }

    /// The next rows, cut where shards end.
    fn pieces(&self, rows: usize) -> Vec<Piece> {
        let (shard_rows, mut pieces, mut from) = (self.shard_rows as u64, Vec::new(), 0);
        while from < rows {
            let at = self.rows + from as u64;
            let (shard, within) = (at / shard_rows, at % shard_rows);
            #[allow(clippy::cast_possible_truncation, reason = "at most the rows of a shard")]
            let room = (shard_rows - within) as usize;
            let to = rows.min(from.saturating_add(room));
            pieces.push(Piece { shard, rows: from..to, is_begun: within > 0, is_full: to - from == room });
            from = to;
        }
        pieces
    }
}

impl<M, F> Shards<M, F>
where
    M: RowSummary<Scalar: Sync> + Merge + Send,
    F: Fn(u64) -> Result<M, CoreError> + Sync,
{
    /// Consumes the rows of a matrix.
    ///
    /// # Errors
    /// As [`feed`](Self::feed); the error of an update names the row, counted from 1 through all batches.
    /// [`Incompatible`](CoreError::Incompatible) if `make` gives a summary that has seen rows.
    pub fn update_batch(&mut self, rows: MatRef<'_, M::Scalar>) -> Result<(), Error> {
        let (first, shard_rows) = (self.rows, self.shard_rows as u64);
        self.feed(rows.rows(), |summary, range| {
            let (row, piece) = (first + range.start as u64, rows.rows_from(range.start, range.len()));
            if row.is_multiple_of(shard_rows) && summary.rows_seen() > 0 {
                let (what, got) = (Difference::RowsSeen, summary.rows_seen());
                return Err(CoreError::Incompatible { what, expected: 0, got }.into());
            }
            summary.update_batch(piece).map_err(|error| {
                // The batch does not say which of its rows it was; the summary is of no more use, and finds it.
                let refused = piece.iter_rows().enumerate().find_map(|(i, row)| Some((i, summary.update(row).err()?)));
                let (place, error) = refused.unwrap_or((0, error));
                Error::from(error).at_row(row + place as u64 + 1)
            })
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked holds no lock; what the others did is sound.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
