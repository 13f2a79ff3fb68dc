//! What a selection answers.

/// The worth of the elements chosen. Their ids are `selected()` of what was asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selection<T> {
    /// The function of the elements chosen.
    pub value: T,
    /// No set of so many elements is worth more, to rounding; `None` where there is no such bound.
    pub upper_bound: Option<T>,
    /// Number of elements chosen.
    pub len: usize,
    /// Whether elements have come or gone since: the value and the bound are those of before, the elements chosen that have
    /// gone are no longer among `selected()`.
    pub stale: bool,
}

impl<T: crate::Real> Selection<T> {
    /// Share of the best value that is proven: `value / upper_bound`, 1 if there is nothing to gain.
    pub fn ratio(&self) -> Option<T> {
        let bound = self.upper_bound?;
        Some(if bound > T::ZERO { self.value / bound } else { T::ONE })
    }
}

/// What is kept for a guess of the best value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess<'a, T, D> {
    /// What each pivot adds at least to those before.
    pub threshold: T,
    /// One of each level, uniformly random among the candidates of that level given those of the levels before.
    pub pivots: &'a [D],
    /// All candidates, by the last level that each belongs to.
    pub members: &'a [D],
}
