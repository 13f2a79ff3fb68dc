//! `sketchlet regress`: which columns explain a column.

mod memory;
mod outcome;
mod roles;
mod stored;
mod tree;

use super::args::{Missing, Operator, Precision, QueryArguments, RegressArguments, Solve};
use super::input::open_columns;
use super::output::{Times, available_threads, check_outputs};
use super::summary::allocated;
use super::{Failure, firmware_import};
use crate::io::RowReader;
use crate::regression::{Query, SketchedLeastSquaresParams, StreamingQr, StreamingQrParams, rows_for};
use crate::sketch::{SketchOperator, SketchShape};
use crate::sketch_file::SketchFile;
use crate::{CoreError, Error, Header, RowSummary};
use outcome::Outcome;
use roles::{INTERCEPT, RightHand, Roles};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;
use stored::{Answer, Named, Number, Stored, decode, with_operator};
use tree::{TICK_BITS, Tree};

/// Rows of a sketch a coefficient, where nothing else is said.
const ROWS_PER_COEFFICIENT: usize = 16;
/// Rows that a streaming QR works in together.
const QR_BLOCK: usize = 64;
/// Longest block that the command takes by itself.
const LONGEST_BLOCK: usize = 4096;

pub(super) fn run(arguments: &RegressArguments) -> Result<String, Failure> {
    check_flags(arguments)?;
    check_outputs(&arguments.output, arguments.save.as_deref())?;
    match arguments.input.precision {
        Precision::F64 => run_in::<f64>(arguments),
        Precision::F32 => run_in::<f32>(arguments),
    }
}

/// Whether the answer comes from a summary, in one pass.
fn is_streaming(arguments: &RegressArguments) -> bool {
    arguments.streaming || arguments.input.input == Path::new("-")
}

/// How to solve, where the flags leave it open.
fn solver(arguments: &RegressArguments) -> Solve {
    match (arguments.solve, arguments.sketch) {
        (Some(solve), _) => solve,
        (None, _) if is_streaming(arguments) => Solve::Sketched,
        (None, Operator::None) => Solve::Exact,
        (None, _) => Solve::Refined,
    }
}

fn check_flags(arguments: &RegressArguments) -> Result<(), Failure> {
    let fail = |what: &str| Err(Failure::Usage(format!("regress: {what}")));
    let (streaming, solve) = (is_streaming(arguments), solver(arguments));
    match () {
        () if streaming && arguments.sketch == Operator::Pooled => fail("--sketch pooled needs all rows in memory"),
        () if streaming && solve != Solve::Sketched => {
            fail("a stream is answered from its summary: leave --solve out, or save the rows to a file first")
        }
        () if !streaming && arguments.sketch == Operator::None && solve == Solve::Sketched => {
            fail("--solve sketched needs a sketch: choose one with --sketch")
        }
        () if arguments.solve == Some(Solve::Sketched) && arguments.sketch == Operator::None => {
            fail("--solve sketched needs a sketch: choose one with --sketch")
        }
        () if arguments.solve == Some(Solve::Refined) && arguments.sketch == Operator::None => {
            fail("--solve refined is guided by a sketch: choose one with --sketch, or take --solve exact")
        }
        () if arguments.rhs.is_some() && arguments.input.missing == Some(Missing::Drop) => {
            fail("--missing drop would part rows from those of --rhs: drop them from both files first")
        }
        () if arguments.save.is_some() && solve != Solve::Sketched => {
            fail("--save keeps a summary: use it with --streaming or --solve sketched")
        }
        () if arguments.save.is_some() && arguments.sketch == Operator::Pooled => {
            fail("--sketch pooled has no summary to save")
        }
        () if arguments.block_len.is_some_and(|len| !len.is_power_of_two()) => {
            fail("--block-len must be a power of two")
        }
        () if arguments.block_len.is_some_and(|len| len > 1) && arguments.sketch != Operator::Srht => {
            fail("--block-len is for --sketch srht")
        }
        () => Ok(()),
    }
}

