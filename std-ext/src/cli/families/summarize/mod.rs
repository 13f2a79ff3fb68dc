//! `sketchlet summarize`: chooses the rows that are worth most together, also while rows are inserted and deleted.

mod about;
mod engine;
mod function;
mod gamma;
mod graph;
mod held;
mod pool;
mod report;
mod rows;
mod script;
mod shape;
mod similarity;
mod stored;
mod table;
mod task;
mod visit;

use super::Family;
use crate::cli::args::{Precision, QueryArguments, SummarizeArguments};
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::cli::report::Report;
use crate::cli::saved::{Import, Saved};
use crate::{Error, Real};
use clap::builder::ArgPredicate;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde_json::Value;
use task::Task;

pub(in crate::cli) struct Summarize;

impl Family for Summarize {
    fn name(&self) -> &'static str {
        "summarize"
    }

    fn command(&self) -> Command {
        let command = SummarizeArguments::augment_args(Command::new(self.name()));
        let command = command.about(
            "Choose the k rows that are worth most together, from a table or while rows are inserted and deleted",
        );
        command.mut_arg("input", |input| {
            // Edges take the place of rows.
            let input = input.required(false).required_unless_present("edges").conflicts_with("edges");
            input.default_value_if("edges", ArgPredicate::IsPresent, "-")
        })
    }

    fn run(&self, matches: &ArgMatches) -> Result<Report, Failure> {
        let arguments = SummarizeArguments::from_arg_matches(matches)?;
        let source = arguments.source();
        let answer = match arguments.input.precision {
            Precision::F64 => run::<f64>(arguments),
            Precision::F32 => run::<f32>(arguments),
        };
        answer.map_err(|why| why.in_file(source))
    }

    fn describe(&self, saved: &Saved) -> Result<Value, Error> {
        stored::describe(saved)
    }

    fn alike(&self) -> Result<&'static [(&'static str, &'static str)], &'static str> {
        Err("a selection can't be merged: its pivots would have to be uniform among the rows of both; let one take \
             in the rows of the other (absorb, in the library)")
    }

    fn query(&self, saved: &Saved, arguments: &QueryArguments, clock: Clock) -> Result<Report, Failure> {
        stored::query(saved, clock).map_err(|error| error.in_file(arguments.file.display()).into())
    }

    fn import(&self, import: &Import<'_>) -> Result<Value, Error> {
        stored::import(import)
    }
}

/// One way: the flags are checked once into a task, the task says which rows are read, a method goes through them, and what it
/// answered is told.
fn run<T: Real>(arguments: SummarizeArguments) -> Result<Report, Failure> {
    let mut clock = Clock::start();
    let task = Task::check(arguments)?;
    let (elements, mut about) = rows::read::<T>(&task, &mut clock)?;
    let record = engine::play(&task, elements, &mut about, &mut clock)?;
    Ok(report::report(&task, &about, record, &clock)?)
}
