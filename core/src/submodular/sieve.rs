//! The best elements of a stream that only grows, whose elements need not be kept.

use super::guesses::{Answer, Guesses};
use super::ladder::Ladder;
use super::meter::Meter;
use super::slots::Layout;
use super::{Monotone, PrefixLen, PrefixOracle, Selection};
use crate::{Error, Id, Real, Rule, Storage};

/// Shape and knobs of the sieves.
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, SieveParams};
/// let params = SieveParams::new(8).prefix(FacilityLocation::<f32>::prefix_len_of(32, 8)).ladder_steps(1);
/// // Guesses up to 16 times apart, powers of two.
/// assert_eq!((params.storage_len(), params.index_len()), (2130, 232));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SieveParams {
    size: usize,
    prefix: PrefixLen,
    ladder_steps: u32,
}

impl SieveParams {
    /// `size` elements; guesses `2^(1/4)` apart.
    pub const fn new(size: usize) -> Self {
        Self { size, prefix: PrefixLen { scalars: 0, indices: 0, scratch: 0 }, ladder_steps: 4 }
    }

    /// Length of the state of the function for `size` pushes: its [`prefix_len`](super::GroundSet::prefix_len).
    #[must_use]
    pub const fn prefix(mut self, prefix: PrefixLen) -> Self {
        self.prefix = prefix;
        self
    }

    /// Guesses in a doubling: 1, 2, 4, 8 or 16. The more, the closer the guarantee to a half of the best value, and the more an
    /// element costs.
    #[must_use]
    pub const fn ladder_steps(mut self, steps: u32) -> Self {
        self.ladder_steps = steps;
        self
    }

    /// Scalars of storage. Saturates.
    pub const fn storage_len(&self) -> usize {
        self.layout().storage_len(self.slots())
    }

    /// Ids of storage. Saturates.
    pub const fn index_len(&self) -> usize {
        // Nothing is noted in bits, so that the type of the ids doesn't matter.
        self.layout().index_len(self.slots(), 1)
    }

    /// The ratio of two guesses next to each other.
    ///
    /// # Errors
    /// [`Error::Parameter`] for steps that there are not.
    pub fn ratio(&self) -> Result<f64, Error> {
        Ladder::new(self.ladder_steps).map(Ladder::ratio)
    }

    /// Guesses from the largest value up to `2 size` times it.
    const fn slots(&self) -> usize {
        let doublings = usize::BITS - self.size.saturating_mul(2).saturating_sub(1).leading_zeros();
        (doublings as usize).saturating_mul(self.ladder_steps as usize).saturating_add(2)
    }

    const fn layout(&self) -> Layout {
        // No element is kept but those chosen.
        Layout { capacity: 0, size: self.size, prefix: self.prefix, notes_changes: false }
    }

    fn check<D: Id>(&self) -> Result<(), Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        Ladder::new(self.ladder_steps)?;
        match () {
            () if self.size == 0 => fail("size", Rule::Positive),
            () if self.size > D::LARGEST => fail("size", Rule::WithinIds),
            () if !crate::storage::is_addressable(self.storage_len().saturating_add(self.index_len())) => {
                fail("size", Rule::Addressable)
            }
            () => Ok(()),
        }
    }
}

/// What every sieve offers word for word; its field `guesses` holds the sieves.
macro_rules! sieve {
    ($name:ident) => {
        #[cfg(feature = "alloc")]
        #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
        impl<T: Real, D: Id> $name<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
            /// Nothing seen yet, in storage of its own.
            ///
            /// # Errors
            /// [`Error::Parameter`] if a parameter is out of range.
            pub fn new(params: SieveParams) -> Result<Self, Error> {
                params.check::<D>()?;
                let (scalars, indices) = (params.storage_len(), params.index_len());
                Self::new_in(params, crate::storage::allocate(scalars)?, crate::storage::allocate(indices)?)
            }
        }

        impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> $name<T, D, S, I> {
            /// Nothing seen yet, in the storage given, whatever is in it.
            ///
            /// # Errors
            /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the storage has not as many scalars
            /// as [`storage_len`](SieveParams::storage_len) says, or not as many ids as
            /// [`index_len`](SieveParams::index_len).
            pub fn new_in(params: SieveParams, storage: S, indices: I) -> Result<Self, Error> {
                params.check::<D>()?;
                let ladder = Ladder::new(params.ladder_steps)?;
                let guesses = Guesses::new_in(params.layout(), ladder, params.slots(), (storage, indices))?;
                Ok(Self { params, guesses, seen: 0 })
            }

            /// The parameters.
            pub const fn params(&self) -> &SieveParams {
                &self.params
            }

            /// Back to nothing seen, with parameters and storage kept.
            pub fn clear(&mut self) {
                self.guesses.clear();
                self.seen = 0;
            }

            /// Elements seen.
            pub const fn seen(&self) -> u64 {
                self.seen
            }

            /// The best that was found so far. There is no upper bound.
            pub const fn selection(&self) -> Selection<T> {
                let Answer { value, len, .. } = self.guesses.state.answer;
                Selection { value, upper_bound: None, len, stale: false }
            }

            /// Its ids, in order of choice.
            pub fn selected(&self) -> &[D] {
                self.guesses.selected()
            }

            /// Takes a look at an element, once each. Only the data of those in a sieve are needed later: see
            /// [`is_kept`](Self::is_kept).
            ///
            /// # Errors
            /// [`Error::NotFound`] for an id that the function doesn't have, [`Error::Capacity`] for one too large for the type
            /// of ids; [`Error::NonFinite`], [`Error::Negative`] or [`Error::Scale`] for a value that is impossible or out of
            /// scale; [`Error::Storage`] for a function with a longer state. Nothing is changed then. [`Error::OracleFault`] if
            /// the function has given something that is not finite, now or before, until [`clear`](Self::clear).
            pub fn insert<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O, id: u32) -> Result<(), Error> {
                self.guesses.check_fault()?;
                self.guesses.check_oracle(oracle)?;
                let (index, limit) = (id as usize, D::LARGEST);
                if index >= oracle.elements() {
                    return Err(Error::NotFound { index });
                }
                if index > limit {
                    return Err(Error::Capacity { limit });
                }
                let value = self.guesses.value_of(index, oracle)?;
                self.seen += 1;
                self.guesses.state.ids = self.guesses.state.ids.max(index + 1);
                if value > T::ZERO {
                    let mut meter = Meter::unlimited(oracle);
                    self.sift(index, value, &mut meter)?;
                    self.guesses.state.fault = meter.fault;
                }
                self.guesses.check_fault()
            }

            /// Whether an element is in a sieve or in the answer: the data of any other may be forgotten.
            pub fn is_kept(&self, id: u32) -> bool {
                self.selected().iter().any(|own| own.to_usize() == id as usize)
                    || self.guesses.numbers().any(|(_, number)| {
                        let guess = self.guesses.guess(number);
                        guess.is_some_and(|guess| guess.pivots.iter().any(|own| own.to_usize() == id as usize))
                    })
            }
        }
    };
}

