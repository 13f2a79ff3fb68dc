//! The answers of the submodular family: frames of a window over the accelerometer samples that stand for all of them.

#![allow(clippy::cast_possible_truncation, reason = "few frames")]

use crate::data;
use crate::golden::{Name, Sink};
use crate::hash::Hash;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet_core::submodular::{
    Concave, Counted, Dynamic, DynamicParams, FacilityLocation, FeatureBased, GraphCut, GreedyParams, Kernel,
    LazyDynamic, LazyDynamicParams, LazyGreedy, LogDet, Monotone, NonMonotoneDynamic, NonMonotoneDynamicParams,
    Partition, PartitionDynamic, PartitionDynamicParams, PartitionGreedy, PrefixLen, PrefixOracle, RandomGreedy, Salsa,
    Selection, SieveParams, SievePlusPlus, SieveStreaming, StochasticGreedy, ThreeSieves, ThreeSievesParams,
    ThresholdGreedy,
};
use sketchlet_core::{Error, Id};

/// The window of a larger part: frames, chosen ones, exemplars.
pub(super) const LARGE: (usize, usize, usize) = (128, 8, 32);
/// And of a small one.
pub(super) const SMALL: (usize, usize, usize) = (32, 4, 8);

/// Shape of a window's summary.
pub(super) const fn params((frames, size, exemplars): (usize, usize, usize)) -> LazyDynamicParams {
    let prefix = FacilityLocation::<u8>::prefix_len_of(exemplars, size);
    LazyDynamicParams::new(frames, size).prefix(prefix).slots(6).ladder_steps(2).extra_guesses(2)
}

const LARGE_PARAMS: LazyDynamicParams = params(LARGE);
const SMALL_PARAMS: LazyDynamicParams = params(SMALL);
const EAGER: DynamicParams = DynamicParams::new(SMALL.0, SMALL.1)
    .prefix(FacilityLocation::<u8>::prefix_len_of(SMALL.2, SMALL.1))
    .ladder_steps(1);

/// How alike two samples are, in 255ths: less by one for every three steps of all channels together.
fn similarity(sample: &[i16; 9], other: &[i16; 9]) -> u8 {
    let apart = sample.iter().zip(other).fold(0u32, |sum, (&x, &y)| sum + u32::from(x.abs_diff(y)));
    u8::try_from(apart / 3).map_or(0, |apart| u8::MAX - apart)
}

/// Row of a frame: its similarity to exemplars that are spread over all samples.
pub(super) fn fill_row(row: &mut [u8], sample: &[i16; 9]) {
    let stride = 1000 / row.len();
    for (to, exemplar) in row.iter_mut().zip(data::samples().step_by(stride)) {
        *to = similarity(sample, exemplar);
    }
}

/// Computes the values of all cases that fit on the board.
pub(super) fn all(sink: &mut dyn Sink) -> Result<(), Error> {
    if cfg!(not(all(target_os = "none", target_abi = "eabi"))) {
        window::<{ LARGE.0 * LARGE.2 }, { LARGE_PARAMS.storage_len() }, { LARGE_PARAMS.index_len::<u8>() }>(
            "submodular/lazy-dynamic/imu-128",
            LARGE,
            sink,
        )?;
    }
    window::<{ SMALL.0 * SMALL.2 }, { SMALL_PARAMS.storage_len() }, { SMALL_PARAMS.index_len::<u8>() }>(
        "submodular/lazy-dynamic/imu-32",
        SMALL,
        sink,
    )?;
    eager(sink)?;
    functions(sink)?;
    choosers(sink)?;
    sieves(sink)?;
    within_caps(sink)?;
    cuts(sink)
}

/// Frames of the cases of other types, and what they are compared with.
const FRAMES: usize = 32;
const ROW: usize = 8;
const TABLE: usize = FRAMES * ROW;
/// The group of each.
const GROUPS: [u8; FRAMES] = {
    let mut groups = [0; FRAMES];
    let mut i = 0;
    while i < FRAMES {
        groups[i] = (i % 2) as u8;
        i += 1;
    }
    groups
};

fn frames() -> [u8; TABLE] {
    let mut table = [0u8; TABLE];
    for (row, sample) in table.chunks_exact_mut(ROW).zip(data::samples().step_by(30)) {
        fill_row(row, sample);
    }
    table
}

fn generator() -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(7)
}

