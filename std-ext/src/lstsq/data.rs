//! Passes over the rows: one interface over rows in memory and rows that are read again.

use super::source::{Layout, RowBlock, RowSource};
use crate::parallel::{Gathered, each, gather, gather_from};
use crate::{CoreError, Error, MatRef, Real};
use core::ops::ControlFlow;
use sketchlet_core::Rule;
use std::num::NonZero;

/// Rows that are worked on together. A fixed number, so that sums don't depend on threads, nor on the blocks of a source.
pub(super) const CHUNK: usize = 4096;
/// Numbers of a chunk of wide rows: there are enough chunks then for several threads.
const CHUNK_NUMBERS: usize = 1 << 20;
/// Rows of a chunk, however wide.
const SHORTEST_CHUNK: usize = 512;

/// Rows of a chunk whose result is merged with those of others.
pub(super) fn chunk_rows(columns: usize) -> usize {
    let rows = CHUNK_NUMBERS.div_ceil(columns.max(1)).max(2 * columns);
    rows.next_power_of_two().clamp(SHORTEST_CHUNK, CHUNK)
}

/// The rows, in memory or to be read again and again.
pub(super) enum Data<'a, T> {
    Memory(RowBlock<'a, T>),
    Passes(&'a mut dyn RowSource<T>),
}

impl<T: Real> Data<'_, T> {
    /// Calls `work` for every chunk of rows, with the number of its first row, and merges the results in the fixed tree: `merge`
    /// absorbs its second argument into its first. Each thread has buffers that it uses again. `None` if there are no rows.
    pub(super) fn pass<S: Default, P: Send>(
        &mut self,
        threads: usize,
        work: impl Fn(&mut S, usize, RowBlock<'_, T>) -> Result<P, Error> + Sync,
        merge: impl Fn(&mut P, P) -> Result<(), Error> + Sync,
    ) -> Result<Option<P>, Error> {
        let threads = NonZero::new(threads).unwrap_or(NonZero::<usize>::MIN);
        let len = chunk_rows(self.columns());
        match self {
            Self::Memory(rows) => {
                let work = |buffers: &mut S, chunk| work(buffers, chunk * len, rows.rows_from(chunk * len, len));
                gather(rows.rows().div_ceil(len), threads, work, merge)
            }
            Self::Passes(source) if threads.get() > 1 => {
                let work = |buffers: &mut S, chunk, rows: Chunk<T>| work(buffers, chunk * len, rows.as_block()?);
                gather_from(threads, work, merge, |send| {
                    read_chunks(*source, len, |first, chunk| {
                        let full = core::mem::replace(chunk, Chunk::new(chunk.dims));
                        Ok(send(first / len, full))
                    })
                })
            }
            Self::Passes(source) => {
                let (gathered, mut buffers) = (Gathered::new(merge), S::default());
                read_chunks(*source, len, |first, chunk| {
                    gathered.add((first / len) as u64, work(&mut buffers, first, chunk.as_block()?)?)?;
                    Ok(ControlFlow::Continue(()))
                })?;
                gathered.finish()
            }
        }
    }

    /// Features and targets.
    fn columns(&self) -> usize {
        let (features, targets) = match self {
            Self::Memory(rows) => (rows.features.cols(), rows.targets.cols()),
            Self::Passes(source) => source.dims(),
        };
        features + targets
    }

    /// Calls `work` for every chunk of rows, in order.
    pub(super) fn pass_in_order(
        &mut self,
        mut work: impl FnMut(usize, RowBlock<'_, T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.pass_until(|first, chunk| work(first, chunk).map(ControlFlow::Continue))
    }

    /// The same until `work` has enough.
    pub(super) fn pass_until(
        &mut self,
        mut work: impl FnMut(usize, RowBlock<'_, T>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        match self {
            Self::Memory(rows) => {
                for first in (0..rows.rows()).step_by(CHUNK) {
                    if work(first, rows.rows_from(first, CHUNK))?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
            Self::Passes(source) => read_chunks(*source, CHUNK, |first, chunk| work(first, chunk.as_block()?)),
        }
    }

    /// Calls `add` for every part with every chunk, in order. Each part belongs to a thread: the parts are columns, and none
    /// waits for another.
    pub(super) fn pass_by_parts<P: Send>(
        &mut self,
        parts: &mut [P],
        add: impl Fn(&mut P, usize, &RowBlock<'_, T>) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        match self {
            Self::Memory(rows) => each(parts, |part| {
                (0..rows.rows()).step_by(CHUNK).try_for_each(|first| add(part, first, &rows.rows_from(first, CHUNK)))
            }),
            Self::Passes(_) => self.pass_in_order(|first, chunk| each(parts, |part| add(part, first, &chunk))),
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
            let error = CoreError::Parameter { name: &"weight", rule: Rule::NOT_NEGATIVE };
            Err(Error::from(error).at_row((first + row) as u64 + 1))
        }
    }
}

/// Calls `work` for every chunk of so many rows of a source, with the number of its first row, until it has enough.
fn read_chunks<T: Real>(
    source: &mut dyn RowSource<T>,
    len: usize,
    mut work: impl FnMut(usize, &mut Chunk<T>) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    source.rewind()?;
    let mut chunk = Chunk::new(source.dims());
    let (mut first, mut read) = (0, 0);
    while let Some(block) = source.next_block()? {
        check_shape(read, &block, chunk.dims)?;
        read += block.rows();
        let mut taken = 0;
        while taken < block.rows() {
            taken += chunk.fill(&block.rows_from(taken, len - chunk.rows));
            if chunk.rows == len {
                if work(first, &mut chunk)?.is_break() {
                    return Ok(());
                }
                first += len;
                chunk.clear();
            }
        }
    }
    if chunk.rows > 0 {
        // The last one: nothing is left to go on with.
        let _ = work(first, &mut chunk)?;
    }
    Ok(())
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
