//! Flags of `inspect`.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct InspectArguments {
    /// A .sketch file
    #[arg(value_name = "FILE.sketch")]
    pub(in crate::cli) file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
