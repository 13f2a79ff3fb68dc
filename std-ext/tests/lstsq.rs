//! `lstsq` against a singular value decomposition, on every path, and against hostile input.
#![cfg(feature = "faer")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use faer::Mat;
use sketchlet::lstsq::{
    LeastSquaresFit, LeastSquaresParams, Path, RowBlock, RowSource, Scalar, Sketch, Warning, lstsq, lstsq_passes,
};
use sketchlet::random::keyed::{Domain, normal_pair, word2};
use sketchlet::regression::{Query, SketchedLeastSquares, SketchedLeastSquaresParams};
use sketchlet::sketch::Srct;
use sketchlet::{CoreError, Error, MatRef, Real, RowSummary};
use std::num::NonZeroUsize;

const PATHS: [Path; 6] =
    [Path::Auto, Path::Exact, Path::Normal, Path::PreconditionedCholesky, Path::PreconditionedCg, Path::HeavyBall];

const SKETCHES: [Sketch; 7] = [
    Sketch::Srht,
    Sketch::Srct,
    Sketch::Gaussian,
    Sketch::Rademacher,
    Sketch::CountSketch,
    Sketch::Osnap { nonzeros: 8 },
    Sketch::Pooled,
];

fn normal(seed: u64, i: usize, j: usize) -> f64 {
    normal_pair::<f64>(word2(seed, Domain::Normal, i as u64, j as u64)).0
}

/// A problem with known condition, and a residual of a given size.
struct Problem {
    n: usize,
    d: usize,
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Problem {
    fn random(n: usize, d: usize, seed: u64) -> Self {
        let a: Vec<f64> = (0..n * d).map(|k| normal(seed, k / d, k % d)).collect();
        let b = (0..n).map(|i| a[i * d..(i + 1) * d].iter().sum::<f64>() + normal(seed, i, d)).collect();
        Self { n, d, a, b }
    }

    fn conditioned(n: usize, d: usize, kappa: f64, noise: f64, seed: u64) -> Self {
        let mut problem = Self::random(n, d, seed);
        for round in 0..2 {
            let v: Vec<f64> = (0..d).map(|j| normal(seed, j, 1000 + round)).collect();
            let square: f64 = v.iter().map(|v| v * v).sum();
            for row in problem.a.chunks_exact_mut(d) {
                if round == 0 {
                    row.iter_mut().enumerate().for_each(|(j, x)| *x *= Real::pow(kappa, -(j as f64) / (d - 1) as f64));
                }
                let dot: f64 = row.iter().zip(&v).map(|(x, v)| x * v).sum::<f64>() * 2.0 / square;
                row.iter_mut().zip(&v).for_each(|(x, v)| *x -= dot * v);
            }
        }
        for (i, row) in problem.a.chunks_exact(d).enumerate() {
            problem.b[i] = row.iter().sum::<f64>() + noise * normal(seed, i, d);
        }
        problem
    }

    fn matrix(&self) -> MatRef<'_, f64> {
        MatRef::new(&self.a, self.n, self.d).unwrap()
    }

