//! The exact summaries of the regression family against singular value decompositions, and against each other.

use faer::Mat;
use sketchlet_core::random::keyed::{Domain, symmetric, word};
use sketchlet_core::regression::*;
use sketchlet_core::stream::Deferred;
use sketchlet_core::{Difference, Error, MatRef, Merge, Real, RowSummary, Rule, Wire};
use sketchlet_tests::streams;

type Qr<T> = StreamingQr<T, Vec<T>>;
type Normal<L> = NormalEquations<L, Vec<L>>;

#[derive(Clone, Debug, PartialEq)]
struct Owned {
    coefficients: Vec<f64>,
    residual_norm: Vec<f64>,
    rank: usize,
    condition: f64,
}

impl Owned {
    fn new<T: Real>(fit: &Fit<'_, T>) -> Self {
        assert!(!fit.residual_is_estimate && fit.half_widths.is_none());
        let wide = |xs: &[T]| xs.iter().map(|x| x.as_f64()).collect();
        Self {
            coefficients: wide(fit.coefficients),
            residual_norm: wide(fit.residual_norm),
            rank: fit.rank,
            condition: fit.condition.as_f64(),
        }
    }
}

fn solve_qr<T: Real>(summary: &Qr<T>, query: &Query<'_>) -> Result<Owned, Error> {
    let (mut scratch, mut answer) = (vec![T::ONE; query.scratch_len()], vec![T::ONE; query.answer_len()]);
    summary.solve_in(query, &mut scratch, &mut answer).map(|fit| Owned::new(&fit))
}

fn solve_normal<T: Real>(summary: &Normal<T>, query: &Query<'_>) -> Result<Owned, Error> {
    let (mut scratch, mut answer) = (vec![T::ONE; query.scratch_len()], vec![T::ONE; query.answer_len()]);
    summary.solve_in(query, &mut scratch, &mut answer).map(|fit| Owned::new(&fit))
}

fn qr_of<T: Real>(rows: &[Vec<f64>], block_len: usize) -> Qr<T> {
    let mut summary = Qr::new(StreamingQrParams::new(rows[0].len()).block_len(block_len)).unwrap();
    feed(&mut summary, rows);
    summary
}

fn normal_of<T: Real>(rows: &[Vec<f64>]) -> Normal<T> {
    let mut summary = Normal::new(NormalEquationsParams::new(rows[0].len())).unwrap();
    feed(&mut summary, rows);
    summary
}

fn feed<M: RowSummary<Scalar: Real>>(summary: &mut M, rows: &[Vec<f64>]) {
    for row in rows {
        summary.update(&row.iter().map(|&x| M::Scalar::constant(x)).collect::<Vec<_>>()).unwrap();
    }
}

fn number(seed: u64, i: usize, j: usize) -> f64 {
    symmetric(word(seed, Domain::Coin, (i * 4096 + j) as u64))
}

/// Features of that condition with a target that leaves a residual: rows of `U diag(s) V'`, and a random part.
fn conditioned(n: usize, d: usize, condition: f64, residual: f64, seed: u64) -> Vec<Vec<f64>> {
    let orthonormal =
        |rows: usize, cols: usize, seed: u64| Mat::from_fn(rows, cols, |i, j| number(seed, i, j)).qr().compute_thin_Q();
    let (u, v) = (orthonormal(n, d, seed), orthonormal(d, d, seed + 1));
    let s = |k: usize| condition.powf(-(k as f64) / (d.max(2) - 1) as f64);
    let a = Mat::from_fn(n, d, |i, j| (0..d).map(|k| u[(i, k)] * s(k) * v[(j, k)]).sum::<f64>());
    (0..n)
        .map(|i| {
            let mut row: Vec<f64> = (0..d).map(|j| a[(i, j)]).collect();
            let explained: f64 = row.iter().enumerate().map(|(j, x)| x * (1.0 + 0.1 * j as f64)).sum();
            row.push(explained + residual * number(seed + 2, i, 0) / (n as f64).sqrt());
            row
        })
        .collect()
}

/// Least squares of least norm by singular values, the last column being the target.
struct Svd {
    x: Vec<f64>,
    residual: f64,
    largest: f64,
    smallest: f64,
}

