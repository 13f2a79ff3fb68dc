//! How many rows a sketch needs for an error, and the error that a number of rows reaches.

use super::half_width::{divisor_of_signs, spare_rows_of_signs};
use super::student::normal_upper;
use crate::{Error, Real, Rule};

/// Rows of a dense sketch after which every one of `coefficients` coefficients is within
/// `epsilon / sqrt(coefficients) |A x - b| |A^+|` of the exact one, with probability `1 - failure`.
///
/// `m = d + 2 + d (z / epsilon)^2`, rounded up, `z` the normal quantile at `1 - failure / 2 d`: from the exact law of a Gaussian
/// sketch, which the other dense operators follow (measured) from a failure of 0.05 on: below, and for one coefficient, see
/// [`rows_for_signs`]. An intercept counts as a coefficient.
///
/// # Errors
/// [`Error::Parameter`] if there are no coefficients, `epsilon` is not positive, `failure` is outside (0, 1), or more rows
/// would be needed than can be counted.
///
/// # Example
/// ```
/// use sketchlet_core::regression::rows_for;
/// assert_eq!(rows_for(1.0, 0.05, 16)?, 158);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub fn rows_for(epsilon: f64, failure: f64, coefficients: usize) -> Result<usize, Error> {
    let z = quantile(failure, coefficients)?;
    if !(epsilon.is_finite() && epsilon > 0.0) {
        return Err(Error::Parameter { name: &"epsilon", rule: Rule::FINITE_POSITIVE });
    }
    let d = coefficients as f64;
    let rows = libm::ceil(d + 2.0 + d * (z / epsilon) * (z / epsilon));
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and cut at what is addressable"
    )]
    let count = rows as usize;
    if crate::base::storage::is_addressable(count) {
        Ok(count)
    } else {
        Err(Error::Parameter { name: &"epsilon", rule: Rule::ADDRESSABLE })
    }
}

/// [`rows_for`] for dense operators other than [`GaussianSketch`](crate::sketch::GaussianSketch): by the stricter level of
/// [`half_width_level`](super::half_width_level), and never so few that there are no half-widths.
///
/// # Errors
/// As [`rows_for`].
///
/// # Example
/// ```
/// use sketchlet_core::regression::rows_for_signs;
/// assert_eq!(rows_for_signs(1.0, 0.05, 16)?, 158);
/// // 2^-21 is below a millionth, and another eight times as little is asked for.
/// assert_eq!(rows_for_signs(100.0, 1e-6, 1)?, 24);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub fn rows_for_signs(epsilon: f64, failure: f64, coefficients: usize) -> Result<usize, Error> {
    let least = coefficients.saturating_add(spare_rows_of_signs(failure));
    let mut few = rows_for(epsilon, failure, coefficients)?.max(least);
    let needed = |rows: usize| {
        let level = failure / divisor_of_signs(failure, coefficients, rows - coefficients);
        rows_for(epsilon, level, coefficients)
    };
    // The more rows there are, the less strict is the level.
    let mut enough = needed(few)?;
    if enough <= few {
        return Ok(few);
    }
    while few + 1 < enough {
        let middle = few + (enough - few) / 2;
        if needed(middle)? <= middle { enough = middle } else { few = middle }
    }
    Ok(enough)
}

/// The other way round: the `epsilon` of [`rows_for`] that `rows` rows reach.
///
/// # Errors
/// [`Error::Parameter`] as there; [`Error::TooFewRows`] below `coefficients + 2` rows.
///
/// # Example
/// ```
/// use sketchlet_core::regression::epsilon_for;
/// assert!((epsilon_for(158, 0.05, 16)? - 1.0).abs() < 0.01);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub fn epsilon_for(rows: usize, failure: f64, coefficients: usize) -> Result<f64, Error> {
    let z = quantile(failure, coefficients)?;
    let Some(freedom) = rows.checked_sub(coefficients).filter(|&more| more >= 2) else {
        return Err(Error::TooFewRows { needed: coefficients.saturating_add(2) as u64, got: rows as u64 });
    };
    Ok(z * Real::sqrt(coefficients as f64 / (freedom - 1) as f64))
}

fn quantile(failure: f64, coefficients: usize) -> Result<f64, Error> {
    match () {
        () if coefficients == 0 => Err(Error::Parameter { name: &"coefficients", rule: Rule::POSITIVE }),
        () if !(failure > 0.0 && failure < 1.0) => Err(Error::Parameter { name: &"failure", rule: Rule::FRACTION }),
        // Smaller numbers have lost their digits.
        () if failure / (2.0 * coefficients as f64) < f64::MIN_POSITIVE => {
            Err(Error::Parameter { name: &"failure", rule: Rule::RESOLVED })
        }
        () => Ok(normal_upper(failure / (2.0 * coefficients as f64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_counts_are_those_of_the_gaussian_law() {
        let found = [(1.0, 4), (0.5, 4), (0.5, 16), (1.0, 64), (0.5, 64)].map(|(eps, d)| rows_for(eps, 0.05, d));
        assert_eq!(found, [31, 106, 577, 789, 2956].map(Ok));
    }

    #[test]
    fn epsilon_is_the_inverse_of_rows() {
        for d in [1, 5, 100] {
            for eps in [0.1, 0.7, 3.0] {
                let rows = rows_for(eps, 0.01, d).unwrap();
                assert!(epsilon_for(rows, 0.01, d).unwrap() <= eps);
                assert!(epsilon_for((rows - 2).max(d + 2), 0.01, d).unwrap() > eps || rows - 2 < d + 2);
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for eps in [0.0, -1.0, f64::NAN, 1e-300] {
            assert!(matches!(rows_for(eps, 0.05, 3), Err(Error::Parameter { name: &"epsilon", .. })), "{eps}");
        }
        for failure in [0.0, 1.0, f64::NAN] {
            assert!(matches!(rows_for(1.0, failure, 3), Err(Error::Parameter { name: &"failure", .. })));
        }
        for failure in [5e-324, 2e-308] {
            assert!(matches!(rows_for_signs(1.0, failure, 3), Err(Error::Parameter { name: &"failure", .. })));
        }
        assert!(matches!(rows_for(1.0, 0.05, 0), Err(Error::Parameter { name: &"coefficients", .. })));
        assert_eq!(epsilon_for(4, 0.05, 3), Err(Error::TooFewRows { needed: 5, got: 4 }));
        let all = usize::MAX;
        assert_eq!(epsilon_for(all, 0.5, all), Err(Error::TooFewRows { needed: all as u64, got: all as u64 }));
        assert!(epsilon_for(all, 0.5, all - 2).is_ok_and(|epsilon| epsilon > 1e9));
    }
}
