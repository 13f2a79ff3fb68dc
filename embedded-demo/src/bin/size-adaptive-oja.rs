//! What [`AdaptiveOja`] adds to an image.

#![no_std]
#![no_main]

use panic_halt as _;
use portable_atomic as _;
use sketchlet_core::eigen::{AdaptiveOja, AdaptiveOjaParams};

sketchlet_embedded_demo::size_image!(AdaptiveOja, AdaptiveOjaParams::new(64));
