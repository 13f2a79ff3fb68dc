//! What is said of the rows chosen.

use super::super::Failure;
use super::super::args::{OutputArguments, Precision, SummarizeArguments};
use super::super::output::{Files, Times, svg, warn};
use super::engine::{Found, ladder};
use super::objective::Worth;
use super::source;
use crate::Error;
use crate::report::{Axis, Page, Plot, Section, Series, Table};
use crate::sketch_file::SketchFile;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::Path;

/// An answer, and what had been done until then.
pub(super) struct Answer {
    pub(super) updates: u64,
    pub(super) oracle_calls: u64,
    pub(super) found: Found,
}

#[derive(Default)]
pub(super) struct Outcome {
    pub(super) answers: Vec<Answer>,
    pub(super) updates: u64,
    pub(super) oracle_calls: u64,
    pub(super) extra_calls: u64,
    pub(super) live: usize,
    pub(super) size: usize,
    pub(super) state_bytes: usize,
    pub(super) times: Times,
    /// The byte form, if it is to be saved.
    pub(super) summary: Option<Vec<u8>>,
}

/// Numbers in the shortest form that reads back to the same bits.
fn shortest(x: f64) -> String {
    json!(x).to_string()
}

impl Outcome {
    /// Writes the files asked for and returns what goes to standard output.
    pub(super) fn emit<T>(
        &self,
        arguments: &SummarizeArguments,
        worth: &Worth<T>,
        threads: u64,
    ) -> Result<String, Failure> {
        let Some(last) = self.answers.last() else { return Ok(String::new()) };
        let name = |&id: &u32| worth.vertices.as_ref().map_or(u64::from(id), |names| names[id as usize]);
        let told = Told {
            object: self.told(arguments, worth, last, name)?,
            source: source(arguments).display().to_string(),
            plot: self.plot(),
        };
        let mut others = Vec::new();
        // The trace is one of the files that are written together or not at all.
        if let Some(path) = &arguments.trace {
            others.push((path.as_path(), self.trace(name).into_bytes()));
        }
        if let (Some(path), Some(summary)) = (&arguments.save, &self.summary) {
            let header = json!({
                "command": "summarize",
                "version": env!("CARGO_PKG_VERSION"),
                "input": told.source,
                "vertices": worth.vertices,
                "told": told.object,
            });
            others.push((path, SketchFile { header, summaries: vec![summary.clone()] }.to_bytes()));
        }
        told.emit(&arguments.output, self.times, threads, others)
    }

    /// All that is said of the answer but what it cost here.
    fn told<T>(
        &self,
        arguments: &SummarizeArguments,
        worth: &Worth<T>,
        last: &Answer,
        name: impl Fn(&u32) -> u64,
    ) -> Result<Map<String, Value>, Failure> {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.into(), value);
        put("command", json!("summarize"));
        put("version", json!(env!("CARGO_PKG_VERSION")));
        put("rows", json!(worth.elements));
        put("dim", json!(worth.dim));
        put("seed", json!(arguments.input.seed));
        put("precision", json!(if arguments.input.precision == Precision::F32 { "f32" } else { "f64" }));
        put("method", json!(arguments.selector().name()));
        put("objective", json!(arguments.objective.name()));
        put("gamma", json!(worth.gamma));
        put("size", json!(self.size));
        put("groups", json!(worth.groups.as_ref().map(|groups| groups.caps.len())));
        put("caps", json!(arguments.caps));
        put("oracle_calls", json!(self.oracle_calls));
        put("extra_calls", json!(self.extra_calls));
        put("updates", json!(self.updates));
        put("queries", json!(self.answers.len()));
        put("ladder_ratio", json!(ladder(arguments)?.map(|(_, ratio)| ratio)));
        put("warnings", json!(worth.warnings));
        put_answer(&mut object, &last.found, self.live, self.state_bytes, name);
        Ok(object)
    }

    /// Every answer, a line each.
    fn trace(&self, name: impl Fn(&u32) -> u64) -> String {
        let mut text = "update,value,upper_bound,oracle_calls,size,ids\n".to_owned();
        for Answer { updates, oracle_calls, found } in &self.answers {
            let ids: Vec<String> = found.ids.iter().map(|id| name(id).to_string()).collect();
            let (value, bound) = (shortest(found.value), found.bound.map_or_else(String::new, shortest));
            // Writing to a string can't fail.
            let _ = writeln!(text, "{updates},{value},{bound},{oracle_calls},{},{}", ids.len(), ids.join(" "));
        }
        text
    }

    fn plot(&self) -> Plot {
        plot(&self.answers.iter().map(|answer| (answer.updates as f64, &answer.found)).collect::<Vec<_>>())
    }
}

