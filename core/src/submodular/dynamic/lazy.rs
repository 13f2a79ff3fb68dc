//! The lazy strategy: an update is only noted, and an answer brings the guesses that it looks at up to date.

use super::slot_engine::{Newcomer, Plan, Strategy};
use crate::random::keyed::{Coins, Domain};
use crate::submodular::PrefixOracle;
use crate::submodular::constraint::Constraint;
use crate::submodular::meter::{Exhausted, Meter};
use crate::submodular::slots::{Answer, Guesses, Memory, Step, eligible, ensure, width};
use crate::wire::{Reader, Writer};
use crate::{Error, Id, Real};
use rand_core::Rng;

/// What the strategy asks of parameters.
pub(in crate::submodular) trait Searches: Plan {
    fn search(&self) -> Search;
}

/// How an answer is searched for.
#[derive(Clone, Copy, Debug)]
pub(in crate::submodular) struct Search {
    pub(super) size: usize,
    pub(super) extra_guesses: u32,
    pub(super) rebuild_fraction: usize,
    pub(super) hysteresis: f64,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::submodular) struct Lazy<T> {
    /// The highest full guess at the last answer, below one that was not.
    crossing: Option<i32>,
    query: Option<Query<T>>,
}

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self { crossing: None, query: None }
    }
}

/// An answer on its way.
#[derive(Clone, Copy, Debug)]
struct Query<T> {
    /// The generator's word, the number of guesses looked at before, and the coins of the present guess.
    coins: Coins,
    /// A guess that is full, or too low to ask, and one that is not full, or too high.
    low: i32,
    high: i32,
    /// The present guess.
    probe: i32,
    /// Extra guesses looked at; none while the search goes on.
    extras: u32,
    stage: Stage,
    step: Step,
    /// The best value so far, its guess and the number of its elements, which are in the draft.
    best: Option<(T, i32, usize)>,
    bound: T,
    largest: T,
}

/// What is being done to the present guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing yet.
    Open,
    /// Nothing yet, and it has just been given a slot.
    Fresh,
    /// Its levels are built from all elements.
    Building,
    /// Deleted elements are out. Levels are repaired, and inserted elements enter, from an id on.
    Entering { from: usize },
}

impl<T: Real, P: Searches> Strategy<T, P> for Lazy<T> {
    const DELETION_ASKS: bool = false;

    fn is_idle(&self) -> bool {
        self.query.is_none()
    }

    fn insert<D: Id, M: Memory<T, D>>(&mut self, guesses: &mut Guesses<T, D, M>, newcomer: Newcomer, value: T) {
        guesses.note(newcomer.id, value, false);
    }

    fn delete<D: Id, M: Memory<T, D>>(&mut self, guesses: &mut Guesses<T, D, M>, id: usize, _: u64) {
        let value = guesses.dismiss(id);
        guesses.note(id, value, true);
    }

