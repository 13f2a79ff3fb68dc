//! Golden bits: the same answers, to the last bit, on every machine and from version to version.
//!
//! The files of `tests/golden` hold lines `name scalar hexbits`. The firmware's self-test reads the same files: an answer in
//! `f32` has one line, whatever computes it. Cases that end in `-f64` are computed here alone.
//!
//! To add a value, or after a change of answers that is meant (a *Changed answers* entry): `SKETCHLET_BLESS=1 cargo test -p
//! sketchlet-core --features std --test golden` rewrites `eigen.txt`, `regression.txt` and `submodular.txt`.

#![cfg(feature = "alloc")]
#![allow(missing_docs, clippy::unwrap_used)]

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet_core::eigen::{
    AdaptiveOja, AdaptiveOjaParams, BlockPower, BlockPowerParams, CandidIncremental, CandidIncrementalParams,
    ExactEigen, ExactEigenParams, FrequentDirections, FrequentDirectionsParams, HistoryPca, HistoryPcaParams,
    NystromSketch, NystromSketchParams, Oja, OjaParams, RandomOrderEigen, RandomOrderEigenParams, Shrink, TopEigen,
};
use sketchlet_core::regression::{
    Fit, Gradient, GradientParams, NormalEquations, NormalEquationsParams, Query, RecursiveLeastSquares,
    RecursiveLeastSquaresParams, SketchedLeastSquares, SketchedLeastSquaresParams, StreamingQr, StreamingQrParams,
};
use sketchlet_core::sketch::{GaussianSketch, SketchOperator, Srct, Srht};
use sketchlet_core::stream::{Centered, WarmUp};
use sketchlet_core::submodular::{
    Concave, Counted, Dynamic, DynamicParams, FacilityLocation, FeatureBased, GraphCut, GreedyParams, GroundSet,
    Kernel, LazyDynamic, LazyDynamicParams, LazyGreedy, LogDet, Monotone, NonMonotoneDynamic, NonMonotoneDynamicParams,
    Partition, PartitionDynamic, PartitionDynamicParams, PartitionGreedy, PrefixOracle, RandomGreedy, Salsa, Selection,
    SieveParams, SievePlusPlus, SieveStreaming, StochasticGreedy, ThreeSieves, ThreeSievesParams, ThresholdGreedy,
};
use sketchlet_core::{Lane, Real, RowSummary};
use std::fmt::Write;
use std::path::Path;

const HEADER: &str = "# Bits of every answer: name, scalar, hex. Written by the test core/tests/golden.rs.\n";

/// Entries of each vector that are pinned one by one; a hash pins the rest.
const ENTRIES: usize = 4;

fn rows<T: Real>(file: &str, dim: usize, count: usize) -> Vec<Vec<T>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../std-ext/data").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let parse = |line: &str| line.split(',').take(dim).map(|x| T::constant(x.parse().unwrap())).collect();
    text.lines().skip(1).take(count).map(parse).collect()
}

fn bits<T: Real>(x: T) -> u64 {
    let mut bytes = [0; 8];
    x.write_le(&mut bytes);
    u64::from_le_bytes(bytes)
}

fn record<T: Real>(
    out: &mut String,
    method: &str,
    data: &str,
    rows: &[Vec<T>],
    mut summary: impl TopEigen<Scalar = T>,
) {
    rows.iter().for_each(|row| summary.update(row).unwrap());
    let mut answer = vec![T::ZERO; summary.answer_len()];
    let top = summary.estimate(&mut answer).unwrap();
    let (scalar, digits, suffix) = if T::BYTES == 4 { ("f32", 8, "") } else { ("f64", 16, "-f64") };
    let case = format!("eigen/{method}/{data}{suffix}");
    let mut put = |entry: &str, x: T| writeln!(out, "{case}/{entry} {scalar} {:0digits$x}", bits(x)).unwrap();
    for (i, &x) in top.vector(0).iter().take(ENTRIES).enumerate() {
        put(&format!("v{i}"), x);
    }
    put("value", top.value(0).mantissa);
    let confidence = &top.confidence;
    for (entry, figure) in [
        ("value-lower", top.value_lower(0).map(|value| value.mantissa)),
        ("value-upper", top.value_upper(0).map(|value| value.mantissa)),
        ("gap-estimate", confidence.gap_estimate),
        ("error-estimate", confidence.error_estimate),
        ("error-bound", confidence.error_bound),
        ("drift", confidence.order.map(|order| order.drift)),
        ("runs", confidence.order.map(|order| order.runs)),
        ("level", confidence.order.map(|order| order.level)),
    ] {
        if let Some(figure) = figure {
            put(entry, figure);
        }
    }
    // FNV-1a over the words of the whole vector, then over the letters of the status.
    let fnv = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01b3);
    let vector = top.vector(0).iter().fold(0xcbf2_9ce4_8422_2325, |hash, &x| fnv(hash, bits(x)));
    let status = confidence.status.name().bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| fnv(hash, byte.into()));
    writeln!(out, "{case}/vector u64 {vector:016x}\n{case}/status u64 {status:016x}").unwrap();
}

