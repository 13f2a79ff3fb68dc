//! Shape, seed and knobs.

use super::ranges::WORDS;
use crate::sketch::{SketchOperator, SketchShape};
use crate::wire::{Reader, Writer};
use crate::{Error, Lane, Rule};

impl Rule {
    /// A power of two up to 65536.
    pub const BLOCK_LENGTH: Self = Self::new(&"must be a power of two, at most 65536");
    /// Only the operator `Srht` has it.
    pub const ONLY_FOR_SRHT: Self = Self::new(&"is for the operator Srht only");
}

/// Longest block.
const LONGEST_BLOCK: usize = 1 << 16;

/// Shape, seed and knobs of a [`SketchedLeastSquares`](super::SketchedLeastSquares).
///
/// # Example
/// ```
/// use sketchlet_core::regression::SketchedLeastSquaresParams;
/// const PARAMS: SketchedLeastSquaresParams = SketchedLeastSquaresParams::new(17, 128).seed(5).block_len(32).ranges(1);
/// assert_eq!((PARAMS.storage_len(), PARAMS.index_len()), (17 * (128 + 32), 4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SketchedLeastSquaresParams {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) seed: u64,
    pub(super) block_len: usize,
    pub(super) first_index: u64,
    pub(super) ranges: usize,
    pub(super) row_table: bool,
    pub(super) deferred: bool,
}

impl SketchedLeastSquaresParams {
    /// `columns` columns, features, targets and a constant alike, sketched to `rows` rows: see
    /// [`rows_for`](crate::regression::rows_for).
    pub const fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, seed: 0, block_len: 1, first_index: 0, ranges: 8, row_table: false, deferred: false }
    }

    /// Seed of the sketch. Summaries that are to be merged or joined need the same; keep it secret from whoever makes the
    /// rows, or no bound holds.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Rows that [`Srht`](crate::sketch::Srht) takes together, a power of two; 1 for every other operator. A quarter of the
    /// sketch's rows or more makes updates cheap.
    #[must_use]
    pub const fn block_len(mut self, block_len: usize) -> Self {
        self.block_len = block_len;
        self
    }

    /// Number of the first row that `update` takes: stream id times 2^40, plus a count. Two devices must not use the same
    /// numbers, unless they see columns of the same rows.
    #[must_use]
    pub const fn first_index(mut self, first_index: u64) -> Self {
        self.first_index = first_index;
        self
    }

    /// Ranges of row numbers that can be told apart; a merge of many devices needs one for each.
    #[must_use]
    pub const fn ranges(mut self, ranges: usize) -> Self {
        self.ranges = ranges;
        self
    }

    /// Keeps which rows of the Hadamard matrix an [`Srht`](crate::sketch::Srht) takes, two words each, instead of computing
    /// them at every block: for parts without a long multiplication.
    #[must_use]
    pub const fn row_table(mut self) -> Self {
        self.row_table = true;
        self
    }

    /// Leaves full blocks to [`poll`](super::SketchedLeastSquares::poll), so that no update takes long: one more block of
    /// storage.
    #[must_use]
    pub const fn deferred(mut self) -> Self {
        self.deferred = true;
        self
    }

    /// Scalars of storage: `columns (rows + block_len)`, no block if its length is 1, twice if deferred. Saturates.
    pub const fn storage_len(&self) -> usize {
        self.shape().len().saturating_add(self.block_size()).saturating_add(self.deferred_size())
    }

    /// Words of indices: four a range, and two a row with a row table. Saturates.
    pub const fn index_len(&self) -> usize {
        let table = if self.row_table { self.rows.saturating_mul(2) } else { 0 };
        self.ranges.saturating_mul(WORDS).saturating_add(table)
    }

    /// Shape and seed of the sketch.
    pub const fn shape(&self) -> SketchShape {
        SketchShape { rows: self.rows, cols: self.columns, seed: self.seed }
    }

    /// Rows taken together.
    pub const fn rows_per_block(&self) -> usize {
        self.block_len
    }

    pub(super) const fn block_size(&self) -> usize {
        if self.block_len > 1 { self.block_len.saturating_mul(self.columns) } else { 0 }
    }

    const fn deferred_size(&self) -> usize {
        if self.deferred { self.block_size() } else { 0 }
    }

    /// Whether summaries with these parameters add up: those that only concern storage may differ.
    pub(super) fn adds_up_with(&self, other: &Self) -> bool {
        (self.shape(), self.block_len) == (other.shape(), other.block_len)
    }

    pub(super) fn check<L: Lane, O: SketchOperator<L>>(&self, operator: O) -> Result<(), Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        operator.check(self.shape())?;
        match () {
            () if !self.block_len.is_power_of_two() || self.block_len > LONGEST_BLOCK => {
                fail(&"block_len", Rule::BLOCK_LENGTH)
            }
            () if self.block_len > 1 && !O::BLOCKED => fail(&"block_len", Rule::ONLY_FOR_SRHT),
            () if self.row_table && !O::BLOCKED => fail(&"row_table", Rule::ONLY_FOR_SRHT),
            () if self.ranges == 0 => fail(&"ranges", Rule::POSITIVE),
            () if !crate::base::storage::is_addressable(self.storage_len()) => fail(&"rows", Rule::ADDRESSABLE),
            () if !crate::base::storage::is_addressable(self.index_len()) => fail(&"ranges", Rule::ADDRESSABLE),
            () => Ok(()),
        }
    }

    pub(super) fn write(&self, w: &mut Writer<'_>) {
        w.len(self.columns);
        w.len(self.rows);
        w.u64(self.seed);
        w.len(self.block_len);
        w.u64(self.first_index);
        w.len(self.ranges);
        w.u8(u8::from(self.row_table));
        w.u8(u8::from(self.deferred));
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            columns: r.len()?,
            rows: r.len()?,
            seed: r.u64()?,
            block_len: r.len()?,
            first_index: r.u64()?,
            ranges: r.len()?,
            row_table: r.flag()?,
            deferred: r.flag()?,
        })
    }
}
