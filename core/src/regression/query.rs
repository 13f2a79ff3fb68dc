//! What is asked of a summary: which columns are features, which are targets, and how to solve.

use crate::linalg::packed;
use crate::{Error, Rule};

impl Rule {
    /// Numbers of columns that there are.
    pub const WITHIN_COLUMNS: Self = Self::new(&"must name columns that there are");
    /// Different from each other.
    pub const DISTINCT: Self = Self::new(&"must be different from each other and from the targets");
}

/// Which columns are features, which are targets, and how to solve.
///
/// A summary of rows knows nothing of features and targets: roles are given when it is asked, so one summary answers any
/// number of regressions among its columns.
///
/// # Example
/// ```
/// use sketchlet_core::regression::Query;
/// // Column 3 from columns 0 and 1, ridge 0.5 on column 1 only: column 0 is constant.
/// let query = Query::new(&[0, 1], &[3]).ridge(0.5).unpenalized(0).failure(0.01);
/// assert_eq!((query.answer_len(), query.scratch_len()), (5, 15));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query<'a> {
    pub(super) features: &'a [usize],
    pub(super) targets: &'a [usize],
    pub(super) ridge: f64,
    pub(super) unpenalized: Option<usize>,
    pub(super) failure: f64,
    pub(super) strict: bool,
}

impl<'a> Query<'a> {
    /// Explains each of the targets by all the features; no ridge, half-widths for failure 0.05.
    pub const fn new(features: &'a [usize], targets: &'a [usize]) -> Self {
        Self { features, targets, ridge: 0.0, unpenalized: None, failure: 0.05, strict: false }
    }

    /// Minimises `|A x - b|^2 + ridge |x|^2`.
    #[must_use]
    pub const fn ridge(mut self, ridge: f64) -> Self {
        self.ridge = ridge;
        self
    }

    /// The ridge leaves this column's coefficient alone: that of a constant.
    #[must_use]
    pub const fn unpenalized(mut self, column: usize) -> Self {
        self.unpenalized = Some(column);
        self
    }

    /// Probability that any half-width of a target's coefficients doesn't hold. Divide it by the number of targets, and of
    /// queries, for all of them to hold together. How small it may be depends on the operator and its rows: see
    /// [`half_width_level`](super::half_width_level).
    #[must_use]
    pub const fn failure(mut self, failure: f64) -> Self {
        self.failure = failure;
        self
    }

    /// Refuses features that depend on each other, instead of giving the coefficients of least norm.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Scalars of scratch: a packed triangle over features and targets, and three rows. Saturates.
    pub const fn scratch_len(&self) -> usize {
        packed::len(self.len()).saturating_add(self.len().saturating_mul(3))
    }

    /// Scalars of an answer: coefficient and half-width of each feature and target, and a norm a target. Saturates.
    pub const fn answer_len(&self) -> usize {
        self.features.len().saturating_mul(2).saturating_add(1).saturating_mul(self.targets.len())
    }

    /// Features and targets.
    pub(super) const fn len(&self) -> usize {
        self.features.len().saturating_add(self.targets.len())
    }

    /// The columns, features first.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> + Clone + use<'a> {
        self.features.iter().chain(self.targets).copied()
    }

    pub(super) fn is_penalized(&self, feature: usize) -> bool {
        self.ridge > 0.0 && self.features.get(feature).copied() != self.unpenalized
    }

    /// Refuses scratch or an answer of another length.
    pub(super) fn check_buffers<R>(&self, scratch: &[R], answer: &[R]) -> Result<(), Error> {
        let pairs = [(self.scratch_len(), scratch.len()), (self.answer_len(), answer.len())];
        let wrong = pairs.into_iter().find(|(needed, got)| needed != got);
        wrong.map_or(Ok(()), |(needed, got)| Err(Error::Storage { needed, got }))
    }

    pub(super) fn check(&self, columns: usize) -> Result<(), Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        let is_twice = |(i, column): (usize, usize)| self.columns().take(i).any(|other| other == column);
        match () {
            () if self.features.is_empty() => fail(&"features", Rule::POSITIVE),
            () if self.targets.is_empty() => fail(&"targets", Rule::POSITIVE),
            () if self.features.iter().any(|&column| column >= columns) => fail(&"features", Rule::WITHIN_COLUMNS),
            () if self.targets.iter().any(|&column| column >= columns) => fail(&"targets", Rule::WITHIN_COLUMNS),
            () if self.columns().enumerate().any(is_twice) => fail(&"features", Rule::DISTINCT),
            () if !(self.ridge.is_finite() && self.ridge >= 0.0) => fail(&"ridge", Rule::NOT_NEGATIVE),
            () if !(self.failure > 0.0 && self.failure < 1.0) => fail(&"failure", Rule::FRACTION),
            () => Ok(()),
        }
    }
}