fn run_in<T: Number>(arguments: &RegressArguments) -> Result<String, Failure> {
    let start = Instant::now();
    let wanted = roles::wanted(arguments)?;
    let right_hand = arguments.rhs.as_deref().map(RightHand::<T>::read).transpose()?.unwrap_or_default();
    let reader = open_columns::<T>(&arguments.input, wanted.as_deref()).map_err(|error| {
        // Columns that aren't there: wrong usage, whatever the data.
        if error.is_request() { Failure::Usage(error.to_string()) } else { error.into() }
    })?;
    let roles = Roles::new(arguments, &reader, &right_hand.names)?;
    let mut job = Job { arguments, reader, roles, right_hand, times: Times::default(), warnings: Vec::new() };
    job.warnings = job.reader.warnings().to_vec();
    job.note_unused_flags();
    if job.is_for_memory()? {
        return job.solve_in_memory(start);
    }
    let mut summary = job.summarize()?;
    let name = job.reader.name().to_owned();
    let place = |error: CoreError| Error::from(error).in_file(&name);
    let query = job.query();
    let mut times = job.times;
    let answer = times.count(|| summary.solve(&query)).map_err(place)?;
    times.seconds_total = start.elapsed().as_secs_f64();
    job.times = times;
    let saved = arguments.save.as_deref().map(|path| {
        let file = SketchFile { header: job.header(summary.as_ref()), summaries: vec![summary.to_wire()] };
        (path, file.to_bytes())
    });
    job.outcome(&answer, summary.rows(), summary.state_bytes() as u64).emit(&arguments.output, saved)
}

/// The flags, the rows, and what became of them.
struct Job<'a, T> {
    arguments: &'a RegressArguments,
    reader: RowReader<T>,
    roles: Roles,
    right_hand: RightHand<T>,
    times: Times,
    warnings: Vec<String>,
}

