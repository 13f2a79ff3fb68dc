//! The normal equations: least squares from the Gram matrix of all columns.

use super::removed::{drift, remember, rounding};
use super::weight::{check_forgetting, root_of_weight};
use super::{Fit, Query};
use crate::base::matrix::{check_batch_modest, check_row, check_row_modest};
use crate::base::params::{params, positive};
use crate::base::storage::{is_addressable, product, sum};
use crate::linalg::{cholesky, packed, triangular, vector};
use crate::stream::add_rows;
use crate::stream::summary::{constructors, wire_form};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Difference, Error, Lane, MatRef, Merge, Real, RowSummary, Rule, Storage};
use core::marker::PhantomData;

params! {
    /// Shape of [`NormalEquations`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::regression::NormalEquationsParams;
    /// let params = NormalEquationsParams::new(5);
    /// assert_eq!((params.storage_len(), params.compensated().storage_len()), (20, 35));
    /// ```
    #[derive(PartialEq, Eq)]
    pub struct NormalEquationsParams {
        /// `columns` columns, features, targets and a constant alike; sums as they round.
        new {
            /// Number of columns.
            columns: usize => positive,
        }
        /// Keeps beside every sum what rounding takes from it: twice the storage, several times the work, and errors that no
        /// longer grow with the number of rows. For floats; sums of integers lose nothing.
        compensated: bool = false,
    }
    refuse(params) { !is_addressable(params.storage_len()) => columns: Rule::ADDRESSABLE }
    formulas(params) {
        /// Scalars of storage: a packed triangle, two with [`compensated`](Self::compensated), and one a column. Saturates.
        pub storage_len: usize = sum([params.sums_len(), params.columns]),
        /// Scalars of sums, and of what rounding took from them.
        sums_len: usize = product([packed::len(params.columns), if params.compensated { 2 } else { 1 }]),
    }
}

/// What is the linear regression of a column on others, where features are far from dependent, or numbers are whole?
///
/// Keeps the Gram matrix of all columns. Columns have no roles until [`solve_in`](Self::solve_in) names features and targets.
/// It is linear: rows may be added and removed in any order. With integer lanes the sums are exact (while `n max^2` fits the lane), and the
/// same in any order.
///
/// # Guarantee
/// The condition of the features counts squared: relative errors of about `condition^2` times those of the sums. These are
/// `10 eps`, but for `n` rows of floats they can reach `n eps / 4`, as they do for constants, unless they are
/// [`compensated`](NormalEquationsParams::compensated). Where the product exceeds 1 there is no answer. Compensated, in `f32`,
/// 20,000 rows: error 2e-7 at condition 1, 8e-5 at 1e2, 4e-3 at 1e3, refused beyond; else 5e-6 at condition 1, 4e-5 at 10,
/// refused beyond 40.
///
/// Rows that are taken away leave their rounding behind. A column that holds the square `D` now has never held more than
/// `P = D + min(rows removed, most rows held) max^2`, with `max` the largest entry that was taken away, and its sums are off by
/// `4 sqrt(n) eps P` after `n` additions (Higham and Mary, SIAM J. Sci. Comput. 2019; with compensated sums `n^2 eps^2 P`).
/// Where that, times `condition^2` and the number of columns, is more than a sixty-fourth of `D`, answers fail with
/// [`Error::PrecisionLost`]: fill a summary anew, or compensated.
/// # Cost
/// `p^2` flops a row for `p` columns, `5 p^2` compensated. State: see [`NormalEquationsParams::storage_len`]. An answer:
/// `q^3 / 3` flops for `q` features.
/// # Numerics
/// Every entry adds its products in row order, batches included. Units of columns are taken out when solving. A column whose
/// squares vanish in `L` counts as zero. The residual norm is a difference: below `sqrt(eps)` of the target's norm it is rounding.
/// # Merging
/// Adds the matrices.
/// # When to use another
/// [`StreamingQr`](super::StreamingQr) for features that nearly depend on each other, or coefficients of least norm;
/// [`SketchedLeastSquares`](super::SketchedLeastSquares) for cells, and columns from several devices.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, regression::{NormalEquations, NormalEquationsParams, Query}};
/// const PARAMS: NormalEquationsParams = NormalEquationsParams::new(3);
/// let mut summary = NormalEquations::new_in(PARAMS, [0i64; PARAMS.storage_len()])?;
/// for i in 0..100 {
///     summary.update(&[1, i % 10, 20 - 5 * (i % 10)])?;
/// }
/// let query = Query::new(&[0, 1], &[2]);
/// let (mut scratch, mut answer) = ([0.0f64; 15], [0.0; 5]);
/// let fit = summary.solve_in(&query, &mut scratch, &mut answer)?;
/// assert!((fit.coefficients[0] - 20.0).abs() < 1e-12 && (fit.coefficients[1] + 5.0).abs() < 1e-12);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NormalEquations<L, S> {
    params: NormalEquationsParams,
    state: State<L>,
    storage: S,
}