/// Methods that choose among frames that are all there.
#[inline(never)]
fn choosers(sink: &mut dyn Sink) -> Result<(), Error> {
    const PARAMS: GreedyParams = GreedyParams::new(FRAMES, 4).prefix(FacilityLocation::<u8>::prefix_len_of(ROW, 4));
    const CAPPED: GreedyParams = GreedyParams::new(FRAMES, 2).prefix(FacilityLocation::<u8>::prefix_len_of(ROW, 2));
    let (table, ids): (_, [u32; FRAMES]) = (frames(), core::array::from_fn(|i| i as u32));
    let oracle = FacilityLocation::new(&table, ROW)?;
    let storage = || ([0f32; PARAMS.storage_len()], [0u8; PARAMS.index_len()]);
    let case = "submodular/stochastic/imu-32";
    sink.begin(case);
    let mut best = StochasticGreedy::new_in(PARAMS, storage().0, storage().1)?;
    let answer = best.select(&oracle, &ids, 0.2, &mut generator())?;
    put(case, &answer, best.selected(), Hash::EMPTY, sink);
    sink.end(case);
    let case = "submodular/threshold/imu-32";
    sink.begin(case);
    let mut best = ThresholdGreedy::new_in(PARAMS, storage().0, storage().1)?;
    let answer = best.select(&oracle, &ids, 0.1)?;
    put(case, &answer, best.selected(), Hash::EMPTY, sink);
    sink.end(case);
    let case = "submodular/salsa/imu-32";
    sink.begin(case);
    let mut best = Salsa::new_in(PARAMS, storage().0, storage().1)?;
    let answer = best.select(&oracle, &ids, 4)?;
    put(case, &answer, best.selected(), Hash::EMPTY, sink);
    sink.end(case);
    let case = "submodular/partition-greedy/imu-32";
    sink.begin(case);
    let mut best = PartitionGreedy::new_in(CAPPED, [0f32; CAPPED.storage_len()], [0u8; CAPPED.index_len()])?;
    let answer = best.select(&oracle, &ids, &Partition::new(&GROUPS, &[1, 1])?)?;
    put(case, &answer, best.selected(), Hash::EMPTY, sink);
    sink.end(case);
    Ok(())
}

/// Methods that look at each frame once.
#[inline(never)]
fn sieves(sink: &mut dyn Sink) -> Result<(), Error> {
    const PREFIX: PrefixLen = FacilityLocation::<u8>::prefix_len_of(ROW, 4);
    const PARAMS: SieveParams = SieveParams::new(4).prefix(PREFIX).ladder_steps(1);
    const THREE: ThreeSievesParams = ThreeSievesParams::new(4, 8.0, 3).prefix(PREFIX);
    let table = frames();
    let oracle = FacilityLocation::new(&table, ROW)?;
    let case = "submodular/sieve/imu-32";
    sink.begin(case);
    let mut best = SieveStreaming::new_in(PARAMS, [0f32; PARAMS.storage_len()], [0u8; PARAMS.index_len()])?;
    (0..FRAMES as u32).try_for_each(|id| best.insert(&oracle, id))?;
    put(case, &best.selection(), best.selected(), Hash::EMPTY, sink);
    sink.end(case);
    let case = "submodular/sieve-plus-plus/imu-32";
    sink.begin(case);
    let mut best = SievePlusPlus::new_in(PARAMS, [0f32; PARAMS.storage_len()], [0u8; PARAMS.index_len()])?;
    (0..FRAMES as u32).try_for_each(|id| best.insert(&oracle, id))?;
    put(case, &best.selection(), best.selected(), Hash::EMPTY, sink);
    sink.end(case);
    let case = "submodular/three-sieves/imu-32";
    sink.begin(case);
    let mut best = ThreeSieves::new_in(THREE, [0f32; THREE.storage_len()], [0u8; THREE.index_len()])?;
    (0..FRAMES as u32).try_for_each(|id| best.insert(&oracle, id))?;
    put(case, &best.selection(), best.selected(), Hash::EMPTY, sink);
    sink.end(case);
    Ok(())
}

