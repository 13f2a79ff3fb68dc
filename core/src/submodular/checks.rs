//! Checks of what a function is made of.

use crate::{Error, Real};

/// Refuses weights of another number, and those that are no weights.
pub(super) fn check_weights<W: Real>(weights: &[W], expected: usize) -> Result<(), Error> {
    let got = weights.len();
    if expected != got {
        return Err(Error::Dimension { expected, got });
    }
    check_entries(weights.iter().map(|w| w.as_f64()))
}

/// Refuses what is NaN, infinite or negative, with its place.
pub(super) fn check_entries(entries: impl Iterator<Item = f64>) -> Result<(), Error> {
    for (index, x) in entries.enumerate() {
        if !x.is_finite() {
            return Err(Error::NonFinite { index });
        }
        if x < 0.0 {
            return Err(Error::Negative { index });
        }
    }
    Ok(())
}
