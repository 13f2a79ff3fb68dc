//! One sieve for each threshold, without those that the best answer so far has made useless.

use super::{SieveParams, sieve};
use crate::submodular::ladder::Ladder;
use crate::submodular::meter::Meter;
use crate::submodular::slots::Guesses;
use crate::submodular::{Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};

/// Which elements of an insert-only single pass are worth most together, if few can be kept?
///
/// There is a sieve for each threshold, which takes an element whose gain reaches the threshold. Sieves whose threshold the best
/// answer so far has made useless are given up.
///
/// # Guarantee
/// At least `1 / (2 R)` of the best value of the elements seen, for a monotone function (Kazemi et al., ICML 2019).
/// # Cost
/// At most one gain a threshold. State: see [`SieveParams::storage_len`]; fewer of its sieves are in use.
/// # Randomness
/// None.
/// # Merging
/// Not offered: nothing is known of elements that no sieve has kept.
/// # When to use another
/// [`SieveStreaming`](super::SieveStreaming) answers a little better, and keeps more elements.
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, GroundSet, SieveParams, SievePlusPlus};
/// let oracle = FacilityLocation::new(&[0.9f32, 0.1, 0.8, 0.2, 0.0, 0.9], 2)?;
/// let mut sieve = SievePlusPlus::<f32, u8, _, _>::new(SieveParams::new(2).prefix(oracle.prefix_len(2)))?;
/// (0..3).try_for_each(|id| sieve.insert(&oracle, id))?;
/// assert_eq!((sieve.selection().value, sieve.selected()), (1.8, &[0, 2][..]));
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SievePlusPlus<T, D, S, I> {
    params: SieveParams,
    guesses: Guesses<T, D, (S, I)>,
    seen: u64,
}

sieve!(SievePlusPlus, SieveParams);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> SievePlusPlus<T, D, S, I> {
    /// Offers an element to every sieve.
    fn sift<O: PrefixOracle<T>>(&mut self, oracle: &O, id: usize) -> Result<(), Error> {
        let value = self.guesses.value_of(id, oracle)?;
        if value == T::ZERO {
            return Ok(());
        }
        let mut meter = Meter::unlimited(oracle);
        let ladder = self.guesses.ladder;
        let largest = self.guesses.state.largest.map_or(value, |largest| largest.max(value));
        self.guesses.state.largest = Some(largest);
        let least = self.guesses.state.answer.value.max(largest);
        let parts = (T::ONE + T::ONE) * T::count(self.params.size as u64);
        // The threshold just below the useful ones belongs to guesses between two thresholds.
        let (low, high) = (ladder.at_most(least / parts), ladder.at_most(largest));
        self.guesses.release_outside(low, high);
        for number in low..=high {
            let slot = self.guesses.find_or_open(number, oracle)?;
            self.guesses.try_element(slot, (id, value), &mut meter, |_, _, threshold| threshold);
        }
        self.guesses.state.fault = meter.fault;
        Ok(())
    }
}
