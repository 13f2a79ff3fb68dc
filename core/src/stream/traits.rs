//! The traits that streaming summaries implement: taking rows, and merging.
//!
//! The parallel driver, the law tests and the command line are generic over these two; what a family answers is a trait
//! of that family.

use crate::base::matrix::{check_batch, check_row};
use crate::{Error, Lane, MatRef};

/// A summary that consumes rows of numbers, one at a time or in batches.
///
/// # Example
/// ```
/// use sketchlet_core::{Error, RowSummary};
/// fn feed<M: RowSummary<Scalar = f32>>(summary: &mut M, rows: &[[f32; 3]]) -> Result<(), Error> {
///     rows.iter().try_for_each(|row| summary.update(row))
/// }
/// ```
pub trait RowSummary {
    /// Scalar of the rows: a float, or an integer where a summary only adds.
    type Scalar: Lane;

    /// Number of entries of a row.
    fn dim(&self) -> usize;

    /// Rows consumed so far. The summaries of this library count to `2^63 - 1` and stay there.
    fn rows_seen(&self) -> u64;

    /// Consumes one row.
    ///
    /// # Errors
    /// [`Error::Dimension`] for a row of the wrong length, [`Error::NonFinite`] for one with a NaN or an infinity; more
    /// where the type says so. After an error the state is what it was before, to the bit.
    fn update(&mut self, row: &[Self::Scalar]) -> Result<(), Error>;

    /// Consumes the rows of a matrix in order, with the bits that one [`update`](Self::update) a row would give.
    ///
    /// # Errors
    /// Those of `update`; [`Error::NonFinite`] counts entries through the whole batch. All rows are checked before the
    /// first one is consumed.
    fn update_batch(&mut self, rows: MatRef<'_, Self::Scalar>) -> Result<(), Error> {
        check_batch(self.dim(), rows)?;
        rows.iter_rows().try_for_each(|row| self.update(row))
    }

    /// Whether `rows` more rows find room, whatever is in them. A wrapper asks before it feeds the first row of a batch.
    ///
    /// # Errors
    /// [`Error::Capacity`] where rows may have to wait and not so many can; most summaries always have room.
    fn check_room(&self, rows: usize) -> Result<(), Error> {
        let _ = rows;
        Ok(())
    }

    /// Absorbs `other` and then consumes `row`, or does neither: for a wrapper whose merge has a row of its own to feed.
    ///
    /// A summary that may refuse a row of finite entries after a merge, because it has no room for it, says so here before it
    /// merges.
    ///
    /// # Errors
    /// Those of [`merge`](Merge::merge) and of [`update`](Self::update); the state is then unchanged.
    fn merge_with_row(&mut self, other: &Self, row: &[Self::Scalar]) -> Result<(), Error>
    where
        Self: Merge + Sized,
    {
        check_row(self.dim(), row)?;
        self.merge(other)?;
        self.update(row)
    }

    /// Back to the empty summary, with parameters and storage kept.
    fn clear(&mut self);
}

#[cfg(feature = "alloc")]
impl<M: RowSummary + ?Sized> RowSummary for alloc::boxed::Box<M> {
    type Scalar = M::Scalar;

    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn rows_seen(&self) -> u64 {
        (**self).rows_seen()
    }

    fn update(&mut self, row: &[Self::Scalar]) -> Result<(), Error> {
        (**self).update(row)
    }

    fn update_batch(&mut self, rows: MatRef<'_, Self::Scalar>) -> Result<(), Error> {
        (**self).update_batch(rows)
    }

    fn check_room(&self, rows: usize) -> Result<(), Error> {
        (**self).check_room(rows)
    }

    fn clear(&mut self) {
        (**self).clear();
    }
}

/// A summary that can absorb another one, as if it had seen the other's rows too.
///
/// In what sense "as if" holds (to the bit, to rounding, in law) is in the docs of each type. A summary whose merge would
/// not be sound does not implement this trait.
pub trait Merge {
    /// Absorbs `other`.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if parameters (or seeds, where rows are keyed by them) differ; the state is then
    /// unchanged.
    fn merge(&mut self, other: &Self) -> Result<(), Error>;
}
