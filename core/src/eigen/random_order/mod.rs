//! The random-order method: heavy rows are kept, blocks of the stream are power steps, and their factors are pooled.

mod estimate;
mod light;
mod merge;
mod params;
mod step;
mod wire;

pub use params::RandomOrderEigenParams;

use super::answer::factoring;
use super::heavy::{HeavyRows, is_heavy};
use super::iterate::fill_random;
use super::pool::Scratch;
use crate::base::matrix::{check_batch, check_row};
use crate::linalg::vector;
use crate::random::keyed::{Domain, unit, word};
use crate::stream::CompensatedSum;
use crate::stream::Scale;
use crate::stream::monitor::{self, DIRECTION_AT, Monitor};
use crate::stream::summary::{constructors, wire_form};
use crate::stream::{Deferred, DeferredRows, OrderReport, Progress, add_rows};
use crate::{Error, MatRef, Real, RowSummary, Storage};

/// What is the first principal direction of a stream that comes in random order, in memory far below `dim^2`?
///
/// Rows whose squared length is at least `1 / (4 dim)` of the energy so far are kept as they are. The others pass through
/// blocks of growing length; each block multiplies an iterate of `width` vectors, as one step of a block power method
/// would. After a block its Nystrom factor is pooled with that of the blocks before, which are forgotten in part while
/// the iterate is still turning. The answer comes from the pool, the heavy rows and the open block, at any time.
///
/// # Guarantee
/// The frame is that of Kacham and Woodruff, *Approximating the Top Eigenvector in Random Order Streams*, `NeurIPS` 2024:
/// for rows in random order with a constant gap `R` between the first two squared singular values, and room for every
/// heavy row, their algorithm reaches a correlation of `1 - O(1/sqrt(R))` in `O(h d polylog d)` bits. Their algorithm is
/// [`BlockPower`](super::BlockPower) with heavy rows. **The pooled form here is an extension of ours, with no theorem of
/// its own**; measured, it is 100 to 10,000 times more accurate. What it does carry, with every answer:
///
/// - `value_lower`, `value_upper`: rigorous for any order of the rows, rounding included, in `f64`;
/// - `error_bound`: rigorous for any order, from the energy that the pool is known to miss; `None` when that is too much;
/// - `error_estimate`: four times the variance that the last three blocks show, of the space of all wanted vectors; an upper
///   figure for rows in random order, no bound: it covered all of 81 runs on fresh inputs, and for ranks 2 to 4 all of 252 on
///   spikes in noise and the bundled files, where it was 3 times the error and more;
/// - `order`: three tests of the order, false alarm below `1e-6` a stream;
/// - `status`: too few rows, more heavy rows than room, an order that is not random, or a gap too small to trust.
///
/// **A width above the rank buys the check of the gap.** With as many vectors as are wanted (a rank of all columns included) the
/// method never sees the next value, and can't tell a clear direction from noise without any: `gap_estimate` and
/// `error_estimate` are `None`, and the status is at best [`Unverified`](super::Status::Unverified). The default width is
/// `rank + 2`, where there are as many columns.
///
/// Rounding has its share in brackets and bound: each block's products and its factor, as
/// [`NystromSketch`](super::NystromSketch) has it with `r` = `width` and `n` = rows of the block, and each time that the history is
/// factored anew `(dim + m (24 + sqrt(m)) + 64) EPSILON` times the energy. Blocks join the history with the shift that this
/// takes, at most a millionth of the energy. Where that is not enough, as after the first block in `f32`, there is no bracket and
/// no bound; the estimate stays.
/// # Cost
/// Update: `(4 width + 6) dim` flops, plus three times about `2 dim m^2 + 9 m^3` flops after each block, of which there
/// are about `log_1.3` of the number of rows; `m = 2 width + heavy rows`. [`deferred`](RandomOrderEigenParams::deferred) moves
/// the steps out of the updates. State: see [`RandomOrderEigenParams::storage_len`].
/// # Numerics
/// Scaling all rows by a power of two changes no bit of the vectors. In `f32` the answers agree with `f64` to two digits of
/// their error on nearly all data: sampling, not rounding, decides.
/// # Randomness
/// The seed fixes the first iterate, and the coins of row sampling. Nothing else is random.
/// # Merging
/// Summaries of random shards (round robin of a random order is one) merge in law, not in bits; the seeds may differ. Fixed
/// operands give fixed bits, but order matters: merge in a fixed tree. A rank test tells shards apart that are not
/// random, and the merged status then says `not-random-order`. Rows can't be removed: the pool is not linear.
/// # When to use another
/// [`ExactEigen`](super::ExactEigen) whenever its `dim (dim + 1) / 2` scalars and `dim^2` flops a row fit, nearly always
/// for `dim` up to 64. [`FrequentDirections`](super::FrequentDirections) when the order is unknown or the top values are
/// nearly tied, as those of periodic signals are.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{RandomOrderEigen, RandomOrderEigenParams, Status, TopEigen}};
/// use sketchlet_core::random::keyed::{Domain, symmetric, word2};
/// const PARAMS: RandomOrderEigenParams = RandomOrderEigenParams::new(6).heavy_capacity(4);
/// let mut summary = RandomOrderEigen::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for i in 0..3000 {
///     // Noise, and three times as much of it along the second coordinate.
///     let mut row: [f32; 6] = core::array::from_fn(|j| symmetric(word2(1, Domain::Normal, i, j as u64)));
///     row[1] *= 3.0;
///     summary.update(&row)?;
/// }
/// let mut answer = [0.0; PARAMS.answer_len()];
/// let top = summary.estimate(&mut answer)?;
/// assert_eq!(top.confidence.status, Status::Ok);
/// assert!(1.0 - top.vector(0)[1] * top.vector(0)[1] < 1e-3);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RandomOrderEigen<T, S> {
    params: RandomOrderEigenParams,
    state: State<T>,
    storage: S,
}

