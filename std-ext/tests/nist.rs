//! Least squares against the certified values of NIST's Statistical Reference Datasets, all eleven of linear regression.
#![cfg(feature = "faer")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use sketchlet::lstsq::{LeastSquaresParams, Path, lstsq};
use sketchlet::regression::{Query, StreamingQr, StreamingQrParams};
use sketchlet::{MatRef, RowSummary};

/// A data set: the rows of its model, and what is certified.
struct Dataset {
    /// Features of a row, the constant first if there is one.
    rows: Vec<Vec<f64>>,
    targets: Vec<f64>,
    estimates: Vec<f64>,
    /// Standard errors of the estimates.
    deviations: Vec<f64>,
    residual_deviation: f64,
    r_squared: f64,
    has_constant: bool,
}

impl Dataset {
    fn read(name: &str) -> Self {
        let file = format!("{}/tests/nist/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file}: {e}"));
        let mut lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
        let number = |cell: &str| cell.parse::<f64>().unwrap();
        let (mut estimates, mut residual_deviation, mut r_squared) = (Vec::new(), 0.0, 0.0);
        let (mut has_constant, mut deviations) = (false, Vec::new());
        for line in lines.by_ref() {
            match line.split(',').collect::<Vec<_>>()[..] {
                ["residual_standard_deviation", value] => residual_deviation = number(value),
                ["r_squared", value] => {
                    r_squared = number(value);
                    break;
                }
                [parameter, estimate, deviation] => {
                    deviations.push(number(deviation));
                    has_constant |= parameter == "B0";
                    estimates.push(number(estimate));
                }
                ref other => panic!("{name}: {other:?}"),
            }
        }
        let (mut rows, mut targets) = (Vec::new(), Vec::new());
        for line in lines.skip(1) {
            let cells: Vec<f64> = line.split(',').map(number).collect();
            let (y, x) = cells.split_first().unwrap();
            let mut row = vec![1.0; usize::from(has_constant)];
            // One predictor and several parameters: its powers.
            if let ([x], powers) = (x, estimates.len() - row.len()) {
                let mut power = 1.0;
                row.extend((0..powers).map(|_| {
                    power *= x;
                    power
                }));
            } else {
                row.extend(x);
            }
            rows.push(row);
            targets.push(*y);
        }
        assert!(rows.iter().all(|row| row.len() == estimates.len()), "{name}");
        Self { rows, targets, estimates, deviations, residual_deviation, r_squared, has_constant }
    }

    /// Digits of the worst coefficient, of the standard deviation of the residuals, and of the worst standard error, at most the 15
    /// that are certified.
    fn digits(&self, coefficients: &[f64], residual_norm: f64, standard_errors: &[f64]) -> [f64; 3] {
        let digits = |found: f64, certified: f64, unit: f64| -((found - certified).abs() / unit).max(1e-15).log10();
        let each = coefficients
            .iter()
            .zip(&self.estimates)
            .map(|(&found, &certified)| digits(found, certified, certified.abs()));
        let freedom = (self.rows.len() - self.estimates.len()) as f64;
        let deviation = residual_norm / freedom.sqrt();
        let largest = self.targets.iter().fold(0.0f64, |max, y| max.max(y.abs()));
        let n = self.targets.len() as f64;
        let mean = if self.has_constant { self.targets.iter().sum::<f64>() / n } else { 0.0 };
        let total: f64 = self.targets.iter().map(|y| (y - mean).powi(2)).sum();
        assert!((1.0 - residual_norm * residual_norm / total - self.r_squared).abs() < 1e-9);
        // An exact fit leaves no residual to compare with.
        let unit = if self.residual_deviation > 0.0 { self.residual_deviation } else { largest };
        assert_eq!(standard_errors.len(), self.deviations.len());
        let errors =
            standard_errors.iter().zip(&self.deviations).zip(&self.estimates).map(|((&found, &certified), x)| {
                // Where the fit is exact, what is left is rounding of the coefficients.
                digits(found, certified, if certified > 0.0 { certified } else { x.abs() })
            });
        [each.fold(15.0, f64::min), digits(deviation, self.residual_deviation, unit), errors.fold(15.0, f64::min)]
    }

    fn by_lstsq(&self, path: Path) -> [f64; 3] {
        let (n, d) = (self.rows.len(), self.estimates.len());
        let features = self.rows.concat();
        let (a, b) = (MatRef::new(&features, n, d).unwrap(), MatRef::new(&self.targets, n, 1).unwrap());
        let fit = lstsq(a, b, &LeastSquaresParams::new().path(path).standard_errors(true)).unwrap();
        assert_eq!(fit.rank, d);
        self.digits(&fit.coefficients, fit.residual_norms[0], &fit.standard_errors.unwrap())
    }

    /// In one pass, as `regress -` solves.
    fn by_streaming_qr(&self) -> [f64; 3] {
        let d = self.estimates.len();
        let mut summary = StreamingQr::<f64, _>::new(StreamingQrParams::new(d + 1)).unwrap();
        for (row, &y) in self.rows.iter().zip(&self.targets) {
            summary.update(&[&row[..], &[y]].concat()).unwrap();
        }
        let features: Vec<usize> = (0..d).collect();
        let targets = [d];
        let query = Query::new(&features, &targets);
        let (mut scratch, mut answer) = (vec![0.0; query.scratch_len()], vec![0.0; query.answer_len()]);
        let fit = summary.solve_in(&query, &mut scratch, &mut answer).unwrap();
        assert_eq!(fit.rank, d);
        self.digits(fit.coefficients, fit.residual_norm[0], fit.standard_errors.unwrap())
    }
}

