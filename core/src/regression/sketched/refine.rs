//! Refinement: another pass over the rows corrects a sketched answer.

use super::SketchedLeastSquares;
use crate::regression::solve::{Step, correct};
use crate::regression::{Fit, Gradient, Query};
use crate::sketch::SketchOperator;
use crate::{Difference, Error, Lane, Real, RowSummary, Storage};

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> SketchedLeastSquares<L, O, S, I> {
    /// Corrects coefficients by what a pass over the same rows says of them: a [`Gradient`] that was
    /// [started at](Gradient::start_at) the answer of [`solve_in`](Self::solve_in), or of this, with the features and targets of
    /// the query in its order. Any number of passes lead to the exact answer.
    ///
    /// The norm of the residual is that of the gradient less what the step is expected to take off. There are no half-widths.
    ///
    /// # Guarantee
    /// Under a dense sketch a pass leaves at most `2 eta / (1 + eta^2)` of the error `|A (x - x*)|`, `eta = (sqrt d + 1) / sqrt m`
    /// for `d` features and `m` rows: the step is Epperly's (arXiv 2311.04362) with a margin of 1, without which one feature and
    /// eight rows would overshoot in one case of eighteen; so it does in three of ten thousand. Measured at 16 features and
    /// `m = 4, 8, 16, 32 d`: .58, .38, .25, .17 are left of the sketch's error, and .74, .58, .42, .28 in later passes. That a pass
    /// has helped shows in [`residual_squares`](Gradient::residual_squares) of the next.
    /// # Cost
    /// That of `solve_in`, and `2 d^2` flops a target.
    ///
    /// # Errors
    /// As [`solve_in`](Self::solve_in); [`Error::Incompatible`] for a gradient with another number of features or targets;
    /// [`Error::TooFewRows`] also for a gradient without rows; [`Error::PrecisionLost`] if rounding of rows that were taken away from
    /// it may be as large as what it would correct; [`Error::NonFinite`] with the target's column if its sums have
    /// overflowed.
    pub fn refine_in<'a, R: Real, G: Storage<R>>(
        &self,
        query: &Query<'_>,
        gradient: &Gradient<R, G>,
        scratch: &mut [R],
        answer: &'a mut [R],
    ) -> Result<Fit<'a, R>, Error> {
        self.correct(query, (gradient, |rank| Step::damped(rank, self.params.rows)), scratch, answer)
    }

    /// The Hessian sketch (Pilanci and Wainwright, JMLR 2016): the Gram matrix from the sketch, `A'b` from a [`Gradient`] that was
    /// started at zero and has seen the same rows, in the same pass.
    ///
    /// A baseline: its error is about `sqrt(d / m) |A x*|`, that of [`solve_in`](Self::solve_in) `sqrt(d / m) |r|`, so it is better
    /// only where the features predict less than half of the energy of the target. No half-widths: the law behind them is not that of this error.
    ///
    /// # Errors
    /// As [`refine_in`](Self::refine_in); [`Error::Incompatible`] also if the gradient was started elsewhere;
    /// [`Error::TooFewRows`] unless the sketch has at least two rows more than there are features.
    pub fn hessian_sketch_in<'a, R: Real, G: Storage<R>>(
        &self,
        query: &Query<'_>,
        gradient: &Gradient<R, G>,
        scratch: &mut [R],
        answer: &'a mut [R],
    ) -> Result<Fit<'a, R>, Error> {
        query.check(self.params.columns)?;
        for x in gradient.coefficients() {
            Difference::Coefficient.check(0.0, x.as_f64())?;
        }
        let (rows, needed) = (self.params.rows, query.features.len() + 2);
        if rows < needed {
            return Err(Error::TooFewRows { needed: needed as u64, got: rows as u64 });
        }
        // Not biased: the mean of the inverse Gram matrix of a sketch is the inverse of this times the exact one's.
        let share = |rank: usize| (rows - rank - 1) as f64 / rows as f64;
        let scaled = query.ridge(query.ridge * share(query.features.len()));
        self.correct(&scaled, (gradient, |rank| Step::unbiased(share(rank))), scratch, answer)
    }

    fn correct<'a, R: Real, G: Storage<R>>(
        &self,
        query: &Query<'_>,
        (gradient, step): (&Gradient<R, G>, impl Fn(usize) -> Step),
        scratch: &mut [R],
        answer: &'a mut [R],
    ) -> Result<Fit<'a, R>, Error> {
        let meaning = self.meaning(query)?;
        query.check_buffers(scratch, answer)?;
        let params = gradient.params();
        Difference::Features.check(query.features.len(), params.features)?;
        Difference::Targets.check(query.targets.len(), params.targets)?;
        if gradient.rows_seen() == 0 {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        correct(self, meaning, query, (gradient, step), scratch, answer)
    }
}
