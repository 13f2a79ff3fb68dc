//! `PartitionDynamic` keeps the best elements of a set that grows and shrinks, under a matroid constraint.

use super::eager::{Chooses, Eager};
use super::slot_engine::{SlotEngine, slot_params};
use crate::base::params::{fraction, params, positive};
use crate::base::storage::{product, sum};
use crate::stream::{Deferred, Progress};
use crate::submodular::constraint::Within;
use crate::submodular::ladder::{Ladder, MOST_PARTS, doublings, guesses_in, ladder_steps};
use crate::submodular::matroid::has_room;
use crate::submodular::meter::Meter;
use crate::submodular::slots::{Answer, Guesses, Layout, Memory};
use crate::submodular::{Matroid, Monotone, PrefixLen, PrefixOracle, Selection};
use crate::{Error, Id, Real, Rule, Storage};
use rand_core::Rng;

params! {
    /// Parameters of [`PartitionDynamic`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::submodular::{Coverage, PartitionDynamicParams};
    /// let params = PartitionDynamicParams::new(32, 4, 0.2);
    /// let params = params.prefix(Coverage::prefix_len_of(100, params.pushes())).ladder_steps(1);
    /// assert_eq!((params.pushes(), params.storage_len(), params.index_len::<u8>()), (28, 474, 2543));
    /// ```
    #[derive(PartialEq)]
    pub struct PartitionDynamicParams {
        /// `rank` elements, the sum of all caps, out of at most `capacity` at a time, with ids below that. An element that adds less
        /// than an `epsilon / rank`-th of the largest value of one element is not chosen.
        new {
            /// Number of elements that there is room for.
            capacity: usize => positive,
            /// The largest number of elements chosen: the rank of the matroid.
            rank: usize => positive,
            /// The share of the guarantee that is given up for fewer guesses.
            epsilon: f64 => fraction,
        }
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
        /// Number of elements ever chosen one after the other, those replaced among them: `rank (2 + log2(rank / epsilon))`, as an element
        /// adds at least twice as much as the one that it replaces. Saturates.
        pub pushes: usize = product([params.rank, sum([doublings(params.parts()), 2])]),
        /// Thresholds in a guess.
        parts: f64 = params.rank as f64 / params.epsilon,
        needed: usize = guesses_in(doublings(params.parts()), params.ladder_steps),
        slot_count: usize = match params.slots { Some(slots) => slots, None => params.needed() },
        layout: Layout = Layout {
            capacity: params.capacity, size: params.pushes(), prefix: params.prefix, notes_changes: false, swaps: true
        },
    }
}

slot_params!(PartitionDynamicParams, "rank", Eager, false, |params, _ladder| T::constant(params.parts()));

/// Which elements of a set that grows and shrinks are worth most together, with at most a number of each group or within another
/// [matroid](Matroid)?
///
/// It keeps levels as [`Dynamic`](crate::submodular::Dynamic) does. Where a group is full, an element replaces the one of its group
/// that has added least, if it adds at least twice as much. The guesses are of the largest value of one element.
///
/// # Guarantee
/// For a monotone function every answer, whatever the updates, is worth at least `(1 - epsilon R) / 4` of the best value within the
/// matroid, `R` the [ratio](PartitionDynamicParams::ratio) of guesses (the matroid algorithm of Banihashem et al., SODA 2024).
/// Usually it is worth about .9 of what greedy finds there. There is no upper bound.
/// # Cost
/// An update takes a fraction of `G k log2(k / epsilon)` gains on average, with `G = log_R(k / epsilon)` guesses an element, whatever
/// the number of elements, if the updates don't depend on the answers. An answer takes `k` gains. In slices: [`poll`](SlotEngine::poll).
/// State: see [`PartitionDynamicParams::storage_len`].
/// # Randomness
/// One word of the caller's generator a call. The answer doesn't depend on the unit of the function: powers of two change no id.
/// # Merging
/// Not offered, as a pivot would have to be uniform among the candidates of both.
/// # When to use another
/// [`PartitionGreedy`](crate::submodular::PartitionGreedy) if answers are rare.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{FacilityLocation, GroundSet, Partition, PartitionDynamic, PartitionDynamicParams};
/// let oracle = FacilityLocation::new(&[0.9f32, 0.0, 0.8, 0.0, 0.0, 0.5], 2)?; // three elements, two exemplars
/// let partition = Partition::new(&[0u8, 0, 1], &[1, 1])?; // one of the first two, and the third
/// let params = PartitionDynamicParams::new(3, partition.rank(), 0.1);
/// let mut best = PartitionDynamic::<f32, u8, _, _>::new(params.prefix(oracle.prefix_len(params.pushes())))?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// for id in 0..3 {
///     best.insert(&oracle, &partition, id, &mut rng)?;
/// }
/// assert!(best.query(&oracle, &partition, &mut rng)?.value >= 1.3);
/// assert_eq!(best.selected().len(), 2);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub type PartitionDynamic<T, D, S, I> = SlotEngine<PartitionDynamicParams, T, D, S, I>;

impl Chooses for PartitionDynamicParams {
    /// Makes the choice that is worth most the answer, with its value computed without the elements that were replaced.
    fn choose<T: Real, D: Id, M: Memory<T, D>, O: PrefixOracle<T>>(
        &self,
        guesses: &mut Guesses<T, D, M>,
        meter: &mut Meter<'_, O>,
    ) {
        guesses.state.answer = Answer::NONE;
        if let Some((_, _, slot)) = guesses.best() {
            let len = guesses.split().copy_to_draft(slot);
            let (value, len) = guesses.value_of_draft(len, meter);
            guesses.answer(value, value, len);
        }
    }
}

