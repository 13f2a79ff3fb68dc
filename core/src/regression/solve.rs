//! From rows to coefficients: the solver behind all summaries of this family that keep rows.

use super::half_width::{SketchTriangle, SketchedRows, half_width_level, half_widths, variances};
use super::{Fit, Gradient, NoHalfWidths, Query};
use crate::linalg::qr::norm_exponent;
use crate::linalg::{complete, givens, packed, triangular};
use crate::{Error, Real, Storage};

/// Rows whose least-squares problem is the one to solve: those of a sketch, or of a triangle.
pub(super) trait Evidence<R: Real> {
    /// How many there are.
    fn rows(&self) -> usize;

    /// The norm of what may have been taken away again from a column, beside what it holds now.
    fn taken(&self, column: usize) -> R {
        let _ = column;
        R::ZERO
    }

    /// Writes the entries that row `row` has in the columns given.
    fn copy_row(&self, row: usize, columns: impl Iterator<Item = usize> + Clone, out: &mut [R]);
}

/// What the rows stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    /// Rows of data that went in.
    pub(super) rows_seen: u64,
    /// Rows of data that are still in, where the answer is exact and they are a sample of something.
    pub(super) rows_kept: Option<u64>,
    /// How far a column of sums may have drifted by rounding, as a share of what it has held.
    pub(super) drift: f64,
    /// For rows of a sketch, its isometry factor.
    pub(super) factor: Option<f64>,
    /// Whether half-widths may be given.
    pub(super) is_dense: bool,
    /// Whether their law is exact.
    pub(super) is_gaussian: bool,
}

/// Solves the query over the rows. `columns` is how many columns they have.
///
/// The rows go into a packed triangle of features and targets by rotations. Nothing is scaled before: a power of two in the
/// units of a column passes through rotations unchanged, and is taken out of the triangle.
pub(super) fn solve<'a, R: Real>(
    evidence: &impl Evidence<R>,
    columns: usize,
    meaning: Meaning,
    query: &Query<'_>,
    scratch: &mut [R],
    answer: &'a mut [R],
) -> Result<Fit<'a, R>, Error> {
    query.check(columns)?;
    query.check_buffers(scratch, answer)?;
    let (features, targets, rows) = (query.features.len(), query.targets.len(), evidence.rows());
    let mut problem = Problem::new(evidence, meaning, query, scratch)?;
    let condition = problem.certain_condition()?;
    let (coefficients, rest) = answer.split_at_mut(targets * features);
    let (widths, norms) = rest.split_at_mut(targets * features);
    for (target, norm) in norms.iter_mut().enumerate() {
        *norm = problem.residual_square(target);
    }
    let is_full = problem.rank == features;
    if !is_full {
        problem.restore_units()?;
    }
    for (target, x) in coefficients.chunks_exact_mut(features).enumerate() {
        problem.coefficients(target, is_full, x)?;
    }
    if query.ridge > 0.0 {
        for ((target, x), norm) in coefficients.chunks_exact(features).enumerate().zip(&mut *norms) {
            *norm = problem.residual_again(evidence, target, x);
        }
    }
    let spare = rows.saturating_sub(problem.rank);
    let level = if meaning.is_dense {
        half_width_level(query.failure, rows, features, problem.rank, meaning.is_gaussian)
    } else {
        Err(NoHalfWidths::Sparse)
    };
    let is_sketch = meaning.factor.is_some();
    match level {
        Ok(level) if is_sketch => {
            let rows = SketchedRows { spare, condition, rounding: problem.rounding, failure: level };
            problem.half_widths(rows, coefficients, norms, widths)?;
        }
        _ => widths.fill(R::ZERO),
    }
    // What is left of the rows once every coefficient has taken one.
    let freedom = meaning.rows_kept.and_then(|rows| rows.checked_sub(features as u64)).filter(|&left| left > 0);
    let freedom = freedom.filter(|_| is_full && query.ridge == 0.0);
    if let Some(freedom) = freedom {
        problem.standard_errors(R::count(freedom), norms, widths)?;
    }
    let estimate = meaning.factor.map(|factor| match spare {
        0 => R::INFINITY,
        _ => R::constant(factor) * (R::count(rows as u64) / R::count(spare as u64)).sqrt(),
    });
    for (target, norm) in norms.iter_mut().enumerate() {
        let root = norm.sqrt().times_power_of_two(problem.exponent(features + target));
        *norm = match estimate {
            Some(estimate) if estimate.is_finite() => root * estimate,
            Some(_) => R::INFINITY,
            None => root,
        };
    }
    // Columns whose norms are finite can still be too far apart for what is between.
    if let Some(place) = coefficients.iter().position(|x| !x.is_finite()) {
        return Err(Error::NonFinite { index: query.features[place % features] });
    }
    let rank = problem.rank;
    let widths = &*widths;
    Ok(Fit {
        coefficients,
        half_widths: (is_sketch && level.is_ok()).then_some(widths),
        no_half_widths: level.err().filter(|_| is_sketch),
        standard_errors: freedom.map(|_| widths),
        residual_norm: norms,
        residual_is_estimate: meaning.factor.is_some(),
        rank,
        condition,
    })
}

