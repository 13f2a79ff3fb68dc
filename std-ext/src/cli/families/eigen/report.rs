//! The report of an answer.

use super::about::About;
use super::answer::Answer;
use super::summary::Summary;
use crate::Real;
use crate::cli::cost::Cost;
use crate::cli::report::{Report, fields};
use crate::eigen::Status;
use crate::report::{Axis, Plot, Series, Table};
use serde_json::{Value, json};

/// The report of an answer; `buffer_bytes` were held beside the summary.
pub(super) fn report<T: Real>(
    about: &About,
    answer: &Answer,
    summary: &dyn Summary<T>,
    buffer_bytes: u64,
    cost: Cost,
    threads: u64,
) -> Report {
    let (rows, dim) = (summary.rows_seen(), summary.dim());
    let state_bytes = summary.state_bytes() as u64 + buffer_bytes;
    let finite = |x: Option<f64>| x.filter(|x| x.is_finite());
    let bounds =
        |end: fn((f64, f64)) -> f64| answer.bounds.iter().map(|&both| finite(both.map(end))).collect::<Vec<_>>();
    let order = answer.order.map(|order| json!({"drift": order.drift, "runs": order.runs, "level": order.level}));
    let told = json!({
        "method": about.method,
        "columns": about.columns,
        "vectors": answer.vectors,
        "values": answer.values.iter().map(|&x| finite(Some(x))).collect::<Vec<_>>(),
        "value_lower": bounds(|both| both.0),
        "value_upper": bounds(|both| both.1),
        "error_bound": finite(answer.error_bound),
        "confidence": {
            "status": answer.status.name(),
            "gap_estimate": finite(answer.gap_estimate),
            "error_estimate": finite(answer.error_estimate),
        },
        "order": order.unwrap_or(Value::Null),
        "heavy_rows": summary.kept_heavy_rows(),
        "width": summary.block_width(),
        "center": about.center,
        "state_bytes": state_bytes,
    });
    let number = |x: Option<f64>| finite(x).map_or_else(|| "-".into(), |x| format!("{x:.3e}"));
    let facts = vec![
        ("method", about.method.clone()),
        ("rows x columns", format!("{rows} x {dim}")),
        ("state bytes", state_bytes.to_string()),
        ("status", answer.status.to_string()),
        ("error bound", number(answer.error_bound)),
        ("error estimate", number(answer.error_estimate)),
        ("gap estimate", number(answer.gap_estimate)),
        ("heavy rows", summary.kept_heavy_rows().to_string()),
    ];
    let title = format!("Top eigenvectors of {}", about.input);
    Report {
        fields: fields("eigen", rows, dim, about.seed, T::TYPE.name(), told),
        warnings: warnings(about, answer),
        input: about.input.clone(),
        heading: title.clone(),
        facts,
        details: ("Vectors", vectors(answer, &about.columns)),
        plot: Some(plot(answer, title)),
        result: (about.columns.clone(), answer.vectors.clone()),
        cost,
        threads,
        files: Vec::new(),
    }
}

fn warnings(about: &About, answer: &Answer) -> Vec<String> {
    let mut warnings = about.warnings.clone();
    if answer.status != Status::Ok {
        warnings.push(answer.status.advice().into());
    }
    if answer.gap_estimate.is_some_and(f64::is_infinite) {
        warnings.push("the rows have no further direction: gap_estimate is infinite, printed as null".into());
    }
    if answer.values.iter().any(|x| !x.is_finite()) {
        warnings.push("a value is beyond the range of f64, printed as null: rescale the data".into());
    }
    warnings
}

fn vectors(answer: &Answer, columns: &[String]) -> Table {
    let line = |name: &str, cells: Vec<String>| std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>();
    let values = answer.values.iter().map(|x| format!("{x:.6e}")).collect();
    let mut rows = vec![line("value", values)];
    for (j, name) in columns.iter().enumerate() {
        let entries = answer.vectors.iter().filter_map(|v| v.get(j));
        rows.push(line(name, entries.map(|x| format!("{x:.6}")).collect()));
    }
    Table { header: line("column", (1..=answer.vectors.len()).map(|i| format!("v{i}")).collect()), rows }
}

fn plot(answer: &Answer, title: String) -> Plot {
    let points = |v: &Vec<f64>| (0u32..).zip(v).map(|(j, &x)| (f64::from(j), x)).collect();
    let series = (1..).zip(&answer.vectors).map(|(i, v)| Series::line(format!("v{i}"), points(v)));
    Plot { title, x: Axis::linear("column"), y: Axis::linear("entry"), series: series.collect() }
}
