//! The `sketchlet` command: reads rows, calls one summary, prints the answer.
//!
//! Everything that it can do the library can; nothing here is needed to use it.

mod args;
mod call;
mod cost;
mod demo;
mod failure;
mod families;
mod family;
mod files;
mod firmware_import;
mod input;
mod output;
mod places;
mod report;
mod saved;

use crate::error::OneLine;
use args::{DemoArguments, FirmwareImportArguments, InspectArguments, MergeArguments, QueryArguments};
use call::Call;
use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use failure::Failure;
use std::io::Write;
use std::process::ExitCode;

/// Answers questions about data that you can't keep: principal directions, linear regression, the best k rows
#[derive(Debug, Parser)]
#[command(name = "sketchlet", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare every method on bundled real data with the exact answer, and write a report
    Demo(DemoArguments),
    #[command(flatten)]
    Family(Call),
    /// Describe a .sketch file
    Inspect(InspectArguments),
    /// Merge the summaries of .sketch files into one
    Merge(MergeArguments),
    /// Answer from a .sketch file, as the command that saved it would
    Query(QueryArguments),
    /// Make a .sketch file of the bytes of a summary that a device printed
    FirmwareImport(FirmwareImportArguments),
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
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Family(call) => call.run(),
        Command::Inspect(arguments) => files::inspect(&arguments),
        Command::Merge(arguments) => files::merge(&arguments),
        Command::Query(arguments) => files::query(&arguments),
        Command::FirmwareImport(arguments) => firmware_import::run(&arguments),
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
