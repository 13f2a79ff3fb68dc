//! How large sums can become, so that no row is taken with which they would overflow.

use super::SketchedLeastSquares;
use crate::sketch::SketchOperator;
use crate::{Error, Lane, ScalarType, Storage};

/// Sums stay below this; rows that are modest ([`Lane::all_modest`]) can't fill what is left above it.
const fn limit<L: Lane>() -> f64 {
    match L::TYPE {
        ScalarType::F32 => (f32::MAX / 4.0) as f64,
        ScalarType::F64 => f64::MAX / 4.0,
        _ => f64::INFINITY,
    }
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> SketchedLeastSquares<L, O, S, I> {
    /// What a sum of the column can come to with all that is gathered and waits.
    fn reach(&self, column: usize) -> f64 {
        let cols = self.params.columns;
        let magnitude = |at: usize| self.storage.as_ref()[at].to_real::<f64>().abs();
        let column_of = |from: usize, to: usize| (from + column..to).step_by(cols).map(magnitude);
        let (sums, kept) = (self.params.shape().len(), self.kept_len());
        column_of(0, sums).fold(0.0, f64::max) + column_of(sums, kept).sum::<f64>()
    }

    /// Refuses entries of rows of `cols`, the first of which belongs to `column`, with which a sum could overflow; `factor` is what
    /// they are multiplied with. Names the first entry to blame.
    pub(super) fn check_reach(&self, column: usize, entries: &[L], cols: usize, factor: f64) -> Result<(), Error> {
        if factor <= 1.0 && L::all_modest(entries) {
            return Ok(());
        }
        let mut first: Option<usize> = None;
        for at in 0..cols {
            let of_column = || entries.iter().skip(at).step_by(cols.max(1));
            let Some(row) = of_column().position(|&x| factor > 1.0 || !L::all_modest(&[x])) else { continue };
            let more = of_column().fold(0.0, |sum, x| sum + x.to_real::<f64>().abs());
            if self.reach(column + at) + O::LARGEST * factor * more > limit::<L>() {
                let index = row * cols + at;
                first = Some(first.map_or(index, |first| first.min(index)));
            }
        }
        first.map_or(Ok(()), |index| Err(Error::NonFinite { index: column + index }))
    }

    /// Refuses another summary, and a row after it unless that is empty, with which a sum could overflow. Names the column.
    pub(super) fn check_reach_with<S2: Storage<L>, I2: Storage<u32>>(
        &self,
        other: &SketchedLeastSquares<L, O, S2, I2>,
        row: &[L],
    ) -> Result<(), Error> {
        let sum = |column: usize| {
            let more = row.get(column).map_or(0.0, |x| x.to_real::<f64>().abs());
            self.reach(column) + other.reach(column) + O::LARGEST * more
        };
        let column = (0..self.params.columns).find(|&column| sum(column) > limit::<L>());
        column.map_or(Ok(()), |index| Err(Error::NonFinite { index }))
    }
}
