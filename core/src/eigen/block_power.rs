//! A power method whose steps are blocks of the stream; its last iterate is the answer.

use super::answer::{AnswerMut, Status, TopEigen, TopEigenvector};
use super::heavy::{self, HeavyRows};
use super::iterate::{fill_random, orthonormalize_or_refill, project};
use super::params::eigen_params;
use crate::base::storage::{is_addressable, max, product, sum};
use crate::linalg::vector;
use crate::stream::summary::{constructors, wire_form};
use crate::stream::{CompensatedSum, Scale, add_rows};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Real, RowSummary, Rule, Storage};

/// Rows of the first block when blocks double.
const FIRST_DOUBLING: u64 = 32;

eigen_params! {
    /// Parameters of a [`BlockPower`]. Equal if they mean the same: a default may be spelt out.
    #[derive(Eq)]
    pub struct BlockPowerParams {
        /// Width of the iterate, from `rank` to `dim` (default `rank`).
        width: usize = 0,
        /// Rows of every block (default: 32, doubling from block to block).
        block_len: u64 = 0,
        /// Heavy rows that can be kept (default 0: plain block power). With some, this is the paper's algorithm.
        heavy_capacity: usize = 0,
        /// Seed of the first iterate (default 0).
        seed: u64 = 0,
    }
    refuse(params) {
        params.block_width() < params.rank || params.block_width() > params.dim => width: Rule::FROM_RANK_TO_DIM,
        !is_addressable(params.storage_len()) => heavy_capacity: Rule::ADDRESSABLE,
    }
    formulas(params) {
        /// Width of the iterate, with these parameters.
        pub block_width: usize = if params.width == 0 { params.rank } else { params.width },
        /// Rows of the first block, with these parameters: of every block, or of one that doubles.
        pub first_block_len: u64 = if params.block_len == 0 { FIRST_DOUBLING } else { params.block_len },
        /// Scalars of storage: `(2 w + c) dim + c + w + max(w, c)`, with `w` = [`block_width`](Self::block_width) and `c` the heavy
        /// capacity. Saturates.
        pub storage_len: usize = sum([params.state_len(), max(params.block_width(), params.heavy_capacity)]),
        /// Scalars of the state proper, without scratch.
        state_len: usize = {
            let (w, c) = (params.block_width(), params.heavy_capacity);
            sum([product([sum([w, w, c]), params.dim]), c, w])
        },
    }
}

impl PartialEq for BlockPowerParams {
    fn eq(&self, other: &Self) -> bool {
        let meaning = |params: &Self| {
            (params.dim, params.rank, params.block_width(), params.block_len, params.heavy_capacity, params.seed)
        };
        meaning(self) == meaning(other)
    }
}

/// What does the power method find, one block of the stream a step?
///
/// Each block of rows `B` multiplies the iterate, `V <- orth(B'B V)`; only the last iterate is kept. With heavy rows `H`
/// kept aside it is the algorithm of Kacham and Woodruff in our reading: `V <- orth((n_light / n_block) B'B V + H'H V)`.
///
/// # Guarantee
/// With `heavy_capacity` at least the number of heavy rows (squared length at least `|A|_F^2 / (4 dim)` here) and rows in
/// random order with a constant gap `R = sigma_1^2 / sigma_2^2`: correlation `1 - O(1/sqrt(R))` (Kacham, Woodruff,
/// *Approximating the Top Eigenvector in Random Order Streams*, `NeurIPS` 2024, arXiv 2412.11963; constants and the power of
/// the logarithm in the threshold are ours). Their lower bound: `O(h dim / R)` bits allow a correlation of at most
/// `1 - Omega(1/R^2)`, so heavy rows must be paid for. Without heavy rows: the noisy power method (Mitliagkas, Caramanis,
/// Jain 2013). There is no certificate and no error estimate: the status is [`Status::HeavyOverflow`] or
/// [`Status::Unverified`]; run two seeds and compare. Values are sorted, and never sum to more than the energy seen.
/// # Cost
/// `4 w dim` flops a row; an orthonormalisation of `8 w^2 dim` and `4 c w dim` for heavy rows a block. State: see
/// [`BlockPowerParams::storage_len`].
/// # Numerics
/// Scaling all rows by a power of two changes no bit of the vectors.
/// # Randomness
/// The seed fixes the first iterate, and the directions that take the place of lost ones. Nothing else is random.
/// # Merging
/// None: the iterate is not a sum.
/// # When to use another
/// [`RandomOrderEigen`](super::RandomOrderEigen) pools the blocks that this one forgets and is 100 to 10,000 times more
/// accurate; this type is here to compare with.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{BlockPower, BlockPowerParams, TopEigen}};
/// const PARAMS: BlockPowerParams = BlockPowerParams::new(2).heavy_capacity(4);
/// let mut summary = BlockPower::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for i in 0..1000u16 {
///     let x = f32::from(i % 13) - 6.0;
///     summary.update(&[x, 0.1 * f32::from(i % 2)])?;
/// }
/// let mut answer = [0.0; PARAMS.answer_len()];
/// assert!(summary.estimate(&mut answer)?.vector(0)[0] > 0.999);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BlockPower<T, S> {
    params: BlockPowerParams,
    state: State<T>,
    storage: S,
}

