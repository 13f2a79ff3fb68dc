//! What was taken away again, column by column, as far as it bounds rounding.
//!
//! A sum that once held something large is off by the rounding of that, also when it has gone. At any time each row held was
//! either there in the end or taken away later, so a column never held more energy than it does now plus the squares of what was
//! taken away: no more than the number of rows times the square of the largest entry.

use crate::{Lane, ScalarType};

/// Widens the largest entry taken away of each column.
pub(super) fn remember<L: Lane>(largest: &mut [L], entries: &[L]) {
    for (largest, &x) in largest.iter_mut().zip(entries) {
        if x.to_real::<f64>().abs() > largest.to_real::<f64>() {
            *largest = x.negate_if(x.to_real::<f64>() < 0.0);
        }
    }
}

/// Relative rounding error of an addition.
pub(super) const fn rounding<L: Lane>() -> f64 {
    match L::TYPE {
        ScalarType::F32 => f32::EPSILON as f64,
        ScalarType::F64 => f64::EPSILON,
        _ => 0.0,
    }
}

/// How far a sum of `operations` terms may be off, as a share of what it held: with random signs of the roundings, up to
/// a probability of `2e-14` (Higham and Mary, SIAM J. Sci. Comput. 41 (2019) A2815, theorem 2.4 with lambda 8).
pub(super) fn drift(operations: u64, rounding: f64) -> f64 {
    8.0 * crate::Real::sqrt(operations as f64) * rounding / 2.0
}
