//! The best elements of a set that grows and shrinks, with at most so many of each group.

use super::eager::{Eager, Request};
use crate::stream::Progress;
use crate::submodular::admission::Within;
use crate::submodular::guesses::{Answer, Guesses, idle, readers};
use crate::submodular::ladder::{Ladder, MOST_PARTS, doublings, guesses_in};
use crate::submodular::matroid::has_room;
use crate::submodular::meter::Meter;
use crate::submodular::slots::Layout;
use crate::submodular::{Matroid, Monotone, PrefixLen, PrefixOracle, Selection};
use crate::{Error, Id, Real, Rule, Storage};
use rand_core::Rng;

/// Shape and knobs of [`PartitionDynamic`].
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{Coverage, PartitionDynamicParams};
/// let params = PartitionDynamicParams::new(32, 4, 0.2);
/// let params = params.prefix(Coverage::prefix_len_of(100, params.pushes())).ladder_steps(1);
/// assert_eq!((params.pushes(), params.storage_len(), params.index_len::<u8>()), (28, 474, 2543));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartitionDynamicParams {
    capacity: usize,
    rank: usize,
    epsilon: f64,
    prefix: PrefixLen,
    slots: Option<usize>,
    ladder_steps: u32,
}

impl PartitionDynamicParams {
    /// `rank` elements, the sum of all caps, out of at most `capacity` at a time, with ids below that. An element that adds less
    /// than an `epsilon / rank`-th of the largest value of one element is not taken. Guesses `2^(1/4)` apart, as many as the
    /// guarantee needs.
    pub const fn new(capacity: usize, rank: usize, epsilon: f64) -> Self {
        let prefix = PrefixLen { scalars: 0, indices: 0, scratch: 0 };
        Self { capacity, rank, epsilon, prefix, slots: None, ladder_steps: 4 }
    }

    /// Length of the state of the function for [`pushes`](Self::pushes) pushes: its [`prefix_len`](crate::submodular::GroundSet::prefix_len).
    #[must_use]
    pub const fn prefix(mut self, prefix: PrefixLen) -> Self {
        self.prefix = prefix;
        self
    }

    /// Guesses that are kept, at least as many as the guarantee needs. A summary in storage of its own keeps all guesses and begins
    /// with none.
    #[must_use]
    pub const fn slots(mut self, slots: usize) -> Self {
        self.slots = Some(slots);
        self
    }

    /// Guesses of the largest value in a doubling: 1, 2, 4, 8 or 16.
    #[must_use]
    pub const fn ladder_steps(mut self, steps: u32) -> Self {
        self.ladder_steps = steps;
        self
    }

    /// Elements that are ever chosen in a row: those replaced by others count too. `rank (2 + log2(rank / epsilon))`: what takes a
    /// place adds twice as much as what was there. Saturates.
    pub const fn pushes(&self) -> usize {
        self.rank.saturating_mul(doublings(self.parts()).saturating_add(2))
    }

    /// Scalars of storage. Saturates.
    pub const fn storage_len(&self) -> usize {
        self.layout().storage_len(self.slots_or_needed())
    }

    /// Ids of storage, of the type given. Saturates.
    pub const fn index_len<D: Id>(&self) -> usize {
        self.layout().index_len(self.slots_or_needed(), D::BITS)
    }

    /// The ratio of two guesses next to each other.
    ///
    /// # Errors
    /// [`Error::Parameter`] for steps that there are not.
    pub fn ratio(&self) -> Result<f64, Error> {
        Ladder::new(self.ladder_steps).map(Ladder::ratio)
    }

    /// Thresholds in a guess.
    const fn parts(&self) -> f64 {
        self.rank as f64 / self.epsilon
    }

    const fn slots_or_needed(&self) -> usize {
        match self.slots {
            Some(slots) => slots,
            None => self.needed(),
        }
    }

    const fn needed(&self) -> usize {
        guesses_in(doublings(self.parts()), self.ladder_steps)
    }

    const fn layout(&self) -> Layout {
        let (capacity, size, prefix) = (self.capacity, self.pushes(), self.prefix);
        Layout { capacity, size, prefix, notes_changes: false, swaps: true }
    }

