//! The best elements of a set that grows and shrinks, where one too many makes things worse.

use crate::random::keyed::{Coins, Domain, unit, word};
use crate::submodular::admission::AtMost;
use crate::submodular::guesses::{Answer, Guesses, readers};
use crate::submodular::ladder::{Ladder, MOST_PARTS, doublings, guesses_in};
use crate::submodular::levels::Levels;
use crate::submodular::meter::Meter;
use crate::submodular::slots::{Layout, eligible};
use crate::submodular::{PrefixLen, PrefixOracle, Selection};
use crate::{Error, Id, Real, Rule, Storage};
use rand_core::Rng;

/// Shape and knobs of [`NonMonotoneDynamic`].
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{GraphCut, NonMonotoneDynamicParams};
/// let params = NonMonotoneDynamicParams::new(34, 5, 0.2).prefix(GraphCut::prefix_len_of(34)).ladder_steps(1);
/// assert_eq!((params.pushes(), params.storage_len(), params.index_len::<u8>()), (40, 698, 2842));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonMonotoneDynamicParams {
    capacity: usize,
    size: usize,
    epsilon: f64,
    keep: f64,
    prefix: PrefixLen,
    slots: Option<usize>,
    ladder_steps: u32,
}

impl NonMonotoneDynamicParams {
    /// `size` elements out of at most `capacity` at a time, with ids below that. An element that adds less than an
    /// `epsilon / (2 size)`-th of the largest value of one element is not taken. Guesses `2^(1/4)` apart, as many as the guarantee
    /// needs.
    pub const fn new(capacity: usize, size: usize, epsilon: f64) -> Self {
        let (keep, prefix) =
            (1.0 / (2.0 + core::f64::consts::SQRT_2), PrefixLen { scalars: 0, indices: 0, scratch: 0 });
        Self { capacity, size, epsilon, keep, prefix, slots: None, ladder_steps: 4 }
    }

    /// Length of the state of the function for [`pushes`](Self::pushes) pushes: its [`prefix_len`](crate::submodular::GroundSet::prefix_len).
    #[must_use]
    pub const fn prefix(mut self, prefix: PrefixLen) -> Self {
        self.prefix = prefix;
        self
    }

    /// Probability with which an element that comes may be chosen at all; `1 / (2 + sqrt 2)` if nothing is said, which the guarantee
    /// needs. Larger ones usually find more.
    #[must_use]
    pub const fn keep(mut self, probability: f64) -> Self {
        self.keep = probability;
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

    /// Elements that are ever chosen in a row: those replaced by others count too. `size (2 + log2(2 size / epsilon))`. Saturates.
    pub const fn pushes(&self) -> usize {
        self.size.saturating_mul(doublings(self.parts()).saturating_add(2))
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
        2.0 * self.size as f64 / self.epsilon
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
            () if self.size == 0 => fail(&"size", Rule::POSITIVE),
            () if !(self.epsilon > 0.0 && self.epsilon < 1.0) => fail(&"epsilon", Rule::FRACTION),
            () if self.parts() > MOST_PARTS => fail(&"epsilon", Rule::NOT_TOO_SMALL),
            () if !(self.keep > 0.0 && self.keep <= 1.0) => fail(&"keep", Rule::FRACTION),
            () if self.slots_or_needed() < self.needed() => fail(&"slots", Rule::ENOUGH_GUESSES),
            () if self.capacity > D::LARGEST => fail(&"capacity", Rule::WITHIN_IDS),
            () if self.pushes() > D::LARGEST => fail(&"size", Rule::WITHIN_IDS),
            () if !crate::base::storage::is_addressable(len) => fail(&"capacity", Rule::ADDRESSABLE),
            () => Ok(()),
        }
    }
}

