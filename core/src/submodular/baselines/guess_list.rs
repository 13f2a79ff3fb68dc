//! The engine of the baselines: a list of guesses that allocates what it needs.

use super::pushes::Pushes;
use crate::base::params::Params;
use crate::random::keyed::{Coins, Domain};
use crate::submodular::greedy::check_prefix;
use crate::submodular::ladder::{Ladder, check_value};
use crate::submodular::meter::Meter;
use crate::submodular::{Monotone, PrefixLen, PrefixOracle, Selection};
use crate::{Error, Real};
use alloc::vec::Vec;
use core::fmt::Debug;
use rand_core::Rng;

/// Parameters of a baseline: those of [`BucketDynamic`](super::BucketDynamic) and [`LevelDynamic`](super::LevelDynamic). Sealed.
#[allow(private_bounds, reason = "sealed")]
pub trait BaselineParams: Baseline {}

/// What the list asks of parameters.
pub(in crate::submodular) trait Baseline: Params + Debug {
    /// What is kept for a guess.
    type Instance<T: Real>: Instance<T, Self>;

    fn ladder_steps(&self) -> u32;

    /// Capacity, size and length of the state of the function.
    fn shape(&self) -> (usize, usize, PrefixLen);
}

/// What is kept for a guess.
pub(in crate::submodular) trait Instance<T: Real, P>: Clone + Debug + Sized {
    fn new(params: &P, threshold: T, guess: T, pushes: Pushes<T>) -> Result<Self, Error>;
    fn enter<O: PrefixOracle<T>>(&mut self, id: u32, coins: &mut Coins, meter: &mut Meter<'_, O>);
    fn leave<O: PrefixOracle<T>>(&mut self, id: u32, coins: &mut Coins, meter: &mut Meter<'_, O>);
    fn is_empty(&self) -> bool;
    fn pushes(&self) -> &Pushes<T>;
    /// Ids held, without those of the pushes.
    fn ids_held(&self) -> usize;
    fn check<O: PrefixOracle<T>>(&mut self, meter: &mut Meter<'_, O>) -> Result<(), Error>;
}

/// The engine of the baselines [`BucketDynamic`](super::BucketDynamic) and [`LevelDynamic`](super::LevelDynamic): guesses of the best
/// value in a list, every one up to date after every update. Server only: allocates.
#[derive(Clone, Debug)]
pub struct GuessList<P: BaselineParams, T: Real> {
    params: P,
    ladder: Ladder,
    /// Value of each element alone; negative for an element that is not alive.
    values: Vec<T>,
    live: usize,
    /// One more than the largest id that was ever inserted.
    ids: usize,
    /// In increasing order.
    guesses: Vec<(i32, P::Instance<T>)>,
    answer: Vec<u32>,
    value: T,
    stale: bool,
    fault: Option<usize>,
}

impl<P: BaselineParams, T: Real> GuessList<P, T> {
    /// An empty selection.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the memory is not there.
    pub fn new(params: P) -> Result<Self, Error> {
        params.check()?;
        let ladder = Ladder::new(params.ladder_steps())?;
        let mut values = crate::base::storage::allocate(params.shape().0)?;
        values.fill(-T::ONE);
        let (guesses, answer) = (Vec::new(), Vec::new());
        let (live, ids, value, stale, fault) = (0, 0, T::ZERO, false, None);
        Ok(Self { params, ladder, values, live, ids, guesses, answer, value, stale, fault })
    }

    /// The parameters.
    pub const fn params(&self) -> &P {
        &self.params
    }

    /// Empties the selection.
    pub fn clear(&mut self) {
        self.values.fill(-T::ONE);
        self.guesses.clear();
        self.answer.clear();
        (self.live, self.ids, self.value, self.stale, self.fault) = (0, 0, T::ZERO, false, None);
    }

    /// Number of elements alive.
    pub const fn live(&self) -> usize {
        self.live
    }

    /// Number of elements that there is room for.
    pub const fn capacity(&self) -> usize {
        self.values.len()
    }

    /// Whether an element is alive.
    pub fn is_alive(&self, id: u32) -> bool {
        self.values.get(id as usize).is_some_and(|&value| value >= T::ZERO)
    }

    /// Scalars and ids of storage held now, for as many guesses as there are.
    pub fn held(&self) -> (usize, usize) {
        let all = self.guesses.iter().map(|(_, instance)| {
            let (scalars, ids) = instance.pushes().held();
            (scalars, ids + instance.ids_held())
        });
        all.fold((self.values.len(), self.answer.len()), |sum, held| (sum.0 + held.0, sum.1 + held.1))
    }

    /// The last answer.
    pub const fn selection(&self) -> Selection<T> {
        Selection { value: self.value, upper_bound: None, len: self.answer.len(), stale: self.stale }
    }

    /// Ids of the last answer in order of choice, without those deleted since.
    pub fn selected(&self) -> &[u32] {
        &self.answer
    }

    /// The lowest and the highest guess that are kept.
    pub fn guesses(&self) -> Option<(i32, i32)> {
        Some((self.guesses.first()?.0, self.guesses.last()?.0))
    }

    /// Inserts an element.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id that the function doesn't have; [`Error::Capacity`] for an id beyond the capacity;
    /// [`Error::AlreadyPresent`] for an element alive; [`Error::NonFinite`], [`Error::Negative`] or [`Error::Scale`] for a value
    /// that is impossible or out of scale; [`Error::Storage`] for a function with a longer state, or if there is no memory for
    /// another guess.
    pub fn insert<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        let (index, limit) = (id as usize, self.capacity());
        self.check_oracle(oracle)?;
        match () {
            () if index >= oracle.elements() => return Err(Error::NotFound { index }),
            () if index >= limit => return Err(Error::Capacity { limit }),
            () if self.is_alive(id) => return Err(Error::AlreadyPresent { index }),
            () => {}
        }
        let mut meter = Meter::unlimited(oracle);
        let value = self.pushes(oracle)?.gain(0, id, &mut meter);
        check_value(if meter.fault.is_some() { T::constant(f64::NAN) } else { value }, self.parts(), index)?;
        let (low, high) = self.range_of(value);
        // Whatever can fail comes first.
        if let Err(error) = (low..=high).try_for_each(|number| self.open(number, oracle)) {
            self.guesses.retain(|guess| !guess.1.is_empty());
            return Err(error);
        }
        let seed = rng.next_u64();
        (self.values[index], self.stale) = (value, true);
        self.live += 1;
        self.ids = self.ids.max(index + 1);
        self.spread((low, high), seed, |instance, coins| instance.enter(id, coins, &mut meter));
        self.fault = self.fault.or(meter.fault);
        Ok(())
    }

    /// Deletes an element.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an element that is not alive, or a function that has lost ids; [`Error::Storage`] for a function
    /// with a longer state.
    pub fn delete<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
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
        let range = self.range_of(self.values[id as usize]);
        self.values[id as usize] = -T::ONE;
        self.live -= 1;
        self.stale = true;
        self.answer.retain(|&own| own != id);
        let mut meter = Meter::unlimited(oracle);
        self.spread(range, seed, |instance, coins| instance.leave(id, coins, &mut meter));
        self.guesses.retain(|guess| !guess.1.is_empty());
        self.fault = self.fault.or(meter.fault);
        Ok(())
    }

    /// Answers, for a gain an element chosen.
    ///
    /// # Errors
    /// [`Error::Storage`] for a function with a longer state; [`Error::NotFound`] with the number of elements of a function that
    /// has lost ids; [`Error::OracleFault`] if the function ever gave a gain that is not finite, until [`clear`](Self::clear).
    pub fn query<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
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
            let mut side = self.pushes(oracle)?;
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
        self.fault.map_or(Ok(self.selection()), |index| Err(Error::OracleFault { index }))
    }

