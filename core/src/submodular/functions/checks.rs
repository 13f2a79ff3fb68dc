//! Checks of the data of a function.

use crate::{Error, Real};

/// Refuses a wrong number of weights, and weights that are NaN, infinite or negative.
pub(super) fn check_weights<W: Real>(weights: &[W], expected: usize) -> Result<(), Error> {
    let got = weights.len();
    if expected != got {
        return Err(Error::Dimension { expected, got });
    }
    check_entries(weights.iter().map(|w| w.as_f64()))
}

/// Refuses entries that are NaN, infinite or negative, with the place of the first.
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

/// Lists of numbers below a bound, one after the other. List `i` stands between offsets `i` and `i + 1`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lists<'a> {
    offsets: &'a [u32],
    items: &'a [u32],
}

impl<'a> Lists<'a> {
    /// Refuses offsets that don't ascend from 0 to the number of items, and items not below the bound, with the place of the first.
    pub(super) fn new(offsets: &'a [u32], items: &'a [u32], bound: usize) -> Result<Self, Error> {
        let (expected, got) = (items.len(), offsets.last().map_or(0, |&last| last as usize));
        if offsets.first() != Some(&0) || expected != got || !offsets.is_sorted() {
            return Err(Error::Dimension { expected, got });
        }
        match items.iter().position(|&item| item as usize >= bound) {
            Some(index) => Err(Error::NotFound { index }),
            None => Ok(Self { offsets, items }),
        }
    }

    /// Number of lists.
    pub(super) const fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of items of all lists.
    pub(super) const fn items(&self) -> usize {
        self.items.len()
    }

    /// A list, with the place of each item among all.
    pub(super) fn list(&self, i: usize) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let (first, last) = (self.offsets[i] as usize, self.offsets[i + 1] as usize);
        (first..last).zip(self.items[first..last].iter().map(|&item| item as usize))
    }
}
