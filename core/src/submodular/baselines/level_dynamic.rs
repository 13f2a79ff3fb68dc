//! A baseline: levels of halving size.

use super::guess_list::{Baseline, BaselineParams, GuessList, Instance};
use super::pushes::Pushes;
use crate::base::params::{fraction, params, positive};
use crate::base::storage::is_addressable;
use crate::random::keyed::Coins;
use crate::submodular::ladder::{ladder_steps, ratio};
use crate::submodular::meter::Meter;
use crate::submodular::{PrefixLen, PrefixOracle};
use crate::{Error, Real, Rule};
use alloc::vec::Vec;

params! {
    /// Parameters of [`LevelDynamic`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::submodular::{Coverage, LevelDynamicParams};
    /// let params = LevelDynamicParams::new(1000, 20, 0.2).prefix(Coverage::prefix_len_of(5000, 20));
    /// assert!(params.ratio()? < 1.2);
    /// # Ok::<(), sketchlet_core::Error>(())
    /// ```
    #[derive(PartialEq)]
    pub struct LevelDynamicParams {
        /// `size` elements out of at most `capacity` at a time, with ids below that. The levels of a guess are rebuilt, from the one that
        /// has lost an element on, when less than `1 - epsilon` of half of the guess is left.
        new {
            /// Number of elements that there is room for.
            capacity: usize => positive,
            /// Number of elements chosen.
            size: usize => positive,
            /// Levels are rebuilt when less than one minus this of half of the guess is left.
            epsilon: f64 => fraction,
        }
        /// Length of the state of the function for `size` pushes: its [`prefix_len`](crate::submodular::GroundSet::prefix_len).
        prefix: PrefixLen = PrefixLen::NONE,
        /// Guesses in a doubling: 1, 2, 4 (default), 8 or 16.
        ladder_steps: u32 = 4 => ladder_steps,
    }
    refuse(params) {
        params.capacity > u32::MAX as usize => capacity: Rule::WITHIN_IDS,
        !is_addressable(params.capacity) => capacity: Rule::ADDRESSABLE,
    }
}

ratio!(LevelDynamicParams);

/// Which elements of a set that grows and shrinks are worth most together? A baseline that the other dynamic selections are compared
/// with.
///
/// For guesses of the best value there are levels with half as many candidates each. Elements are drawn from a level until no more
/// candidates are left than the next level holds. Inserted elements wait in a buffer at every level, which is rebuilt when its buffer
/// is full. Server only: allocates.
///
/// # Guarantee
/// None. The paper states a half of the best value up to `epsilon` (Lattanzi et al., NeurIPS 2020), but its analysis has gaps
/// according to Banihashem et al., ICML 2023. The guesses follow the elements alive; the fixed guesses of public implementations are
/// all empty once a dominant element is deleted. There is no upper bound.
/// # Cost
/// An update is polylogarithmic in the number of elements according to the paper. For measurements see the experiments.
/// # Randomness
/// One word of the caller's generator a call.
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
pub type LevelDynamic<T> = GuessList<LevelDynamicParams, T>;

impl BaselineParams for LevelDynamicParams {}

impl Baseline for LevelDynamicParams {
    type Instance<T: Real> = Halvings<T>;

    fn ladder_steps(&self) -> u32 {
        self.ladder_steps
    }

    fn shape(&self) -> (usize, usize, PrefixLen) {
        (self.capacity, self.size, self.prefix)
    }
}

/// A guess: levels of halving size.
#[derive(Clone, Debug)]
pub(in crate::submodular) struct Halvings<T> {
    size: usize,
    threshold: T,
    /// If the elements left are worth less than this, the level that has lost one is rebuilt.
    enough: T,
    pushes: Pushes<T>,
    members: Vec<bool>,
    live: usize,
    levels: Vec<Level>,
}

/// A level: the candidates that it was built from, the elements inserted since, and the number of pushes before it.
#[derive(Clone, Debug, Default)]
struct Level {
    candidates: Vec<u32>,
    buffer: Vec<u32>,
    first: usize,
}

impl<T: Real> Instance<T, LevelDynamicParams> for Halvings<T> {
    fn new(params: &LevelDynamicParams, threshold: T, guess: T, pushes: Pushes<T>) -> Result<Self, Error> {
        // Halving all candidates so often leaves one.
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

    fn check<O: PrefixOracle<T>>(&mut self, _: &mut Meter<'_, O>) -> Result<(), Error> {
        let are_sorted = self.levels.is_sorted_by_key(|level| level.first);
        let live = self.members.iter().filter(|is_there| **is_there).count();
        let is_sound = are_sorted && live == self.live && self.pushes.len() <= self.size;
        if is_sound { Ok(()) } else { Err(Error::Corrupt) }
    }
}

impl<T: Real> Halvings<T> {
    /// Rebuilds the levels from one on, from its candidates and its buffer, as far as they are alive.
    fn build<O: PrefixOracle<T>>(&mut self, first: usize, coins: &mut Coins, meter: &mut Meter<'_, O>) {
        let Level { candidates, buffer, first: base } = core::mem::take(&mut self.levels[first]);
        self.pushes.truncate(base, meter.oracle);
        let mut left = candidates;
        left.extend(buffer);
        // An element that was deleted and inserted again may be listed twice.
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

    /// Keeps the elements that still reach the threshold.
    fn filter<O: PrefixOracle<T>>(&mut self, left: &mut Vec<u32>, meter: &mut Meter<'_, O>) {
        let len = self.pushes.len();
        left.retain(|&id| len < self.size && self.pushes.gain(len, id, meter) >= self.threshold);
    }
}
