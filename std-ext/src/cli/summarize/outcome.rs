//! What is said of the rows chosen.

use super::super::Failure;
use super::super::args::{OutputArguments, Precision, SummarizeArguments};
use super::super::output::{Files, Times, svg, warn};
use super::engine::{Engine, Found, ladder};
use super::objective::About;
use super::source;
use crate::Error;
use crate::report::{Axis, Page, Plot, Section, Series, Table};
use crate::sketch_file::SketchFile;
use crate::submodular::Counted;
use rand_xoshiro::Xoshiro256PlusPlus;
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
    /// All answers, if they are to be told of, else the last one.
    pub(super) answers: Vec<Answer>,
    pub(super) queries: u64,
    keeps_all: bool,
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
    pub(super) fn new(arguments: &SummarizeArguments, size: usize) -> Self {
        let tells_all =
            arguments.trace.is_some() || arguments.output.plot.is_some() || arguments.output.report.is_some();
        Self { size, keeps_all: tells_all, ..Self::default() }
    }

    /// Asks, and improves the answer, whose gains count apart.
    pub(super) fn ask<O>(
        &mut self,
        engine: &mut dyn Engine<O>,
        oracle: &Counted<O>,
        rng: &mut Xoshiro256PlusPlus,
        names: Option<&[u64]>,
    ) -> Result<(), Failure> {
        engine.query(oracle, rng)?;
        let before = oracle.gains();
        engine.improve(oracle)?;
        self.extra_calls += oracle.gains() - before;
        let mut found = engine.found();
        if let Some(names) = names {
            found.rename(names);
        }
        let (updates, oracle_calls) = (self.updates, oracle.gains() - self.extra_calls);
        if !self.keeps_all {
            self.answers.clear();
        }
        self.answers.push(Answer { updates, oracle_calls, found });
        self.queries += 1;
        Ok(())
    }

    /// Takes note of what it has cost, and of the summary if it is to be saved.
    pub(super) fn close<O>(&mut self, arguments: &SummarizeArguments, engine: &dyn Engine<O>, oracle: &Counted<O>) {
        self.oracle_calls = oracle.gains() - self.extra_calls;
        self.live = engine.live();
        self.state_bytes = engine.state_bytes();
        self.summary = if arguments.save.is_some() { engine.encode() } else { None };
    }

    /// Writes the files asked for and returns what goes to standard output.
    pub(super) fn emit(&self, arguments: &SummarizeArguments, about: &About, threads: u64) -> Result<String, Failure> {
        let Some(last) = self.answers.last() else { return Ok(String::new()) };
        let told = Told {
            object: self.told(arguments, about, last)?,
            source: source(arguments).display().to_string(),
            plot: self.plot(),
        };
        let mut others = Vec::new();
        // The trace is one of the files that are written together or not at all.
        if let Some(path) = &arguments.trace {
            others.push((path.as_path(), self.trace().into_bytes()));
        }
        if let (Some(path), Some(summary)) = (&arguments.save, &self.summary) {
            let header = json!({
                "command": "summarize",
                "version": env!("CARGO_PKG_VERSION"),
                "input": told.source,
                "names": about.names,
                "told": told.object,
            });
            others.push((path, SketchFile { header, summaries: vec![summary.clone()] }.to_bytes()));
        }
        told.emit(&arguments.output, self.times, threads, others)
    }

    /// All that is said of the answer but what it cost here.
    fn told(
        &self,
        arguments: &SummarizeArguments,
        about: &About,
        last: &Answer,
    ) -> Result<Map<String, Value>, Failure> {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.into(), value);
        put("command", json!("summarize"));
        put("version", json!(env!("CARGO_PKG_VERSION")));
        put("rows", json!(about.elements));
        put("dim", json!(about.dim));
        put("seed", json!(arguments.input.seed));
        put("precision", json!(if arguments.input.precision == Precision::F32 { "f32" } else { "f64" }));
        put("method", json!(arguments.selector().name()));
        put("objective", json!(arguments.objective.name()));
        put("gamma", json!(about.gamma));
        put("size", json!(self.size));
        put("groups", json!(about.groups.as_ref().map(|groups| groups.caps.len())));
        put("caps", json!(arguments.caps));
        put("oracle_calls", json!(self.oracle_calls));
        put("extra_calls", json!(self.extra_calls));
        put("updates", json!(self.updates));
        put("queries", json!(self.queries));
        put("ladder_ratio", json!(ladder(arguments)?.map(|(_, ratio)| ratio)));
        put("warnings", json!(about.warnings));
        put_answer(&mut object, &last.found, self.live, self.state_bytes);
        Ok(object)
    }

    /// Every answer, a line each.
    fn trace(&self) -> String {
        let mut text = "update,value,upper_bound,oracle_calls,size,ids\n".to_owned();
        for Answer { updates, oracle_calls, found } in &self.answers {
            let ids: Vec<String> = found.ids.iter().map(u64::to_string).collect();
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
pub(super) fn put_answer(object: &mut Map<String, Value>, found: &Found, live: usize, state_bytes: usize) {
    let mut put = |key: &str, value: Value| object.insert(key.into(), value);
    let ratio = found.bound.map(|bound| if bound > 0.0 { found.value / bound } else { 1.0 });
    put("selected", json!(found.ids));
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
