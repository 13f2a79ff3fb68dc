//! Flags of `firmware-import`.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct FirmwareImportArguments {
    /// The encoding of a summary as the device gave it: its bytes, or their hex digits; - for standard input
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Names of the columns, in the order of the entries of a row (default: 0, 1, ...)
    #[arg(long, value_delimiter = ',', value_name = "a,b,c")]
    pub(in crate::cli) columns: Option<Vec<String>>,
    /// Seed that the device gave the summary
    #[arg(long, default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// Where the summary goes
    #[arg(long, value_name = "FILE.sketch", required = true)]
    pub(in crate::cli) save: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
