//! The answers of the submodular family: frames of a window over the accelerometer samples that stand for all of them.

#![allow(clippy::cast_possible_truncation, reason = "few frames")]

use crate::answers::CaseSink;
use crate::data;
use crate::golden::{Name, Sink};
use crate::hash::Hash;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet_core::submodular::{
    Concave, Counted, Dynamic, DynamicParams, FacilityLocation, FeatureBased, GreedyParams, Kernel, LazyDynamic,
    LazyDynamicParams, LazyGreedy, LogDet, Monotone, PrefixOracle, Selection,
};
use sketchlet_core::{Error, Id};

/// The window of a larger part: frames, chosen ones, exemplars.
pub const LARGE: (usize, usize, usize) = (128, 8, 32);
/// And of a small one.
pub const SMALL: (usize, usize, usize) = (32, 4, 8);

/// Shape of a window's summary.
pub const fn params((frames, size, exemplars): (usize, usize, usize)) -> LazyDynamicParams {
    let prefix = FacilityLocation::<u8>::prefix_len_of(exemplars, size);
    LazyDynamicParams::new(frames, size).prefix(prefix).slots(6).ladder_steps(2).extra_guesses(2)
}

const LARGE_PARAMS: LazyDynamicParams = params(LARGE);
const SMALL_PARAMS: LazyDynamicParams = params(SMALL);
const EAGER: DynamicParams = DynamicParams::new(SMALL.0, SMALL.1)
    .prefix(FacilityLocation::<u8>::prefix_len_of(SMALL.2, SMALL.1))
    .ladder_steps(1);

/// How alike two samples are, in 255ths: less by one for every three steps of all channels together.
pub fn similarity(sample: &[i16; 9], other: &[i16; 9]) -> u8 {
    let apart = sample.iter().zip(other).fold(0u32, |sum, (&x, &y)| sum + u32::from(x.abs_diff(y)));
    u8::try_from(apart / 3).map_or(0, |apart| u8::MAX - apart)
}

/// Row of a frame: its similarity to exemplars that are spread over all samples.
pub fn fill_row(row: &mut [u8], sample: &[i16; 9]) {
    let stride = 1000 / row.len();
    for (to, exemplar) in row.iter_mut().zip(data::samples().step_by(stride)) {
        *to = similarity(sample, exemplar);
    }
}

/// Computes the values of all cases that fit on the board.
///
/// # Errors
/// What a summary could not do; the sink was told which case began.
pub fn all<S: CaseSink>(sink: &mut S) -> Result<(), Error> {
    if cfg!(not(all(target_os = "none", target_abi = "eabi"))) {
        window::<_, { LARGE.0 * LARGE.2 }, { LARGE_PARAMS.storage_len() }, { LARGE_PARAMS.index_len::<u8>() }>(
            "submodular/lazy-dynamic/imu-128",
            LARGE,
            sink,
        )?;
    }
    window::<_, { SMALL.0 * SMALL.2 }, { SMALL_PARAMS.storage_len() }, { SMALL_PARAMS.index_len::<u8>() }>(
        "submodular/lazy-dynamic/imu-32",
        SMALL,
        sink,
    )?;
    eager(sink)?;
    functions(sink)
}

/// A window slides over the samples, with an answer every 16.
#[inline(never)]
fn window<S: CaseSink, const TABLE: usize, const SCALARS: usize, const IDS: usize>(
    case: &'static str,
    shape: (usize, usize, usize),
    sink: &mut S,
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
fn eager<S: CaseSink>(sink: &mut S) -> Result<(), Error> {
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
fn functions<S: CaseSink>(sink: &mut S) -> Result<(), Error> {
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
fn greedy<S: CaseSink, O: PrefixOracle<f32> + Monotone>(
    case: &'static str,
    oracle: &O,
    sink: &mut S,
) -> Result<(), Error> {
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