    fn check<D: Id>(&self) -> Result<(), Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        let len = self.storage_len().saturating_add(self.index_len::<D>());
        Ladder::new(self.ladder_steps)?;
        match () {
            () if self.capacity == 0 => fail(&"capacity", Rule::POSITIVE),
            () if self.rank == 0 => fail(&"rank", Rule::POSITIVE),
            () if !(self.epsilon > 0.0 && self.epsilon < 1.0) => fail(&"epsilon", Rule::FRACTION),
            () if self.parts() > MOST_PARTS => fail(&"epsilon", Rule::NOT_TOO_SMALL),
            () if self.slots_or_needed() < self.needed() => fail(&"slots", Rule::ENOUGH_GUESSES),
            () if self.capacity > D::LARGEST => fail(&"capacity", Rule::WITHIN_IDS),
            () if self.pushes() > D::LARGEST => fail(&"rank", Rule::WITHIN_IDS),
            () if !crate::base::storage::is_addressable(len) => fail(&"capacity", Rule::ADDRESSABLE),
            () => Ok(()),
        }
    }
}

/// Which elements of a set that grows and shrinks are worth most together, with at most so many of each group, or in another
/// [matroid](Matroid)?
///
/// The levels of [`Dynamic`](crate::submodular::Dynamic): where a group is full, an element takes the place of the one of its group
/// that has added least, if it adds at least twice as much. Guesses are of the largest value of one element.
///
/// # Guarantee
/// At every answer at least `(1 - epsilon R) / 4` of the best value within the caps, `R` the
/// [ratio](PartitionDynamicParams::ratio) of guesses, whatever the updates, for a function that is monotone (the matroid algorithm
/// of Banihashem et al., SODA 2024). Usually about .9 of what greedy within the caps finds. There is no upper bound.
/// # Cost
/// An update: on average a fraction of `G k log2(k / epsilon)` gains, `G` the guesses of an element, `log_R(k / epsilon)`, whatever
/// the number of elements, if the updates don't depend on the answers. An answer: `k` gains. In slices: [`poll`](Self::poll).
/// State: see [`PartitionDynamicParams::storage_len`].
/// # Randomness
/// One word of the caller's generator for each call. The answer doesn't depend on the unit of the function: powers of two change
/// no id.
/// # Merging
/// Not offered: a pivot would have to be uniform among the candidates of both.
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
#[derive(Clone, Debug)]
pub struct PartitionDynamic<T, D, S, I> {
    params: PartitionDynamicParams,
    eager: Eager<T, D, S, I>,
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<T: Real, D: Id> PartitionDynamic<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
    /// Nothing there yet, in storage of its own, which grows with the number of guesses; the slots of the parameters count for
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range.
    pub fn new(params: PartitionDynamicParams) -> Result<Self, Error> {
        params.check::<D>()?;
        let scale = (Ladder::new(params.ladder_steps)?, T::constant(params.parts()));
        Ok(Self { params, eager: Eager::new(Guesses::new(params.layout(), scale)?) })
    }
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> PartitionDynamic<T, D, S, I> {
    /// Nothing there yet, in the storage given, whatever is in it.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the storage has not as many scalars as
    /// [`storage_len`](PartitionDynamicParams::storage_len) says, or not as many ids as
    /// [`index_len`](PartitionDynamicParams::index_len).
    pub fn new_in(params: PartitionDynamicParams, storage: S, indices: I) -> Result<Self, Error> {
        params.check::<D>()?;
        let scale = (Ladder::new(params.ladder_steps)?, T::constant(params.parts()));
        let guesses = Guesses::new_in(params.layout(), scale, params.slots_or_needed(), (storage, indices))?;
        Ok(Self { params, eager: Eager::new(guesses) })
    }

    /// The parameters.
    pub const fn params(&self) -> &PartitionDynamicParams {
        &self.params
    }

    /// Back to nothing there, with parameters and storage kept.
    pub fn clear(&mut self) {
        self.eager.clear();
    }

    readers!(self, self.eager.guesses);
    idle!(self, self.eager.request);

    /// The last answer.
    pub const fn selection(&self) -> Selection<T> {
        Selection { upper_bound: None, ..self.eager.guesses.selection() }
    }

    /// Takes an element in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id that the function or the matroid doesn't have; [`Error::Capacity`] for one beyond the
    /// capacity, for a matroid beyond the rank, and while a request waits for [`poll`](Self::poll); [`Error::AlreadyPresent`] for one
    /// alive; [`Error::NonFinite`], [`Error::Negative`] or [`Error::Scale`] for a value that is impossible or out of scale;
    /// [`Error::Storage`] for a function with a longer state.
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

    /// Lets an element go. Asks the function about the others only: its data may be gone already.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one that is not alive, or a matroid that has lost elements; [`Error::Capacity`] for a matroid
    /// beyond the rank, and while a request waits for [`poll`](Self::poll); [`Error::Storage`] for a function with a longer state.
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
    /// As [`delete`](Self::delete); [`Error::OracleFault`] if the function has given something that is not finite before: the
    /// answer is one that was possible, until [`clear`](Self::clear).
    pub fn query<O: PrefixOracle<T> + Monotone, M: Matroid, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        matroid: &M,
        rng: &mut R,
    ) -> Result<Selection<T>, Error> {
        self.check_matroid(matroid)?;
        self.eager.query(oracle, rng)?;
        let guesses = &mut self.eager.guesses;
        match guesses.best() {
            None => guesses.state.answer = Answer::NONE,
            Some((_, _, slot)) => {
                let mut meter = Meter::unlimited(oracle);
                let len = guesses.split().copy_to_draft(slot);
                let (value, len) = guesses.value_of_draft(len, &mut meter);
                guesses.answer(value, value, len);
                guesses.state.fault = guesses.state.fault.or(meter.fault);
            }
        }
        self.eager.guesses.check_fault()?;
        Ok(self.selection())
    }

