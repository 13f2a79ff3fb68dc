//! Least squares from the Gram matrix.

use super::streaming_qr::root_of_weight;
use super::{Fit, Query};
use crate::linalg::{cholesky, packed, triangular};
use crate::matrix::{check_batch, check_finite};
use crate::summary::{constructors, wire_form};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Lane, MatRef, Merge, Real, RowSummary, Rule, Storage};
use core::marker::PhantomData;

/// Shape of [`NormalEquations`].
///
/// # Example
/// ```
/// use sketchlet_core::regression::NormalEquationsParams;
/// assert_eq!(NormalEquationsParams::new(5).storage_len(), 15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormalEquationsParams {
    columns: usize,
}

impl NormalEquationsParams {
    /// `columns` columns, features, targets and a constant alike.
    pub const fn new(columns: usize) -> Self {
        Self { columns }
    }

    /// Scalars of storage: a packed triangle. Saturates.
    pub const fn storage_len(&self) -> usize {
        packed::len(self.columns)
    }

    const fn check(self) -> Result<(), Error> {
        let rule = match self.columns {
            0 => Rule::Positive,
            _ if !crate::storage::is_addressable(self.storage_len()) => Rule::Addressable,
            _ => return Ok(()),
        };
        Err(Error::Parameter { name: "columns", rule })
    }

    fn write(self, w: &mut Writer<'_>) {
        w.len(self.columns);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Error> {
        let params = Self { columns: r.len()? };
        params.check().map_err(|_| Error::Corrupt)?;
        Ok(params)
    }
}

/// What explains a column of a stream by others, where features are far from dependent, or numbers are whole?
///
/// Keeps the Gram matrix of all columns. Columns have no roles until [`solve_in`](Self::solve_in) names features and targets.
/// It is linear: rows come and go in any order. With integer lanes the sums are exact (while `n max^2` fits the lane), and the
/// same in any order.
///
/// # Guarantee
/// The condition of the features counts squared: relative errors of about `condition^2 eps`. Answers are refused where that
/// exceeds a tenth. In `f32`, 20,000 rows: relative error 4e-6 at condition 1, 1e-3 at 1e2, 0.1 at 1e3, refused beyond.
/// # Cost
/// `p^2` flops a row for `p` columns. State: `p (p + 1) / 2` scalars. An answer: `q^3 / 3` flops for `q` features.
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
#[derive(Clone, Copy, Debug)]
struct State<L> {
    rows_seen: u64,
    rows_removed: u64,
    lane: PhantomData<L>,
}

impl<L> State<L> {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as for every other summary")]
    const fn new(_: &NormalEquationsParams) -> Self {
        Self { rows_seen: 0, rows_removed: 0, lane: PhantomData }
    }
}

constructors!(NormalEquations, NormalEquationsParams, Lane);
wire_form!(NormalEquations, Lane);

impl<L: Lane, S: Storage<L>> NormalEquations<L, S> {
    /// Takes away a row that was consumed.
    ///
    /// # Errors
    /// Those of [`update`](RowSummary::update).
    pub fn remove(&mut self, row: &[L]) -> Result<(), Error> {
        self.check_row(row)?;
        packed::subtract_row(self.storage.as_mut(), row);
        self.state.rows_removed += 1;
        Ok(())
    }

    /// Rows taken away.
    pub const fn rows_removed(&self) -> u64 {
        self.state.rows_removed
    }

    /// The Gram matrix of all columns, upper triangle packed ([`packed`]).
    pub fn gram(&self) -> &[L] {
        self.storage.as_ref()
    }

