//! The regression section of the demo: coefficients with half-widths beside the exact ones, and a regression across three
//! sensors whose rows are never in one place.

use super::data::{GAIT, RANDHIE, rows};
use crate::report::{Axis, Marks, Plot, PlotError, Section, Series, Table};
use sketchlet_core::regression::{
    Query, SketchedLeastSquares, SketchedLeastSquaresParams, StreamingQr, StreamingQrParams,
};
use sketchlet_core::sketch::Srht;
use sketchlet_core::{Error, RowSummary, Wire};

type Sketched = SketchedLeastSquares<f64, Srht, Vec<f64>, Vec<u32>>;

/// Rows of the sketch a coefficient, of the stream and of the fleet.
const ROWS: usize = 16;
const FLEET_ROWS: usize = 32;

pub(super) fn sections(seed: u64) -> Result<Vec<Section>, PlotError> {
    // The data are compiled in and tested: there is always an answer.
    Ok(vec![visits(seed).unwrap_or_default().section()?, fleet(seed).unwrap_or_default().section()?])
}

/// Coefficients found and true.
#[derive(Default)]
struct Comparison {
    heading: &'static str,
    text: String,
    names: Vec<String>,
    sketched: Vec<f64>,
    half_widths: Vec<f64>,
    exact: Vec<f64>,
}

impl Comparison {
    fn section(&self) -> Result<Section, PlotError> {
        let points = |shift: f64, xs: &[f64]| (0u32..).zip(xs).map(|(j, &x)| (f64::from(j) + shift, x)).collect();
        let plot = Plot {
            title: "Coefficients from the sketch, with half-widths at 95 %, and exact".into(),
            x: Axis::linear("feature, in the order of the table"),
            y: Axis::linear("coefficient"),
            series: vec![
                Series {
                    name: "from the sketch".into(),
                    points: points(-0.08, &self.sketched),
                    marks: Marks::Intervals(self.half_widths.clone()),
                },
                Series { name: "exact".into(), points: points(0.08, &self.exact), marks: Marks::Points },
            ],
        };
        let row = |(j, name): (usize, &String)| {
            let (x, width, exact) = (self.sketched[j], self.half_widths[j], self.exact[j]);
            let holds = if (x - exact).abs() <= width { "yes" } else { "no" };
            vec![name.clone(), format!("{x:.4}"), format!("{width:.4}"), format!("{exact:.4}"), holds.into()]
        };
        Ok(Section {
            heading: self.heading.into(),
            text: vec![self.text.clone()],
            figures: vec![plot.svg(860, 480)?],
            table: Some(Table {
                header: ["feature", "sketched", "+-", "exact", "holds"].map(String::from).to_vec(),
                rows: self.names.iter().enumerate().map(row).collect(),
            }),
            ..Section::default()
        })
    }

    /// Solves for one column by all others, from the sketch and exactly.
    fn new(summary: &mut Sketched, rows: &[Vec<f64>], names: &[String], target: usize) -> Result<Self, Error> {
        let features: Vec<usize> = (0..names.len()).filter(|&j| j != target).collect();
        let targets = [target];
        let query = Query::new(&features, &targets);
        let (mut scratch, mut answer) = (vec![0.0; query.scratch_len()], vec![0.0; query.answer_len()]);
        summary.close_block();
        let fit = summary.solve_in(&query, &mut scratch, &mut answer)?;
        let (sketched, half_widths) = (fit.coefficients.to_vec(), fit.half_widths.unwrap_or_default().to_vec());
        let mut whole = StreamingQr::new(StreamingQrParams::new(names.len()))?;
        rows.iter().try_for_each(|row| whole.update(row))?;
        let exact = whole.solve_in(&query, &mut scratch, &mut answer)?.coefficients.to_vec();
        let names = features.iter().map(|&j| names[j].clone()).collect();
        Ok(Self { names, sketched, half_widths, exact, ..Self::default() })
    }
}

