//! What is said of the rows chosen.

use super::super::Failure;
use super::super::args::{Precision, SummarizeArguments};
use super::super::output::{Files, Times, svg, warn};
use super::engine::{Found, ladder};
use super::objective::Worth;
use super::source;
use crate::Error;
use crate::report::{Axis, Page, Plot, Section, Series, Table};
use serde_json::{Map, Value, json};
use std::fmt::Write;

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
        let selected: Vec<u64> = last.found.ids.iter().map(name).collect();
        let facts = self.facts(arguments, last);
        let text = if arguments.output.json {
            format!("{}\n", self.json(arguments, worth, last, &selected, threads)?)
        } else {
            let rows = selected.iter().map(|row| vec![row.to_string()]).collect();
            let chosen = Table { header: vec!["row".into()], rows };
            format!("{}\n{}\n", facts.to_text(), chosen.to_text())
        };
        let page = || -> Result<Page, Error> {
            let section = Section {
                heading: "Rows that are worth most together".into(),
                text: worth.warnings.clone(),
                figures: vec![svg(&self.plot())?],
                table: Some(facts.clone()),
            };
            Ok(Page { title: "sketchlet summarize".into(), sections: vec![section] })
        };
        let rows: Vec<Vec<f64>> = selected.iter().map(|&row| vec![row as f64]).collect();
        let columns = ["row".to_owned()];
        let trace = arguments.trace.as_deref().map(|path| (path, self.trace(name).into_bytes()));
        // The trace is one of the files that are written together or not at all.
        Files { columns: &columns, rows: &rows, plot: || self.plot(), page }.write(&arguments.output, trace)?;
        worth.warnings.iter().for_each(|warning| warn(warning));
        Ok(text)
    }

    fn ratio(found: &Found) -> Option<f64> {
        found.bound.map(|bound| if bound > 0.0 { found.value / bound } else { 1.0 })
    }

    fn json<T>(
        &self,
        arguments: &SummarizeArguments,
        worth: &Worth<T>,
        last: &Answer,
        selected: &[u64],
        threads: u64,
    ) -> Result<Value, Failure> {
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
        put("selected", json!(selected));
        put("value", json!(last.found.value));
        put("upper_bound", json!(last.found.bound));
        put("ratio", json!(Self::ratio(&last.found)));
        put("oracle_calls", json!(self.oracle_calls));
        put("extra_calls", json!(self.extra_calls));
        put("updates", json!(self.updates));
        put("queries", json!(self.answers.len()));
        put("live", json!(self.live));
        put("ladder_ratio", json!(ladder(arguments)?.map(|(_, ratio)| ratio)));
        put("state_bytes", json!(self.state_bytes));
        put("seconds", json!(self.times.seconds));
        put("seconds_total", json!(self.times.seconds_total));
        put("cpu_seconds", json!(self.times.cpu_seconds));
        put("threads", json!(threads));
        put("warnings", json!(worth.warnings));
        Ok(Value::Object(object))
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

    fn facts(&self, arguments: &SummarizeArguments, last: &Answer) -> Table {
        let per_update = self.oracle_calls as f64 / self.updates.max(1) as f64;
        let mut rows = vec![
            ("method", arguments.selector().name().to_owned()),
            ("objective", arguments.objective.name().to_owned()),
            ("value", format!("{:.6}", last.found.value)),
        ];
        if let (Some(bound), Some(ratio)) = (last.found.bound, Self::ratio(&last.found)) {
            rows.push(("proven bound on the best", format!("{bound:.6}")));
            rows.push(("share proven", format!("{:.1} %", 100.0 * ratio)));
        }
        rows.push(("updates, answers", format!("{}, {}", self.updates, self.answers.len())));
        rows.push(("rows there at the end", self.live.to_string()));
        rows.push(("gains an update", format!("{per_update:.1}")));
        Table {
            header: vec!["summarize".into(), source(arguments).display().to_string()],
            rows: rows.into_iter().map(|(name, value)| vec![name.into(), value]).collect(),
        }
    }

    fn plot(&self) -> Plot {
        let points = |what: &dyn Fn(&Found) -> Option<f64>| {
            let all = self.answers.iter();
            all.filter_map(|answer| Some((answer.updates as f64, what(&answer.found)?))).collect::<Vec<_>>()
        };
        let mut series = vec![Series::line("worth of the rows chosen", points(&|found| Some(found.value)))];
        let bounds = points(&|found| found.bound);
        if !bounds.is_empty() {
            series.push(Series::line("proven bound on the best", bounds));
        }
        Plot { title: "Worth of the rows chosen".into(), x: Axis::linear("updates"), y: Axis::linear("value"), series }
    }
}
