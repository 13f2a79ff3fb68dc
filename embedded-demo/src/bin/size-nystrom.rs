//! What [`NystromSketch`] adds to an image.

#![no_std]
#![no_main]

use panic_halt as _;
use portable_atomic as _;
use sketchlet_core::eigen::{NystromSketch, NystromSketchParams};

sketchlet_embedded_demo::size_image!(NystromSketch, NystromSketchParams::new(64).sketch_rows(8));