fn record_all<T: Real>(out: &mut String, data: &str, rows: &[Vec<T>]) {
    let dim = rows[0].len();
    let ro = RandomOrderEigenParams::new(dim).heavy_capacity(8);
    record(out, "exact", data, rows, ExactEigen::new(ExactEigenParams::new(dim)).unwrap());
    let two_level = ExactEigenParams::new(dim).two_level();
    record(out, "exact-two-level", data, rows, ExactEigen::new(two_level).unwrap());
    record(out, "random-order", data, rows, RandomOrderEigen::new(ro).unwrap());
    let tiny = RandomOrderEigenParams::new(dim).width(2).heavy_capacity(4).warm_up(WarmUp::Running);
    record(out, "random-order-tiny", data, rows, RandomOrderEigen::new(tiny).unwrap());
    record(out, "random-order-rank2", data, rows, RandomOrderEigen::new(ro.rank(2)).unwrap());
    let fd = FrequentDirectionsParams::new(dim);
    record(out, "frequent-directions", data, rows, FrequentDirections::new(fd).unwrap());
    record(out, "incremental", data, rows, FrequentDirections::new(fd.shrink(Shrink::None)).unwrap());
    record(out, "nystrom", data, rows, NystromSketch::new(NystromSketchParams::new(dim).sketch_rows(8)).unwrap());
    record(out, "block-power", data, rows, BlockPower::new(BlockPowerParams::new(dim).heavy_capacity(8)).unwrap());
    record(out, "oja", data, rows, Oja::new(OjaParams::new(dim)).unwrap());
    record(out, "adaptive-oja", data, rows, AdaptiveOja::new(AdaptiveOjaParams::new(dim)).unwrap());
    record(out, "candid", data, rows, CandidIncremental::new(CandidIncrementalParams::new(dim)).unwrap());
    record(out, "history", data, rows, HistoryPca::new(HistoryPcaParams::new(dim)).unwrap());
    let exact = ExactEigen::new(ExactEigenParams::new(dim)).unwrap();
    record(out, "centered-exact", data, rows, Centered::new(exact).unwrap());
}

#[test]
fn answers_have_the_golden_bits() {
    let mut out = HEADER.to_owned();
    record_all(&mut out, "imu", &rows::<f32>("gait_imu.csv", 9, 1000));
    record_all(&mut out, "imu", &rows::<f64>("gait_imu.csv", 9, 1000));
    record_all(&mut out, "digits", &rows::<f32>("digits.csv", 64, 200));
    record_all(&mut out, "digits", &rows::<f64>("digits.csv", 64, 200));
    compare("eigen.txt", &out);
}

fn compare(file: &str, out: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if std::env::var_os("SKETCHLET_BLESS").is_some() {
        std::fs::write(&path, out).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    for (got, expected) in out.lines().zip(golden.lines()) {
        assert_eq!(got, expected);
    }
    assert_eq!(out.lines().count(), golden.lines().count());
}

const FEATURES: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 8];

/// Numbers of an answer that are pinned one by one; a hash pins all.
const NUMBERS: usize = 3;

fn record_numbers<T: Real>(out: &mut String, case: &str, [entry, all]: [&str; 2], numbers: &[T]) {
    let (scalar, digits) = if T::BYTES == 4 { ("f32", 8) } else { ("f64", 16) };
    for (i, &x) in numbers.iter().take(NUMBERS).enumerate() {
        writeln!(out, "{case}/{entry}{i} {scalar} {:0digits$x}", bits(x)).unwrap();
    }
    let fnv = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01b3);
    let hash = numbers.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &x| fnv(hash, bits(x)));
    writeln!(out, "{case}/{all} u64 {hash:016x}").unwrap();
}

