//! The paths to an answer, and their names.

use std::fmt;

/// How a least-squares problem is solved, and how it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Path {
    /// Whichever of the others suits: [`Exact`](Self::Exact) for few rows; otherwise the condition decides, that of the Gram matrix
    /// or of a sketch, between [`Normal`](Self::Normal), [`PreconditionedCholesky`](Self::PreconditionedCholesky) and, from
    /// 400 coefficients on, [`PreconditionedCg`](Self::PreconditionedCg).
    #[default]
    Auto,
    /// Householder QR of the rows, some thousand at a time; pivoted where columns depend on each other.
    Exact,
    /// Normal equations, refined with residuals of the data. For conditions below 1e6 in `f64`, 1e2 in `f32`.
    Normal,
    /// Normal equations of `A R^-1`, `R` from a sketch: their condition is near 1, whatever that of `A`. Refined like those.
    PreconditionedCholesky,
    /// Conjugate gradients on `A R^-1`, twice: some thirty passes over the rows, each as cheap as reading them.
    PreconditionedCg,
    /// The heavy-ball iteration on `A R^-1`, twice: as many passes, without inner products. Needs a sketch of at least 8 rows a
    /// coefficient, and a dense one.
    HeavyBall,
    /// The answer of the sketch itself: one pass, and a half-width with every coefficient instead of all its digits.
    Sketched,
}

impl Path {
    /// Its name, as the command prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Exact => "exact",
            Self::Normal => "normal",
            Self::PreconditionedCholesky => "preconditioned-cholesky",
            Self::PreconditionedCg => "preconditioned-cg",
            Self::HeavyBall => "heavy-ball",
            Self::Sketched => "sketched",
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
