//! History PCA: mini-batches averaged with the spectrum found so far.

use super::answer::{AnswerMut, Status, TopEigen, TopEigenvector};
use super::iterate::fill_random;
use super::params::eigen_params;
use crate::base::params::positive;
use crate::base::storage::{is_addressable, product, sum};
use crate::linalg::vector;
use crate::stream::summary::{constructors, wire_form};
use crate::stream::{CompensatedSum, Scale, add_rows};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Real, RowSummary, Rule, Storage};

eigen_params! {
    /// Parameters of a [`HistoryPca`].
    #[derive(PartialEq, Eq)]
    pub struct HistoryPcaParams {
        /// Rows of a mini-batch (default 10).
        block_len: u64 = 10 => positive,
        /// Seed of the first iterate (default 0).
        seed: u64 = 0,
    }
    refuse(params) { !is_addressable(params.storage_len()) => dim: Rule::ADDRESSABLE }
    formulas(params) {
        /// Scalars of storage: `2 rank dim + rank`. Saturates.
        pub storage_len: usize = sum([product([2, params.rank, params.dim]), params.rank]),
    }
}

/// What do mini-batches find if each is averaged with the spectrum of all before it?
///
/// After `n` rows the matrix `A'A / n` is represented by its first vectors and values, `Q diag(l) Q'`; a mini-batch `X`
/// gives the next `Q <- orth(n Q diag(l) + X'X Q)`.
///
/// # Guarantee
/// None usable here (Yang, Hsieh, Wang, *History PCA*, 2018, for independent rows). Nothing is forgotten, so a bad start or
/// early heavy rows stay. No certificate, no error figure: the status is always [`Status::Unverified`]. Values are sorted, and
/// never sum to more than the energy seen.
/// # Cost
/// `4 rank dim` flops a row, `8 rank^2 dim` a mini-batch; `2 rank dim + rank` scalars.
/// # Numerics
/// Scaling all rows by a power of two changes no bit of the vectors.
/// # Randomness
/// The seed fixes the first iterate, and the directions that take the place of lost ones. Nothing else is random.
/// # Merging
/// None: the iterate is not a sum.
/// # When to use another
/// Nearly always; a baseline. [`RandomOrderEigen`](super::RandomOrderEigen) at equal cost carries an error figure.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{HistoryPca, HistoryPcaParams, TopEigen}};
/// const PARAMS: HistoryPcaParams = HistoryPcaParams::new(2);
/// let mut summary = HistoryPca::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for i in 0..1000u16 {
///     let x = f32::from(i % 13) - 6.0;
///     summary.update(&[x, 0.1 * f32::from(i % 2)])?;
/// }
/// let mut answer = [0.0; PARAMS.answer_len()];
/// assert!(summary.estimate(&mut answer)?.vector(0)[0] > 0.999);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HistoryPca<T, S> {
    params: HistoryPcaParams,
    state: State<T>,
    storage: S,
}

#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    scale: Scale,
    rows_seen: u64,
    /// Rows in the open mini-batch.
    block_rows: u64,
    energy: CompensatedSum<T>,
}

constructors!(HistoryPca, HistoryPcaParams);
wire_form!(HistoryPca);

struct Parts<'a, T> {
    iterate: &'a mut [T],
    products: &'a mut [T],
    /// Values of the average over the rows of complete mini-batches.
    values: &'a mut [T],
}

