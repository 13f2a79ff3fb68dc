//! Laws of single types of the eigen family: what their docs promise beyond the common suite.

use super::own::{check_error_bound, check_sandwich, exact_rows, remove_undoes_update, rows};
use sketchlet_core::eigen::*;
use sketchlet_core::stream::{
    Centered, Deferred, DeferredRows, OrderMonitor, OrderMonitorParams, OrderReport, Progress, ShuffleBuffer, WarmUp,
};
use sketchlet_core::{Difference, Error, Merge, Real, RowSummary, Rule, Wire};
use sketchlet_laws::input::{KINDS, Kind, cases};
use sketchlet_laws::{Case, Subject, config};
use sketchlet_tests::answer::{Answer, answer, feed, feed_batch};
use sketchlet_tests::oracle::Oracle;
use sketchlet_tests::runs::median;
use sketchlet_tests::streams::{Rows, Source, add_scaled, dot, gaussian, heavy_mix, imu, spiked};

type Exact<T> = ExactEigen<T, Vec<T>>;
type RandomOrder<T> = RandomOrderEigen<T, Vec<T>>;
type Directions<T> = FrequentDirections<T, Vec<T>>;
type Sketch<T> = NystromSketch<T, Vec<T>>;

fn error_of<M: TopEigen>(summary: &mut M, rows: &Rows) -> (f64, Answer<M::Scalar>) {
    let got = answer(summary).unwrap();
    (got.error(&Oracle::of(rows)), got)
}

/// An empty summary of a case's shape.
fn exact<T: Real>(case: &Case) -> Exact<T> {
    ExactEigen::new(ExactEigenParams::new(case.shape.dim).rank(case.shape.rank)).unwrap()
}

fn filled<M: RowSummary<Scalar: Real>>(mut summary: M, rows: &Rows) -> M {
    feed(&mut summary, rows);
    summary
}

