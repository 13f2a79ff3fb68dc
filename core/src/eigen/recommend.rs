//! Which method of the eigen family suits a budget of memory.

use super::{CandidIncrementalParams, ExactEigenParams, FrequentDirectionsParams, RandomOrderEigenParams};
use crate::{Error, Rule};

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

/// Room for heavy rows that the random-order method should have at least, and the default, above which more seldom helps.
const HEAVY_CAPACITY: (usize, usize) = (4, 16);

/// The method to take for rows of `dim` entries, `rank` vectors and `scalars` of storage: as many as `storage_len` of the
/// method's parameters asks for, with scratch and order check.
///
/// The exact covariance whenever it fits; then the random-order method if the order is known to be random; then Frequent
/// Directions; and with next to no memory the candid incremental method.
///
/// # Errors
/// [`Error::Storage`] if not even the last one fits, with what it needs; [`Error::Parameter`] if there are no columns, or
/// no vector or more vectors than columns are wanted.
///
/// # Example
/// ```
/// use sketchlet_core::{Error, eigen::{Method, recommend}};
/// assert_eq!(recommend(9, 1, 1000, true), Ok(Method::Exact));
/// assert_eq!(recommend(256, 1, 10_000, true), Ok(Method::RandomOrder { heavy_capacity: 16 }));
/// assert_eq!(recommend(256, 1, 10_000, false), Ok(Method::FrequentDirections { sketch_rows: 15 }));
/// assert_eq!(recommend(256, 1, 300, true), Ok(Method::CandidIncremental));
/// assert_eq!(recommend(256, 1, 200, true), Err(Error::Storage { needed: 256, got: 200 }));
/// ```
pub fn recommend(dim: usize, rank: usize, scalars: usize, random_order: bool) -> Result<Method, Error> {
    if dim == 0 {
        return Err(Error::Parameter { name: &"dim", rule: Rule::POSITIVE });
    }
    if rank == 0 || rank > dim {
        return Err(Error::Parameter { name: &"rank", rule: Rule::WITHIN_DIM });
    }
    if ExactEigenParams::new(dim).rank(rank).storage_len() <= scalars {
        return Ok(Method::Exact);
    }
    let (least, most) = HEAVY_CAPACITY;
    let random = RandomOrderEigenParams::new(dim).rank(rank);
    if random_order
        && let Some(heavy_capacity) = largest(least, most, scalars, |c| random.heavy_capacity(c).storage_len())
    {
        return Ok(Method::RandomOrder { heavy_capacity });
    }
    let directions = FrequentDirectionsParams::new(dim).rank(rank);
    let least = rank.saturating_mul(2).saturating_add(2);
    if let Some(sketch_rows) = largest(least, scalars / dim, scalars, |l| directions.sketch_rows(l).storage_len()) {
        return Ok(Method::FrequentDirections { sketch_rows });
    }
    let needed = CandidIncrementalParams::new(dim).rank(rank).storage_len();
    if needed <= scalars { Ok(Method::CandidIncremental) } else { Err(Error::Storage { needed, got: scalars }) }
}

/// The largest size from `least` to `most` whose storage, which grows with it, fits.
fn largest(least: usize, most: usize, scalars: usize, storage_len: impl Fn(usize) -> usize) -> Option<usize> {
    if least > most || storage_len(least) > scalars {
        return None;
    }
    let (mut fits, mut limit) = (least, most);
    while fits < limit {
        let middle = limit - (limit - fits) / 2;
        if storage_len(middle) <= scalars { fits = middle } else { limit = middle - 1 }
    }
    Some(fits)
}
