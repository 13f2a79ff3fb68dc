//! Family eigen: cost of a row, of an answer, of whole streams, beside what a Rust user would take instead.
//!
//! `cargo bench -p sketchlet-benches --bench eigen -- FILTER`; figures that are quoted stand in `benches/RESULTS.md`.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, MatRef as Faer, Par};
use sketchlet::io::{ReadOptions, RowReader};
use sketchlet_core::eigen::*;
use sketchlet_core::linalg::{packed, symmetric, tridiagonal, vector};
use sketchlet_core::{MatRef, Real, RowSummary};
use sketchlet_tests::oracle::Oracle;
use sketchlet_tests::streams::{Rows, decay};
use std::hint::black_box;
use std::time::Duration;

/// Bytes of rows that are fed at a time: a reader's batch, which the second-level cache holds.
const BATCH: usize = 1 << 18;

fn rows(n: usize, dim: usize) -> Rows {
    // Eigenvalues 4, then 2 / i^0.7, turned: the shape of the prototype's large stream.
    decay(n, dim, 4.0, 2.0, 0.7, 1)
}

fn name<T: Real>() -> &'static str {
    if T::BYTES == 4 { "f32" } else { "f64" }
}

/// Sums in cache: bytes read a second.
fn dot<T: Real>(c: &mut Criterion) {
    let mut group = c.benchmark_group(format!("linalg/dot/{}", name::<T>()));
    for len in [64, 256, 1024] {
        let x: Vec<T> = (0..len).map(|i| T::constant(f64::from(i % 7) - 3.0)).collect();
        let y: Vec<T> = (0..len).map(|i| T::constant(f64::from(i % 5) - 2.0)).collect();
        let expected: f64 = x.iter().zip(&y).map(|(x, y)| x.as_f64() * y.as_f64()).sum();
        assert_eq!(vector::dot(&x, &y).as_f64(), expected);
        group.throughput(Throughput::Bytes(2 * size_of_val(&x[..]) as u64));
        group.bench_function(BenchmarkId::from_parameter(len), |b| {
            b.iter(|| vector::dot(black_box(&x), black_box(&y)));
        });
    }
}

fn small_eigen(c: &mut Criterion) {
    for m in [6, 22, 32] {
        let mut group = c.benchmark_group(format!("linalg/small-eigen/f64/{m}"));
        let vectors = rows(4 * m, m);
        let (mut gram, rows): (Vec<f64>, Vec<f64>) = (vec![0.0; m * m], vectors.cast());
        packed::add_rows(&mut gram[..packed::len(m)], &rows, m);
        packed::unpack(&mut gram, m);
        let (mut work, mut vectors, mut values, mut scratch) =
            (gram.clone(), vec![0.0; m * m], vec![0.0; m], vec![0.0; m]);
        group.bench_function("symmetric", |b| {
            b.iter(|| {
                work.copy_from_slice(&gram);
                symmetric::eigen(&mut work, &mut vectors, &mut values);
            });
        });
        let by_rotations = values.clone();
        group.bench_function("tridiagonal", |b| {
            b.iter(|| {
                work.copy_from_slice(&gram);
                tridiagonal::eigen(&mut work, &mut vectors, &mut values, &mut scratch);
            });
        });
        assert!(values.iter().zip(&by_rotations).all(|(x, y)| (x - y).abs() <= 1e-12 * by_rotations[0]));
        let full = Faer::from_row_major_slice(&gram, m, m);
        group.bench_function("faer", |b| b.iter(|| full.self_adjoint_eigen(faer::Side::Lower).unwrap()));
    }
}

/// The cost of one row, fed one by one, after a first thousand that set the summary up.
fn update<T: Real, M: RowSummary<Scalar = T>>(c: &mut Criterion, what: &str, make: impl Fn(usize) -> M) {
    let mut group = c.benchmark_group(format!("eigen/{what}/update/{}", name::<T>()));
    for dim in [8, 64, 512] {
        let stream = rows(2000, dim).cast::<T>();
        let mut summary = make(dim);
        let mut feed = stream.chunks_exact(dim).cycle();
        feed.by_ref().take(1000).for_each(|row| summary.update(row).unwrap());
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::from_parameter(dim), |b| {
            b.iter(|| summary.update(black_box(feed.next().unwrap())));
        });
    }
}

fn updates<T: Real>(c: &mut Criterion) {
    update::<T, _>(c, "random-order", |d| RandomOrderEigen::new(RandomOrderEigenParams::new(d)).unwrap());
    update::<T, _>(c, "exact", |d| ExactEigen::new(ExactEigenParams::new(d)).unwrap());
    update::<T, _>(c, "frequent-directions", |d| {
        FrequentDirections::new(FrequentDirectionsParams::new(d).sketch_rows(16)).unwrap()
    });
    update::<T, _>(c, "nystrom", |d| NystromSketch::new(NystromSketchParams::new(d).sketch_rows(d.min(16))).unwrap());
    update::<T, _>(c, "block-power", |d| BlockPower::new(BlockPowerParams::new(d)).unwrap());
    update::<T, _>(c, "oja", |d| Oja::new(OjaParams::new(d)).unwrap());
    update::<T, _>(c, "adaptive-oja", |d| AdaptiveOja::new(AdaptiveOjaParams::new(d)).unwrap());
    update::<T, _>(c, "ccipca", |d| CandidIncremental::new(CandidIncrementalParams::new(d)).unwrap());
    update::<T, _>(c, "history", |d| HistoryPca::new(HistoryPcaParams::new(d)).unwrap());
}