    /// Recomputes what must hold of every guess. For tests.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a state that is impossible; [`Error::Storage`] and [`Error::NotFound`] as for `query`.
    pub fn check<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
        self.check_oracle(oracle)?;
        let mut instances = self.guesses.iter_mut().map(|guess| &mut guess.1);
        instances.try_for_each(|instance| instance.check(&mut Meter::unlimited(oracle)))
    }

    fn check_oracle<O: PrefixOracle<T>>(&self, oracle: &O) -> Result<(), Error> {
        let (_, size, len) = self.params.shape();
        check_prefix(&oracle.prefix_len(size), &len)?;
        let elements = oracle.elements();
        if elements < self.ids { Err(Error::NotFound { index: elements }) } else { Ok(()) }
    }

    /// An empty state of the function.
    fn pushes<O: PrefixOracle<T>>(&self, oracle: &O) -> Result<Pushes<T>, Error> {
        let (_, size, len) = self.params.shape();
        Pushes::new(size, len, oracle)
    }

    fn parts(&self) -> T {
        self.ladder.parts(self.params.shape().1)
    }

    /// Guesses that an element of this value belongs to.
    fn range_of(&self, value: T) -> (i32, i32) {
        if value == T::ZERO {
            return (0, -1);
        }
        (self.ladder.at_least(value), self.ladder.highest_for(value, self.parts()))
    }

    /// Makes sure that a guess is there.
    fn open<O: PrefixOracle<T>>(&mut self, number: i32, oracle: &O) -> Result<(), Error> {
        if let Err(place) = self.guesses.binary_search_by_key(&number, |guess| guess.0) {
            let (threshold, guess) = (self.ladder.threshold(number, self.parts()), self.ladder.guess(number));
            let instance = P::Instance::new(&self.params, threshold, guess, self.pushes(oracle)?)?;
            self.guesses.insert(place, (number, instance));
        }
        Ok(())
    }

    /// Changes every guess of a range, each with coins of its own.
    fn spread(&mut self, (low, high): (i32, i32), seed: u64, mut change: impl FnMut(&mut P::Instance<T>, &mut Coins)) {
        let guesses = self.guesses.iter_mut().filter(|guess| low <= guess.0 && guess.0 <= high);
        for ((_, instance), rank) in guesses.zip(0..) {
            change(instance, &mut Coins::new(seed, Domain::Guess, rank));
        }
    }
}
