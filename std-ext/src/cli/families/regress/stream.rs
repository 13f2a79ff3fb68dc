//! Regression in one pass, from a summary of the rows.

use super::job::{Job, ROWS_PER_COEFFICIENT};
use super::stored::{Named, Number, Stored, with_operator};
use super::tree::{TICK_BITS, Tree};
use crate::cli::args::Operator;
use crate::cli::failure::{Failure, allocated};
use crate::cli::report::Report;
use crate::regression::{SketchedLeastSquaresParams, StreamingQr, StreamingQrParams};
use crate::sketch::{SketchOperator, SketchShape};
use crate::sketch_file::SketchFile;
use crate::{CoreError, Error};
use serde_json::{Value, json};

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
    let mut report = question.report(&answer, clock.cost(), arguments.input.threads());
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
        let params = StreamingQrParams::new(job.roles.names.len()).block_len(QR_BLOCK);
        let mut summary = StreamingQr::<T, _>::new(params).map_err(allocated::<T>)?;
        job.for_each_row(|row, weight| {
            let updated = match weight {
                None => crate::RowSummary::update(&mut summary, row),
                Some(weight) => summary.update_weighted(row, weight),
            };
            Ok(updated?)
        })?;
        return Ok(Box::new(summary));
    }
    let rows = job.sketch_rows(ROWS_PER_COEFFICIENT)?;
    job.check_sketch_rows(rows)?;
    with_operator!(arguments.sketch, arguments.nonzeros as usize, operator => sketch(job, operator, rows))
}

fn sketch<T: Number, O>(job: &mut Job<'_, T>, operator: O, rows: usize) -> Result<Box<dyn Stored>, Failure>
where
    O: SketchOperator<T> + Named + 'static,
{
    let arguments = job.task.arguments;
    let shape = SketchShape { rows, cols: job.roles.names.len(), seed: arguments.input.seed };
    operator.check(shape).map_err(|error| Failure::Usage(format!("regress: {error}")))?;
    let longest = rows.next_power_of_two().min(LONGEST_BLOCK);
    let block = if O::BLOCKED { arguments.block_len.map_or(longest, |len| len as usize) } else { 1 };
    let params = SketchedLeastSquaresParams::new(shape.cols, rows).seed(shape.seed).block_len(block);
    let first = arguments.stream_id << TICK_BITS | arguments.first_row;
    let mut tree = Tree::new(params, operator, first)?;
    job.for_each_row(|row, weight| tree.push(row, weight))?;
    Ok(Box::new(job.clock.count(|| tree.finish())?))
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
