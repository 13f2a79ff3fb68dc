//! Distributes independent pieces of work over threads.

use super::gathered::lock;
use core::convert::Infallible;
use core::ops::Range;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the same for every part, each in a thread of its own, one of them the calling one. Of several errors it gives that of the first
/// part.
///
/// # Errors
/// Those of the work.
///
/// # Example
/// ```
/// use sketchlet::parallel::{each, shares};
/// let mut squares = [0; 10];
/// let mut rest = &mut squares[..];
/// let mut parts = Vec::new();
/// for share in shares(10, 3) {
///     let (part, others) = rest.split_at_mut(share.len());
///     parts.push((share.start, part));
///     rest = others;
/// }
/// each(&mut parts, |(first, part)| {
///     part.iter_mut().enumerate().for_each(|(i, x)| *x = (*first + i) * (*first + i));
///     Ok::<(), sketchlet::Error>(())
/// })?;
/// assert_eq!(squares[..4], [0, 1, 4, 9]);
/// # Ok::<(), sketchlet::Error>(())
/// ```
pub fn each<P: Send, E: Send>(parts: &mut [P], run: impl Fn(&mut P) -> Result<(), E> + Sync) -> Result<(), E> {
    let cells: Vec<_> = parts.iter_mut().map(|part| Mutex::new((part, None))).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            // Nobody else takes this one.
            let (part, failed) = &mut *lock(cell);
            *failed = run(part).err();
        }
    };
    thread::scope(|scope| {
        for _ in 1..cells.len() {
            // A thread that can't be started leaves its part to the others.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let failed = cells.into_iter().find_map(|cell| cell.into_inner().unwrap_or_else(PoisonError::into_inner).1);
    failed.map_or(Ok(()), Err)
}

/// `count` things, cut into a piece for each thread, and at least one.
pub fn shares(count: usize, threads: usize) -> impl Iterator<Item = Range<usize>> {
    let pieces = threads.min(count).max(1);
    // The first ones are longer by one, if need be.
    let (len, longer) = (count / pieces, count % pieces);
    let start = move |i: usize| i * len + i.min(longer);
    (0..pieces).map(move |i| start(i)..start(i + 1))
}

/// Writes every row of a matrix of `cols` columns on up to so many threads; `write` is told the number of the row. Gives how many threads that were.
///
/// Threads get as many rows each, so this is for rows that take equally long. Entries behind the last whole row are left alone.
///
/// # Example
/// ```
/// use sketchlet::parallel::each_row;
/// let mut matrix = [0; 6];
/// let threads = std::thread::available_parallelism().unwrap();
/// each_row(&mut matrix, 2, threads, |row, entries| entries.fill(row));
/// assert_eq!(matrix, [0, 0, 1, 1, 2, 2]);
/// ```
pub fn each_row<T: Send>(
    matrix: &mut [T],
    cols: usize,
    threads: NonZero<usize>,
    write: impl Fn(usize, &mut [T]) + Sync,
) -> usize {
    let cols = cols.max(1);
    let (mut rest, mut parts) = (matrix, Vec::new());
    for share in shares(rest.len() / cols, threads.get()) {
        let (own, others) = core::mem::take(&mut rest).split_at_mut(share.len() * cols);
        parts.push((share.start, own));
        rest = others;
    }
    let Ok(()) = each(&mut parts, |(first, own)| {
        own.chunks_exact_mut(cols).zip(*first..).for_each(|(entries, row)| write(row, entries));
        Ok::<(), Infallible>(())
    });
    parts.len()
}
