//! `CountSketch`: each row is added, with a random sign, to one row of the sketch.

use super::operator::{add_line, check_piece, sealed};
use super::{Numbering, Piece, SketchOperator, SketchShape};
use crate::random::keyed::{Domain, word};
use crate::{Error, Lane};

/// Which sketch costs one addition an entry? Each row of `A` goes, with a random sign, to one row of the sketch.
///
/// # Guarantee
/// `E[S'S] = I`, and `S` keeps the lengths of all vectors of a `d`-dimensional space to `eps` with probability `1 - delta` for
/// `m >= d^2 / (eps^2 delta)` rows (Clarkson and Woodruff, STOC 2013). It gives **no bound on single coefficients**: two heavy
/// rows that meet in one place throw them off by any amount, or lose the rank. With `d` unit spikes and `m = 16 d` the rank is
/// lost in nine seeds of ten, where [`Srht`](super::Srht) never does.
/// # Cost
/// `cols` additions and one word a row.
/// # Numerics
/// As [`Srht`](super::Srht).
/// # Randomness
/// Keyed by (seed, row number).
/// # When to use another
/// Any dense operator, if the answer is to be trusted coefficient by coefficient; [`Osnap`](super::Osnap) as a preconditioner.
/// # Example
/// As [`Srct`](super::Srct).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountSketch;

impl sealed::Sealed for CountSketch {}

impl<L: Lane> SketchOperator<L> for CountSketch {
    const DENSE: bool = false;
    const NUMBER: u8 = 5;

    fn from_parameter(parameter: u64) -> Option<Self> {
        (parameter == 0).then_some(Self)
    }

    fn factor(&self, _: usize) -> f64 {
        1.0
    }

    fn accumulate_by(
        &self,
        _: Numbering,
        shape: SketchShape,
        _: &[u32],
        piece: Piece<'_, L>,
        state: &mut [L],
    ) -> Result<(), Error> {
        check_piece(shape, piece, state)?;
        add_at(word(shape.seed, Domain::Bucket, piece.index), shape.rows, piece, state, shape.cols);
        Ok(())
    }
}

/// Adds the piece to one of the first `rows` rows of the state, both row and sign chosen by the word.
pub(super) fn add_at<L: Lane>(word: u64, rows: usize, piece: Piece<'_, L>, state: &mut [L], cols: usize) {
    #[allow(clippy::cast_possible_truncation, reason = "below the number of rows")]
    let row = ((u128::from(word >> 32) * rows as u128) >> 32) as usize;
    let from = row * cols + piece.column;
    add_line(&mut state[from..from + piece.entries.len()], piece.entries, (word & 1 == 1) != piece.subtract);
}
