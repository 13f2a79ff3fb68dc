//! The power of two that keeps a summary's numbers in range, whatever the units of the data.

use crate::base::matrix::check_finite;
use crate::linalg::vector;
use crate::wire::{Reader, Writer};
use crate::{Error, Real};

/// Scale of a summary: rows are multiplied by `2^-exponent` before anything else sees them.
///
/// Data of ordinary magnitude have exponent 0 and are taken as they are. Otherwise the first row with any energy decides;
/// a later row that exceeds the headroom makes the summary multiply its state by an exact power of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scale {
    exponent: i32,
    known: bool,
}

/// A row that was found good, and what to do with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admitted<T> {
    /// Squared length of the row, after multiplication with `factor`.
    pub(crate) square: T,
    /// Power of two that the row is to be multiplied with.
    pub(crate) factor: T,
    /// Multiply what is linear in the rows by `2^rescale` first; zero nearly always.
    pub(crate) rescale: i32,
}

impl Scale {
    /// Rows are in units of 2 to this.
    pub(crate) const fn exponent(self) -> i32 {
        self.exponent
    }

    /// Exponent of squares: values of the summary are in units of 2 to this.
    pub(crate) fn value_exponent(self) -> i32 {
        2 * self.exponent
    }

    /// Checks a row and takes it into account.
    pub(crate) fn admit<T: Real>(&mut self, dim: usize, row: &[T]) -> Result<Admitted<T>, Error> {
        if row.len() != dim {
            return Err(Error::Dimension { expected: dim, got: row.len() });
        }
        let square = vector::sum_of_squares(row);
        // A square inside these limits proves that every entry is finite and in range: no second pass.
        if self.exponent == 0 && T::is_comfortable_square(square) {
            self.known = true;
            return Ok(Admitted { square, factor: T::ONE, rescale: 0 });
        }
        self.admit_unusual(row)
    }

    /// Whether a finite row can be taken as it is, with no change to the scale; then it is also taken into account.
    pub(crate) fn is_plain<T: Real>(&mut self, row: &[T]) -> bool {
        let plain = self.exponent == 0 && T::is_comfortable_square(vector::sum_of_squares(row));
        self.known |= plain;
        plain
    }

    /// Marks the scale as that of ordinary data; false if another one was chosen before.
    pub(crate) const fn accepts_plain(&mut self) -> bool {
        self.known = self.known || self.exponent == 0;
        self.exponent == 0
    }

    /// Whether rows are taken as they are.
    pub(crate) const fn is_one(self) -> bool {
        self.known && self.exponent == 0
    }

    #[cold]
    fn admit_unusual<T: Real>(&mut self, row: &[T]) -> Result<Admitted<T>, Error> {
        check_finite(row)?;
        let largest = vector::max_abs(row);
        let mut rescale = 0;
        if largest > T::ZERO {
            let e = largest.exponent();
            if !self.known || e.saturating_sub(self.exponent) > T::SCALE_HEADROOM {
                let exponent = if e.abs() <= T::COMFORT { 0 } else { e.max(-Self::limit::<T>()) };
                if self.known {
                    rescale = self.exponent - exponent;
                }
                *self = Self { exponent, known: true };
            }
        }
        let factor = self.factor::<T>();
        let square = vector::dot_times_self(row, factor);
        Ok(Admitted { square, factor, rescale })
    }

    /// Exponents below this would need a factor beyond the largest number.
    fn limit<T: Real>() -> i32 {
        if T::BYTES == 4 { 126 } else { 1022 }
    }

    /// Sums of squares are kept below 2 to this when summaries merge: rows that come later find room above it.
    fn most_squares<T: Real>() -> i32 {
        if T::BYTES == 4 { 90 } else { 880 }
    }

    /// What rows are multiplied with.
    pub(crate) fn factor<T: Real>(self) -> T {
        T::ONE.times_power_of_two(-self.exponent)
    }

    /// Brings two summaries to one scale: how much each one's linear state is to be multiplied by, as powers of two. The energies,
    /// or whatever is largest among the squares, are those before; if both together might come near the largest number, the
    /// scale makes room for them.
    pub(crate) fn align<T: Real>(&mut self, other: Self, energy: T, other_energy: T) -> (i32, i32) {
        match (self.known, other.known) {
            (_, false) => (0, 0),
            (false, true) => {
                *self = other;
                (0, 0)
            }
            (true, true) => {
                let mut common = self.exponent.max(other.exponent);
                let exponent_of = |energy: T, own: i32| energy.exponent().saturating_add(2 * (own - common));
                let sum = exponent_of(energy, self.exponent).max(exponent_of(other_energy, other.exponent));
                if sum > Self::most_squares::<T>() {
                    common += sum / 2;
                }
                let shifts = (self.exponent - common, other.exponent - common);
                self.exponent = common;
                shifts
            }
        }
    }

    /// Whether a row with any energy has been seen, or what counts as one.
    pub(crate) const fn is_known(self) -> bool {
        self.known
    }

    /// Energy comes with rows that set the scale, and is never negative.
    pub(crate) fn check_energy<T: Real>(self, energy: T) -> Result<(), Error> {
        let is_sound = if self.known { energy >= T::ZERO } else { energy == T::ZERO };
        if is_sound { Ok(()) } else { Err(Error::Corrupt) }
    }

    /// What sums and products of rows may come to at most, with some room for rounding.
    pub(crate) fn most<T: Real>(energy: T) -> T {
        energy * T::constant(1.03) + T::COMFORTABLE_SQUARES.0 * T::EPSILON
    }

    pub(crate) fn write(self, w: &mut Writer<'_>) {
        w.u8(u8::from(self.known));
        w.i32(self.exponent);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Error> {
        let (known, exponent) = (r.flag()?, r.i32()?);
        if exponent.unsigned_abs() > 1023 || (!known && exponent != 0) {
            return Err(Error::Corrupt);
        }
        Ok(Self { exponent, known })
    }
}