fn record_fit<T: Real>(out: &mut String, case: &str, solve: impl Fn(&Query<'_>, &mut [T], &mut [T]) -> String) {
    let query = Query::new(&FEATURES, &[7]);
    let (mut scratch, mut answer) = (vec![T::ZERO; query.scratch_len()], vec![T::ZERO; query.answer_len()]);
    let text = solve(&query, &mut scratch, &mut answer);
    out.push_str(&text.replace("CASE", case));
}

fn fit_text<T: Real>(fit: &Fit<'_, T>) -> String {
    let (scalar, digits) = if T::BYTES == 4 { ("f32", 8) } else { ("f64", 16) };
    let mut out = String::new();
    record_numbers(&mut out, "CASE", ["x", "coefficients"], fit.coefficients);
    if let Some(widths) = fit.half_widths {
        record_numbers(&mut out, "CASE", ["w", "half-widths"], widths);
    }
    writeln!(out, "CASE/residual-norm {scalar} {:0digits$x}", bits(fit.residual_norm[0])).unwrap();
    writeln!(out, "CASE/condition {scalar} {:0digits$x}", bits(fit.condition)).unwrap();
    out
}

fn record_sketch<L: Lane, T: Real, O: SketchOperator<L>>(
    out: &mut String,
    case: &str,
    (operator, block): (O, usize),
    rows: &[Vec<f64>],
    convert: fn(f64) -> L,
) {
    let params = SketchedLeastSquaresParams::new(9, 64).seed(7).block_len(block);
    let mut summary = SketchedLeastSquares::<L, _, _, _>::new(params, operator).unwrap();
    rows.iter().for_each(|row| summary.update(&row.iter().map(|&x| convert(x)).collect::<Vec<_>>()).unwrap());
    record_fit::<T>(out, case, |query, scratch, answer| fit_text(&summary.solve_in(query, scratch, answer).unwrap()));
}

#[test]
#[allow(clippy::cast_possible_truncation, reason = "the data are small whole numbers")]
fn regressions_have_the_golden_bits() {
    let mut out = HEADER.to_owned();
    let rows = rows::<f64>("gait_imu.csv", 9, 1000);
    record_sketch::<_, f32, _>(&mut out, "regression/srht-f32/imu", (Srht, 16), &rows, |x| x as f32);
    record_sketch::<_, f32, _>(&mut out, "regression/srht-i32/imu", (Srht, 16), &rows, |x| x as i32);
    record_sketch::<_, f32, _>(&mut out, "regression/srht-f32/imu-tenths", (Srht, 16), &rows, |x| x as f32 * 0.1);
    record_sketch::<_, f32, _>(&mut out, "regression/srct-f32/imu-tenths", (Srct, 1), &rows, |x| x as f32 * 0.1);
    record_sketch::<_, f32, _>(&mut out, "regression/gaussian-f32/imu", (GaussianSketch, 1), &rows, |x| x as f32);
    record_sketch::<_, f64, _>(&mut out, "regression/gaussian/imu-f64", (GaussianSketch, 1), &rows, |x| x);
    let mut qr = StreamingQr::<f32, _>::new(StreamingQrParams::new(9)).unwrap();
    let mut normal = NormalEquations::<i64, _>::new(NormalEquationsParams::new(9)).unwrap();
    let params = RecursiveLeastSquaresParams::new(8).forgetting(0.999);
    let mut recursive = RecursiveLeastSquares::<f32, _>::new(params).unwrap();
    for row in &rows {
        let mut single: Vec<f32> = row.iter().map(|&x| x as f32).collect();
        qr.update(&single).unwrap();
        normal.update(&row.iter().map(|&x| x as i64).collect::<Vec<_>>()).unwrap();
        single.swap(7, 8);
        recursive.update(&single).unwrap();
    }
    record_fit::<f32>(&mut out, "regression/streaming-qr/imu", |query, scratch, answer| {
        fit_text(&qr.solve_in(query, scratch, answer).unwrap())
    });
    record_fit::<f32>(&mut out, "regression/normal-equations-i64/imu", |query, scratch, answer| {
        fit_text(&normal.solve_in(query, scratch, answer).unwrap())
    });
    let rows: Vec<Vec<f32>> = rows.iter().map(|row| row.iter().map(|&x| x as f32).collect()).collect();
    let params = SketchedLeastSquaresParams::new(9, 64).seed(7).block_len(16);
    let mut sketch = SketchedLeastSquares::<f32, _, _, _>::new(params, Srht).unwrap();
    rows.iter().for_each(|row| sketch.update(row).unwrap());
    record_fit::<f32>(&mut out, "regression/refined/imu", |query, scratch, answer| {
        let mut gradient = Gradient::<f32, _>::new(GradientParams::new(8, 1)).unwrap();
        gradient.start_at(sketch.solve_in(query, scratch, answer).unwrap().coefficients).unwrap();
        for row in &rows {
            let mut row = row.clone();
            row.swap(7, 8);
            gradient.update(&row).unwrap();
        }
        fit_text(&sketch.refine_in(query, &gradient, scratch, answer).unwrap())
    });
    record_numbers(&mut out, "regression/recursive/imu", ["x", "coefficients"], recursive.coefficients());
    compare("regression.txt", &out);
}

fn add(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0x0100_0000_01b3)
}

