//! A sketch of independent random signs.

use super::operator::{add_signed, sealed};
use super::{Numbering, Piece, SketchOperator, SketchShape};
use crate::random::keyed::{Domain, word2};
use crate::{Error, Lane};

/// What is the plainest dense sketch without multiplications? Every entry of `S / g` is 1 or -1 by a coin of its own.
///
/// # Guarantee
/// `E[S'S] = I`; half-widths by the Gaussian law are calibrated, as for [`Srht`](super::Srht), at the level that
/// [`half_width_level`](crate::regression::half_width_level) gives to signs.
/// # Cost
/// `rows * cols` additions and `rows / 64` words a row.
/// # Numerics
/// As [`Srht`](super::Srht).
/// # Randomness
/// Keyed by (seed, row number, row of the sketch).
/// # When to use another
/// [`Srht`](super::Srht): fewer additions in blocks, and exact for short streams.
/// # Example
/// As [`Srct`](super::Srct).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RademacherSketch;

impl sealed::Sealed for RademacherSketch {}

impl<L: Lane> SketchOperator<L> for RademacherSketch {
    const DENSE: bool = true;
    const NUMBER: u8 = 4;

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
        add_signed(shape, piece, state, |group| word2(shape.seed, Domain::Rademacher, piece.index, group as u64))
    }
}