    fn targets(&self) -> MatRef<'_, f64> {
        MatRef::new(&self.b, self.n, 1).unwrap()
    }

    fn solve(&self, params: &LeastSquaresParams<'_, f64>) -> Result<LeastSquaresFit<f64>, Error> {
        lstsq(self.matrix(), self.targets(), params)
    }

    fn fit(&self, path: Path) -> LeastSquaresFit<f64> {
        self.solve(&LeastSquaresParams::new().path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn residual(&self, x: &[f64]) -> f64 {
        let squares = self.a.chunks_exact(self.d).zip(&self.b).map(|(row, b)| {
            let left = row.iter().zip(x).fold(*b, |left, (a, x)| left - a * x);
            left * left
        });
        Real::sqrt(squares.sum::<f64>())
    }

    /// Least-norm solution, rank and condition by a singular value decomposition.
    fn oracle(&self) -> (Vec<f64>, usize, f64) {
        pseudo_inverse(&self.a, self.n, self.d, &self.b)
    }
}

fn pseudo_inverse(a: &[f64], n: usize, d: usize, b: &[f64]) -> (Vec<f64>, usize, f64) {
    let svd = Mat::from_fn(n, d, |i, j| a[i * d + j]).thin_svd().unwrap();
    let (u, v, s) = (svd.U(), svd.V(), svd.S().column_vector());
    let rank = (0..n.min(d)).filter(|&k| s[k] > 1e-13 * s[0] && s[k] > 0.0).count();
    let mut x = vec![0.0; d];
    for k in 0..rank {
        let along = (0..n).map(|i| u[(i, k)] * b[i]).sum::<f64>() / s[k];
        (0..d).for_each(|j| x[j] += along * v[(j, k)]);
    }
    (x, rank, if rank > 0 { s[0] / s[rank - 1] } else { 0.0 })
}

fn norm(x: &[f64]) -> f64 {
    Real::sqrt(x.iter().map(|x| x * x).sum::<f64>())
}

fn distance(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    norm(&x.iter().zip(y).map(|(x, y)| x - y).collect::<Vec<f64>>())
}

#[test]
fn every_path_agrees_with_the_svd() {
    let (n, d) = (4000, 20);
    for kappa in [1.0, 1e2, 1e5, 1e8, 1e10, 1e12] {
        for noise in [1.0, 1e-10] {
            let problem = Problem::conditioned(n, d, kappa, noise, 1);
            let (x, _, true_kappa) = problem.oracle();
            let size = norm(&problem.a) / Real::sqrt(d as f64);
            let residual = problem.residual(&x);
            let allowed = 50.0 * true_kappa * f64::EPSILON * (norm(&x) + true_kappa * residual / size);
            for path in PATHS {
                if path == Path::Normal && kappa > 1e5 {
                    continue;
                }
                let fit = problem.fit(path);
                let name = format!("{path} {kappa:e} {noise:e}: {:?}", fit.warnings);
                assert_eq!(fit.rank, d, "{name}");
                let error = distance(&fit.coefficients, &x);
                assert!(error <= allowed, "{name}: {error:e} {allowed:e}");
                let backward = fit.backward_error.as_ref().unwrap()[0];
                assert!(backward <= 2e-15, "{name}: {backward:e}");
                assert!((fit.residual_norms[0] / residual - 1.0).abs() < 1e-4, "{name}");
                assert!(
                    fit.condition > true_kappa / 6.0 && fit.condition < true_kappa * 3.0,
                    "{name}: {} {true_kappa}",
                    fit.condition
                );
                assert!(!fit.residual_is_estimate && fit.half_widths.is_none() && fit.iterations > 0);
            }
        }
    }
}

/// Of every path, against the singular values; in the order and the units of the columns, with weights and an intercept.
#[test]
fn standard_errors_are_those_of_the_inverse_gram_matrix() {
    let (n, d) = (3000, 12);
    for kappa in [1e2, 1e5, 1e9] {
        let problem = Problem::conditioned(n, d, kappa, 1.0, 3);
        let weights: Vec<f64> = (0..n).map(|i| [4.0, 0.25, 0.0, 9.0][i % 4]).collect();
        let kept = weights.iter().filter(|&&weight| weight > 0.0).count();
        let entry = |i: usize, j: usize| if j == 0 { 1.0 } else { problem.a[i * d + j - 1] };
        let rows = Mat::from_fn(n, d + 1, |i, j| Real::sqrt(weights[i]) * entry(i, j));
        let svd = rows.thin_svd().unwrap();
        let (v, s) = (svd.V(), svd.S().column_vector());
        let inverse = |j: usize| (0..=d).map(|k| (v[(j, k)] / s[k]) * (v[(j, k)] / s[k])).sum::<f64>();
        for path in PATHS {
            if path == Path::Normal && kappa > 1e5 {
                continue;
            }
            let params = LeastSquaresParams::new().path(path).weights(&weights).intercept(true);
            let fit = problem.solve(&params.standard_errors(true)).unwrap();
            let errors = fit.standard_errors.unwrap();
            let deviation = fit.residual_norms[0] / Real::sqrt((kept - d - 1) as f64);
            for (j, error) in errors.iter().enumerate() {
                let expected = deviation * Real::sqrt(inverse(j));
                // A Gram matrix squares the condition.
                let allowed = if fit.path == Path::Normal { kappa * kappa } else { kappa } * 1e-14 + 1e-12;
                assert!((error / expected - 1.0).abs() < allowed, "{path} {kappa:e} {j}: {error} {expected}");
            }
            assert_eq!(problem.solve(&params).unwrap().standard_errors, None);
            assert_eq!(problem.solve(&params.standard_errors(true).ridge(1.0)).unwrap().standard_errors, None);
        }
    }
    let params = LeastSquaresParams::new().standard_errors(true);
    // No row to spare, dependent columns, and a sketch.
    assert_eq!(Problem::random(5, 5, 4).solve(&params).unwrap().standard_errors, None);
    assert_eq!(Problem::random(4, 5, 4).solve(&params).unwrap().standard_errors, None);
    assert_eq!(Problem::random(900, 5, 4).solve(&params.path(Path::Sketched)).unwrap().standard_errors, None);
    let mut twice = Problem::random(900, 5, 4);
    twice.a.chunks_exact_mut(5).for_each(|row| row[4] = row[0]);
    for path in PATHS {
        if let Ok(fit) = twice.solve(&params.path(path)) {
            assert_eq!((fit.rank, fit.standard_errors), (4, None), "{path}");
        }
    }
}

#[test]
fn auto_takes_the_path_that_the_condition_asks_for() {
    for (n, d, kappa, path) in [
        (4000, 20, 1e3, Path::Normal),
        (4000, 20, 1e9, Path::PreconditionedCholesky),
        (400, 20, 1e3, Path::Exact),
        (20_000, 410, 1e8, Path::PreconditionedCg),
    ] {
        let fit = Problem::conditioned(n, d, kappa, 1.0, 2).fit(Path::Auto);
        assert_eq!(fit.path, path);
        let is_sketched = matches!(path, Path::PreconditionedCholesky | Path::PreconditionedCg);
        assert_eq!(fit.sketch_rows, is_sketched.then_some(12 * d));
        assert_eq!(fit.warnings, []);
    }
}

#[test]
fn a_sketch_that_is_asked_for_is_made() {
    let problem = Problem::conditioned(4000, 20, 1e3, 1.0, 2);
    let (x, ..) = problem.oracle();
    let params = LeastSquaresParams::new();
    for (params, rows) in [(params.rows(300), 300), (params.sketch(Sketch::Rademacher), 240)] {
        let fit = problem.solve(&params).unwrap();
        assert_eq!((fit.path, fit.sketch_rows), (Path::Normal, Some(rows)));
        assert!(distance(&fit.coefficients, &x) < 1e-12 * norm(&x));
    }
}

#[test]
fn first_rows_that_mislead_cost_time_alone() {
    // Independent at first, then all but along one direction; and the other way round.
    let (n, d) = (6000, 10);
    let good = Problem::random(n, d, 30);
    for (is_good_first, factor) in [(true, 1e7), (true, 2e6), (false, 1e7)] {
        let mut problem = Problem { a: good.a.clone(), b: good.b.clone(), n, d };
        for (i, row) in problem.a.chunks_exact_mut(d).enumerate() {
            if (i < 200) != is_good_first {
                let common = factor * row[0];
                row.iter_mut().for_each(|x| *x += common);
            }
        }
        let (x, rank, kappa) = problem.oracle();
        let fit = problem.fit(Path::Auto);
        assert_eq!((fit.rank, fit.warnings.len()), (rank, 0));
        assert!(fit.backward_error.as_ref().unwrap()[0] < 1e-15);
        assert!(distance(&fit.coefficients, &x) < 1e-13 * kappa * norm(&x), "{:?} {x:?}", fit.coefficients);
        assert_eq!(fit.path, Path::PreconditionedCholesky, "{}", fit.condition);
    }
    // Columns that are empty at first.
    let mut problem = Problem { a: good.a.clone(), b: good.b.clone(), n, d };
    problem.a[..200 * d].chunks_exact_mut(d).for_each(|row| row[3] = 0.0);
    let (x, ..) = problem.oracle();
    for assume in [false, true] {
        let fit = problem.solve(&LeastSquaresParams::new().assume_well_conditioned(assume)).unwrap();
        assert_eq!((fit.path, fit.sketch_rows.is_some()), (Path::Normal, !assume));
        assert!(distance(&fit.coefficients, &x) < 1e-13 * norm(&x));
    }
}

#[test]
fn forced_normal_equations_beyond_their_condition_are_an_error() {
    // Just beyond, Cholesky's factor exists and means nothing: the data tell.
    let mut reasons = [0; 2];
    for kappa in [1e8, 2e8, 4e8, 1e9, 1e12] {
        let problem = Problem::conditioned(4000, 20, kappa, 1.0, 3);
        match problem.solve(&LeastSquaresParams::new().path(Path::Normal)) {
            Ok(fit) => {
                let exact = problem.fit(Path::Exact);
                let error = distance(&fit.coefficients, &exact.coefficients);
                assert!(error < 1e-4 * norm(&exact.coefficients), "{kappa:e}: {error:e}");
            }
            Err(error) => match error.core() {
                Some(CoreError::NotConverged { .. }) => reasons[0] += 1,
                Some(CoreError::IllConditioned) => reasons[1] += 1,
                _ => panic!("{error}"),
            },
        }
    }
    assert!(reasons[0] > 0 && reasons[1] > 0, "{reasons:?}");
}

#[test]
fn units_of_columns_change_exponents_only() {
    let problem = Problem::random(3000, 12, 4);
    let exponents = [-40, 60, 0, 3, -7, 60, -40, 1, 0, 20, -20, 5];
    for path in PATHS.into_iter().chain([Path::Sketched]) {
        let plain = problem.fit(path);
        for factor in [1, 8] {
            let mut scaled = Problem { a: problem.a.clone(), b: problem.b.clone(), ..problem };
            for row in scaled.a.chunks_exact_mut(12) {
                row.iter_mut().zip(exponents).for_each(|(x, e)| *x = x.times_power_of_two(e * factor));
            }
            scaled.b.iter_mut().for_each(|b| *b = b.times_power_of_two(-30));
            let fit = scaled.fit(path);
            let back: Vec<f64> =
                fit.coefficients.iter().zip(exponents).map(|(x, e)| x.times_power_of_two(e * factor + 30)).collect();
            assert_eq!(fit.rank, 12);
            assert_eq!(fit.condition, plain.condition, "{path}");
            if factor == 1 {
                assert_eq!(back, plain.coefficients, "{path}");
                assert_eq!(fit.residual_norms[0].times_power_of_two(30), plain.residual_norms[0], "{path}");
            } else {
                // Another kernel, so other rounding.
                assert!(distance(&back, &plain.coefficients) < 1e-13 * norm(&back), "{path}");
            }
        }
    }
}

#[test]
fn dependent_columns_give_the_solution_of_least_norm() {
    let mut problem = Problem::random(3000, 10, 5);
    for row in problem.a.chunks_exact_mut(10) {
        row[7] = row[2];
        row[4] = 0.0;
        row[9] = 0.5 * row[0] - 3.0 * row[1];
    }
    let (x, rank, _) = problem.oracle();
    assert_eq!(rank, 7);
    for path in PATHS {
        let fit = problem.fit(path);
        assert_eq!(fit.rank, 7, "{path}");
        assert!(fit.warnings.contains(&Warning::RankDeficient { rank: 7 }), "{path}: {:?}", fit.warnings);
        assert!(distance(&fit.coefficients, &x) < 1e-12, "{path}: {:?} {x:?}", fit.coefficients);
        assert!((fit.residual_norms[0] / problem.residual(&x) - 1.0).abs() < 1e-13);
        assert_eq!(fit.coefficients[4].to_bits(), 0, "{path}");
    }
    let sketched = problem.fit(Path::Sketched);
    let widths = sketched.half_widths.unwrap();
    assert_eq!((sketched.rank, widths[4]), (7, 0.0));
    assert!((0..10).filter(|&j| j != 4).all(|j| widths[j] > (sketched.coefficients[j] - x[j]).abs()));
}

#[test]
fn normal_equations_of_dependent_columns_take_them_in_any_order() {
    // The second column is longer than the first, which it is much like, and so comes before it.
    let mut problem = Problem::random(3000, 10, 3);
    for row in problem.a.chunks_exact_mut(10) {
        row[1] = row[0] + 0.3 * row[1];
        row[9] = row[0];
    }
    let (expected, ..) = problem.oracle();
    let fit = problem.fit(Path::Normal);
    assert_eq!(fit.rank, 9);
    assert!(distance(&fit.coefficients, &expected) < 1e-12);
}

#[test]
fn nothing_in_the_matrix_means_nothing_in_the_answer() {
    let problem = Problem { a: vec![0.0; 3000 * 3], ..Problem::random(3000, 3, 6) };
    for path in PATHS.into_iter().chain([Path::Sketched]) {
        let fit = problem.fit(path);
        assert_eq!((fit.rank, fit.condition, &fit.coefficients), (0, 0.0, &vec![0.0; 3]), "{path}");
        if let Some(widths) = fit.half_widths {
            assert_eq!(widths, [0.0; 3]);
        } else {
            assert!((fit.residual_norms[0] / norm(&problem.b) - 1.0).abs() < 1e-14, "{path}");
        }
    }
    let none = Problem { b: vec![0.0; 3000], ..Problem::random(3000, 3, 6) };
    for path in PATHS {
        let fit = none.fit(path);
        assert_eq!((fit.rank, &fit.coefficients, fit.residual_norms[0]), (3, &vec![0.0; 3], 0.0), "{path}");
    }
}

#[test]
fn fewer_rows_than_columns_give_the_solution_of_least_norm() {
    for (n, d) in [(1, 1), (1, 7), (5, 40), (39, 40), (60, 61)] {
        let problem = Problem::random(n, d, 7);
        let (x, rank, _) = problem.oracle();
        for path in [Path::Auto, Path::Exact, Path::PreconditionedCholesky] {
            let fit = problem.fit(path);
            assert_eq!(fit.rank, rank, "{path} {n} {d}");
            assert!(distance(&fit.coefficients, &x) < 1e-10 * norm(&x).max(1.0), "{path} {n} {d}");
            assert!(fit.residual_norms[0] < 1e-12 * norm(&problem.b), "{path} {n} {d}");
            assert_eq!(fit.warnings.contains(&Warning::RankDeficient { rank }), n < d, "{path} {n} {d}");
        }
        let read = lstsq_passes(&mut Blocks::new(&problem, 3), &LeastSquaresParams::new()).unwrap();
        assert_eq!(read.rank, rank);
        assert!(distance(&read.coefficients, &x) < 1e-10 * norm(&x).max(1.0));
    }
    // Two equal rows with different targets: a residual stays.
    let problem = Problem { n: 2, d: 3, a: vec![1.0, 2.0, 2.0, 1.0, 2.0, 2.0], b: vec![3.0, 5.0] };
    let fit = problem.fit(Path::Auto);
    assert_eq!(fit.rank, 1);
    assert!(distance(&fit.coefficients, &[4.0 / 9.0, 8.0 / 9.0, 8.0 / 9.0]) < 1e-14);
    assert!((fit.residual_norms[0] - Real::sqrt(2.0)).abs() < 1e-14);
}

#[test]
fn a_constant_column_shares_with_the_intercept() {
    let mut problem = Problem::random(3000, 4, 8);
    for (row, b) in problem.a.chunks_exact_mut(4).zip(&mut problem.b) {
        row[2] = 3.0;
        *b = 10.0 + row[0] - row[1];
    }
    for path in PATHS {
        let fit = problem.solve(&LeastSquaresParams::new().path(path).intercept(true)).unwrap();
        assert_eq!((fit.rank, fit.coefficients.len()), (4, 5));
        let expected = [1.0, 1.0, -1.0, 3.0, 0.0];
        assert!(distance(&fit.coefficients, &expected) < 1e-12, "{path}: {:?}", fit.coefficients);
    }
}

#[test]
fn intercept_is_a_column_of_ones() {
    let problem = Problem::random(3000, 5, 9);
    let a: Vec<f64> = problem.a.chunks_exact(5).flat_map(|row| [1.0].into_iter().chain(row.iter().copied())).collect();
    let with_ones = Problem { d: 6, a, b: problem.b.clone(), n: 3000 };
    for path in PATHS.into_iter().chain([Path::Sketched]) {
        let implicit = problem.solve(&LeastSquaresParams::new().path(path).intercept(true)).unwrap();
        let explicit = with_ones.fit(path);
        assert!(distance(&implicit.coefficients, &explicit.coefficients) < 1e-13, "{path}");
    }
}

#[test]
fn weights_are_rows_times_their_roots_and_zero_takes_a_row_out() {
    let problem = Problem::random(3000, 5, 10);
    let weights: Vec<f64> = (0..3000).map(|i| [4.0, 0.25, 0.0, 9.0][i % 4]).collect();
    let rows = |n: usize, keep: &dyn Fn(usize) -> Option<f64>| {
        let kept: Vec<(usize, f64)> = (0..n).filter_map(|i| Some((i, keep(i)?))).collect();
        let a = kept.iter().flat_map(|&(i, w)| problem.a[i * 5..(i + 1) * 5].iter().map(move |x| x * w)).collect();
        Problem { n: kept.len(), d: 5, a, b: kept.iter().map(|&(i, w)| problem.b[i] * w).collect() }
    };
    let (x, _, _) = rows(3000, &|i| (weights[i] > 0.0).then(|| Real::sqrt(weights[i]))).oracle();
    for path in PATHS {
        for intercept in [false, true] {
            let params = LeastSquaresParams::new().path(path).weights(&weights).intercept(intercept);
            let fit = problem.solve(&params).unwrap();
            if intercept {
                assert!(fit.coefficients[0].abs() < 0.2 && fit.coefficients[0] != 0.0);
            } else {
                assert!(distance(&fit.coefficients, &x) < 1e-13, "{path}");
            }
            assert!(fit.backward_error.unwrap()[0] < 1e-15, "{path}");
        }
    }
    let zeros = vec![0.0; 3000];
    for path in PATHS {
        let error = problem.solve(&LeastSquaresParams::new().path(path).weights(&zeros)).unwrap_err();
        assert_eq!(error.core(), Some(CoreError::TooFewRows { needed: 1, got: 0 }), "{path}");
    }
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let mut weights = weights.clone();
        weights[1234] = bad;
        let error = problem.solve(&LeastSquaresParams::new().weights(&weights)).unwrap_err();
        assert!(matches!(error.core(), Some(CoreError::Parameter { name: &"weight", .. })), "{error}");
        assert_eq!(error.row(), Some(1235));
        let mut source = Blocks { weights: Some(&weights), ..Blocks::new(&problem, 100) };
        assert_eq!(lstsq_passes(&mut source, &LeastSquaresParams::new()).unwrap_err().row(), Some(1235));
    }
}

