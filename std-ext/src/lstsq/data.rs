//! Passes over the rows.

use super::source::{Layout, RowBlock, RowSource};
use crate::{CoreError, Error, MatRef, Real};
use sketchlet_core::Rule;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Rows that are worked on together. A fixed number, so that sums don't depend on threads, nor on the blocks of a source.
pub(super) const CHUNK: usize = 4096;

/// The rows, in memory or to be read again and again.
pub(super) enum Data<'a, T> {
    Memory(RowBlock<'a, T>),
    Passes(&'a mut dyn RowSource<T>),
}

impl<T: Real> Data<'_, T> {
    /// Calls `work` for every chunk of rows, with the number of its first row, and `fold` with the results in order.
    pub(super) fn pass<P: Send>(
        &mut self,
        threads: usize,
        work: impl Fn(usize, RowBlock<'_, T>) -> Result<P, Error> + Sync,
        mut fold: impl FnMut(P) + Send,
    ) -> Result<(), Error> {
        match self {
            Self::Memory(rows) if threads > 1 && rows.rows() > CHUNK => spread(rows, threads, &work, fold),
            _ => self.pass_in_order(|first, chunk| {
                fold(work(first, chunk)?);
                Ok(())
            }),
        }
    }

    /// Calls `work` for every chunk of rows, in order.
    pub(super) fn pass_in_order(
        &mut self,
        mut work: impl FnMut(usize, RowBlock<'_, T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self {
            Self::Memory(rows) => (0..rows.rows()).step_by(CHUNK).try_for_each(|i| work(i, rows.rows_from(i, CHUNK))),
            Self::Passes(source) => {
                source.rewind()?;
                let mut chunk = Chunk::new(source.dims());
                let (mut first, mut read) = (0, 0);
                while let Some(block) = source.next_block()? {
                    check_shape(read, &block, chunk.dims)?;
                    read += block.rows();
                    let mut taken = 0;
                    while taken < block.rows() {
                        taken += chunk.fill(&block.rows_from(taken, CHUNK - chunk.rows));
                        if chunk.rows == CHUNK {
                            work(first, chunk.as_block()?)?;
                            first += CHUNK;
                            chunk.clear();
                        }
                    }
                }
                if chunk.rows > 0 { work(first, chunk.as_block()?) } else { Ok(()) }
            }
        }
    }

    /// Looks for an entry or a weight that is NaN or infinite.
    pub(super) fn check_finite(&mut self, layout: Layout) -> Result<(), Error> {
        self.pass_in_order(|first, chunk| check_finite(first, &chunk, layout))
    }
}

/// Names the first entry of a chunk that is NaN or infinite.
pub(super) fn check_finite<T: Real>(first: usize, chunk: &RowBlock<'_, T>, layout: Layout) -> Result<(), Error> {
    let parts = [(&chunk.features, 0), (&chunk.targets, layout.features)];
    if parts.iter().all(|(matrix, _)| T::all_finite(matrix.as_slice())) {
        return Ok(());
    }
    for row in 0..chunk.rows() {
        for (matrix, start) in parts {
            let entries = matrix.row(row).unwrap_or_default();
            if let Some(column) = entries.iter().position(|x| !x.is_finite()) {
                let error = CoreError::NonFinite { index: start + column };
                return Err(Error::from(error).at_row((first + row) as u64 + 1));
            }
        }
    }
    Ok(())
}

/// Features and targets have the same rows, as many entries as expected, and weights that can be weights. `first` is the number of
/// the first row.
pub(super) fn check_shape<T: Real>(first: usize, block: &RowBlock<'_, T>, dims: (usize, usize)) -> Result<(), Error> {
    let rows = block.rows();
    let pairs = [
        (dims.0, block.features.cols()),
        (dims.1, block.targets.cols()),
        (rows, block.targets.rows()),
        (rows, block.weights.map_or(rows, <[T]>::len)),
    ];
    pairs.into_iter().try_for_each(|(expected, got)| {
        if got == expected { Ok(()) } else { Err(CoreError::Dimension { expected, got }) }
    })?;
    let bad = block.weights.and_then(|weights| weights.iter().position(|w| !(w.is_finite() && *w >= T::ZERO)));
    match bad {
        None => Ok(()),
        Some(row) => {
            let error = CoreError::Parameter { name: "weight", rule: Rule::NotNegative };
            Err(Error::from(error).at_row((first + row) as u64 + 1))
        }
    }
}

/// Threads take chunks in order; each waits with its result until it is its turn.
fn spread<T: Real, P: Send>(
    rows: &RowBlock<'_, T>,
    threads: usize,
    work: &(impl Fn(usize, RowBlock<'_, T>) -> Result<P, Error> + Sync),
    fold: impl FnMut(P) + Send,
) -> Result<(), Error> {
    struct Turn<F> {
        next: usize,
        fold: F,
        error: Option<Error>,
    }
    let chunks = rows.rows().div_ceil(CHUNK);
    let next = AtomicUsize::new(0);
    let turn = Mutex::new(Turn { next: 0, fold, error: None });
    let moved_on = Condvar::new();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(chunks) {
            scope.spawn(|| {
                loop {
                    let chunk = next.fetch_add(1, Ordering::Relaxed);
                    if chunk >= chunks {
                        return;
                    }
                    let first = chunk * CHUNK;
                    let result = work(first, rows.rows_from(first, CHUNK));
                    let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                    while turn.next != chunk {
                        turn = moved_on.wait(turn).unwrap_or_else(PoisonError::into_inner);
                    }
                    match result {
                        Ok(part) if turn.error.is_none() => (turn.fold)(part),
                        Ok(_) => {}
                        // The first one in the order of rows.
                        Err(error) => drop(turn.error.get_or_insert(error)),
                    }
                    turn.next += 1;
                    moved_on.notify_all();
                }
            });
        }
    });
    let turn = turn.into_inner().unwrap_or_else(PoisonError::into_inner);
    turn.error.map_or(Ok(()), Err)
}

/// Rows of a source, collected until there are enough.
struct Chunk<T> {
    dims: (usize, usize),
    rows: usize,
    features: Vec<T>,
    targets: Vec<T>,
    weights: Vec<T>,
}

impl<T: Real> Chunk<T> {
    fn new(dims: (usize, usize)) -> Self {
        Self { dims, rows: 0, features: Vec::new(), targets: Vec::new(), weights: Vec::new() }
    }

    fn fill(&mut self, block: &RowBlock<'_, T>) -> usize {
        self.features.extend_from_slice(block.features.as_slice());
        self.targets.extend_from_slice(block.targets.as_slice());
        match block.weights {
            Some(weights) => self.weights.extend_from_slice(weights),
            None => self.weights.resize(self.weights.len() + block.rows(), T::ONE),
        }
        self.rows += block.rows();
        block.rows()
    }

    fn as_block(&self) -> Result<RowBlock<'_, T>, Error> {
        let is_weighted = self.weights.iter().any(|&w| w != T::ONE);
        Ok(RowBlock {
            features: MatRef::new(&self.features, self.rows, self.dims.0)?,
            targets: MatRef::new(&self.targets, self.rows, self.dims.1)?,
            weights: is_weighted.then_some(&self.weights),
        })
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.features.clear();
        self.targets.clear();
        self.weights.clear();
    }
}
