//! What summaries of the eigen family answer, out of the caller's buffer.

use crate::oracle::Oracle;
use crate::streams::Rows;
use sketchlet_core::eigen::{Confidence, TopEigen};
use sketchlet_core::{Error, MatRef, Real, RowSummary};

/// Feeds rows one by one.
pub fn feed<M: RowSummary<Scalar: Real>>(summary: &mut M, rows: &Rows) {
    rows.cast::<M::Scalar>().chunks_exact(rows.dim()).for_each(|row| summary.update(row).unwrap());
}

/// Feeds rows as one batch.
pub fn feed_batch<M: RowSummary<Scalar: Real>>(summary: &mut M, rows: &Rows) {
    summary.update_batch(MatRef::new(&rows.cast(), rows.len(), rows.dim()).unwrap()).unwrap();
}

/// An answer with everything in it, out of the caller's buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// Number of vectors.
    pub rank: usize,
    /// The vectors, one after another.
    pub vectors: Vec<T>,
    /// Squared singular values.
    pub values: Vec<f64>,
    /// Certified bounds on each of them.
    pub bounds: Option<Vec<(f64, f64)>>,
    /// The verdict.
    pub confidence: Confidence<T>,
}

impl<T: Real> Answer<T> {
    /// The vectors in `f64`.
    pub fn vectors_f64(&self) -> Vec<f64> {
        self.vectors.iter().map(|x| x.as_f64()).collect()
    }

    /// Error against the exact vectors.
    pub fn error(&self, oracle: &Oracle) -> f64 {
        oracle.error(&self.vectors_f64())
    }
}

/// The answer of a summary, with as many vectors as there are.
///
/// # Errors
/// Those of `estimate_available`.
pub fn answer<M: TopEigen>(summary: &mut M) -> Result<Answer<M::Scalar>, Error> {
    let mut buffer = vec![M::Scalar::ZERO; summary.answer_len()];
    let top = summary.estimate_available(&mut buffer)?;
    let rank = top.rank();
    let values = (0..rank).map(|i| top.value(i).as_f64()).collect();
    let bounds = (0..rank)
        .map(|i| Some((top.value_lower(i)?.as_f64(), top.value_upper(i)?.as_f64())))
        .collect::<Option<Vec<_>>>()
        .filter(|bounds| !bounds.is_empty());
    Ok(Answer { rank, vectors: top.vectors().as_slice().to_vec(), values, bounds, confidence: top.confidence })
}