#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    scale: Scale,
    rows_seen: u64,
    light_rows: u64,
    block_rows: u64,
    block_len: u64,
    steps: u64,
    energy: CompensatedSum<T>,
    lost: T,
    heavy_len: usize,
}

constructors!(BlockPower, BlockPowerParams);
wire_form!(BlockPower);

struct Parts<'a, T> {
    iterate: &'a mut [T],
    products: &'a mut [T],
    heavy: &'a mut [T],
    heavy_squares: &'a mut [T],
    /// Sums of squares along the vectors, over all rows.
    values: &'a mut [T],
    along: &'a mut [T],
}

impl<T: Real, S: Storage<T>> BlockPower<T, S> {
    /// Number of heavy rows kept.
    pub const fn heavy_len(&self) -> usize {
        self.state.heavy_len
    }

    fn split(&mut self) -> Parts<'_, T> {
        let (dim, w, c) = (self.params.dim, self.params.block_width(), self.params.heavy_capacity);
        let (iterate, rest) = self.storage.as_mut().split_at_mut(w * dim);
        let (products, rest) = rest.split_at_mut(w * dim);
        let (heavy, rest) = rest.split_at_mut(c * dim);
        let (heavy_squares, rest) = rest.split_at_mut(c);
        let (values, along) = rest.split_at_mut(w);
        Parts { iterate, products, heavy, heavy_squares, values, along }
    }

    fn rescale(&mut self, e: i32) {
        if e == 0 {
            return;
        }
        self.state.energy.rescale(2 * e);
        self.state.lost = self.state.lost.times_power_of_two(2 * e);
        let parts = self.split();
        vector::rescale(parts.products, 2 * e);
        vector::rescale(parts.heavy, e);
        vector::rescale(parts.heavy_squares, 2 * e);
        vector::rescale(parts.values, 2 * e);
    }

    fn step(&mut self) {
        let (dim, state, seed) = (self.params.dim, self.state, self.params.seed);
        let parts = self.split();
        for (v, y) in parts.iterate.chunks_exact_mut(dim).zip(parts.products.chunks_exact(dim)) {
            next_vector(&state, parts.heavy, y, v, parts.along);
        }
        orthonormalize_or_refill(parts.iterate, dim, seed, state.steps + 1);
        parts.products.fill(T::ZERO);
        self.state.steps = add_rows(self.state.steps, 1);
        self.state.block_rows = 0;
        if self.params.block_len == 0 {
            self.state.block_len = self.state.block_len.saturating_mul(2);
        }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        let state = &self.state;
        state.scale.write(w);
        w.u64(state.rows_seen);
        w.u64(state.light_rows);
        w.u64(state.block_rows);
        w.u64(state.block_len);
        w.u64(state.steps);
        state.energy.write(w);
        w.real(state.lost);
        w.len(state.heavy_len);
        w.reals(&self.storage.as_ref()[..self.params.state_len()]);
    }

    fn read(bytes: &[u8]) -> Result<(BlockPowerParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::BlockPower, bytes)?;
        let params: BlockPowerParams = r.params()?;
        let state = State {
            scale: Scale::read(&mut r)?,
            rows_seen: r.count()?,
            light_rows: r.count()?,
            block_rows: r.count()?,
            block_len: r.u64()?,
            steps: r.count()?,
            energy: CompensatedSum::read(&mut r)?,
            lost: r.amount()?,
            heavy_len: r.len()?,
        };
        if state.heavy_len > params.heavy_capacity
            || state.block_rows >= state.block_len
            || state.block_rows > state.light_rows
            || state.steps > state.light_rows
            || add_rows(state.light_rows, state.heavy_len as u64) != state.rows_seen
        {
            return Err(Error::Corrupt);
        }
        let vectors = r.skip_reals::<T>(params.state_len())?;
        r.end()?;
        let energy = state.energy.value();
        state.scale.check_energy(energy)?;
        let (w, mut sound) = (params.block_width(), vectors.clone());
        sound.skip_directions::<T>(w, params.dim)?;
        sound.skip_bounded(w * params.dim, Scale::most(energy))?;
        sound.skip_reals::<T>(params.heavy_capacity * params.dim)?;
        sound.skip_amounts::<T>(params.heavy_capacity + w)?;
        Ok((params, state, vectors))
    }

    fn load(&mut self, vectors: &mut Reader<'_>) {
        let len = self.params.state_len();
        vectors.fill(&mut self.storage.as_mut()[..len]);
    }
}

