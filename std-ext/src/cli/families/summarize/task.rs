//! The task: the flags of `summarize`, checked once.

use crate::cli::args::{InputArguments, Objective, Selector, Spelled, SummarizeArguments};
use crate::cli::failure::Failure;
use crate::cli::places::{self, Place};
use crate::submodular::{Concave, LazyDynamicParams};
use std::num::NonZero;
use std::path::{Path, PathBuf};

/// How rows are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Similarity {
    Given,
    /// With a scale of the data's own, if none is given.
    Rbf(Option<f64>),
    Cosine,
    Dot,
}

/// Which rows stand for all others.
#[derive(Clone, Debug)]
pub(super) enum Exemplars {
    /// So many, drawn among the rows; a usual number, if none is given.
    Drawn(Option<usize>),
    File(PathBuf),
}

/// What a set of rows is worth.
pub(super) struct Worth {
    pub(super) objective: Objective,
    pub(super) similarity: Option<Similarity>,
    pub(super) exemplars: Exemplars,
    pub(super) weights: Option<PathBuf>,
    pub(super) concave: Concave,
    pub(super) sigma2: f64,
    pub(super) seed: u64,
}

/// The steps: insertions, deletions, and when an answer is asked for.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) updates: Option<PathBuf>,
    pub(super) window: Option<u32>,
    /// Steps between two questions; 0: one question at the end.
    pub(super) query_every: u64,
    /// Whether a row that has come stays.
    pub(super) only_inserts: bool,
    /// Whether all answers are told of, and not only the last one.
    pub(super) tells_all: bool,
    pub(super) saves: bool,
    pub(super) seed: u64,
}

/// A method, and what it has to know.
#[derive(Clone, Copy)]
pub(super) struct Method {
    pub(super) selector: Selector,
    pub(super) epsilon: f64,
    /// Guesses in a doubling, and their ratio; none for a method without guesses.
    pub(super) ladder: Option<(u32, f64)>,
    pub(super) patience: Option<u64>,
    pub(super) slots: Option<u32>,
    pub(super) hysteresis: f64,
    pub(super) polishes: bool,
}

/// The flags, none of which contradicts another.
pub(super) struct Task {
    pub(super) input: InputArguments,
    /// A graph in the place of rows.
    pub(super) edges: Option<PathBuf>,
    /// The file that all of it comes from.
    pub(super) source: String,
    /// Whether rows are used one by one, as they come from standard input.
    pub(super) is_piped: bool,
    /// Whether only some rows are held at a time: those of a window, or those that a sieve keeps.
    pub(super) is_held_in_part: bool,
    pub(super) worth: Worth,
    pub(super) groups: Option<String>,
    pub(super) caps: Option<u32>,
    pub(super) size: Option<u32>,
    pub(super) threads: NonZero<usize>,
    pub(super) plan: Plan,
    pub(super) method: Method,
    pub(super) trace: Option<PathBuf>,
    pub(super) save: Option<PathBuf>,
    /// Flags that are given and change nothing.
    pub(super) warnings: Vec<String>,
}

impl Task {
    pub(super) fn check(arguments: SummarizeArguments) -> Result<Self, Failure> {
        let similarity = arguments.similarity.as_deref().map(similarity).transpose()?;
        let concave = concave(arguments.concave.as_deref().unwrap_or("sqrt"))?;
        let exemplars = match arguments.exemplars.as_deref() {
            None => Exemplars::Drawn(None),
            Some(text) => match text.parse() {
                Ok(count) => Exemplars::Drawn(Some(count)),
                Err(_) => Exemplars::File(text.into()),
            },
        };
        let fail = |what: &str| Err(Failure::Usage(format!("summarize: {what}")));
        let is_piped = arguments.edges.is_none() && arguments.input.input == Path::new("-");
        if let Some(what) = contradiction_of_objective(&arguments, similarity, &exemplars, is_piped) {
            return fail(what);
        }
        let selector = selector(&arguments);
        let ladder = ladder(&arguments, selector)?;
        if let Some(what) = contradiction_of_method(&arguments, selector) {
            return fail(what);
        }
        let smallest = if selector == Selector::Bucket { 1e-3 } else { 1e-6 };
        if arguments.epsilon.is_some_and(|epsilon| epsilon < smallest) {
            return fail(&format!("--epsilon must be at least {smallest} with --method {}", selector.name()));
        }
        let (source, threads) = (arguments.source(), arguments.input.threads());
        let warnings = idle_flags(&arguments, selector);
        check_places(&arguments, &exemplars)?;
        let has_byte_form = matches!(selector, Selector::LazyDynamic | Selector::Dynamic) && !is_special(&arguments);
        if arguments.save.is_some() && !has_byte_form {
            return fail("--save is for the methods lazy-dynamic and dynamic, without groups and cuts");
        }
        let is_given_kernel = arguments.objective == Objective::Logdet && similarity == Some(Similarity::Given);
        let is_plain = arguments.edges.is_none() && arguments.groups.is_none() && arguments.updates.is_none();
        let is_piped_sieve = is_piped && selector.forgets();
        let output = &arguments.output;
        Ok(Self {
            is_held_in_part: is_plain && !is_given_kernel && (arguments.window.is_some() || is_piped_sieve),
            is_piped,
            source,
            plan: Plan {
                query_every: arguments.query_every.unwrap_or(u64::from(selector.is_dynamic())),
                only_inserts: selector.only_inserts(),
                tells_all: arguments.trace.is_some() || output.plot.is_some() || output.report.is_some(),
                saves: arguments.save.is_some(),
                seed: arguments.input.seed,
                window: arguments.window,
                updates: arguments.updates.clone(),
            },
            method: Method {
                selector,
                epsilon: arguments.epsilon.unwrap_or(if selector == Selector::Bucket { 0.2 } else { 0.1 }),
                ladder,
                patience: arguments.patience,
                slots: arguments.slots,
                hysteresis: arguments.hysteresis,
                polishes: !arguments.no_polish,
            },
            warnings,
            worth: Worth {
                objective: arguments.objective,
                similarity,
                exemplars,
                weights: arguments.weights,
                concave,
                sigma2: arguments.sigma2.unwrap_or(1.0),
                seed: arguments.input.seed,
            },
            threads,
            input: arguments.input,
            edges: arguments.edges,
            groups: arguments.groups,
            caps: arguments.caps,
            size: arguments.size,
            trace: arguments.trace,
            save: arguments.save,
        })
    }
}

