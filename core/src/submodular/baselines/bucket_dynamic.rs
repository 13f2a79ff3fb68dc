//! A baseline: levels that each choose a whole sample of elements of about the same gain.

use super::depths::Depths;
use super::guess_list::{Baseline, BaselineParams, GuessList, Instance};
use super::pushes::Pushes;
use crate::base::params::{fraction, params, positive};
use crate::base::storage::is_addressable;
use crate::random::keyed::Coins;
use crate::submodular::ladder::{ladder_steps, ratio};
use crate::submodular::meter::Meter;
use crate::submodular::oracle::search_among;
use crate::submodular::{PrefixLen, PrefixOracle};
use crate::{Error, Real, Rule};
use alloc::vec::Vec;

/// Trials that estimate how many elements may be drawn together.
const TRIALS: u32 = 16;

/// The smallest `epsilon`.
const SMALLEST: f64 = 1e-3;

params! {
    /// Parameters of [`BucketDynamic`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::submodular::{BucketDynamicParams, Coverage};
    /// let params = BucketDynamicParams::new(1000, 200, 0.2).prefix(Coverage::prefix_len_of(5000, 200));
    /// assert!(params.ratio()? < 1.2);
    /// # Ok::<(), sketchlet_core::Error>(())
    /// ```
    #[derive(PartialEq)]
    pub struct BucketDynamicParams {
        /// `size` elements out of at most `capacity` at a time, with ids below that. Gains within a factor of `1 + epsilon` count as
        /// equal, and a sample is drawn again when more than an `epsilon`-th of it was deleted.
        new {
            /// Number of elements that there is room for.
            capacity: usize => positive,
            /// Number of elements chosen.
            size: usize => positive,
            /// Gains within this factor count as equal.
            epsilon: f64 => fraction,
        }
        /// Length of the state of the function for `size` pushes: its [`prefix_len`](crate::submodular::GroundSet::prefix_len).
        prefix: PrefixLen = PrefixLen::NONE,
        /// Guesses in a doubling: 1, 2, 4 (default), 8 or 16.
        ladder_steps: u32 = 4 => ladder_steps,
    }
    refuse(params) {
        params.epsilon < SMALLEST => epsilon: Rule::NOT_TOO_SMALL,
        params.capacity > u32::MAX as usize => capacity: Rule::WITHIN_IDS,
        !is_addressable(params.capacity) => capacity: Rule::ADDRESSABLE,
    }
}

ratio!(BucketDynamicParams);

/// Which elements of a set that grows and shrinks are worth most together, if very many are chosen? A baseline that the other dynamic
/// selections are compared with.
///
/// For guesses of the best value there are levels that each choose a whole sample: as many elements of about the same gain as keep
/// that gain when they are drawn together. A level is rebuilt when more than an `epsilon`-th of its sample was deleted, or half as
/// many elements were inserted as it was built from. Server only: allocates.
///
/// **Not for data that must be forgotten:** a deleted element leaves the answer at once, but stays in the state of the function until
/// its level is rebuilt, and functions that read the data of pushed elements ([`LogDet`](crate::submodular::LogDet)) still need
/// them. Take [`Dynamic`](crate::submodular::Dynamic) for that.
///
/// # Guarantee
/// `1 / (1 + R) - O(epsilon)` of the best value in expectation, if the updates don't depend on the answers (the approach of
/// Banihashem et al., ICML 2023, whose control flow is reconstructed here; the size of a sample is estimated from 16 trials, fewer
/// than the proof asks for). There is no upper bound.
/// # Cost
/// An update is polylogarithmic in the number of elements and in `size`, amortised. Measured, it takes as many gains as
/// [`Dynamic`](crate::submodular::Dynamic) with 10 to 50 chosen and somewhat fewer from 200 on, with more pushes.
/// # Randomness
/// One word of the caller's generator a call.
/// # Merging
/// Not offered.
/// # When to use another
/// [`LazyDynamic`](crate::submodular::LazyDynamic) has a guarantee for every answer and takes far fewer gains. This baseline pays only
/// if hundreds are chosen and every guess must be up to date.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{BucketDynamic, BucketDynamicParams, Coverage, GroundSet};
/// let oracle = Coverage::new(&[0, 3, 5, 7], &[0, 1, 2, 2, 3, 3, 4], 5)?; // {0, 1, 2}, {2, 3}, {3, 4}
/// let mut best = BucketDynamic::<f64>::new(BucketDynamicParams::new(3, 2, 0.2).prefix(oracle.prefix_len(2)))?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// for id in 0..3 {
///     best.insert(&oracle, id, &mut rng)?;
/// }
/// assert!(best.query(&oracle, &mut rng)?.value >= 4.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub type BucketDynamic<T> = GuessList<BucketDynamicParams, T>;

