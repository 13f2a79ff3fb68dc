//! The eager strategy: every update brings all guesses up to date.

use super::slot_engine::{Newcomer, Plan, Strategy};
use crate::random::keyed::{Coins, Domain};
use crate::submodular::PrefixOracle;
use crate::submodular::constraint::{Anyone, Constraint};
use crate::submodular::meter::{Exhausted, Meter};
use crate::submodular::slots::{Guesses, Memory, Parts, Step, eligible, ensure};
use crate::wire::{Reader, Writer};
use crate::{Error, Id, Real};
use rand_core::Rng;

/// Parameters whose guesses are all up to date, so that an answer only has to choose among them.
pub(in crate::submodular) trait Chooses: Plan {
    /// Makes the best guess the answer.
    fn choose<T: Real, D: Id, M: Memory<T, D>, O: PrefixOracle<T>>(
        &self,
        guesses: &mut Guesses<T, D, M>,
        meter: &mut Meter<'_, O>,
    );
}

#[derive(Clone, Copy, Debug, Default)]
pub(in crate::submodular) struct Eager {
    spread: Option<Spread>,
}

/// A change on its way through the guesses.
#[derive(Clone, Copy, Debug)]
struct Spread {
    /// The generator's word, the number of guesses changed before, and the coins of the present guess.
    coins: Coins,
    change: Change,
    /// The present guess, and the last one.
    number: i32,
    last: i32,
    /// Whether the present guess has been changed, up to the step.
    begun: bool,
    step: Step,
    /// Guesses to be built from all elements afterwards.
    fill: Option<(i32, i32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Enter { id: usize },
    Leave { id: usize },
    Fill,
}

impl<T: Real, P: Chooses> Strategy<T, P> for Eager {
    const DELETION_ASKS: bool = true;

    fn is_idle(&self) -> bool {
        self.spread.is_none()
    }

    fn insert<D: Id, M: Memory<T, D>>(
        &mut self,
        guesses: &mut Guesses<T, D, M>,
        Newcomer { id, seed }: Newcomer,
        value: T,
    ) {
        guesses.give_up_lowest();
        self.spread = Some(Spread::new(seed, Change::Enter { id }, guesses.range_of(value), None));
    }

    fn delete<D: Id, M: Memory<T, D>>(&mut self, guesses: &mut Guesses<T, D, M>, id: usize, seed: u64) {
        let before = guesses.lowest_kept();
        let value = guesses.dismiss(id);
        let fill = guesses.lowest_kept().zip(before).filter(|(now, before)| now < before);
        let fill = fill.map(|(now, before)| (now, before - 1));
        self.spread = Some(Spread::new(seed, Change::Leave { id }, guesses.range_of(value), fill));
    }

    fn query<D: Id, M: Memory<T, D>, O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        params: &P,
        guesses: &mut Guesses<T, D, M>,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        // A word a call, whichever it is: another mix of calls doesn't shift what follows.
        rng.next_u64();
        let mut meter = Meter::unlimited(oracle);
        params.choose(guesses, &mut meter);
        guesses.state.fault = guesses.state.fault.or(meter.fault);
        guesses.check_fault()
    }

    fn work<D: Id, M: Memory<T, D>, O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        _: &P,
        guesses: &mut Guesses<T, D, M>,
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<bool, Error> {
        let Some(mut spread) = self.spread.take() else { return Ok(true) };
        let is_done = spread.work(guesses, meter, constraint)?;
        self.spread = (!is_done).then_some(spread);
        Ok(is_done)
    }

