//! `sketchlet summarize`: the rows that are worth most together, while they come and go.

mod engine;
mod graph;
mod objective;
mod outcome;
mod script;
mod table;

use super::Failure;
use super::args::{Precision, Selector, SummarizeArguments};
use super::output::{Times, available_threads, check_outputs, check_place};
use crate::Real;
use crate::submodular::{Counted, Monotone, PrefixOracle};
use engine::Engine;
use objective::{Visit, Worth};
use outcome::{Answer, Outcome};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use script::Step;
use std::path::Path;
use std::time::Instant;

pub(super) fn run(arguments: &SummarizeArguments) -> Result<String, Failure> {
    objective::check(arguments)?;
    engine::ladder(arguments)?;
    let fail = |what: &str| Err(Failure::Usage(format!("summarize: {what}")));
    if arguments.window.is_some() && arguments.method.only_inserts() {
        return fail("--window lets rows go: sieves can't, take lazy-dynamic or dynamic");
    }
    if arguments.slots.is_some() && !arguments.method.is_dynamic() {
        return fail("--slots is for methods with guesses: lazy-dynamic and dynamic");
    }
    if arguments.hysteresis > 0.0 && arguments.method != Selector::LazyDynamic {
        return fail("--hysteresis is for --method lazy-dynamic");
    }
    check_outputs(&arguments.output, None)?;
    if let Some(trace) = &arguments.trace {
        check_place("--trace", trace, &["csv"])?;
        if arguments.output.out.as_ref() == Some(trace) {
            return fail("--trace and --out name one file");
        }
    }
    match arguments.input.precision {
        Precision::F64 => run_in::<f64>(arguments),
        Precision::F32 => run_in::<f32>(arguments),
    }
}

fn run_in<T: Real>(arguments: &SummarizeArguments) -> Result<String, Failure> {
    let start = Instant::now();
    let worth = Worth::<T>::new(arguments)?;
    let steps = script::steps(arguments, worth.elements, worth.vertices.as_deref())?;
    let outcome = worth.with(Play { arguments, steps: &steps, elements: worth.elements });
    let outcome = outcome.map_err(|failure| match failure {
        Failure::Data(error) => Failure::Data(error.in_file(source(arguments).display())),
        usage @ Failure::Usage(_) => usage,
    })?;
    let mut times = outcome.times;
    times.seconds_total = start.elapsed().as_secs_f64();
    Outcome { times, ..outcome }.emit(arguments, &worth, u64::from(threads(arguments)))
}

/// Where the elements come from.
fn source(arguments: &SummarizeArguments) -> &Path {
    arguments.edges.as_ref().unwrap_or(&arguments.input.input)
}

fn threads(arguments: &SummarizeArguments) -> u32 {
    arguments.input.threads.unwrap_or_else(|| u32::try_from(available_threads()).unwrap_or(u32::MAX))
}

/// Goes through the steps.
struct Play<'a> {
    arguments: &'a SummarizeArguments,
    steps: &'a [Step],
    elements: usize,
}

impl<T: Real> Visit<T> for Play<'_> {
    type Output = Outcome;

    fn visit<O: PrefixOracle<T> + Monotone>(self, oracle: O) -> Result<Outcome, Failure> {
        let mut engine = engine::engine::<T, O>(self.arguments, &oracle, self.elements)?;
        let mut times = Times::default();
        let mut outcome = times.count(|| self.play(engine.as_mut(), &Counted::new(oracle)))?;
        outcome.times = times;
        Ok(outcome)
    }
}

impl Play<'_> {
    fn play<O>(&self, engine: &mut dyn Engine<O>, oracle: &Counted<O>) -> Result<Outcome, Failure> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.arguments.input.seed);
        let every = self.arguments.query_every.unwrap_or(u64::from(self.arguments.method.is_dynamic()));
        let mut outcome = Outcome::default();
        let (mut counted, mut is_answered) = (0, false);
        for step in self.steps {
            match *step {
                Step::Insert(id) => engine.insert(oracle, id, &mut rng)?,
                Step::Delete(id) => engine.delete(oracle, id, &mut rng)?,
                Step::Slide(out, id) => {
                    engine.delete(oracle, out, &mut rng)?;
                    outcome.updates += 1;
                    engine.insert(oracle, id, &mut rng)?;
                }
                Step::Query => {
                    outcome.ask(engine, oracle, &mut rng)?;
                    is_answered = true;
                    continue;
                }
            }
            outcome.updates += 1;
            counted += 1;
            is_answered = every > 0 && counted % every == 0;
            if is_answered {
                outcome.ask(engine, oracle, &mut rng)?;
            }
        }
        if !is_answered {
            outcome.ask(engine, oracle, &mut rng)?;
        }
        outcome.oracle_calls = oracle.gains() - outcome.extra_calls;
        outcome.live = engine.live();
        outcome.state_bytes = engine.state_bytes();
        Ok(outcome)
    }
}

impl Outcome {
    /// Asks, and improves the answer, whose gains count apart.
    fn ask<O>(
        &mut self,
        engine: &mut dyn Engine<O>,
        oracle: &Counted<O>,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<(), Failure> {
        engine.query(oracle, rng)?;
        let before = oracle.gains();
        engine.improve(oracle)?;
        self.extra_calls += oracle.gains() - before;
        let found = engine.found();
        let (updates, oracle_calls) = (self.updates, oracle.gains() - self.extra_calls);
        self.answers.push(Answer { updates, oracle_calls, found });
        Ok(())
    }
}
