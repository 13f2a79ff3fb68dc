//! The subsampled randomised Hadamard transform: random signs, then rows of a Hadamard matrix.

use super::operator::{SIGNS, add_line, add_signed, parity, sealed};
use super::{Piece, SketchOperator, SketchShape};
use crate::base::wide;
use crate::linalg::hadamard;
use crate::random::keyed::{Domain, word};
use crate::{Error, Lane};
use core::ops::Range;

/// Which sketch serves least squares best? Random signs on the rows of `A`, then rows of a Hadamard matrix: the subsampled
/// randomised Hadamard transform, for streams whose length nobody knows.
///
/// Row `j` of `S / g` is row `r_j` of the Hadamard matrix of order 2^64 times the signs; the `r_j` are distinct modulo every
/// power of two that is at least `rows`. So a stream shorter than that is kept exactly: with `rows` a power of two and all
/// row numbers in one aligned group of as many, `S` is orthogonal. Longer ones behave as under a Gaussian sketch.
///
/// # Guarantee
/// `E[S'S] = I`. Half-widths by the Gaussian law are calibrated, not proven: coverage 94 to 98 % at a nominal 95 %.
/// A bound on every coefficient, `|x' - x|_inf <= eps / sqrt(d) |A x - b| |A^+|`, is claimed for
/// `eps^-2 d log^3(n / delta)` rows by Song, Ye, Yin and Zhang (ICML 2023); two of its authors have since (August 2026, a
/// manuscript) pointed at a gap in that proof. What is proven is `d^(1 + o(1))` rows: Price, Song and Woodruff (ICALP 2017).
/// # Cost
/// `rows * cols` additions a row; in blocks of `B` rows `(log2 B + rows / B) * cols`. No multiplication of data.
/// # Numerics
/// Entries of `S / g` are 1 and -1: exact on integers, which may wrap on the way, and on floats while sums are exact.
/// # Randomness
/// Keyed by (seed, row number): a word a row for its sign. The `r_j` take five words each; a table of two words a row of the
/// sketch saves that.
/// # When to use another
/// If an adversary may put all energy on few rows whose numbers differ in high bits only, take `2 d ln d` rows or
/// [`Srct`](super::Srct).
/// # Example
/// See [`SketchOperator`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Srht;

impl sealed::Sealed for Srht {}

impl<L: Lane> SketchOperator<L> for Srht {
    const DENSE: bool = true;
    const BLOCKED: bool = true;
    const NUMBER: u8 = 1;

    fn from_parameter(parameter: u64) -> Option<Self> {
        (parameter == 0).then_some(Self)
    }

    fn fill_table(&self, shape: SketchShape, table: &mut [u32]) {
        let rows = HadamardRows::new(shape, &[]);
        for (j, pair) in table.as_chunks_mut().0.iter_mut().enumerate() {
            *pair = halves(rows.get(j));
        }
    }

    fn accumulate(&self, shape: SketchShape, table: &[u32], piece: Piece<'_, L>, state: &mut [L]) -> Result<(), Error> {
        let rows = HadamardRows::new(shape, table);
        let sign = if is_negated(shape.seed, piece.index) { u64::MAX } else { 0 };
        add_signed(shape, piece, state, |group| sign ^ rows.parities(piece.index, group, shape.rows))
    }

    fn is_negated(&self, seed: u64, index: u64) -> bool {
        is_negated(seed, index)
    }

    fn is_negated_at(&self, shape: SketchShape, table: &[u32], row: usize, index: u64) -> bool {
        parity(index & HadamardRows::new(shape, table).get(row))
    }

    fn transform_block(&self, block: &mut [L], cols: usize, stage: u32) {
        hadamard::transform_stage(block, cols << stage);
    }

    fn add_block(
        &self,
        shape: SketchShape,
        table: &[u32],
        number: u64,
        block: &[L],
        rows: Range<usize>,
        state: &mut [L],
    ) {
        let block_len = block.len() / shape.cols;
        let hadamard_rows = HadamardRows::new(shape, table);
        wide::run(
            #[inline(always)]
            || {
                let lines = state.chunks_exact_mut(shape.cols).enumerate();
                for (j, line) in lines.skip(rows.start).take(rows.len()) {
                    let row = hadamard_rows.in_block(j, block_len);
                    let from = row.place * shape.cols;
                    add_line(line, &block[from..from + shape.cols], row.is_negated(number));
                }
            },
        );
    }
}

