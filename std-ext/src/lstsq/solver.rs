//! Chooses the path by the condition of the features, and walks it.

use super::data::Data;
use super::gradient::{Operand, Sums, backward_error, gradient};
use super::source::Layout;
use super::triangle::{Ridge, Scaling, Triangle, condition};
use super::{LeastSquaresFit, LeastSquaresParams, Path, Scalar, Sketch, Warning, dense, exact, gram, state};
use crate::regression::rows_for_signs;
use crate::{CoreError, Error, Real};
use core::ops::ControlFlow;
use faer::{Mat, MatMut};

/// Corrections at most. Two are the rule.
const CORRECTIONS: usize = 4;

/// Coefficients from which on iterations cost less than the products of Cholesky.
const CHOLESKY_LIMIT: usize = 400;

/// Rows of a sketch for each coefficient: as a preconditioner, and as an answer.
const ROWS: [usize; 2] = [12, 16];

/// Rows for each column that are looked at before the first pass.
const PILOT: usize = 4;

/// Condition up to which normal equations are safe.
fn gate<T: Real>() -> f64 {
    if T::BYTES == 4 { 1e2 } else { 1e6 }
}

/// Rows of the sketch.
fn sketch_rows<T>(params: &LeastSquaresParams<'_, T>, coefficients: usize) -> usize {
    let factor = ROWS[usize::from(params.path == Path::Sketched)];
    let rows = match (params.rows, params.sketch) {
        (0, Sketch::Osnap { nonzeros }) => coefficients.saturating_mul(factor).next_multiple_of(nonzeros.max(1)),
        (0, sketch) => {
            // Whatever the error, but so many that there are half-widths.
            let has_widths = params.path == Path::Sketched && sketch.is_dense() && !sketch.is_gaussian();
            let least = if has_widths { rows_for_signs(f64::MAX, params.failure, coefficients) } else { Ok(0) };
            coefficients.saturating_mul(factor).max(least.unwrap_or(0))
        }
        (rows, _) => rows,
    };
    if params.sketch == Sketch::Pooled { rows.next_power_of_two() } else { rows }
}

/// Whether there are so few rows that factoring them costs no more than sketching.
const fn is_small(rows: u64, sketch_rows: usize) -> bool {
    rows < (sketch_rows as u64).saturating_mul(4)
}

/// Solves, whatever the source of the rows. `known_rows` is how many there are, where that is known.
pub(super) fn solve<T: Scalar>(
    data: &mut Data<'_, T>,
    layout: Layout,
    params: &LeastSquaresParams<'_, T>,
    known_rows: Option<u64>,
) -> Result<LeastSquaresFit<T>, Error> {
    let coefficients = layout.coefficients();
    let rows = sketch_rows(params, coefficients);
    if known_rows == Some(0) {
        return Err(CoreError::TooFewRows { needed: 1, got: 0 }.into());
    }
    let mut solver = Solver { data, layout, params, warnings: Vec::new(), passes: 0, deviations: None };
    if params.path == Path::Exact {
        return solver.exact();
    }
    if params.path == Path::Auto && known_rows.is_some_and(|n| is_small(n, rows)) {
        if params.rows > 0 {
            solver.warnings.push(Warning::SketchTooLarge);
        }
        return solver.exact();
    }
    if rows < coefficients {
        return Err(CoreError::TooFewRows { needed: coefficients as u64, got: rows as u64 }.into());
    }
    if matches!(params.path, Path::Auto | Path::Normal)
        && let Some(exponents) = solver.pilot()?
        && let Some(fit) = solver.without_sketch(exponents, rows)?
    {
        return Ok(fit);
    }
    let sketched = state::sketch(solver.data, layout, params, rows)?;
    if params.path == Path::Auto && is_small(sketched.seen, rows) {
        return solver.exact();
    }
    let seen = sketched.seen;
    let triangle = Triangle::of(sketched.rows, layout, seen, solver.ridge(), Scaling::Each)?;
    if params.path == Path::Sketched {
        return solver.sketched(&triangle, rows, seen);
    }
    if !params.sketch.is_dense() {
        solver.warnings.push(Warning::SparsePreconditioner);
    }
    let candidates: &[Path] = match params.path {
        Path::Auto if triangle.condition.as_f64() < gate::<T>() => {
            &[Path::Normal, Path::PreconditionedCholesky, Path::Exact]
        }
        Path::Auto if coefficients <= CHOLESKY_LIMIT || solver.wants_deviations(&triangle) => {
            &[Path::PreconditionedCholesky, Path::Exact]
        }
        Path::Auto => &[Path::PreconditionedCg, Path::Exact],
        ref forced => core::slice::from_ref(forced),
    };
    let is_forced = params.path != Path::Auto;
    for &path in candidates {
        if path == Path::Exact {
            return solver.exact();
        }
        match solver.on_path(path, &triangle, rows, seen) {
            Ok(refined) => return Ok(solver.fit(&triangle, &refined, path, Some(rows), seen)),
            Err(Failure::Path(_)) if !is_forced => solver.warnings.push(Warning::PathLeft { path }),
            Err(Failure::Path(reason)) => return Err(reason.into()),
            Err(Failure::Data(error)) => return Err(error),
        }
    }
    solver.exact()
}

