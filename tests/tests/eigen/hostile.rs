//! Degenerate and hostile input to every type of the family.

use sketchlet_core::eigen::*;
use sketchlet_core::regression::{SketchedLeastSquares, SketchedLeastSquaresParams};
use sketchlet_core::sketch::Srht;
use sketchlet_core::stream::{Centered, Deferred, DeferredRows, ShuffleBuffer};
use sketchlet_core::{Difference, Error, MatRef, Merge, Real, RowSummary, Rule, Wire};
use sketchlet_tests::answer::{Answer, answer, feed};
use sketchlet_tests::oracle::Oracle;
use sketchlet_tests::streams::{
    Rows, Source, digits, gaussian, heavy_mix, imu, late_heavy, randhie, shuttle, spiked, tied,
};

type Exact<T> = ExactEigen<T, Vec<T>>;
type RandomOrder<T> = RandomOrderEigen<T, Vec<T>>;
type Directions<T> = FrequentDirections<T, Vec<T>>;
type Sketch<T> = NystromSketch<T, Vec<T>>;

/// Runs a block for every method: its name, and a summary for `$dim` columns and `$rank` vectors.
macro_rules! for_every_method {
    ($t:ty, $dim:expr, $rank:expr, |$name:ident, $summary:ident| $body:block) => {{
        for_every_certified_method!($t, $dim, $rank, |$name, $summary| $body);
        for_every_method!(@one "block power", BlockPower::<$t, _>::new(BlockPowerParams::new($dim).rank($rank)), $name, $summary, $body);
        for_every_method!(@one "block power, heavy rows", BlockPower::<$t, _>::new(BlockPowerParams::new($dim).rank($rank).heavy_capacity(4)), $name, $summary, $body);
        for_every_method!(@one "oja", Oja::<$t, _>::new(OjaParams::new($dim).rank($rank)), $name, $summary, $body);
        for_every_method!(@one "adaptive oja", AdaptiveOja::<$t, _>::new(AdaptiveOjaParams::new($dim).rank($rank)), $name, $summary, $body);
        for_every_method!(@one "candid", CandidIncremental::<$t, _>::new(CandidIncrementalParams::new($dim).rank($rank)), $name, $summary, $body);
        for_every_method!(@one "history", HistoryPca::<$t, _>::new(HistoryPcaParams::new($dim).rank($rank)), $name, $summary, $body);
    }};
    (@one $text:expr, $new:expr, $name:ident, $summary:ident, $body:block) => {{
        let $name: &str = $text;
        #[allow(unused_mut)]
        let mut $summary = $new.unwrap();
        $body
    }};
}

macro_rules! for_every_certified_method {
    ($t:ty, $dim:expr, $rank:expr, |$name:ident, $summary:ident| $body:block) => {{
        for_every_method!(@one "exact", Exact::<$t>::new(ExactEigenParams::new($dim).rank($rank)), $name, $summary, $body);
        for_every_method!(@one "random order", RandomOrder::<$t>::new(RandomOrderEigenParams::new($dim).rank($rank)), $name, $summary, $body);
        for_every_method!(@one "frequent directions", Directions::<$t>::new(FrequentDirectionsParams::new($dim).rank($rank)), $name, $summary, $body);
        for_every_method!(@one "incremental", Directions::<$t>::new(FrequentDirectionsParams::new($dim).rank($rank).shrink(Shrink::None)), $name, $summary, $body);
        for_every_method!(@one "nystrom", Sketch::<$t>::new(NystromSketchParams::new($dim).rank($rank)), $name, $summary, $body);
    }};
}

fn random_order(rows: &Rows, heavy_capacity: usize) -> (f64, Answer<f64>) {
    let params = RandomOrderEigenParams::new(rows.dim()).heavy_capacity(heavy_capacity);
    let mut summary = RandomOrder::<f64>::new(params).unwrap();
    feed(&mut summary, rows);
    let got = answer(&mut summary).unwrap();
    (got.error(&Oracle::of(rows)), got)
}

// NaN, infinity, wrong length: law `error_leaves_state_unchanged`. No rows or no energy: law `no_energy_is_too_few_rows`.

#[test]
fn one_row_is_its_own_direction() {
    let row = [3.0f64, -4.0, 0.0, 12.0, 0.5];
    let norm = row.iter().map(|x| x * x).sum::<f64>();
    for_every_certified_method!(f64, 5, 1, |name, summary| {
        summary.update(&row).unwrap();
        let got = answer(&mut summary).unwrap_or_else(|e| panic!("{name}: {e}"));
        for (x, v) in row.iter().zip(&got.vectors) {
            assert!((x / norm.sqrt() - v).abs() < 1e-14, "{name}: {:?}", got.vectors);
        }
        assert!((got.values[0] / norm - 1.0).abs() < 1e-13, "{name}");
        let expected = if name == "random order" { Status::TooFewRows } else { Status::Ok };
        assert_eq!(got.confidence.status, expected, "{name}");
    });
}

