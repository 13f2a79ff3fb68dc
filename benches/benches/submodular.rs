//! Updates and answers of a sliding window, beside recomputing; and lazy greedy over a large table.

#![allow(missing_docs)]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet_core::Real;
use sketchlet_core::random::keyed::{Domain, normal_pair, word2};
use sketchlet_core::submodular::{
    Dynamic, DynamicParams, DynamicSelection, FacilityLocation, GreedyParams, GroundSet, LazyDynamic,
    LazyDynamicParams, LazyGreedy,
};
use std::hint::black_box;

const EXEMPLARS: usize = 32;
const SIZE: usize = 10;

/// Similarities of points of a stream to others.
fn similarities(n: usize, exemplars: usize) -> Vec<f64> {
    let point = |i: usize| -> [f64; 4] {
        std::array::from_fn(|j| normal_pair::<f64>(word2(1, Domain::Coin, i as u64, j as u64)).0)
    };
    let exemplars: Vec<[f64; 4]> = (0..exemplars).map(|j| point(usize::MAX - j)).collect();
    let mut table = Vec::with_capacity(n * exemplars.len());
    for i in 0..n {
        let x = point(i);
        for y in &exemplars {
            let square: f64 = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum();
            table.push((-square / 4.0).exp());
        }
    }
    table
}

/// A window over the stream: the newest row takes the slot of the oldest.
struct Window<E> {
    rows: Vec<E>,
    table: Vec<E>,
    capacity: usize,
    next: usize,
}

impl<E: Real> Window<E> {
    fn new(capacity: usize) -> Self {
        let rows: Vec<E> = similarities(capacity + 20_000, EXEMPLARS).into_iter().map(E::constant).collect();
        Self { table: rows[..capacity * EXEMPLARS].to_vec(), rows, capacity, next: capacity }
    }

    fn oracle(&self) -> FacilityLocation<'_, E> {
        FacilityLocation::new(&self.table, EXEMPLARS).unwrap()
    }

    /// The slot of the oldest row, to be overwritten.
    fn oldest(&self) -> u32 {
        (self.next % self.capacity) as u32
    }

    fn slide(&mut self) {
        let (slot, from) =
            (self.next % self.capacity * EXEMPLARS, self.next % (self.rows.len() / EXEMPLARS) * EXEMPLARS);
        self.table[slot..slot + EXEMPLARS].copy_from_slice(&self.rows[from..from + EXEMPLARS]);
        self.next += 1;
    }
}

/// Two updates, with an answer after each.
fn slide<T: Real, B: DynamicSelection<Scalar = T>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    n: usize,
    mut best: B,
) {
    let mut window = Window::<T>::new(n);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    (0..n as u32).for_each(|id| best.insert(&window.oracle(), id, &mut rng).unwrap());
    best.query(&window.oracle(), &mut rng).unwrap();
    group.throughput(Throughput::Elements(2));
    group.bench_function(BenchmarkId::new(name, n), |b| {
        b.iter(|| {
            let slot = window.oldest();
            best.delete(&window.oracle(), slot, &mut rng).unwrap();
            best.query(&window.oracle(), &mut rng).unwrap();
            window.slide();
            best.insert(&window.oracle(), slot, &mut rng).unwrap();
            best.query(&window.oracle(), &mut rng).unwrap().value
        });
    });
    assert!(best.selection().ratio().unwrap().as_f64() > 0.5);
}

fn lazy_dynamic(c: &mut Criterion) {
    let mut group = c.benchmark_group("submodular/lazy-dynamic/slide");
    let params = |n| LazyDynamicParams::new(n, SIZE).prefix(FacilityLocation::<f64>::prefix_len_of(EXEMPLARS, SIZE));
    for n in [500usize, 2000, 32_000] {
        slide(&mut group, "f64", n, LazyDynamic::<f64, u16, _, _>::new(params(n)).unwrap());
    }
    slide(&mut group, "f32", 32_000, LazyDynamic::<f32, u16, _, _>::new(params(32_000)).unwrap());
    group.finish();
}

fn dynamic(c: &mut Criterion) {
    let mut group = c.benchmark_group("submodular/dynamic/slide");
    let params = |n| DynamicParams::new(n, SIZE).prefix(FacilityLocation::<f64>::prefix_len_of(EXEMPLARS, SIZE));
    for n in [500usize, 2000, 32_000] {
        slide(&mut group, "f64", n, Dynamic::<f64, u16, _, _>::new(params(n)).unwrap());
    }
    slide(&mut group, "f32", 32_000, Dynamic::<f32, u16, _, _>::new(params(32_000)).unwrap());
    group.finish();
}

fn recompute(c: &mut Criterion) {
    let mut group = c.benchmark_group("submodular/lazy-greedy/window");
    group.sample_size(10);
    for n in [500usize, 2000, 32_000] {
        let window = Window::<f64>::new(n);
        let params = GreedyParams::new(n, SIZE).prefix(window.oracle().prefix_len(SIZE));
        let mut greedy = LazyGreedy::<f64, u32, _, _>::new(params).unwrap();
        let ids: Vec<u32> = (0..n as u32).collect();
        group.bench_function(BenchmarkId::from_parameter(n), |b| {
            b.iter(|| greedy.select(&window.oracle(), black_box(&ids)).unwrap().value);
        });
    }
    group.finish();
}

fn dense(c: &mut Criterion) {
    let mut group = c.benchmark_group("submodular/lazy-greedy/dense");
    group.sample_size(10);
    let (n, size) = (4000usize, 50);
    let table = similarities(n, n);
    let single: Vec<f32> = table.iter().map(|&x| x as f32).collect();
    let ids: Vec<u32> = (0..n as u32).collect();
    let params = GreedyParams::new(n, size).prefix(FacilityLocation::<f64>::prefix_len_of(n, size));
    let oracle = FacilityLocation::new(&table, n).unwrap();
    let mut greedy = LazyGreedy::<f64, u32, _, _>::new(params).unwrap();
    group.bench_function("f64", |b| b.iter(|| greedy.select(&oracle, black_box(&ids)).unwrap().value));
    let oracle = FacilityLocation::new(&single, n).unwrap();
    let mut greedy = LazyGreedy::<f32, u32, _, _>::new(params).unwrap();
    group.bench_function("f32", |b| b.iter(|| greedy.select(&oracle, black_box(&ids)).unwrap().value));
    group.finish();
}

criterion_group!(benches, lazy_dynamic, dynamic, recompute, dense);
criterion_main!(benches);