/// The state but for the vectors.
#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    scale: Scale,
    counts: Counts<T>,
    monitor: Monitor<T>,
}

constructors!(RandomOrderEigen, RandomOrderEigenParams);
wire_form!(RandomOrderEigen);

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts<T> {
    rows: u64,
    light_rows: u64,
    /// Rows in the open block, and the length at which it is full.
    block_rows: u64,
    block_len: u64,
    /// Rows that the history stands for; forgetting makes it a fraction.
    history_rows: T,
    steps: u64,
    energy: CompensatedSum<T>,
    /// How far the history may be above the rows that it stands for, in any direction, and how much more of their trace may be
    /// missed than the difference of the traces.
    excess: T,
    missed: T,
    /// Whether a block rounded too far for that to be known.
    is_uncertain: bool,
    /// Sum of the squares along the first vector of the iterate, forgotten as the history is.
    rayleigh: T,
    /// Largest squared length of a heavy row that found no room.
    lost: T,
    /// The last three variance terms of the error estimate, newest first.
    terms: [T; 3],
    term_count: u8,
    /// Upper limit of the gap after merges.
    gap_cap: Option<T>,
    heavy_len: usize,
    waiting: usize,
}

impl<T: Real> Counts<T> {
    fn rescale(&mut self, e: i32) {
        self.energy.rescale(2 * e);
        self.excess = self.excess.times_power_of_two(2 * e);
        self.missed = self.missed.times_power_of_two(2 * e);
        self.rayleigh = self.rayleigh.times_power_of_two(2 * e);
        self.lost = self.lost.times_power_of_two(2 * e);
    }
}

/// A block's factor is shifted so that it is certain to be below the block, if that takes no more than this share of the energy:
/// always in `f64`, never in `f32`. A larger shift would be seen in the answer.
const LARGEST_SHIFT: f64 = 1e-6;

impl<T: Real> Counts<T> {
    /// Prepares the Nystrom factor of the open block, which joins the history, and returns its shift.
    fn close_block(&mut self, scratch: &mut Scratch<'_, T>, dim: usize, iterate: &[T], products: &[T]) -> T {
        let (rows, energy, most) = (self.block_rows, self.energy.value(), T::constant(LARGEST_SHIFT));
        if let Some(certain) = scratch.certain_nystrom_of_rows(dim, iterate, products, rows, energy, most) {
            self.excess += certain.allowance;
            self.missed += certain.missed;
            return certain.shift;
        }
        self.is_uncertain = true;
        scratch.nystrom(dim, iterate, products)
    }

