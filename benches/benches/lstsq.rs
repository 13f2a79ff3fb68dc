//! `lstsq` beside what a Rust user would take instead.
//!
//! `cargo bench -p sketchlet-benches --bench lstsq -- FILTER`; figures that are quoted stand in `benches/RESULTS.md`.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::solvers::{Solve, SolveLstsq};
use faer::{Accum, Mat, MatRef as Faer, Par, Side};
use sketchlet::lstsq::{LeastSquaresParams, Path, Sketch, lstsq};
use sketchlet::random::keyed::{Domain, symmetric, word};
use sketchlet::{MatRef, Real};
use std::num::NonZeroUsize;

struct Problem {
    n: usize,
    d: usize,
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Problem {
    /// Uniform numbers, columns shrunk down to `1 / kappa`, then reflected.
    fn new(n: usize, d: usize, kappa: f64) -> Self {
        let number = |i: usize, salt: u64| symmetric::<f64>(word(salt, Domain::Normal, i as u64));
        let mut a: Vec<f64> = (0..n * d).map(|i| number(i, 1)).collect();
        let v: Vec<f64> = (0..d).map(|j| number(j, 2)).collect();
        let square: f64 = v.iter().map(|v| v * v).sum();
        if kappa > 1.0 {
            for row in a.chunks_exact_mut(d) {
                row.iter_mut().enumerate().for_each(|(j, x)| *x *= Real::pow(kappa, -(j as f64) / (d - 1) as f64));
                let along = 2.0 / square * row.iter().zip(&v).map(|(x, v)| x * v).sum::<f64>();
                row.iter_mut().zip(&v).for_each(|(x, v)| *x -= along * v);
            }
        }
        let b = a.chunks_exact(d).enumerate().map(|(i, row)| row.iter().sum::<f64>() + number(i, 3)).collect();
        Self { n, d, a, b }
    }

    fn solve(&self, params: &LeastSquaresParams<'_, f64>) -> Vec<f64> {
        let (a, b) = (MatRef::new(&self.a, self.n, self.d).unwrap(), MatRef::new(&self.b, self.n, 1).unwrap());
        lstsq(a, b, params).unwrap().coefficients
    }

    fn faer(&self) -> (Faer<'_, f64>, Mat<f64>) {
        let b = Faer::from_column_major_slice(&self.b, self.n, 1).to_owned();
        (Faer::from_row_major_slice(&self.a, self.n, self.d), b)
    }

    /// Normal equations without a question asked.
    fn cholesky(&self) -> Mat<f64> {
        let (a, b) = self.faer();
        let mut gram = Mat::zeros(self.d, self.d);
        let (whole, lower) = (BlockStructure::Rectangular, BlockStructure::TriangularLower);
        matmul(gram.as_mut(), lower, Accum::Replace, a.transpose(), whole, a, whole, 1.0, Par::Seq);
        gram.llt(Side::Lower).unwrap().solve(a.transpose() * b)
    }
}

fn paths(c: &mut Criterion) {
    faer::set_global_parallelism(Par::Seq);
    for (n, d, kappa) in [(200_000, 200, 1.0), (1_000_000, 64, 1.0), (131_072, 64, 1e9)] {
        let problem = Problem::new(n, d, kappa);
        let mut group = c.benchmark_group(format!("regression/lstsq/f64/{n}x{d}/{kappa:.0e}"));
        group.throughput(Throughput::Elements(n as u64)).sample_size(10);
        let (a, b) = problem.faer();
        let (own, other) = (problem.solve(&LeastSquaresParams::new()), a.qr().solve_lstsq(&b));
        let error = own.iter().zip(other.col(0).iter()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        let size = own.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
        assert!(error <= 1e-14 * kappa.max(100.0) * size, "{error:e} of {size:e}");
        for threads in [1, 2] {
            let params = LeastSquaresParams::new().threads(NonZeroUsize::new(threads).unwrap());
            group.bench_function(BenchmarkId::new("auto", threads), |b| b.iter(|| problem.solve(&params)));
        }
        for path in [Path::PreconditionedCholesky, Path::Exact] {
            let params = LeastSquaresParams::new().path(path);
            group.bench_function(path.name(), |b| b.iter(|| problem.solve(&params)));
        }
        for sketch in [Sketch::Srht, Sketch::Osnap { nonzeros: 8 }] {
            let params =
                LeastSquaresParams::new().path(Path::Sketched).rows((12 * d).next_multiple_of(8)).sketch(sketch);
            group.bench_function(BenchmarkId::new("sketched", sketch.name()), |b| b.iter(|| problem.solve(&params)));
        }
        if kappa < 1e6 {
            group.bench_function("faer Cholesky", |b| b.iter(|| problem.cholesky()));
        }
        group.bench_function("faer Qr", |bench| bench.iter(|| a.qr().solve_lstsq(&b)));
        group.bench_function("faer ColPivQr", |bench| bench.iter(|| a.col_piv_qr().solve_lstsq(&b)));
    }
}

criterion_group!(benches, paths);
criterion_main!(benches);
