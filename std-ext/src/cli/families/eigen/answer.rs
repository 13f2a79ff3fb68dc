//! The answer of a summary: vectors, values, and how far to trust them.

#[cfg(feature = "faer")]
use crate::eigen::{ExactEigen, TopEigen};
use crate::eigen::{Status, TopEigenvector};
use crate::stream::OrderReport;
#[cfg(feature = "faer")]
use crate::{CoreError, Error, RowSummary};
use crate::{Real, Scaled};

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
        let bound = |i| Some((top.value_lower(i).map(Scaled::as_f64)?, top.value_upper(i).map(Scaled::as_f64)?));
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

/// The dense solver for wide covariances.
#[cfg(feature = "faer")]
pub(super) fn solve_wide<T: Real>(summary: &mut ExactEigen<T, Vec<T>>) -> Result<Answer, Error> {
    use crate::linalg::{packed, vector};
    let (dim, rank) = (summary.dim(), summary.rank());
    let mut covariance = vec![T::ZERO; packed::len(dim)];
    let exponent = summary.covariance(&mut covariance)?;
    let covariance: Vec<f64> = covariance.into_iter().map(T::as_f64).collect();
    if packed::trace(&covariance, dim) <= 0.0 {
        return Err(CoreError::TooFewRows { needed: 1, got: 0 }.into());
    }
    let (values, mut vectors) = crate::wide::eigen(&covariance, dim)?;
    let noise = dim as f64 * T::EPSILON.as_f64() * values[0];
    let available = values.iter().take(rank).take_while(|&&x| x > noise).count();
    if available < rank {
        return Err(CoreError::RankDeficient { rank: available }.into());
    }
    vectors.truncate(rank);
    vectors.iter_mut().for_each(|v| vector::fix_sign(v));
    let (last, next) = (values[rank - 1], values.get(rank).copied().unwrap_or(0.0));
    let low_gap = last - next.max(0.0) <= 1e-6 * values[0];
    let values: Vec<f64> = values[..rank].iter().map(|&mantissa| Scaled { mantissa, exponent }.as_f64()).collect();
    Ok(Answer {
        vectors,
        bounds: values.iter().map(|&x| Some((x, x))).collect(),
        values,
        status: if low_gap { Status::LowGap } else { Status::Ok },
        gap_estimate: Some(if next > noise { last / next } else { f64::INFINITY }),
        error_estimate: None,
        error_bound: (!low_gap).then_some(0.0),
        order: None,
    })
}
