//! The exact covariance: every product of two columns, summed.

use super::answer::{AnswerMut, Confidence, Status, TopEigen, TopEigenvector};
use super::iterate::{fill_random, orthonormalize_or_refill};
use super::params::eigen_params;
use crate::base::matrix::{check_batch, check_finite};
use crate::base::storage::{is_addressable, min, product, sum};
use crate::linalg::{one_sided, packed, symmetric, vector};
use crate::stream::summary::{constructors, wire_form};
use crate::stream::{History, Scale, add_rows};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Difference, Error, MatRef, Merge, Real, RowSummary, Rule, Storage};

/// Rows per block of a two-level sum.
const BLOCK: u64 = 256;
/// Sweeps after which the subspace iteration gives up.
const SWEEPS: u64 = 500;

eigen_params! {
    /// Parameters of an [`ExactEigen`].
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::eigen::ExactEigenParams;
    /// const PARAMS: ExactEigenParams = ExactEigenParams::new(9).rank(2);
    /// assert_eq!(PARAMS.storage_len(), 45 + 2 * 4 * 9 + 2 * 16 + 4);
    /// ```
    #[derive(PartialEq, Eq)]
    pub struct ExactEigenParams {
        /// Sum blocks of 256 rows first, then the blocks: twice the storage, and in `f32` values good to 2e-7 instead of 2e-5
        /// after 200,000 rows. The vectors hardly need it.
        two_level: bool = false,
        /// Seed of the first iterate of the solver (default 0).
        seed: u64 = 0,
    }
    refuse(params) { !is_addressable(params.storage_len()) => dim: Rule::ADDRESSABLE }
    formulas(params) {
        /// Whether blocks of rows are summed first.
        pub is_two_level: bool = params.two_level,
        /// Scalars of storage: `dim (dim + 1) / 2`, twice that with [`two_level`](Self::two_level), and the scratch of the
        /// solver, `2 w dim + 2 w^2 + w` with `w = min(dim, rank + 2)`. Saturates.
        pub storage_len: usize = {
            let w = params.width();
            sum([params.sums_len(), product([2, w, params.dim]), product([2, w, w]), w])
        },
        /// Scalars of the state proper.
        sums_len: usize = product([packed::len(params.dim), if params.two_level { 2 } else { 1 }]),
        /// Width of the solver's iterate.
        width: usize = min(params.rank.saturating_add(2), params.dim),
    }
}

/// What are the top eigenvectors of `A'A`, exactly?
///
/// Keeps the upper triangle of `A'A` and solves for its top eigenvectors when asked. Nothing is estimated: any order of
/// the rows, any rows.
///
/// # Guarantee
/// The vectors of the rows seen, up to rounding, and rounding has its share in every bound: a value of the exact matrix of the
/// rows given is within `(n + w (dim + 64)) EPSILON E` of the value that is told, with `n` the longest chain of additions (the
/// rows, or 256 and twice the blocks with `two_level`; one more for each level of merges), `w` = `min(dim, rank + 2)`, and `E` the
/// most energy that was ever held, the sum of all squared entries (Higham, *Accuracy and Stability of Numerical Algorithms*,
/// 2nd ed., sections 3.1 and 4.2, for the sums; Weyl's inequality for the values). [`estimate_dense`](Self::estimate_dense)
/// has `64 (dim + 1)` in place of `w (dim + 64)`; [`estimate`](TopEigen::estimate) adds the residual of its iterate, which finds the
/// top space from a random start. A value below that has a lower end of 0. It is a worst case, some hundred times what is usual;
/// in `f32` `two_level` sums keep it useful, and beyond half a million additions there is no bracket. The error bound follows
/// by the theorem of Davis and Kahan; it is `None` when the last wanted value and the next one differ by less than `1e-6` of the
/// largest, where the vector is arbitrary (status [`LowGap`](Status::LowGap)), or by less than rounding allows for (status
/// [`Unverified`](Status::Unverified)).
/// # Cost
/// Update: `dim^2` flops. State: see [`ExactEigenParams::storage_len`]; for small `dim` less than any sketch.
/// [`estimate`](TopEigen::estimate) runs a block power iteration in the storage, about
/// `28 / ln(value_k / value_{k+3})` products with the matrix in `f64`;
/// [`estimate_dense`](Self::estimate_dense) needs `dim^2` scalars of scratch and resolves near ties too.
/// # Numerics
/// Every entry sums its products in row order: batches have the bits of single rows. In `f32` the vectors keep about 1e-10
/// of error, the values lose up to 2e-5 at 200,000 rows without `two_level`.
/// # Randomness
/// The seed fixes the first iterate of the solver; no answer depends on it beyond rounding unless values are tied.
/// # Merging
/// Adds the triangles: equal to one long stream up to rounding, to the bit where all sums are exact (small integers).
/// # When to use another
/// [`RandomOrderEigen`](super::RandomOrderEigen) when `dim^2` words or flops are too many and the rows come in random
/// order; [`FrequentDirections`](super::FrequentDirections) when they don't.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{ExactEigen, ExactEigenParams, TopEigen}};
/// const PARAMS: ExactEigenParams = ExactEigenParams::new(3);
/// let mut summary = ExactEigen::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for row in [[1.0, 2.0, 0.0], [2.0, 4.1, 0.0], [0.0, 0.1, 0.3]] {
///     summary.update(&row)?;
/// }
/// let mut answer = [0.0; PARAMS.answer_len()];
/// let top = summary.estimate(&mut answer)?;
/// assert!((top.vector(0)[1] / top.vector(0)[0] - 2.04).abs() < 1e-2);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ExactEigen<T, S> {
    params: ExactEigenParams,
    state: State<T>,
    storage: S,
}