#[test]
fn ridge_is_rows_below_the_data_but_not_below_the_intercept() {
    let problem = Problem::conditioned(3000, 6, 1e7, 1.0, 11);
    for ridge in [1e-3, 2.0, 1e6] {
        let width = 7;
        let mut a: Vec<f64> =
            problem.a.chunks_exact(6).flat_map(|row| [1.0].into_iter().chain(row.iter().copied())).collect();
        let mut b = problem.b.clone();
        for j in 1..width {
            a.extend((0..width).map(|k| if k == j { Real::sqrt(ridge) } else { 0.0 }));
            b.push(0.0);
        }
        let (x, _, kappa) = pseudo_inverse(&a, 3000 + 6, width, &b);
        for path in PATHS {
            let params = LeastSquaresParams::new().path(path).intercept(true).ridge(ridge);
            let fit = problem.solve(&params).unwrap_or_else(|error| panic!("{path} {ridge}: {error}"));
            assert!(distance(&fit.coefficients, &x) < 1e-12 * kappa * norm(&x), "{path} {ridge}");
            let own = Problem { n: 3000, d: width, a: a[..3000 * width].to_vec(), b: problem.b.clone() };
            assert!((fit.residual_norms[0] / own.residual(&x) - 1.0).abs() < 1e-10, "{path} {ridge}");
        }
    }
    // A ridge lifts rank questions.
    let mut twice = Problem::random(3000, 3, 12);
    twice.a.chunks_exact_mut(3).for_each(|row| row[2] = row[0]);
    for path in PATHS {
        let fit = twice.solve(&LeastSquaresParams::new().path(path).ridge(1.0)).unwrap();
        assert_eq!(fit.rank, 3);
        assert!((fit.coefficients[0] - fit.coefficients[2]).abs() < 1e-10, "{path}");
    }
    // Fewer rows than columns.
    let wide = Problem::random(8, 20, 13);
    let mut a = wide.a.clone();
    (0..20).for_each(|j| a.extend((0..20).map(|k| if k == j { 1.0 } else { 0.0 })));
    let b: Vec<f64> = wide.b.iter().copied().chain([0.0; 20]).collect();
    let (x, _, _) = pseudo_inverse(&a, 28, 20, &b);
    let fit = wide.solve(&LeastSquaresParams::new().ridge(1.0)).unwrap();
    assert!(distance(&fit.coefficients, &x) < 1e-12);
}

