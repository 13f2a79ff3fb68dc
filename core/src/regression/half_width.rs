//! How far off the coefficients of a sketch may be.

use super::StudentT;
use crate::base::params::{fraction, positive};
use crate::linalg::{complete, packed, triangular};
use crate::{Error, Real, Rule};
use core::fmt;

impl Rule {
    /// A probability that half-widths can be found for.
    pub const RESOLVED: Self = Self::new(&"must be a probability whose quantile can be told from infinity");
}

/// Rows of a sketch beyond the features from which half-widths are given.
pub const SPARE_ROWS: usize = 4;
/// Probabilities of a tail below this are not resolved: quantiles would be off.
const LEAST_TAIL: f64 = 1e-100;

/// Why an answer of a sketch has no half-widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NoHalfWidths {
    /// Under a sparse operator one collision of rows can throw a coefficient off by any amount.
    Sparse,
    /// The sketch has too few rows.
    FewRows {
        /// How many it needs.
        needed: usize,
    },
    /// Entries that are signs fail more often than was asked for, whatever the width, unless the sketch has more rows.
    FailureOfSigns {
        /// How many it needs.
        needed: usize,
    },
    /// The failure is so small that no quantile belongs to it in numbers of this type.
    TinyFailure,
}

impl fmt::Display for NoHalfWidths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sparse => f.write_str(
                "a sparse sketch gives no half-widths: where rows collide a coefficient may be off by any amount; take a dense one",
            ),
            Self::FewRows { needed } => write!(f, "no half-widths: they need {needed} rows of the sketch or more"),
            Self::FailureOfSigns { needed } => write!(
                f,
                "no half-widths: a sketch by signs fails more often than that; take {needed} rows of it or more, a larger failure, or a Gaussian sketch"
            ),
            Self::TinyFailure => f.write_str("no half-widths: the failure is too small to be resolved; take a larger one"),
        }
    }
}

/// The level at which half-widths of a sketch of so many rows are to be found, so that they fail with probability `failure` at
/// most.
///
/// Under a Gaussian sketch it is the failure itself. Entries that are signs have no Student tail: with a few rows of data, the
/// residual's sketch vanishes with a probability of about `2^-spare`, `spare` the rows of the sketch beyond the rank, and
/// then every width is 0. For them it is `failure / D`, with `D` the largest of
///
/// - 1, and 2 where the rank is 1;
/// - `min(8, (0.05 / failure)^0.9)`;
/// - `exp(1.75 (ln^2(2 / failure) - ln^2(40)) / spare)` for failures below 0.05: a sum of `m` signs exceeds `x sqrt(m)` about
///   `exp(x^4 / 6 m)` times as often as the Student law says;
///
/// and there are no half-widths where `failure < 8 * 2^-spare`. So above one feature the level is exact from 0.05 on. For one
/// feature and the worst two rows of data, all failures from 0.2 to 1e-6 and up to 150 rows of the sketch, no more than 1.4 times
/// the failures that are allowed (computed); with the plain level 27 times and more.
///
/// # Errors
/// The reason why there are none.
pub fn half_width_level(
    failure: f64,
    rows: usize,
    features: usize,
    rank: usize,
    is_gaussian: bool,
) -> Result<f64, NoHalfWidths> {
    let needed = features.saturating_add(SPARE_ROWS);
    if rows < needed {
        return Err(NoHalfWidths::FewRows { needed });
    }
    let level = if is_gaussian {
        failure
    } else {
        let needed = rank.saturating_add(spare_rows_of_signs(failure));
        if rows < needed {
            return Err(NoHalfWidths::FailureOfSigns { needed });
        }
        failure / divisor_of_signs(failure, rank, rows - rank)
    };
    if level / (2.0 * features as f64) < LEAST_TAIL { Err(NoHalfWidths::TinyFailure) } else { Ok(level) }
}

/// How much stricter the level is than the failure, with so many rows beyond the rank.
pub(super) fn divisor_of_signs(failure: f64, rank: usize, spare: usize) -> f64 {
    let least = if rank <= 1 { 2.0 } else { 1.0 };
    if failure >= 0.05 {
        return least;
    }
    let square = |x: f64| libm::log(x) * libm::log(x);
    let heavier = libm::exp(1.75 * (square(2.0 / failure) - square(40.0)) / spare.max(1) as f64);
    libm::exp(0.9 * libm::log(0.05 / failure)).clamp(least, 8.0).max(heavier)
}