    fn query<D: Id, M: Memory<T, D>, O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        params: &P,
        guesses: &mut Guesses<T, D, M>,
        _: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        guesses.check_fault()?;
        let seed = rng.next_u64();
        let largest = guesses.largest();
        if largest == T::ZERO {
            guesses.state.answer = Answer::NONE;
            return Ok(());
        }
        let (low, high) = bracket(&params.search(), guesses, largest);
        let probe = self.crossing.map_or(low + (high - low) / 2, |crossing| crossing.clamp(low + 1, high - 1));
        self.query = Some(Query {
            coins: Coins::new(seed, Domain::Guess, 0),
            low,
            high,
            probe,
            extras: 0,
            stage: Stage::Open,
            step: Step::Done,
            best: None,
            bound: T::count(params.search().size as u64) * largest,
            largest,
        });
        Ok(())
    }

    fn work<D: Id, M: Memory<T, D>, O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        params: &P,
        guesses: &mut Guesses<T, D, M>,
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<bool, Error> {
        let Some(mut query) = self.query.take() else { return Ok(true) };
        let params = &params.search();
        let top = guesses.ladder.highest_for(query.largest, guesses.parts);
        loop {
            let slot = if let Some(slot) = guesses.find(query.probe) {
                slot
            } else {
                query.stage = Stage::Fresh;
                self.open(guesses, query.probe)?
            };
            if query.bring_up_to_date(params, guesses, slot, meter, constraint).is_err() {
                self.query = Some(query);
                return Ok(false);
            }
            let is_full = query.look(params, guesses, slot);
            query.coins = query.coins.next();
            query.stage = Stage::Open;
            if query.extras == 0 {
                let (before, is_first) = (query.probe, query.coins.first == 1);
                if is_full {
                    query.low = before;
                } else {
                    query.high = before;
                }
                if query.high - query.low > 1 {
                    // From one answer to the next the crossing hardly moves: its neighbour comes first.
                    query.probe = match (is_first, is_full) {
                        (true, true) => before + 1,
                        (true, false) => before - 1,
                        (false, _) => query.low + (query.high - query.low) / 2,
                    };
                    continue;
                }
                self.crossing = Some(query.low);
                query.probe = query.high;
            }
            if query.extras == params.extra_guesses || query.probe >= top {
                query.finish(params, guesses);
                let fault = guesses.state.fault.or(meter.fault);
                return fault.map_or(Ok(true), |index| Err(Error::OracleFault { index }));
            }
            query.extras += 1;
            query.probe += 1;
        }
    }

    fn absorb<D: Id, M: Memory<T, D>, O: PrefixOracle<T>>(
        &mut self,
        guesses: &mut Guesses<T, D, M>,
        _: &O,
        others: impl Iterator<Item = (usize, T)> + Clone,
        _: u64,
    ) -> Result<(), Error> {
        for (id, value) in others {
            guesses.adopt(id, value);
            guesses.note(id, value, false);
        }
        Ok(())
    }

    fn write<D: Id, M: Memory<T, D>>(
        &self,
        w: &mut Writer<'_>,
        guesses: &Guesses<T, D, M>,
        newcomer: Option<Newcomer>,
    ) {
        w.u8(u8::from(self.crossing.is_some()));
        w.i32(self.crossing.unwrap_or(0));
        match (newcomer, &self.query) {
            (Some(newcomer), _) => {
                w.u8(1);
                w.len(newcomer.id);
            }
            (None, None) => w.u8(0),
            (None, Some(query)) => {
                w.u8(2);
                query.write(w, guesses);
            }
        }
    }

    fn read<D: Id, M: Memory<T, D>>(
        r: &mut Reader<'_>,
        params: &P,
        guesses: &mut Guesses<T, D, M>,
    ) -> Result<(Self, Option<Newcomer>), Error> {
        let (has_crossing, crossing) = (r.flag()?, r.number()?);
        let crossing = has_crossing.then_some(crossing);
        let (query, newcomer) = match r.u8()? {
            0 => (None, None),
            // Nothing random depends on the word of an insertion.
            1 => (None, Some(Newcomer { id: r.len()?, seed: 0 })),
            2 => (Some(Query::read(r, &params.search(), guesses)?), None),
            _ => return Err(Error::Corrupt),
        };
        Ok((Self { crossing, query }, newcomer))
    }

    /// Nothing is given up: a guess without a slot is built when an answer asks for it.
    fn bound<D: Id, M: Memory<T, D>>(&mut self, _: &mut Guesses<T, D, M>) {}

    fn check_loaded<D: Id, M: Memory<T, D>>(&self, params: &P, guesses: &mut Guesses<T, D, M>) -> Result<(), Error> {
        let mut busy = None;
        if let Some(query) = self.query {
            query.check_loaded(&params.search(), guesses)?;
            busy = (query.stage != Stage::Open).then_some((query.probe, query.step));
        }
        // Changes since are noted: a deleted element may still be inside, but not of the guess that is being brought up to date;
        // an inserted one is not inside yet.
        guesses.check_loaded(busy, |number, id, contains, changes| {
            let is_busy = busy.is_some_and(|(busy, _)| busy == number);
            changes.has(id) && (!contains || (changes.has_gone(id) && !is_busy))
        })
    }
}

impl<T: Real> Lazy<T> {
    /// A slot for a guess that has none, if need be that of the guess furthest from the last answer, the higher one of two.
    fn open<D: Id, M: Memory<T, D>>(&self, guesses: &mut Guesses<T, D, M>, number: i32) -> Result<usize, Error> {
        let crossing = self.crossing.unwrap_or(number);
        guesses.open(number, |guesses| {
            let furthest = guesses.numbers().max_by_key(|&(_, number)| (number.abs_diff(crossing), number));
            furthest.map_or(0, |(slot, _)| slot)
        })
    }
}

/// A guess below the best value and one above: it lies between that of one element and of as many as are chosen.
fn bracket<T: Real, D: Id, M: Memory<T, D>>(params: &Search, guesses: &Guesses<T, D, M>, largest: T) -> (i32, i32) {
    let most = T::count(params.size as u64) * largest;
    (guesses.ladder.at_least(largest) - 1, guesses.ladder.at_least(most) + 1)
}

