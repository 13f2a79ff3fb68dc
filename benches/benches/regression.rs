//! Rows a second of the streaming summaries, and of the operators beside each other.

#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sketchlet_core::random::keyed::{Domain, symmetric, word};
use sketchlet_core::regression::{
    NormalEquations, NormalEquationsParams, Query, RecursiveLeastSquares, RecursiveLeastSquaresParams,
    SketchedLeastSquares, SketchedLeastSquaresParams, StreamingQr, StreamingQrParams,
};
use sketchlet_core::sketch::{CountSketch, Osnap, RademacherSketch, SketchOperator, Srct, Srht};
use sketchlet_core::{MatRef, Real, RowSummary};
use std::hint::black_box;

/// Rows of an iteration: whole blocks.
const ROWS: usize = 4096;

fn rows<T: Real>(columns: usize) -> Vec<T> {
    (0..(ROWS * columns) as u64).map(|i| symmetric(word(1, Domain::Coin, i))).collect()
}

fn scalar<T: Real>() -> &'static str {
    if T::BYTES == 4 { "f32" } else { "f64" }
}

fn update<T: Real, M: RowSummary<Scalar = T>>(c: &mut Criterion, what: &str, dim: usize, mut summary: M) {
    let columns = summary.dim();
    let data = rows::<T>(columns);
    let matrix = MatRef::new(&data, ROWS, columns).unwrap().known_finite();
    let mut group = c.benchmark_group(format!("regression/{what}/update-batch/{}", scalar::<T>()));
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(BenchmarkId::from_parameter(dim), |b| {
        b.iter(|| {
            summary.clear();
            summary.update_batch(black_box(matrix)).unwrap();
        });
    });
    group.finish();
    let mut group = c.benchmark_group(format!("regression/{what}/update/{}", scalar::<T>()));
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(BenchmarkId::from_parameter(dim), |b| {
        b.iter(|| {
            summary.clear();
            black_box(matrix).iter_rows().for_each(|row| summary.update(row).unwrap());
        });
    });
    assert_eq!(summary.rows_seen(), ROWS as u64);
    group.finish();
}

fn sketched<T: Real, O: SketchOperator<T>>(c: &mut Criterion, name: &str, dim: usize, operator: O, block: usize) {
    let params = SketchedLeastSquaresParams::new(dim + 1, 8 * dim).block_len(block);
    let summary = SketchedLeastSquares::<T, _, _, _>::new(params, operator).unwrap();
    update(c, &format!("sketched-{name}"), dim, summary);
}

fn streams(c: &mut Criterion) {
    for dim in [8usize, 16, 64] {
        let block = (8 * dim).next_power_of_two();
        sketched::<f64, _>(c, "srht", dim, Srht, block);
        sketched::<f32, _>(c, "srht", dim, Srht, block);
        update(c, "streaming-qr", dim, StreamingQr::<f64, _>::new(StreamingQrParams::new(dim + 1)).unwrap());
        update(c, "streaming-qr", dim, StreamingQr::<f32, _>::new(StreamingQrParams::new(dim + 1)).unwrap());
        let normal = NormalEquations::<f64, _>::new(NormalEquationsParams::new(dim + 1)).unwrap();
        update(c, "normal-equations", dim, normal);
        let recursive = RecursiveLeastSquares::<f64, _>::new(RecursiveLeastSquaresParams::new(dim)).unwrap();
        update(c, "recursive", dim, recursive);
    }
    sketched::<f64, _>(c, "srct", 16, Srct, 1);
    sketched::<f64, _>(c, "rademacher", 16, RademacherSketch, 1);
    sketched::<f64, _>(c, "countsketch", 16, CountSketch, 1);
    sketched::<f64, _>(c, "osnap", 16, Osnap { nonzeros: 8 }, 1);
}

fn answers(c: &mut Criterion) {
    let mut group = c.benchmark_group("regression/sketched-srht/solve/f64");
    for dim in [8usize, 16, 64] {
        let params = SketchedLeastSquaresParams::new(dim + 1, 16 * dim).block_len(64);
        let mut summary = SketchedLeastSquares::<f64, _, _, _>::new(params, Srht).unwrap();
        let data = rows::<f64>(dim + 1);
        summary.update_batch(MatRef::new(&data, ROWS, dim + 1).unwrap()).unwrap();
        let (features, targets): (Vec<usize>, _) = ((0..dim).collect(), [dim]);
        let query = Query::new(&features, &targets);
        let (mut scratch, mut answer) = (vec![0.0; query.scratch_len()], vec![0.0; query.answer_len()]);
        assert_eq!(summary.solve_in(&query, &mut scratch, &mut answer).unwrap().rank, dim);
        group.bench_function(BenchmarkId::from_parameter(dim), |b| {
            b.iter(|| summary.solve_in(black_box(&query), &mut scratch, &mut answer).unwrap().rank);
        });
    }
    group.finish();
}

criterion_group!(benches, streams, answers);
criterion_main!(benches);
