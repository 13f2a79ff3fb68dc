//! A room for every family: the cases of its self-test, its bench, what else of it runs on a board.
//!
//! A new family is a folder here, a module, and a line in [`ALL`] and in the features of `Cargo.toml`. An image holds the
//! families whose features are on: all of them together are more than a small board has flash for.

pub mod eigen;
#[cfg(feature = "floors")]
pub mod floors;
#[cfg(feature = "regression")]
pub mod regression;
#[cfg(feature = "submodular")]
pub mod submodular;

#[cfg(target_os = "none")]
use crate::board::Counter;
use crate::golden::Sink;
use sketchlet_core::Error;

/// What every family has.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Computes the values of its cases; on an error, the sink was told which case began.
    pub cases: fn(&mut dyn Sink) -> Result<(), Error>,
    /// Counts and prints instructions.
    #[cfg(target_os = "none")]
    pub bench: fn(&mut Counter) -> Result<(), Error>,
}

/// The families of the image.
pub const ALL: &[Family] = &[
    #[cfg(feature = "floors")]
    floors::FAMILY,
    #[cfg(feature = "eigen")]
    eigen::FAMILY,
    #[cfg(feature = "regression")]
    regression::FAMILY,
    #[cfg(feature = "submodular")]
    submodular::FAMILY,
];