/// Why a path ended: because it can't serve, or because the rows can't be read.
pub(super) enum Failure {
    Path(CoreError),
    Data(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Data(error)
    }
}

/// Scaled coefficients of the independent columns, with what the data say of them, a target each.
pub(super) struct Refined<T> {
    pub(super) x: Mat<T>,
    pub(super) gradient: Mat<T>,
    pub(super) squares: Vec<T>,
    backward_errors: Vec<T>,
}

impl<T: Scalar> Refined<T> {
    /// Whether the backward error is below rounding.
    pub(super) fn is_stable(&self) -> bool {
        self.is_within(0.25)
    }

    /// Normal equations beyond their condition end far from where rounding alone would: that is no answer.
    fn accept(&self) -> Result<(), Failure> {
        if self.is_within(64.0) {
            return Ok(());
        }
        let worst = self.backward_errors.iter().fold(0.0, |worst, error| Real::max(worst, error.as_f64()));
        Err(Failure::Path(CoreError::NotConverged { residual: worst }))
    }

    /// NaN is within nothing.
    fn is_within(&self, epsilons: f64) -> bool {
        self.backward_errors.iter().all(|&error| error <= T::constant(epsilons) * <T as Real>::EPSILON)
    }
}

pub(super) struct Solver<'a, 'd, 'p, T> {
    pub(super) data: &'a mut Data<'d, T>,
    pub(super) layout: Layout,
    pub(super) params: &'a LeastSquaresParams<'p, T>,
    pub(super) warnings: Vec<Warning>,
    pub(super) passes: usize,
    /// Roots of the diagonal of the inverse Gram matrix, in the triangle's order and scale, where they are asked for.
    pub(super) deviations: Option<Vec<T>>,
}