    /// The history was factored anew, together with other vectors, so many times: that rounds.
    fn refactored(&mut self, dim: usize, vectors: usize, times: u64) {
        let rounding = T::count(times) * factoring(dim, vectors, self.energy.value());
        self.excess += rounding;
        self.missed += rounding;
    }
}

/// The storage, cut into its parts.
struct Parts<'a, T> {
    /// Orthonormal vectors that the open block multiplies, and behind them the direction of the order check: one slice, so
    /// that one pass over a row serves both.
    iterate: &'a mut [T],
    /// Sum over the open block of each row times its product with the iterate.
    products: &'a mut [T],
    history: &'a mut [T],
    heavy: &'a mut [T],
    heavy_squares: &'a mut [T],
    features: &'a mut [T],
    waiting: &'a mut [T],
    scratch: &'a mut [T],
}

fn split<'a, T>(params: &RandomOrderEigenParams, storage: &'a mut [T]) -> Parts<'a, T> {
    let (dim, width, capacity) = (params.dim, params.block_width(), params.heavy_capacity);
    let (iterate, rest) = storage.split_at_mut((width + 1) * dim);
    let (products, rest) = rest.split_at_mut(width * dim);
    let (history, rest) = rest.split_at_mut(width * dim);
    let (heavy, rest) = rest.split_at_mut(capacity * dim);
    let (heavy_squares, rest) = rest.split_at_mut(capacity);
    let (features, rest) = rest.split_at_mut(params.warm_up.storage_len());
    let (waiting, scratch) = rest.split_at_mut(params.deferred * dim);
    Parts { iterate, products, history, heavy, heavy_squares, features, waiting, scratch }
}

impl<T: Real, S: Storage<T>> RandomOrderEigen<T, S> {
    /// Number of heavy rows kept.
    pub const fn heavy_len(&self) -> usize {
        self.state.counts.heavy_len
    }

    /// The heavy rows kept, in order of arrival, in units of 2 to the [`unit_exponent`](Self::unit_exponent).
    pub fn heavy_rows(&self) -> MatRef<'_, T> {
        let (dim, width, len) = (self.params.dim, self.params.block_width(), self.state.counts.heavy_len);
        let start = (3 * width + 1) * dim;
        MatRef::new(&self.storage.as_ref()[start..start + len * dim], len, dim).unwrap_or_else(|_| MatRef::empty())
    }

    /// What one unit of the [`heavy_rows`](Self::heavy_rows) is in the data, as a power of two: 0 unless those are very large
    /// or very small.
    pub const fn unit_exponent(&self) -> i32 {
        self.state.scale.exponent()
    }

    /// The order check so far.
    pub fn order(&self) -> OrderReport<T> {
        self.state.monitor.report()
    }

    fn consume_waiting(&mut self, index: usize) {
        let dim = self.params.dim;
        let at = {
            let parts = split(&self.params, self.storage.as_mut());
            let row = &parts.waiting[index * dim..][..dim];
            // Checked when it came; only its scale is asked for.
            self.state.scale.admit(dim, row)
        };
        let Ok(admitted) = at else { return };
        self.rescale(admitted.rescale);
        let mut parts = split(&self.params, self.storage.as_mut());
        let waiting = core::mem::take(&mut parts.waiting);
        let row = &waiting[index * dim..][..dim];
        consume(
            &self.params,
            &mut self.state.counts,
            &mut self.state.monitor,
            &mut parts,
            row,
            admitted.square,
            admitted.factor,
        );
        self.after_row();
    }

    fn rescale(&mut self, e: i32) {
        if e == 0 {
            return;
        }
        self.state.counts.rescale(e);
        let len = self.state.counts.heavy_len;
        let parts = split(&self.params, self.storage.as_mut());
        vector::rescale(parts.products, 2 * e);
        vector::rescale(parts.history, e);
        vector::rescale(&mut parts.heavy[..len * self.params.dim], e);
        vector::rescale(&mut parts.heavy_squares[..len], 2 * e);
        self.state.monitor.rescale(parts.features, e);
    }

    /// What happens between rows: the direction of the order check is set once.
    fn after_row(&mut self) {
        if self.state.monitor.rows() == DIRECTION_AT {
            self.freeze_direction();
        }
    }
}