/// Everything of the state that is not a matrix.
#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    rows_seen: u64,
    scale: Scale,
    history: History<T>,
}

constructors!(ExactEigen, ExactEigenParams);
wire_form!(ExactEigen);

/// The storage, cut into its parts.
struct Parts<'a, T> {
    /// Upper triangle of `A'A`; with two levels, of the blocks that are complete.
    total: &'a mut [T],
    /// Upper triangle of the open block; empty with one level.
    block: &'a mut [T],
    /// The iterate of the solver, `width x dim`, then its product with the matrix. Between answers: a row to be scaled.
    iterate: &'a mut [T],
    product: &'a mut [T],
    small: &'a mut [T],
    small_vectors: &'a mut [T],
    small_values: &'a mut [T],
}

impl<T: Real, S: Storage<T>> ExactEigen<T, S> {
    fn split(&mut self) -> Parts<'_, T> {
        let (dim, w) = (self.params.dim, self.params.width());
        let triangle = packed::len(dim);
        let (total, rest) = self.storage.as_mut().split_at_mut(triangle);
        let (block, rest) = rest.split_at_mut(if self.params.two_level { triangle } else { 0 });
        let (iterate, rest) = rest.split_at_mut(w * dim);
        let (product, rest) = rest.split_at_mut(w * dim);
        let (small, rest) = rest.split_at_mut(w * w);
        let (small_vectors, small_values) = rest.split_at_mut(w * w);
        Parts { total, block, iterate, product, small, small_vectors, small_values }
    }

    fn rescale(&mut self, e: i32) {
        if e != 0 {
            self.state.history.rescale(2 * e);
            let parts = self.split();
            vector::rescale(parts.total, 2 * e);
            vector::rescale(parts.block, 2 * e);
        }
    }

    /// Takes a row out again that went in before: `A'A` loses its products.
    ///
    /// Rounding errors of what was large stay: the most energy that was ever held counts in all bounds. Where what is left is no
    /// larger than that rounding, answers fail with [`Error::PrecisionLost`]: fill a summary anew.
    /// [`rows_seen`](RowSummary::rows_seen) counts what is left.
    ///
    /// # Errors
    /// Those of [`update`](RowSummary::update), and [`Error::TooFewRows`] if no rows are left to remove.
    pub fn remove(&mut self, row: &[T]) -> Result<(), Error> {
        if self.state.rows_seen == 0 && row.len() == self.params.dim {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        let admitted = self.state.scale.admit(self.params.dim, row)?;
        self.rescale(admitted.rescale);
        let energy = self.energy();
        self.state.history.remove(energy);
        let (two_level, parts) = (self.params.two_level, self.split());
        let row = scaled_row(parts.iterate, row, admitted.factor);
        packed::subtract_row(if two_level { parts.block } else { parts.total }, row);
        self.state.rows_seen -= 1;
        Ok(())
    }

    /// Writes the upper triangle of `A'A`, in units of `2^exponent`, and returns the exponent.
    ///
    /// # Errors
    /// [`Error::Storage`] if `out` has not `dim (dim + 1) / 2` scalars.
    pub fn covariance(&mut self, out: &mut [T]) -> Result<i32, Error> {
        let (needed, got) = (packed::len(self.params.dim), out.len());
        if needed != got {
            return Err(Error::Storage { needed, got });
        }
        let parts = self.split();
        out.copy_from_slice(parts.total);
        for (out, &x) in out.iter_mut().zip(&*parts.block) {
            *out += x;
        }
        Ok(self.state.scale.value_exponent())
    }

    /// How far the [`covariance`](Self::covariance) may be from that of the rows by rounding, in any direction and in its units: for a
    /// solver of your own, whose rounding comes on top. `None` where nothing is certain.
    ///
    /// # Errors
    /// [`Error::TooFewRows`] without rows of any energy, [`Error::PrecisionLost`] if what is left after removals is no more than
    /// rounding.
    pub fn covariance_rounding(&self) -> Result<Option<T>, Error> {
        self.allowance(0)
    }

    /// Adds a covariance that was computed elsewhere, from `rows` rows: the upper triangle of their `A'A`.
    ///
    /// This is the door for faster matrix products; the bits are then theirs.
    ///
    /// # Errors
    /// [`Error::Storage`] if `gram` has not `dim (dim + 1) / 2` scalars, [`Error::NonFinite`] if one of them or a sum is not
    /// finite, [`Error::Negative`] if an entry of the diagonal is negative, [`Error::Scale`] if this summary has rescaled itself for very large or very small data.
    pub fn add_covariance(&mut self, gram: &[T], rows: u64) -> Result<(), Error> {
        let (needed, got) = (packed::len(self.params.dim), gram.len());
        if needed != got {
            return Err(Error::Storage { needed, got });
        }
        check_finite(gram)?;
        let dim = self.params.dim;
        if let Some(i) = (0..dim).find(|&i| gram[packed::index(dim, i, i)] < T::ZERO) {
            return Err(Error::Negative { index: packed::index(dim, i, i) });
        }
        let total = &self.storage.as_ref()[..needed];
        if let Some(index) = total.iter().zip(gram).position(|(&sum, &x)| !(sum + x).is_finite()) {
            return Err(Error::NonFinite { index });
        }
        // Everything that can fail comes before the first change, and this is one.
        if !self.state.scale.accepts_plain() {
            return Err(Error::Scale { index: 0 });
        }
        let total = self.split().total;
        for (sum, &x) in total.iter_mut().zip(gram) {
            *sum += x;
        }
        self.state.history.absorb_rows(rows);
        self.state.rows_seen = add_rows(self.state.rows_seen, rows);
        Ok(())
    }

    /// Like [`estimate`](TopEigen::estimate), by Jacobi rotations on a full copy of the matrix: `dim * dim` scalars of
    /// scratch, about `60 dim^3` flops, converges whatever the spectrum.
    ///
    /// # Errors
    /// Those of `estimate`; [`Error::Storage`] also for the scratch.
    pub fn estimate_dense<'a>(
        &mut self,
        scratch: &mut [T],
        answer: &'a mut [T],
    ) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, wanted) = (self.params.dim, self.params.rank);
        let answer = AnswerMut::new(answer, dim, wanted)?;
        let (needed, got) = (dim * dim, scratch.len());
        if needed != got {
            return Err(Error::Storage { needed, got });
        }
        // Products and rotations of rows as long as the matrix.
        let allowance = self.allowance(64 * (dim as u64).saturating_add(1))?;
        let exponent = self.state.scale.value_exponent();
        let parts = self.split();
        let (front, _) = scratch.split_at_mut(packed::len(dim));
        front.copy_from_slice(parts.total);
        for (out, &x) in front.iter_mut().zip(&*parts.block) {
            *out += x;
        }
        packed::unpack(scratch, dim);
        // The squares of the rows must stay in range.
        let shift = vector::max_abs(scratch).exponent();
        vector::rescale(scratch, -shift);
        let squares = &mut parts.iterate[..dim];
        one_sided::orthogonalize_rows(scratch, squares);
        // Rows are now eigenvalue times eigenvector: the matrix tells the sign, which is minus after removals that took too
        // much, or for rounding.
        for (value, row) in squares.iter_mut().zip(scratch.chunks_exact_mut(dim)) {
            *value = value.sqrt().times_power_of_two(shift);
            let product = &mut parts.product[..dim];
            packed::multiply(parts.total, row, product);
            if !parts.block.is_empty() {
                packed::add_product(parts.block, row, product);
            }
            *value = value.negate_if(vector::dot(row, product) < T::ZERO);
        }
        symmetric::sort_descending(squares, scratch, dim);
        let spectrum = Spectrum::of(squares, wanted, dim, allowance);
        for ((to, from), value) in
            answer.vectors.chunks_exact_mut(dim).zip(scratch.chunks_exact(dim)).zip(&mut *answer.values)
        {
            to.copy_from_slice(from);
            vector::normalize(to);
            *value = T::ZERO;
        }
        answer.values.copy_from_slice(&squares[..wanted]);
        Ok(spectrum.finish(answer, exponent))
    }

    /// The trace: energy of the rows held.
    fn energy(&self) -> T {
        let (dim, storage) = (self.params.dim, self.storage.as_ref());
        let (total, rest) = storage.split_at(packed::len(dim));
        let open = if self.params.two_level { packed::trace(rest, dim) } else { T::ZERO };
        packed::trace(total, dim) + open
    }

    /// The largest square that is held, or was.
    fn largest(&self) -> T {
        vector::max_abs(&self.storage.as_ref()[..self.params.sums_len()]).max(self.state.history.peak())
    }

    /// How far the matrix may be from that of the rows, and the solver's values from those of the matrix, `solver` operations:
    /// [`History::allowance`].
    fn allowance(&self, solver: u64) -> Result<Option<T>, Error> {
        let (history, energy, rows) = (self.state.history, self.energy(), self.state.rows_seen);
        let operations = history.operations();
        let chain = if !self.params.two_level {
            operations
        } else if history.has_removed() {
            // A block may hold as much as is held, above zero or below.
            operations.saturating_mul(2).saturating_add(operations / BLOCK)
        } else {
            BLOCK.min(operations).saturating_add(2 * (operations / BLOCK)).saturating_add(2)
        };
        let allowance = history.allowance(chain, solver, energy);
        let is_lost = history.has_removed() && allowance.is_none_or(|allowance| energy <= allowance);
        match () {
            () if rows == 0 => Err(Error::TooFewRows { needed: 1, got: 0 }),
            () if is_lost => Err(Error::PrecisionLost),
            () if energy <= T::ZERO => Err(Error::TooFewRows { needed: 1, got: 0 }),
            () => Ok(allowance),
        }
    }
}