/// One frame of each of two groups, while they come and go.
#[inline(never)]
fn within_caps(sink: &mut dyn Sink) -> Result<(), Error> {
    const SHAPE: PartitionDynamicParams = PartitionDynamicParams::new(FRAMES, 2, 0.5).ladder_steps(1);
    const PARAMS: PartitionDynamicParams = SHAPE.prefix(FacilityLocation::<u8>::prefix_len_of(ROW, SHAPE.pushes()));
    let case = "submodular/partition-dynamic/imu-32";
    sink.begin(case);
    let table = frames();
    let oracle = FacilityLocation::new(&table, ROW)?;
    let partition = Partition::new(&GROUPS, &[1, 1])?;
    let storage = ([0f32; PARAMS.storage_len()], [0u8; PARAMS.index_len::<u8>()]);
    let mut best = PartitionDynamic::new_in(PARAMS, storage.0, storage.1)?;
    let (mut rng, mut hash) = (generator(), Hash::EMPTY);
    for tick in 0..64 {
        // Comes, then goes.
        let id = tick * 5 % FRAMES as u32;
        if best.is_alive(id) {
            best.delete(&oracle, &partition, id, &mut rng)?;
        } else {
            best.insert(&oracle, &partition, id, &mut rng)?;
        }
        if tick < 60 {
            best.query(&oracle, &partition, &mut rng)?;
            best.selected().iter().for_each(|&id| hash.add(id.into()));
        }
    }
    put(case, &best.selection(), best.selected(), hash, sink);
    sink.end(case);
    Ok(())
}

/// Cuts of a ring of 16 vertices, every one joined to the two next to it and the one opposite.
#[inline(never)]
fn cuts(sink: &mut dyn Sink) -> Result<(), Error> {
    const VERTICES: usize = 16;
    const GREEDY: GreedyParams = GreedyParams::new(VERTICES, 3).prefix(GraphCut::prefix_len_of(VERTICES));
    const PARAMS: NonMonotoneDynamicParams = NonMonotoneDynamicParams::new(VERTICES, 2, 0.5)
        .prefix(GraphCut::prefix_len_of(VERTICES))
        .ladder_steps(1)
        .keep(0.8);
    let offsets: [u32; VERTICES + 1] = core::array::from_fn(|i| 3 * i as u32);
    let neighbours: [u32; 3 * VERTICES] =
        core::array::from_fn(|i| ((i / 3 + [1, VERTICES - 1, VERTICES / 2][i % 3]) % VERTICES) as u32);
    let oracle = GraphCut::new(&offsets, &neighbours)?;
    let case = "submodular/random-greedy/ring-16";
    sink.begin(case);
    let ids: [u32; VERTICES] = core::array::from_fn(|i| i as u32);
    let mut best = RandomGreedy::new_in(GREEDY, [0f32; GREEDY.storage_len()], [0u8; GREEDY.index_len()])?;
    let answer = best.select(&oracle, &ids, &mut generator())?;
    put(case, &answer, best.selected(), Hash::EMPTY, sink);
    sink.end(case);
    let case = "submodular/non-monotone/ring-16";
    sink.begin(case);
    let storage = ([0f32; PARAMS.storage_len()], [0u8; PARAMS.index_len::<u8>()]);
    let mut best = NonMonotoneDynamic::new_in(PARAMS, storage.0, storage.1)?;
    let (mut rng, mut hash) = (generator(), Hash::EMPTY);
    for tick in 0..40 {
        let id = tick * 7 % VERTICES as u32;
        if best.is_alive(id) {
            best.delete(&oracle, id, &mut rng)?;
        } else {
            best.insert(&oracle, id, &mut rng)?;
        }
        best.query(&oracle, &mut rng)?;
        best.selected().iter().for_each(|&id| hash.add(id.into()));
    }
    put(case, &best.selection(), best.selected(), hash, sink);
    sink.end(case);
    Ok(())
}

/// A window slides over the samples, with an answer every 16.
#[inline(never)]
fn window<const TABLE: usize, const SCALARS: usize, const IDS: usize>(
    case: &'static str,
    shape: (usize, usize, usize),
    sink: &mut dyn Sink,
) -> Result<(), Error> {
    sink.begin(case);
    let (frames, _, exemplars) = shape;
    let mut table = [0u8; TABLE];
    let mut best = LazyDynamic::new_in(params(shape), [0f32; SCALARS], [0u8; IDS])?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let (mut hash, mut gains) = (Hash::EMPTY, 0);
    for (tick, sample) in data::samples().take(500).enumerate() {
        let slot = tick % frames;
        if tick >= frames {
            best.delete(&FacilityLocation::new(&table, exemplars)?, slot as u32, &mut rng)?;
        }
        fill_row(&mut table[slot * exemplars..][..exemplars], sample);
        let oracle = Counted::new(FacilityLocation::new(&table, exemplars)?);
        best.insert(&oracle, slot as u32, &mut rng)?;
        if tick % 16 == 15 {
            best.query(&oracle, &mut rng)?;
            best.polish(&oracle)?;
            best.selected().iter().for_each(|&id| hash.add(id.into()));
        }
        gains += oracle.gains();
    }
    put(case, &best.selection(), best.selected(), hash, sink);
    sink.put(Name { case, entry: "gains", index: None }, gains.into());
    sink.end(case);
    Ok(())
}