impl<T: Scalar> Solver<'_, '_, '_, T> {
    pub(super) fn ridge(&self) -> Ridge {
        Ridge { lambda: self.params.ridge, spared: self.layout.constants }
    }

    pub(super) const fn threads(&self) -> usize {
        self.params.threads.get()
    }

    fn on_path(&mut self, path: Path, triangle: &Triangle<T>, rows: usize, seen: u64) -> Result<Refined<T>, Failure> {
        let refined = match path {
            Path::Normal => self.normal(triangle)?,
            Path::PreconditionedCholesky => self.preconditioned(triangle)?,
            Path::HeavyBall => self.iterate(triangle, rows, true)?,
            _ => self.iterate(triangle, rows, false)?,
        };
        if matches!(path, Path::HeavyBall | Path::PreconditionedCg) && self.wants_deviations(triangle) {
            self.factor_deviations(triangle, &refined)?;
        }
        refined.accept()?;
        if triangle.rank < triangle.coefficients() {
            self.confirm_rank(triangle, &refined, seen)?;
        }
        Ok(refined)
    }

    fn wants_deviations(&self, triangle: &Triangle<T>) -> bool {
        self.params.standard_errors && self.params.ridge == 0.0 && triangle.rank == triangle.coefficients()
    }

    /// Keeps the roots of the diagonal of the inverse Gram matrix, given what multiplies with the inverse of a factor `F` of it, from
    /// `F F'`.
    fn keep_deviations(&mut self, triangle: &Triangle<T>, inverse: impl FnOnce(MatMut<'_, T>)) {
        self.deviations = self.wants_deviations(triangle).then(|| {
            let mut columns = Mat::identity(triangle.rank, triangle.rank);
            inverse(columns.as_mut());
            (0..triangle.rank).map(|k| dense::norm(columns.col(k))).collect()
        });
    }

    /// The same behind the sketch's triangle, for iterations, which have no factor: a pass over the rows.
    fn factor_deviations(&mut self, triangle: &Triangle<T>, refined: &Refined<T>) -> Result<(), Error> {
        let operand = operand(triangle, &refined.x);
        self.passes += 1;
        let (mut gram, _) = gram::gram(self.data, self.layout, triangle, true, &operand, self.threads())?;
        if dense::cholesky(&mut gram) {
            let r = triangle.leading();
            self.keep_deviations(triangle, |mut x| {
                dense::solve_lower(r.transpose(), x.as_mut());
                dense::solve_lower(gram.as_ref(), x);
            });
        }
        Ok(())
    }

    /// Columns that depend on each other in the sketch may be independent in the data. Then what was left out of the answer is
    /// still in the residual, or the solution of least norm leaves more than it should.
    fn confirm_rank(&mut self, triangle: &Triangle<T>, refined: &Refined<T>, seen: u64) -> Result<(), Failure> {
        let (coefficients, targets) = (triangle.coefficients(), self.layout.targets);
        let all = triangle.finish(&refined.x);
        let scale = |u: usize| T::ONE.times_power_of_two(-triangle.exponents[coefficients + u]);
        let operand = Operand {
            x: Mat::from_fn(coefficients, targets, |j, u| all[u * coefficients + j] * scale(u)),
            scales: (0..targets).map(scale).collect(),
        };
        self.passes += 1;
        let found = gradient(self.data, self.layout, &operand, self.threads())?;
        let slack = T::constant(64.0) * Triangle::<T>::tolerance(coefficients, seen);
        let is_confirmed = (0..targets).all(|u| {
            let (left, before) = (Real::sqrt(found.squares[u]), Real::sqrt(refined.squares[u]));
            let size = dense::norm(refined.x.col(u));
            let (limit, allowed) = (slack * (left + size), before + slack * (before + size));
            let is_orthogonal = |j: usize| {
                let along = found.gradient[(j, u)].times_power_of_two(-triangle.exponents[j]);
                Real::abs(along) <= limit
            };
            left <= allowed && (self.params.ridge > 0.0 || (0..coefficients).all(is_orthogonal))
        });
        if is_confirmed { Ok(()) } else { Err(Failure::Path(CoreError::RankDeficient { rank: triangle.rank })) }
    }

    /// Normal equations of the data.
    fn normal(&mut self, triangle: &Triangle<T>) -> Result<Refined<T>, Failure> {
        let mut x = triangle.solve();
        let operand = operand(triangle, &x);
        self.passes += 1;
        let (mut gram, first) = gram::gram(self.data, self.layout, triangle, false, &operand, self.threads())?;
        for k in 0..triangle.rank {
            gram[(k, k)] += self.penalty(triangle, k);
        }
        if !dense::cholesky(&mut gram) {
            return Err(Failure::Path(CoreError::IllConditioned));
        }
        self.keep_deviations(triangle, |x| dense::solve_lower(gram.as_ref(), x));
        let solve = |x: &mut Mat<T>| dense::solve_cholesky(gram.as_ref(), x);
        let mut step = self.scaled_gradient(triangle, &first, &x);
        solve(&mut step);
        x += &step;
        Ok(self.refine(triangle, x, &solve)?)
    }

    /// Normal equations of the data behind the sketch's triangle.
    fn preconditioned(&mut self, triangle: &Triangle<T>) -> Result<Refined<T>, Failure> {
        let mut x = triangle.solve();
        let operand = operand(triangle, &x);
        self.passes += 1;
        let (mut gram, first) = gram::gram(self.data, self.layout, triangle, true, &operand, self.threads())?;
        let r = triangle.leading();
        if self.params.ridge > 0.0 {
            // The rows of the ridge, behind the triangle too.
            let rank = triangle.rank;
            let roots =
                Mat::from_fn(rank, rank, |i, j| if i == j { Real::sqrt(self.penalty(triangle, i)) } else { T::ZERO });
            let mut rows = roots;
            dense::solve_lower(r.transpose(), rows.as_mut());
            for i in 0..rank {
                for j in 0..=i {
                    gram[(i, j)] += (0..rank).fold(T::ZERO, |sum, k| sum + rows[(i, k)] * rows[(j, k)]);
                }
            }
        }
        if !dense::cholesky(&mut gram) {
            return Err(Failure::Path(CoreError::RankDeficient { rank: triangle.rank }));
        }
        self.keep_deviations(triangle, |mut x| {
            dense::solve_lower(r.transpose(), x.as_mut());
            dense::solve_lower(gram.as_ref(), x);
        });
        let solve = |x: &mut Mat<T>| {
            dense::solve_lower(r.transpose(), x.as_mut());
            dense::solve_cholesky(gram.as_ref(), x);
            dense::solve_upper(r.as_ref(), x.as_mut());
        };
        let mut step = self.scaled_gradient(triangle, &first, &x);
        solve(&mut step);
        x += &step;
        Ok(self.refine(triangle, x, &solve)?)
    }

    /// Corrects with residuals of the data until that changes nothing any more.
    fn refine(
        &mut self,
        triangle: &Triangle<T>,
        mut x: Mat<T>,
        solve: &dyn Fn(&mut Mat<T>),
    ) -> Result<Refined<T>, Error> {
        let small = T::constant(4.0) * <T as Real>::EPSILON;
        let mut before = <T as Real>::INFINITY;
        for correction in 0.. {
            let refined = self.evaluate(triangle, x)?;
            let mut step = refined.gradient.clone();
            solve(&mut step);
            let size = |x: &Mat<T>, u: usize| x.col(u).iter().fold(T::ZERO, |size, x| Real::max(size, Real::abs(*x)));
            let steps = (0..step.ncols()).map(|u| (size(&step, u), size(&refined.x, u)));
            let is_done = steps.clone().all(|(step, x)| step <= small * x) || refined.is_stable();
            let largest = steps
                .fold(T::ZERO, |largest, (step, x)| if x > T::ZERO { Real::max(largest, step / x) } else { largest });
            let shrinks = largest <= T::constant(0.5) * before;
            if is_done || !shrinks || correction == CORRECTIONS {
                return Ok(refined);
            }
            x = refined.x;
            x += &step;
            before = largest;
        }
        self.evaluate(triangle, x)
    }

    /// Gradient, residual and backward error at some coefficients: a pass over the rows.
    pub(super) fn evaluate(&mut self, triangle: &Triangle<T>, x: Mat<T>) -> Result<Refined<T>, Error> {
        self.passes += 1;
        let found = gradient(self.data, self.layout, &operand(triangle, &x), self.threads())?;
        let gradient = self.scaled_gradient(triangle, &found, &x);
        Ok(self.refined(triangle, x, gradient, found.squares))
    }

    /// Coefficients with their gradient and squares, and the backward errors that follow from them.
    pub(super) fn refined(&self, triangle: &Triangle<T>, x: Mat<T>, gradient: Mat<T>, squares: Vec<T>) -> Refined<T> {
        let r = triangle.leading();
        let largest = largest_singular(&r);
        let backward_errors = (0..x.ncols())
            .map(|u| {
                let column = |x: &Mat<T>| x.col(u).iter().copied().collect::<Vec<T>>();
                backward_error(
                    &r,
                    largest,
                    &column(&x),
                    &column(&gradient),
                    self.whole_square(triangle, &x, squares[u], u),
                )
            })
            .collect();
        Refined { x, gradient, squares, backward_errors }
    }

    /// The ridge's share of a diagonal entry of the scaled Gram matrix.
    pub(super) fn penalty(&self, triangle: &Triangle<T>, k: usize) -> T {
        let column = triangle.order[k];
        if column < self.layout.constants {
            return T::ZERO;
        }
        T::constant(self.params.ridge).times_power_of_two(-2 * triangle.exponents[column])
    }

    /// The gradient in the scaled coefficients of the independent columns, that of the ridge with it.
    pub(super) fn scaled_gradient(&self, triangle: &Triangle<T>, found: &Sums<T>, x: &Mat<T>) -> Mat<T> {
        Mat::from_fn(triangle.rank, self.layout.targets, |k, u| {
            let column = triangle.order[k];
            found.gradient[(column, u)].times_power_of_two(-triangle.exponents[column])
                - self.penalty(triangle, k) * x[(k, u)]
        })
    }

    /// Square of the residual, that of the ridge's rows with it.
    fn whole_square(&self, triangle: &Triangle<T>, x: &Mat<T>, square: T, u: usize) -> T {
        (0..triangle.rank).fold(square, |sum, k| sum + self.penalty(triangle, k) * x[(k, u)] * x[(k, u)])
    }

    /// QR of the rows themselves.
    pub(super) fn exact(&mut self) -> Result<LeastSquaresFit<T>, Error> {
        // A ridge that spares the intercept is no ridge in other coordinates.
        let is_rotatable = self.params.ridge == 0.0 || self.layout.constants == 0;
        if let Data::Memory(rows) = self.data
            && rows.rows() < self.layout.coefficients()
            && is_rotatable
        {
            let rows = *rows;
            return self.wide(&rows);
        }
        self.passes += 1;
        let (rows, seen) = exact::triangle(self.data, self.layout, self.threads())?;
        if seen == 0 {
            return Err(CoreError::TooFewRows { needed: 1, got: 0 }.into());
        }
        let triangle = Triangle::of(rows, self.layout, seen, self.ridge(), Scaling::Each)?;
        let r = triangle.leading();
        self.keep_deviations(&triangle, |x| dense::solve_lower(r.transpose(), x));
        // The triangle is that of the rows, to rounding: corrections with it reach what rounding allows.
        let solve = |x: &mut Mat<T>| dense::solve_cholesky(r.transpose(), x);
        let refined = self.refine(&triangle, triangle.solve(), &solve)?;
        Ok(self.fit(&triangle, &refined, Path::Exact, None, seen))
    }

    pub(super) fn fit(
        &mut self,
        triangle: &Triangle<T>,
        refined: &Refined<T>,
        path: Path,
        sketch_rows: Option<usize>,
        seen: u64,
    ) -> LeastSquaresFit<T> {
        let backward_error = Some(refined.backward_errors.clone());
        let first = triangle.coefficients();
        let residual_norms = (0..self.layout.targets)
            .map(|u| Real::sqrt(refined.squares[u]).times_power_of_two(triangle.exponents[first + u]))
            .collect();
        self.warn(triangle);
        let freedom = seen.checked_sub(first as u64).filter(|&left| left > 0);
        let standard_errors = self.deviations.take().zip(freedom).map(|(deviations, freedom)| {
            let mut errors = vec![T::ZERO; first * self.layout.targets];
            for (u, errors) in errors.chunks_exact_mut(first.max(1)).enumerate() {
                let deviation = Real::sqrt(refined.squares[u] / T::count(freedom));
                for (k, &root) in deviations.iter().enumerate() {
                    errors[triangle.order[k]] = (root * deviation).times_power_of_two(triangle.unit(k, u));
                }
            }
            errors
        });
        LeastSquaresFit {
            coefficients: triangle.finish(&refined.x),
            residual_norms,
            residual_is_estimate: false,
            half_widths: None,
            standard_errors,
            rank: triangle.rank,
            condition: triangle.condition,
            path,
            iterations: self.passes,
            backward_error,
            sketch_rows,
            rows: seen,
            warnings: core::mem::take(&mut self.warnings),
        }
    }

    pub(super) fn warn(&mut self, triangle: &Triangle<T>) {
        if triangle.rank < triangle.coefficients() {
            self.warnings.push(Warning::RankDeficient { rank: triangle.rank });
        }
        if triangle.condition * <T as Real>::EPSILON > T::constant(1e-4) {
            self.warnings.push(Warning::IllConditioned { condition: triangle.condition.as_f64() });
        }
    }

    /// Whether the first rows look so well conditioned that normal equations are worth a try before a sketch; the exponents of their
    /// columns if so. A guess alone: the Gram matrix of all rows decides.
    fn pilot(&mut self) -> Result<Option<Vec<i32>>, Error> {
        let (params, layout) = (self.params, self.layout);
        let is_sketch_asked_for = params.rows > 0 || params.sketch != Sketch::default();
        if is_sketch_asked_for && !params.assume_well_conditioned {
            return Ok(None);
        }
        let mut rows = Mat::zeros(0, layout.columns());
        self.data.pass_until(|_, chunk| {
            rows = exact::rows(&chunk.rows_from(0, PILOT * layout.columns()), layout);
            Ok(ControlFlow::Break(()))
        })?;
        let is_finite = (0..layout.columns()).all(|j| dense::norm(rows.col(j)).is_finite());
        if !is_finite || rows.nrows() < layout.columns() {
            return Ok(None);
        }
        let seen = rows.nrows() as u64;
        let triangle = Triangle::of(rows, layout, seen, Ridge { lambda: 0.0, spared: 0 }, Scaling::Each)?;
        let is_promising = triangle.rank == layout.coefficients() && triangle.condition.as_f64() < gate::<T>();
        Ok((is_promising || params.assume_well_conditioned).then_some(triangle.exponents))
    }

    /// Normal equations at once, of columns with these exponents or near them; `None` if they turn out not to be safe.
    fn without_sketch(&mut self, exponents: Vec<i32>, sketch_rows: usize) -> Result<Option<LeastSquaresFit<T>>, Error> {
        let (coefficients, targets) = (self.layout.coefficients(), self.layout.targets);
        let mut triangle = Triangle::unfactored(exponents, coefficients);
        let origin = operand(&triangle, &Mat::zeros(coefficients, targets));
        self.passes += 1;
        let (gram, first) = gram::gram(self.data, self.layout, &triangle, false, &origin, self.threads())?;
        if self.params.path == Path::Auto && is_small(first.rows, sketch_rows) {
            self.passes = 0;
            return self.exact().map(Some);
        }
        // The scales of all rows are not quite those of the first.
        let squares: Vec<T> = (0..coefficients).map(|k| gram[(k, k)]).chain(first.squares.iter().copied()).collect();
        // A column of zeros has no scale, nor has one that overflowed.
        let shift = |square: T| if square > T::ZERO { Real::exponent(Real::sqrt(square)) } else { 0 };
        let shifts: Vec<i32> =
            squares.iter().map(|&square| if square.is_finite() { shift(square) } else { 0 }).collect();
        triangle.exponents.iter_mut().zip(&shifts).for_each(|(exponent, shift)| *exponent += shift);
        let is_in_range = squares.iter().zip(&shifts).all(|(x, e)| x.is_finite() && e.abs() <= T::COMFORT);
        let mut scaled = Mat::from_fn(coefficients, coefficients, |i, j| {
            let (row, col) = (i.max(j), i.min(j));
            let ridge = if i == j { self.penalty(&triangle, i) } else { T::ZERO };
            gram[(row, col)].times_power_of_two(-shifts[row] - shifts[col]) + ridge
        });
        if is_in_range && dense::cholesky(&mut scaled) {
            triangle.r = Mat::from_fn(coefficients, coefficients, |i, j| if i <= j { scaled[(j, i)] } else { T::ZERO });
            triangle.condition = condition(&triangle.r, coefficients);
        }
        // Rounding of the Gram matrix must not reach its smallest eigenvalue, else the condition is not that of the rows.
        let blur = triangle.condition * triangle.condition * T::count(coefficients as u64) * <T as Real>::EPSILON;
        if triangle.condition.as_f64() < gate::<T>() && blur <= T::constant(0.01) {
            let solve = |x: &mut Mat<T>| dense::solve_cholesky(scaled.as_ref(), x);
            let mut x = Mat::from_fn(coefficients, targets, |k, u| {
                let shift = shifts[coefficients + u] + triangle.exponents[k];
                first.gradient[(k, u)].times_power_of_two(-shift)
            });
            solve(&mut x);
            let refined = self.refine(&triangle, x, &solve)?;
            if refined.accept().is_ok() {
                self.keep_deviations(&triangle, |x| dense::solve_lower(scaled.as_ref(), x));
                return Ok(Some(self.fit(&triangle, &refined, Path::Normal, None, first.rows)));
            }
        }
        self.passes = 0;
        if self.params.assume_well_conditioned {
            self.warnings.push(Warning::PathLeft { path: Path::Normal });
        }
        Ok(None)
    }
}

