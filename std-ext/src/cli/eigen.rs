//! `sketchlet eigen`: reads rows, fills a summary, answers.

use super::Failure;
use super::args::{EigenArguments, Method, OutputArguments, Precision};
use super::input::open;
use super::output::{Files, Times, available_threads, check_outputs, svg, warn};
use super::summary::{self, Answer, Summary};
use crate::eigen::Status;
use crate::report::{Axis, Page, Plot, Section, Series, Table};
use crate::sketch_file::SketchFile;
use crate::stream::ShuffleBuffer;
use crate::{Error, MatRef, Real, RowSummary};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Instant;

pub(super) fn run(arguments: &EigenArguments) -> Result<String, Failure> {
    match arguments.input.precision {
        Precision::F64 => run_in::<f64>(arguments),
        Precision::F32 => run_in::<f32>(arguments),
    }
}

/// What a `.sketch` file says beside its summary, and an answer repeats.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) columns: Vec<String>,
    pub(super) method: String,
    pub(super) seed: u64,
    pub(super) center: bool,
    pub(super) input: String,
    /// What the saving command had to say about its input and flags.
    pub(super) warnings: Vec<String>,
    /// By how much two replicas disagreed, where they were asked for.
    pub(super) disagreement: Option<f64>,
}

impl About {
    pub(super) fn to_header(&self, params: &Value) -> Value {
        json!({
            "command": "eigen",
            "version": env!("CARGO_PKG_VERSION"),
            "columns": self.columns,
            "method": self.method,
            "seed": self.seed,
            "center": self.center,
            "input": self.input,
            "warnings": self.warnings,
            "disagreement": self.disagreement,
            "params": params,
        })
    }

    /// Adds to an answer what no summary knows alone: the figure that its replica gave.
    pub(super) fn complete(&self, answer: &mut Answer) {
        let Some(error) = self.disagreement else { return };
        answer.error_estimate = Some(error);
        if error >= 0.25 && answer.status == Status::Ok {
            answer.status = Status::LowGap;
        }
    }

    pub(super) fn from_header(header: &Value) -> Option<Self> {
        let text = |key| header.get(key).and_then(Value::as_str).map(str::to_owned);
        if text("command")? != "eigen" {
            return None;
        }
        let texts = |key| -> Option<Vec<String>> {
            header.get(key)?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        };
        Some(Self {
            columns: texts("columns")?,
            warnings: texts("warnings")?,
            disagreement: header.get("disagreement").and_then(Value::as_f64),
            method: text("method")?,
            seed: header.get("seed")?.as_u64()?,
            center: header.get("center")?.as_bool()?,
            input: text("input")?,
        })
    }
}

/// A summary with or without a shuffle buffer before it.
enum Fed<T: Real> {
    Directly(Box<dyn Summary<T>>),
    Shuffled(ShuffleBuffer<Box<dyn Summary<T>>, Vec<T>>),
}

impl<T: Real> Fed<T> {
    fn feed(&mut self, rows: MatRef<'_, T>, fast: bool) -> Result<(), Error> {
        match self {
            Self::Directly(summary) => {
                if fast && feed_fast(summary.as_mut(), rows)? {
                    return Ok(());
                }
                Ok(summary.update_batch(rows)?)
            }
            Self::Shuffled(summary) => Ok(summary.update_batch(rows)?),
        }
    }
}

/// Feeds the rows as one matrix product, where that is allowed and understood.
#[cfg(feature = "faer")]
fn feed_fast<T: Real>(summary: &mut dyn Summary<T>, rows: MatRef<'_, T>) -> Result<bool, Error> {
    let wide: Vec<f64> = rows.as_slice().iter().map(|x| x.as_f64()).collect();
    let gram = crate::wide::gram(MatRef::new(&wide, rows.rows(), rows.cols())?);
    let gram: Vec<T> = gram.into_iter().map(T::constant).collect();
    // A refusal (numbers too large for their squares) leaves the summary as it was: row by row then.
    Ok(summary.take_covariance(&gram, rows.rows() as u64).unwrap_or(false))
}

