//! The scalar types: f32 and f64 with the same bits on every machine, and the integers that linear sketches add.

use super::wide;
use core::fmt::{Debug, Display, LowerExp};
use core::ops::Neg;
use num_traits::{Bounded, FromPrimitive, NumAssign, ToPrimitive};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for i32 {}
    impl Sealed for i64 {}
}

/// The type of the numbers that a summary holds, as its byte form says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ScalarType {
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
}

/// Scalar type, its number in the byte form (its bytes, and 16 more for integers) and its name: the one table.
const SCALARS: [(ScalarType, u8, &str); 4] = [
    (ScalarType::F32, 4, "f32"),
    (ScalarType::F64, 8, "f64"),
    (ScalarType::I32, 20, "i32"),
    (ScalarType::I64, 24, "i64"),
];

impl ScalarType {
    /// Its name in Rust.
    pub fn name(self) -> &'static str {
        SCALARS.iter().find(|entry| entry.0 == self).map_or("", |entry| entry.2)
    }

    pub(crate) fn number(self) -> u8 {
        SCALARS.iter().find(|entry| entry.0 == self).map_or(0, |entry| entry.1)
    }

    pub(crate) fn of(number: u8) -> Option<Self> {
        SCALARS.iter().find(|entry| entry.1 == number).map(|entry| entry.0)
    }
}

/// A number that linear sketches add up: `f32`, `f64`, or `i32`, `i64` with sums that wrap; sealed.
///
/// Wrapping is harmless where the final sum fits: additions and subtractions of integers come out right whatever
/// happened on the way. `Default` gives zero.
///
/// # Example
/// ```
/// use sketchlet_core::Lane;
/// fn sum<L: Lane>(numbers: &[L]) -> L {
///     numbers.iter().fold(L::default(), |sum, &x| sum.plus(x))
/// }
/// assert_eq!(sum(&[i32::MAX, 5, -5]), i32::MAX);
/// assert_eq!(sum(&[0.5, 0.25]), 0.75);
/// ```
pub trait Lane: sealed::Sealed + Copy + Default + PartialEq + Debug + Send + Sync + 'static {
    /// Which one it is.
    const TYPE: ScalarType;
    /// Bytes of one number in the wire form.
    const BYTES: usize;
    /// Sum; wraps on integers.
    #[must_use]
    fn plus(self, other: Self) -> Self;
    /// Difference; wraps on integers.
    #[must_use]
    fn minus(self, other: Self) -> Self;
    /// Product; wraps on integers.
    #[must_use]
    fn times(self, other: Self) -> Self;
    /// The number negated if `flip`: no branch, no rounding; wraps on integers.
    #[must_use]
    fn negate_if(self, flip: bool) -> Self;
    /// Neither NaN nor infinite; true of every integer.
    fn is_finite(self) -> bool;
    /// Whether all entries are finite, in one pass.
    fn all_finite(entries: &[Self]) -> bool;
    /// Whether all entries are so small that sums of them, and of products of two, can't come to overflow: a single step is
    /// below half of the last place of the largest number. True of integers, whose sums wrap.
    fn all_modest(entries: &[Self]) -> bool;
    /// The nearest scalar.
    fn to_real<R: Real>(self) -> R;
    /// Writes the little-endian bytes to the first [`BYTES`](Self::BYTES) of `out`.
    fn write_le(self, out: &mut [u8]);
    /// Reads what [`write_le`](Self::write_le) wrote; `None` if there are too few bytes.
    fn read_le(bytes: &[u8]) -> Option<Self>;
}