/// Feeds a stream in batches and answers.
fn answer<M: TopEigen<Scalar = f64>>(mut summary: M, rows: &[f64]) -> Vec<f64> {
    let dim = summary.dim();
    for batch in rows.chunks(BATCH / 8 / dim * dim) {
        summary.update_batch(MatRef::new(batch, batch.len() / dim, dim).unwrap().known_finite()).unwrap();
    }
    let mut answer = vec![0.0; summary.answer_len()];
    summary.estimate(&mut answer).unwrap().vector(0).to_vec()
}

fn gram_by_faer(rows: &[f64], dim: usize) -> Mat<f64> {
    let a = Faer::from_row_major_slice(rows, rows.len() / dim, dim);
    let mut gram = Mat::zeros(dim, dim);
    let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    matmul(gram.as_mut(), lower, Accum::Replace, a.transpose(), whole, a, whole, 1.0, Par::Seq);
    gram
}

/// Whole streams, from memory to the vector; growth with the number of rows.
fn streams(c: &mut Criterion) {
    for (n, dim) in [(20_000, 64), (200_000, 64), (50_000, 512)] {
        let stream = rows(n, dim);
        let oracle = Oracle::of(&stream);
        let numbers = stream.cast::<f64>();
        let mut group = c.benchmark_group(format!("eigen/stream/f64/{n}x{dim}"));
        group.throughput(Throughput::Elements(n as u64)).sample_size(10);
        let limit = if dim == 64 { 1e-3 } else { 0.05 };
        let random_order = || RandomOrderEigen::new(RandomOrderEigenParams::new(dim)).unwrap();
        let found = answer(random_order(), &numbers);
        assert!(oracle.error(&found) <= limit, "{}", oracle.error(&found));
        group.bench_function("random-order", |b| b.iter(|| answer(random_order(), &numbers)));
        group.bench_function("exact", |b| {
            b.iter(|| {
                let mut summary = ExactEigen::<f64, _>::new(ExactEigenParams::new(dim)).unwrap();
                summary.update_batch(MatRef::new(&numbers, n, dim).unwrap().known_finite()).unwrap();
                summary
            });
        });
        faer::set_global_parallelism(Par::Seq);
        group.bench_function("faer Gram", |b| b.iter(|| gram_by_faer(&numbers, dim)));
        group.bench_function("faer Gram and eigen", |b| {
            b.iter(|| gram_by_faer(&numbers, dim).self_adjoint_eigen(faer::Side::Lower).unwrap());
        });
    }
}

/// Frequent Directions against the singular values of its buffer by faer, every `l` rows.
fn shrink(c: &mut Criterion) {
    faer::set_global_parallelism(Par::Seq);
    for (l, dim) in [(8, 64), (16, 64), (16, 512)] {
        let n = 100 * l;
        let numbers = rows(n + l, dim).cast::<f64>();
        let mut group = c.benchmark_group(format!("eigen/frequent-directions/l{l}/{dim}"));
        group.throughput(Throughput::Elements(n as u64)).sample_size(10);
        group.bench_function("update", |b| {
            let params = FrequentDirectionsParams::new(dim).sketch_rows(l);
            b.iter(|| {
                let mut summary = FrequentDirections::<f64, _>::new(params).unwrap();
                summary.update_batch(MatRef::new(&numbers[..n * dim], n, dim).unwrap()).unwrap();
                summary
            });
        });
        group.bench_function("faer svd", |b| {
            b.iter(|| {
                for first in (0..n).step_by(l) {
                    let buffer = Faer::from_row_major_slice(&numbers[first * dim..][..2 * l * dim], 2 * l, dim);
                    black_box(buffer.thin_svd().unwrap());
                }
            });
        });
    }
}

/// Reading CSV: bytes a second.
fn csv(c: &mut Criterion) {
    let mut text = String::from("a,b,c,d\n");
    for row in rows(50_000, 4).iter() {
        text += &row.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    let bytes: &'static [u8] = text.leak().as_bytes();
    let mut group = c.benchmark_group("io/csv");
    group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(10);
    group.bench_function("f64", |b| {
        b.iter(|| {
            let mut reader = RowReader::<f64>::from_csv(bytes, "bench", &ReadOptions::new()).unwrap();
            let mut count = 0;
            while let Some(batch) = reader.next_batch().unwrap() {
                count += batch.rows();
            }
            assert_eq!(count, 50_000);
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = dot::<f32>, dot::<f64>, small_eigen, updates::<f32>, updates::<f64>, streams, shrink, csv
}
criterion_main!(benches);
