//! Flags of `summarize`.

use super::input::InputArguments;
use super::number::{fraction, not_negative, positive};
use super::output::OutputArguments;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Objective {
    /// How well rows represent exemplars
    Facility,
    /// How many items rows contain
    Coverage,
    /// How much volume rows span
    Logdet,
    /// How much of every feature rows have, more of the same counting less
    Feature,
    /// How many edges lead from the vertices chosen to others
    Cut,
}

impl Objective {
    pub(in crate::cli) const fn name(self) -> &'static str {
        match self {
            Self::Facility => "facility",
            Self::Coverage => "coverage",
            Self::Logdet => "logdet",
            Self::Feature => "feature",
            Self::Cut => "cut",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Selector {
    /// Brought up to date by each answer
    LazyDynamic,
    /// Brought up to date by each update
    Dynamic,
    /// The same by samples, for hundreds of rows to choose
    Bucket,
    /// Greedy over all rows there, for each answer
    Lazy,
    /// The same, every row asked before each choice
    Greedy,
    /// Greedy over a sample for each choice
    Stochastic,
    /// All above a threshold that falls
    Threshold,
    /// One look at each row, none goes
    Sieve,
    /// The same with fewer sieves
    #[value(name = "sieve++")]
    SievePlusPlus,
    /// One sieve, which becomes coarser while it lets nothing through
    ThreeSieves,
    /// Sieves over all rows there, in order, for each answer
    Salsa,
}

impl Selector {
    /// Whether rows may come and go at little cost.
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

    pub(in crate::cli) const fn name(self) -> &'static str {
        match self {
            Self::LazyDynamic => "lazy-dynamic",
            Self::Dynamic => "dynamic",
            Self::Bucket => "bucket",
            Self::Lazy => "lazy",
            Self::Greedy => "greedy",
            Self::Stochastic => "stochastic",
            Self::Threshold => "threshold",
            Self::Sieve => "sieve",
            Self::SievePlusPlus => "sieve++",
            Self::ThreeSieves => "three-sieves",
            Self::Salsa => "salsa",
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SummarizeArguments {
    #[command(flatten)]
    pub(in crate::cli) input: InputArguments,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArguments,
    /// Rows to choose; with --groups it may be left out
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..), required_unless_present = "groups")]
    pub(in crate::cli) size: Option<u32>,
    /// What a set of rows is worth
    #[arg(long, value_enum, default_value = "facility")]
    pub(in crate::cli) objective: Objective,
    /// Which method (default: lazy-dynamic; dynamic for cuts and groups)
    #[arg(long, value_enum)]
    pub(in crate::cli) method: Option<Selector>,
    /// Ratio of guesses of the best value: a power of 2^(1/16) that is not larger is taken (default: 2^(1/4))
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(in crate::cli) ratio: Option<f64>,
    /// How far below the best the answer may be, beyond what the method promises (bucket: 0.2; stochastic, threshold, groups and
    /// cuts: 0.1)
    #[arg(long, value_name = "E", value_parser = fraction, allow_negative_numbers = true)]
    pub(in crate::cli) epsilon: Option<f64>,
    /// Rows in a row that are not taken before the guess falls (three-sieves)
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) patience: Option<u64>,
    /// Column of numbers that say which group a row belongs to; of each group at most --caps rows are chosen
    #[arg(long, value_name = "COL", requires = "caps", conflicts_with = "edges")]
    pub(in crate::cli) groups: Option<String>,
    /// Rows to choose of each group, at most
    #[arg(long, value_name = "N", requires = "groups", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) caps: Option<u32>,
    /// Guesses kept; without it as many as there are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) slots: Option<u32>,
    /// Keep an answer until one is worth more than 1 + H times as much (lazy-dynamic)
    #[arg(long, value_name = "H", default_value = "0", value_parser = not_negative, allow_negative_numbers = true)]
    pub(in crate::cli) hysteresis: f64,
    /// Answers as the guesses give them
    #[arg(long)]
    pub(in crate::cli) no_polish: bool,
    /// Rows that come (+ ROW) and go (- ROW) and questions (?), one a line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) updates: Option<PathBuf>,
    /// Rows come in order, and each beyond so many lets the oldest go
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
    /// given, rbf:auto, rbf:GAMMA, cosine or dot (default: rbf:auto; given for coverage and feature)
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
