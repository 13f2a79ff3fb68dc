//! The elements to choose from: a table that is read whole, or rows that are read one by one.

use super::about::About;
use super::function::Function;
use super::held::Source;
use super::script::{self, Step};
use super::shape::Shape;
use super::task::Task;
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::{Error, Real};

/// The elements, and the steps that insert and delete them.
pub(super) enum Elements<T> {
    /// All are known, and so are the steps.
    Whole { function: Function<T>, steps: Vec<Step> },
    /// Rows in order, of which only some are held.
    Held { shape: Shape<T>, source: Source<T> },
}

pub(super) fn read<T: Real>(task: &Task, clock: &mut Clock) -> Result<(Elements<T>, About), Failure> {
    if task.is_held_in_part && task.is_piped {
        let (shape, source, about) = Source::open(task)?;
        return Ok((Elements::Held { shape, source }, about));
    }
    let (function, mut about) = Function::of_task(task, clock)?;
    about.size = match (&about.groups, task.size) {
        (None, size) => size.unwrap_or(1) as usize,
        (Some(groups), None) => groups.rank(),
        (Some(groups), Some(size)) if groups.rank() == size as usize => groups.rank(),
        (Some(groups), Some(size)) => {
            let (count, cap, rank) = (groups.caps.len(), groups.caps[0], groups.rank());
            let what = format!("--size {size}: {count} groups of {cap} rows each are {rank}: leave it out");
            return Err(Failure::Usage(format!("summarize: {what}")));
        }
    };
    let elements = if task.is_held_in_part {
        let (shape, rows) = function
            .into_rows()
            .ok_or_else(|| Error::data("this objective has no rows of numbers: take another method"))?;
        Elements::Held { shape, source: Source::of_memory(rows) }
    } else {
        let steps = script::steps(&task.plan, about.elements, about.names.as_deref())?;
        Elements::Whole { function, steps }
    };
    Ok((elements, about))
}
