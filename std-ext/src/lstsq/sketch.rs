//! Which operator sketches the rows.

use sketchlet_core::Rule;

/// The sketching operator: the preconditioner, or the answer itself with [`Path::Sketched`](super::Path::Sketched).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sketch {
    /// [`Srht`](crate::sketch::Srht) in blocks: the fastest.
    #[default]
    Srht,
    /// [`Srct`](crate::sketch::Srct), by fast Fourier transforms.
    Srct,
    /// [`GaussianSketch`](crate::sketch::GaussianSketch).
    Gaussian,
    /// [`RademacherSketch`](crate::sketch::RademacherSketch).
    Rademacher,
    /// [`CountSketch`](crate::sketch::CountSketch). As a preconditioner it can be off by any factor, or lose rank.
    CountSketch,
    /// [`Osnap`](crate::sketch::Osnap); 8 nonzeros are a good choice.
    Osnap {
        /// Entries of a column that are not zero; the rows must be a multiple of it.
        nonzeros: usize,
    },
    /// The transform of Song and Zhang's manuscript of August 2026: a Hadamard transform of all rows, shuffled, and pooled with normal
    /// weights. For rows in memory only; the rows are rounded up to a power of two.
    Pooled,
}

impl Sketch {
    /// One that needs all rows at once only for rows in memory.
    pub const STREAMABLE: Rule = Rule::new(&"needs all rows in memory here: take another");

    /// Its name, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Srht => "srht",
            Self::Srct => "srct",
            Self::Gaussian => "gaussian",
            Self::Rademacher => "rademacher",
            Self::CountSketch => "countsketch",
            Self::Osnap { .. } => "osnap",
            Self::Pooled => "pooled",
        }
    }

    /// Whether a bound on every coefficient may be given.
    pub const fn is_dense(self) -> bool {
        !matches!(self, Self::CountSketch | Self::Osnap { .. })
    }

    /// Whether the law behind that bound is exact whatever the rows.
    pub const fn is_gaussian(self) -> bool {
        matches!(self, Self::Gaussian)
    }
}
