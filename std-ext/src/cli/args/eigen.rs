//! Flags of `eigen`.

use super::input::InputArguments;
use super::output::OutputArguments;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Method {
    /// exact while the covariance fits the memory, or the rows are fewer than the columns; else random-order, which has no guarantee for rows in arbitrary order
    Auto,
    /// Wide rows in random order, in far less memory than a covariance; checks the order
    RandomOrder,
    /// The exact covariance; of fewer rows than columns, their products with each other
    Exact,
    /// Wide rows in any order, with a certified bound on the error
    FrequentDirections,
    /// Incremental PCA: as frequent-directions, but the top directions are kept whole
    Incremental,
    /// A linear sketch: rows can be removed again
    Nystrom,
    /// The block power method, to compare with; unverified, as all below
    BlockPower,
    /// Oja's rule, to compare with
    Oja,
    /// Oja's rule with a step that adapts, to compare with
    AdaptiveOja,
    /// Candid incremental PCA: the least memory
    Ccipca,
    /// History PCA, to compare with
    History,
}

impl Method {
    /// Whether its answers come without a figure for their error.
    pub(in crate::cli) const fn certifies_nothing(self) -> bool {
        matches!(self, Self::BlockPower | Self::Oja | Self::AdaptiveOja | Self::Ccipca | Self::History)
    }

    /// Whether runs with different seeds can be compared. Nothing in ccipca is random: two runs would always agree.
    pub(in crate::cli) const fn has_replicas(self) -> bool {
        self.certifies_nothing() && !matches!(self, Self::Ccipca)
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct EigenArguments {
    #[command(flatten)]
    pub(in crate::cli) input: InputArguments,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArguments,
    /// Method; the README and the library's docs help to choose
    #[arg(long, value_enum, default_value = "auto")]
    pub(in crate::cli) method: Method,
    /// Number of principal directions, from 1 to the number of columns
    #[arg(long, default_value_t = 1)]
    pub(in crate::cli) rank: usize,
    /// Bytes that the packed covariance may take before auto turns to random-order
    #[arg(long, default_value_t = 1 << 20)]
    pub(in crate::cli) memory: u64,
    /// Width of the iterate (random-order: rank + 2, and a width above the rank buys the check of the gap; block-power: rank)
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) width: Option<u64>,
    /// Rows of a block (block-power, history) or of the first one (random-order)
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) block_len: Option<u64>,
    /// Heavy rows kept (random-order: 16, block-power: 0)
    #[arg(long)]
    pub(in crate::cli) heavy_capacity: Option<usize>,
    /// Rows of the sketch (frequent-directions, incremental, nystrom)
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) sketch_rows: Option<u64>,
    /// Step sizes of oja: fixed:ETA, decay:C or ladder
    #[arg(long)]
    pub(in crate::cli) rate: Option<String>,
    /// Weight of new rows of ccipca (default 1)
    #[arg(long)]
    pub(in crate::cli) amnesic: Option<f64>,
    /// Runs with different seeds to compare, 1 or 2 (block-power, oja, adaptive-oja, history): they can disagree, which is
    /// a warning; where they agree, both may still be wrong, and the status stays unverified
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=2))]
    pub(in crate::cli) replicas: u32,
    /// Shuffle the rows in a buffer of this many before the method sees them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) shuffle_buffer: Option<u64>,
    /// Subtract the mean of the rows, in the same pass
    #[arg(long)]
    pub(in crate::cli) center: bool,
    /// Allow wide matrix products: faster for exact, not the same bits on every machine
    #[arg(long)]
    pub(in crate::cli) fast: bool,
    /// Store the filled summary
    #[arg(long, value_name = "FILE.sketch")]
    pub(in crate::cli) save: Option<PathBuf>,
}