/// The row itself, or a copy in `scratch` multiplied by a power of two.
fn scaled_row<'a, T: Real>(scratch: &'a mut [T], row: &'a [T], factor: T) -> &'a [T] {
    if factor == T::ONE {
        return row;
    }
    let scratch = &mut scratch[..row.len()];
    for (to, &x) in scratch.iter_mut().zip(row) {
        *to = x * factor;
    }
    scratch
}

/// What the leading values say about rank and gap.
struct Spectrum<T> {
    available: usize,
    gap: T,
    /// What the values may be off, and the vectors' error that follows.
    allowance: Option<T>,
    error_bound: Option<T>,
    is_tied: bool,
}

impl<T: Real> Spectrum<T> {
    /// Reads at least the first `wanted + 1` values, descending, where the matrix has as many.
    fn of(values: &[T], wanted: usize, dim: usize, allowance: Option<T>) -> Self {
        let noise = T::count(dim as u64) * T::EPSILON * values[0];
        let available = values.iter().take(wanted).take_while(|&&x| x > noise).count();
        let (last, next) = (values[available.max(1) - 1], values.get(available.max(1)).copied().unwrap_or(T::ZERO));
        let gap = if next > noise { last / next } else { T::INFINITY };
        let difference = last - next.max(T::ZERO);
        // The angle between the top spaces of two matrices: their difference over the gap that is left (Davis and Kahan).
        let angle = allowance.map(|allowance| allowance / (difference - allowance - allowance));
        let is_tied = difference <= T::constant(1e-6) * values[0];
        let error_bound =
            angle.filter(|angle| !is_tied && (T::ZERO..T::ONE).contains(angle)).map(|angle| angle * angle);
        Self { available, gap, allowance, error_bound, is_tied }
    }

