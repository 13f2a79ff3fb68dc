//! Where rounding decides: dependent columns in long sums, weak directions of filters that forget, merges to the bit.

use sketchlet_core::random::keyed::{Domain, symmetric, word};
use sketchlet_core::regression::*;
use sketchlet_core::{Error, Lane, MatRef, Merge, Real, RowSummary, Wire};
use sketchlet_tests::streams::Source;

type Qr<T> = StreamingQr<T, Vec<T>>;
type Normal<L> = NormalEquations<L, Vec<L>>;
type Recursive<T> = RecursiveLeastSquares<T, Vec<T>>;

#[derive(Clone, Debug, PartialEq)]
struct Answer<R> {
    coefficients: Vec<R>,
    residual_norm: Vec<R>,
    condition: R,
}

impl<R: Real> Answer<R> {
    fn of(fit: &Fit<'_, R>) -> Self {
        Self {
            coefficients: fit.coefficients.to_vec(),
            residual_norm: fit.residual_norm.to_vec(),
            condition: fit.condition,
        }
    }

    fn error(&self, exact: &[f64]) -> f64 {
        let square = |x: f64| x * x;
        let off: f64 = self.coefficients.iter().zip(exact).map(|(x, y)| square(x.as_f64() - y)).sum();
        (off / exact.iter().map(|&x| square(x)).sum::<f64>()).sqrt()
    }
}

fn solve<L: Lane, R: Real>(summary: &Normal<L>, query: &Query<'_>) -> Result<Answer<R>, Error> {
    let (mut scratch, mut answer) = (vec![R::ONE; query.scratch_len()], vec![R::ONE; query.answer_len()]);
    summary.solve_in(query, &mut scratch, &mut answer).map(|fit| Answer::of(&fit))
}

fn solve_qr<T: Real>(summary: &Qr<T>, query: &Query<'_>) -> Answer<T> {
    let (mut scratch, mut answer) = (vec![T::ONE; query.scratch_len()], vec![T::ONE; query.answer_len()]);
    Answer::of(&summary.solve_in(query, &mut scratch, &mut answer).unwrap())
}

fn filled<L: Lane>(params: NormalEquationsParams, data: &[L], columns: usize) -> Normal<L> {
    let mut summary = Normal::new(params).unwrap();
    summary.update_batch(MatRef::new(data, data.len() / columns, columns).unwrap()).unwrap();
    summary
}

fn number(seed: u64, i: usize) -> f64 {
    symmetric(word(seed, Domain::Coin, i as u64))
}

fn refuses_dependent_features_in<T: Real, R: Real>(rows: usize, mean: f64, others: usize) {
    let columns = others + 2;
    let mut data = Vec::new();
    for i in 0..rows {
        let row: Vec<T> = (0..others).map(|j| T::constant(mean + number(1, i * columns + j))).collect();
        let sum = row.iter().fold(T::ZERO, |sum, &x| sum + x);
        data.extend(row);
        data.extend([sum, T::constant(number(2, i))]);
    }
    let (features, target) = ((0..=others).collect::<Vec<_>>(), [others + 1]);
    for params in [NormalEquationsParams::new(columns), NormalEquationsParams::new(columns).compensated()] {
        let result = solve::<T, R>(&filled(params, &data, columns), &Query::new(&features, &target));
        let is_refused = matches!(result, Err(Error::RankDeficient { .. } | Error::IllConditioned));
        assert!(is_refused, "{rows} x {columns}, mean {mean}, {params:?}: {result:?}");
    }
}

/// A sum of columns beside them: rounding of long sums makes it look like a feature of its own.
#[test]
fn dependent_features_are_refused_however_long_the_sums() {
    for rows in [1000, 20_000, 300_000] {
        for (mean, others) in [(0.0, 3), (1.0, 3), (0.3, 11)] {
            refuses_dependent_features_in::<f32, f32>(rows, mean, others);
            refuses_dependent_features_in::<f64, f64>(rows, mean, others);
            // Sums in single precision stay what they are when solved in double.
            refuses_dependent_features_in::<f32, f64>(rows, mean, others);
        }
    }
}

