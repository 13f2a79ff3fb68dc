//! Shape and knobs of the random-order method.

use crate::base::storage::is_addressable;
use crate::eigen::answer::answer_len;
use crate::eigen::pool::Scratch;
use crate::stream::monitor::WarmUp;
use crate::wire::{Reader, Writer};
use crate::{Error, Real, Rule};

/// Shape and knobs of a [`RandomOrderEigen`](super::RandomOrderEigen). The defaults are measured; most users set `rank`,
/// and `heavy_capacity` on small devices. Equal if they mean the same: a default may be spelt out.
///
/// # Example
/// ```
/// use sketchlet_core::eigen::RandomOrderEigenParams;
/// use sketchlet_core::stream::WarmUp;
/// const TINY: RandomOrderEigenParams =
///     RandomOrderEigenParams::new(64).width(2).heavy_capacity(4).warm_up(WarmUp::Running);
/// // The whole summary, counters included, in 4 KiB of f32.
/// assert!(4 * TINY.storage_len() + 500 < 4096);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomOrderEigenParams {
    pub(super) dim: usize,
    pub(super) rank: usize,
    /// Zero: the default, which follows the rank.
    width: usize,
    pub(super) heavy_capacity: usize,
    /// Zero: the default, which follows the width.
    first_block: u64,
    pub(super) growth: f64,
    pub(super) dead_zone: f64,
    pub(super) row_sampling: f64,
    pub(super) warm_up: WarmUp,
    pub(super) deferred: usize,
    pub(super) seed: u64,
}

impl RandomOrderEigenParams {
    /// One vector for rows of `dim` entries.
    pub const fn new(dim: usize) -> Self {
        Self {
            dim,
            rank: 1,
            width: 0,
            heavy_capacity: 16,
            first_block: 0,
            growth: 1.3,
            dead_zone: 0.03,
            row_sampling: 0.0,
            warm_up: WarmUp::Stored,
            deferred: 0,
            seed: 0,
        }
    }

    /// Number of vectors wanted (default 1).
    #[must_use]
    pub const fn rank(mut self, rank: usize) -> Self {
        self.rank = rank;
        self
    }

