//! What comes and goes, and when it is asked for.

use super::super::args::SummarizeArguments;
use super::table::count;
use crate::Error;
use std::collections::HashMap;
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Insert(u32),
    Delete(u32),
    /// The oldest out, then a new one in.
    Slide(u32, u32),
    Query,
}

/// The steps that the flags ask for, of rows from 0 on, or of vertices by name.
pub(super) fn steps(arguments: &SummarizeArguments, rows: usize, vertices: Option<&[u64]>) -> Result<Vec<Step>, Error> {
    let rows = count(rows)?;
    if let Some(path) = &arguments.updates {
        return read(path, rows, vertices, arguments.selector().only_inserts());
    }
    let window = arguments.window.unwrap_or(u32::MAX);
    Ok((0..rows).map(|row| if row < window { Step::Insert(row) } else { Step::Slide(row - window, row) }).collect())
}

/// Reads a file of updates; all of it is checked.
fn read(path: &Path, rows: u32, vertices: Option<&[u64]>, only_inserts: bool) -> Result<Vec<Step>, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::from(error).in_file(path.display()))?;
    let names: Option<HashMap<u64, u32>> = vertices.map(|all| all.iter().copied().zip(0..).collect());
    let mut alive = vec![false; rows as usize];
    let mut steps = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let fail = |what: String| Err(Error::data(format!("{}:{line}: {what}", path.display())));
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
