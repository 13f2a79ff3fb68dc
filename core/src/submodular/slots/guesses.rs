//! The state of a selection in slots: the elements alive and their values, the guesses, and the last answer.

use super::layout::{Layout, Parts, SlotView, eligible};
use crate::submodular::constraint::Constraint;
use crate::submodular::greedy::{check_prefix, lazily};
use crate::submodular::ladder::{Ladder, check_value};
use crate::submodular::meter::Meter;
use crate::submodular::{Guess, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};
use core::marker::PhantomData;

/// Storage of scalars and of ids.
pub(crate) trait Memory<T, D> {
    fn read(&self) -> (&[T], &[D]);
    fn write(&mut self) -> (&mut [T], &mut [D]);
}

impl<T, D, S: Storage<T>, I: Storage<D>> Memory<T, D> for (S, I) {
    fn read(&self) -> (&[T], &[D]) {
        (self.0.as_ref(), self.1.as_ref())
    }

    fn write(&mut self) -> (&mut [T], &mut [D]) {
        (self.0.as_mut(), self.1.as_mut())
    }
}

/// Extends storage to a number of scalars and ids.
pub(crate) type Grow<M> = fn(&mut M, usize, usize) -> Result<(), Error>;

#[derive(Clone, Debug)]
pub(crate) struct Guesses<T, D, M> {
    pub(crate) layout: Layout,
    pub(crate) ladder: Ladder,
    /// A guess over its threshold.
    pub(crate) parts: T,
    pub(crate) state: State<T>,
    storage: M,
    /// `None` for storage of a fixed length.
    grow: Option<Grow<M>>,
    id: PhantomData<D>,
}

/// The part of the state that is not in storage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State<T> {
    pub(crate) slots: usize,
    pub(crate) live: usize,
    /// One more than the largest id that was ever inserted.
    pub(crate) ids: usize,
    /// The largest value of an element alive, if it is known.
    pub(crate) largest: Option<T>,
    pub(crate) answer: Answer<T>,
    /// The first element for which the function gave a gain that is not finite.
    pub(crate) fault: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    pub(crate) bound: T,
    pub(crate) len: usize,
    pub(crate) stale: bool,
    /// Whether all its elements are still alive.
    pub(crate) intact: bool,
}

impl<T: Real> Answer<T> {
    /// The answer of an empty set.
    pub(crate) const NONE: Self = Self { value: T::ZERO, bound: T::ZERO, len: 0, stale: false, intact: true };
}

#[cfg(feature = "alloc")]
impl<T: Real, D: Id> Guesses<T, D, (alloc::vec::Vec<T>, alloc::vec::Vec<D>)> {
    /// In storage of its own, without any slot yet.
    pub(crate) fn new(layout: Layout, scale: (Ladder, T)) -> Result<Self, Error> {
        let (scalars, ids) = (layout.storage_len(0), layout.index_len(0, D::BITS));
        let storage = crate::base::storage::Allocated::allocate(scalars, ids)?;
        Ok(Self::assemble(layout, scale, 0, storage, Some(crate::base::storage::Allocated::extend)))
    }
}

impl<T: Real, D: Id, M: Memory<T, D>> Guesses<T, D, M> {
    /// In the storage given, whatever that holds.
    pub(crate) fn new_in(layout: Layout, scale: (Ladder, T), slots: usize, storage: M) -> Result<Self, Error> {
        Self::with_growth(layout, scale, slots, storage, None)
    }

    /// In the storage given, with a way to extend it.
    pub(crate) fn with_growth(
        layout: Layout,
        scale: (Ladder, T),
        slots: usize,
        storage: M,
        grow: Option<Grow<M>>,
    ) -> Result<Self, Error> {
        let lens = [
            (layout.storage_len(slots), storage.read().0.len()),
            (layout.index_len(slots, D::BITS), storage.read().1.len()),
        ];
        match lens.into_iter().find(|(needed, got)| needed != got) {
            Some((needed, got)) => Err(Error::Storage { needed, got }),
            None => Ok(Self::assemble(layout, scale, slots, storage, grow)),
        }
    }

