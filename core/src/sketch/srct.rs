//! The subsampled randomised circulant transform: random signs, then rows of a random circulant matrix.

use super::operator::{SIGNS, add_signed, sealed};
use super::srht::is_negated;
use super::{Numbering, Piece, SketchOperator, SketchShape};
use crate::random::keyed::{Domain, word};
use crate::{Error, Lane};

/// Which dense sketch has no structure that chosen row numbers could exploit? Random signs on the rows of `A`, then rows of
/// an endless circulant matrix: entry `(j, i)` of `S / g` is `sign(i) g(j - i)`, with `g` a sequence of
/// random signs over all integers.
///
/// # Guarantee
/// `E[S'S] = I`. Half-widths by the Gaussian law are calibrated, as for [`Srht`](super::Srht), whose docs say what is proven
/// and what is claimed.
/// # Cost
/// `rows * cols` additions and `rows / 64 + 1` words a row.
/// # Numerics
/// As [`Srht`](super::Srht).
/// # Randomness
/// Keyed by (seed, row number).
/// # When to use another
/// [`Srht`](super::Srht) in blocks takes a fraction of the additions.
/// # Example
/// ```
/// use sketchlet_core::sketch::{Piece, SketchOperator, SketchShape, Srct};
/// let shape = SketchShape { rows: 3, cols: 1, seed: 1 };
/// let (mut state, mut piece) = ([0.0f32; 3], Piece { index: 9, column: 0, entries: &[2.5], subtract: false });
/// Srct.accumulate(shape, &[], piece, &mut state)?;
/// assert!(state.iter().all(|x| x.abs() == 2.5));
/// piece.subtract = true;
/// Srct.accumulate(shape, &[], piece, &mut state)?;
/// assert_eq!(state, [0.0; 3]);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Srct;

impl sealed::Sealed for Srct {}

impl<L: Lane> SketchOperator<L> for Srct {
    const DENSE: bool = true;
    const NUMBER: u8 = 2;

    fn from_parameter(parameter: u64) -> Option<Self> {
        (parameter == 0).then_some(Self)
    }

    fn accumulate_by(
        &self,
        _: Numbering,
        shape: SketchShape,
        _: &[u32],
        piece: Piece<'_, L>,
        state: &mut [L],
    ) -> Result<(), Error> {
        let sign = if is_negated(shape.seed, piece.index) { u64::MAX } else { 0 };
        add_signed(shape, piece, state, |group| {
            // Row numbers and differences wrap: the sequence is endless at both ends.
            let from = ((group * SIGNS) as u64).wrapping_sub(piece.index);
            sign ^ generator_bits(shape.seed, from)
        })
    }
}

/// 64 signs of the sequence, from any place on.
fn generator_bits(seed: u64, from: u64) -> u64 {
    let (place, offset) = (from >> 6, from & 63);
    let bits = |place| word(seed, Domain::Generator, place);
    // The place of a word is that of its first sign over 64: 58 bits, which wrap as the signs do.
    let next = (place + 1) & (u64::MAX >> 6);
    if offset == 0 { bits(place) } else { bits(place) >> offset | bits(next) << (64 - offset) }
}
