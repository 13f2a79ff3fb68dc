//! What sums have been through: the struct `History`.

use crate::wire::{Reader, Writer};
use crate::{Error, Real};

/// What the sums of a summary have been through, as far as it bounds their rounding.
///
/// Each of `n` operations on a sum, an addition, a subtraction or a product that goes in, rounds by at most `EPSILON / 2` of the
/// magnitude of what is held at the time. For a matrix of sums of outer products all entries together are at most its trace,
/// the *energy* of the rows held. So a matrix is off by no more than `n EPSILON / 2` times the most energy that it ever held
/// (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., lemma 3.1 and section 4.2), in the Frobenius norm, and
/// an eigenvalue by no more than that (Weyl). Shares here are twice as large: the other half covers terms of second order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct History<T> {
    /// The longest chain of operations that led to a sum.
    operations: u64,
    /// The most energy that was held before something was removed; 0 if nothing was.
    peak: T,
}

impl<T: Real> History<T> {
    /// Operations up to which rounding is bounded well: beyond, the chain is longer than a number has digits for.
    fn share(operations: u64) -> Option<T> {
        let share = T::count(operations) * T::EPSILON;
        (share <= T::constant(1.0 / 16.0)).then_some(share)
    }

    /// Of an encoding that did not count: as many operations as rows.
    pub(crate) const fn of_rows(rows: u64) -> Self {
        Self { operations: rows, peak: T::ZERO }
    }

    /// So many operations more in the longest chain.
    #[inline]
    pub(crate) const fn go_on(&mut self, operations: u64) {
        self.operations = self.operations.saturating_add(operations);
    }

    /// Something is about to be removed from what holds so much energy.
    pub(crate) fn remove(&mut self, energy: T) {
        self.peak = self.peak.max(energy);
        self.go_on(1);
    }

    /// Sums are about to be added to those of another summary; both energies are those before.
    pub(crate) fn absorb(&mut self, energy: T, mut other: Self, other_energy: T) {
        if self.peak > T::ZERO || other.peak > T::ZERO {
            self.peak = self.peak.max(energy) + other.peak.max(other_energy);
        }
        other.operations = other.operations.max(self.operations);
        self.operations = other.operations.saturating_add(1);
    }

    /// Sums of so many rows, which were added up elsewhere in whatever order, are about to be added.
    pub(crate) fn absorb_rows(&mut self, rows: u64) {
        self.operations = self.operations.max(rows).saturating_add(1);
    }

    /// Energies are multiplied by a power of two.
    pub(crate) fn rescale(&mut self, e: i32) {
        self.peak = self.peak.times_power_of_two(e);
    }

    /// The most energy that was held before something was removed; 0 if nothing was.
    pub(crate) const fn peak(&self) -> T {
        self.peak
    }

    /// The longest chain of operations.
    pub(crate) const fn operations(&self) -> u64 {
        self.operations
    }

    /// How far the sums may be off, which hold so much energy now, if a chain is `operations` long and `further` ones follow.
    /// `None` if they may be off by a sixteenth.
    pub(crate) fn allowance(&self, operations: u64, further: u64, energy: T) -> Option<T> {
        let share = Self::share(operations.saturating_add(further))?;
        // The energy itself is a sum, off by as much of itself.
        Some(share * (T::ONE + share) * self.peak.max(energy))
    }

    /// Whether something was removed.
    pub(crate) fn has_removed(&self) -> bool {
        self.peak > T::ZERO
    }

    pub(crate) fn write(self, w: &mut Writer<'_>) {
        w.u64(self.operations);
        w.real(self.peak);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Error> {
        let history = Self { operations: r.u64()?, peak: r.real()? };
        if history.peak < T::ZERO { Err(Error::Corrupt) } else { Ok(history) }
    }
}

/// Rows of two streams together: no count wraps, and every one can be read again.
pub(crate) const fn add_rows(rows: u64, more: u64) -> u64 {
    let sum = rows.saturating_add(more);
    if sum > Reader::LARGEST_COUNT { Reader::LARGEST_COUNT } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_can_be_read_again() {
        assert_eq!(add_rows(3, 4), 7);
        assert_eq!(add_rows(u64::MAX, u64::MAX), u64::MAX / 2);
        assert_eq!(add_rows(u64::MAX / 2, 1), u64::MAX / 2);
    }

    #[test]
    fn shards_lengthen_a_chain_by_one() {
        let mut whole = History::of_rows(10_000);
        (0..10).for_each(|_| whole.absorb(1.0f32, History::of_rows(10_000), 1.0));
        assert_eq!((whole.operations(), whole.has_removed()), (10_010, false));
        let allowance = whole.allowance(whole.operations(), 0, 11.0).unwrap();
        assert!(allowance > 1e-2 && allowance < 2e-2, "{allowance}");
        assert_eq!(History::<f32>::of_rows(10_000_000).allowance(10_000_000, 0, 1.0), None);
    }

    #[test]
    fn what_was_removed_is_remembered() {
        let mut history = History::of_rows(6);
        history.remove(1e16);
        history.remove(3.0);
        let allowance: f64 = history.allowance(history.operations(), 0, 1.0).unwrap();
        assert!(allowance > 8.0 * 2.2e-16 * 1e16, "{allowance}");
    }
}
