//! Counts the gains asked of an oracle and stops when the budget of a slice is spent.

use super::oracle::search_gains;
use super::{Prefix, PrefixOracle};
use crate::{Id, Real};

/// Asks a function for gains while a budget lasts, and remembers the first element with an impossible gain.
#[derive(Debug)]
pub(super) struct Meter<'o, O> {
    pub(super) oracle: &'o O,
    left: u64,
    pub(super) fault: Option<usize>,
}

/// The budget is used up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exhausted;

impl<'o, O> Meter<'o, O> {
    pub(super) const fn new(oracle: &'o O, budget: u64) -> Self {
        Self { oracle, left: budget, fault: None }
    }

    pub(super) const fn unlimited(oracle: &'o O) -> Self {
        Self::new(oracle, u64::MAX)
    }

    /// A gain. If it is NaN or infinite, this is NaN, which is below every threshold.
    pub(super) fn gain<T: Real, D: Id>(
        &mut self,
        prefix: &mut Prefix<'_, T, D>,
        pushes: usize,
        id: usize,
    ) -> Result<T, Exhausted>
    where
        O: PrefixOracle<T>,
    {
        self.left = self.left.checked_sub(1).ok_or(Exhausted)?;
        let gain = self.oracle.gain(prefix, pushes, id);
        if gain.is_finite() {
            return Ok(gain);
        }
        self.fault = self.fault.or(Some(id));
        Ok(T::constant(f64::NAN))
    }

    /// Gains of several elements, whatever the budget. One that is NaN or infinite is NaN.
    pub(super) fn gains<T: Real, D: Id>(
        &mut self,
        prefix: &mut Prefix<'_, T, D>,
        pushes: usize,
        ids: &[D],
        gains: &mut [T],
    ) where
        O: PrefixOracle<T>,
    {
        self.oracle.gains(prefix, pushes, ids, gains);
        for (gain, id) in gains.iter_mut().zip(ids).filter(|(gain, _)| !gain.is_finite()) {
            self.fault = self.fault.or(Some(id.to_usize()));
            *gain = T::constant(f64::NAN);
        }
    }

    /// Continues a binary search for the first number of pushes given which the gain is below the threshold. Where that is cheaper
    /// and the budget allows, it takes one pass.
    pub(super) fn search<T: Real, D: Id>(
        &mut self,
        prefix: &mut Prefix<'_, T, D>,
        id: usize,
        threshold: T,
        bounds: &mut (usize, usize),
    ) -> Result<usize, Exhausted>
    where
        O: PrefixOracle<T>,
    {
        let cost = u64::from(search_gains(bounds.0, bounds.1));
        if O::ONE_PASS && cost > 0 && cost <= self.left {
            self.left -= cost;
            let (low, high) = *bounds;
            // Whatever a function of the caller's says.
            let first = self.oracle.first_below(prefix, id, threshold, *bounds).clamp(low + 1, high);
            *bounds = (0, first);
            return Ok(bounds.1);
        }
        while bounds.1.saturating_sub(bounds.0) > 1 {
            let middle = bounds.0 + (bounds.1 - bounds.0) / 2;
            if self.gain(prefix, middle, id)? >= threshold {
                bounds.0 = middle;
            } else {
                bounds.1 = middle;
            }
        }
        Ok(bounds.1)
    }
}
