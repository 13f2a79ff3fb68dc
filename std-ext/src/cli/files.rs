//! `sketchlet inspect`, `merge` and `query`: what can be done with `.sketch` files.

use super::Failure;
use super::args::{InspectArguments, MergeArguments, QueryArguments};
use super::eigen::{About, Outcome};
use super::output::{Times, available_threads, check_outputs};
use super::summary;
use crate::io::Target;
use crate::sketch_file::SketchFile;
use crate::{CoreError, Error, Header, Real, ScalarType};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// A file of one summary, checked as far as its headers go.
struct Loaded {
    about: About,
    header: Value,
    wire: Header,
    bytes: Vec<u8>,
    file_bytes: usize,
}

fn load(path: &Path) -> Result<Loaded, Error> {
    let file = SketchFile::read(path)?;
    let file_bytes = file.to_bytes().len();
    let read = || {
        let about = About::from_header(&file.header)
            .ok_or_else(|| Error::data("saved by a command that this version does not know"))?;
        let [bytes] = &file.summaries[..] else { return Err(Error::data("holds more than one summary")) };
        let wire = Header::read(bytes)?;
        Ok(Loaded { about, header: file.header.clone(), wire, bytes: bytes.clone(), file_bytes })
    };
    read().map_err(|error: Error| error.in_file(path.display()))
}

impl Loaded {
    /// What `inspect` tells, from the summary itself.
    fn describe<T: Real>(&self) -> Result<Value, Error> {
        let summary = summary::decode::<T>(&self.bytes)?;
        Ok(json!({
            "command": "inspect",
            "version": env!("CARGO_PKG_VERSION"),
            "type": self.about.method,
            "kind": format!("{:?}", self.wire.kind),
            "format_version": self.wire.version,
            "precision": if T::BYTES == 4 { "f32" } else { "f64" },
            "params": self.header.get("params").cloned().unwrap_or(Value::Null),
            "columns": self.about.columns,
            "rows": summary.rows_seen(),
            "dim": summary.dim(),
            "seed": self.about.seed,
            "bytes": self.file_bytes,
            "state_bytes": summary.state_bytes(),
        }))
    }

    fn description(&self) -> Result<Value, Error> {
        if self.wire.scalar == ScalarType::F32 { self.describe::<f32>() } else { self.describe::<f64>() }
    }
}

/// A JSON object as a table for people, or as it is.
fn show(value: &Value, json: bool) -> String {
    if json {
        return format!("{value}\n");
    }
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let lines = value.as_object().into_iter().flatten().map(|(key, value)| format!("{key:<16}{}\n", cell(value)));
    lines.collect()
}

pub(super) fn inspect(arguments: &InspectArguments) -> Result<String, Failure> {
    let loaded = load(&arguments.file)?;
    let description = loaded.description().map_err(|error| error.in_file(arguments.file.display()))?;
    Ok(show(&description, arguments.json))
}

pub(super) fn merge(arguments: &MergeArguments) -> Result<String, Failure> {
    Target::check(&arguments.save)?;
    let mut loaded = Vec::new();
    for path in &arguments.files {
        let file = load(path)?;
        if let Some(first) = loaded.first() {
            check_like(first, &file).map_err(|error| error.in_file(path.display()))?;
        }
        loaded.push(file);
    }
    let Some(first) = loaded.first() else { return Err(Failure::Usage("merge: give at least one file".into())) };
    let (about, header, scalar) = (first.about.clone(), first.header.clone(), first.wire.scalar);
    let merged = if scalar == ScalarType::F32 { tree::<f32>(&loaded) } else { tree::<f64>(&loaded) };
    let bytes = merged.map_err(|(index, error)| match arguments.files.get(index) {
        Some(path) => error.in_file(path.display()),
        None => error,
    })?;
    let file = SketchFile { header: header.clone(), summaries: vec![bytes.clone()] };
    let merged = Loaded { about, header, wire: Header::read(&bytes)?, bytes, file_bytes: file.to_bytes().len() };
    let mut description = merged.description()?;
    if let Some(object) = description.as_object_mut() {
        object.insert("command".into(), json!("merge"));
        object.insert("files".into(), json!(arguments.files.len()));
    }
    file.write(&arguments.save)?;
    Ok(show(&description, arguments.json))
}

fn check_like(first: &Loaded, other: &Loaded) -> Result<(), Error> {
    let differ =
        |what: &str| Err(Error::data(format!("{what} differ from the first file's: only like summaries merge")));
    match () {
        () if first.wire.scalar != other.wire.scalar => differ("scalars"),
        () if first.about.columns != other.about.columns => differ("columns"),
        () if first.about.method != other.about.method => differ("methods"),
        () if first.about.center != other.about.center => differ("centring flags"),
        () => Ok(()),
    }
}

/// Merges neighbours, level by level: the same files in the same order give the same bits.
fn tree<T: Real>(files: &[Loaded]) -> Result<Vec<u8>, (usize, Error)> {
    // Each summary beside the number of its first file, for the error.
    let mut level: Vec<(usize, Vec<u8>)> = files.iter().map(|file| file.bytes.clone()).enumerate().collect();
    while level.len() > 1 {
        let mut next = Vec::new();
        for pair in level.chunks(2) {
            next.push(match pair {
                [(index, first), (other, second)] => {
                    (*index, summary::merge::<T>(first, second).map_err(|error| (*other, error))?)
                }
                rest => rest[0].clone(),
            });
        }
        level = next;
    }
    match level.pop() {
        Some((_, bytes)) if files.len() > 1 => Ok(bytes),
        // A single file: decode it, so that what is not understood is not copied.
        Some((index, bytes)) => summary::decode::<T>(&bytes).map(|_| bytes).map_err(|error| (index, error)),
        None => Err((0, CoreError::Corrupt.into())),
    }
}

pub(super) fn query(arguments: &QueryArguments) -> Result<String, Failure> {
    check_outputs(&arguments.output, None)?;
    let start = Instant::now();
    let loaded = load(&arguments.file)?;
    if loaded.wire.scalar == ScalarType::F32 {
        answer::<f32>(&loaded, arguments, start)
    } else {
        answer::<f64>(&loaded, arguments, start)
    }
}

fn answer<T: Real>(loaded: &Loaded, arguments: &QueryArguments, start: Instant) -> Result<String, Failure> {
    let place = |error: Error| error.in_file(arguments.file.display());
    let mut summary = summary::decode::<T>(&loaded.bytes).map_err(place)?;
    if summary.dim() != loaded.about.columns.len() {
        return Err(place(CoreError::Corrupt.into()).into());
    }
    let mut times = Times::default();
    let answer = times.count(|| summary.answer()).map_err(place)?;
    times.seconds_total = start.elapsed().as_secs_f64();
    let outcome = Outcome {
        about: &loaded.about,
        answer: &answer,
        summary: summary.as_ref(),
        state_bytes: summary.state_bytes() as u64,
        threads: available_threads(),
        times,
        warnings: loaded.about.warnings.clone(),
    };
    outcome.emit(&arguments.output, None)
}
