//! Parameters of `lstsq`.

use super::data::chunk_rows;
use super::{Path, Sketch};
use crate::CoreError;
use sketchlet_core::Rule;
use std::num::NonZeroUsize;

/// How to solve, and what: path, sketch, ridge, intercept, weights.
///
/// # Example
/// ```
/// use sketchlet::lstsq::{LeastSquaresParams, Path};
/// const PARAMS: LeastSquaresParams<'_, f64> = LeastSquaresParams::new().path(Path::Sketched).rows(500).intercept(true);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LeastSquaresParams<'a, T> {
    pub(super) path: Path,
    pub(super) sketch: Sketch,
    pub(super) rows: usize,
    pub(super) ridge: f64,
    pub(super) intercept: bool,
    pub(super) weights: Option<&'a [T]>,
    pub(super) threads: NonZeroUsize,
    pub(super) seed: u64,
    pub(super) failure: f64,
    pub(super) assume_well_conditioned: bool,
    pub(super) standard_errors: bool,
}

impl<T> Default for LeastSquaresParams<'_, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, T> LeastSquaresParams<'a, T> {
    /// Automatic path, no ridge, no intercept, no weights, one thread, seed 0, failure 0.05.
    pub const fn new() -> Self {
        Self {
            path: Path::Auto,
            sketch: Sketch::Srht,
            rows: 0,
            ridge: 0.0,
            intercept: false,
            weights: None,
            threads: NonZeroUsize::MIN,
            seed: 0,
            failure: 0.05,
            assume_well_conditioned: false,
            standard_errors: false,
        }
    }

    /// The path to take. One that can't serve is an error; only [`Path::Auto`] turns to another.
    #[must_use]
    pub const fn path(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    /// The sketching operator. One that is not the default is used even where the first rows look well conditioned.
    #[must_use]
    pub const fn sketch(mut self, sketch: Sketch) -> Self {
        self.sketch = sketch;
        self
    }

    /// Rows of the sketch; 0, the default, for 12 a coefficient, and 16 for [`Path::Sketched`]. With a number of rows there is a
    /// sketch even where the first rows look well conditioned.
    #[must_use]
    pub const fn rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// Minimises `|A x - b|^2 + ridge |x|^2`.
    #[must_use]
    pub const fn ridge(mut self, ridge: f64) -> Self {
        self.ridge = ridge;
        self
    }

    /// Adds a column of ones before the features, without storing it. Its coefficient comes first; the ridge leaves it alone.
    #[must_use]
    pub const fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Minimises the sum of the squares times these weights, one a row. (Rows of a source carry their own.)
    #[must_use]
    pub const fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Threads that share the work on rows in memory. Their number changes no bit of the answer.
    #[must_use]
    pub const fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// How many of the threads work on so many rows of so many features and targets in memory: no more than there are chunks, of
    /// 4096 rows each, or fewer if the rows are wide.
    ///
    /// # Example
    /// ```
    /// use sketchlet::lstsq::LeastSquaresParams;
    /// let params = LeastSquaresParams::<f64>::new().threads(8.try_into().unwrap());
    /// assert_eq!(params.threads_for(10_000, 5).get(), 3);
    /// ```
    pub fn threads_for(&self, rows: usize, columns: usize) -> NonZeroUsize {
        NonZeroUsize::new(rows.div_ceil(chunk_rows(columns)))
            .map_or(NonZeroUsize::MIN, |chunks| self.threads.min(chunks))
    }

    /// Seed of the sketch.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Probability that any half-width of a target's coefficients doesn't hold. Divide it by the number of targets for all of
    /// them to hold together. How small it may be depends on the sketch and its rows: see
    /// [`half_width_level`](crate::regression::half_width_level).
    #[must_use]
    pub const fn failure(mut self, failure: f64) -> Self {
        self.failure = failure;
        self
    }

    /// Tries the normal equations first, whatever the first rows look like. Their factor still tells the condition, and the answer is
    /// checked against the data: a wrong assumption costs time and is told, no more.
    #[must_use]
    pub const fn assume_well_conditioned(mut self, assume: bool) -> Self {
        self.assume_well_conditioned = assume;
        self
    }

    /// Also gives standard errors, from the factor that solves. Iterations have none: they take one more pass, of `2 n d^2` flops, and
    /// [`Path::Auto`] takes [`Path::PreconditionedCholesky`] instead, however many coefficients there are.
    #[must_use]
    pub const fn standard_errors(mut self, wanted: bool) -> Self {
        self.standard_errors = wanted;
        self
    }

    pub(super) fn check(&self) -> Result<(), CoreError> {
        let fail = |name, rule| Err(CoreError::Parameter { name, rule });
        match () {
            () if !(self.ridge.is_finite() && self.ridge >= 0.0) => fail(&"ridge", Rule::NOT_NEGATIVE),
            () if !(self.failure > 0.0 && self.failure < 1.0) => fail(&"failure", Rule::FRACTION),
            () => Ok(()),
        }
    }
}
