//! The gradient of least squares at given coefficients, from a pass over the rows: features times residuals.

use super::removed::{drift, remember, rounding};
use super::weight::root_of_weight;
use crate::base::matrix::{check_batch, check_finite, check_row};
use crate::base::params::{params, positive};
use crate::base::storage::{is_addressable, product, sum};
use crate::linalg::vector;
use crate::stream::add_rows;
use crate::stream::summary::{constructors, wire_form};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Difference, Error, MatRef, Merge, Real, RowSummary, Rule, Storage};
use core::marker::PhantomData;

params! {
    /// Shape of [`Gradient`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::regression::GradientParams;
    /// assert_eq!(GradientParams::new(8, 1).storage_len(), 26);
    /// ```
    #[derive(PartialEq, Eq)]
    pub struct GradientParams {
        /// `features` features and, behind them, `targets` targets, in the order of the [`Query`](super::Query) to be corrected.
        new {
            /// Number of features.
            features: usize => positive,
            /// Number of targets.
            targets: usize => positive,
        }
    }
    refuse(params) { !is_addressable(params.storage_len()) => features: Rule::ADDRESSABLE }
    formulas(params) {
        /// Scalars of storage: for each target the coefficients, as many sums, and a square; and one a column. Saturates.
        pub storage_len: usize = sum([params.kept_len(), params.columns()]),
        /// Scalars of coefficients, sums and squares.
        kept_len: usize = sum([product([2, params.len()]), params.targets]),
        /// Coefficients of all targets.
        len: usize = product([params.features, params.targets]),
        columns: usize = params.features.saturating_add(params.targets),
    }
}

/// How far are coefficients from the exact ones, and which way? What one more pass over the rows adds to a sketched answer.
///
/// Keeps `A'(b - A x)` and the square of the residual of coefficients `x` that are set before the pass
/// ([`start_at`](Self::start_at)). The sketch that gave `x` turns the sums into a correction:
/// [`refine_in`](super::SketchedLeastSquares::refine_in). Coefficients of zero, those of a summary that is new, make the sums
/// `A'b`: what a Hessian sketch needs ([`hessian_sketch_in`](super::SketchedLeastSquares::hessian_sketch_in)), in the same pass
/// as the sketch.
///
/// # Guarantee
/// The sums are those of the rows, to rounding: `n` rows cost relative errors of up to `n eps` of the sum of absolute values, those
/// that were taken away again included. Where what was taken away may have left as much as a sixty-fourth of the residual, as it
/// does after an outlier of 1e8 times the rows in `f64`, a correction by it fails with [`Error::PrecisionLost`]: replay the rows anew.
/// # Cost
/// `4 d t` flops a row for `d` features and `t` targets. State: see [`GradientParams::storage_len`].
/// # Numerics
/// Every sum adds its products in row order. What cancels in `b - A x` is lost: repeated corrections end where the residual is
/// rounding (forward stable, not backward stable).
/// # Randomness
/// None.
/// # Merging
/// Adds the sums, for equal coefficients: parts of a log can be replayed where they are.
/// # When to use another
/// [`StreamingQr`](super::StreamingQr) if the rows come in order and whole: exact in one pass. `lstsq` of the `sketchlet` crate
/// for rows that can be read any number of times.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, sketch::Srht};
/// use sketchlet_core::regression::{Gradient, GradientParams, Query, SketchedLeastSquares, SketchedLeastSquaresParams};
/// const SKETCH: SketchedLeastSquaresParams = SketchedLeastSquaresParams::new(3, 32).block_len(16).ranges(1);
/// const GRADIENT: GradientParams = GradientParams::new(2, 1);
/// let log = || (0..1000u16).map(|i| {
///     let (x, y) = (f64::from(i * 37 % 101) - 50.0, f64::from(i * 53 % 89) - 44.0);
///     [x, y, 3.0 * x - 2.0 * y + f64::from(i % 3) - 1.0]
/// });
/// let storage = ([0.0; SKETCH.storage_len()], [0; SKETCH.index_len()]);
/// let mut sketch = SketchedLeastSquares::new_in(SKETCH, Srht, storage.0, storage.1)?;
/// log().try_for_each(|row| sketch.update(&row))?;
/// let query = Query::new(&[0, 1], &[2]);
/// let (mut scratch, mut answer) = ([0.0; 15], [0.0; 5]);
/// let fit = sketch.solve_in(&query, &mut scratch, &mut answer)?;
/// // The log is replayed, columns in the order of the query.
/// let mut gradient = Gradient::new_in(GRADIENT, [0.0; GRADIENT.storage_len()])?;
/// gradient.start_at(fit.coefficients)?;
/// log().try_for_each(|row| gradient.update(&row))?;
/// let before = gradient.residual_squares()[0].sqrt();
/// let fit = sketch.refine_in(&query, &gradient, &mut scratch, &mut answer)?;
/// assert!(fit.residual_norm[0] < before);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gradient<T, S> {
    params: GradientParams,
    state: State<T>,
    storage: S,
}