proptest::proptest! {
    #![proptest_config(config())]

    #[test]
    fn remove_undoes_update_in_nystrom(case in cases(1..=24, KINDS)) {
        let subject = Subject::new(|s| {
            let params = NystromSketchParams::new(s.dim).rank(s.rank).sketch_rows(s.dim.min(s.rank + 8));
            Sketch::<f64>::new(params.seed(s.seed))
        });
        remove_undoes_update(&subject.removing(|m, _, row| m.remove(row)), &case)?;
    }

    /// Integers: the triangle itself is the same, to the bit.
    #[test]
    fn exact_sums_of_integers_have_no_order(case in cases(1..=24, KINDS)) {
        let rows = exact_rows(&case);
        // All but the chain of additions, of which a merge has a shorter one.
        let sums = |mut summary: Exact<f32>| {
            let mut sums = vec![0.0; summary.dim() * (summary.dim() + 1) / 2];
            (summary.covariance(&mut sums), sums, summary.rows_seen())
        };
        let whole = filled(exact::<f32>(&case), &rows);
        assert_eq!(filled(exact::<f32>(&case), &rows.shuffled(1)).encode(), whole.encode());
        let whole = sums(whole);
        let cut = Source::new(case.seed).below(rows.len() + 1);
        let mut merged = filled(exact::<f32>(&case), &rows.slice(0, cut));
        merged.merge(&filled(exact::<f32>(&case), &rows.slice(cut, rows.len() - cut))).unwrap();
        assert_eq!(sums(merged), whole);
    }

    /// `0 <= x'(A'A - B'B)x <= D`, and `D <= |A - A_j|_F^2 / (l - j)` for every `j < l`.
    #[test]
    fn frequent_directions_keep_their_promise(case in cases(1..=24, KINDS)) {
        let rows = rows(&case);
        let cut = Source::new(case.seed).below(rows.len() + 1);
        for kept in [2, 5] {
            let new = || Directions::<f64>::new(FrequentDirectionsParams::new(case.shape.dim).sketch_rows(kept)).unwrap();
            let mut whole = new();
            feed(&mut whole, &rows);
            check_directions(&whole, &rows, Some(kept));
            let (mut left, mut right) = (new(), new());
            feed(&mut left, &rows.slice(0, cut));
            feed(&mut right, &rows.slice(cut, rows.len() - cut));
            let sum = left.shrinkage() * unit(&left).powi(2) + right.shrinkage() * unit(&right).powi(2);
            left.merge(&right).unwrap();
            // At least the sum; more where the merge had to shrink again.
            assert!(left.shrinkage() * unit(&left).powi(2) >= sum * (1.0 - 1e-12));
            check_directions(&left, &rows, Some(kept));
        }
    }

    /// The sum of the rows fed equals the centred scatter at every prefix.
    #[test]
    fn centred_stream_has_the_centred_scatter(case in cases(1..=24, KINDS)) {
        let rows = rows(&case);
        let mut summary = Centered::new(exact::<f64>(&case)).unwrap();
        let every = 1 + rows.len() / 8;
        for (i, row) in rows.iter().enumerate() {
            summary.update(row).unwrap();
            if i % every != 0 && i + 1 != rows.len() {
                continue;
            }
            let prefix = rows.first(i + 1);
            let scatter = scatter(&mut summary.inner().clone());
            check_scatter(&scatter, &prefix, 1e-11);
        }
    }

    #[test]
    fn centred_merge_has_the_centred_scatter(case in cases(1..=24, KINDS)) {
        let rows = rows(&case);
        let cut = Source::new(case.seed).below(rows.len() + 1);
        let centered = |rows: &Rows| {
            let mut summary = Centered::new(exact::<f64>(&case)).unwrap();
            feed(&mut summary, rows);
            summary
        };
        let mut merged = centered(&rows.slice(0, cut));
        merged.merge(&centered(&rows.slice(cut, rows.len() - cut))).unwrap();
        assert_eq!(merged.rows_seen(), rows.len() as u64);
        if !rows.is_empty() {
            check_scatter(&scatter(&mut merged.inner().clone()), &rows, 1e-11);
        }
        let whole = centered(&rows);
        for (x, y) in merged.mean().iter().zip(whole.mean()) {
            assert!((x - y).abs() <= 1e-12 * rows.energy().sqrt(), "{x} instead of {y}");
        }
    }

    /// A buffer changes the order of rows and nothing else.
    #[test]
    fn shuffle_buffer_passes_every_row_on_once(case in cases(1..=24, KINDS)) {
        let rows = exact_rows(&case);
        for capacity in [1, 7, 500] {
            let fill = || {
                let mut buffer = ShuffleBuffer::new(exact::<f64>(&case), 3, capacity).unwrap();
                feed(&mut buffer, &rows);
                assert_eq!(buffer.rows_seen(), rows.len() as u64);
                assert_eq!(buffer.inner().rows_seen(), rows.len().saturating_sub(capacity) as u64);
                buffer.drain().unwrap();
                buffer.into_inner().encode()
            };
            let all = fill();
            assert_eq!(all, fill(), "keyed slots");
            assert_eq!(all, filled(exact::<f64>(&case), &rows).encode());
        }
    }

    /// With a block as wide as the space, and nothing forgotten, the pool misses nothing: every row is counted once,
    /// whichever way it took through heavy rows, demotions, blocks and merges.
    #[test]
    fn random_order_counts_every_row_once(case in cases(1..=24, KINDS)) {
        // Rows along axes make blocks orthogonal to all history, which is then forgotten whatever the dead zone.
        let rows = if case.table.kind == Kind::Axes { exact_rows(&case) } else { rows(&case) };
        for capacity in [0, 1, 5, 16] {
            let params = RandomOrderEigenParams::new(case.shape.dim)
                .rank(case.shape.dim).width(case.shape.dim).heavy_capacity(capacity).dead_zone(1.0);
            let fill = |rows: &Rows| {
                let mut summary = RandomOrder::<f64>::new(params).unwrap();
                feed(&mut summary, rows);
                summary
            };
            let check = |mut summary: RandomOrder<f64>| {
                assert_eq!(summary.rows_seen(), rows.len() as u64);
                assert!(summary.heavy_rows().rows() <= capacity);
                let Ok(got) = answer(&mut summary) else { return };
                let pooled: f64 = got.bounds.unwrap().iter().map(|bounds| bounds.0).sum();
                let energy = rows.energy();
                // Lower ends have room for rounding, of each block, in each direction.
                assert!(pooled <= energy && energy - pooled <= 1e-5 * energy, "capacity {capacity}: {pooled:e} of {energy:e}");
            };
            check(fill(&rows));
            let cut = Source::new(case.seed).below(rows.len() + 1);
            let mut merged = fill(&rows.slice(0, cut));
            merged.merge(&fill(&rows.slice(cut, rows.len() - cut))).unwrap();
            check(merged);
        }
    }

    /// Unless the status says that there was no room, every row that is heavy in the end was kept, in order of arrival.
    #[test]
    fn random_order_keeps_every_heavy_row(case in cases(1..=24, KINDS)) {
        let rows = rows(&case);
        for capacity in [2, 8] {
            let mut summary =
                RandomOrder::<f64>::new(RandomOrderEigenParams::new(case.shape.dim).heavy_capacity(capacity)).unwrap();
            feed(&mut summary, &rows);
            let Ok(got) = answer(&mut summary) else { continue };
            let limit = rows.energy() / (4.0 * case.shape.dim as f64);
            let heavy: Vec<&[f64]> = rows.iter().filter(|row| dot(row, row) > limit * (1.0 + 1e-9)).collect();
            assert!(summary.heavy_rows().rows() <= capacity);
            if got.confidence.status == Status::HeavyOverflow || got.confidence.status == Status::TooFewRows {
                continue;
            }
            assert_eq!(summary.heavy_len(), summary.heavy_rows().rows());
            let kept: Vec<&[f64]> = summary.heavy_rows().iter_rows().collect();
            let mut candidates = rows.iter();
            let factor = Real::times_power_of_two(1.0, summary.unit_exponent());
            for row in &heavy {
                assert!(kept.iter().any(|kept| *kept == scaled(row, factor)), "heavy row {row:?} is not kept");
            }
            for row in kept {
                assert!(candidates.any(|candidate| scaled(candidate, factor) == row), "order of arrival");
            }
        }
    }

    /// Deferred steps give the bits of immediate ones, whenever the caller finds time for them.
    #[test]
    fn deferred_steps_change_no_bit(case in cases(1..=24, KINDS)) {
        let rows = rows(&case);
        let params = RandomOrderEigenParams::new(case.shape.dim).rank(case.shape.rank);
        let mut plain = RandomOrder::<f64>::new(params).unwrap();
        feed(&mut plain, &rows);
        for ring in [1, 40] {
            let mut deferred = RandomOrder::<f64>::new(params.deferred(ring)).unwrap();
            let mut source = Source::new(case.seed);
            for row in rows.iter() {
                let before = deferred.encode();
                if let Err(e) = deferred.update_deferred(row) {
                    assert_eq!(e, Error::Capacity { limit: ring });
                    assert_eq!(deferred.encode(), before);
                    assert!(!deferred.is_idle());
                    deferred.poll(&(), u64::MAX).unwrap();
                    deferred.update_deferred(row).unwrap();
                }
                if source.below(10) == 0 {
                    deferred.poll(&(), 1).unwrap();
                }
                // A row at once does what waits first.
                let mut at_once = deferred.clone();
                at_once.update(row).unwrap();
                assert!(at_once.is_idle());
            }
            assert_eq!(deferred.rows_seen(), rows.len() as u64);
            while deferred.poll(&(), 1).unwrap() == Progress::Pending {}
            assert!(deferred.is_idle());
            assert_eq!(answer(&mut deferred), answer(&mut plain));
            // The state behind the parameters: the ring is empty again.
            assert_eq!(deferred.heavy_rows(), plain.heavy_rows());
            assert_eq!(deferred.order(), plain.order());
        }
    }
}

