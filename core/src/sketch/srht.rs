//! The subsampled randomised Hadamard transform: random signs, then rows of a Hadamard matrix.

use super::operator::{SIGNS, add_line, add_signed, parity, sealed};
use super::{Numbering, Piece, SketchOperator, SketchShape};
use crate::base::wide;
use crate::linalg::hadamard;
use crate::random::keyed::{Domain, word};
use crate::{Error, Lane};
use core::ops::Range;

/// Parts of a block that are added together, so that rows of the Hadamard matrix are found once for all of them.
const PARTS: usize = 8;

/// Which sketch serves least squares best? Random signs on the rows of `A`, then rows of a Hadamard matrix: the subsampled
/// randomised Hadamard transform, for streams whose length nobody knows.
///
/// Let `K` be the first power of two that is at least `rows`. Rows come in groups of `K`: row `i` has place `i mod K` in group
/// `i / K`. The number of the group is scrambled: the place of the row among 2^64 is `p(i) = w(i / K) K + i mod K`, with `w` as many
/// bits of a keyed word as there is room for. Row `j` of `S / g` is then row `r_j` of the Hadamard matrix of order 2^64 times
/// signs: entry `(j, i)` is `sign(i) (-1)^parity(p(i) & r_j)`. The `r_j` are distinct modulo `K`, and random above. So a stream
/// shorter than that is kept exactly: with `rows` a power of two and all row numbers in one aligned group of as many, `S` is
/// orthogonal. Longer ones behave as under a Gaussian sketch, whatever the numbers of their rows.
///
/// # Guarantee
/// `E[S'S] = I`. Half-widths by the Gaussian law are calibrated, not proven: coverage 94 to 98 % at a nominal 95 %, also for
/// rows at any stride (16 rows whose numbers are 1, 16, 2^10 or 2^20 apart, 8 features, 16 and 32 rows of the sketch: 96 % and
/// more), and at small failures by the level that [`half_width_level`](crate::regression::half_width_level) gives to signs.
/// A bound on every coefficient, `|x' - x|_inf <= eps / sqrt(d) |A x - b| |A^+|`, is claimed for
/// `eps^-2 d log^3(n / delta)` rows by Song, Ye, Yin and Zhang (ICML 2023); two of its authors have since (August 2026, a
/// manuscript) pointed at a gap in that proof. What is proven is `d^(1 + o(1))` rows: Price, Song and Woodruff (ICALP 2017).
/// # Cost
/// `rows * cols` additions a row; in blocks of `B` rows `(log2 B + rows / B) * cols`. No multiplication of data.
/// # Numerics
/// Entries of `S / g` are 1 and -1: exact on integers, which may wrap on the way, and on floats while sums are exact.
/// # Randomness
/// Keyed by (seed, row number): a word a row for its sign, and one for its group, which blocks share. The `r_j` take five words
/// each; a table of two words a row of the sketch saves that.
///
/// Sketches of version 0.1 took `p(i) = i`, whose half-widths fail for few rows at a stride (in 36 % of cases instead of 5 for
/// 16 rows 16 apart, 8 features, 16 rows of the sketch). They are read, go on and merge among themselves as they were.
/// # When to use another
/// [`GaussianSketch`](super::GaussianSketch) for half-widths that are proven; [`Srct`](super::Srct) without any structure in
/// row numbers.
/// # Example
/// See [`SketchOperator`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Srht;

impl sealed::Sealed for Srht {}

impl<L: Lane> SketchOperator<L> for Srht {
    const DENSE: bool = true;
    const BLOCKED: bool = true;
    const NUMBERED: bool = true;
    const NUMBER: u8 = 1;

    fn from_parameter(parameter: u64) -> Option<Self> {
        (parameter == 0).then_some(Self)
    }

    fn fill_table(&self, shape: SketchShape, table: &mut [u32]) {
        let rows = HadamardRows::new(Numbering::Scrambled, shape, &[]);
        for (j, pair) in table.as_chunks_mut().0.iter_mut().enumerate() {
            *pair = halves(rows.get(j));
        }
    }

    fn accumulate_by(
        &self,
        numbering: Numbering,
        shape: SketchShape,
        table: &[u32],
        piece: Piece<'_, L>,
        state: &mut [L],
    ) -> Result<(), Error> {
        let rows = HadamardRows::new(numbering, shape, table);
        let sign = if is_negated(shape.seed, piece.index) { u64::MAX } else { 0 };
        let position = rows.position(piece.index);
        add_signed(shape, piece, state, |group| sign ^ rows.parities(position, group, shape.rows))
    }

    fn is_negated(&self, seed: u64, index: u64) -> bool {
        is_negated(seed, index)
    }

    fn is_negated_at(&self, numbering: Numbering, shape: SketchShape, table: &[u32], row: usize, index: u64) -> bool {
        let rows = HadamardRows::new(numbering, shape, table);
        parity(rows.position(index) & rows.get(row))
    }

    fn stages(&self, numbering: Numbering, shape: SketchShape, block_len: usize) -> u32 {
        HadamardRows::new(numbering, shape, &[]).stages(block_len)
    }

