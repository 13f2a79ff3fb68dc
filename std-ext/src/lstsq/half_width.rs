//! The answer of a sketch, with an error bar on every coefficient.

use super::solver::Solver;
use super::triangle::Triangle;
use super::{LeastSquaresFit, Path, Scalar, Warning, dense};
use crate::regression::StudentT;
use crate::{Error, Real};
use faer::Mat;

/// Rows of a sketch beyond the coefficients from which half-widths are given.
const SPARE_ROWS: usize = 4;

impl<T: Scalar> Solver<'_, '_, '_, T> {
    pub(super) fn sketched(
        &mut self,
        triangle: &Triangle<T>,
        rows: usize,
        seen: u64,
    ) -> Result<LeastSquaresFit<T>, Error> {
        let x = triangle.solve();
        let coefficients = triangle.finish(&x);
        let spare = rows - triangle.rank;
        let squares = triangle.residual_squares(&x);
        let residual_norms = squares
            .iter()
            .enumerate()
            .map(|(u, &square)| {
                if spare == 0 {
                    return <T as Real>::INFINITY;
                }
                let estimate = Real::sqrt(square * (T::count(rows as u64) / T::count(spare as u64)));
                estimate.times_power_of_two(triangle.exponents[triangle.coefficients() + u])
            })
            .collect();
        if !self.params.sketch.is_dense() {
            self.warnings.push(Warning::NoBound);
        }
        let has_widths = self.params.sketch.is_dense() && rows >= triangle.coefficients() + SPARE_ROWS;
        let half_widths =
            if has_widths { Some(self.half_widths(triangle, &x, &coefficients, &squares, spare)?) } else { None };
        self.warn(triangle);
        Ok(LeastSquaresFit {
            coefficients,
            residual_norms,
            residual_is_estimate: true,
            half_widths,
            rank: triangle.rank,
            condition: triangle.condition,
            path: Path::Sketched,
            iterations: 0,
            backward_error: None,
            sketch_rows: Some(rows),
            rows: seen,
            warnings: core::mem::take(&mut self.warnings),
        })
    }

    /// By the law of a Gaussian sketch: coefficient `j` is off by at most `t` times `sqrt(c_j rss / spare)`, `c_j` the diagonal of the
    /// inverse Gram matrix of the sketch. A ridge adds what it pulls.
    fn half_widths(
        &self,
        triangle: &Triangle<T>,
        x: &Mat<T>,
        coefficients: &[T],
        squares: &[T],
        spare: usize,
    ) -> Result<Vec<T>, Error> {
        let features = triangle.coefficients();
        let is_full = triangle.rank == features;
        let degrees = u32::try_from(spare).unwrap_or(u32::MAX);
        let t = T::constant(-StudentT::new(degrees).quantile(self.params.failure / (2.0 * features as f64))?);
        let spare = T::count(spare as u64);
        // No bound below what the solution itself is rounded by.
        let floor =
            T::constant(4.0) * <T as Real>::EPSILON * Real::sqrt(T::count(features as u64)) * triangle.condition;
        let variances = triangle.variances();
        let inverse = (self.params.ridge > 0.0 && is_full).then(|| triangle.inverse());
        let mut widths = vec![T::ZERO; coefficients.len()];
        for (u, widths) in widths.chunks_exact_mut(features).enumerate() {
            let largest = (0..features).fold(T::ZERO, |largest, k| {
                let scaled = coefficients[u * features + triangle.order[k]].times_power_of_two(-triangle.unit(k, u));
                Real::max(largest, Real::abs(scaled))
            });
            for k in (0..features).filter(|&k| !triangle.is_blind(k)) {
                let square = match &inverse {
                    Some(inverse) => {
                        let [variance, pull] = self.ridge_terms(triangle, inverse, x, k, u);
                        variance * squares[u] + pull * pull
                    }
                    None => variances[k] * squares[u],
                };
                let unit = if is_full { triangle.unit(k, u) } else { triangle.exponents[features + u] };
                let width = (t * Real::sqrt(square / spare)).times_power_of_two(unit);
                widths[triangle.order[k]] = Real::max(width, (floor * largest).times_power_of_two(triangle.unit(k, u)));
            }
        }
        Ok(widths)
    }

    /// With `w` column `k` of the inverse of `G + ridge`: the variance `w'G w`, and the pull `ridge w'x`.
    fn ridge_terms(&self, triangle: &Triangle<T>, inverse: &Mat<T>, x: &Mat<T>, k: usize, u: usize) -> [T; 2] {
        let mut w = Mat::from_fn(triangle.rank, 1, |i, _| inverse[(k, i)]);
        dense::solve_upper(triangle.r.as_ref(), w.as_mut());
        let whole = w[(k, 0)];
        let (mut variance, mut pull) = (whole, T::ZERO);
        for i in 0..triangle.rank {
            let penalty = self.penalty(triangle, i);
            variance -= penalty * w[(i, 0)] * w[(i, 0)];
            pull += penalty * w[(i, 0)] * x[(i, u)];
        }
        // The difference can't be below its own rounding.
        [Real::max(variance, T::constant(8.0) * <T as Real>::EPSILON * whole), pull]
    }
}

impl<T: Scalar> Triangle<T> {
    /// `R^-1` of the independent columns.
    fn inverse(&self) -> Mat<T> {
        let mut inverse = Mat::identity(self.rank, self.rank);
        dense::solve_upper(self.leading().as_ref(), inverse.as_mut());
        inverse
    }

    /// Diagonal of the (pseudo-)inverse Gram matrix, in the order of the triangle: scaled if all columns are independent, in the units
    /// of the data otherwise.
    fn variances(&self) -> Vec<T> {
        let features = self.coefficients();
        let mut variances = vec![T::ZERO; features];
        if self.rank == features {
            let inverse = self.inverse();
            for (k, variance) in variances.iter_mut().enumerate() {
                *variance = (k..features).fold(T::ZERO, |sum, i| sum + inverse[(k, i)] * inverse[(k, i)]);
            }
            return variances;
        }
        let triangle = self.completed();
        let mut work = vec![T::ZERO; features];
        for k in 0..self.rank {
            work.fill(T::ZERO);
            work[k] = T::ONE;
            self.least_norm(&triangle, &mut work);
            variances.iter_mut().zip(&work).for_each(|(variance, &x)| *variance += x * x);
        }
        variances
    }

    /// Whether a column is all zeros: nothing is known of its coefficient, which is 0, and nothing is claimed.
    fn is_blind(&self, k: usize) -> bool {
        k >= self.rank && (0..self.rank).all(|i| self.r[(i, k)] == T::ZERO)
    }
}
