//! What [`BlockPower`] adds to an image.

#![no_std]
#![no_main]

use panic_halt as _;
use portable_atomic as _;
use sketchlet_core::eigen::{BlockPower, BlockPowerParams};

sketchlet_embedded_demo::size_image!(BlockPower, BlockPowerParams::new(64).heavy_capacity(8));
