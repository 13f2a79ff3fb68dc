//! What [`ExactEigen`] adds to an image.

#![no_std]
#![no_main]

use panic_halt as _;
use portable_atomic as _;
use sketchlet_core::eigen::{ExactEigen, ExactEigenParams};

sketchlet_embedded_demo::size_image!(ExactEigen, ExactEigenParams::new(64));