/// A floating-point scalar: `f32` or `f64`, sealed.
///
/// # Numerics
/// Arithmetic is that of IEEE 754 and never fused. Every transcendental function comes from `libm`, on every target,
/// so that a server and a microcontroller agree bit for bit; that is why this trait names its own functions instead of
/// using `num_traits::Float`, whose functions change with a feature that any crate of a build can switch on.
///
/// # Example
/// ```
/// use sketchlet_core::Real;
/// fn norm<T: Real>(x: T, y: T) -> T {
///     (x * x + y * y).sqrt()
/// }
/// assert_eq!(norm(3.0f32, 4.0), 5.0);
/// ```
pub trait Real:
    Lane + NumAssign + Neg<Output = Self> + PartialOrd + Bounded + FromPrimitive + ToPrimitive + Display + LowerExp
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Distance from one to the next larger number.
    const EPSILON: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// Numbers of at most this many powers of two, up or down, are far from where squares and their sums overflow or
    /// vanish; summaries keep them as they are.
    const COMFORT: i32;
    /// Squares between these limits are those of comfortable numbers: 2 to plus and minus twice that power.
    const COMFORTABLE_SQUARES: (Self, Self);
    /// Powers of two by which a row may exceed the scale of a summary before the summary rescales itself.
    const SCALE_HEADROOM: i32;

    /// Whether a squared length proves that all entries are finite and far from where squares overflow, and that it did
    /// not vanish itself.
    #[inline(always)]
    fn is_comfortable_square(square: Self) -> bool {
        let (smallest, largest) = Self::COMFORTABLE_SQUARES;
        square >= smallest && square <= largest
    }

    /// The nearest scalar to a constant.
    fn constant(x: f64) -> Self;
    /// The nearest scalar to a count.
    fn count(n: u64) -> Self;
    /// This number as `f64`, exactly.
    fn as_f64(self) -> f64;
    /// Absolute value.
    #[must_use]
    fn abs(self) -> Self;
    /// Larger of two numbers; the other one if one is NaN.
    #[must_use]
    fn max(self, other: Self) -> Self;
    /// Smaller of two numbers; the other one if one is NaN.
    #[must_use]
    fn min(self, other: Self) -> Self;
    /// Square root, correctly rounded.
    #[must_use]
    fn sqrt(self) -> Self;
    /// Exponential function.
    #[must_use]
    fn exp(self) -> Self;
    /// Natural logarithm.
    #[must_use]
    fn ln(self) -> Self;
    /// Natural logarithm of one more, precise near zero.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// Power.
    #[must_use]
    fn pow(self, exponent: Self) -> Self;
    /// Sine, in radians.
    #[must_use]
    fn sin(self) -> Self;
    /// Cosine, in radians.
    #[must_use]
    fn cos(self) -> Self;
    /// Arc sine.
    #[must_use]
    fn asin(self) -> Self;
    /// Cube root.
    #[must_use]
    fn cbrt(self) -> Self;
    /// `e` with `2^e <= |x| < 2^(e + 1)`; `i32::MIN` for zero. The number must be finite.
    fn exponent(self) -> i32;
    /// `x 2^e`, exact unless it overflows or becomes subnormal.
    #[must_use]
    fn times_power_of_two(self, e: i32) -> Self;
}

macro_rules! bytes {
    ($t:ident) => {
        fn write_le(self, out: &mut [u8]) {
            for (to, from) in out.iter_mut().zip(self.to_le_bytes()) {
                *to = from;
            }
        }
        fn read_le(bytes: &[u8]) -> Option<Self> {
            Some($t::from_le_bytes(*bytes.first_chunk()?))
        }
    };
}

macro_rules! float_lane {
    ($t:ident, $bits:ident, $type:ident) => {
        impl Lane for $t {
            const TYPE: ScalarType = ScalarType::$type;
            const BYTES: usize = size_of::<$t>();

            bytes!($t);

            #[inline(always)]
            fn negate_if(self, flip: bool) -> Self {
                $t::from_bits(self.to_bits() ^ (($bits::from(flip)) << ($bits::BITS - 1)))
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            fn all_finite(entries: &[Self]) -> bool {
                // Zero times a finite number is zero, times anything else NaN: sums of such products need no branch.
                let zeros = wide::run(
                    #[inline(always)]
                    || {
                        let (chunks, tail) = entries.as_chunks::<16>();
                        let mut lanes = [0.0; 16];
                        for chunk in chunks {
                            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                                *lane += x * 0.0;
                            }
                        }
                        lanes.iter().chain(tail).fold(0.0, |sum: $t, &x| sum + x * 0.0)
                    },
                );
                zeros == 0.0
            }
            fn all_modest(entries: &[Self]) -> bool {
                // Products of two are below 2^-26 of the largest number in f32, and 2^-63 in f64.
                let limit = 1.0.times_power_of_two(if Self::BYTES == 4 { 50 } else { 480 });
                let large = wide::run(
                    #[inline(always)]
                    || {
                        let (chunks, tail) = entries.as_chunks::<16>();
                        let mut lanes = [0.0; 16];
                        for chunk in chunks {
                            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                                *lane += if $t::abs(x) <= limit { 0.0 } else { 1.0 };
                            }
                        }
                        let tail = tail.iter().map(|&x| if $t::abs(x) <= limit { 0.0 } else { 1.0 });
                        lanes.into_iter().chain(tail).fold(0.0, |sum: $t, x| sum + x)
                    },
                );
                large == 0.0
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn to_real<R: Real>(self) -> R {
                R::constant(self.as_f64())
            }
        }
    };
}