/// A step along the inverse Gram matrix of a sketch, in units of the exact one, and the share of the sketch's estimate that it is
/// expected to take off the square of the residual.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    length: f64,
    gain: f64,
}

impl Step {
    /// A step that shortens every error, but for the rarest sketch: Epperly's `(1 - rho)^2 / (1 + rho)`, whose `rho = d / m` is
    /// that of many features; few of them may stray further, by about 1 in `sqrt d`.
    pub(super) fn damped(rank: usize, rows: usize) -> Self {
        let (d, m) = (rank as f64, rows as f64);
        let rho = d / m;
        let root = Real::sqrt(d) + 1.0;
        let stray = (root * root / m).min(0.5 * (1.0 + rho));
        let length = (1.0 - stray) * (1.0 - stray) / (1.0 + stray);
        // In the triangle's coordinates the error of a sketched answer has no direction.
        let bend = if rho < 1.0 { length * (1.0 + rho) / ((1.0 - rho) * (1.0 - rho)) } else { 0.0 };
        Self { length, gain: length * (2.0 - bend) }
    }

    /// For `(m - rank - 1) / m` and coefficients of zero, whose error doesn't depend on the sketch.
    pub(super) fn unbiased(share: f64) -> Self {
        Self { length: share, gain: 2.0 * share - 1.0 }
    }
}

/// Corrects the coefficients of a gradient by the step that is given for the rank.
pub(super) fn correct<'a, R: Real, S: Storage<R>>(
    evidence: &impl Evidence<R>,
    meaning: Meaning,
    query: &Query<'_>,
    (gradient, step): (&Gradient<R, S>, impl Fn(usize) -> Step),
    scratch: &mut [R],
    answer: &'a mut [R],
) -> Result<Fit<'a, R>, Error> {
    let features = query.features.len();
    let mut problem = Problem::new(evidence, meaning, query, scratch)?;
    let condition = problem.certain_condition()?;
    if problem.rank < features {
        problem.restore_units()?;
    }
    let step = step(problem.rank);
    let (coefficients, rest) = answer.split_at_mut(gradient.coefficients().len());
    let (widths, norms) = rest.split_at_mut(coefficients.len());
    widths.fill(R::ZERO);
    coefficients.copy_from_slice(gradient.coefficients());
    let sums = gradient.sums().chunks_exact(features).zip(gradient.residual_squares());
    let per_target = coefficients.chunks_exact_mut(features).zip(&mut *norms).zip(sums);
    for (target, ((x, norm), (sums, &square))) in per_target.enumerate() {
        problem.check_gradient(gradient, target, square, condition)?;
        *norm = problem.correct(x, sums, square, step)?.sqrt();
        if !(norm.is_finite() && x.iter().all(|x| x.is_finite())) {
            return Err(Error::NonFinite { index: query.targets[target] });
        }
    }
    let rank = problem.rank;
    Ok(Fit {
        coefficients,
        half_widths: None,
        no_half_widths: None,
        standard_errors: None,
        residual_norm: norms,
        residual_is_estimate: true,
        rank,
        condition,
    })
}

/// A triangle of features and targets on its way to an answer. Feature `k` of the triangle is feature `order[k]` of the query,
/// and is `2^exponents[k]` times what stands there; both are small integers, kept as scalars.
struct Problem<'a, 'q, R> {
    query: &'a Query<'q>,
    meaning: Meaning,
    triangle: &'a mut [R],
    work: &'a mut [R],
    exponents: &'a mut [R],
    order: &'a mut [R],
    rank: usize,
    /// How far the columns may be off together by rounding of sums, as a share of their norms.
    rounding: R,
    /// The part of that that comes from what was taken away.
    loss: R,
}

