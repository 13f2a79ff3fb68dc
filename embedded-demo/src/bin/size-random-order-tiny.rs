//! What [`RandomOrderEigen`] within 4 KiB of RAM adds to an image.

#![no_std]
#![no_main]

use panic_halt as _;
use portable_atomic as _;
use sketchlet_core::eigen::RandomOrderEigen;
use sketchlet_embedded_demo::summaries::tiny;

sketchlet_embedded_demo::size_image!(RandomOrderEigen, tiny());