const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;

/// The bits of an answer; the ids go to a hash that may hold those of earlier ones.
fn record_selection<T: Real>(out: &mut String, case: &str, answer: &Selection<T>, ids: &[u32], hash: u64) {
    let (scalar, digits) = if T::BYTES == 4 { ("f32", 8) } else { ("f64", 16) };
    let hash = ids.iter().fold(hash, |hash, &id| add(hash, id.into()));
    writeln!(out, "{case}/value {scalar} {:0digits$x}", bits(answer.value)).unwrap();
    writeln!(out, "{case}/upper-bound {scalar} {:0digits$x}", bits(answer.upper_bound.unwrap_or(-T::ONE))).unwrap();
    writeln!(out, "{case}/ids u64 {hash:016x}").unwrap();
}

/// How alike two samples are, in 255ths: less by one for every three steps of all channels together.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]
fn similarity(sample: &[f64], other: &[f64]) -> u8 {
    let apart: f64 = sample.iter().zip(other).map(|(x, y)| (x - y).abs()).sum();
    (255.0 - (apart / 3.0).floor()).max(0.0) as u8
}

fn window_row(rows: &[Vec<f64>], sample: &[f64], exemplars: usize) -> Vec<u8> {
    (0..exemplars).map(|j| similarity(sample, &rows[j * (1000 / exemplars)])).collect()
}

#[allow(clippy::cast_possible_truncation, reason = "few frames")]
fn record_window<T: Real>(out: &mut String, case: &str, shape: (usize, usize, usize), rows: &[Vec<f64>]) {
    let (frames, size, exemplars) = shape;
    let prefix = FacilityLocation::<u8>::prefix_len_of(exemplars, size);
    let params = LazyDynamicParams::new(frames, size).prefix(prefix).slots(6).ladder_steps(2).extra_guesses(2);
    let storage = (vec![T::ZERO; params.storage_len()], vec![0u32; params.index_len::<u32>()]);
    let mut best = LazyDynamic::new_in(params, storage.0, storage.1).unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut table = vec![0u8; frames * exemplars];
    let (mut hash, mut gains) = (EMPTY, 0);
    for (tick, sample) in rows.iter().take(500).enumerate() {
        let slot = tick % frames;
        if tick >= frames {
            let oracle = FacilityLocation::new(&table, exemplars).unwrap();
            best.delete(&oracle, slot as u32, &mut rng).unwrap();
        }
        table[slot * exemplars..][..exemplars].copy_from_slice(&window_row(rows, sample, exemplars));
        let oracle = Counted::new(FacilityLocation::new(&table, exemplars).unwrap());
        best.insert(&oracle, slot as u32, &mut rng).unwrap();
        if tick % 16 == 15 {
            best.query(&oracle, &mut rng).unwrap();
            best.polish(&oracle).unwrap();
            hash = best.selected().iter().fold(hash, |hash, &id| add(hash, id.into()));
        }
        gains += oracle.gains();
    }
    record_selection(out, case, &best.selection(), best.selected(), hash);
    writeln!(out, "{case}/gains u64 {gains:016x}").unwrap();
}