/// Scaled coefficients as something to multiply rows with.
pub(super) fn operand<T: Scalar>(triangle: &Triangle<T>, x: &Mat<T>) -> Operand<T> {
    let coefficients = triangle.coefficients();
    let mut all = Mat::zeros(coefficients, x.ncols());
    for u in 0..x.ncols() {
        for k in 0..triangle.rank {
            let column = triangle.order[k];
            all[(column, u)] = x[(k, u)].times_power_of_two(-triangle.exponents[column]);
        }
    }
    let scales = (0..x.ncols()).map(|u| T::ONE.times_power_of_two(-triangle.exponents[coefficients + u])).collect();
    Operand { x: all, scales }
}

/// Largest singular value of a triangle, by some steps of the power method.
fn largest_singular<T: Scalar>(r: &Mat<T>) -> T {
    let dim = r.ncols();
    let mut x = Mat::from_fn(dim, 1, |i, _| T::ONE + T::count(i as u64 % 7) * T::constant(0.125));
    let mut largest = T::ZERO;
    for _ in 0..8 {
        let norm = dense::norm(x.col(0));
        if norm == T::ZERO {
            break;
        }
        x.col_mut(0).iter_mut().for_each(|x| *x /= norm);
        let product = r * &x;
        largest = Real::max(largest, dense::norm(product.col(0)));
        x = r.transpose() * product;
    }
    largest
}
