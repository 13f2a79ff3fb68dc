//! `Dynamic` keeps the best elements of a set that grows and shrinks up to date at every change.

use super::eager::{Chooses, Eager};
use super::slot_engine::{Form, SlotEngine, slot_params};
use super::verbs::{CertifiedParams, Free, FreeParams};
use crate::base::params::{params, positive};
use crate::base::storage::product;
use crate::submodular::constraint::Anyone;
use crate::submodular::ladder::{Ladder, doublings_to, guesses_in, ladder_steps};
use crate::submodular::meter::Meter;
use crate::submodular::slots::{Answer, Guesses, Layout, Memory};
use crate::submodular::{PrefixLen, PrefixOracle};
use crate::{Error, Id, Kind, Real, Rule};

params! {
    /// Parameters of [`Dynamic`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::submodular::{Coverage, DynamicParams};
    /// let params = DynamicParams::new(32, 4).prefix(Coverage::prefix_len_of(100, 4)).ladder_steps(1);
    /// assert_eq!((params.storage_len(), params.index_len::<u8>()), (103, 1404));
    /// ```
    #[derive(PartialEq, Eq)]
    pub struct DynamicParams {
        /// `size` elements out of at most `capacity` at a time, with ids below that.
        new {
            /// Number of elements that there is room for.
            capacity: usize => positive,
            /// Number of elements chosen.
            size: usize => positive,
        }
        /// Length of the state of the function for `size` pushes: its [`prefix_len`](crate::submodular::GroundSet::prefix_len).
        prefix: PrefixLen = PrefixLen::NONE,
        /// Number of guesses that are kept, at least as many as the guarantee needs (default). More of them serve elements of small
        /// value when those of large value are deleted: guesses without a slot are then built from all elements. A selection in
        /// storage of its own keeps all guesses, and begins with none.
        slots: Option<usize> = None,
        /// Guesses in a doubling: 1, 2, 4 (default), 8 or 16. The more, the closer the guarantee is to a half of the best value, and the
        /// more an update costs.
        ladder_steps: u32 = 4 => ladder_steps,
    }
    refuse(params) { params.slot_count() < params.needed() => slots: Rule::ENOUGH_GUESSES }
    formulas(params) {
        /// Guesses from the largest value alive up to `(1 + ratio) size` times that, at most `3 size`.
        needed: usize = guesses_in(doublings_to(product([3, params.size])), params.ladder_steps),
        slot_count: usize = match params.slots { Some(slots) => slots, None => params.needed() },
        layout: Layout = Layout {
            capacity: params.capacity, size: params.size, prefix: params.prefix, notes_changes: false, swaps: false
        },
    }
}

slot_params!(DynamicParams, "size", Eager, true, |params, ladder| ladder.parts(params.size));

/// Which elements of a set that grows and shrinks are worth most together, with every guess up to date after every update?
///
/// It keeps the levels of [`LazyDynamic`](crate::submodular::LazyDynamic), and updates every guess that an element belongs to at
/// once. An answer only compares values that are there.
///
/// # Guarantee
/// That of [`LazyDynamic`](crate::submodular::LazyDynamic): every answer is worth at least `1 / (1 + R)` of the best value, and has an
/// upper bound.
/// # Cost
/// An update takes about a sixth of `G (k + 1) (2 + log2 k)` gains on average, with `G = log_R((1 + R) k) + 1` guesses an element
/// (Banihashem et al., SODA 2024), whatever the number of elements, if the updates don't depend on the answers. An answer takes none.
/// In slices: [`poll`](SlotEngine::poll). State: see [`DynamicParams::storage_len`].
/// # Randomness
/// One word of the caller's generator a call. The answer doesn't depend on the unit of the function: powers of two change no id.
/// # Merging
/// Not offered, as a pivot would have to be uniform among the candidates of both. [`absorb`](SlotEngine::absorb) inserts the elements of
/// another.
/// # Byte form
/// [`Wire`](crate::Wire): a copy continues to the same bits beside the same data, also in the middle of deferred work; see
/// [`verify`](SlotEngine::verify).
/// # When to use another
/// [`LazyDynamic`](crate::submodular::LazyDynamic) needs a third of the gains, unless answers must take no time at all.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{Coverage, Dynamic, DynamicParams, GroundSet};
/// let oracle = Coverage::new(&[0, 3, 5, 7], &[0, 1, 2, 2, 3, 3, 4], 5)?; // {0, 1, 2}, {2, 3}, {3, 4}
/// let mut best = Dynamic::<f32, u8, _, _>::new(DynamicParams::new(3, 2).prefix(oracle.prefix_len(2)))?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// for id in 0..3 {
///     best.insert(&oracle, id, &mut rng)?;
/// }
/// assert!(best.query(&oracle, &mut rng)?.value >= 4.0);
/// best.delete(&oracle, 0, &mut rng)?;
/// assert_eq!(best.query(&oracle, &mut rng)?.value, 3.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub type Dynamic<T, D, S, I> = SlotEngine<DynamicParams, T, D, S, I>;

impl Chooses for DynamicParams {
    /// The best of all guesses, with the bound that those which are not full prove.
    fn choose<T: Real, D: Id, M: Memory<T, D>, O: PrefixOracle<T>>(
        &self,
        guesses: &mut Guesses<T, D, M>,
        _: &mut Meter<'_, O>,
    ) {
        let largest = guesses.largest();
        let size = T::count(self.size as u64);
        let (mut bound, all) = (size * largest, self.size);
        let mut best: Option<(T, T, usize)> = None;
        let mut parts = guesses.split();
        for slot in 0..parts.slots() {
            let [guess, threshold, _] = parts.header(slot);
            if guess == T::ZERO {
                continue;
            }
            let (value, height) = parts.outcome(slot);
            if guess >= largest && height < all {
                bound = bound.min(value + size * threshold);
            }
            if best.is_none_or(|(before, lower, _)| value > before || value == before && guess < lower) {
                best = Some((value, guess, slot));
            }
        }
        let Some((value, _, slot)) = best else {
            guesses.state.answer = Answer::NONE;
            return;
        };
        let len = parts.copy_to_draft(slot);
        guesses.answer(value, bound, len);
    }
}

impl FreeParams for DynamicParams {}

impl CertifiedParams for DynamicParams {}

impl Free for DynamicParams {
    type Constraint<T: Real> = Anyone;

    fn constraint<T: Real>(&self) -> Anyone {
        Anyone
    }
}

impl Form for DynamicParams {
    const KIND: Kind = Kind::Dynamic;

    fn with_slots(self, slots: usize) -> Self {
        self.slots(slots)
    }

    fn fewest_slots(&self) -> usize {
        self.needed()
    }
}