fn scaled(row: &[f64], factor: f64) -> Vec<f64> {
    row.iter().map(|x| x / factor).collect()
}

/// What one unit of the sketch is in units of the data.
fn unit(summary: &Directions<f64>) -> f64 {
    Real::times_power_of_two(1.0, summary.unit_exponent())
}

fn check_directions(summary: &Directions<f64>, rows: &Rows, kept: Option<usize>) {
    let (dim, unit) = (rows.dim(), unit(summary));
    let sketch = Rows::new(dim, summary.sketch().iter().map(|x| x * unit).collect());
    let shrinkage = summary.shrinkage() * unit * unit;
    let oracle = Oracle::of(rows);
    let slack = 1e-11 * oracle.value(0);
    // The largest and smallest eigenvalue of the difference say more than any number of directions.
    let mut difference = faer::Mat::<f64>::zeros(dim, dim);
    for (sign, rows) in [(1.0, rows), (-1.0, &sketch)] {
        for row in rows.iter() {
            for i in 0..dim {
                for j in 0..dim {
                    difference[(i, j)] += sign * row[i] * row[j];
                }
            }
        }
    }
    let difference = Oracle::of_gram(difference.as_ref());
    assert!(difference.values()[dim - 1] >= -slack, "B'B exceeds A'A by {:e}", difference.values()[dim - 1]);
    assert!(difference.value(0) <= shrinkage + slack, "{:e} lost, {shrinkage:e} counted", difference.value(0));
    let mut tail = rows.energy();
    for j in 0..kept.unwrap_or(0) {
        let bound = tail.max(0.0) / (kept.unwrap() - j) as f64;
        assert!(shrinkage <= bound + slack, "{shrinkage:e} shrunk, at most {bound:e} promised for j = {j}");
        tail -= oracle.values().get(j).copied().unwrap_or(0.0);
    }
}

fn scatter(summary: &mut Exact<f64>) -> Vec<f64> {
    let dim = summary.dim();
    let mut triangle = vec![0.0; dim * (dim + 1) / 2];
    let exponent = summary.covariance(&mut triangle).unwrap();
    triangle.iter().map(|&x| Real::times_power_of_two(x, exponent)).collect()
}

fn check_scatter(triangle: &[f64], rows: &Rows, tolerance: f64) {
    let centered = rows.centered();
    let dim = rows.dim();
    let scale = rows.energy();
    let mut entries = triangle.iter();
    for i in 0..dim {
        for j in i..dim {
            let expected: f64 = centered.iter().map(|row| row[i] * row[j]).sum();
            let got = entries.next().unwrap();
            assert!((got - expected).abs() <= tolerance * scale, "({i}, {j}): {got:e} instead of {expected:e}");
        }
    }
}

/// Every kind of storage gives the same bits, whatever was in it.
macro_rules! storage_kinds_agree {
    ($($name:ident: $summary:ident, $params:ident, $value:expr;)*) => {$(
        #[test]
        fn $name() {
            const PARAMS: $params = $value;
            const LEN: usize = PARAMS.storage_len();
            let rows = heavy_mix(600, 7, 3.0, 4, 0.4, 1);
            fn bytes<S: sketchlet_core::Storage<f32>>(storage: S, rows: &Rows) -> (Vec<u8>, Answer<f32>) {
                let mut summary = $summary::new_in(PARAMS, storage).unwrap();
                feed(&mut summary, rows);
                let answer = answer(&mut summary).unwrap();
                (summary.encode(), answer)
            }
            let expected = bytes(vec![0.0f32; LEN], &rows);
            let junk = [f32::NAN; LEN];
            assert_eq!(bytes(junk, &rows), expected, "array");
            assert_eq!(bytes(&mut junk.clone()[..], &rows), expected, "slice");
            assert_eq!(bytes(vec![7.0f32; LEN].into_boxed_slice(), &rows), expected, "box");
            let mut heapless = heapless::Vec::<f32, { LEN + 3 }>::new();
            heapless.resize(LEN, -1.0).unwrap();
            assert_eq!(bytes(heapless, &rows), expected, "heapless");
            for got in [0, LEN - 1, LEN + 1] {
                let result = $summary::new_in(PARAMS, vec![0.0f32; got]).map(drop);
                assert_eq!(result, Err(Error::Storage { needed: LEN, got }));
                let result = $summary::<f32, _>::decode_in(&expected.0, vec![0.0; got]).map(drop);
                assert_eq!(result, Err(Error::Storage { needed: LEN, got }));
            }
            assert_eq!($summary::<f32, Vec<f32>>::storage_needed(&expected.0), Ok(LEN));
        }
    )*};
}

storage_kinds_agree! {
    storage_kinds_agree_in_exact: ExactEigen, ExactEigenParams, ExactEigenParams::new(7).rank(2).two_level();
    storage_kinds_agree_in_random_order: RandomOrderEigen, RandomOrderEigenParams,
        RandomOrderEigenParams::new(7).rank(2).heavy_capacity(5).deferred(3).first_block(1_000_000);
    storage_kinds_agree_in_random_order_of_rank_one: RandomOrderEigen, RandomOrderEigenParams,
        RandomOrderEigenParams::new(7).warm_up(WarmUp::Running);
    storage_kinds_agree_in_frequent_directions: FrequentDirections, FrequentDirectionsParams,
        FrequentDirectionsParams::new(7).rank(2).sketch_rows(3);
    storage_kinds_agree_in_nystrom: NystromSketch, NystromSketchParams, NystromSketchParams::new(7).rank(2);
    storage_kinds_agree_in_block_power: BlockPower, BlockPowerParams,
        BlockPowerParams::new(7).rank(2).width(3).heavy_capacity(2);
    storage_kinds_agree_in_oja: Oja, OjaParams, OjaParams::new(7).rank(2);
    storage_kinds_agree_in_adaptive_oja: AdaptiveOja, AdaptiveOjaParams, AdaptiveOjaParams::new(7).rank(2);
    storage_kinds_agree_in_candid: CandidIncremental, CandidIncrementalParams, CandidIncrementalParams::new(7).rank(2);
    storage_kinds_agree_in_history: HistoryPca, HistoryPcaParams, HistoryPcaParams::new(7).rank(2);
}

