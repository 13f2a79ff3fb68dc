//! `sketchlet summarize`: the rows that are worth most together, while they come and go.

mod engine;
mod graph;
mod objective;
mod outcome;
mod pool;
mod rows;
mod script;
mod stored;
mod table;

pub(super) use stored::{describe, import, query};

use super::Failure;
use super::args::{Objective, Precision, Selector, SummarizeArguments};
use super::output::{Times, available_threads, check_outputs, check_place};
use crate::Real;
use crate::submodular::{Counted, Monotone, PrefixOracle};
use engine::{Engine, Task};
use objective::{Visit, Worth};
use outcome::Outcome;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use script::Step;
use std::path::Path;
use std::time::Instant;

pub(super) fn run(arguments: &SummarizeArguments) -> Result<String, Failure> {
    objective::check(arguments)?;
    engine::ladder(arguments)?;
    let fail = |what: &str| Err(Failure::Usage(format!("summarize: {what}")));
    let method = arguments.selector();
    if arguments.window.is_some() && method.only_inserts() {
        return fail("--window lets rows go: sieves can't, take lazy-dynamic or dynamic");
    }
    let is_special = arguments.groups.is_some() || arguments.objective == Objective::Cut;
    if arguments.slots.is_some() && (is_special || !matches!(method, Selector::LazyDynamic | Selector::Dynamic)) {
        return fail("--slots is for the methods lazy-dynamic and dynamic, without groups and cuts");
    }
    if arguments.hysteresis > 0.0 && method != Selector::LazyDynamic {
        return fail("--hysteresis is for --method lazy-dynamic");
    }
    let smallest = if method == Selector::Bucket { 1e-3 } else { 1e-6 };
    if arguments.epsilon.is_some_and(|epsilon| epsilon < smallest) {
        return fail(&format!("--epsilon must be at least {smallest} with --method {}", method.name()));
    }
    check_outputs(&arguments.output, arguments.save.as_deref())?;
    let has_byte_form = matches!(method, Selector::LazyDynamic | Selector::Dynamic) && !is_special;
    if arguments.save.is_some() && !has_byte_form {
        return fail("--save is for the methods lazy-dynamic and dynamic, without groups and cuts");
    }
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

/// Flags that are given and change nothing.
fn idle_flags(arguments: &SummarizeArguments) -> Vec<String> {
    let (method, objective) = (arguments.selector(), arguments.objective);
    let is_special = arguments.groups.is_some() || objective == Objective::Cut;
    let takes_epsilon = matches!(method, Selector::Bucket | Selector::Stochastic | Selector::Threshold)
        || is_special && method == Selector::Dynamic;
    let polishes = matches!(method, Selector::LazyDynamic | Selector::Dynamic) && objective != Objective::Cut;
    let idle = [
        ("--epsilon", arguments.epsilon.is_some() && !takes_epsilon),
        ("--ratio", arguments.ratio.is_some() && !method.has_guesses()),
        ("--no-polish", arguments.no_polish && !polishes),
        ("--concave", arguments.concave.is_some() && objective != Objective::Feature),
        ("--sigma2", arguments.sigma2.is_some() && objective != Objective::Logdet),
    ];
    let told = idle.into_iter().filter(|(_, is_idle)| *is_idle);
    told.map(|(flag, _)| {
        format!("{flag} changes nothing with --method {} and --objective {}", method.name(), objective.name())
    })
    .collect()
}

fn run_in<T: Real>(arguments: &SummarizeArguments) -> Result<String, Failure> {
    let start = Instant::now();
    let placed = |failure| match failure {
        Failure::Data(error) => Failure::Data(error.in_file(source(arguments).display())),
        usage @ Failure::Usage(_) => usage,
    };
    let (mut outcome, mut about) = if rows::are_held_in_part(arguments) {
        rows::run::<T>(arguments).map_err(placed)?
    } else {
        let worth = Worth::<T>::new(arguments)?;
        let about = &worth.about;
        let steps = script::steps(arguments, about.elements, about.names.as_deref())?;
        let size = about.size(arguments)?;
        let task = Task { arguments, elements: about.elements, size, groups: about.groups.as_ref() };
        let outcome = worth.with(Play { task, steps: &steps, names: about.names.as_deref() });
        (outcome.map_err(placed)?, worth.about)
    };
    about.warnings.extend(idle_flags(arguments));
    outcome.times.seconds_total = start.elapsed().as_secs_f64();
    outcome.emit(arguments, &about, u64::from(threads(arguments)))
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
    task: Task<'a>,
    steps: &'a [Step],
    names: Option<&'a [u64]>,
}

impl<T: Real> Visit<T> for Play<'_> {
    type Output = Outcome;

    fn visit<O: PrefixOracle<T> + Monotone>(self, oracle: O) -> Result<Outcome, Failure> {
        let oracle = Counted::new(oracle);
        let mut engine = self.task.engine::<T, O>(&oracle)?;
        self.time(engine.as_mut(), &oracle)
    }

    fn visit_any<O: PrefixOracle<T>>(self, oracle: O) -> Result<Outcome, Failure> {
        let oracle = Counted::new(oracle);
        let mut engine = self.task.engine_of_any::<T, O>(&oracle)?;
        self.time(engine.as_mut(), &oracle)
    }
}

impl Play<'_> {
    fn time<O>(&self, engine: &mut dyn Engine<O>, oracle: &Counted<O>) -> Result<Outcome, Failure> {
        let mut times = Times::default();
        let mut outcome = times.count(|| self.play(engine, oracle))?;
        outcome.times = times;
        Ok(outcome)
    }

    fn play<O>(&self, engine: &mut dyn Engine<O>, oracle: &Counted<O>) -> Result<Outcome, Failure> {
        let arguments = self.task.arguments;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(arguments.input.seed);
        let every = arguments.query_every.unwrap_or(u64::from(arguments.selector().is_dynamic()));
        let mut outcome = Outcome::new(arguments, self.task.size);
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
                    outcome.ask(engine, oracle, &mut rng, self.names)?;
                    is_answered = true;
                    continue;
                }
            }
            outcome.updates += 1;
            counted += 1;
            is_answered = every > 0 && counted % every == 0;
            if is_answered {
                outcome.ask(engine, oracle, &mut rng, self.names)?;
            }
        }
        if !is_answered {
            outcome.ask(engine, oracle, &mut rng, self.names)?;
        }
        outcome.close(arguments, engine, oracle);
        Ok(outcome)
    }
}
