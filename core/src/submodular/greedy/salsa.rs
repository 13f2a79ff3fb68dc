//! Sieves over elements in random order whose number is known.

use super::{Chooser, bound, chooser};
use crate::submodular::ladder::Ladder;
use crate::submodular::{Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};

/// The threshold as a share of `guess / size`, before and after a share of the stream.
const RULES: [Rule; 3] = [
    // Dense: at first only elements of very large gain, then nearly all.
    Rule { first: 10.0, turn: 0.8, last: 0.2 },
    // High and low: at first somewhat more than half of the guess, then somewhat less.
    Rule { first: 0.55, turn: 0.1, last: 0.475 },
    // The same threshold throughout.
    Rule { first: 2.0 / 3.0, turn: 1.0, last: 2.0 / 3.0 },
];

struct Rule {
    first: f64,
    turn: f64,
    last: f64,
}

/// Which elements are worth most together, if they are visited once in random order? A baseline.
///
/// For every guess of the best value there are three sieves. The first takes only elements of very large gain from the first four
/// fifths, and nearly all of the rest. The second has a threshold just above half of the guess's share for the first tenth, and just
/// below it for the rest. The third has a fixed threshold of two thirds. Since all elements are at hand,
/// [`LazyGreedy`](super::LazyGreedy) usually finds more.
///
/// # Guarantee
/// In any order at least the smaller of `.475 / R` and `.45` of the best value, `R` the ratio of guesses; in random order a little
/// above `1 / (2 R)` in expectation, for a monotone function (Norouzi-Fard et al., ICML 2018, for guesses that are right).
/// # Cost
/// One gain an element, and one for each sieve whose threshold its value alone reaches. State: see
/// [`GreedyParams::storage_len`](super::GreedyParams::storage_len).
/// # Randomness
/// None: the order is the caller's.
/// # When to use another
/// [`SieveStreaming`](crate::submodular::SieveStreaming) for a stream, [`LazyGreedy`](super::LazyGreedy) for a set.
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, GreedyParams, GroundSet, Salsa};
/// let oracle = FacilityLocation::new(&[1.0f64, 0.5, 0.25, 2.0], 2)?;
/// let mut salsa = Salsa::<f64, u8, _, _>::new(GreedyParams::new(2, 2).prefix(oracle.prefix_len(2)))?;
/// assert_eq!(salsa.select(&oracle, &[0, 1], 4)?.value, 3.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Salsa<T, D, S, I> {
    chooser: Chooser<T, D, S, I>,
}

chooser!(Salsa);
bound!(Salsa);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> Salsa<T, D, S, I> {
    /// Chooses among the elements given, each once, in the order given. There are `ladder_steps` guesses in a doubling: 1, 2, 4, 8
    /// or 16.
    ///
    /// # Errors
    /// As [`LazyGreedy::select`](super::LazyGreedy::select); [`Error::Parameter`] for another number of steps.
    pub fn select<O: PrefixOracle<T> + Monotone>(
        &mut self,
        oracle: &O,
        ids: &[u32],
        ladder_steps: u32,
    ) -> Result<Selection<T>, Error> {
        let ladder = Ladder::new(ladder_steps)?;
        let size = self.params().size;
        self.chooser.choose(oracle, ids, |parts, meter| {
            parts.fill(ids, meter);
            let heap = &mut parts.heap;
            let largest = heap.gains[..heap.len].iter().fold(T::ZERO, |most, &gain| most.max(gain));
            let (mut best, mut best_len) = (T::ZERO, 0);
            if largest == T::ZERO {
                return (0, T::ZERO);
            }
            let guesses = ladder.at_most(largest)..=ladder.at_most(T::count(size as u64) * largest);
            for (number, rule) in guesses.flat_map(|number| RULES.iter().map(move |rule| (number, rule))) {
                let share = ladder.guess::<T>(number) / T::count(size as u64);
                let turn = T::constant(rule.turn) * T::count(heap.len as u64);
                let (mut chosen, mut value) = (0, T::ZERO);
                meter.oracle.truncate(&mut parts.prefix, 0);
                for place in 0..heap.len {
                    let is_early = T::count(place as u64) < turn;
                    let asked = share * T::constant(if is_early { rule.first } else { rule.last });
                    if chosen == size || heap.gains[place] < asked || heap.gains[place] == T::ZERO {
                        continue;
                    }
                    let id = heap.ids[place];
                    let gain = match chosen {
                        0 => heap.gains[place],
                        _ => meter.gain(&mut parts.prefix, chosen, id.to_usize()).unwrap_or(T::ZERO),
                    };
                    if gain >= asked && gain > T::ZERO {
                        meter.oracle.push(&mut parts.prefix, chosen, id.to_usize());
                        heap.pushes[chosen] = id;
                        value += gain;
                        chosen += 1;
                    }
                }
                if value > best {
                    (best, best_len) = (value, chosen);
                    parts.answer[..chosen].copy_from_slice(&heap.pushes[..chosen]);
                }
            }
            // The state of the function that belongs to the answer.
            meter.oracle.truncate(&mut parts.prefix, 0);
            for (pushes, id) in parts.answer[..best_len].iter().enumerate() {
                meter.oracle.push(&mut parts.prefix, pushes, id.to_usize());
            }
            (best_len, best)
        })
    }
}
