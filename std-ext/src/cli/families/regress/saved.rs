//! Saved summaries: what is in a file, and regressions from it.

use super::report::Question;
use super::roles::INTERCEPT;
use super::stored::{self, Roles, decode};
use crate::cli::args::QueryArguments;
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::cli::report::Report;
use crate::cli::saved::{Import, Saved};
use crate::io::find;
use crate::regression::Query;
use crate::{CoreError, Error, ScalarType};
use serde_json::{Value, json};

/// What `inspect` tells.
pub(super) fn describe(saved: &Saved) -> Result<Value, Error> {
    let summary = decode(&saved.bytes)?;
    let facts = summary.facts();
    let ranges: Vec<_> = summary.ranges().into_iter().map(|(first, last)| json!([first, last])).collect();
    Ok(json!({
        "type": if facts.sketch_rows.is_some() { "sketched" } else { "streaming-qr" },
        "sketch": facts.operator,
        "precision": saved.wire.scalar.name(),
        "params": facts.params(),
        "columns": saved.header.get("columns").cloned().unwrap_or(Value::Null),
        "rows": summary.rows(),
        "dim": summary.columns(),
        "seed": facts.seed,
        "ranges": ranges,
        "state_bytes": summary.state_bytes(),
    }))
}

/// What `--save` would have written of a summary that a device printed: roles are for whoever asks.
pub(super) fn import(import: &Import<'_>) -> Result<Value, Error> {
    let summary = decode(import.bytes)?;
    let (facts, columns) = (summary.facts(), import.names(summary.columns())?);
    Ok(json!({
        "command": "regress",
        "version": env!("CARGO_PKG_VERSION"),
        "columns": columns,
        "sketch": facts.operator,
        "features": [],
        "targets": [],
        "intercept": columns.first().is_some_and(|name| name == INTERCEPT),
        "seed": facts.seed,
        "input": import.input,
        "warnings": [],
        "params": facts.params(),
    }))
}

/// Says what keeps two summaries from being combined.
pub(super) fn check_like(first: &[u8], second: &[u8]) -> Result<(), Error> {
    let (one, other) = (decode(first)?.facts(), decode(second)?.facts());
    let differ =
        |what: &str| Err(Error::data(format!("{what} differ from the first file's: only like sketches combine")));
    match () {
        () if one.operator != other.operator => differ("operators"),
        () if one.nonzeros != other.nonzeros => differ("nonzeros"),
        () if one.sketch_rows != other.sketch_rows => differ("sketch rows"),
        () if one.seed != other.seed => differ("seeds"),
        () if one.block_len != other.block_len => differ("block lengths"),
        () => Ok(()),
    }
}

/// Puts the columns of two summaries of the same rows side by side.
pub(super) fn join(first: &Saved, second: &Saved) -> Result<Saved, Error> {
    check_like(&first.bytes, &second.bytes)?;
    let names = |saved: &Saved| columns(saved, decode(&saved.bytes)?.columns());
    let (mut columns, others) = (names(first)?, names(second)?);
    let constants = (has_constant(first), has_constant(second));
    // The constant is kept once; a column of data that is called so is one like any other.
    let dropped = constant(second, &others).filter(|_| constants.0);
    let kept: Vec<usize> = (0..others.len()).filter(|&i| dropped != Some(i)).collect();
    if let Some(&twice) = kept.iter().find(|&&i| columns.contains(&others[i])) {
        return Err(Error::data("a column of this name is in both: rename one of them").in_column(&others[twice]));
    }
    if kept.is_empty() {
        return Err(Error::data("there is no column in it but the intercept, which is kept once"));
    }
    let bytes = stored::join(&first.bytes, &second.bytes, &kept)?;
    columns.extend(kept.iter().map(|&i| others[i].clone()));
    let mut joined = Saved { bytes, ..first.clone() };
    if let Some(object) = joined.header.as_object_mut() {
        object.insert("columns".into(), json!(columns));
        object.insert("intercept".into(), json!(constants.0 || constants.1));
        // Roles are for whoever asks.
        for role in ["features", "targets", "feature_places", "target_places"] {
            object.insert(role.into(), json!([]));
        }
    }
    Ok(joined)
}

/// Names of so many columns.
fn columns(saved: &Saved, count: usize) -> Result<Vec<String>, Error> {
    saved.texts("columns").filter(|names| names.len() == count).ok_or_else(|| CoreError::Corrupt.into())
}

/// Whether one of the columns is the constant of `--intercept`.
fn has_constant(saved: &Saved) -> bool {
    saved.header.get("intercept").and_then(Value::as_bool).unwrap_or(false)
}