/// Answers after so many updates.
pub(super) fn plot(answers: &[(f64, &Found)]) -> Plot {
    let points = |what: &dyn Fn(&Found) -> Option<f64>| {
        answers.iter().filter_map(|(updates, found)| Some((*updates, what(found)?))).collect::<Vec<_>>()
    };
    let mut series = vec![Series::line("worth of the rows chosen", points(&|found| Some(found.value)))];
    let bounds = points(&|found| found.bound);
    if !bounds.is_empty() {
        series.push(Series::line("proven bound on the best", bounds));
    }
    Plot { title: "Worth of the rows chosen".into(), x: Axis::linear("updates"), y: Axis::linear("value"), series }
}

/// What the summary itself says of its answer.
pub(super) fn put_answer(
    object: &mut Map<String, Value>,
    found: &Found,
    live: usize,
    state_bytes: usize,
    name: impl Fn(&u32) -> u64,
) {
    let mut put = |key: &str, value: Value| object.insert(key.into(), value);
    let ratio = found.bound.map(|bound| if bound > 0.0 { found.value / bound } else { 1.0 });
    put("selected", found.ids.iter().map(name).collect());
    put("value", json!(found.value));
    put("upper_bound", json!(found.bound));
    put("ratio", json!(ratio));
    put("live", json!(live));
    put("state_bytes", json!(state_bytes));
}

/// An answer, to be printed, written and drawn.
pub(super) struct Told {
    pub(super) object: Map<String, Value>,
    pub(super) source: String,
    pub(super) plot: Plot,
}

impl Told {
    /// Writes the files asked for, and others, and returns what goes to standard output.
    pub(super) fn emit<'p>(
        self,
        output: &'p OutputArguments,
        times: Times,
        threads: u64,
        others: Vec<(&'p Path, Vec<u8>)>,
    ) -> Result<String, Failure> {
        let list = |key: &str| self.object.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let (selected, warnings) = (list("selected"), list("warnings"));
        let warnings: Vec<String> = warnings.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect();
        let facts = self.facts();
        let text = if output.json {
            let mut object = self.object.clone();
            let mut put = |key: &str, value: Value| object.insert(key.into(), value);
            put("seconds", json!(times.seconds));
            put("seconds_total", json!(times.seconds_total));
            put("cpu_seconds", json!(times.cpu_seconds));
            put("threads", json!(threads));
            format!("{}\n", Value::Object(object))
        } else {
            let rows = selected.iter().map(|row| vec![row.to_string()]).collect();
            let chosen = Table { header: vec!["row".into()], rows };
            format!("{}\n{}\n", facts.to_text(), chosen.to_text())
        };
        let page = || -> Result<Page, Error> {
            let section = Section {
                heading: "Rows that are worth most together".into(),
                text: warnings.clone(),
                figures: vec![svg(&self.plot)?],
                table: Some(facts.clone()),
            };
            Ok(Page { title: "sketchlet summarize".into(), sections: vec![section] })
        };
        let rows: Vec<Vec<f64>> = selected.iter().map(|row| vec![row.as_f64().unwrap_or(f64::NAN)]).collect();
        Files { columns: &["row".to_owned()], rows: &rows, plot: || self.plot.clone(), page }.write(output, others)?;
        warnings.iter().for_each(|warning| warn(warning));
        Ok(text)
    }

    fn facts(&self) -> Table {
        let number = |key: &str| self.object.get(key).and_then(Value::as_f64);
        let cell = |key: &str| match self.object.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "?".into(),
        };
        let mut rows = vec![
            ("method", cell("method")),
            ("objective", cell("objective")),
            ("value", format!("{:.6}", number("value").unwrap_or(f64::NAN))),
        ];
        if let (Some(bound), Some(ratio)) = (number("upper_bound"), number("ratio")) {
            rows.push(("proven bound on the best", format!("{bound:.6}")));
            rows.push(("share proven", format!("{:.1} %", 100.0 * ratio)));
        }
        rows.push(("updates, answers", format!("{}, {}", cell("updates"), cell("queries"))));
        rows.push(("rows there at the end", cell("live")));
        if let (Some(gains), Some(updates)) = (number("oracle_calls"), number("updates")) {
            rows.push(("gains an update", format!("{:.1}", gains / updates.max(1.0))));
        }
        Table {
            header: vec!["summarize".into(), self.source.clone()],
            rows: rows.into_iter().map(|(name, value)| vec![name.into(), value]).collect(),
        }
    }
}
