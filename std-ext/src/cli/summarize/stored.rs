//! Saved selections: what is in a file, and its answer.

use super::super::Failure;
use super::super::args::QueryArguments;
use super::super::output::{Times, available_threads};
use super::engine::{Found, wide};
use super::outcome::{Told, plot, put_answer};
use crate::sketch_file::SketchFile;
use crate::submodular::{Dynamic, LazyDynamic};
use crate::{CoreError, Error, Header, Kind, Real, ScalarType, Wire};
use serde_json::{Map, Value, json};
use std::time::Instant;

/// What a selection says of itself.
struct Stored {
    method: &'static str,
    capacity: usize,
    live: usize,
    state_bytes: usize,
    guesses: Option<(i32, i32)>,
    ladder_ratio: f64,
    stale: bool,
    found: Found,
}

macro_rules! stored {
    ($type:ident, $scalar:ty, $bytes:expr, $method:literal) => {{
        let best = $type::<$scalar, u32, Vec<$scalar>, Vec<u32>>::decode($bytes)?;
        let (answer, (scalars, ids)) = (best.selection(), best.held());
        Stored {
            method: $method,
            capacity: best.capacity(),
            live: best.live(),
            state_bytes: scalars * size_of::<$scalar>() + ids * size_of::<u32>(),
            guesses: best.guesses(),
            ladder_ratio: best.params().ratio()?,
            stale: answer.stale,
            found: Found {
                value: answer.value.as_f64(),
                bound: answer.upper_bound.map(Real::as_f64),
                ids: wide(best.selected()),
            },
        }
    }};
}

fn decode(bytes: &[u8]) -> Result<Stored, Error> {
    let header = Header::read(bytes)?;
    Ok(match (header.kind, header.scalar) {
        (Kind::LazyDynamic, ScalarType::F32) => stored!(LazyDynamic, f32, bytes, "lazy-dynamic"),
        (Kind::LazyDynamic, _) => stored!(LazyDynamic, f64, bytes, "lazy-dynamic"),
        (Kind::Dynamic, ScalarType::F32) => stored!(Dynamic, f32, bytes, "dynamic"),
        (Kind::Dynamic, _) => stored!(Dynamic, f64, bytes, "dynamic"),
        _ => return Err(CoreError::Incompatible.into()),
    })
}

fn told(header: &Value) -> Map<String, Value> {
    header.get("told").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What `inspect` tells of a saved selection.
pub(in super::super) fn describe(header: &Value, bytes: &[u8]) -> Result<Value, Error> {
    let (stored, told) = (decode(bytes)?, told(header));
    let said = |key: &str| told.get(key).cloned().unwrap_or(Value::Null);
    Ok(json!({
        "type": stored.method,
        "objective": said("objective"),
        "precision": Header::read(bytes)?.scalar.name(),
        "params": { "capacity": stored.capacity, "size": said("size"), "ladder_ratio": stored.ladder_ratio },
        "rows": said("rows"),
        "dim": said("dim"),
        "seed": said("seed"),
        "live": stored.live,
        "guesses": stored.guesses.map(|(low, high)| json!([low, high])),
        "stale": stored.stale,
        "state_bytes": stored.state_bytes,
    }))
}

/// A file of a selection that a device printed.
pub(in super::super) fn import(bytes: Vec<u8>, input: &str) -> Result<SketchFile, Error> {
    let stored = decode(&bytes)?;
    let told = json!({
        "command": "summarize",
        "version": env!("CARGO_PKG_VERSION"),
        "rows": stored.capacity,
        "precision": Header::read(&bytes)?.scalar.name(),
        "method": stored.method,
        "ladder_ratio": stored.ladder_ratio,
        "warnings": [],
    });
    let header = json!({ "command": "summarize", "version": env!("CARGO_PKG_VERSION"), "input": input, "told": told });
    Ok(SketchFile { header, summaries: vec![bytes] })
}

/// Prints the saved answer.
pub(in super::super) fn query(
    header: &Value,
    bytes: &[u8],
    arguments: &QueryArguments,
    start: Instant,
) -> Result<String, Failure> {
    let place = |error: Error| error.in_file(arguments.file.display());
    let mut times = Times::default();
    let stored = times.count(|| decode(bytes)).map_err(place)?;
    let vertices: Option<Vec<u64>> = match header.get("names") {
        Some(Value::Array(names)) => names.iter().map(Value::as_u64).collect(),
        _ => None,
    };
    if vertices.as_ref().is_some_and(|names| names.len() != stored.capacity) {
        return Err(place(CoreError::Corrupt.into()).into());
    }
    let mut found = stored.found;
    if let Some(names) = vertices {
        found.rename(&names);
    }
    let mut object = told(header);
    put_answer(&mut object, &found, stored.live, stored.state_bytes);
    let updates = object.get("updates").and_then(Value::as_f64).unwrap_or(0.0);
    let source = header.get("input").and_then(Value::as_str).unwrap_or("?").to_owned();
    times.seconds_total = start.elapsed().as_secs_f64();
    let told = Told { object, source, plot: plot(&[(updates, &found)]) };
    told.emit(&arguments.output, times, available_threads(), Vec::new())
}
