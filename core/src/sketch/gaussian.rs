//! A sketch of independent normal numbers, whose distribution is known exactly.

use super::operator::{check_piece, sealed};
use super::{Numbering, Piece, SketchOperator, SketchShape};
use crate::linalg::vector;
use crate::random::keyed::{Domain, normal_pair, word2};
use crate::{Error, Real};

/// Which sketch has half-widths that are exact? Independent normal entries: the distribution of the sketched coefficients is
/// then known to the letter, for any data.
///
/// # Guarantee
/// Given `S A`, `x' - x ~ N(0, |r|^2 / m ((S A)'S A)^-1)`, `r` the residual of the exact `x`: the half-widths of
/// [`SketchedLeastSquares`](crate::regression::SketchedLeastSquares) hold with the probability asked for, whatever the rows.
/// # Cost
/// `2 rows * cols` flops a row, and `rows / 2` pairs of normal numbers, each a logarithm, a root, a sine and a cosine.
/// # Numerics
/// Floats only: the entries are not integers. Removing a row takes away what adding it gave but for the rounding of sums.
/// # Randomness
/// Keyed by (seed, row number, row of the sketch); Box and Muller through `libm` in the scalar of the data, so `f32` and `f64`
/// have sketches of their own.
/// # When to use another
/// [`Srht`](super::Srht) for everything but reference: the same coverage for a tenth of the time.
/// # Example
/// As [`Srct`](super::Srct).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GaussianSketch;

impl sealed::Sealed for GaussianSketch {}

impl<T: Real> SketchOperator<T> for GaussianSketch {
    const DENSE: bool = true;
    const GAUSSIAN: bool = true;
    // Half of a word has 32 bits: no normal number is beyond 6.7.
    const LARGEST: f64 = 10.0;
    const NUMBER: u8 = 3;

    fn from_parameter(parameter: u64) -> Option<Self> {
        (parameter == 0).then_some(Self)
    }

    fn accumulate_by(
        &self,
        _: Numbering,
        shape: SketchShape,
        _: &[u32],
        piece: Piece<'_, T>,
        state: &mut [T],
    ) -> Result<(), Error> {
        check_piece(shape, piece, state)?;
        let (from, to) = (piece.column, piece.column + piece.entries.len());
        for (pair, lines) in state.chunks_mut(2 * shape.cols).enumerate() {
            let (first, second) = normal_pair::<T>(word2(shape.seed, Domain::Normal, piece.index, pair as u64));
            for (line, factor) in lines.chunks_exact_mut(shape.cols).zip([first, second]) {
                vector::add_scaled(&mut line[from..to], factor.negate_if(piece.subtract), piece.entries);
            }
        }
        Ok(())
    }
}