/// Everything that a checked row changes, except for a step that it makes due.
fn consume<T: Real>(
    params: &RandomOrderEigenParams,
    counts: &mut Counts<T>,
    monitor: &mut Monitor<T>,
    parts: &mut Parts<'_, T>,
    row: &[T],
    square: T,
    factor: T,
) {
    let (dim, width) = (params.dim, params.block_width());
    counts.rows = add_rows(counts.rows, 1);
    counts.energy.add(square);
    let energy = counts.energy.value();
    if counts.light_rows == 0 && counts.heavy_len > 0 {
        let squares = &parts.heavy_squares[..counts.heavy_len];
        let full = counts.heavy_len == params.heavy_capacity;
        if full || !is_heavy(square, dim, energy) || squares.iter().any(|&q| !is_heavy(q, dim, energy)) {
            // The first light row is about to come: the rows kept so far are a better start than a random one.
            step::next_iterate(params, counts, parts);
        }
    }
    let direction = &parts.iterate[width * dim..];
    let along = vector::dot_times(row, factor, direction);
    monitor.observe(parts.features, [square, monitor::signed_sum(row, factor), along * along]);
    with_heavy_rows(params, counts, parts, factor, &mut |heavy, light| heavy.offer(row, factor, square, energy, light));
}

/// Passes the heavy rows that are heavy no longer to the open block.
///
/// Rows look heavy while there are few. Kept, they would make every step solve for as many more columns; but while history
/// is forgotten, or the order is not known to be random, they are safer where they are: sorted by norm downwards, rows of a
/// walk had an error of `1e-4` instead of `2e-5`.
fn demote_heavy_rows<T: Real>(
    params: &RandomOrderEigenParams,
    counts: &mut Counts<T>,
    parts: &mut Parts<'_, T>,
    factor: T,
) {
    let energy = counts.energy.value();
    with_heavy_rows(params, counts, parts, factor, &mut |heavy, light| {
        heavy.demote(energy, |row, square| light(row, T::ONE, square));
        T::ZERO
    });
}

/// Takes a light row: the row, the factor to multiply it with, and the squared length of the product.
type Light<'a, T> = dyn FnMut(&[T], T, T) + 'a;

/// Lets heavy rows come and go: those that leave are light, and count from then on. The change returns the squared length of
/// a heavy row for which there was no room.
#[inline(never)]
fn with_heavy_rows<T: Real>(
    params: &RandomOrderEigenParams,
    counts: &mut Counts<T>,
    parts: &mut Parts<'_, T>,
    factor: T,
    change: &mut dyn FnMut(&mut HeavyRows<'_, T>, &mut Light<'_, T>) -> T,
) {
    let (dim, width) = (params.dim, params.block_width());
    let iterate = &parts.iterate[..width * dim];
    let mut heavy = HeavyRows { rows: parts.heavy, squares: parts.heavy_squares, len: &mut counts.heavy_len, dim };
    let (products, gather) = (&mut *parts.products, &mut *parts.scratch);
    let (block_rows, light_rows) = (&mut counts.block_rows, &mut counts.light_rows);
    let sampling = T::constant(params.row_sampling) * factor * factor;
    let lost = change(&mut heavy, &mut |row, factor, square| {
        *block_rows = add_rows(*block_rows, 1);
        *light_rows = add_rows(*light_rows, 1);
        let Some(stretch) = sample(params.seed, *light_rows, square, sampling) else { return };
        vector::project_and_accumulate(iterate, products, row, factor, stretch, &mut gather[..width]);
    });
    counts.lost = counts.lost.max(lost);
}

impl<T: Real, S: Storage<T>> RowSummary for RandomOrderEigen<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    fn rows_seen(&self) -> u64 {
        add_rows(self.state.counts.rows, self.state.counts.waiting as u64)
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let dim = self.params.dim;
        if self.is_step_due() {
            check_row(dim, row)?;
            self.finish();
        }
        if row.len() != dim || self.consume_light(row) == 0 {
            self.consume_any(row)?;
        }
        self.finish();
        Ok(())
    }

    fn update_batch(&mut self, rows: MatRef<'_, T>) -> Result<(), Error> {
        check_batch(self.params.dim, rows)?;
        self.finish();
        let dim = self.params.dim;
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let mut consumed = self.consume_light(rest);
            if consumed == 0 {
                self.consume_any(&rest[..dim])?;
                consumed = 1;
            }
            self.finish();
            rest = &rest[consumed * dim..];
        }
        Ok(())
    }

    fn clear(&mut self) {
        let counts = Counts { block_len: self.params.first_block_len(), ..Counts::default() };
        self.state = State { counts, monitor: Monitor::new(self.params.warm_up), ..State::default() };
        self.storage.as_mut().fill(T::ZERO);
        let (dim, width, seed) = (self.params.dim, self.params.block_width(), self.params.seed);
        let parts = split(&self.params, self.storage.as_mut());
        fill_random(&mut parts.iterate[..width * dim], dim, 0, seed, 0);
    }
}