/// The verbs of [`PartitionDynamic`], which take the matroid beside the function.
impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> PartitionDynamic<T, D, S, I> {
    /// Inserts an element.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id that the function or the matroid doesn't have; [`Error::Capacity`] for an id beyond the
    /// capacity, and for a matroid beyond the rank; [`Error::AlreadyPresent`] for an element alive; [`Error::NonFinite`],
    /// [`Error::Negative`] or [`Error::Scale`] for a value that is impossible or out of scale; [`Error::Storage`] for a function
    /// with a longer state; [`Error::Pending`] while work is left.
    pub fn insert<O: PrefixOracle<T> + Monotone, M: Matroid, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        matroid: &M,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.insert_deferred(oracle, matroid, id, rng)?;
        self.poll(oracle, matroid, u64::MAX).map(|_| ())
    }

    /// Deletes an element. Asks the function about other elements only: the data of this one may be gone already.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an element that is not alive, or a matroid that has lost elements; [`Error::Capacity`] for a matroid
    /// beyond the rank; [`Error::Storage`] for a function with a longer state; [`Error::Pending`] while work is left.
    pub fn delete<O: PrefixOracle<T> + Monotone, M: Matroid, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        matroid: &M,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.delete_deferred(oracle, matroid, id, rng)?;
        self.poll(oracle, matroid, u64::MAX).map(|_| ())
    }

    /// Answers.
    ///
    /// # Errors
    /// As [`delete`](Self::delete); [`Error::OracleFault`] if the function ever gave a gain that is not finite: the answer is then
    /// one that was possible, until [`clear`](Self::clear).
    pub fn query<O: PrefixOracle<T> + Monotone, M: Matroid, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        matroid: &M,
        rng: &mut R,
    ) -> Result<Selection<T>, Error> {
        self.query_deferred(oracle, matroid, rng)?;
        Ok(self.selection())
    }

    /// [`insert`](Self::insert), left to [`poll`](Self::poll), which reports a value that is refused.
    ///
    /// # Errors
    /// As `insert`.
    pub fn insert_deferred<O: PrefixOracle<T> + Monotone, M: Matroid, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        matroid: &M,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        let within = self.within(matroid)?;
        self.begin_insert(oracle, &within, id, rng)
    }

    /// [`delete`](Self::delete), left to [`poll`](Self::poll). The element leaves the answer at once.
    ///
    /// # Errors
    /// As `delete`.
    pub fn delete_deferred<O: PrefixOracle<T> + Monotone, M: Matroid, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        matroid: &M,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.within(matroid)?;
        self.begin_delete(oracle, id, rng)
    }

    /// [`query`](Self::query), which leaves nothing to [`poll`](Self::poll).
    ///
    /// # Errors
    /// As `query`.
    pub fn query_deferred<O: PrefixOracle<T> + Monotone, M: Matroid, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        matroid: &M,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.within(matroid)?;
        self.begin_query(oracle, rng)
    }

    /// Does deferred work with at most `budget` gains. The last answer stays readable until the work is done. Any number of polls
    /// ends in the state of the verb that does all at once.
    ///
    /// # Errors
    /// Those of the verb that was deferred: nothing of it is left then.
    pub fn poll<O: PrefixOracle<T> + Monotone, M: Matroid>(
        &mut self,
        oracle: &O,
        matroid: &M,
        budget: u64,
    ) -> Result<Progress, Error> {
        let within = self.within(matroid)?;
        self.work(oracle, &within, budget)
    }

    /// Improves the last answer by greedy within the matroid over all elements that any guess has ever chosen and still has. Call it
    /// right after [`query`](Self::query); a stale answer stays as it is.
    ///
    /// # Errors
    /// As `query`.
    pub fn polish<O: PrefixOracle<T> + Monotone, M: Matroid>(
        &mut self,
        oracle: &O,
        matroid: &M,
    ) -> Result<Selection<T>, Error> {
        self.check_idle()?;
        self.within(matroid)?;
        let has_room = |chosen: &[D], id: D| has_room::<T, D>(matroid, chosen, id);
        self.guesses.polish(oracle, has_room)?;
        Ok(self.selection())
    }

    /// Recomputes what must hold of every guess. For tests, and for functions that may not be submodular.
    ///
    /// # Errors
    /// [`Error::BoundViolated`] with a gain on the wrong side of the threshold: the function, as computed, is not submodular.
    /// [`Error::Corrupt`] for a state that is impossible; [`Error::Pending`] while work is left.
    pub fn check<O: PrefixOracle<T>, M: Matroid>(&mut self, oracle: &O, matroid: &M) -> Result<(), Error> {
        self.check_idle()?;
        let within = self.within(matroid)?;
        self.guesses.check(oracle, &within)
    }

    /// The constraint of a matroid that is within the rank and has lost no elements.
    fn within<'m, M: Matroid>(&self, matroid: &'m M) -> Result<Within<'m, M>, Error> {
        match () {
            () if matroid.rank() > self.params.rank => Err(Error::Capacity { limit: self.params.rank }),
            () if matroid.elements() < self.guesses.state.ids => Err(Error::NotFound { index: matroid.elements() }),
            () => Ok(Within(matroid)),
        }
    }
}

/// The context is the function and the matroid: `Deferred::poll(&mut best, &(&oracle, &matroid), budget)`.
impl<'c, T: Real, D: Id, S: Storage<T>, I: Storage<D>, O: PrefixOracle<T> + Monotone, M: Matroid>
    Deferred<(&'c O, &'c M)> for PartitionDynamic<T, D, S, I>
{
    fn poll(&mut self, &(oracle, matroid): &(&'c O, &'c M), budget: u64) -> Result<Progress, Error> {
        self.poll(oracle, matroid, budget)
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }
}
