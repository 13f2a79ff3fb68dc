//! Regression in one pass, from a summary of the rows.

use super::job::{Job, ROWS_PER_COEFFICIENT};
use super::stored::{Named, Number, Stored, with_operator};
use crate::cli::args::Operator;
use crate::cli::failure::{Failure, allocated};
use crate::cli::report::Report;
use crate::parallel::{ColumnShares, Shards, shard_rows};
use crate::regression::{SketchedLeastSquaresParams, StreamingQr, StreamingQrParams};
use crate::sketch::{SketchOperator, SketchShape};
use crate::sketch_file::SketchFile;
use crate::{CoreError, Error, RowSummary};
use serde_json::{Value, json};

/// Bits of a row's number within its stream.
pub(super) const TICK_BITS: u32 = 40;
/// Rows that a streaming QR works in together.
const QR_BLOCK: usize = 64;
/// Longest block that the command takes by itself.
const LONGEST_BLOCK: usize = 4096;

pub(super) fn run<T: Number>(mut job: Job<'_, T>) -> Result<Report, Failure> {
    let arguments = job.task.arguments;
    let mut summary = summarize(&mut job)?;
    let mut clock = job.clock;
    let place = |error: CoreError| Error::from(error).in_file(job.reader.name());
    let answer = clock.count(|| summary.solve(&job.query())).map_err(place)?;
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
    if arguments.sketch == Operator::None {
        return factor(job);
    }
    let rows = job.sketch_rows(ROWS_PER_COEFFICIENT)?;
    job.check_sketch_rows(rows)?;
    with_operator!(arguments.sketch, arguments.nonzeros as usize, operator => sketch(job, operator, rows))
}

/// Factors the rows, by shards.
fn factor<T: Number>(job: &mut Job<'_, T>) -> Result<Box<dyn Stored>, Failure> {
    let columns = job.roles.names.len();
    let params = StreamingQrParams::new(columns).block_len(QR_BLOCK);
    let make = || StreamingQr::<T, _>::new(params);
    make().map_err(allocated::<T>)?;
    let mut shards = Shards::new(columns, job.task.arguments.input.threads(), |_| make());
    job.reader.set_batch_rows(shards.batch_rows());
    job.for_each_batch(|rows, weights| {
        shards.feed(rows.rows(), |summary, range| {
            for i in range {
                let row = rows.row(i).unwrap_or_default();
                let updated = match weights {
                    None => summary.update(row),
                    Some(weights) => summary.update_weighted(row, weights[i]),
                };
                updated.map_err(|error| Error::from(error).at_row(i as u64 + 1))?;
            }
            Ok(())
        })
    })?;
    job.clock.note_threads(shards.threads_used());
    Ok(Box::new(job.clock.count(|| shards.finish())?))
}

/// Sketches the rows, whose columns threads share.
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
    let params = params.first_index(arguments.stream_id << TICK_BITS | arguments.first_row);
    let mut shares = ColumnShares::new(params, operator, arguments.input.threads()).map_err(allocated::<T>)?;
    job.clock.note_threads(shares.threads_used());
    if shares.threads_used() > 1 {
        job.reader.set_batch_rows(shard_rows(shape.cols));
    }
    // Numbers that are left, from the next row to the end of the stream.
    let mut left = (1 << TICK_BITS) - arguments.first_row;
    job.for_each_batch(|rows, weights| {
        let next = ((arguments.stream_id + 1) << TICK_BITS).wrapping_sub(left);
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(rows.rows());
        let numbered = rows.rows_from(0, room);
        match weights {
            None => shares.update_batch_at(next, numbered)?,
            Some(weights) => shares.update_weighted_batch_at(next, numbered, &weights[..room])?,
        }
        left -= room as u64;
        if room < rows.rows() {
            let what = "the stream has no row numbers left: give later rows a --stream-id of their own";
            return Err(Error::data(what).at_row(room as u64 + 1));
        }
        Ok(())
    })?;
    let mut summary = job.clock.count(|| shares.finish())?;
    job.clock.count(|| summary.close_block());
    Ok(Box::new(summary))
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
        "intercept": arguments.intercept,
        "ridge": arguments.ridge,
        "failure": arguments.failure,
        "seed": arguments.input.seed,
        "input": job.reader.name(),
        "warnings": job.warnings,
        "params": facts.params(),
    })
}
