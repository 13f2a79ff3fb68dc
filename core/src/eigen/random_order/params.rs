//! Parameters of the random-order method.

use crate::base::difference::Side;
use crate::base::params::{not_negative, params, positive};
use crate::base::storage::is_addressable;
use crate::eigen::answer::answer_len;
use crate::eigen::pool::Scratch;
use crate::stream::monitor::WarmUp;
use crate::{Difference, Real, Rule};

params! {
    /// Parameters of a [`RandomOrderEigen`](super::RandomOrderEigen). The defaults are measured; most users set `rank`,
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
    pub struct RandomOrderEigenParams {
        /// One vector for rows of `dim` entries.
        new {
            /// Number of entries of a row.
            dim: usize => positive,
        }
        /// Number of vectors wanted (default 1).
        rank: usize = 1,
        /// Width of the iterated block, from `rank` to `dim` (default `rank + 2`, at most `dim`). More costs `3 dim` words a
        /// column and `4 dim` flops a row, and helps where the next singular values are close.
        width: usize = 0,
        /// Heavy rows that can be kept (default 16; 4 to 8 on small devices). Data with more lose their guarantee, and the
        /// status says so.
        heavy_capacity: usize = 16,
        /// Rows of the first block (default: twice the width, at least 16).
        first_block: u64 = 0,
        /// Factor from one block length to the next (default 1.3).
        growth: f64 = 1.3 => at_least_one,
        /// Disagreement between a block and the history below which the history is kept in full (default 0.03).
        dead_zone: f64 = 0.03 => zero_to_one,
        /// Thin out light rows: one of squared length `q` is kept with probability `min(1, q / row_sampling)` and stretched to
        /// make up for it. Saves flops, costs accuracy and all certificates. Zero (the default) keeps every row.
        row_sampling: f64 = 0.0 => not_negative,
        /// How the order check finds its medians (default [`WarmUp::Stored`]).
        warm_up: WarmUp = WarmUp::Stored,
        /// Room for rows that [`update_deferred`](crate::stream::DeferredRows::update_deferred) lets wait while the work of a full
        /// block is left to [`poll`](crate::stream::Deferred::poll). Zero (the default) has none.
        deferred: usize = 0,
        /// Seed of the first iterate (default 0).
        seed: u64 = 0,
    }
    refuse(params) {
        params.rank == 0 || params.rank > params.dim => rank: Rule::WITHIN_DIM,
        params.block_width() < params.rank || params.block_width() > params.dim => width: Rule::FROM_RANK_TO_DIM,
        !is_addressable(params.storage_len()) => dim: Rule::ADDRESSABLE,
    }
}

impl RandomOrderEigenParams {
    /// What two summaries must have in common, with defaults spelt out: all but the seed, to which no row is keyed.
    pub(super) fn meaning(&self) -> [(Difference, u64); 10] {
        [
            (Difference::Dim, self.dim.bits()),
            (Difference::Rank, self.rank.bits()),
            (Difference::Width, self.block_width().bits()),
            (Difference::HeavyCapacity, self.heavy_capacity.bits()),
            (Difference::BlockLen, self.first_block_len()),
            (Difference::Growth, self.growth.bits()),
            (Difference::DeadZone, self.dead_zone.bits()),
            (Difference::RowSampling, self.row_sampling.bits()),
            (Difference::WarmUp, (self.warm_up == WarmUp::Running).bits()),
            (Difference::Deferred, self.deferred.bits()),
        ]
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

    /// Length of the block after one of `len` rows: at least one row longer unless the growth is 1.
    pub(super) fn next_block_len<T: Real>(&self, len: u64) -> u64 {
        let exact = T::constant(self.growth) * T::count(len);
        let floor = exact.to_u64().unwrap_or(u64::MAX);
        if T::count(floor) < exact { floor.saturating_add(1) } else { floor }.max(len)
    }
}

fn at_least_one(x: f64) -> Result<(), Rule> {
    if x.is_finite() && x >= 1.0 { Ok(()) } else { Err(Rule::AT_LEAST_ONE) }
}

fn zero_to_one(x: f64) -> Result<(), Rule> {
    if (0.0..=1.0).contains(&x) { Ok(()) } else { Err(Rule::FRACTION) }
}

impl PartialEq for RandomOrderEigenParams {
    fn eq(&self, other: &Self) -> bool {
        (self.meaning(), self.seed) == (other.meaning(), other.seed)
    }
}