/// Two constants: every addition rounds the same way, and errors grow with the number of rows, not with its root.
#[test]
fn constants_beside_an_intercept_are_refused_however_long_the_sums() {
    for rows in [100, 10_000, 1_000_000] {
        let data: Vec<f64> = (0..rows).flat_map(|i| [1.0, 0.1, number(3, i)]).collect();
        let single: Vec<f32> = data.iter().map(|&x| x as f32).collect();
        for params in [NormalEquationsParams::new(3), NormalEquationsParams::new(3).compensated()] {
            for result in [
                solve::<f64, f64>(&filled(params, &data, 3), &Query::new(&[0, 1], &[2])).map(|_| ()),
                solve::<f32, f32>(&filled(params, &single, 3), &Query::new(&[0, 1], &[2])).map(|_| ()),
                solve::<f32, f64>(&filled(params, &single, 3), &Query::new(&[0, 1], &[2])).map(|_| ()),
            ] {
                let is_refused = matches!(result, Err(Error::RankDeficient { rank: 1 } | Error::IllConditioned));
                assert!(is_refused, "{rows} rows, {params:?}: {result:?}");
            }
        }
    }
}

/// Features of that condition, entries and target rounded to `f32`.
fn conditioned(rows: usize, condition: f64, seed: u64) -> Vec<f64> {
    let dim = 8;
    let rotation = Source::new(seed).rotation(dim);
    let mut data = Vec::new();
    for i in 0..rows {
        let along: Vec<f64> =
            (0..dim).map(|k| number(seed, 9 * i + k) * condition.powf(-(k as f64) / (dim - 1) as f64)).collect();
        let row: Vec<f64> = (0..dim).map(|j| (0..dim).map(|k| along[k] * rotation[k][j]).sum()).collect();
        let explained: f64 = row.iter().zip(1..).map(|(x, j)| x * f64::from(j)).sum();
        data.extend(
            row.iter().copied().chain([explained + 0.01 * number(seed, 9 * i + dim)]).map(|x| f64::from(x as f32)),
        );
    }
    data
}

/// The figures of the docs, and twice as much.
#[test]
fn single_precision_keeps_what_the_docs_promise() {
    let features: Vec<usize> = (0..8).collect();
    let query = Query::new(&features, &[8]);
    let figures = [(1.0, 3e-6, 2e-7, 1e-5), (1e2, 1e-5, 8e-5, 1e-4), (1e3, 3e-5, 4e-3, 1e-4), (1e4, 8e-4, 0.0, 1e-2)];
    for (condition, blocks, compensated, rotations) in figures {
        for seed in 1..4 {
            let data = conditioned(20_000, condition, seed);
            let single: Vec<f32> = data.iter().map(|&x| x as f32).collect();
            let mut exact = Qr::<f64>::new(StreamingQrParams::new(9)).unwrap();
            exact.update_batch(MatRef::new(&data, 20_000, 9).unwrap()).unwrap();
            let exact = solve_qr(&exact, &query).coefficients;

            let rows = MatRef::new(&single, 20_000, 9).unwrap();
            let mut qr = Qr::<f32>::new(StreamingQrParams::new(9)).unwrap();
            qr.update_batch(rows).unwrap();
            let error = solve_qr(&qr, &query).error(&exact);
            assert!(error < 2.0 * blocks, "QR, {condition:e}: {error:e}");

            let normal = filled(NormalEquationsParams::new(9).compensated(), &single, 9);
            match solve::<f32, f32>(&normal, &query) {
                Ok(answer) => {
                    let error = answer.error(&exact);
                    assert!(error < 2.0 * compensated, "normal equations, {condition:e}: {error:e}");
                }
                Err(error) => assert!(condition > 1e2, "normal equations, {condition:e}: {error}"),
            }

            let mut recursive = Recursive::<f32>::new(RecursiveLeastSquaresParams::new(8)).unwrap();
            recursive.update_batch(rows).unwrap();
            let answer =
                Answer { coefficients: recursive.coefficients().to_vec(), residual_norm: vec![], condition: 0.0 };
            let error = answer.error(&exact);
            assert!(error < 2.0 * rotations, "recursive, {condition:e}: {error:e}");
        }
    }
}