    fn finish<'a>(&self, answer: AnswerMut<'a, T>, exponent: i32) -> TopEigenvector<'a, T> {
        for i in 0..answer.values.len() {
            let value = answer.values[i].max(T::ZERO);
            answer.values[i] = value;
            let allowance = self.allowance.unwrap_or(T::ZERO);
            (answer.lower[i], answer.upper[i]) = ((value - allowance).max(T::ZERO), value + allowance);
        }
        let status = Status::of_bound(self.error_bound.is_some(), self.is_tied);
        let confidence =
            Confidence { gap_estimate: Some(self.gap), error_bound: self.error_bound, ..Confidence::bare(status) };
        answer.finish(self.available, exponent, self.allowance.is_some(), confidence)
    }
}

impl<T: Real, S: Storage<T>> RowSummary for ExactEigen<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    /// Rows consumed and not removed again.
    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let admitted = self.state.scale.admit(self.params.dim, row)?;
        self.rescale(admitted.rescale);
        let (two_level, parts) = (self.params.two_level, self.split());
        let row = scaled_row(parts.iterate, row, admitted.factor);
        packed::add_row(if two_level { parts.block } else { parts.total }, row);
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        self.state.history.go_on(1);
        self.close_block();
        Ok(())
    }

    fn update_batch(&mut self, rows: MatRef<'_, T>) -> Result<(), Error> {
        check_batch(self.params.dim, rows)?;
        let mut next = 0;
        while next < rows.rows() {
            // Up to the end of the block, and only while the rows need no scaling.
            #[allow(clippy::cast_possible_truncation, reason = "at most 256")]
            let room = (BLOCK - self.state.rows_seen % BLOCK) as usize;
            let run = rows.rows_from(next, room);
            let plain = run.iter_rows().take_while(|row| self.state.scale.is_plain(row)).count();
            if plain == 0 {
                self.update(run.row(0).unwrap_or_default())?;
                next += 1;
                continue;
            }
            let (dim, two_level, parts) = (self.params.dim, self.params.two_level, self.split());
            let target = if two_level { parts.block } else { parts.total };
            packed::add_rows(target, run.rows_from(0, plain).as_slice(), dim);
            self.state.rows_seen = add_rows(self.state.rows_seen, plain as u64);
            self.state.history.go_on(plain as u64);
            self.close_block();
            next += plain;
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State::default();
        self.storage.as_mut().fill(T::ZERO);
    }
}

