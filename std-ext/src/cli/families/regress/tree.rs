//! Summaries of a stream by chunks of row numbers, merged in a fixed tree.

use crate::cli::failure::allocated;
use crate::parallel::SHARD;
use crate::regression::{SketchedLeastSquares, SketchedLeastSquaresParams};
use crate::sketch::SketchOperator;
use crate::{Error, Merge, Real};

/// Bits of a row's number within its stream.
pub(super) const TICK_BITS: u32 = 40;

type Sketched<T, O> = SketchedLeastSquares<T, O, Vec<T>, Vec<u32>>;

/// A summary of the chunk at hand, and those of chunks before, one a level: the same tree as that of
/// [`parallel::fill`](crate::parallel::fill), so that no number of threads would change a bit.
#[derive(Debug)]
pub(super) struct Tree<T, O> {
    params: SketchedLeastSquaresParams,
    operator: O,
    levels: Vec<(u32, Sketched<T, O>)>,
    current: Sketched<T, O>,
    /// Number of the next row; none once the stream has no more.
    next: Option<u64>,
}

impl<T: Real, O: SketchOperator<T>> Tree<T, O> {
    pub(super) fn new(params: SketchedLeastSquaresParams, operator: O, first: u64) -> Result<Self, Error> {
        let params = params.first_index(first);
        let current = Sketched::new(params, operator).map_err(allocated::<T>)?;
        Ok(Self { params, operator, levels: Vec::new(), current, next: Some(first) })
    }

    pub(super) fn push(&mut self, row: &[T], weight: Option<T>) -> Result<(), Error> {
        let Some(index) = self.next else {
            return Err(Error::data("the stream has no row numbers left: give later rows a --stream-id of their own"));
        };
        match weight {
            None => self.current.update_at(index, row)?,
            Some(weight) => self.current.update_weighted(index, row, weight)?,
        }
        // The numbers behind the last one are those of another stream.
        self.next = index.checked_add(1).filter(|next| next >> TICK_BITS == index >> TICK_BITS);
        if let Some(next) = self.next
            && next.is_multiple_of(SHARD as u64)
        {
            let params = self.params.first_index(next);
            let empty = Sketched::new(params, self.operator).map_err(allocated::<T>)?;
            let mut chunk = std::mem::replace(&mut self.current, empty);
            chunk.close_block();
            self.levels.push((0, chunk));
            while let [.., (below, _), (level, _)] = self.levels[..]
                && below == level
            {
                fold(&mut self.levels)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Sketched<T, O>, Error> {
        let Self { mut levels, mut current, .. } = self;
        current.close_block();
        // Every row claims its number, whatever its weight.
        if levels.is_empty() || current.ranges().next().is_some() {
            levels.push((0, current));
        }
        while levels.len() > 1 {
            fold(&mut levels)?;
        }
        levels.pop().map(|(_, whole)| whole).ok_or_else(|| crate::CoreError::Corrupt.into())
    }
}

/// Merges the last summary into the one before it.
fn fold<T: Real, O: SketchOperator<T>>(levels: &mut Vec<(u32, Sketched<T, O>)>) -> Result<(), Error> {
    if let Some((_, last)) = levels.pop()
        && let Some((level, before)) = levels.last_mut()
    {
        before.merge(&last)?;
        *level += 1;
    }
    Ok(())
}
