//! Commands and flags.

use clap::builder::ArgPredicate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Answer questions about data you can't keep.
#[derive(Debug, Parser)]
#[command(name = "sketchlet", version, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compare every method on bundled real data with the exact answer, and write a report
    Demo(DemoArguments),
    /// Top eigenvectors of the rows: the directions that carry most of their energy
    Eigen(Box<EigenArguments>),
    /// Least squares: which columns explain a column, with half-widths from a sketch, or exactly
    Regress(Box<RegressArguments>),
    /// The rows that are worth most together, while they come and go
    #[command(mut_arg("input", |input| {
        // Edges take the place of rows.
        let input = input.required(false).required_unless_present("edges").conflicts_with("edges");
        input.default_value_if("edges", ArgPredicate::IsPresent, "-")
    }))]
    Summarize(Box<SummarizeArguments>),
    /// Describe a .sketch file
    Inspect(InspectArguments),
    /// Merge the summaries of .sketch files into one
    Merge(MergeArguments),
    /// Answer from a .sketch file what the saving command would
    Query(QueryArguments),
    /// Make a .sketch file of the bytes of a summary that a device printed
    FirmwareImport(FirmwareImportArguments),
}

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// Where the page goes
    #[arg(long, value_name = "FILE.html", default_value = "sketchlet-report.html")]
    pub(super) report: PathBuf,
    /// Seed of the random orders
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Precision {
    F64,
    F32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Missing {
    /// Leave the row out
    Drop,
    /// Read the cell as zero
    Zero,
}

/// How rows are read: the same for every command that reads some.
#[derive(Debug, Args)]
pub(super) struct InputArguments {
    /// Rows: .csv, .npy, .ndjson or .parquet, or - for CSV on standard input
    #[arg(value_name = "INPUT")]
    pub(super) input: PathBuf,
    /// The first line of CSV is a row like the others
    #[arg(long)]
    pub(super) no_header: bool,
    /// Columns to take, by name or position from 0, in this order
    #[arg(long, value_delimiter = ',', value_name = "a,b,3")]
    pub(super) columns: Option<Vec<String>>,
    /// Leave out columns whose first cell is not a number
    #[arg(long)]
    pub(super) skip_non_numeric: bool,
    /// What to do about empty cells and NaN (default: refuse them)
    #[arg(long, value_enum)]
    pub(super) missing: Option<Missing>,
    /// Scalars of the summary
    #[arg(long, value_enum, default_value = "f64")]
    pub(super) precision: Precision,
    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// Threads to use at most (default: all cores); the answer never depends on it
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) threads: Option<u32>,
}