    /// One by one, or by building all guesses from all elements if the others are many.
    fn absorb<D: Id, M: Memory<T, D>, O: PrefixOracle<T>>(
        &mut self,
        guesses: &mut Guesses<T, D, M>,
        oracle: &O,
        others: impl Iterator<Item = (usize, T)> + Clone,
        seed: u64,
    ) -> Result<(), Error> {
        let is_much = others.clone().count() > guesses.state.live / 4;
        let mut meter = Meter::unlimited(oracle);
        for ((id, value), rank) in others.zip(1u64..) {
            guesses.adopt(id, value);
            if !is_much {
                guesses.give_up_lowest();
                let mut spread = Spread::new(seed, Change::Enter { id }, guesses.range_of(value), None);
                // Coins of its own for each: the upper half counts elements, the lower one guesses.
                spread.coins.first = rank << 32;
                spread.work(guesses, &mut meter, &Anyone)?;
            }
        }
        if is_much {
            guesses.give_up_lowest();
            let worthy = guesses.alive().map(|(_, value)| value).filter(|&value| value > T::ZERO);
            if let Some(least) = worthy.reduce(|least, value| if value < least { value } else { least }) {
                let largest = guesses.largest();
                let all = (guesses.range_of(least).0, guesses.range_of(largest).1);
                Spread::new(seed, Change::Fill, all, None).work(guesses, &mut meter, &Anyone)?;
            }
        }
        guesses.state.fault = guesses.state.fault.or(meter.fault);
        Ok(())
    }

    fn write<D: Id, M: Memory<T, D>>(&self, w: &mut Writer<'_>, _: &Guesses<T, D, M>, newcomer: Option<Newcomer>) {
        match (newcomer, &self.spread) {
            (Some(newcomer), _) => {
                w.u8(1);
                w.len(newcomer.id);
                w.u64(newcomer.seed);
            }
            (None, None) => w.u8(0),
            (None, Some(spread)) => {
                w.u8(2);
                spread.write(w);
            }
        }
    }

    fn read<D: Id, M: Memory<T, D>>(
        r: &mut Reader<'_>,
        _: &P,
        _: &mut Guesses<T, D, M>,
    ) -> Result<(Self, Option<Newcomer>), Error> {
        match r.u8()? {
            0 => Ok((Self::default(), None)),
            1 => Ok((Self::default(), Some(Newcomer { id: r.len()?, seed: r.u64()? }))),
            2 => Ok((Self { spread: Some(Spread::read(r)?) }, None)),
            _ => Err(Error::Corrupt),
        }
    }

    /// Gives up guesses that a growing selection keeps, but one with a fixed number of slots doesn't.
    fn bound<D: Id, M: Memory<T, D>>(&mut self, guesses: &mut Guesses<T, D, M>) {
        guesses.give_up_lowest();
        if let (Some(spread), Some(lowest)) = (&mut self.spread, guesses.lowest_kept()) {
            if spread.number < lowest {
                (spread.number, spread.begun, spread.step) = (lowest, false, Step::Done);
            }
            spread.fill = spread.fill.map(|(first, last)| (first.max(lowest), last));
        }
    }

    fn check_loaded<D: Id, M: Memory<T, D>>(&self, _: &P, guesses: &mut Guesses<T, D, M>) -> Result<(), Error> {
        let Some(spread) = self.spread else { return guesses.check_loaded(None, |_, _, _, _| false) };
        spread.check_loaded(guesses)
    }
}

impl Spread {
    fn new(seed: u64, change: Change, (number, last): (i32, i32), fill: Option<(i32, i32)>) -> Self {
        let coins = Coins::new(seed, Domain::Guess, 0);
        Self { coins, change, number, last, begun: false, step: Step::Done, fill }
    }

    /// On to the next guess.
    const fn next(&mut self) {
        self.begun = false;
        self.number += 1;
    }

    /// Continues with the change, as far as the budget goes; whether it is done.
    fn work<T: Real, D: Id, M: Memory<T, D>, O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        guesses: &mut Guesses<T, D, M>,
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<bool, Error> {
        loop {
            // Guesses that are there, in storage that is cut once.
            let mut parts = guesses.split();
            while self.number <= self.last
                && let Some(slot) = parts.find(self.number)
            {
                if self.change(&mut parts, slot, meter, constraint).is_err() {
                    return Ok(false);
                }
                self.next();
                self.coins = self.coins.next();
            }
            if self.number > self.last {
                let Some((first, last)) = self.fill.take() else { return Ok(true) };
                (self.change, self.number, self.last) = (Change::Fill, first, last);
                continue;
            }
            let needs_slot = match self.change {
                Change::Enter { .. } => true,
                Change::Leave { .. } => false,
                Change::Fill => guesses.has_any_for(self.number),
            };
            if needs_slot {
                guesses.find_or_open(self.number, meter.oracle)?;
            } else {
                self.next();
            }
        }
    }

