//! Results of numbered pieces of work, merged in the fixed tree by the threads that have them.

use super::tree::{MergeTree, Node, settle};
use crate::Error;
#[cfg(feature = "faer")]
use core::ops::ControlFlow;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(feature = "faer")]
use std::sync::{Arc, mpsc};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Results so far. Of several errors the one of the first piece counts.
pub(crate) struct Gathered<P, F> {
    tree: Mutex<MergeTree<P>>,
    merge: F,
    failed: Mutex<Option<(u64, Error)>>,
}

impl<P, F: Fn(&mut P, P) -> Result<(), Error>> Gathered<P, F> {
    /// Nothing yet. `merge` absorbs its second argument into its first.
    pub(crate) const fn new(merge: F) -> Self {
        Self { tree: Mutex::new(MergeTree::new()), merge, failed: Mutex::new(None) }
    }

    /// Takes the result of a piece. Neighbours merge in whichever thread has the second of them, outside the lock.
    pub(crate) fn add(&self, piece: u64, result: P) -> Result<(), Error> {
        settle(Node { level: 0, index: piece, summary: result }, &self.merge, |node| lock(&self.tree).place(node))
    }

    /// Keeps the error of a piece, if it is the first.
    pub(crate) fn fail(&self, piece: u64, error: Error) {
        let mut failed = lock(&self.failed);
        if failed.as_ref().is_none_or(|&(first, _)| piece < first) {
            *failed = Some((piece, error));
        }
    }

    /// Whether a piece before this one has failed.
    #[cfg(feature = "faer")]
    pub(crate) fn is_failed_before(&self, piece: u64) -> bool {
        lock(&self.failed).as_ref().is_some_and(|&(first, _)| first < piece)
    }

    /// All results merged, `None` if there were none.
    pub(crate) fn finish(self) -> Result<Option<P>, Error> {
        if let Some((_, error)) = self.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        self.tree.into_inner().unwrap_or_else(PoisonError::into_inner).finish_by(self.merge)
    }
}

/// Runs numbered pieces of work on up to so many threads, the calling one among them, and merges their results. Each thread has a
/// state of its own: buffers that it uses again.
pub(crate) fn gather<S: Default, P: Send>(
    pieces: usize,
    threads: NonZero<usize>,
    work: impl Fn(&mut S, usize) -> Result<P, Error> + Sync,
    merge: impl Fn(&mut P, P) -> Result<(), Error> + Sync,
) -> Result<Option<P>, Error> {
    let (gathered, next) = (Gathered::new(merge), AtomicUsize::new(0));
    let work = || {
        let mut state = S::default();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                break;
            }
            if let Err(error) = work(&mut state, piece).and_then(|result| gathered.add(piece as u64, result)) {
                // Pieces after this one don't matter any more; those before it are taken already.
                next.store(pieces, Ordering::Relaxed);
                gathered.fail(piece as u64, error);
            }
        }
    };
    thread::scope(|scope| {
        let helpers = threads.get().min(pieces).saturating_sub(1);
        for _ in 0..helpers {
            // A thread that can't be started leaves the work to the others.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    gathered.finish()
}

/// The same with pieces that the calling thread reads while the others work: `feed` is given a way to send them, which tells
/// when no more are wanted. An error of the reader comes behind those of the pieces that it sent.
#[cfg(feature = "faer")]
pub(crate) fn gather_from<S: Default, W: Send, P: Send>(
    threads: NonZero<usize>,
    work: impl Fn(&mut S, usize, W) -> Result<P, Error> + Sync,
    merge: impl Fn(&mut P, P) -> Result<(), Error> + Sync,
    feed: impl FnOnce(&dyn Fn(usize, W) -> ControlFlow<()>) -> Result<(), Error>,
) -> Result<Option<P>, Error> {
    let gathered = Gathered::new(merge);
    let (sender, receiver) = mpsc::sync_channel::<(usize, W)>(threads.get());
    let receiver = Arc::new(Mutex::new(receiver));
    let work = |receiver: Arc<Mutex<mpsc::Receiver<(usize, W)>>>| {
        let mut state = S::default();
        loop {
            let next = lock(&receiver).recv();
            let Ok((piece, rows)) = next else { break };
            let number = piece as u64;
            if gathered.is_failed_before(number) {
                continue;
            }
            if let Err(error) = work(&mut state, piece, rows).and_then(|result| gathered.add(number, result)) {
                gathered.fail(number, error);
            }
        }
    };
    let fed = thread::scope(|scope| {
        let (work, mut started) = (&work, false);
        for _ in 0..threads.get() {
            let receiver = Arc::clone(&receiver);
            started |= thread::Builder::new().spawn_scoped(scope, move || work(receiver)).is_ok();
        }
        if !started {
            return Err(Error::data("no thread can be started: use one thread"));
        }
        // Threads end when the sender does, and sending fails when they are gone.
        drop(receiver);
        let sender = sender;
        feed(&|piece, rows| {
            if gathered.is_failed_before(piece as u64) || sender.send((piece, rows)).is_err() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
    });
    let whole = gathered.finish()?;
    fed.map(|()| whole)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a thread that panicked left behind is thrown away: its panic is handed on.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_errors_that_of_the_first_piece_is_told() {
        let gathered = Gathered::new(|first: &mut u64, second: u64| {
            *first += second;
            Ok(())
        });
        [2, 1, 3].into_iter().for_each(|piece| gathered.fail(piece, Error::data("refused").at_row(piece)));
        assert_eq!(gathered.finish().map_err(|error| error.row()), Err(Some(1)));
    }
}