impl<T: Number> Job<'_, T> {
    /// Whether all rows are needed at once: for digits of the data themselves, and where a sketch would be as large as they are.
    fn is_for_memory(&mut self) -> Result<bool, Failure> {
        let arguments = self.arguments;
        if solver(arguments) != Solve::Sketched || arguments.sketch == Operator::Pooled {
            return Ok(true);
        }
        // Rows that were asked for are taken; rows that an error asks for are too many if the data have hardly more.
        if arguments.epsilon.is_none() || is_streaming(arguments) || arguments.save.is_some() {
            return Ok(false);
        }
        let wanted = roles::wanted(arguments)?;
        let mut reader = open_columns::<T>(&arguments.input, wanted.as_deref())?;
        let mut count = 0;
        while let Some(rows) = reader.next_batch()? {
            count += rows.rows();
        }
        Ok(self.sketch_rows(ROWS_PER_COEFFICIENT)? > count / 4)
    }

    fn note_unused_flags(&mut self) {
        let arguments = self.arguments;
        if arguments.nonzeros != 8 && arguments.sketch != Operator::Osnap {
            self.warnings.push(format!("--nonzeros does not apply to {} and was not used", arguments.sketch.name()));
        }
    }

    fn query(&self) -> Query<'_> {
        let query = Query::new(&self.roles.features, &self.roles.targets).failure(self.arguments.failure);
        let query = if self.arguments.intercept { query.unpenalized(0) } else { query };
        query.ridge(self.arguments.ridge.unwrap_or(0.0))
    }

    /// Rows of the sketch.
    fn sketch_rows(&self, per_coefficient: usize) -> Result<usize, Failure> {
        let (arguments, coefficients) = (self.arguments, self.roles.features.len());
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

    fn summarize(&mut self) -> Result<Box<dyn Stored>, Failure> {
        if self.arguments.sketch == Operator::None {
            let params = StreamingQrParams::new(self.roles.names.len()).block_len(QR_BLOCK);
            let mut summary = StreamingQr::<T, _>::new(params).map_err(allocated::<T>)?;
            self.for_each_row(|row, weight| {
                let updated = match weight {
                    None => summary.update(row),
                    Some(weight) => summary.update_weighted(row, weight),
                };
                Ok(updated?)
            })?;
            return Ok(Box::new(summary));
        }
        let rows = self.sketch_rows(ROWS_PER_COEFFICIENT)?;
        self.check_sketch_rows(rows)?;
        with_operator!(self.arguments.sketch, self.arguments.nonzeros as usize, operator => {
            self.sketch(operator, rows)
        })
    }

    fn sketch<O>(&mut self, operator: O, rows: usize) -> Result<Box<dyn Stored>, Failure>
    where
        O: SketchOperator<T> + Named + 'static,
    {
        let arguments = self.arguments;
        let shape = SketchShape { rows, cols: self.roles.names.len(), seed: arguments.input.seed };
        operator.check(shape).map_err(|error| Failure::Usage(format!("regress: {error}")))?;
        let longest = rows.next_power_of_two().min(LONGEST_BLOCK);
        let block = if O::BLOCKED { arguments.block_len.map_or(longest, |len| len as usize) } else { 1 };
        let params = SketchedLeastSquaresParams::new(shape.cols, rows).seed(shape.seed).block_len(block);
        let first = arguments.stream_id << TICK_BITS | arguments.first_row;
        let mut tree = Tree::new(params, operator, first)?;
        self.for_each_row(|row, weight| tree.push(row, weight))?;
        Ok(Box::new(self.times.count(|| tree.finish())?))
    }

    /// Refuses a sketch of fewer rows than there are coefficients.
    fn check_sketch_rows(&self, rows: usize) -> Result<(), Failure> {
        let coefficients = self.roles.features.len();
        if rows >= coefficients {
            return Ok(());
        }
        let what = format!("a sketch of {rows} rows can't tell {coefficients} coefficients apart: raise --rows");
        Err(Error::data(what).in_file(self.reader.name()).into())
    }

    /// Reads all rows, as the summary keeps them.
    fn for_each_row(&mut self, mut visit: impl FnMut(&[T], Option<T>) -> Result<(), Error>) -> Result<(), Failure> {
        let Self { reader, roles, right_hand, times, .. } = self;
        let (name, weights_name) = (reader.name().to_owned(), roles.weights_name(reader).to_owned());
        let has_right_hand = !right_hand.names.is_empty();
        let mut read = 0;
        let mut row = Vec::with_capacity(roles.names.len());
        while let Some(rows) = reader.next_batch()? {
            let (count, cols, data) = (rows.rows(), rows.cols(), rows.as_slice());
            if has_right_hand && read + count > right_hand.rows() {
                return Err(other_rows(right_hand.rows()).in_file(&name).into());
            }
            // Errors name the row; the clock runs for the work of the library alone.
            let refused = times.count(|| {
                for (i, entries) in data.chunks_exact(cols).enumerate() {
                    row.clear();
                    let weight = roles.copy(entries, right_hand.row(read + i), &mut row);
                    if let Err(error) = visit(&row, roles.has_weights().then_some(weight)) {
                        return Some((i, error));
                    }
                }
                None
            });
            if let Some((i, error)) = refused {
                let place = reader.place(i).unwrap_or(0);
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

    fn names(&self, columns: &[usize]) -> Vec<String> {
        columns.iter().filter_map(|&i| self.roles.names.get(i).cloned()).collect()
    }

    fn header(&self, summary: &dyn Stored) -> Value {
        let facts = summary.facts();
        json!({
            "command": "regress",
            "version": env!("CARGO_PKG_VERSION"),
            "columns": self.roles.names,
            "sketch": facts.operator,
            "features": self.names(&self.roles.features),
            "targets": self.names(&self.roles.targets),
            "intercept": self.arguments.intercept,
            "ridge": self.arguments.ridge,
            "failure": self.arguments.failure,
            "seed": self.arguments.input.seed,
            "input": self.reader.name(),
            "warnings": self.warnings,
            "params": { "sketch_rows": facts.sketch_rows, "block_len": facts.block_len, "seed": facts.seed },
        })
    }

    fn outcome<'b>(&'b self, answer: &'b Answer, rows: u64, state_bytes: u64) -> Outcome<'b> {
        Outcome {
            input: self.reader.name(),
            names: self.names(&self.roles.features),
            targets: self.names(&self.roles.targets),
            answer,
            operator: self.arguments.sketch.name(),
            rows,
            seed: self.arguments.input.seed,
            precision: T::TYPE.name(),
            failure: self.arguments.failure,
            state_bytes,
            threads: self.arguments.input.threads.map_or_else(available_threads, u64::from),
            times: self.times,
            warnings: self.warnings.clone(),
        }
    }
}

fn other_rows(rows: usize) -> Error {
    Error::data(format!("has another number of rows than --rhs, which has {rows}"))
}

/// What `inspect` tells of a saved summary.
pub(super) fn describe(header: &Value, bytes: &[u8]) -> Result<Value, Error> {
    let summary = decode(bytes)?;
    let facts = summary.facts();
    let ranges: Vec<_> = summary.ranges().into_iter().map(|(first, last)| json!([first, last])).collect();
    Ok(json!({
        "type": if facts.sketch_rows.is_some() { "sketched" } else { "streaming-qr" },
        "sketch": facts.operator,
        "precision": Header::read(bytes)?.scalar.name(),
        "params": { "sketch_rows": facts.sketch_rows, "block_len": facts.block_len, "seed": facts.seed },
        "columns": header.get("columns").cloned().unwrap_or(Value::Null),
        "rows": summary.rows(),
        "dim": summary.columns(),
        "seed": facts.seed,
        "ranges": ranges,
        "state_bytes": summary.state_bytes(),
    }))
}

/// What `--save` would have written of a summary that a device printed: roles are for whoever asks.
pub(super) fn import(bytes: Vec<u8>, input: &str, columns: Option<&[String]>) -> Result<SketchFile, Error> {
    let summary = decode(&bytes)?;
    let (facts, columns) = (summary.facts(), firmware_import::names(summary.columns(), columns)?);
    let header = json!({
        "command": "regress",
        "version": env!("CARGO_PKG_VERSION"),
        "columns": columns,
        "sketch": facts.operator,
        "features": [],
        "targets": [],
        "intercept": columns.first().is_some_and(|name| name == INTERCEPT),
        "seed": facts.seed,
        "input": input,
        "warnings": [],
        "params": { "sketch_rows": facts.sketch_rows, "block_len": facts.block_len, "seed": facts.seed },
    });
    Ok(SketchFile { header, summaries: vec![bytes] })
}

/// Merges two saved summaries of other rows.
pub(super) fn merge(first: &[u8], second: &[u8]) -> Result<Vec<u8>, Error> {
    check_like(first, second)?;
    stored::merge(first, second)
}

/// Puts the columns of two saved summaries of the same rows side by side; gives the header and bytes of the whole.
pub(super) fn join(first: (&Value, &[u8]), second: (&Value, &[u8])) -> Result<(Value, Vec<u8>), Error> {
    check_like(first.1, second.1)?;
    let names = |header: &Value, bytes: &[u8]| -> Result<Vec<String>, Error> {
        let names = texts(header, "columns").ok_or(CoreError::Corrupt)?;
        if names.len() == decode(bytes)?.columns() { Ok(names) } else { Err(CoreError::Corrupt.into()) }
    };
    let (mut columns, others) = (names(first.0, first.1)?, names(second.0, second.1)?);
    let constants = (has_constant(first.0), has_constant(second.0));
    // The constant is kept once; a column of data that is called so is one like any other.
    let is_kept = |name: &String| !(name == INTERCEPT && constants == (true, true));
    let kept: Vec<usize> = (0..others.len()).filter(|&i| is_kept(&others[i])).collect();
    if let Some(&twice) = kept.iter().find(|&&i| columns.contains(&others[i])) {
        return Err(Error::data("a column of this name is in both: rename one of them").in_column(&others[twice]));
    }
    if kept.is_empty() {
        return Err(Error::data("there is no column in it but the intercept, which is kept once"));
    }
    let bytes = stored::join(first.1, second.1, &kept)?;
    columns.extend(kept.iter().map(|&i| others[i].clone()));
    let mut header = first.0.clone();
    if let Some(object) = header.as_object_mut() {
        object.insert("columns".into(), json!(columns));
        object.insert("intercept".into(), json!(constants.0 || constants.1));
        // Roles are for whoever asks.
        for role in ["features", "targets"] {
            object.insert(role.into(), json!([]));
        }
    }
    Ok((header, bytes))
}

/// Whether one of the columns is the constant of `--intercept`.
fn has_constant(header: &Value) -> bool {
    header.get("intercept").and_then(Value::as_bool).unwrap_or(false)
}

/// Says what keeps two summaries from being combined.
fn check_like(first: &[u8], second: &[u8]) -> Result<(), Error> {
    let (one, other) = (decode(first)?.facts(), decode(second)?.facts());
    let differ =
        |what: &str| Err(Error::data(format!("{what} differ from the first file's: only like sketches combine")));
    match () {
        () if one.operator != other.operator => differ("operators"),
        () if one.sketch_rows != other.sketch_rows => differ("sketch rows"),
        () if one.seed != other.seed => differ("seeds"),
        () if one.block_len != other.block_len => differ("block lengths"),
        () => Ok(()),
    }
}

fn texts(header: &Value, key: &str) -> Option<Vec<String>> {
    header.get(key)?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Answers from a saved summary.
pub(super) fn query(
    header: &Value,
    bytes: &[u8],
    arguments: &QueryArguments,
    precision: &str,
    start: Instant,
) -> Result<String, Failure> {
    let place = |error: Error| error.in_file(arguments.file.display());
    let corrupt = || place(CoreError::Corrupt.into());
    let mut summary = decode(bytes).map_err(place)?;
    let columns = texts(header, "columns").filter(|names| names.len() == summary.columns()).ok_or_else(corrupt)?;
    let find = |name: &String| -> Result<usize, Failure> {
        let by_name = columns.iter().position(|column| column == name);
        let by_position = || name.parse::<usize>().ok().filter(|&i| i < columns.len());
        by_name.or_else(by_position).ok_or_else(|| {
            Failure::Usage(format!("column {name} is not in the summary: choose among {}", columns.join(", ")))
        })
    };
    let given = arguments.targets.clone().or_else(|| arguments.target.clone().map(|target| vec![target]));
    let is_asked = given.is_some() || arguments.columns.is_some();
    let saved = |key: &str| texts(header, key).filter(|names| !names.is_empty());
    let no_target = || Failure::Usage("query: name the column to be explained with --target".into());
    let target_names = given.or_else(|| saved("targets")).ok_or_else(no_target)?;
    let targets = target_names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let constant = columns.iter().position(|name| name == INTERCEPT).filter(|_| has_constant(header));
    // The constant comes first, wherever it is kept.
    let with_constant = |named: Vec<usize>| -> Vec<usize> {
        let missing = constant.filter(|constant| !named.contains(constant) && !targets.contains(constant));
        missing.into_iter().chain(named).collect()
    };
    let features: Vec<usize> = match (&arguments.columns, is_asked) {
        (Some(names), _) => {
            let mut named = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
            // A target never explains itself.
            named.retain(|i| !targets.contains(i));
            with_constant(named)
        }
        (None, false) if saved("features").is_some() => {
            saved("features").unwrap_or_default().iter().map(find).collect::<Result<Vec<_>, _>>()?
        }
        (None, _) => {
            with_constant((0..columns.len()).filter(|i| !targets.contains(i) && constant != Some(*i)).collect())
        }
    };
    let number = |key: &str| header.get(key).and_then(Value::as_f64);
    let failure = arguments.failure.or_else(|| number("failure")).unwrap_or(0.05);
    let ridge = arguments.ridge.or_else(|| number("ridge")).unwrap_or(0.0);
    let query = Query::new(&features, &targets).failure(failure).ridge(ridge);
    let query = constant.map_or(query, |constant| query.unpenalized(constant));
    let mut times = Times::default();
    let answer = times.count(|| summary.solve(&query)).map_err(|error| match error {
        CoreError::Parameter { .. } => Failure::Usage(format!("query: {error}")),
        error => place(error.into()).into(),
    })?;
    times.seconds_total = start.elapsed().as_secs_f64();
    let names = |roles: &[usize]| roles.iter().filter_map(|&i| columns.get(i).cloned()).collect();
    let facts = summary.facts();
    Outcome {
        input: header.get("input").and_then(Value::as_str).unwrap_or_default(),
        names: names(&features),
        targets: names(&targets),
        answer: &answer,
        operator: facts.operator,
        rows: summary.rows(),
        seed: facts.seed,
        precision,
        failure,
        state_bytes: summary.state_bytes() as u64,
        threads: available_threads(),
        times,
        warnings: texts(header, "warnings").unwrap_or_default(),
    }
    .emit(&arguments.output, None)
}