/// Everything of the state that is not in storage.
#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    rows_seen: u64,
    rows_removed: u64,
    scalar: PhantomData<T>,
}

constructors!(Gradient, GradientParams);
wire_form!(Gradient);

struct Parts<'a, T> {
    coefficients: &'a mut [T],
    sums: &'a mut [T],
    squares: &'a mut [T],
    /// The largest entry of each feature that was taken away, and the largest residual of each target.
    removed: &'a mut [T],
}

/// What coefficients leave of a target.
fn residual<T: Real>(features: &[T], coefficients: &[T], target: T) -> T {
    target - vector::dot(features, coefficients)
}

impl<T: Real, S: Storage<T>> Gradient<T, S> {
    /// Forgets all rows and takes other coefficients, targets x features as in a [`Fit`](super::Fit).
    ///
    /// # Errors
    /// [`Error::Dimension`] unless there is one a feature and target, [`Error::NonFinite`] with the place of one that is not
    /// finite. Nothing is changed then.
    pub fn start_at(&mut self, coefficients: &[T]) -> Result<(), Error> {
        let (expected, got) = (self.params.len(), coefficients.len());
        if expected != got {
            return Err(Error::Dimension { expected, got });
        }
        check_finite(coefficients)?;
        self.clear();
        self.split().coefficients.copy_from_slice(coefficients);
        Ok(())
    }

    /// The coefficients whose residual is looked at, targets x features.
    pub fn coefficients(&self) -> &[T] {
        &self.storage.as_ref()[..self.params.len()]
    }

    /// `A'(b - A x)`, targets x features.
    pub fn sums(&self) -> &[T] {
        &self.storage.as_ref()[self.params.len()..2 * self.params.len()]
    }

    /// Square of the norm of the residual of the coefficients, one a target: exact, where a sketch only estimates.
    pub fn residual_squares(&self) -> &[T] {
        &self.storage.as_ref()[2 * self.params.len()..self.params.kept_len()]
    }

    /// Rows taken away.
    pub const fn rows_removed(&self) -> u64 {
        self.state.rows_removed
    }

    /// Consumes a row whose square counts `weight` times. A weight of 0 changes nothing.
    ///
    /// # Errors
    /// As [`update`](RowSummary::update), also for a row that overflows with its weight; [`Error::Parameter`] for a weight
    /// that is negative; [`Error::NonFinite`] with the place behind the last column for one that is not finite.
    pub fn update_weighted(&mut self, row: &[T], weight: T) -> Result<(), Error> {
        self.add(row, weight, false)?;
        self.state.rows_seen = add_rows(self.state.rows_seen, u64::from(weight > T::ZERO));
        Ok(())
    }

    /// Takes away a row that was consumed.
    ///
    /// # Errors
    /// As [`update`](RowSummary::update).
    pub fn remove(&mut self, row: &[T]) -> Result<(), Error> {
        self.remove_weighted(row, T::ONE)
    }