impl BaselineParams for BucketDynamicParams {}

impl Baseline for BucketDynamicParams {
    type Instance<T: Real> = Buckets<T>;

    fn ladder_steps(&self) -> u32 {
        self.ladder_steps
    }

    fn shape(&self) -> (usize, usize, PrefixLen) {
        (self.capacity, self.size, self.prefix)
    }
}

/// A guess: levels of samples.
#[derive(Clone, Debug)]
pub(in crate::submodular) struct Buckets<T> {
    epsilon: T,
    size: usize,
    threshold: T,
    guess: T,
    pushes: Pushes<T>,
    depths: Depths,
    levels: Vec<Sample>,
}

/// A level.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Number of pushes before the level.
    first: usize,
    /// Number of elements that the level was built from, that it has chosen, and that were deleted of those.
    built: usize,
    chosen: usize,
    gone: usize,
}

impl<T: Real> Instance<T, BucketDynamicParams> for Buckets<T> {
    fn new(params: &BucketDynamicParams, threshold: T, guess: T, pushes: Pushes<T>) -> Result<Self, Error> {
        let (epsilon, depths) = (T::constant(params.epsilon), Depths::new(params.capacity)?);
        Ok(Self { epsilon, size: params.size, threshold, guess, pushes, depths, levels: Vec::new() })
    }

    fn enter<O: PrefixOracle<T>>(&mut self, id: u32, coins: &mut Coins, meter: &mut Meter<'_, O>) {
        for level in 1..=self.levels.len() {
            let Sample { first, built, .. } = self.levels[level - 1];
            // The value of an element alone is known to be enough.
            if first > 0 && !self.is_above(first, id, meter) {
                return;
            }
            self.depths.put(id, level);
            if 2 * self.depths.from(level) > 3 * built {
                return self.build(level, coins, meter);
            }
        }
        let (last, len) = (self.levels.len(), self.pushes.len());
        if len < self.size && (len == 0 || self.is_above(len, id, meter)) {
            self.depths.put(id, last + 1);
            self.build(last + 1, coins, meter);
        }
    }

    fn leave<O: PrefixOracle<T>>(&mut self, id: u32, coins: &mut Coins, meter: &mut Meter<'_, O>) {
        let depth = self.depths.of(id);
        if depth == 0 {
            return;
        }
        self.depths.take(id);
        let Some(level) = self.levels.get_mut(depth - 1) else { return };
        let own = level.first..level.first + level.chosen;
        let Some(push) = own.into_iter().find(|&push| self.pushes.ids[push] == id && self.pushes.stays[push]) else {
            return;
        };
        self.pushes.stays[push] = false;
        level.gone += 1;
        if T::count(level.gone as u64) > self.epsilon * T::count(level.chosen as u64) {
            self.build(depth, coins, meter);
        }
    }

    fn is_empty(&self) -> bool {
        self.depths.from(1) == 0
    }

    fn pushes(&self) -> &Pushes<T> {
        &self.pushes
    }

    fn ids_held(&self) -> usize {
        self.depths.ids_held()
    }

    fn check<O: PrefixOracle<T>>(&mut self, meter: &mut Meter<'_, O>) -> Result<(), Error> {
        let mut first = 0;
        for (level, number) in self.levels.clone().into_iter().zip(1..) {
            if 2 * self.depths.from(number) > 3 * level.built {
                return Err(Error::Corrupt);
            }
            let is_sound = level.first == first && level.chosen > 0 && level.gone <= level.chosen;
            let gone = self.pushes.stays[first..first + level.chosen].iter().filter(|stays| !**stays).count();
            if !is_sound || gone != level.gone || T::count(gone as u64) > self.epsilon * T::count(level.chosen as u64) {
                return Err(Error::Corrupt);
            }
            first += level.chosen;
        }
        if first != self.pushes.len() || first > self.size {
            return Err(Error::Corrupt);
        }
        // No element left out reaches the threshold.
        let last = self.levels.len();
        for depth in 1..last {
            let pushes = self.levels[depth].first;
            for id in self.depths.group(depth) {
                if !self.pushes.ids[..pushes].contains(&id) && self.is_above(pushes, id, meter) {
                    return Err(Error::Corrupt);
                }
            }
        }
        for id in self.depths.group(last) {
            let is_chosen = self.pushes.ids.contains(&id);
            if first < self.size && !is_chosen && self.is_above(first, id, meter) {
                return Err(Error::Corrupt);
            }
        }
        Ok(())
    }
}

