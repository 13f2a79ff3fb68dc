//! The roles of columns: which columns of the input become which columns of the summary.

use super::task::Task;
use crate::cli::failure::Failure;
use crate::io::{ReadOptions, RowReader, find};
use crate::{Error, Real};
use std::path::Path;

/// Name of the constant column.
pub(super) const INTERCEPT: &str = "intercept";

/// Where a stored column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Constant,
    /// A column that the reader yields.
    Reader(usize),
    /// A column of the file of right-hand sides.
    RightHand(usize),
}

/// The columns of a summary, in the order in which it keeps them: the constant, then features and targets as the input has
/// them.
#[derive(Debug)]
pub(super) struct Roles {
    pub(super) names: Vec<String>,
    /// Stored positions of the features as they are asked for, the constant first.
    pub(super) features: Vec<usize>,
    pub(super) targets: Vec<usize>,
    origins: Vec<Origin>,
    weights: Option<usize>,
}

impl Roles {
    /// Sorts the reader's columns, and those of the right-hand sides, into roles.
    pub(super) fn new<T: Real>(task: &Task<'_>, reader: &RowReader<T>, right_hand: &[String]) -> Result<Self, Failure> {
        let all = reader.columns();
        let place =
            |name: &String| find(all, Some(reader.positions()), name).map_err(|error| error.in_file(reader.name()));
        let arguments = task.arguments;
        let targets = task.targets.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let weights = arguments.weights.as_ref().map(place).transpose()?;
        let is_taken = |i: &usize| targets.contains(i) || weights == Some(*i);
        let features: Vec<usize> = (0..all.len()).filter(|i| !is_taken(i)).collect();
        if (1..targets.len()).any(|k| targets[..k].contains(&targets[k])) {
            return Err(Failure::Usage("a column is a target twice: name it once".into()));
        }
        if weights.is_some_and(|weights| targets.contains(&weights)) {
            return Err(Failure::Usage("the column of weights is a target: choose another".into()));
        }
        // A column that is sketched alone may be joined with others later.
        if features.is_empty() && !arguments.intercept && arguments.save.is_none() {
            let what = "no column is left to be a feature: choose some with --columns, or save a sketch to be joined";
            return Err(Failure::Usage(what.into()));
        }
        let mut columns: Vec<usize> = features.iter().chain(&targets).copied().collect();
        columns.sort_by_key(|&i| reader.positions().get(i).copied());
        let mut roles =
            Self { names: Vec::new(), features: Vec::new(), targets: Vec::new(), origins: Vec::new(), weights };
        if arguments.intercept {
            roles.push(INTERCEPT, Origin::Constant)?;
        }
        for &i in &columns {
            roles.push(&all[i], Origin::Reader(i))?;
        }
        for (i, name) in right_hand.iter().enumerate() {
            roles.push(name, Origin::RightHand(i))?;
        }
        let stored = |i: &usize| roles.origins.iter().position(|&origin| origin == Origin::Reader(*i));
        let constant = arguments.intercept.then_some(0);
        roles.features = constant.into_iter().chain(features.iter().filter_map(stored)).collect();
        roles.targets = targets.iter().filter_map(stored).collect();
        roles.targets.extend(roles.names.len() - right_hand.len()..roles.names.len());
        Ok(roles)
    }

    fn push(&mut self, name: &str, origin: Origin) -> Result<(), Failure> {
        // Columns of one input can be told apart by their positions.
        let of_input = |origin: &Origin| matches!(origin, Origin::Reader(_));
        let mut same = self.names.iter().zip(&self.origins).filter(|(other, _)| *other == name);
        if same.any(|(_, other)| !(of_input(other) && of_input(&origin))) {
            return Err(Failure::Usage(format!("two columns would have the name {name}: rename one")));
        }
        self.names.push(name.to_owned());
        self.origins.push(origin);
        Ok(())
    }

    pub(super) fn has_weights(&self) -> bool {
        self.weights.is_some()
    }

    /// Appends the stored columns of a row, and gives its weight.
    pub(super) fn copy<T: Real>(&self, row: &[T], right_hand: &[T], to: &mut Vec<T>) -> T {
        to.extend(self.origins.iter().map(|origin| match *origin {
            Origin::Constant => T::ONE,
            Origin::Reader(i) => row[i],
            Origin::RightHand(i) => right_hand[i],
        }));
        self.weights.map_or(T::ONE, |i| row[i])
    }

    /// Name of the column of weights.
    pub(super) fn weights_name<'a, T: Real>(&self, reader: &'a RowReader<T>) -> &'a str {
        self.weights.and_then(|i| reader.columns().get(i)).map_or("weights", String::as_str)
    }
}

/// Right-hand sides from a file of their own.
#[derive(Debug, Default)]
pub(super) struct RightHand<T> {
    pub(super) names: Vec<String>,
    pub(super) data: Vec<T>,
}

impl<T: Real> RightHand<T> {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let mut reader = RowReader::open(path, &ReadOptions::new())?;
        let names = match reader.columns() {
            [_] => vec!["rhs".into()],
            columns => columns.iter().map(|name| format!("rhs{name}")).collect(),
        };
        let mut data = Vec::new();
        while let Some(rows) = reader.next_batch()? {
            data.extend_from_slice(rows.as_slice());
        }
        Ok(Self { names, data })
    }

    pub(super) fn rows(&self) -> usize {
        self.data.len().checked_div(self.names.len()).unwrap_or(0)
    }

    pub(super) fn row(&self, row: usize) -> &[T] {
        let cols = self.names.len();
        self.data.get(row * cols..(row + 1) * cols).unwrap_or_default()
    }
}
