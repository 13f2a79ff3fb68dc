//! What an exact fit says if its rows are a sample: standard errors, t, R squared.

/// The usual figures of an exact fit of independent features, with rows to spare; one row, or one number, a target.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Inference {
    pub(super) standard_errors: Vec<Vec<f64>>,
    /// Coefficients by their standard errors; not finite where those are 0.
    pub(super) t_values: Vec<Vec<f64>>,
    /// The part of the sum of squares that the fit explains: about the mean with an intercept, else about 0.
    pub(super) r_squared: Vec<f64>,
    /// The same with the variances in the place of the sums of squares.
    pub(super) adjusted_r_squared: Vec<f64>,
    /// Rows that count, less coefficients.
    pub(super) residual_df: u64,
    /// Norms of the residuals by those of the targets.
    residual_shares: Vec<f64>,
}

impl Inference {
    /// From standard errors and norms: those of the residuals, and of the targets about their means (`is_about_mean`) or 0.
    pub(super) fn new(
        coefficients: &[Vec<f64>],
        standard_errors: Vec<Vec<f64>>,
        residual_norms: &[f64],
        target_norms: &[f64],
        rows: u64,
        is_about_mean: bool,
    ) -> Option<Self> {
        let features = coefficients.first()?.len() as u64;
        let residual_df = rows.checked_sub(features).filter(|&left| left > 0)?;
        let t_values = coefficients.iter().zip(&standard_errors);
        let t_values = t_values.map(|(x, errors)| x.iter().zip(errors).map(|(x, error)| x / error).collect()).collect();
        // As norms: squares may leave the range.
        let residual_shares: Vec<f64> = residual_norms.iter().zip(target_norms).map(|(left, all)| left / all).collect();
        let unexplained = residual_shares.iter().map(|share| share * share);
        let scale = (rows - u64::from(is_about_mean)) as f64 / residual_df as f64;
        let (r_squared, adjusted_r_squared) = unexplained.map(|left| (1.0 - left, 1.0 - left * scale)).unzip();
        Some(Self { standard_errors, t_values, r_squared, adjusted_r_squared, residual_df, residual_shares })
    }

    /// Whether a residual is no larger than what a backward stable solver may leave of a target that is fitted exactly:
    /// `(8 d + sqrt n) eps` of its norm for `d` coefficients and `n` rows.
    pub(super) fn is_rounding(&self, eps: f64) -> bool {
        let coefficients = self.standard_errors.first().map_or(0, Vec::len) as f64;
        let rows = self.residual_df as f64 + coefficients;
        self.residual_shares.iter().any(|&share| share <= (8.0 * coefficients + rows.sqrt()) * eps)
    }
}