/// A unit of the budget is a full block: its factor joins the pool, and the rows that waited for it are fed.
impl<T: Real, S: Storage<T>> Deferred for RandomOrderEigen<T, S> {
    fn poll(&mut self, (): &(), budget: u64) -> Result<Progress, Error> {
        let mut left = budget.max(1);
        while self.is_step_due() && left > 0 {
            self.step_and_feed();
            left -= 1;
        }
        Ok(if self.is_idle() { Progress::Done } else { Progress::Pending })
    }

    fn is_idle(&self) -> bool {
        !self.is_step_due()
    }
}

impl<T: Real, S: Storage<T>> DeferredRows for RandomOrderEigen<T, S> {
    /// See the trait; the spare area is that of the [`deferred`](RandomOrderEigenParams::deferred) rows.
    fn update_deferred(&mut self, row: &[T]) -> Result<(), Error> {
        check_row(self.params.dim, row)?;
        if self.params.deferred == 0 {
            return Err(Error::Capacity { limit: 0 });
        }
        if self.is_step_due() {
            return self.wait(row);
        }
        if self.consume_light(row) == 0 { self.consume_any(row) } else { Ok(()) }
    }
}

impl<T: Real, S: Storage<T>> RandomOrderEigen<T, S> {
    /// Consumes a row of any kind, while no step is due.
    fn consume_any(&mut self, row: &[T]) -> Result<(), Error> {
        let admitted = self.state.scale.admit(self.params.dim, row)?;
        self.rescale(admitted.rescale);
        let (counts, monitor) = (&mut self.state.counts, &mut self.state.monitor);
        let mut parts = split(&self.params, self.storage.as_mut());
        consume(&self.params, counts, monitor, &mut parts, row, admitted.square, admitted.factor);
        self.after_row();
        Ok(())
    }

    /// Whether a block is full.
    const fn is_step_due(&self) -> bool {
        self.state.counts.block_rows >= self.state.counts.block_len
    }

    /// Works off full blocks. The heavy rows that one lets go may fill the next one.
    fn finish(&mut self) {
        while self.is_step_due() {
            self.step_and_feed();
        }
    }

    /// Works off a full block and feeds the rows that waited, until the next one is full.
    fn step_and_feed(&mut self) {
        self.step();
        let (mut fed, count) = (0, self.state.counts.waiting);
        while fed < count && !self.is_step_due() {
            self.consume_waiting(fed);
            fed += 1;
        }
        let dim = self.params.dim;
        split(&self.params, self.storage.as_mut()).waiting.copy_within(fed * dim..count * dim, 0);
        self.state.counts.waiting -= fed;
    }

    /// Keeps a row until the full block is worked off.
    fn wait(&mut self, row: &[T]) -> Result<(), Error> {
        let dim = self.params.dim;
        check_row(dim, row)?;
        let limit = self.params.deferred;
        if self.state.counts.waiting == limit {
            return Err(Error::Capacity { limit });
        }
        let parts = split(&self.params, self.storage.as_mut());
        parts.waiting[self.state.counts.waiting * dim..][..dim].copy_from_slice(row);
        self.state.counts.waiting += 1;
        Ok(())
    }
}

/// The coin of a light row: what its outer product is to be multiplied by, or `None` to drop it.
fn sample<T: Real>(seed: u64, number: u64, square: T, limit: T) -> Option<T> {
    if square >= limit {
        return Some(T::ONE);
    }
    // Not below what the coin resolves: a row that wins against all odds would be stretched out of range.
    let probability = (square / limit).max(T::EPSILON);
    (unit::<T>(word(seed, Domain::Coin, number)) < probability).then(|| T::ONE / probability)
}