#[cfg(not(feature = "faer"))]
#[allow(clippy::unnecessary_wraps, reason = "as with the feature")]
fn feed_fast<T: Real>(_: &mut dyn Summary<T>, _: MatRef<'_, T>) -> Result<bool, Error> {
    Ok(false)
}

fn run_in<T: Real>(arguments: &EigenArguments) -> Result<String, Failure> {
    let start = Instant::now();
    check_outputs(&arguments.output, arguments.save.as_deref())?;
    let mut reader = open::<T>(&arguments.input)?;
    let columns = reader.columns().to_vec();
    let dim = columns.len();
    let method = summary::resolve::<T>(arguments, dim);
    let seed = arguments.input.seed;
    let fast = arguments.fast && method == Method::Exact && !arguments.center && arguments.shuffle_buffer.is_none();
    let mut runs = Vec::new();
    for replica in 0..u64::from(arguments.replicas) {
        let summary = summary::build::<T>(arguments, method, dim, seed.wrapping_add(replica))?;
        runs.push(match arguments.shuffle_buffer {
            None => Fed::Directly(summary),
            Some(rows) => {
                let rows = usize::try_from(rows).unwrap_or(usize::MAX);
                Fed::Shuffled(ShuffleBuffer::new(summary, seed, rows).map_err(summary::allocated::<T>)?)
            }
        });
    }
    let mut times = Times::default();
    while let Some(rows) = reader.next_batch()? {
        let rows = rows.known_finite();
        times.count(|| runs.iter_mut().try_for_each(|run| run.feed(rows, fast)))?;
    }
    let mut warnings = reader.warnings().to_vec();
    let name = reader.name().to_owned();
    let mut buffer_bytes = 0;
    let mut summaries = Vec::new();
    for run in runs {
        summaries.push(match run {
            Fed::Directly(summary) => summary,
            Fed::Shuffled(mut shuffled) => {
                buffer_bytes = arguments.shuffle_buffer.unwrap_or(0).saturating_mul((dim * T::BYTES) as u64);
                times.count(|| shuffled.drain())?;
                shuffled.into_inner()
            }
        });
    }
    let place = |error: Error| error.in_file(&name);
    let mut answers = Vec::new();
    for summary in &mut summaries {
        answers.push(times.count(|| summary.answer()).map_err(place)?);
    }
    let mut answers = answers.into_iter();
    let Some(mut answer) = answers.next() else { return Err(Failure::Usage("--replicas: give 1 or 2".into())) };
    let mut replicas_disagree = None;
    if let Some(other) = answers.next() {
        if method.certifies_nothing() {
            replicas_disagree = Some(disagreement(&answer.vectors, &other.vectors));
        } else {
            warnings.push(format!("--replicas says nothing about {}, which has figures of its own", method.name()));
        }
    } else if method.certifies_nothing() {
        warnings
            .push(format!("{} carries no figure for its error: use --replicas 2, or another method", method.name()));
    }
    warnings.extend(unused_flags(arguments, method));
    let about = About {
        columns,
        method: method.name().into(),
        seed,
        center: arguments.center,
        input: name,
        warnings: warnings.clone(),
        disagreement: replicas_disagree,
    };
    about.complete(&mut answer);
    let mut summaries = summaries.into_iter();
    let Some(summary) = summaries.next() else { return Err(Failure::Usage("--replicas: give 1 or 2".into())) };
    times.seconds_total = start.elapsed().as_secs_f64();
    let state_bytes = summary.state_bytes() as u64 + buffer_bytes;
    let threads = arguments.input.threads.map_or_else(available_threads, u64::from);
    let result =
        Outcome { about: &about, answer: &answer, summary: summary.as_ref(), state_bytes, threads, times, warnings };
    let saved = arguments.save.as_deref().map(|path| {
        let params = json!({
            "rank": arguments.rank,
            "width": summary.block_width(),
            "heavy_capacity": arguments.heavy_capacity,
            "sketch_rows": arguments.sketch_rows,
            "block_len": arguments.block_len,
            "rate": arguments.rate,
            "amnesic": arguments.amnesic,
            "center": arguments.center,
            "seed": seed,
        });
        let file = SketchFile { header: about.to_header(&params), summaries: vec![summary.to_wire()] };
        (path, file.to_bytes())
    });
    result.emit(&arguments.output, saved)
}

