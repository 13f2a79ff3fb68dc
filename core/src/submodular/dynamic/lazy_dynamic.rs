//! `LazyDynamic` finds the best elements of a set that grows and shrinks when an answer is asked for.

use super::lazy::{Lazy, Search, Searches};
use super::slot_engine::{Form, SlotEngine, slot_params};
use super::verbs::{CertifiedParams, Free, FreeParams};
use crate::base::params::{not_negative, params, positive};
use crate::submodular::PrefixLen;
use crate::submodular::constraint::Anyone;
use crate::submodular::ladder::{Ladder, ladder_steps};
use crate::submodular::slots::Layout;
use crate::{Error, Id, Kind, Real};

params! {
    /// Parameters of [`LazyDynamic`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::submodular::{FacilityLocation, LazyDynamicParams};
    /// // A window of 128 elements, 8 chosen, 32 exemplars.
    /// let prefix = FacilityLocation::<u8>::prefix_len_of(32, 8);
    /// let params = LazyDynamicParams::new(128, 8).prefix(prefix).slots(6).ladder_steps(2).extra_guesses(2);
    /// assert_eq!((params.storage_len(), params.index_len::<u8>()), (2258, 2746));
    /// ```
    #[derive(PartialEq)]
    pub struct LazyDynamicParams {
        /// `size` elements out of at most `capacity` at a time, with ids below that.
        new {
            /// Number of elements that there is room for.
            capacity: usize => positive,
            /// Number of elements chosen.
            size: usize => positive,
        }
        /// Length of the state of the function for `size` pushes: its [`prefix_len`](crate::submodular::GroundSet::prefix_len).
        prefix: PrefixLen = PrefixLen::NONE,
        /// Number of guesses that are kept (default 6). A guess without a slot takes that of the guess furthest from the answer, and is
        /// built from all elements. A selection in storage of its own keeps all guesses, and begins with none.
        slots: usize = 6 => positive,
        /// Guesses in a doubling: 1, 2, 4 (default), 8 or 16. The more, the closer the guarantee is to a half of the best value.
        ladder_steps: u32 = 4 => ladder_steps,
        /// Guesses tried above those that the guarantee needs (default 4).
        extra_guesses: u32 = 4,
        /// A guess is built from all elements if more than one in `rebuild_fraction` of its own have changed (default 4).
        rebuild_fraction: usize = 4 => positive,
        /// An answer whose elements are all alive stays until a better one is worth more than `1 + hysteresis` times as much (default
        /// 0). The guarantee shrinks by that factor.
        hysteresis: f64 = 0.0 => not_negative,
    }
    formulas(params) {
        slot_count: usize = params.slots,
        layout: Layout = Layout {
            capacity: params.capacity, size: params.size, prefix: params.prefix, notes_changes: true, swaps: false
        },
    }
}

slot_params!(LazyDynamicParams, "size", Lazy<T>, true, |params, ladder| ladder.parts(params.size));

/// Which elements of a set that grows and shrinks are worth most together, and how much of the best value is proven?
///
/// For guesses of the best value there are nested levels of candidates with a uniformly random pivot each (the cardinality algorithm
/// of Banihashem et al., SODA 2024). An update is only noted. An answer searches for the guess at which the levels stop filling up,
/// and brings only the guesses that it looks at up to date. `D` is the type of ids, `S` and `I` hold scalars and ids.
///
/// # Guarantee
/// For a monotone function every answer, whatever the updates, is worth at least `1 / (1 + R)` of the best value of any `size`
/// elements alive, `R` the [ratio](LazyDynamicParams::ratio) of guesses (.457 at the default). The
/// [`upper_bound`](crate::submodular::Selection::upper_bound) is at least that best value, and never more than `1 + R` times the answer's. Usually
/// the answer is worth .88 to .9 of what greedy finds, and .96 and more when polished. No algorithm with fast updates can guarantee
/// more than a half (Chen and Peng, STOC 2022).
/// # Cost
/// An insertion takes one gain, a deletion none. An answer takes about `8 k` gains on average for each update since the last,
/// whatever the number of elements, if the updates don't depend on the answers; if they do, up to `n (2 + log2 k)` a guess. In slices: [`poll`](SlotEngine::poll). State: see [`LazyDynamicParams::storage_len`].
/// # Randomness
/// One word of the caller's generator a call. The answer doesn't depend on the unit of the function: powers of two change no id.
/// # Merging
/// Not offered, as a pivot would have to be uniform among the candidates of both. [`absorb`](SlotEngine::absorb) inserts the elements of
/// another.
/// # Byte form
/// [`Wire`](crate::Wire): a copy continues to the same bits beside the same data, also in the middle of deferred work; see
/// [`verify`](SlotEngine::verify).
/// # When to use another
/// [`LazyGreedy`](crate::submodular::LazyGreedy) if more than a twentieth of the elements change between two answers.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{FacilityLocation, LazyDynamic, LazyDynamicParams};
/// const PARAMS: LazyDynamicParams =
///     LazyDynamicParams::new(4, 2).prefix(FacilityLocation::<f32>::prefix_len_of(3, 2)).slots(4);
/// let similarities = [0.9f32, 0.1, 0.0, 0.8, 0.2, 0.1, 0.0, 0.9, 0.1, 0.1, 0.0, 0.7]; // of four elements to three exemplars
/// let oracle = FacilityLocation::new(&similarities, 3)?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let storage = ([0.0f32; PARAMS.storage_len()], [0u8; PARAMS.index_len::<u8>()]);
/// let mut best = LazyDynamic::new_in(PARAMS, storage.0, storage.1)?;
/// for id in 0..4 {
///     best.insert(&oracle, id, &mut rng)?;
/// }
/// best.query(&oracle, &mut rng)?;
/// let answer = best.polish(&oracle)?;
/// assert!(answer.value >= 1.7 && answer.value <= answer.upper_bound.unwrap());
/// best.delete(&oracle, 0, &mut rng)?;
/// best.query(&oracle, &mut rng)?;
/// assert!(!best.selected().contains(&0));
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub type LazyDynamic<T, D, S, I> = SlotEngine<LazyDynamicParams, T, D, S, I>;

impl Searches for LazyDynamicParams {
    fn search(&self) -> Search {
        Search {
            size: self.size,
            extra_guesses: self.extra_guesses,
            rebuild_fraction: self.rebuild_fraction,
            hysteresis: self.hysteresis,
        }
    }
}

impl FreeParams for LazyDynamicParams {}

impl CertifiedParams for LazyDynamicParams {}

impl Free for LazyDynamicParams {
    type Constraint<T: Real> = Anyone;

    fn constraint<T: Real>(&self) -> Anyone {
        Anyone
    }
}

impl Form for LazyDynamicParams {
    const KIND: Kind = Kind::LazyDynamic;

    fn with_slots(self, slots: usize) -> Self {
        self.slots(slots)
    }

    /// One, for the guess that an answer looks at.
    fn fewest_slots(&self) -> usize {
        1
    }
}
