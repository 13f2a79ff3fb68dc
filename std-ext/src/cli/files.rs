//! `sketchlet inspect`, `merge` and `query`: what can be done with `.sketch` files.

use super::Failure;
use super::args::{InspectArguments, MergeArguments, QueryArguments};
use super::eigen::{About, Outcome};
use super::output::{SKETCH, Times, available_threads, check_outputs, check_place};
use super::{regress, summarize, summary};
use crate::sketch_file::SketchFile;
use crate::{CoreError, Error, Header, Real, ScalarType};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// A file of one summary, checked as far as its headers go.
pub(super) struct Loaded {
    family: Family,
    header: Value,
    wire: Header,
    bytes: Vec<u8>,
    file_bytes: usize,
}

/// Which command saved a file.
enum Family {
    Eigen(About),
    Regress,
    Summarize,
}

impl Family {
    fn of(header: &Value) -> Option<Self> {
        match header.get("command")?.as_str()? {
            "regress" => Some(Self::Regress),
            "summarize" => Some(Self::Summarize),
            _ => About::from_header(header).map(Self::Eigen),
        }
    }
}

fn load(path: &Path) -> Result<Loaded, Error> {
    let file = SketchFile::read(path)?;
    Loaded::new(&file).map_err(|error| error.in_file(path.display()))
}

impl Loaded {
    pub(super) fn new(file: &SketchFile) -> Result<Self, Error> {
        let family = Family::of(&file.header)
            .ok_or_else(|| Error::data("saved by a command that this version does not know"))?;
        let [bytes] = &file.summaries[..] else { return Err(Error::data("holds more than one summary")) };
        let wire = Header::read(bytes)?;
        Ok(Self { family, header: file.header.clone(), wire, bytes: bytes.clone(), file_bytes: file.to_bytes().len() })
    }

    /// What `inspect` tells, from the summary itself.
    pub(super) fn description(&self) -> Result<Value, Error> {
        let own = match &self.family {
            Family::Regress => regress::describe(&self.header, &self.bytes)?,
            Family::Summarize => summarize::describe(&self.header, &self.bytes)?,
            Family::Eigen(about) if self.wire.scalar == ScalarType::F32 => self.describe_eigen::<f32>(about)?,
            Family::Eigen(about) => self.describe_eigen::<f64>(about)?,
        };
        let mut description = json!({
            "command": "inspect",
            "version": env!("CARGO_PKG_VERSION"),
            "kind": format!("{:?}", self.wire.kind),
            "format_version": self.wire.version,
            "bytes": self.file_bytes,
        });
        if let (Some(to), Value::Object(own)) = (description.as_object_mut(), own) {
            to.extend(own);
        }
        Ok(description)
    }