/// `(n_light / n_block) y + H'H v`, in place of `v`.
fn next_vector<T: Real>(state: &State<T>, heavy: &[T], y: &[T], v: &mut [T], along: &mut [T]) {
    let dim = v.len();
    let heavy = &heavy[..state.heavy_len * dim];
    project(heavy, v, T::ONE, along);
    v.copy_from_slice(y);
    vector::scale(v, T::count(state.light_rows) / T::count(state.block_rows.max(1)));
    for (row, &along) in heavy.chunks_exact(dim).zip(&*along) {
        vector::add_scaled(v, along, row);
    }
}

impl<T: Real, S: Storage<T>> RowSummary for BlockPower<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let dim = self.params.dim;
        let admitted = self.state.scale.admit(dim, row)?;
        self.rescale(admitted.rescale);
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        self.state.energy.add(admitted.square);
        let mut state = self.state;
        let parts = self.split();
        project(parts.iterate, row, admitted.factor, parts.along);
        for (value, &z) in parts.values.iter_mut().zip(&*parts.along) {
            *value += z * z;
        }
        let mut heavy = HeavyRows { rows: parts.heavy, squares: parts.heavy_squares, len: &mut state.heavy_len, dim };
        let lost = heavy.offer(row, admitted.factor, admitted.square, state.energy.value(), |row, factor, _| {
            state.light_rows = add_rows(state.light_rows, 1);
            state.block_rows = add_rows(state.block_rows, 1);
            vector::project_and_accumulate(parts.iterate, parts.products, row, factor, T::ONE, parts.along);
        });
        state.lost = state.lost.max(lost);
        self.state = state;
        if self.state.block_rows >= self.state.block_len {
            self.step();
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State { block_len: self.params.first_block_len(), ..State::default() };
        let (dim, seed) = (self.params.dim, self.params.seed);
        self.storage.as_mut().fill(T::ZERO);
        fill_random(self.split().iterate, dim, 0, seed, 0);
    }
}

impl<T: Real, S: Storage<T>> TopEigen for BlockPower<T, S> {
    fn rank(&self) -> usize {
        self.params.rank
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, rank, state, seed) = (self.params.dim, self.params.rank, self.state, self.params.seed);
        let answer = AnswerMut::new(answer, dim, rank)?;
        let energy = state.energy.value();
        if energy <= T::ZERO {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        let parts = self.split();
        answer.vectors.copy_from_slice(&parts.iterate[..rank * dim]);
        answer.values.copy_from_slice(&parts.values[..rank]);
        // An open block of half its length is worth a step.
        if state.steps == 0 || state.block_rows >= state.block_len.div_ceil(2) {
            for (v, y) in answer.vectors.chunks_exact_mut(dim).zip(parts.products.chunks_exact(dim)) {
                next_vector(&state, parts.heavy, y, v, parts.along);
            }
            orthonormalize_or_refill(answer.vectors, dim, seed, state.steps + 1);
        }
        let overflow = self.params.heavy_capacity > 0 && heavy::is_heavy(state.lost, dim, energy);
        let status = if overflow { Status::HeavyOverflow } else { Status::Unverified };
        answer.finish_bare(state.scale.value_exponent(), Some(energy), status)
    }
}
