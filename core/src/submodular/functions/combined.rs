//! Functions composed of other functions.

use crate::submodular::{GroundSet, Monotone, Prefix, PrefixLen, PrefixOracle};
use crate::{Error, Id, Real, Rule};

/// The weighted sum of two functions of the same elements; nest it for more.
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{Coverage, FacilityLocation, GreedyParams, GroundSet, LazyGreedy, WeightedSum};
/// let near = FacilityLocation::new(&[0.9f32, 0.1, 0.8], 1)?; // three elements, one exemplar
/// let kinds = Coverage::new(&[0, 1, 2, 3], &[0, 1, 1], 2)?; // and two kinds
/// let oracle = WeightedSum::new(near, kinds, [1.0, 0.5])?;
/// let mut greedy = LazyGreedy::<f32, u8, _, _>::new(GreedyParams::new(3, 2).prefix(oracle.prefix_len(2)))?;
/// greedy.select(&oracle, &[0, 1, 2])?;
/// assert_eq!(greedy.selected(), [0, 1]);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WeightedSum<A, B> {
    first: A,
    second: B,
    weights: [f64; 2],
}

impl<A: GroundSet, B: GroundSet> WeightedSum<A, B> {
    /// `weights[0]` times the first function and `weights[1]` times the second.
    ///
    /// # Errors
    /// [`Error::Dimension`] for another number of elements; [`Error::Parameter`] for a weight that is negative or not finite.
    pub fn new(first: A, second: B, weights: [f64; 2]) -> Result<Self, Error> {
        let (expected, got) = (first.elements(), second.elements());
        if expected != got {
            return Err(Error::Dimension { expected, got });
        }
        if weights.iter().any(|w| !(w.is_finite() && *w >= 0.0)) {
            return Err(Error::Parameter { name: &"weights", rule: Rule::NOT_NEGATIVE });
        }
        Ok(Self { first, second, weights })
    }

    /// The states of both functions.
    fn split<'p, T, D>(&self, prefix: &'p mut Prefix<'_, T, D>) -> (Prefix<'p, T, D>, Prefix<'p, T, D>) {
        let len = self.first.prefix_len(prefix.size);
        let (scratch, other_scratch) = prefix.scratch.split_at_mut(len.scratch);
        let (scalars, other_scalars) = prefix.scalars.split_at_mut(len.scalars);
        let (indices, other_indices) = prefix.indices.split_at_mut(len.indices);
        let size = prefix.size;
        (
            Prefix { size, scalars, indices, scratch },
            Prefix { size, scalars: other_scalars, indices: other_indices, scratch: other_scratch },
        )
    }
}

impl<A: GroundSet, B: GroundSet> GroundSet for WeightedSum<A, B> {
    fn elements(&self) -> usize {
        self.first.elements()
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        let (a, b) = (self.first.prefix_len(size), self.second.prefix_len(size));
        PrefixLen {
            scalars: a.scalars.saturating_add(b.scalars),
            indices: a.indices.saturating_add(b.indices),
            scratch: a.scratch.saturating_add(b.scratch),
        }
    }
}

impl<T: Real, A: PrefixOracle<T>, B: PrefixOracle<T>> PrefixOracle<T> for WeightedSum<A, B> {
    fn prefetch(&self, id: usize) {
        self.first.prefetch(id);
        self.second.prefetch(id);
    }

    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        let (mut first, mut second) = self.split(prefix);
        T::constant(self.weights[0]) * self.first.gain(&mut first, pushes, id)
            + T::constant(self.weights[1]) * self.second.gain(&mut second, pushes, id)
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        let (mut first, mut second) = self.split(prefix);
        self.first.push(&mut first, pushes, id);
        self.second.push(&mut second, pushes, id);
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        let (mut first, mut second) = self.split(prefix);
        self.first.truncate(&mut first, pushes);
        self.second.truncate(&mut second, pushes);
    }
}

impl<A: Monotone, B: Monotone> Monotone for WeightedSum<A, B> {}

/// A monotone function truncated at a cap: `min(f(S), cap)`.
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, GreedyParams, GroundSet, LazyGreedy, Truncated};
/// let oracle = Truncated::new(FacilityLocation::new(&[0.75f32, 0.0, 0.0, 0.75], 2)?, 1.0)?;
/// let mut greedy = LazyGreedy::<f32, u8, _, _>::new(GreedyParams::new(2, 2).prefix(oracle.prefix_len(2)))?;
/// assert_eq!(greedy.select(&oracle, &[0, 1])?.value, 1.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Truncated<O> {
    oracle: O,
    cap: f64,
}

