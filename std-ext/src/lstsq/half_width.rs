//! The sketched path: the answer of the sketch alone, with a half-width for every coefficient.

use super::solver::Solver;
use super::triangle::{Ridge, Triangle};
use super::{LeastSquaresFit, Path, Scalar, Warning};
use crate::regression::{NoHalfWidths, SketchTriangle, SketchedRows, half_width_level, half_widths};
use crate::{Error, Real};

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
        let (sketch, failure, features) = (self.params.sketch, self.params.failure, triangle.coefficients());
        let level = if sketch.is_dense() {
            half_width_level(failure, rows, features, triangle.rank, sketch.is_gaussian())
        } else {
            Err(NoHalfWidths::Sparse)
        };
        let half_widths = match level {
            Ok(level) => Some(self.half_widths(triangle, &coefficients, &squares, (spare, level, seen))?),
            Err(reason) => {
                self.warnings.push(match reason {
                    NoHalfWidths::Sparse => Warning::NoBound,
                    reason => Warning::NoHalfWidths { reason },
                });
                None
            }
        };
        self.warn(triangle);
        Ok(LeastSquaresFit {
            coefficients,
            residual_norms,
            residual_is_estimate: true,
            half_widths,
            standard_errors: None,
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

    /// Half-widths as the core gives them.
    fn half_widths(
        &self,
        triangle: &Triangle<T>,
        coefficients: &[T],
        squares: &[T],
        (spare, level, seen): (usize, f64, u64),
    ) -> Result<Vec<T>, Error> {
        let features = triangle.coefficients();
        let is_full = triangle.rank == features;
        let packed = if is_full { triangle.packed() } else { triangle.completed() };
        // Of sums of so many terms, as in the core.
        let rounding = T::constant(4.0) * Real::sqrt(T::count(seen)) * <T as Real>::EPSILON;
        let rows = SketchedRows { spare, condition: triangle.condition, rounding, failure: level };
        let view = View { triangle, packed, ridge: self.ridge() };
        let (mut work, mut widths) = (vec![T::ZERO; features], vec![T::ZERO; coefficients.len()]);
        half_widths(&view, rows, coefficients, squares, &mut work, &mut widths)?;
        Ok(widths)
    }
}

/// A triangle as its half-widths see it.
struct View<'a, T> {
    triangle: &'a Triangle<T>,
    packed: Vec<T>,
    ridge: Ridge,
}

impl<T: Scalar> SketchTriangle<T> for View<'_, T> {
    fn triangle(&self) -> &[T] {
        &self.packed
    }

    fn dim(&self) -> usize {
        self.triangle.coefficients()
    }

    fn features(&self) -> usize {
        self.triangle.coefficients()
    }

    fn rank(&self) -> usize {
        self.triangle.rank
    }

    fn place(&self, k: usize) -> usize {
        self.triangle.order[k]
    }

    /// Exponents of coefficients stand in their order, those of targets behind.
    fn exponent(&self, k: usize) -> i32 {
        self.triangle.exponents[self.triangle.order.get(k).copied().unwrap_or(k)]
    }

    fn ridge(&self) -> Option<T> {
        (self.ridge.lambda > 0.0).then(|| T::constant(self.ridge.lambda))
    }

    fn is_penalized(&self, k: usize) -> bool {
        self.triangle.order[k] >= self.ridge.spared
    }
}