/// Flags that the method does not look at.
fn unused_flags(arguments: &EigenArguments, method: Method) -> Vec<String> {
    use Method::{BlockPower, Ccipca, Exact, FrequentDirections, History, Incremental, Nystrom, Oja, RandomOrder};
    let used: [(&str, bool, &[Method]); 7] = [
        ("--width", arguments.width.is_some(), &[RandomOrder, BlockPower]),
        ("--block-len", arguments.block_len.is_some(), &[RandomOrder, BlockPower, History]),
        ("--heavy-capacity", arguments.heavy_capacity.is_some(), &[RandomOrder, BlockPower]),
        ("--sketch-rows", arguments.sketch_rows.is_some(), &[FrequentDirections, Incremental, Nystrom]),
        ("--rate", arguments.rate.is_some(), &[Oja]),
        ("--amnesic", arguments.amnesic.is_some(), &[Ccipca]),
        ("--fast", arguments.fast, if cfg!(feature = "faer") { &[Exact] } else { &[] }),
    ];
    let unused = used.into_iter().filter(|(_, given, methods)| *given && !methods.contains(&method));
    unused.map(|(flag, ..)| format!("{flag} does not apply to {} and was not used", method.name())).collect()
}

/// `1 - |V'W|_F^2 / K` of two sets of orthonormal vectors.
fn disagreement(first: &[Vec<f64>], second: &[Vec<f64>]) -> f64 {
    let common: f64 = first
        .iter()
        .flat_map(|v| second.iter().map(move |w| crate::linalg::vector::dot(v, w)))
        .map(|cosine| cosine * cosine)
        .sum();
    (1.0 - common / first.len() as f64).clamp(0.0, 1.0)
}

/// Everything that is told about an answer.
pub(super) struct Outcome<'a, T: Real> {
    pub(super) about: &'a About,
    pub(super) answer: &'a Answer,
    pub(super) summary: &'a dyn Summary<T>,
    pub(super) state_bytes: u64,
    pub(super) threads: u64,
    pub(super) times: Times,
    pub(super) warnings: Vec<String>,
}

