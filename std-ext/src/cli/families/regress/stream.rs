//! Regression in one pass, from a summary of the rows.

use super::job::{Job, ROWS_PER_COEFFICIENT, too_large};
use super::stored::{Named, Number, Roles, Stored, answer, with_operator};
use crate::cli::args::Operator;
use crate::cli::failure::{Failure, allocated};
use crate::cli::report::Report;
use crate::parallel::shard_rows;
use crate::regression::{SketchedLeastSquares, SketchedLeastSquaresParams, StreamingQr, StreamingQrParams};
use crate::sketch::{SketchOperator, SketchShape};
use crate::sketch_file::SketchFile;
use crate::{CoreError, Error, RowSummary};
use serde_json::{Value, json};
use std::num::NonZero;

/// Bits of a row's number within its stream.
pub(super) const TICK_BITS: u32 = 40;
/// Rows that a streaming QR works in together.
const QR_BLOCK: usize = 64;
/// Rows of a shard that is sketched. They don't follow the number of columns: columns that are sketched apart, or chosen from a
/// sketch, have the bits of those that are sketched alone.
const SHARD_ROWS: usize = 1 << 16;
/// Columns up to which several threads sketch shards of that length.
const SHARED_COLUMNS: usize = 20;
/// Part of a shard's rows that a sketch may have for shards to be faster than one summary (measured).
const SHARD_SHARE: usize = 16;
/// Longest block that the command takes by itself.
const LONGEST_BLOCK: usize = 4096;

pub(super) fn run<T: Number>(mut job: Job<'_, T>) -> Result<Report, Failure> {
    let arguments = job.task.arguments;
    let mut summary = summarize(&mut job)?;
    job.reader.check_not_empty()?;
    let mut clock = job.clock;
    let (features, targets) = (&job.roles.features, &job.roles.targets);
    let roles = Roles { features, targets, constant: arguments.intercept.then_some(0) };
    let place = |error: CoreError| match error {
        CoreError::NonFinite { index } => too_large::<T>(&job.roles.names, index).in_file(job.reader.name()),
        _ => Error::from(error).in_file(job.reader.name()),
    };
    let answer = clock.count(|| answer(summary.as_mut(), &job.query(), roles)).map_err(place)?;
    let question = job.question(summary.rows(), summary.state_bytes() as u64);
    let mut report = question.report(&answer, clock.cost(), clock.threads());
    if let Some(path) = &arguments.save {
        let file = SketchFile { header: header(&job, summary.as_ref()), summaries: vec![summary.to_wire()] };
        report.files.push((path.clone(), file.to_bytes()));
    }
    Ok(report)
}

/// Fills the summary that the flags name.
fn summarize<T: Number>(job: &mut Job<'_, T>) -> Result<Box<dyn Stored>, Failure> {
    let arguments = job.task.arguments;
    if job.operator == Operator::None {
        return factor(job);
    }
    let rows = job.sketch_rows(ROWS_PER_COEFFICIENT)?;
    job.check_sketch_rows(rows)?;
    with_operator!(job.operator, arguments.nonzeros as usize, operator => sketch(job, operator, rows))
}

/// Factors the rows, by shards.
fn factor<T: Number>(job: &mut Job<'_, T>) -> Result<Box<dyn Stored>, Failure> {
    let columns = job.roles.names.len();
    let params = StreamingQrParams::new(columns).block_len(QR_BLOCK);
    let make = || StreamingQr::<T, _>::new(params);
    make().map_err(allocated::<T>)?;
    let filled = job.fill(
        shard_rows(columns),
        job.task.arguments.input.threads(),
        |_| make(),
        |summary, _, row, weight| {
            match weight {
                None => summary.update(row)?,
                Some(weight) => summary.update_weighted(row, weight)?,
            }
            Ok(())
        },
    );
    Ok(Box::new(filled?))
}

/// Sketches the rows: by shards, unless a sketch is so large that their merges would cost more than they save.
fn sketch<T: Number, O>(job: &mut Job<'_, T>, operator: O, rows: usize) -> Result<Box<dyn Stored>, Failure>
where
    O: SketchOperator<T> + Named + Send + Sync + 'static,
{
    let arguments = job.task.arguments;
    let shape = SketchShape { rows, cols: job.roles.names.len(), seed: arguments.input.seed };
    operator.check(shape).map_err(|error| Failure::Usage(format!("regress: {error}")))?;
    let longest = rows.next_power_of_two().min(LONGEST_BLOCK);
    let block = if O::BLOCKED { arguments.block_len.map_or(longest, |len| len as usize) } else { 1 };
    let params = SketchedLeastSquaresParams::new(shape.cols, rows).seed(shape.seed).block_len(block);
    // Row numbers of the stream, from the first row on.
    let first = arguments.stream_id << TICK_BITS | arguments.first_row;
    let room = (1 << TICK_BITS) - arguments.first_row;
    // A shard may begin behind the last number, whose rows are refused then.
    let make = |before: u64| {
        SketchedLeastSquares::<T, O, Vec<T>, Vec<u32>>::new(params.first_index(first.wrapping_add(before)), operator)
    };
    let update = |summary: &mut SketchedLeastSquares<T, O, Vec<T>, Vec<u32>>,
                  before: u64,
                  row: &[T],
                  weight: Option<T>| {
        if before >= room {
            return Err(Error::data("the stream has no row numbers left: give later rows a --stream-id of their own"));
        }
        match weight {
            None => summary.update_at(first + before, row)?,
            Some(weight) => summary.update_weighted(first + before, row, weight)?,
        }
        Ok(())
    };
    let mut whole = make(0).map_err(allocated::<T>)?;
    if rows <= SHARD_ROWS / SHARD_SHARE {
        // Wider shards leave the caches before a thread has read one: several threads would wait for memory (measured).
        let threads = if shape.cols > SHARED_COLUMNS { NonZero::<usize>::MIN } else { arguments.input.threads() };
        whole = job.fill(SHARD_ROWS, threads, make, update)?;
    } else {
        job.fill_one(&mut whole, update)?;
    }
    job.clock.count(|| whole.close_block());
    Ok(Box::new(whole))
}

/// What the file says of its summary.
fn header<T: Number>(job: &Job<'_, T>, summary: &dyn Stored) -> Value {
    let (arguments, facts) = (job.task.arguments, summary.facts());
    json!({
        "command": "regress",
        "version": env!("CARGO_PKG_VERSION"),
        "columns": job.roles.names,
        "sketch": facts.operator,
        "features": job.names(&job.roles.features),
        "targets": job.names(&job.roles.targets),
        // Names may be equal.
        "feature_places": job.roles.features,
        "target_places": job.roles.targets,
        "intercept": arguments.intercept,
        "ridge": arguments.ridge,
        "failure": arguments.failure,
        "seed": arguments.input.seed,
        "input": job.reader.name(),
        "warnings": job.all_warnings(),
        "params": facts.params(),
    })
}