/// Refuses places for output that are not fit for it.
fn check_places(arguments: &SummarizeArguments, exemplars: &Exemplars) -> Result<(), Failure> {
    let mut places = places::of_answer(&arguments.output, arguments.save.as_deref());
    places.extend(arguments.trace.as_deref().map(|trace| Place::new("--trace", trace, &["csv"])));
    let elements = arguments.edges.as_ref().unwrap_or(&arguments.input.input);
    let exemplars = if let Exemplars::File(path) = exemplars { Some(path) } else { None };
    let others = [arguments.updates.as_ref(), arguments.weights.as_ref(), exemplars];
    let inputs: Vec<&Path> = others.into_iter().flatten().chain([elements]).map(PathBuf::as_path).collect();
    places::check(&places, &inputs)
}

fn similarity(text: &str) -> Result<Similarity, Failure> {
    match text {
        "given" => Ok(Similarity::Given),
        "cosine" => Ok(Similarity::Cosine),
        "dot" => Ok(Similarity::Dot),
        "rbf:auto" => Ok(Similarity::Rbf(None)),
        _ => match text.strip_prefix("rbf:").and_then(|gamma| gamma.parse::<f64>().ok()) {
            Some(gamma) if gamma.is_finite() && gamma > 0.0 => Ok(Similarity::Rbf(Some(gamma))),
            _ => Err(Failure::Usage(format!(
                "summarize: --similarity {text}: give given, rbf:auto, rbf:GAMMA, cosine or dot"
            ))),
        },
    }
}

fn concave(text: &str) -> Result<Concave, Failure> {
    match text {
        "sqrt" => Ok(Concave::Sqrt),
        "log1p" => Ok(Concave::Log1p),
        _ => match text.strip_prefix("cap:").and_then(|cap| cap.parse::<f64>().ok()) {
            Some(cap) if cap.is_finite() && cap >= 0.0 => Ok(Concave::Cap(cap)),
            _ => Err(Failure::Usage(format!("summarize: --concave {text}: give sqrt, log1p or cap:X"))),
        },
    }
}

/// Whether the answer is one within caps, or of a function that is not monotone.
fn is_special(arguments: &SummarizeArguments) -> bool {
    arguments.groups.is_some() || arguments.objective == Objective::Cut
}

/// The method, and what it is where none is named.
fn selector(arguments: &SummarizeArguments) -> Selector {
    arguments.method.unwrap_or(if is_special(arguments) { Selector::Dynamic } else { Selector::LazyDynamic })
}

/// Guesses in a doubling for the ratio asked for, and their ratio; none for a method without guesses.
fn ladder(arguments: &SummarizeArguments, selector: Selector) -> Result<Option<(u32, f64)>, Failure> {
    let ratio = arguments.ratio.unwrap_or(2f64.powf(0.25));
    if !selector.has_guesses() {
        return Ok(None);
    }
    let steps = [1, 2, 4, 8, 16].into_iter().find(|&steps| {
        LazyDynamicParams::new(1, 1).ladder_steps(steps).ratio().is_ok_and(|taken| taken <= ratio * (1.0 + 1e-12))
    });
    match steps {
        Some(steps) if ratio > 1.0 => Ok(Some((steps, 2f64.powf(1.0 / f64::from(steps))))),
        _ => Err(Failure::Usage("summarize: --ratio must be at least 2^(1/16), about 1.0443".into())),
    }
}