impl<T: Real, S: Storage<T>> ExactEigen<T, S> {
    fn close_block(&mut self) {
        if self.params.two_level && self.state.rows_seen.is_multiple_of(BLOCK) {
            let parts = self.split();
            for (total, block) in parts.total.iter_mut().zip(parts.block) {
                *total += *block;
                *block = T::ZERO;
            }
        }
    }
}

impl<T: Real, S: Storage<T>> Merge for ExactEigen<T, S> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        // The seed is the solver's own.
        let (mine, theirs) = (&self.params, &other.params);
        Difference::Dim.check(mine.dim, theirs.dim)?;
        Difference::Rank.check(mine.rank, theirs.rank)?;
        Difference::Sums.check(mine.two_level, theirs.two_level)?;
        // A covariance from elsewhere may have its largest entry anywhere.
        let (largest, theirs) = (self.largest(), other.largest());
        let (mine, theirs) = self.state.scale.align(other.state.scale, largest, theirs);
        self.rescale(mine);
        let (len, energy) = (self.params.sums_len(), self.energy());
        let mut history = other.state.history;
        history.rescale(2 * theirs);
        self.state.history.absorb(energy, history, other.energy().times_power_of_two(2 * theirs));
        for (x, &y) in self.storage.as_mut().iter_mut().zip(other.storage.as_ref()).take(len) {
            *x += y.times_power_of_two(2 * theirs);
        }
        self.state.rows_seen = add_rows(self.state.rows_seen, other.state.rows_seen);
        Ok(())
    }
}

impl<T: Real, S: Storage<T>> TopEigen for ExactEigen<T, S> {
    fn rank(&self) -> usize {
        self.params.rank
    }