/// The least number of rows beyond the rank with which signs fail no more often than that.
pub(super) fn spare_rows_of_signs(failure: f64) -> usize {
    let mut spare = SPARE_ROWS;
    // No probability is below the smallest number.
    while spare < 1100 && failure < 8.0.times_power_of_two(-i32::try_from(spare).unwrap_or(i32::MAX)) {
        spare += 1;
    }
    spare
}

/// What half-widths look at: the triangle `R` of the features of a sketch, independent ones in front, and what was done to
/// its columns on the way there.
pub trait SketchTriangle<R: Real> {
    /// Packed upper triangle, `R` in its first rows and columns. With dependent features `R` is in the units of the data, and
    /// completed by [`complete::factor`].
    fn triangle(&self) -> &[R];

    /// Columns of the packed triangle, which may have others behind the features.
    fn dim(&self) -> usize;

    /// Number of features.
    fn features(&self) -> usize;

    /// Number of those that don't depend on others.
    fn rank(&self) -> usize;

    /// The feature that column `k` belongs to.
    fn place(&self, k: usize) -> usize;

    /// The power of two that was taken out of column `k`; those of the targets stand behind the features.
    fn exponent(&self, k: usize) -> i32;

    /// The ridge, in units of the rows, if there is one.
    fn ridge(&self) -> Option<R>;

    /// Whether a ridge counts for the feature of column `k`.
    fn is_penalized(&self, k: usize) -> bool;
}

/// What the rows of a sketch say beside their triangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SketchedRows<R> {
    /// Rows beyond the rank.
    pub spare: usize,
    /// Condition of the triangle.
    pub condition: R,
    /// How far the columns of the sketch may be off by rounding of their sums, as a share of their norms.
    pub rounding: R,
    /// Probability that any half-width of a target doesn't hold, under the Gaussian law: see [`half_width_level`].
    pub failure: f64,
}

/// Half-widths of the coefficients of all targets, by the law of a Gaussian sketch: coefficient `j` is off by at most `t`
/// times `sqrt(c_j rss / spare)`, with `c_j` the diagonal of the inverse Gram matrix of the rows. A ridge adds what it
/// pulls.
///
/// `coefficients` are in the units of the data, a row a target; `squares` are those of the residuals, in the scale of the
/// targets' columns. `work` is as long as there are features. The half-widths go where the coefficients are in `widths`.
///
/// # Cost
/// `features^3 / 3` flops, six times as many with a ridge.
///
/// # Errors
/// [`Error::Storage`] and [`Error::Dimension`] if the triangle, `work`, coefficients or `widths` have another length, or if rank or
/// places don't fit the features; [`Error::Parameter`] if the sketch has no spare rows, or `failure` is not between 0 and 1, or
/// too small;
/// [`Error::RankDeficient`] if a pivot of `R` is zero.
pub fn half_widths<R: Real>(
    of: &impl SketchTriangle<R>,
    rows: SketchedRows<R>,
    coefficients: &[R],
    squares: &[R],
    work: &mut [R],
    widths: &mut [R],
) -> Result<(), Error> {
    let features = of.features();
    let all = features.saturating_mul(squares.len());
    for (expected, got) in [(features, work.len()), (all, coefficients.len()), (all, widths.len())] {
        if expected != got {
            return Err(Error::Dimension { expected, got });
        }
    }
    if features == 0 {
        return Ok(());
    }
    if let Some(got) = (0..features).map(|k| of.place(k) + 1).chain([of.rank()]).find(|&got| got > features) {
        return Err(Error::Dimension { expected: features, got });
    }
    positive(rows.spare as u64).map_err(|rule| Error::Parameter { name: &"spare", rule })?;
    fraction(rows.failure).map_err(|rule| Error::Parameter { name: &"failure", rule })?;
    let is_full = of.rank() == features;
    let degrees = u32::try_from(rows.spare).unwrap_or(u32::MAX);
    let tail = rows.failure / (2.0 * features as f64);
    if tail < LEAST_TAIL {
        return Err(Error::Parameter { name: &"failure", rule: Rule::RESOLVED });
    }
    let t = R::constant(StudentT::new(degrees).upper(tail));
    let spare = R::count(rows.spare as u64);
    // No bound below what the solution itself is rounded by.
    let root = R::count(features as u64).sqrt();
    let floor = R::constant(4.0) * R::EPSILON * root * rows.condition;
    let ridge = of.ridge().filter(|_| is_full);
    if let Some(ridge) = ridge {
        ridge_variances(of, ridge, (coefficients, squares), work, widths)?;
    } else {
        let (own, others) = widths.split_at_mut(features.min(all));
        variances(of, work, own)?;
        others.chunks_exact_mut(features).for_each(|widths| widths.copy_from_slice(own));
    }
    let per_target = widths.chunks_exact_mut(features).zip(coefficients.chunks_exact(features));
    for (target, (widths, x)) in per_target.enumerate() {
        let e = of.exponent(features + target);
        let largest = (0..features)
            .fold(R::ZERO, |largest, k| largest.max(x[of.place(k)].abs().times_power_of_two(of.exponent(k) - e)));
        let sum =
            (0..features).fold(R::ZERO, |sum, k| sum + x[of.place(k)].abs().times_power_of_two(of.exponent(k) - e));
        // What columns that are a little off do to the solution: Wedin's theorem, for columns of norms below 2.
        let residual = rows.condition * root * squares[target].sqrt();
        // A target of zeros has a norm of 0, and no rounding.
        let norm = if sum + residual > R::ZERO { R::ONE } else { R::ZERO };
        let drift = R::constant(2.0) * rows.rounding * (norm + sum + residual);
        for k in 0..features {
            let width = &mut widths[of.place(k)];
            if is_blind(of, k) {
                *width = R::ZERO;
                continue;
            }
            let own = of.exponent(k);
            let unit = if is_full { e - own } else { e };
            let (variance, reach) = match ridge {
                Some(_) => (*width, rows.condition),
                None => (*width * squares[target], width.sqrt()),
            };
            let half_width = (t * (variance / spare).sqrt() + reach * drift).times_power_of_two(unit);
            *width = half_width.max((floor * largest).times_power_of_two(e - own));
        }
    }
    Ok(())
}

