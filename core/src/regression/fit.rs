//! The answer of a regression: coefficients, residuals, and half-widths.

use super::NoHalfWidths;

/// Coefficients, what they leave unexplained, and how far to trust them.
///
/// Several targets stand one after the other: the coefficients of target `u` are `coefficients[u * f..(u + 1) * f]` for `f`
/// features, in the order of the query. See [`target`](Self::target).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit<'a, T> {
    /// Coefficients, targets x features.
    pub coefficients: &'a [T],
    /// For each coefficient, how far it may be from that of the exact answer over all rows; `None` for an answer that is
    /// exact, or without such a bound.
    pub half_widths: Option<&'a [T]>,
    /// Why a sketch gives none; `None` where it does, and for answers that need none.
    pub no_half_widths: Option<NoHalfWidths>,
    /// For each coefficient, how far it may be from the truth if the rows are a sample with independent errors of one variance:
    /// `residual_norm / sqrt(n - d)` times the root of its entry in the diagonal of the inverse Gram matrix, for `n` rows and `d`
    /// features. Only from a [`StreamingQr`](super::StreamingQr), of independent features, without a ridge, and with `n > d`. Rows of
    /// weights give those of weighted least squares; a row that is forgotten in part counts as one.
    pub standard_errors: Option<&'a [T]>,
    /// Norm of the residual, one a target. An estimate from a sketch without a row to spare is infinite.
    pub residual_norm: &'a [T],
    /// Whether those norms are estimates.
    pub residual_is_estimate: bool,
    /// Number of independent features: below their number the coefficients are those of least norm.
    pub rank: usize,
    /// Condition of the independent features once their units are taken out, estimated from below; 0 if there are none.
    pub condition: T,
}

impl<T> Fit<'_, T> {
    /// The coefficients of one target, in the order of the features; none for a target that was not asked for.
    pub fn target(&self, target: usize) -> &[T] {
        self.coefficients.chunks_exact(self.features()).nth(target).unwrap_or_default()
    }

    /// The half-widths of those coefficients, where there are any.
    pub fn target_half_widths(&self, target: usize) -> Option<&[T]> {
        self.half_widths?.chunks_exact(self.features()).nth(target)
    }

    /// The standard errors of those coefficients, where there are any.
    pub fn target_standard_errors(&self, target: usize) -> Option<&[T]> {
        self.standard_errors?.chunks_exact(self.features()).nth(target)
    }

    fn features(&self) -> usize {
        (self.coefficients.len() / self.residual_norm.len().max(1)).max(1)
    }
}