/// A share of the columns that is lost to rounding of what was taken away, times the condition, above this decides the answer.
const LARGEST_LOSS: f64 = 0.25;

impl<'a, 'q, R: Real> Problem<'a, 'q, R> {
    /// The triangle of the rows, units out and independent features in front.
    fn new(
        evidence: &impl Evidence<R>,
        meaning: Meaning,
        query: &'a Query<'q>,
        scratch: &'a mut [R],
    ) -> Result<Self, Error> {
        let (features, dim, rows) = (query.features.len(), query.len(), evidence.rows());
        if meaning.factor.is_some() && rows < features {
            return Err(Error::TooFewRows { needed: features as u64, got: rows as u64 });
        }
        let (triangle, rest) = scratch.split_at_mut(packed::len(dim));
        let (work, rest) = rest.split_at_mut(dim);
        let (exponents, order) = rest.split_at_mut(dim);
        let order = &mut order[..features];
        let (rounding, loss) = (R::ZERO, R::ZERO);
        let mut problem = Self { query, meaning, triangle, work, exponents, order, rank: 0, rounding, loss };
        problem.feed(evidence)?;
        problem.equilibrate();
        problem.look_at_loss(evidence)?;
        problem.pivot(rows)?;
        Ok(problem)
    }

    const fn dim(&self) -> usize {
        self.query.len()
    }

    const fn features(&self) -> usize {
        self.query.features.len()
    }

    fn exponent(&self, k: usize) -> i32 {
        self.exponents[k].to_i32().unwrap_or(0)
    }

    fn place(&self, k: usize) -> usize {
        self.order[k].to_usize().unwrap_or(0)
    }

    /// The ridge in units of the stored rows, whose isometry factor is left out.
    fn stored_ridge(&self) -> f64 {
        self.meaning.factor.map_or(self.query.ridge, |factor| self.query.ridge / (factor * factor))
    }

    fn feed(&mut self, evidence: &impl Evidence<R>) -> Result<(), Error> {
        self.triangle.fill(R::ZERO);
        for row in 0..evidence.rows() {
            evidence.copy_row(row, self.query.columns(), self.work);
            if let Some(i) = self.work.iter().position(|x| !x.is_finite()) {
                // A sum of finite numbers overflowed.
                return Err(Error::NonFinite { index: self.query.columns().nth(i).unwrap_or(0) });
            }
            givens::insert_row(self.triangle, self.work)?;
        }
        if self.query.ridge > 0.0 {
            let root = R::constant(self.stored_ridge()).sqrt();
            for feature in (0..self.features()).filter(|&feature| self.query.is_penalized(feature)) {
                self.work.fill(R::ZERO);
                self.work[feature] = root;
                givens::insert_row(self.triangle, self.work)?;
            }
        }
        Ok(())
    }

    /// Takes a power of two out of every column, so that its norm is in `[1, 2)`.
    fn equilibrate(&mut self) {
        let dim = self.dim();
        for j in 0..dim {
            let e = norm_exponent((0..=j).map(|i| self.triangle[packed::index(dim, i, j)]));
            self.exponents[j] = R::constant(f64::from(e));
            for i in 0..=j {
                let x = &mut self.triangle[packed::index(dim, i, j)];
                *x = x.times_power_of_two(-e);
            }
        }
    }

    /// Sums up what rounding may have done to the columns, whose norms are at least 1 now.
    fn look_at_loss(&mut self, evidence: &impl Evidence<R>) -> Result<(), Error> {
        let drift = R::constant(self.meaning.drift);
        for (j, column) in self.query.columns().enumerate() {
            let taken = evidence.taken(column);
            if taken > R::ZERO {
                let is_gone = (0..=j).all(|i| self.triangle[packed::index(self.query.len(), i, j)] == R::ZERO);
                let share = drift * taken.times_power_of_two(-self.exponent(j));
                self.loss += if is_gone { R::INFINITY } else { share };
            }
        }
        self.rounding = drift + self.loss;
        self.check_loss(R::ONE)
    }

    fn check_loss(&self, condition: R) -> Result<(), Error> {
        let is_lost = self.loss * condition > R::constant(LARGEST_LOSS);
        if is_lost { Err(Error::PrecisionLost) } else { Ok(()) }
    }

    /// The condition, if rounding of what was taken away doesn't decide.
    fn certain_condition(&mut self) -> Result<R, Error> {
        let condition = self.condition()?;
        self.check_loss(condition)?;
        Ok(condition)
    }

