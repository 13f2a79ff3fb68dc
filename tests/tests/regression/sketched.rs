//! Laws of the sketched summary: linear, indifferent to order and blocks, joinable, and honest about its half-widths.

use proptest::prelude::*;
use sketchlet_core::random::keyed::{Domain, symmetric, word};
use sketchlet_core::regression::*;
use sketchlet_core::sketch::*;
use sketchlet_core::stream::{Deferred, DeferredRows, Progress};
use sketchlet_core::{Difference, Error, Lane, MatRef, Merge, Real, RowSummary, Rule, Wire};

type Sketched<L, O> = SketchedLeastSquares<L, O, Vec<L>, Vec<u32>>;

fn empty<L: Lane, O: SketchOperator<L>>(params: SketchedLeastSquaresParams, operator: O) -> Sketched<L, O> {
    SketchedLeastSquares::new(params, operator).unwrap()
}

/// An answer that outlives its buffers.
#[derive(Clone, Debug, PartialEq)]
struct Owned {
    coefficients: Vec<f64>,
    half_widths: Option<Vec<f64>>,
    residual_norm: Vec<f64>,
    rank: usize,
    condition: f64,
}

fn solve<L: Lane, O: SketchOperator<L>>(summary: &Sketched<L, O>, query: &Query<'_>) -> Result<Owned, Error> {
    let (mut scratch, mut answer) = (vec![f64::NAN; query.scratch_len()], vec![f64::NAN; query.answer_len()]);
    let fit = summary.solve_in(query, &mut scratch, &mut answer)?;
    assert!(fit.residual_is_estimate);
    Ok(Owned {
        coefficients: fit.coefficients.to_vec(),
        half_widths: fit.half_widths.map(<[f64]>::to_vec),
        residual_norm: fit.residual_norm.to_vec(),
        rank: fit.rank,
        condition: fit.condition,
    })
}

/// Rows of whole numbers, with their numbers: ascending with gaps, over two streams.
#[derive(Clone, Debug)]
struct Rows {
    columns: usize,
    data: Vec<(u64, Vec<i32>)>,
}

fn rows() -> impl Strategy<Value = Rows> {
    (1usize..6).prop_flat_map(|columns| {
        let row = prop::collection::vec(-500i32..500, columns);
        prop::collection::vec((0u64..4, any::<bool>(), row), 0..90).prop_map(move |steps| {
            let mut next = [0u64, 7 << 40];
            let data = steps.into_iter().map(|(gap, side, row)| {
                let next = &mut next[usize::from(side)];
                *next += gap + 1;
                (*next, row)
            });
            Rows { columns, data: data.collect() }
        })
    })
}

fn shape() -> impl Strategy<Value = (usize, u64, usize)> {
    (1usize..40, any::<u64>(), 0u32..7).prop_map(|(rows, seed, log)| (rows, seed, 1 << log))
}

fn params(rows: &Rows, (m, seed, block): (usize, u64, usize)) -> SketchedLeastSquaresParams {
    SketchedLeastSquaresParams::new(rows.columns, m).seed(seed).block_len(block).ranges(200)
}

fn fill<L: Lane, O: SketchOperator<L>>(
    mut summary: Sketched<L, O>,
    rows: &[(u64, Vec<i32>)],
    convert: fn(i32) -> L,
) -> Sketched<L, O> {
    for (index, row) in rows {
        summary.update_at(*index, &row.iter().map(|&x| convert(x)).collect::<Vec<_>>()).unwrap();
    }
    summary
}

/// The sums, with everything pending worked off.
fn sums<L: Lane, O: SketchOperator<L>>(summary: &Sketched<L, O>) -> Vec<L> {
    let mut summary = summary.clone();
    summary.close_block();
    summary.sums().to_vec()
}

fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut keyed: Vec<_> = items.iter().enumerate().map(|(i, x)| (word(seed, Domain::Coin, i as u64), x)).collect();
    keyed.sort_by_key(|pair| pair.0);
    keyed.into_iter().map(|pair| pair.1.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn order_and_blocks_change_no_bit_of_integers(rows in rows(), shape in shape(), seed in any::<u64>()) {
        let plain = fill(empty(params(&rows, (shape.0, shape.1, 1)), Srht), &rows.data, |x| x);
        let blocked = fill(empty(params(&rows, shape), Srht), &rows.data, |x| x);
        let other_order = fill(empty(params(&rows, shape), Srht), &shuffled(&rows.data, seed), |x| x);
        let floats = fill(empty(params(&rows, shape), Srht), &shuffled(&rows.data, seed), f64::from);
        prop_assert_eq!(sums(&plain), sums(&blocked));
        prop_assert_eq!(sums(&plain), sums(&other_order));
        prop_assert_eq!(sums(&plain).iter().map(|&x| f64::from(x)).collect::<Vec<_>>(), sums(&floats));
    }

    #[test]
    fn put_off_work_changes_no_bit(rows in rows(), shape in shape(), seed in any::<u64>(), polls in 0usize..4) {
        let convert = |x: i32| f64::from(x) / 7.0;
        let at_once = fill(empty(params(&rows, shape), Srht), &rows.data, convert);
        let mut later = empty(params(&rows, shape).deferred().row_table(), Srht);
        for (i, (index, row)) in rows.data.iter().enumerate() {
            let row: Vec<f64> = row.iter().map(|&x| convert(x)).collect();
            let before = later.encode();
            if let Err(error) = later.update_at_deferred(*index, &row) {
                let is_full = error == Error::Capacity { limit: later.params().rows_per_block() };
                prop_assert!(is_full || error == Error::Pending);
                prop_assert_eq!(later.encode(), before);
                prop_assert_eq!(later.poll(&(), u64::MAX), Ok(Progress::Done));
                later.update_at_deferred(*index, &row).unwrap();
            }
            for k in 0..polls {
                later.poll(&(), 1 + word(seed, Domain::Coin, (4 * i + k) as u64) % 5).unwrap();
            }
        }
        prop_assert_eq!(sums(&later), sums(&at_once));
        // What waits travels with the summary.
        let mut copy = Sketched::<f64, Srht>::decode(&later.encode()).unwrap();
        while later.poll(&(), 2).unwrap() == Progress::Pending {}
        while copy.poll(&(), 3).unwrap() == Progress::Pending {}
        prop_assert!(later.is_idle());
        prop_assert_eq!(copy.encode(), later.encode());
    }

    #[test]
    fn removed_rows_were_never_there(rows in rows(), shape in shape(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(rows.data.len() + 1);
        let mut summary = fill(empty(params(&rows, shape), Srht), &rows.data, |x| x);
        for (index, row) in rows.data[cut..].iter().rev() {
            summary.remove_at(*index, row).unwrap();
        }
        let kept = fill(empty(params(&rows, shape), Srht), &rows.data[..cut], |x| x);
        prop_assert_eq!(sums(&summary), sums(&kept));
        prop_assert_eq!(summary.rows_seen() - summary.rows_removed(), cut as u64);
    }

    #[test]
    fn cells_are_rows_in_pieces(rows in rows(), shape in shape(), seed in any::<u64>()) {
        let whole = fill(empty(params(&rows, shape), Srht), &rows.data, i64::from);
        let cells: Vec<(u64, usize, i64)> = rows.data.iter()
            .flat_map(|(index, row)| row.iter().enumerate().map(|(c, &x)| (*index, c, i64::from(x))))
            .flat_map(|(index, c, x)| [(index, c, x - 3), (index, c, 3)])
            .collect();
        let mut summary = empty(params(&rows, shape), Srht);
        for (index, column, delta) in shuffled(&cells, seed) {
            summary.update_cell(index, column, delta).unwrap();
        }
        prop_assert_eq!(sums(&summary), sums(&whole));
        prop_assert_eq!(summary.rows_seen(), 0);
    }

    #[test]
    fn merged_parts_are_the_whole(rows in rows(), shape in shape(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(rows.data.len() + 1);
        let whole = fill(empty(params(&rows, shape), Srht), &rows.data, |x| x);
        let mut left = fill(empty(params(&rows, shape), Srht), &rows.data[..cut], |x| x);
        let right = fill(empty(params(&rows, shape).ranges(2).row_table(), Srht), &rows.data[cut..], |x| x);
        let result = left.merge(&right);
        // A range may have been stretched over the other's numbers: then only the forced merge goes.
        if left.overlap(&right).is_some() && result.is_err() {
            let is_refused = matches!(result, Err(Error::Incompatible { .. }));
            prop_assert!(is_refused);
            left.merge_overlapping(&right).unwrap();
        }
        prop_assert_eq!(sums(&left), sums(&whole));
        prop_assert_eq!(left.rows_seen(), whole.rows_seen());
    }

    #[test]
    fn joined_columns_were_sketched_together(rows in rows(), shape in shape(), cut in any::<prop::sample::Index>()) {
        let cut = 1 + cut.index(rows.columns.max(2) - 1);
        prop_assume!(cut < rows.columns);
        let part = |from: usize, to: usize| -> Rows {
            Rows { columns: to - from, data: rows.data.iter().map(|(i, r)| (*i, r[from..to].to_vec())).collect() }
        };
        // Fractions: the bits must agree whether or not sums are exact.
        let convert = |x: i32| x as f32 / 7.0;
        let filled = |rows: &Rows| fill(empty(params(rows, shape), Srht), &rows.data, convert);
        let (left, right, whole) = (filled(&part(0, cut)), filled(&part(cut, rows.columns)), filled(&rows));
        let joined = Sketched::join(&left, &right).unwrap();
        prop_assert_eq!(joined.encode(), whole.encode());
        // And taken apart again.
        let columns: Vec<usize> = (cut..rows.columns).collect();
        prop_assert_eq!(joined.select(&columns).unwrap().encode(), right.encode());
    }

    #[test]
    fn sketches_add_up(rows in rows(), shape in shape()) {
        let twice: Vec<_> = rows.data.iter().map(|(i, r)| (*i, r.iter().map(|x| 2 * x).collect())).collect();
        let shifted: Vec<_> = rows.data.iter().map(|(i, r)| (*i, r.iter().map(|x| 5 - x).collect())).collect();
        let fives: Vec<_> = rows.data.iter().map(|(i, r)| (*i, vec![5; r.len()])).collect();
        let sketch = |data: &[(u64, Vec<i32>)]| sums(&fill(empty(params(&rows, (shape.0, shape.1, 1)), Srct), data, |x| x));
        let [plain, twice, shifted, fives] = [&rows.data, &twice, &shifted, &fives].map(|data| sketch(data));
        for i in 0..plain.len() {
            prop_assert_eq!(twice[i], 2 * plain[i]);
            prop_assert_eq!(shifted[i], fives[i] - plain[i]);
        }
    }

    #[test]
    fn a_query_changes_no_later_bit(rows in rows(), shape in shape(), cut in any::<prop::sample::Index>()) {
        prop_assume!(rows.columns > 1 && !rows.data.is_empty());
        let cut = 1 + cut.index(rows.data.len());
        let convert = |x: i32| f64::from(x) / 7.0;
        let asked = fill(empty(params(&rows, shape), Srht), &rows.data[..cut], convert);
        let features: Vec<usize> = (1..rows.columns).collect();
        let _ = solve(&asked, &Query::new(&features, &[0]));
        let asked = fill(asked, &rows.data[cut..], convert);
        prop_assert_eq!(asked.encode(), fill(empty(params(&rows, shape), Srht), &rows.data, convert).encode());
    }

    #[test]
    fn a_decoded_summary_goes_on_bit_for_bit(rows in rows(), shape in shape(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(rows.data.len() + 1);
        let convert = |x: i32| x as f32 / 7.0;
        let half = fill(empty(params(&rows, shape), Srht), &rows.data[..cut], convert);
        let bytes = half.encode();
        let copy = Sketched::<f32, Srht>::decode(&bytes).unwrap();
        prop_assert_eq!(copy.encode(), bytes.clone());
        let of_another = matches!(Sketched::<f32, Srct>::decode(&bytes), Err(Error::Incompatible { what: Difference::Operator, .. }));
        prop_assert!(of_another);
        let of_another = matches!(Sketched::<i32, Srht>::decode(&bytes), Err(Error::Incompatible { what: Difference::Scalar, .. }));
        prop_assert!(of_another);
        let later = fill(copy, &rows.data[cut..], convert);
        prop_assert_eq!(later.encode(), fill(half, &rows.data[cut..], convert).encode());
    }

    #[test]
    fn batches_are_rows(rows in rows(), shape in shape(), first in 0u64..1000) {
        let data: Vec<f64> = rows.data.iter().flat_map(|(_, row)| row.iter().map(|&x| f64::from(x) / 7.0)).collect();
        let matrix = MatRef::new(&data, rows.data.len(), rows.columns).unwrap();
        let params = params(&rows, shape).first_index(first);
        let (mut single, mut batch) = (empty(params, Srht), empty(params, Srht));
        for row in matrix.iter_rows() {
            single.update(row).unwrap();
        }
        batch.update_batch(matrix).unwrap();
        prop_assert_eq!(single.encode(), batch.encode());
        let last = first + rows.data.len() as u64;
        let expected = if rows.data.is_empty() { vec![] } else { vec![(first, last - 1)] };
        prop_assert_eq!(single.ranges().collect::<Vec<_>>(), expected);
    }
}

/// Reals in random directions, with a target that the features explain in part.
fn real_rows(n: usize, features: usize, seed: u64) -> Vec<Vec<f64>> {
    let number = |i: usize, j: usize| symmetric::<f64>(word(seed, Domain::Coin, (i * 1000 + j) as u64));
    (0..n)
        .map(|i| {
            let mut row: Vec<f64> = (0..features).map(|j| number(i, j)).collect();
            let explained: f64 = row.iter().zip(1..).map(|(x, j)| x / f64::from(j)).sum();
            row.push(explained + 0.3 * number(i, features));
            row
        })
        .collect()
}

fn sketch_of<O: SketchOperator<f64>>(rows: &[Vec<f64>], m: usize, block: usize, operator: O) -> Sketched<f64, O> {
    let mut summary = empty(SketchedLeastSquaresParams::new(rows[0].len(), m).seed(3).block_len(block), operator);
    rows.iter().for_each(|row| summary.update(row).unwrap());
    summary
}

#[test]
fn half_widths_shrink_with_confidence_and_scale_with_the_target() {
    let rows = real_rows(3000, 5, 1);
    let features = [0, 1, 2, 3, 4];
    let summary = sketch_of(&rows, 96, 32, Srht);
    let mut last: Option<Vec<f64>> = None;
    for failure in [1e-6, 1e-3, 0.05, 0.5] {
        let fit = solve(&summary, &Query::new(&features, &[5]).failure(failure)).unwrap();
        let widths = fit.half_widths.unwrap();
        assert!(widths.iter().all(|&w| w > 0.0));
        if let Some(last) = last {
            assert!(widths.iter().zip(&last).all(|(now, before)| now < before));
        }
        last = Some(widths);
    }
    // b -> 8 b: everything about the target eight times, to the bit.
    let scaled: Vec<Vec<f64>> = rows.iter().map(|r| [&r[..5], &[8.0 * r[5]]].concat()).collect();
    let query = Query::new(&features, &[5]);
    let (plain, scaled) = (solve(&summary, &query).unwrap(), solve(&sketch_of(&scaled, 96, 32, Srht), &query).unwrap());
    let times = |x: &[f64], f: f64| x.iter().map(|x| f * x).collect::<Vec<_>>();
    assert_eq!(scaled.coefficients, times(&plain.coefficients, 8.0));
    assert_eq!(scaled.half_widths, plain.half_widths.as_deref().map(|w| times(w, 8.0)));
    assert_eq!(scaled.residual_norm, times(&plain.residual_norm, 8.0));
    // b -> b + A y: other coefficients, the same half-widths.
    let y = [3.0, -1.0, 0.5, 2.0, -7.0];
    let moved: Vec<Vec<f64>> = rows
        .iter()
        .map(|r| {
            let shift: f64 = r.iter().zip(&y).map(|(a, y)| a * y).sum();
            [&r[..5], &[r[5] + shift]].concat()
        })
        .collect();
    let moved = solve(&sketch_of(&moved, 96, 32, Srht), &query).unwrap();
    for (j, y) in y.iter().enumerate() {
        assert!((moved.coefficients[j] - plain.coefficients[j] - y).abs() < 1e-12);
        let (moved, plain) = (moved.half_widths.as_ref().unwrap()[j], plain.half_widths.as_ref().unwrap()[j]);
        assert!((moved / plain - 1.0).abs() < 1e-10);
    }
}

#[test]
fn units_of_columns_pass_through_to_the_bit() {
    let rows = real_rows(500, 4, 2);
    let query = Query::new(&[0, 1, 2, 3], &[4]);
    for (exponents, ridge) in [([-40, 60, 0, 13, -200], 0.0), ([0, 0, 0, 0, 0], 2.0), ([500, -490, 300, 7, 100], 0.0)] {
        let scaled: Vec<Vec<f64>> =
            rows.iter().map(|r| r.iter().zip(exponents).map(|(x, e)| x.times_power_of_two(e)).collect()).collect();
        let query = query.ridge(ridge);
        let plain = solve(&sketch_of(&rows, 64, 16, Srht), &query).unwrap();
        let found = solve(&sketch_of(&scaled, 64, 16, Srht), &query).unwrap();
        assert_eq!((found.rank, found.condition), (4, plain.condition));
        for j in 0..4 {
            let e = exponents[4] - exponents[j];
            assert_eq!(found.coefficients[j], plain.coefficients[j].times_power_of_two(e), "{j}");
            let widths = [&found, &plain].map(|fit| fit.half_widths.as_ref().unwrap()[j]);
            assert_eq!(widths[0], widths[1].times_power_of_two(e), "{j}");
        }
        assert_eq!(found.residual_norm[0], plain.residual_norm[0].times_power_of_two(exponents[4]));
    }
}

#[test]
fn short_streams_in_one_aligned_group_are_solved_exactly() {
    let query = Query::new(&[0, 1, 2, 3, 4, 5], &[6]);
    for n in [20, 100, 128] {
        let rows = real_rows(n, 6, n as u64);
        let exact = solve(&sketch_of(&rows, 4096, 1, Srht), &query).unwrap();
        let distance = |m: usize, first: u64, block: usize| -> f64 {
            let params = SketchedLeastSquaresParams::new(7, m).seed(9).first_index(first).block_len(block);
            let mut summary = empty(params, Srht);
            rows.iter().for_each(|row| summary.update(row).unwrap());
            let found = solve(&summary, &query).unwrap();
            found.coefficients.iter().zip(&exact.coefficients).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
        };
        for (first, block) in [(0, 1), (0, 16), (0, 128), (128 * 77, 32), (5 << 40, 64)] {
            assert!(distance(128, first, block) < 1e-10, "{n} {first} {block}");
        }
        // Not a power of two, or across a boundary: an estimate like any other.
        if n == 100 {
            assert!(distance(144, 0, 1) > 1e-3);
            assert!(distance(128, 1000, 1) > 1e-3);
        }
    }
}

#[test]
fn the_intercept_goes_without_ridge_and_the_others_shrink() {
    let rows: Vec<Vec<f64>> =
        real_rows(2000, 3, 4).into_iter().map(|r| [&[1.0], &r[..3], &[r[3] + 5.0]].concat()).collect();
    let summary = sketch_of(&rows, 256, 64, Srht);
    let query = Query::new(&[0, 1, 2, 3], &[4]).unpenalized(0);
    let free = solve(&summary, &query).unwrap();
    let tied = solve(&summary, &query.ridge(1e9)).unwrap();
    assert!((free.coefficients[0] - 5.0).abs() < 0.2 && (tied.coefficients[0] - 5.0).abs() < 0.3);
    assert!(tied.coefficients[1..].iter().all(|x| x.abs() < 1e-4));
    assert!(tied.half_widths.unwrap().iter().all(|w| w.is_finite() && *w > 0.0));
    // Penalised like the others it would be gone.
    let all = solve(&summary, &Query::new(&[0, 1, 2, 3], &[4]).ridge(1e9)).unwrap();
    assert!(all.coefficients[0].abs() < 1e-3);
}

#[test]
fn dependent_features_share_by_least_norm() {
    // The third feature is the first plus the second, the fourth a column of zeros.
    let rows: Vec<Vec<f64>> =
        real_rows(400, 2, 5).into_iter().map(|r| vec![r[0], r[1], r[0] + r[1], 0.0, r[2]]).collect();
    let summary = sketch_of(&rows, 64, 16, Srht);
    let query = Query::new(&[0, 1, 2, 3], &[4]);
    let fit = solve(&summary, &query).unwrap();
    assert_eq!(fit.rank, 2);
    let x = &fit.coefficients;
    // Orthogonal to (1, 1, -1, 0), which changes nothing.
    assert!((x[0] + x[1] - x[2]).abs() < 1e-12 * x[2].abs());
    let widths = fit.half_widths.unwrap();
    assert_eq!((x[3], widths[3]), (0.0, 0.0));
    // As good as two features alone, which span the same.
    let two = solve(&summary, &Query::new(&[0, 1], &[4])).unwrap();
    assert!((fit.residual_norm[0] / two.residual_norm[0] - 1.0).abs() < 1e-12);
    assert!((x[0] + x[2] - two.coefficients[0]).abs() < 1e-12);
    assert_eq!(solve(&summary, &query.strict()), Err(Error::RankDeficient { rank: 2 }));
}

#[test]
fn several_targets_are_several_queries() {
    let rows: Vec<Vec<f64>> = real_rows(900, 3, 6).into_iter().map(|r| [&r[..], &[r[0] * r[1]]].concat()).collect();
    let summary = sketch_of(&rows, 64, 16, Srht);
    for ridge in [0.0, 3.0] {
        let both = solve(&summary, &Query::new(&[2, 0], &[3, 4]).ridge(ridge)).unwrap();
        for (u, target) in [3, 4].into_iter().enumerate() {
            let one = solve(&summary, &Query::new(&[2, 0], &[target]).ridge(ridge)).unwrap();
            assert_eq!(both.coefficients[2 * u..2 * u + 2], one.coefficients[..]);
            let widths = both.half_widths.as_ref().unwrap();
            for (x, y) in widths[2 * u..2 * u + 2].iter().zip(one.half_widths.as_ref().unwrap()) {
                assert!((x / y - 1.0).abs() < 1e-13);
            }
            assert!((both.residual_norm[u] / one.residual_norm[0] - 1.0).abs() < 1e-13);
        }
    }
}

#[test]
fn sparse_operators_and_tight_sketches_have_no_half_widths() {
    let rows = real_rows(300, 4, 7);
    let query = Query::new(&[0, 1, 2, 3], &[4]);
    assert_eq!(solve(&sketch_of(&rows, 64, 1, CountSketch), &query).unwrap().half_widths, None);
    assert_eq!(solve(&sketch_of(&rows, 64, 1, Osnap { nonzeros: 8 }), &query).unwrap().half_widths, None);
    assert_eq!(solve(&sketch_of(&rows, 7, 1, GaussianSketch), &query).unwrap().half_widths, None);
    assert!(solve(&sketch_of(&rows, 8, 1, GaussianSketch), &query).unwrap().half_widths.is_some());
    // Signs need more rows to spare: a twentieth is below 8 / 2^7.
    assert_eq!(solve(&sketch_of(&rows, 11, 1, Srht), &query).unwrap().half_widths, None);
    assert!(solve(&sketch_of(&rows, 12, 1, Srht), &query).unwrap().half_widths.is_some());
    assert_eq!(solve(&sketch_of(&rows, 4, 1, Srht), &query).unwrap().residual_norm, [f64::INFINITY]);
    assert_eq!(solve(&sketch_of(&rows, 3, 1, Srht), &query), Err(Error::TooFewRows { needed: 4, got: 3 }));
}

#[test]
fn targets_in_the_range_of_the_features_have_half_widths_above_rounding() {
    let rows: Vec<Vec<f64>> =
        real_rows(5000, 10, 8).into_iter().map(|r| [&r[..10], &[r[..10].iter().sum::<f64>()]].concat()).collect();
    let features: Vec<usize> = (0..10).collect();
    let fit = solve(&sketch_of(&rows, 128, 32, Srht), &Query::new(&features, &[10])).unwrap();
    for (x, width) in fit.coefficients.iter().zip(fit.half_widths.unwrap()) {
        assert!((x - 1.0).abs() <= width && width < 1e-11, "{x} {width:e}");
    }
    let zero: Vec<Vec<f64>> = rows.iter().map(|r| [&r[..10], &[0.0]].concat()).collect();
    let fit = solve(&sketch_of(&zero, 128, 32, Srht), &Query::new(&features, &[10])).unwrap();
    assert_eq!((fit.coefficients, fit.half_widths), (vec![0.0; 10], Some(vec![0.0; 10])));
}

#[test]
fn nothing_but_zeros_is_an_answer_of_rank_zero() {
    let fit = solve(&sketch_of(&vec![vec![0.0, 0.0, 2.0]; 50], 16, 4, Srht), &Query::new(&[0, 1], &[2])).unwrap();
    assert_eq!((fit.coefficients, fit.half_widths), (vec![0.0; 2], Some(vec![0.0; 2])));
    assert_eq!((fit.rank, fit.condition), (0, 0.0));
    assert!(fit.residual_norm[0] > 0.0);
}

#[test]
fn roles_that_make_no_sense_are_refused() {
    let summary = sketch_of(&real_rows(50, 3, 9), 16, 4, Srht);
    let refused = |query: Query<'_>, name: &'static &'static str, rule| {
        assert_eq!(solve(&summary, &query), Err(Error::Parameter { name, rule }));
    };
    refused(Query::new(&[], &[3]), &"features", Rule::POSITIVE);
    refused(Query::new(&[0], &[]), &"targets", Rule::POSITIVE);
    refused(Query::new(&[0, 4], &[3]), &"features", Rule::WITHIN_COLUMNS);
    refused(Query::new(&[0], &[4]), &"targets", Rule::WITHIN_COLUMNS);
    refused(Query::new(&[0, 1, 0], &[3]), &"features", Rule::DISTINCT);
    refused(Query::new(&[0, 3], &[3]), &"features", Rule::DISTINCT);
    for ridge in [-1.0, f64::NAN, f64::INFINITY] {
        refused(Query::new(&[0], &[3]).ridge(ridge), &"ridge", Rule::NOT_NEGATIVE);
    }
    for failure in [0.0, 1.0, -0.1, f64::NAN] {
        refused(Query::new(&[0], &[3]).failure(failure), &"failure", Rule::FRACTION);
    }
    let query = Query::new(&[0], &[3]);
    let (mut scratch, mut answer) = (vec![0.0; query.scratch_len()], vec![0.0; query.answer_len()]);
    let short = summary.solve_in(&query, &mut scratch[1..], &mut answer).map(|_| ());
    assert_eq!(short, Err(Error::Storage { needed: 9, got: 8 }));
    let short = summary.solve_in(&query, &mut scratch, &mut answer[1..]).map(|_| ());
    assert_eq!(short, Err(Error::Storage { needed: 3, got: 2 }));
}

#[test]
fn constructions_that_make_no_sense_are_refused() {
    let params = SketchedLeastSquaresParams::new(3, 8);
    let refused = |params, name: &'static &'static str, rule| {
        let made = Sketched::<f64, Srht>::new(params, Srht).map(|_| ());
        assert_eq!(made, Err(Error::Parameter { name, rule }));
    };
    refused(SketchedLeastSquaresParams::new(0, 8), &"columns", Rule::POSITIVE);
    refused(SketchedLeastSquaresParams::new(3, 0), &"rows", Rule::POSITIVE);
    refused(params.block_len(0), &"block_len", Rule::BLOCK_LENGTH);
    refused(params.block_len(12), &"block_len", Rule::BLOCK_LENGTH);
    refused(params.block_len(1 << 17), &"block_len", Rule::BLOCK_LENGTH);
    refused(params.ranges(0), &"ranges", Rule::POSITIVE);
    refused(params.ranges(usize::MAX), &"ranges", Rule::ADDRESSABLE);
    refused(SketchedLeastSquaresParams::new(usize::MAX, 2), &"rows", Rule::ADDRESSABLE);
    let only = |params| Sketched::<f64, Srct>::new(params, Srct).map(|_| ());
    assert_eq!(only(params.block_len(2)), Err(Error::Parameter { name: &"block_len", rule: Rule::ONLY_FOR_SRHT }));
    assert_eq!(only(params.row_table()), Err(Error::Parameter { name: &"row_table", rule: Rule::ONLY_FOR_SRHT }));
    let short = SketchedLeastSquares::<f64, _, _, _>::new_in(params, Srht, vec![0.0; 23], vec![0; 32]).map(|_| ());
    assert_eq!(short, Err(Error::Storage { needed: 27, got: 23 }));
    let short = SketchedLeastSquares::<f64, _, _, _>::new_in(params, Srht, vec![0.0; 27], vec![0; 31]).map(|_| ());
    assert_eq!(short, Err(Error::Storage { needed: 32, got: 31 }));
}

/// An update that must be refused.
type Update<'a> = &'a dyn Fn(&mut Sketched<f64, Srht>) -> Result<(), Error>;

/// Every refusal of an update leaves the summary as it was, to the bit of its encoding.
#[test]
fn refused_updates_change_nothing() {
    for deferred in [false, true] {
        let params = SketchedLeastSquaresParams::new(2, 8).block_len(4).ranges(1).first_index(100);
        let mut summary = empty::<f64, _>(if deferred { params.deferred() } else { params }, Srht);
        for i in 0..9 {
            let row = [f64::from(i), 1.0];
            if deferred && i > 4 { summary.update_deferred(&row).unwrap() } else { summary.update(&row).unwrap() }
        }
        assert_eq!(summary.is_idle(), !deferred);
        let before = summary.encode();
        let mut refused = |update: Update<'_>, expected: Error| {
            assert_eq!(update(&mut summary), Err(expected));
            assert_eq!(summary.encode(), before);
        };
        let nan = f64::NAN;
        refused(&|s| s.update(&[1.0, nan]), Error::NonFinite { index: 1 });
        refused(&|s| s.update(&[1.0]), Error::Dimension { expected: 2, got: 1 });
        refused(&|s| s.update_at(3, &[f64::INFINITY, 1.0]), Error::NonFinite { index: 0 });
        refused(&|s| s.update_cell(109, 2, 1.0), Error::NotFound { index: 2 });
        refused(&|s| s.update_cell(109, 1, nan), Error::NonFinite { index: 1 });
        refused(&|s| s.remove_at(3, &[1.0]), Error::Dimension { expected: 2, got: 1 });
        refused(&|s| s.update_weighted(109, &[1.0, 1.0], nan), Error::NonFinite { index: 2 });
        let negative = Error::Parameter { name: &"weight", rule: Rule::NOT_NEGATIVE };
        refused(&|s| s.update_weighted(109, &[1.0, 1.0], -1.0), negative);
        refused(&|s| s.update_weighted(109, &[1.0, 1e300], 1e300), Error::NonFinite { index: 1 });
        refused(&|s| s.update_at(1 << 40, &[1.0, 1.0]), Error::Capacity { limit: 1 });
        let matrix = [1.0, 2.0, 3.0, nan];
        refused(&|s| s.update_batch(MatRef::new(&matrix, 2, 2).unwrap()), Error::NonFinite { index: 3 });
        let wide = [1.0; 6];
        refused(&|s| s.update_batch(MatRef::new(&wide, 2, 3).unwrap()), Error::Dimension { expected: 2, got: 3 });
        let matrix = [1.0; 4];
        let limit = Error::Capacity { limit: (1 << 40) - 1 };
        refused(&|s| s.update_batch_at((1 << 40) - 1, MatRef::new(&matrix, 2, 2).unwrap()), limit);
        refused(&|s| s.update_batch_at(u64::MAX, MatRef::new(&matrix, 2, 2).unwrap()), limit);
        for factor in [0.0, 1.5, nan] {
            refused(&|s| s.forget(factor), Error::Parameter { name: &"factor", rule: Rule::FRACTION });
        }
    }
    let mut full = empty::<f64, _>(SketchedLeastSquaresParams::new(1, 4).first_index((1 << 40) - 1), Srht);
    full.update(&[1.0]).unwrap();
    let before = full.encode();
    assert_eq!(full.update(&[1.0]), Err(Error::Capacity { limit: (1 << 40) - 1 }));
    assert_eq!(full.encode(), before);
}

#[test]
fn only_like_summaries_combine() {
    let params = SketchedLeastSquaresParams::new(2, 8).block_len(4);
    let filled = |params: SketchedLeastSquaresParams, first: u64| {
        let mut summary = empty::<f64, _>(params.first_index(first), Srht);
        (0..6).for_each(|i| summary.update(&[f64::from(i), 1.0]).unwrap());
        summary
    };
    let mut target = filled(params, 0);
    let before = target.encode();
    let others = [
        (params.seed(1), Difference::Seed, 0, 1),
        (params.block_len(8), Difference::BlockLen, 4, 8),
        (SketchedLeastSquaresParams::new(2, 9).block_len(4), Difference::SketchRows, 8, 9),
        (SketchedLeastSquaresParams::new(3, 8).block_len(4), Difference::Dim, 2, 3),
    ];
    for (other, what, expected, got) in others {
        let mut summary = empty::<f64, _>(other.first_index(100), Srht);
        summary.update(&vec![1.0; summary.dim()]).unwrap();
        assert_eq!(target.merge(&summary), Err(Error::Incompatible { what, expected, got }));
    }
    assert_eq!(
        target.merge(&filled(params, 3)),
        Err(Error::Incompatible { what: Difference::Overlap, expected: 3, got: 5 })
    );
    assert_eq!(target.overlap(&filled(params, 3)), Some((3, 5)));
    let mut faded = filled(params, 100);
    faded.forget(0.5).unwrap();
    let forgotten = Err(Error::Incompatible { what: Difference::TimesForgotten, expected: 0, got: 1 });
    assert_eq!(target.merge(&faded), forgotten);
    assert_eq!(Sketched::join(&target, &faded).map(|_| ()), forgotten);
    assert_eq!(
        Sketched::join(&target, &filled(params, 1)).map(|_| ()),
        Err(Error::Incompatible { what: Difference::Ranges, expected: 0, got: 1 })
    );
    let mut longer = filled(params, 0);
    longer.update_at(1 << 40, &[1.0; 2]).unwrap();
    assert_eq!(
        Sketched::join(&target, &longer).map(|_| ()),
        Err(Error::Incompatible { what: Difference::Ranges, expected: u64::MAX, got: 1 << 40 })
    );
    let many = filled(params.ranges(1), 0);
    let mut other = filled(params.ranges(1), 50);
    assert_eq!(other.merge(&many), Err(Error::Capacity { limit: 1 }));
    assert_eq!(target.encode(), before);
    target.merge(&other).unwrap();
    assert_eq!(target.ranges().collect::<Vec<_>>(), [(0, 5), (50, 55)]);
    // The next row comes after the last one, merged rows included.
    target.update(&[0.0, 0.0]).unwrap();
    assert_eq!(target.ranges().last(), Some((50, 56)));
}

#[test]
fn summaries_that_put_work_off_must_be_settled_to_combine_and_answer() {
    let params = SketchedLeastSquaresParams::new(2, 8).block_len(4).deferred();
    let filled = |first: u64| {
        let mut summary = empty::<f64, _>(params.first_index(first), Srht);
        (0..5).for_each(|i| summary.update_deferred(&[f64::from(i), 1.0]).unwrap());
        summary
    };
    let pending = Error::Pending;
    let (mut left, mut right) = (filled(0), filled(100));
    assert_eq!(left.merge(&right), Err(pending));
    assert_eq!(Sketched::join(&left, &left).map(|_| ()), Err(pending));
    assert_eq!(solve(&left, &Query::new(&[0], &[1])), Err(pending));
    assert_eq!(left.update_at_deferred(2, &[1.0, 1.0]), Err(pending));
    // A row at once does what waits first.
    let mut at_once = left.clone();
    at_once.update_at(2, &[1.0, 1.0]).unwrap();
    left.poll(&(), u64::MAX).unwrap();
    left.update_at_deferred(2, &[1.0, 1.0]).unwrap();
    assert_eq!(left.encode(), at_once.encode());
    assert_eq!(left.merge(&right), Err(pending));
    right.poll(&(), u64::MAX).unwrap();
    left.merge(&right).unwrap();
    assert!(solve(&left, &Query::new(&[0], &[1])).is_ok());
}

#[test]
fn answers_need_something_written() {
    let query = Query::new(&[0], &[1]);
    let few = Error::TooFewRows { needed: 1, got: 0 };
    let mut summary = empty::<f64, _>(SketchedLeastSquaresParams::new(2, 8), Srht);
    assert_eq!(solve(&summary, &query), Err(few));
    summary.update_weighted(0, &[1.0, 2.0], 0.0).unwrap();
    assert_eq!((solve(&summary, &query), summary.rows_seen()), (Err(few), 0));
    // Its number is taken.
    assert_eq!(summary.ranges().collect::<Vec<_>>(), [(0, 0)]);
    summary.update_cell(1, 0, 1.0).unwrap();
    assert!(solve(&summary, &query).is_ok());
    summary.clear();
    assert_eq!(solve(&summary, &query), Err(few));
}

/// What either has written is written in both, whichever is the empty one.
#[test]
fn merged_and_joined_answers_need_something_written_in_either() {
    let params = SketchedLeastSquaresParams::new(2, 8);
    let few = Error::TooFewRows { needed: 1, got: 0 };
    let new = || empty::<f64, _>(params, Srht);
    let query = Query::new(&[0], &[1]);
    let mut written = new();
    written.update(&[1.0, 2.0]).unwrap();
    let expected = solve(&written, &query);
    assert!(expected.is_ok());
    for (mut to, from) in [(new(), written.clone()), (written, new())] {
        to.merge(&from).unwrap();
        assert_eq!(solve(&to, &query), expected);
    }
    // A row that is only taken away has no number in the list: the rows of both are the same, and one has written.
    let mut removed = new();
    removed.remove_at(0, &[1.0, 2.0]).unwrap();
    for (left, right) in [(&new(), &removed), (&removed, &new())] {
        assert!(solve(&Sketched::join(left, right).unwrap(), &Query::new(&[0, 1], &[2])).is_ok());
    }
    assert_eq!(solve(&Sketched::join(&new(), &new()).unwrap(), &query), Err(few));
}

#[test]
fn rows_with_which_sums_would_overflow_are_refused() {
    let params = SketchedLeastSquaresParams::new(2, 8);
    let mut summary = empty::<f32, _>(params.block_len(4), Srht);
    let large = [1.0, f32::MAX / 64.0];
    let taken = (0..64).take_while(|_| summary.update_at(1, &large).is_ok()).count();
    assert_eq!(taken, 16);
    let before = summary.encode();
    let refused = Err(Error::NonFinite { index: 1 });
    assert_eq!(summary.update_at(1, &large), refused);
    assert_eq!(summary.update_weighted(40, &[1.0, 1e19], 1e38), refused);
    assert_eq!(summary.update_cell(40, 1, f32::MAX), refused);
    assert_eq!(summary.remove_at(40, &[0.0, f32::MAX]), refused);
    let batch = [1.0, 2.0, 3.0, 1e37];
    assert_eq!(summary.update_batch_at(40, MatRef::new(&batch, 2, 2).unwrap()), Err(Error::NonFinite { index: 3 }));
    let mut other = empty::<f32, _>(params.block_len(4).first_index(1 << 40), Srht);
    other.update(&large).unwrap();
    assert_eq!(summary.merge(&other), refused);
    assert_eq!(summary.encode(), before);
    // The other column has all its room, and what was taken can be read and solved.
    (0..5).for_each(|_| summary.update_at(2, &[f32::MAX / 64.0, 0.0]).unwrap());
    summary.close_block();
    assert!(Sketched::<f32, Srht>::decode(&summary.encode()).is_ok());
    assert!(solve(&summary, &Query::new(&[0], &[1])).is_ok());
    // Integers wrap.
    let mut integers = empty::<i32, _>(params, Srht);
    (0..9).for_each(|_| integers.update(&[1, i32::MAX]).unwrap());
}

#[test]
fn weights_are_repeated_rows() {
    let rows = real_rows(200, 3, 10);
    let params = SketchedLeastSquaresParams::new(4, 512).block_len(64);
    let (mut weighted, mut scaled) = (empty::<f64, _>(params, Srht), empty::<f64, _>(params, Srht));
    for (i, row) in rows.iter().enumerate() {
        let weight = (i % 4) as f64;
        weighted.update_weighted(i as u64, row, weight).unwrap();
        let row: Vec<f64> = row.iter().map(|x| x * weight.sqrt()).collect();
        scaled.update(&row).unwrap();
    }
    assert_eq!(sums(&weighted), sums(&scaled));
    assert_eq!((weighted.rows_seen(), scaled.rows_seen()), (150, 200));
    for (i, row) in rows.iter().enumerate() {
        weighted.remove_weighted(i as u64, row, (i % 4) as f64).unwrap();
    }
    assert!(sums(&weighted).iter().all(|x| x.abs() < 1e-12));
}

#[test]
fn the_past_fades() {
    let rows = real_rows(600, 2, 11);
    let features = [0, 1];
    let query = Query::new(&features, &[2]);
    let mut fading = empty::<f64, _>(SketchedLeastSquaresParams::new(3, 256).block_len(16), Srht);
    let mut weighted = empty::<f64, _>(SketchedLeastSquaresParams::new(3, 256).block_len(16), Srht);
    for (i, row) in rows.iter().enumerate() {
        if i % 100 == 0 {
            fading.forget(0.25).unwrap();
        }
        fading.update(row).unwrap();
        weighted.update_weighted(i as u64, row, 0.25f64.powi(5 - (i / 100) as i32)).unwrap();
    }
    let (x, y) = (solve(&fading, &query).unwrap(), solve(&weighted, &query).unwrap());
    for j in 0..2 {
        assert!((x.coefficients[j] - y.coefficients[j]).abs() < 1e-12);
    }
    let copy = Sketched::<f64, Srht>::decode(&fading.encode()).unwrap();
    assert_eq!(solve(&copy, &query).unwrap(), x);
    // So often that the product of all factors vanishes: the bytes are still sound.
    (0..3000).for_each(|_| fading.forget(0.5).unwrap());
    fading.update(&rows[0]).unwrap();
    assert_eq!(Sketched::<f64, Srht>::decode(&fading.encode()).unwrap().encode(), fading.encode());
}

#[test]
fn every_storage_gives_the_same_bits() {
    const PARAMS: SketchedLeastSquaresParams =
        SketchedLeastSquaresParams::new(3, 16).block_len(4).ranges(2).row_table();
    let rows = real_rows(50, 2, 12);
    let mut owned = empty::<f64, _>(PARAMS, Srht);
    let array = ([0.5; PARAMS.storage_len()], [7; PARAMS.index_len()]);
    let mut array = SketchedLeastSquares::new_in(PARAMS, Srht, array.0, array.1).unwrap();
    let (mut scalars, mut words) = (vec![1.0; PARAMS.storage_len()], [3; PARAMS.index_len()]);
    let mut borrowed = SketchedLeastSquares::new_in(PARAMS, Srht, &mut scalars[..], &mut words[..]).unwrap();
    let mut fixed = heapless::Vec::<f64, 256>::new();
    fixed.resize(PARAMS.storage_len(), 2.0).unwrap();
    let mut fixed = SketchedLeastSquares::new_in(PARAMS, Srht, fixed, vec![0u32; PARAMS.index_len()]).unwrap();
    for row in &rows {
        owned.update(row).unwrap();
        array.update(row).unwrap();
        borrowed.update(row).unwrap();
        fixed.update(row).unwrap();
    }
    let bytes = owned.encode();
    assert_eq!(array.encode(), bytes);
    assert_eq!(borrowed.encode(), bytes);
    assert_eq!(fixed.encode(), bytes);
    // They combine across kinds, too.
    owned.merge_overlapping(&array).unwrap();
    assert_eq!(owned.rows_seen(), 100);
}

#[test]
fn f32_and_f64_of_integers_have_the_same_sums() {
    let mut small = empty::<f32, _>(SketchedLeastSquaresParams::new(2, 32).block_len(8), Srht);
    let mut large = empty::<f64, _>(SketchedLeastSquaresParams::new(2, 32).block_len(8), Srht);
    let mut whole = empty::<i32, _>(SketchedLeastSquaresParams::new(2, 32).block_len(8), Srht);
    for i in 0..500i32 {
        let row = [i % 97 - 48, i * i % 89 - 44];
        small.update(&row.map(|x| x as f32)).unwrap();
        large.update(&row.map(f64::from)).unwrap();
        whole.update(&row).unwrap();
    }
    let query = Query::new(&[0], &[1]);
    let [small, large, mut whole] =
        [solve(&small, &query), solve(&large, &query), solve(&whole, &query)].map(Result::unwrap);
    // Half-widths have room for rounding, integers excepted.
    let widths = [&small, &large, &whole].map(|fit| fit.half_widths.as_ref().unwrap()[0]);
    assert!(widths.is_sorted_by(|x, y| x > y) && widths[0] < 1.001 * widths[2], "{widths:?}");
    for mut fit in [small, large] {
        (fit.half_widths, whole.half_widths) = (None, None);
        assert_eq!(fit, whole);
    }
}

#[test]
fn merged_ranges_fit_where_their_union_does() {
    let params = SketchedLeastSquaresParams::new(1, 4);
    let filled = |params: SketchedLeastSquaresParams, ranges: &[(u64, u64)]| {
        // One stream stretches its range: parts of it come by merging.
        ranges.iter().fold(empty::<i32, _>(params, Srht), |mut whole, &(first, last)| {
            let mut part = empty::<i32, _>(params, Srht);
            (first..=last).for_each(|i| part.update_at(i, &[1]).unwrap());
            whole.merge(&part).unwrap();
            whole
        })
    };
    let mut left = filled(params.ranges(2), &[(0, 3), (8, 9)]);
    let right = filled(params, &[(20, 21), (4, 7)]);
    left.merge(&right).unwrap();
    assert_eq!(left.ranges().collect::<Vec<_>>(), [(0, 9), (20, 21)]);
}

/// Half-widths under a ridge, by the formula written out with an inverse matrix: variance and pull.
#[test]
fn half_widths_with_a_ridge_are_the_formula() {
    let (m, d, ridge, failure) = (40usize, 3usize, 7.0, 0.1);
    let rows: Vec<Vec<f64>> = real_rows(300, d, 13).into_iter().map(|r| [&[1.0], &r[..]].concat()).collect();
    let summary = sketch_of(&rows, m, 16, Srht);
    let columns = [0, 1, 2, 3];
    let query = Query::new(&columns, &[4]).ridge(ridge).unpenalized(0).failure(failure);
    let fit = solve(&summary, &query).unwrap();
    let sums = sums(&summary);
    let row = |i: usize| &sums[i * (d + 2)..(i + 1) * (d + 2)];
    let gram = faer::Mat::from_fn(d + 1, d + 1, |j, k| (0..m).map(|i| row(i)[j] * row(i)[k]).sum::<f64>() / m as f64);
    let penalty = |j: usize| if j == 0 { 0.0 } else { ridge };
    let whole = faer::Mat::from_fn(d + 1, d + 1, |j, k| gram[(j, k)] + if j == k { penalty(j) } else { 0.0 });
    let inverse = {
        use faer::linalg::solvers::DenseSolveCore;
        whole.partial_piv_lu().inverse()
    };
    let right = faer::Mat::from_fn(d + 1, 1, |j, _| (0..m).map(|i| row(i)[j] * row(i)[d + 1]).sum::<f64>() / m as f64);
    let x = &inverse * &right;
    let rss =
        (0..m).map(|i| (row(i)[d + 1] - (0..=d).map(|j| row(i)[j] * x[(j, 0)]).sum::<f64>()).powi(2)).sum::<f64>()
            / m as f64;
    let t = StudentT::new((m - d - 1) as u32).quantile(1.0 - failure / (2.0 * (d + 1) as f64)).unwrap();
    let sandwich = &inverse * &gram * &inverse;
    for j in 0..=d {
        let pull: f64 = (0..=d).map(|k| penalty(k) * inverse[(j, k)] * x[(k, 0)]).sum();
        let expected = t * ((sandwich[(j, j)] * rss + pull * pull) / (m - d - 1) as f64).sqrt();
        assert!((fit.coefficients[j] - x[(j, 0)]).abs() < 1e-12);
        assert!((fit.half_widths.as_ref().unwrap()[j] / expected - 1.0).abs() < 1e-10, "{j}");
        // The pull counts.
        assert!(j == 0 || pull * pull > 1e-3 * sandwich[(j, j)] * rss, "{j}");
    }
    let residual = (rss * m as f64 / (m - d - 1) as f64).sqrt();
    assert!((fit.residual_norm[0] / residual - 1.0).abs() < 1e-12);
}
