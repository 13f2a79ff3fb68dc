//! Methods run over whole streams, and what their errors come to.

use crate::answer::{Answer, answer, feed_batch};
use crate::oracle::Oracle;
use crate::streams::Rows;
use sketchlet_core::eigen::TopEigen;

/// Feeds all rows to an empty summary; the error of its answer against the exact one, and the answer.
///
/// # Panics
/// If the summary has no answer.
pub fn run<M: TopEigen>(mut summary: M, rows: &Rows, oracle: &Oracle) -> (f64, Answer<M::Scalar>) {
    feed_batch(&mut summary, rows);
    let got = answer(&mut summary).unwrap();
    (got.error(oracle), got)
}

/// The middle value; of an even number the smaller of the two.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

/// The geometric mean; zeros count as the smallest positive number, so that one of them does not hide the others.
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let logs: Vec<f64> = values.into_iter().map(|x| x.max(f64::MIN_POSITIVE).ln()).collect();
    (logs.iter().sum::<f64>() / logs.len() as f64).exp()
}
