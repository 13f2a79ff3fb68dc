//! Flags of `summarize`.

use super::input::InputArguments;
use super::number::{fraction, not_negative, positive};
use super::output::OutputArguments;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Objective {
    /// Facility location: how well the chosen rows represent exemplars
    Facility,
    /// Coverage: how many items the chosen rows contain together
    Coverage,
    /// Log-determinant: how much volume the chosen rows span, which rewards diversity
    Logdet,
    /// Feature-based: how much of every feature the chosen rows have; more of the same counts less
    Feature,
    /// Cut: how many edges lead from the chosen vertices to others (a non-monotone objective)
    Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Selector {
    /// Rows are inserted and deleted; the work is done when an answer is asked for
    LazyDynamic,
    /// Rows are inserted and deleted; the work is done at every update, and answers take no time
    Dynamic,
    /// As dynamic, with sampling: for hundreds of rows to choose
    Bucket,
    /// Lazy greedy over all rows present, for each answer
    Lazy,
    /// Plain greedy: computes every gain before each choice
    Greedy,
    /// Stochastic greedy: a fresh sample of the rows for each choice
    Stochastic,
    /// Threshold greedy: takes all rows above a threshold, then lowers it
    Threshold,
    /// Insert-only, single pass: a sieve for each guess of the best value
    Sieve,
    /// As sieve, with fewer sieves at a time
    #[value(name = "sieve++")]
    SievePlusPlus,
    /// Insert-only, single pass: one sieve, whose threshold falls while no row passes
    ThreeSieves,
    /// Sieves that know the number of rows, over all rows present, for each answer
    Salsa,
}

impl Selector {
    /// Whether rows can be inserted and deleted at little cost.
    pub(in crate::cli) const fn is_dynamic(self) -> bool {
        matches!(self, Self::LazyDynamic | Self::Dynamic | Self::Bucket)
    }

    /// Whether it guesses the best value.
    pub(in crate::cli) const fn has_guesses(self) -> bool {
        self.is_dynamic() || self.only_inserts() || matches!(self, Self::Salsa)
    }

    /// Whether rows may only come.
    pub(in crate::cli) const fn only_inserts(self) -> bool {
        matches!(self, Self::Sieve | Self::SievePlusPlus | Self::ThreeSieves)
    }

    /// Whether rows that were not taken are never asked for again, and nothing has to be known before.
    pub(in crate::cli) const fn forgets(self) -> bool {
        matches!(self, Self::Sieve | Self::SievePlusPlus)
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SummarizeArguments {
    #[command(flatten)]
    pub(in crate::cli) input: InputArguments,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArguments,
    /// Number of rows to choose; with --groups it may be left out
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..), required_unless_present = "groups")]
    pub(in crate::cli) size: Option<u32>,
    /// Objective: what a set of rows is worth
    #[arg(long, value_enum, default_value = "facility")]
    pub(in crate::cli) objective: Objective,
    /// Method (default: lazy-dynamic; dynamic for cuts and groups)
    #[arg(long, value_enum)]
    pub(in crate::cli) method: Option<Selector>,
    /// Ratio of guesses of the best value: a power of 2^(1/16) that is not larger is taken (default: 2^(1/4))
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(in crate::cli) ratio: Option<f64>,
    /// How far below the best the answer may be, beyond what the method promises (bucket: 0.2; stochastic, threshold, groups and
    /// cuts: 0.1)
    #[arg(long, value_name = "E", value_parser = fraction, allow_negative_numbers = true)]
    pub(in crate::cli) epsilon: Option<f64>,
    /// Consecutive rows that may fail to pass before the threshold falls (three-sieves)
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) patience: Option<u64>,
    /// Column of numbers that say which group a row belongs to; of each group at most --caps rows are chosen
    #[arg(long, value_name = "COL", requires = "caps", conflicts_with = "edges")]
    pub(in crate::cli) groups: Option<String>,
    /// Rows to choose of each group, at most
    #[arg(long, value_name = "N", requires = "groups", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) caps: Option<u32>,
    /// Guesses of the best value that are kept (default: all)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) slots: Option<u32>,
    /// Keep an answer until one is worth more than 1 + H times as much (lazy-dynamic)
    #[arg(long, value_name = "H", default_value = "0", value_parser = not_negative, allow_negative_numbers = true)]
    pub(in crate::cli) hysteresis: f64,
    /// Leave out the round of greedy that improves an answer
    #[arg(long)]
    pub(in crate::cli) no_polish: bool,
    /// File of updates, one a line: + ROW inserts, - ROW deletes, ? asks for an answer
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) updates: Option<PathBuf>,
    /// Sliding window: rows are inserted in order, and beyond so many the oldest is deleted
    #[arg(long, value_name = "W", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "updates")]
    pub(in crate::cli) window: Option<u32>,
    /// Answer after every so many steps; 0: at the end (default: 1 for the dynamic methods, 0 for others)
    #[arg(long, value_name = "N")]
    pub(in crate::cli) query_every: Option<u64>,
    /// Write every answer to a file, one a line
    #[arg(long, value_name = "FILE.csv")]
    pub(in crate::cli) trace: Option<PathBuf>,
    /// Store the summary, with its last answer (lazy-dynamic and dynamic)
    #[arg(long, value_name = "FILE.sketch")]
    pub(in crate::cli) save: Option<PathBuf>,
    /// given, rbf:auto, rbf:GAMMA, cosine or dot (default: rbf:auto, free of units; given for coverage and feature)
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) similarity: Option<String>,
    /// Exemplars: so many rows, drawn with the seed, or those of a file (facility; default: 64)
    #[arg(long, value_name = "N|FILE")]
    pub(in crate::cli) exemplars: Option<String>,
    /// A weight for each exemplar, item or feature
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) weights: Option<PathBuf>,
    /// What an amount of a feature is worth: sqrt, log1p or cap:X (feature; default: sqrt)
    #[arg(long, value_name = "CURVE")]
    pub(in crate::cli) concave: Option<String>,
    /// Variance of the noise (logdet; default: 1)
    #[arg(long, value_name = "S", value_parser = positive, allow_negative_numbers = true)]
    pub(in crate::cli) sigma2: Option<f64>,
    /// Edges of a graph in the place of INPUT: a vertex covers itself and its neighbours (coverage), or cuts itself off from them
    /// (cut)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) edges: Option<PathBuf>,
}

impl SummarizeArguments {
    /// The file that the elements come from.
    pub(in crate::cli) fn source(&self) -> String {
        self.edges.as_ref().unwrap_or(&self.input.input).display().to_string()
    }
}
