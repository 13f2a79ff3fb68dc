//! The types whose features are on, one as a rule, and nothing else: what one adds to an image. Without any, nothing but start-up
//! and exit, which the others are compared with.

#![no_std]
#![no_main]

use panic_halt as _;
use portable_atomic as _;
use sketchlet_embedded_demo::board;
use sketchlet_embedded_demo::families::eigen::size;

#[cortex_m_rt::entry]
fn main() -> ! {
    board::exit(size::run())
}
