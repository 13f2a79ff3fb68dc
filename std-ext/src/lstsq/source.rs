//! Rows that can be read again and again: the trait `RowSource`.

use crate::sketch::{SketchOperator, Srht};
use crate::{Error, MatRef, Real};

/// Rows of features and of targets that belong together, and weights where there are any.
#[derive(Clone, Copy, Debug)]
pub struct RowBlock<'a, T> {
    /// Features, one row a row.
    pub features: MatRef<'a, T>,
    /// Targets of the same rows.
    pub targets: MatRef<'a, T>,
    /// A weight for each of them; all 1 if there are none.
    pub weights: Option<&'a [T]>,
}

/// Rows that can be read again from the start: a file, or anything else that is too large for memory.
///
/// Every pass reads the same rows in the same order. Blocks may have any length; the answer doesn't depend on it.
///
/// # Example
/// ```
/// use sketchlet::lstsq::{LeastSquaresParams, RowBlock, RowSource, lstsq_passes};
/// use sketchlet::{Error, MatRef};
/// /// A million rows that are computed: `y = 2 x + 1`.
/// struct Line {
///     row: usize,
///     block: [Vec<f64>; 2],
/// }
/// impl RowSource<f64> for Line {
///     fn dims(&self) -> (usize, usize) {
///         (1, 1)
///     }
///     fn rewind(&mut self) -> Result<(), Error> {
///         self.row = 0;
///         Ok(())
///     }
///     fn next_block(&mut self) -> Result<Option<RowBlock<'_, f64>>, Error> {
///         let count = 1000.min(100_000 - self.row);
///         let x: Vec<f64> = (self.row..self.row + count).map(|i| (i % 17) as f64).collect();
///         self.block = [x.clone(), x.iter().map(|x| 2.0 * x + 1.0).collect()];
///         self.row += count;
///         let [x, y] = [0, 1].map(|i| MatRef::new(&self.block[i], count, 1));
///         Ok((count > 0).then_some(RowBlock { features: x?, targets: y?, weights: None }))
///     }
/// }
/// let mut line = Line { row: 0, block: [Vec::new(), Vec::new()] };
/// let fit = lstsq_passes(&mut line, &LeastSquaresParams::new().intercept(true))?;
/// assert!((fit.coefficients[0] - 1.0).abs() < 1e-13 && (fit.coefficients[1] - 2.0).abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
pub trait RowSource<T: Real> {
    /// Numbers of features and of targets.
    fn dims(&self) -> (usize, usize);

    /// Goes back to the first row.
    ///
    /// # Errors
    /// What keeps the rows from being read.
    fn rewind(&mut self) -> Result<(), Error>;

    /// The next rows, or `None` behind the last one.
    ///
    /// # Errors
    /// What keeps the rows from being read.
    fn next_block(&mut self) -> Result<Option<RowBlock<'_, T>>, Error>;
}

impl<T: Real> RowBlock<'_, T> {
    pub(super) const fn rows(&self) -> usize {
        self.features.rows()
    }

    /// Some of the rows.
    pub(super) fn rows_from(&self, first: usize, count: usize) -> Self {
        let (features, targets) = (self.features.rows_from(first, count), self.targets.rows_from(first, count));
        let rows = features.rows();
        Self { features, targets, weights: self.weights.map(|weights| &weights[first..first + rows]) }
    }

    /// Rows whose weight is not 0.
    pub(super) fn rows_that_count(&self) -> u64 {
        self.weights.map_or(self.rows(), |weights| weights.iter().filter(|&&w| w > T::ZERO).count()) as u64
    }

    /// What a row is multiplied by: the root of its weight.
    #[inline(always)]
    pub(super) fn root_weight(&self, row: usize) -> T {
        self.weights.map_or(T::ONE, |weights| Real::sqrt(weights[row]))
    }

    /// The same with the random sign of the row, which has this number among all rows.
    #[inline(always)]
    pub(super) fn signed_root_weight(&self, row: usize, seed: u64, index: u64) -> T {
        self.root_weight(row).negate_if(<Srht as SketchOperator<T>>::is_negated(&Srht, seed, index))
    }
}

/// Which columns the problem has: a constant if there is an intercept, the features, then the targets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// 1 with an intercept, 0 without.
    pub(super) constants: usize,
    pub(super) features: usize,
    pub(super) targets: usize,
}

impl Layout {
    /// Coefficients a target.
    pub(super) const fn coefficients(&self) -> usize {
        self.constants + self.features
    }

    pub(super) const fn columns(&self) -> usize {
        self.coefficients() + self.targets
    }

    /// Writes the entries that a row has in some of the columns, from `first` on, times a factor; zeros behind the last.
    #[inline(always)]
    pub(super) fn copy_row<T: Real>(
        &self,
        block: &RowBlock<'_, T>,
        row: usize,
        factor: T,
        first: usize,
        out: &mut [T],
    ) {
        let (mut rest, mut at) = (out, first);
        if at < self.constants && !rest.is_empty() {
            let (one, others) = rest.split_at_mut(1);
            one.fill(factor);
            (rest, at) = (others, at + 1);
        }
        let parts = [(&block.features, self.constants), (&block.targets, self.coefficients())];
        for (matrix, start) in parts {
            let from = at - start.min(at);
            if at >= start && from < matrix.cols() {
                let take = (matrix.cols() - from).min(rest.len());
                let base = row * matrix.cols() + from;
                let (to, others) = rest.split_at_mut(take);
                for (to, &x) in to.iter_mut().zip(&matrix.as_slice()[base..base + take]) {
                    *to = x * factor;
                }
                (rest, at) = (others, at + take);
            }
        }
        rest.fill(T::ZERO);
    }
}
