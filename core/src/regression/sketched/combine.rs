//! Merging summaries of different rows, and joining summaries of different columns.

use super::pending::Window;
use super::ranges::{self, WORDS};
use super::{SketchedLeastSquares, SketchedLeastSquaresParams};
use crate::regression::removed::remember;
use crate::sketch::{Piece, SketchOperator};
use crate::stream::add_rows;
use crate::{Difference, Error, Lane, Merge, Storage};

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> Merge for SketchedLeastSquares<L, O, S, I> {
    /// Absorbs a summary of other rows of the same columns. Rows that the other has gathered for a block go straight to the
    /// sums. Storage parameters ([`first_index`](SketchedLeastSquaresParams::first_index), ranges, row table, deferring) may
    /// differ.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for another shape, seed, operator, block length or forgetting, if row numbers overlap, or if one of
    /// the two goes on from bytes of version 0.1 under an operator that has changed since (see [`Srht`](crate::sketch::Srht));
    /// [`Error::Capacity`] if there is no room for all ranges; [`Error::NonFinite`] with a column whose sums could overflow;
    /// [`Error::Pending`] if a block waits for
    /// [`poll`](crate::stream::Deferred::poll) in either. Nothing is changed then.
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check_mergeable(other)?;
        if let Some((expected, got)) = self.list().overlap(&other.list()) {
            return Err(Error::Incompatible { what: Difference::Overlap, expected, got });
        }
        self.absorb(other)
    }
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> SketchedLeastSquares<L, O, S, I> {
    /// The first range of row numbers that both summaries hold.
    pub fn overlap<S2: Storage<L>, I2: Storage<u32>>(
        &self,
        other: &SketchedLeastSquares<L, O, S2, I2>,
    ) -> Option<(u64, u64)> {
        self.list().overlap(&other.list())
    }

    /// Merges also where row numbers overlap: for updates of single cells, where two summaries hold parts of the same rows.
    ///
    /// # Errors
    /// As [`merge`](Merge::merge), but for the overlap.
    pub fn merge_overlapping<S2: Storage<L>, I2: Storage<u32>>(
        &mut self,
        other: &SketchedLeastSquares<L, O, S2, I2>,
    ) -> Result<(), Error> {
        self.check_mergeable(other)?;
        self.absorb(other)
    }

    fn check_mergeable<S2: Storage<L>, I2: Storage<u32>>(
        &self,
        other: &SketchedLeastSquares<L, O, S2, I2>,
    ) -> Result<(), Error> {
        self.check_settled()?;
        other.check_settled()?;
        Difference::Dim.check(self.params.columns, other.params.columns)?;
        self.check_sums_like(other)?;
        let (needed, limit) = (self.list().union_len(&other.list()), self.params.ranges);
        if needed > limit {
            return Err(Error::Capacity { limit });
        }
        self.check_reach_with(other, &[])
    }

    /// Whether the sums are those of one sketch, whatever the columns: what only concerns storage may differ.
    fn check_sums_like<S2: Storage<L>, I2: Storage<u32>>(
        &self,
        other: &SketchedLeastSquares<L, O, S2, I2>,
    ) -> Result<(), Error> {
        Difference::SketchRows.check(self.params.rows, other.params.rows)?;
        Difference::Seed.check(self.params.seed, other.params.seed)?;
        Difference::BlockLen.check(self.params.block_len, other.params.block_len)?;
        Difference::Operator.check(self.operator.parameter(), other.operator.parameter())?;
        Difference::Numbering.check(self.state.numbering.number(), other.state.numbering.number())?;
        Difference::TimesForgotten.check(self.state.forgotten, other.state.forgotten)?;
        Difference::Forgetting.check(self.state.forgetting, other.state.forgetting)
    }

    fn absorb<S2: Storage<L>, I2: Storage<u32>>(
        &mut self,
        other: &SketchedLeastSquares<L, O, S2, I2>,
    ) -> Result<(), Error> {
        // Ranges that join others first, so that the list is never longer than the union.
        let words = &mut self.indices.as_mut()[..self.params.ranges * WORDS];
        for apart in [false, true] {
            for range in other.list().iter() {
                let list = ranges::Ranges { words, len: self.state.ranges };
                if ranges::is_apart(&list, range) == apart {
                    self.state.ranges = ranges::unite(words, self.state.ranges, range)?;
                }
            }
        }
        let sums = other.params.shape().len();
        remember(self.split().removed, &other.storage.as_ref()[other.params.sums_len()..]);
        self.state.taken = self.state.taken.saturating_add(other.state.taken);
        for (to, &x) in self.split().sums.iter_mut().zip(&other.storage.as_ref()[..sums]) {
            *to = to.plus(x);
        }
        other.for_each_gathered(|index, row, subtract| {
            self.add_directly(Piece { index, column: 0, entries: row, subtract });
        });
        self.state.rows_seen = add_rows(self.state.rows_seen, other.state.rows_seen);
        self.state.rows_removed = add_rows(self.state.rows_removed, other.state.rows_removed);
        self.state.is_written |= other.state.is_written;
        Ok(())
    }

    /// The rows gathered for a block, in the order of their numbers. Their signs are on them already, so each comes with
    /// whether to take it away for them to cancel.
    fn for_each_gathered(&self, mut visit: impl FnMut(u64, &[L], bool)) {
        let Some(Window { block, is_empty: false }) = self.state.window else { return };
        let (sums, cols) = (self.params.shape().len(), self.params.columns);
        let window = &self.storage.as_ref()[sums..][..self.params.block_size()];
        let first = block * self.params.block_len as u64;
        for (index, row) in (first..=u64::MAX).zip(window.chunks_exact(cols)) {
            if row.iter().any(|&x| x != L::default()) {
                visit(index, row, self.operator.is_negated(self.params.seed, index));
            }
        }
    }

    /// The summary of the columns of both, `left` first, over the same rows: as if they had been sketched together, to the
    /// bit. Counters and storage parameters are those of `left`.
    ///
    /// The parameters of the result are [`joined_params`](Self::joined_params), which say how long the storage must be.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for other rows of the sketch, seed, operator, block length, forgetting or ranges of row numbers;
    /// [`Error::Pending`] if a block waits for [`poll`](crate::stream::Deferred::poll); [`Error::Storage`] as
    /// [`new_in`](Self::new_in).
    pub fn join_in<S1: Storage<L>, I1: Storage<u32>, S2: Storage<L>, I2: Storage<u32>>(
        left: &SketchedLeastSquares<L, O, S1, I1>,
        right: &SketchedLeastSquares<L, O, S2, I2>,
        storage: S,
        indices: I,
    ) -> Result<Self, Error> {
        left.check_settled()?;
        right.check_settled()?;
        left.check_sums_like(right)?;
        for (mine, theirs) in left.ranges().zip(right.ranges()) {
            Difference::Ranges.check(mine.0, theirs.0)?;
            Difference::Ranges.check(mine.1, theirs.1)?;
        }
        // A list that goes on where the other ends: it has a first number that the other has not.
        let next = |ranges: Option<(u64, u64)>| ranges.map_or(u64::MAX, |range| range.0);
        let len = left.state.ranges.min(right.state.ranges);
        Difference::Ranges.check(next(left.ranges().nth(len)), next(right.ranges().nth(len)))?;
        let params = Self::joined_params(&left.params, &right.params);
        let mut joined = Self::new_in(params, left.operator, storage, indices)?;
        let used = WORDS * left.state.ranges;
        joined.indices.as_mut()[..used].copy_from_slice(&left.indices.as_ref()[..used]);
        joined.state = left.state;
        joined.state.is_written |= right.state.is_written;
        joined.state.taken = left.state.taken.max(right.state.taken);
        let (rows, widths) = (params.rows, (left.params.columns, right.params.columns));
        let (left_sums, left_rest) = left.storage.as_ref().split_at(rows * left.params.columns);
        let (right_sums, right_rest) = right.storage.as_ref().split_at(rows * right.params.columns);
        let stays_pending = left.state.window == right.state.window;
        let parts = joined.split();
        side_by_side(parts.sums, (left_sums, right_sums), widths);
        let removed = (&left_rest[left_rest.len() - widths.0..], &right_rest[right_rest.len() - widths.1..]);
        side_by_side(parts.removed, removed, widths);
        if stays_pending {
            let blocks = (&left_rest[..left.params.block_size()], &right_rest[..right.params.block_size()]);
            side_by_side(parts.window, blocks, widths);
        } else {
            joined.state.window = None;
            left.for_each_gathered(|index, row, subtract| {
                joined.add_directly(Piece { index, column: 0, entries: row, subtract });
            });
            let column = left.params.columns;
            right.for_each_gathered(|index, row, subtract| {
                joined.add_directly(Piece { index, column, entries: row, subtract });
            });
        }
        Ok(joined)
    }

    /// The summary of some of the columns, in the order given: as if the others had never been sketched, to the bit.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the first column that isn't there; [`Error::Parameter`] without columns; [`Error::Pending`] if a
    /// block waits for [`poll`](crate::stream::Deferred::poll); [`Error::Storage`] as [`new_in`](Self::new_in), for parameters
    /// of as many columns.
    pub fn select_in<S1: Storage<L>, I1: Storage<u32>>(
        from: &SketchedLeastSquares<L, O, S1, I1>,
        columns: &[usize],
        storage: S,
        indices: I,
    ) -> Result<Self, Error> {
        from.check_settled()?;
        let before = from.params.columns;
        if let Some(&index) = columns.iter().find(|&&column| column >= before) {
            return Err(Error::NotFound { index });
        }
        let params = SketchedLeastSquaresParams { columns: columns.len(), ..from.params };
        let mut selected = Self::new_in(params, from.operator, storage, indices)?;
        let used = WORDS * from.state.ranges;
        selected.indices.as_mut()[..used].copy_from_slice(&from.indices.as_ref()[..used]);
        selected.state = from.state;
        let filled = from.params.shape().len() + from.params.block_size();
        let lines = selected.storage.as_mut().chunks_exact_mut(columns.len());
        for (to, line) in lines.zip(from.storage.as_ref()[..filled].chunks_exact(before)) {
            to.iter_mut().zip(columns).for_each(|(to, &column)| *to = line[column]);
        }
        let removed = &from.storage.as_ref()[from.params.sums_len()..];
        selected.split().removed.iter_mut().zip(columns).for_each(|(to, &column)| *to = removed[column]);
        Ok(selected)
    }

    /// Parameters of what [`join_in`](Self::join_in) makes.
    pub const fn joined_params(
        left: &SketchedLeastSquaresParams,
        right: &SketchedLeastSquaresParams,
    ) -> SketchedLeastSquaresParams {
        let mut params = *left;
        params.columns = left.columns.saturating_add(right.columns);
        params
    }
}