impl<O: GroundSet> Truncated<O> {
    /// The function truncated at `cap`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a cap that is negative or not finite.
    pub fn new(oracle: O, cap: f64) -> Result<Self, Error> {
        if cap.is_finite() && cap >= 0.0 {
            Ok(Self { oracle, cap })
        } else {
            Err(Error::Parameter { name: &"cap", rule: Rule::NOT_NEGATIVE })
        }
    }

    /// The state of the function, and its value after every number of pushes.
    fn split<'p, T, D>(&self, prefix: &'p mut Prefix<'_, T, D>) -> (Prefix<'p, T, D>, &'p mut [T]) {
        let (scalars, values) = prefix.scalars.split_at_mut(self.oracle.prefix_len(prefix.size).scalars);
        (Prefix { size: prefix.size, scalars, indices: prefix.indices, scratch: prefix.scratch }, values)
    }
}

impl<O: GroundSet> GroundSet for Truncated<O> {
    fn elements(&self) -> usize {
        self.oracle.elements()
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        let len = self.oracle.prefix_len(size);
        PrefixLen { scalars: len.scalars.saturating_add(size).saturating_add(1), ..len }
    }
}

impl<T: Real, O: PrefixOracle<T> + Monotone> PrefixOracle<T> for Truncated<O> {
    fn prefetch(&self, id: usize) {
        self.oracle.prefetch(id);
    }

    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        let (mut inner, values) = self.split(prefix);
        let left = T::constant(self.cap) - values[pushes];
        let left = if left > T::ZERO { left } else { T::ZERO };
        let gain = self.oracle.gain(&mut inner, pushes, id);
        if gain > left { left } else { gain }
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        let (mut inner, values) = self.split(prefix);
        values[pushes + 1] = values[pushes] + self.oracle.gain(&mut inner, pushes, id);
        self.oracle.push(&mut inner, pushes, id);
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        let (mut inner, values) = self.split(prefix);
        self.oracle.truncate(&mut inner, pushes);
        if pushes == 0 {
            values[0] = T::ZERO;
        }
    }
}

impl<O: Monotone> Monotone for Truncated<O> {}

/// A function restricted to some of its elements: element `i` is element `ids[i]` of the function.
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, GreedyParams, GroundSet, LazyGreedy, Restricted};
/// let oracle = Restricted::new(FacilityLocation::new(&[3.0f32, 2.0, 1.0], 1)?, &[1, 2])?;
/// let mut greedy = LazyGreedy::<f32, u8, _, _>::new(GreedyParams::new(2, 1).prefix(oracle.prefix_len(1)))?;
/// assert_eq!(greedy.select(&oracle, &[0, 1])?.value, 2.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Restricted<'a, O> {
    oracle: O,
    ids: &'a [u32],
}

impl<'a, O: GroundSet> Restricted<'a, O> {
    /// The function restricted to the elements given.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the first id that the function doesn't have.
    pub fn new(oracle: O, ids: &'a [u32]) -> Result<Self, Error> {
        match ids.iter().find(|&&id| id as usize >= oracle.elements()) {
            Some(&id) => Err(Error::NotFound { index: id as usize }),
            None => Ok(Self { oracle, ids }),
        }
    }
}

impl<O: GroundSet> GroundSet for Restricted<'_, O> {
    fn elements(&self) -> usize {
        self.ids.len()
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        self.oracle.prefix_len(size)
    }
}

impl<T: Real, O: PrefixOracle<T>> PrefixOracle<T> for Restricted<'_, O> {
    const ONE_PASS: bool = O::ONE_PASS;

    fn prefetch(&self, id: usize) {
        self.oracle.prefetch(self.ids[id] as usize);
    }

    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        self.oracle.gain(prefix, pushes, self.ids[id] as usize)
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        self.oracle.push(prefix, pushes, self.ids[id] as usize);
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        self.oracle.truncate(prefix, pushes);
    }

    fn first_below<D: Id>(
        &self,
        prefix: &mut Prefix<'_, T, D>,
        id: usize,
        threshold: T,
        bounds: (usize, usize),
    ) -> usize {
        self.oracle.first_below(prefix, self.ids[id] as usize, threshold, bounds)
    }
}

impl<O: Monotone> Monotone for Restricted<'_, O> {}
