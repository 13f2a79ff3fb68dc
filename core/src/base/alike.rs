//! Checks that two summaries, or a summary and its bytes, agree in every parameter that must match.

use super::difference::Difference;
use super::error::Error;

impl Difference {
    /// Fails unless the sides are the same: what a [`Merge`](crate::Merge) does before it changes anything.
    ///
    /// # Errors
    /// [`Error::Incompatible`], with both sides.
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::{Difference, Error, Merge};
    /// struct Histogram {
    ///     width: f64,
    ///     counts: Vec<u64>,
    /// }
    /// impl Merge for Histogram {
    ///     fn merge(&mut self, other: &Self) -> Result<(), Error> {
    ///         Difference::Width.check(self.width, other.width)?;
    ///         Difference::Size.check(self.counts.len(), other.counts.len())?;
    ///         self.counts.iter_mut().zip(&other.counts).for_each(|(count, other)| *count += other);
    ///         Ok(())
    ///     }
    /// }
    /// let mut short = Histogram { width: 0.5, counts: vec![1, 2] };
    /// let long = Histogram { width: 0.5, counts: vec![3, 4, 5] };
    /// assert_eq!(short.merge(&long), Err(Error::Incompatible { what: Difference::Size, expected: 2, got: 3 }));
    /// ```
    pub fn check(self, expected: impl Side, got: impl Side) -> Result<(), Error> {
        let (expected, got) = (expected.bits(), got.bits());
        if expected == got { Ok(()) } else { Err(Error::Incompatible { what: self, expected, got }) }
    }
}

/// What can be on either side of a [`Difference`]: `u8`, `u32`, `u64`, `usize`, `bool` and `f64`. Sealed.
pub trait Side: sealed::Sealed {
    /// The bits that [`Error::Incompatible`] tells: equal if the values are.
    fn bits(self) -> u64;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! sides {
    ($($type:ty: |$x:ident| $bits:expr,)*) => {$(
        impl sealed::Sealed for $type {}

        impl Side for $type {
            fn bits(self) -> u64 {
                let $x = self;
                $bits
            }
        }
    )*};
}

sides! {
    u8: |x| x.into(),
    u32: |x| x.into(),
    u64: |x| x,
    usize: |x| x as u64,
    bool: |x| x.into(),
    // Both zeros are the same number.
    f64: |x| (x + 0.0).to_bits(),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "alloc")]
    #[test]
    fn sentences_name_what_differs_and_both_sides() {
        use alloc::string::ToString;
        let text = |what: Difference, expected: u64, got: u64| Error::Incompatible { what, expected, got }.to_string();
        assert_eq!(text(Difference::Seed, 7, 8), "seed is 8, 7 expected: only like summaries combine");
        let (mine, theirs) = (1.3f64.to_bits(), 2f64.to_bits());
        assert_eq!(text(Difference::Growth, mine, theirs), "growth is 2, 1.3 expected: only like summaries combine");
        assert!(text(Difference::Kind, 258, 513).starts_with("type is 2.1, 1.2 expected: take the type"));
        assert!(text(Difference::Overlap, 3, 9).starts_with("rows 3 to 9 are in both summaries"));
    }

    #[test]
    fn difference_tells_both_sides_and_zeros_are_one_number() {
        assert_eq!(Difference::Growth.check(0.0, -0.0), Ok(()));
        let error = Error::Incompatible { what: Difference::Seed, expected: 1, got: 2 };
        assert_eq!(Difference::Seed.check(1u64, 2u64), Err(error));
    }
}
