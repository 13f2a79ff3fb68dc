//! The report of an answer.

use super::inference::Inference;
use super::stored::Answer;
use crate::cli::cost::Cost;
use crate::cli::report::{Report, fields};
use crate::regression::NoHalfWidths;
use crate::report::{Axis, Marks, Plot, Series, Table};
use serde_json::{Map, Value, json};

/// Condition times `eps` above which hardly four digits of the coefficients are left.
const ILL_CONDITIONED: f64 = 1e-4;

/// What an answer is about.
pub(super) struct Question<'a> {
    pub(super) input: &'a str,
    /// Names of the features and of the targets.
    pub(super) names: Vec<String>,
    pub(super) targets: Vec<String>,
    pub(super) operator: String,
    pub(super) rows: u64,
    pub(super) seed: u64,
    pub(super) precision: &'a str,
    pub(super) failure: f64,
    pub(super) state_bytes: u64,
    /// What is to be said already.
    pub(super) warnings: Vec<String>,
}

impl Question<'_> {
    pub(super) fn report(self, answer: &Answer, cost: Cost, threads: u64) -> Report {
        Report {
            fields: self.fields(answer),
            warnings: self.warnings(answer),
            input: self.input.to_owned(),
            heading: format!("Regression on {}", self.input),
            facts: self.facts(answer),
            details: ("Coefficients", self.coefficients(answer)),
            plot: Some(self.plot(answer)),
            result: (self.names, answer.coefficients.clone()),
            cost,
            threads,
            files: Vec::new(),
        }
    }

    fn fields(&self, answer: &Answer) -> Map<String, Value> {
        let finite = |x: f64| json!(Some(x).filter(|x| x.is_finite()));
        let row = |row: &Vec<f64>| row.iter().map(|&x| finite(x)).collect::<Value>();
        let largest = |row: &Vec<f64>| finite(row.iter().fold(0.0, |max: f64, &x| max.max(x)));
        // One value for a single target, an array for several.
        let each = |mut values: Vec<Value>| {
            if self.targets.len() == 1 { values.pop().unwrap_or(Value::Null) } else { Value::Array(values) }
        };
        let widths = |of: &dyn Fn(&Vec<f64>) -> Value| {
            answer.half_widths.as_ref().map_or(Value::Null, |widths| each(widths.iter().map(of).collect()))
        };
        let backward = answer.backward_errors.as_ref();
        let inference = answer.inference.as_ref();
        let rows_of = |of: fn(&Inference) -> &Vec<Vec<f64>>| {
            inference.map_or(Value::Null, |all| each(of(all).iter().map(row).collect()))
        };
        let numbers_of = |of: fn(&Inference) -> &Vec<f64>| {
            inference.map_or(Value::Null, |all| each(of(all).iter().map(|&x| finite(x)).collect()))
        };
        let told = json!({
            "sketch": answer.sketch_rows.map(|_| &self.operator),
            "names": self.names,
            "targets": self.targets,
            "coefficients": each(answer.coefficients.iter().map(row).collect()),
            "sketch_rows": answer.sketch_rows,
            "residual_norm": each(answer.residual_norms.iter().map(|&x| finite(x)).collect()),
            "residual_is_estimate": answer.residual_is_estimate,
            "standard_errors": rows_of(|all| &all.standard_errors),
            "t_values": rows_of(|all| &all.t_values),
            "r_squared": numbers_of(|all| &all.r_squared),
            "adjusted_r_squared": numbers_of(|all| &all.adjusted_r_squared),
            "residual_df": inference.map(|all| all.residual_df),
            "half_widths": widths(&row),
            "linf_bound": widths(&largest),
            "failure": self.failure,
            "rank": answer.rank,
            "condition": finite(answer.condition),
            "backward_error": backward.map_or(Value::Null, |all| each(all.iter().map(|&x| finite(x)).collect())),
            "path": answer.path,
            "iterations": answer.iterations,
            "state_bytes": self.state_bytes,
        });
        fields("regress", self.rows, self.names.len(), self.seed, self.precision, told)
    }

    fn warnings(&self, answer: &Answer) -> Vec<String> {
        let (mut warnings, features) = (self.warnings.clone(), self.names.len());
        if features == 0 {
            warnings.push("no column is a feature: join the summary with others by `merge --join`".into());
            return warnings;
        }
        match answer.no_half_widths {
            Some(NoHalfWidths::Sparse) => warnings.push(format!(
                "{} gives no half-widths: where rows collide a coefficient may be off by any amount; use srht",
                self.operator
            )),
            Some(reason) => warnings.push(reason.to_string()),
            None => {}
        }
        if answer.rank < features {
            let rank = answer.rank;
            warnings
                .push(format!("the features have rank {rank} of {features}: these are the coefficients of least norm"));
        }
        let eps = if self.precision == "f32" { f64::from(f32::EPSILON) } else { f64::EPSILON };
        if matches!(answer.path, "sketched" | "streaming-qr") && answer.condition * eps > ILL_CONDITIONED {
            let condition = answer.condition;
            warnings.push(format!("condition {condition:.0e}: few digits of the coefficients mean anything"));
        }
        if answer.inference.as_ref().is_some_and(|all| all.is_rounding(eps)) {
            warnings.push(
                "the residual is no larger than rounding: the fit is exact as far as can be told, and its standard errors mean nothing"
                    .into(),
            );
        }
        if answer.residual_norms.iter().any(|x| !x.is_finite()) {
            warnings.push("the sketch has no row to spare for the residual, printed as null: use more rows".into());
        }
        warnings
    }

    fn facts(&self, answer: &Answer) -> Vec<(&'static str, String)> {
        let number = |x: &f64| if x.is_finite() { format!("{x:.6e}") } else { "-".into() };
        let norms = answer.residual_norms.iter().map(number).collect::<Vec<_>>().join(" ");
        let kind = if answer.residual_is_estimate { "residual norm (estimate)" } else { "residual norm" };
        let mut rows = vec![
            ("path", answer.path.to_owned()),
            ("rows x features", format!("{} x {}", self.rows, self.names.len())),
            ("rank", answer.rank.to_string()),
            ("condition", if answer.condition.is_nan() { "-".into() } else { format!("{:.3e}", answer.condition) }),
            (kind, norms),
        ];
        if let Some(all) = &answer.inference {
            let numbers = |xs: &[f64]| {
                let number = |x: &f64| if x.is_finite() { format!("{x:.6}") } else { "-".into() };
                xs.iter().map(number).collect::<Vec<_>>().join(" ")
            };
            rows.push(("degrees of freedom", all.residual_df.to_string()));
            rows.push(("R squared", numbers(&all.r_squared)));
            rows.push(("adjusted R squared", numbers(&all.adjusted_r_squared)));
        }
        if let Some(rows_of_sketch) = answer.sketch_rows {
            rows.push(("sketch", format!("{} of {rows_of_sketch} rows", self.operator)));
        }
        if let Some(errors) = &answer.backward_errors {
            rows.push(("backward error", errors.iter().map(|x| format!("{x:.1e}")).collect::<Vec<_>>().join(" ")));
        }
        if answer.half_widths.is_some() {
            rows.push(("half-widths hold", format!("with probability {}", 1.0 - self.failure)));
        }
        rows
    }

    fn coefficients(&self, answer: &Answer) -> Table {
        let mut header = vec!["coefficient".to_owned()];
        for target in &self.targets {
            header.push(target.clone());
            if answer.half_widths.is_some() {
                header.push("+-".into());
            }
            if answer.inference.is_some() {
                header.extend(["standard error".into(), "t".into()]);
            }
        }
        let line = |(j, name): (usize, &String)| {
            let mut cells = vec![name.clone()];
            for (u, row) in answer.coefficients.iter().enumerate() {
                cells.push(row.get(j).map_or_else(String::new, |x| format!("{x:.6}")));
                if let Some(width) = answer.half_widths.as_ref().and_then(|all| all.get(u)?.get(j)) {
                    cells.push(format!("{width:.6}"));
                }
                if let Some(all) = &answer.inference {
                    let cell = |rows: &[Vec<f64>]| match rows.get(u).and_then(|row| row.get(j)) {
                        Some(x) if x.is_finite() => format!("{x:.6}"),
                        _ => "-".into(),
                    };
                    cells.extend([cell(&all.standard_errors), cell(&all.t_values)]);
                }
            }
            cells
        };
        Table { header, rows: self.names.iter().enumerate().map(line).collect() }
    }

    fn plot(&self, answer: &Answer) -> Plot {
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
}
