//! Flags: one file a command, and those that several commands share in files of their own.

mod demo;
mod eigen;
mod firmware_import;
mod input;
mod inspect;
mod merge;
mod number;
mod output;
mod query;
mod regress;
mod summarize;

pub(super) use demo::DemoArguments;
pub(super) use eigen::{EigenArguments, Method};
pub(super) use firmware_import::FirmwareImportArguments;
pub(super) use input::{Format, InputArguments, Missing, Precision};
pub(super) use inspect::InspectArguments;
pub(super) use merge::MergeArguments;
pub(super) use output::OutputArguments;
pub(super) use query::QueryArguments;
pub(super) use regress::{Operator, RegressArguments, Solve};
pub(super) use summarize::{Objective, Selector, SummarizeArguments};

use clap::ValueEnum;

/// A choice of a flag.
pub(super) trait Spelled {
    /// As the flag calls it.
    fn name(&self) -> String;
}

impl<V: ValueEnum> Spelled for V {
    fn name(&self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
