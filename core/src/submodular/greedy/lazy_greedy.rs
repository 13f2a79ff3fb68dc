//! Greedy that asks only for gains that can matter.

use super::{Chooser, bound, check_ids, chooser};
use crate::submodular::heap::Heap;
use crate::submodular::meter::Meter;
use crate::submodular::{Monotone, Prefix, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};

/// Which elements of a set that stays are worth most together?
///
/// Greedy chooses the element of largest gain again and again, and among equal gains the smallest id. The lazy form uses that gains
/// never grow: an old gain tells whether to ask again. The answer is that of [`Greedy`](super::Greedy), which asks every element
/// each time. An element that adds nothing is not chosen.
///
/// # Guarantee
/// At least `1 - 1 / e` of the best value for a monotone function (Nemhauser, Wolsey and Fisher, 1978). Usually it is far more:
/// [`bound`](Self::bound) proves how much.
/// # Cost
/// One gain an element and some more, at most `size` an element. State: see
/// [`GreedyParams::storage_len`](super::GreedyParams::storage_len).
/// # Randomness
/// None.
/// # When to use another
/// [`LazyDynamic`](crate::submodular::LazyDynamic) if elements are inserted and deleted between answers;
/// [`StochasticGreedy`](super::StochasticGreedy) if a gain an element is all that can be afforded.
/// # Example
/// See [`FacilityLocation`](crate::submodular::FacilityLocation).
#[derive(Clone, Debug)]
pub struct LazyGreedy<T, D, S, I> {
    chooser: Chooser<T, D, S, I>,
}

chooser!(LazyGreedy);
bound!(LazyGreedy);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> LazyGreedy<T, D, S, I> {
    /// Chooses among the elements given, in any order, each once.
    ///
    /// # Errors
    /// [`Error::Capacity`] for more elements than the parameters say, or an id too large for its type; [`Error::NotFound`] for one that the function doesn't have;
    /// [`Error::AlreadyPresent`] for one given twice; [`Error::Storage`] if the function needs a longer state. The answer before
    /// stays then. [`Error::OracleFault`] if the function gave something that is not finite; the answer is what was chosen of the
    /// others.
    pub fn select<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O, ids: &[u32]) -> Result<Selection<T>, Error> {
        self.chooser.choose(oracle, ids, |parts, meter| {
            parts.fill(ids, meter);
            lazily(&mut parts.prefix, &mut parts.heap, parts.answer, meter, |_, _| true)
        })
    }
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> LazyGreedy<T, D, S, I> {
    /// Chooses among the elements of several answers, such as those of shards, by greedy over their union: the second round of a
    /// distributed selection. On its own it guarantees no share of the best value, so take the best shard's answer if that is worth
    /// more. Measured, the result is close to greedy over all elements.
    ///
    /// # Errors
    /// As [`select`](Self::select), but an element may be in several answers, or twice in one.
    /// # Example
    /// ```
    /// use sketchlet_core::submodular::{FacilityLocation, GreedyParams, GroundSet, LazyGreedy};
    /// let oracle = FacilityLocation::new(&[1.0f64, 0.0, 0.5, 0.5, 0.0, 1.0], 2)?;
    /// let mut greedy = LazyGreedy::<f64, u8, _, _>::new(GreedyParams::new(4, 2).prefix(oracle.prefix_len(2)))?;
    /// greedy.combine_solutions(&oracle, &[&[1, 0], &[2, 1]])?;
    /// assert_eq!(greedy.selected(), [0, 2]);
    /// # Ok::<(), sketchlet_core::Error>(())
    /// ```
    pub fn combine_solutions<O: PrefixOracle<T> + Monotone>(
        &mut self,
        oracle: &O,
        solutions: &[&[u32]],
    ) -> Result<Selection<T>, Error> {
        let limit = self.params().capacity;
        if solutions.iter().map(|ids| ids.len()).sum::<usize>() > limit {
            return Err(Error::Capacity { limit });
        }
        let mut all = solutions.iter().copied().flatten();
        check_ids::<D>(all.clone(), oracle.elements())?;
        self.chooser.choose(oracle, &[], |parts, meter| {
            let heap = &mut parts.heap;
            all.by_ref().for_each(|&id| heap.add(T::ZERO, D::from_usize(id as usize)));
            heap.ids[..heap.len].sort_unstable();
            let mut union = 0;
            meter.oracle.truncate(&mut parts.prefix, 0);
            for place in 0..heap.len {
                let id = heap.ids[place];
                if union == 0 || heap.ids[union - 1] != id {
                    heap.ids[union] = id;
                    heap.gains[union] = meter.gain(&mut parts.prefix, 0, id.to_usize()).unwrap_or(T::ZERO);
                    union += 1;
                }
            }
            heap.len = union;
            lazily(&mut parts.prefix, heap, parts.answer, meter, |_, _| true)
        })
    }
}

/// Lazy greedy over elements whose values alone are known and which may join the chosen ones. The state of the function is that of
/// the empty set. Returns the number of elements chosen and their value.
pub(in crate::submodular) fn lazily<T: Real, D: Id, O: PrefixOracle<T>>(
    prefix: &mut Prefix<'_, T, D>,
    heap: &mut Heap<'_, T, D>,
    answer: &mut [D],
    meter: &mut Meter<'_, O>,
    may_join: impl Fn(&[D], D) -> bool,
) -> (usize, T) {
    // NaN would have no place in a heap.
    let len = heap.len;
    heap.gains[..len].iter_mut().filter(|gain| !gain.is_finite()).for_each(|gain| *gain = T::ZERO);
    heap.build();
    let (mut chosen, mut value) = (0, T::ZERO);
    while chosen < answer.len() && heap.len > 0 && heap.gains[0] > T::ZERO {
        let id = heap.ids[0];
        if !may_join(&answer[..chosen], id) {
            heap.pop();
            continue;
        }
        if heap.pushes[0].to_usize() < chosen {
            heap.gains[0] = match meter.gain(prefix, chosen, id.to_usize()) {
                Ok(gain) if gain > T::ZERO => gain,
                _ => T::ZERO,
            };
            heap.pushes[0] = D::from_usize(chosen);
            heap.sink(0);
            continue;
        }
        meter.oracle.push(prefix, chosen, id.to_usize());
        value += heap.gains[0];
        answer[chosen] = id;
        chosen += 1;
        heap.pop();
    }
    (chosen, value)
}
