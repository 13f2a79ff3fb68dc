//! The report of an answer.

use super::about::About;
use super::engine::{Answer, Found, Record};
use super::gamma::Gamma;
use super::task::Task;
use crate::cli::args::Spelled;
use crate::cli::cost::{Clock, Cost};
use crate::cli::report::{Report, fields};
use crate::report::{Axis, Plot, Series, Table};
use crate::sketch_file::SketchFile;
use crate::{CoreError, Error};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The report of the last answer, with all files that the task asks for.
pub(super) fn report(task: &Task, about: &About, record: Record, clock: &Clock) -> Result<Report, Error> {
    let last = record.answers.last().ok_or(CoreError::Corrupt)?;
    let mut all = told(task, about, &record);
    put_answer(&mut all, &last.found, record.live, record.state_bytes + record.rows_bytes);
    let mut files = Vec::new();
    if let Some(path) = &task.trace {
        files.push((path.clone(), trace(&record.answers).into_bytes()));
    }
    if let (Some(path), Some(summary)) = (&task.save, record.summary) {
        let header = json!({
            "command": "summarize",
            "version": env!("CARGO_PKG_VERSION"),
            "input": task.source,
            "names": about.names,
            "rows_bytes": record.rows_bytes,
            "told": all,
        });
        files.push((path.clone(), SketchFile { header, summaries: vec![summary] }.to_bytes()));
    }
    let answers: Vec<_> = record.answers.iter().map(|answer| (answer.updates as f64, &answer.found)).collect();
    Ok(Report { files, ..report_of(all, &task.source, &answers, clock.cost(), clock.threads()) })
}

/// All that is said of the answer but the answer itself, and what it cost here.
fn told(task: &Task, about: &About, record: &Record) -> Map<String, Value> {
    let told = json!({
        "method": task.method.selector.name(),
        "objective": task.worth.objective.name(),
        "gamma": about.gamma.and_then(Gamma::plain),
        "size": about.size,
        "groups": about.groups.as_ref().map(|groups| groups.caps.len()),
        "caps": task.caps,
        "oracle_calls": record.oracle_calls,
        "extra_calls": record.extra_calls,
        "updates": record.updates,
        "queries": record.queries,
        "ladder_ratio": task.method.ladder.map(|(_, ratio)| ratio),
        "warnings": about.warnings.iter().chain(&task.warnings).chain(&too_few(about, record)).collect::<Vec<_>>(),
    });
    let input = &task.input;
    let mut told = fields("summarize", about.elements as u64, about.dim, input.seed, &input.precision.name(), told);
    if let Some(gamma) = about.gamma {
        gamma.put_scaled(&mut told);
    }
    told
}

/// What is said where fewer rows were chosen than asked for.
fn too_few(about: &About, record: &Record) -> Option<String> {
    let (chosen, asked) = (record.answers.last()?.found.ids.len(), about.size);
    let rows = if chosen == 1 { "row" } else { "rows" };
    let why = if chosen >= record.live { "there are no more" } else { "no other was found that adds value" };
    (chosen < asked).then(|| format!("{chosen} {rows} chosen of {asked} asked for: {why}"))
}

/// Every answer, a line each.
fn trace(answers: &[Answer]) -> String {
    let mut text = "update,value,upper_bound,oracle_calls,size,ids\n".to_owned();
    for Answer { updates, oracle_calls, found } in answers {
        let ids: Vec<String> = found.ids.iter().map(u64::to_string).collect();
        let (value, bound) = (shortest(found.value), found.bound.map_or_else(String::new, shortest));
        // Writing to a string can't fail.
        let _ = writeln!(text, "{updates},{value},{bound},{oracle_calls},{},{}", ids.len(), ids.join(" "));
    }
    text
}

/// Numbers in the shortest form that reads back to the same bits.
fn shortest(x: f64) -> String {
    json!(x).to_string()
}

/// Answers after so many updates.
fn plot(answers: &[(f64, &Found)]) -> Plot {
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

/// The report of an answer of which all is told but what it cost.
pub(super) fn report_of(
    fields: Map<String, Value>,
    input: &str,
    answers: &[(f64, &Found)],
    cost: Cost,
    threads: u64,
) -> Report {
    let list = |key: &str| fields.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let selected = list("selected");
    // A blank line ends the list.
    let chosen = selected.iter().map(|row| vec![row.to_string()]).chain([Vec::new()]).collect();
    Report {
        warnings: list("warnings").iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        input: input.to_owned(),
        heading: "Rows that are worth most together".into(),
        facts: told_facts(&fields),
        details: ("", Table { header: vec!["row".into()], rows: chosen }),
        plot: Some(plot(answers)),
        result: (vec!["row".into()], selected.iter().map(|row| vec![row.as_f64().unwrap_or(f64::NAN)]).collect()),
        cost,
        threads,
        files: Vec::new(),
        fields,
    }
}

fn told_facts(fields: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let number = |key: &str| fields.get(key).and_then(Value::as_f64);
    let cell = |key: &str| match fields.get(key) {
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
    rows
}