    /// Width of the iterated block, from `rank` to `dim` (default `rank + 2`, at most `dim`). More costs `3 dim` words a
    /// column and `4 dim` flops a row, and helps where the next singular values are close.
    #[must_use]
    pub const fn width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }

    /// Heavy rows that can be kept (default 16; 4 to 8 on small devices). Data with more lose their guarantee, and the
    /// status says so.
    #[must_use]
    pub const fn heavy_capacity(mut self, heavy_capacity: usize) -> Self {
        self.heavy_capacity = heavy_capacity;
        self
    }

    /// Rows of the first block (default: twice the width, at least 16).
    #[must_use]
    pub const fn first_block(mut self, first_block: u64) -> Self {
        self.first_block = first_block;
        self
    }

    /// Factor from one block length to the next (default 1.3).
    #[must_use]
    pub const fn growth(mut self, growth: f64) -> Self {
        self.growth = growth;
        self
    }

    /// Disagreement between a block and the history below which the history is kept in full (default 0.03).
    #[must_use]
    pub const fn dead_zone(mut self, dead_zone: f64) -> Self {
        self.dead_zone = dead_zone;
        self
    }

    /// Thin out light rows: one of squared length `q` is kept with probability `min(1, q / square)` and stretched to make
    /// up for it. Saves flops, costs accuracy and all certificates. Zero (the default) keeps every row.
    #[must_use]
    pub const fn row_sampling(mut self, square: f64) -> Self {
        self.row_sampling = square;
        self
    }

    /// How the order check finds its medians (default [`WarmUp::Stored`]).
    #[must_use]
    pub const fn warm_up(mut self, warm_up: WarmUp) -> Self {
        self.warm_up = warm_up;
        self
    }

    /// Never do the work of a full block inside an update: up to `rows` rows wait until
    /// [`step_if_due`](super::RandomOrderEigen::step_if_due) is called. Zero (the default) works at once.
    #[must_use]
    pub const fn deferred(mut self, rows: usize) -> Self {
        self.deferred = rows;
        self
    }

    /// Seed of the first iterate (default 0).
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Number of entries of a row.
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// Width of the iterated block that these parameters give.
    pub const fn block_width(&self) -> usize {
        if self.width != 0 {
            return self.width;
        }
        let width = self.rank.saturating_add(2);
        if width < self.dim { width } else { self.dim }
    }

    /// Rows of the first block, with these parameters.
    pub const fn first_block_len(&self) -> u64 {
        let twice = (self.block_width() as u64).saturating_mul(2);
        match self.first_block {
            0 if twice > 16 => twice,
            0 => 16,
            len => len,
        }
    }

    /// Columns of the largest small problem: a block, the history and the heavy rows, or two blocks and two histories.
    pub(super) const fn columns(&self) -> usize {
        let twice = self.block_width().saturating_mul(2);
        twice.saturating_add(if self.heavy_capacity > twice { self.heavy_capacity } else { twice })
    }

    pub(super) const fn scratch_len(&self) -> usize {
        Scratch::<f64>::len(self.columns(), self.block_width(), if self.rank > 1 { self.dim } else { 0 })
    }

    /// Scalars of storage: `(3 w + c + 1 + s) dim + c` for iterate, products, history, heavy rows, the direction of the
    /// order check and waiting rows; the order check's features (160, or 18 with [`WarmUp::Running`]); scratch
    /// `2 m^2 + 2 m + w^2`, and `m dim` more for `rank > 1`, with `m = 2 w + max(c, 2 w)`. Here `w` is
    /// [`block_width`](Self::block_width), `c` the heavy capacity, `s` the deferred rows. Saturates.
    pub const fn storage_len(&self) -> usize {
        let vectors = self
            .block_width()
            .saturating_mul(3)
            .saturating_add(self.heavy_capacity)
            .saturating_add(1)
            .saturating_add(self.deferred);
        vectors
            .saturating_mul(self.dim)
            .saturating_add(self.heavy_capacity)
            .saturating_add(self.warm_up.storage_len())
            .saturating_add(self.scratch_len())
    }

    /// Scalars of the buffer for [`estimate`](crate::eigen::TopEigen::estimate).
    pub const fn answer_len(&self) -> usize {
        answer_len(self.dim, self.rank)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        let at_least = |x: f64, least: f64| x.is_finite() && x >= least;
        match () {
            () if self.dim == 0 => fail(&"dim", Rule::POSITIVE),
            () if self.rank == 0 || self.rank > self.dim => fail(&"rank", Rule::WITHIN_DIM),
            () if self.block_width() < self.rank || self.block_width() > self.dim => {
                fail(&"width", Rule::FROM_RANK_TO_DIM)
            }
            () if !at_least(self.growth, 1.0) => fail(&"growth", Rule::AT_LEAST_ONE),
            () if !(at_least(self.dead_zone, 0.0) && self.dead_zone <= 1.0) => fail(&"dead_zone", Rule::FRACTION),
            () if !at_least(self.row_sampling, 0.0) => fail(&"row_sampling", Rule::NOT_NEGATIVE),
            () if !is_addressable(self.storage_len()) => fail(&"dim", Rule::ADDRESSABLE),
            () => Ok(()),
        }
    }

    /// Whether two summaries may be merged: everything equal but the seeds, to which no row is keyed.
    pub(super) fn merges_with(&self, other: &Self) -> bool {
        self.seed(0) == other.seed(0)
    }

    pub(super) fn write(&self, w: &mut Writer<'_>) {
        w.len(self.dim);
        w.len(self.rank);
        w.len(self.width);
        w.len(self.heavy_capacity);
        w.u64(self.first_block);
        w.real(self.growth);
        w.real(self.dead_zone);
        w.real(self.row_sampling);
        self.warm_up.write(w);
        w.len(self.deferred);
        w.u64(self.seed);
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Error> {
        let params = Self {
            dim: r.len()?,
            rank: r.len()?,
            width: r.len()?,
            heavy_capacity: r.len()?,
            first_block: r.u64()?,
            growth: r.real()?,
            dead_zone: r.real()?,
            row_sampling: r.real()?,
            warm_up: WarmUp::read(r)?,
            deferred: r.len()?,
            seed: r.u64()?,
        };
        params.check().map_err(|_| Error::Corrupt)?;
        Ok(params)
    }

    /// Length of the block after one of `len` rows: at least one row longer unless the growth is 1.
    pub(super) fn next_block_len<T: Real>(&self, len: u64) -> u64 {
        let exact = T::constant(self.growth) * T::count(len);
        let floor = exact.to_u64().unwrap_or(u64::MAX);
        if T::count(floor) < exact { floor.saturating_add(1) } else { floor }.max(len)
    }
}

impl PartialEq for RandomOrderEigenParams {
    fn eq(&self, other: &Self) -> bool {
        let shape = |params: &Self| {
            (
                params.dim,
                params.rank,
                params.block_width(),
                params.heavy_capacity,
                params.first_block_len(),
                params.deferred,
            )
        };
        let knobs = |params: &Self| (params.growth, params.dead_zone, params.row_sampling, params.warm_up, params.seed);
        shape(self) == shape(other) && knobs(self) == knobs(other)
    }
}
