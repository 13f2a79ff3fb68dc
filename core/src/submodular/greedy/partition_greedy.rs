//! Greedy under a matroid constraint.

use super::{Chooser, chooser, lazily};
use crate::submodular::matroid::has_room;
use crate::submodular::{Matroid, Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};

/// Which elements of a set that stays are worth most together, with at most a number of each group or within another
/// [matroid](Matroid)?
///
/// Greedy chooses the element of largest gain among those that may join, again and again, and among equal gains the smallest id.
///
/// # Guarantee
/// At least half of the best value within the matroid for a monotone function (Fisher, Nemhauser and Wolsey, 1978).
/// # Cost
/// As [`LazyGreedy`](super::LazyGreedy). State: see [`GreedyParams::storage_len`](super::GreedyParams::storage_len), with the
/// [rank](Matroid::rank) for the size.
/// # Randomness
/// None.
/// # When to use another
/// [`PartitionDynamic`](crate::submodular::PartitionDynamic) if elements are inserted and deleted between answers.
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, GreedyParams, GroundSet, Partition, PartitionGreedy};
/// let oracle = FacilityLocation::new(&[5.0f32, 4.0, 3.0], 1)?;
/// let partition = Partition::new(&[0u8, 0, 1], &[1, 1])?;
/// let params = GreedyParams::new(3, partition.rank()).prefix(oracle.prefix_len(2));
/// let mut greedy = PartitionGreedy::<f32, u8, _, _>::new(params)?;
/// greedy.select(&oracle, &[1, 2], &partition)?;
/// assert_eq!(greedy.selected(), [1]);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PartitionGreedy<T, D, S, I> {
    chooser: Chooser<T, D, S, I>,
}

chooser!(PartitionGreedy);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> PartitionGreedy<T, D, S, I> {
    /// Chooses among the elements given, in any order, each once.
    ///
    /// # Errors
    /// As [`LazyGreedy::select`](super::LazyGreedy::select); [`Error::NotFound`] also for an element that the matroid doesn't know.
    pub fn select<O: PrefixOracle<T> + Monotone, M: Matroid>(
        &mut self,
        oracle: &O,
        ids: &[u32],
        matroid: &M,
    ) -> Result<Selection<T>, Error> {
        if let Some(&id) = ids.iter().find(|&&id| id as usize >= matroid.elements()) {
            return Err(Error::NotFound { index: id as usize });
        }
        self.chooser.choose(oracle, ids, |parts, meter| {
            parts.fill(ids, meter);
            let has_room = |chosen: &[D], id: D| has_room::<T, D>(matroid, chosen, id);
            lazily(&mut parts.prefix, &mut parts.heap, parts.answer, meter, has_room)
        })
    }
}
