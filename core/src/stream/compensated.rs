//! A sum that keeps what rounding takes from it.

use crate::wire::{Reader, Writer};
use crate::{Error, Real};

/// A running sum that keeps the rounding errors of its additions (Neumaier's form of Kahan's summation).
///
/// A plain `f32` sum of equal numbers stops growing at 2^24 of them; this one does not before 2^48 or so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CompensatedSum<T> {
    pub(crate) sum: T,
    pub(crate) lost: T,
}

impl<T: Real> CompensatedSum<T> {
    #[inline(always)]
    pub(crate) fn add(&mut self, x: T) {
        let sum = self.sum + x;
        let (large, small) = if self.sum.abs() >= x.abs() { (self.sum, x) } else { (x, self.sum) };
        self.lost += (large - sum) + small;
        self.sum = sum;
    }

    #[inline]
    pub(crate) fn value(self) -> T {
        self.sum + self.lost
    }

    /// Adds another sum.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.add(other.sum);
        self.add(other.lost);
    }

    pub(crate) fn write(self, w: &mut Writer<'_>) {
        w.real(self.sum);
        w.real(self.lost);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { sum: r.real()?, lost: r.real()? })
    }

    /// Multiplies by a power of two, exactly.
    pub(crate) fn rescale(&mut self, e: i32) {
        self.sum = self.sum.times_power_of_two(e);
        self.lost = self.lost.times_power_of_two(e);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compensated_sum_keeps_growing_in_f32() {
        let mut sum = CompensatedSum::<f32>::default();
        (0..20_000_000u32).for_each(|_| sum.add(1.0));
        assert_eq!(sum.value(), 2e7);
    }
}