/// Which elements of a set that grows and shrinks are worth most together, if one too many makes things worse?
///
/// An element that comes is kept with a probability of .29, or can't be chosen. Of those kept, levels of candidates with a
/// uniformly random pivot each, for guesses of the largest value of one element; where `size` are chosen, an element takes the place
/// of the one that has added least, if it adds at least `1 + sqrt 2` times as much.
///
/// # Guarantee
/// At every answer at least `1 / (5.83 + epsilon)` of the best value in expectation, for any submodular function that is never
/// negative (Banihashem et al., NeurIPS 2025, for one matroid). There is no upper bound.
/// # Cost
/// An update: on average some `k log(k / epsilon)` gains a guess, `log_R(2 k / epsilon)` guesses, if the updates don't depend on the
/// answers; the state of the function is built anew for every level. An answer: `k` gains a guess. All at once, not in
/// slices. State: see
/// [`NonMonotoneDynamicParams::storage_len`].
/// # Randomness
/// One word of the caller's generator for each call. The answer doesn't depend on the unit of the function: powers of two change
/// no id.
/// # Merging
/// Not offered: a pivot would have to be uniform among the candidates of both.
/// # When to use another
/// [`LazyDynamic`](crate::submodular::LazyDynamic) for a function that is [`Monotone`](crate::submodular::Monotone): all elements count there, and the
/// answer comes with a bound. [`RandomGreedy`](crate::submodular::RandomGreedy) if answers are rare.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{GraphCut, NonMonotoneDynamic, NonMonotoneDynamicParams};
/// // A star of five vertices, of which every one may be chosen.
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
#[derive(Clone, Debug)]
pub struct NonMonotoneDynamic<T, D, S, I> {
    params: NonMonotoneDynamicParams,
    guesses: Guesses<T, D, S, I>,
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<T: Real, D: Id> NonMonotoneDynamic<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
    /// Nothing there yet, in storage of its own, which grows with the number of guesses; the slots of the parameters count for
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range.
    pub fn new(params: NonMonotoneDynamicParams) -> Result<Self, Error> {
        params.check::<D>()?;
        let scale = (Ladder::new(params.ladder_steps)?, T::constant(params.parts()));
        Ok(Self { params, guesses: Guesses::new(params.layout(), scale)? })
    }
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> NonMonotoneDynamic<T, D, S, I> {
    /// Nothing there yet, in the storage given, whatever is in it.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the storage has not as many scalars as
    /// [`storage_len`](NonMonotoneDynamicParams::storage_len) says, or not as many ids as
    /// [`index_len`](NonMonotoneDynamicParams::index_len).
    pub fn new_in(params: NonMonotoneDynamicParams, storage: S, indices: I) -> Result<Self, Error> {
        params.check::<D>()?;
        let scale = (Ladder::new(params.ladder_steps)?, T::constant(params.parts()));
        let guesses = Guesses::new_in(params.layout(), scale, params.slots_or_needed(), (storage, indices))?;
        Ok(Self { params, guesses })
    }

    /// The parameters.
    pub const fn params(&self) -> &NonMonotoneDynamicParams {
        &self.params
    }

    /// Back to nothing there, with parameters and storage kept.
    pub fn clear(&mut self) {
        self.guesses.clear();
    }

    readers!(self, self.guesses);

    /// The last answer.
    pub const fn selection(&self) -> Selection<T> {
        Selection { upper_bound: None, ..self.guesses.selection() }
    }

    /// Takes an element in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id that the function doesn't have; [`Error::Capacity`] for one beyond the capacity;
    /// [`Error::AlreadyPresent`] for one alive; [`Error::NonFinite`], [`Error::Negative`] or [`Error::Scale`] for a value that is
    /// impossible or out of scale; [`Error::Storage`] for a function with a longer state.
    pub fn insert<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.guesses.check_oracle(oracle)?;
        self.guesses.check_newcomer(oracle, id)?;
        let (seed, id) = (rng.next_u64(), id as usize);
        let is_kept = unit::<f64>(word(seed, Domain::Coin, 0)) < self.params.keep;
        let value = self.guesses.admit(id, oracle, is_kept)?;
        self.guesses.give_up_lowest();
        let (low, high) = self.guesses.range_of(value);
        let mut meter = Meter::unlimited(oracle);
        for (number, rank) in (low..=high).zip(0..) {
            let slot = self.guesses.find_or_open(number, oracle)?;
            let mut coins = Coins::new(seed, Domain::Guess, rank);
            let mut parts = self.guesses.split();
            let mut tower =
                Tower { levels: parts.slot(slot).levels, room: AtMost(self.params.size), meter: &mut meter };
            tower.enter(id, &mut coins);
        }
        self.guesses.state.fault = self.guesses.state.fault.or(meter.fault);
        Ok(())
    }

