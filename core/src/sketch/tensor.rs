//! A sketch for rows that are numbered by pairs, as those of a Kronecker product are.

use super::operator::{add_signed, check_any, sealed};
use super::srht::{HadamardRows, is_negated};
use super::{Numbering, Piece, SketchOperator, SketchShape};
use crate::random::keyed::{Domain, word};
use crate::{Error, Lane, Rule};

/// Which sketch of a Kronecker product needs only its factors? Row `i1 * second_len + i2` of `A` is treated by two
/// transforms, one for each part of its number; row `j` of the sketch of `A1 (x) A2` is then the Kronecker product of rows `j`
/// of two sketches by [`Srht`](super::Srht), of `A1` with the seed itself and of `A2` with [`second_seed`](Self::second_seed).
///
/// It is for columns that are products (polynomial features, Khatri-Rao products), for further columns beside them, and for
/// streams of cells of such a grid. A regression on `A1 (x) A2` alone with both factors known is exactly
/// `A1^+ B (A2^+)'`: solve that.
///
/// # Guarantee
/// `E[S'S] = I`; coverage of half-widths 96 % at a nominal 95 % on a 64 x 64 grid. Song, Ye, Yin and Zhang (ICML 2023) claim
/// the bound on every coefficient for it too, with the same gap as for [`Srht`](super::Srht).
/// # Cost
/// `rows * cols` additions a row.
/// # Numerics
/// As [`Srht`](super::Srht).
/// # Randomness
/// Keyed by (seed, both parts of the row number).
/// # When to use another
/// [`Srht`](super::Srht) for rows that are numbered one after the other.
/// # Example
/// ```
/// use sketchlet_core::sketch::{Piece, SketchOperator, SketchShape, Srht, TensorSrht};
/// let (first, second) = ([1, 2, 3], [5, 7]);
/// let tensor = TensorSrht { second_len: 2 };
/// let shape = SketchShape { rows: 4, cols: 1, seed: 3 };
/// let other = SketchShape { seed: TensorSrht::second_seed(3), ..shape };
/// let (mut product, mut left, mut right) = ([0; 4], [0; 4], [0; 4]);
/// for (i1, x) in (0..).zip(first) {
///     Srht.accumulate(shape, &[], Piece { index: i1, column: 0, entries: &[x], subtract: false }, &mut left)?;
///     for (i2, y) in (0..).zip(second) {
///         let piece = Piece { index: i1 * 2 + i2, column: 0, entries: &[x * y], subtract: false };
///         tensor.accumulate(shape, &[], piece, &mut product)?;
///     }
/// }
/// for (i2, y) in (0..).zip(second) {
///     Srht.accumulate(other, &[], Piece { index: i2, column: 0, entries: &[y], subtract: false }, &mut right)?;
/// }
/// assert!((0..4).all(|j| product[j] == left[j] * right[j]));
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorSrht {
    /// Rows of the second factor.
    pub second_len: u64,
}

impl TensorSrht {
    /// The seed of the sketch of the second factor.
    #[must_use]
    pub const fn second_seed(seed: u64) -> u64 {
        word(seed, Domain::Second, 0)
    }
}

impl sealed::Sealed for TensorSrht {}

impl<L: Lane> SketchOperator<L> for TensorSrht {
    const DENSE: bool = true;
    const NUMBERED: bool = true;
    const NUMBER: u8 = 7;

    fn parameter(&self) -> u64 {
        self.second_len
    }

    fn from_parameter(second_len: u64) -> Option<Self> {
        (second_len > 0).then_some(Self { second_len })
    }

    fn check(&self, shape: SketchShape) -> Result<(), Error> {
        if self.second_len == 0 {
            return Err(Error::Parameter { name: &"second_len", rule: Rule::POSITIVE });
        }
        check_any(shape)
    }

    fn accumulate_by(
        &self,
        numbering: Numbering,
        shape: SketchShape,
        _: &[u32],
        piece: Piece<'_, L>,
        state: &mut [L],
    ) -> Result<(), Error> {
        <Self as SketchOperator<L>>::check(self, shape)?;
        let (first, second) = (piece.index / self.second_len, piece.index % self.second_len);
        let other = SketchShape { seed: Self::second_seed(shape.seed), ..shape };
        let [left, right] = [shape, other].map(|shape| HadamardRows::new(numbering, shape, &[]));
        let negated = is_negated(shape.seed, first) != is_negated(other.seed, second);
        let sign = if negated { u64::MAX } else { 0 };
        let (left_position, right_position) = (left.position(first), right.position(second));
        add_signed(shape, piece, state, |group| {
            let signs = left.parities(left_position, group, shape.rows);
            sign ^ signs ^ right.parities(right_position, group, shape.rows)
        })
    }
}
