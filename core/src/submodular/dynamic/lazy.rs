//! The best elements of a set that grows and shrinks, brought up to date when asked for.

use crate::random::keyed::{Coins, Domain};
use crate::stream::Progress;
use crate::submodular::admission::Anyone;
use crate::submodular::guesses::{Answer, Guesses, certified, idle, readers};
use crate::submodular::ladder::Ladder;
use crate::submodular::levels::Step;
use crate::submodular::meter::{Exhausted, Meter};
use crate::submodular::slots::{Layout, eligible};
use crate::submodular::{Monotone, PrefixLen, PrefixOracle, Selection};
use crate::{Error, Id, Real, Rule, Storage};
use rand_core::Rng;

/// Shape and knobs of [`LazyDynamic`].
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, LazyDynamicParams};
/// // A window of 128 elements, 8 chosen, 32 exemplars.
/// let prefix = FacilityLocation::<u8>::prefix_len_of(32, 8);
/// let params = LazyDynamicParams::new(128, 8).prefix(prefix).slots(6).ladder_steps(2).extra_guesses(2);
/// assert_eq!((params.storage_len(), params.index_len::<u8>()), (2258, 2746));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LazyDynamicParams {
    pub(super) capacity: usize,
    pub(super) size: usize,
    pub(super) prefix: PrefixLen,
    pub(super) slots: usize,
    pub(super) ladder_steps: u32,
    pub(super) extra_guesses: u32,
    pub(super) rebuild_fraction: usize,
    pub(super) hysteresis: f64,
}

impl LazyDynamicParams {
    /// `size` elements out of at most `capacity` at a time, with ids below that. Six slots, guesses `2^(1/4)` apart, four extra
    /// guesses, levels built anew where a quarter has changed, no hysteresis.
    pub const fn new(capacity: usize, size: usize) -> Self {
        Self {
            capacity,
            size,
            prefix: PrefixLen { scalars: 0, indices: 0, scratch: 0 },
            slots: 6,
            ladder_steps: 4,
            extra_guesses: 4,
            rebuild_fraction: 4,
            hysteresis: 0.0,
        }
    }

    /// Length of the state of the function for `size` pushes: its [`prefix_len`](crate::submodular::GroundSet::prefix_len).
    #[must_use]
    pub const fn prefix(mut self, prefix: PrefixLen) -> Self {
        self.prefix = prefix;
        self
    }

    /// Guesses that are kept. One that there is no room for takes the place of the one furthest from the answer, and is built from
    /// all elements. A summary in storage of its own keeps all guesses and begins with none.
    #[must_use]
    pub const fn slots(mut self, slots: usize) -> Self {
        self.slots = slots;
        self
    }

    /// Guesses in a doubling: 1, 2, 4, 8 or 16. The more, the closer the guarantee to a half of the best value.
    #[must_use]
    pub const fn ladder_steps(mut self, steps: u32) -> Self {
        self.ladder_steps = steps;
        self
    }

    /// Guesses that are tried above those that the guarantee needs.
    #[must_use]
    pub const fn extra_guesses(mut self, guesses: u32) -> Self {
        self.extra_guesses = guesses;
        self
    }

    /// A guess is built from all elements where more than one in so many of its own has changed.
    #[must_use]
    pub const fn rebuild_fraction(mut self, divisor: usize) -> Self {
        self.rebuild_fraction = divisor;
        self
    }

    /// An answer all of whose elements are still there stays until a better one is worth more than `1 + hysteresis` times as
    /// much. The guarantee shrinks by that factor.
    #[must_use]
    pub const fn hysteresis(mut self, hysteresis: f64) -> Self {
        self.hysteresis = hysteresis;
        self
    }

    /// Scalars of storage. Saturates.
    pub const fn storage_len(&self) -> usize {
        self.layout().storage_len(self.slots)
    }

    /// Ids of storage, of the type given. Saturates.
    pub const fn index_len<D: Id>(&self) -> usize {
        self.layout().index_len(self.slots, D::BITS)
    }

    /// The ratio of two guesses next to each other.
    ///
    /// # Errors
    /// [`Error::Parameter`] for steps that there are not.
    pub fn ratio(&self) -> Result<f64, Error> {
        Ladder::new(self.ladder_steps).map(Ladder::ratio)
    }

