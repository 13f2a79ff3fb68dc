//! Flags of `merge`.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArguments {
    /// .sketch files of like summaries
    #[arg(value_name = "FILE.sketch", required = true, num_args = 1..)]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Put the columns of summaries of the same rows side by side instead
    #[arg(long)]
    pub(in crate::cli) join: bool,
    /// Where the merged summary goes
    #[arg(long, value_name = "FILE.sketch", required = true)]
    pub(in crate::cli) save: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
