//! The best of very many elements that come and go, many at a time.

use super::guess_list::{Depths, GuessList, Instance, Pushes, server};
use crate::random::keyed::Coins;
use crate::submodular::ladder::Ladder;
use crate::submodular::meter::Meter;
use crate::submodular::{Monotone, PrefixLen, PrefixOracle, Selection};
use crate::{Error, Real, Rule};
use alloc::vec::Vec;
use rand_core::Rng;

/// Trials that tell how many elements may be drawn together.
const TRIALS: u32 = 16;

/// Gains closer to each other than by this factor are not told apart.
const SMALLEST: f64 = 1e-3;

/// Shape and knobs of [`BucketDynamic`].
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{BucketDynamicParams, Coverage};
/// let params = BucketDynamicParams::new(1000, 200, 0.2).prefix(Coverage::prefix_len_of(5000, 200));
/// assert!(params.ratio()? < 1.2);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BucketDynamicParams {
    capacity: usize,
    size: usize,
    epsilon: f64,
    prefix: PrefixLen,
    ladder_steps: u32,
}

impl BucketDynamicParams {
    /// `size` elements out of at most `capacity` at a time, with ids below that. Gains within a factor of `1 + epsilon` count as
    /// alike; of a sample an `epsilon`-th may go before it is drawn anew. Guesses `2^(1/4)` apart.
    pub const fn new(capacity: usize, size: usize, epsilon: f64) -> Self {
        let prefix = PrefixLen { scalars: 0, indices: 0, scratch: 0 };
        Self { capacity, size, epsilon, prefix, ladder_steps: 4 }
    }

    /// Length of the state of the function for `size` pushes: its [`prefix_len`](crate::submodular::GroundSet::prefix_len).
    #[must_use]
    pub const fn prefix(mut self, prefix: PrefixLen) -> Self {
        self.prefix = prefix;
        self
    }

    /// Guesses in a doubling: 1, 2, 4, 8 or 16.
    #[must_use]
    pub const fn ladder_steps(mut self, steps: u32) -> Self {
        self.ladder_steps = steps;
        self
    }

    /// The ratio of two guesses next to each other.
    ///
    /// # Errors
    /// [`Error::Parameter`] for steps that there are not.
    pub fn ratio(&self) -> Result<f64, Error> {
        Ladder::new(self.ladder_steps).map(Ladder::ratio)
    }

    fn check(&self) -> Result<Ladder, Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        let ladder = Ladder::new(self.ladder_steps)?;
        match () {
            () if self.capacity == 0 => fail(&"capacity", Rule::POSITIVE),
            () if self.size == 0 => fail(&"size", Rule::POSITIVE),
            () if !(self.epsilon > 0.0 && self.epsilon < 1.0) => fail(&"epsilon", Rule::FRACTION),
            () if self.epsilon < SMALLEST => fail(&"epsilon", Rule::NOT_TOO_SMALL),
            () if self.capacity > u32::MAX as usize => fail(&"capacity", Rule::WITHIN_IDS),
            () if !crate::base::storage::is_addressable(self.capacity) => fail(&"capacity", Rule::ADDRESSABLE),
            () => Ok(ladder),
        }
    }
}

/// Which elements of a set that grows and shrinks are worth most together, if very many are chosen?
///
/// For guesses of the best value, levels that each choose a whole sample: as many elements, drawn from those of about the same gain,
/// as keep that gain while they come together. A level is built anew when more than an `epsilon`-th of its sample has gone, or half
/// as many elements have come as it was built from. Server only: allocates.
///
/// **Not for data that must be forgotten:** an element that has gone leaves the answer at once, but stays in the state of the
/// function until its level is built anew, and functions that look at the data of what was pushed
/// ([`LogDet`](crate::submodular::LogDet)) still need its data. Take [`Dynamic`](crate::submodular::Dynamic) for that.
///
/// # Guarantee
/// In expectation `1 / (1 + R) - O(epsilon)` of the best value, if the updates don't depend on the answers (the approach of
/// Banihashem et al., ICML 2023, whose control flow is reconstructed here; the number drawn together is estimated from 16 trials,
/// fewer than the proof asks for). There is no upper bound.
/// # Cost
/// An update: polylogarithmic in the number of elements and in `size`, amortised. Measured it takes as many gains as
/// [`Dynamic`](crate::submodular::Dynamic) at 10 to 50 chosen and somewhat fewer from 200 on, with more pushes.
/// # Randomness
/// One word of the caller's generator for each call.
/// # Merging
/// Not offered.
/// # When to use another
/// [`LazyDynamic`](crate::submodular::LazyDynamic), with a guarantee for every answer and far fewer gains, unless hundreds are chosen and
/// every guess has to be up to date.
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
#[derive(Clone, Debug)]
pub struct BucketDynamic<T: Real> {
    params: BucketDynamicParams,
    list: GuessList<T, Buckets<T>>,
}