    pub(super) const fn layout(&self) -> Layout {
        Layout { capacity: self.capacity, size: self.size, prefix: self.prefix, notes_changes: true, swaps: false }
    }

    pub(super) fn check<D: Id>(&self) -> Result<(), Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        let len = self.storage_len().saturating_add(self.index_len::<D>());
        Ladder::new(self.ladder_steps)?;
        match () {
            () if self.capacity == 0 => fail(&"capacity", Rule::POSITIVE),
            () if self.size == 0 => fail(&"size", Rule::POSITIVE),
            () if self.slots == 0 => fail(&"slots", Rule::POSITIVE),
            () if self.rebuild_fraction == 0 => fail(&"rebuild_fraction", Rule::POSITIVE),
            () if !(self.hysteresis.is_finite() && self.hysteresis >= 0.0) => fail(&"hysteresis", Rule::NOT_NEGATIVE),
            () if self.capacity > D::LARGEST => fail(&"capacity", Rule::WITHIN_IDS),
            () if !crate::base::storage::is_addressable(len) => fail(&"capacity", Rule::ADDRESSABLE),
            () => Ok(()),
        }
    }
}

/// Which elements of a set that grows and shrinks are worth most together, and how much is proven of it?
///
/// For guesses of the best value, levels of candidates with a uniformly random pivot each (the cardinality algorithm of
/// Banihashem et al., SODA 2024). An update only notes what has changed; an answer looks for the guess at which the levels stop
/// filling up, and brings just the guesses that it looks at up to date. `D` is the type of ids, `S` and `I` hold scalars and ids.
///
/// # Guarantee
/// At every answer, whatever the updates: at least `1 / (1 + R)` of the best value of any `size` elements alive, `R` the
/// [ratio](LazyDynamicParams::ratio) of guesses (.457 at the default), for a function that is monotone; and
/// [`upper_bound`](Selection::upper_bound) is at least that best value, never more than `1 + R` times the answer's. Usually .88
/// to .9 of what greedy finds, polished .96 and more. No algorithm with fast updates can promise more than a half (Chen and Peng,
/// STOC 2022).
/// # Cost
/// An update: one gain for an element that comes, none for one that goes. An answer: on average about `8 k` gains for each update
/// since the last, whatever the number of elements, if the updates don't depend on the answers; if they do, up to
/// `n (2 + log2 k)` a guess. In slices: [`poll`](Self::poll). State: see [`LazyDynamicParams::storage_len`].
/// # Randomness
/// One word of the caller's generator for each call. The answer doesn't depend on the unit of the function: powers of two change
/// no id.
/// # Merging
/// Not offered: a pivot would have to be uniform among the candidates of both. [`absorb`](Self::absorb) takes in the elements of
/// another.
/// # Byte form
/// [`Wire`](crate::Wire): goes on to the same bits beside the same data, also from the middle of a request; see
/// [`verify`](Self::verify).
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
#[derive(Clone, Debug)]
pub struct LazyDynamic<T, D, S, I> {
    pub(super) params: LazyDynamicParams,
    pub(super) guesses: Guesses<T, D, S, I>,
    /// The highest full guess at the last answer, below one that was not.
    pub(super) crossing: Option<i32>,
    pub(super) request: Option<Request<T>>,
}

/// What was asked for and is not done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request<T> {
    Insert { id: usize },
    Query(Query<T>),
}

/// An answer on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<T> {
    /// The generator's word, the number of guesses looked at before, and the coins of the one that is looked at.
    pub(super) coins: Coins,
    /// Full and not full.
    pub(super) low: i32,
    pub(super) high: i32,
    /// The guess that is looked at.
    pub(super) probe: i32,
    /// Extra guesses looked at; none while the search goes on.
    pub(super) extras: u32,
    pub(super) stage: Stage,
    pub(super) step: Step,
    pub(super) best: Option<(T, i32, usize)>,
    pub(super) bound: T,
    pub(super) largest: T,
}