    /// Lets an element go. Asks the function about the others only: its data may be gone already.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one that is not alive; [`Error::Storage`] for a function with a longer state.
    pub fn delete<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.guesses.check_oracle(oracle)?;
        self.guesses.check_alive(id)?;
        let (seed, id) = (rng.next_u64(), id as usize);
        let before = self.guesses.lowest_kept();
        let value = self.guesses.dismiss(id);
        let (low, high) = self.guesses.range_of(value);
        let fill = self.guesses.lowest_kept().zip(before).filter(|(now, before)| now < before);
        let (room, mut meter, mut rank) = (AtMost(self.params.size), Meter::unlimited(oracle), 0);
        for number in low..=high {
            let Some(slot) = self.guesses.find(number) else { continue };
            let mut parts = self.guesses.split();
            let mut own = parts.slot(slot);
            if own.levels.contains(id)
                && let Some(level) = own.levels.remove(id)
            {
                Tower { levels: own.levels.reborrow(), room, meter: &mut meter }.build(
                    level,
                    None,
                    &mut Coins::new(seed, Domain::Guess, rank),
                );
            }
            if own.levels.members() == 0 {
                own.release();
            }
            rank += 1;
        }
        let (low, high) = fill.map_or((0, -1), |(now, before)| (now, before - 1));
        for number in low..=high {
            if !self.guesses.has_any_for(number) {
                continue;
            }
            let slot = self.guesses.find_or_open(number, oracle)?;
            let mut parts = self.guesses.split();
            let (mut own, values) = parts.slot_and_values(slot);
            let ids = eligible(values, own.levels.threshold, own.guess());
            own.levels.refill(ids, oracle);
            Tower { levels: own.levels, room, meter: &mut meter }.build(
                1,
                None,
                &mut Coins::new(seed, Domain::Guess, rank),
            );
            rank += 1;
        }
        self.guesses.state.fault = self.guesses.state.fault.or(meter.fault);
        Ok(())
    }

    /// Answers.
    ///
    /// # Errors
    /// [`Error::Storage`] for a function with a longer state; [`Error::NotFound`] with the number of elements of a function that
    /// has lost ids; [`Error::OracleFault`] if the function has given something that is not finite, now or before: the answer is
    /// one that was possible, until [`clear`](Self::clear).
    pub fn query<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<Selection<T>, Error> {
        self.guesses.check_oracle(oracle)?;
        // A word a call, whichever it is: another mix of calls doesn't shift what follows.
        rng.next_u64();
        let (mut meter, mut best) = (Meter::unlimited(oracle), (T::ZERO, i32::MIN));
        self.guesses.state.answer = Answer::NONE;
        for slot in 0..self.guesses.state.slots {
            let Some(number) = self.guesses.split().number(slot) else { continue };
            let len = self.guesses.split().copy_to_draft(slot);
            let (value, len) = self.guesses.value_of_draft(len, &mut meter);
            if value > best.0 || value == best.0 && number < best.1 {
                best = (value, number);
                self.guesses.answer(value, value, len);
            }
        }
        self.guesses.state.fault = self.guesses.state.fault.or(meter.fault);
        self.guesses.check_fault()?;
        Ok(self.selection())
    }

    /// Recomputes what must hold of every guess. For tests.
    ///
    /// # Errors
    /// [`Error::BoundViolated`] with a gain on the wrong side of the threshold; [`Error::Corrupt`] for a state that can't be.
    pub fn check<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
        self.guesses.check_oracle(oracle)?;
        let room = AtMost(self.params.size);
        self.guesses.check_each(|levels| {
            Tower { levels: levels.reborrow(), room, meter: &mut Meter::unlimited(oracle) }.check()
        })
    }
}

/// Levels whose gains are given what is there after each push, without those whose place was taken: they may rise again, and the
/// state of the function is built from level to level.
struct Tower<'m, 'l, 'o, T, D, O> {
    levels: Levels<'l, T, D>,
    room: AtMost,
    meter: &'m mut Meter<'o, O>,
}

