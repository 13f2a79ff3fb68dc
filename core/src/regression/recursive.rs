//! Recursive least squares: coefficients after every row.

use super::norms;
use crate::base::matrix::{check_batch, check_row};
use crate::base::params::{finite_positive, fraction_or_one, params, positive};
use crate::base::storage::{is_addressable, sum};
use crate::linalg::{givens, packed, vector};
use crate::stream::add_rows;
use crate::stream::summary::{constructors, wire_form};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, MatRef, Real, RowSummary, Rule, Storage};
use core::marker::PhantomData;

params! {
    /// Parameters of [`RecursiveLeastSquares`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::regression::RecursiveLeastSquaresParams;
    /// let params = RecursiveLeastSquaresParams::new(4).forgetting(0.99).prior(1e-3);
    /// assert_eq!(params.storage_len(), 15 + 5 + 4);
    /// ```
    #[derive(PartialEq)]
    pub struct RecursiveLeastSquaresParams {
        /// `features` features and, behind them, one target; nothing forgotten, prior 1e-6.
        new {
            /// Number of features.
            features: usize => positive,
        }
        /// What the squares of all rows before count for at each new row, in (0, 1].
        forgetting: f64 = 1.0 => fraction_or_one,
        /// Ridge that makes the first coefficients unique; it is forgotten with the past.
        prior: f64 = 1e-6 => finite_positive,
    }
    refuse(params) { !is_addressable(params.storage_len()) => features: Rule::ADDRESSABLE }
    formulas(params) {
        /// Scalars of storage: a packed triangle, a row, the coefficients. Saturates.
        pub storage_len: usize = sum([packed::len(params.columns()), params.columns(), params.features]),
        columns: usize = params.features.saturating_add(1),
    }
}

/// What are the coefficients now, after this row?
///
/// Recursive least squares in square-root form: a triangle takes in each row by rotations, and the coefficients follow by one
/// substitution. The textbook's inverse of the Gram matrix is never formed: it loses its symmetry, and with it everything, on
/// ill-conditioned streams.
///
/// # Guarantee
/// The coefficients minimise `sum f^(n - i) (a_i x - b_i)^2 + prior f^n |x|^2`, to rounding. A feature that is known only by a
/// prior that has faded below the rounding errors of the rows has coefficient 0.
/// # Cost
/// `4 d^2` flops a row. State: see [`RecursiveLeastSquaresParams::storage_len`].
/// # Numerics
/// Rotations row by row: in `f32` errors grow with the number of rows unless they are forgotten. 20,000 rows, nothing
/// forgotten: relative error of coefficients 1e-5 at condition 1, 1e-4 at 1e3, 1e-2 at 1e4.
/// # Merging
/// Not offered: two pasts have no common order to be forgotten in.
/// # When to use another
/// [`StreamingQr`](super::StreamingQr) if the coefficients are asked for now and then.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, regression::{RecursiveLeastSquares, RecursiveLeastSquaresParams}};
/// const PARAMS: RecursiveLeastSquaresParams = RecursiveLeastSquaresParams::new(2).forgetting(0.9);
/// let mut filter = RecursiveLeastSquares::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for i in 0..200u8 {
///     let (x, slope) = (f32::from(i % 7), if i < 100 { 1.0 } else { -2.0 });
///     filter.update(&[1.0, x, 3.0 + slope * x])?;
/// }
/// assert!((filter.coefficients()[1] + 2.0).abs() < 1e-3);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecursiveLeastSquares<T, S> {
    params: RecursiveLeastSquaresParams,
    state: State<T>,
    storage: S,
}

/// Everything of the state that is not in storage.
#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    rows_seen: u64,
    scalar: PhantomData<T>,
}

constructors!(RecursiveLeastSquares, RecursiveLeastSquaresParams);
wire_form!(RecursiveLeastSquares);

struct Parts<'a, T> {
    triangle: &'a mut [T],
    row: &'a mut [T],
    coefficients: &'a mut [T],
}

impl<T: Real, S: Storage<T>> RecursiveLeastSquares<T, S> {
    /// The coefficients after the last row; zeros before the first. Infinite or NaN where
    /// one is out of range.
    pub fn coefficients(&self) -> &[T] {
        &self.storage.as_ref()[self.params.storage_len() - self.params.features..]
    }

    /// What the target of a row is expected to be.
    ///
    /// # Errors
    /// [`Error::Dimension`] unless there is one entry a feature.
    pub fn predict(&self, features: &[T]) -> Result<T, Error> {
        let (expected, got) = (self.params.features, features.len());
        if expected == got {
            Ok(vector::dot(features, self.coefficients()))
        } else {
            Err(Error::Dimension { expected, got })
        }
    }