fn svd(rows: &[Vec<f64>], cut: f64) -> Svd {
    let (n, d) = (rows.len(), rows[0].len() - 1);
    let a = Mat::from_fn(n, d, |i, j| rows[i][j]);
    let svd = a.thin_svd().unwrap();
    let size = n.min(d);
    let kept: Vec<usize> = (0..size).filter(|&k| svd.S()[k] > cut * svd.S()[0]).collect();
    let mut x = vec![0.0; d];
    for &k in &kept {
        let c: f64 = (0..n).map(|i| svd.U()[(i, k)] * rows[i][d]).sum::<f64>() / svd.S()[k];
        (0..d).for_each(|j| x[j] += c * svd.V()[(j, k)]);
    }
    let residual = rows
        .iter()
        .map(|row| (row[d] - row.iter().zip(&x).map(|(a, x)| a * x).sum::<f64>()).powi(2))
        .sum::<f64>()
        .sqrt();
    let (largest, smallest) = (svd.S()[0], kept.last().map_or(0.0, |&k| svd.S()[k]));
    Svd { x, residual, largest, smallest }
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn distance(x: &[f64], y: &[f64]) -> f64 {
    norm(&x.iter().zip(y).map(|(x, y)| x - y).collect::<Vec<_>>())
}

fn features(d: usize) -> Vec<usize> {
    (0..d).collect()
}

#[test]
fn coefficients_are_those_of_singular_values_to_the_condition() {
    let vandermonde = |d: usize| -> Vec<Vec<f64>> {
        (0..200)
            .map(|i| {
                let t = i as f64 / 199.0;
                (0..d).map(|j| t.powi(j as i32)).chain([(3.0 * t).sin()]).collect()
            })
            .collect()
    };
    let hilbert = |d: usize| -> Vec<Vec<f64>> {
        (0..60).map(|i| (0..d).map(|j| 1.0 / (i + j + 1) as f64).chain([1.0 / (i + 1) as f64]).collect()).collect()
    };
    let mut problems = vec![vandermonde(4), vandermonde(7), hilbert(3), hilbert(5)];
    for (n, d) in [(30, 1), (100, 5), (1000, 20), (300, 60)] {
        for condition in [1.0, 1e3, 1e6] {
            for residual in [1e-8, 1.0] {
                problems.push(conditioned(n, d, condition, residual, (n + d) as u64));
            }
        }
    }
    for rows in problems {
        let d = rows[0].len() - 1;
        let oracle = svd(&rows, 0.0);
        let (features, kappa) = (features(d), oracle.largest / oracle.smallest);
        for block_len in [1, 16, 64] {
            let fit = solve_qr(&qr_of::<f64>(&rows, block_len), &Query::new(&features, &[d])).unwrap();
            assert_eq!(fit.rank, d);
            let size = norm(&oracle.x) + kappa * oracle.residual / oracle.largest;
            let bound = 50.0 * kappa * f64::EPSILON * size;
            let error = distance(&fit.coefficients, &oracle.x);
            assert!(error <= bound, "{} x {d}, {kappa:e}: {error:e}, {bound:e}", rows.len());
            let off = (fit.residual_norm[0] - oracle.residual).abs();
            assert!(off <= 1e-12 * (oracle.residual + norm(&oracle.x) * oracle.largest), "{off:e}");
        }
    }
}

#[test]
fn normal_equations_lose_the_square_of_the_condition_and_refuse_beyond() {
    for condition in [1.0, 10.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e9] {
        let rows = conditioned(400, 8, condition, 1.0, 3);
        let (oracle, features) = (svd(&rows, 0.0), features(8));
        match solve_normal(&normal_of::<f64>(&rows), &Query::new(&features, &[8])) {
            Ok(fit) => {
                let size = norm(&oracle.x) + condition * oracle.residual;
                let error = distance(&fit.coefficients, &oracle.x);
                assert!(error <= 50.0 * condition * condition * f64::EPSILON * size, "{condition:e}: {error:e}");
                assert!((fit.residual_norm[0] / oracle.residual - 1.0).abs() < 1e-6);
                assert!(condition < 1e8);
            }
            Err(error) => {
                assert!(matches!(error, Error::IllConditioned | Error::RankDeficient { .. }), "{error}");
                assert!(condition > 1e6, "{condition:e}");
            }
        }
    }
}

#[test]
fn single_precision_errors_are_those_promised() {
    // 20,000 rows, 8 features: relative errors of blocks of 64 rows, three times the figures measured, and of compensated sums.
    for (condition, qr_limit, normal_limit) in
        [(1.0, 4e-6, 4e-7), (1e1, 7e-6, 7e-6), (1e2, 2e-5, 2e-4), (1e3, 2e-5, 1.2e-2), (1e5, 7e-4, 0.0)]
    {
        // Rounded to f32 first: that is the problem to be solved.
        let rows: Vec<Vec<f64>> = conditioned(20_000, 8, condition, 1e-3, 5)
            .into_iter()
            .map(|row| row.into_iter().map(|x| f64::from(x as f32)).collect())
            .collect();
        let (oracle, features) = (svd(&rows, 0.0), features(8));
        let query = Query::new(&features, &[8]);
        let error = |fit: &Owned| distance(&fit.coefficients, &oracle.x) / norm(&oracle.x);
        let fit = solve_qr(&qr_of::<f32>(&rows, 64), &query).unwrap();
        assert!(error(&fit) < qr_limit, "QR, {condition:e}: {:e}", error(&fit));
        let mut normal = Normal::<f32>::new(NormalEquationsParams::new(9).compensated()).unwrap();
        feed(&mut normal, &rows);
        match solve_normal(&normal, &query) {
            Ok(fit) => assert!(error(&fit) < normal_limit, "normal, {condition:e}: {:e}", error(&fit)),
            Err(error) => assert!(condition > 1e2, "{condition:e}: {error}"),
        }
    }
}

#[test]
fn rank_and_least_norm_are_found_on_digits() {
    let digits = streams::digits();
    let rows: Vec<Vec<f64>> = (0..digits.len())
        .map(|i| {
            let row = digits.row(i);
            row.iter().copied().chain([row.iter().enumerate().map(|(j, x)| x * (j % 7) as f64).sum()]).collect()
        })
        .collect();
    let features = features(64);
    let fit = solve_qr(&qr_of::<f64>(&rows, 16), &Query::new(&features, &[64])).unwrap();
    // Three pixels are never lit.
    assert_eq!(fit.rank, 61);
    let oracle = svd(&rows, 1e-12);
    assert!(distance(&fit.coefficients, &oracle.x) < 1e-10 * norm(&oracle.x));
    let strict = solve_qr(&qr_of::<f64>(&rows, 16), &Query::new(&features, &[64]).strict());
    assert_eq!(strict, Err(Error::RankDeficient { rank: 61 }));
    let normal = solve_normal(&normal_of::<f64>(&rows), &Query::new(&features, &[64]));
    assert_eq!(normal, Err(Error::RankDeficient { rank: 61 }));
}

#[test]
fn collinear_and_underdetermined_problems_have_least_norm() {
    // An intercept beside a constant column, and dependent features of different units.
    let base = conditioned(300, 3, 10.0, 0.1, 7);
    let rows: Vec<Vec<f64>> = base
        .iter()
        .map(|r| {
            let two_to = |e: i32| 2f64.powi(e);
            vec![1.0, 4.0, r[0] * two_to(4), r[1] * two_to(-4), r[2], r[0] * two_to(4) - r[2] * 3.0, r[3] + 0.25]
        })
        .collect();
    let features = features(6);
    let fit = solve_qr(&qr_of::<f64>(&rows, 16), &Query::new(&features, &[6])).unwrap();
    assert_eq!(fit.rank, 4);
    let oracle = svd(&rows, 1e-13);
    assert!((fit.residual_norm[0] / oracle.residual - 1.0).abs() < 1e-12);
    assert!(distance(&fit.coefficients, &oracle.x) < 1e-11 * norm(&oracle.x));
    // The two constants share in proportion to their values.
    assert!((fit.coefficients[1] / fit.coefficients[0] - 4.0).abs() < 1e-8, "{:?}", fit.coefficients);
    // Fewer rows than features.
    for n in [1, 3, 9] {
        let rows = conditioned(n.max(2), 10.min(n.max(2)), 5.0, 0.5, 11);
        let rows: Vec<Vec<f64>> = rows
            .iter()
            .take(n)
            .enumerate()
            .map(|(i, r)| (0..10).map(|j| number(12, i, j)).chain([r[r.len() - 1]]).collect())
            .collect();
        let features = self::features(10);
        let fit = solve_qr(&qr_of::<f64>(&rows, 4), &Query::new(&features, &[10])).unwrap();
        let oracle = svd(&rows, 1e-13);
        assert_eq!(fit.rank, n);
        assert!(distance(&fit.coefficients, &oracle.x) < 1e-11 * norm(&oracle.x).max(1.0), "{n}");
        assert!(fit.residual_norm[0] < 1e-13 * (1.0 + norm(&oracle.x)));
    }
}

#[test]
fn units_pass_through_to_the_bit_and_extremes_are_safe() {
    let rows = conditioned(200, 4, 100.0, 0.3, 13);
    let features = features(4);
    let query = Query::new(&features, &[4]);
    let plain = solve_qr(&qr_of::<f64>(&rows, 16), &query).unwrap();
    // From 1e-150 to 1e150.
    for exponents in [[-40, 60, 0, 13, -9], [498, -498, 300, -300, 1]] {
        let scaled: Vec<Vec<f64>> =
            rows.iter().map(|r| r.iter().zip(exponents).map(|(x, e)| x.times_power_of_two(e)).collect()).collect();
        let fit = solve_qr(&qr_of::<f64>(&scaled, 16), &query).unwrap();
        assert_eq!((fit.rank, fit.condition), (plain.rank, plain.condition));
        for j in 0..4 {
            let expected = plain.coefficients[j].times_power_of_two(exponents[4] - exponents[j]);
            assert_eq!(fit.coefficients[j], expected, "{j}");
        }
        assert_eq!(fit.residual_norm[0], plain.residual_norm[0].times_power_of_two(exponents[4]));
        let (normal, expected) = (solve_normal(&normal_of::<f64>(&scaled), &query), plain.clone());
        let normal = normal.unwrap();
        for j in 0..4 {
            let unscaled = normal.coefficients[j].times_power_of_two(exponents[j] - exponents[4]);
            assert!((unscaled - expected.coefficients[j]).abs() < 1e-10, "{j}");
        }
    }
}

#[test]
fn merged_streams_are_one_stream_to_rounding() {
    let rows = conditioned(501, 6, 50.0, 0.2, 17);
    let features = features(6);
    let query = Query::new(&features, &[6]);
    let whole = solve_qr(&qr_of::<f64>(&rows, 16), &query).unwrap();
    for cut in [0, 3, 250, 501] {
        let mut left = Qr::<f64>::new(StreamingQrParams::new(7)).unwrap();
        feed(&mut left, &rows[..cut]);
        let mut right = Qr::<f64>::new(StreamingQrParams::new(7)).unwrap();
        feed(&mut right, &rows[cut..]);
        left.merge(&right).unwrap();
        assert_eq!(left.rows_seen(), 501);
        let merged = solve_qr(&left, &query).unwrap();
        assert!(distance(&merged.coefficients, &whole.coefficients) < 1e-12, "{cut}");
        let mut left = Normal::<f64>::new(NormalEquationsParams::new(7)).unwrap();
        feed(&mut left, &rows[..cut]);
        let mut right = Normal::<f64>::new(NormalEquationsParams::new(7)).unwrap();
        feed(&mut right, &rows[cut..]);
        left.merge(&right).unwrap();
        let merged = solve_normal(&left, &query).unwrap();
        assert!(distance(&merged.coefficients, &whole.coefficients) < 1e-10, "{cut}");
    }
    let other = Qr::<f64>::new(StreamingQrParams::new(7).block_len(8)).unwrap();
    let mut qr = qr_of::<f64>(&rows, 16);
    let before = qr.encode();
    assert!(matches!(qr.merge(&other), Err(Error::Incompatible { what: Difference::BlockLen | Difference::Dim, .. })));
    assert_eq!(qr.encode(), before);
}

#[test]
fn integer_sums_are_exact_in_any_order() {
    let rows: Vec<Vec<i64>> =
        (0..500).map(|i| (0..4).map(|j| (number(19, i, j) * 32_000.0) as i64).collect()).collect();
    let mut forwards = Normal::<i64>::new(NormalEquationsParams::new(4)).unwrap();
    let mut backwards = forwards.clone();
    let mut batch = forwards.clone();
    rows.iter().for_each(|row| forwards.update(row).unwrap());
    rows.iter().rev().for_each(|row| backwards.update(row).unwrap());
    batch.update_batch(MatRef::new(&rows.concat(), 500, 4).unwrap()).unwrap();
    assert_eq!(forwards.encode(), backwards.encode());
    assert_eq!(forwards.encode(), batch.encode());
    let mut kept = Normal::<i64>::new(NormalEquationsParams::new(4)).unwrap();
    rows[..300].iter().for_each(|row| kept.update(row).unwrap());
    rows[300..].iter().for_each(|row| forwards.remove(row).unwrap());
    assert_eq!(forwards.gram(), kept.gram());
    assert_eq!(forwards.rows_removed(), 200);
    kept.merge(&forwards).unwrap();
    assert_eq!((kept.rows_seen(), kept.rows_removed()), (800, 200));
}

#[test]
fn batches_are_rows() {
    let rows = conditioned(77, 20, 10.0, 0.2, 23);
    let data = rows.concat();
    let matrix = MatRef::new(&data, 77, 21).unwrap();
    let mut normal = Normal::<f64>::new(NormalEquationsParams::new(21)).unwrap();
    normal.update_batch(matrix).unwrap();
    assert_eq!(normal.encode(), normal_of::<f64>(&rows).encode());
    let mut qr = Qr::<f64>::new(StreamingQrParams::new(21)).unwrap();
    qr.update_batch(matrix).unwrap();
    assert_eq!(qr.encode(), qr_of::<f64>(&rows, 16).encode());
}

#[test]
fn downdating_takes_rows_away_or_refuses() {
    let rows = conditioned(200, 5, 5.0, 0.4, 29);
    let features = features(5);
    let query = Query::new(&features, &[5]);
    let mut summary = qr_of::<f64>(&rows, 16);
    let pending = summary.downdate(&rows[0]);
    assert_eq!(pending, Err(Error::Pending));
    summary.poll(&(), 1).unwrap();
    for row in &rows[150..] {
        summary.downdate(row).unwrap();
    }
    let kept = solve_qr(&qr_of::<f64>(&rows[..150], 16), &query).unwrap();
    let found = solve_qr(&summary, &query).unwrap();
    assert!(distance(&found.coefficients, &kept.coefficients) < 1e-11);
    assert_eq!(summary.rows_removed(), 50);
    let mut both = summary.clone();
    both.merge(&summary).unwrap();
    assert_eq!((both.rows_seen(), both.rows_removed()), (400, 100));
    // More than there is.
    let before = summary.encode();
    let error = summary.downdate(&[100.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert!(matches!(error, Err(Error::NotPositiveSemidefinite { .. })), "{error:?}");
    assert_eq!(summary.encode(), before);
}

#[test]
fn weights_and_forgetting_are_weighted_rows() {
    let rows = conditioned(120, 3, 5.0, 0.4, 31);
    let features = features(3);
    let query = Query::new(&features, &[3]);
    let mut qr = Qr::<f64>::new(StreamingQrParams::new(4)).unwrap();
    let mut normal = Normal::<f64>::new(NormalEquationsParams::new(4)).unwrap();
    let mut scaled = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let weight = (i % 3) as f64 * 0.7;
        qr.update_weighted(row, weight).unwrap();
        normal.update_weighted(row, weight).unwrap();
        scaled.push(row.iter().map(|x| x * weight.sqrt()).collect::<Vec<_>>());
    }
    assert_eq!((qr.rows_seen(), normal.rows_seen()), (80, 80));
    let expected = solve_qr(&qr_of::<f64>(&scaled, 16), &query).unwrap();
    assert!(distance(&solve_qr(&qr, &query).unwrap().coefficients, &expected.coefficients) < 1e-12);
    assert!(distance(&solve_normal(&normal, &query).unwrap().coefficients, &expected.coefficients) < 1e-12);

    let mut fading = Qr::<f64>::new(StreamingQrParams::new(4)).unwrap();
    let mut fading_normal = Normal::<f64>::new(NormalEquationsParams::new(4)).unwrap();
    let params = RecursiveLeastSquaresParams::new(3).forgetting(0.9).prior(1e-12);
    let mut recursive = RecursiveLeastSquares::<f64, Vec<f64>>::new(params).unwrap();
    for row in &rows {
        fading.forget(0.9).unwrap();
        fading_normal.forget(0.9).unwrap();
        fading.update(row).unwrap();
        fading_normal.update(row).unwrap();
        recursive.update(row).unwrap();
    }
    let faded = solve_qr(&fading, &query).unwrap();
    assert!(distance(&solve_normal(&fading_normal, &query).unwrap().coefficients, &faded.coefficients) < 1e-11);
    assert!(distance(recursive.coefficients(), &faded.coefficients) < 1e-10);
    let predicted = recursive.predict(&rows[0][..3]).unwrap();
    let expected: f64 = rows[0].iter().zip(recursive.coefficients()).map(|(a, x)| a * x).sum();
    assert!((predicted - expected).abs() < 1e-14);
}

#[test]
fn ridges_leave_the_intercept_alone() {
    let rows: Vec<Vec<f64>> =
        conditioned(150, 4, 20.0, 0.4, 37).into_iter().map(|r| [&[1.0], &r[..4], &[r[4] + 3.0]].concat()).collect();
    let ridge = 0.8;
    let features = features(5);
    let query = Query::new(&features, &[5]).ridge(ridge).unpenalized(0);
    // Written out: rows of the root of the ridge below the others.
    let mut augmented = rows.clone();
    for j in 1..5 {
        let mut row = vec![0.0; 6];
        row[j] = f64::sqrt(ridge);
        augmented.push(row);
    }
    let oracle = svd(&augmented, 0.0);
    let residual = rows
        .iter()
        .map(|row| (row[5] - row.iter().zip(&oracle.x).map(|(a, x)| a * x).sum::<f64>()).powi(2))
        .sum::<f64>()
        .sqrt();
    for fit in [solve_qr(&qr_of::<f64>(&rows, 16), &query), solve_normal(&normal_of::<f64>(&rows), &query)] {
        let fit = fit.unwrap();
        assert!(distance(&fit.coefficients, &oracle.x) < 1e-11);
        assert!((fit.residual_norm[0] / residual - 1.0).abs() < 1e-10);
    }
}

#[test]
fn several_targets_and_roles_are_chosen_when_asked() {
    let rows = conditioned(90, 5, 5.0, 0.4, 41);
    let (qr, normal) = (qr_of::<f64>(&rows, 16), normal_of::<f64>(&rows));
    let both = Query::new(&[4, 1], &[5, 0]);
    for (together, alone) in [
        (solve_qr(&qr, &both), [5, 0].map(|target| solve_qr(&qr, &Query::new(&[4, 1], &[target])))),
        (solve_normal(&normal, &both), [5, 0].map(|target| solve_normal(&normal, &Query::new(&[4, 1], &[target])))),
    ] {
        let together = together.unwrap();
        for (u, alone) in alone.into_iter().enumerate() {
            let alone = alone.unwrap();
            assert_eq!(together.coefficients[2 * u..2 * u + 2], alone.coefficients[..]);
            assert!((together.residual_norm[u] / alone.residual_norm[0] - 1.0).abs() < 1e-13);
        }
    }
    let reordered: Vec<Vec<f64>> = rows.iter().map(|r| vec![r[4], r[1], r[5]]).collect();
    let oracle = svd(&reordered, 0.0);
    let found = solve_qr(&qr, &Query::new(&[4, 1], &[5])).unwrap();
    assert!(distance(&found.coefficients, &oracle.x) < 1e-12);
}

#[test]
fn refused_updates_change_nothing() {
    let rows = conditioned(40, 2, 5.0, 0.4, 43);
    let nan = f64::NAN;
    let negative = Err(Error::Parameter { name: &"weight", rule: Rule::NOT_NEGATIVE });
    let fraction = Err(Error::Parameter { name: &"factor", rule: Rule::FRACTION });
    macro_rules! check {
        ($summary:expr, $($weighted:ident)?) => {{
            let mut summary = $summary;
            let before = summary.encode();
            assert_eq!(summary.update(&[1.0, nan, 1.0]), Err(Error::NonFinite { index: 1 }));
            assert_eq!(summary.update(&[1.0, 1.0]), Err(Error::Dimension { expected: 3, got: 2 }));
            let batch = [1.0, 2.0, 3.0, 4.0, 5.0, f64::INFINITY];
            let batch = summary.update_batch(MatRef::new(&batch, 2, 3).unwrap());
            assert_eq!(batch, Err(Error::NonFinite { index: 5 }));
            $(
                assert_eq!(summary.$weighted(&[1.0, 1.0, 1.0], nan), Err(Error::NonFinite { index: 3 }));
                assert_eq!(summary.$weighted(&[1.0, 1.0, 1.0], -1.0), negative);
                assert_eq!(summary.$weighted(&[1.0, 1e300, 1.0], 1e300), Err(Error::NonFinite { index: 1 }));
                assert_eq!(summary.forget(0.0), fraction);
                assert_eq!(summary.forget(nan), fraction);
                assert_eq!(summary.forget(1.5), fraction);
                summary.$weighted(&[1.0, 1.0, 1.0], 0.0).unwrap();
            )?
            assert_eq!(summary.encode(), before);
        }};
    }
    check!(qr_of::<f64>(&rows, 16), update_weighted);
    check!(normal_of::<f64>(&rows), update_weighted);
    let mut recursive = RecursiveLeastSquares::<f64, Vec<f64>>::new(RecursiveLeastSquaresParams::new(2)).unwrap();
    feed(&mut recursive, &rows);
    check!(recursive,);
    let mut qr = qr_of::<f64>(&rows, 16);
    qr.poll(&(), 1).unwrap();
    let before = qr.encode();
    assert_eq!(qr.downdate(&[nan, 1.0, 1.0]), Err(Error::NonFinite { index: 0 }));
    assert_eq!(qr.downdate(&[1.0]), Err(Error::Dimension { expected: 3, got: 1 }));
    assert_eq!(qr.encode(), before);
    let mut normal = normal_of::<f64>(&rows);
    let before = normal.encode();
    assert_eq!(normal.remove(&[1.0, 1.0, nan]), Err(Error::NonFinite { index: 2 }));
    assert_eq!(normal.encode(), before);
}

#[test]
fn constructions_that_make_no_sense_are_refused() {
    let refused = |made: Result<(), Error>, name: &'static &'static str, rule| {
        assert_eq!(made, Err(Error::Parameter { name, rule }));
    };
    let qr = |params| Qr::<f64>::new(params).map(|_| ());
    refused(qr(StreamingQrParams::new(0)), &"columns", Rule::POSITIVE);
    refused(qr(StreamingQrParams::new(3).block_len(0)), &"block_len", Rule::POSITIVE);
    refused(qr(StreamingQrParams::new(usize::MAX)), &"columns", Rule::ADDRESSABLE);
    let normal = |columns| Normal::<i64>::new(NormalEquationsParams::new(columns)).map(|_| ());
    refused(normal(0), &"columns", Rule::POSITIVE);
    refused(normal(usize::MAX), &"columns", Rule::ADDRESSABLE);
    let recursive = |params| RecursiveLeastSquares::<f64, Vec<f64>>::new(params).map(|_| ());
    let params = RecursiveLeastSquaresParams::new(2);
    refused(recursive(RecursiveLeastSquaresParams::new(0)), &"features", Rule::POSITIVE);
    refused(recursive(params.forgetting(0.0)), &"forgetting", Rule::FRACTION);
    refused(recursive(params.forgetting(1.1)), &"forgetting", Rule::FRACTION);
    refused(recursive(params.prior(0.0)), &"prior", Rule::FINITE_POSITIVE);
    refused(recursive(params.prior(f64::NAN)), &"prior", Rule::FINITE_POSITIVE);
    let short = StreamingQr::<f64, _>::new_in(StreamingQrParams::new(2), vec![0.0; 36]).map(|_| ());
    assert_eq!(short, Err(Error::Storage { needed: 37, got: 36 }));
}

#[test]
fn answers_need_rows_and_finite_sums() {
    let query = Query::new(&[0], &[1]);
    let few = Err(Error::TooFewRows { needed: 1, got: 0 });
    let mut qr = Qr::<f32>::new(StreamingQrParams::new(2)).unwrap();
    let mut normal = Normal::<f32>::new(NormalEquationsParams::new(2)).unwrap();
    assert_eq!(solve_qr(&qr, &query), few);
    assert_eq!(solve_normal(&normal, &query), few);
    // Rows with which a norm or a sum would overflow are refused, and what was taken is answered.
    let taken = (0..40).take_while(|_| qr.update(&[1.0, f32::MAX / 32.0]).is_ok()).count();
    assert_eq!(taken, 16);
    let refused = Err(Error::NonFinite { index: 1 });
    let before = qr.encode();
    assert_eq!(qr.update(&[1.0, f32::MAX / 32.0]), refused);
    assert_eq!(qr.update_weighted(&[1.0, 1e19], 1e38), refused);
    let batch = [1.0, 1.0, 2.0, f32::MAX / 2.0];
    assert_eq!(qr.update_batch(MatRef::new(&batch, 2, 2).unwrap()), Err(Error::NonFinite { index: 3 }));
    let copy = qr.clone();
    assert_eq!(qr.merge(&copy), refused);
    assert_eq!(qr.encode(), before);
    assert!(Qr::<f32>::decode(&before).is_ok() && solve_qr(&qr, &query).is_ok());
    for mut normal in [normal.clone(), Normal::<f32>::new(NormalEquationsParams::new(2).compensated()).unwrap()] {
        assert_eq!(normal.update(&[1.0, 1e30]), refused);
        assert_eq!(normal.update(&[1e20, 1.0]), Err(Error::NonFinite { index: 0 }));
        let taken = (0..100).take_while(|_| normal.update(&[1.0, 4e18]).is_ok()).count();
        assert_eq!(taken, 21);
        let before = normal.encode();
        assert_eq!(normal.remove(&[1.0, 1e30]), refused);
        assert_eq!(normal.update_weighted(&[1.0, 1e10], 1e30), refused);
        let batch = [1.0, 2.0, 1.0, 4e18];
        assert_eq!(normal.update_batch(MatRef::new(&batch, 2, 2).unwrap()), Err(Error::NonFinite { index: 3 }));
        let copy = normal.clone();
        assert_eq!(normal.merge(&copy), refused);
        assert_eq!(normal.encode(), before);
        assert!(Normal::<f32>::decode(&before).is_ok() && solve_normal(&normal, &query).is_ok());
    }
    normal.clear();
    // Zeros only: an answer of rank 0.
    let zeros = qr_of::<f64>(&vec![vec![0.0, 0.0, 5.0]; 20], 16);
    let fit = solve_qr(&zeros, &Query::new(&[0, 1], &[2])).unwrap();
    assert_eq!((fit.rank, fit.condition, fit.coefficients), (0, 0.0, vec![0.0; 2]));
    assert!((fit.residual_norm[0] - 5.0 * 20f64.sqrt()).abs() < 1e-12);
}

/// Columns so far apart that the coefficient between them has no number.
#[test]
fn an_infinite_coefficient_is_an_error() {
    let query = Query::new(&[0], &[1]);
    let mut qr = Qr::<f32>::new(StreamingQrParams::new(2)).unwrap();
    let mut normal = Normal::<f32>::new(NormalEquationsParams::new(2)).unwrap();
    for i in 0..9u8 {
        qr.update(&[f32::from(i) * 1e-44, f32::from(i)]).unwrap();
        normal.update(&[f32::from(i) * 1e-20, f32::from(i) * 1e18]).unwrap();
    }
    assert_eq!(solve_qr(&qr, &query), Err(Error::NonFinite { index: 0 }));
    assert!(solve_normal(&normal, &query).is_ok_and(|fit| fit.coefficients.iter().all(|x| x.is_finite())));
}

#[test]
fn decoded_summaries_go_on_bit_for_bit() {
    let rows = conditioned(70, 3, 5.0, 0.4, 47);
    macro_rules! check {
        ($type:ty, $params:expr) => {{
            let mut first = <$type>::new($params).unwrap();
            feed(&mut first, &rows[..37]);
            let mut second = <$type>::decode(&first.encode()).unwrap();
            feed(&mut first, &rows[37..]);
            feed(&mut second, &rows[37..]);
            assert_eq!(first.encode(), second.encode());
        }};
    }
    check!(Qr<f32>, StreamingQrParams::new(4));
    check!(Qr<f64>, StreamingQrParams::new(4).block_len(3));
    check!(Normal<f64>, NormalEquationsParams::new(4));
    check!(RecursiveLeastSquares<f32, Vec<f32>>, RecursiveLeastSquaresParams::new(3).forgetting(0.99));
}

#[test]
fn every_storage_gives_the_same_bits() {
    const PARAMS: StreamingQrParams = StreamingQrParams::new(3);
    let rows = conditioned(50, 2, 5.0, 0.4, 53);
    let owned = qr_of::<f64>(&rows, 16);
    let mut array = StreamingQr::new_in(PARAMS, [0.5; PARAMS.storage_len()]).unwrap();
    let mut buffer = vec![7.0; PARAMS.storage_len()];
    let mut borrowed = StreamingQr::new_in(PARAMS, &mut buffer[..]).unwrap();
    let mut fixed = heapless::Vec::<f64, 128>::new();
    fixed.resize(PARAMS.storage_len(), 1.0).unwrap();
    let mut fixed = StreamingQr::new_in(PARAMS, fixed).unwrap();
    feed(&mut array, &rows);
    feed(&mut borrowed, &rows);
    feed(&mut fixed, &rows);
    assert_eq!(array.encode(), owned.encode());
    assert_eq!(borrowed.encode(), owned.encode());
    assert_eq!(fixed.encode(), owned.encode());
}
