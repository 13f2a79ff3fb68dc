//! Saved selections: what is in a file, and its answer.

use super::engine::{Found, wide};
use super::report::{put_answer, report_of};
use crate::cli::cost::Clock;
use crate::cli::report::Report;
use crate::cli::saved::{Import, Saved};
use crate::submodular::{Dynamic, LazyDynamic};
use crate::{CoreError, Error, Header, Kind, Real, ScalarType, Wire};
use serde_json::{Map, Value, json};

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
        _ => return Err(Error::other_type(Kind::LazyDynamic, header.kind)),
    })
}

fn told(header: &Value) -> Map<String, Value> {
    header.get("told").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What `inspect` tells of a saved selection.
pub(super) fn describe(saved: &Saved) -> Result<Value, Error> {
    let (stored, told) = (decode(&saved.bytes)?, told(&saved.header));
    let said = |key: &str| told.get(key).cloned().unwrap_or(Value::Null);
    Ok(json!({
        "type": stored.method,
        "objective": said("objective"),
        "precision": saved.wire.scalar.name(),
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

/// What `--save` would have written of a selection that a device printed.
pub(super) fn import(import: &Import<'_>) -> Result<Value, Error> {
    if import.columns.is_some() {
        return Err(Error::request("--columns names columns of rows: a selection has none"));
    }
    let (stored, version) = (decode(import.bytes)?, env!("CARGO_PKG_VERSION"));
    let told = json!({
        "command": "summarize",
        "version": version,
        "rows": stored.capacity,
        "precision": import.wire.scalar.name(),
        "method": stored.method,
        "ladder_ratio": stored.ladder_ratio,
        "warnings": [],
    });
    Ok(json!({ "command": "summarize", "version": version, "input": import.input, "told": told }))
}

/// The saved answer.
pub(super) fn query(saved: &Saved, mut clock: Clock) -> Result<Report, Error> {
    let stored = clock.count(|| decode(&saved.bytes))?;
    let vertices: Option<Vec<u64>> = match saved.header.get("names") {
        Some(Value::Array(names)) => names.iter().map(Value::as_u64).collect(),
        _ => None,
    };
    if vertices.as_ref().is_some_and(|names| names.len() != stored.capacity) {
        return Err(CoreError::Corrupt.into());
    }
    let mut found = stored.found;
    if let Some(names) = vertices {
        found.rename(&names);
    }
    let mut fields = told(&saved.header);
    // The saving command held rows too.
    let rows_bytes = saved.header.get("rows_bytes").and_then(Value::as_u64).and_then(|bytes| bytes.try_into().ok());
    put_answer(&mut fields, &found, stored.live, stored.state_bytes.saturating_add(rows_bytes.unwrap_or(0)));
    let updates = fields.get("updates").and_then(Value::as_f64).unwrap_or(0.0);
    let input = saved.text("input").unwrap_or("?");
    Ok(report_of(fields, input, &[(updates, &found)], clock.cost(), clock.threads()))
}