/// Plain sums in single precision are refused before they mislead: whatever is answered has some digits right.
#[test]
fn plain_sums_answer_with_digits_or_not_at_all() {
    let features: Vec<usize> = (0..8).collect();
    let query = Query::new(&features, &[8]);
    let mut answered = 0;
    for rows in [200, 5000, 100_000] {
        for condition in [1.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4] {
            let data = conditioned(rows, condition, 7);
            let single: Vec<f32> = data.iter().map(|&x| x as f32).collect();
            let mut exact = Qr::<f64>::new(StreamingQrParams::new(9)).unwrap();
            exact.update_batch(MatRef::new(&data, rows, 9).unwrap()).unwrap();
            let exact = solve_qr(&exact, &query).coefficients;
            for params in [NormalEquationsParams::new(9), NormalEquationsParams::new(9).compensated()] {
                let summary = filled(params, &single, 9);
                for error in [
                    solve::<f32, f32>(&summary, &query).map(|answer| answer.error(&exact)),
                    solve::<f32, f64>(&summary, &query).map(|answer| answer.error(&exact)),
                ]
                .into_iter()
                .flatten()
                {
                    answered += 1;
                    assert!(error < 0.02, "{rows} rows, {condition:e}, {params:?}: {error:e}");
                }
            }
        }
    }
    assert!(answered > 40, "{answered}");
}

#[test]
fn compensated_batches_weights_and_removals_are_rows() {
    let data: Vec<f32> = (0..600).map(|i| number(4, i) as f32).collect();
    let params = NormalEquationsParams::new(3).compensated();
    let batch = filled(params, &data, 3);
    let mut single = Normal::<f32>::new(params).unwrap();
    data.chunks_exact(3).for_each(|row| single.update(row).unwrap());
    assert_eq!(single.encode(), batch.encode());
    let mut weighted = Normal::<f32>::new(params).unwrap();
    data.chunks_exact(3).for_each(|row| weighted.update_weighted(row, 4.0).unwrap());
    let doubled: Vec<f32> = data.iter().map(|x| 2.0 * x).collect();
    assert_eq!(weighted.encode(), filled(params, &doubled, 3).encode());
    // Half of the rows taken away again, and half of them merged in again.
    let query = Query::new(&[0, 1], &[2]);
    let kept = solve::<f32, f64>(&filled(params, &data[..300], 3), &query).unwrap();
    let mut summary = batch.clone();
    data[300..].chunks_exact(3).for_each(|row| summary.remove(row).unwrap());
    let error = solve::<f32, f64>(&summary, &query).unwrap().error(&kept.coefficients);
    assert!(error < 1e-6, "{error:e}");
    summary.merge(&filled(params, &data[300..], 3)).unwrap();
    let whole = solve::<f32, f64>(&batch, &query).unwrap();
    let error = solve::<f32, f64>(&summary, &query).unwrap().error(&whole.coefficients);
    assert!(error < 1e-6, "{error:e}");
    let restored = Normal::<f32>::decode(&summary.encode()).unwrap();
    assert_eq!(restored.encode(), summary.encode());
    assert!(matches!(
        summary.merge(&Normal::new(NormalEquationsParams::new(3)).unwrap()),
        Err(Error::Incompatible { .. })
    ));
}

/// Products are exact, sums are not: what is kept beside them makes them whole again.
#[test]
fn compensated_sums_of_whole_numbers_are_those_of_integers() {
    let data: Vec<i64> = (0..60_000).map(|i| (number(12, i) * 4000.0) as i64).collect();
    let single: Vec<f32> = data.iter().map(|&x| x as f32).collect();
    let exact = filled(NormalEquationsParams::new(3), &data, 3);
    let params = NormalEquationsParams::new(3).compensated();
    let mut summary = filled(params, &single[..33_333], 3);
    summary.merge(&filled(params, &single[33_333..], 3)).unwrap();
    let query = Query::new(&[0, 1], &[2]);
    assert_eq!(solve::<f32, f64>(&summary, &query), solve::<i64, f64>(&exact, &query));
    let plain = filled(NormalEquationsParams::new(3), &single, 3);
    assert_ne!(solve::<f32, f64>(&plain, &query), solve::<i64, f64>(&exact, &query));
}

#[test]
fn rows_that_never_came_are_told_from_rounding() {
    let mut summary = Normal::<f64>::new(NormalEquationsParams::new(3)).unwrap();
    (0..50).for_each(|i| summary.update(&[1.0, number(5, i), number(6, i)]).unwrap());
    summary.remove(&[0.0, 100.0, 0.0]).unwrap();
    let result = solve::<f64, f64>(&summary, &Query::new(&[0, 1], &[2]));
    assert!(matches!(result, Err(Error::NotPositiveSemidefinite { .. })), "{result:?}");
    // Sums of integers that wrapped.
    let mut summary = Normal::<i32>::new(NormalEquationsParams::new(2)).unwrap();
    (0..3).for_each(|_| summary.update(&[30_000, 1]).unwrap());
    let result = solve::<i32, f64>(&summary, &Query::new(&[0], &[1]));
    assert!(matches!(result, Err(Error::NotPositiveSemidefinite { .. })), "{result:?}");
}

