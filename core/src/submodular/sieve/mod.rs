//! Sieves: the best elements of an insert-only single pass, whose other elements need not be kept.

mod robust_cascade;
mod sieve_plus_plus;
mod sieve_streaming;
mod three_sieves;

pub use robust_cascade::RobustCascade;
pub use sieve_plus_plus::SievePlusPlus;
pub use sieve_streaming::SieveStreaming;
pub use three_sieves::{ThreeSieves, ThreeSievesParams};

use super::PrefixLen;
use super::ladder::{doublings_to, guesses_in, ladder_steps, ratio};
use super::slots::Layout;
use crate::base::params::{Params, params, positive};
use crate::base::storage::{is_addressable, product};
use crate::{Error, Id, Real, Rule};

params! {
    /// Parameters of the sieves.
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::submodular::{FacilityLocation, SieveParams};
    /// let params = SieveParams::new(8).prefix(FacilityLocation::<f32>::prefix_len_of(32, 8)).ladder_steps(1);
    /// // Guesses up to 16 times apart, powers of two.
    /// assert_eq!((params.storage_len(), params.index_len()), (2130, 232));
    /// ```
    #[derive(PartialEq, Eq)]
    pub struct SieveParams {
        /// `size` elements.
        new {
            /// Number of elements chosen.
            size: usize => positive,
        }
        /// Length of the state of the function for `size` pushes: its [`prefix_len`](super::GroundSet::prefix_len).
        prefix: PrefixLen = PrefixLen::NONE,
        /// Guesses in a doubling: 1, 2, 4 (default), 8 or 16. The more, the closer the guarantee is to a half of the best value, and the
        /// more an element costs.
        ladder_steps: u32 = 4 => ladder_steps,
    }
    refuse(params) {
        !is_addressable(params.storage_len().saturating_add(params.index_len())) => size: Rule::ADDRESSABLE,
    }
    formulas(params) {
        /// Scalars of storage. Saturates.
        pub storage_len: usize = params.layout().storage_len(params.slots()),
        /// Ids of storage. Saturates.
        // Nothing is noted in bits, so that the type of the ids doesn't matter.
        pub index_len: usize = params.layout().index_len(params.slots(), 1),
        /// Guesses from the largest value up to `2 size` times it.
        slots: usize = guesses_in(doublings_to(product([2, params.size])), params.ladder_steps),
        layout: Layout = Layout::of_chosen(params.size, params.prefix),
    }
    alike(params) {
        Size: params.size,
        LadderSteps: params.ladder_steps,
        Prefix: params.prefix.scalars,
        Prefix: params.prefix.indices,
        Prefix: params.prefix.scratch,
    }
}

impl SieveParams {
    #[allow(clippy::extra_unused_type_parameters, reason = "the shape of other sieves' parameters")]
    fn check<T: Real, D: Id>(&self) -> Result<(), Error> {
        Params::check(self)?;
        check_size::<D>(self.size)
    }
}

ratio!(SieveParams);

/// Refuses more elements than ids can number.
fn check_size<D: Id>(size: usize) -> Result<(), Error> {
    if size > D::LARGEST { Err(Error::Parameter { name: &"size", rule: Rule::WITHIN_IDS }) } else { Ok(()) }
}

/// What every sieve offers word for word; its field `guesses` holds the sieves.
macro_rules! sieve {
    ($name:ident, $params:ident $(, $count:ident)?) => {
        #[cfg(feature = "alloc")]
        #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
        impl<T: Real, D: Id> $name<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
            /// An empty sieve in storage of its own.
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
            /// An empty sieve in the storage given, whatever that holds.
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

            /// Forgets all elements, and keeps parameters and storage.
            pub fn clear(&mut self) {
                self.guesses.clear();
                self.seen = 0;
                $(self.$count = 0;)?
            }

            /// Number of elements seen.
            pub const fn seen(&self) -> u64 {
                self.seen
            }

            /// The best answer so far. It has no upper bound.
            pub const fn selection(&self) -> Selection<T> {
                let $crate::submodular::slots::Answer { value, len, .. } = self.guesses.state.answer;
                Selection { value, upper_bound: None, len, stale: false }
            }

            /// Ids of the best answer, in order of choice.
            pub fn selected(&self) -> &[D] {
                self.guesses.selected()
            }

            /// Visits an element; pass each once. Only the data of elements in a sieve are needed later: see
            /// [`is_kept`](Self::is_kept).
            ///
            /// # Errors
            /// [`Error::NotFound`] for an id that the function doesn't have, [`Error::Capacity`] for one too large for the type
            /// of ids; [`Error::NonFinite`], [`Error::Negative`] or [`Error::Scale`] for a value that is impossible or out of
            /// scale; [`Error::Storage`] for a function with a longer state. Nothing has changed then. [`Error::OracleFault`] if
            /// the function ever gave a gain that is not finite, until [`clear`](Self::clear); `ThreeSieves` refuses the element
            /// instead.
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

            /// Whether an element is in a sieve or in the answer. The data of any other element may be forgotten.
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