#[test]
fn other_types_are_incompatible() {
    let exact = Exact::<f64>::new(ExactEigenParams::new(3)).unwrap().encode();
    assert!(matches!(
        RandomOrder::<f64>::decode(&exact).map(drop),
        Err(Error::Incompatible { what: Difference::Kind, .. })
    ));
    assert!(matches!(
        Directions::<f64>::decode(&exact).map(drop),
        Err(Error::Incompatible { what: Difference::Kind, .. })
    ));
    assert!(matches!(Sketch::<f64>::decode(&exact).map(drop), Err(Error::Incompatible { what: Difference::Kind, .. })));
    assert!(matches!(
        Centered::<Exact<f64>, Vec<f64>>::decode(&exact).map(drop),
        Err(Error::Incompatible { what: Difference::Kind, .. })
    ));
    let sketch = Sketch::<f64>::new(NystromSketchParams::new(3)).unwrap().encode();
    assert!(matches!(Exact::<f64>::decode(&sketch).map(drop), Err(Error::Incompatible { .. })));
    let centered = Centered::new(Exact::<f64>::new(ExactEigenParams::new(3)).unwrap()).unwrap().encode();
    assert!(matches!(Exact::<f64>::decode(&centered).map(drop), Err(Error::Incompatible { .. })));
    // The wrapper is right, the inside is another type's.
    assert!(matches!(Centered::<Sketch<f64>, Vec<f64>>::decode(&centered).map(drop), Err(Error::Incompatible { .. })));
}

#[test]
fn nystrom_sketches_of_other_seeds_are_incompatible() {
    let params = NystromSketchParams::new(5);
    let mut sketch = Sketch::<f64>::new(params).unwrap();
    assert!(matches!(
        sketch.merge(&Sketch::new(params.seed(1)).unwrap()),
        Err(Error::Incompatible { what: Difference::Seed, .. })
    ));
}

#[test]
fn random_order_summaries_of_other_seeds_merge() {
    let params = RandomOrderEigenParams::new(5);
    let mut summary = RandomOrder::<f64>::new(params).unwrap();
    assert_eq!(summary.merge(&RandomOrder::new(params.seed(1)).unwrap()), Ok(()));
}

/// Rank `r` rows in `d` columns, random.
fn low_rank(n: usize, dim: usize, rank: usize, seed: u64) -> Rows {
    let mut source = Source::new(seed);
    let basis: Vec<Vec<f64>> = (0..rank).map(|_| source.direction(dim)).collect();
    Rows::collect(
        dim,
        (0..n).map(|_| {
            let mut row = vec![0.0; dim];
            basis.iter().enumerate().for_each(|(i, v)| add_scaled(&mut row, source.normal() / (i + 1) as f64, v));
            row
        }),
    )
}

#[test]
fn low_rank_data_are_solved_exactly() {
    for rank in 1..=3 {
        let rows = low_rank(3000, 20, rank, 5);
        let energy = rows.energy();
        let check = |name: &str, (error, got): (f64, Answer<f64>)| {
            assert!(error <= 1e-12, "{name}, rank {rank}: error {error:e}");
            let missed = got.bounds.as_ref().map_or(0.0, |b| b[0].1 - b[0].0);
            // To either side: the exact sums may be off by a rounding a row, a buffer by some hundred a shrink.
            let (n, l) = (rows.len() as f64, (rank + 1) as f64);
            let roundings = match name {
                "exact" => 2.0 * (n + 400.0),
                "frequent directions" | "incremental" => 3.5 * (n / l) * (84.0 + 2.0 * l * (24.0 + (2.0 * l).sqrt())),
                _ => 0.0,
            };
            // A Nystrom factor has a shift of about the cube root of `EPSILON` squared in each of the columns, here of some
            // twenty blocks.
            let shifts = match name {
                "random order" => 20.0 * 20.0 * 1e-9,
                "nystrom" => 20.0 * 5e-8,
                _ => 0.0,
            };
            let rounding = roundings * f64::EPSILON + shifts;
            assert!(missed <= (1e-12 + rounding) * energy, "{name}, rank {rank}: {missed:e} of {energy:e} missed");
            assert_eq!(got.confidence.status, Status::Ok, "{name}, rank {rank}");
            if rank == 1 {
                assert_eq!(got.confidence.gap_estimate, Some(f64::INFINITY), "{name}");
            }
        };
        let mut summary = RandomOrder::new(RandomOrderEigenParams::new(20)).unwrap();
        feed(&mut summary, &rows);
        check("random order", error_of(&mut summary, &rows));
        let mut summary = Directions::new(FrequentDirectionsParams::new(20).sketch_rows(rank + 1)).unwrap();
        feed(&mut summary, &rows);
        assert!(summary.shrinkage() <= 1e-12 * energy);
        check("frequent directions", error_of(&mut summary, &rows));
        let mut summary =
            Directions::new(FrequentDirectionsParams::new(20).sketch_rows(rank + 1).shrink(Shrink::None)).unwrap();
        feed(&mut summary, &rows);
        check("incremental", error_of(&mut summary, &rows));
        let mut summary = Sketch::new(NystromSketchParams::new(20).sketch_rows(rank + 1)).unwrap();
        feed(&mut summary, &rows);
        check("nystrom", error_of(&mut summary, &rows));
        let mut summary = Exact::new(ExactEigenParams::new(20)).unwrap();
        feed(&mut summary, &rows);
        check("exact", error_of(&mut summary, &rows));
    }
}

