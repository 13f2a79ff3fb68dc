//! Guesses that allocate what they need: what the dynamic selections for servers share.

use crate::random::keyed::{Coins, Domain};
use crate::submodular::greedy::check_prefix;
use crate::submodular::ladder::{Ladder, check_value};
use crate::submodular::meter::Meter;
use crate::submodular::{Prefix, PrefixLen, PrefixOracle, Selection};
use crate::{Error, Real};
use alloc::vec::Vec;
use rand_core::Rng;

/// The state of a function, in vectors, and what was pushed.
#[derive(Clone, Debug)]
pub(super) struct Pushes<T> {
    size: usize,
    scalars: Vec<T>,
    indices: Vec<u32>,
    scratch: Vec<T>,
    /// Ids in order of their pushes.
    pub(super) ids: Vec<u32>,
    /// What each has added.
    pub(super) gains: Vec<T>,
    /// Whether each is still there.
    pub(super) stays: Vec<bool>,
}

impl<T: Real> Pushes<T> {
    fn new<O: PrefixOracle<T>>(size: usize, len: PrefixLen, oracle: &O) -> Result<Self, Error> {
        let mut pushes = Self {
            size,
            scalars: crate::base::storage::allocate(len.scalars)?,
            indices: crate::base::storage::allocate(len.indices)?,
            scratch: crate::base::storage::allocate(len.scratch)?,
            ids: Vec::new(),
            gains: Vec::new(),
            stays: Vec::new(),
        };
        oracle.truncate(&mut pushes.prefix(), 0);
        Ok(pushes)
    }

    fn prefix(&mut self) -> Prefix<'_, T, u32> {
        let Self { size, scalars, indices, scratch, .. } = self;
        Prefix { size: *size, scalars, indices, scratch }
    }

    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn gain<O: PrefixOracle<T>>(&mut self, pushes: usize, id: u32, meter: &mut Meter<'_, O>) -> T {
        // NaN is below every threshold.
        meter.gain(&mut self.prefix(), pushes, id as usize).unwrap_or(T::ZERO)
    }

    pub(super) fn push<O: PrefixOracle<T>>(&mut self, id: u32, gain: T, oracle: &O) {
        let len = self.len();
        oracle.push(&mut self.prefix(), len, id as usize);
        self.ids.push(id);
        self.gains.push(gain);
        self.stays.push(true);
    }

    pub(super) fn truncate<O: PrefixOracle<T>>(&mut self, len: usize, oracle: &O) {
        oracle.truncate(&mut self.prefix(), len);
        self.ids.truncate(len);
        self.gains.truncate(len);
        self.stays.truncate(len);
    }

    /// What is still there is worth this, at least: given less, each adds more.
    pub(super) fn value(&self) -> T {
        let staying = self.gains.iter().zip(&self.stays).filter(|(_, stays)| **stays);
        staying.fold(T::ZERO, |sum, (&gain, _)| sum + gain)
    }
}

/// What is kept for a guess.
pub(super) trait Instance<T: Real>: Sized {
    type Params: Copy + core::fmt::Debug;