    /// Takes away a row that [`update_weighted`](Self::update_weighted) has consumed.
    ///
    /// # Errors
    /// As there.
    pub fn remove_weighted(&mut self, row: &[T], weight: T) -> Result<(), Error> {
        self.add(row, weight, true)?;
        self.state.rows_removed = add_rows(self.state.rows_removed, u64::from(weight > T::ZERO));
        Ok(())
    }

    /// Names the first target of the rows whose residual is out of range, or with which a sum could overflow.
    fn check_residuals(&self, rows: &[T], weight: T) -> Result<(), Error> {
        let (features, columns) = (self.params.features, self.params.columns());
        // What the sums can come to: asked for when a product is large.
        let mut reach: Option<T> = None;
        for (i, row) in rows.chunks_exact(columns).enumerate() {
            let (a, b) = row.split_at(features);
            let per_target = self.coefficients().chunks_exact(features).zip(b);
            for (target, (x, &b)) in per_target.enumerate() {
                let residual = residual(a, x, b);
                let factors = [residual, residual * weight];
                let is_modest = T::all_modest(&factors) && T::all_modest(a);
                if !is_modest {
                    let largest = || vector::max_abs(&self.storage.as_ref()[self.params.len()..self.params.kept_len()]);
                    let most = vector::max_abs(a).max(residual.abs()) * factors[1].abs();
                    let sum = reach.unwrap_or_else(largest) + most;
                    if !(residual.is_finite() && (sum + sum).is_finite()) {
                        return Err(Error::NonFinite { index: i * columns + features + target });
                    }
                    reach = Some(sum);
                }
            }
        }
        Ok(())
    }

    /// Refuses sums of another that would overflow here.
    fn check_sums(&self, other: &Self) -> Result<(), Error> {
        let (len, kept) = (self.params.len(), self.params.kept_len());
        let sums = self.storage.as_ref()[len..kept].iter().zip(&other.storage.as_ref()[len..kept]);
        let Some(at) = { sums }.position(|(&x, &y)| !(x + y).is_finite()) else { return Ok(()) };
        let target = if at < len { at / self.params.features } else { at - len };
        Err(Error::NonFinite { index: self.params.features + target })
    }

    fn add(&mut self, row: &[T], weight: T, subtract: bool) -> Result<(), Error> {
        check_row(self.params.columns(), row)?;
        let root = root_of_weight(row, weight)?;
        self.check_residuals(row, weight)?;
        if subtract {
            self.take(row, root);
        }
        self.add_checked(row, weight, subtract);
        Ok(())
    }

    /// A row is taken away, with the root of its weight.
    fn take(&mut self, row: &[T], root: T) {
        let (a, b) = row.split_at(self.params.features);
        let Parts { coefficients, removed, .. } = self.split();
        let (of_features, of_targets) = removed.split_at_mut(a.len());
        for (largest, &x) in of_features.iter_mut().zip(a) {
            *largest = largest.max((x * root).abs());
        }
        for ((largest, &b), x) in of_targets.iter_mut().zip(b).zip(coefficients.chunks_exact(a.len())) {
            *largest = largest.max((residual(a, x, b) * root).abs());
        }
    }

    /// What rounding of rows that were taken away may have done to a sum, and to the square of a target.
    pub(super) fn loss(&self, feature: usize, target: usize) -> (T, T) {
        let (features, state) = (self.params.features, self.state);
        let operations = state.rows_seen.saturating_add(state.rows_removed);
        let share = T::constant(drift(operations, rounding::<T>())) * T::count(state.rows_removed);
        let removed = &self.storage.as_ref()[self.params.kept_len()..];
        let (x, residual) = (removed[feature], removed[features + target]);
        (share * x * residual, share * residual * residual)
    }