impl<T: Real, D: Id, O: PrefixOracle<T>> Tower<'_, '_, '_, T, D, O> {
    /// Whether the pivot of a level is there after so many pushes.
    fn stays(&self, level: usize, pushes: usize) -> bool {
        !(1..=pushes).contains(&self.levels.left[level].to_usize())
    }

    /// How many are there after so many pushes.
    fn count(&self, pushes: usize) -> usize {
        (1..=pushes).filter(|&level| self.stays(level, pushes)).count()
    }

    /// Makes the state of the function that after so many pushes.
    fn load(&mut self, pushes: usize) {
        self.meter.oracle.truncate(&mut self.levels.prefix, 0);
        for level in 1..=pushes {
            self.follow(level);
        }
    }

    /// Brings the state of the function from that before a push to that after it.
    fn follow(&mut self, push: usize) {
        let replaced = (1..push).find(|&level| self.levels.left[level].to_usize() == push);
        let mut size = self.count(push - 1);
        if let Some(replaced) = replaced {
            // Those before the one replaced stay where they are.
            size = (1..replaced).filter(|&level| self.stays(level, push)).count();
            self.meter.oracle.truncate(&mut self.levels.prefix, size);
            for level in replaced + 1..push {
                if self.stays(level, push) {
                    let id = self.levels.pivots[level].to_usize();
                    self.meter.oracle.push(&mut self.levels.prefix, size, id);
                    size += 1;
                }
            }
        }
        let id = self.levels.pivots[push].to_usize();
        self.meter.oracle.push(&mut self.levels.prefix, size, id);
    }

    /// The gain of an element given what is there after so many pushes, whose state is loaded.
    fn gain(&mut self, pushes: usize, id: usize) -> T {
        let size = self.count(pushes);
        self.meter.gain(&mut self.levels.prefix, size, id).unwrap_or(T::ZERO)
    }

    fn admits(&mut self, pushes: usize, id: usize) -> bool {
        let gain = self.gain(pushes, id);
        self.levels.admits(&self.room, pushes, id, gain)
    }

    /// Takes an element in that is outside.
    fn enter(&mut self, id: usize, coins: &mut Coins) {
        self.levels.enter(id);
        self.load(0);
        for level in 1..=self.levels.height() {
            #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
            let candidates = (self.levels.members() - self.levels.start_of(level)) as u32;
            // One of so many is the pivot: the newcomer with the probability of each.
            if coins.below(candidates) == 0 {
                return self.build(level, Some(id), coins);
            }
            self.follow(level);
            if level == self.levels.size() || !self.admits(level, id) {
                return;
            }
            self.levels.promote(id, level);
        }
        self.build(self.levels.height() + 1, Some(id), coins);
    }

    /// Builds the levels from one on anew; the pivot of the first is perhaps given.
    fn build(&mut self, first: usize, mut pivot: Option<usize>, coins: &mut Coins) {
        let members = self.levels.members();
        self.levels.forget_pivots(first);
        self.load(first - 1);
        for level in first..=self.levels.size() {
            let base = self.levels.start_of(level);
            if base == members {
                break;
            }
            #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
            let place = match pivot.take() {
                Some(id) => self.levels.place[id].to_usize(),
                None => base + coins.below((members - base) as u32) as usize,
            };
            self.levels.swap_places(base, place);
            let id = self.levels.order[base].to_usize();
            let gain = self.gain(level - 1, id);
            let replaced = self.levels.replaces(&self.room, level - 1, id);
            self.levels.note_pivot(id, gain, replaced);
            self.levels.depth[id] = D::from_usize(level);
            self.follow(level);
            // Those that belong to the next level gather at the end.
            let (mut at, mut border) = (base + 1, members);
            while at < border {
                let id = self.levels.order[at].to_usize();
                if level < self.levels.size() && self.admits(level, id) {
                    border -= 1;
                    self.levels.swap_places(at, border);
                } else {
                    self.levels.depth[id] = D::from_usize(level);
                    at += 1;
                }
            }
            self.levels.start[level + 1] = D::from_usize(border);
        }
        let height = self.levels.height();
        self.levels.start[height.max(first - 1) + 1..].fill(D::from_usize(members));
    }

    fn check(&mut self) -> Result<(), Error> {
        self.levels.check_places()?;
        let (members, height) = (self.levels.members(), self.levels.height());
        self.load(0);
        for level in 1..=height.min(self.levels.size() - 1) {
            self.follow(level);
            for at in 0..members {
                let id = self.levels.order[at].to_usize();
                let depth = self.levels.depth[id].to_usize();
                let is_pivot = depth == level && self.levels.pivots[level].to_usize() == id;
                if depth < level || is_pivot {
                    continue;
                }
                let gain = self.gain(level, id);
                if self.levels.admits(&self.room, level, id, gain) != (depth > level) {
                    let bound = self.levels.threshold.as_f64();
                    return Err(Error::BoundViolated { value: gain.as_f64(), bound });
                }
            }
        }
        Ok(())
    }
}
