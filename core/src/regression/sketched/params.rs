//! Parameters of a sketched summary.

use super::ranges::WORDS;
use crate::base::params::{Params, params, positive};
use crate::base::storage::{is_addressable, product, sum};
use crate::sketch::{SketchOperator, SketchShape};
use crate::{Error, Lane, Rule};

impl Rule {
    /// A power of two up to 65536.
    pub const BLOCK_LENGTH: Self = Self::new(&"must be a power of two, at most 65536");
    /// Only the operator `Srht` has it.
    pub const ONLY_FOR_SRHT: Self = Self::new(&"is for the operator Srht only");
}

/// Longest block.
const LONGEST_BLOCK: usize = 1 << 16;

params! {
    /// Parameters of a [`SketchedLeastSquares`](super::SketchedLeastSquares).
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::regression::SketchedLeastSquaresParams;
    /// const PARAMS: SketchedLeastSquaresParams = SketchedLeastSquaresParams::new(17, 128).seed(5).block_len(32).ranges(1);
    /// assert_eq!((PARAMS.storage_len(), PARAMS.index_len()), (17 * (128 + 32 + 1), 4));
    /// ```
    #[derive(PartialEq, Eq)]
    pub struct SketchedLeastSquaresParams {
        /// `columns` columns, features, targets and a constant alike, sketched to `rows` rows: see
        /// [`rows_for`](crate::regression::rows_for).
        new {
            /// Number of columns.
            columns: usize,
            /// Rows of the sketch.
            rows: usize,
        }
        /// Seed of the sketch. Summaries that are to be merged or joined need the same; keep it secret from whoever makes the
        /// rows, or no bound holds.
        seed: u64 = 0,
        /// Rows that [`Srht`](crate::sketch::Srht) takes together, a power of two; 1 for every other operator. A quarter of the
        /// sketch's rows or more makes updates cheap; above the next power of two of those rows nothing more is gained.
        block_len: usize = 1 => block_length,
        /// Number of the first row that `update` takes: stream id times 2^40, plus a count. Two devices must not use the same
        /// numbers, unless they see columns of the same rows.
        first_index: u64 = 0,
        /// Ranges of row numbers that can be told apart; a merge of many devices needs one for each.
        ranges: usize = 8 => positive,
        /// Keeps which rows of the Hadamard matrix an [`Srht`](crate::sketch::Srht) takes, two words each, instead of computing
        /// them at every block: for parts without a long multiplication.
        row_table: bool = false,
        /// Room for a full block that [`update_deferred`](crate::stream::DeferredRows::update_deferred) leaves to
        /// [`poll`](crate::stream::Deferred::poll), so that no update takes long: one more block of storage.
        deferred: bool = false,
    }
    refuse(params) {
        !is_addressable(params.storage_len()) => rows: Rule::ADDRESSABLE,
        !is_addressable(params.index_len()) => ranges: Rule::ADDRESSABLE,
    }
    formulas(params) {
        /// Scalars of storage: `columns (rows + block_len + 1)`, no block if its length is 1, twice if deferred. Saturates.
        pub storage_len: usize = sum([params.sums_len(), params.columns]),
        /// Scalars of sums and blocks.
        pub(super) sums_len: usize =
            sum([params.shape().len(), params.block_size(), if params.deferred { params.block_size() } else { 0 }]),
        /// Words of indices: four a range, and two a row with a row table. Saturates.
        pub index_len: usize =
            sum([product([WORDS, params.ranges]), if params.row_table { product([2, params.rows]) } else { 0 }]),
        /// Shape and seed of the sketch.
        pub shape: SketchShape = SketchShape { rows: params.rows, cols: params.columns, seed: params.seed },
        /// Rows taken together.
        pub rows_per_block: usize = params.block_len,
        pub(super) block_size: usize = if params.block_len > 1 { product([params.block_len, params.columns]) } else { 0 },
    }
}

impl SketchedLeastSquaresParams {
    /// The rules that look at the operator, after those of the declaration.
    pub(super) fn check_for<L: Lane, O: SketchOperator<L>>(&self, operator: O) -> Result<(), Error> {
        operator.check(self.shape())?;
        self.check()?;
        let fail = |name| Err(Error::Parameter { name, rule: Rule::ONLY_FOR_SRHT });
        match () {
            () if self.block_len > 1 && !O::BLOCKED => fail(&"block_len"),
            () if self.row_table && !O::BLOCKED => fail(&"row_table"),
            () => Ok(()),
        }
    }
}

fn block_length(len: usize) -> Result<(), Rule> {
    if len.is_power_of_two() && len <= LONGEST_BLOCK { Ok(()) } else { Err(Rule::BLOCK_LENGTH) }
}