/// How the answer is given.
#[derive(Clone, Debug, Args)]
pub(super) struct OutputArguments {
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Write the vectors or coefficients to a file, one vector or target a row
    #[arg(long, value_name = "FILE.npy|.csv")]
    pub(super) out: Option<PathBuf>,
    /// Draw the vectors or coefficients
    #[arg(long, value_name = "FILE.svg|.png")]
    pub(super) plot: Option<PathBuf>,
    /// Write one self-contained page
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Method {
    /// exact while it fits the memory, else random-order
    Auto,
    RandomOrder,
    Exact,
    FrequentDirections,
    Incremental,
    Nystrom,
    BlockPower,
    Oja,
    AdaptiveOja,
    Ccipca,
    History,
}

impl Method {
    /// Whether its answers come without a figure for their error.
    pub(super) const fn certifies_nothing(self) -> bool {
        matches!(self, Self::BlockPower | Self::Oja | Self::AdaptiveOja | Self::Ccipca | Self::History)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::RandomOrder => "random-order",
            Self::Exact => "exact",
            Self::FrequentDirections => "frequent-directions",
            Self::Incremental => "incremental",
            Self::Nystrom => "nystrom",
            Self::BlockPower => "block-power",
            Self::Oja => "oja",
            Self::AdaptiveOja => "adaptive-oja",
            Self::Ccipca => "ccipca",
            Self::History => "history",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct EigenArguments {
    #[command(flatten)]
    pub(super) input: InputArguments,
    #[command(flatten)]
    pub(super) output: OutputArguments,
    /// Which method
    #[arg(long, value_enum, default_value = "auto")]
    pub(super) method: Method,
    /// Number of vectors
    #[arg(long, default_value_t = 1)]
    pub(super) rank: usize,
    /// Bytes that auto allows the packed covariance
    #[arg(long, default_value_t = 1 << 20)]
    pub(super) memory: u64,
    /// Width of the iterate (random-order: rank + 2; block-power: rank)
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) width: Option<u64>,
    /// Rows of a block (block-power, history) or of the first one (random-order)
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) block_len: Option<u64>,
    /// Heavy rows kept (random-order: 16, block-power: 0)
    #[arg(long)]
    pub(super) heavy_capacity: Option<usize>,
    /// Rows of the sketch (frequent-directions, incremental, nystrom)
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) sketch_rows: Option<u64>,
    /// Step sizes of oja: fixed:ETA, decay:C or ladder
    #[arg(long)]
    pub(super) rate: Option<String>,
    /// Weight of new rows of ccipca (default 1)
    #[arg(long)]
    pub(super) amnesic: Option<f64>,
    /// Runs with different seeds to compare, 1 or 2 (block-power, oja, adaptive-oja, history)
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=2))]
    pub(super) replicas: u32,
    /// Mix the rows in a buffer of this many first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) shuffle_buffer: Option<u64>,
    /// Subtract the mean of the rows, in the same pass
    #[arg(long)]
    pub(super) center: bool,
    /// Allow wide matrix products: faster for exact, not the same bits on every machine
    #[arg(long)]
    pub(super) fast: bool,
    /// Store the filled summary
    #[arg(long, value_name = "FILE.sketch")]
    pub(super) save: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Operator {
    /// Random signs and rows of a Hadamard matrix
    Srht,
    /// Random signs and a random circulant matrix
    Srct,
    /// Normal numbers: the exact law
    Gaussian,
    /// Random signs everywhere
    Rademacher,
    /// One sign a row: no half-widths
    Countsketch,
    /// A few signs a row: no half-widths
    Osnap,
    /// The transform of 2026 with normal weights, for rows in memory
    Pooled,
    /// No sketch: exact
    None,
}