#[test]
fn dense_solver_agrees_with_iteration() {
    let rows = gaussian(500, &[9.0, 5.0, 3.0, 1.0, 0.5, 0.1], 3);
    for rank in 1..=6 {
        let mut summary = Exact::<f64>::new(ExactEigenParams::new(6).rank(rank)).unwrap();
        feed(&mut summary, &rows);
        let (error, got) = error_of(&mut summary, &rows);
        assert!(error < 1e-22, "{error:e}");
        let (mut scratch, mut buffer) = (vec![0.0; 36], vec![0.0; summary.answer_len()]);
        let dense = summary.estimate_dense(&mut scratch, &mut buffer).unwrap();
        let oracle = Oracle::of(&rows);
        assert!(oracle.error(dense.vectors().as_slice()) < 1e-22);
        for i in 0..rank {
            assert!((dense.value(i).as_f64() / oracle.value(i) - 1.0).abs() < 1e-12);
            assert!((got.values[i] / oracle.value(i) - 1.0).abs() < 1e-12);
        }
    }
}

/// Every shape at its limits: one column, as many vectors as columns, a block as wide as the space.
#[test]
fn narrow_shapes_work() {
    for dim in 1..=4 {
        let rows = gaussian(300, &[8.0, 4.0, 2.0, 1.0][..dim], 7);
        let oracle = Oracle::of(&rows);
        for rank in 1..=dim {
            let check = |got: Answer<f64>, name: &str| {
                assert_eq!(got.rank, rank, "{name}");
                assert!(got.error(&oracle) < 1e-12, "{name} {dim} {rank}: {:e}", got.error(&oracle));
                check_sandwich(&got, &oracle);
                check_error_bound(&got, &oracle);
            };
            let mut summary = Exact::new(ExactEigenParams::new(dim).rank(rank)).unwrap();
            feed(&mut summary, &rows);
            check(answer(&mut summary).unwrap(), "exact");
            let mut summary = Sketch::new(NystromSketchParams::new(dim).rank(rank)).unwrap();
            feed(&mut summary, &rows);
            check(answer(&mut summary).unwrap(), "nystrom");
            let mut summary =
                RandomOrder::new(RandomOrderEigenParams::new(dim).rank(rank).width(dim).dead_zone(1.0)).unwrap();
            feed(&mut summary, &rows);
            check(answer(&mut summary).unwrap(), "random order");
            let params = FrequentDirectionsParams::new(dim).rank(rank).sketch_rows(dim + 1);
            let mut summary = Directions::new(params).unwrap();
            feed(&mut summary, &rows);
            check(answer(&mut summary).unwrap(), "frequent directions");
        }
    }
}

#[test]
fn sampled_rows_carry_no_certificate() {
    let rows = spiked(2000, 8, 6.0, 1);
    let mut summary = RandomOrder::<f64>::new(RandomOrderEigenParams::new(8).row_sampling(10.0)).unwrap();
    feed(&mut summary, &rows);
    let (error, got) = error_of(&mut summary, &rows);
    assert!(got.bounds.is_none() && got.confidence.error_bound.is_none());
    assert!(error < 0.05, "{error}");
    // Sampling below every row's length keeps all of them.
    let mut all = RandomOrder::<f64>::new(RandomOrderEigenParams::new(8).row_sampling(1e-9)).unwrap();
    let mut plain = RandomOrder::<f64>::new(RandomOrderEigenParams::new(8)).unwrap();
    feed(&mut all, &rows);
    feed(&mut plain, &rows);
    assert_eq!(answer(&mut all).unwrap().vectors, answer(&mut plain).unwrap().vectors);
}