/// Copies rows of two matrices, as wide as `widths` says, next to each other.
fn side_by_side<L: Copy>(to: &mut [L], (left, right): (&[L], &[L]), widths: (usize, usize)) {
    let rows = left.chunks_exact(widths.0).zip(right.chunks_exact(widths.1));
    for (to, (left, right)) in to.chunks_exact_mut(widths.0 + widths.1).zip(rows) {
        let (first, second) = to.split_at_mut(widths.0);
        first.copy_from_slice(left);
        second.copy_from_slice(right);
    }
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<L: Lane, O: SketchOperator<L>> SketchedLeastSquares<L, O, alloc::vec::Vec<L>, alloc::vec::Vec<u32>> {
    /// [`join_in`](Self::join_in) storage of its own.
    ///
    /// # Errors
    /// As there.
    pub fn join<S1: Storage<L>, I1: Storage<u32>, S2: Storage<L>, I2: Storage<u32>>(
        left: &SketchedLeastSquares<L, O, S1, I1>,
        right: &SketchedLeastSquares<L, O, S2, I2>,
    ) -> Result<Self, Error> {
        let params = Self::joined_params(&left.params, &right.params);
        let storage = crate::base::storage::allocate(params.storage_len())?;
        Self::join_in(left, right, storage, crate::base::storage::allocate(params.index_len())?)
    }

    /// The same summary with room for so many ranges of row numbers: one that was decoded has the room of the device that wrote
    /// it, and needs more of it to absorb others.
    ///
    /// # Errors
    /// [`Error::Capacity`] for fewer ranges than it holds, [`Error::Parameter`] and [`Error::Storage`] as
    /// [`new`](Self::new).
    pub fn widen(mut self, ranges: usize) -> Result<Self, Error> {
        if ranges < self.state.ranges {
            return Err(Error::Capacity { limit: ranges });
        }
        let params = SketchedLeastSquaresParams { ranges, ..self.params };
        params.check_for::<L, O>(self.operator)?;
        let mut indices = crate::base::storage::allocate(params.index_len())?;
        let (used, table) = (WORDS * self.state.ranges, WORDS * self.params.ranges);
        indices[..used].copy_from_slice(&self.indices[..used]);
        indices[WORDS * ranges..].copy_from_slice(&self.indices[table..]);
        (self.params, self.indices) = (params, indices);
        Ok(self)
    }

    /// [`select_in`](Self::select_in) storage of its own.
    ///
    /// # Errors
    /// As there.
    pub fn select(&self, columns: &[usize]) -> Result<Self, Error> {
        let params = SketchedLeastSquaresParams { columns: columns.len(), ..self.params };
        let storage = crate::base::storage::allocate(params.storage_len())?;
        Self::select_in(self, columns, storage, crate::base::storage::allocate(params.index_len())?)
    }
}
