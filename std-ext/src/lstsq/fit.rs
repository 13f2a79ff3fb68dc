//! The answer of `lstsq`: coefficients, rank, condition, backward error, warnings.

use super::Path;
use crate::regression::NoHalfWidths;
use std::fmt;

/// Coefficients, with rank, condition and backward error: how far to trust them.
#[derive(Clone, Debug, PartialEq)]
pub struct LeastSquaresFit<T> {
    /// Coefficients, targets x coefficients, row-major; the intercept first, if there is one. See [`target`](Self::target).
    pub coefficients: Vec<T>,
    /// Norm of the residual, one a target; of the weighted rows if there are weights.
    pub residual_norms: Vec<T>,
    /// Whether those norms are estimates, because only a sketch was looked at.
    pub residual_is_estimate: bool,
    /// For each coefficient, how far it may be from that of the exact answer; only with [`Path::Sketched`] and a dense sketch with
    /// rows to spare.
    pub half_widths: Option<Vec<T>>,
    /// For each coefficient, how far it may be from the truth if the rows are a sample with independent errors of one variance (with
    /// weights: of one variance over the weight). Only if [`LeastSquaresParams::standard_errors`](super::LeastSquaresParams) asks
    /// for them, for exact answers of independent columns, without a ridge, and with more rows than coefficients.
    pub standard_errors: Option<Vec<T>>,
    /// Number of independent columns: below that of the coefficients, these are the ones of least norm.
    pub rank: usize,
    /// Condition of the independent columns once their units are taken out, estimated from below; 0 if there are none.
    pub condition: T,
    /// The path that was taken.
    pub path: Path,
    /// Passes over the rows after the sketch.
    pub iterations: usize,
    /// For each target, the relative change of the matrix that would make the answer exact (Karlson and Walden's estimate);
    /// `None` with [`Path::Sketched`].
    pub backward_error: Option<Vec<T>>,
    /// Rows of the sketch; `None` if there was none.
    pub sketch_rows: Option<usize>,
    /// Rows that were read.
    pub rows: u64,
    /// What should be known.
    pub warnings: Vec<Warning>,
}

impl<T> LeastSquaresFit<T> {
    /// The coefficients of one target; none for a target that there isn't.
    pub fn target(&self, target: usize) -> &[T] {
        let width = self.coefficients.len() / self.residual_norms.len().max(1);
        self.coefficients.chunks_exact(width.max(1)).nth(target).unwrap_or_default()
    }
}

/// A warning about an answer, such as dependent features.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A path was tried and given up.
    PathLeft {
        /// The path.
        path: Path,
    },
    /// Columns depend on each other: the coefficients are those of least norm.
    RankDeficient {
        /// Number of independent columns.
        rank: usize,
    },
    /// So ill-conditioned that few digits of the coefficients mean anything.
    IllConditioned {
        /// The condition, estimated.
        condition: f64,
    },
    /// A sparse sketch gives no bound on single coefficients.
    NoBound,
    /// A dense sketch gives no bound here either.
    NoHalfWidths {
        /// Why not.
        reason: NoHalfWidths,
    },
    /// A sparse sketch can be a poor preconditioner, whatever its number of rows.
    SparsePreconditioner,
    /// The sketch would have been as large as the data, so the answer is exact.
    SketchTooLarge,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PathLeft { path } => write!(f, "path {path} could not serve and was given up"),
            Self::RankDeficient { rank } => {
                write!(f, "columns depend on each other, rank {rank}: coefficients of least norm")
            }
            Self::IllConditioned { condition } => {
                write!(f, "condition {condition:.0e}: few digits of the coefficients mean anything")
            }
            Self::NoBound => f.write_str("a sparse sketch gives no bound on single coefficients: take a dense one"),
            Self::NoHalfWidths { reason } => reason.fmt(f),
            Self::SparsePreconditioner => {
                f.write_str("a sparse sketch can be a poor preconditioner: take srht, which costs no more")
            }
            Self::SketchTooLarge => f.write_str("the sketch would be as large as the data: solved exactly"),
        }
    }
}