impl<T: Real, S: Storage<T>> HistoryPca<T, S> {
    fn split(&mut self) -> Parts<'_, T> {
        let len = self.params.rank * self.params.dim;
        let (iterate, rest) = self.storage.as_mut().split_at_mut(len);
        let (products, values) = rest.split_at_mut(len);
        Parts { iterate, products, values }
    }

    fn rescale(&mut self, e: i32) {
        if e != 0 {
            self.state.energy.rescale(2 * e);
            let parts = self.split();
            vector::rescale(parts.products, 2 * e);
            vector::rescale(parts.values, 2 * e);
        }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        self.state.scale.write(w);
        w.u64(self.state.rows_seen);
        w.u64(self.state.block_rows);
        self.state.energy.write(w);
        w.reals(self.storage.as_ref());
    }

    fn read(bytes: &[u8]) -> Result<(HistoryPcaParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::HistoryPca, bytes)?;
        let params: HistoryPcaParams = r.params()?;
        let (scale, rows_seen, block_rows) = (Scale::read(&mut r)?, r.count()?, r.count()?);
        let sum = r.real()?;
        let energy = CompensatedSum { sum, lost: if r.version() == 1 { T::ZERO } else { r.real()? } };
        let state = State { scale, rows_seen, block_rows, energy };
        if state.block_rows >= params.block_len || state.block_rows > state.rows_seen {
            return Err(Error::Corrupt);
        }
        let vectors = r.skip_reals::<T>(params.storage_len())?;
        r.end()?;
        scale.check_energy(energy.value())?;
        let mut sound = vectors.clone();
        sound.skip_directions::<T>(params.rank, params.dim)?;
        sound.skip_reals::<T>(params.rank * params.dim)?;
        sound.skip_amounts::<T>(params.rank)?;
        Ok((params, state, vectors))
    }

    fn load(&mut self, vectors: &mut Reader<'_>) {
        vectors.fill(self.storage.as_mut());
    }
}

/// `orth(n Q diag(l) + X'X Q)` in place of `Q`, and the values of the new average in place of `l`, over `rows` rows of
/// which the last `fresh` are those of `X`.
fn advance<T: Real>(iterate: &mut [T], values: &mut [T], products: &[T], dim: usize, rows: u64, fresh: u64, seed: u64) {
    let (old, all) = (T::count(rows - fresh), T::count(rows));
    for ((q, value), y) in iterate.chunks_exact_mut(dim).zip(&*values).zip(products.chunks_exact(dim)) {
        vector::scale(q, old * *value / all);
        vector::add_scaled(q, T::ONE / all, y);
    }
    for i in 0..values.len() {
        let (before, rest) = iterate.split_at_mut(i * dim);
        vector::orthogonalize(&mut rest[..dim], before);
        values[i] = vector::normalize(&mut rest[..dim]);
        // A direction that the rows so far don't have gets a random one to search along.
        if values[i] <= T::constant(4.0) * T::EPSILON * values[0] {
            values[i] = T::ZERO;
            fill_random(&mut iterate[..(i + 1) * dim], dim, i, seed, rows);
        } else {
            let (before, rest) = iterate.split_at_mut(i * dim);
            vector::orthogonalize(&mut rest[..dim], before);
            vector::normalize(&mut rest[..dim]);
        }
    }
}

impl<T: Real, S: Storage<T>> RowSummary for HistoryPca<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let (dim, block_len, seed) = (self.params.dim, self.params.block_len, self.params.seed);
        let admitted = self.state.scale.admit(dim, row)?;
        self.rescale(admitted.rescale);
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        self.state.block_rows = add_rows(self.state.block_rows, 1);
        self.state.energy.add(admitted.square);
        let state = self.state;
        let parts = self.split();
        for (q, y) in parts.iterate.chunks_exact(dim).zip(parts.products.chunks_exact_mut(dim)) {
            let along = vector::dot_times(row, admitted.factor, q);
            vector::add_scaled_times(y, along, row, admitted.factor);
        }
        if state.block_rows == block_len {
            advance(parts.iterate, parts.values, parts.products, dim, state.rows_seen, block_len, seed);
            parts.products.fill(T::ZERO);
            self.state.block_rows = 0;
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State::default();
        let (dim, seed) = (self.params.dim, self.params.seed);
        self.storage.as_mut().fill(T::ZERO);
        fill_random(self.split().iterate, dim, 0, seed, 0);
    }
}

impl<T: Real, S: Storage<T>> TopEigen for HistoryPca<T, S> {
    fn rank(&self) -> usize {
        self.params.rank
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, state, seed) = (self.params.dim, self.state, self.params.seed);
        let answer = AnswerMut::new(answer, dim, self.params.rank)?;
        let energy = state.energy.value();
        if energy <= T::ZERO {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        let parts = self.split();
        answer.vectors.copy_from_slice(parts.iterate);
        answer.values.copy_from_slice(parts.values);
        if state.block_rows > 0 {
            advance(answer.vectors, answer.values, parts.products, dim, state.rows_seen, state.block_rows, seed);
        }
        vector::scale(answer.values, T::count(state.rows_seen));
        answer.finish_bare(state.scale.value_exponent(), Some(energy), Status::Unverified)
    }
}