    fn new(params: &Self::Params, threshold: T, guess: T, pushes: Pushes<T>) -> Result<Self, Error>;
    fn enter<O: PrefixOracle<T>>(&mut self, id: u32, coins: &mut Coins, meter: &mut Meter<'_, O>);
    fn leave<O: PrefixOracle<T>>(&mut self, id: u32, coins: &mut Coins, meter: &mut Meter<'_, O>);
    fn is_empty(&self) -> bool;
    fn pushes(&self) -> &Pushes<T>;
    /// Ids held, without those of the pushes.
    fn ids_held(&self) -> usize;
}

#[derive(Clone, Debug)]
pub(super) struct GuessList<T: Real, X: Instance<T>> {
    capacity: usize,
    size: usize,
    len: PrefixLen,
    ladder: Ladder,
    params: X::Params,
    /// Value of each element alone; negative for one that is not alive.
    values: Vec<T>,
    live: usize,
    /// One more than the largest id that has come.
    ids: usize,
    /// In increasing order.
    guesses: Vec<(i32, X)>,
    answer: Vec<u32>,
    value: T,
    stale: bool,
    fault: Option<usize>,
}

impl<T: Real, X: Instance<T>> GuessList<T, X> {
    pub(super) fn new(
        capacity: usize,
        size: usize,
        len: PrefixLen,
        ladder: Ladder,
        params: X::Params,
    ) -> Result<Self, Error> {
        let mut values = crate::base::storage::allocate(capacity)?;
        values.fill(-T::ONE);
        let (guesses, answer) = (Vec::new(), Vec::new());
        let (live, ids, value, stale, fault) = (0, 0, T::ZERO, false, None);
        Ok(Self { capacity, size, len, ladder, params, values, live, ids, guesses, answer, value, stale, fault })
    }

    pub(super) fn clear(&mut self) {
        self.values.fill(-T::ONE);
        self.guesses.clear();
        self.answer.clear();
        (self.live, self.ids, self.value, self.stale, self.fault) = (0, 0, T::ZERO, false, None);
    }

    pub(super) const fn live(&self) -> usize {
        self.live
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn is_alive(&self, id: u32) -> bool {
        self.values.get(id as usize).is_some_and(|&value| value >= T::ZERO)
    }

    /// Scalars and ids held.
    pub(super) fn held(&self) -> (usize, usize) {
        let of = |(_, instance): &(i32, X)| {
            let pushes = instance.pushes();
            let scalars = pushes.scalars.len() + pushes.scratch.len() + pushes.gains.len();
            (scalars, pushes.indices.len() + pushes.ids.len() + instance.ids_held())
        };
        let all = self.guesses.iter().map(of);
        all.fold((self.values.len(), self.answer.len()), |sum, held| (sum.0 + held.0, sum.1 + held.1))
    }

    pub(super) const fn selection(&self) -> Selection<T> {
        Selection { value: self.value, upper_bound: None, len: self.answer.len(), stale: self.stale }
    }

    pub(super) fn selected(&self) -> &[u32] {
        &self.answer
    }

    pub(super) fn range(&self) -> Option<(i32, i32)> {
        Some((self.guesses.first()?.0, self.guesses.last()?.0))
    }

    pub(super) fn instances(&mut self) -> impl Iterator<Item = &mut X> {
        self.guesses.iter_mut().map(|guess| &mut guess.1)
    }

    pub(super) fn check_oracle<O: PrefixOracle<T>>(&self, oracle: &O) -> Result<(), Error> {
        check_prefix(&oracle.prefix_len(self.size), &self.len)?;
        let elements = oracle.elements();
        if elements < self.ids { Err(Error::NotFound { index: elements }) } else { Ok(()) }
    }

    /// Guesses that an element of this value belongs to.
    fn range_of(&self, value: T) -> (i32, i32) {
        if value == T::ZERO {
            return (0, -1);
        }
        (self.ladder.at_least(value), self.ladder.highest_for(value, self.ladder.parts(self.size)))
    }

    pub(super) fn insert<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        let index = id as usize;
        self.check_oracle(oracle)?;
        match () {
            () if index >= oracle.elements() => return Err(Error::NotFound { index }),
            () if index >= self.capacity => return Err(Error::Capacity { limit: self.capacity }),
            () if self.is_alive(id) => return Err(Error::AlreadyPresent { index }),
            () => {}
        }
        let (mut meter, parts) = (Meter::unlimited(oracle), self.ladder.parts(self.size));
        let mut side = Pushes::new(self.size, self.len, oracle)?;
        let value = side.gain(0, id, &mut meter);
        check_value(if meter.fault.is_some() { T::constant(f64::NAN) } else { value }, parts, index)?;
        let (low, high) = self.range_of(value);
        // Whatever can fail comes first.
        if let Err(error) = (low..=high).try_for_each(|number| self.open(number, parts, oracle)) {
            self.guesses.retain(|guess| !guess.1.is_empty());
            return Err(error);
        }
        let seed = rng.next_u64();
        (self.values[index], self.stale) = (value, true);
        self.live += 1;
        self.ids = self.ids.max(index + 1);
        let guesses = self.guesses.iter_mut().filter(|guess| low <= guess.0 && guess.0 <= high);
        for ((_, instance), rank) in guesses.zip(0..) {
            instance.enter(id, &mut Coins::new(seed, Domain::Guess, rank), &mut meter);
        }
        self.fault = self.fault.or(meter.fault);
        Ok(())
    }

    /// Sees to it that a guess is there.
    fn open<O: PrefixOracle<T>>(&mut self, number: i32, parts: T, oracle: &O) -> Result<(), Error> {
        if let Err(place) = self.guesses.binary_search_by_key(&number, |guess| guess.0) {
            let (threshold, guess) = (self.ladder.threshold(number, parts), self.ladder.guess(number));
            let pushes = Pushes::new(self.size, self.len, oracle)?;
            self.guesses.insert(place, (number, X::new(&self.params, threshold, guess, pushes)?));
        }
        Ok(())
    }

    pub(super) fn delete<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_oracle(oracle)?;
        if !self.is_alive(id) {
            return Err(Error::NotFound { index: id as usize });
        }
        let seed = rng.next_u64();
        let (low, high) = self.range_of(self.values[id as usize]);
        self.values[id as usize] = -T::ONE;
        self.live -= 1;
        self.stale = true;
        self.answer.retain(|&own| own != id);
        let mut meter = Meter::unlimited(oracle);
        let guesses = self.guesses.iter_mut().filter(|guess| low <= guess.0 && guess.0 <= high);
        for ((_, instance), rank) in guesses.zip(0..) {
            instance.leave(id, &mut Coins::new(seed, Domain::Guess, rank), &mut meter);
        }
        self.guesses.retain(|guess| !guess.1.is_empty());
        self.fault = self.fault.or(meter.fault);
        Ok(())
    }

    pub(super) fn query<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<Selection<T>, Error> {
        self.check_oracle(oracle)?;
        // A word a call, whichever it is: another mix of calls doesn't shift what follows.
        rng.next_u64();
        let mut best: Option<(T, usize)> = None;
        for (place, (_, instance)) in self.guesses.iter().enumerate() {
            let value = instance.pushes().value();
            if best.is_none_or(|(before, _)| value > before) {
                best = Some((value, place));
            }
        }
        (self.value, self.stale) = (T::ZERO, false);
        self.answer.clear();
        if let Some((_, place)) = best {
            let mut meter = Meter::unlimited(oracle);
            let mut side = Pushes::new(self.size, self.len, oracle)?;
            let pushes = self.guesses[place].1.pushes();
            for (&id, _) in pushes.ids.iter().zip(&pushes.stays).filter(|(_, stays)| **stays) {
                let gain = side.gain(side.len(), id, &mut meter);
                if gain > T::ZERO {
                    side.push(id, gain, oracle);
                }
            }
            self.value = side.value();
            self.answer.extend_from_slice(&side.ids);
            self.fault = self.fault.or(meter.fault);
        }
        match self.fault {
            Some(index) => Err(Error::OracleFault { index }),
            None => Ok(self.selection()),
        }
    }
}

/// Candidates by the last level that each belongs to.
#[derive(Clone, Debug)]
pub(super) struct Depths {
    /// Place in its group and depth of each element; a depth of 0 is that of an element outside.
    place: Vec<u32>,
    depth: Vec<u32>,
    /// Elements of each depth.
    groups: Vec<Vec<u32>>,
}

#[allow(clippy::cast_possible_truncation, reason = "ids and levels are at most 32 bits wide")]
impl Depths {
    pub(super) fn new(elements: usize) -> Result<Self, Error> {
        let (place, depth) = (crate::base::storage::allocate(elements)?, crate::base::storage::allocate(elements)?);
        Ok(Self { place, depth, groups: Vec::new() })
    }

