//! The steps: insertions, deletions, and when an answer is asked for.

use super::table::count;
use super::task::Plan;
use crate::Error;
use std::collections::HashMap;
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Insert(u32),
    Delete(u32),
    /// One that makes room for the next, in one step with it.
    Evict(u32),
    Query,
}

/// Steps, one after the other.
pub(super) trait Feed {
    /// The next step; `keeps` tells whether the data of an element that has come may be asked for again.
    fn next(&mut self, keeps: &dyn Fn(u32) -> bool) -> Result<Option<Step>, Error>;
    /// Names of the elements, where they have others than their numbers.
    fn names(&self) -> Option<&[u64]>;
    /// Says where the element of the last step came from.
    fn place(&self, error: Error) -> Error {
        error
    }
}

/// Steps that are known.
pub(super) struct Script<'a> {
    pub(super) steps: std::vec::IntoIter<Step>,
    pub(super) names: Option<&'a [u64]>,
}

impl Feed for Script<'_> {
    fn next(&mut self, _: &dyn Fn(u32) -> bool) -> Result<Option<Step>, Error> {
        Ok(self.steps.next())
    }

    fn names(&self) -> Option<&[u64]> {
        self.names
    }
}

/// The steps that the flags ask for, of rows from 0 on, or of vertices by name.
pub(super) fn steps(plan: &Plan, rows: usize, vertices: Option<&[u64]>) -> Result<Vec<Step>, Error> {
    let rows = count(rows)?;
    if let Some(path) = &plan.updates {
        return read_updates(path, rows, vertices, plan.only_inserts);
    }
    let window = plan.window.unwrap_or(u32::MAX);
    let evicted = |row: u32| row.checked_sub(window).map(Step::Evict);
    Ok((0..rows).flat_map(|row| evicted(row).into_iter().chain([Step::Insert(row)])).collect())
}

/// Reads a file of updates; all of it is checked.
fn read_updates(path: &Path, rows: u32, vertices: Option<&[u64]>, only_inserts: bool) -> Result<Vec<Step>, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::from(error).in_file(path.display()))?;
    let names: Option<HashMap<u64, u32>> = vertices.map(|all| all.iter().copied().zip(0..).collect());
    let mut alive = vec![false; rows as usize];
    let mut steps = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let fail = |what: String| Err(Error::data(what).in_file(format_args!("{}:{line}", path.display())));
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if text == "?" {
            steps.push(Step::Query);
            continue;
        }
        let cells: Vec<&str> = text.split_whitespace().collect();
        let ([sign @ ("+" | "-"), name], Ok(number)) = (&cells[..], cells.last().map_or("", |x| x).parse::<u64>())
        else {
            return fail("give + ROW, - ROW or ?".into());
        };
        let row = match &names {
            Some(names) => names.get(&number).copied(),
            None => u32::try_from(number).ok().filter(|&row| row < rows),
        };
        let Some(row) = row else { return fail(format!("there is no row {name}")) };
        let there = &mut alive[row as usize];
        match (*sign, *there) {
            ("+", true) => return fail(format!("row {name} is there already")),
            ("-", true) if only_inserts => {
                return fail("sieves can't let a row go: take lazy-dynamic or dynamic".into());
            }
            ("-", false) => return fail(format!("row {name} is not there")),
            _ => {}
        }
        *there = *sign == "+";
        steps.push(if *there { Step::Insert(row) } else { Step::Delete(row) });
    }
    Ok(steps)
}
