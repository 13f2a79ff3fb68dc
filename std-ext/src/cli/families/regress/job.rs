//! The rows of a regression, and which columns are features, targets and weights.

use super::report::Question;
use super::roles::{RightHand, Roles};
use super::task::Task;
use crate::cli::args::{Operator, Spelled};
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::cli::input::open_columns;
use crate::io::RowReader;
use crate::regression::{Query, rows_for};
use crate::{CoreError, Error, MatRef, Real};

/// Rows of a sketch a coefficient, where nothing else is said.
pub(super) const ROWS_PER_COEFFICIENT: usize = 16;

/// The task, the rows, and what became of them.
pub(super) struct Job<'a, T> {
    pub(super) task: &'a Task<'a>,
    pub(super) reader: RowReader<T>,
    pub(super) roles: Roles,
    pub(super) clock: Clock,
    pub(super) warnings: Vec<String>,
    right_hand: RightHand<T>,
}

impl<'a, T: Real> Job<'a, T> {
    pub(super) fn open(task: &'a Task<'a>) -> Result<Self, Failure> {
        let clock = Clock::start();
        let arguments = task.arguments;
        let right_hand = arguments.rhs.as_deref().map(RightHand::<T>::read).transpose()?.unwrap_or_default();
        let reader = open_columns::<T>(&arguments.input, task.wanted().as_deref()).map_err(|error| {
            // Columns that aren't there: wrong usage, whatever the data.
            if error.is_request() { Failure::Usage(error.to_string()) } else { error.into() }
        })?;
        let roles = Roles::new(task, &reader, &right_hand.names)?;
        let warnings = reader.warnings().iter().cloned().chain(task.idle_flags()).collect();
        Ok(Self { task, reader, roles, clock, warnings, right_hand })
    }

    pub(super) fn query(&self) -> Query<'_> {
        let arguments = self.task.arguments;
        let query = Query::new(&self.roles.features, &self.roles.targets).failure(arguments.failure);
        let query = if arguments.intercept { query.unpenalized(0) } else { query };
        query.ridge(arguments.ridge.unwrap_or(0.0))
    }

    /// Rows of the sketch.
    pub(super) fn sketch_rows(&self, per_coefficient: usize) -> Result<usize, Failure> {
        let (arguments, coefficients) = (self.task.arguments, self.roles.features.len());
        let rows = match (arguments.rows, arguments.epsilon) {
            (Some(rows), _) => return Ok(rows as usize),
            (None, Some(epsilon)) => rows_for(epsilon, arguments.failure, coefficients).map_err(|_| {
                let what =
                    format!("--epsilon {epsilon} asks for more rows than there can be: raise it, or use --solve exact");
                Error::data(what).in_file(self.reader.name())
            })?,
            (None, None) => per_coefficient.saturating_mul(coefficients),
        };
        let unit = if arguments.sketch == Operator::Osnap { arguments.nonzeros as usize } else { 1 };
        Ok(rows.div_ceil(unit).saturating_mul(unit))
    }

    /// Refuses a sketch of fewer rows than there are coefficients.
    pub(super) fn check_sketch_rows(&self, rows: usize) -> Result<(), Failure> {
        let coefficients = self.roles.features.len();
        if rows >= coefficients {
            return Ok(());
        }
        let what = format!("a sketch of {rows} rows can't tell {coefficients} coefficients apart: raise --rows");
        Err(Error::data(what).in_file(self.reader.name()).into())
    }

    /// Reads all rows, some at a time, as the summary keeps them, with their weights where they have some. An error names the row
    /// of those that `visit` was given.
    pub(super) fn for_each_batch(
        &mut self,
        mut visit: impl FnMut(MatRef<'_, T>, Option<&[T]>) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let Self { reader, roles, right_hand, clock, .. } = self;
        let (name, weights_name) = (reader.name().to_owned(), roles.weights_name(reader).to_owned());
        let has_right_hand = !right_hand.names.is_empty();
        let mut read = 0;
        let (mut entries, mut weights) = (Vec::new(), Vec::new());
        while let Some(rows) = reader.next_batch()? {
            let (count, cols, data) = (rows.rows(), rows.cols(), rows.as_slice());
            if has_right_hand && read + count > right_hand.rows() {
                return Err(other_rows(right_hand.rows()).in_file(&name).into());
            }
            entries.clear();
            weights.clear();
            for (i, row) in data.chunks_exact(cols).enumerate() {
                weights.push(roles.copy(row, right_hand.row(read + i), &mut entries));
            }
            let batch = MatRef::new(&entries, count, roles.names.len())?;
            let weights = roles.has_weights().then_some(&weights[..]);
            // The clock runs for the work of the library alone.
            if let Err(error) = clock.count(|| visit(batch, weights)) {
                let row = error.row().map_or(0, |row| usize::try_from(row).unwrap_or(usize::MAX).saturating_sub(1));
                let place = reader.place(row).unwrap_or(0);
                let error = match error.core() {
                    Some(CoreError::Parameter { name: &"weight", .. }) => {
                        Error::data("negative weight: weights are from 0 up").in_column(&weights_name)
                    }
                    _ => error,
                };
                return Err(error.at_row(place).in_file(&name).into());
            }
            read += count;
        }
        if has_right_hand && read != right_hand.rows() {
            return Err(other_rows(right_hand.rows()).in_file(&name).into());
        }
        Ok(())
    }

    pub(super) fn names(&self, columns: &[usize]) -> Vec<String> {
        columns.iter().filter_map(|&i| self.roles.names.get(i).cloned()).collect()
    }

    /// What the answer is about, which came of so many rows.
    pub(super) fn question(&self, rows: u64, state_bytes: u64) -> Question<'_> {
        let arguments = self.task.arguments;
        Question {
            input: self.reader.name(),
            names: self.names(&self.roles.features),
            targets: self.names(&self.roles.targets),
            operator: arguments.sketch.name(),
            rows,
            seed: arguments.input.seed,
            precision: T::TYPE.name(),
            failure: arguments.failure,
            state_bytes,
            warnings: self.warnings.clone(),
        }
    }
}

fn other_rows(rows: usize) -> Error {
    Error::data(format!("has another number of rows than --rhs, which has {rows}"))
}