    fn assemble(layout: Layout, (ladder, parts): (Ladder, T), slots: usize, storage: M, grow: Option<Grow<M>>) -> Self {
        let state = State { slots, live: 0, ids: 0, largest: None, answer: Answer::NONE, fault: None };
        let mut guesses = Self { layout, ladder, parts, state, storage, grow, id: PhantomData };
        guesses.clear();
        guesses
    }

    pub(crate) fn clear(&mut self) {
        let slots = self.state.slots;
        self.state = State { slots, live: 0, ids: 0, largest: None, answer: Answer::NONE, fault: None };
        let (scalars, ids) = self.storage.write();
        scalars.fill(T::ZERO);
        ids.fill(D::default());
        self.split().values.fill(-T::ONE);
    }

    pub(crate) fn split(&mut self) -> Parts<'_, T, D> {
        let (scalars, ids) = self.storage.write();
        self.layout.split(self.state.slots, scalars, ids)
    }

    fn scalars(&self) -> &[T] {
        self.storage.read().0
    }

    fn ids(&self) -> &[D] {
        self.storage.read().1
    }

    /// Whether the number of slots grows with that of guesses.
    pub(crate) const fn is_growing(&self) -> bool {
        self.grow.is_some()
    }

    pub(crate) fn held(&self) -> (usize, usize) {
        (self.storage.read().0.len(), self.storage.read().1.len())
    }

    /// A slot, to be read.
    pub(crate) fn view(&self, slot: usize) -> SlotView<'_, T, D> {
        self.layout.view(slot, self.scalars(), self.ids())
    }

    pub(crate) fn draft(&self) -> &[D] {
        &self.ids()[self.layout.size..2 * self.layout.size]
    }

    pub(crate) fn value(&self, id: usize) -> T {
        self.scalars()[id]
    }

    pub(crate) fn is_alive(&self, id: u32) -> bool {
        (id as usize) < self.layout.capacity && self.value(id as usize) >= T::ZERO
    }

    pub(crate) const fn selection(&self, has_bound: bool) -> Selection<T> {
        let Answer { value, bound, len, stale, .. } = self.state.answer;
        Selection { value, upper_bound: if has_bound { Some(bound) } else { None }, len, stale }
    }

    pub(crate) fn selected(&self) -> &[D] {
        &self.ids()[..self.state.answer.len]
    }

    pub(crate) fn guess(&self, number: i32) -> Option<Guess<'_, T, D>> {
        let view = self.view(self.find(number)?);
        Some(Guess { threshold: view.threshold, pivots: view.pivots(), members: view.members() })
    }

    /// The guess whose choice is worth most, and among equal ones the lowest: a lower bound of its value, its number and its slot.
    pub(crate) fn best(&self) -> Option<(T, i32, usize)> {
        let mut best: Option<(T, i32, usize)> = None;
        for (slot, number) in self.numbers() {
            let value = self.view(slot).outcome().0;
            if best.is_none_or(|(before, lower, _)| value > before || value == before && number < lower) {
                best = Some((value, number, slot));
            }
        }
        best
    }

    /// The slot of a guess.
    pub(crate) fn find(&self, number: i32) -> Option<usize> {
        self.layout.find(number, self.state.slots, self.scalars())
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = (usize, i32)> + Clone + '_ {
        let (layout, scalars) = (self.layout, self.scalars());
        (0..self.state.slots).filter_map(move |slot| Some((slot, layout.number(slot, scalars)?)))
    }

    /// The lowest and the highest guess.
    pub(crate) fn range(&self) -> Option<(i32, i32)> {
        let numbers = self.numbers().map(|(_, number)| number);
        Some((numbers.clone().min()?, numbers.max()?))
    }

    /// Refuses a function that needs more room than there is, or that has lost elements.
    pub(crate) fn check_oracle<O: PrefixOracle<T>>(&self, oracle: &O) -> Result<(), Error> {
        check_prefix(&oracle.prefix_len(self.layout.size), &self.layout.prefix)?;
        let elements = oracle.elements();
        if elements < self.state.ids { Err(Error::NotFound { index: elements }) } else { Ok(()) }
    }

    pub(crate) fn check_fault(&self) -> Result<(), Error> {
        self.state.fault.map_or(Ok(()), |index| Err(Error::OracleFault { index }))
    }

    /// Refuses an element that can't be inserted; the function has `elements` of them.
    pub(crate) fn check_newcomer(&self, elements: usize, index: usize) -> Result<(), Error> {
        let limit = self.layout.capacity;
        match () {
            () if index >= elements => Err(Error::NotFound { index }),
            () if index >= limit => Err(Error::Capacity { limit }),
            () if self.value(index) >= T::ZERO => Err(Error::AlreadyPresent { index }),
            () => Ok(()),
        }
    }

    pub(crate) fn check_alive(&self, id: u32) -> Result<(), Error> {
        if self.is_alive(id) { Ok(()) } else { Err(Error::NotFound { index: id as usize }) }
    }

    /// Value of an element alone, one gain.
    pub(crate) fn value_of<O: PrefixOracle<T>>(&mut self, id: usize, oracle: &O) -> Result<T, Error> {
        let mut parts = self.split();
        oracle.truncate(&mut parts.side, 0);
        let value = oracle.gain(&mut parts.side, 0, id);
        check_value(value, self.parts, id).map(|()| value)
    }

    /// Makes an element alive and returns its value, which counts as 0 if the element may not be chosen.
    pub(crate) fn admit<O: PrefixOracle<T>>(&mut self, id: usize, oracle: &O, may_be_chosen: bool) -> Result<T, Error> {
        let value = self.value_of(id, oracle)?;
        let value = if may_be_chosen { value } else { T::ZERO };
        self.adopt(id, value);
        Ok(value)
    }

    /// Removes an element from those alive and from the answer, and returns its value.
    pub(crate) fn dismiss(&mut self, id: usize) -> T {
        let len = self.state.answer.len;
        let parts = self.split();
        let value = parts.values[id];
        parts.values[id] = -T::ONE;
        let answer = &mut parts.answer[..len];
        if let Some(place) = answer.iter().position(|&own| own.to_usize() == id) {
            answer[place..].rotate_left(1);
            self.state.answer.len -= 1;
            self.state.answer.intact = false;
        }
        self.state.answer.stale = true;
        self.state.live -= 1;
        if self.state.largest == Some(value) {
            self.state.largest = None;
        }
        value
    }

    /// Notes an insertion or a deletion in every guess that an element of this value belongs to.
    pub(crate) fn note(&mut self, id: usize, value: T, has_gone: bool) {
        let mut parts = self.split();
        for slot in 0..parts.slots() {
            let [guess, threshold, _] = parts.header(slot);
            if threshold <= value && value <= guess && guess > T::ZERO {
                parts.slot(slot).changes.note(id, has_gone);
            }
        }
    }

    /// Elements alive, with their values.
    pub(crate) fn alive(&self) -> impl Iterator<Item = (usize, T)> + Clone + '_ {
        let values = &self.scalars()[..self.layout.capacity];
        values.iter().copied().enumerate().filter(|&(_, value)| value >= T::ZERO)
    }

    /// Refuses to absorb elements that are alive already, that there is no room for, or that the function doesn't have.
    pub(crate) fn check_newcomers<O: PrefixOracle<T>>(
        &self,
        oracle: &O,
        mut others: impl Iterator<Item = (usize, T)>,
    ) -> Result<(), Error> {
        self.check_oracle(oracle)?;
        others.try_for_each(|(id, value)| {
            self.check_newcomer(oracle.elements(), id)?;
            check_value(value, self.parts, id)
        })
    }

    /// Makes an element of a known value alive.
    pub(crate) fn adopt(&mut self, id: usize, value: T) {
        self.split().values[id] = value;
        self.state.live += 1;
        self.state.ids = self.state.ids.max(id + 1);
        self.state.largest = self.state.largest.map(|largest| if value > largest { value } else { largest });
        self.state.answer.stale = true;
    }

    /// The largest value of an element alive.
    pub(crate) fn largest(&mut self) -> T {
        let largest = self.state.largest.unwrap_or_else(|| {
            let values = &self.scalars()[..self.layout.capacity];
            values.iter().fold(T::ZERO, |largest, &value| if value > largest { value } else { largest })
        });
        self.state.largest = Some(largest);
        largest
    }

    /// A slot for a guess that has none: an unused one, a new one, or the one to be given up. Its levels still hold what they held before.
    pub(crate) fn open(&mut self, number: i32, give_up: impl FnOnce(&Self) -> usize) -> Result<usize, Error> {
        let scalars = self.scalars();
        let unused = (0..self.state.slots).find(|&slot| self.layout.number(slot, scalars).is_none());
        let slot = match (unused, self.grow) {
            (Some(slot), _) => slot,
            (None, Some(grow)) => {
                let slots = self.state.slots + 1;
                let (scalars, ids) = (self.layout.storage_len(slots), self.layout.index_len(slots, D::BITS));
                grow(&mut self.storage, scalars, ids)?;
                self.state.slots = slots;
                // This storage held candidates of polishing.
                self.split().slot(slots - 1).changes.reset();
                slots - 1
            }
            (None, None) => give_up(self),
        };
        let (guess, threshold) = (self.ladder.guess(number), self.ladder.threshold(number, self.parts));
        let mut parts = self.split();
        let mut own = parts.slot(slot);
        own.take(number, guess, threshold);
        // The state of the function is written whole: bytes must not tell which guess the slot has had before.
        own.levels.prefix.scalars.fill(T::ZERO);
        own.levels.prefix.indices.fill(D::default());
        Ok(slot)
    }

    /// Gives up guesses outside a range.
    pub(crate) fn release_outside(&mut self, low: i32, high: i32) {
        let mut parts = self.split();
        for slot in 0..parts.slots() {
            if parts.number(slot).is_some_and(|number| number < low || number > high) {
                parts.slot(slot).release();
            }
        }
    }

    /// Guesses that an element of this value belongs to, as far as they are kept.
    pub(crate) fn range_of(&mut self, value: T) -> (i32, i32) {
        if value == T::ZERO {
            return (0, -1);
        }
        let ladder = self.ladder;
        let low = ladder.at_least(value);
        (self.lowest_kept().map_or(low, |kept| low.max(kept)), ladder.highest_for(value, self.parts))
    }

    /// The lowest guess that has a slot, if the highest is that of the largest value. `None` if all guesses are kept, or every
    /// element has value 0.
    pub(crate) fn lowest_kept(&mut self) -> Option<i32> {
        if self.is_growing() {
            return None;
        }
        let largest = self.largest();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "so many slots fit in no storage"
        )]
        let slots = self.state.slots as i32;
        (largest > T::ZERO).then(|| self.ladder.highest_for(largest, self.parts) - slots + 1)
    }

    /// Gives up guesses that no longer have a slot.
    pub(crate) fn give_up_lowest(&mut self) {
        if let Some(lowest) = self.lowest_kept() {
            self.release_outside(lowest, i32::MAX);
        }
    }

    /// Whether an element alive belongs to a guess.
    pub(crate) fn has_any_for(&self, number: i32) -> bool {
        let (guess, threshold): (T, T) = (self.ladder.guess(number), self.ladder.threshold(number, self.parts));
        let values = &self.scalars()[..self.layout.capacity];
        eligible(values, threshold, guess).next().is_some()
    }

    /// The slot of a guess; a new one is empty.
    pub(crate) fn find_or_open<O: PrefixOracle<T>>(&mut self, number: i32, oracle: &O) -> Result<usize, Error> {
        if let Some(slot) = self.find(number) {
            return Ok(slot);
        }
        // There are slots for all guesses that were not given up.
        let slot = self.open(number, |_| 0)?;
        self.split().slot(slot).levels.clear(oracle);
        Ok(slot)
    }

    /// Offers an element, with its value alone, to a guess, which asks for a gain that depends on the value found, the room left and
    /// the guess. If the guess then has the best value so far, its choice becomes the answer.
    pub(crate) fn try_element<O: PrefixOracle<T>>(
        &mut self,
        slot: usize,
        (id, alone): (usize, T),
        meter: &mut Meter<'_, O>,
        asks: impl FnOnce(T, usize, T) -> T,
    ) {
        let (best, size) = (self.state.answer.value, self.layout.size);
        let mut parts = self.split();
        let mut own = parts.slot(slot);
        let (height, guess) = (own.levels.height(), own.guess());
        let is_there = own.levels.pivots[1..=height].iter().any(|other| other.to_usize() == id);
        if own.levels.is_full() || is_there {
            return;
        }
        let value = own.levels.value();
        let asked = asks(value, size - height, guess);
        let gain = if height == 0 { Ok(alone) } else { meter.gain(&mut own.levels.prefix, height, id) };
        let Ok(gain) = gain else { return };
        if gain >= asked && gain > T::ZERO {
            own.levels.add_pivot(id, gain, None, meter.oracle);
            if value + gain > best {
                let len = parts.copy_to_draft(slot);
                let value = parts.outcome(slot).0;
                self.answer(value, value, len);
            }
        }
    }

    /// The value and the number of the drafted elements, for a gain each. An element without a positive gain is left out.
    pub(crate) fn value_of_draft<O: PrefixOracle<T>>(&mut self, len: usize, meter: &mut Meter<'_, O>) -> (T, usize) {
        let mut parts = self.split();
        meter.oracle.truncate(&mut parts.side, 0);
        let (mut value, mut chosen) = (T::ZERO, 0);
        for place in 0..len {
            let id = parts.draft[place];
            let gain = meter.gain(&mut parts.side, chosen, id.to_usize()).unwrap_or(T::ZERO);
            if gain > T::ZERO {
                meter.oracle.push(&mut parts.side, chosen, id.to_usize());
                parts.draft[chosen] = id;
                value += gain;
                chosen += 1;
            }
        }
        (value, chosen)
    }

    /// Makes the draft the answer.
    pub(crate) fn answer(&mut self, value: T, bound: T, len: usize) {
        let parts = self.split();
        parts.answer[..len].copy_from_slice(&parts.draft[..len]);
        // What a function of the caller's says may contradict itself: no answer is worth more than its bound.
        self.state.answer = Answer { value, bound: bound.max(value), len, stale: false, intact: true };
    }

    /// Greedy over the pivots of all guesses that are up to date, as far as they may join the chosen ones. The result becomes the
    /// answer if it is better; a stale answer stays.
    pub(crate) fn polish<O: PrefixOracle<T>>(
        &mut self,
        oracle: &O,
        may_join: impl Fn(&[D], D) -> bool,
    ) -> Result<(), Error> {
        self.check_oracle(oracle)?;
        self.check_fault()?;
        if self.state.answer.stale {
            return Ok(());
        }
        let mut parts = self.split();
        parts.gather_candidates();
        let mut meter = Meter::unlimited(oracle);
        oracle.truncate(&mut parts.side, 0);
        let (len, value) = lazily(&mut parts.side, &mut parts.candidates, parts.draft, &mut meter, may_join);
        let fault = meter.fault;
        if value > self.state.answer.value {
            self.answer(value, self.state.answer.bound, len);
        }
        self.state.fault = self.state.fault.or(fault);
        self.check_fault()
    }

    /// Recomputes what must hold of every guess that is up to date.
    pub(crate) fn check<O: PrefixOracle<T>>(
        &mut self,
        oracle: &O,
        constraint: &impl Constraint<T>,
    ) -> Result<(), Error> {
        self.check_oracle(oracle)?;
        let mut parts = self.split();
        for slot in 0..parts.slots() {
            if parts.number(slot).is_none() {
                continue;
            }
            let (mut slot, values) = parts.slot_and_values(slot);
            if slot.changes.count() > 0 {
                continue;
            }
            for (id, &value) in values.iter().enumerate() {
                if slot.levels.contains(id) != slot.is_for(value) {
                    return Err(Error::Corrupt);
                }
            }
            slot.levels.check(oracle, constraint)?;
        }
        Ok(())
    }
}