macro_rules! integer_lane {
    ($t:ident, $type:ident) => {
        impl Lane for $t {
            const TYPE: ScalarType = ScalarType::$type;
            const BYTES: usize = size_of::<$t>();

            bytes!($t);

            #[inline(always)]
            fn negate_if(self, flip: bool) -> Self {
                // All bits set if flip: the complement and one more is the negative.
                let mask = -$t::from(flip);
                (self ^ mask).wrapping_sub(mask)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                true
            }
            fn all_finite(_: &[Self]) -> bool {
                true
            }
            fn all_modest(_: &[Self]) -> bool {
                true
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            #[inline]
            #[allow(clippy::cast_lossless, reason = "one macro for both widths")]
            fn to_real<R: Real>(self) -> R {
                // Through the magnitude, which rounds once; through f64 a large i64 would be rounded twice on its way to f32.
                R::count(self.unsigned_abs() as u64).negate_if(self < 0)
            }
        }
    };
}

float_lane!(f32, u32, F32);
float_lane!(f64, u64, F64);
integer_lane!(i32, I32);
integer_lane!(i64, I64);

macro_rules! real {
    ($t:ident, $bits:ident, $headroom:expr, $smallest:expr, $mantissa:expr, $bias:expr, $sqrt:path, $exp:path, $ln:path, $ln_1p:path, $pow:path,
     $sin:path, $cos:path, $asin:path, $cbrt:path, $scalbn:path) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $t::EPSILON;
            const INFINITY: Self = $t::INFINITY;
            const COMFORT: i32 = $headroom / 2;
            const COMFORTABLE_SQUARES: (Self, Self) = ($smallest, 1.0 / $smallest);
            const SCALE_HEADROOM: i32 = $headroom;

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, reason = "nearest scalar is what is asked for")]
            fn constant(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn count(n: u64) -> Self {
                n as $t
            }
            #[inline(always)]
            #[allow(clippy::cast_lossless, reason = "one macro for both scalars")]
            fn as_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[cfg_attr(feature = "std", inline(always))]
            #[cfg_attr(not(feature = "std"), inline)]
            fn max(self, other: Self) -> Self {
                // Not the standard library's, which leaves the sign of zero open.
                if self < other { other } else { self }
            }
            #[cfg_attr(feature = "std", inline(always))]
            #[cfg_attr(not(feature = "std"), inline)]
            fn min(self, other: Self) -> Self {
                if other < self { other } else { self }
            }
            #[inline]
            fn sqrt(self) -> Self {
                $sqrt(self)
            }
            fn exp(self) -> Self {
                $exp(self)
            }
            fn ln(self) -> Self {
                $ln(self)
            }
            fn ln_1p(self) -> Self {
                $ln_1p(self)
            }
            fn pow(self, exponent: Self) -> Self {
                $pow(self, exponent)
            }
            fn sin(self) -> Self {
                $sin(self)
            }
            fn cos(self) -> Self {
                $cos(self)
            }
            fn asin(self) -> Self {
                $asin(self)
            }
            fn cbrt(self) -> Self {
                $cbrt(self)
            }
            #[inline]
            #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "an exponent fits in i32")]
            fn exponent(self) -> i32 {
                let magnitude = self.to_bits() & ($bits::MAX >> 1);
                if magnitude == 0 {
                    return i32::MIN;
                }
                match (magnitude >> $mantissa) as i32 {
                    // A subnormal: the position of its leading bit decides.
                    0 => ($bits::BITS - 1 - magnitude.leading_zeros()) as i32 - $mantissa - $bias + 1,
                    e => e - $bias,
                }
            }
            #[inline]
            fn times_power_of_two(self, e: i32) -> Self {
                $scalbn(self, e)
            }
        }
    };
}

