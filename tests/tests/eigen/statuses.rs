//! `Ok` means that the method looked: what checks nothing says so, and values that nothing bounds stay possible.

use sketchlet_core::eigen::*;
use sketchlet_core::{Error, Merge, Real, RowSummary, Wire};
use sketchlet_tests::answer::{answer, feed};
use sketchlet_tests::streams::{Rows, gaussian, heavy_mix, shuttle, spiked};

type Method<T> = Box<dyn TopEigen<Scalar = T>>;

/// Every method: its name, whether it checks its answers, and an empty summary.
fn methods<T: Real>(dim: usize, rank: usize) -> Vec<(&'static str, bool, Method<T>)> {
    fn boxed<T: Real>(summary: Result<impl TopEigen<Scalar = T> + 'static, Error>) -> Method<T> {
        Box::new(summary.unwrap())
    }
    let block = BlockPowerParams::new(dim).rank(rank);
    let directions = FrequentDirectionsParams::new(dim).rank(rank);
    let mut methods = vec![
        ("exact", true, boxed(ExactEigen::<T, _>::new(ExactEigenParams::new(dim).rank(rank)))),
        ("random order", true, boxed(RandomOrderEigen::<T, _>::new(RandomOrderEigenParams::new(dim).rank(rank)))),
        ("frequent directions", true, boxed(FrequentDirections::<T, _>::new(directions))),
        ("incremental", true, boxed(FrequentDirections::<T, _>::new(directions.shrink(Shrink::None)))),
        ("nystrom", true, boxed(NystromSketch::<T, _>::new(NystromSketchParams::new(dim).rank(rank)))),
        ("block power", false, boxed(BlockPower::<T, _>::new(block))),
        ("block power, heavy rows", false, boxed(BlockPower::<T, _>::new(block.heavy_capacity(4)))),
        ("oja", false, boxed(Oja::<T, _>::new(OjaParams::new(dim).rank(rank)))),
        ("adaptive oja", false, boxed(AdaptiveOja::<T, _>::new(AdaptiveOjaParams::new(dim).rank(rank)))),
        ("candid", false, boxed(CandidIncremental::<T, _>::new(CandidIncrementalParams::new(dim).rank(rank)))),
        ("history", false, boxed(HistoryPca::<T, _>::new(HistoryPcaParams::new(dim).rank(rank)))),
    ];
    if rank == 1 {
        methods.push(("ladder", false, boxed(Oja::<T, _>::new(OjaParams::new(dim).rate(Rate::Ladder)))));
    }
    methods
}

/// Rows that lead methods astray: few directions, noise, a long row first, many long rows, as recorded.
fn streams() -> Vec<(&'static str, Rows)> {
    let noise = gaussian(2000, &[1.0; 12], 3);
    let mut first = vec![0.0; 12];
    first[3] = 1e4;
    vec![
        ("one direction", spiked(3000, 12, 4.0, 1)),
        ("a long row first", noise.with_row(0, &first)),
        ("a long row last", noise.with_row(noise.len(), &first)),
        ("long rows", heavy_mix(3000, 12, 2.0, 6, 0.6, 7)),
        ("a few rows", noise.first(5)),
        ("noise", noise),
        ("shuttle", shuttle().first(20_000)),
    ]
}

