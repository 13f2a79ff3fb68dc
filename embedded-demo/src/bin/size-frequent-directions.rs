//! What [`FrequentDirections`] adds to an image.

#![no_std]
#![no_main]

use panic_halt as _;
use portable_atomic as _;
use sketchlet_core::eigen::{FrequentDirections, FrequentDirectionsParams};

sketchlet_embedded_demo::size_image!(FrequentDirections, FrequentDirectionsParams::new(64));
