//! The scale of rbf similarities, in a unit in which squares of distances neither overflow nor vanish.

use crate::Real;
use serde_json::{Map, Value, json};

/// Gamma of `exp(-gamma |x - y|^2)`, with distances measured in a unit that is a power of two: 1 for ordinary data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gamma {
    /// Gamma in that unit.
    scaled: f64,
    /// The power of two.
    unit: i32,
}

impl Gamma {
    /// One that is given.
    pub(super) fn given<T: Real>(gamma: f64) -> Self {
        if T::is_comfortable_square(T::constant(1.0 / gamma)) {
            return Self { scaled: gamma, unit: 0 };
        }
        let unit = within::<T>(-gamma.exponent() / 2);
        Self { scaled: gamma.times_power_of_two(2 * unit), unit }
    }

    /// One over the median square of the distances of pairs, of those that differ if most don't; 1 if none does.
    pub(super) fn measured<'a, T: Real, P: Iterator<Item = (&'a [T], &'a [T])>>(pairs: impl Fn() -> P) -> Self {
        let plain = median(pairs().map(|(x, y)| square(x, y, 0).as_f64()).collect());
        if T::is_comfortable_square(T::constant(plain)) {
            return Self { scaled: 1.0 / plain, unit: 0 };
        }
        let mut spans: Vec<i32> = pairs().map(|(x, y)| span(x, y)).collect();
        spans.sort_unstable();
        let differ_mostly = spans.get(spans.len() / 2).is_some_and(|&span| span > i32::MIN);
        spans.retain(|&span| differ_mostly || span > i32::MIN);
        let Some(&typical) = spans.get(spans.len() / 2) else { return Self { scaled: 1.0, unit: 0 } };
        let unit = within::<T>(typical);
        let counted = pairs().filter(|(x, y)| differ_mostly || span(x, y) > i32::MIN);
        Self { scaled: 1.0 / median(counted.map(|(x, y)| square(x, y, unit).as_f64()).collect()), unit }
    }

    /// Gamma itself, if a number can hold it.
    pub(super) fn plain(self) -> Option<f64> {
        let plain = self.scaled.times_power_of_two(-2 * self.unit);
        (plain.times_power_of_two(2 * self.unit) == self.scaled).then_some(plain)
    }

    /// Gamma of rows that are measured in the unit, and the unit's power of two.
    pub(super) const fn in_unit(self) -> (f64, i32) {
        (self.scaled, self.unit)
    }

    pub(super) fn similarity<T: Real>(self, x: &[T], y: &[T]) -> T {
        (T::constant(-self.scaled).max(T::min_value()) * square(x, y, self.unit)).exp()
    }

    /// Tells of a gamma that no number can hold.
    pub(super) fn put_scaled(self, told: &mut Map<String, Value>) {
        if self.plain().is_none() {
            told.insert("gamma_scaled".into(), json!({ "mantissa": self.scaled, "exponent": -2 * self.unit }));
        }
    }
}

/// The nearest unit by which numbers can be multiplied and divided.
fn within<T: Real>(unit: i32) -> i32 {
    let limit = T::max_value().exponent() - 3;
    unit.clamp(-limit, limit)
}

/// Square of the distance, in units of a power of two.
fn square<T: Real>(x: &[T], y: &[T], unit: i32) -> T {
    let factor = T::ONE.times_power_of_two(-unit);
    match unit {
        0 => sum_of_squares(x, y, |x, y| x - y),
        // The difference of entries may overflow.
        1.. => sum_of_squares(x, y, |x, y| x * factor - y * factor),
        // The entries may, but what is that far apart has nothing in common.
        _ => sum_of_squares(x, y, |x, y| (x - y) * factor),
    }
}

fn sum_of_squares<T: Real>(x: &[T], y: &[T], difference: impl Fn(T, T) -> T) -> T {
    x.iter().zip(y).map(|(&x, &y)| difference(x, y)).fold(T::ZERO, |sum, x| sum + x * x)
}

/// The power of two of the largest difference; that of zero for equal rows.
fn span<T: Real>(x: &[T], y: &[T]) -> i32 {
    let half = T::constant(0.5);
    let spans = x.iter().zip(y).map(|(&x, &y)| {
        let difference = x - y;
        if difference.is_finite() { difference.exponent() } else { (x * half - y * half).exponent() + 1 }
    });
    spans.max().unwrap_or(i32::MIN)
}

/// Zero of none.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    match numbers.len() {
        0 => 0.0,
        even if even % 2 == 0 => numbers[half - 1].midpoint(numbers[half]),
        _ => numbers[half],
    }
}