    pub(super) fn of(&self, id: u32) -> usize {
        self.depth[id as usize] as usize
    }

    /// Elements whose last level is this one.
    pub(super) fn group(&self, depth: usize) -> Vec<u32> {
        self.groups.get(depth.wrapping_sub(1)).cloned().unwrap_or_default()
    }

    /// Number of elements of a level and all after it.
    pub(super) fn from(&self, level: usize) -> usize {
        self.groups.iter().skip(level - 1).map(Vec::len).sum()
    }

    pub(super) fn ids_held(&self) -> usize {
        self.place.len() + self.depth.len() + self.from(1)
    }

    pub(super) fn put(&mut self, id: u32, depth: usize) {
        self.take(id);
        if depth == 0 {
            return;
        }
        if self.groups.len() < depth {
            self.groups.resize(depth, Vec::new());
        }
        let group = &mut self.groups[depth - 1];
        (self.place[id as usize], self.depth[id as usize]) = (group.len() as u32, depth as u32);
        group.push(id);
    }

    pub(super) fn take(&mut self, id: u32) {
        let depth = self.of(id);
        if depth > 0 {
            let (group, place) = (&mut self.groups[depth - 1], self.place[id as usize]);
            group.swap_remove(place as usize);
            if let Some(&moved) = group.get(place as usize) {
                self.place[moved as usize] = place;
            }
            self.depth[id as usize] = 0;
        }
    }

