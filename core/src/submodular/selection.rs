//! The answer of a selection.

/// The value of the elements chosen, whose ids are `selected()` of the selection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selection<T> {
    /// Value of the elements chosen.
    pub value: T,
    /// An upper bound, up to rounding, on the value of any set of as many elements; `None` without such a bound.
    pub upper_bound: Option<T>,
    /// Number of elements chosen.
    pub len: usize,
    /// Whether elements were inserted or deleted since. The value and the bound then belong to the set before, while deleted elements are
    /// no longer among `selected()`.
    pub stale: bool,
}

impl<T: crate::Real> Selection<T> {
    /// The proven share of the best value: `value / upper_bound`, or 1 if the bound is 0.
    pub fn ratio(&self) -> Option<T> {
        let bound = self.upper_bound?;
        Some(if bound > T::ZERO { self.value / bound } else { T::ONE })
    }
}

/// The state of a guess of the best value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess<'a, T, D> {
    /// The least gain of a pivot given those before.
    pub threshold: T,
    /// The pivot of each level: uniformly random among its candidates, given the pivots of the levels before.
    pub pivots: &'a [D],
    /// All candidates, in order of the last level that each belongs to.
    pub members: &'a [D],
}