    /// Brings independent features to the front and counts them: pivots above `(8 d + sqrt n) eps` of the first.
    fn pivot(&mut self, rows: usize) -> Result<(), Error> {
        let (dim, features) = (self.dim(), self.features());
        let n = R::count(self.meaning.rows_seen.max(rows as u64));
        let tolerance = (R::count(8 * features as u64) + n.sqrt()) * R::EPSILON;
        for (k, place) in self.order.iter_mut().enumerate() {
            *place = R::count(k as u64);
        }
        let (order, exponents) = (&mut *self.order, &mut *self.exponents);
        self.rank = givens::pivot_with(self.triangle, dim, features, tolerance, |k| {
            order.swap(k, k + 1);
            exponents.swap(k, k + 1);
        })?;
        if self.query.strict && self.rank < features {
            return Err(Error::RankDeficient { rank: self.rank });
        }
        Ok(())
    }

    fn condition(&mut self) -> Result<R, Error> {
        triangular::condition(self.triangle, self.dim(), &mut self.work[..self.rank])
    }

    /// Square of what is left of a target below the independent features, in its scaled units.
    fn residual_square(&self, target: usize) -> R {
        let (dim, column) = (self.dim(), self.features() + target);
        (self.rank..=column).fold(R::ZERO, |sum, i| {
            let x = self.triangle[packed::index(dim, i, column)];
            sum + x * x
        })
    }

    /// The same with a ridge, of the rows alone, from the coefficients: a second pass over the rows.
    fn residual_again(&mut self, evidence: &impl Evidence<R>, target: usize, x: &[R]) -> R {
        let features = self.features();
        let e = self.exponent(features + target);
        (0..evidence.rows()).fold(R::ZERO, |sum, row| {
            evidence.copy_row(row, self.query.columns(), self.work);
            let (a, b) = self.work.split_at(features);
            let left = a.iter().zip(x).fold(b[target], |left, (&a, &x)| left - a * x).times_power_of_two(-e);
            sum + left * left
        })
    }

    /// Dependent features: the coefficients of least norm are those in the units of the data, so these come back, and the
    /// rows that count become a triangle.
    fn restore_units(&mut self) -> Result<(), Error> {
        let (dim, features) = (self.dim(), self.features());
        for j in 0..features {
            let e = self.exponent(j);
            for i in 0..=j.min(self.rank.saturating_sub(1)) {
                let x = &mut self.triangle[packed::index(dim, i, j)];
                *x = x.times_power_of_two(e);
            }
        }
        complete::factor(self.triangle, dim, features, self.rank)
    }

    fn coefficients(&mut self, target: usize, is_full: bool, x: &mut [R]) -> Result<(), Error> {
        let (dim, features, rank) = (self.dim(), self.features(), self.rank);
        let e = self.exponent(features + target);
        self.work.fill(R::ZERO);
        for i in 0..rank {
            self.work[i] = self.triangle[packed::index(dim, i, features + target)];
        }
        triangular::solve(self.triangle, dim, &mut self.work[..rank])?;
        if !is_full {
            complete::apply_transposed(self.triangle, dim, rank, &mut self.work[..features])?;
        }
        for k in 0..features {
            let own = if is_full { self.exponent(k) } else { 0 };
            x[self.place(k)] = self.work[k].times_power_of_two(e - own);
        }
        Ok(())
    }

    /// Whether rounding of rows that were taken away from the gradient is small beside the residual that it would correct.
    fn check_gradient<S: Storage<R>>(
        &self,
        gradient: &Gradient<R, S>,
        target: usize,
        square: R,
        condition: R,
    ) -> Result<(), Error> {
        let features = self.features();
        let unscaled = self.meaning.factor.map_or(R::ONE, |factor| R::constant(1.0 / factor));
        // What wrong sums would add to the root of the residual's square, in columns of norm 1 and above.
        let wrong = (0..features).fold(R::ZERO, |sum, k| {
            let (of_sum, _) = gradient.loss(self.place(k), target);
            sum + of_sum.times_power_of_two(-self.exponent(k))
        }) * condition
            * unscaled;
        let (_, of_square) = gradient.loss(0, target);
        let is_lost = (wrong * wrong).max(of_square) > R::constant(1.0 / 64.0) * square;
        if is_lost { Err(Error::PrecisionLost) } else { Ok(()) }
    }

