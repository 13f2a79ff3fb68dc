//! Guesses of the best value: powers of a ratio, exact under scaling by powers of two.

use crate::{Error, Real, Rule};

impl Rule {
    /// 1, 2, 4, 8 or 16.
    pub const LADDER_STEPS: Self = Self::new(&"must be 1, 2, 4, 8 or 16");
    /// As many as the guarantee needs, or more.
    pub const ENOUGH_GUESSES: Self = Self::new(&"must be enough for the guarantee: leave it out");
}

/// `2^(i / 16)`.
#[allow(clippy::unreadable_literal, reason = "digits of a table")]
const ROOTS: [f64; 17] = [
    1.0,
    1.0442737824274138,
    1.0905077326652577,
    1.1387886347566916,
    1.189207115002721,
    1.241857812073484,
    1.2968395546510096,
    1.3542555469368927,
    core::f64::consts::SQRT_2,
    1.4768261459394993,
    1.5422108254079407,
    1.6104903319492543,
    1.681792830507429,
    1.7562521603732995,
    1.8340080864093424,
    1.9152065613971474,
    2.0,
];

/// With more thresholds in a guess, small values would have no room in `f32`.
pub(super) const MOST_PARTS: f64 = 4_294_967_296.0;

/// How often a number has to be halved to be at most 1.
pub(super) const fn doublings(mut x: f64) -> usize {
    let mut doublings = 0;
    while x > 1.0 && doublings < 64 {
        x /= 2.0;
        doublings += 1;
    }
    doublings
}

/// How often 1 has to be doubled to be at least `x`.
pub(super) const fn doublings_to(x: usize) -> usize {
    (usize::BITS - x.saturating_sub(1).leading_zeros()) as usize
}

/// Number of guesses in a number of doublings, with one more at either end.
pub(super) const fn guesses_in(doublings: usize, steps: u32) -> usize {
    doublings.saturating_mul(steps as usize).saturating_add(2)
}

/// The rule for guesses in a doubling.
pub(super) fn ladder_steps(steps: u32) -> Result<(), Rule> {
    if steps.is_power_of_two() && steps <= 16 { Ok(()) } else { Err(Rule::LADDER_STEPS) }
}

/// Guesses `2^(j / steps)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ladder {
    steps: u32,
}

impl Ladder {
    pub(super) fn new(steps: u32) -> Result<Self, Error> {
        let checked = ladder_steps(steps).map(|()| Self { steps });
        checked.map_err(|rule| Error::Parameter { name: &"ladder_steps", rule })
    }

    fn root(self, step: i32) -> f64 {
        let place = step.unsigned_abs() as usize * (16 / self.steps as usize);
        ROOTS.get(place).copied().unwrap_or(2.0)
    }

    /// The ratio of neighbouring guesses.
    pub(super) fn ratio<T: Real>(self) -> T {
        T::constant(self.root(1))
    }

    /// Guess `j`.
    pub(super) fn guess<T: Real>(self, j: i32) -> T {
        let steps = self.steps.cast_signed();
        T::constant(self.root(j.rem_euclid(steps))).times_power_of_two(j.div_euclid(steps))
    }

    /// The threshold of guess `j`: the guess over the number of parts.
    pub(super) fn threshold<T: Real>(self, j: i32, parts: T) -> T {
        self.guess::<T>(j) / parts
    }

    /// `(1 + ratio) size` parts, which give the guarantee `1 / (1 + ratio)`.
    pub(super) fn parts<T: Real>(self, size: usize) -> T {
        (T::ONE + self.ratio()) * T::count(size as u64)
    }

    /// The lowest guess that is at least `x`, a positive number.
    pub(super) fn at_least<T: Real>(self, x: T) -> i32 {
        let octave = x.exponent() * self.steps.cast_signed();
        // The guess after the last of the octave is a power of two above x.
        (octave..octave + self.steps.cast_signed())
            .find(|&j| self.guess::<T>(j) >= x)
            .unwrap_or(octave + self.steps.cast_signed())
    }

    /// The highest guess that is at most `x`, a positive number.
    pub(super) fn at_most<T: Real>(self, x: T) -> i32 {
        let above = self.at_least(x);
        if self.guess::<T>(above) == x { above } else { above - 1 }
    }