    /// Solves the query over all rows so far, in scratch and answer of the caller's, whose lengths
    /// [`scratch_len`](Query::scratch_len) and [`answer_len`](Query::answer_len) give. `R` may be any float.
    ///
    /// # Errors
    /// [`Error::RankDeficient`] if features depend on each other: a squared condition can't tell the rank safely, so there is no
    /// answer of least norm here; [`Error::IllConditioned`] if `condition^2 eps` exceeds a tenth; [`Error::TooFewRows`] before
    /// the first row; [`Error::Parameter`] for roles that make no sense; [`Error::NonFinite`] if sums of that column have
    /// overflowed; [`Error::NotPositiveSemidefinite`] if rows were taken away that never came; [`Error::Storage`] for scratch or
    /// answer of another length.
    pub fn solve_in<'a, R: Real>(
        &self,
        query: &Query<'_>,
        scratch: &mut [R],
        answer: &'a mut [R],
    ) -> Result<Fit<'a, R>, Error> {
        query.check(self.params.columns)?;
        let fail = |needed: usize, got: usize| Err(Error::Storage { needed, got });
        if scratch.len() != query.scratch_len() {
            return fail(query.scratch_len(), scratch.len());
        }
        if answer.len() != query.answer_len() {
            return fail(query.answer_len(), answer.len());
        }
        if self.state.rows_seen == 0 {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        let features = query.features.len();
        let (coefficients, rest) = answer.split_at_mut(query.targets.len() * features);
        let (widths, norms) = rest.split_at_mut(query.targets.len() * features);
        widths.fill(R::ZERO);
        let mut condition = R::ZERO;
        let per_target = coefficients.chunks_exact_mut(features).zip(&mut *norms).enumerate();
        for (target, (x, norm)) in per_target {
            // The factor is made anew for each target: the triangle of all of them would not fit the scratch pivoted.
            (condition, *norm) = self.solve_one(query, target, scratch, x)?;
        }
        Ok(Fit {
            coefficients,
            half_widths: None,
            residual_norm: norms,
            residual_is_estimate: false,
            rank: features,
            condition,
        })
    }

    /// Entry of the Gram matrix.
    fn entry<R: Real>(&self, i: usize, j: usize) -> R {
        self.storage.as_ref()[packed::index(self.params.columns, i.min(j), i.max(j))].to_real()
    }

    fn solve_one<R: Real>(
        &self,
        query: &Query<'_>,
        target: usize,
        scratch: &mut [R],
        x: &mut [R],
    ) -> Result<(R, R), Error> {
        let features = query.features.len();
        let (factor, rest) = scratch.split_at_mut(packed::len(features));
        let (exponents, rest) = rest.split_at_mut(features);
        let (order, rest) = rest.split_at_mut(features);
        let work = &mut rest[..features];
        let column = query.targets[target];
        // Units out: 2^-e on both sides makes every diagonal entry at least 1 and below 4.
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
            exponents[k] = R::constant(f64::from(e));
            order[k] = R::count(k as u64);
        }
        let exponent = |exponents: &[R], k: usize| exponents[k].to_i32().unwrap_or(0);
        for i in 0..features {
            for j in i..features {
                let x = if i == j { diagonal(i) } else { self.entry(query.features[i], query.features[j]) };
                if !x.is_finite() {
                    return Err(Error::NonFinite { index: query.features[j] });
                }
                let e = exponent(exponents, i) + exponent(exponents, j);
                factor[packed::index(features, i, j)] = x.times_power_of_two(-e);
            }
        }
        let square: R = self.entry(column, column);
        for (x, &feature) in work.iter_mut().zip(query.features) {
            *x = self.entry(feature, column);
            if !x.is_finite() || !square.is_finite() {
                return Err(Error::NonFinite { index: column });
            }
        }
        let tolerance = R::count(features as u64 + 1) * R::EPSILON;
        let rank = cholesky::factor_pivoted_with(factor, features, tolerance, |i, j| {
            order.swap(i, j);
            exponents.swap(i, j);
        })?;
        if rank < features {
            return Err(Error::RankDeficient { rank });
        }
        let place = |k: usize| order[k].to_usize().unwrap_or(0);
        let condition = triangular::condition(factor, features, &mut x[..features])?;
        if condition * condition * R::EPSILON > R::constant(0.1) {
            return Err(Error::IllConditioned);
        }
        // The target's unit out as well.
        let unit = if square > R::ZERO { square.exponent().div_euclid(2) } else { 0 };
        for k in 0..features {
            x[k] = work[place(k)].times_power_of_two(-unit - exponent(exponents, k));
        }
        triangular::solve_transposed(factor, features, x)?;
        let explained = x.iter().fold(R::ZERO, |sum, &z| sum + z * z);
        triangular::solve(factor, features, x)?;
        work.copy_from_slice(x);
        for k in 0..features {
            x[place(k)] = work[k].times_power_of_two(unit - exponent(exponents, k));
        }
        let mut left = square.times_power_of_two(-2 * unit) - explained;
        if query.ridge > 0.0 {
            // What the ridge adds to the minimum is not of the residual.
            for k in (0..features).filter(|&k| query.is_penalized(k)) {
                let x = x[k].times_power_of_two(-unit);
                left -= ridge * x * x;
            }
        }
        Ok((condition, left.max(R::ZERO).sqrt().times_power_of_two(unit)))
    }

    fn check_row(&self, row: &[L]) -> Result<(), Error> {
        let (expected, got) = (self.params.columns, row.len());
        if expected == got { check_finite(row) } else { Err(Error::Dimension { expected, got }) }
    }

    fn write(&self, w: &mut Writer<'_>) {
        self.params.write(w);
        w.u64(self.state.rows_seen);
        w.u64(self.state.rows_removed);
        w.reals(self.storage.as_ref());
    }

    fn read(bytes: &[u8]) -> Result<(NormalEquationsParams, State<L>, Reader<'_>), Error> {
        let mut r = wire::open::<L>(Kind::NormalEquations, bytes)?;
        let params = NormalEquationsParams::read(&mut r)?;
        let state = State { rows_seen: r.u64()?, rows_removed: r.u64()?, lane: PhantomData };
        let sums = r.skip_reals::<L>(params.storage_len())?;
        r.end()?;
        Ok((params, state, sums))
    }

    fn load(&mut self, sums: &mut Reader<'_>) {
        sums.fill(self.storage.as_mut());
    }
}