#[test]
fn what_checks_nothing_is_unverified() {
    let mut broken = Vec::new();
    for (stream, rows) in streams() {
        for rank in [1, 2] {
            for (name, checks, mut summary) in methods::<f64>(rows.dim(), rank) {
                feed(&mut summary, &rows);
                let Ok(got) = answer(&mut summary) else { continue };
                let status = got.confidence.status;
                // What they do look at: room for heavy rows, and the growth along the ladder.
                let fault = [("heavy", Status::HeavyOverflow), ("ladder", Status::LowGap)];
                let found_fault = fault.iter().any(|(text, fault)| name.contains(text) && status == *fault);
                if (status == Status::Unverified) == checks && !found_fault {
                    broken.push(format!("{name}, {stream}, rank {rank}: {status}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(!Status::Unverified.advice().is_empty());
}

fn check_values<T: Real>(broken: &mut Vec<String>) {
    for (stream, rows) in streams() {
        let (dim, energy) = (rows.dim(), rows.energy());
        for rank in [1, 2, 3, dim] {
            for (name, _, mut summary) in methods::<T>(dim, rank).into_iter().filter(|method| !method.1) {
                feed(&mut summary, &rows);
                let Ok(got) = answer(&mut summary) else { continue };
                let sum: f64 = got.values.iter().sum();
                if !got.values.is_sorted_by(|x, y| x >= y) || sum > energy * (1.0 + 100.0 * T::EPSILON.as_f64()) {
                    broken.push(format!("{name}, {stream}, rank {rank}: {sum:e} of {energy:e} in {:?}", got.values));
                }
                // Vectors went with their values.
                for (i, v) in got.vectors.chunks_exact(dim).enumerate() {
                    for w in got.vectors.chunks_exact(dim).take(i) {
                        let cosine: f64 = v.iter().zip(w).map(|(x, y)| x.as_f64() * y.as_f64()).sum();
                        assert!(cosine.abs() < 100.0 * T::EPSILON.as_f64(), "{name}, {stream}: {cosine}");
                    }
                }
            }
        }
    }
}

/// Adaptive Oja and Oja count rows twice while their vectors are alike, `candid` weighs new rows
/// more than their share, and a later vector may have the larger value.
#[test]
fn values_are_sorted_and_never_more_than_the_energy() {
    let mut broken = Vec::new();
    check_values::<f64>(&mut broken);
    check_values::<f32>(&mut broken);
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A block as wide as the rank sees no next value: of noise without any direction it must not say that all is well.
#[test]
fn a_width_above_the_rank_buys_the_check() {
    for rank in [1, 2, 16] {
        for seed in 0..20 {
            let rows = gaussian(2000, &[1.0; 16], seed);
            let params = RandomOrderEigenParams::new(16).rank(rank).heavy_capacity(4);
            let ask = |params| {
                let mut summary = RandomOrderEigen::<f64, _>::new(params).unwrap();
                feed(&mut summary, &rows);
                answer(&mut summary).unwrap().confidence
            };
            let blind = ask(params.width(rank));
            assert_eq!(blind.status, Status::Unverified, "rank {rank}, seed {seed}: {blind:?}");
            assert_eq!((blind.gap_estimate, blind.error_estimate), (None, None));
            if rank < 16 {
                let seen = ask(params.width(rank + 1));
                assert_eq!(seen.status, Status::LowGap, "rank {rank}, seed {seed}: {seen:?}");
                assert!(seen.gap_estimate.is_some());
            }
            // Merged, it is as blind.
            let mut halves = [0, 1].map(|half| {
                let mut summary = RandomOrderEigen::<f64, Vec<f64>>::new(params.width(rank)).unwrap();
                feed(&mut summary, &rows.every(half, 2));
                summary
            });
            let [left, right] = &mut halves;
            left.merge(right).unwrap();
            assert_ne!(answer(left).unwrap().confidence.status, Status::Ok);
        }
    }
}

/// Bytes of version 1 don't tell the energy: nothing is scaled by what isn't known, and it is not made up later.
#[test]
fn energy_that_is_not_known_is_not_made_up() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/wire/0.1/ccipca-f64.bin");
    let old = std::fs::read(kept).unwrap();
    let mut old = CandidIncremental::<f64, Vec<f64>>::decode(&old).unwrap();
    let before = answer(&mut old).unwrap().values;
    old.update(&[1.0, 0.0, 0.0, 0.0]).unwrap();
    let bytes = old.encode();
    let mut again = CandidIncremental::<f64, Vec<f64>>::decode(&bytes).unwrap();
    let after = answer(&mut again).unwrap().values;
    assert_eq!(after, answer(&mut old).unwrap().values);
    assert!(after[0] > 0.9 * before[0], "{before:?}, then {after:?}");
}
