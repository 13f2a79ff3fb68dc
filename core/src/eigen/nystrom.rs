//! A linear sketch of `A'A`: rows may be removed, and come in any order, on any device.

use super::answer::{
    AnswerMut, Confidence, LARGEST_ROUNDING, Status, TopEigen, TopEigenvector, factoring, orthonormalize, tie,
};
use super::params::eigen_params;
use super::pool::{Block, Piece, Scratch};
use crate::base::storage::{is_addressable, max, min, product, sum};
use crate::linalg::vector;
use crate::random::keyed::{Domain, normal_pair, word2};
use crate::stream::summary::{constructors, wire_form};
use crate::stream::{CompensatedSum, History, Scale, add_rows};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Merge, Real, RowSummary, Rule, Storage};

eigen_params! {
    /// Parameters of a [`NystromSketch`]. Equal if they mean the same: a default may be spelt out.
    #[derive(Eq)]
    pub struct NystromSketchParams {
        /// Test vectors `r`, from `rank` to `dim` (default 16, at least twice the rank, at most `dim`).
        sketch_rows: usize = 0,
        /// Seed of the test vectors (default 0). Only sketches of one seed merge.
        seed: u64 = 0,
    }
    refuse(params) {
        params.test_vectors() < params.rank || params.test_vectors() > params.dim => sketch_rows: Rule::FROM_RANK_TO_DIM,
        !is_addressable(params.storage_len()) => sketch_rows: Rule::ADDRESSABLE,
    }
    formulas(params) {
        /// Test vectors, with these parameters.
        pub test_vectors: usize =
            if params.sketch_rows == 0 { min(max(product([2, params.rank]), 16), params.dim) } else { params.sketch_rows },
        scratch_len: usize =
            Scratch::<f64>::len(params.test_vectors(), params.test_vectors(), if params.rank > 1 { params.dim } else { 0 }),
        /// Scalars of storage: `2 r dim + 3 r^2 + 2 r`, and `r dim` more for `rank > 1`, with `r` =
        /// [`test_vectors`](Self::test_vectors). Saturates.
        pub storage_len: usize = sum([product([2, params.test_vectors(), params.dim]), params.scratch_len()]),
    }
    alike(params) {
        Dim: params.dim,
        Rank: params.rank,
        SketchRows: params.test_vectors(),
        Seed: params.seed,
    }
}

impl PartialEq for NystromSketchParams {
    fn eq(&self, other: &Self) -> bool {
        self.check_alike(other).is_ok()
    }
}

/// What are the top eigenvectors of rows that may also be taken back?
///
/// Multiplies `A'A` with `r` random orthonormal test vectors, a sum over the rows: rows are added and removed in any order,
/// on any device. The answer is the Nystrom approximation from those products.
///
/// # Guarantee
/// Exact when the rank of the data is at most `r`; else the error follows the singular values behind about `r / 2` (Tropp,
/// Yurtsever, Udell, Cevher 2017). `value_lower`, `value_upper` and `error_bound` are rigorous for every stream, from the
/// energy that the approximation is known to miss.
///
/// Rounding has its share in these: the products may be off by `e = sqrt(r) (n + dim + 2) EPSILON E`, with `n` the longest chain
/// of additions (the rows, and one more for each level of merges) and `E` the most energy that was ever held; the approximation
/// by `d = (sqrt(r) dim + r (32 + sqrt(r)) + 8) EPSILON |Y|` and the asymmetry of `V'Y` that is found (Higham, *Accuracy and
/// Stability of Numerical Algorithms*, 2nd ed., chapters 3 and 4). With a shift `s = 2 max(e + d, (d^2 E)^(1/3))` the matrix is
/// certain to be above its approximation, and a value is no further than `2.5 s` below what is found, or `1.5 dim s` above what
/// is missed: about `1e-9` of the largest in `f64`. In `f32` that is some thousandths, and after some thousand rows there is no
/// bracket and no bound. After removals that leave no more than `e`, answers fail with [`Error::PrecisionLost`].
/// # Cost
/// `4 r dim` flops a row. State: see [`NystromSketchParams::storage_len`]; half of it are test vectors, which the byte form
/// leaves out.
/// # Numerics
/// Values below about `4 EPSILON` times the norm of the products are noise and not reported. Rows that are removed leave
/// their rounding behind: the most energy that was ever held counts in brackets and bounds. Scaling all rows by a power of two changes no bit of the vectors.
/// # Randomness
/// Keyed: the test vectors are a function of the seed alone.
/// # Merging
/// Adds; seeds and parameters must be equal. Equal to one long stream up to rounding.
/// # When to use another
/// [`ExactEigen`](super::ExactEigen) is linear too, and better whenever it fits;
/// [`FrequentDirections`](super::FrequentDirections) is far more accurate at equal memory if nothing is removed.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{NystromSketch, NystromSketchParams, TopEigen}};
/// const PARAMS: NystromSketchParams = NystromSketchParams::new(5).sketch_rows(3);
/// let mut summary = NystromSketch::new_in(PARAMS, [0.0f64; PARAMS.storage_len()])?;
/// summary.update(&[1.0, 2.0, 0.0, 0.0, 2.0])?;
/// summary.update(&[0.0, 9.0, 9.0, 0.0, 0.0])?;
/// summary.remove(&[0.0, 9.0, 9.0, 0.0, 0.0])?;
/// let mut answer = [0.0; PARAMS.answer_len()];
/// let top = summary.estimate(&mut answer)?;
/// assert!((top.vector(0)[1] - 2.0 / 3.0).abs() < 1e-7);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NystromSketch<T, S> {
    params: NystromSketchParams,
    state: State<T>,
    storage: S,
}