#[test]
fn merges_with_little_are_one_stream_to_the_bit() {
    let params = StreamingQrParams::new(4).block_len(8);
    let qr = |rows: std::ops::Range<usize>| {
        let mut summary = Qr::<f64>::new(params).unwrap();
        rows.for_each(|i| summary.update(&std::array::from_fn::<_, 4, _>(|j| number(8, 4 * i + j))).unwrap());
        summary
    };
    let whole = qr(0..61);
    for (left, right) in [(0..0, 0..61), (0..61, 61..61), (0..54, 54..61), (0..60, 60..61)] {
        let mut merged = qr(left.clone());
        merged.merge(&qr(right)).unwrap();
        assert_eq!(merged.encode(), whole.encode(), "{left:?}");
    }
}

/// A feature that is silent for long loses the prior's pivot: the others must not suffer.
#[test]
fn forgotten_directions_leave_the_other_coefficients_alone() {
    let mut filter = Recursive::<f32>::new(RecursiveLeastSquaresParams::new(3).forgetting(0.9)).unwrap();
    for i in 0..20_000 {
        let x = number(9, i) as f32;
        filter.update(&[1.0, x, 0.0, 2.0 - 3.0 * x]).unwrap();
    }
    let near = |found: &[f32], expected: &[f32]| found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-4);
    assert!(near(filter.coefficients(), &[2.0, -3.0, 0.0]), "{:?}", filter.coefficients());
    // And then repeats the second.
    for i in 0..20_000 {
        let x = number(9, i) as f32;
        filter.update(&[1.0, x, 2.0 * x, 2.0 - 3.0 * x]).unwrap();
        // A single row near zero says nothing of the new feature but noise.
        let predicted = filter.predict(&[1.0, 0.25, 0.5]).unwrap();
        let is_tame = filter.coefficients().iter().all(|x| x.abs() < 10.0);
        assert!(i < 50 || is_tame && (predicted - 1.25).abs() < 1e-4, "row {i}: {:?}", filter.coefficients());
    }
}

/// Rows of zeros, as of a sensor that is off: what was known stays known.
#[test]
fn silence_is_not_forgetfulness() {
    let mut filter = Recursive::<f32>::new(RecursiveLeastSquaresParams::new(2).forgetting(0.9)).unwrap();
    for i in 0..200 {
        let x = number(10, i) as f32;
        filter.update(&[1.0, x, 2.0 - 3.0 * x]).unwrap();
    }
    let before = filter.coefficients().to_vec();
    (0..5000).for_each(|_| filter.update(&[0.0; 3]).unwrap());
    for (now, then) in filter.coefficients().iter().zip(&before) {
        assert!((now - then).abs() < 1e-3, "{now} instead of {then}");
    }
    // And it learns anew at once.
    for i in 0..3 {
        let x = number(11, i) as f32;
        filter.update(&[1.0, x, 1.0 + x]).unwrap();
    }
    assert!(filter.coefficients().iter().all(|x| (x - 1.0).abs() < 1e-4), "{:?}", filter.coefficients());
}

#[test]
fn rows_beyond_the_range_of_a_filter_are_refused() {
    let mut filter = Recursive::<f32>::new(RecursiveLeastSquaresParams::new(2)).unwrap();
    let row = |i: usize| [f32::MAX / 20.0, (i as f32).sin(), 1.0];
    let taken = (0..40).take_while(|&i| filter.update(&row(i)).is_ok()).count();
    assert_eq!(taken, 6);
    assert!(filter.coefficients().iter().all(|x| x.is_finite()));
    let before = filter.encode();
    assert_eq!(filter.update(&row(6)), Err(Error::NonFinite { index: 0 }));
    assert_eq!(filter.encode(), before);
}

/// A feature so small that its coefficient has no number: the filter can be written, and goes on where it stopped.
#[test]
fn an_infinite_coefficient_is_written_and_comes_back() {
    let mut filter = Recursive::<f32>::new(RecursiveLeastSquaresParams::new(2).forgetting(0.5)).unwrap();
    (0..300).for_each(|i| filter.update(&[1e-38, [1.0, 2.0][i % 2], 1e30]).unwrap());
    assert!(!filter.coefficients().iter().all(|x| x.is_finite()), "{:?}", filter.coefficients());
    let read = Recursive::<f32>::decode(&filter.encode()).unwrap();
    let bits = |filter: &Recursive<f32>| filter.coefficients().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&read), bits(&filter));
}