    /// The highest guess whose threshold is at most `x`, a positive number.
    pub(super) fn highest_for<T: Real>(self, x: T, parts: T) -> i32 {
        // Close by; rounding decides between neighbours, so the comparison itself is asked.
        let mut j = self.at_least(x * parts);
        while self.threshold(j, parts) > x {
            j -= 1;
        }
        while self.threshold(j + 1, parts) <= x {
            j += 1;
        }
        j
    }
}

/// The ratio of guesses, for parameters with `ladder_steps`.
macro_rules! ratio {
    ($name:ident) => {
        impl $name {
            /// The ratio of neighbouring guesses.
            ///
            /// # Errors
            /// [`Error::Parameter`] for an impossible number of steps.
            pub fn ratio(&self) -> Result<f64, Error> {
                $crate::submodular::ladder::Ladder::new(self.ladder_steps).map(|ladder| ladder.ratio())
            }
        }
    };
}

pub(super) use ratio;

/// Refuses values whose guesses and thresholds could leave the range of the scalar.
pub(super) fn check_value<T: Real>(x: T, parts: T, id: usize) -> Result<(), Error> {
    if !x.is_finite() {
        return Err(Error::NonFinite { index: id });
    }
    if x < T::ZERO {
        return Err(Error::Negative { index: id });
    }
    let smallest = if T::BYTES == 4 { -100 } else { -900 };
    let largest = T::max_value() / T::constant(4.0);
    let is_in_scale = x == T::ZERO || (x.exponent() >= smallest && x <= largest / parts);
    if is_in_scale { Ok(()) } else { Err(Error::Scale { index: id }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guesses_in<T: Real>() {
        for steps in [1, 2, 4, 8, 16] {
            let ladder = Ladder::new(steps).unwrap();
            let ratio = 2f64.powf(1.0 / f64::from(steps));
            assert!((ladder.ratio::<T>().as_f64() - ratio).abs() < 1e-7);
            for j in -70..70 {
                let guess = ladder.guess::<T>(j);
                assert!((guess.as_f64() / ratio.powi(j) - 1.0).abs() < 1e-6, "{steps} {j}");
                assert_eq!(ladder.at_least(guess), j);
                assert_eq!(ladder.at_least(guess * (T::ONE + T::EPSILON)), j + 1);
                assert_eq!(ladder.at_least(guess * (T::ONE - T::EPSILON)), j);
                assert_eq!((ladder.at_most(guess), ladder.at_most(guess * (T::ONE + T::EPSILON))), (j, j));
                assert_eq!(ladder.at_most(guess * (T::ONE - T::EPSILON)), j - 1);
                assert_eq!(ladder.guess::<T>(j + steps.cast_signed()), guess + guess);
                for size in [1, 7, 64] {
                    let parts = ladder.parts(size);
                    let x = ladder.threshold::<T>(j, parts);
                    assert_eq!(ladder.highest_for(x, parts), j);
                    assert_eq!(ladder.highest_for(x * (T::ONE - T::EPSILON), parts), j - 1);
                }
            }
        }
        for steps in [0, 3, 5, 32] {
            assert_eq!(Ladder::new(steps), Err(Error::Parameter { name: &"ladder_steps", rule: Rule::LADDER_STEPS }));
        }
    }

    #[test]
    fn guesses_are_powers_of_the_ratio_and_found_again() {
        guesses_in::<f32>();
        guesses_in::<f64>();
    }

    #[test]
    fn values_out_of_scale_are_refused() {
        let ladder = Ladder::new(4).unwrap();
        let checked = |x: f32| check_value(x, ladder.parts(10), 3);
        assert_eq!([checked(0.0), checked(1.0), checked(1e-30), checked(1e36)], [Ok(()); 4]);
        assert_eq!(checked(f32::NAN), Err(Error::NonFinite { index: 3 }));
        assert_eq!(checked(f32::INFINITY), Err(Error::NonFinite { index: 3 }));
        assert_eq!(checked(-1.0), Err(Error::Negative { index: 3 }));
        assert_eq!([checked(1e-31), checked(f32::MIN_POSITIVE), checked(1e37)], [Err(Error::Scale { index: 3 }); 3]);
        assert_eq!(check_value(1e-272, ladder.parts(10), 3), Err(Error::Scale { index: 3 }));
    }
}