/// Answers from a saved summary.
pub(super) fn query(saved: &Saved, arguments: &QueryArguments, mut clock: Clock) -> Result<Report, Failure> {
    let place = |error: Error| error.in_file(arguments.file.display());
    let mut summary = decode(&saved.bytes).map_err(place)?;
    let columns = columns(saved, summary.columns()).map_err(place)?;
    let (features, targets) = roles(saved, arguments, &columns)?;
    let number = |key: &str| saved.header.get(key).and_then(Value::as_f64);
    let failure = arguments.failure.or_else(|| number("failure")).unwrap_or(0.05);
    let ridge = arguments.ridge.or_else(|| number("ridge")).unwrap_or(0.0);
    let query = Query::new(&features, &targets).failure(failure).ridge(ridge);
    let query = constant(saved, &columns).map_or(query, |constant| query.unpenalized(constant));
    let constant = constant(saved, &columns).filter(|constant| features.contains(constant));
    let roles = Roles { features: &features, targets: &targets, constant };
    let answer = clock.count(|| stored::answer(summary.as_mut(), &query, roles)).map_err(|error| match error {
        CoreError::Parameter { .. } => Failure::Usage(format!("query: {error}")),
        error => place(error.into()).into(),
    })?;
    let names = |roles: &[usize]| roles.iter().filter_map(|&i| columns.get(i).cloned()).collect();
    let facts = summary.facts();
    let question = Question {
        input: saved.text("input").unwrap_or_default(),
        names: names(&features),
        targets: names(&targets),
        operator: facts.operator.to_owned(),
        rows: summary.rows(),
        seed: facts.seed,
        precision: if saved.wire.scalar == ScalarType::F32 { "f32" } else { "f64" },
        failure,
        state_bytes: summary.state_bytes() as u64,
        warnings: saved.texts("warnings").unwrap_or_default(),
    };
    Ok(question.report(&answer, clock.cost(), clock.threads()))
}

/// Where the constant is kept, if it is.
fn constant(saved: &Saved, columns: &[String]) -> Option<usize> {
    columns.iter().position(|name| name == INTERCEPT).filter(|_| has_constant(saved))
}

/// Places of the features and the targets: those asked for, else those of the saving command.
fn roles(saved: &Saved, arguments: &QueryArguments, columns: &[String]) -> Result<(Vec<usize>, Vec<usize>), Failure> {
    let find = |name: &String| find(columns, None, name).map_err(|error| error.in_file(arguments.file.display()));
    let given = arguments.targets.clone().or_else(|| arguments.target.clone().map(|target| vec![target]));
    let is_asked = given.is_some() || arguments.columns.is_some();
    // Places of the roles; files of older versions have names alone, none of which are equal.
    let kept = |role: &str| -> Result<Option<Vec<usize>>, Failure> {
        let places = saved.header.get(format!("{role}_places")).and_then(Value::as_array);
        let of_place = |place: &Value| place.as_u64().and_then(|place| usize::try_from(place).ok());
        let named = || saved.texts(&format!("{role}s")).unwrap_or_default();
        let found: Vec<usize> = match places {
            Some(places) => places.iter().filter_map(of_place).filter(|&place| place < columns.len()).collect(),
            None => named().iter().map(find).collect::<Result<_, _>>()?,
        };
        Ok(Some(found).filter(|found| !found.is_empty()))
    };
    let no_target = || Failure::Usage("query: name the column to be explained with --target".into());
    let given = given.map(|names| names.iter().map(find).collect::<Result<Vec<_>, _>>()).transpose()?;
    let targets = given.map_or_else(|| kept("target"), |given| Ok(Some(given)))?.ok_or_else(no_target)?;
    let constant = constant(saved, columns);
    // The constant comes first, wherever it is kept.
    let with_constant = |named: Vec<usize>| -> Vec<usize> {
        let missing = constant.filter(|constant| !named.contains(constant) && !targets.contains(constant));
        missing.into_iter().chain(named).collect()
    };
    let features = match (&arguments.columns, kept("feature")?) {
        (Some(names), _) => {
            let mut named = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
            // A target never explains itself.
            named.retain(|i| !targets.contains(i));
            with_constant(named)
        }
        (None, Some(kept)) if !is_asked => kept,
        (None, _) => {
            with_constant((0..columns.len()).filter(|i| !targets.contains(i) && constant != Some(*i)).collect())
        }
    };
    Ok((features, targets))
}