    /// Changes a guess, as far as the budget goes.
    fn change<T: Real, D: Id, O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        parts: &mut Parts<'_, T, D>,
        slot: usize,
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<(), Exhausted> {
        let (mut slot, values) = parts.slot_and_values(slot);
        if !self.begun {
            self.begun = true;
            self.step = match self.change {
                Change::Enter { id } => slot.levels.enter(id),
                Change::Leave { id } if slot.levels.contains(id) => match slot.levels.remove(id) {
                    Some(level) => slot.levels.build(level, None, &mut self.coins, meter.oracle, constraint),
                    None => Step::Done,
                },
                Change::Leave { .. } => Step::Done,
                Change::Fill => {
                    let ids = eligible(values, slot.levels.threshold, slot.guess());
                    slot.levels.fill(ids, &mut self.coins, meter.oracle, constraint)
                }
            };
        }
        slot.levels.advance(&mut self.step, &mut self.coins, meter, constraint)?;
        if slot.levels.members() == 0 {
            slot.release();
        }
        Ok(())
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.coins(&self.coins);
        let (change, id) = match self.change {
            Change::Enter { id } => (0, id),
            Change::Leave { id } => (1, id),
            Change::Fill => (2, 0),
        };
        w.u8(change);
        w.len(id);
        w.i32(self.number);
        w.i32(self.last);
        w.u8(u8::from(self.begun));
        w.step(&self.step);
        w.u8(u8::from(self.fill.is_some()));
        let (first, last) = self.fill.unwrap_or((0, 0));
        w.i32(first);
        w.i32(last);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Error> {
        let coins = r.coins()?;
        let change = match (r.u8()?, r.len()?) {
            (0, id) => Change::Enter { id },
            (1, id) => Change::Leave { id },
            (2, _) => Change::Fill,
            _ => return Err(Error::Corrupt),
        };
        let (number, last, begun) = (r.number()?, r.number()?, r.flag()?);
        let (step, has_fill) = (r.step()?, r.flag()?);
        let fill = (r.number()?, r.number()?);
        Ok(Self { coins, change, number, last, begun, step, fill: has_fill.then_some(fill) })
    }

    fn check_loaded<T: Real, D: Id, M: Memory<T, D>>(&self, guesses: &mut Guesses<T, D, M>) -> Result<(), Error> {
        let Self { change, number: at, last, begun, step, fill, .. } = *self;
        let (ladder, parts, capacity) = (guesses.ladder, guesses.parts, guesses.layout.capacity);
        let is_sound = match change {
            Change::Enter { id } => {
                let is_there = id < capacity && guesses.value(id) > T::ZERO;
                let (low, high) = if is_there { guesses.range_of(guesses.value(id)) } else { (0, -1) };
                is_there && at >= low && last == high
            }
            Change::Leave { id } => id < capacity && guesses.value(id) < T::ZERO,
            Change::Fill => true,
        };
        // Guesses still to be opened must be within the range of the scalar.
        let ranges = [Some((at, last)), fill].into_iter().flatten().filter(|(first, last)| first <= last);
        let is_in_range =
            |(first, last)| ladder.guess::<T>(last).is_finite() && ladder.threshold(first, parts) > T::ZERO;
        ensure(is_sound && ranges.clone().all(is_in_range) && (begun || step == Step::Done))?;
        ensure(!begun || at <= last)?;
        // A newcomer is not yet in the guesses to come; an element that was deleted still is.
        let is_to_come = |number: i32| number > at || (number == at && !begun);
        guesses.check_loaded(begun.then_some((at, step)), |number, id, contains, _| {
            let expected = if contains { Change::Leave { id } } else { Change::Enter { id } };
            number <= last && is_to_come(number) && change == expected
        })?;
        if let Change::Enter { id } = change {
            let mut parts = guesses.split();
            for slot in 0..parts.slots() {
                let is_early = parts.number(slot).is_some_and(is_to_come);
                ensure(!is_early || !parts.slot(slot).levels.contains(id))?;
            }
        }
        Ok(())
    }
}
