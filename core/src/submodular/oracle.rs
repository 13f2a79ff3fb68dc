//! What every algorithm of the family asks of a function.

use crate::{Id, Real};
use core::cell::Cell;

/// Scalars and ids that the state of a function takes for a number of pushes.
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
    /// Scalars whose content means nothing between two calls.
    pub scratch: usize,
}

/// The state of a function for elements pushed one after the other, and for every number of them from the first on.
#[derive(Debug)]
pub struct Prefix<'a, T, D> {
    /// Elements that there is room for: [`prefix_len`](GroundSet::prefix_len) says for how many scalars and ids.
    pub size: usize,
    /// Scalars of state.
    pub scalars: &'a mut [T],
    /// Ids of state.
    pub indices: &'a mut [D],
    /// Scalars to work with.
    pub scratch: &'a mut [T],
}

impl<T, D> Prefix<'_, T, D> {
    /// The same, borrowed anew.
    pub const fn reborrow(&mut self) -> Prefix<'_, T, D> {
        Prefix { size: self.size, scalars: self.scalars, indices: self.indices, scratch: self.scratch }
    }
}

/// The elements of a function, and how long its state is.
pub trait GroundSet {
    /// Number of elements.
    fn elements(&self) -> usize;

    /// Length of the state for up to `size` pushes.
    fn prefix_len(&self, size: usize) -> PrefixLen;
}

/// A submodular function of sets of elements, seen through its gains: `f(e | S) = f(S + e) - f(S)` never grows with `S`, and
/// `f` of nothing is 0.
///
/// An oracle is a light view of data that the caller owns. It holds no state: elements are pushed into a [`Prefix`] in the
/// storage of the algorithm, and a gain is asked for given the first so many of them. Ids are places from 0 to
/// [`elements`](GroundSet::elements).
///
/// # Numerics
/// For an algorithm's bookkeeping to be exact, gains as computed must not grow with the number of pushes. A sum in one fixed
/// order of terms that don't grow doesn't: so the order may not depend on the pushes.
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

    /// Gain of an element given the first `pushes` elements pushed. The state is not changed, scratch may be.
    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T;

    /// Gains of this element will soon be asked for: a function whose data are large may fetch them.
    #[inline]
    fn prefetch(&self, id: usize) {
        let _ = id;
    }

    /// Pushes an element behind `pushes` others.
    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize);

    /// Forgets all pushes but the first `pushes`. With none the state becomes that of the empty set, whatever it was.
    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize);

    /// The smallest number of pushes above `low`, up to `high`, given which the gain is below the threshold, if it isn't given
    /// `low`; given `high` it is taken to be below.
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

/// A function that no element makes smaller. What is promised for sets of the best elements holds for these only.
pub trait Monotone {}

/// Counts the gains that are asked for; a search in one pass counts as many as asking one by one would.
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
    /// Nothing counted yet.
    pub const fn new(oracle: O) -> Self {
        Self { oracle, gains: Cell::new(0) }
    }

    /// Gains asked for so far.
    pub const fn gains(&self) -> u64 {
        self.gains.get()
    }

    /// The function.
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