/// Everything of the state that is not in storage.
#[derive(Clone, Copy, Debug, Default)]
struct State<L> {
    rows_seen: u64,
    rows_removed: u64,
    /// The most rows that were held at once before one was taken away.
    most_held: u64,
    lane: PhantomData<L>,
}

constructors!(NormalEquations, NormalEquationsParams, Lane);
wire_form!(NormalEquations, Lane);

/// Rounding of what was taken away above this share of what is left, times what the solution makes of it, is too much.
const LARGEST_LOSS: f64 = 1.0 / 64.0;

/// Adds to a sum, and to what rounding took from it if that is kept; whether it is still finite.
fn add<L: Lane>((sum, lost): &mut (L, Option<L>), x: L) -> bool {
    match lost {
        Some(lost) => packed::add_compensated(sum, lost, x),
        None => *sum = sum.plus(x),
    }
    sum.is_finite() && lost.is_none_or(L::is_finite)
}

struct Parts<'a, L> {
    sums: &'a mut [L],
    /// What rounding took from the sums; empty unless compensated.
    lost: &'a mut [L],
    /// The largest entry of each column that was taken away.
    removed: &'a mut [L],
}

/// Gram matrix of the features, its factor, and room for one target. Column `k` of the factor is feature `order[k]` of the
/// query, and `2^-exponents[k]` of it; both are small integers, kept as scalars.
struct Problem<'a, 'q, R> {
    query: &'a Query<'q>,
    factor: &'a mut [R],
    exponents: &'a mut [R],
    order: &'a mut [R],
    work: &'a mut [R],
}

impl<R: Real> Problem<'_, '_, R> {
    fn exponent(&self, k: usize) -> i32 {
        self.exponents[k].to_i32().unwrap_or(0)
    }

    fn place(&self, k: usize) -> usize {
        self.order[k].to_usize().unwrap_or(0)
    }
}

impl<L: Lane, S: Storage<L>> NormalEquations<L, S> {
    /// Takes away a row that was consumed.
    ///
    /// # Errors
    /// Those of [`update`](RowSummary::update).
    pub fn remove(&mut self, row: &[L]) -> Result<(), Error> {
        if !check_row_modest(self.params.columns, row)? {
            self.check_sums(row, |x| x.negate_if(true))?;
        }
        // Sums of integers lose nothing.
        if rounding::<L>() > 0.0 {
            let held = self.state.rows_seen.saturating_sub(self.state.rows_removed);
            self.state.most_held = self.state.most_held.max(held);
            remember(self.split().removed, row);
        }
        let Parts { sums, lost, .. } = self.split();
        if lost.is_empty() {
            packed::subtract_row(sums, row);
        } else {
            packed::add_rows_compensated(sums, lost, row, row.len(), |x| x.negate_if(true));
        }
        self.state.rows_removed = add_rows(self.state.rows_removed, 1);
        Ok(())
    }

    /// Rows taken away.
    pub const fn rows_removed(&self) -> u64 {
        self.state.rows_removed
    }

    /// The Gram matrix of all columns, upper triangle packed ([`packed`]), as rounded.
    pub fn gram(&self) -> &[L] {
        &self.storage.as_ref()[..packed::len(self.params.columns)]
    }

