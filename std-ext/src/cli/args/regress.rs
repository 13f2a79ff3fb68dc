//! Flags of `regress`.

use super::input::InputArguments;
use super::number::{fraction, not_negative, positive};
use super::output::OutputArguments;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Operator {
    /// Random signs and rows of a Hadamard matrix
    Srht,
    /// Random signs and a random circulant matrix
    Srct,
    /// Independent normal numbers: half-widths are exact
    Gaussian,
    /// Independent random signs
    Rademacher,
    /// Sparse: one random sign a row; gives no half-widths
    Countsketch,
    /// Sparse: a few random signs a row; gives no half-widths
    Osnap,
    /// A Walsh-Hadamard transform whose entries are pooled with normal weights, for rows in memory
    Pooled,
    /// No sketch: exact
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Solve {
    /// To machine precision: the sketch is a preconditioner
    Refined,
    /// By QR of all rows
    Exact,
    /// From the sketch alone, with half-widths: how far a coefficient may be from the exact fit to the same rows
    Sketched,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RegressArguments {
    #[command(flatten)]
    pub(in crate::cli) input: InputArguments,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArguments,
    /// Target column, by name or position from 0: what is to be predicted
    #[arg(long, value_name = "COL")]
    pub(in crate::cli) target: Option<String>,
    /// Target columns, each regressed on the same features
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(in crate::cli) targets: Option<Vec<String>>,
    /// Right-hand sides from a file of their own; all columns of the input are then features
    #[arg(long, value_name = "FILE.npy")]
    pub(in crate::cli) rhs: Option<PathBuf>,
    /// Operator of the sketch (default: srht; of a stream none, an exact QR, while its triangle fits --memory and nothing asks for
    /// a sketch: --rows, --epsilon, --solve sketched)
    #[arg(long, value_enum)]
    pub(in crate::cli) sketch: Option<Operator>,
    /// Bytes that the triangle of the QR of a stream may take before a sketch is taken instead
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    pub(in crate::cli) memory: u64,
    /// Rows of the sketch (default: 16 a coefficient if sketched, 12 if refined)
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "epsilon")]
    pub(in crate::cli) rows: Option<u32>,
    /// Choose the rows of the sketch for this error, in units of the residual's norm: see `rows_for` of the library
    #[arg(long, value_name = "E", value_parser = positive, allow_negative_numbers = true)]
    pub(in crate::cli) epsilon: Option<f64>,
    /// Probability that a half-width doesn't hold, over all coefficients of a target. A half-width says how far a sketched
    /// coefficient may be from the exact fit to the same rows; it is no standard error. Below 0.05 sketches other than gaussian
    /// get wider ones than its law says, and none below 8 * 2^(d - m) for d coefficients and m rows of the sketch
    #[arg(long, value_name = "D", default_value = "0.05", value_parser = fraction, allow_negative_numbers = true)]
    pub(in crate::cli) failure: f64,
    /// How to solve (default: refined; a stream is answered from its summary)
    #[arg(long, value_enum)]
    pub(in crate::cli) solve: Option<Solve>,
    /// Minimise |Ax-b|^2 + L|x|^2; the intercept is not penalised
    #[arg(long, value_name = "L", value_parser = not_negative, allow_negative_numbers = true)]
    pub(in crate::cli) ridge: Option<f64>,
    /// Add a constant column; its coefficient comes first. R squared is then about the mean of the target, else about 0
    #[arg(long)]
    pub(in crate::cli) intercept: bool,
    /// Column of weights, none negative: weighted least squares; rows of weight 0 don't count
    #[arg(long, value_name = "COL")]
    pub(in crate::cli) weights: Option<String>,
    /// Read the rows once, in bounded memory, and answer from the summary: exactly, or from a sketch (see --sketch)
    #[arg(long)]
    pub(in crate::cli) streaming: bool,
    /// Number of the first row within its stream
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1 << 40))]
    pub(in crate::cli) first_row: u64,
    /// Number of the stream: sources that count from the same row need different ones
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1 << 24))]
    pub(in crate::cli) stream_id: u64,
    /// Nonzeros of a column of osnap
    #[arg(long, value_name = "S", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) nonzeros: u32,
    /// Rows that srht takes together, a power of two (default: the sketch's rows rounded up to one, at most 4096)
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(in crate::cli) block_len: Option<u32>,
    /// Store the filled summary; the target may then be the only column, to be joined with others by merge --join
    #[arg(long, value_name = "FILE.sketch")]
    pub(in crate::cli) save: Option<PathBuf>,
}