impl<T: Real, S: Storage<T>> NormalEquations<T, S> {
    /// Consumes a row whose square counts `weight` times. A weight of 0 changes nothing.
    ///
    /// # Errors
    /// Those of [`update`](RowSummary::update), also for a row that overflows with its weight; [`Error::Parameter`] for a
    /// weight that is negative; [`Error::NonFinite`] with the place behind the last column for one that is not finite.
    pub fn update_weighted(&mut self, row: &[T], weight: T) -> Result<(), Error> {
        self.check_row(row)?;
        root_of_weight(row, weight)?;
        if weight > T::ZERO {
            packed::add_weighted_row(self.storage.as_mut(), row, weight);
            self.state.rows_seen += 1;
        }
        Ok(())
    }

    /// Lets all squares so far count `factor` times: called at regular times, the past fades.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a factor outside (0, 1].
    pub fn forget(&mut self, factor: T) -> Result<(), Error> {
        if !(factor > T::ZERO && factor <= T::ONE) {
            return Err(Error::Parameter { name: "factor", rule: Rule::Fraction });
        }
        crate::linalg::vector::scale(self.storage.as_mut(), factor);
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

    fn update(&mut self, row: &[L]) -> Result<(), Error> {
        self.check_row(row)?;
        packed::add_row(self.storage.as_mut(), row);
        self.state.rows_seen += 1;
        Ok(())
    }

    fn update_batch(&mut self, rows: MatRef<'_, L>) -> Result<(), Error> {
        check_batch(self.params.columns, rows)?;
        packed::add_rows(self.storage.as_mut(), rows.as_slice(), self.params.columns);
        self.state.rows_seen += rows.rows() as u64;
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State::new(&self.params);
        self.storage.as_mut().fill(L::default());
    }
}

impl<L: Lane, S: Storage<L>> Merge for NormalEquations<L, S> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if self.params != other.params {
            return Err(Error::Incompatible);
        }
        for (sum, &x) in self.storage.as_mut().iter_mut().zip(other.storage.as_ref()) {
            *sum = sum.plus(x);
        }
        self.state.rows_seen = self.state.rows_seen.saturating_add(other.state.rows_seen);
        self.state.rows_removed = self.state.rows_removed.saturating_add(other.state.rows_removed);
        Ok(())
    }
}