#[test]
fn several_targets_are_solved_as_one_by_one() {
    let problem = Problem::random(3000, 6, 14);
    let targets: Vec<f64> = (0..3000).flat_map(|i| [problem.b[i], normal(15, i, 0), 1e9 * normal(15, i, 1)]).collect();
    for path in PATHS.into_iter().chain([Path::Sketched]) {
        for intercept in [false, true] {
            let params = LeastSquaresParams::new().path(path).intercept(intercept).ridge(0.5);
            let fit = lstsq(problem.matrix(), MatRef::new(&targets, 3000, 3).unwrap(), &params).unwrap();
            for u in 0..3 {
                let b: Vec<f64> = targets.iter().skip(u).step_by(3).copied().collect();
                let alone = lstsq(problem.matrix(), MatRef::new(&b, 3000, 1).unwrap(), &params).unwrap();
                assert!(distance(fit.target(u), alone.target(0)) < 1e-12 * norm(alone.target(0)), "{path} {u}");
                assert!((fit.residual_norms[u] / alone.residual_norms[0] - 1.0).abs() < 1e-12, "{path} {u}");
            }
            assert!(fit.target(3).is_empty());
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let problem = Problem::conditioned(30_000, 30, 1e3, 1.0, 16);
    let sketched = SKETCHES.map(|sketch| (Path::Sketched, sketch));
    for (path, sketch) in PATHS.map(|path| (path, Sketch::Srht)).into_iter().chain(sketched) {
        let params = |threads| {
            let threads = NonZeroUsize::new(threads).unwrap();
            LeastSquaresParams::new().path(path).sketch(sketch).threads(threads)
        };
        let one = problem.solve(&params(1)).unwrap();
        let read =
            (sketch != Sketch::Pooled).then(|| lstsq_passes(&mut Blocks::new(&problem, 777), &params(1)).unwrap());
        for threads in [2, 5, 100] {
            assert_eq!(problem.solve(&params(threads)).unwrap(), one, "{path} {sketch:?} {threads}");
            if let Some(read) = &read {
                let fit = lstsq_passes(&mut Blocks::new(&problem, 777), &params(threads)).unwrap();
                assert_eq!(fit, *read, "{path} {sketch:?} {threads}");
            }
        }
    }
}

#[test]
fn the_circulant_sketch_is_that_of_the_core() {
    for (n, d, m, weights) in [(9000, 5, 100, false), (9000, 5, 129, true), (300, 3, 40, false), (5000, 2, 9000, true)]
    {
        let problem = Problem::random(n, d, 40);
        let weights: Vec<f64> = (0..n).map(|i| if weights { (i % 4) as f64 } else { 1.0 }).collect();
        let mut summary =
            SketchedLeastSquares::<f64, _, _, _>::new(SketchedLeastSquaresParams::new(d + 1, m).seed(3), Srct).unwrap();
        for (i, row) in problem.a.chunks_exact(d).enumerate() {
            let row: Vec<f64> = row.iter().copied().chain([problem.b[i]]).collect();
            summary.update_weighted(i as u64, &row, weights[i]).unwrap();
        }
        let columns: Vec<usize> = (0..=d).collect();
        let query = Query::new(&columns[..d], &columns[d..]);
        let (mut scratch, mut answer) = (vec![0.0; query.scratch_len()], vec![0.0; query.answer_len()]);
        let expected = summary.solve_in(&query, &mut scratch, &mut answer).unwrap();
        let params = LeastSquaresParams::new().path(Path::Sketched).sketch(Sketch::Srct).rows(m).seed(3);
        let fit = problem.solve(&params.weights(&weights)).unwrap();
        assert!(distance(&fit.coefficients, expected.coefficients) < 1e-12, "{n} {m}");
        assert!(distance(&fit.half_widths.unwrap(), expected.half_widths.unwrap()) < 1e-12, "{n} {m}");
        assert_eq!(fit.rows, summary.rows_seen());
    }
}

#[test]
fn what_ends_a_pass_ends_it_in_every_thread() {
    struct Broken<'a>(Blocks<'a>);
    impl RowSource<f64> for Broken<'_> {
        fn dims(&self) -> (usize, usize) {
            self.0.dims()
        }
        fn rewind(&mut self) -> Result<(), Error> {
            self.0.rewind()
        }
        fn next_block(&mut self) -> Result<Option<RowBlock<'_, f64>>, Error> {
            // The second pass finds the source broken.
            if self.0.rewinds > 1 && self.0.next > 20_000 {
                return Err(CoreError::Corrupt.into());
            }
            self.0.next_block()
        }
    }
    let mut problem = Problem::random(30_000, 5, 41);
    for threads in [1, 2, 7] {
        let params = LeastSquaresParams::new().threads(NonZeroUsize::new(threads).unwrap());
        for path in [Path::Auto, Path::Exact, Path::PreconditionedCg] {
            let mut source = Broken(Blocks::new(&problem, 500));
            source.0.rewinds = 1;
            let error = lstsq_passes(&mut source, &params.path(path)).unwrap_err();
            assert_eq!(error.core(), Some(CoreError::Corrupt), "{path} {threads}");
        }
    }
    // Rows that were read before the source failed are looked at first.
    let first = problem.a[2];
    problem.a[2] = f64::NAN;
    for threads in [1, 2, 7] {
        let params = LeastSquaresParams::new().threads(NonZeroUsize::new(threads).unwrap());
        let mut source = Broken(Blocks::new(&problem, 500));
        source.0.rewinds = 1;
        let error = lstsq_passes(&mut source, &params.path(Path::Exact)).unwrap_err();
        assert_eq!((error.core(), error.row()), (Some(CoreError::NonFinite { index: 2 }), Some(1)), "{threads}");
    }
    problem.a[2] = first;
    problem.a[5 * 25_000 + 2] = f64::NAN;
    for threads in [1, 2, 7] {
        let params = LeastSquaresParams::new().threads(NonZeroUsize::new(threads).unwrap());
        for path in [Path::Auto, Path::Exact, Path::PreconditionedCg] {
            let error = lstsq_passes(&mut Blocks::new(&problem, 500), &params.path(path)).unwrap_err();
            assert_eq!((error.core(), error.row()), (Some(CoreError::NonFinite { index: 2 }), Some(25_001)));
        }
    }
}

