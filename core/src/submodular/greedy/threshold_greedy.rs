//! Greedy with a falling threshold.

use super::{Chooser, bound, chooser};
use crate::submodular::{Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Rule, Storage};

impl Rule {
    /// Below one and so large that steps of that size come to an end.
    pub const NOT_TOO_SMALL: Self =
        Self::new(&"must be below 1 and not so small: steps of that size would take for ever");
}

/// In `f32` a smaller step would leave the threshold where it is.
const SMALLEST: f64 = 1e-6;

/// Which elements of a set that stays are worth most together, for a number of gains that doesn't depend on how many are chosen?
///
/// Visits the elements again and again and chooses every one whose gain reaches a threshold. The threshold falls from the largest
/// value of one element to an `epsilon / k`-th of it, by a factor of `1 - epsilon` each time. An element is asked again only if its
/// last gain could be enough.
///
/// # Guarantee
/// At least `1 - 1 / e - epsilon` of the best value, for a monotone function (Badanidiyuru and Vondrak, SODA 2014).
/// # Cost
/// At most `ln(k / epsilon) / epsilon` gains an element. State: see
/// [`GreedyParams::storage_len`](super::GreedyParams::storage_len).
/// # Randomness
/// None.
/// # When to use another
/// [`LazyGreedy`](super::LazyGreedy), unless many elements always have nearly the same gain.
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, GreedyParams, GroundSet, ThresholdGreedy};
/// let oracle = FacilityLocation::new(&[1.0f64, 0.5, 0.25, 2.0], 2)?;
/// let mut greedy = ThresholdGreedy::<f64, u8, _, _>::new(GreedyParams::new(2, 2).prefix(oracle.prefix_len(2)))?;
/// assert_eq!(greedy.select(&oracle, &[0, 1], 0.1)?.value, 3.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ThresholdGreedy<T, D, S, I> {
    chooser: Chooser<T, D, S, I>,
}

chooser!(ThresholdGreedy);
bound!(ThresholdGreedy);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> ThresholdGreedy<T, D, S, I> {
    /// Chooses among the elements given, in any order, each once. Among those that reach a threshold, small ids come first.
    ///
    /// # Errors
    /// As [`LazyGreedy::select`](super::LazyGreedy::select); [`Error::Parameter`] for an `epsilon` outside (0, 1) or
    /// below 1e-6.
    pub fn select<O: PrefixOracle<T> + Monotone>(
        &mut self,
        oracle: &O,
        ids: &[u32],
        epsilon: f64,
    ) -> Result<Selection<T>, Error> {
        if !(epsilon > 0.0 && epsilon < 1.0) {
            return Err(Error::Parameter { name: &"epsilon", rule: Rule::FRACTION });
        }
        if epsilon < SMALLEST {
            return Err(Error::Parameter { name: &"epsilon", rule: Rule::NOT_TOO_SMALL });
        }
        let size = self.params().size as f64;
        self.chooser.choose(oracle, ids, |parts, meter| {
            parts.fill(ids, meter);
            let heap = &mut parts.heap;
            heap.sort_by_id();
            let largest =
                heap.gains[..heap.len].iter().fold(T::ZERO, |most, &gain| if gain > most { gain } else { most });
            let last = T::constant(epsilon / size) * largest;
            let fall = T::constant(1.0 - epsilon);
            let (mut threshold, mut chosen, mut value) = (largest, 0, T::ZERO);
            while threshold > T::ZERO && threshold >= last && chosen < parts.answer.len() {
                for place in 0..heap.len {
                    // What was taken has no gain any more; other gains have not grown.
                    if chosen == parts.answer.len() || heap.gains[place] < threshold {
                        continue;
                    }
                    let id = heap.ids[place].to_usize();
                    if heap.pushes[place].to_usize() < chosen {
                        heap.gains[place] = meter.gain(&mut parts.prefix, chosen, id).unwrap_or(T::ZERO);
                        heap.pushes[place] = D::from_usize(chosen);
                    }
                    if heap.gains[place] >= threshold {
                        meter.oracle.push(&mut parts.prefix, chosen, id);
                        parts.answer[chosen] = heap.ids[place];
                        value += heap.gains[place];
                        chosen += 1;
                        heap.gains[place] = -T::ONE;
                    }
                }
                // Among subnormals a threshold may fall no more.
                let next = threshold * fall;
                threshold = if next < threshold { next } else { T::ZERO };
            }
            (chosen, value)
        })
    }
}
