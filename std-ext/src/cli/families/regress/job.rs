//! The rows of a regression, and which columns are features, targets and weights.

use super::report::Question;
use super::roles::{RightHand, Roles};
use super::task::Task;
use crate::cli::args::{Operator, Solve, Spelled};
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::cli::input::open;
use crate::io::{Batch, RowReader};
use crate::linalg::packed;
use crate::regression::{Query, rows_for, rows_for_signs};
use crate::{CoreError, Error, MatRef, Merge, Real};
use std::num::NonZero;

/// Rows of a sketch a coefficient, where nothing else is said.
pub(super) const ROWS_PER_COEFFICIENT: usize = 16;

/// The task, the rows, and what became of them.
pub(super) struct Job<'a, T> {
    pub(super) task: &'a Task<'a>,
    pub(super) reader: RowReader<T>,
    pub(super) roles: Roles,
    /// What sketches the rows; `None` if they are factored.
    pub(super) operator: Operator,
    pub(super) clock: Clock,
    /// What is to be said beside what the reader says.
    pub(super) warnings: Vec<String>,
    right_hand: RightHand<T>,
}

/// What was read is finite, so what isn't is a sum, or what is made of it.
pub(super) fn too_large<T: Real>(names: &[String], column: usize) -> Error {
    let precision = if T::BYTES == 4 { "f32" } else { "f64" };
    let what =
        format!("numbers too large or too small for {precision}: sums or coefficients overflow; rescale the column");
    let error = Error::data(what);
    match names.get(column) {
        Some(name) => error.in_column(name),
        None => error,
    }
}

impl<'a, T: Real> Job<'a, T> {
    pub(super) fn open(task: &'a Task<'a>) -> Result<Self, Failure> {
        let clock = Clock::start();
        let arguments = task.arguments;
        let right_hand = arguments.rhs.as_deref().map(RightHand::<T>::read).transpose()?.unwrap_or_default();
        let reader = open::<T>(&arguments.input, task.other_columns())?;
        let roles = Roles::new(task, &reader, &right_hand.names)?;
        let (operator, reason) = operator::<T>(task, &roles);
        let warnings = reason.into_iter().chain(task.idle_flags(operator)).collect();
        Ok(Self { task, reader, roles, operator, clock, warnings, right_hand })
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
        let is_other = matches!(self.operator, Operator::Gaussian | Operator::Countsketch | Operator::Osnap);
        let has_widths = self.task.solve == Solve::Sketched && !is_other;
        let for_error = if has_widths { rows_for_signs } else { rows_for };
        let rows = match (arguments.rows, arguments.epsilon) {
            (Some(rows), _) => return Ok(rows as usize),
            (None, Some(epsilon)) => for_error(epsilon, arguments.failure, coefficients).map_err(|_| {
                let what =
                    format!("--epsilon {epsilon} asks for more rows than there can be: raise it, or use --solve exact");
                Error::data(what).in_file(self.reader.name())
            })?,
            (None, None) => {
                let coefficients = coefficients.max(1);
                // Whatever the error, but so many that there are half-widths.
                let least = if has_widths { for_error(f64::MAX, arguments.failure, coefficients) } else { Ok(0) };
                per_coefficient.saturating_mul(coefficients).max(least.unwrap_or(0))
            }
        };
        let unit = if self.operator == Operator::Osnap { arguments.nonzeros as usize } else { 1 };
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
    #[cfg(feature = "faer")]
    pub(super) fn for_each_batch(
        &mut self,
        mut visit: impl FnMut(MatRef<'_, T>, Option<&[T]>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.for_each(|columns, rows| {
            visit(rows.matrix()?, rows.weights(columns)).map_err(|error| columns.locate(error, rows))
        })
    }

    fn for_each(&mut self, mut visit: impl FnMut(&Columns<'_, T>, &Rows<T>) -> Result<(), Error>) -> Result<(), Error> {
        let Self { reader, roles, right_hand, clock, .. } = self;
        let (mut rows, columns) = (Rows::default(), Columns::new(reader, roles, right_hand));
        let mut read = 0;
        loop {
            let count = columns.read(reader, &mut rows, None, &mut read);
            // Rows before one that can't be read come first.
            columns.arrange(&mut rows);
            // The clock runs for the work of the library alone.
            clock.count(|| visit(&columns, &rows))?;
            if count? == 0 {
                break;
            }
        }
        columns.check_count(read)
    }

    /// Fills a summary with the rows, by shards of so many on up to so many threads. `make` is told how many rows come before a
    /// shard; `update` tells a summary how many come before a row, the row, and its weight if there are any.
    pub(super) fn fill<M: Merge + Send>(
        &mut self,
        shard_rows: usize,
        threads: NonZero<usize>,
        make: impl Fn(u64) -> Result<M, CoreError> + Sync,
        update: impl Fn(&mut M, u64, &[T], Option<T>) -> Result<(), Error> + Sync,
    ) -> Result<M, Error> {
        let Self { reader, roles, right_hand, clock, .. } = self;
        let columns = Columns::new(reader, roles, right_hand);
        let mut read = 0;
        let summary = clock.fill(
            roles.names.len(),
            shard_rows,
            threads,
            |rows: &mut Rows<T>, count| columns.read(reader, rows, Some(count), &mut read),
            make,
            |summary, rows| {
                columns.arrange(rows);
                columns.update(summary, rows, &update)
            },
        )?;
        columns.check_count(read)?;
        Ok(summary)
    }

    /// The same on one thread, by one summary.
    pub(super) fn fill_one<M>(
        &mut self,
        summary: &mut M,
        update: impl Fn(&mut M, u64, &[T], Option<T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.for_each(|columns, rows| columns.update(summary, rows, &update))
    }

    /// What is to be said of the rows read, and of the work on them.
    pub(super) fn all_warnings(&self) -> Vec<String> {
        self.reader.warnings().iter().chain(&self.warnings).cloned().collect()
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
            operator: self.operator.name(),
            rows,
            seed: arguments.input.seed,
            precision: T::TYPE.name(),
            failure: arguments.failure,
            state_bytes,
            warnings: self.all_warnings(),
        }
    }
}

/// What sketches the rows, and why if a QR was preferred. Columns that are kept to be joined are sketched: no QR is ever joined.
fn operator<T: Real>(task: &Task<'_>, roles: &Roles) -> (Operator, Option<String>) {
    if !task.prefers_factor() || roles.features.is_empty() {
        return (task.sketch, None);
    }
    let bytes = (packed::len(roles.names.len()) as u64).saturating_mul(T::BYTES as u64);
    let memory = task.arguments.memory;
    if bytes <= memory {
        return (Operator::None, None);
    }
    let reason = format!("the triangle of an exact QR has {bytes} bytes and --memory is {memory}: a sketch was taken");
    (task.sketch, Some(reason))
}

/// Which columns of the rows that are read the summary keeps.
struct Columns<'a, T> {
    roles: &'a Roles,
    right_hand: &'a RightHand<T>,
    input: String,
    weights_name: String,
}

