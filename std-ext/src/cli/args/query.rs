//! Flags of `query`.

use super::number::{fraction, not_negative};
use super::output::OutputArguments;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct QueryArguments {
    /// A .sketch file
    #[arg(value_name = "FILE.sketch")]
    pub(in crate::cli) file: PathBuf,
    /// Target column (regress; default: that of the saving command)
    #[arg(long, value_name = "COL")]
    pub(in crate::cli) target: Option<String>,
    /// Target columns, each regressed on the same features (regress)
    #[arg(long, value_delimiter = ',', value_name = "A,B", conflicts_with = "target")]
    pub(in crate::cli) targets: Option<Vec<String>>,
    /// Features, in this order (regress; default: all other columns)
    #[arg(long, value_delimiter = ',', value_name = "a,b,3")]
    pub(in crate::cli) columns: Option<Vec<String>>,
    /// Minimise |Ax-b|^2 + L|x|^2 (regress)
    #[arg(long, value_name = "L", value_parser = not_negative, allow_negative_numbers = true)]
    pub(in crate::cli) ridge: Option<f64>,
    /// Probability that a half-width doesn't hold (regress)
    #[arg(long, value_name = "D", value_parser = fraction, allow_negative_numbers = true)]
    pub(in crate::cli) failure: Option<f64>,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArguments,
}

impl QueryArguments {
    /// Flags given that only some families know.
    pub(in crate::cli) fn given(&self) -> Vec<&'static str> {
        let flags = [
            ("--target", self.target.is_some()),
            ("--targets", self.targets.is_some()),
            ("--columns", self.columns.is_some()),
            ("--ridge", self.ridge.is_some()),
            ("--failure", self.failure.is_some()),
        ];
        flags.into_iter().filter(|(_, is_given)| *is_given).map(|(flag, _)| flag).collect()
    }
}