impl<T: Real> Outcome<'_, T> {
    /// Writes the files asked for, a saved summary among them, and returns what goes to standard output.
    pub(super) fn emit(mut self, output: &OutputArguments, saved: Option<(&Path, Vec<u8>)>) -> Result<String, Failure> {
        self.collect_warnings();
        let text = if output.json { format!("{}\n", self.json()) } else { self.text() };
        let files = Files {
            columns: &self.about.columns,
            rows: &self.answer.vectors,
            plot: || self.plot(),
            page: || self.page(),
        };
        files.write(output, saved)?;
        self.warnings.iter().for_each(|warning| warn(warning));
        Ok(text)
    }

    fn collect_warnings(&mut self) {
        let answer = self.answer;
        if answer.status != Status::Ok {
            self.warnings.push(answer.status.advice().into());
        }
        if answer.gap_estimate.is_some_and(f64::is_infinite) {
            self.warnings.push("the rows have no further direction: gap_estimate is infinite, printed as null".into());
        }
        if answer.values.iter().any(|x| !x.is_finite()) {
            self.warnings.push("a value is beyond the range of f64, printed as null: rescale the data".into());
        }
    }

    fn json(&self) -> Value {
        let answer = self.answer;
        let finite = |x: Option<f64>| x.filter(|x| x.is_finite());
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.into(), value);
        put("command", json!("eigen"));
        put("version", json!(env!("CARGO_PKG_VERSION")));
        put("rows", json!(self.summary.rows_seen()));
        put("dim", json!(self.summary.dim()));
        put("seed", json!(self.about.seed));
        put("precision", json!(T::TYPE.name()));
        put("method", json!(self.about.method));
        put("columns", json!(self.about.columns));
        put("vectors", json!(answer.vectors));
        put("values", answer.values.iter().map(|&x| json!(finite(Some(x)))).collect());
        put("value_lower", answer.bounds.iter().map(|b| json!(finite(b.map(|b| b.0)))).collect());
        put("value_upper", answer.bounds.iter().map(|b| json!(finite(b.map(|b| b.1)))).collect());
        put("error_bound", json!(finite(answer.error_bound)));
        put(
            "confidence",
            json!({
                "status": answer.status.name(),
                "gap_estimate": finite(answer.gap_estimate),
                "error_estimate": finite(answer.error_estimate),
            }),
        );
        put(
            "order",
            answer
                .order
                .map_or(Value::Null, |order| json!({"drift": order.drift, "runs": order.runs, "level": order.level})),
        );
        put("heavy_rows", json!(self.summary.kept_heavy_rows()));
        put("width", json!(self.summary.block_width()));
        put("center", json!(self.about.center));
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
        let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or_else(|| "-".into(), |x| format!("{x:.3e}"));
        let rows = [
            ("method", self.about.method.clone()),
            ("rows x columns", format!("{} x {}", self.summary.rows_seen(), self.summary.dim())),
            ("state bytes", self.state_bytes.to_string()),
            ("status", answer.status.to_string()),
            ("error bound", number(answer.error_bound)),
            ("error estimate", number(answer.error_estimate)),
            ("gap estimate", number(answer.gap_estimate)),
            ("heavy rows", self.summary.kept_heavy_rows().to_string()),
        ];
        Table {
            header: vec!["eigen".into(), self.about.input.clone()],
            rows: rows.into_iter().map(|(name, value)| vec![name.into(), value]).collect(),
        }
    }

    fn vectors(&self) -> Table {
        let answer = self.answer;
        let header = (1..=answer.vectors.len()).map(|i| format!("v{i}"));
        let mut rows = vec![
            std::iter::once("value".to_owned())
                .chain(answer.values.iter().map(|x| format!("{x:.6e}")))
                .collect::<Vec<_>>(),
        ];
        for (j, name) in self.about.columns.iter().enumerate() {
            let cells = answer.vectors.iter().filter_map(|v| v.get(j)).map(|x| format!("{x:.6}"));
            rows.push(std::iter::once(name.clone()).chain(cells).collect());
        }
        Table { header: std::iter::once("column".to_owned()).chain(header).collect(), rows }
    }

    fn text(&self) -> String {
        format!("{}\n{}", self.facts().to_text(), self.vectors().to_text())
    }

    fn plot(&self) -> Plot {
        let points = |v: &Vec<f64>| (0u32..).zip(v).map(|(j, &x)| (f64::from(j), x)).collect();
        let series = (1..).zip(&self.answer.vectors).map(|(i, v)| Series::line(format!("v{i}"), points(v)));
        Plot {
            title: format!("Top eigenvectors of {}", self.about.input),
            x: Axis::linear("column"),
            y: Axis::linear("entry"),
            series: series.collect(),
        }
    }

    fn page(&self) -> Result<Page, Error> {
        let section = Section {
            heading: format!("Top eigenvectors of {}", self.about.input),
            text: self.warnings.clone(),
            figures: vec![svg(&self.plot())?],
            table: Some(self.facts()),
        };
        let vectors = Section { heading: "Vectors".into(), table: Some(self.vectors()), ..Section::default() };
        Ok(Page { title: "sketchlet eigen".into(), sections: vec![section, vectors] })
    }
}