/// Which elements of a stream are worth most together, if none can be looked at twice?
///
/// A sieve for each guess of the best value: it takes an element whose gain is at least its share of what is missing to half of
/// the guess.
///
/// # Guarantee
/// At least `1 / (2 R)` of the best value of the elements seen, `R` the [ratio](SieveParams::ratio) of guesses (.42 at the
/// default), for a function that is monotone (Badanidiyuru et al., KDD 2014).
/// # Cost
/// At most a gain a guess, `log_R(2 k) + 1` of them. State: see [`SieveParams::storage_len`].
/// # Randomness
/// None.
/// # Merging
/// Not offered: of elements that no sieve has kept nothing is known.
/// # When to use another
/// [`LazyDynamic`](super::LazyDynamic) if elements leave.
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
    guesses: Guesses<T, D, S, I>,
    seen: u64,
}

sieve!(SieveStreaming);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> SieveStreaming<T, D, S, I> {
    /// Holds an element against every sieve.
    fn sift<O: PrefixOracle<T>>(&mut self, id: usize, value: T, meter: &mut Meter<'_, O>) -> Result<(), Error> {
        let (ladder, size) = (self.guesses.ladder, self.params.size);
        let largest = self.guesses.state.largest.map_or(value, |largest| largest.max(value));
        self.guesses.state.largest = Some(largest);
        let two = T::ONE + T::ONE;
        let (low, high) = (ladder.at_least(largest), ladder.at_most(two * T::count(size as u64) * largest));
        self.guesses.release_outside(low, high);
        for number in low..=high {
            let slot = self.guesses.find_or_open(number, meter.oracle)?;
            // A share of what is missing to half of the guess.
            self.guesses.try_element(slot, (id, value), meter, |found, left, guess| {
                (guess / two - found) / T::count(left as u64)
            });
        }
        Ok(())
    }
}

/// The same in less memory: sieves whose threshold the best answer so far has made pointless are given up.
///
/// A sieve for each threshold: it takes an element whose gain is at least the threshold.
///
/// # Guarantee
/// At least `1 / (2 R)` of the best value of the elements seen, for a function that is monotone (Kazemi et al., ICML 2019).
/// # Cost
/// At most a gain a threshold. State: see [`SieveParams::storage_len`]; of its sieves fewer are in use.
/// # Randomness
/// None.
/// # Merging
/// Not offered: of elements that no sieve has kept nothing is known.
/// # When to use another
/// [`SieveStreaming`] answers a little better, and keeps more elements.
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
    guesses: Guesses<T, D, S, I>,
    seen: u64,
}

sieve!(SievePlusPlus);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> SievePlusPlus<T, D, S, I> {
    /// Holds an element against every sieve.
    fn sift<O: PrefixOracle<T>>(&mut self, id: usize, value: T, meter: &mut Meter<'_, O>) -> Result<(), Error> {
        let ladder = self.guesses.ladder;
        let largest = self.guesses.state.largest.map_or(value, |largest| largest.max(value));
        self.guesses.state.largest = Some(largest);
        let least = self.guesses.state.answer.value.max(largest);
        let parts = (T::ONE + T::ONE) * T::count(self.params.size as u64);
        // The threshold just below the pointful ones belongs to guesses between two thresholds.
        let (low, high) = (ladder.at_most(least / parts), ladder.at_most(largest));
        self.guesses.release_outside(low, high);
        for number in low..=high {
            let slot = self.guesses.find_or_open(number, meter.oracle)?;
            self.guesses.try_element(slot, (id, value), meter, |_, _, threshold| threshold);
        }
        Ok(())
    }
}
