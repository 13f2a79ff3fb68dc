//! A linear sketch whose columns are shared among threads.

use super::shards::Filled;
use super::spread::shares;
use super::tree::merge_all_by;
use crate::regression::{SketchedLeastSquares, SketchedLeastSquaresParams};
use crate::sketch::SketchOperator;
use crate::{CoreError, Error, MatRef, Real};
use core::ops::Range;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Columns of a thread at least: with fewer, what is done once a row outweighs them.
const COLUMNS: usize = 32;
/// Batches that wait for a thread, so that none waits for the reader.
const WAITING: usize = 2;

type Sketched<T, O> = SketchedLeastSquares<T, O, Vec<T>, Vec<u32>>;

/// Rows with the number of the first one, and a weight each where there are any.
#[derive(Clone, Copy, Debug)]
pub struct NumberedRows<'a, T> {
    /// Number of the first row; the others follow.
    pub first: u64,
    /// The rows.
    pub rows: MatRef<'a, T>,
    /// Their weights.
    pub weights: Option<&'a [T]>,
}

/// Fills a [`SketchedLeastSquares`] with rows that are read, on up to so many threads, each of which sketches some of the columns
/// of every row; the calling thread reads meanwhile.
///
/// A sketch treats every column alike, and columns of the same rows can be put side by side to the bit. So the number of
/// threads changes no bit, and neither does their use: the answer is that of one summary which sees row after row. The
/// threads together hold no more than that summary, and some batches.
///
/// `read` puts the next rows into a batch and gives their number, 0 at the end; `view` shows what is in it.
///
/// # Cost
/// What an operator does once a row, it does once a row and thread: with few columns one thread does it all, and a
/// [`GaussianSketch`](crate::sketch::GaussianSketch), whose normal numbers cost more than the sums, gains little.
///
/// # Errors
/// Those of [`SketchedLeastSquares::new`] and of `read`; those of an update with the row, counted from 1 within its batch:
/// `locate` is given that error and the batch.
///
/// # Example
/// ```
/// use sketchlet::regression::SketchedLeastSquaresParams;
/// use sketchlet::{MatRef, parallel, sketch::Srht};
/// let params = SketchedLeastSquaresParams::new(100, 200).block_len(16);
/// let threads = std::thread::available_parallelism().unwrap();
/// let mut batches = 0;
/// let filled = parallel::sketch_from(
///     params,
///     Srht,
///     threads,
///     |(first, batch): &mut (u64, Vec<f64>)| {
///         *first = 50 * batches;
///         *batch = (0..5000).map(|i| f64::from(i % 7)).collect();
///         batches += 1;
///         Ok(if batches > 20 { 0 } else { 50 })
///     },
///     |(first, batch)| {
///         Ok(parallel::NumberedRows { first: *first, rows: MatRef::new(batch, 50, 100)?, weights: None })
///     },
///     |error, _| error,
/// )?;
/// assert_eq!(filled.summary.rows_seen(), 1000);
/// # Ok::<(), sketchlet::Error>(())
/// ```
pub fn sketch_from<T, O, B>(
    params: SketchedLeastSquaresParams,
    operator: O,
    threads: NonZero<usize>,
    mut read: impl FnMut(&mut B) -> Result<usize, Error>,
    view: impl Fn(&B) -> Result<NumberedRows<'_, T>, Error> + Sync,
    locate: impl Fn(Error, &B) -> Error + Sync,
) -> Result<Filled<Sketched<T, O>>, Error>
where
    T: Real,
    O: SketchOperator<T> + Send + Sync,
    B: Default + Send + Sync,
{
    let (columns, whole) = (params.shape().cols, Sketched::new(params, operator)?);
    let threads = threads.get().min(columns / COLUMNS).max(1);
    let work = |part: &mut Part<T, O>, batch: &B| {
        let begin = Instant::now();
        let updated = view(batch).and_then(|rows| part.update(&rows, columns));
        part.busy += begin.elapsed();
        updated.map_err(|error| (error.row(), locate(error, batch)))
    };
    if threads == 1 {
        let (mut part, mut batch) = (Part::new(0..columns, whole), B::default());
        while read(&mut batch)? > 0 {
            work(&mut part, &batch).map_err(|(_, error)| error)?;
        }
        return Ok(Filled { summary: part.summary, threads, busy: part.busy });
    }
    let select = |own: Range<usize>| Ok(Part::new(own.clone(), whole.select(&own.collect::<Vec<_>>())?));
    let parts = shares(columns, threads).map(select).collect::<Result<Vec<Part<T, O>>, CoreError>>()?;
    let is_failed = AtomicBool::new(false);
    let (read, worked) = thread::scope(|scope| {
        let (senders, workers): (Vec<SyncSender<Arc<B>>>, Vec<_>) = parts
            .into_iter()
            .map(|part| {
                let (sender, receiver) = sync_channel(WAITING);
                let (work, is_failed) = (&work, &is_failed);
                (sender, scope.spawn(move || part.work_off(&receiver, work, is_failed)))
            })
            .unzip();
        let sent = send_all(&mut read, &senders, &is_failed);
        drop(senders);
        let worked = workers.into_iter().map(|worker| {
            // A thread that panicked hands its panic on.
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        (sent, worked.collect::<Vec<_>>())
    });
    let (mut parts, mut first) = (Vec::new(), None);
    for (part, refused) in worked {
        parts.push(part);
        // Of the first row that any of them refused, the first column.
        if let Some(refused) = refused
            && first.as_ref().is_none_or(|other: &Refused| (refused.batch, refused.row) < (other.batch, other.row))
        {
            first = Some(refused);
        }
    }
    // What was read last comes behind all rows.
    first.map_or(Ok(()), |refused| Err(refused.error))?;
    read?;
    let busy = parts.iter().map(|part| part.busy).max().unwrap_or_default();
    let joined = merge_all_by(parts.into_iter().map(|part| part.summary), |left, right| {
        *left = Sketched::join(left, &right)?;
        Ok::<(), CoreError>(())
    })?;
    Ok(Filled { summary: joined.ok_or(CoreError::Corrupt)?, threads, busy })
}

/// Reads batches and sends each to all, until the end or a failure.
fn send_all<B: Default>(
    read: &mut impl FnMut(&mut B) -> Result<usize, Error>,
    senders: &[SyncSender<Arc<B>>],
    is_failed: &AtomicBool,
) -> Result<(), Error> {
    let mut batches: Vec<Arc<B>> = Vec::new();
    while !is_failed.load(Ordering::Relaxed) {
        // One that nobody looks at any more is used again.
        let free = batches.iter_mut().position(|batch| Arc::get_mut(batch).is_some());
        let mut batch = free.map_or_else(Arc::default, |i| batches.swap_remove(i));
        let Some(own) = Arc::get_mut(&mut batch) else { break };
        if read(own)? == 0 {
            break;
        }
        for sender in senders {
            // A thread ends when its sender does: it is there.
            let _ = sender.send(Arc::clone(&batch));
        }
        batches.push(batch);
    }
    Ok(())
}

/// Some neighbouring columns.
struct Part<T, O> {
    columns: Range<usize>,
    summary: Sketched<T, O>,
    busy: Duration,
}

/// The first row that a part refused.
struct Refused {
    batch: usize,
    row: Option<u64>,
    error: Error,
}

impl<T: Real, O: SketchOperator<T>> Part<T, O> {
    fn new(columns: Range<usize>, summary: Sketched<T, O>) -> Self {
        Self { columns, summary, busy: Duration::ZERO }
    }

    /// Adds its columns of rows of so many columns.
    fn update(&mut self, rows: &NumberedRows<'_, T>, columns: usize) -> Result<(), Error> {
        let NumberedRows { first, rows, weights } = *rows;
        if rows.rows() > 0 && rows.cols() != columns {
            return Err(CoreError::Dimension { expected: columns, got: rows.cols() }.into());
        }
        if let Some(weights) = weights.filter(|weights| weights.len() != rows.rows()) {
            return Err(CoreError::Dimension { expected: rows.rows(), got: weights.len() }.into());
        }
        for (i, row) in rows.iter_rows().enumerate() {
            let entries = &row[self.columns.clone()];
            let number = first.checked_add(i as u64).ok_or(CoreError::Capacity { limit: usize::MAX });
            let updated = number.and_then(|number| match weights {
                None => self.summary.update_at(number, entries),
                Some(weights) => self.summary.update_weighted(number, entries, weights[i]),
            });
            updated.map_err(|error| Error::from(self.of_all(error, columns)).at_row(i as u64 + 1))?;
        }
        Ok(())
    }

    /// An error of the part's columns as one of all columns.
    fn of_all(&self, error: CoreError, columns: usize) -> CoreError {
        match error {
            // The weight stands behind the last column.
            CoreError::NonFinite { index } if index >= self.columns.len() => CoreError::NonFinite { index: columns },
            CoreError::NonFinite { index } => CoreError::NonFinite { index: self.columns.start + index },
            other => other,
        }
    }

    /// Works on batches until there are no more; those behind a failure are let go.
    fn work_off<B>(
        mut self,
        batches: &Receiver<Arc<B>>,
        work: &impl Fn(&mut Self, &B) -> Result<(), (Option<u64>, Error)>,
        is_failed: &AtomicBool,
    ) -> (Self, Option<Refused>) {
        let mut refused = None;
        for (number, batch) in batches.iter().enumerate() {
            if refused.is_none()
                && let Err((row, error)) = work(&mut self, &batch)
            {
                is_failed.store(true, Ordering::Relaxed);
                refused = Some(Refused { batch: number, row, error });
            }
        }
        (self, refused)
    }
}
