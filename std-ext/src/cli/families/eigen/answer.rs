//! The answer of a summary: vectors, values, and how far to trust them.

#[cfg(feature = "faer")]
use crate::RowSummary;
#[cfg(feature = "faer")]
use crate::eigen::{ExactEigen, TopEigen};
use crate::eigen::{Status, TopEigenvector};
use crate::stream::OrderReport;
use crate::{Error, Real, Scaled};

/// An answer in `f64`, whatever the summary computes in.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) vectors: Vec<Vec<f64>>,
    pub(super) values: Vec<f64>,
    pub(super) bounds: Vec<Option<(f64, f64)>>,
    pub(super) status: Status,
    pub(super) gap_estimate: Option<f64>,
    pub(super) error_estimate: Option<f64>,
    pub(super) error_bound: Option<f64>,
    pub(super) order: Option<OrderReport<f64>>,
}

impl Answer {
    pub(super) fn new<T: Real>(top: &TopEigenvector<'_, T>) -> Self {
        let wide = |x: T| x.as_f64();
        let bound = |i| bracket(top.value_lower(i)?, top.value_upper(i)?);
        let confidence = top.confidence;
        Self {
            vectors: (0..top.rank()).map(|i| top.vector(i).iter().map(|&x| wide(x)).collect()).collect(),
            values: (0..top.rank()).map(|i| top.value(i).as_f64()).collect(),
            bounds: (0..top.rank()).map(bound).collect(),
            status: confidence.status,
            gap_estimate: confidence.gap_estimate.map(wide),
            error_estimate: confidence.error_estimate.map(wide),
            error_bound: confidence.error_bound.map(wide),
            order: confidence.order.map(|order| OrderReport {
                drift: wide(order.drift),
                runs: wide(order.runs),
                level: wide(order.level),
            }),
        }
    }
}

/// Both ends of a bracket as plain numbers, unless the upper one is rounded on the way: then nothing is certain.
fn bracket<T: Real>(lower: Scaled<T>, upper: Scaled<T>) -> Option<(f64, f64)> {
    let (low, high) = (lower.as_f64(), upper.as_f64());
    (high.is_normal() || upper.mantissa == T::ZERO).then_some((low, high))
}

/// More directions were asked for than the data have, as far as their squares tell.
pub(super) fn rank_deficient<T: Real>(rank: usize, dim: usize) -> Error {
    let (noise, precision) = (dim as f64 * T::EPSILON.as_f64(), if T::BYTES == 4 { "f32" } else { "f64" });
    Error::data(format!(
        "beyond rank {rank} the squares of the data can't be told apart from rounding in {precision} (value {} is below {noise:.1e} of \
         the first): --center, or fewer columns, or --rank {rank}",
        rank + 1
    ))
}

/// The dense solver for wide covariances.
#[cfg(feature = "faer")]
pub(super) fn solve_wide<T: Real>(summary: &mut ExactEigen<T, Vec<T>>) -> Result<Answer, Error> {
    use crate::linalg::{packed, vector};
    let (dim, rank) = (summary.dim(), summary.rank());
    let sums = summary.covariance_rounding()?;
    let mut covariance = vec![T::ZERO; packed::len(dim)];
    let exponent = summary.covariance(&mut covariance)?;
    let covariance: Vec<f64> = covariance.into_iter().map(T::as_f64).collect();
    let energy = packed::trace(&covariance, dim);
    let (values, mut vectors) = crate::wide::eigen(&covariance, dim)?;
    // The solver is backward stable, to as many operations as the core's own.
    let solver = 64.0 * (dim as f64 + 1.0) * f64::EPSILON * energy;
    let allowance = sums.map(|sums| sums.as_f64() + solver);
    let noise = dim as f64 * T::EPSILON.as_f64() * values[0];
    let available = values.iter().take(rank).take_while(|&&x| x > noise).count();
    if available < rank {
        return Err(rank_deficient::<T>(available, dim));
    }
    vectors.truncate(rank);
    vectors.iter_mut().for_each(|v| vector::fix_sign(v));
    Ok(certified(vectors, &values, rank, (noise, allowance), exponent, 1.0))
}

/// The answer of a solver that finds all values of a matrix, which may be off by the allowance; vectors by `stretch` times as much.
#[cfg(feature = "faer")]
pub(super) fn certified(
    vectors: Vec<Vec<f64>>,
    values: &[f64],
    rank: usize,
    (noise, allowance): (f64, Option<f64>),
    exponent: i32,
    stretch: f64,
) -> Answer {
    let (last, next) = (values[rank - 1], values.get(rank).copied().unwrap_or(0.0));
    let gap = last - next.max(0.0);
    let low_gap = gap <= 1e-6 * values[0];
    // The angle between the top spaces of two matrices: their difference over the gap that is left (Davis and Kahan).
    let angle =
        allowance.map(|allowance| stretch * allowance / (gap - 2.0 * allowance)).filter(|x| (0.0..1.0).contains(x));
    let error_bound = angle.filter(|_| !low_gap).map(|angle| angle * angle);
    let told = |mantissa: f64| Scaled { mantissa, exponent };
    let bound = |&x: &f64| allowance.and_then(|a| bracket(told((x - a).max(0.0)), told(x + a)));
    let bounds = values[..rank].iter().map(bound).collect();
    let values = values[..rank].iter().map(|&mantissa| told(mantissa).as_f64()).collect();
    Answer {
        vectors,
        bounds,
        values,
        status: match (low_gap, error_bound) {
            (true, _) => Status::LowGap,
            (false, None) => Status::Unverified,
            (false, Some(_)) => Status::Ok,
        },
        gap_estimate: Some(if next > noise { last / next } else { f64::INFINITY }),
        error_estimate: None,
        error_bound,
        order: None,
    }
}