/// Digits of the coefficients, of the residuals' standard deviation and of the standard errors that are reached at least: by `lstsq`, whose last bits
/// differ from one machine to the next, and by `StreamingQr`, whose don't. `nist/README.md` has what was measured.
const REACHED: [(&str, [f64; 3], [f64; 3]); 11] = [
    ("norris", [12.6, 13.2, 13.1], [11.9, 13.1, 13.1]),
    ("pontius", [12.7, 13.3, 13.3], [12.1, 12.5, 12.5]),
    ("noint1", [14.0, 14.2, 14.3], [14.8, 14.1, 14.0]),
    ("noint2", [14.2, 14.2, 14.2], [14.9, 14.9, 14.9]),
    ("filip", [6.1, 7.2, 7.0], [7.3, 8.1, 7.1]),
    ("longley", [9.9, 12.1, 11.9], [13.7, 14.9, 14.7]),
    ("wampler1", [10.0, 14.2, 9.4], [9.7, 14.9, 9.7]),
    ("wampler2", [12.1, 14.2, 12.1], [12.7, 14.9, 12.9]),
    ("wampler3", [9.9, 14.0, 12.7], [9.8, 13.8, 13.3]),
    ("wampler4", [7.2, 14.0, 12.6], [7.8, 14.7, 13.4]),
    ("wampler5", [5.2, 14.0, 12.6], [5.8, 14.7, 13.4]),
];

#[test]
fn certified_values_are_reached() {
    let mut short = Vec::new();
    for (name, by_lstsq, by_streaming) in REACHED {
        let set = Dataset::read(name);
        let found = [
            ("exact", set.by_lstsq(Path::Exact), by_lstsq),
            ("auto", set.by_lstsq(Path::Auto), by_lstsq),
            ("streaming", set.by_streaming_qr(), by_streaming),
        ];
        for (way, digits, least) in found {
            let [coefficients, deviation, errors] = digits;
            let line = format!("{name} {way}: {coefficients:.1} {deviation:.1} {errors:.1}");
            eprintln!("{line}");
            if digits.iter().zip(least).any(|(&digits, least)| digits < least) {
                short.push(line);
            }
        }
    }
    assert!(short.is_empty(), "{short:#?}");
}