server!(BucketDynamic, BucketDynamicParams, Buckets);

/// A guess: levels of samples.
#[derive(Clone, Debug)]
struct Buckets<T> {
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
    /// Pushes before it.
    first: usize,
    /// Elements that it was built from, that it has chosen, and of those that have gone.
    built: usize,
    chosen: usize,
    gone: usize,
}

impl<T: Real> Instance<T> for Buckets<T> {
    type Params = BucketDynamicParams;

    fn new(params: &Self::Params, threshold: T, guess: T, pushes: Pushes<T>) -> Result<Self, Error> {
        let (epsilon, depths) = (T::constant(params.epsilon), Depths::new(params.capacity)?);
        Ok(Self { epsilon, size: params.size, threshold, guess, pushes, depths, levels: Vec::new() })
    }

    fn enter<O: PrefixOracle<T>>(&mut self, id: u32, coins: &mut Coins, meter: &mut Meter<'_, O>) {
        for level in 1..=self.levels.len() {
            let Sample { first, built, .. } = self.levels[level - 1];
            // What an element is worth alone is known to be enough.
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
}

impl<T: Real> Buckets<T> {
    fn is_above<O: PrefixOracle<T>>(&mut self, pushes: usize, id: u32, meter: &mut Meter<'_, O>) -> bool {
        self.pushes.gain(pushes, id, meter) >= self.threshold
    }

    /// Builds the levels from one on anew.
    fn build<O: PrefixOracle<T>>(&mut self, first: usize, coins: &mut Coins, meter: &mut Meter<'_, O>) {
        let mut candidates = self.depths.drain(first);
        if let Some(level) = self.levels.get(first - 1) {
            self.pushes.truncate(level.first, meter.oracle);
        }
        self.levels.truncate(first - 1);
        for level in first.. {
            let base = self.pushes.len();
            if base == self.size {
                // Nothing more is asked of those.
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
            // The fullest, of equal ones that of the largest gains.
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

    /// Where the gains of a bucket begin.
    fn floor(&self, bucket: usize) -> T {
        (0..bucket).fold(self.threshold, |floor, _| floor * (T::ONE + self.epsilon))
    }

    /// The bucket of a gain: none is above the guess but by rounding.
    fn bucket(&self, gain: T) -> usize {
        let (mut bucket, mut next) = (0, self.threshold * (T::ONE + self.epsilon));
        while next <= gain && next <= self.guess {
            (bucket, next) = (bucket + 1, next * (T::ONE + self.epsilon));
        }
        bucket
    }

    /// How many of a bucket may be drawn together: the most for which the last of them mostly still adds what the bucket promises.
    fn sample_len<O: PrefixOracle<T>>(
        &mut self,
        bucket: &mut [u32],
        floor: T,
        coins: &mut Coins,
        meter: &mut Meter<'_, O>,
    ) -> usize {
        let most = bucket.len().min(self.size - self.pushes.len());
        // One alone always does, more than there are never.
        let (mut low, mut high) = (1, most + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.keeps_gain(bucket, middle, floor, coins, meter) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether, drawn together, the last of so many mostly still adds so much.
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
        // Nothing that is left out would have been above.
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

/// Brings so many to the front, uniformly random, in random order.
#[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
fn draw(ids: &mut [u32], number: usize, coins: &mut Coins) {
    for place in 0..number {
        let other = place + coins.below((ids.len() - place) as u32) as usize;
        ids.swap(place, other);
    }
}
