//! Checks of the weights of rows and of forgetting factors.

use crate::{Error, Real, Rule};

/// The square root of a weight, if the row stays finite with it.
pub(super) fn root_of_weight<T: Real>(row: &[T], weight: T) -> Result<T, Error> {
    if !weight.is_finite() {
        return Err(Error::NonFinite { index: row.len() });
    }
    if weight < T::ZERO {
        return Err(Error::Parameter { name: &"weight", rule: Rule::NOT_NEGATIVE });
    }
    let root = weight.sqrt();
    let overflow = row.iter().position(|&x| !(x * root).is_finite());
    overflow.map_or(Ok(root), |index| Err(Error::NonFinite { index }))
}

/// Refuses a forgetting factor outside (0, 1].
pub(super) fn check_forgetting<T: Real>(factor: T) -> Result<(), Error> {
    let is_fraction = factor > T::ZERO && factor <= T::ONE;
    if is_fraction { Ok(()) } else { Err(Error::Parameter { name: &"factor", rule: Rule::FRACTION }) }
}