/// The rows of a problem in blocks.
struct Blocks<'a> {
    problem: &'a Problem,
    len: usize,
    next: usize,
    weights: Option<&'a [f64]>,
    rewinds: usize,
}

impl<'a> Blocks<'a> {
    fn new(problem: &'a Problem, len: usize) -> Self {
        Self { problem, len, next: 0, weights: None, rewinds: 0 }
    }
}

impl RowSource<f64> for Blocks<'_> {
    fn dims(&self) -> (usize, usize) {
        (self.problem.d, 1)
    }

    fn rewind(&mut self) -> Result<(), Error> {
        self.next = 0;
        self.rewinds += 1;
        Ok(())
    }

    fn next_block(&mut self) -> Result<Option<RowBlock<'_, f64>>, Error> {
        let (first, last) = (self.next, (self.next + self.len).min(self.problem.n));
        self.next = last;
        Ok((last > first).then(|| RowBlock {
            features: self.problem.matrix().rows_from(first, last - first),
            targets: self.problem.targets().rows_from(first, last - first),
            weights: self.weights.map(|weights| &weights[first..last]),
        }))
    }
}

#[test]
fn passes_give_the_bits_of_memory_whatever_the_blocks() {
    let problem = Problem::conditioned(20_000, 25, 1e3, 1.0, 17);
    let weights: Vec<f64> = (0..20_000).map(|i| 1.0 + f64::from(i % 3)).collect();
    for path in PATHS.into_iter().chain([Path::Sketched]) {
        for weights in [None, Some(&weights[..])] {
            let params = LeastSquaresParams::new().path(path);
            let memory = problem.solve(&weights.map_or(params, |weights| params.weights(weights))).unwrap();
            for len in [777, 4096, 100_000] {
                let mut source = Blocks { weights, ..Blocks::new(&problem, len) };
                let read = lstsq_passes(&mut source, &params).unwrap();
                assert_eq!(source.rewinds, read.iterations + usize::from(path != Path::Exact));
                if path == Path::Normal || path == Path::Auto {
                    // Rows in memory without weights are multiplied where they are.
                    assert!(distance(&read.coefficients, &memory.coefficients) < 1e-13, "{path}");
                } else {
                    assert_eq!(read, memory, "{path} {len}");
                }
            }
        }
    }
    let mut pooled = Blocks::new(&problem, 777);
    let error = lstsq_passes(&mut pooled, &LeastSquaresParams::new().sketch(Sketch::Pooled)).unwrap_err();
    assert!(matches!(error.core(), Some(CoreError::Parameter { name: &"sketch", .. })));
}