/// Whether a feature is a column of zeros: nothing is known of its coefficient, which is 0, and nothing is claimed.
fn is_blind<R: Real>(of: &impl SketchTriangle<R>, k: usize) -> bool {
    k >= of.rank() && (0..of.rank()).all(|i| of.triangle()[packed::index(of.dim(), i, k)] == R::ZERO)
}

/// Diagonal of the (pseudo-)inverse Gram matrix of the rows: squares of the rows of the inverse triangle, column by column.
pub(super) fn variances<R: Real>(
    of: &impl SketchTriangle<R>,
    work: &mut [R],
    variances: &mut [R],
) -> Result<(), Error> {
    let (triangle, dim, features, rank) = (of.triangle(), of.dim(), of.features(), of.rank());
    variances.fill(R::ZERO);
    for k in 0..rank {
        work.fill(R::ZERO);
        work[k] = R::ONE;
        triangular::solve(triangle, dim, &mut work[..=k])?;
        if rank < features {
            complete::apply_transposed(triangle, dim, rank, work)?;
        }
        for (i, &x) in work.iter().enumerate() {
            variances[of.place(i)] += x * x;
        }
    }
    Ok(())
}

/// Variances times residual squares, and what the ridge adds: with `w` column `j` of the inverse of `G + ridge`, the
/// variance is `w'G w` and the pull `ridge w'x`.
fn ridge_variances<R: Real>(
    of: &impl SketchTriangle<R>,
    ridge: R,
    (coefficients, squares): (&[R], &[R]),
    work: &mut [R],
    widths: &mut [R],
) -> Result<(), Error> {
    let (triangle, dim, features) = (of.triangle(), of.dim(), of.features());
    for j in 0..features {
        work.fill(R::ZERO);
        work[j] = R::ONE;
        triangular::solve_transposed(triangle, dim, work)?;
        triangular::solve(triangle, dim, work)?;
        let mut penalty = R::ZERO;
        for k in (0..features).filter(|&k| of.is_penalized(k)) {
            let w = work[k].times_power_of_two(-of.exponent(k));
            penalty += ridge * w * w;
        }
        // w'(G + ridge) w is w_j; the difference can't be below its own rounding.
        let whole = work[j];
        let variance = (whole - penalty).max(R::constant(8.0) * R::EPSILON * whole);
        for (target, &square) in squares.iter().enumerate() {
            let x = &coefficients[target * features..][..features];
            let e = of.exponent(features + target);
            let mut pull = R::ZERO;
            for k in (0..features).filter(|&k| of.is_penalized(k)) {
                let w = work[k].times_power_of_two(-of.exponent(k));
                pull += ridge * w * x[of.place(k)].times_power_of_two(-e);
            }
            widths[target * features + of.place(j)] = variance * square + pull * pull;
        }
    }
    Ok(())
}
