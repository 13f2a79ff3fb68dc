//! The iterative paths: conjugate gradients and heavy ball on the preconditioned rows `A R^-1`, one pass over the rows a step.

use super::gradient::gradient;
use super::solver::{Failure, Refined, Solver, operand};
use super::triangle::Triangle;
use super::{Scalar, dense};
use crate::{CoreError, Error, Real};
use faer::Mat;

/// Steps of a round at most.
const STEPS: usize = 200;

/// Steps that may fail to shrink by a tenth before the rounding floor is taken to be reached.
const STALLS: usize = 4;

/// Rows of a sketch a coefficient below which the heavy ball may diverge.
const HEAVY_BALL_ROWS: usize = 8;

impl<T: Scalar> Solver<'_, '_, '_, T> {
    /// Two rounds, each for the correction that the residual of the data asks for: after the second the answer is backward
    /// stable (Epperly, Meier and Nakatsukasa).
    pub(super) fn iterate(
        &mut self,
        triangle: &Triangle<T>,
        rows: usize,
        is_heavy_ball: bool,
    ) -> Result<Refined<T>, Failure> {
        let needed = HEAVY_BALL_ROWS * triangle.rank;
        if is_heavy_ball && rows < needed {
            return Err(Failure::Path(CoreError::TooFewRows { needed: needed as u64, got: rows as u64 }));
        }
        let r = triangle.leading();
        let mut x = triangle.solve();
        for _ in 0..2 {
            let refined = self.evaluate(triangle, x)?;
            if refined.is_stable() {
                return Ok(refined);
            }
            let mut wanted = refined.gradient;
            dense::solve_lower(r.transpose(), wanted.as_mut());
            let mut step = if is_heavy_ball {
                self.heavy_ball(triangle, &r, &wanted, rows)?
            } else {
                self.conjugate_gradients(triangle, &r, &wanted)?
            };
            dense::solve_upper(r.as_ref(), step.as_mut());
            x = refined.x;
            x += &step;
        }
        Ok(self.evaluate(triangle, x)?)
    }

    /// `R^-T A'A R^-1 y`, that of the ridge with it.
    fn apply(&mut self, triangle: &Triangle<T>, r: &Mat<T>, y: &Mat<T>) -> Result<Mat<T>, Error> {
        self.passes += 1;
        let mut x = y.clone();
        dense::solve_upper(r.as_ref(), x.as_mut());
        let mut operand = operand(triangle, &x);
        operand.scales.fill(T::ZERO);
        let found = gradient(self.data, self.layout, &operand, self.threads())?;
        let mut product = -self.scaled_gradient(triangle, &found, &x);
        dense::solve_lower(r.transpose(), product.as_mut());
        Ok(product)
    }

    fn conjugate_gradients(&mut self, triangle: &Triangle<T>, r: &Mat<T>, wanted: &Mat<T>) -> Result<Mat<T>, Failure> {
        let mut y = wanted.clone();
        let mut residual = wanted - self.apply(triangle, r, &y)?;
        let mut direction = residual.clone();
        let mut squares: Vec<T> = (0..y.ncols()).map(|u| square(&residual, u)).collect();
        let mut stops: Vec<Stop<T>> = vec![Stop::new(); y.ncols()];
        for _ in 0..STEPS {
            if stops.iter().all(|stop| stop.is_reached) {
                return Ok(y);
            }
            let product = self.apply(triangle, r, &direction)?;
            for (u, stop) in stops.iter_mut().enumerate().filter(|(_, stop)| !stop.is_reached) {
                let energy = dot(&direction, &product, u);
                let length = if energy > T::ZERO { squares[u] / energy } else { T::ZERO };
                add(&mut y, u, length, &direction);
                add(&mut residual, u, -length, &product);
                let next = square(&residual, u);
                let ratio = if squares[u] > T::ZERO { next / squares[u] } else { T::ZERO };
                let moved = length * Real::sqrt(square(&direction, u));
                squares[u] = next;
                for i in 0..direction.nrows() {
                    direction[(i, u)] = residual[(i, u)] + ratio * direction[(i, u)];
                }
                stop.look(moved, &y, wanted, u);
            }
        }
        Err(not_converged(&stops))
    }

    fn heavy_ball(
        &mut self,
        triangle: &Triangle<T>,
        r: &Mat<T>,
        wanted: &Mat<T>,
        rows: usize,
    ) -> Result<Mat<T>, Failure> {
        let momentum = T::count(triangle.rank as u64) / T::count(rows as u64);
        let damping = (T::ONE - momentum) * (T::ONE - momentum);
        let mut y = wanted.clone();
        let mut before = y.clone();
        let mut stops: Vec<Stop<T>> = vec![Stop::new(); y.ncols()];
        for _ in 0..STEPS {
            if stops.iter().all(|stop| stop.is_reached) {
                return Ok(y);
            }
            let product = self.apply(triangle, r, &y)?;
            for (u, stop) in stops.iter_mut().enumerate().filter(|(_, stop)| !stop.is_reached) {
                let mut moved = T::ZERO;
                for i in 0..y.nrows() {
                    let step = damping * (wanted[(i, u)] - product[(i, u)]) + momentum * (y[(i, u)] - before[(i, u)]);
                    before[(i, u)] = y[(i, u)];
                    y[(i, u)] += step;
                    moved += step * step;
                }
                stop.look(Real::sqrt(moved), &y, wanted, u);
            }
        }
        Err(not_converged(&stops))
    }
}

/// When a target's iteration ends: its steps are small, or don't shrink any more.
#[derive(Clone)]
struct Stop<T> {
    before: T,
    stalls: usize,
    is_reached: bool,
    relative: T,
}

impl<T: Scalar> Stop<T> {
    fn new() -> Self {
        Self { before: <T as Real>::INFINITY, stalls: 0, is_reached: false, relative: <T as Real>::INFINITY }
    }

    fn look(&mut self, moved: T, y: &Mat<T>, wanted: &Mat<T>, u: usize) {
        let tolerance = if T::BYTES == 4 { T::constant(1e-5) } else { T::constant(1e-10) };
        let size = Real::max(dense::norm(y.col(u)), dense::norm(wanted.col(u)));
        self.relative = if size > T::ZERO { moved / size } else { T::ZERO };
        let shrinks = moved <= T::constant(0.9) * self.before;
        self.stalls += usize::from(!shrinks);
        self.before = moved;
        self.is_reached = moved <= tolerance * size || self.stalls == STALLS;
    }
}

fn not_converged<T: Scalar>(stops: &[Stop<T>]) -> Failure {
    let worst = stops.iter().fold(0.0, |worst, stop| Real::max(worst, stop.relative.as_f64()));
    Failure::Path(CoreError::NotConverged { residual: worst })
}

fn dot<T: Scalar>(x: &Mat<T>, y: &Mat<T>, u: usize) -> T {
    x.col(u).iter().zip(y.col(u).iter()).fold(T::ZERO, |sum, (&x, &y)| sum + x * y)
}

fn square<T: Scalar>(x: &Mat<T>, u: usize) -> T {
    dot(x, x, u)
}

fn add<T: Scalar>(y: &mut Mat<T>, u: usize, factor: T, x: &Mat<T>) {
    y.col_mut(u).iter_mut().zip(x.col(u).iter()).for_each(|(y, &x)| *y += factor * x);
}
