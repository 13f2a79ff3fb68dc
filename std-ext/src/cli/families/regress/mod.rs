//! `sketchlet regress`: linear regression of one column, or several, on others.

mod inference;
mod job;
mod memory;
mod report;
mod roles;
mod saved;
mod stored;
mod stream;
mod task;

use super::Family;
use crate::Error;
use crate::cli::args::{Precision, QueryArguments, RegressArguments};
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::cli::report::Report;
use crate::cli::saved::{Import, Saved};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use job::Job;
use serde_json::Value;
use task::Task;

pub(in crate::cli) struct Regress;

impl Family for Regress {
    fn name(&self) -> &'static str {
        "regress"
    }

    fn command(&self) -> Command {
        RegressArguments::augment_args(Command::new(self.name()))
            .about("Linear regression of a column on others: exactly, with standard errors, or from a sketch with half-widths (distances from the exact fit, no standard errors)")
    }

    fn run(&self, matches: &ArgMatches) -> Result<Report, Failure> {
        let arguments = RegressArguments::from_arg_matches(matches)?;
        let task = Task::check(&arguments)?;
        match arguments.input.precision {
            Precision::F64 => run::<f64>(&task),
            Precision::F32 => run::<f32>(&task),
        }
    }

    fn describe(&self, saved: &Saved) -> Result<Value, Error> {
        saved::describe(saved)
    }

    fn alike(&self) -> Result<&'static [(&'static str, &'static str)], &'static str> {
        // A column of data may be called what the constant is called.
        Ok(&[("columns", "columns"), ("intercept", "columns")])
    }

    fn merge(&self, first: &[u8], second: &[u8]) -> Result<Vec<u8>, Error> {
        saved::check_like(first, second)?;
        stored::merge(first, second)
    }

    fn joins(&self) -> bool {
        true
    }

    fn join(&self, first: &Saved, second: &Saved) -> Result<Saved, Error> {
        saved::join(first, second)
    }

    fn query_flags(&self) -> &'static [&'static str] {
        &["--target", "--targets", "--columns", "--ridge", "--failure"]
    }

    fn query(&self, saved: &Saved, arguments: &QueryArguments, clock: Clock) -> Result<Report, Failure> {
        saved::query(saved, arguments, clock)
    }

    fn import(&self, import: &Import<'_>) -> Result<Value, Error> {
        saved::import(import)
    }
}

fn run<T: stored::Number>(task: &Task<'_>) -> Result<Report, Failure> {
    let job = Job::<T>::open(task)?;
    if memory::is_needed(&job)? { memory::run(job) } else { stream::run(job) }
}
