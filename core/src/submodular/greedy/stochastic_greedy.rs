//! Greedy that asks a fresh sample of the elements before each choice.

use super::{Chooser, bound, chooser};
use crate::random::drawn;
use crate::submodular::{Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Rule, Storage};
use rand_core::Rng;

/// Which elements of a set that stays are worth most together, for one or two gains an element?
///
/// Each of the `k` choices of greedy looks at a fresh sample of `(n / k) ln(1 / epsilon)` of the elements left.
///
/// # Guarantee
/// At least `1 - 1 / e - epsilon` of the best value in expectation, for a monotone function (Mirzasoleiman et al., AAAI 2015).
/// # Cost
/// About `ln(1 / epsilon)` gains an element, whatever the size. State: see
/// [`GreedyParams::storage_len`](super::GreedyParams::storage_len).
/// # Randomness
/// One word of the caller's generator for each element of a sample.
/// # When to use another
/// [`LazyGreedy`](super::LazyGreedy) is exact greedy and often costs hardly more.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{FacilityLocation, GreedyParams, GroundSet, StochasticGreedy};
/// let oracle = FacilityLocation::new(&[1.0f64, 0.5, 0.25, 2.0], 2)?;
/// let mut greedy = StochasticGreedy::<f64, u8, _, _>::new(GreedyParams::new(2, 1).prefix(oracle.prefix_len(1)))?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// // So small an epsilon takes all elements into the sample.
/// assert_eq!(greedy.select(&oracle, &[0, 1], 1e-9, &mut rng)?.value, 2.25);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StochasticGreedy<T, D, S, I> {
    chooser: Chooser<T, D, S, I>,
}

chooser!(StochasticGreedy);
bound!(StochasticGreedy);

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> StochasticGreedy<T, D, S, I> {
    /// Chooses among the elements given, in any order, each once.
    ///
    /// # Errors
    /// As [`LazyGreedy::select`](super::LazyGreedy::select); [`Error::Parameter`] for an `epsilon` outside (0, 1).
    pub fn select<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        ids: &[u32],
        epsilon: f64,
        rng: &mut R,
    ) -> Result<Selection<T>, Error> {
        if !(epsilon > 0.0 && epsilon < 1.0) {
            return Err(Error::Parameter { name: &"epsilon", rule: Rule::FRACTION });
        }
        let share = -Real::ln(epsilon) / self.params().size as f64;
        self.chooser.choose(oracle, ids, |parts, meter| {
            let heap = &mut parts.heap;
            ids.iter().for_each(|&id| heap.add(T::ZERO, D::from_usize(id as usize)));
            // The same elements in any order give the same answer.
            heap.ids[..ids.len()].sort_unstable();
            let sample = sample_len(ids.len(), share);
            meter.oracle.truncate(&mut parts.prefix, 0);
            let (mut chosen, mut value) = (0, T::ZERO);
            for _ in 0..parts.answer.len() {
                let mut best: Option<(T, usize)> = None;
                for drawn in 0..sample.min(heap.len) {
                    // The sample gathers in front.
                    let other = drawn + draw(heap.len - drawn, rng);
                    heap.ids.swap(drawn, other);
                    let gain = meter.gain(&mut parts.prefix, chosen, heap.ids[drawn].to_usize()).unwrap_or(T::ZERO);
                    let is_better =
                        |(most, place): (T, usize)| gain > most || gain == most && heap.ids[drawn] < heap.ids[place];
                    if gain > T::ZERO && best.is_none_or(is_better) {
                        best = Some((gain, drawn));
                    }
                }
                // A sample that adds nothing says little of the others.
                let Some((gain, place)) = best else { continue };
                meter.oracle.push(&mut parts.prefix, chosen, heap.ids[place].to_usize());
                parts.answer[chosen] = heap.ids[place];
                value += gain;
                chosen += 1;
                heap.swap_remove(place);
            }
            (chosen, value)
        })
    }
}

/// Elements of a sample: that share of all, rounded up.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the number of elements")]
fn sample_len(elements: usize, share: f64) -> usize {
    let wanted = (elements as f64 * share).min(elements as f64);
    let whole = wanted as usize;
    if (whole as f64) < wanted { whole + 1 } else { whole }
}

#[allow(clippy::cast_possible_truncation, reason = "below the number of elements")]
fn draw<R: Rng + ?Sized>(bound: usize, rng: &mut R) -> usize {
    drawn::below(bound as u64, rng) as usize
}
