//! Flags of `demo`.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct DemoArguments {
    /// Where the page goes
    #[arg(long, value_name = "FILE.html", default_value = "sketchlet-report.html")]
    pub(in crate::cli) report: PathBuf,
    /// Seed of the random orders
    #[arg(long, default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// Print one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