    /// Solves the query over all rows so far, in scratch and answer of the caller's, whose lengths
    /// [`scratch_len`](Query::scratch_len) and [`answer_len`](Query::answer_len) give. `R` may be any float.
    ///
    /// # Errors
    /// [`Error::RankDeficient`] if features depend on each other: a squared condition can't tell the rank safely, so there is no
    /// answer of least norm here; [`Error::IllConditioned`] if the condition is such that rounding of the sums may have taken
    /// every digit; [`Error::PrecisionLost`] if what is left after rows were taken away may be no more than their rounding;
    /// [`Error::TooFewRows`] before the first row; [`Error::Parameter`] for roles that make no sense;
    /// [`Error::NonFinite`] if sums of that column have overflowed; [`Error::NotPositiveSemidefinite`] if rows were taken away
    /// that never came, or sums of integers have wrapped; [`Error::Storage`] for scratch or answer of another length.
    pub fn solve_in<'a, R: Real>(
        &self,
        query: &Query<'_>,
        scratch: &mut [R],
        answer: &'a mut [R],
    ) -> Result<Fit<'a, R>, Error> {
        query.check(self.params.columns)?;
        query.check_buffers(scratch, answer)?;
        if self.state.rows_seen == 0 {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        let features = query.features.len();
        let (coefficients, rest) = answer.split_at_mut(query.targets.len() * features);
        let (widths, norms) = rest.split_at_mut(query.targets.len() * features);
        widths.fill(R::ZERO);
        let (factor, rest) = scratch.split_at_mut(packed::len(features));
        let (exponents, rest) = rest.split_at_mut(features);
        let (order, rest) = rest.split_at_mut(features);
        let mut problem = Problem { query, factor, exponents, order, work: &mut rest[..features] };
        let loss = self.loss(query);
        if loss > LARGEST_LOSS {
            return Err(Error::PrecisionLost);
        }
        self.gather(&mut problem)?;
        let condition = self.factor(&mut problem, loss)?;
        let per_target = coefficients.chunks_exact_mut(features).zip(&mut *norms).enumerate();
        for (target, (x, norm)) in per_target {
            *norm = self.solve_one(&mut problem, target, x)?;
        }
        Ok(Fit {
            coefficients,
            half_widths: None,
            no_half_widths: None,
            standard_errors: None,
            residual_norm: norms,
            residual_is_estimate: false,
            rank: features,
            condition,
        })
    }

    /// Entry of the Gram matrix.
    fn entry<R: Real>(&self, i: usize, j: usize) -> R {
        let at = packed::index(self.params.columns, i.min(j), i.max(j));
        let (sums, lost) = self.storage.as_ref()[..self.params.sums_len()].split_at(packed::len(self.params.columns));
        lost.get(at).map_or(R::ZERO, |lost| lost.to_real()) + sums[at].to_real()
    }

    /// Writes the Gram matrix of the features where its factor will be, ridge in and units out: `2^-e` on both sides makes
    /// every diagonal entry at least 1 and below 4.
    fn gather<R: Real>(&self, problem: &mut Problem<'_, '_, R>) -> Result<(), Error> {
        let query = problem.query;
        let features = query.features.len();
        let ridge = R::constant(query.ridge);
        let diagonal = |k: usize| {
            let own: R = self.entry(query.features[k], query.features[k]);
            if query.is_penalized(k) { own + ridge } else { own }
        };
        for k in 0..features {
            let x = diagonal(k);
            if !x.is_finite() {
                return Err(Error::NonFinite { index: query.features[k] });
            }
            let e = if x > R::ZERO { x.exponent().div_euclid(2) } else { 0 };
            problem.exponents[k] = R::constant(f64::from(e));
            problem.order[k] = R::count(k as u64);
        }
        for i in 0..features {
            for j in i..features {
                let x = if i == j { diagonal(i) } else { self.entry(query.features[i], query.features[j]) };
                if !x.is_finite() {
                    return Err(Error::NonFinite { index: query.features[j] });
                }
                let e = problem.exponent(i) + problem.exponent(j);
                problem.factor[packed::index(features, i, j)] = x.times_power_of_two(-e);
            }
        }
        Ok(())
    }

    /// What the rounding of rows that were taken away may come to, as a share of the columns of a query together.
    fn loss(&self, query: &Query<'_>) -> f64 {
        let (rounding, state) = (rounding::<L>(), self.state);
        if rounding == 0.0 || state.rows_removed == 0 {
            return 0.0;
        }
        let operations = state.rows_seen.saturating_add(state.rows_removed);
        let share = if self.params.compensated {
            let n = operations as f64 * rounding;
            n * n
        } else {
            drift(operations, rounding)
        };
        let removed = &self.storage.as_ref()[self.params.sums_len()..];
        let count = state.rows_removed.min(state.most_held) as f64;
        query.columns().fold(0.0, |sum, column| {
            let (square, largest): (f64, f64) = (self.entry(column, column), removed[column].to_real());
            let peak = count * largest * largest;
            // What is below zero by more than rounding is a row that never came: the factor will tell.
            let is_harmless = peak == 0.0 || square < -share * peak;
            sum + if is_harmless { 0.0 } else { share * (1.0 + peak / square.max(0.0)) }
        })
    }

    /// Factors what was gathered; the condition, if an answer can be trusted.
    fn factor<R: Real>(&self, problem: &mut Problem<'_, '_, R>, loss: f64) -> Result<R, Error> {
        let features = problem.query.features.len();
        let rounding = rounding::<L>();
        let additions = self.state.rows_seen.saturating_add(self.state.rows_removed) as f64;
        // Errors of the sums in units of the rounding of one addition: as random ones grow, and at worst, all of one sign.
        let (usual, worst) = if self.params.compensated {
            (additions * rounding, additions * rounding)
        } else {
            (Real::sqrt(additions), additions / 4.0)
        };
        let eps = rounding.max(R::EPSILON.as_f64());
        let tolerance = R::constant((features + 1) as f64 * eps + usual * rounding);
        let (order, exponents, mut found) = (&mut *problem.order, &mut *problem.exponents, 0);
        let rank = cholesky::factor_pivoted_with(problem.factor, features, tolerance, |i, j| {
            order.swap(i, j);
            exponents.swap(i, j);
            found = i + 1;
        });
        let rank = match rank {
            // Sums of floats that only grew are not positive by rounding alone, and that of dependent features.
            Err(Error::NotPositiveSemidefinite { .. }) if rounding > 0.0 && self.state.rows_removed == 0 => found,
            // What is left may be nothing but rounding.
            Err(_) if loss > eps => return Err(Error::PrecisionLost),
            other => other?,
        };
        if rank < features {
            return Err(if loss > tolerance.as_f64() { Error::PrecisionLost } else { Error::RankDeficient { rank } });
        }
        let condition = triangular::condition(problem.factor, features, problem.work)?;
        let square = condition.as_f64() * condition.as_f64();
        if square * loss > LARGEST_LOSS {
            return Err(Error::PrecisionLost);
        }
        let doubt = square * (10.0 * eps + worst * rounding);
        if doubt <= 1.0 { Ok(condition) } else { Err(Error::IllConditioned) }
    }

    /// Coefficients of one target, and the norm of its residual.
    fn solve_one<R: Real>(&self, problem: &mut Problem<'_, '_, R>, target: usize, x: &mut [R]) -> Result<R, Error> {
        let query = problem.query;
        let (features, column) = (query.features.len(), query.targets[target]);
        let square: R = self.entry(column, column);
        // The target's unit out as well.
        let unit = if square > R::ZERO { square.exponent().div_euclid(2) } else { 0 };
        for k in 0..features {
            let product: R = self.entry(query.features[problem.place(k)], column);
            if !(product.is_finite() && square.is_finite()) {
                return Err(Error::NonFinite { index: column });
            }
            problem.work[k] = product.times_power_of_two(-unit - problem.exponent(k));
        }
        triangular::solve_transposed(problem.factor, features, problem.work)?;
        let explained = problem.work.iter().fold(R::ZERO, |sum, &z| sum + z * z);
        triangular::solve(problem.factor, features, problem.work)?;
        for k in 0..features {
            x[problem.place(k)] = problem.work[k].times_power_of_two(unit - problem.exponent(k));
        }
        // Columns whose sums are finite can still be too far apart for what is between.
        if let Some(k) = x.iter().position(|x| !x.is_finite()) {
            return Err(Error::NonFinite { index: query.features[k] });
        }
        let mut left = square.times_power_of_two(-2 * unit) - explained;
        // What the ridge adds to the minimum is not of the residual.
        let ridge = R::constant(query.ridge);
        for k in (0..features).filter(|&k| query.is_penalized(k)) {
            let x = x[k].times_power_of_two(-unit);
            left -= ridge * x * x;
        }
        if left.is_finite() {
            Ok(left.max(R::ZERO).sqrt().times_power_of_two(unit))
        } else {
            Err(Error::NonFinite { index: column })
        }
    }

    /// Refuses rows with which a sum would overflow; `factor` is what the first number of a product becomes. Names the first entry to
    /// blame.
    fn check_sums(&self, rows: &[L], factor: impl Fn(L) -> L) -> Result<(), Error> {
        let columns = self.params.columns;
        let (sums, lost) = self.storage.as_ref()[..self.params.sums_len()].split_at(packed::len(columns));
        let mut first: Option<usize> = None;
        for i in 0..columns {
            for j in i..columns {
                let at = packed::index(columns, i, j);
                let mut sum = (sums[at], lost.get(at).copied());
                let products = rows.chunks_exact(columns).map(|row| factor(row[i]).times(row[j]));
                if let Some(row) = { products }.position(|x| !add(&mut sum, x)) {
                    let of = |column: usize| rows[row * columns + column].to_real::<f64>().abs();
                    let index = row * columns + if of(j) > of(i) { j } else { i };
                    first = Some(first.map_or(index, |first| first.min(index)));
                }
            }
        }
        first.map_or(Ok(()), |index| Err(Error::NonFinite { index }))
    }

    /// Refuses another summary, and a row after it unless that is empty, with which a sum would overflow. Names the column.
    fn check_merge(&self, other: &Self, row: &[L]) -> Result<(), Error> {
        let columns = self.params.columns;
        Difference::Dim.check(columns, other.params.columns)?;
        Difference::Sums.check(self.params.compensated, other.params.compensated)?;
        let (sums, lost) = self.storage.as_ref()[..self.params.sums_len()].split_at(packed::len(columns));
        let (theirs, their_lost) = other.storage.as_ref()[..self.params.sums_len()].split_at(packed::len(columns));
        for i in 0..columns {
            for j in i..columns {
                let at = packed::index(columns, i, j);
                let mut sum = (sums[at], lost.get(at).copied());
                let product = row.get(i).zip(row.get(j)).map(|(&x, &y)| x.times(y));
                let terms = [Some(theirs[at]), their_lost.get(at).copied(), product];
                if !terms.into_iter().flatten().all(|x| add(&mut sum, x)) {
                    return Err(Error::NonFinite { index: j });
                }
            }
        }
        Ok(())
    }

    fn split(&mut self) -> Parts<'_, L> {
        let (both, removed) = self.storage.as_mut().split_at_mut(self.params.sums_len());
        let (sums, lost) = both.split_at_mut(packed::len(self.params.columns));
        Parts { sums, lost, removed }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        w.u64(self.state.rows_seen);
        w.u64(self.state.rows_removed);
        w.u64(self.state.most_held);
        w.reals(self.storage.as_ref());
    }

    fn read(bytes: &[u8]) -> Result<(NormalEquationsParams, State<L>, Reader<'_>), Error> {
        let mut r = wire::open::<L>(Kind::NormalEquations, bytes)?;
        let params: NormalEquationsParams = r.params()?;
        let is_old = r.version() == 1;
        let (rows_seen, rows_removed) = (r.count()?, r.count()?);
        let most_held = if is_old { 0 } else { r.u64()? };
        let state = State { rows_seen, rows_removed, most_held, lane: PhantomData };
        // Version 1 didn't tell what was taken away.
        let sums = r.skip_reals::<L>(if is_old { params.sums_len() } else { params.storage_len() })?;
        r.end()?;
        if rounding::<L>() > 0.0 && state.rows_removed == 0 {
            // Sums of squares; those of integers may have wrapped.
            let mut diagonal = sums.clone();
            for columns in (0..params.columns).rev() {
                if diagonal.real::<L>()?.to_real::<f64>() < 0.0 {
                    return Err(Error::Corrupt);
                }
                diagonal.skip_reals::<L>(columns)?;
            }
        }
        Ok((params, state, sums))
    }

    fn load(&mut self, sums: &mut Reader<'_>) {
        let len = if sums.version() == 1 { self.params.sums_len() } else { self.params.storage_len() };
        sums.fill(&mut self.storage.as_mut()[..len]);
    }
}

