//! Flags of giving answers.

use clap::Args;
use std::path::PathBuf;

/// How the answer is given.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct OutputArguments {
    /// Print one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Write the vectors or coefficients to a file, one vector or target a row
    #[arg(long, value_name = "FILE.npy|.csv")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Draw the vectors or coefficients
    #[arg(long, value_name = "FILE.svg|.png")]
    pub(in crate::cli) plot: Option<PathBuf>,
    /// Write one self-contained page
    #[arg(long, value_name = "FILE.html")]
    pub(in crate::cli) report: Option<PathBuf>,
}
