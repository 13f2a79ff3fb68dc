//! Updates and answers of a sliding window, beside recomputing; and lazy greedy over a large table.

#![allow(missing_docs)]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet_core::Real;
use sketchlet_core::random::keyed::{Domain, normal_pair, word2};
use sketchlet_core::submodular::{
    BucketDynamic, BucketDynamicParams, Dynamic, DynamicParams, DynamicSelection, FacilityLocation, GreedyParams,
    GroundSet, LazyDynamic, LazyDynamicParams, LazyGreedy, LevelDynamic, LevelDynamicParams, Partition,
    PartitionDynamic, PartitionDynamicParams, SieveParams, SievePlusPlus, SieveStreaming, ThreeSieves,
    ThreeSievesParams,
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

/// The other types that let elements come and go: the same window, without answers but at its end.
fn others(c: &mut Criterion) {
    let mut group = c.benchmark_group("submodular/others/slide");
    group.throughput(Throughput::Elements(2));
    let n = 2000;
    macro_rules! slide {
        ($name:literal, $best:expr, |$b:ident, $oracle:ident, $rng:ident| $query:expr $(, $partition:expr)?) => {{
            let (mut window, mut rng, mut $b) = (Window::<f64>::new(n), Xoshiro256PlusPlus::seed_from_u64(1), $best.unwrap());
            (0..n as u32).for_each(|id| $b.insert(&window.oracle(), $($partition,)? id, &mut rng).unwrap());
            group.bench_function(BenchmarkId::new($name, n), |b| {
                b.iter(|| {
                    let slot = window.oldest();
                    $b.delete(&window.oracle(), $($partition,)? slot, &mut rng).unwrap();
                    window.slide();
                    $b.insert(&window.oracle(), $($partition,)? slot, &mut rng).unwrap();
                });
            });
            let ($oracle, $rng) = (window.oracle(), &mut rng);
            assert!($query.unwrap().value > 0.0);
        }};
    }
    let prefix = |size| FacilityLocation::<f64>::prefix_len_of(EXEMPLARS, size);
    let params = BucketDynamicParams::new(n, SIZE, 0.2).prefix(prefix(SIZE));
    slide!("bucket", BucketDynamic::<f64>::new(params), |best, oracle, rng| best.query(&oracle, rng));
    let params = LevelDynamicParams::new(n, SIZE, 0.2).prefix(prefix(SIZE));
    slide!("level", LevelDynamic::<f64>::new(params), |best, oracle, rng| best.query(&oracle, rng));
    let groups: Vec<u8> = (0..n).map(|i| (i % 5) as u8).collect();
    let partition = Partition::new(&groups, &[2; 5]).unwrap();
    let params = PartitionDynamicParams::new(n, SIZE, 0.1);
    let params = params.prefix(prefix(params.pushes()));
    slide!(
        "partition",
        PartitionDynamic::<f64, u16, _, _>::new(params),
        |best, oracle, rng| best.query(&oracle, &partition, rng),
        &partition
    );
    group.finish();
    let mut group = c.benchmark_group("submodular/sieves/element");
    group.throughput(Throughput::Elements(n as u64));
    let window = Window::<f64>::new(n);
    macro_rules! sift {
        ($name:literal, $sieve:expr) => {{
            let mut sieve = $sieve.unwrap();
            group.bench_function($name, |b| {
                b.iter(|| {
                    sieve.clear();
                    (0..n as u32).for_each(|id| sieve.insert(&window.oracle(), id).unwrap());
                    sieve.selection().value
                });
            });
        }};
    }
    let params = SieveParams::new(SIZE).prefix(prefix(SIZE));
    sift!("sieve", SieveStreaming::<f64, u16, _, _>::new(params));
    sift!("sieve++", SievePlusPlus::<f64, u16, _, _>::new(params));
    let params = ThreeSievesParams::new(SIZE, 32.0, 50).prefix(prefix(SIZE));
    sift!("three-sieves", ThreeSieves::<f64, u16, _, _>::new(params));
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

criterion_group!(benches, lazy_dynamic, dynamic, others, recompute, dense);
criterion_main!(benches);
