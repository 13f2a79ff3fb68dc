//! The elements to choose from: a table that is read whole, or rows that are read one by one.

use super::about::{About, Groups};
use super::function::{Function, of_table};
use super::graph;
use super::held::Source;
use super::script::{self, Step};
use super::shape::{Form, Shape};
use super::table::{Table, weights};
use super::task::Task;
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::cli::input::open;
use crate::{Error, Real};

/// The elements, and the steps that insert and delete them.
pub(super) enum Elements<T> {
    /// All are known, and so are the steps.
    Whole { function: Function<T>, steps: Vec<Step> },
    /// Rows in order, of which only some are held.
    Held { shape: Shape<T>, source: Source<T> },
}

pub(super) fn read<T: Real>(task: &Task, clock: &mut Clock) -> Result<(Elements<T>, About), Failure> {
    let (data, mut about) = if let Some(path) = &task.edges {
        let (data, names) = graph::read(path, task.worth.objective)?;
        let about = About { elements: names.len(), dim: names.len(), names: Some(names), ..About::default() };
        (data, about)
    } else {
        let reader = open::<T>(&task.input, &task.groups)?;
        if task.is_held_in_part && task.is_piped {
            let dim = reader.columns().len();
            let (shape, form) = Form::new(&task.worth, dim)?;
            let about = About { dim, gamma: form.gamma, size: task.size.unwrap_or(1) as usize, ..About::default() };
            return Ok((Elements::Held { shape, source: Source::of_stream(reader, form) }, about));
        }
        let (table, labels) = Table::read(reader, task.groups.as_deref())?;
        let (elements, dim, warnings) = (table.rows(), table.columns, table.warnings.clone());
        let names = table.indices.clone();
        let (data, gamma) = of_table(table, &task.worth, task.threads, clock)?;
        let groups = labels.map(|labels| Groups::new(&labels, task.caps.unwrap_or(1))).transpose()?;
        (data, About { elements, dim, gamma, names, groups, warnings, ..About::default() })
    };
    let weights = task.worth.weights.as_deref().map(|path| weights(path, data.weighted())).transpose()?;
    let function = Function { data, weights };
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
        Elements::Held { shape, source: Source::of_memory(rows, about.names.take()) }
    } else {
        let steps = script::steps(&task.plan, about.elements, about.names.as_deref())?;
        Elements::Whole { function, steps }
    };
    Ok((elements, about))
}
