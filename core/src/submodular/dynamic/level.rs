//! The best elements of a set that comes and goes, by levels of halving size: a baseline.

use super::guess_list::{GuessList, Instance, Pushes, server};
use crate::random::keyed::Coins;
use crate::submodular::ladder::Ladder;
use crate::submodular::meter::Meter;
use crate::submodular::{Monotone, PrefixLen, PrefixOracle, Selection};
use crate::{Error, Real, Rule};
use alloc::vec::Vec;
use rand_core::Rng;

/// Shape and knobs of [`LevelDynamic`].
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{Coverage, LevelDynamicParams};
/// let params = LevelDynamicParams::new(1000, 20, 0.2).prefix(Coverage::prefix_len_of(5000, 20));
/// assert!(params.ratio()? < 1.2);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelDynamicParams {
    capacity: usize,
    size: usize,
    epsilon: f64,
    prefix: PrefixLen,
    ladder_steps: u32,
}

impl LevelDynamicParams {
    /// `size` elements out of at most `capacity` at a time, with ids below that. A guess is built anew from the level that has lost
    /// an element when less than `1 - epsilon` of half of it is left. Guesses `2^(1/4)` apart.
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
            () if self.capacity > u32::MAX as usize => fail(&"capacity", Rule::WITHIN_IDS),
            () if !crate::base::storage::is_addressable(self.capacity) => fail(&"capacity", Rule::ADDRESSABLE),
            () => Ok(ladder),
        }
    }
}

/// Which elements of a set that grows and shrinks are worth most together? The baseline that the other dynamic selections are
/// compared with.
///
/// For guesses of the best value, levels with half as many candidates each; from every level elements are drawn until no more are
/// left than the next one holds. Newcomers wait in a buffer at every level, which is built anew when the buffer is full. Server
/// only: allocates.
///
/// # Guarantee
/// A half of the best value up to `epsilon` is what the paper says (Lattanzi et al., NeurIPS 2020); its analysis has gaps according
/// to Banihashem et al., ICML 2023, and none is promised here. The guesses follow the elements that are there, other than the
/// fixed ones of public implementations, which are left with nothing once a dominant element has gone. There is no upper bound.
/// # Cost
/// An update: polylogarithmic in the number of elements by the paper. Measured: see the experiments.
/// # Randomness
/// One word of the caller's generator for each call.
/// # Merging
/// Not offered.
/// # When to use another
/// [`LazyDynamic`](crate::submodular::LazyDynamic), always.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{Coverage, GroundSet, LevelDynamic, LevelDynamicParams};
/// let oracle = Coverage::new(&[0, 3, 5, 7], &[0, 1, 2, 2, 3, 3, 4], 5)?; // {0, 1, 2}, {2, 3}, {3, 4}
/// let mut best = LevelDynamic::<f64>::new(LevelDynamicParams::new(3, 2, 0.2).prefix(oracle.prefix_len(2)))?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// for id in 0..3 {
///     best.insert(&oracle, id, &mut rng)?;
/// }
/// assert!(best.query(&oracle, &mut rng)?.value >= 4.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LevelDynamic<T: Real> {
    params: LevelDynamicParams,
    list: GuessList<T, Halvings<T>>,
}

server!(LevelDynamic, LevelDynamicParams, Halvings);

/// A guess: levels of halving size.
#[derive(Clone, Debug)]
struct Halvings<T> {
    size: usize,
    threshold: T,
    /// Of what is left, if it is less, a level that has lost an element is built anew.
    enough: T,
    pushes: Pushes<T>,
    members: Vec<bool>,
    live: usize,
    levels: Vec<Level>,
}

/// A level: the candidates that it was built from, newcomers since, and the pushes before it.
#[derive(Clone, Debug, Default)]
struct Level {
    candidates: Vec<u32>,
    buffer: Vec<u32>,
    first: usize,
}

impl<T: Real> Instance<T> for Halvings<T> {
    type Params = LevelDynamicParams;

