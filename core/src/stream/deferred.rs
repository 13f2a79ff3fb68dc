//! Deferred work: what an update leaves to be done later, in slices of bounded length.

use super::RowSummary;
use crate::Error;

/// How far a [`poll`](Deferred::poll) has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// Work is left: poll again.
    Pending,
    /// Nothing is left to be done.
    Done,
}

/// A summary whose deferred verbs leave work to [`poll`](Self::poll), so that no call takes long.
///
/// Any number of polls, of whatever budgets, end in the state of the verb that does all at once, to the bit; a type whose rounding
/// depends on when it is polled says so. `C` is what the work needs beside the summary: the oracle of a selection, `()` where
/// nothing is needed. What needs a settled state says [`Error::Pending`] while work is left; a full spare area says
/// [`Error::Capacity`].
pub trait Deferred<C: ?Sized = ()> {
    /// Does deferred work, as far as the budget goes, and always some of it; the docs of each type say what a unit of the budget is.
    /// With `u64::MAX` nothing is left.
    ///
    /// # Errors
    /// Those of the verb that was put off.
    fn poll(&mut self, context: &C, budget: u64) -> Result<Progress, Error>;

    /// Whether no work is left.
    fn is_idle(&self) -> bool;
}

/// A summary of rows that can take a row without doing the work that it makes due.
pub trait DeferredRows: RowSummary + Deferred {
    /// Consumes a row, and leaves the work that it makes due to [`poll`](Deferred::poll): beside [`update`](RowSummary::update),
    /// which does all work at once.
    ///
    /// # Errors
    /// Those of `update`; [`Error::Capacity`] if the spare area is full, poll first, or if the parameters reserve none. After an
    /// error the state is what it was before, to the bit.
    fn update_deferred(&mut self, row: &[Self::Scalar]) -> Result<(), Error>;
}
