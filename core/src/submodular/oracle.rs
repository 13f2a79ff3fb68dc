//! What the algorithms ask of a submodular function.

use crate::base::params::{Field, Visitor};
use crate::{Error, Id, Real};
use core::cell::Cell;

/// Number of scalars and ids in the state of a function, for a number of pushes.
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, PrefixLen};
/// // Nine rows of 32 running maxima: one for each number of elements from 0 to 8.
/// const PREFIX: PrefixLen = FacilityLocation::<f32>::prefix_len_of(32, 8);
/// assert_eq!(PREFIX, PrefixLen { scalars: 288, indices: 0, scratch: 0 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrefixLen {
    /// Scalars of state.
    pub scalars: usize,
    /// Ids of state.
    pub indices: usize,
    /// Scalars of scratch, whose content has no meaning between two calls.
    pub scratch: usize,
}

impl PrefixLen {
    /// No state at all.
    pub const NONE: Self = Self { scalars: 0, indices: 0, scratch: 0 };
}

impl Field for PrefixLen {
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error> {
        self.scalars.visit(visitor)?;
        self.indices.visit(visitor)?;
        self.scratch.visit(visitor)
    }
}

/// The state of a function for elements pushed one after the other: that of each prefix of them.
#[derive(Debug)]
pub struct Prefix<'a, T, D> {
    /// Number of elements that there is room for; [`prefix_len`](GroundSet::prefix_len) gives the scalars and ids for it.
    pub size: usize,
    /// Scalars of state.
    pub scalars: &'a mut [T],
    /// Ids of state.
    pub indices: &'a mut [D],
    /// Scalars of scratch.
    pub scratch: &'a mut [T],
}

impl<T, D> Prefix<'_, T, D> {
    /// The same state, borrowed anew.
    pub const fn reborrow(&mut self) -> Prefix<'_, T, D> {
        Prefix { size: self.size, scalars: self.scalars, indices: self.indices, scratch: self.scratch }
    }
}

/// The elements of a function, and the length of its state.
pub trait GroundSet {
    /// Number of elements.
    fn elements(&self) -> usize;

    /// Length of the state for up to `size` pushes.
    fn prefix_len(&self, size: usize) -> PrefixLen;
}

/// A submodular function of sets of elements, given by its gains: `f(e | S) = f(S + e) - f(S)` never grows with `S`, and the empty
/// set is worth 0.
///
/// An oracle is a light view of data that the caller owns. It holds no state: elements are pushed into a [`Prefix`] in the
/// storage of the algorithm, and a gain is given the first few of them. Ids are places below
/// [`elements`](GroundSet::elements).
///
/// # Numerics
/// The algorithms are exact only if gains, as computed, don't grow with the number of pushes. A sum of terms that don't grow has
/// this property if its order is fixed, so the order must not depend on the pushes.
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{FacilityLocation, GroundSet, Prefix, PrefixOracle};
/// // Two elements, two exemplars.
/// let oracle = FacilityLocation::new(&[1.0f64, 0.5, 0.25, 2.0], 2)?;
/// let len = oracle.prefix_len(2);
/// let mut scalars = vec![0.0; len.scalars];
/// let mut prefix = Prefix::<_, u32> { size: 2, scalars: &mut scalars, indices: &mut [], scratch: &mut [] };
/// oracle.truncate(&mut prefix, 0);
/// assert_eq!([oracle.gain(&mut prefix, 0, 0), oracle.gain(&mut prefix, 0, 1)], [1.5, 2.25]);
/// oracle.push(&mut prefix, 0, 0);
/// assert_eq!(oracle.gain(&mut prefix, 1, 1), 1.5);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub trait PrefixOracle<T: Real>: GroundSet {
    /// Whether [`first_below`](Self::first_below) is cheaper than asking for gains one by one.
    const ONE_PASS: bool = false;

    /// Gain of an element given the first `pushes` elements pushed. Changes nothing but the scratch.
    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T;

    /// Gains of several elements, in the order of their ids: those that asking one by one gives. A wrapper may share them among
    /// threads.
    fn gains<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, ids: &[D], gains: &mut [T]) {
        for (gain, id) in gains.iter_mut().zip(ids) {
            *gain = self.gain(prefix, pushes, id.to_usize());
        }
    }

    /// Announces that gains of this element will be asked for: a function of large data may fetch them.
    #[inline]
    fn prefetch(&self, id: usize) {
        let _ = id;
    }

    /// Pushes an element behind `pushes` others.
    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize);

    /// Forgets all pushes but the first `pushes`. With none the state becomes that of the empty set, whatever it was.
    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize);

    /// For `bounds = (low, high)`, the smallest number of pushes above `low` given which the gain is below the threshold. It is known
    /// not to be below given `low`, and taken to be below given `high`.
    fn first_below<D: Id>(
        &self,
        prefix: &mut Prefix<'_, T, D>,
        id: usize,
        threshold: T,
        bounds: (usize, usize),
    ) -> usize {
        search(self, prefix, id, threshold, bounds)
    }
}