/// The same, every guess kept up to date.
#[inline(never)]
fn eager(sink: &mut dyn Sink) -> Result<(), Error> {
    let case = "submodular/dynamic/imu-32";
    sink.begin(case);
    let (frames, _, exemplars) = SMALL;
    let mut table = [0u8; SMALL.0 * SMALL.2];
    let mut best = Dynamic::new_in(EAGER, [0f32; EAGER.storage_len()], [0u8; EAGER.index_len::<u8>()])?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut hash = Hash::EMPTY;
    for (tick, sample) in data::samples().take(200).enumerate() {
        let slot = tick % frames;
        if tick >= frames {
            best.delete(&FacilityLocation::new(&table, exemplars)?, slot as u32, &mut rng)?;
        }
        fill_row(&mut table[slot * exemplars..][..exemplars], sample);
        let oracle = FacilityLocation::new(&table, exemplars)?;
        best.insert(&oracle, slot as u32, &mut rng)?;
        best.query(&oracle, &mut rng)?;
        best.selected().iter().for_each(|&id| hash.add(id.into()));
    }
    put(case, &best.selection(), best.selected(), hash, sink);
    sink.end(case);
    Ok(())
}

/// Elements and columns of the functions' cases.
const ELEMENTS: usize = 24;
const COLUMNS: usize = 9;

/// Greedy under the functions that take roots and logarithms.
#[inline(never)]
fn functions(sink: &mut dyn Sink) -> Result<(), Error> {
    let mut table = [0f32; ELEMENTS * COLUMNS];
    for (row, sample) in table.chunks_exact_mut(COLUMNS).zip(data::samples().step_by(40)) {
        row.iter_mut().zip(sample).for_each(|(to, &x)| *to = f32::from(x.unsigned_abs()) * 0.1);
    }
    let features = |concave| FeatureBased::new(&table, COLUMNS, concave);
    greedy("submodular/lazy-greedy/sqrt", &features(Concave::Sqrt)?, sink)?;
    greedy("submodular/lazy-greedy/log1p", &features(Concave::Log1p)?, sink)?;
    greedy("submodular/lazy-greedy/cap", &features(Concave::Cap(30.0))?, sink)?;
    greedy("submodular/lazy-greedy/log-det", &LogDet::new(&table, COLUMNS, Kernel::Rbf(0.001), 0.1)?, sink)
}

#[inline(never)]
fn greedy<O: PrefixOracle<f32> + Monotone>(case: &'static str, oracle: &O, sink: &mut dyn Sink) -> Result<(), Error> {
    const GREEDY: GreedyParams = {
        let (rows, factor) = (FeatureBased::<f32>::prefix_len_of(COLUMNS, 6), LogDet::<f32>::prefix_len_of(6));
        let mut longest = rows;
        longest.indices = factor.indices;
        longest.scratch = factor.scratch;
        GreedyParams::new(ELEMENTS, 6).prefix(longest)
    };
    sink.begin(case);
    let mut best = LazyGreedy::new_in(GREEDY, [0f32; GREEDY.storage_len()], [0u8; GREEDY.index_len()])?;
    let ids: [u32; ELEMENTS] = core::array::from_fn(|i| i as u32);
    let mut answer = best.select(oracle, &ids)?;
    answer.upper_bound = Some(best.bound(oracle, &ids)?);
    put(case, &answer, best.selected(), Hash::EMPTY, sink);
    sink.end(case);
    Ok(())
}

/// The bits of an answer; the ids go to a hash that may hold those of earlier ones.
fn put<D: Id>(case: &'static str, answer: &Selection<f32>, ids: &[D], mut hash: Hash, sink: &mut dyn Sink) {
    ids.iter().for_each(|id| hash.add(id.to_usize() as u64));
    sink.put(Name { case, entry: "value", index: None }, answer.value.into());
    sink.put(Name { case, entry: "upper-bound", index: None }, answer.upper_bound.unwrap_or(-1.0).into());
    sink.put(Name { case, entry: "ids", index: None }, hash.value().into());
}