impl<T: Real, S: Storage<T>> NormalEquations<T, S> {
    /// Consumes a row whose square counts `weight` times. A weight of 0 changes nothing.
    ///
    /// # Errors
    /// Those of [`update`](RowSummary::update), also for a row that overflows with its weight; [`Error::Parameter`] for a
    /// weight that is negative; [`Error::NonFinite`] with the place behind the last column for one that is not finite.
    pub fn update_weighted(&mut self, row: &[T], weight: T) -> Result<(), Error> {
        check_row(self.params.columns, row)?;
        let root = root_of_weight(row, weight)?;
        if !T::all_modest(&[root * vector::max_abs(row)]) {
            self.check_sums(row, |x| weight * x)?;
        }
        if weight > T::ZERO {
            let Parts { sums, lost, .. } = self.split();
            if lost.is_empty() {
                packed::add_weighted_row(sums, row, weight);
            } else {
                packed::add_rows_compensated(sums, lost, row, row.len(), |x| weight * x);
            }
            self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        }
        Ok(())
    }

    /// Multiplies the weight of all rows so far by `factor`: called at regular times, this is exponential forgetting.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a factor outside (0, 1].
    pub fn forget(&mut self, factor: T) -> Result<(), Error> {
        check_forgetting(factor)?;
        let len = self.params.sums_len();
        vector::scale(&mut self.storage.as_mut()[..len], factor);
        Ok(())
    }
}

