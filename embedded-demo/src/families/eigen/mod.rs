//! The eigen family. Without its feature there is no more of it than an image for the size of one type needs.

#[cfg(all(feature = "eigen", target_os = "none"))]
mod bench;
#[cfg(feature = "eigen")]
mod cases;
#[cfg(target_os = "none")]
pub mod size;
#[cfg(feature = "eigen")]
mod summaries;
pub mod wire;

#[cfg(feature = "eigen")]
use super::Family;

use sketchlet_core::eigen::{RandomOrderEigen, RandomOrderEigenParams};
use sketchlet_core::stream::WarmUp;

/// The family.
#[cfg(feature = "eigen")]
pub const FAMILY: Family = Family {
    cases: cases::all,
    #[cfg(target_os = "none")]
    bench: bench::all,
};

/// The random-order summary that fits in 4 KiB.
pub const fn tiny() -> RandomOrderEigenParams {
    RandomOrderEigenParams::new(64).width(2).heavy_capacity(4).warm_up(WarmUp::Running)
}

/// Storage, counters and parameters; pointers of a host are longer, so this is an upper bound of what a board needs.
const TINY_BYTES: usize = size_of::<[f32; tiny().storage_len()]>() + size_of::<RandomOrderEigen<f32, &mut [f32]>>();
const _: () = assert!(TINY_BYTES <= 4096);