/// The first of some rules that is broken.
fn broken(rules: &[(bool, &'static str)]) -> Option<&'static str> {
    rules.iter().find(|(is_broken, _)| *is_broken).map(|(_, what)| *what)
}

/// What flags that don't belong to the objective say against it.
fn contradiction_of_objective(
    arguments: &SummarizeArguments,
    similarity: Option<Similarity>,
    exemplars: &Exemplars,
    is_piped: bool,
) -> Option<&'static str> {
    use Objective::{Coverage, Cut, Facility, Feature, Logdet};
    let (objective, selector) = (arguments.objective, selector(arguments));
    let takes_given_only = matches!(objective, Coverage | Feature);
    // Whether something is drawn or measured from rows before the first can be used.
    let needs_all_rows = match (objective, similarity) {
        (Coverage | Feature | Cut, _) | (Facility, Some(Similarity::Given)) => false,
        (_, None | Some(Similarity::Rbf(None))) => true,
        (Facility, Some(_)) => matches!(exemplars, Exemplars::Drawn(_)),
        (Logdet, Some(similarity)) => similarity == Similarity::Given,
    };
    broken(&[
        (
            arguments.edges.is_some() && !matches!(objective, Coverage | Cut),
            "--edges is for --objective coverage and cut",
        ),
        (objective == Cut && arguments.edges.is_none(), "--objective cut takes a graph: give --edges FILE"),
        (
            objective == Cut && !matches!(selector, Selector::Dynamic | Selector::Greedy),
            "--objective cut is not monotone: take --method dynamic or greedy",
        ),
        (
            arguments.groups.is_some() && !matches!(selector, Selector::Dynamic | Selector::Greedy | Selector::Lazy),
            "--groups is for --method dynamic, greedy and lazy",
        ),
        (
            arguments.weights.is_some() && objective == Cut,
            "--weights is not for --objective cut: its weights stand with the edges",
        ),
        (arguments.patience.is_some() && selector != Selector::ThreeSieves, "--patience is for --method three-sieves"),
        (
            takes_given_only && similarity.is_some_and(|similarity| similarity != Similarity::Given),
            "--objective coverage and feature take the columns as they are: leave --similarity out",
        ),
        (arguments.exemplars.is_some() && objective != Facility, "--exemplars is for --objective facility"),
        (
            arguments.exemplars.is_some() && similarity == Some(Similarity::Given),
            "--similarity given holds the exemplars already: leave --exemplars out",
        ),
        (arguments.weights.is_some() && objective == Logdet, "--weights is not for --objective logdet"),
        (
            is_piped && needs_all_rows,
            "a stream needs --similarity given, or --exemplars FILE with rbf:GAMMA, cosine or dot",
        ),
        (matches!(exemplars, Exemplars::Drawn(Some(0))), "--exemplars must be at least 1"),
    ])
}

/// What flags that don't belong to the method say against it.
fn contradiction_of_method(arguments: &SummarizeArguments, selector: Selector) -> Option<&'static str> {
    let has_slots = matches!(selector, Selector::LazyDynamic | Selector::Dynamic) && !is_special(arguments);
    broken(&[
        (
            arguments.window.is_some() && selector.only_inserts(),
            "--window lets rows go: sieves can't, take lazy-dynamic or dynamic",
        ),
        (
            arguments.slots.is_some() && !has_slots,
            "--slots is for the methods lazy-dynamic and dynamic, without groups and cuts",
        ),
        (arguments.hysteresis > 0.0 && selector != Selector::LazyDynamic, "--hysteresis is for --method lazy-dynamic"),
    ])
}

/// Flags that are given and change nothing.
fn idle_flags(arguments: &SummarizeArguments, selector: Selector) -> Vec<String> {
    let objective = arguments.objective;
    let takes_epsilon = matches!(selector, Selector::Bucket | Selector::Stochastic | Selector::Threshold)
        || is_special(arguments) && selector == Selector::Dynamic;
    let polishes = matches!(selector, Selector::LazyDynamic | Selector::Dynamic) && objective != Objective::Cut;
    let idle = [
        ("--epsilon", arguments.epsilon.is_some() && !takes_epsilon),
        ("--ratio", arguments.ratio.is_some() && !selector.has_guesses()),
        ("--no-polish", arguments.no_polish && !polishes),
        ("--concave", arguments.concave.is_some() && objective != Objective::Feature),
        ("--sigma2", arguments.sigma2.is_some() && objective != Objective::Logdet),
    ];
    let told = idle.into_iter().filter(|(_, is_idle)| *is_idle);
    told.map(|(flag, _)| {
        format!("{flag} changes nothing with --method {} and --objective {}", selector.name(), objective.name())
    })
    .collect()
}
