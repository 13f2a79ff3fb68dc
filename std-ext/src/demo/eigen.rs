//! The eigen section of the demo: the first principal direction by every method, at several sizes.

use super::data::{DIGITS, GAIT, SHUTTLE, rows};
use crate::report::{Axis, Plot, PlotError, Section, Series, Table};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet_core::eigen::{
    AdaptiveOja, AdaptiveOjaParams, BlockPower, BlockPowerParams, CandidIncremental, CandidIncrementalParams,
    Confidence, ExactEigen, ExactEigenParams, FrequentDirections, FrequentDirectionsParams, HistoryPca,
    HistoryPcaParams, NystromSketch, NystromSketchParams, Oja, OjaParams, RandomOrderEigen, RandomOrderEigenParams,
    Shrink, TopEigen,
};
use sketchlet_core::linalg::vector;
use sketchlet_core::random::drawn;

type Method = Box<dyn TopEigen<Scalar = f64>>;

/// A method at one size.
struct Entry {
    name: &'static str,
    size: String,
    bytes: usize,
    method: Method,
}

/// How a method did on one data set.
struct Outcome {
    name: &'static str,
    size: String,
    bytes: usize,
    error: f64,
    confidence: Confidence<f64>,
}

pub(super) fn sections(seed: u64) -> Result<Vec<Section>, PlotError> {
    let data = [
        (
            "Direction of a walk: three accelerometers",
            GAIT,
            "Nine channels of body-worn accelerometers at 64 Hz, 7,040 rows, in random order (the median of five orders is shown here and below). With nine columns the exact \
             covariance is the smallest summary there is, and the best: 45 numbers. The sketches are shown to compare.",
        ),
        (
            "One row outweighs the rest: a radiator in space",
            SHUTTLE,
            "49,097 readings of nine sensors of the Space Shuttle. A single row carries a good part of all energy; methods \
             that average rows are thrown off by it, those that keep heavy rows, or shrink, are not.",
        ),
        (
            "Handwritten digits: 64 pixels",
            DIGITS,
            "1,797 images of 8 x 8 pixels. At 64 columns the exact covariance needs 2,080 numbers; the random-order method \
             and Frequent Directions get by with a fraction.",
        ),
    ];
    data.into_iter().map(|(heading, text, words)| section(heading, &rows(text), words, seed)).collect()
}

/// Random orders of the rows; the one of median error is shown for each method.
const ORDERS: usize = 5;

fn section(heading: &str, rows: &[Vec<f64>], words: &str, seed: u64) -> Result<Section, PlotError> {
    let dim = rows.first().map_or(0, Vec::len);
    let truth = exact(dim, rows);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut shuffled: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    let mut runs: Vec<Vec<Outcome>> = methods(dim, seed).iter().map(|_| Vec::new()).collect();
    for _ in 0..ORDERS {
        drawn::shuffle(&mut shuffled, &mut rng);
        for (entry, runs) in methods(dim, seed).into_iter().zip(&mut runs) {
            runs.extend(run(entry, &shuffled, &truth));
        }
    }
    let median = |mut runs: Vec<Outcome>| {
        runs.sort_by(|x, y| x.error.total_cmp(&y.error));
        (!runs.is_empty()).then(|| runs.swap_remove(runs.len() / 2))
    };
    let outcomes: Vec<Outcome> = runs.into_iter().filter_map(median).collect();
    let plot = Plot {
        title: format!("Error against memory, {} rows x {dim}", rows.len()),
        x: Axis::logarithmic("bytes held (f64)"),
        y: Axis::logarithmic("error: sin^2 of the angle to the exact vector"),
        series: series(&outcomes),
    };
    Ok(Section {
        heading: heading.into(),
        text: vec![words.into()],
        figures: vec![plot.svg(860, 520)?],
        table: Some(table(&outcomes)),
        ..Section::default()
    })
}

fn exact(dim: usize, rows: &[Vec<f64>]) -> Vec<f64> {
    let params = ExactEigenParams::new(dim);
    let (mut scratch, mut answer) = (vec![0.0; dim * dim], vec![0.0; params.answer_len()]);
    let mut solve = || {
        let mut summary = ExactEigen::new(params)?;
        rows.iter().try_for_each(|row| sketchlet_core::RowSummary::update(&mut summary, row))?;
        Ok::<_, sketchlet_core::Error>(summary.estimate_dense(&mut scratch, &mut answer)?.vector(0).to_vec())
    };
    // The data are compiled in and tested: there is always an answer.
    solve().unwrap_or_default()
}