    /// [`insert`](Self::insert), to be done by [`poll`](Self::poll), which tells of a value that is refused.
    ///
    /// # Errors
    /// As there.
    pub fn insert_deferred<O: PrefixOracle<T> + Monotone, M: Matroid, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        matroid: &M,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_matroid(matroid)?;
        if id as usize >= matroid.elements() {
            return Err(Error::NotFound { index: id as usize });
        }
        self.eager.insert_deferred(oracle, id, rng)
    }

    /// [`delete`](Self::delete), to be done by [`poll`](Self::poll). The element leaves the answer at once.
    ///
    /// # Errors
    /// As there.
    pub fn delete_deferred<O: PrefixOracle<T> + Monotone, M: Matroid, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        matroid: &M,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_matroid(matroid)?;
        self.eager.delete_deferred(oracle, id, rng)
    }

    /// Works on what was asked for with at most `budget` gains. The answer before stays readable until it is done. Any number of
    /// calls end in the state of the verb that does all at once.
    ///
    /// # Errors
    /// Those of the verb that was put off: the request is then over.
    pub fn poll<O: PrefixOracle<T> + Monotone, M: Matroid>(
        &mut self,
        oracle: &O,
        matroid: &M,
        budget: u64,
    ) -> Result<Progress, Error> {
        self.check_matroid(matroid)?;
        if let Some(Request::Insert { id, .. }) = self.eager.request
            && id >= matroid.elements()
        {
            self.eager.request = None;
            return Err(Error::NotFound { index: id });
        }
        self.eager.poll(oracle, &Within(matroid), budget)
    }

    /// Greedy within the caps over all that any guess has ever chosen and has not lost, if that is better. Right after
    /// [`query`](Self::query); a stale answer stays as it is.
    ///
    /// # Errors
    /// As `query`.
    pub fn polish<O: PrefixOracle<T> + Monotone, M: Matroid>(
        &mut self,
        oracle: &O,
        matroid: &M,
    ) -> Result<Selection<T>, Error> {
        self.check_idle()?;
        self.check_matroid(matroid)?;
        let has_room = |chosen: &[D], id: D| has_room::<T, D>(matroid, chosen, id);
        self.eager.guesses.polish(oracle, has_room)?;
        Ok(self.selection())
    }

    /// Recomputes what must hold of every guess. For tests, and for functions that may not be submodular.
    ///
    /// # Errors
    /// [`Error::BoundViolated`] with a gain on the wrong side of the threshold: the function, as computed, is not submodular.
    /// [`Error::Corrupt`] for a state that can't be.
    pub fn check<O: PrefixOracle<T>, M: Matroid>(&mut self, oracle: &O, matroid: &M) -> Result<(), Error> {
        self.check_idle()?;
        self.check_matroid(matroid)?;
        self.eager.guesses.check(oracle, &Within(matroid))
    }

    fn check_matroid<M: Matroid>(&self, matroid: &M) -> Result<(), Error> {
        match () {
            () if matroid.rank() > self.params.rank => Err(Error::Capacity { limit: self.params.rank }),
            () if matroid.elements() < self.eager.guesses.state.ids => {
                Err(Error::NotFound { index: matroid.elements() })
            }
            () => Ok(()),
        }
    }
}