#[test]
fn every_sketch_preconditions() {
    let problem = Problem::conditioned(6000, 12, 1e8, 1.0, 18);
    let (x, _, kappa) = problem.oracle();
    for sketch in SKETCHES {
        for path in [Path::PreconditionedCholesky, Path::PreconditionedCg] {
            let fit = problem.solve(&LeastSquaresParams::new().path(path).sketch(sketch)).unwrap();
            assert!(distance(&fit.coefficients, &x) < 1e-14 * kappa * norm(&x) * 30.0, "{sketch:?} {path}");
            assert!(fit.backward_error.unwrap()[0] < 1e-15);
            assert_eq!(fit.warnings.contains(&Warning::SparsePreconditioner), !sketch.is_dense());
            assert_eq!(fit.sketch_rows, Some(if sketch == Sketch::Pooled { 256 } else { 144 }));
        }
    }
}

#[test]
fn rank_lost_in_a_sparse_sketch_is_found_out() {
    // Spikes on rows of their own: two of them meet in one row of the sketch.
    let (n, d) = (20_000, 40);
    let mut problem = Problem { n, d, a: vec![0.0; n * d], b: vec![0.0; n] };
    for j in 0..d {
        problem.a[(j * 497 + 3) * d + j] = 1.0;
    }
    problem.b.iter_mut().enumerate().for_each(|(i, b)| *b = normal(19, i, 0));
    let x: Vec<f64> = (0..d).map(|j| problem.b[j * 497 + 3]).collect();
    let auto = problem.fit(Path::Auto);
    assert!(distance(&auto.coefficients, &x) < 1e-12 && auto.rank == d);
    let params = LeastSquaresParams::new().sketch(Sketch::CountSketch).rows(60);
    let sparse = problem.solve(&params).unwrap();
    assert!(distance(&sparse.coefficients, &x) < 1e-10 && sparse.rank == d, "{:?}", sparse.warnings);
    assert_eq!(sparse.path, Path::Exact);
    for path in [Path::PreconditionedCholesky, Path::PreconditionedCg] {
        let error = problem.solve(&params.path(path)).unwrap_err();
        assert!(matches!(error.core(), Some(CoreError::RankDeficient { .. })), "{error}");
    }
    // A target that the columns explain leaves nothing to see in the residual.
    for j in 0..d {
        problem.b[j * 497 + 3] = 1.0;
    }
    (0..n).filter(|i| i % 497 != 3).for_each(|i| problem.b[i] = 0.0);
    let sparse = problem.solve(&params).unwrap();
    assert!(distance(&sparse.coefficients, &vec![1.0; d]) < 1e-10 && sparse.rank == d, "{:?}", sparse.warnings);
}