fn header(text: &str) -> Vec<String> {
    text.lines().next().unwrap_or_default().split(',').map(str::to_owned).collect()
}

/// Visits to the doctor from nine features and a constant.
fn visits(seed: u64) -> Result<Comparison, Error> {
    let rows: Vec<Vec<f64>> = RANDHIE
        .lines()
        .skip(1)
        .map(|line| std::iter::once(1.0).chain(line.split(',').filter_map(|cell| cell.parse().ok())).collect())
        .collect();
    let names: Vec<String> = std::iter::once("constant".to_owned()).chain(header(RANDHIE)).collect();
    let params = SketchedLeastSquaresParams::new(names.len(), ROWS * (names.len() - 1)).seed(seed).block_len(256);
    let mut summary = Sketched::new(params, Srht)?;
    rows.iter().try_for_each(|row| summary.update(row))?;
    let bytes = 8 * params.storage_len();
    Ok(Comparison {
        heading: "How many visits to the doctor? Least squares from a sketch",
        text: format!(
            "20,190 people of the RAND Health Insurance Experiment, sketched in one pass to {} rows, {bytes} bytes. Each \
             coefficient comes with a half-width within which the exact one lies, all ten together with probability 95 %, \
             whatever the data. For one stream like this the exact streaming QR is smaller and needs no half-widths; the sketch \
             is for what only it can do, as below.",
            params.shape().rows
        ),
        ..Comparison::new(&mut summary, &rows, &names, 1)?
    })
}

/// Three sensors that sketch their own channels, and a host that joins the sketches.
fn fleet(seed: u64) -> Result<Comparison, Error> {
    let (rows, names) = (rows(GAIT), header(GAIT));
    let names = &names[..9];
    let params = SketchedLeastSquaresParams::new(3, FLEET_ROWS * 8).seed(seed).block_len(64);
    let mut sent = Vec::new();
    for sensor in 0..3 {
        let mut summary = Sketched::new(params, Srht)?;
        rows.iter().try_for_each(|row| summary.update(&row[3 * sensor..3 * sensor + 3]))?;
        summary.close_block();
        sent.push(summary.encode());
    }
    let bytes = sent.iter().map(Vec::len).max().unwrap_or(0);
    let received = sent.iter().map(|bytes| Sketched::decode(bytes)).collect::<Result<Vec<_>, _>>()?;
    let [ankle, leg, trunk] = &received[..] else { return Err(Error::Corrupt) };
    let mut joined = Sketched::join(&Sketched::join(ankle, leg)?, trunk)?;
    Ok(Comparison {
        heading: "Three sensors that never meet: the trunk from ankle and leg",
        text: format!(
            "Ankle, leg and trunk each sketch their own three channels of 7,040 samples and send {bytes} bytes. The host puts \
             the columns side by side, which gives the same bits as if one device had seen all nine, and predicts the \
             vertical acceleration of the trunk from the eight other channels. No other summary can do this: a QR or a Gram \
             matrix needs whole rows."
        ),
        ..Comparison::new(&mut joined, &rows, names, 7)?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(comparison: &Comparison) -> bool {
        assert!(comparison.names.len() == comparison.exact.len() && comparison.exact.len() >= 8);
        let all = comparison.sketched.iter().zip(&comparison.half_widths).zip(&comparison.exact);
        all.into_iter().all(|((x, width), exact)| (x - exact).abs() <= *width)
    }

    #[test]
    fn half_widths_hold_on_the_bundled_data_as_often_as_they_say() {
        // At 5 %: more than 16 of 60 has probability below 1e-7.
        for comparison in [visits, fleet] {
            let misses = (0..60).filter(|&seed| !holds(&comparison(seed).unwrap())).count();
            assert!(misses <= 16, "{misses}");
        }
        assert!(holds(&visits(0).unwrap()) && holds(&fleet(0).unwrap()), "what the demo shows first");
    }
}
