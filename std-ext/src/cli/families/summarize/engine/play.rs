//! Runs a method over the steps, and collects its answers.

use super::super::about::About;
use super::super::held::Slots;
use super::super::pool::Pool;
use super::super::rows::Elements;
use super::super::script::{Feed, Script, Step};
use super::super::task::{Plan, Task};
use super::super::visit::Visit;
use super::build::Choice;
use super::found::Found;
use super::method::Engine;
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::submodular::{Counted, Monotone, PrefixOracle};
use crate::{CoreError, Error, Real};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// An answer, and what had been done until then.
pub(in super::super) struct Answer {
    pub(in super::super) updates: u64,
    pub(in super::super) oracle_calls: u64,
    pub(in super::super) found: Found,
}

/// What was answered, and what it cost.
#[derive(Default)]
pub(in super::super) struct Record {
    /// All answers, if they are to be told of, else the last one.
    pub(in super::super) answers: Vec<Answer>,
    pub(in super::super) queries: u64,
    pub(in super::super) updates: u64,
    pub(in super::super) oracle_calls: u64,
    pub(in super::super) extra_calls: u64,
    pub(in super::super) live: usize,
    pub(in super::super) state_bytes: usize,
    /// Bytes of the rows that are held beside it, where they come one by one.
    pub(in super::super) rows_bytes: usize,
    /// The byte form, if it is to be saved.
    pub(in super::super) summary: Option<Vec<u8>>,
}

/// Goes through all steps; of elements that are held in part it learns only now what there is to tell.
pub(in super::super) fn play<T: Real>(
    task: &Task,
    elements: Elements<T>,
    about: &mut About,
    clock: &mut Clock,
) -> Result<Record, Failure> {
    let size = about.size;
    match elements {
        Elements::Whole { function, steps } => {
            let choice = Choice { method: task.method, elements: about.elements, size, groups: about.groups.as_ref() };
            let script = Script { steps: steps.into_iter(), names: about.names.as_deref() };
            let (record, used) = function.with(task.threads, Play { choice, plan: &task.plan, script, clock })?;
            clock.note_threads(used);
            Ok(record)
        }
        Elements::Held { shape, source } => {
            let window = task.plan.window.map(|window| window as usize);
            // A window may be longer than all there is.
            let window = window.map(|window| if about.elements > 0 { window.min(about.elements) } else { window });
            let oracle = Counted::new(Pool::new(&shape, window.unwrap_or(0))?);
            // A sieve asks for no room.
            let choice = Choice { method: task.method, elements: window.unwrap_or(size), size, groups: None };
            let mut engine = choice.engine::<T, Pool<'_, T>>(&oracle)?;
            let mut slots = Slots::new(oracle.inner(), source, window);
            let mut record = clock.count(|| task.plan.play(engine.as_mut(), &oracle, &mut slots))?;
            record.rows_bytes = oracle.inner().bytes();
            about.elements = slots.rows;
            about.warnings.extend_from_slice(slots.source.warnings());
            about.names = Some(slots.numbers);
            Ok(record)
        }
    }
}

/// Goes through steps that are known.
struct Play<'a> {
    choice: Choice<'a>,
    plan: &'a Plan,
    script: Script<'a>,
    clock: &'a mut Clock,
}

impl<T: Real> Visit<T> for Play<'_> {
    type Output = Record;

    fn visit<O: PrefixOracle<T> + Monotone>(mut self, oracle: O) -> Result<Record, Failure> {
        let oracle = Counted::new(oracle);
        let mut engine = self.choice.engine::<T, O>(&oracle)?;
        self.clock.count(|| self.plan.play(engine.as_mut(), &oracle, &mut self.script))
    }

    fn visit_any<O: PrefixOracle<T>>(mut self, oracle: O) -> Result<Record, Failure> {
        let oracle = Counted::new(oracle);
        let mut engine = self.choice.engine_of_any::<T, O>(&oracle)?;
        self.clock.count(|| self.plan.play(engine.as_mut(), &oracle, &mut self.script))
    }
}

impl Plan {
    fn play<O>(&self, engine: &mut dyn Engine<O>, oracle: &Counted<O>, feed: &mut dyn Feed) -> Result<Record, Failure> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let mut record = Record::default();
        let (mut counted, mut is_answered) = (0u64, false);
        while let Some(step) = feed.next(&|id| engine.keeps(id))? {
            match step {
                Step::Insert(id) => {
                    let inserted = engine.insert(oracle, id, &mut rng);
                    inserted.map_err(|error| feed.place(worth_error(error, feed.names())))?;
                }
                Step::Delete(id) | Step::Evict(id) => {
                    engine.delete(oracle, id, &mut rng).map_err(|error| worth_error(error, feed.names()))?;
                }
                Step::Query => {}
            }
            if step != Step::Query {
                record.updates += 1;
                if matches!(step, Step::Evict(_)) {
                    continue;
                }
                counted += 1;
            }
            let is_due = self.query_every > 0 && counted.is_multiple_of(self.query_every);
            is_answered = step == Step::Query || is_due;
            if is_answered {
                self.ask(&mut record, engine, oracle, &mut rng, feed.names())?;
            }
        }
        if !is_answered {
            self.ask(&mut record, engine, oracle, &mut rng, feed.names())?;
        }
        record.oracle_calls = oracle.gains() - record.extra_calls;
        record.live = engine.live();
        record.state_bytes = engine.state_bytes();
        record.summary = if self.saves { engine.encode() } else { None };
        Ok(record)
    }

    /// Asks, and improves the answer, whose gains count apart.
    fn ask<O>(
        &self,
        record: &mut Record,
        engine: &mut dyn Engine<O>,
        oracle: &Counted<O>,
        rng: &mut Xoshiro256PlusPlus,
        names: Option<&[u64]>,
    ) -> Result<(), Error> {
        engine.query(oracle, rng).map_err(|error| worth_error(error, names))?;
        let before = oracle.gains();
        engine.improve(oracle).map_err(|error| worth_error(error, names))?;
        record.extra_calls += oracle.gains() - before;
        let mut found = engine.found();
        if let Some(names) = names {
            found.rename(names);
        }
        if !self.tells_all {
            record.answers.clear();
        }
        let oracle_calls = oracle.gains() - record.extra_calls;
        record.answers.push(Answer { updates: record.updates, oracle_calls, found });
        record.queries += 1;
        Ok(())
    }
}

/// What is said where a method fails: the functions are those of this command, so that only overflow gives impossible values.
pub(super) fn worth_error(error: CoreError, names: Option<&[u64]>) -> Error {
    let (CoreError::OracleFault { index } | CoreError::NonFinite { index }) = error else { return error.into() };
    let name = names.and_then(|names| names.get(index).copied()).unwrap_or(index as u64);
    Error::data(format!("the worth of element {name} is out of range: rescale the numbers"))
}
