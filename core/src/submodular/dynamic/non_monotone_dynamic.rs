//! `NonMonotoneDynamic` keeps the best elements of a set that grows and shrinks, for a non-monotone objective.

use super::eager::{Chooses, Eager};
use super::slot_engine::{SlotEngine, slot_params};
use super::verbs::{Free, FreeParams, Objective};
use crate::base::params::{fraction, fraction_or_one, params, positive};
use crate::base::storage::{product, sum};
use crate::submodular::constraint::AtMost;
use crate::submodular::ladder::{Ladder, MOST_PARTS, doublings, guesses_in, ladder_steps};
use crate::submodular::meter::Meter;
use crate::submodular::slots::{Answer, Guesses, Layout, Memory};
use crate::submodular::{PrefixLen, PrefixOracle};
use crate::{Error, Id, Real, Rule};

params! {
    /// Parameters of [`NonMonotoneDynamic`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::submodular::{GraphCut, NonMonotoneDynamicParams};
    /// let params = NonMonotoneDynamicParams::new(34, 5, 0.2).prefix(GraphCut::prefix_len_of(34)).ladder_steps(1);
    /// assert_eq!((params.pushes(), params.storage_len(), params.index_len::<u8>()), (40, 698, 2842));
    /// ```
    #[derive(PartialEq)]
    pub struct NonMonotoneDynamicParams {
        /// `size` elements out of at most `capacity` at a time, with ids below that. An element that adds less than an
        /// `epsilon / (2 size)`-th of the largest value of one element is not chosen.
        new {
            /// Number of elements that there is room for.
            capacity: usize => positive,
            /// Number of elements chosen.
            size: usize => positive,
            /// The share of the guarantee that is given up for fewer guesses.
            epsilon: f64 => fraction,
        }
        /// Probability with which an element may be chosen at all. The guarantee needs `1 / (2 + sqrt 2)`, the default; larger ones
        /// usually find more.
        keep: f64 = 1.0 / (2.0 + core::f64::consts::SQRT_2) => fraction_or_one,
        /// Length of the state of the function for [`pushes`](Self::pushes) pushes: its
        /// [`prefix_len`](crate::submodular::GroundSet::prefix_len).
        prefix: PrefixLen = PrefixLen::NONE,
        /// Number of guesses that are kept, at least as many as the guarantee needs (default). A selection in storage of its own keeps
        /// all guesses, and begins with none.
        slots: Option<usize> = None,
        /// Guesses of the largest value in a doubling: 1, 2, 4 (default), 8 or 16.
        ladder_steps: u32 = 4 => ladder_steps,
    }
    refuse(params) {
        params.parts() > MOST_PARTS => epsilon: Rule::NOT_TOO_SMALL,
        params.slot_count() < params.needed() => slots: Rule::ENOUGH_GUESSES,
    }
    formulas(params) {
        /// Number of elements ever chosen one after the other, those replaced among them: `size (2 + log2(2 size / epsilon))`. Saturates.
        pub pushes: usize = product([params.size, sum([doublings(params.parts()), 2])]),
        /// Thresholds in a guess.
        parts: f64 = 2.0 * params.size as f64 / params.epsilon,
        needed: usize = guesses_in(doublings(params.parts()), params.ladder_steps),
        slot_count: usize = match params.slots { Some(slots) => slots, None => params.needed() },
        layout: Layout = Layout {
            capacity: params.capacity, size: params.pushes(), prefix: params.prefix, notes_changes: false, swaps: true
        },
    }
}

slot_params!(NonMonotoneDynamicParams, "size", Eager, false, |params, _ladder| T::constant(params.parts()));

/// Which elements of a set that grows and shrinks are worth most together, for a non-monotone objective?
///
/// An inserted element may be chosen with a probability of .29, and never otherwise. For guesses of the largest value of one element
/// there are levels of candidates with a uniformly random pivot each. Where `size` elements are chosen, another replaces the one that
/// has added least, if it adds at least `1 + sqrt 2` times as much.
///
/// # Guarantee
/// Every answer is worth at least `1 / (5.83 + epsilon)` of the best value in expectation, for any submodular function that is never
/// negative (Banihashem et al., NeurIPS 2025, for one matroid). There is no upper bound.
/// # Cost
/// An update takes about `k log(k / epsilon)` gains on average in each of `log_R(2 k / epsilon)` guesses, if the updates don't depend
/// on the answers; the state of the function is computed anew for every level. An answer takes `k` gains a guess, at once. Updates in
/// slices: [`poll`](SlotEngine::poll). State: see [`NonMonotoneDynamicParams::storage_len`].
/// # Randomness
/// One word of the caller's generator a call. The answer doesn't depend on the unit of the function: powers of two change no id.
/// # Merging
/// Not offered, as a pivot would have to be uniform among the candidates of both.
/// # When to use another
/// [`LazyDynamic`](crate::submodular::LazyDynamic) for a [`Monotone`](crate::submodular::Monotone) function: every element may be
/// chosen there, and the answer has a bound. [`RandomGreedy`](crate::submodular::RandomGreedy) if answers are rare.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{GraphCut, NonMonotoneDynamic, NonMonotoneDynamicParams};
/// // A star of five vertices, each of which may be chosen.
/// let oracle = GraphCut::new(&[0, 4, 5, 6, 7, 8], &[1, 2, 3, 4, 0, 0, 0, 0])?;
/// let params = NonMonotoneDynamicParams::new(5, 2, 0.2).prefix(GraphCut::prefix_len_of(5)).keep(1.0);
/// let mut best = NonMonotoneDynamic::<f32, u8, _, _>::new(params)?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// for id in 0..5 {
///     best.insert(&oracle, id, &mut rng)?;
/// }
/// assert_eq!(best.query(&oracle, &mut rng)?.value, 4.0);
/// best.delete(&oracle, 0, &mut rng)?;
/// assert_eq!(best.query(&oracle, &mut rng)?.value, 2.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub type NonMonotoneDynamic<T, D, S, I> = SlotEngine<NonMonotoneDynamicParams, T, D, S, I>;

impl Chooses for NonMonotoneDynamicParams {
    /// Computes the value of what every guess has chosen: given fewer elements, gains may be smaller than noted.
    fn choose<T: Real, D: Id, M: Memory<T, D>, O: PrefixOracle<T>>(
        &self,
        guesses: &mut Guesses<T, D, M>,
        meter: &mut Meter<'_, O>,
    ) {
        let mut best = (T::ZERO, i32::MIN);
        guesses.state.answer = Answer::NONE;
        for slot in 0..guesses.state.slots {
            let Some(number) = guesses.split().number(slot) else { continue };
            let len = guesses.split().copy_to_draft(slot);
            let (value, len) = guesses.value_of_draft(len, meter);
            if value > best.0 || value == best.0 && number < best.1 {
                best = (value, number);
                guesses.answer(value, value, len);
            }
        }
    }
}

impl FreeParams for NonMonotoneDynamicParams {}

/// Any submodular function, monotone or not.
impl<T: Real, O: PrefixOracle<T>> Objective<T, NonMonotoneDynamicParams> for O {}

impl Free for NonMonotoneDynamicParams {
    type Constraint<T: Real> = AtMost;

    fn constraint<T: Real>(&self) -> AtMost {
        AtMost { size: self.size, keep: self.keep }
    }
}