impl Operator {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Srht => "srht",
            Self::Srct => "srct",
            Self::Gaussian => "gaussian",
            Self::Rademacher => "rademacher",
            Self::Countsketch => "countsketch",
            Self::Osnap => "osnap",
            Self::Pooled => "pooled",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Solve {
    /// To machine precision, with the sketch as a guide
    Refined,
    /// By QR of all rows
    Exact,
    /// From the sketch alone, with half-widths
    Sketched,
}

#[derive(Debug, Args)]
pub(super) struct RegressArguments {
    #[command(flatten)]
    pub(super) input: InputArguments,
    #[command(flatten)]
    pub(super) output: OutputArguments,
    /// Column to be explained, by name or position from 0
    #[arg(long, value_name = "COL")]
    pub(super) target: Option<String>,
    /// Columns to be explained, each by the same features
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(super) targets: Option<Vec<String>>,
    /// Right-hand sides from a file of their own; all columns of the input are then features
    #[arg(long, value_name = "FILE.npy")]
    pub(super) rhs: Option<PathBuf>,
    /// Operator of the sketch
    #[arg(long, value_enum, default_value = "srht")]
    pub(super) sketch: Operator,
    /// Rows of the sketch (default: 16 a coefficient if sketched, 12 if refined)
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "epsilon")]
    pub(super) rows: Option<u32>,
    /// Rows enough for this error, in units of the residual's norm: see the library's `rows_for`
    #[arg(long, value_name = "E", value_parser = positive, allow_negative_numbers = true)]
    pub(super) epsilon: Option<f64>,
    /// Probability that a half-width doesn't hold, over all coefficients of a target
    #[arg(long, value_name = "D", default_value = "0.05", value_parser = fraction, allow_negative_numbers = true)]
    pub(super) failure: f64,
    /// How to solve (default: refined; sketched for a stream)
    #[arg(long, value_enum)]
    pub(super) solve: Option<Solve>,
    /// Minimise |Ax-b|^2 + L|x|^2; the intercept is not penalised
    #[arg(long, value_name = "L", value_parser = not_negative, allow_negative_numbers = true)]
    pub(super) ridge: Option<f64>,
    /// Add a constant column; its coefficient comes first
    #[arg(long)]
    pub(super) intercept: bool,
    /// Column of weights, none negative
    #[arg(long, value_name = "COL")]
    pub(super) weights: Option<String>,
    /// Read the rows once, in bounded memory, and answer from the summary
    #[arg(long)]
    pub(super) streaming: bool,
    /// Number of the first row within its stream
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1 << 40))]
    pub(super) first_row: u64,
    /// Number of the stream: sources that count from the same row need different ones
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1 << 24))]
    pub(super) stream_id: u64,
    /// Nonzeros of a column of osnap
    #[arg(long, value_name = "S", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) nonzeros: u32,
    /// Rows that srht takes together, a power of two (default: the sketch's rows rounded up to one, at most 4096)
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(super) block_len: Option<u32>,
    /// Store the filled summary
    #[arg(long, value_name = "FILE.sketch")]
    pub(super) save: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Objective {
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
    pub(super) const fn name(self) -> &'static str {
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
pub(super) enum Selector {
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
    pub(super) const fn is_dynamic(self) -> bool {
        matches!(self, Self::LazyDynamic | Self::Dynamic | Self::Bucket)
    }

    /// Whether it guesses the best value.
    pub(super) const fn has_guesses(self) -> bool {
        self.is_dynamic() || self.only_inserts() || matches!(self, Self::Salsa)
    }

    /// Whether rows may only come.
    pub(super) const fn only_inserts(self) -> bool {
        matches!(self, Self::Sieve | Self::SievePlusPlus | Self::ThreeSieves)
    }

    /// Whether rows that were not taken are never asked for again, and nothing has to be known before.
    pub(super) const fn forgets(self) -> bool {
        matches!(self, Self::Sieve | Self::SievePlusPlus)
    }

    pub(super) const fn name(self) -> &'static str {
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
pub(super) struct SummarizeArguments {
    #[command(flatten)]
    pub(super) input: InputArguments,
    #[command(flatten)]
    pub(super) output: OutputArguments,
    /// Rows to choose; with --groups it may be left out
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..), required_unless_present = "groups")]
    pub(super) size: Option<u32>,
    /// What a set of rows is worth
    #[arg(long, value_enum, default_value = "facility")]
    pub(super) objective: Objective,
    /// Which method (default: lazy-dynamic; dynamic for cuts and groups)
    #[arg(long, value_enum)]
    pub(super) method: Option<Selector>,
    /// Ratio of guesses of the best value: a power of 2^(1/16) that is not larger is taken (default: 2^(1/4))
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(super) ratio: Option<f64>,
    /// How far below the best the answer may be, beyond what the method promises (bucket: 0.2; stochastic, threshold, groups and
    /// cuts: 0.1)
    #[arg(long, value_name = "E", value_parser = fraction, allow_negative_numbers = true)]
    pub(super) epsilon: Option<f64>,
    /// Rows in a row that are not taken before the guess falls (three-sieves)
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) patience: Option<u64>,
    /// Column of numbers that say which group a row belongs to; of each group at most --caps rows are chosen
    #[arg(long, value_name = "COL", requires = "caps", conflicts_with = "edges")]
    pub(super) groups: Option<String>,
    /// Rows to choose of each group, at most
    #[arg(long, value_name = "N", requires = "groups", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) caps: Option<u32>,
    /// Guesses kept; without it as many as there are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) slots: Option<u32>,
    /// Keep an answer until one is worth more than 1 + H times as much (lazy-dynamic)
    #[arg(long, value_name = "H", default_value = "0", value_parser = not_negative, allow_negative_numbers = true)]
    pub(super) hysteresis: f64,
    /// Answers as the guesses give them
    #[arg(long)]
    pub(super) no_polish: bool,
    /// Rows that come (+ ROW) and go (- ROW) and questions (?), one a line
    #[arg(long, value_name = "FILE")]
    pub(super) updates: Option<PathBuf>,
    /// Rows come in order, and each beyond so many lets the oldest go
    #[arg(long, value_name = "W", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "updates")]
    pub(super) window: Option<u32>,
    /// Answer after every so many steps; 0: at the end (default: 1 for the dynamic methods, 0 for others)
    #[arg(long, value_name = "N")]
    pub(super) query_every: Option<u64>,
    /// Write every answer to a file, one a line
    #[arg(long, value_name = "FILE.csv")]
    pub(super) trace: Option<PathBuf>,
    /// Store the summary, with its last answer (lazy-dynamic and dynamic)
    #[arg(long, value_name = "FILE.sketch")]
    pub(super) save: Option<PathBuf>,
    /// given, rbf:auto, rbf:GAMMA, cosine or dot (default: rbf:auto; given for coverage and feature)
    #[arg(long, value_name = "KIND")]
    pub(super) similarity: Option<String>,
    /// Exemplars: so many rows, drawn with the seed, or those of a file (facility; default: 64)
    #[arg(long, value_name = "N|FILE")]
    pub(super) exemplars: Option<String>,
    /// A weight for each exemplar, item or feature
    #[arg(long, value_name = "FILE")]
    pub(super) weights: Option<PathBuf>,
    /// What an amount of a feature is worth: sqrt, log1p or cap:X (feature; default: sqrt)
    #[arg(long, value_name = "CURVE")]
    pub(super) concave: Option<String>,
    /// Variance of the noise (logdet; default: 1)
    #[arg(long, value_name = "S", value_parser = positive, allow_negative_numbers = true)]
    pub(super) sigma2: Option<f64>,
    /// Edges of a graph in the place of INPUT: a vertex covers itself and its neighbours (coverage), or cuts itself off from them
    /// (cut)
    #[arg(long, value_name = "FILE")]
    pub(super) edges: Option<PathBuf>,
}