    /// Below this share of its column a pivot is rounding: the rank rule of the family, over the rows that are remembered.
    fn tolerance(&self, rows: u64) -> T {
        let remembered = (rows as f64).min(1.0 / (1.0 - self.params.forgetting));
        T::constant(8.0 * self.params.features as f64 + Real::sqrt(remembered)) * T::EPSILON
    }

    /// Refuses rows with which the norm of a column would leave the range, were nothing forgotten meanwhile.
    fn check_norms(&self, rows: &[T]) -> Result<(), Error> {
        let columns = self.params.columns();
        norms::check_rows(columns, &self.storage.as_ref()[..packed::len(columns)], &[], rows, T::ONE)
    }

    /// The coefficients that follow from the triangle.
    fn substitute(&mut self, tolerance: T) {
        let (columns, features) = (self.params.columns(), self.params.features);
        let parts = self.split();
        for k in (0..features).rev() {
            let at = |i: usize, j: usize| parts.triangle[packed::index(columns, i, j)];
            let (pivot, longest) = (at(k, k), (0..k).fold(T::ZERO, |max, i| max.max(at(i, k).abs())));
            let line = packed::index(columns, k, k + 1);
            let explained = vector::dot(&parts.triangle[line..line + features - k - 1], &parts.coefficients[k + 1..]);
            parts.coefficients[k] = match () {
                () if !pivot.is_finite() => T::constant(f64::NAN),
                // No pivot of its own: what this feature says, those before it have said.
                () if pivot <= tolerance * longest => T::ZERO,
                () => (at(k, features) - explained) / pivot,
            };
        }
    }

    fn split(&mut self) -> Parts<'_, T> {
        let columns = self.params.columns();
        let (triangle, rest) = self.storage.as_mut().split_at_mut(packed::len(columns));
        let (row, coefficients) = rest.split_at_mut(columns);
        Parts { triangle, row, coefficients }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        w.u64(self.state.rows_seen);
        w.reals(&self.storage.as_ref()[..packed::len(self.params.columns())]);
        // One that has overflowed has no bytes: coefficients follow from the triangle anyway.
        self.coefficients().iter().for_each(|&x| w.real(if x.is_finite() { x } else { T::ZERO }));
    }

    fn read(bytes: &[u8]) -> Result<(RecursiveLeastSquaresParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::RecursiveLeastSquares, bytes)?;
        let params: RecursiveLeastSquaresParams = r.params()?;
        let state = State { rows_seen: r.count()?, scalar: PhantomData };
        let vectors = r.skip_reals::<T>(packed::len(params.columns()).saturating_add(params.features))?;
        r.end()?;
        Ok((params, state, vectors))
    }

    fn load(&mut self, vectors: &mut Reader<'_>) {
        let parts = self.split();
        vectors.fill(parts.triangle);
        vectors.fill(parts.coefficients);
        if self.coefficients().contains(&T::ZERO) {
            self.substitute(self.tolerance(self.state.rows_seen.saturating_sub(1)));
        }
    }
}

impl<T: Real, S: Storage<T>> RowSummary for RecursiveLeastSquares<T, S> {
    type Scalar = T;

    /// Features and the target behind them.
    fn dim(&self) -> usize {
        self.params.columns()
    }

    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    /// See the trait; [`Error::NonFinite`] also for an entry with which the norm of its column would leave the range.
    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let columns = self.params.columns();
        check_row(columns, row)?;
        self.check_norms(row)?;
        let forgetting = self.params.forgetting;
        let tolerance = self.tolerance(self.state.rows_seen);
        let parts = self.split();
        // The past may fade to next to nothing, but not into numbers that have lost their digits.
        let floor = T::ONE / (T::max_value() * T::EPSILON);
        if forgetting < 1.0 && parts.triangle.iter().any(|x| x.abs() > floor) {
            vector::scale(parts.triangle, T::constant(forgetting).sqrt());
        }
        parts.row.copy_from_slice(row);
        givens::insert_row(parts.triangle, parts.row)?;
        parts.row.fill(T::ZERO);
        self.substitute(tolerance);
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        Ok(())
    }

    fn update_batch(&mut self, rows: MatRef<'_, T>) -> Result<(), Error> {
        check_batch(self.params.columns(), rows)?;
        self.check_norms(rows.as_slice())?;
        rows.iter_rows().try_for_each(|row| self.update(row))
    }

    fn clear(&mut self) {
        self.state = State::default();
        self.storage.as_mut().fill(T::ZERO);
        let (columns, root) = (self.params.columns(), T::constant(self.params.prior).sqrt());
        let parts = self.split();
        for k in 0..columns - 1 {
            parts.triangle[packed::index(columns, k, k)] = root;
        }
    }
}
