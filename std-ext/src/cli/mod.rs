//! The `sketchlet` command: reads rows, calls one summary, prints the answer.
//!
//! Everything that it can do the library can; nothing here is needed to use it.

mod args;
mod demo;
mod eigen;
mod files;
mod firmware_import;
mod input;
mod output;
mod regress;
mod summarize;
mod summary;

use crate::Error;
use crate::error::OneLine;
use args::{Arguments, Command};
use clap::Parser;
use clap::error::ErrorKind;
use std::io::Write;
use std::process::ExitCode;

/// Why a command ends without an answer.
#[derive(Debug)]
enum Failure {
    /// The data or the request can't give an answer: exit 1.
    Data(Error),
    /// Wrong usage: exit 2.
    Usage(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Data(error)
    }
}

impl From<crate::CoreError> for Failure {
    fn from(error: crate::CoreError) -> Self {
        Self::Data(error.into())
    }
}

/// Runs the command with the arguments of this process; prints the answer on standard output, or one line on standard error.
///
/// Exit status: 0 done, 1 the data or the request can't give an answer, 2 wrong usage.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return finish(output::print(&error.render().to_string()));
        }
        Err(error) if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // Without a command there is nothing wrong to report: here is what there is.
            return finish(output::print(&error.render().to_string()));
        }
        Err(error) => {
            // One line, as for every other failure: what clap says first, without its "error: ".
            let text = error.to_string();
            let lines: Vec<&str> = text
                .lines()
                .map(str::trim)
                .take_while(|line| !line.starts_with("Usage") && !line.starts_with("For more"))
                .collect();
            let line = lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
            return finish(Err(Failure::Usage(line.trim_start_matches("error: ").to_owned())));
        }
    };
    let result = match arguments.command {
        Command::Eigen(arguments) => eigen::run(&arguments),
        Command::Regress(arguments) => regress::run(&arguments),
        Command::Summarize(arguments) => summarize::run(&arguments),
        Command::Inspect(arguments) => files::inspect(&arguments),
        Command::Merge(arguments) => files::merge(&arguments),
        Command::Query(arguments) => files::query(&arguments),
        Command::FirmwareImport(arguments) => firmware_import::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
    };
    finish(result.and_then(|text| output::print(&text)))
}

/// Says on standard error what went wrong, in one line, and chooses the exit status.
fn finish(result: Result<(), Failure>) -> ExitCode {
    let (text, status) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Data(error)) => (error.to_string(), 1),
        Err(Failure::Usage(what)) => (format!("{}: see --help", OneLine(&what)), 2),
    };
    // Where nobody listens the status must do.
    let _ = writeln!(std::io::stderr(), "sketchlet: {text}");
    ExitCode::from(status)
}
