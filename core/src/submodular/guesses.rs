//! What every dynamic selection has: elements alive and their values, guesses in slots, and the last answer.

use super::admission::Admission;
use super::greedy::{check_prefix, lazily};
use super::ladder::{Ladder, check_value};
use super::levels::Levels;
use super::meter::Meter;
use super::slots::{Layout, Parts, SlotView, eligible};
use super::{Guess, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};
use core::marker::PhantomData;

/// Makes room for so many scalars and ids.
pub(super) type Grow<S, I> = fn(&mut (S, I), usize, usize) -> Result<(), Error>;

#[derive(Clone, Debug)]
pub(super) struct Guesses<T, D, S, I> {
    pub(super) layout: Layout,
    pub(super) ladder: Ladder,
    /// A threshold is one of so many parts of its guess.
    pub(super) parts: T,
    pub(super) state: State<T>,
    storage: (S, I),
    /// Storage of the caller's stays as long as it is.
    grow: Option<Grow<S, I>>,
    id: PhantomData<D>,
}

/// Everything of the state that is not in storage.
#[derive(Clone, Copy, Debug)]
pub(super) struct State<T> {
    pub(super) slots: usize,
    pub(super) live: usize,
    /// One more than the largest id that has come.
    pub(super) ids: usize,
    /// The largest value of an element alive, if it is known.
    pub(super) largest: Option<T>,
    pub(super) answer: Answer<T>,
    /// An element for which the function gave something that is not finite.
    pub(super) fault: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<T> {
    pub(super) value: T,
    pub(super) bound: T,
    pub(super) len: usize,
    pub(super) stale: bool,
    /// Whether all its elements are still there.
    pub(super) intact: bool,
}

impl<T: Real> Answer<T> {
    /// Nothing is worth anything.
    pub(super) const NONE: Self = Self { value: T::ZERO, bound: T::ZERO, len: 0, stale: false, intact: true };
}

#[cfg(feature = "alloc")]
impl<T: Real, D: Id> Guesses<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
    /// In storage of its own, without a slot yet.
    pub(super) fn new(layout: Layout, scale: (Ladder, T)) -> Result<Self, Error> {
        let (scalars, ids) = (layout.storage_len(0), layout.index_len(0, D::BITS));
        let storage = crate::base::storage::Allocated::allocate(scalars, ids)?;
        Ok(Self::assemble(layout, scale, 0, storage, Some(crate::base::storage::Allocated::extend)))
    }
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> Guesses<T, D, S, I> {
    /// In the storage given, whatever is in it.
    pub(super) fn new_in(layout: Layout, scale: (Ladder, T), slots: usize, storage: (S, I)) -> Result<Self, Error> {
        Self::with_growth(layout, scale, slots, storage, None)
    }

    /// The same, with what makes room for more.
    pub(super) fn with_growth(
        layout: Layout,
        scale: (Ladder, T),
        slots: usize,
        storage: (S, I),
        grow: Option<Grow<S, I>>,
    ) -> Result<Self, Error> {
        let lens = [
            (layout.storage_len(slots), storage.0.as_ref().len()),
            (layout.index_len(slots, D::BITS), storage.1.as_ref().len()),
        ];
        match lens.into_iter().find(|(needed, got)| needed != got) {
            Some((needed, got)) => Err(Error::Storage { needed, got }),
            None => Ok(Self::assemble(layout, scale, slots, storage, grow)),
        }
    }

    fn assemble(
        layout: Layout,
        (ladder, parts): (Ladder, T),
        slots: usize,
        storage: (S, I),
        grow: Option<Grow<S, I>>,
    ) -> Self {
        let state = State { slots, live: 0, ids: 0, largest: None, answer: Answer::NONE, fault: None };
        let mut guesses = Self { layout, ladder, parts, state, storage, grow, id: PhantomData };
        guesses.clear();
        guesses
    }

    pub(super) fn clear(&mut self) {
        let slots = self.state.slots;
        self.state = State { slots, live: 0, ids: 0, largest: None, answer: Answer::NONE, fault: None };
        self.storage.0.as_mut().fill(T::ZERO);
        self.storage.1.as_mut().fill(D::default());
        self.split().values.fill(-T::ONE);
    }

    pub(super) fn split(&mut self) -> Parts<'_, T, D> {
        self.layout.split(self.state.slots, self.storage.0.as_mut(), self.storage.1.as_mut())
    }

    /// Whether the number of slots grows with that of guesses.
    pub(super) const fn is_growing(&self) -> bool {
        self.grow.is_some()
    }

    pub(super) fn held(&self) -> (usize, usize) {
        (self.storage.0.as_ref().len(), self.storage.1.as_ref().len())
    }

