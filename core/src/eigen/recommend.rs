//! Which method for which budget.

/// A method of the family with the knobs that follow from a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// [`ExactEigen`](super::ExactEigen).
    Exact,
    /// [`RandomOrderEigen`](super::RandomOrderEigen) with this many heavy rows.
    RandomOrder {
        /// Room for heavy rows.
        heavy_capacity: usize,
    },
    /// [`FrequentDirections`](super::FrequentDirections) with this many sketch rows.
    FrequentDirections {
        /// Rows that a shrink leaves.
        sketch_rows: usize,
    },
    /// [`CandidIncremental`](super::CandidIncremental).
    CandidIncremental,
}

/// The method to take for rows of `dim` entries, `rank` vectors and `words` scalars of state, scratch not counted.
///
/// The exact covariance whenever it fits; then the random-order method if the order is known to be random; then Frequent
/// Directions; and with next to no memory the candid incremental method.
///
/// # Example
/// ```
/// use sketchlet_core::eigen::{Method, recommend};
/// assert_eq!(recommend(9, 1, 1000, true), Method::Exact);
/// assert_eq!(recommend(256, 1, 8000, true), Method::RandomOrder { heavy_capacity: 16 });
/// assert_eq!(recommend(256, 1, 8000, false), Method::FrequentDirections { sketch_rows: 15 });
/// assert_eq!(recommend(256, 1, 300, true), Method::CandidIncremental);
/// ```
pub fn recommend(dim: usize, rank: usize, words: usize, random_order: bool) -> Method {
    if crate::linalg::packed::len(dim) <= words {
        return Method::Exact;
    }
    // Below this point dim is large against the budget, so none of the products can overflow by much; saturate anyway.
    let vectors = rank.saturating_add(2).saturating_mul(3);
    if random_order && vectors.saturating_add(4).saturating_mul(dim) <= words {
        let heavy_capacity = (words / dim).saturating_sub(vectors).min(16);
        return Method::RandomOrder { heavy_capacity };
    }
    let sketch_rows = words / dim.saturating_mul(2).max(1);
    if sketch_rows >= rank.saturating_mul(2).saturating_add(2) {
        return Method::FrequentDirections { sketch_rows };
    }
    Method::CandidIncremental
}