    fn add_checked(&mut self, row: &[T], weight: T, subtract: bool) {
        let (a, b) = row.split_at(self.params.features);
        let Parts { coefficients, sums, squares, .. } = self.split();
        let per_target = coefficients.chunks_exact(a.len()).zip(sums.chunks_exact_mut(a.len()));
        for (((x, sums), square), &b) in per_target.zip(squares).zip(b) {
            let residual = residual(a, x, b);
            let weighted = (residual * weight).negate_if(subtract);
            vector::add_scaled(sums, weighted, a);
            *square += weighted * residual;
        }
    }

    fn split(&mut self) -> Parts<'_, T> {
        let (len, targets) = (self.params.len(), self.params.targets);
        let (coefficients, rest) = self.storage.as_mut().split_at_mut(len);
        let (sums, rest) = rest.split_at_mut(len);
        let (squares, removed) = rest.split_at_mut(targets);
        Parts { coefficients, sums, squares, removed }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        w.u64(self.state.rows_seen);
        w.u64(self.state.rows_removed);
        w.reals(self.storage.as_ref());
    }

    fn read(bytes: &[u8]) -> Result<(GradientParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::Gradient, bytes)?;
        let params: GradientParams = r.params()?;
        let state = State { rows_seen: r.count()?, rows_removed: r.count()?, scalar: PhantomData };
        // Version 1 didn't tell what was taken away.
        let len = if r.version() == 1 { params.kept_len() } else { params.storage_len() };
        let vectors = r.skip_reals::<T>(len)?;
        r.end()?;
        if state.rows_removed == 0 {
            let mut squares = vectors.clone();
            squares.skip_reals::<T>(2 * params.len())?;
            squares.skip_amounts::<T>(params.targets)?;
        }
        Ok((params, state, vectors))
    }

    fn load(&mut self, vectors: &mut Reader<'_>) {
        let len = if vectors.version() == 1 { self.params.kept_len() } else { self.params.storage_len() };
        vectors.fill(&mut self.storage.as_mut()[..len]);
    }
}

impl<T: Real, S: Storage<T>> RowSummary for Gradient<T, S> {
    type Scalar = T;

    /// Features and the targets behind them.
    fn dim(&self) -> usize {
        self.params.columns()
    }

    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    /// Consumes one row, features first.
    ///
    /// # Errors
    /// Those of the trait; [`Error::NonFinite`] with the place of a target also where a residual overflows.
    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        self.update_weighted(row, T::ONE)
    }

    fn update_batch(&mut self, rows: MatRef<'_, T>) -> Result<(), Error> {
        check_batch(self.params.columns(), rows)?;
        self.check_residuals(rows.as_slice(), T::ONE)?;
        for row in rows.iter_rows() {
            self.add_checked(row, T::ONE, false);
            self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        }
        Ok(())
    }

    /// Coefficients of zero as well; [`start_at`](Self::start_at) sets others.
    fn clear(&mut self) {
        self.state = State::default();
        self.storage.as_mut().fill(T::ZERO);
    }
}

impl<T: Real, S: Storage<T>> Merge for Gradient<T, S> {
    /// Absorbs the sums of other rows.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for another shape or other coefficients; [`Error::NonFinite`] with the place of the target whose sums
    /// would overflow.
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        Difference::Features.check(self.params.features, other.params.features)?;
        Difference::Targets.check(self.params.targets, other.params.targets)?;
        for (mine, theirs) in self.coefficients().iter().zip(other.coefficients()) {
            Difference::Coefficient.check(mine.as_f64(), theirs.as_f64())?;
        }
        self.check_sums(other)?;
        let (len, kept) = (self.params.len(), self.params.kept_len());
        for (sum, &x) in self.storage.as_mut()[len..kept].iter_mut().zip(&other.storage.as_ref()[len..kept]) {
            *sum += x;
        }
        remember(self.split().removed, &other.storage.as_ref()[kept..]);
        self.state.rows_seen = add_rows(self.state.rows_seen, other.state.rows_seen);
        self.state.rows_removed = add_rows(self.state.rows_removed, other.state.rows_removed);
        Ok(())
    }
}