/// Every method at its sizes; a size that does not fit the dimension is left out.
fn methods(dim: usize, seed: u64) -> Vec<Entry> {
    let mut entries = Vec::new();
    macro_rules! add {
        ($name:literal, $size:expr, $type:ident, $params:expr) => {{
            let params = $params;
            if let Ok(summary) = $type::new(params) {
                let bytes = params.storage_len() * size_of::<f64>() + size_of_val(&summary);
                entries.push(Entry { name: $name, size: $size, bytes, method: Box::new(summary) });
            }
        }};
    }
    for (width, heavy) in [(1, 4), (2, 4), (3, 8), (3, 16), (6, 16), (8, 16)] {
        let params = RandomOrderEigenParams::new(dim).width(width).heavy_capacity(heavy).seed(seed);
        add!("random-order", format!("width {width}, heavy {heavy}"), RandomOrderEigen, params);
    }
    for l in [2, 4, 8, 12] {
        let params = FrequentDirectionsParams::new(dim).sketch_rows(l);
        add!("frequent-directions", format!("l = {l}"), FrequentDirections, params);
        add!("incremental", format!("l = {l}"), FrequentDirections, params.shrink(Shrink::None));
    }
    for r in [4, 8, 16] {
        add!("nystrom", format!("r = {r}"), NystromSketch, NystromSketchParams::new(dim).sketch_rows(r).seed(seed));
    }
    for heavy in [0, 8, 16] {
        let params = BlockPowerParams::new(dim).heavy_capacity(heavy).seed(seed);
        add!("block-power", format!("heavy {heavy}"), BlockPower, params);
    }
    add!("ccipca", String::new(), CandidIncremental, CandidIncrementalParams::new(dim));
    add!("history", String::new(), HistoryPca, HistoryPcaParams::new(dim).seed(seed));
    add!("oja", "decay".into(), Oja, OjaParams::new(dim).seed(seed));
    add!("adaptive-oja", String::new(), AdaptiveOja, AdaptiveOjaParams::new(dim).seed(seed));
    add!("exact", String::new(), ExactEigen, ExactEigenParams::new(dim));
    entries
}

fn run(entry: Entry, rows: &[&[f64]], truth: &[f64]) -> Option<Outcome> {
    let Entry { name, size, bytes, mut method } = entry;
    for row in rows {
        method.update(row).ok()?;
    }
    let mut answer = vec![0.0; method.answer_len()];
    let top = method.estimate(&mut answer).ok()?;
    // As a residual, not as 1 - cos^2: that would drown in rounding below 1e-16.
    let mut rest = top.vector(0).to_vec();
    let cosine = vector::dot(&rest, truth);
    vector::add_scaled(&mut rest, -cosine, truth);
    Some(Outcome { name, size, bytes, error: vector::sum_of_squares(&rest), confidence: top.confidence })
}

fn series(outcomes: &[Outcome]) -> Vec<Series> {
    let mut series: Vec<Series> = Vec::new();
    for outcome in outcomes {
        // Below this an error is rounding; the axis need not follow.
        let point = (outcome.bytes as f64, outcome.error.max(1e-18));
        match series.iter_mut().find(|known| known.name == outcome.name) {
            Some(known) => known.points.push(point),
            None => series.push(Series::line(outcome.name, vec![point])),
        }
    }
    series
}

fn table(outcomes: &[Outcome]) -> Table {
    let number = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or_else(|| "-".into(), |x| format!("{x:.1e}"));
    let header = ["method", "size", "bytes", "error", "estimate", "bound", "status"].map(String::from).to_vec();
    let row = |outcome: &Outcome| {
        vec![
            outcome.name.into(),
            outcome.size.clone(),
            outcome.bytes.to_string(),
            format!("{:.1e}", outcome.error),
            number(outcome.confidence.error_estimate),
            number(outcome.confidence.error_bound),
            outcome.confidence.status.to_string(),
        ]
    };
    Table { header, rows: outcomes.iter().map(row).collect() }
}
