//! Coverage: how many items do the chosen sets contain?

use super::checks::{Lists, check_weights};
use crate::submodular::oracle::search;
use crate::submodular::{GroundSet, Monotone, Prefix, PrefixLen, PrefixOracle};
use crate::{Error, Id, Real};

/// How many items do the chosen sets contain, each counted once? `f(S) = sum of w_u over the items u in any set of S`.
///
/// # Cost
/// A gain takes two operations an item of the set. State: one id an item, for all numbers of pushes together.
/// # Numerics
/// The weights of a set's items are added in their order.
/// # Example
/// ```
/// use sketchlet_core::submodular::{Coverage, GreedyParams, LazyGreedy};
/// // Three sets of five items: {0, 1, 2}, {2, 3}, {3, 4}.
/// let oracle = Coverage::new(&[0, 3, 5, 7], &[0, 1, 2, 2, 3, 3, 4], 5)?;
/// let params = GreedyParams::new(3, 2).prefix(Coverage::prefix_len_of(5, 2));
/// let mut greedy = LazyGreedy::<f32, u8, _, _>::new(params)?;
/// assert_eq!(greedy.select(&oracle, &[0, 1, 2])?.value, 5.0);
/// assert_eq!(greedy.selected(), [0, 2]);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Coverage<'a, W = f32> {
    sets: Lists<'a>,
    items: usize,
    weights: Option<&'a [W]>,
}

impl<'a> Coverage<'a> {
    /// Sets of `items` items: set `i` has those that `members` holds from `offsets[i]` to before `offsets[i + 1]`, each once.
    ///
    /// # Errors
    /// [`Error::Dimension`] unless offsets ascend from 0 to the number of members; [`Error::NotFound`] with the place of a member
    /// that is not an item.
    pub fn new(offsets: &'a [u32], members: &'a [u32], items: usize) -> Result<Self, Error> {
        Ok(Self { sets: Lists::new(offsets, members, items)?, items, weights: None })
    }

    /// Length of the state of up to `size` elements over a number of items. Saturates.
    pub const fn prefix_len_of(items: usize, size: usize) -> PrefixLen {
        PrefixLen { scalars: 0, indices: items, scratch: size.saturating_add(1) }
    }
}

impl<'a, W: Real> Coverage<'a, W> {
    /// A weight for each item. Without weights each item counts 1.
    ///
    /// # Errors
    /// [`Error::Dimension`] for a wrong number of weights; [`Error::NonFinite`] and [`Error::Negative`] with the place of an invalid
    /// weight.
    pub fn weights<V: Real>(self, weights: &'a [V]) -> Result<Coverage<'a, V>, Error> {
        check_weights(weights, self.items)?;
        Ok(Coverage { sets: self.sets, items: self.items, weights: Some(weights) })
    }
}

impl<W> GroundSet for Coverage<'_, W> {
    fn elements(&self) -> usize {
        self.sets.len()
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        Coverage::prefix_len_of(self.items, size)
    }
}

/// The state is the push that first covered each item, and beyond all pushes for an item that none has covered.
impl<T: Real, W: Real> PrefixOracle<T> for Coverage<'_, W> {
    const ONE_PASS: bool = true;

    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        let mut sum = T::ZERO;
        for (_, item) in self.sets.list(id) {
            if prefix.indices[item].to_usize() >= pushes {
                sum += self.weights.map_or(T::ONE, |weights| weights[item].to_real());
            }
        }
        sum
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        for (_, item) in self.sets.list(id) {
            let first = &mut prefix.indices[item];
            if first.to_usize() >= pushes {
                *first = D::from_usize(pushes);
            }
        }
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        for first in &mut prefix.indices[..self.items] {
            if pushes == 0 || first.to_usize() >= pushes {
                *first = D::from_usize(D::LARGEST);
            }
        }
    }

    fn first_below<D: Id>(
        &self,
        prefix: &mut Prefix<'_, T, D>,
        id: usize,
        threshold: T,
        (low, high): (usize, usize),
    ) -> usize {
        // Sums of weights would round differently if their terms came in the order of the pushes; counts don't round.
        if self.weights.is_some() {
            return search(self, prefix, id, threshold, (low, high));
        }
        let counts = &mut prefix.scratch[..=high];
        counts.fill(T::ZERO);
        for (_, item) in self.sets.list(id) {
            counts[prefix.indices[item].to_usize().min(high)] += T::ONE;
        }
        let (mut gain, mut first) = (counts[high], high);
        for pushes in (low + 1..high).rev() {
            gain += counts[pushes];
            if gain >= threshold {
                break;
            }
            first = pushes;
        }
        first
    }
}

impl<W> Monotone for Coverage<'_, W> {}
