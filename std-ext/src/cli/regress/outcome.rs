//! Everything that is told about an answer.

use super::super::Failure;
use super::super::args::OutputArguments;
use super::super::output::{Files, Times, svg, warn};
use super::stored::Answer;
use crate::Error;
use crate::report::{Axis, Marks, Page, Plot, Section, Series, Table};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Condition times `eps` above which hardly four digits of the coefficients are left.
const ILL_CONDITIONED: f64 = 1e-4;

/// An answer, and what it was asked of.
pub(super) struct Outcome<'a> {
    pub(super) input: &'a str,
    /// Names of the features and of the targets.
    pub(super) names: Vec<String>,
    pub(super) targets: Vec<String>,
    pub(super) answer: &'a Answer,
    pub(super) operator: &'a str,
    pub(super) rows: u64,
    pub(super) seed: u64,
    pub(super) precision: &'a str,
    pub(super) failure: f64,
    pub(super) state_bytes: u64,
    pub(super) threads: u64,
    pub(super) times: Times,
    pub(super) warnings: Vec<String>,
}

impl Outcome<'_> {
    /// Writes the files asked for, a saved summary among them, and returns what goes to standard output.
    pub(super) fn emit(mut self, output: &OutputArguments, saved: Option<(&Path, Vec<u8>)>) -> Result<String, Failure> {
        self.collect_warnings();
        let text = if output.json { format!("{}\n", self.json()) } else { self.text() };
        let files =
            Files { columns: &self.names, rows: &self.answer.coefficients, plot: || self.plot(), page: || self.page() };
        files.write(output, saved)?;
        self.warnings.iter().for_each(|warning| warn(warning));
        Ok(text)
    }

    fn collect_warnings(&mut self) {
        let (answer, features) = (self.answer, self.names.len());
        if answer.path == "sketched" && answer.half_widths.is_none() {
            self.warnings.push(match self.operator {
                "countsketch" | "osnap" => format!(
                    "{} gives no half-widths: where rows collide a coefficient may be off by any amount; use srht",
                    self.operator
                ),
                _ => format!("no half-widths: they need {} rows of the sketch or more", features + 4),
            });
        }
        if answer.rank < features {
            self.warnings.push(format!(
                "the features have rank {} of {features}: these are the coefficients of least norm",
                answer.rank
            ));
        }
        let eps = if self.precision == "f32" { f64::from(f32::EPSILON) } else { f64::EPSILON };
        if matches!(answer.path, "sketched" | "streaming-qr") && answer.condition * eps > ILL_CONDITIONED {
            let condition = answer.condition;
            self.warnings.push(format!("condition {condition:.0e}: few digits of the coefficients mean anything"));
        }
        if answer.residual_norms.iter().any(|x| !x.is_finite()) {
            self.warnings
                .push("the sketch has no row to spare for the residual, printed as null: use more rows".into());
        }
    }

    /// One value for a single target, an array for several.
    fn per_target(&self, values: impl IntoIterator<Item = Value>) -> Value {
        let mut values: Vec<Value> = values.into_iter().collect();
        if self.targets.len() == 1 { values.pop().unwrap_or(Value::Null) } else { Value::Array(values) }
    }

    fn json(&self) -> Value {
        let answer = self.answer;
        let finite = |x: f64| json!(Some(x).filter(|x| x.is_finite()));
        let row = |row: &Vec<f64>| row.iter().map(|&x| finite(x)).collect::<Value>();
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.into(), value);
        put("command", json!("regress"));
        put("version", json!(env!("CARGO_PKG_VERSION")));
        put("rows", json!(self.rows));
        put("dim", json!(self.names.len()));
        put("seed", json!(self.seed));
        put("precision", json!(self.precision));
        put("sketch", json!(self.operator));
        put("names", json!(self.names));
        put("targets", json!(self.targets));
        put("coefficients", self.per_target(answer.coefficients.iter().map(row)));
        put("sketch_rows", json!(answer.sketch_rows));
        put("residual_norm", self.per_target(answer.residual_norms.iter().map(|&x| finite(x))));
        put("residual_is_estimate", json!(answer.residual_is_estimate));
        let widths = answer.half_widths.as_ref();
        put("half_widths", widths.map_or(Value::Null, |widths| self.per_target(widths.iter().map(row))));
        let largest = |row: &Vec<f64>| finite(row.iter().fold(0.0, |max: f64, &x| max.max(x)));
        put("linf_bound", widths.map_or(Value::Null, |widths| self.per_target(widths.iter().map(largest))));
        put("failure", json!(self.failure));
        put("rank", json!(answer.rank));
        put("condition", finite(answer.condition));
        let backward = answer.backward_errors.as_ref();
        put("backward_error", backward.map_or(Value::Null, |all| self.per_target(all.iter().map(|&x| finite(x)))));
        put("path", json!(answer.path));
        put("iterations", json!(answer.iterations));
        put("state_bytes", json!(self.state_bytes));
        put("seconds", json!(self.times.seconds));
        put("seconds_total", json!(self.times.seconds_total));
        put("cpu_seconds", json!(self.times.cpu_seconds));
        put("threads", json!(self.threads));
        put("warnings", json!(self.warnings));
        Value::Object(object)
    }

    fn facts(&self) -> Table {
        let answer = self.answer;
        let number = |x: &f64| if x.is_finite() { format!("{x:.6e}") } else { "-".into() };
        let norms = answer.residual_norms.iter().map(number).collect::<Vec<_>>().join(" ");
        let kind = if answer.residual_is_estimate { "residual norm (estimate)" } else { "residual norm" };
        let mut rows = vec![
            ("path", answer.path.to_owned()),
            ("rows x features", format!("{} x {}", self.rows, self.names.len())),
            ("rank", answer.rank.to_string()),
            ("condition", format!("{:.3e}", answer.condition)),
            (kind, norms),
        ];
        if let Some(rows_of_sketch) = answer.sketch_rows {
            rows.push(("sketch", format!("{} of {rows_of_sketch} rows", self.operator)));
        }
        if let Some(errors) = &answer.backward_errors {
            rows.push(("backward error", errors.iter().map(|x| format!("{x:.1e}")).collect::<Vec<_>>().join(" ")));
        }
        if answer.half_widths.is_some() {
            rows.push(("half-widths hold", format!("with probability {}", 1.0 - self.failure)));
        }
        Table {
            header: vec!["regress".into(), self.input.to_owned()],
            rows: rows.into_iter().map(|(name, value)| vec![name.into(), value]).collect(),
        }
    }

    fn coefficients(&self) -> Table {
        let answer = self.answer;
        let mut header = vec!["coefficient".to_owned()];
        for target in &self.targets {
            header.push(target.clone());
            if answer.half_widths.is_some() {
                header.push("+-".into());
            }
        }
        let line = |(j, name): (usize, &String)| {
            let mut cells = vec![name.clone()];
            for (u, row) in answer.coefficients.iter().enumerate() {
                cells.push(row.get(j).map_or_else(String::new, |x| format!("{x:.6}")));
                if let Some(width) = answer.half_widths.as_ref().and_then(|all| all.get(u)?.get(j)) {
                    cells.push(format!("{width:.6}"));
                }
            }
            cells
        };
        Table { header, rows: self.names.iter().enumerate().map(line).collect() }
    }

    fn text(&self) -> String {
        format!("{}\n{}", self.facts().to_text(), self.coefficients().to_text())
    }

    fn plot(&self) -> Plot {
        let answer = self.answer;
        // Targets beside each other, a little apart.
        let shift = |u: usize| (u as f64 - (self.targets.len() - 1) as f64 / 2.0) * 0.15;
        let series = self.targets.iter().zip(&answer.coefficients).enumerate().map(|(u, (name, row))| Series {
            name: name.clone(),
            points: (0u32..).zip(row).map(|(j, &x)| (f64::from(j) + shift(u), x)).collect(),
            marks: match answer.half_widths.as_ref().and_then(|all| all.get(u)) {
                Some(widths) => Marks::Intervals(widths.clone()),
                None => Marks::Points,
            },
        });
        Plot {
            title: format!("Coefficients, {}", self.input),
            x: Axis::linear("feature"),
            y: Axis::linear("coefficient"),
            series: series.collect(),
        }
    }

    fn page(&self) -> Result<Page, Error> {
        let section = Section {
            heading: format!("Regression on {}", self.input),
            text: self.warnings.clone(),
            figures: vec![svg(&self.plot())?],
            table: Some(self.facts()),
        };
        let table = Section { heading: "Coefficients".into(), table: Some(self.coefficients()), ..Section::default() };
        Ok(Page { title: "sketchlet regress".into(), sections: vec![section, table] })
    }
}
