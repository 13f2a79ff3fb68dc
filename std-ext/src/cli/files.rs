//! `sketchlet inspect`, `merge` and `query`: what can be done with `.sketch` files.

use super::args::{InspectArguments, MergeArguments, QueryArguments};
use super::cost::Clock;
use super::failure::Failure;
use super::family::{self, Family};
use super::places::{self, Place};
use super::saved::Saved;
use crate::parallel;
use crate::sketch_file::SketchFile;
use crate::{CoreError, Error};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A saved summary, and the family whose command saved it.
pub(super) struct Loaded {
    family: &'static dyn Family,
    saved: Saved,
}

fn load(path: &Path) -> Result<Loaded, Error> {
    let file = SketchFile::read(path)?;
    Loaded::new(&file).map_err(|error| error.in_file(path.display()))
}

impl Loaded {
    pub(super) fn new(file: &SketchFile) -> Result<Self, Error> {
        let command = file.header.get("command").and_then(Value::as_str);
        let family = command
            .and_then(family::of_command)
            .ok_or_else(|| Error::data("saved by a command that this version does not know"))?;
        Ok(Self { family, saved: Saved::new(file)? })
    }

    /// What `inspect` tells, for whichever command tells it.
    pub(super) fn description(&self, command: &str) -> Result<Value, Error> {
        let own = self.family.describe(&self.saved)?;
        let mut description = json!({
            "command": command,
            "version": env!("CARGO_PKG_VERSION"),
            "kind": format!("{:?}", self.saved.wire.kind),
            "format_version": self.saved.wire.version,
            "bytes": self.saved.file_bytes,
        });
        if let (Some(to), Value::Object(own)) = (description.as_object_mut(), own) {
            to.extend(own);
        }
        Ok(description)
    }
}

/// A JSON object as a table for people, or as it is.
pub(super) fn show(value: &Value, json: bool) -> String {
    if json {
        return format!("{value}\n");
    }
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let lines = value.as_object().into_iter().flatten().map(|(key, value)| format!("{key:<16}{}\n", cell(value)));
    lines.collect()
}

pub(super) fn inspect(arguments: &InspectArguments) -> Result<String, Failure> {
    let description = load(&arguments.file)?.description("inspect");
    Ok(show(&description.map_err(|error| error.in_file(arguments.file.display()))?, arguments.json))
}

pub(super) fn merge(arguments: &MergeArguments) -> Result<String, Failure> {
    let inputs: Vec<&Path> = arguments.files.iter().map(PathBuf::as_path).collect();
    places::check(&[Place::save(&arguments.save)], &inputs)?;
    let mut loaded: Vec<Loaded> = Vec::new();
    for path in &arguments.files {
        let file = load(path)?;
        let place = |error: Error| error.in_file(path.display());
        // What is not understood is not copied.
        file.family.describe(&file.saved).map_err(place)?;
        let keys = file.family.alike().map_err(|why| place(Error::data(why)))?;
        if let Some(first) = loaded.first() {
            check_like(first, &file, if arguments.join { None } else { Some(keys) }).map_err(place)?;
        }
        loaded.push(file);
    }
    let combined = if arguments.join { join_all(&loaded) } else { merge_all(&loaded) };
    let (mut header, bytes) = combined.map_err(|(index, error)| match arguments.files.get(index) {
        Some(path) => error.in_file(path.display()),
        None => error,
    })?;
    if let Some(warnings) = header.get_mut("warnings") {
        *warnings = json!(all_warnings(&loaded));
    }
    let file = SketchFile { header, summaries: vec![bytes] };
    let mut description = Loaded::new(&file)?.description("merge")?;
    if let Some(object) = description.as_object_mut() {
        object.insert("files".into(), json!(arguments.files.len()));
    }
    file.write(&arguments.save)?;
    Ok(show(&description, arguments.json))
}

/// What all files have to say, each thing once.
fn all_warnings(files: &[Loaded]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for warning in files.iter().flat_map(|file| file.saved.texts("warnings").unwrap_or_default()) {
        if !all.contains(&warning) {
            all.push(warning);
        }
    }
    all
}

/// Refuses a file that can't be combined with the first one; `keys` are those of files to be merged, `None` to join.
fn check_like(first: &Loaded, other: &Loaded, keys: Option<&[(&str, &str)]>) -> Result<(), Error> {
    let differ =
        |what: &str| Err(Error::data(format!("{what} differ from the first file's: only like summaries combine")));
    let (one, two) = (&first.saved, &other.saved);
    if one.wire.scalar != two.wire.scalar {
        return differ("scalars");
    }
    if keys.is_none() && !first.family.joins() {
        return Err(no_join(first.family));
    }
    if first.family.name() != other.family.name() {
        return differ("commands");
    }
    let unlike = keys.unwrap_or_default().iter().find(|(key, _)| one.header.get(key) != two.header.get(key));
    unlike.map_or(Ok(()), |(_, what)| differ(what))
}

fn no_join(family: &dyn Family) -> Error {
    let (name, joined) = (family.name(), family::names(|family| family.joins()));
    Error::data(format!("saved by {name}: --join is for sketches of {joined}"))
}

/// A header and a summary, or the number of the file at fault.
type Combined = Result<(Value, Vec<u8>), (usize, Error)>;

/// Merges neighbours, level by level: the same files in the same order give the same bits.
fn merge_all(files: &[Loaded]) -> Combined {
    let Some(first) = files.first() else { return Err((0, CoreError::Corrupt.into())) };
    // Each summary beside the number of its first file, for the error.
    let summaries = files.iter().map(|file| file.saved.bytes.clone()).enumerate();
    let whole = parallel::merge_all_by(summaries, |(_, one), (other, two)| {
        *one = first.family.merge(one, &two).map_err(|error| (other, error))?;
        Ok::<(), (usize, Error)>(())
    })?;
    whole.map(|(_, bytes)| (first.saved.header.clone(), bytes)).ok_or_else(|| (0, CoreError::Corrupt.into()))
}

/// Puts the columns of all files side by side, in the order of the files.
fn join_all(files: &[Loaded]) -> Combined {
    let Some((first, others)) = files.split_first() else { return Err((0, CoreError::Corrupt.into())) };
    if !first.family.joins() {
        return Err((0, no_join(first.family)));
    }
    let mut joined = first.saved.clone();
    for (index, other) in (1..).zip(others) {
        joined = first.family.join(&joined, &other.saved).map_err(|error| (index, error))?;
    }
    Ok((joined.header, joined.bytes))
}

pub(super) fn query(arguments: &QueryArguments) -> Result<String, Failure> {
    places::check(&places::of_answer(&arguments.output, None), &[&arguments.file])?;
    let clock = Clock::start();
    let Loaded { family, saved } = load(&arguments.file)?;
    let given = arguments.given();
    if let Some(flag) = given.into_iter().find(|flag| !family.query_flags().contains(flag)) {
        let (name, others) = (family.name(), family::names(|family| family.query_flags().contains(&flag)));
        return Err(Failure::Usage(format!("query: {flag} is for files saved by {others}, this one is of {name}")));
    }
    family.query(&saved, arguments, clock)?.emit(&arguments.output)
}