fn record_greedy<T: Real, O: PrefixOracle<T> + Monotone>(out: &mut String, case: &str, oracle: &O) {
    let mut best = LazyGreedy::<T, u32, _, _>::new(GreedyParams::new(24, 6).prefix(oracle.prefix_len(6))).unwrap();
    let ids: Vec<u32> = (0..24).collect();
    let mut answer = best.select(oracle, &ids).unwrap();
    answer.upper_bound = Some(best.bound(oracle, &ids).unwrap());
    record_selection(out, case, &answer, best.selected(), EMPTY);
}

fn record_functions<T: Real>(out: &mut String, suffix: &str, rows: &[Vec<f64>]) {
    let table: Vec<T> = rows.iter().step_by(40).take(24).flatten().map(|&x| T::constant(x.abs())).collect();
    let table: Vec<T> = table.into_iter().map(|x| x * T::constant(0.1)).collect();
    for (name, concave) in [("sqrt", Concave::Sqrt), ("log1p", Concave::Log1p), ("cap", Concave::Cap(30.0))] {
        let oracle = FeatureBased::new(&table, 9, concave).unwrap();
        record_greedy::<T, _>(out, &format!("submodular/lazy-greedy/{name}{suffix}"), &oracle);
    }
    let oracle = LogDet::new(&table, 9, Kernel::Rbf(0.001), 0.1).unwrap();
    record_greedy::<T, _>(out, &format!("submodular/lazy-greedy/log-det{suffix}"), &oracle);
}

/// Every other type over the first 32 frames, in the parameters of the device.
#[allow(clippy::cast_possible_truncation, reason = "few frames")]
fn record_types(out: &mut String, rows: &[Vec<f64>]) {
    let table: Vec<u8> = rows.iter().step_by(30).take(32).flat_map(|row| window_row(rows, row, 8)).collect();
    let oracle = FacilityLocation::new(&table, 8).unwrap();
    let ids: Vec<u32> = (0..32).collect();
    let generator = || Xoshiro256PlusPlus::seed_from_u64(7);
    let params = GreedyParams::new(32, 4).prefix(oracle.prefix_len(4));
    let mut best = StochasticGreedy::<f32, u32, _, _>::new(params).unwrap();
    let answer = best.select(&oracle, &ids, 0.2, &mut generator()).unwrap();
    record_selection(out, "submodular/stochastic/imu-32", &answer, best.selected(), EMPTY);
    let mut best = ThresholdGreedy::<f32, u32, _, _>::new(params).unwrap();
    let answer = best.select(&oracle, &ids, 0.1).unwrap();
    record_selection(out, "submodular/threshold/imu-32", &answer, best.selected(), EMPTY);
    let mut best = Salsa::<f32, u32, _, _>::new(params).unwrap();
    let answer = best.select(&oracle, &ids, 4).unwrap();
    record_selection(out, "submodular/salsa/imu-32", &answer, best.selected(), EMPTY);
    let groups: Vec<u8> = (0..32).map(|i| i % 2).collect();
    let partition = Partition::new(&groups, &[1, 1]).unwrap();
    let mut best =
        PartitionGreedy::<f32, u32, _, _>::new(GreedyParams::new(32, 2).prefix(oracle.prefix_len(2))).unwrap();
    let answer = best.select(&oracle, &ids, &partition).unwrap();
    record_selection(out, "submodular/partition-greedy/imu-32", &answer, best.selected(), EMPTY);
    let params = SieveParams::new(4).prefix(oracle.prefix_len(4)).ladder_steps(1);
    let mut best = SieveStreaming::<f32, u32, _, _>::new(params).unwrap();
    ids.iter().for_each(|&id| best.insert(&oracle, id).unwrap());
    record_selection(out, "submodular/sieve/imu-32", &best.selection(), best.selected(), EMPTY);
    let mut best = SievePlusPlus::<f32, u32, _, _>::new(params).unwrap();
    ids.iter().for_each(|&id| best.insert(&oracle, id).unwrap());
    record_selection(out, "submodular/sieve-plus-plus/imu-32", &best.selection(), best.selected(), EMPTY);
    let params = ThreeSievesParams::new(4, 8.0, 3).prefix(oracle.prefix_len(4));
    let mut best = ThreeSieves::<f32, u32, _, _>::new(params).unwrap();
    ids.iter().for_each(|&id| best.insert(&oracle, id).unwrap());
    record_selection(out, "submodular/three-sieves/imu-32", &best.selection(), best.selected(), EMPTY);
    let params = PartitionDynamicParams::new(32, 2, 0.5).ladder_steps(1);
    let params = params.prefix(oracle.prefix_len(params.pushes()));
    let mut best = PartitionDynamic::<f32, u32, _, _>::new(params).unwrap();
    let (mut rng, mut hash) = (generator(), EMPTY);
    for tick in 0..64 {
        // Comes, then goes.
        let id = tick * 5 % 32;
        if best.is_alive(id) {
            best.delete(&oracle, &partition, id, &mut rng).unwrap();
        } else {
            best.insert(&oracle, &partition, id, &mut rng).unwrap();
        }
        if tick < 60 {
            best.query(&oracle, &partition, &mut rng).unwrap();
            hash = best.selected().iter().fold(hash, |hash, &id| add(hash, id.into()));
        }
    }
    record_selection(out, "submodular/partition-dynamic/imu-32", &best.selection(), best.selected(), hash);
    // A ring of 16 vertices, every one joined to the two next to it and the one opposite.
    let offsets: Vec<u32> = (0..=16).map(|i| 3 * i).collect();
    let neighbours: Vec<u32> = (0..16).flat_map(|i| [(i + 1) % 16, (i + 15) % 16, (i + 8) % 16]).collect();
    let cut = GraphCut::new(&offsets, &neighbours).unwrap();
    let ids: Vec<u32> = (0..16).collect();
    let mut best = RandomGreedy::<f32, u32, _, _>::new(GreedyParams::new(16, 3).prefix(cut.prefix_len(3))).unwrap();
    let answer = best.select(&cut, &ids, &mut generator()).unwrap();
    record_selection(out, "submodular/random-greedy/ring-16", &answer, best.selected(), EMPTY);
    let params = NonMonotoneDynamicParams::new(16, 2, 0.5).prefix(cut.prefix_len(0)).ladder_steps(1).keep(0.8);
    let mut best = NonMonotoneDynamic::<f32, u32, _, _>::new(params).unwrap();
    let (mut rng, mut hash) = (generator(), EMPTY);
    for tick in 0..40 {
        let id = tick * 7 % 16;
        if best.is_alive(id) {
            best.delete(&cut, id, &mut rng).unwrap();
        } else {
            best.insert(&cut, id, &mut rng).unwrap();
        }
        best.query(&cut, &mut rng).unwrap();
        hash = best.selected().iter().fold(hash, |hash, &id| add(hash, id.into()));
    }
    record_selection(out, "submodular/non-monotone/ring-16", &best.selection(), best.selected(), hash);
}

