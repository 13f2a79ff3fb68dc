//! One folder per family, and the trait `Family` that each implements.
//!
//! [`Family`] is all that the rest of the command knows of a family; the table of them is in [`family`](super::family).

pub(super) mod eigen;
pub(super) mod regress;
pub(super) mod summarize;

use super::args::QueryArguments;
use super::cost::Clock;
use super::failure::Failure;
use super::report::Report;
use super::saved::{Import, Saved};
use crate::Error;
use clap::{ArgMatches, Command};
use serde_json::Value;

/// What a family of summaries does for the command.
pub(super) trait Family: Sync {
    /// Name of its command, which the headers of its files carry too.
    fn name(&self) -> &'static str;

    /// Its command with all its flags, those of [`OutputArguments`](super::args::OutputArguments) among them.
    fn command(&self) -> Command;

    /// Reads rows, fills a summary, answers.
    fn run(&self, matches: &ArgMatches) -> Result<Report, Failure>;

    /// What `inspect` tells of a saved summary, from the summary itself.
    fn describe(&self, saved: &Saved) -> Result<Value, Error>;

    /// Fields of the header that must be equal in files that are merged, and what they are called; or why no files merge.
    fn alike(&self) -> Result<&'static [(&'static str, &'static str)], &'static str>;

    /// Merges two encodings of summaries of other rows.
    fn merge(&self, _first: &[u8], _second: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::data(format!("summaries of {} don't merge: take those of another command", self.name())))
    }

    /// Whether summaries of the same rows can be put side by side.
    fn joins(&self) -> bool {
        false
    }

    /// Puts the columns of two summaries of the same rows side by side.
    fn join(&self, _first: &Saved, _second: &Saved) -> Result<Saved, Error> {
        Err(Error::data(format!(
            "summaries of {} can't be joined: merge them, or take those of another command",
            self.name()
        )))
    }

    /// Flags of `query`, beside those of output, that mean something to its files.
    fn query_flags(&self) -> &'static [&'static str] {
        &[]
    }

    /// Answers from a saved summary what the saving command would; `clock` runs since the file was asked for.
    fn query(&self, saved: &Saved, arguments: &QueryArguments, clock: Clock) -> Result<Report, Failure>;

    /// The header that the saving command would have written for a summary that a device printed.
    fn import(&self, import: &Import<'_>) -> Result<Value, Error>;
}
