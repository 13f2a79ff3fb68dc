//! Fewer rows than columns: the coefficients of least norm, by a QR factorisation of the transposed rows.

use super::data::check_finite;
use super::exact;
use super::gradient::{Operand, gradient};
use super::reflectors::Reflectors;
use super::solver::Solver;
use super::source::{Layout, RowBlock};
use super::triangle::{Scaling, Triangle};
use super::{LeastSquaresFit, Path, Scalar};
use crate::{CoreError, Error};
use faer::Mat;

impl<T: Scalar> Solver<'_, '_, '_, T> {
    /// `A = L Q'` with a small square `L`: the least-squares problem of `L` has the answer in the coordinates of `Q`.
    pub(super) fn wide(&mut self, rows: &RowBlock<'_, T>) -> Result<LeastSquaresFit<T>, Error> {
        self.deviations = None;
        check_finite(0, rows, self.layout)?;
        let seen = rows.rows_that_count();
        if seen == 0 {
            return Err(CoreError::TooFewRows { needed: 1, got: 0 }.into());
        }
        self.passes += 1;
        let (n, coefficients, targets) = (rows.rows(), self.layout.coefficients(), self.layout.targets);
        let all = exact::rows(rows, self.layout);
        let reflectors = Reflectors::of(all.submatrix(0, 0, n, coefficients).transpose().to_owned());
        let r = reflectors.triangle();
        let small = Mat::from_fn(n, n + targets, |i, j| match j.checked_sub(n) {
            None if j <= i => r[(j, i)],
            None => T::ZERO,
            Some(u) => all[(i, coefficients + u)],
        });
        let layout = Layout { constants: 0, features: n, targets };
        let triangle = Triangle::of(small.clone(), layout, n as u64, self.ridge(), Scaling::Together)?;
        let inner = triangle.solve();
        let y = triangle.finish(&inner);
        let mut x = Mat::from_fn(coefficients, targets, |i, u| if i < n { y[u * n + i] } else { T::ZERO });
        reflectors.apply(&mut x);
        let scale = |u: usize| T::ONE.times_power_of_two(-triangle.exponents[n + u]);
        let operand = Operand {
            x: Mat::from_fn(coefficients, targets, |i, u| x[(i, u)] * scale(u)),
            scales: (0..targets).map(scale).collect(),
        };
        self.passes += 1;
        let found = gradient(self.data, self.layout, &operand, self.threads())?;
        let l = small.submatrix(0, 0, n, n);
        let y = Mat::from_fn(n, targets, |i, u| y[u * n + i]);
        let residual = Mat::from_fn(n, targets, |i, u| (small[(i, n + u)] - (l.row(i) * y.col(u))) * scale(u));
        let inner_gradient = Mat::from_fn(triangle.rank, targets, |k, u| {
            let column = triangle.order[k];
            let own = (l.col(column).transpose() * residual.col(u)).times_power_of_two(-triangle.exponents[column]);
            own - self.penalty_of(&triangle, k) * inner[(k, u)]
        });
        let refined = self.refined(&triangle, inner, inner_gradient, found.squares);
        let mut fit = self.fit(&triangle, &refined, Path::Exact, None, seen);
        fit.coefficients =
            (0..targets).flat_map(|u| (0..coefficients).map(move |i| (i, u))).map(|at| x[at] + T::ZERO).collect();
        if fit.rank == n {
            // As many independent columns as rows are all that there can be, and still not all columns.
            fit.warnings.insert(0, super::Warning::RankDeficient { rank: n });
        }
        Ok(fit)
    }

    /// The ridge's share, in the coordinates of `Q`.
    fn penalty_of(&self, triangle: &Triangle<T>, k: usize) -> T {
        T::constant(self.params.ridge).times_power_of_two(-2 * triangle.exponents[triangle.order[k]])
    }
}