/// One row of ones, at every width: the iteration of `exact` starts from noise and must find it all the same.
#[test]
fn one_row_of_ones_at_every_dim() {
    let mut broken = Vec::new();
    for dim in 1..=33 {
        for_every_method!(f64, dim, 1, |name, summary| {
            summary.update(&vec![1.0; dim]).unwrap();
            if let Err(e) = answer(&mut summary) {
                broken.push(format!("{name}, d = {dim}: {e}"));
            }
        });
        for_every_certified_method!(f32, dim, 1, |name, summary| {
            summary.update(&vec![1.0; dim]).unwrap();
            let expected = 1.0 / (dim as f32).sqrt();
            match answer(&mut summary) {
                Ok(got) if got.vectors.iter().all(|x| (x - expected).abs() < 1e-6) => {}
                other => broken.push(format!("{name}, f32, d = {dim}: {other:?}")),
            }
        });
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn rank_one_data_are_exact_and_ok() {
    let mut source = Source::new(1);
    let direction = source.direction(12);
    let rows = Rows::collect(
        12,
        (0..500).map(|_| {
            let along = source.normal();
            direction.iter().map(|x| along * x).collect()
        }),
    );
    let oracle = Oracle::of(&rows);
    for_every_certified_method!(f64, 12, 1, |name, summary| {
        feed(&mut summary, &rows);
        let got = answer(&mut summary).unwrap();
        assert!(got.error(&oracle) < 1e-24, "{name}: {:e}", got.error(&oracle));
        assert_eq!(got.confidence.gap_estimate, Some(f64::INFINITY), "{name}");
        assert_eq!(got.confidence.status, Status::Ok, "{name}");
    });
}

#[test]
fn exact_ties_are_low_gap_and_never_an_error() {
    let mut broken = Vec::new();
    for (dim, equal) in [(2, 2), (6, 2), (6, 6), (16, 16), (24, 3), (40, 40)] {
        let rows = tied(1200, dim, equal, 1);
        for_every_certified_method!(f64, dim, 1, |name, summary| {
            feed(&mut summary, &rows);
            match answer(&mut summary) {
                // Some unit vector of the eigenspace.
                Ok(got) if got.rank == 1 && got.confidence.status == Status::LowGap => {
                    let inside: f64 = got.vectors[..equal].iter().map(|x| x * x).sum();
                    if (inside - 1.0).abs() > 1e-12 {
                        broken.push(format!("{name}, {equal} of {dim} tied: {inside} inside"));
                    }
                }
                other => broken.push(format!("{name}, {equal} of {dim} tied: {other:?}")),
            }
        });
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn one_column_has_one_direction() {
    for_every_method!(f32, 1, 1, |name, summary| {
        feed(&mut summary, &Rows::new(1, (1..200).map(f64::from).collect()));
        let got = answer(&mut summary).unwrap();
        assert_eq!(got.vectors, [1.0], "{name}");
    });
}

#[test]
fn parameters_out_of_range_are_refused() {
    let refused = |name, rule| Err(Error::Parameter { name, rule });
    macro_rules! common {
        ($($summary:ident, $params:ident;)*) => {$(
            let new = |params| $summary::<f64, _>::new(params).map(drop);
            assert_eq!(new($params::new(0)), refused(&"dim", Rule::POSITIVE));
            assert_eq!(new($params::new(3).rank(0)), refused(&"rank", Rule::WITHIN_DIM));
            assert_eq!(new($params::new(3).rank(4)), refused(&"rank", Rule::WITHIN_DIM));
            assert!(matches!(new($params::new(usize::MAX)), Err(Error::Parameter { rule: Rule::ADDRESSABLE, .. })));
            assert!(matches!(
                $summary::<f64, _>::new_in($params::new(usize::MAX / 2), [0.0; 4]).map(drop),
                Err(Error::Parameter { rule: Rule::ADDRESSABLE, .. })
            ));
        )*};
    }
    common! {
        ExactEigen, ExactEigenParams; RandomOrderEigen, RandomOrderEigenParams;
        FrequentDirections, FrequentDirectionsParams; NystromSketch, NystromSketchParams;
        BlockPower, BlockPowerParams; Oja, OjaParams; AdaptiveOja, AdaptiveOjaParams;
        CandidIncremental, CandidIncrementalParams; HistoryPca, HistoryPcaParams;
    }
    let new = |params| RandomOrder::<f64>::new(params).map(drop);
    let params = RandomOrderEigenParams::new(5).rank(2);
    assert_eq!(new(params.width(1)), refused(&"width", Rule::FROM_RANK_TO_DIM));
    assert_eq!(new(params.width(6)), refused(&"width", Rule::FROM_RANK_TO_DIM));
    for growth in [0.99, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(new(params.growth(growth)), refused(&"growth", Rule::AT_LEAST_ONE));
    }
    for zone in [-0.1, 1.1, f64::NAN] {
        assert_eq!(new(params.dead_zone(zone)), refused(&"dead_zone", Rule::FRACTION));
    }
    for square in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(new(params.row_sampling(square)), refused(&"row_sampling", Rule::NOT_NEGATIVE));
    }
    assert!(matches!(new(params.heavy_capacity(usize::MAX)), Err(Error::Parameter { .. })));
    assert!(matches!(new(params.deferred(usize::MAX)), Err(Error::Parameter { .. })));
    let new = |params| Directions::<f64>::new(params).map(drop);
    let params = FrequentDirectionsParams::new(5).rank(2);
    assert_eq!(new(params.sketch_rows(2)), refused(&"sketch_rows", Rule::ABOVE_RANK));
    assert_eq!(new(params.sketch_rows(1)), refused(&"sketch_rows", Rule::ABOVE_RANK));
    let new = |params| Sketch::<f64>::new(params).map(drop);
    let params = NystromSketchParams::new(5).rank(2);
    assert_eq!(new(params.sketch_rows(1)), refused(&"sketch_rows", Rule::FROM_RANK_TO_DIM));
    assert_eq!(new(params.sketch_rows(6)), refused(&"sketch_rows", Rule::FROM_RANK_TO_DIM));
    let new = |params| BlockPower::<f64, _>::new(params).map(drop);
    assert_eq!(new(BlockPowerParams::new(5).rank(2).width(1)), refused(&"width", Rule::FROM_RANK_TO_DIM));
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let result = Oja::<f64, _>::new(OjaParams::new(5).rate(Rate::Fixed(rate))).map(drop);
        assert_eq!(result, refused(&"rate", Rule::FINITE_POSITIVE));
    }
    assert!(CandidIncremental::<f64, _>::new(CandidIncrementalParams::new(5).amnesic(f64::NAN)).is_err());
    let inner = Exact::<f64>::new(ExactEigenParams::new(2)).unwrap();
    assert!(ShuffleBuffer::new(inner, 0, 0).is_err());
    let mut seen = Exact::<f64>::new(ExactEigenParams::new(2)).unwrap();
    seen.update(&[1.0, 2.0]).unwrap();
    assert!(matches!(
        Centered::new(seen).map(drop),
        Err(Error::Incompatible { what: Difference::RowsSeen, expected: 0, .. })
    ));
}

#[test]
fn rank_beyond_the_data_is_named() {
    // Two directions, three asked for.
    let two = gaussian(300, &[4.0, 1.0, 0.0, 0.0, 0.0, 0.0], 3);
    // Axis-parallel, where nothing is rounded.
    let mut source = Source::new(2);
    let axes = Rows::collect(
        6,
        (0..300).map(|_| {
            let mut row = vec![0.0; 6];
            row[source.below(2)] = 1.0 + source.below(9) as f64;
            row
        }),
    );
    for (data, rows) in [("turned", &two), ("along axes", &axes)] {
        for_every_certified_method!(f64, 6, 3, |name, summary| {
            feed(&mut summary, rows);
            let mut buffer = vec![0.0; summary.answer_len()];
            let result = summary.estimate(&mut buffer).map(drop);
            assert_eq!(result, Err(Error::RankDeficient { rank: 2 }), "{name}, {data}");
            let got = answer(&mut summary).unwrap();
            assert_eq!(got.rank, 2, "{name}, {data}");
            let outside = got.error(&Oracle::of(rows));
            assert!(outside < 1e-20, "{name}, {data}: {outside:e}");
        });
    }
}

#[test]
fn a_row_beyond_all_scales_is_taken_in() {
    fn run<T: Real>(e: i32, tolerance: f64) {
        let rows = imu().first(1500);
        let long: Vec<f64> = (0..9).map(|i| f64::from(i) * 2f64.powi(e)).collect();
        let all = rows.slice(0, 1000).with_row(1000, &long).then(&rows.slice(1000, 500));
        let oracle = Oracle::of(&all);
        let mut summary = RandomOrder::<T>::new(RandomOrderEigenParams::new(9)).unwrap();
        feed(&mut summary, &all);
        assert_eq!(summary.heavy_rows().rows(), 1);
        let got = answer(&mut summary).unwrap();
        assert!(got.error(&oracle) <= tolerance, "2^{e}: {:e}", got.error(&oracle));
        for name_and_error in [
            {
                let mut summary = Exact::<T>::new(ExactEigenParams::new(9)).unwrap();
                feed(&mut summary, &all);
                ("exact", answer(&mut summary).unwrap().error(&oracle))
            },
            {
                let mut summary = Directions::<T>::new(FrequentDirectionsParams::new(9)).unwrap();
                feed(&mut summary, &all);
                ("frequent directions", answer(&mut summary).unwrap().error(&oracle))
            },
        ] {
            assert!(name_and_error.1 <= tolerance, "2^{e}: {name_and_error:?}");
        }
    }
    run::<f32>(45, 1e-12);
    run::<f32>(75, 1e-12);
    run::<f64>(45, 1e-24);
    run::<f64>(420, 1e-24);
}

/// Squares of these would leave the range of `f32` on either side.
#[test]
fn units_far_off_change_no_bit_on_real_data() {
    for rows in [imu(), digits(), randhie(), shuttle()] {
        let rows = rows.shuffled(1);
        let dim = rows.dim();
        let (down, up) = (rows.times_power_of_two(-60), rows.times_power_of_two(50));
        for_every_method!(f32, dim, 1, |name, summary| {
            feed(&mut summary, &rows);
            let plain = answer(&mut summary).unwrap();
            for (scaled, e) in [(&down, -60), (&up, 50)] {
                summary.clear();
                feed(&mut summary, scaled);
                let got = answer(&mut summary).unwrap();
                assert_eq!(got.vectors, plain.vectors, "{name}, {dim} columns, times 2^{e}");
                assert_eq!(got.confidence, plain.confidence, "{name}, {dim} columns, times 2^{e}");
                let expected = Real::times_power_of_two(plain.values[0], 2 * e);
                assert_eq!(got.values[0], expected, "{name}, {dim} columns, times 2^{e}");
            }
        });
    }
}

#[test]
fn all_rows_heavy_is_the_exact_answer() {
    for n in 1..=16 {
        let rows = spiked(n, 20, 4.0, n as u64);
        let (error, got) = random_order(&rows, 16);
        assert!(error < 1e-20, "n = {n}: {error:e}");
        assert_eq!(got.confidence.status, Status::TooFewRows);
        assert!(got.confidence.error_bound.unwrap() < 1e-12, "n = {n}: {:?}", got.confidence.error_bound);
    }
}

#[test]
fn more_heavy_rows_than_room_is_heavy_overflow() {
    let rows = heavy_mix(3000, 24, 2.0, 12, 0.5, 3);
    for (capacity, expected) in [(0, true), (4, true), (11, true), (12, false), (20, false)] {
        let (_, got) = random_order(&rows, capacity);
        assert_eq!(
            got.confidence.status == Status::HeavyOverflow,
            expected,
            "capacity {capacity}: {:?}",
            got.confidence
        );
    }
    // Early rows are heavy because the energy is still small: evicting those heals by itself.
    let (_, got) = random_order(&spiked(3000, 24, 4.0, 3), 1);
    assert_eq!(got.confidence.status, Status::Ok);
}

#[test]
fn a_late_heavy_row_decides() {
    let rows = late_heavy(&spiked(4000, 16, 3.0, 5), 1.5);
    let (error, got) = random_order(&rows, 1);
    assert!(error < 1e-12, "one heavy row kept: {error:e}");
    assert_ne!(got.confidence.status, Status::HeavyOverflow);
    let (error, got) = random_order(&rows, 0);
    assert!(error > 0.9, "no heavy row kept: {error:e}");
    assert_eq!(got.confidence.status, Status::HeavyOverflow);
}

#[test]
fn duplicates_and_constant_columns_do_no_harm() {
    let few = gaussian(5, &[25.0, 2.0, 1.0, 1.0, 1.0, 1.0], 1);
    let many = Rows::collect(6, (0..2000).map(|i| few.row(i % 5).to_vec())).shuffled(1);
    let constant = spiked(3000, 6, 6.0, 2).map_rows(|row| row[3] = 0.0);
    let offset = spiked(3000, 6, 6.0, 2).map_rows(|row| row[3] = 10.0);
    for rows in [many, constant, offset] {
        let oracle = Oracle::of(&rows);
        let (error, got) = random_order(&rows, 16);
        assert!(error < 1e-3 && got.confidence.status == Status::Ok, "{error:e} {:?}", got.confidence);
        let mut summary = Exact::<f32>::new(ExactEigenParams::new(6)).unwrap();
        feed(&mut summary, &rows);
        let error = answer(&mut summary).unwrap().error(&oracle);
        assert!(error < 1e-9, "{error:e}");
    }
}

#[test]
fn sorted_input_is_not_random_order() {
    let rows = spiked(3000, 12, 5.0, 6);
    for (name, sorted) in [("up", rows.norm_up()), ("down", rows.norm_down()), ("along", rows.along_top())] {
        let (_, got) = random_order(&sorted, 16);
        assert_eq!(got.confidence.status, Status::NotRandomOrder, "{name}");
    }
    assert_eq!(random_order(&rows, 16).1.confidence.status, Status::Ok);
}

/// Entries at the ends of the scalar's range, subnormal ones too: an answer or a typed error, never NaN.
#[test]
fn extreme_entries_give_finite_answers() {
    macro_rules! run {
        ($t:ty) => {
            let (max, min, tiny) = (<$t>::MAX, <$t>::MIN_POSITIVE, <$t>::from_bits(1));
            let patterns: [&[[$t; 3]]; 6] = [
                &[[max, max, max], [max, -max, max]],
                &[[tiny, 0.0, 0.0], [0.0, tiny, tiny]],
                &[[tiny, 0.0, 0.0], [0.0, max, 0.0]],
                &[[max, 0.0, 0.0], [0.0, tiny, 0.0], [1.0, 1.0, 1.0]],
                &[[min, min, -min], [1.0, 2.0, 3.0], [max, 1.0, min]],
                &[[1.0, 0.0, 0.0], [max, max, 0.0], [0.0, 0.0, 1.0]],
            ];
            for (number, pattern) in patterns.iter().enumerate() {
                for_every_method!($t, 3, 1, |name, summary| {
                    for _ in 0..40 {
                        for row in *pattern {
                            // An entry that a method cannot hold is refused, the state stays good.
                            match summary.update(row) {
                                Ok(()) | Err(Error::Scale { .. } | Error::NonFinite { .. }) => {}
                                Err(e) => panic!("{name}, pattern {number}: {e}"),
                            }
                        }
                    }
                    match answer(&mut summary) {
                        Ok(got) => assert!(
                            got.vectors.iter().all(|x| x.is_finite()) && got.values.iter().all(|x| !x.is_nan()),
                            "{name}, pattern {number}: {got:?}"
                        ),
                        Err(Error::NotConverged { .. }) => {}
                        Err(e) => panic!("{name}, pattern {number}: {e}"),
                    }
                });
            }
        };
    }
    run!(f32);
    run!(f64);
}

/// Rows of one length look heavy together and are let go together: they may fill more than one block at once.
#[test]
fn rows_of_one_length_fill_blocks_and_nothing_else() {
    for (dim, capacity, growth, first_block) in
        [(64, 128, 1.3, 0), (32, 128, 1.3, 0), (16, 64, 1.0, 16), (16, 64, 1.0, 1)]
    {
        for spike in [0.0, 1.5] {
            let mut source = Source::new(5);
            let mut row = || {
                let mut row = source.direction(dim);
                row[0] += spike * source.normal();
                let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
                row.iter_mut().for_each(|x| *x /= norm);
                row
            };
            let rows = Rows::collect(dim, (0..800).map(|_| row()));
            let mut params = RandomOrderEigenParams::new(dim).heavy_capacity(capacity).growth(growth);
            if first_block > 0 {
                params = params.first_block(first_block);
            }
            let mut single = RandomOrder::<f64>::new(params).unwrap();
            feed(&mut single, &rows);
            let mut batch = RandomOrder::<f64>::new(params).unwrap();
            batch.update_batch(MatRef::new(rows.data(), rows.len(), dim).unwrap()).unwrap();
            assert_eq!(single.encode(), batch.encode());
            assert!(RandomOrder::<f64>::decode(&single.encode()).is_ok(), "{dim} {capacity} {growth}");
            let mut deferred = RandomOrder::<f64>::new(params.deferred(4)).unwrap();
            for row in rows.iter() {
                deferred.poll(&(), 1).unwrap();
                deferred.update_deferred(row).unwrap();
            }
        }
    }
}

/// Rows without energy say nothing against what was learnt before.
#[test]
fn zero_rows_make_no_method_forget() {
    let mut source = Source::new(3);
    let mut rows: Vec<Vec<f64>> =
        (0..60).map(|_| vec![3.0 * source.normal(), source.normal(), source.normal()]).collect();
    rows.extend((0..600).map(|_| vec![0.0; 3]));
    let rows = Rows::collect(3, rows);
    let oracle = Oracle::of(&rows);
    let (error, _) = random_order(&rows, 0);
    assert!(error < 0.05, "{error}");
    for_every_certified_method!(f64, 3, 1, |name, summary| {
        feed(&mut summary, &rows);
        assert!(answer(&mut summary).unwrap().error(&oracle) < 0.05, "{name}");
    });
}

/// In `f32` long sums round; what is certified must hold all the same.
#[test]
fn certificates_hold_where_f32_sums_round() {
    // 2^24 and then ones, which a sum in f32 does not feel; a second direction in between.
    let mut rows = vec![vec![4096.0, 0.0]];
    rows.extend((0..60_000).map(|_| vec![1.0, 0.0]));
    rows.extend((0..4096).map(|_| vec![0.0, 64.03125]));
    let rows = Rows::collect(2, rows);
    let oracle = Oracle::of(&rows);
    for_every_certified_method!(f32, 2, 1, |name, summary| {
        feed(&mut summary, &rows);
        let got = answer(&mut summary).unwrap();
        if let Some((lower, upper)) = got.bounds.as_ref().map(|bounds| bounds[0]) {
            let truth = oracle.value(0);
            assert!(lower <= truth * (1.0 + 1e-6) && truth <= upper * (1.0 + 1e-6), "{name}: {lower} {truth} {upper}");
        }
        if let Some(bound) = got.confidence.error_bound {
            assert!(got.error(&oracle) <= f64::from(bound) + 1e-6, "{name}: {} above {bound}", got.error(&oracle));
        }
    });
}

/// Any finite rows leave a summary that can be saved and read again.
#[test]
fn rows_of_all_magnitudes_leave_a_sound_state() {
    fn reads<T: Real, M: Wire<Storage = Vec<T>>>(summary: &M) -> bool {
        M::decode(&summary.encode()).is_ok()
    }
    for seed in 0..60 {
        let mut source = Source::new(seed);
        let dim = 1 + source.below(4);
        let n = 1 + source.below(60);
        let mut number = |low: i32, high: i32| {
            let e = low + source.below((high - low) as usize) as i32;
            (2.0 * source.unit() - 1.0) * 2f64.powi(e)
        };
        let narrow: Vec<f32> = (0..n * dim).map(|_| number(-148, 127) as f32).collect();
        let wide: Vec<f64> = (0..n * dim).map(|_| number(-1070, 1022)).collect();
        for_every_method!(f32, dim, 1, |name, summary| {
            narrow.chunks_exact(dim).for_each(|row| summary.update(row).unwrap());
            assert!(reads(&summary), "{name}, f32, seed {seed}");
        });
        for_every_method!(f64, dim, 1, |name, summary| {
            wide.chunks_exact(dim).for_each(|row| summary.update(row).unwrap());
            assert!(reads(&summary), "{name}, f64, seed {seed}");
        });
        for rate in [Rate::Ladder, Rate::Fixed(1e-3)] {
            let mut summary = Oja::<f32, _>::new(OjaParams::new(dim).rate(rate)).unwrap();
            narrow.chunks_exact(dim).for_each(|row| summary.update(row).unwrap());
            assert!(reads(&summary), "oja, {rate:?}, f32, seed {seed}");
            let mut summary = Oja::<f64, _>::new(OjaParams::new(dim).rate(rate)).unwrap();
            wide.chunks_exact(dim).for_each(|row| summary.update(row).unwrap());
            assert!(reads(&summary), "oja, {rate:?}, f64, seed {seed}");
        }
        let params = RandomOrderEigenParams::new(dim).row_sampling(1.0);
        let mut summary = RandomOrder::<f32>::new(params).unwrap();
        narrow.chunks_exact(dim).for_each(|row| summary.update(row).unwrap());
        assert!(reads(&summary), "sampled rows, seed {seed}");
    }
}

/// Pure noise has no direction; saying so is an answer.
#[test]
fn noise_is_low_gap_and_never_an_error() {
    for (n, dim) in [(5000, 32), (20_000, 64)] {
        let rows = gaussian(n, &vec![1.0; dim], 4);
        let mut summary = Exact::<f32>::new(ExactEigenParams::new(dim).two_level()).unwrap();
        feed(&mut summary, &rows);
        answer(&mut summary).unwrap();
        let mut summary = Exact::<f64>::new(ExactEigenParams::new(dim)).unwrap();
        feed(&mut summary, &rows);
        answer(&mut summary).unwrap();
    }
}

/// More was removed than was there: what is left has a negative direction, which is no answer.
#[test]
fn negative_directions_are_not_the_largest() {
    let mut summary = Exact::<f64>::new(ExactEigenParams::new(3)).unwrap();
    summary.update(&[1.0, 0.0, 0.0]).unwrap();
    summary.update(&[0.0, 1.5625, 0.0]).unwrap();
    summary.remove(&[0.0, 0.0, 1.0]).unwrap();
    summary.update(&[0.0, 0.0, 0.5]).unwrap();
    summary.remove(&[0.0, 0.0, 1.25]).unwrap();
    let (mut scratch, mut buffer) = ([0.0; 9], [0.0; 6]);
    let top = summary.estimate_dense(&mut scratch, &mut buffer).unwrap();
    assert_eq!(top.vector(0).iter().map(|x| x.abs()).collect::<Vec<_>>(), [0.0, 1.0, 0.0]);
    let mut other = [0.0; 6];
    assert_eq!(summary.estimate(&mut other).unwrap().vector(0)[1].abs(), 1.0);
}

#[test]
fn foreign_covariances_are_checked() {
    let mut summary = Exact::<f64>::new(ExactEigenParams::new(2)).unwrap();
    assert_eq!(summary.add_covariance(&[1.0, 0.0, -1.0], 1), Err(Error::Negative { index: 2 }));
    summary.add_covariance(&[f64::MAX, 0.0, 1.0], u64::MAX).unwrap();
    let before = summary.encode();
    assert_eq!(summary.add_covariance(&[f64::MAX, 0.0, 1.0], 1), Err(Error::NonFinite { index: 0 }));
    assert_eq!(summary.encode(), before);
}

/// A covariance that is refused leaves the scale open: rows that are tiny still set it.
#[test]
fn a_refused_covariance_changes_no_later_answer() {
    let ask = |gram: Option<[f32; 3]>| {
        let mut summary = Exact::<f32>::new(ExactEigenParams::new(2)).unwrap();
        assert!(gram.is_none_or(|gram| summary.add_covariance(&gram, 1).is_err()));
        (0..10u8).for_each(|i| summary.update(&[1e-25, f32::from(i) * 1e-26]).unwrap());
        answer(&mut summary)
    };
    for refused in [[-1.0, 0.0, 1.0], [1.0, f32::NAN, 1.0]] {
        assert_eq!(ask(Some(refused)), ask(None));
    }
}

/// The difference of the means is within range, and what is fed of it is not.
#[test]
fn a_centred_merge_is_done_whole_or_not_at_all() {
    let filled = |x: f32| {
        let mut summary = Centered::new(Exact::<f32>::new(ExactEigenParams::new(2)).unwrap()).unwrap();
        (0..2000).for_each(|_| summary.update(&[0.0, x]).unwrap());
        summary
    };
    let (mut one, other) = (filled(1e37), filled(-1e37));
    let before = one.encode();
    assert_eq!(one.merge(&other), Err(Error::NonFinite { index: 1 }));
    assert_eq!(one.encode(), before);
}

/// The inner summary of one row is empty still, and the other takes the room that the row of the merge needs.
#[test]
fn a_centred_merge_without_room_changes_nothing() {
    type Sketched = SketchedLeastSquares<f64, Srht, Vec<f64>, Vec<u32>>;
    let filled = |first: u64, rows: u32| {
        let params = SketchedLeastSquaresParams::new(2, 8).first_index(first << 40).ranges(1);
        let mut summary = Centered::new(Sketched::new(params, Srht).unwrap()).unwrap();
        (0..rows).for_each(|i| summary.update(&[f64::from(i), 1.0]).unwrap());
        summary
    };
    let bytes = |summary: &Centered<Sketched, Vec<f64>>| {
        (summary.mean().to_vec(), summary.rows_seen(), summary.inner().encode())
    };
    let (mut one, other) = (filled(0, 1), filled(1, 5));
    let before = bytes(&one);
    assert_eq!(one.merge(&other), Err(Error::Capacity { limit: 1 }));
    assert_eq!(bytes(&one), before);
}

/// Storage that no machine has is an error, not an abort.
#[test]
fn absurd_shapes_are_errors() {
    assert!(Exact::<f64>::new(ExactEigenParams::new(1 << 26)).is_err());
    assert!(Directions::<f64>::new(FrequentDirectionsParams::new(9).sketch_rows(30_000_000)).is_err());
    assert!(RandomOrder::<f64>::new(RandomOrderEigenParams::new(1 << 20).heavy_capacity(1 << 24)).is_err());
}

/// A row in the middle of a batch that is refused for what came before it: nothing of the batch may have been consumed.
#[test]
fn centred_batches_are_taken_whole_or_not_at_all() {
    let huge = f64::MAX;
    // Finite, all of them, but row 3 lies more than the largest number away from the mean, in its second entry.
    let batch = [1.0, 2.0, -1.0, huge, 3.0, huge, 0.5, -huge, 2.0, 1.0];
    let mut summary = Centered::new(Exact::<f64>::new(ExactEigenParams::new(2)).unwrap()).unwrap();
    for first in 0..3 {
        let (consumed, rest) = batch.split_at(2 * first);
        summary.clear();
        consumed.chunks(2).for_each(|row| summary.update(row).unwrap());
        let before = summary.encode();
        let rows = MatRef::new(rest, rest.len() / 2, 2).unwrap();
        assert_eq!(summary.update_batch(rows), Err(Error::NonFinite { index: rest.len() - 3 }));
        assert_eq!(summary.encode(), before, "{first} rows before");
        // Large rows that stay within range are taken, with the bits of single ones.
        let mut single = summary.clone();
        summary.update_batch(rows.rows_from(0, 3 - first)).unwrap();
        rows.rows_from(0, 3 - first).iter_rows().for_each(|row| single.update(row).unwrap());
        assert_eq!(summary.encode(), single.encode());
        assert_eq!(summary.update(&batch[6..8]), Err(Error::NonFinite { index: 1 }));
    }
}

/// A summary that has room for so many rows.
#[derive(Clone)]
struct Limited(Exact<f64>, usize);

impl RowSummary for Limited {
    type Scalar = f64;

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn rows_seen(&self) -> u64 {
        self.0.rows_seen()
    }

    fn update(&mut self, row: &[f64]) -> Result<(), Error> {
        self.check_room(1)?;
        self.0.update(row)
    }

    fn check_room(&self, rows: usize) -> Result<(), Error> {
        let limit = self.1;
        if self.0.rows_seen() as usize + rows > limit { Err(Error::Capacity { limit }) } else { Ok(()) }
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// The inner summary has room for some of the rows of a batch only.
#[test]
fn wrapped_batches_need_room_for_all_rows() {
    let rows = gaussian(200, &[1.0, 1.0, 1.0], 1);
    let inner = || Limited(Exact::new(ExactEigenParams::new(3)).unwrap(), 20);
    let batch = |first, count| rows.matrix().rows_from(first, count);

    let mut centered = Centered::new(inner()).unwrap();
    let state = |centered: &Centered<Limited, Vec<f64>>| {
        (centered.inner().0.encode(), centered.mean().to_vec(), centered.rows_seen())
    };
    let before = state(&centered);
    assert_eq!(centered.update_batch(batch(0, 22)), Err(Error::Capacity { limit: 20 }));
    assert_eq!(state(&centered), before);
    // The first row is not fed.
    centered.update_batch(batch(0, 21)).unwrap();
    let before = state(&centered);
    assert_eq!(centered.update_batch(batch(21, 21)), Err(Error::Capacity { limit: 20 }));
    assert_eq!(state(&centered), before);

    let mut shuffled = ShuffleBuffer::new(inner(), 0, 10).unwrap();
    assert_eq!(shuffled.update_batch(batch(0, 31)), Err(Error::Capacity { limit: 20 }));
    assert_eq!((shuffled.rows_seen(), shuffled.inner().0.encode()), (0, inner().0.encode()));
    // Ten rows are held, and one more finds room: of five, none is taken.
    shuffled.update_batch(batch(0, 29)).unwrap();
    let before = shuffled.inner().0.encode();
    assert_eq!(shuffled.update_batch(batch(29, 5)), Err(Error::Capacity { limit: 20 }));
    assert_eq!((shuffled.rows_seen(), shuffled.inner().0.encode()), (29, before));
    shuffled.update_batch(batch(29, 1)).unwrap();
    let before = shuffled.clone();
    assert_eq!(shuffled.update_batch(batch(30, 170)), Err(Error::Capacity { limit: 20 }));
    assert_eq!((shuffled.rows_seen(), shuffled.inner().0.encode()), (30, before.inner().0.encode()));
    // What is held is as it was too.
    let drained = |mut buffer: ShuffleBuffer<Limited, Vec<f64>>| {
        buffer.inner_mut().1 = 100;
        (buffer.drain(), buffer.into_inner().0.encode())
    };
    assert_eq!(drained(shuffled), drained(before));
}

/// Of two entries too far from the mean, the one that comes first is named.
#[test]
fn the_first_overflow_of_a_centred_batch_is_named() {
    let far = 1.7e308;
    let mut centered = Centered::new(Exact::new(ExactEigenParams::new(2)).unwrap()).unwrap();
    centered.update(&[far, far]).unwrap();
    let batch = [0.0, -far, -far, 0.0];
    let refused = centered.update_batch(MatRef::new(&batch, 2, 2).unwrap());
    assert_eq!(refused, Err(Error::NonFinite { index: 1 }));
    assert_eq!((centered.rows_seen(), centered.mean()), (1, &[far, far][..]));
}

/// Wrappers put the work of the inner summary off, and say when it has no room.
#[test]
fn wrapped_work_that_is_put_off_changes_no_bit() {
    let rows = gaussian(200, &[3.0, 1.0, 1.0], 1);
    let inner = |deferred| RandomOrder::<f64>::new(RandomOrderEigenParams::new(3).deferred(deferred)).unwrap();
    fn later<M: DeferredRows<Scalar = f64>>(summary: &mut M, rows: &Rows) {
        let mut refused = 0;
        for row in rows.iter() {
            if let Err(error) = summary.update_deferred(row) {
                assert_eq!(error, Error::Capacity { limit: 2 });
                summary.poll(&(), u64::MAX).unwrap();
                summary.update_deferred(row).unwrap();
                refused += 1;
            }
        }
        assert!(refused > 0);
        summary.poll(&(), u64::MAX).unwrap();
        assert!(summary.is_idle());
    }
    let (mut now, mut put_off) = (Centered::new(inner(0)).unwrap(), Centered::new(inner(2)).unwrap());
    now.update_batch(rows.matrix()).unwrap();
    later(&mut put_off, &rows);
    assert_eq!(put_off.mean(), now.mean());
    assert_eq!(answer(&mut put_off), answer(&mut now));
    let buffer = |deferred| ShuffleBuffer::new(inner(deferred), 0, 10).unwrap();
    let (mut now, mut put_off) = (buffer(0), buffer(2));
    now.update_batch(rows.matrix()).unwrap();
    later(&mut put_off, &rows);
    assert_eq!(answer(put_off.inner_mut()), answer(now.inner_mut()));
}
