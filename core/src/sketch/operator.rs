//! The trait of all sketching operators, and the kernel that most of them share.

use crate::base::wide;
use crate::{Error, Lane};
use core::fmt::Debug;
use core::ops::Range;

/// Shape of `S A`, and the seed of everything random in `S`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SketchShape {
    /// Rows of `S`: `m`.
    pub rows: usize,
    /// Columns of `A`: `p`.
    pub cols: usize,
    /// The seed.
    pub seed: u64,
}

impl SketchShape {
    /// Scalars of `S A`. Saturates.
    pub const fn len(&self) -> usize {
        self.rows.saturating_mul(self.cols)
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Neighbouring entries of a row of `A`, to be added or taken away: a whole row, or as little as one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece<'a, L> {
    /// Number of the row.
    pub index: u64,
    /// Column of the first entry.
    pub column: usize,
    /// The entries.
    pub entries: &'a [L],
    /// Take them away instead of adding them.
    pub subtract: bool,
}

/// How the numbers of rows enter a Hadamard transform: what tells two forms of [`Srht`](super::Srht) and
/// [`TensorSrht`](super::TensorSrht) apart. Other operators have one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// As they are: the form of version 0.1, for sketches that were made by it. Rows whose numbers differ in high bits only are
    /// then told apart as little as the few bits say, and half-widths fail.
    Plain,
    /// The number of a row's group is scrambled: see [`Srht`](super::Srht).
    Scrambled,
}

impl Numbering {
    /// Its number in byte forms; never reused.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Plain => 1,
            Self::Scrambled => 2,
        }
    }

    pub(crate) const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Plain),
            2 => Some(Self::Scrambled),
            _ => None,
        }
    }
}