impl<T: Real> Buckets<T> {
    fn is_above<O: PrefixOracle<T>>(&mut self, pushes: usize, id: u32, meter: &mut Meter<'_, O>) -> bool {
        self.pushes.gain(pushes, id, meter) >= self.threshold
    }

    /// Rebuilds the levels from one on.
    fn build<O: PrefixOracle<T>>(&mut self, first: usize, coins: &mut Coins, meter: &mut Meter<'_, O>) {
        let mut candidates = self.depths.drain(first);
        if let Some(level) = self.levels.get(first - 1) {
            self.pushes.truncate(level.first, meter.oracle);
        }
        self.levels.truncate(first - 1);
        for level in first.. {
            let base = self.pushes.len();
            if base == self.size {
                // No more elements are chosen, so no more gains are asked for.
                candidates.iter().for_each(|&id| self.depths.put(id, level - 1));
                return;
            }
            let mut buckets: Vec<Vec<u32>> = Vec::new();
            for &id in &candidates {
                let gain = self.pushes.gain(base, id, meter);
                if gain >= self.threshold {
                    self.depths.put(id, level);
                    let bucket = self.bucket(gain);
                    if buckets.len() <= bucket {
                        buckets.resize(bucket + 1, Vec::new());
                    }
                    buckets[bucket].push(id);
                } else {
                    self.depths.put(id, level - 1);
                }
            }
            // The fullest bucket, and among equal ones that of the largest gains.
            let fullest = buckets.iter().enumerate().max_by_key(|(_, bucket)| bucket.len());
            let Some(fullest) = fullest.map(|(place, _)| place) else { return };
            let floor = self.floor(fullest);
            let chosen = self.sample_len(&mut buckets[fullest], floor, coins, meter);
            draw(&mut buckets[fullest], chosen, coins);
            for (pushes, &id) in (base..).zip(&buckets[fullest][..chosen]) {
                let gain = self.pushes.gain(pushes, id, meter);
                self.pushes.push(id, gain, meter.oracle);
            }
            candidates = buckets[fullest].split_off(chosen);
            for (_, bucket) in buckets.iter().enumerate().filter(|(place, _)| *place != fullest) {
                candidates.extend_from_slice(bucket);
            }
            self.levels.push(Sample { first: base, built: candidates.len() + chosen, chosen, gone: 0 });
        }
    }

    /// The smallest gain of a bucket.
    fn floor(&self, bucket: usize) -> T {
        (0..bucket).fold(self.threshold, |floor, _| floor * (T::ONE + self.epsilon))
    }

    /// The bucket of a gain, which is above the guess only by rounding.
    fn bucket(&self, gain: T) -> usize {
        let (mut bucket, mut next) = (0, self.threshold * (T::ONE + self.epsilon));
        while next <= gain && next <= self.guess {
            (bucket, next) = (bucket + 1, next * (T::ONE + self.epsilon));
        }
        bucket
    }

    /// How many of a bucket may be drawn together: as many as possible so that the last one mostly still adds the floor.
    fn sample_len<O: PrefixOracle<T>>(
        &mut self,
        bucket: &mut [u32],
        floor: T,
        coins: &mut Coins,
        meter: &mut Meter<'_, O>,
    ) -> usize {
        let most = bucket.len().min(self.size - self.pushes.len());
        // One element always does; more than there are never do.
        search_among((1, most + 1), |number| self.keeps_gain(bucket, number, floor, coins, meter)) - 1
    }

    /// Whether the last of a number of elements drawn together mostly still adds the floor.
    fn keeps_gain<O: PrefixOracle<T>>(
        &mut self,
        bucket: &mut [u32],
        number: usize,
        floor: T,
        coins: &mut Coins,
        meter: &mut Meter<'_, O>,
    ) -> bool {
        let (base, mut kept) = (self.pushes.len(), 0);
        for _ in 0..TRIALS {
            draw(bucket, number, coins);
            for &id in &bucket[..number - 1] {
                self.pushes.push(id, T::ZERO, meter.oracle);
            }
            kept += u32::from(self.pushes.gain(base + number - 1, bucket[number - 1], meter) >= floor);
            self.pushes.truncate(base, meter.oracle);
        }
        T::count(kept.into()) >= (T::ONE - self.epsilon) * T::count(TRIALS.into())
    }
}

/// Brings a uniformly random sample to the front, in random order.
#[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
fn draw(ids: &mut [u32], number: usize, coins: &mut Coins) {
    for place in 0..number {
        let other = place + coins.below((ids.len() - place) as u32) as usize;
        ids.swap(place, other);
    }
}