#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    scale: Scale,
    rows_seen: u64,
    energy: CompensatedSum<T>,
    history: History<T>,
}

constructors!(NystromSketch, NystromSketchParams);
wire_form!(NystromSketch);

struct Parts<'a, T> {
    /// The test vectors, orthonormal rows.
    test: &'a mut [T],
    /// Sum of each row times its product with a test vector.
    products: &'a mut [T],
    scratch: &'a mut [T],
}

impl<T: Real, S: Storage<T>> NystromSketch<T, S> {
    fn split(&mut self) -> Parts<'_, T> {
        let len = self.params.test_vectors() * self.params.dim;
        let (test, rest) = self.storage.as_mut().split_at_mut(len);
        let (products, scratch) = rest.split_at_mut(len);
        Parts { test, products, scratch }
    }

    fn rescale(&mut self, e: i32) {
        if e != 0 {
            self.state.energy.rescale(2 * e);
            self.state.history.rescale(2 * e);
            vector::rescale(self.split().products, 2 * e);
        }
    }

    /// Adds `sign` times the row's outer product.
    fn add(&mut self, row: &[T], sign: T) -> Result<(), Error> {
        let dim = self.params.dim;
        let admitted = self.state.scale.admit(dim, row)?;
        self.rescale(admitted.rescale);
        if sign < T::ZERO {
            self.state.history.remove(self.state.energy.value());
        } else {
            self.state.history.go_on(1);
        }
        self.state.energy.add(sign * admitted.square);
        let parts = self.split();
        for (test, product) in parts.test.chunks_exact(dim).zip(parts.products.chunks_exact_mut(dim)) {
            let along = vector::dot_times(row, admitted.factor, test);
            vector::add_scaled_times(product, sign * along, row, admitted.factor);
        }
        Ok(())
    }

    /// Takes a row out again that went in before. [`rows_seen`](RowSummary::rows_seen) counts what is left.
    ///
    /// Rounding errors of what was large stay. Where what is left is no larger than that rounding, answers fail with
    /// [`Error::PrecisionLost`]: fill a sketch anew.
    ///
    /// # Errors
    /// Those of [`update`](RowSummary::update), and [`Error::TooFewRows`] if no rows are left to remove.
    pub fn remove(&mut self, row: &[T]) -> Result<(), Error> {
        if self.state.rows_seen == 0 && row.len() == self.params.dim {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        self.add(row, -T::ONE)?;
        self.state.rows_seen -= 1;
        Ok(())
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        self.state.scale.write(w);
        w.u64(self.state.rows_seen);
        self.state.energy.write(w);
        self.state.history.write(w);
        let len = self.params.test_vectors() * self.params.dim;
        w.reals(&self.storage.as_ref()[len..2 * len]);
    }

    fn read(bytes: &[u8]) -> Result<(NystromSketchParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::NystromSketch, bytes)?;
        let params: NystromSketchParams = r.params()?;
        let (scale, rows_seen, energy) = (Scale::read(&mut r)?, r.count()?, CompensatedSum::read(&mut r)?);
        let history = if r.version() == 1 { History::of_rows(rows_seen) } else { History::read(&mut r)? };
        let state = State { scale, rows_seen, energy, history };
        let products = r.skip_reals::<T>(params.test_vectors() * params.dim)?;
        r.end()?;
        if !state.scale.is_known() {
            state.scale.check_energy(state.energy.value())?;
            products.clone().skip_bounded(params.test_vectors() * params.dim, T::ZERO)?;
        }
        Ok((params, state, products))
    }

    fn load(&mut self, products: &mut Reader<'_>) {
        products.fill(self.split().products);
    }
}

impl<T: Real, S: Storage<T>> RowSummary for NystromSketch<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    /// Rows consumed and not removed again.
    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        self.add(row, T::ONE)?;
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State::default();
        self.storage.as_mut().fill(T::ZERO);
        let (dim, seed) = (self.params.dim, self.params.seed);
        let test = self.split().test;
        for i in 0..test.len() / dim {
            let (before, rest) = test.split_at_mut(i * dim);
            let vector = &mut rest[..dim];
            for (t, pair) in (0..).zip(vector.chunks_mut(2)) {
                let (x, y) = normal_pair(word2(seed, Domain::Normal, i as u64, t));
                for (to, x) in pair.iter_mut().zip([x, y]) {
                    *to = x;
                }
            }
            vector::normalize(vector);
            vector::orthogonalize(vector, before);
            vector::normalize(vector);
        }
    }
}