/// A random matrix `S`, column `i` of which is a function of the seed and of `i`, and how it adds row `i` of `A` to `S A`.
///
/// The state is `S A` without the isometry factor `g` ([`factor`](Self::factor)): `rows` rows of `cols` entries, row-major.
/// The entries of `S / g` are 1, -1 and 0 for all but the Gaussian operator, so that integers stay integers. Sealed.
///
/// # Example
/// ```
/// use sketchlet_core::sketch::{Piece, SketchOperator, SketchShape, Srht};
/// let shape = SketchShape { rows: 4, cols: 2, seed: 7 };
/// let mut state = [0; 8];
/// for (index, row) in [[1, 2], [3, 4], [5, 6]].iter().enumerate() {
///     let piece = Piece { index: index as u64, column: 0, entries: row, subtract: false };
///     Srht.accumulate(shape, &[], piece, &mut state)?;
/// }
/// // Three rows of one aligned group of four: the sketch keeps all inner products of columns.
/// let product: i32 = state.chunks(2).map(|row| row[0] * row[1]).sum();
/// assert_eq!(product, 4 * (1 * 2 + 3 * 4 + 5 * 6));
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub trait SketchOperator<L: Lane>: sealed::Sealed + Copy + Debug + PartialEq {
    /// Whether all entries of `S` are filled, so that a bound on every coefficient may be given. Under a sparse operator a
    /// single collision can throw one coefficient off by any amount.
    const DENSE: bool;
    /// Whether the entries are normal, so that the law behind half-widths is exact whatever the rows. Entries that are signs
    /// follow it as far as [`half_width_level`](crate::regression::half_width_level) says.
    const GAUSSIAN: bool = false;
    /// Whether aligned blocks of rows cost less than their rows one by one ([`add_block`](Self::add_block)).
    const BLOCKED: bool = false;
    /// Whether the [`Numbering`] matters.
    const NUMBERED: bool = false;
    /// The largest magnitude of an entry of `S / g`.
    const LARGEST: f64 = 1.0;
    /// Its number in byte forms; never reused.
    const NUMBER: u8;

    /// What it knows beside the shape, for byte forms; 0 for most.
    fn parameter(&self) -> u64 {
        0
    }

    /// The operator with that [`parameter`](Self::parameter), if there is one.
    fn from_parameter(parameter: u64) -> Option<Self>;

    /// Whether `S` can have this shape.
    ///
    /// # Errors
    /// [`Error::Parameter`] if not.
    fn check(&self, shape: SketchShape) -> Result<(), Error> {
        check_any(shape)
    }

    /// The isometry factor `g` that the state leaves out: `1 / sqrt(rows)` where every entry is filled.
    fn factor(&self, rows: usize) -> f64 {
        use crate::Real;
        1.0 / Real::sqrt(rows as f64)
    }

    /// Fills a table of what belongs to the rows of `S`, two words each. Only of use to [`BLOCKED`](Self::BLOCKED) operators.
    fn fill_table(&self, _shape: SketchShape, _table: &mut [u32]) {}

    /// Adds a piece of a row to the state. `table` is empty, or one that [`fill_table`](Self::fill_table) filled.
    ///
    /// # Errors
    /// [`Error::Storage`] if the state is not as long as the shape says, [`Error::Dimension`] if the piece ends past the
    /// last column. Nothing is changed.
    fn accumulate(&self, shape: SketchShape, table: &[u32], piece: Piece<'_, L>, state: &mut [L]) -> Result<(), Error> {
        self.accumulate_by(Numbering::Scrambled, shape, table, piece, state)
    }

    /// [`accumulate`](Self::accumulate) by a numbering.
    ///
    /// # Errors
    /// As there.
    fn accumulate_by(
        &self,
        numbering: Numbering,
        shape: SketchShape,
        table: &[u32],
        piece: Piece<'_, L>,
        state: &mut [L],
    ) -> Result<(), Error>;

    /// Whether row `index` is negated on its way into a block.
    fn is_negated(&self, _seed: u64, _index: u64) -> bool {
        false
    }

    /// Whether row `row` of `S` takes row `index` of a block, its own sign aside, negated.
    fn is_negated_at(
        &self,
        _numbering: Numbering,
        _shape: SketchShape,
        _table: &[u32],
        _row: usize,
        _index: u64,
    ) -> bool {
        false
    }

    /// Stages of the preparation of a block of so many rows.
    fn stages(&self, _numbering: Numbering, _shape: SketchShape, _block_len: usize) -> u32 {
        0
    }

    /// One stage of the preparation of a block, of as many as [`stages`](Self::stages) says.
    fn transform_block(&self, _block: &mut [L], _cols: usize, _stage: u32) {}

    /// Adds a prepared block, the `number`th of as many rows, to `rows` of the state: what adding its rows one by one would
    /// have given, but for rounding.
    fn add_block(
        &self,
        shape: SketchShape,
        table: &[u32],
        number: u64,
        block: &[L],
        rows: Range<usize>,
        state: &mut [L],
    ) {
        self.add_block_by(Numbering::Scrambled, shape, table, (number, block), rows, state);
    }

    /// [`add_block`](Self::add_block) by a numbering.
    fn add_block_by(
        &self,
        _numbering: Numbering,
        _shape: SketchShape,
        _table: &[u32],
        _numbered_block: (u64, &[L]),
        _rows: Range<usize>,
        _state: &mut [L],
    ) {
    }
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// Rows of the state whose signs are worked out together.
pub(super) const SIGNS: usize = 64;

/// Adds the piece to every row of the state with the sign that bit `j % 64` of `signs(j / 64)` has for row `j`: negated
/// where it is set.
#[inline(always)]
pub(super) fn add_signed<L: Lane>(
    shape: SketchShape,
    piece: Piece<'_, L>,
    state: &mut [L],
    signs: impl Fn(usize) -> u64,
) -> Result<(), Error> {
    check_piece(shape, piece, state)?;
    for (group, rows) in state.chunks_mut(SIGNS * shape.cols).enumerate() {
        let signs = if piece.subtract { !signs(group) } else { signs(group) };
        add_group(shape.cols, piece, rows, signs);
    }
    Ok(())
}

fn add_group<L: Lane>(cols: usize, piece: Piece<'_, L>, rows: &mut [L], signs: u64) {
    wide::run(
        #[inline(always)]
        || {
            let (from, to) = (piece.column, piece.column + piece.entries.len());
            let mut signs = signs;
            for row in rows.chunks_exact_mut(cols) {
                add_line(&mut row[from..to], piece.entries, signs & 1 == 1);
                signs >>= 1;
            }
        },
    );
}

/// `line += x`, or `line -= x`.
#[inline(always)]
pub(super) fn add_line<L: Lane>(line: &mut [L], x: &[L], negated: bool) {
    for (to, &x) in line.iter_mut().zip(x) {
        *to = to.plus(x.negate_if(negated));
    }
}

pub(super) fn check_piece<L: Lane>(shape: SketchShape, piece: Piece<'_, L>, state: &[L]) -> Result<(), Error> {
    if state.len() != shape.len() || shape.cols == 0 {
        return Err(Error::Storage { needed: shape.len(), got: state.len() });
    }
    let end = piece.column.saturating_add(piece.entries.len());
    if end > shape.cols { Err(Error::Dimension { expected: shape.cols, got: end }) } else { Ok(()) }
}

/// Parity of the number of bits set. Cortex-M0 has no instruction for it, nor has baseline x86-64.
#[inline(always)]
pub(super) const fn parity(x: u64) -> bool {
    let x = x ^ (x >> 32);
    let x = x ^ (x >> 16);
    let x = x ^ (x >> 8);
    let x = x ^ (x >> 4);
    (0x6996 >> (x & 15)) & 1 == 1
}

/// No shape is refused but an empty one.
pub(super) const fn check_any(shape: SketchShape) -> Result<(), Error> {
    use crate::Rule;
    match (shape.rows, shape.cols) {
        (0, _) => Err(Error::Parameter { name: &"rows", rule: Rule::POSITIVE }),
        (_, 0) => Err(Error::Parameter { name: &"columns", rule: Rule::POSITIVE }),
        _ if !crate::base::storage::is_addressable(shape.len()) => {
            Err(Error::Parameter { name: &"rows", rule: Rule::ADDRESSABLE })
        }
        _ => Ok(()),
    }
}
