//! The best elements of a stream that only grows, whose elements need not be kept.

mod cascade;
mod plus_plus;
mod streaming;
mod three;

pub use cascade::RobustCascade;
pub use plus_plus::SievePlusPlus;
pub use streaming::SieveStreaming;
pub use three::{ThreeSieves, ThreeSievesParams};

use super::PrefixLen;
use super::ladder::{Ladder, guesses_in};
use super::slots::Layout;
use crate::{Error, Id, Real, Rule};

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
        guesses_in(doublings as usize, self.ladder_steps)
    }

    const fn layout(&self) -> Layout {
        // No element is kept but those chosen.
        Layout { capacity: 0, size: self.size, prefix: self.prefix, notes_changes: false, swaps: false }
    }

    #[allow(clippy::extra_unused_type_parameters, reason = "the shape of other sieves' parameters")]
    fn check<T: Real, D: Id>(&self) -> Result<(), Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        Ladder::new(self.ladder_steps)?;
        match () {
            () if self.size == 0 => fail(&"size", Rule::POSITIVE),
            () if self.size > D::LARGEST => fail(&"size", Rule::WITHIN_IDS),
            () if !crate::base::storage::is_addressable(self.storage_len().saturating_add(self.index_len())) => {
                fail(&"size", Rule::ADDRESSABLE)
            }
            () => Ok(()),
        }
    }
}

/// What every sieve offers word for word; its field `guesses` holds the sieves.
macro_rules! sieve {
    ($name:ident, $params:ident $(, $count:ident)?) => {
        #[cfg(feature = "alloc")]
        #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
        impl<T: Real, D: Id> $name<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
            /// Nothing seen yet, in storage of its own.
            ///
            /// # Errors
            /// [`Error::Parameter`] if a parameter is out of range.
            pub fn new(params: $params) -> Result<Self, Error> {
                params.check::<T, D>()?;
                let (scalars, indices) = (params.storage_len(), params.index_len());
                Self::new_in(params, crate::base::storage::allocate(scalars)?, crate::base::storage::allocate(indices)?)
            }
        }

        impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> $name<T, D, S, I> {
            /// Nothing seen yet, in the storage given, whatever is in it.
            ///
            /// # Errors
            /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the storage has not as many scalars
            /// as the parameters' `storage_len` says, or not as many ids as their `index_len`.
            pub fn new_in(params: $params, storage: S, indices: I) -> Result<Self, Error> {
                params.check::<T, D>()?;
                let ladder = Ladder::new(params.ladder_steps)?;
                let scale = (ladder, ladder.parts(params.size));
                let guesses = Guesses::new_in(params.layout(), scale, params.slots(), (storage, indices))?;
                Ok(Self { params, guesses, seen: 0 $(, $count: 0)? })
            }

            /// The parameters.
            pub const fn params(&self) -> &$params {
                &self.params
            }

            /// Back to nothing seen, with parameters and storage kept.
            pub fn clear(&mut self) {
                self.guesses.clear();
                self.seen = 0;
                $(self.$count = 0;)?
            }

            /// Elements seen.
            pub const fn seen(&self) -> u64 {
                self.seen
            }

            /// The best that was found so far. There is no upper bound.
            pub const fn selection(&self) -> Selection<T> {
                let $crate::submodular::guesses::Answer { value, len, .. } = self.guesses.state.answer;
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
            /// the function has given something that is not finite, now or before, until [`clear`](Self::clear); `ThreeSieves`
            /// refuses the element instead.
            pub fn insert<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O, id: u32) -> Result<(), Error> {
                self.look(oracle, id, |sieve, id| sieve.sift(oracle, id))
            }

            fn look<O: PrefixOracle<T>>(
                &mut self,
                oracle: &O,
                id: u32,
                sift: impl FnOnce(&mut Self, usize) -> Result<(), Error>,
            ) -> Result<(), Error> {
                self.guesses.check_fault()?;
                self.guesses.check_oracle(oracle)?;
                let (index, limit) = (id as usize, D::LARGEST);
                if index >= oracle.elements() {
                    return Err(Error::NotFound { index });
                }
                if index > limit {
                    return Err(Error::Capacity { limit });
                }
                sift(self, index)?;
                self.seen += 1;
                self.guesses.state.ids = self.guesses.state.ids.max(index + 1);
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

use sieve;
