//! The floors below the families: arithmetic, functions, vectors, small matrices.

#[cfg(target_os = "none")]
mod bench;
mod cases;

use super::Family;

/// The family.
pub const FAMILY: Family = Family {
    cases: cases::all,
    #[cfg(target_os = "none")]
    bench: bench::all,
};
