//! Runs the command: reads rows, fills a summary, answers.

use super::about::About;
use super::build::{feed, resolve, unused_flags};
use super::feed::Feed;
use super::report::report;
use super::summary::Summary;
use crate::cli::args::{EigenArguments, Method, Spelled};
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::cli::input::open;
use crate::cli::places;
use crate::cli::report::Report;
use crate::io::RowReader;
use crate::sketch_file::SketchFile;
use crate::{Error, Real};
use serde_json::json;

pub(super) fn run<T: Real>(arguments: &EigenArguments) -> Result<Report, Failure> {
    let mut clock = Clock::start();
    let places = places::of_answer(&arguments.output, arguments.save.as_deref());
    places::check(&places, &[&arguments.input.input])?;
    let mut reader = open::<T>(&arguments.input, [])?;
    let columns = reader.columns().to_vec();
    let dim = columns.len();
    check_rank(arguments.rank, reader.name(), dim)?;
    let seed = arguments.input.seed;
    let few_rows = few_rows(&mut reader, arguments)?;
    let method = if few_rows.is_some() { Method::Exact } else { resolve::<T>(arguments, dim) };
    // Another run is for methods that carry no figure for their error.
    let replicas = if method.has_replicas() { arguments.replicas } else { 1 };
    let feed = match few_rows {
        Some(rows) => Feed::InOrder(vec![rows]),
        None => feed::<T>(arguments, method, dim, replicas)?,
    };
    let mut summaries = feed.fill(&mut reader, &mut clock)?;
    reader.check_not_empty()?;
    let mut warnings = reader.warnings().to_vec();
    let place = |error: Error| error.in_file(reader.name());
    let buffer_bytes = arguments.shuffle_buffer.unwrap_or(0).saturating_mul((dim * T::BYTES) as u64);
    let answers = summaries.iter_mut().map(|summary| clock.count(|| summary.answer()).map_err(place));
    let mut answers = answers.collect::<Result<Vec<_>, _>>()?.into_iter();
    let no_replica = || Failure::Usage("--replicas: give 1 or 2".into());
    let mut answer = answers.next().ok_or_else(no_replica)?;
    let replicas_disagree = answers.next().map(|other| disagreement(&answer.vectors, &other.vectors));
    match (method.certifies_nothing(), arguments.replicas) {
        (true, 1) => {
            let seeds = if method.has_replicas() { "--replicas 2, or " } else { "" };
            warnings.push(format!("{} carries no figure for its error: use {seeds}another method", method.name()));
        }
        (true, _) if !method.has_replicas() => warnings.push(format!(
            "{} carries no figure for its error, and has no seed that --replicas could change",
            method.name()
        )),
        (false, 2..) => {
            warnings.push(format!("--replicas says nothing about {}, which has figures of its own", method.name()));
        }
        _ => {}
    }
    warnings.extend(unused_flags(arguments, method));
    let about = About {
        columns,
        method: method.name(),
        seed,
        center: arguments.center,
        input: reader.name().to_owned(),
        warnings,
        disagreement: replicas_disagree,
    };
    about.complete(&mut answer);
    let summary = summaries.into_iter().next().ok_or_else(no_replica)?;
    let mut report = report(&about, &answer, summary.as_ref(), buffer_bytes, clock.cost(), clock.threads());
    if let Some(path) = &arguments.save {
        let params = json!({
            "rank": arguments.rank,
            "width": summary.block_width(),
            "heavy_capacity": arguments.heavy_capacity,
            "sketch_rows": arguments.sketch_rows,
            "block_len": arguments.block_len,
            "rate": arguments.rate,
            "amnesic": arguments.amnesic,
            "center": arguments.center,
            "seed": seed,
        });
        let file = SketchFile { header: about.to_header(&params), summaries: vec![summary.to_wire()] };
        report.files.push((path.clone(), file.to_bytes()));
    }
    Ok(report)
}

/// All rows, if they are few and exact vectors are wanted: a solver for wide matrices takes them as they are.
#[cfg(feature = "faer")]
fn few_rows<T: Real>(
    reader: &mut RowReader<T>,
    arguments: &EigenArguments,
) -> Result<Option<Box<dyn Summary<T>>>, Failure> {
    let params = super::build::exact::<T>(arguments, reader.columns().len(), arguments.input.seed);
    let rows = super::few_rows::read(reader, arguments, params)?;
    Ok(rows.map(|rows| Box::new(rows) as Box<dyn Summary<T>>))
}

#[cfg(not(feature = "faer"))]
#[allow(clippy::unnecessary_wraps, reason = "as with the solver")]
fn few_rows<T: Real>(_: &mut RowReader<T>, _: &EigenArguments) -> Result<Option<Box<dyn Summary<T>>>, Failure> {
    Ok(None)
}

/// Refuses a rank that no rows of so many columns can have.
fn check_rank(rank: usize, input: &str, dim: usize) -> Result<(), Failure> {
    if (1..=dim).contains(&rank) {
        return Ok(());
    }
    let columns = if dim == 1 { "column" } else { "columns" };
    Err(Error::request(format!("--rank {rank} of {dim} {columns}: give a rank from 1 to {dim}")).in_file(input).into())
}

/// `1 - |V'W|_F^2 / K` of two sets of orthonormal vectors.
fn disagreement(first: &[Vec<f64>], second: &[Vec<f64>]) -> f64 {
    let common: f64 = first
        .iter()
        .flat_map(|v| second.iter().map(move |w| crate::linalg::vector::dot(v, w)))
        .map(|cosine| cosine * cosine)
        .sum();
    (1.0 - common / first.len() as f64).clamp(0.0, 1.0)
}
