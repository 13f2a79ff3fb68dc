//! `Osnap`: each row is added, with random signs, to a few rows of the sketch.

use super::count::add_at;
use super::operator::{check_any, check_piece, sealed};
use super::{Numbering, Piece, SketchOperator, SketchShape};
use crate::random::keyed::{Domain, word2};
use crate::{Error, Lane, Real, Rule};

impl Rule {
    /// A multiple of the nonzeros of a column.
    pub const MULTIPLE_OF_NONZEROS: Self = Self::new(&"must be a multiple of the nonzeros");
}

/// Which sparse sketch is safe as a preconditioner? Each row of `A` goes, with random signs, to one row of each of `nonzeros`
/// equal parts of the sketch.
///
/// # Guarantee
/// `E[S'S] = I`, and lengths in a `d`-dimensional space are kept with `O(d log d)` rows and `O(log d)` nonzeros (Nelson and
/// Nguyen, FOCS 2013; Cohen, SODA 2016). It gives **no bound on single coefficients**: coverage down to 5 % at a nominal 95 %
/// on spikes.
/// # Cost
/// `nonzeros * cols` additions and as many words a row.
/// # Numerics
/// As [`Srht`](super::Srht).
/// # Randomness
/// Keyed by (seed, row number, part).
/// # When to use another
/// [`Srht`](super::Srht) in blocks costs no more than 8 nonzeros, and covers.
/// # Example
/// ```
/// use sketchlet_core::sketch::{Osnap, Piece, SketchOperator, SketchShape};
/// let (shape, mut state) = (SketchShape { rows: 8, cols: 1, seed: 0 }, [0; 8]);
/// let piece = Piece { index: 3, column: 0, entries: &[5], subtract: false };
/// Osnap { nonzeros: 4 }.accumulate(shape, &[], piece, &mut state)?;
/// assert_eq!(state.iter().filter(|&&x| x != 0).count(), 4);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Osnap {
    /// Entries of a column of `S` that are not zero; the rows must be a multiple of it.
    pub nonzeros: usize,
}

/// Eight nonzeros.
impl Default for Osnap {
    fn default() -> Self {
        Self { nonzeros: 8 }
    }
}

impl sealed::Sealed for Osnap {}

impl<L: Lane> SketchOperator<L> for Osnap {
    const DENSE: bool = false;
    const NUMBER: u8 = 6;

    fn parameter(&self) -> u64 {
        self.nonzeros as u64
    }

    fn from_parameter(parameter: u64) -> Option<Self> {
        usize::try_from(parameter).ok().filter(|&nonzeros| nonzeros > 0).map(|nonzeros| Self { nonzeros })
    }

    fn check(&self, shape: SketchShape) -> Result<(), Error> {
        check_any(shape)?;
        if self.nonzeros == 0 {
            return Err(Error::Parameter { name: &"nonzeros", rule: Rule::POSITIVE });
        }
        if !shape.rows.is_multiple_of(self.nonzeros) {
            return Err(Error::Parameter { name: &"rows", rule: Rule::MULTIPLE_OF_NONZEROS });
        }
        Ok(())
    }

    fn factor(&self, _: usize) -> f64 {
        1.0 / Real::sqrt(self.nonzeros as f64)
    }

    fn accumulate_by(
        &self,
        _: Numbering,
        shape: SketchShape,
        _: &[u32],
        piece: Piece<'_, L>,
        state: &mut [L],
    ) -> Result<(), Error> {
        <Self as SketchOperator<L>>::check(self, shape)?;
        check_piece(shape, piece, state)?;
        let rows = shape.rows / self.nonzeros;
        for (part, state) in state.chunks_exact_mut(rows * shape.cols).enumerate() {
            let word = word2(shape.seed, Domain::Bucket, piece.index, part as u64);
            add_at(word, rows, piece, state, shape.cols);
        }
        Ok(())
    }
}
