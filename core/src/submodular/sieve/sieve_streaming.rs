//! One sieve for each guess of the best value.

use super::{SieveParams, sieve};
use crate::submodular::ladder::Ladder;
use crate::submodular::meter::Meter;
use crate::submodular::slots::Guesses;
use crate::submodular::{Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};

/// Which elements of an insert-only single pass are worth most together?
///
/// There is a sieve for each guess of the best value. It takes an element whose gain is at least that element's share of what is
/// missing to half of the guess.
///
/// # Guarantee
/// At least `1 / (2 R)` of the best value of the elements seen, `R` the [ratio](SieveParams::ratio) of guesses (.42 at the
/// default), for a monotone function (Badanidiyuru et al., KDD 2014).
/// # Cost
/// At most a gain a guess, `log_R(2 k) + 1` of them. State: see [`SieveParams::storage_len`].
/// # Randomness
/// None.
/// # Merging
/// Not offered: nothing is known of elements that no sieve has kept.
/// # When to use another
/// [`LazyDynamic`](crate::submodular::LazyDynamic) if elements are deleted.
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, GroundSet, SieveParams, SieveStreaming};
/// let similarities = [0.9f32, 0.1, 0.8, 0.2, 0.0, 0.9]; // of three elements to two exemplars
/// let oracle = FacilityLocation::new(&similarities, 2)?;
/// let mut sieve = SieveStreaming::<f32, u8, _, _>::new(SieveParams::new(2).prefix(oracle.prefix_len(2)))?;
/// (0..3).try_for_each(|id| sieve.insert(&oracle, id))?;
/// assert_eq!((sieve.selection().value, sieve.selected()), (1.8, &[0, 2][..]));
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SieveStreaming<T, D, S, I> {
    params: SieveParams,
    guesses: Guesses<T, D, (S, I)>,
    seen: u64,
}

sieve!(SieveStreaming, SieveParams);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> SieveStreaming<T, D, S, I> {
    /// [`insert`](Self::insert), which also reports elements that are in no sieve any more.
    pub(super) fn insert_and_tell<O: PrefixOracle<T> + Monotone>(
        &mut self,
        oracle: &O,
        id: u32,
        tell: &mut dyn FnMut(u32),
    ) -> Result<(), Error> {
        self.look(oracle, id, |sieve, id| sieve.sift_and_tell(oracle, id, tell))
    }

    /// Refuses a function that has too long a state, has lost elements or gave an impossible gain.
    pub(super) fn check<O: PrefixOracle<T>>(&self, oracle: &O) -> Result<(), Error> {
        self.guesses.check_fault()?;
        self.guesses.check_oracle(oracle)
    }

    /// Reports elements that are only in sieves below a guess.
    pub(super) fn tell_of_lost(&self, low: i32, tell: &mut dyn FnMut(u32)) {
        for (_, number) in self.guesses.numbers().filter(|&(_, number)| number < low) {
            for &id in self.guess_pivots(number) {
                let mut others = self.guesses.numbers().filter(|&(_, other)| other >= low || other < number);
                if !others.any(|(_, other)| self.guess_pivots(other).contains(&id)) {
                    #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
                    tell(id.to_usize() as u32);
                }
            }
        }
    }

    /// Whether an element is in a sieve.
    pub(super) fn holds(&self, id: u32) -> bool {
        let mut numbers = self.guesses.numbers();
        numbers.any(|(_, number)| self.guess_pivots(number).iter().any(|own| own.to_usize() == id as usize))
    }

    /// The best choice of a sieve now, and its value.
    pub(super) fn best_now(&self) -> (T, &[D]) {
        self.guesses.best().map_or((T::ZERO, &[]), |(value, number, _)| (value, self.guess_pivots(number)))
    }

    fn guess_pivots(&self, number: i32) -> &[D] {
        self.guesses.guess(number).map_or(&[], |guess| guess.pivots)
    }

    /// Offers an element to every sieve.
    fn sift<O: PrefixOracle<T>>(&mut self, oracle: &O, id: usize) -> Result<(), Error> {
        self.sift_and_tell(oracle, id, &mut |_| {})
    }

    fn sift_and_tell<O: PrefixOracle<T>>(
        &mut self,
        oracle: &O,
        id: usize,
        tell: &mut dyn FnMut(u32),
    ) -> Result<(), Error> {
        let value = self.guesses.value_of(id, oracle)?;
        if value == T::ZERO {
            return Ok(());
        }
        let mut meter = Meter::unlimited(oracle);
        let (ladder, size) = (self.guesses.ladder, self.params.size);
        let largest = self.guesses.state.largest.map_or(value, |largest| largest.max(value));
        self.guesses.state.largest = Some(largest);
        let two = T::ONE + T::ONE;
        let (low, high) = (ladder.at_least(largest), ladder.at_most(two * T::count(size as u64) * largest));
        self.tell_of_lost(low, tell);
        self.guesses.release_outside(low, high);
        for number in low..=high {
            let slot = self.guesses.find_or_open(number, oracle)?;
            // A share of what is missing to half of the guess.
            self.guesses.try_element(slot, (id, value), &mut meter, |found, left, guess| {
                (guess / two - found) / T::count(left as u64)
            });
        }
        self.guesses.state.fault = meter.fault;
        Ok(())
    }
}