#[test]
fn what_is_assumed_well_conditioned_is_checked_all_the_same() {
    let params = LeastSquaresParams::new().assume_well_conditioned(true);
    let good = Problem::random(5000, 15, 20);
    let fit = good.solve(&params).unwrap();
    assert_eq!((fit.path, fit.sketch_rows, fit.warnings.len()), (Path::Normal, None, 0));
    assert!(distance(&fit.coefficients, &good.oracle().0) < 1e-13);
    assert!(fit.condition > 1.0 && fit.condition < 2.0);
    let bad = Problem::conditioned(5000, 15, 1e9, 1.0, 21);
    let fit = bad.solve(&params).unwrap();
    assert_eq!(fit.path, Path::PreconditionedCholesky);
    assert_eq!(fit.warnings, [Warning::PathLeft { path: Path::Normal }]);
    assert!(bad.solve(&params.path(Path::Normal)).is_err());
    let mut poisoned = Problem::random(5000, 15, 22);
    poisoned.a[15 * 4321 + 3] = f64::NAN;
    for path in [Path::Auto, Path::Normal] {
        assert_eq!(poisoned.solve(&params.path(path)).unwrap_err().row(), Some(4322));
    }
    poisoned = Problem::random(5000, 15, 22);
    poisoned.b[4321] = f64::INFINITY;
    for path in [Path::Auto, Path::Normal] {
        let error = poisoned.solve(&params.path(path)).unwrap_err();
        assert_eq!((error.core(), error.row()), (Some(CoreError::NonFinite { index: 15 }), Some(4322)));
    }
}

#[test]
fn entries_that_are_not_finite_are_named() {
    for (n, d) in [(3000, 4), (20, 4), (3, 4)] {
        for bad in [f64::NAN, f64::INFINITY] {
            for path in PATHS.into_iter().chain([Path::Sketched]) {
                for intercept in [false, true] {
                    let params = LeastSquaresParams::new().path(path).intercept(intercept);
                    let mut problem = Problem::random(n, d, 23);
                    problem.a[2 * d + 1] = bad;
                    let error = problem.solve(&params).unwrap_err();
                    assert_eq!(error.core(), Some(CoreError::NonFinite { index: 1 }), "{path} {n}");
                    assert_eq!(error.row(), Some(3));
                    let mut problem = Problem::random(n, d, 23);
                    problem.b[1] = bad;
                    let error = problem.solve(&params).unwrap_err();
                    assert_eq!((error.core(), error.row()), (Some(CoreError::NonFinite { index: 4 }), Some(2)));
                }
            }
        }
    }
}

#[test]
fn nonsense_is_refused() {
    let problem = Problem::random(50, 3, 24);
    let parameter = |error: Error| match error.core() {
        Some(CoreError::Parameter { name, .. }) => *name,
        _ => panic!("{error}"),
    };
    let new = LeastSquaresParams::new;
    for ridge in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(parameter(problem.solve(&new().ridge(ridge)).unwrap_err()), "ridge");
    }
    for failure in [0.0, 1.0, f64::NAN] {
        assert_eq!(parameter(problem.solve(&new().failure(failure)).unwrap_err()), "failure");
    }
    let (none, column) = (MatRef::new(&[], 50, 0).unwrap(), MatRef::new(&problem.b, 50, 1).unwrap());
    assert_eq!(parameter(lstsq(none, column, &new()).unwrap_err()), "features");
    assert_eq!(parameter(lstsq(problem.matrix(), none, &new()).unwrap_err()), "targets");
    let mean = lstsq(none, column, &new().intercept(true)).unwrap();
    assert!((mean.coefficients[0] - problem.b.iter().sum::<f64>() / 50.0).abs() < 1e-14);
    let error = lstsq(problem.matrix().rows_from(0, 49), column, &new()).unwrap_err();
    assert_eq!(error.core(), Some(CoreError::Dimension { expected: 49, got: 50 }));
    let error = problem.solve(&new().weights(&[1.0; 49])).unwrap_err();
    assert_eq!(error.core(), Some(CoreError::Dimension { expected: 50, got: 49 }));
    for path in PATHS.into_iter().chain([Path::Sketched]) {
        let empty = Problem { n: 0, d: 3, a: Vec::new(), b: Vec::new() };
        let error = empty.solve(&new().path(path)).unwrap_err();
        assert_eq!(error.core(), Some(CoreError::TooFewRows { needed: 1, got: 0 }));
        let error = lstsq_passes(&mut Blocks::new(&empty, 5), &new().path(path)).unwrap_err();
        assert_eq!(error.core(), Some(CoreError::TooFewRows { needed: 1, got: 0 }), "{path}");
    }
    let error = problem.solve(&new().path(Path::Sketched).rows(2)).unwrap_err();
    assert_eq!(error.core(), Some(CoreError::TooFewRows { needed: 3, got: 2 }));
    let error = problem.solve(&new().path(Path::Sketched).rows(20).sketch(Sketch::Osnap { nonzeros: 8 })).unwrap_err();
    assert!(matches!(error.core(), Some(CoreError::Parameter { name: &"rows", .. })));
    let error = problem.solve(&new().path(Path::HeavyBall).rows(12)).unwrap_err();
    assert_eq!(error.core(), Some(CoreError::TooFewRows { needed: 24, got: 12 }));
}

#[test]
fn overflowing_sums_are_an_error() {
    let mut problem = Problem::random(3000, 3, 25);
    problem.a.chunks_exact_mut(3).for_each(|row| row[1] *= 1e307);
    for path in [Path::Auto, Path::Sketched] {
        let error = problem.solve(&LeastSquaresParams::new().path(path)).unwrap_err();
        assert_eq!(error.core(), Some(CoreError::NonFinite { index: 1 }), "{path}");
    }
}

