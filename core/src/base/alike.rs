//! Checks that two summaries, or a summary and its bytes, agree in every parameter that must match.

use super::difference::Difference;
use super::error::Error;

impl Difference {
    /// Fails unless the sides are the same.
    pub(crate) fn check(self, expected: impl Side, got: impl Side) -> Result<(), Error> {
        let (expected, got) = (expected.bits(), got.bits());
        if expected == got { Ok(()) } else { Err(Error::Incompatible { what: self, expected, got }) }
    }
}

/// A side of a difference, as bits that are equal if the values are.
pub(crate) trait Side {
    fn bits(self) -> u64;
}

impl Side for u64 {
    fn bits(self) -> u64 {
        self
    }
}

impl Side for usize {
    fn bits(self) -> u64 {
        self as u64
    }
}

impl Side for u8 {
    fn bits(self) -> u64 {
        self.into()
    }
}

impl Side for u32 {
    fn bits(self) -> u64 {
        self.into()
    }
}

impl Side for bool {
    fn bits(self) -> u64 {
        self.into()
    }
}

impl Side for f64 {
    fn bits(self) -> u64 {
        // Both zeros are the same number.
        (self + 0.0).to_bits()
    }
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