impl SummarizeArguments {
    /// The method, and what it is where none is named.
    pub(super) fn selector(&self) -> Selector {
        let is_special = self.groups.is_some() || self.objective == Objective::Cut;
        self.method.unwrap_or(if is_special { Selector::Dynamic } else { Selector::LazyDynamic })
    }

    pub(super) fn epsilon(&self) -> f64 {
        self.epsilon.unwrap_or(if self.selector() == Selector::Bucket { 0.2 } else { 0.1 })
    }
}

fn number(text: &str, holds: impl Fn(f64) -> bool, what: &str) -> Result<f64, String> {
    text.parse().ok().filter(|&x: &f64| holds(x)).ok_or_else(|| format!("give a number {what}"))
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, |x| x.is_finite() && x > 0.0, "above 0")
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text, |x| x.is_finite() && x >= 0.0, "from 0 up")
}

fn fraction(text: &str) -> Result<f64, String> {
    number(text, |x| x > 0.0 && x < 1.0, "between 0 and 1")
}

#[derive(Debug, Args)]
pub(super) struct InspectArguments {
    /// A .sketch file
    #[arg(value_name = "FILE.sketch")]
    pub(super) file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct FirmwareImportArguments {
    /// The encoding of a summary as the device gave it: its bytes, or their hex digits; - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Names of the columns, in the order of the entries of a row (default: 0, 1, ...)
    #[arg(long, value_delimiter = ',', value_name = "a,b,c")]
    pub(super) columns: Option<Vec<String>>,
    /// Seed that the device gave the summary
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// Where the summary goes
    #[arg(long, value_name = "FILE.sketch", required = true)]
    pub(super) save: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    /// .sketch files of like summaries
    #[arg(value_name = "FILE.sketch", required = true, num_args = 1..)]
    pub(super) files: Vec<PathBuf>,
    /// Put the columns of summaries of the same rows side by side instead
    #[arg(long)]
    pub(super) join: bool,
    /// Where the merged summary goes
    #[arg(long, value_name = "FILE.sketch", required = true)]
    pub(super) save: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct QueryArguments {
    /// A .sketch file
    #[arg(value_name = "FILE.sketch")]
    pub(super) file: PathBuf,
    /// Column to be explained (regress; default: that of the saving command)
    #[arg(long, value_name = "COL")]
    pub(super) target: Option<String>,
    /// Columns to be explained, each by the same features (regress)
    #[arg(long, value_delimiter = ',', value_name = "A,B", conflicts_with = "target")]
    pub(super) targets: Option<Vec<String>>,
    /// Features, in this order (regress; default: all other columns)
    #[arg(long, value_delimiter = ',', value_name = "a,b,3")]
    pub(super) columns: Option<Vec<String>>,
    /// Minimise |Ax-b|^2 + L|x|^2 (regress)
    #[arg(long, value_name = "L", value_parser = not_negative, allow_negative_numbers = true)]
    pub(super) ridge: Option<f64>,
    /// Probability that a half-width doesn't hold (regress)
    #[arg(long, value_name = "D", value_parser = fraction, allow_negative_numbers = true)]
    pub(super) failure: Option<f64>,
    #[command(flatten)]
    pub(super) output: OutputArguments,
}