impl<T: Real> Query<T> {
    /// Takes changes into a guess, or builds it from all elements if there are many.
    fn bring_up_to_date<D: Id, M: Memory<T, D>, O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        params: &Search,
        guesses: &mut Guesses<T, D, M>,
        slot: usize,
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<(), Exhausted> {
        let mut parts = guesses.split();
        let (mut slot, values) = parts.slot_and_values(slot);
        if matches!(self.stage, Stage::Open | Stage::Fresh) {
            let is_much = slot.changes.count() > (slot.levels.members() / params.rebuild_fraction).max(4);
            self.stage = if is_much || self.stage == Stage::Fresh {
                let ids = eligible(values, slot.levels.threshold, slot.guess());
                self.step = slot.levels.fill(ids, &mut self.coins, meter.oracle, constraint);
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
                    self.step = slot.levels.build(level, None, &mut self.coins, meter.oracle, constraint);
                }
                Stage::Entering { from: 0 }
            };
        }
        loop {
            slot.levels.advance(&mut self.step, &mut self.coins, meter, constraint)?;
            let Stage::Entering { from } = self.stage else { return Ok(()) };
            let Some(id) = slot.changes.next(from) else {
                slot.changes.clear();
                return Ok(());
            };
            self.stage = Stage::Entering { from: id + 1 };
            if slot.is_for(values[id]) && !slot.levels.contains(id) {
                self.step = slot.levels.enter(id);
            }
        }
    }

    /// Takes note of what a guess that is up to date has found; whether it is full.
    fn look<D: Id, M: Memory<T, D>>(&mut self, params: &Search, guesses: &mut Guesses<T, D, M>, slot: usize) -> bool {
        let size = T::count(params.size as u64);
        let mut parts = guesses.split();
        let levels = parts.slot(slot).levels;
        let (value, is_full, len) = (levels.value(), levels.is_full(), levels.height());
        if !is_full {
            let bound = value + size * levels.threshold;
            self.bound = if bound < self.bound { bound } else { self.bound };
        }
        let is_better = self.best.is_none_or(|(best, number, _)| value > best || value == best && self.probe < number);
        if is_better {
            self.best = Some((value, self.probe, len));
            parts.copy_to_draft(slot);
        }
        is_full
    }

    /// Makes the best that was found the answer, unless hysteresis keeps the last one.
    fn finish<D: Id, M: Memory<T, D>>(&self, params: &Search, guesses: &mut Guesses<T, D, M>) {
        let Some((value, _, len)) = self.best else { return };
        let before = guesses.state.answer;
        let keeps = params.hysteresis > 0.0
            && before.intact
            && before.len > 0
            && value < (T::ONE + T::constant(params.hysteresis)) * before.value;
        if keeps {
            guesses.state.answer = Answer { bound: self.bound.max(before.value), stale: false, ..before };
        } else {
            guesses.answer(value, self.bound, len);
        }
    }

    fn write<D: Id, M: Memory<T, D>>(&self, w: &mut Writer<'_>, guesses: &Guesses<T, D, M>) {
        w.coins(&self.coins);
        [self.low, self.high, self.probe].iter().for_each(|&number| w.i32(number));
        w.u32(self.extras);
        let (stage, from) = match self.stage {
            Stage::Open | Stage::Fresh => (0, 0),
            Stage::Building => (1, 0),
            Stage::Entering { from } => (2, from),
        };
        w.u8(stage);
        w.len(from);
        w.step(&self.step);
        let (value, number, len) = self.best.unwrap_or((T::ZERO, 0, 0));
        w.u8(u8::from(self.best.is_some()));
        w.real(value);
        w.i32(number);
        w.ids(width(guesses.layout.capacity), &guesses.draft()[..len]);
        w.real(self.bound);
        w.real(self.largest);
    }

    fn read<D: Id, M: Memory<T, D>>(
        r: &mut Reader<'_>,
        params: &Search,
        guesses: &mut Guesses<T, D, M>,
    ) -> Result<Self, Error> {
        let (coins, capacity) = (r.coins()?, guesses.layout.capacity);
        let (low, high, probe) = (r.number()?, r.number()?, r.number()?);
        let extras = r.u32()?;
        let (stage, from) = (r.u8()?, r.len()?);
        let stage = match stage {
            0 => Stage::Open,
            1 => Stage::Building,
            2 => Stage::Entering { from },
            _ => return Err(Error::Corrupt),
        };
        let step = r.step()?;
        let (has_best, value, number, len) = (r.flag()?, r.amount()?, r.number()?, r.len()?);
        ensure(len <= params.size && from <= capacity && low < high && extras <= params.extra_guesses)?;
        let parts = guesses.split();
        for place in 0..len {
            let id = D::from_usize(r.below(width(capacity), capacity)?);
            ensure(!parts.draft[..place].contains(&id))?;
            parts.draft[place] = id;
        }
        ensure(has_best || len == 0)?;
        let best = has_best.then_some((value, number, len));
        let (bound, largest) = (r.amount()?, r.amount::<T>()?);
        ensure(largest > T::ZERO)?;
        Ok(Self { coins, low, high, probe, extras, stage, step, best, bound, largest })
    }

    fn check_loaded<D: Id, M: Memory<T, D>>(
        &self,
        params: &Search,
        guesses: &mut Guesses<T, D, M>,
    ) -> Result<(), Error> {
        let len = self.best.map_or(0, |best| best.2);
        ensure(guesses.draft()[..len].iter().all(|id| guesses.value(id.to_usize()) >= T::ZERO))?;
        ensure(self.largest == guesses.largest())?;
        ensure(self.stage != Stage::Open || self.step == Step::Done)?;
        let (low, high) = bracket(params, guesses, self.largest);
        let top = guesses.ladder.highest_for(self.largest, guesses.parts);
        let is_searched = low <= self.low && self.high <= high && self.low < self.probe;
        let most = if self.extras == 0 { self.high - 1 } else { top };
        ensure(is_searched && self.probe <= most)
    }
}
