//! Parameters of the random-order method.

use crate::base::params::not_negative;
use crate::base::storage::{is_addressable, max, min, product, sum};
use crate::eigen::params::eigen_params;
use crate::eigen::pool::Scratch;
use crate::stream::monitor::WarmUp;
use crate::{Real, Rule};

eigen_params! {
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
        /// Width of the iterated block, from `rank` to `dim` (default `rank + 2`, at most `dim`). More costs `3 dim` words a
        /// column and `4 dim` flops a row, and helps where the next singular values are close. A width above the rank buys the check
        /// of the gap: without it answers are `Unverified`.
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
        params.block_width() < params.rank || params.block_width() > params.dim => width: Rule::FROM_RANK_TO_DIM,
        !is_addressable(params.storage_len()) => dim: Rule::ADDRESSABLE,
    }
    formulas(params) {
        /// Width of the iterated block that these parameters give.
        pub block_width: usize =
            if params.width == 0 { min(params.rank.saturating_add(2), params.dim) } else { params.width },
        /// Rows of the first block, with these parameters.
        pub first_block_len: u64 =
            if params.first_block == 0 { (max(params.block_width(), 8) as u64).saturating_mul(2) } else { params.first_block },
        /// Columns of the largest small problem: a block, the history and the heavy rows, or two blocks and two histories.
        pub(super) columns: usize = {
            let twice = params.block_width().saturating_mul(2);
            twice.saturating_add(max(params.heavy_capacity, twice))
        },
        pub(super) scratch_len: usize =
            Scratch::<f64>::len(params.columns(), params.block_width(), if params.rank > 1 { params.dim } else { 0 }),
        /// Scalars of storage: `(3 w + c + 1 + s) dim + c` for iterate, products, history, heavy rows, the direction of the
        /// order check and waiting rows; the order check's features (160, or 18 with [`WarmUp::Running`]); scratch
        /// `2 m^2 + 2 m + w^2`, and `m dim` more for `rank > 1`, with `m = 2 w + max(c, 2 w)`. Here `w` is
        /// [`block_width`](Self::block_width), `c` the heavy capacity, `s` the deferred rows. Saturates.
        pub storage_len: usize = {
            let (w, c) = (params.block_width(), params.heavy_capacity);
            let vectors = sum([product([3, w]), c, 1, params.deferred]);
            sum([product([vectors, params.dim]), c, params.warm_up.storage_len(), params.scratch_len()])
        },
    }
    alike(params) {
        Dim: params.dim,
        Rank: params.rank,
        Width: params.block_width(),
        HeavyCapacity: params.heavy_capacity,
        BlockLen: params.first_block_len(),
        Growth: params.growth,
        DeadZone: params.dead_zone,
        RowSampling: params.row_sampling,
        WarmUp: params.warm_up == WarmUp::Running,
        Deferred: params.deferred,
    }
}

impl RandomOrderEigenParams {
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
        self.seed == other.seed && self.check_alike(other).is_ok()
    }
}