/// What is being done to a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing yet.
    Open,
    /// Nothing yet: it has just been given a slot.
    Fresh,
    /// Its levels are built from all elements.
    Building,
    /// Those that have gone are out; levels are repaired, and those that have come, from an id on, enter.
    Entering { from: usize },
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<T: Real, D: Id> LazyDynamic<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
    /// Nothing there yet, in storage of its own, which grows with the number of guesses; the slots of the parameters count for
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range.
    pub fn new(params: LazyDynamicParams) -> Result<Self, Error> {
        params.check::<D>()?;
        let ladder = Ladder::new(params.ladder_steps)?;
        let guesses = Guesses::new(params.layout(), (ladder, ladder.parts(params.size)))?;
        Ok(Self { params, guesses, crossing: None, request: None })
    }
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> LazyDynamic<T, D, S, I> {
    /// Nothing there yet, in the storage given, whatever is in it.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the storage has not as many scalars as
    /// [`storage_len`](LazyDynamicParams::storage_len) says, or not as many ids as [`index_len`](LazyDynamicParams::index_len).
    pub fn new_in(params: LazyDynamicParams, storage: S, indices: I) -> Result<Self, Error> {
        params.check::<D>()?;
        let ladder = Ladder::new(params.ladder_steps)?;
        let scale = (ladder, ladder.parts(params.size));
        let guesses = Guesses::new_in(params.layout(), scale, params.slots, (storage, indices))?;
        Ok(Self { params, guesses, crossing: None, request: None })
    }

    /// The parameters.
    pub const fn params(&self) -> &LazyDynamicParams {
        &self.params
    }

    /// Back to nothing there, with parameters and storage kept.
    pub fn clear(&mut self) {
        self.guesses.clear();
        (self.crossing, self.request) = (None, None);
    }

    readers!(self, self.guesses);
    idle!(self, self.request);
    certified!(self, self.guesses);

    /// Takes an element in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id that the function doesn't have; [`Error::Capacity`] for one beyond the capacity, and while a
    /// request waits for [`poll`](Self::poll); [`Error::AlreadyPresent`] for one alive; [`Error::NonFinite`], [`Error::Negative`] or
    /// [`Error::Scale`] for a value that is impossible or out of scale; [`Error::Storage`] for a function with a longer state.
    pub fn insert<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.insert_deferred(oracle, id, rng)?;
        self.poll(oracle, u64::MAX).map(|_| ())
    }

    /// Lets an element go. Asks the function for nothing: its data may be gone already.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one that is not alive; [`Error::Capacity`] while a request waits for [`poll`](Self::poll).
    pub fn delete<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        let _ = oracle;
        self.check_idle()?;
        self.guesses.check_alive(id)?;
        // A word a call, whichever it is: another mix of calls doesn't shift what follows.
        rng.next_u64();
        let value = self.guesses.dismiss(id as usize);
        self.note(id as usize, value, true);
        Ok(())
    }

    /// Brings guesses up to date and answers.
    ///
    /// # Errors
    /// [`Error::Capacity`] while a request waits for [`poll`](Self::poll); [`Error::Storage`] for a function with a longer state;
    /// [`Error::NotFound`] with the number of elements of a function that has lost ids; [`Error::OracleFault`] if the function has
    /// given something that is not finite, now or before: the answer is one that was possible, until [`clear`](Self::clear).
    pub fn query<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<Selection<T>, Error> {
        self.query_deferred(oracle, rng)?;
        self.poll(oracle, u64::MAX)?;
        Ok(self.selection())
    }

    /// [`insert`](Self::insert), to be done by [`poll`](Self::poll), which tells of a value that is refused.
    ///
    /// # Errors
    /// As there.
    pub fn insert_deferred<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        self.guesses.check_newcomer(oracle, id)?;
        rng.next_u64();
        self.request = Some(Request::Insert { id: id as usize });
        Ok(())
    }

    /// [`delete`](Self::delete), which has nothing to put off.
    ///
    /// # Errors
    /// As there.
    pub fn delete_deferred<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.delete(oracle, id, rng)
    }

    /// [`query`](Self::query), to be done by [`poll`](Self::poll).
    ///
    /// # Errors
    /// As there.
    pub fn query_deferred<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        self.guesses.check_fault()?;
        let seed = rng.next_u64();
        let largest = self.guesses.largest();
        if largest == T::ZERO {
            self.guesses.state.answer = Answer::NONE;
            return Ok(());
        }
        let (low, high) = self.bracket(largest);
        let probe = self.crossing.map_or(low + (high - low) / 2, |crossing| crossing.clamp(low + 1, high - 1));
        self.request = Some(Request::Query(Query {
            coins: Coins::new(seed, Domain::Guess, 0),
            low,
            high,
            probe,
            extras: 0,
            stage: Stage::Open,
            step: Step::Done,
            best: None,
            bound: T::count(self.params.size as u64) * largest,
            largest,
        }));
        Ok(())
    }

    /// Takes in all elements of another selection over the same function, with ids of their own: two catalogues become one. Not a
    /// merge of states: what the other has chosen counts for nothing, and its elements come as if they were new; their values are
    /// taken from it, so that a gain an element is saved.
    ///
    /// # Errors
    /// [`Error::AlreadyPresent`] with an element that is in both; [`Error::Capacity`] for one beyond the capacity, and while a
    /// request waits in either; [`Error::NotFound`] for one that the function doesn't have; [`Error::Storage`] for a function with
    /// a longer state; [`Error::Scale`] for a value out of scale for as many elements as are chosen here. Nothing is changed then.
    pub fn absorb<O: PrefixOracle<T> + Monotone, E: Id, X: Storage<T>, Y: Storage<E>, R: Rng + ?Sized>(
        &mut self,
        other: &LazyDynamic<T, E, X, Y>,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        other.check_idle()?;
        self.guesses.check_newcomers(oracle, other.guesses.alive())?;
        rng.next_u64();
        for (id, value) in other.guesses.alive() {
            self.guesses.adopt(id, value);
            self.note(id, value, false);
        }
        Ok(())
    }

    /// Works on what was asked for with at most `budget` gains. The answer before stays readable until it is done. Any number of
    /// calls end in the state of the verb that does all at once.
    ///
    /// # Errors
    /// Those of the verb that was put off: the request is then over.
    pub fn poll<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O, budget: u64) -> Result<Progress, Error> {
        let Some(request) = self.request else { return Ok(Progress::Done) };
        if budget == 0 {
            return Ok(Progress::Pending);
        }
        self.guesses.check_oracle(oracle)?;
        self.request = None;
        let mut meter = Meter::new(oracle, budget);
        match request {
            Request::Insert { id } => {
                #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
                self.guesses.check_newcomer(oracle, id as u32)?;
                let value = self.guesses.admit(id, oracle, true)?;
                self.note(id, value, false);
            }
            Request::Query(mut query) => {
                let outcome = self.work(&mut query, &mut meter);
                self.guesses.state.fault = self.guesses.state.fault.or(meter.fault);
                if !outcome? {
                    self.request = Some(Request::Query(query));
                    return Ok(Progress::Pending);
                }
                self.guesses.check_fault()?;
            }
        }
        Ok(Progress::Done)
    }

    /// The best value lies between that of one element and of as many as are chosen: a guess below, and one above.
    pub(super) fn bracket(&self, largest: T) -> (i32, i32) {
        let most = T::count(self.params.size as u64) * largest;
        (self.guesses.ladder.at_least(largest) - 1, self.guesses.ladder.at_least(most) + 1)
    }

    /// Notes a change in every guess that the element belongs to.
    fn note(&mut self, id: usize, value: T, has_gone: bool) {
        let mut parts = self.guesses.split();
        for slot in 0..parts.slots() {
            let [guess, threshold, _] = parts.header(slot);
            if threshold <= value && value <= guess && guess > T::ZERO {
                parts.slot(slot).changes.note(id, has_gone);
            }
        }
    }

    /// Goes on with an answer; whether it is there.
    fn work<O: PrefixOracle<T>>(&mut self, query: &mut Query<T>, meter: &mut Meter<'_, O>) -> Result<bool, Error> {
        let top = self.guesses.ladder.highest_for(query.largest, self.guesses.parts);
        loop {
            let slot = if let Some(slot) = self.guesses.find(query.probe) {
                slot
            } else {
                query.stage = Stage::Fresh;
                self.open(query.probe)?
            };
            if self.bring_up_to_date(slot, query, meter).is_err() {
                return Ok(false);
            }
            let is_full = self.look(slot, query);
            query.coins = query.coins.next();
            query.stage = Stage::Open;
            if query.extras == 0 {
                let (before, probe) = (query.probe, query.coins.first == 1);
                if is_full {
                    query.low = before;
                } else {
                    query.high = before;
                }
                if query.high - query.low > 1 {
                    // From one answer to the next the crossing hardly moves: its neighbour comes first.
                    query.probe = match (probe, is_full) {
                        (true, true) => before + 1,
                        (true, false) => before - 1,
                        (false, _) => query.low + (query.high - query.low) / 2,
                    };
                    continue;
                }
                self.crossing = Some(query.low);
                query.probe = query.high;
            }
            if query.extras == self.params.extra_guesses || query.probe >= top {
                self.finish(query);
                return Ok(true);
            }
            query.extras += 1;
            query.probe += 1;
        }
    }

    /// A slot for a guess that has none, if need be that of the guess furthest from the last answer, the higher one of two.
    fn open(&mut self, number: i32) -> Result<usize, Error> {
        let crossing = self.crossing.unwrap_or(number);
        self.guesses.open(number, |guesses| {
            let furthest = guesses.numbers().max_by_key(|&(_, number)| (number.abs_diff(crossing), number));
            furthest.map_or(0, |(slot, _)| slot)
        })
    }

    /// Takes what has changed into a guess, or builds it from all elements if that is much.
    fn bring_up_to_date<O: PrefixOracle<T>>(
        &mut self,
        slot: usize,
        query: &mut Query<T>,
        meter: &mut Meter<'_, O>,
    ) -> Result<(), Exhausted> {
        let divisor = self.params.rebuild_fraction;
        let mut parts = self.guesses.split();
        let (mut slot, values) = parts.slot_and_values(slot);
        if matches!(query.stage, Stage::Open | Stage::Fresh) {
            let is_much = slot.changes.count() > (slot.levels.members() / divisor).max(4);
            query.stage = if is_much || query.stage == Stage::Fresh {
                let ids = eligible(values, slot.levels.threshold, slot.guess());
                query.step = slot.levels.fill(ids, &mut query.coins, meter.oracle);
                slot.changes.clear();
                Stage::Building
            } else {
                let (mut lowest, mut from) = (None, 0);
                while let Some(id) = slot.changes.next(from) {
                    if slot.changes.has_gone(id) && slot.levels.contains(id) {
                        let level = slot.levels.remove(id);
                        lowest = [lowest, level].into_iter().flatten().min();
                    }
                    from = id + 1;
                }
                slot.changes.forget_gone();
                if let Some(level) = lowest {
                    query.step = slot.levels.build(level, None, &mut query.coins, meter.oracle);
                }
                Stage::Entering { from: 0 }
            };
        }
        loop {
            slot.levels.advance(&mut query.step, &mut query.coins, meter, &Anyone)?;
            let Stage::Entering { from } = query.stage else { return Ok(()) };
            let Some(id) = slot.changes.next(from) else {
                slot.changes.clear();
                return Ok(());
            };
            query.stage = Stage::Entering { from: id + 1 };
            if slot.is_for(values[id]) && !slot.levels.contains(id) {
                query.step = slot.levels.enter(id);
            }
        }
    }

    /// Takes note of what a guess that is up to date has found; whether it is full.
    fn look(&mut self, slot: usize, query: &mut Query<T>) -> bool {
        let size = T::count(self.params.size as u64);
        let mut parts = self.guesses.split();
        let levels = parts.slot(slot).levels;
        let (value, is_full, len) = (levels.value(), levels.is_full(), levels.height());
        if !is_full {
            let bound = value + size * levels.threshold;
            query.bound = if bound < query.bound { bound } else { query.bound };
        }
        let is_better =
            query.best.is_none_or(|(best, number, _)| value > best || value == best && query.probe < number);
        if is_better {
            query.best = Some((value, query.probe, len));
            parts.copy_to_draft(slot);
        }
        is_full
    }

    fn finish(&mut self, query: &Query<T>) {
        let Some((value, _, len)) = query.best else { return };
        let before = self.guesses.state.answer;
        let keeps = self.params.hysteresis > 0.0
            && before.intact
            && before.len > 0
            && value < (T::ONE + T::constant(self.params.hysteresis)) * before.value;
        if keeps {
            self.guesses.state.answer = Answer { bound: query.bound, stale: false, ..before };
        } else {
            self.guesses.answer(value, query.bound, len);
        }
    }
}