    fn describe_eigen<T: Real>(&self, about: &About) -> Result<Value, Error> {
        let summary = summary::decode::<T>(&self.bytes)?;
        Ok(json!({
            "type": about.method,
            "precision": self.wire.scalar.name(),
            "params": self.header.get("params").cloned().unwrap_or(Value::Null),
            "columns": about.columns,
            "rows": summary.rows_seen(),
            "dim": summary.dim(),
            "seed": about.seed,
            "state_bytes": summary.state_bytes(),
        }))
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
    let loaded = load(&arguments.file)?;
    let description = loaded.description().map_err(|error| error.in_file(arguments.file.display()))?;
    Ok(show(&description, arguments.json))
}

pub(super) fn merge(arguments: &MergeArguments) -> Result<String, Failure> {
    check_place("--save", &arguments.save, SKETCH)?;
    let mut loaded = Vec::new();
    for path in &arguments.files {
        let file = load(path)?;
        if matches!(file.family, Family::Summarize) {
            let what = "a selection can't be merged: its pivots would have to be uniform among the rows of both; let one take \
                        in the rows of the other (absorb, in the library)";
            return Err(Error::data(what).in_file(path.display()).into());
        }
        if let Some(first) = loaded.first() {
            check_like(first, &file, arguments.join).map_err(|error| error.in_file(path.display()))?;
        }
        loaded.push(file);
    }
    let combined = if arguments.join { join_all(&loaded) } else { merge_all(&loaded) };
    let (header, bytes) = combined.map_err(|(index, error)| match arguments.files.get(index) {
        Some(path) => error.in_file(path.display()),
        None => error,
    })?;
    let file = SketchFile { header, summaries: vec![bytes] };
    let mut description = Loaded::new(&file)?.description()?;
    if let Some(object) = description.as_object_mut() {
        object.insert("command".into(), json!("merge"));
        object.insert("files".into(), json!(arguments.files.len()));
    }
    file.write(&arguments.save)?;
    Ok(show(&description, arguments.json))
}

fn check_like(first: &Loaded, other: &Loaded, join: bool) -> Result<(), Error> {
    let differ =
        |what: &str| Err(Error::data(format!("{what} differ from the first file's: only like summaries combine")));
    if first.wire.scalar != other.wire.scalar {
        return differ("scalars");
    }
    let same = |key: &str| first.header.get(key) == other.header.get(key);
    match (&first.family, &other.family) {
        (Family::Eigen(_), _) if join => Err(Error::data("saved by eigen: --join is for sketches of regress")),
        (Family::Eigen(first), Family::Eigen(other)) => match () {
            () if first.columns != other.columns => differ("columns"),
            () if first.method != other.method => differ("methods"),
            () if first.center != other.center => differ("centring flags"),
            () => Ok(()),
        },
        (Family::Regress, Family::Regress) if join => Ok(()),
        // A column of data may be called what the constant is called.
        (Family::Regress, Family::Regress) if same("columns") && same("intercept") => Ok(()),
        (Family::Regress, Family::Regress) => differ("columns"),
        _ => differ("commands"),
    }
}

/// A header and a summary, or the number of the file at fault.
type Combined = Result<(Value, Vec<u8>), (usize, Error)>;

/// Merges neighbours, level by level: the same files in the same order give the same bits.
fn merge_all(files: &[Loaded]) -> Combined {
    let Some(first) = files.first() else { return Err((0, CoreError::Corrupt.into())) };
    let merge = |one: &[u8], other: &[u8]| match &first.family {
        Family::Regress => regress::merge(one, other),
        Family::Summarize => Err(CoreError::Incompatible.into()),
        Family::Eigen(_) if first.wire.scalar == ScalarType::F32 => summary::merge::<f32>(one, other),
        Family::Eigen(_) => summary::merge::<f64>(one, other),
    };
    // A single file: decode it, so that what is not understood is not copied.
    first.description().map_err(|error| (0, error))?;
    // Each summary beside the number of its first file, for the error.
    let mut level: Vec<(usize, Vec<u8>)> = files.iter().map(|file| file.bytes.clone()).enumerate().collect();
    while level.len() > 1 {
        let mut next = Vec::new();
        for pair in level.chunks(2) {
            next.push(match pair {
                [(index, one), (other, two)] => (*index, merge(one, two).map_err(|error| (*other, error))?),
                rest => rest[0].clone(),
            });
        }
        level = next;
    }
    level.pop().map(|(_, bytes)| (first.header.clone(), bytes)).ok_or_else(|| (0, CoreError::Corrupt.into()))
}

/// Puts the columns of all files side by side, in the order of the files.
fn join_all(files: &[Loaded]) -> Combined {
    let Some((first, others)) = files.split_first() else { return Err((0, CoreError::Corrupt.into())) };
    if !matches!(first.family, Family::Regress) {
        return Err((0, Error::data("saved by eigen: --join is for sketches of regress")));
    }
    first.description().map_err(|error| (0, error))?;
    let mut joined = (first.header.clone(), first.bytes.clone());
    for (index, other) in (1..).zip(others) {
        joined =
            regress::join((&joined.0, &joined.1), (&other.header, &other.bytes)).map_err(|error| (index, error))?;
    }
    Ok(joined)
}

pub(super) fn query(arguments: &QueryArguments) -> Result<String, Failure> {
    check_outputs(&arguments.output, None)?;
    let start = Instant::now();
    let loaded = load(&arguments.file)?;
    let about = match &loaded.family {
        Family::Regress => {
            let precision = if loaded.wire.scalar == ScalarType::F32 { "f32" } else { "f64" };
            return regress::query(&loaded.header, &loaded.bytes, arguments, precision, start);
        }
        Family::Eigen(_) | Family::Summarize => {
            refuse_roles(arguments, &loaded.family)?;
            match &loaded.family {
                Family::Eigen(about) => about,
                _ => return summarize::query(&loaded.header, &loaded.bytes, arguments, start),
            }
        }
    };
    if loaded.wire.scalar == ScalarType::F32 {
        answer::<f32>(&loaded, about, arguments, start)
    } else {
        answer::<f64>(&loaded, about, arguments, start)
    }
}

/// Refuses flags that say which columns explain which.
fn refuse_roles(arguments: &QueryArguments, family: &Family) -> Result<(), Failure> {
    let flags = [
        ("--target", arguments.target.is_some()),
        ("--targets", arguments.targets.is_some()),
        ("--columns", arguments.columns.is_some()),
        ("--ridge", arguments.ridge.is_some()),
        ("--failure", arguments.failure.is_some()),
    ];
    if let Some((flag, _)) = flags.into_iter().find(|(_, is_given)| *is_given) {
        let of = if matches!(family, Family::Summarize) { "summarize" } else { "eigen" };
        return Err(Failure::Usage(format!("query: {flag} is for files saved by regress, this one is of {of}")));
    }
    Ok(())
}

fn answer<T: Real>(
    loaded: &Loaded,
    about: &About,
    arguments: &QueryArguments,
    start: Instant,
) -> Result<String, Failure> {
    let place = |error: Error| error.in_file(arguments.file.display());
    let mut summary = summary::decode::<T>(&loaded.bytes).map_err(place)?;
    if summary.dim() != about.columns.len() {
        return Err(place(CoreError::Corrupt.into()).into());
    }
    let mut times = Times::default();
    let mut answer = times.count(|| summary.answer()).map_err(place)?;
    about.complete(&mut answer);
    times.seconds_total = start.elapsed().as_secs_f64();
    let outcome = Outcome {
        about,
        answer: &answer,
        summary: summary.as_ref(),
        state_bytes: summary.state_bytes() as u64,
        threads: available_threads(),
        times,
        warnings: about.warnings.clone(),
    };
    outcome.emit(&arguments.output, None)
}