/// Binary search, a gain a step.
pub(super) fn search<T: Real, D: Id, O: PrefixOracle<T> + ?Sized>(
    oracle: &O,
    prefix: &mut Prefix<'_, T, D>,
    id: usize,
    threshold: T,
    bounds: (usize, usize),
) -> usize {
    search_among(bounds, |pushes| oracle.gain(prefix, pushes, id) >= threshold)
}

/// The first number of pushes above the lower bound for which the answer is no; that of the upper bound is no.
pub(super) fn search_among((mut low, mut high): (usize, usize), mut is_above: impl FnMut(usize) -> bool) -> usize {
    while high.saturating_sub(low) > 1 {
        let middle = low + (high - low) / 2;
        if is_above(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// A monotone function: no element makes a set worth less. Most guarantees hold for such functions only.
pub trait Monotone {}

/// Counts the gains asked for. A search in one pass counts as many as a binary search would ask for.
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{Counted, FacilityLocation, GreedyParams, GroundSet, LazyGreedy};
/// let oracle = Counted::new(FacilityLocation::new(&[1.0f64, 0.5, 0.25, 2.0], 2)?);
/// let mut greedy = LazyGreedy::<f64, u32, _, _>::new(GreedyParams::new(2, 1).prefix(oracle.prefix_len(1)))?;
/// greedy.select(&oracle, &[0, 1])?;
/// assert_eq!(oracle.gains(), 2);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Counted<O> {
    oracle: O,
    gains: Cell<u64>,
}

impl<O> Counted<O> {
    /// A counter at 0 around a function.
    pub const fn new(oracle: O) -> Self {
        Self { oracle, gains: Cell::new(0) }
    }

    /// Number of gains asked for so far.
    pub const fn gains(&self) -> u64 {
        self.gains.get()
    }

    /// The function inside.
    pub const fn inner(&self) -> &O {
        &self.oracle
    }

    fn add(&self, gains: u32) {
        self.gains.set(self.gains.get().wrapping_add(gains.into()));
    }
}

/// Gains that a search between two numbers of pushes takes, at most.
pub(super) const fn search_gains(low: usize, high: usize) -> u32 {
    match high.saturating_sub(low) {
        0 | 1 => 0,
        between => (between - 1).ilog2() + 1,
    }
}

impl<O: GroundSet> GroundSet for Counted<O> {
    fn elements(&self) -> usize {
        self.oracle.elements()
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        self.oracle.prefix_len(size)
    }
}

impl<T: Real, O: PrefixOracle<T>> PrefixOracle<T> for Counted<O> {
    const ONE_PASS: bool = O::ONE_PASS;

    fn prefetch(&self, id: usize) {
        self.oracle.prefetch(id);
    }

    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        self.add(1);
        self.oracle.gain(prefix, pushes, id)
    }

    fn gains<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, ids: &[D], gains: &mut [T]) {
        self.gains.set(self.gains.get().wrapping_add(ids.len().min(gains.len()) as u64));
        self.oracle.gains(prefix, pushes, ids, gains);
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        self.oracle.push(prefix, pushes, id);
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        self.oracle.truncate(prefix, pushes);
    }

    fn first_below<D: Id>(
        &self,
        prefix: &mut Prefix<'_, T, D>,
        id: usize,
        threshold: T,
        (low, high): (usize, usize),
    ) -> usize {
        if !O::ONE_PASS {
            return search(self, prefix, id, threshold, (low, high));
        }
        self.add(search_gains(low, high));
        self.oracle.first_below(prefix, id, threshold, (low, high))
    }
}

impl<O: Monotone> Monotone for Counted<O> {}

impl<O: GroundSet + ?Sized> GroundSet for &O {
    fn elements(&self) -> usize {
        (**self).elements()
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        (**self).prefix_len(size)
    }
}

impl<T: Real, O: PrefixOracle<T> + ?Sized> PrefixOracle<T> for &O {
    const ONE_PASS: bool = O::ONE_PASS;

    fn prefetch(&self, id: usize) {
        (**self).prefetch(id);
    }

    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        (**self).gain(prefix, pushes, id)
    }

    fn gains<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, ids: &[D], gains: &mut [T]) {
        (**self).gains(prefix, pushes, ids, gains);
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        (**self).push(prefix, pushes, id);
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        (**self).truncate(prefix, pushes);
    }

    fn first_below<D: Id>(
        &self,
        prefix: &mut Prefix<'_, T, D>,
        id: usize,
        threshold: T,
        bounds: (usize, usize),
    ) -> usize {
        (**self).first_below(prefix, id, threshold, bounds)
    }
}

impl<O: Monotone + ?Sized> Monotone for &O {}