/// The row of a prepared block that a row of the sketch takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// Its place in the block.
    pub place: usize,
    /// Bits of the number of the block that decide the sign.
    bits: u64,
}

impl BlockRow {
    /// Whether the `number`th block of as many rows gives it negated.
    #[inline(always)]
    pub const fn is_negated(self, number: u64) -> bool {
        parity(number & self.bits)
    }
}

impl Srht {
    /// Where the rows of the sketch, in their order, read in a block of `block_len` rows, a power of two: what
    /// [`add_block`](SketchOperator::add_block) adds, for kernels that keep blocks in another order. `table` is as there.
    pub fn block_rows(shape: SketchShape, table: &[u32], block_len: usize) -> impl Iterator<Item = BlockRow> {
        let rows = HadamardRows::new(shape, table);
        (0..shape.rows).map(move |j| rows.in_block(j, block_len))
    }
}

/// The sign of a row of `A`.
#[inline]
pub(super) fn is_negated(seed: u64, index: u64) -> bool {
    word(seed, Domain::Sign, index) >> 63 == 1
}

/// Which rows `r_j` of the Hadamard matrix of order 2^64 the sketch takes, computed or from a table.
#[derive(Clone, Copy)]
pub(super) struct HadamardRows<'a> {
    table: &'a [[u32; 2]],
    seed: u64,
    mask: u64,
    /// The number of low bits that the permutation fills, and the halves of them.
    bits: [u32; 3],
}

impl<'a> HadamardRows<'a> {
    pub(super) fn new(shape: SketchShape, table: &'a [u32]) -> Self {
        let (table, _) = table.as_chunks();
        let bits = u64::BITS - (shape.rows.max(1) as u64 - 1).leading_zeros();
        let upper = bits.div_ceil(2);
        Self { table, seed: shape.seed, mask: word(shape.seed, Domain::Mask, 0), bits: [bits, upper, bits - upper] }
    }

    #[inline]
    pub(super) fn get(&self, j: usize) -> u64 {
        match self.table.get(j) {
            Some(&[low, high]) => u64::from(high) << 32 | u64::from(low),
            None => self.compute(j as u64),
        }
    }

    #[inline(always)]
    fn in_block(&self, j: usize, block_len: usize) -> BlockRow {
        let row = self.get(j);
        #[allow(clippy::cast_possible_truncation, reason = "below the number of rows of the block")]
        let place = (row & (block_len as u64 - 1)) as usize;
        BlockRow { place, bits: row >> block_len.trailing_zeros() }
    }

    /// Low bits by a permutation, so that no two rows share them; high bits at random.
    fn compute(&self, j: u64) -> u64 {
        let [bits, upper, lower] = self.bits;
        let low_mask = u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0);
        let low = permuted(self.seed, j, upper, lower) ^ (self.mask & low_mask);
        (word(self.seed, Domain::Row, j) & !low_mask) | low
    }

    /// Parities of the bits that `index` has in common with each of 64 rows.
    #[inline]
    pub(super) fn parities(&self, index: u64, group: usize, rows: usize) -> u64 {
        let first = group * SIGNS;
        (first..rows.min(first + SIGNS)).rev().fold(0, |bits, j| bits << 1 | u64::from(parity(index & self.get(j))))
    }
}

/// A permutation of the numbers of `upper + lower` bits: four rounds of Feistel's, each half changed by a word of the other.
fn permuted(seed: u64, j: u64, upper: u32, lower: u32) -> u64 {
    let cut = |x: u64, bits: u32| x & ((1u64 << bits) - 1);
    let (mut left, mut right) = (j >> lower, cut(j, lower));
    for round in 0..4 {
        let word = |half: u64| word(seed, Domain::Permutation, round << 32 | half) >> 32;
        if round % 2 == 0 {
            left ^= cut(word(right), upper);
        } else {
            right ^= cut(word(left), lower);
        }
    }
    left << lower | right
}

#[allow(clippy::cast_possible_truncation, reason = "two halves of a word")]
const fn halves(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}