#[test]
fn few_rows_are_solved_exactly_and_a_large_sketch_is_told() {
    let problem = Problem::random(300, 4, 26);
    let fit = problem.solve(&LeastSquaresParams::new().rows(200)).unwrap();
    assert_eq!((fit.path, fit.warnings), (Path::Exact, vec![Warning::SketchTooLarge]));
}

#[test]
fn half_widths_cover_and_sparse_sketches_give_none() {
    // Heavy tails; 95 % nominal; a miss count above 40 of 400 has a probability below 1e-5 at 5 %, and the count measured
    // is about 15.
    let (n, d) = (2048, 8);
    let mut problem = Problem::random(n, d, 27);
    for (i, row) in problem.a.chunks_exact_mut(d).enumerate() {
        let heavy = 1.0 / Real::sqrt(normal(28, i, 0).abs() + 1e-2);
        row.iter_mut().for_each(|x| *x *= heavy);
    }
    let exact = problem.fit(Path::Exact);
    for sketch in [Sketch::Srht, Sketch::Srct, Sketch::Gaussian, Sketch::Rademacher, Sketch::Pooled] {
        let seeds = if sketch == Sketch::Srht { 400 } else { 60 };
        let params = LeastSquaresParams::new().path(Path::Sketched).sketch(sketch).rows(128);
        let mut missed = 0;
        let mut norms = 0.0;
        for seed in 0..seeds {
            let fit = problem.solve(&params.seed(seed)).unwrap();
            let widths = fit.half_widths.unwrap();
            missed += usize::from((0..d).any(|j| (fit.coefficients[j] - exact.coefficients[j]).abs() > widths[j]));
            norms += fit.residual_norms[0] / exact.residual_norms[0] / seeds as f64;
            assert!(fit.residual_is_estimate && fit.backward_error.is_none() && fit.iterations == 0);
        }
        let limit = if seeds == 400 { 44 } else { 16 };
        assert!(missed <= limit, "{sketch:?}: {missed} of {seeds}");
        // The relative deviation of a norm is 1 / sqrt(2 * 120): its mean is within six of its own.
        assert!((norms - 1.0).abs() < 6.0 * 0.0646 / Real::sqrt(seeds as f64) + 0.005, "{sketch:?}: {norms}");
    }
    for sketch in [Sketch::CountSketch, Sketch::Osnap { nonzeros: 8 }] {
        let params = LeastSquaresParams::new().path(Path::Sketched).sketch(sketch).rows(128);
        let fit = problem.solve(&params).unwrap();
        assert!(fit.half_widths.is_none() && fit.warnings.contains(&Warning::NoBound));
    }
    let few = problem.solve(&LeastSquaresParams::new().path(Path::Sketched).rows(d + 3)).unwrap();
    assert!(few.half_widths.is_none());
}

#[test]
fn half_widths_scale_with_the_target_and_grow_with_confidence() {
    let problem = Problem::random(3000, 5, 29);
    let params = LeastSquaresParams::new().path(Path::Sketched);
    let plain = problem.solve(&params).unwrap().half_widths.unwrap();
    let scaled = Problem { b: problem.b.iter().map(|b| b * 8.0).collect(), a: problem.a.clone(), ..problem };
    let found = scaled.solve(&params).unwrap().half_widths.unwrap();
    assert!(plain.iter().zip(&found).all(|(x, y)| x * 8.0 == *y && *x > 0.0));
    let surer = problem.solve(&params.failure(0.001)).unwrap().half_widths.unwrap();
    assert!(plain.iter().zip(&surer).all(|(x, y)| x < y));
    // A ridge pulls the coefficients; the half-widths know by how much.
    let (ridge, exact) = (params.ridge(300.0), LeastSquaresParams::new().path(Path::Exact).ridge(300.0));
    let truth = problem.solve(&exact).unwrap().coefficients;
    let missed = (0..200).filter(|&seed| {
        let fit = problem.solve(&ridge.seed(seed)).unwrap();
        let widths = fit.half_widths.unwrap();
        (0..5).any(|j| (fit.coefficients[j] - truth[j]).abs() > widths[j])
    });
    // 5 % of 200 are 10; 29 or more have a probability below 1e-6.
    assert!(missed.count() < 29);
}

#[test]
fn single_precision_knows_its_limits() {
    for (kappa, path) in [(10.0, Path::Normal), (1e4, Path::PreconditionedCholesky)] {
        let problem = Problem::conditioned(5000, 16, kappa, 1.0, 30);
        let a: Vec<f32> = problem.a.iter().map(|&x| f32::constant(x)).collect();
        let b: Vec<f32> = problem.b.iter().map(|&x| f32::constant(x)).collect();
        let wide = |x: &[f32]| x.iter().map(|x| x.as_f64()).collect::<Vec<f64>>();
        let (x, _, true_kappa) = pseudo_inverse(&wide(&a), 5000, 16, &wide(&b));
        let same = Problem { a: wide(&a), b: wide(&b), n: 5000, d: 16 };
        let size = norm(&same.a) / 4.0;
        let allowed = 20.0 * true_kappa * f32::EPSILON.as_f64() * (norm(&x) + true_kappa * same.residual(&x) / size);
        for forced in PATHS {
            if forced == Path::Normal && kappa > 1e2 {
                continue;
            }
            let fit = single(&a, &b, 16, forced);
            let error = distance(&wide(&fit.coefficients), &x);
            assert!(error <= allowed, "{forced} {kappa}: {error:e} {allowed:e} {fit:?}");
            assert!(fit.backward_error.unwrap()[0] < 5e-7, "{forced} {kappa}");
            assert_eq!(fit.rank, 16);
            if forced == Path::Auto {
                assert_eq!(fit.path, path);
            }
        }
    }
}

fn single<T: Scalar>(a: &[T], b: &[T], d: usize, path: Path) -> LeastSquaresFit<T> {
    let (a, b) = (MatRef::new(a, b.len(), d).unwrap(), MatRef::new(b, b.len(), 1).unwrap());
    lstsq(a, b, &LeastSquaresParams::new().path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