impl<L: Lane, S: Storage<L>> RowSummary for NormalEquations<L, S> {
    type Scalar = L;

    /// Number of columns, roles not yet given.
    fn dim(&self) -> usize {
        self.params.columns
    }

    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    /// See the trait; [`Error::NonFinite`] also for an entry with which a sum of squares or products would overflow.
    fn update(&mut self, row: &[L]) -> Result<(), Error> {
        if !check_row_modest(self.params.columns, row)? {
            self.check_sums(row, |x| x)?;
        }
        let Parts { sums, lost, .. } = self.split();
        if lost.is_empty() {
            packed::add_row(sums, row);
        } else {
            packed::add_rows_compensated(sums, lost, row, row.len(), |x| x);
        }
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        Ok(())
    }

    fn update_batch(&mut self, rows: MatRef<'_, L>) -> Result<(), Error> {
        if !check_batch_modest(self.params.columns, rows)? {
            self.check_sums(rows.as_slice(), |x| x)?;
        }
        let columns = self.params.columns;
        let Parts { sums, lost, .. } = self.split();
        if lost.is_empty() {
            packed::add_rows(sums, rows.as_slice(), columns);
        } else {
            packed::add_rows_compensated(sums, lost, rows.as_slice(), columns, |x| x);
        }
        self.state.rows_seen = add_rows(self.state.rows_seen, rows.rows() as u64);
        Ok(())
    }

