//! What [`CandidIncremental`] adds to an image.

#![no_std]
#![no_main]

use panic_halt as _;
use portable_atomic as _;
use sketchlet_core::eigen::{CandidIncremental, CandidIncrementalParams};

sketchlet_embedded_demo::size_image!(CandidIncremental, CandidIncrementalParams::new(64));
