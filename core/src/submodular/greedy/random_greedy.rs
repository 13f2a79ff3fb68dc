//! Greedy for non-monotone objectives.

use super::{Chooser, chooser};
use crate::random::drawn;
use crate::submodular::{PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};
use rand_core::Rng;

/// Which elements of a set that stays are worth most together, for a non-monotone objective?
///
/// Each of `size` choices is uniformly random among the `size` elements of largest gain. Where fewer elements have a positive gain,
/// a choice may be empty.
///
/// # Guarantee
/// At least `1 / e` of the best value in expectation, and `1 - 1 / e` for a monotone function (Buchbinder, Feldman, Naor and
/// Schwartz, SODA 2014). A single answer may be worse: take the best of several.
/// # Cost
/// `size` gains an element. State: see [`GreedyParams::storage_len`](super::GreedyParams::storage_len).
/// # Randomness
/// One word of the caller's generator a choice.
/// # When to use another
/// [`LazyGreedy`](super::LazyGreedy) for a function that is [`Monotone`](crate::submodular::Monotone);
/// [`NonMonotoneDynamic`](crate::submodular::NonMonotoneDynamic) if elements are inserted and deleted between answers.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{GraphCut, GreedyParams, GroundSet, RandomGreedy};
/// // A star of five vertices: its centre alone cuts all edges.
/// let oracle = GraphCut::new(&[0, 4, 5, 6, 7, 8], &[1, 2, 3, 4, 0, 0, 0, 0])?;
/// let mut greedy = RandomGreedy::<f32, u8, _, _>::new(GreedyParams::new(5, 1).prefix(oracle.prefix_len(1)))?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// assert_eq!(greedy.select(&oracle, &[0, 1, 2, 3, 4], &mut rng)?.value, 4.0);
/// assert_eq!(greedy.selected(), [0]);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RandomGreedy<T, D, S, I> {
    chooser: Chooser<T, D, S, I>,
}

chooser!(RandomGreedy);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> RandomGreedy<T, D, S, I> {
    /// Chooses among the elements given, in any order, each once.
    ///
    /// # Errors
    /// As [`LazyGreedy::select`](super::LazyGreedy::select).
    pub fn select<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        ids: &[u32],
        rng: &mut R,
    ) -> Result<Selection<T>, Error> {
        self.chooser.choose(oracle, ids, |parts, meter| {
            let heap = &mut parts.heap;
            ids.iter().for_each(|&id| heap.add(T::ZERO, D::from_usize(id as usize)));
            meter.oracle.truncate(&mut parts.prefix, 0);
            let (mut left, mut chosen, mut value) = (heap.len, 0, T::ZERO);
            for _ in 0..parts.answer.len() {
                heap.len = left;
                for place in 0..left {
                    let gain = meter.gain(&mut parts.prefix, chosen, heap.ids[place].to_usize());
                    // What would make things worse is as good as nothing.
                    heap.gains[place] = gain.ok().filter(|&gain| gain > T::ZERO).unwrap_or(T::ZERO);
                }
                heap.build();
                let rank = drawn::below(parts.answer.len() as u64, rng);
                (0..rank.min(left as u64)).for_each(|_| heap.pop());
                if heap.len == 0 || heap.gains[0] == T::ZERO {
                    continue;
                }
                let (gain, id) = (heap.gains[0], heap.ids[0]);
                heap.pop();
                left -= 1;
                heap.exchange(heap.len, left);
                meter.oracle.push(&mut parts.prefix, chosen, id.to_usize());
                parts.answer[chosen] = id;
                value += gain;
                chosen += 1;
            }
            (chosen, value)
        })
    }
}