    fn new(params: &Self::Params, threshold: T, guess: T, pushes: Pushes<T>) -> Result<Self, Error> {
        // As many levels as halvings leave one candidate of all.
        let halvings = params.capacity.next_power_of_two().ilog2() as usize;
        let levels = alloc::vec![Level::default(); halvings + 1];
        let enough = T::constant((1.0 - params.epsilon) / 2.0) * guess;
        let members = crate::base::storage::allocate(params.capacity)?;
        Ok(Self { size: params.size, threshold, enough, pushes, members, live: 0, levels })
    }

    fn enter<O: PrefixOracle<T>>(&mut self, id: u32, coins: &mut Coins, meter: &mut Meter<'_, O>) {
        self.members[id as usize] = true;
        self.live += 1;
        self.levels.iter_mut().for_each(|level| level.buffer.push(id));
        let last = self.levels.len() - 1;
        let full = (0..=last).find(|&level| self.levels[level].buffer.len() >= 1 << (last - level));
        self.build(full.unwrap_or(last), coins, meter);
    }

    fn leave<O: PrefixOracle<T>>(&mut self, id: u32, coins: &mut Coins, meter: &mut Meter<'_, O>) {
        if !core::mem::take(&mut self.members[id as usize]) {
            return;
        }
        self.live -= 1;
        let push = (0..self.pushes.len()).find(|&push| self.pushes.ids[push] == id && self.pushes.stays[push]);
        let Some(push) = push else { return };
        self.pushes.stays[push] = false;
        if self.pushes.value() < self.enough {
            let damaged = (0..self.pushes.len()).find(|&push| !self.pushes.stays[push]).unwrap_or(push);
            let level = self.levels.iter().rposition(|level| level.first <= damaged).unwrap_or(0);
            self.build(level, coins, meter);
        }
    }

    fn is_empty(&self) -> bool {
        self.live == 0
    }

    fn pushes(&self) -> &Pushes<T> {
        &self.pushes
    }

    fn ids_held(&self) -> usize {
        let waiting = self.levels.iter().map(|level| level.candidates.len() + level.buffer.len());
        self.members.len().div_ceil(4) + waiting.sum::<usize>()
    }
}

impl<T: Real> Halvings<T> {
    /// Builds the levels from one on anew, of its candidates and those in its buffer that are there.
    fn build<O: PrefixOracle<T>>(&mut self, first: usize, coins: &mut Coins, meter: &mut Meter<'_, O>) {
        let Level { candidates, buffer, first: base } = core::mem::take(&mut self.levels[first]);
        self.pushes.truncate(base, meter.oracle);
        let mut left = candidates;
        left.extend(buffer);
        // An element that went and came back may stand there twice.
        left.sort_unstable();
        left.dedup();
        left.retain(|&id| self.members[id as usize] && !self.pushes.ids.contains(&id));
        coins.shuffle(&mut left);
        let last = self.levels.len() - 1;
        for level in first..=last {
            self.levels[level] = Level { candidates: left.clone(), buffer: Vec::new(), first: self.pushes.len() };
            self.filter(&mut left, meter);
            while left.len() >= 1 << (last - level) && !left.is_empty() && self.pushes.len() < self.size {
                #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
                let id = left.swap_remove(coins.below(left.len() as u32) as usize);
                let gain = self.pushes.gain(self.pushes.len(), id, meter);
                self.pushes.push(id, gain, meter.oracle);
                self.filter(&mut left, meter);
            }
        }
    }

    /// Keeps those that still add enough.
    fn filter<O: PrefixOracle<T>>(&mut self, left: &mut Vec<u32>, meter: &mut Meter<'_, O>) {
        let len = self.pushes.len();
        left.retain(|&id| len < self.size && self.pushes.gain(len, id, meter) >= self.threshold);
    }

    fn check<O: PrefixOracle<T>>(&mut self, _: &mut Meter<'_, O>) -> Result<(), Error> {
        let are_sorted = self.levels.is_sorted_by_key(|level| level.first);
        let live = self.members.iter().filter(|is_there| **is_there).count();
        let is_sound = are_sorted && live == self.live && self.pushes.len() <= self.size;
        if is_sound { Ok(()) } else { Err(Error::Corrupt) }
    }
}