/// An offset of 1,000 standard deviations in every column: raw moments in `f32` would lose everything.
#[test]
fn centring_survives_a_large_offset() {
    fn run<M: TopEigen>(inner: M, rows: &Rows, oracle: &Oracle) -> f64 {
        let mut summary = Centered::new(inner).unwrap();
        feed(&mut summary, rows);
        answer(&mut summary).unwrap().error(oracle)
    }
    let walk = imu().shuffled(1).first(5000).centered();
    // One offset for all columns is several thousand deviations of the small ones, and a walk's mean wanders.
    let recorded = imu().first(5000).centered();
    let noise = gaussian(5000, &[5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 2);
    for (name, rows, common) in [("walk", walk, false), ("walk as recorded", recorded, true), ("noise", noise, false)] {
        let mut deviations: Vec<f64> =
            (0..9).map(|j| (rows.iter().map(|row| row[j] * row[j]).sum::<f64>() / 5000.0).sqrt()).collect();
        if common {
            deviations.fill((rows.energy() / (9.0 * 5000.0)).sqrt());
        }
        let rows = rows.map_rows(|row| add_scaled(row, 1000.0, &deviations));
        // Against the rows as f32 has them: 1,000 +- 3e-5 deviations.
        let rounded = Rows::new(9, rows.cast::<f32>().into_iter().map(f64::from).collect());
        let oracle = Oracle::of(&rounded.centered());
        let error = run(Exact::<f32>::new(ExactEigenParams::new(9)).unwrap(), &rounded, &oracle);
        assert!(error < 1e-8, "{name}, exact, f32: {error:e}");
        let error = run(Exact::<f64>::new(ExactEigenParams::new(9)).unwrap(), &rounded, &oracle);
        assert!(error < 1e-15, "{name}, exact, f64: {error:e}");
        assert!(raw_moments(&rounded).error(oracle.vector(0)) > 1e-3, "{name}: raw moments would do as well");
        let error = median((0..9).map(|seed| {
            let summary = RandomOrder::<f32>::new(RandomOrderEigenParams::new(9)).unwrap();
            run(summary, &rounded.shuffled(seed), &oracle)
        }));
        assert!(error < 5e-5, "{name}, random order, f32: {error:e}");
    }
}

/// The covariance that the test above guards against: sums of products in `f32`, minus the product of the means.
fn raw_moments(rows: &Rows) -> Oracle {
    let dim = rows.dim();
    let (mut sums, mut products) = (vec![0.0f32; dim], vec![0.0f32; dim * dim]);
    for row in rows.cast::<f32>().chunks_exact(dim) {
        for i in 0..dim {
            sums[i] += row[i];
            (0..dim).for_each(|j| products[i * dim + j] += row[i] * row[j]);
        }
    }
    let n = rows.len() as f32;
    let centred = |i: usize, j: usize| f64::from(products[i * dim + j] - sums[i] * (sums[j] / n));
    Oracle::of_gram(faer::Mat::from_fn(dim, dim, |i, j| centred(i.min(j), i.max(j))).as_ref())
}

#[test]
fn centred_certificates_hold_for_centred_data() {
    let rows = gaussian(800, &[5.0, 2.0, 1.0, 1.0, 0.5], 9).map_rows(|row| row[2] += 20.0);
    let oracle = Oracle::of(&rows.centered());
    fn run<M: TopEigen<Scalar = f64>>(inner: M, rows: &Rows, oracle: &Oracle) {
        let mut summary = Centered::new(inner).unwrap();
        feed(&mut summary, rows);
        let got = answer(&mut summary).unwrap();
        check_sandwich(&got, oracle);
        check_error_bound(&got, oracle);
    }
    run(Directions::new(FrequentDirectionsParams::new(5).rank(2).sketch_rows(4)).unwrap(), &rows, &oracle);
    run(RandomOrder::new(RandomOrderEigenParams::new(5).rank(2)).unwrap(), &rows, &oracle);
    run(Sketch::new(NystromSketchParams::new(5).rank(2).sketch_rows(4)).unwrap(), &rows, &oracle);
}

/// Two levels of sums keep values that one level in `f32` loses.
#[test]
fn two_levels_keep_the_values() {
    let rows = Rows::new(4, (0..400_000).map(|i| 1.0 + f64::from(i % 7) * 0.1).collect());
    let oracle = Oracle::of(&rows);
    let error = |params: ExactEigenParams| {
        let mut summary = Exact::<f32>::new(params).unwrap();
        feed_batch(&mut summary, &rows);
        (answer(&mut summary).unwrap().values[0] / oracle.value(0) - 1.0).abs()
    };
    let two = error(ExactEigenParams::new(4).two_level());
    assert!(two < 3e-6, "{two:e}");
    assert!(error(ExactEigenParams::new(4)) > 4.0 * two, "one level is as good: the test tests nothing");
}

#[test]
fn order_monitor_alone_tells_sorted_from_shuffled() {
    let rows = spiked(2000, 12, 3.0, 4);
    for params in [OrderMonitorParams::new(12), OrderMonitorParams::new(12).warm_up(WarmUp::Running)] {
        let run = |rows: &Rows| {
            let mut monitor = OrderMonitor::<f32, _>::new(params).unwrap();
            feed(&mut monitor, rows);
            assert_eq!(monitor.rows_seen(), 2000);
            let restored = OrderMonitor::<f32, Vec<f32>>::decode(&monitor.encode()).unwrap();
            assert_eq!(restored.report(), monitor.report());
            monitor
        };
        assert!(!run(&rows.shuffled(1)).is_flagged());
        assert!(run(&rows.norm_up()).is_flagged());
        assert!(run(&rows.norm_down()).is_flagged());
        let first = rows.first(1000).norm_up().then(&rows.slice(1000, 1000));
        assert!(run(&first).is_flagged(), "half sorted");
        // Pairs of equal rows: too few changes, same level.
        let pairs = Rows::collect(12, (0..2000).map(|i| rows.row(i / 2).to_vec()));
        let report = run(&pairs).report();
        assert!(report.runs < -6.0, "{report:?}");
        // Long and short in turn: too many changes.
        let (long, short) = (rows.norm_up().slice(1000, 1000).shuffled(1), rows.norm_up().first(1000).shuffled(2));
        let turns = Rows::collect(12, (0..2000).map(|i| [&short, &long][i % 2].row(i / 2).to_vec()));
        let report = run(&turns).report();
        assert!(report.runs > 6.0, "{report:?}");
    }
}

#[test]
fn what_is_handed_out_in_units_names_the_unit() {
    for e in [-600, 0, 300] {
        let rows = gaussian(300, &[1.0, 2.0, 1.0, 1.0], 1).with_row(150, &[0.0, 90.0, 0.0, 0.0]).times_power_of_two(e);
        let in_data = |x: &f64, exponent| Real::times_power_of_two(*x, exponent);
        let mut random_order = RandomOrder::<f64>::new(RandomOrderEigenParams::new(4)).unwrap();
        feed(&mut random_order, &rows);
        assert_eq!((random_order.heavy_len(), random_order.heavy_rows().rows()), (1, 1));
        let exponent = random_order.unit_exponent();
        let kept: Vec<f64> = random_order.heavy_rows().as_slice().iter().map(|x| in_data(x, exponent)).collect();
        assert_eq!(kept, rows.row(150));
        let mut power = BlockPower::<f64, Vec<f64>>::new(BlockPowerParams::new(4).heavy_capacity(5)).unwrap();
        feed(&mut power, &rows);
        assert_eq!(power.heavy_len(), 1);
        let mut directions = Directions::<f64>::new(FrequentDirectionsParams::new(4)).unwrap();
        feed(&mut directions, &rows.first(9));
        let exponent = directions.unit_exponent();
        let kept: Vec<f64> = directions.sketch().iter().map(|x| in_data(x, exponent)).collect();
        assert_eq!(kept, rows.first(9).data());
    }
}

/// Spelling a default out changes nothing, and any other value does.
macro_rules! knobs_are_equal_by_meaning {
    ($params:expr, $($knob:ident: $default:expr, $other:expr;)*) => {$(
        assert_eq!($params.$knob($default), $params, "{} {:?}", stringify!($knob), $default);
        assert_ne!($params.$knob($other), $params, "{} {:?}", stringify!($knob), $other);
    )*};
}

#[test]
fn parameters_are_equal_if_they_mean_the_same() {
    for dim in [2, 5, 40] {
        knobs_are_equal_by_meaning! { RandomOrderEigenParams::new(dim),
            rank: 1, 2;
            width: dim.min(3), 1;
            heavy_capacity: 16, 4;
            first_block: 16, 17;
            growth: 1.3, 1.5;
            dead_zone: 0.03, 0.0;
            row_sampling: 0.0, 1.0;
            warm_up: WarmUp::Stored, WarmUp::Running;
            deferred: 0, 1;
            seed: 0, 1;
        }
        knobs_are_equal_by_meaning! { RandomOrderEigenParams::new(dim).rank(2).width(20), first_block: 40, 16; }
        knobs_are_equal_by_meaning! { FrequentDirectionsParams::new(dim),
            rank: 1, 2;
            sketch_rows: 8, 9;
            shrink: Shrink::Fast, Shrink::None;
        }
        knobs_are_equal_by_meaning! { FrequentDirectionsParams::new(dim).rank(3), sketch_rows: 12, 8; }
        knobs_are_equal_by_meaning! { NystromSketchParams::new(dim),
            rank: 1, 2;
            sketch_rows: dim.min(16), 1;
            seed: 0, 1;
        }
        knobs_are_equal_by_meaning! { BlockPowerParams::new(dim),
            rank: 1, 2;
            width: 1, 2;
            heavy_capacity: 0, 4;
            seed: 0, 1;
        }
        // No length stands for blocks that double, not even that of the first one.
        assert_ne!(BlockPowerParams::new(dim).block_len(32), BlockPowerParams::new(dim));
        knobs_are_equal_by_meaning! { ExactEigenParams::new(dim), rank: 1, 2; seed: 0, 1; }
        assert_ne!(ExactEigenParams::new(dim).two_level(), ExactEigenParams::new(dim));
        let decay = Rate::Decay { c: dim as f64, t0: 100.0 };
        knobs_are_equal_by_meaning! { OjaParams::new(dim), rank: 1, 2; rate: decay, Rate::Ladder; seed: 0, 1; }
        knobs_are_equal_by_meaning! { AdaptiveOjaParams::new(dim), rank: 1, 2; seed: 0, 1; }
        knobs_are_equal_by_meaning! { CandidIncrementalParams::new(dim), rank: 1, 2; amnesic: 1.0, 2.0; }
        knobs_are_equal_by_meaning! { HistoryPcaParams::new(dim), rank: 1, 2; block_len: 10, 11; seed: 0, 1; }
        knobs_are_equal_by_meaning! { OrderMonitorParams::new(dim), warm_up: WarmUp::Stored, WarmUp::Running; }
    }
    assert_eq!(RandomOrderEigenParams::new(5).width(usize::MAX), RandomOrderEigenParams::new(5).width(usize::MAX));
}

/// What parameters say is what a summary of them does.
#[test]
fn parameters_tell_what_they_resolve_to() {
    macro_rules! check_dim {
        ($($params:ident)*) => {$(
            for dim in [1, 7] {
                assert_eq!($params::new(dim).dim(), dim, stringify!($params));
            }
        )*};
    }
    check_dim!(ExactEigenParams RandomOrderEigenParams FrequentDirectionsParams NystromSketchParams BlockPowerParams
        OjaParams AdaptiveOjaParams CandidIncrementalParams HistoryPcaParams OrderMonitorParams);
    assert!(ExactEigenParams::new(3).two_level().is_two_level() && !ExactEigenParams::new(3).is_two_level());
    let params = RandomOrderEigenParams::new(40);
    let first_blocks = [params, params.width(20), params.first_block(7)].map(|params| {
        // Without heavy rows every row goes to the block.
        let mut summary = RandomOrder::<f64>::new(params.heavy_capacity(0).deferred(1)).unwrap();
        while summary.is_idle() {
            summary.update_deferred(&[1.0; 40]).unwrap();
        }
        (params.first_block_len(), summary.rows_seen())
    });
    assert_eq!(first_blocks, [(16, 16), (40, 40), (7, 7)]);
    let params = BlockPowerParams::new(4);
    assert_eq!((params.first_block_len(), params.block_len(5).first_block_len()), (32, 5));
}

#[test]
fn summaries_merge_if_a_default_is_spelt_out() {
    let rows = spiked(300, 6, 4.0, 1);
    let (first, second) = (rows.first(150), rows.slice(150, 150));
    macro_rules! check {
        ($summary:ident, $params:expr, $spelt:expr) => {{
            let filled = |params, rows: &Rows| {
                let mut summary = $summary::<f64, Vec<f64>>::new(params).unwrap();
                feed(&mut summary, rows);
                summary
            };
            let (mut plain, mut spelt) = (filled($params, &first), filled($params, &first));
            plain.merge(&filled($params, &second)).unwrap();
            spelt.merge(&filled($spelt, &second)).unwrap();
            assert_eq!(plain.encode(), spelt.encode());
        }};
    }
    let params = RandomOrderEigenParams::new(6);
    check!(RandomOrderEigen, params, params.width(3).first_block(16));
    let params = FrequentDirectionsParams::new(6);
    check!(FrequentDirections, params, params.sketch_rows(8));
    let params = NystromSketchParams::new(6);
    check!(NystromSketch, params, params.sketch_rows(6));
}

#[test]
fn order_statistics_have_no_units() {
    let rows = gaussian(3000, &[4.0, 1.0, 1.0], 3);
    for warm_up in [WarmUp::Stored, WarmUp::Running] {
        let reports = [0, 3, -600, 300].map(|e| {
            let mut monitor = OrderMonitor::<f64, Vec<f64>>::new(OrderMonitorParams::new(3).warm_up(warm_up)).unwrap();
            rows.times_power_of_two(e).iter().for_each(|row| monitor.update(row).unwrap());
            monitor.report()
        });
        assert_ne!(reports[0], OrderReport::default());
        assert!(reports.iter().all(|report| *report == reports[0]), "{reports:?}");
    }
}

/// Storage of what is recommended, which must be enough to build it.
fn storage_of(method: Method, dim: usize, rank: usize) -> usize {
    fn built<M>(summary: Result<M, Error>, storage_len: usize) -> usize {
        summary.unwrap();
        storage_len
    }
    match method {
        Method::Exact => {
            let params = ExactEigenParams::new(dim).rank(rank);
            built(Exact::<f32>::new(params), params.storage_len())
        }
        Method::RandomOrder { heavy_capacity } => {
            let params = RandomOrderEigenParams::new(dim).rank(rank).heavy_capacity(heavy_capacity);
            built(RandomOrder::<f32>::new(params), params.storage_len())
        }
        Method::FrequentDirections { sketch_rows } => {
            let params = FrequentDirectionsParams::new(dim).rank(rank).sketch_rows(sketch_rows);
            built(Directions::<f32>::new(params), params.storage_len())
        }
        Method::CandidIncremental => {
            let params = CandidIncrementalParams::new(dim).rank(rank);
            built(CandidIncremental::<f32, Vec<f32>>::new(params), params.storage_len())
        }
        other => panic!("{other:?} is new: say what it needs"),
    }
}

#[test]
fn recommendations_fit_scratch_and_order_check_included() {
    let mut seen = [0; 5];
    for (dim, rank) in [(1, 1), (2, 2), (9, 1), (40, 3), (64, 1), (256, 1), (256, 4)] {
        for scalars in (0..400).map(|i| i * i).chain([usize::MAX]) {
            for random_order in [false, true] {
                let got = recommend(dim, rank, scalars, random_order);
                let Ok(method) = got else {
                    let needed = CandidIncrementalParams::new(dim).rank(rank).storage_len();
                    assert!(scalars < needed);
                    assert_eq!(got, Err(Error::Storage { needed, got: scalars }));
                    seen[4] += 1;
                    continue;
                };
                assert!(storage_of(method, dim, rank) <= scalars, "{method:?}, d = {dim}, rank {rank}, {scalars}");
                // The next size would not fit.
                match method {
                    Method::Exact => seen[0] += 1,
                    Method::RandomOrder { heavy_capacity } => {
                        let next = Method::RandomOrder { heavy_capacity: heavy_capacity + 1 };
                        assert!(heavy_capacity == 16 || storage_of(next, dim, rank) > scalars);
                        seen[1] += 1;
                    }
                    Method::FrequentDirections { sketch_rows } => {
                        let next = Method::FrequentDirections { sketch_rows: sketch_rows + 1 };
                        assert!(storage_of(next, dim, rank) > scalars);
                        seen[2] += 1;
                    }
                    _ => seen[3] += 1,
                }
            }
        }
    }
    assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
}

#[test]
fn recommendation_follows_the_table() {
    let exact = ExactEigenParams::new(64).storage_len();
    assert_eq!(recommend(64, 1, exact, true), Ok(Method::Exact));
    assert!(matches!(recommend(64, 1, exact - 1, true), Ok(Method::RandomOrder { .. })));
    let least = RandomOrderEigenParams::new(64).heavy_capacity(4).storage_len();
    assert_eq!(recommend(64, 1, least, true), Ok(Method::RandomOrder { heavy_capacity: 4 }));
    assert!(matches!(recommend(64, 1, least - 1, true), Ok(Method::FrequentDirections { .. })));
    let least = FrequentDirectionsParams::new(64).sketch_rows(4).storage_len();
    assert_eq!(recommend(64, 1, least, false), Ok(Method::FrequentDirections { sketch_rows: 4 }));
    assert_eq!(recommend(64, 1, least - 1, false), Ok(Method::CandidIncremental));
    assert_eq!(recommend(64, 1, 63, false), Err(Error::Storage { needed: 64, got: 63 }));
    assert_eq!(recommend(usize::MAX, 1, 0, true), Err(Error::Storage { needed: usize::MAX, got: 0 }));
    assert_eq!(
        recommend(usize::MAX, usize::MAX, usize::MAX - 1, true),
        Err(Error::Storage { needed: usize::MAX, got: usize::MAX - 1 })
    );
    assert_eq!(recommend(0, 1, 100, true), Err(Error::Parameter { name: &"dim", rule: Rule::POSITIVE }));
    for rank in [0, 6] {
        assert_eq!(recommend(5, rank, 100, true), Err(Error::Parameter { name: &"rank", rule: Rule::WITHIN_DIM }));
    }
}

/// One page of documentation is read like another: the sections that a user looks for, in one order.
#[test]
fn doc_pages_have_the_sections_of_the_house() {
    const ORDER: [&str; 8] =
        ["Guarantee", "Cost", "Numerics", "Randomness", "Merging", "When to use another", "Example", "References"];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    for (file, name) in [
        ("eigen/exact.rs", "ExactEigen"),
        ("eigen/random_order/mod.rs", "RandomOrderEigen"),
        ("eigen/frequent_directions.rs", "FrequentDirections"),
        ("eigen/nystrom.rs", "NystromSketch"),
        ("eigen/block_power.rs", "BlockPower"),
        ("eigen/oja.rs", "Oja"),
        ("eigen/adaptive_oja.rs", "AdaptiveOja"),
        ("eigen/candid.rs", "CandidIncremental"),
        ("eigen/history.rs", "HistoryPca"),
        ("stream/centered.rs", "Centered"),
        ("stream/shuffle.rs", "ShuffleBuffer"),
        ("stream/monitor.rs", "OrderMonitor"),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let (before, _) = text.split_once(&format!("pub struct {name}<")).unwrap();
        let mut page: Vec<&str> = before.lines().rev().skip(1).take_while(|line| line.starts_with("///")).collect();
        page.reverse();
        assert!(page[0].ends_with('?'), "{name}: the first line is not the question that it answers");
        let mut in_example = false;
        let sections: Vec<&str> = page
            .iter()
            .filter_map(|line| {
                in_example ^= line.starts_with("/// ```");
                line.strip_prefix("/// # ").filter(|_| !in_example)
            })
            .collect();
        let expected = if sections.len() == ORDER.len() { &ORDER[..] } else { &ORDER[..7] };
        assert_eq!(sections, expected, "{name}");
    }
}
