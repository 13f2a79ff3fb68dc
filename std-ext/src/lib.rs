//! sketchlet
pub use sketchlet_core::*;
