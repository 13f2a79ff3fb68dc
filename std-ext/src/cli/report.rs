//! A report: an answer as JSON, text, a picture, a page and files.

use super::args::OutputArguments;
use super::cost::Cost;
use super::failure::Failure;
use super::output::{extension, matrix_bytes, warn, write_files};
use crate::Error;
use crate::report::{Page, Plot, Section, Table};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Size of a picture of an answer.
const WIDTH: u32 = 860;
const HEIGHT: u32 = 480;

/// Everything that is told about an answer.
pub(super) struct Report {
    /// What JSON says, in this order; the cost follows, and the warnings, unless they have a place of their own.
    pub(super) fields: Map<String, Value>,
    pub(super) warnings: Vec<String>,
    /// What was read.
    pub(super) input: String,
    /// What the page begins with.
    pub(super) heading: String,
    /// What a person wants to know first, by name.
    pub(super) facts: Vec<(&'static str, String)>,
    /// The answer as a table, and its heading on the page; without one it is in the text alone.
    pub(super) details: (&'static str, Table),
    pub(super) plot: Option<Plot>,
    /// The array that `--out` writes, and names of its columns.
    pub(super) result: (Vec<String>, Vec<Vec<f64>>),
    pub(super) cost: Cost,
    /// Threads that the work used.
    pub(super) threads: u64,
    /// Files of the command's own, a saved summary among them.
    pub(super) files: Vec<(PathBuf, Vec<u8>)>,
}

/// The fields that answers begin with, and others.
pub(super) fn fields(
    command: &str,
    rows: u64,
    dim: usize,
    seed: u64,
    precision: &str,
    others: Value,
) -> Map<String, Value> {
    let version = env!("CARGO_PKG_VERSION");
    let head = json!({
        "command": command, "version": version, "rows": rows, "dim": dim, "seed": seed, "precision": precision,
    });
    let entries =
        [head, others].into_iter().filter_map(|object| if let Value::Object(map) = object { Some(map) } else { None });
    entries.flatten().collect()
}

impl Report {
    /// Writes the files asked for and returns what goes to standard output. Everything is made before anything is written.
    pub(super) fn emit(self, output: &OutputArguments) -> Result<String, Failure> {
        let text = if output.json { self.json() } else { self.text() };
        let mut files = Vec::new();
        if let Some(path) = &output.out {
            files.push((path.clone(), matrix_bytes(path, &self.result.0, &self.result.1)?));
        }
        if let Some(path) = &output.plot {
            let plot = self.plot.as_ref().ok_or_else(|| Failure::Usage("--plot: this answer has no picture".into()))?;
            let bytes = match extension(path).as_str() {
                "png" => plot.png(WIDTH, HEIGHT).map_err(|error| Error::data(error.to_string()))?,
                _ => svg(plot)?.into_bytes(),
            };
            files.push((path.clone(), bytes));
        }
        if let Some(path) = &output.report {
            files.push((path.clone(), self.page()?.to_html().into_bytes()));
        }
        write_files(self.files.into_iter().chain(files))?;
        if !output.json {
            self.warnings.iter().for_each(|warning| warn(warning));
        }
        Ok(text)
    }

    fn json(&self) -> String {
        let mut fields = self.fields.clone();
        let mut put = |key: &str, value: Value| fields.insert(key.into(), value);
        put("seconds", json!(self.cost.seconds));
        put("seconds_total", json!(self.cost.seconds_total));
        put("cpu_seconds", json!(self.cost.cpu_seconds));
        put("threads", json!(self.threads));
        put("warnings", json!(self.warnings));
        format!("{}\n", Value::Object(fields))
    }

    fn command(&self) -> &str {
        self.fields.get("command").and_then(Value::as_str).unwrap_or_default()
    }

    fn facts(&self) -> Table {
        let rows = self.facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]);
        Table { header: vec![self.command().to_owned(), self.input.clone()], rows: rows.collect() }
    }

    fn text(&self) -> String {
        format!("{}\n{}", self.facts().to_text(), self.details.1.to_text())
    }

    fn page(&self) -> Result<Page, Error> {
        let mut sections = vec![Section {
            heading: self.heading.clone(),
            text: self.warnings.clone(),
            figures: self.plot.iter().map(svg).collect::<Result<_, _>>()?,
            table: Some(self.facts()),
            ..Section::default()
        }];
        let (heading, table) = &self.details;
        if !heading.is_empty() {
            sections.push(Section { heading: (*heading).to_owned(), table: Some(table.clone()), ..Section::default() });
        }
        Ok(Page { title: format!("sketchlet {}", self.command()), sections })
    }
}

fn svg(plot: &Plot) -> Result<String, Error> {
    plot.svg(WIDTH, HEIGHT).map_err(|error| Error::data(error.to_string()))
}