impl<T: Real, S: Storage<T>> Merge for NystromSketch<T, S> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.params.check_alike(&other.params)?;
        let largest = |state: &State<T>| state.energy.value().abs().max(state.history.peak());
        let (energy, theirs) = (largest(&self.state), largest(&other.state));
        let (mine, theirs) = self.state.scale.align(other.state.scale, energy, theirs);
        self.rescale(mine);
        let mut added = other.state;
        added.energy.rescale(2 * theirs);
        added.history.rescale(2 * theirs);
        self.state.history.absorb(self.state.energy.value(), added.history, added.energy.value());
        self.state.energy.absorb(added.energy);
        self.state.rows_seen = add_rows(self.state.rows_seen, added.rows_seen);
        let start = self.params.test_vectors() * self.params.dim;
        for (x, &y) in self.split().products.iter_mut().zip(&other.storage.as_ref()[start..]) {
            *x += y.times_power_of_two(2 * theirs);
        }
        Ok(())
    }
}

impl<T: Real, S: Storage<T>> TopEigen for NystromSketch<T, S> {
    fn rank(&self) -> usize {
        self.params.rank
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, rank, columns) = (self.params.dim, self.params.rank, self.params.test_vectors());
        let answer = AnswerMut::new(answer, dim, rank)?;
        let (energy, rows, history) = (self.state.energy.value(), self.state.rows_seen, self.state.history);
        // How far the products with one test vector may be off.
        let error = history.allowance(history.operations(), (dim as u64).saturating_add(2), energy);
        let is_lost = history.has_removed() && error.is_none_or(|error| energy <= error);
        match () {
            () if rows == 0 => return Err(Error::TooFewRows { needed: 1, got: 0 }),
            () if is_lost => return Err(Error::PrecisionLost),
            () if energy <= T::ZERO => return Err(Error::TooFewRows { needed: 1, got: 0 }),
            () => {}
        }
        let exponent = self.state.scale.value_exponent();
        let parts = self.split();
        let mut scratch = Scratch::new(parts.scratch, columns, columns);
        let shift = scratch.nystrom(dim, parts.test, parts.products);
        let pieces = [Piece::Nystrom(Block { iterate: parts.test, products: parts.products, shift }, T::ONE)];
        let m = scratch.factor(dim, &pieces);
        // The shift makes directions of its own size out of nothing.
        let noise = (T::count(m as u64) * T::EPSILON * scratch.values[0]).max(shift);
        let available = scratch.values[..m].iter().take(rank).take_while(|&&x| x > noise).count();
        for (i, vector) in answer.vectors.chunks_exact_mut(dim).take(available).enumerate() {
            scratch.left_vector(dim, &pieces, m, i, vector);
            vector::normalize(vector);
        }
        orthonormalize(answer.vectors, dim, available);
        answer.values[..available].copy_from_slice(&scratch.values[..available]);
        let next = scratch.values[..m].get(available).copied().unwrap_or(T::ZERO);
        let (largest, last) = (scratch.values[0], if available > 0 { scratch.values[available - 1] } else { T::ZERO });
        let gap = if available > 0 && next > noise { last / next } else { T::INFINITY };
        let pooled = scratch.values[..m].iter().fold(T::ZERO, |sum, &x| sum + x);
        let truncated = (energy - pooled).max(T::ZERO);
        let is_tied = last - next - truncated - truncated <= tie(largest);

        // The certificate is that of a factor with a larger shift.
        let certain = error.and_then(|error| {
            let error = error * T::count(columns as u64).sqrt();
            let most = T::constant(LARGEST_ROUNDING);
            scratch.certain_nystrom(dim, parts.test, parts.products, error, energy, most)
        });
        let error_bound = certain.and_then(|certain| {
            let block = Block { iterate: parts.test, products: parts.products, shift: certain.shift };
            let pieces = [Piece::Nystrom(block, T::ONE)];
            let m = scratch.factor(dim, &pieces);
            let pooled = scratch.values[..m].iter().fold(T::ZERO, |sum, &x| sum + x);
            let rounding = factoring(dim, m, energy);
            let allowance = certain.allowance + rounding;
            let missed = (energy - pooled).max(T::ZERO) + certain.missed + rounding;
            for (i, &value) in scratch.values[..available].iter().enumerate() {
                (answer.lower[i], answer.upper[i]) = ((value - allowance).max(T::ZERO), value + missed);
                answer.values[i] = answer.values[i].max(answer.lower[i]).min(answer.upper[i]);
            }
            (available == rank)
                .then(|| scratch.error_bound(dim, rank, &pieces, m, (allowance, missed), answer.vectors))
                .flatten()
        });
        let confidence = Confidence {
            gap_estimate: Some(gap),
            error_bound,
            ..Confidence::bare(Status::of_bound(error_bound.is_some(), is_tied))
        };
        Ok(answer.finish(available, exponent, certain.is_some(), confidence))
    }
}