    fn transform_block(&self, block: &mut [L], cols: usize, stage: u32) {
        hadamard::transform_stage(block, cols << stage);
    }

    fn add_block_by(
        &self,
        numbering: Numbering,
        shape: SketchShape,
        table: &[u32],
        (number, block): (u64, &[L]),
        rows: Range<usize>,
        state: &mut [L],
    ) {
        let hadamard_rows = HadamardRows::new(numbering, shape, table);
        // A block that is longer than a group is several.
        let stages = hadamard_rows.stages(block.len() / shape.cols);
        let part_len = 1usize << stages;
        let part_size = part_len * shape.cols;
        let mut numbers = number * (block.len() / part_size) as u64..=u64::MAX;
        for parts in block.chunks(PARTS * part_size) {
            let (mut positions, count) = ([0; PARTS], parts.len() / part_size);
            for (position, number) in positions.iter_mut().zip((&mut numbers).take(count)) {
                *position = hadamard_rows.position(number << stages) >> stages;
            }
            wide::run(
                #[inline(always)]
                || {
                    let lines = state.chunks_exact_mut(shape.cols).enumerate();
                    for (j, line) in lines.skip(rows.start).take(rows.len()) {
                        let row = hadamard_rows.in_block(j, part_len);
                        let mut from = row.place * shape.cols;
                        for &position in &positions[..count] {
                            add_line(line, &parts[from..from + shape.cols], row.is_negated(position));
                            from += part_size;
                        }
                    }
                },
            );
        }
    }
}

/// The row of a prepared block that a row of the sketch takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// Its place in the block.
    pub place: usize,
    /// Bits of the position of the block that decide the sign.
    bits: u64,
}

impl BlockRow {
    /// Whether the block at that [position](Srht::block_position) gives it negated.
    #[inline(always)]
    pub const fn is_negated(self, position: u64) -> bool {
        parity(position & self.bits)
    }
}

impl Srht {
    /// Where the rows of the sketch, in their order, read in a block of `block_len` rows, a power of two that is not above the
    /// next one of `shape.rows`: what [`add_block`](SketchOperator::add_block) adds, for kernels that keep blocks in another
    /// order. `table` is as there.
    pub fn block_rows(shape: SketchShape, table: &[u32], block_len: usize) -> impl Iterator<Item = BlockRow> {
        let rows = HadamardRows::new(Numbering::Scrambled, shape, table);
        (0..shape.rows).map(move |j| rows.in_block(j, block_len))
    }

    /// The position of the `number`th of such blocks, by which [`BlockRow::is_negated`] tells signs.
    pub fn block_position(shape: SketchShape, block_len: usize, number: u64) -> u64 {
        let stages = block_len.trailing_zeros();
        HadamardRows::new(Numbering::Scrambled, shape, &[]).position(number << stages) >> stages
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
    numbering: Numbering,
}

impl<'a> HadamardRows<'a> {
    pub(super) fn new(numbering: Numbering, shape: SketchShape, table: &'a [u32]) -> Self {
        let (table, _) = table.as_chunks();
        let bits = u64::BITS - (shape.rows.max(1) as u64 - 1).leading_zeros();
        let upper = bits.div_ceil(2);
        Self {
            table,
            seed: shape.seed,
            // A table has it in its rows.
            mask: if table.is_empty() { word(shape.seed, Domain::Mask, 0) } else { 0 },
            bits: [bits, upper, bits - upper],
            numbering,
        }
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

    /// The bits below those of the number of a group.
    #[inline(always)]
    fn low_mask(&self) -> u64 {
        u64::MAX.checked_shr(u64::BITS - self.bits[0]).unwrap_or(0)
    }

    /// The place of a row of `A` among all that the matrix could have: neighbours stay together, groups of them don't keep
    /// their distances, or few rows at a stride would meet a matrix of few bits.
    #[inline]
    pub(super) fn position(&self, index: u64) -> u64 {
        match self.numbering {
            Numbering::Plain => index,
            Numbering::Scrambled => {
                let (low, group) = (self.low_mask(), index >> self.bits[0]);
                (word(self.seed, Domain::Group, group) & !low) | (index & low)
            }
        }
    }

    /// Stages of the transform of a block: within a group, numbers are as they were.
    fn stages(&self, block_len: usize) -> u32 {
        let stages = block_len.trailing_zeros();
        match self.numbering {
            Numbering::Plain => stages,
            Numbering::Scrambled => stages.min(self.bits[0]),
        }
    }

    /// Low bits by a permutation, so that no two rows share them; high bits at random.
    fn compute(&self, j: u64) -> u64 {
        let ([_, upper, lower], low_mask) = (self.bits, self.low_mask());
        let low = permuted(self.seed, j, upper, lower) ^ (self.mask & low_mask);
        (word(self.seed, Domain::Row, j) & !low_mask) | low
    }

    /// Parities of the bits that `position` has in common with each of 64 rows.
    #[inline]
    pub(super) fn parities(&self, position: u64, group: usize, rows: usize) -> u64 {
        let first = group * SIGNS;
        (first..rows.min(first + SIGNS)).rev().fold(0, |bits, j| bits << 1 | u64::from(parity(position & self.get(j))))
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