/// Some rows, as they were read and as the summary keeps them.
struct Rows<T> {
    batch: Batch<T>,
    /// Rows that were read before.
    first: usize,
    entries: Vec<T>,
    columns: usize,
    weights: Vec<T>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { batch: Batch::default(), first: 0, entries: Vec::new(), columns: 0, weights: Vec::new() }
    }
}

impl<T: Real> Rows<T> {
    fn matrix(&self) -> Result<MatRef<'_, T>, Error> {
        Ok(MatRef::new(&self.entries, self.batch.len(), self.columns)?)
    }

    fn weights(&self, columns: &Columns<'_, T>) -> Option<&[T]> {
        columns.roles.has_weights().then_some(&self.weights)
    }
}

impl<'a, T: Real> Columns<'a, T> {
    fn new(reader: &RowReader<T>, roles: &'a Roles, right_hand: &'a RightHand<T>) -> Self {
        let (input, weights_name) = (reader.name().to_owned(), roles.weights_name(reader).to_owned());
        Self { roles, right_hand, input, weights_name }
    }

    /// Reads the next rows, so many or as many as the reader likes; `read` counts them.
    fn read(
        &self,
        reader: &mut RowReader<T>,
        rows: &mut Rows<T>,
        count: Option<usize>,
        read: &mut usize,
    ) -> Result<usize, Error> {
        rows.first = *read;
        let count = reader.read_into(&mut rows.batch, count.unwrap_or_else(|| reader.batch_rows()))?;
        *read += count;
        if self.right_hand.names.is_empty() || *read <= self.right_hand.rows() {
            return Ok(count);
        }
        rows.batch.truncate(self.right_hand.rows().saturating_sub(rows.first));
        Err(self.other_count())
    }

    /// Copies the columns of rows that were read to where the summary wants them.
    fn arrange(&self, rows: &mut Rows<T>) {
        let Rows { batch, first, entries, columns, weights } = rows;
        *columns = self.roles.names.len();
        entries.clear();
        weights.clear();
        for (i, row) in batch.rows().iter_rows().enumerate() {
            weights.push(self.roles.copy(row, self.right_hand.row(*first + i), entries));
        }
    }

    /// Tells a summary the rows.
    fn update<M>(
        &self,
        summary: &mut M,
        rows: &Rows<T>,
        update: &impl Fn(&mut M, u64, &[T], Option<T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (matrix, weights) = (rows.matrix()?, rows.weights(self));
        for (i, row) in matrix.iter_rows().enumerate() {
            let updated = update(summary, (rows.first + i) as u64, row, weights.map(|weights| weights[i]));
            updated.map_err(|error| self.locate(error.at_row(i as u64 + 1), rows))?;
        }
        Ok(())
    }

    /// Names the file, and the row in it.
    fn locate(&self, error: Error, rows: &Rows<T>) -> Error {
        let row = error.row().map_or(0, |row| usize::try_from(row).unwrap_or(usize::MAX).saturating_sub(1));
        let error = match error.core() {
            Some(CoreError::Parameter { name: &"weight", .. }) => {
                Error::data("negative weight: weights are from 0 up").in_column(&self.weights_name)
            }
            Some(CoreError::NonFinite { index }) => too_large::<T>(&self.roles.names, index % rows.columns.max(1)),
            _ => error,
        };
        error.at_row(rows.batch.place(row).unwrap_or(0)).in_file(&self.input)
    }

    /// The right-hand sides, if there are any, must be of as many rows.
    fn check_count(&self, read: usize) -> Result<(), Error> {
        let is_short = !self.right_hand.names.is_empty() && read != self.right_hand.rows();
        if is_short { Err(self.other_count()) } else { Ok(()) }
    }

    fn other_count(&self) -> Error {
        let rows = self.right_hand.rows();
        Error::data(format!("has another number of rows than --rhs, which has {rows}")).in_file(&self.input)
    }
}