    /// See the trait. If 500 sweeps are not enough, because more than `rank + 2` values are nearly tied, the answer is a
    /// direction among theirs, without a bound and with status [`LowGap`](Status::LowGap).
    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, wanted, seed) = (self.params.dim, self.params.rank, self.params.seed);
        let answer = AnswerMut::new(answer, dim, wanted)?;
        // Products of the iterate, and rotations of a matrix as small as it is wide.
        let width = self.params.width() as u64;
        let allowance = self.allowance(width.saturating_mul((dim as u64).saturating_add(64)))?;
        let exponent = self.state.scale.value_exponent();
        let mut parts = self.split();
        fill_random(parts.iterate, dim, 0, seed, 0);
        // In `f32` a product of a long row alone rounds by as much as a millionth.
        let tolerance = if T::BYTES == 4 {
            T::constant(1e-6).max(T::constant(4.0) * T::EPSILON * T::count(dim as u64).sqrt())
        } else {
            T::constant(1e-12)
        };
        for round in 1..=SWEEPS {
            let residual = parts.sweep(dim, wanted, tolerance);
            if residual <= tolerance || round == SWEEPS {
                // What the iterate has not found of the space counts too.
                let largest = parts.small_values[0];
                let allowance = allowance.map(|allowance| allowance + residual * largest);
                let mut spectrum = Spectrum::of(parts.small_values, wanted, dim, allowance);
                spectrum.error_bound = spectrum.error_bound.filter(|_| residual <= tolerance);
                answer.vectors.copy_from_slice(&parts.iterate[..wanted * dim]);
                answer.values.copy_from_slice(&parts.small_values[..wanted]);
                answer.vectors.chunks_exact_mut(dim).for_each(|v| {
                    vector::normalize(v);
                });
                return Ok(spectrum.finish(answer, exponent));
            }
            // Products with a matrix of low rank can be noise along vectors before them: those start anew.
            parts.iterate.copy_from_slice(parts.product);
            orthonormalize_or_refill(parts.iterate, dim, seed, round);
        }
        // Never reached: the last round answers.
        Err(Error::NotConverged { residual: f64::INFINITY })
    }
}

impl<T: Real> Parts<'_, T> {
    /// Multiplies the iterate by the matrix and rotates both to Ritz vectors; the largest relative residual of the wanted
    /// ones.
    fn sweep(&mut self, dim: usize, wanted: usize, tolerance: T) -> T {
        let w = self.small_values.len();
        for (x, y) in self.iterate.chunks_exact(dim).zip(self.product.chunks_exact_mut(dim)) {
            packed::multiply(self.total, x, y);
            if !self.block.is_empty() {
                packed::add_product(self.block, x, y);
            }
        }
        for i in 0..w {
            for j in i..w {
                let (x, y) = (&self.iterate[i * dim..(i + 1) * dim], &self.product[j * dim..(j + 1) * dim]);
                let dot = vector::dot(x, y);
                self.small[i * w + j] = dot;
                self.small[j * w + i] = dot;
            }
        }
        symmetric::eigen(self.small, self.small_vectors, self.small_values);
        vector::combine_in_place(self.iterate, dim, w, self.small_vectors, &mut self.small[..w]);
        vector::combine_in_place(self.product, dim, w, self.small_vectors, &mut self.small[..w]);
        let largest = self.small_values[0];
        let mut worst = T::ZERO;
        for i in 0..w.min(wanted + 1) {
            let (x, y) = (&self.iterate[i * dim..(i + 1) * dim], &self.product[i * dim..(i + 1) * dim]);
            let residual = x.iter().zip(y).fold(T::ZERO, |sum, (&x, &y)| {
                // Relative to the largest value before squaring: no overflow.
                let r = (y - self.small_values[i] * x) / largest;
                sum + r * r
            });
            // The first unwanted value only tells the gap: three digits of it are enough.
            let slack = if i < wanted { T::ONE } else { T::constant(1e-3) / tolerance };
            worst = worst.max(residual.sqrt() / slack);
        }
        worst
    }
}

impl<T: Real, S: Storage<T>> ExactEigen<T, S> {
    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        w.u64(self.state.rows_seen);
        self.state.scale.write(w);
        self.state.history.write(w);
        w.reals(&self.storage.as_ref()[..self.params.sums_len()]);
    }

    fn read(bytes: &[u8]) -> Result<(ExactEigenParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::ExactEigen, bytes)?;
        let params: ExactEigenParams = r.params()?;
        let (rows_seen, scale) = (r.count()?, Scale::read(&mut r)?);
        let history = if r.version() == 1 { History::of_rows(rows_seen) } else { History::read(&mut r)? };
        let state = State { rows_seen, scale, history };
        let sums = r.skip_reals::<T>(params.sums_len())?;
        r.end()?;
        if !scale.is_known() {
            sums.clone().skip_bounded(params.sums_len(), T::ZERO)?;
        }
        Ok((params, state, sums))
    }

    fn load(&mut self, sums: &mut Reader<'_>) {
        let len = self.params.sums_len();
        sums.fill(&mut self.storage.as_mut()[..len]);
    }
}