    /// A slot, to be read.
    pub(super) fn view(&self, slot: usize) -> SlotView<'_, T, D> {
        self.layout.view(slot, self.storage.0.as_ref(), self.storage.1.as_ref())
    }

    pub(super) fn draft(&self) -> &[D] {
        &self.storage.1.as_ref()[self.layout.size..2 * self.layout.size]
    }

    pub(super) fn value(&self, id: usize) -> T {
        self.storage.0.as_ref()[id]
    }

    pub(super) fn is_alive(&self, id: u32) -> bool {
        (id as usize) < self.layout.capacity && self.value(id as usize) >= T::ZERO
    }

    pub(super) const fn selection(&self) -> Selection<T> {
        let Answer { value, bound, len, stale, .. } = self.state.answer;
        Selection { value, upper_bound: Some(bound), len, stale }
    }

    pub(super) fn selected(&self) -> &[D] {
        &self.storage.1.as_ref()[..self.state.answer.len]
    }

    pub(super) fn guess(&self, number: i32) -> Option<Guess<'_, T, D>> {
        self.layout.guess(number, self.state.slots, self.storage.0.as_ref(), self.storage.1.as_ref())
    }

    /// The guess whose choice is worth most, of equal ones the lower: that worth, at least, its number and its slot.
    pub(super) fn best(&self) -> Option<(T, i32, usize)> {
        let mut best: Option<(T, i32, usize)> = None;
        for (slot, number) in self.numbers() {
            let value = self.layout.value(slot, self.storage.0.as_ref(), self.storage.1.as_ref());
            if best.is_none_or(|(before, lower, _)| value > before || value == before && number < lower) {
                best = Some((value, number, slot));
            }
        }
        best
    }

    /// The slot of a guess.
    pub(super) fn find(&self, number: i32) -> Option<usize> {
        self.layout.find(number, self.state.slots, self.storage.0.as_ref())
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = (usize, i32)> + Clone + '_ {
        let (layout, scalars) = (self.layout, self.storage.0.as_ref());
        (0..self.state.slots).filter_map(move |slot| Some((slot, layout.number(slot, scalars)?)))
    }

    /// The lowest and the highest guess.
    pub(super) fn range(&self) -> Option<(i32, i32)> {
        let numbers = self.numbers().map(|(_, number)| number);
        Some((numbers.clone().min()?, numbers.max()?))
    }

    /// Refuses a function that needs more room than there is, or has lost elements.
    pub(super) fn check_oracle<O: PrefixOracle<T>>(&self, oracle: &O) -> Result<(), Error> {
        check_prefix(&oracle.prefix_len(self.layout.size), &self.layout.prefix)?;
        let elements = oracle.elements();
        if elements < self.state.ids { Err(Error::NotFound { index: elements }) } else { Ok(()) }
    }

    pub(super) fn check_fault(&self) -> Result<(), Error> {
        self.state.fault.map_or(Ok(()), |index| Err(Error::OracleFault { index }))
    }

    /// Refuses an element that can't come.
    pub(super) fn check_newcomer<O: PrefixOracle<T>>(&self, oracle: &O, id: u32) -> Result<(), Error> {
        let (index, limit) = (id as usize, self.layout.capacity);
        match () {
            () if index >= oracle.elements() => Err(Error::NotFound { index }),
            () if index >= limit => Err(Error::Capacity { limit }),
            () if self.is_alive(id) => Err(Error::AlreadyPresent { index }),
            () => Ok(()),
        }
    }

    pub(super) fn check_alive(&self, id: u32) -> Result<(), Error> {
        if self.is_alive(id) { Ok(()) } else { Err(Error::NotFound { index: id as usize }) }
    }

    /// Value of an element alone, one gain.
    pub(super) fn value_of<O: PrefixOracle<T>>(&mut self, id: usize, oracle: &O) -> Result<T, Error> {
        let mut parts = self.split();
        oracle.truncate(&mut parts.side, 0);
        let value = oracle.gain(&mut parts.side, 0, id);
        check_value(value, self.parts, id).map(|()| value)
    }

    /// Makes an element alive and gives its value; that of one which is not to be chosen counts as nothing.
    pub(super) fn admit<O: PrefixOracle<T>>(&mut self, id: usize, oracle: &O, may_be_chosen: bool) -> Result<T, Error> {
        let value = self.value_of(id, oracle)?;
        let value = if may_be_chosen { value } else { T::ZERO };
        self.adopt(id, value);
        Ok(value)
    }

    /// Takes an element from those alive, and from the answer; its value.
    pub(super) fn dismiss(&mut self, id: usize) -> T {
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

    /// Elements alive, with their values.
    pub(super) fn alive(&self) -> impl Iterator<Item = (usize, T)> + '_ {
        let values = &self.storage.0.as_ref()[..self.layout.capacity];
        values.iter().copied().enumerate().filter(|&(_, value)| value >= T::ZERO)
    }

    /// Refuses to absorb elements that are alive already, that there is no room for, or that the function doesn't have.
    pub(super) fn check_newcomers<O: PrefixOracle<T>>(
        &self,
        oracle: &O,
        mut others: impl Iterator<Item = (usize, T)>,
    ) -> Result<(), Error> {
        self.check_oracle(oracle)?;
        #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
        others.try_for_each(|(id, value)| {
            self.check_newcomer(oracle, id as u32)?;
            check_value(value, self.parts, id)
        })
    }

    /// Makes an element of a known value alive.
    pub(super) fn adopt(&mut self, id: usize, value: T) {
        self.split().values[id] = value;
        self.state.live += 1;
        self.state.ids = self.state.ids.max(id + 1);
        self.state.largest = self.state.largest.map(|largest| if value > largest { value } else { largest });
        self.state.answer.stale = true;
    }

    /// The largest value of an element alive.
    pub(super) fn largest(&mut self) -> T {
        let largest = self.state.largest.unwrap_or_else(|| {
            let values = &self.storage.0.as_ref()[..self.layout.capacity];
            values.iter().fold(T::ZERO, |largest, &value| if value > largest { value } else { largest })
        });
        self.state.largest = Some(largest);
        largest
    }

    /// A slot for a guess that has none: unused, new, or the one that is to be given up. What is in it is still that of before.
    pub(super) fn open(&mut self, number: i32, give_up: impl FnOnce(&Self) -> usize) -> Result<usize, Error> {
        let scalars = self.storage.0.as_ref();
        let unused = (0..self.state.slots).find(|&slot| self.layout.number(slot, scalars).is_none());
        let slot = match (unused, self.grow) {
            (Some(slot), _) => slot,
            (None, Some(grow)) => {
                let slots = self.state.slots + 1;
                let (scalars, ids) = (self.layout.storage_len(slots), self.layout.index_len(slots, D::BITS));
                grow(&mut self.storage, scalars, ids)?;
                self.state.slots = slots;
                // Where candidates were polished before.
                self.split().slot(slots - 1).changes.reset();
                slots - 1
            }
            (None, None) => give_up(self),
        };
        let (guess, threshold) = (self.ladder.guess(number), self.ladder.threshold(number, self.parts));
        self.split().slot(slot).take(number, guess, threshold);
        Ok(slot)
    }

    /// Gives up guesses below and above.
    pub(super) fn release_outside(&mut self, low: i32, high: i32) {
        let mut parts = self.split();
        for slot in 0..parts.slots() {
            if parts.number(slot).is_some_and(|number| number < low || number > high) {
                parts.slot(slot).release();
            }
        }
    }

    /// Guesses that an element of this value belongs to, as far as they are kept.
    pub(super) fn range_of(&mut self, value: T) -> (i32, i32) {
        if value == T::ZERO {
            return (0, -1);
        }
        let ladder = self.ladder;
        let low = ladder.at_least(value);
        (self.lowest_kept().map_or(low, |kept| low.max(kept)), ladder.highest_for(value, self.parts))
    }

    /// The lowest guess that there is a slot for: as many as there are up to those that the largest value belongs to. `None` if all
    /// are kept, or nothing is worth anything.
    pub(super) fn lowest_kept(&mut self) -> Option<i32> {
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

    /// Gives up guesses that there is no slot for any more.
    pub(super) fn give_up_lowest(&mut self) {
        if let Some(lowest) = self.lowest_kept() {
            self.release_outside(lowest, i32::MAX);
        }
    }

    /// Whether an element alive belongs to a guess.
    pub(super) fn has_any_for(&self, number: i32) -> bool {
        let (guess, threshold): (T, T) = (self.ladder.guess(number), self.ladder.threshold(number, self.parts));
        let values = &self.storage.0.as_ref()[..self.layout.capacity];
        eligible(values, threshold, guess).next().is_some()
    }

    /// The slot of a guess; a new one is empty.
    pub(super) fn find_or_open<O: PrefixOracle<T>>(&mut self, number: i32, oracle: &O) -> Result<usize, Error> {
        if let Some(slot) = self.find(number) {
            return Ok(slot);
        }
        // There are slots for all that are not given up.
        let slot = self.open(number, |_| 0)?;
        self.split().slot(slot).levels.clear(oracle);
        Ok(slot)
    }

    /// Holds an element, with its value alone, against what a guess asks of it: a gain given value, room left and the guess.
    /// If it is taken and the guess has the best value so far, that is the answer.
    pub(super) fn try_element<O: PrefixOracle<T>>(
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

    /// The value of what is drafted, a gain for each, and its number. What a faulty function has no gain for any more is left out.
    pub(super) fn value_of_draft<O: PrefixOracle<T>>(&mut self, len: usize, meter: &mut Meter<'_, O>) -> (T, usize) {
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

    /// Makes what is drafted the answer.
    pub(super) fn answer(&mut self, value: T, bound: T, len: usize) {
        let parts = self.split();
        parts.answer[..len].copy_from_slice(&parts.draft[..len]);
        self.state.answer = Answer { value, bound, len, stale: false, intact: true };
    }

    /// Greedy over the pivots of all guesses that are up to date and may join those chosen, if that is better than the answer, which
    /// is not stale.
    pub(super) fn polish<O: PrefixOracle<T>>(
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
    pub(super) fn check<O: PrefixOracle<T>>(&mut self, oracle: &O, admission: &impl Admission<T>) -> Result<(), Error> {
        self.check_oracle(oracle)?;
        self.check_each(|levels| levels.check(oracle, admission))
    }

    /// Checks the candidates of every guess that is up to date, and what the caller asks of its levels.
    pub(super) fn check_each(
        &mut self,
        mut holds: impl FnMut(&mut Levels<'_, T, D>) -> Result<(), Error>,
    ) -> Result<(), Error> {
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
            holds(&mut slot.levels)?;
        }
        Ok(())
    }
}

/// What every dynamic selection offers word for word.
macro_rules! readers {
    ($self:ident, $guesses:expr) => {
        /// Elements alive.
        pub const fn live(&$self) -> usize {
            $guesses.state.live
        }

        /// Elements that there is room for.
        pub const fn capacity(&$self) -> usize {
            $guesses.layout.capacity
        }

        /// Scalars and ids of storage held now: those of the parameters, or as many as the guesses so far have needed.
        pub fn held(&$self) -> (usize, usize) {
            $guesses.held()
        }

        /// Whether an element is alive.
        pub fn is_alive(&$self, id: u32) -> bool {
            $guesses.is_alive(id)
        }

        /// Ids of the last answer, in order of choice, without those that have gone since.
        pub fn selected(&$self) -> &[D] {
            $guesses.selected()
        }

        /// Guess `j`, as it was when last brought up to date; `None` if it is not kept.
        pub fn guess(&$self, j: i32) -> Option<$crate::submodular::Guess<'_, T, D>> {
            $guesses.guess(j)
        }

        /// The lowest and the highest guess that are kept.
        pub fn guesses(&$self) -> Option<(i32, i32)> {
            $guesses.range()
        }
    };
}

/// Refuses what can't be while a request waits.
macro_rules! idle {
    ($self:ident, $request:expr) => {
        fn check_idle(&$self) -> Result<(), $crate::Error> {
            if $request.is_none() { Ok(()) } else { Err($crate::Error::Capacity { limit: 1 }) }
        }
    };
}

/// What those offer that choose any elements, so many, for a function that is monotone.
macro_rules! certified {
    ($self:ident, $guesses:expr) => {
        /// The last answer.
        pub const fn selection(&$self) -> $crate::submodular::Selection<T> {
            $guesses.selection()
        }

        /// Greedy over the pivots of all guesses that are up to date: for about `10 k` gains often several percent better. Right
        /// after [`query`](Self::query); a stale answer stays as it is. The bound is that of before.
        ///
        /// # Errors
        /// As `query`.
        pub fn polish<O: $crate::submodular::PrefixOracle<T> + $crate::submodular::Monotone>(
            &mut $self,
            oracle: &O,
        ) -> Result<$crate::submodular::Selection<T>, $crate::Error> {
            $self.check_idle()?;
            $guesses.polish(oracle, |_, _| true)?;
            Ok($guesses.selection())
        }

        /// Recomputes what must hold of every guess that is up to date. For tests, and for functions that may not be submodular.
        ///
        /// # Errors
        /// [`Error::BoundViolated`](crate::Error::BoundViolated) with a gain on the wrong side of the threshold: the function, as
        /// computed, is not submodular. [`Error::Corrupt`](crate::Error::Corrupt) for a state that can't be.
        pub fn check<O: $crate::submodular::PrefixOracle<T>>(&mut $self, oracle: &O) -> Result<(), $crate::Error> {
            $self.check_idle()?;
            $guesses.check(oracle, &$crate::submodular::admission::Anyone)
        }
    };
}

pub(super) use {certified, idle, readers};