    /// Takes all elements of a level and all after it out.
    pub(super) fn drain(&mut self, level: usize) -> Vec<u32> {
        let mut ids = Vec::new();
        for group in self.groups.iter_mut().skip(level - 1) {
            ids.append(group);
        }
        ids.iter().for_each(|&id| self.depth[id as usize] = 0);
        ids
    }
}

/// What every selection for servers offers word for word; its field `list` holds the guesses.
macro_rules! server {
    ($name:ident, $params:ident, $instance:ident) => {
        impl<T: Real> $name<T> {
            /// Nothing there yet.
            ///
            /// # Errors
            /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the memory is not there.
            pub fn new(params: $params) -> Result<Self, Error> {
                let ladder = params.check()?;
                let list = GuessList::new(params.capacity, params.size, params.prefix, ladder, params)?;
                Ok(Self { params, list })
            }

            /// The parameters.
            pub const fn params(&self) -> &$params {
                &self.params
            }

            /// Back to nothing there.
            pub fn clear(&mut self) {
                self.list.clear();
            }

            /// Elements alive.
            pub const fn live(&self) -> usize {
                self.list.live()
            }

            /// Elements that there is room for.
            pub const fn capacity(&self) -> usize {
                self.list.capacity()
            }

            /// Scalars and ids of storage held now, for as many guesses as there are.
            pub fn held(&self) -> (usize, usize) {
                self.list.held()
            }

            /// Whether an element is alive.
            pub fn is_alive(&self, id: u32) -> bool {
                self.list.is_alive(id)
            }

            /// The last answer.
            pub const fn selection(&self) -> Selection<T> {
                self.list.selection()
            }

            /// Ids of the last answer, in order of choice, without those that have gone since.
            pub fn selected(&self) -> &[u32] {
                self.list.selected()
            }

            /// The lowest and the highest guess that are kept.
            pub fn guesses(&self) -> Option<(i32, i32)> {
                self.list.range()
            }

            /// Takes an element in.
            ///
            /// # Errors
            /// [`Error::NotFound`] for an id that the function doesn't have; [`Error::Capacity`] for one beyond the capacity;
            /// [`Error::AlreadyPresent`] for one alive; [`Error::NonFinite`], [`Error::Negative`] or [`Error::Scale`] for a value
            /// that is impossible or out of scale; [`Error::Storage`] for a function with a longer state, or if there is no memory
            /// for another guess.
            pub fn insert<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
                &mut self,
                oracle: &O,
                id: u32,
                rng: &mut R,
            ) -> Result<(), Error> {
                self.list.insert(oracle, id, rng)
            }

            /// Lets an element go.
            ///
            /// # Errors
            /// [`Error::NotFound`] for one that is not alive, or a function that has lost ids; [`Error::Storage`] for a function with
            /// a longer state.
            pub fn delete<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
                &mut self,
                oracle: &O,
                id: u32,
                rng: &mut R,
            ) -> Result<(), Error> {
                self.list.delete(oracle, id, rng)
            }

            /// Answers, a gain for each element chosen.
            ///
            /// # Errors
            /// [`Error::Storage`] for a function with a longer state; [`Error::NotFound`] with the number of elements of a function
            /// that has lost ids; [`Error::OracleFault`] if the function has given something that is not finite, until
            /// [`clear`](Self::clear).
            pub fn query<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
                &mut self,
                oracle: &O,
                rng: &mut R,
            ) -> Result<Selection<T>, Error> {
                self.list.query(oracle, rng)
            }

            /// Recomputes what must hold of every guess. For tests.
            ///
            /// # Errors
            /// [`Error::Corrupt`] for a state that can't be; [`Error::Storage`] and [`Error::NotFound`] as for `query`.
            pub fn check<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
                self.list.check_oracle(oracle)?;
                self.list.instances().try_for_each(|instance| instance.check(&mut Meter::unlimited(oracle)))
            }
        }
    };
}

pub(super) use server;