    fn merge_with_row(&mut self, other: &Self, row: &[L]) -> Result<(), Error> {
        check_row(self.params.columns, row)?;
        self.check_merge(other, row)?;
        self.merge(other)?;
        self.update(row)
    }

    fn clear(&mut self) {
        self.state = State::default();
        self.storage.as_mut().fill(L::default());
    }
}

impl<L: Lane, S: Storage<L>> Merge for NormalEquations<L, S> {
    /// Absorbs the sums of other rows.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for other columns or another way of summing; [`Error::NonFinite`] with the column of a sum that would
    /// overflow.
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check_merge(other, &[])?;
        let (both, their_removed) = other.storage.as_ref().split_at(self.params.sums_len());
        let (theirs, their_lost) = both.split_at(packed::len(self.params.columns));
        let Parts { sums, lost, removed } = self.split();
        remember(removed, their_removed);
        if lost.is_empty() {
            sums.iter_mut().zip(theirs).for_each(|(sum, &x)| *sum = sum.plus(x));
        }
        for ((sum, lost), (&x, &y)) in sums.iter_mut().zip(lost).zip(theirs.iter().zip(their_lost)) {
            packed::add_compensated(sum, lost, x);
            packed::add_compensated(sum, lost, y);
        }
        self.state.rows_seen = add_rows(self.state.rows_seen, other.state.rows_seen);
        self.state.rows_removed = add_rows(self.state.rows_removed, other.state.rows_removed);
        let mine = self.state.most_held;
        self.state.most_held = mine.saturating_add(other.state.most_held);
        Ok(())
    }
}