real!(
    f32,
    u32,
    40,
    f32::from_bits((127 - 40) << 23),
    23,
    127,
    libm::sqrtf,
    libm::expf,
    libm::logf,
    libm::log1pf,
    libm::powf,
    libm::sinf,
    libm::cosf,
    libm::asinf,
    libm::cbrtf,
    libm::scalbnf
);
real!(
    f64,
    u64,
    400,
    f64::from_bits((1023 - 400) << 52),
    52,
    1023,
    libm::sqrt,
    libm::exp,
    libm::log,
    libm::log1p,
    libm::pow,
    libm::sin,
    libm::cos,
    libm::asin,
    libm::cbrt,
    libm::scalbn
);

/// A number with an exponent of its own, `mantissa * 2^exponent`: squared singular values of data whose squares would
/// overflow or vanish in the scalar type.
///
/// # Example
/// ```
/// use sketchlet_core::Scaled;
/// let square_of_a_huge_number = Scaled { mantissa: 1.5f32, exponent: 200 };
/// assert_eq!(square_of_a_huge_number.as_f64(), 1.5 * 2f64.powi(200));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled<T> {
    /// The number before the power of two.
    pub mantissa: T,
    /// The power of two.
    pub exponent: i32,
}

impl<T: Real> Scaled<T> {
    /// The number in `f64`; infinite or zero where even that can't hold it.
    pub fn as_f64(self) -> f64 {
        self.mantissa.as_f64().times_power_of_two(self.exponent)
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "test data are small, or cut on purpose")]
mod tests {
    use super::*;

    #[test]
    fn comfortable_squares_are_those_of_comfortable_numbers() {
        assert_eq!(f32::COMFORTABLE_SQUARES.0, 1.0f32.times_power_of_two(-2 * f32::COMFORT));
        assert_eq!(f64::COMFORTABLE_SQUARES.1, 1.0f64.times_power_of_two(2 * f64::COMFORT));
    }

    #[test]
    fn exponent_brackets_the_magnitude() {
        for x in [1.0f64, 1.5, 2.0, 0.75, f64::MIN_POSITIVE, 5e-324, 3e-310, f64::MAX] {
            let e = Real::exponent(x);
            assert!(1.0.times_power_of_two(e) <= x, "{x}");
            assert!(e == 1023 || x < 1.0.times_power_of_two(e + 1), "{x}");
            assert_eq!(Real::exponent(-x), e);
        }
        assert_eq!(Real::exponent(1e-45f32), -149);
        assert_eq!(Real::exponent(0.0f32), i32::MIN);
    }

    #[test]
    fn integer_lanes_wrap_and_round_once() {
        assert_eq!(i32::MAX.plus(2).minus(2), i32::MAX);
        assert_eq!(i64::MIN.minus(1), i64::MAX);
        // Just above the middle of two f32: through f64 it would fall on the middle and go to the even one below.
        let x = (1i64 << 60) + (1 << 36) + 1;
        assert_eq!(x.to_real::<f32>(), (2f64.powi(60) + 2f64.powi(37)) as f32);
        assert_eq!((-x).to_real::<f32>(), -x.to_real::<f32>());
        assert_eq!(i64::MIN.to_real::<f64>(), -(2f64.powi(63)));
        assert_eq!((-7i32).to_real::<f64>(), -7.0);
    }

    #[test]
    fn negate_if_changes_the_sign_bit_only() {
        assert_eq!(2.5f32.negate_if(true), -2.5);
        assert_eq!(2.5f64.negate_if(false), 2.5);
        assert!(0.0f32.negate_if(true).is_sign_negative());
        assert_eq!([7i32.negate_if(true), 7.negate_if(false), i32::MIN.negate_if(true)], [-7, 7, i32::MIN]);
    }
}
