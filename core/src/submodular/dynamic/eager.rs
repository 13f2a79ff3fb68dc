//! Guesses of which every one is up to date after every update.

use crate::random::keyed::{Coins, Domain};
use crate::stream::Progress;
use crate::submodular::admission::{Admission, Anyone};
use crate::submodular::guesses::{Guesses, idle};
use crate::submodular::levels::Step;
use crate::submodular::meter::{Exhausted, Meter};
use crate::submodular::slots::{Parts, eligible};
use crate::submodular::{Chosen, Exchange, PrefixOracle};
use crate::{Error, Id, Real, Storage};
use rand_core::Rng;

#[derive(Clone, Debug)]
pub(super) struct Eager<T, D, S, I> {
    pub(super) guesses: Guesses<T, D, S, I>,
    pub(super) request: Option<Request>,
}

/// What was asked for and is not done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    Insert { id: usize, seed: u64 },
    Spread(Spread),
}

/// A change on its way through the guesses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// The generator's word, the number of guesses changed before, and the coins of the one that is being changed.
    pub(super) coins: Coins,
    pub(super) change: Change,
    /// The guess that is being changed, and the last one.
    pub(super) number: i32,
    pub(super) last: i32,
    /// Whether the guess has been changed, up to the step.
    pub(super) begun: bool,
    pub(super) step: Step,
    /// Guesses to be built from all elements afterwards.
    pub(super) fill: Option<(i32, i32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Enter { id: usize },
    Leave { id: usize },
    Fill,
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> Eager<T, D, S, I> {
    pub(super) const fn new(guesses: Guesses<T, D, S, I>) -> Self {
        Self { guesses, request: None }
    }

    pub(super) fn clear(&mut self) {
        self.guesses.clear();
        self.request = None;
    }

    idle!(self, self.request);

    pub(super) fn insert_deferred<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        self.guesses.check_newcomer(oracle, id)?;
        self.request = Some(Request::Insert { id: id as usize, seed: rng.next_u64() });
        Ok(())
    }

    pub(super) fn delete_deferred<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        self.guesses.check_alive(id)?;
        let seed = rng.next_u64();
        let before = self.guesses.lowest_kept();
        let value = self.guesses.dismiss(id as usize);
        let fill = self.guesses.lowest_kept().zip(before).filter(|(now, before)| now < before);
        let fill = fill.map(|(now, before)| (now, before - 1));
        let spread = Spread::new(seed, Change::Leave { id: id as usize }, self.guesses.range_of(value), fill);
        self.request = Some(Request::Spread(spread));
        Ok(())
    }

    /// Readies an answer, which is to be chosen among the guesses.
    pub(super) fn query<O: PrefixOracle<T>, R: Rng + ?Sized>(&mut self, oracle: &O, rng: &mut R) -> Result<(), Error> {
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        // A word a call, whichever it is: another mix of calls doesn't shift what follows.
        rng.next_u64();
        Ok(())
    }

    /// Takes in elements of known values, one by one, or by building all guesses anew if they are many.
    pub(super) fn absorb<O: PrefixOracle<T>>(
        &mut self,
        oracle: &O,
        number: usize,
        others: impl Iterator<Item = (usize, T)>,
        seed: u64,
    ) -> Result<(), Error> {
        let is_much = number > self.guesses.state.live / 4;
        let mut meter = Meter::unlimited(oracle);
        for ((id, value), rank) in others.zip(1u64..) {
            self.guesses.adopt(id, value);
            if !is_much {
                self.guesses.give_up_lowest();
                let mut spread = Spread::new(seed, Change::Enter { id }, self.guesses.range_of(value), None);
                // Coins of its own for each: the upper half counts elements, the lower one guesses.
                spread.coins.first = rank << 32;
                self.work(&mut spread, &mut meter, &Anyone)?;
            }
        }
        if is_much {
            self.guesses.give_up_lowest();
            let worthy = self.guesses.alive().map(|(_, value)| value).filter(|&value| value > T::ZERO);
            if let Some(least) = worthy.reduce(|least, value| if value < least { value } else { least }) {
                let largest = self.guesses.largest();
                let all = (self.guesses.range_of(least).0, self.guesses.range_of(largest).1);
                let mut spread = Spread::new(seed, Change::Fill, all, None);
                self.work(&mut spread, &mut meter, &Anyone)?;
            }
        }
        self.guesses.state.fault = self.guesses.state.fault.or(meter.fault);
        Ok(())
    }

    pub(super) fn poll<O: PrefixOracle<T>>(
        &mut self,
        oracle: &O,
        admission: &impl Admission<T>,
        mut budget: u64,
    ) -> Result<Progress, Error> {
        let Some(request) = self.request else { return Ok(Progress::Done) };
        if budget == 0 {
            return Ok(Progress::Pending);
        }
        self.guesses.check_oracle(oracle)?;
        self.request = None;
        let mut spread = match request {
            Request::Insert { id, seed } => {
                #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
                self.guesses.check_newcomer(oracle, id as u32)?;
                // What can't be chosen even alone belongs to no guess.
                let none = Chosen::<T, D>::new(&[], &[], &[]);
                let may_be_chosen = admission.exchange(&none, id) != Exchange::Barred;
                let value = self.guesses.admit(id, oracle, may_be_chosen)?;
                budget -= 1;
                self.guesses.give_up_lowest();
                Spread::new(seed, Change::Enter { id }, self.guesses.range_of(value), None)
            }
            Request::Spread(spread) => spread,
        };
        let mut meter = Meter::new(oracle, budget);
        let outcome = self.work(&mut spread, &mut meter, admission);
        self.guesses.state.fault = self.guesses.state.fault.or(meter.fault);
        if outcome? {
            return Ok(Progress::Done);
        }
        self.request = Some(Request::Spread(spread));
        Ok(Progress::Pending)
    }

    /// Goes on with a change; whether it is done.
    fn work<O: PrefixOracle<T>>(
        &mut self,
        spread: &mut Spread,
        meter: &mut Meter<'_, O>,
        admission: &impl Admission<T>,
    ) -> Result<bool, Error> {
        loop {
            // Guesses that are there, in storage that is cut once.
            let mut parts = self.guesses.split();
            while spread.number <= spread.last
                && let Some(slot) = parts.find(spread.number)
            {
                if change(&mut parts, slot, spread, meter, admission).is_err() {
                    return Ok(false);
                }
                spread.next();
                spread.coins = spread.coins.next();
            }
            if spread.number > spread.last {
                let Some((first, last)) = spread.fill.take() else { return Ok(true) };
                (spread.change, spread.number, spread.last) = (Change::Fill, first, last);
                continue;
            }
            let needs_slot = match spread.change {
                Change::Enter { .. } => true,
                Change::Leave { .. } => false,
                Change::Fill => self.guesses.has_any_for(spread.number),
            };
            if needs_slot {
                self.guesses.find_or_open(spread.number, meter.oracle)?;
            } else {
                spread.next();
            }
        }
    }
}

/// Changes a guess, as far as the budget goes.
fn change<T: Real, D: Id, O: PrefixOracle<T>>(
    parts: &mut Parts<'_, T, D>,
    slot: usize,
    spread: &mut Spread,
    meter: &mut Meter<'_, O>,
    admission: &impl Admission<T>,
) -> Result<(), Exhausted> {
    let (mut slot, values) = parts.slot_and_values(slot);
    if !spread.begun {
        spread.begun = true;
        spread.step = match spread.change {
            Change::Enter { id } => slot.levels.enter(id),
            Change::Leave { id } if slot.levels.contains(id) => match slot.levels.remove(id) {
                Some(level) => slot.levels.build(level, None, &mut spread.coins, meter.oracle),
                None => Step::Done,
            },
            Change::Leave { .. } => Step::Done,
            Change::Fill => {
                let ids = eligible(values, slot.levels.threshold, slot.guess());
                slot.levels.fill(ids, &mut spread.coins, meter.oracle)
            }
        };
    }
    slot.levels.advance(&mut spread.step, &mut spread.coins, meter, admission)?;
    if slot.levels.members() == 0 {
        slot.release();
    }
    Ok(())
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
}