#[test]
#[allow(clippy::cast_possible_truncation, reason = "few frames")]
fn selections_have_the_golden_bits() {
    let mut out = HEADER.to_owned();
    let rows = rows::<f64>("gait_imu.csv", 9, 1000);
    record_window::<f32>(&mut out, "submodular/lazy-dynamic/imu-128", (128, 8, 32), &rows);
    record_window::<f32>(&mut out, "submodular/lazy-dynamic/imu-32", (32, 4, 8), &rows);
    record_window::<f64>(&mut out, "submodular/lazy-dynamic/imu-128-f64", (128, 8, 32), &rows);
    let params = DynamicParams::new(32, 4).prefix(FacilityLocation::<u8>::prefix_len_of(8, 4)).ladder_steps(1);
    let mut best = Dynamic::<f32, u32, _, _>::new(params).unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut table = vec![0u8; 32 * 8];
    let mut hash = EMPTY;
    for (tick, sample) in rows.iter().take(200).enumerate() {
        let slot = tick % 32;
        if tick >= 32 {
            best.delete(&FacilityLocation::new(&table, 8).unwrap(), slot as u32, &mut rng).unwrap();
        }
        table[slot * 8..][..8].copy_from_slice(&window_row(&rows, sample, 8));
        let oracle = FacilityLocation::new(&table, 8).unwrap();
        best.insert(&oracle, slot as u32, &mut rng).unwrap();
        best.query(&oracle, &mut rng).unwrap();
        hash = best.selected().iter().fold(hash, |hash, &id| add(hash, id.into()));
    }
    record_selection(&mut out, "submodular/dynamic/imu-32", &best.selection(), best.selected(), hash);
    record_functions::<f32>(&mut out, "", &rows);
    record_functions::<f64>(&mut out, "-f64", &rows);
    record_types(&mut out, &rows);
    compare("submodular.txt", &out);
}