    /// Adds a step along the inverse Gram matrix of the rows times the gradient to the coefficients (the pseudo-inverse, in the
    /// units of the data, if features depend on each other). Gives the square of their residual, from that before.
    fn correct(&mut self, x: &mut [R], sums: &[R], square: R, step: Step) -> Result<R, Error> {
        let (dim, features, rank) = (self.dim(), self.features(), self.rank);
        let is_full = rank == features;
        let ridge = R::constant(self.query.ridge);
        for k in 0..features {
            let place = self.place(k);
            let pull = if self.query.is_penalized(place) { ridge * x[place] } else { R::ZERO };
            let own = if is_full { self.exponent(k) } else { 0 };
            self.work[k] = (sums[place] - pull).times_power_of_two(-own);
        }
        if !is_full {
            complete::apply(self.triangle, dim, rank, &mut self.work[..features])?;
            self.work[rank..features].fill(R::ZERO);
        }
        triangular::solve_transposed(self.triangle, dim, &mut self.work[..rank])?;
        let explained = self.work[..rank].iter().fold(R::ZERO, |sum, &z| sum + z * z);
        triangular::solve(self.triangle, dim, &mut self.work[..rank])?;
        if !is_full {
            complete::apply_transposed(self.triangle, dim, rank, &mut self.work[..features])?;
        }
        // The rows are stored without their factor.
        let unscaled = self.meaning.factor.map_or(1.0, |factor| 1.0 / (factor * factor));
        let mut left = square - R::constant(step.gain * unscaled) * explained;
        for k in 0..features {
            let (place, own) = (self.place(k), if is_full { self.exponent(k) } else { 0 });
            let before = x[place];
            x[place] += (R::constant(step.length * unscaled) * self.work[k]).times_power_of_two(-own);
            if self.query.is_penalized(place) {
                // What the step takes off the minimum, it takes off residual and penalty together.
                left += ridge * (before * before - x[place] * x[place]);
            }
        }
        Ok(left.max(R::ZERO))
    }

    /// Standard errors of all targets, of independent features.
    fn standard_errors(&mut self, freedom: R, squares: &[R], errors: &mut [R]) -> Result<(), Error> {
        let features = self.features();
        let Self { query, triangle, work, exponents, order, rank, .. } = self;
        let view = View { query, triangle, exponents, order, rank: *rank, ridge: None };
        let (own, others) = errors.split_at_mut(features);
        variances(&view, &mut work[..features], own)?;
        others.chunks_exact_mut(features).for_each(|errors| errors.copy_from_slice(own));
        for (target, (errors, &square)) in errors.chunks_exact_mut(features).zip(squares).enumerate() {
            let deviation = (square / freedom).sqrt();
            for k in 0..features {
                let error = &mut errors[view.place(k)];
                let unit = view.exponent(features + target) - view.exponent(k);
                *error = (error.sqrt() * deviation).times_power_of_two(unit);
            }
        }
        Ok(())
    }

    /// Half-widths of all targets, and room to work in.
    fn half_widths(
        &mut self,
        rows: SketchedRows<R>,
        coefficients: &[R],
        squares: &[R],
        widths: &mut [R],
    ) -> Result<(), Error> {
        let features = self.features();
        let ridge = (self.query.ridge > 0.0).then(|| R::constant(self.stored_ridge()));
        let Self { query, triangle, work, exponents, order, rank, .. } = self;
        let view = View { query, triangle, exponents, order, rank: *rank, ridge };
        half_widths(&view, rows, coefficients, squares, &mut work[..features], widths)
    }
}

/// A problem as its half-widths see it.
struct View<'a, 'q, R> {
    query: &'a Query<'q>,
    triangle: &'a [R],
    exponents: &'a [R],
    order: &'a [R],
    rank: usize,
    ridge: Option<R>,
}

impl<R: Real> SketchTriangle<R> for View<'_, '_, R> {
    fn triangle(&self) -> &[R] {
        self.triangle
    }

    fn dim(&self) -> usize {
        self.query.len()
    }

    fn features(&self) -> usize {
        self.query.features.len()
    }

    fn rank(&self) -> usize {
        self.rank
    }

    fn place(&self, k: usize) -> usize {
        self.order[k].to_usize().unwrap_or(0)
    }

    fn exponent(&self, k: usize) -> i32 {
        self.exponents[k].to_i32().unwrap_or(0)
    }

    fn ridge(&self) -> Option<R> {
        self.ridge
    }

    fn is_penalized(&self, k: usize) -> bool {
        self.query.is_penalized(self.place(k))
    }
}
