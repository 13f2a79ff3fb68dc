//! Greedy by its definition.

use super::{Chooser, bound, chooser};
use crate::submodular::{Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};

/// Which elements of a set that stays are worth most together? Greedy by its definition, as a baseline.
///
/// Before each choice every element is asked for its gain. [`LazyGreedy`](super::LazyGreedy) chooses the same elements for far
/// fewer gains.
///
/// # Guarantee
/// At least `1 - 1 / e` of the best value (Nemhauser, Wolsey and Fisher, 1978), for a function that is monotone.
/// # Cost
/// `size` gains an element. State: see [`GreedyParams::storage_len`](super::GreedyParams::storage_len).
/// # Randomness
/// None.
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, Greedy, GreedyParams, GroundSet};
/// let oracle = FacilityLocation::new(&[1.0f64, 0.5, 0.25, 2.0], 2)?;
/// let mut greedy = Greedy::<f64, u8, _, _>::new(GreedyParams::new(2, 2).prefix(oracle.prefix_len(2)))?;
/// assert_eq!(greedy.select(&oracle, &[0, 1])?.value, 3.0);
/// assert_eq!(greedy.selected(), [1, 0]);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Greedy<T, D, S, I> {
    chooser: Chooser<T, D, S, I>,
}

chooser!(Greedy);
bound!(Greedy);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> Greedy<T, D, S, I> {
    /// Chooses among the elements given, in any order, each once.
    ///
    /// # Errors
    /// As [`LazyGreedy::select`](super::LazyGreedy::select).
    pub fn select<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O, ids: &[u32]) -> Result<Selection<T>, Error> {
        self.chooser.choose(oracle, ids, |parts, meter| {
            parts.fill(ids, meter);
            let heap = &mut parts.heap;
            let (mut chosen, mut value) = (0, T::ZERO);
            while chosen < parts.answer.len() {
                let mut best: Option<usize> = None;
                if chosen > 0 {
                    let (ids, gains) = (&heap.ids[..heap.len], &mut heap.gains[..heap.len]);
                    meter.gains(&mut parts.prefix, chosen, ids, gains);
                }
                for place in 0..heap.len {
                    let is_better = |best: usize| {
                        let (gain, than) = (heap.gains[place], heap.gains[best]);
                        gain > than || gain == than && heap.ids[place] < heap.ids[best]
                    };
                    if heap.gains[place] > T::ZERO && best.is_none_or(is_better) {
                        best = Some(place);
                    }
                }
                let Some(place) = best else { break };
                meter.oracle.push(&mut parts.prefix, chosen, heap.ids[place].to_usize());
                parts.answer[chosen] = heap.ids[place];
                value += heap.gains[place];
                chosen += 1;
                heap.swap_remove(place);
            }
            (chosen, value)
        })
    }
}
