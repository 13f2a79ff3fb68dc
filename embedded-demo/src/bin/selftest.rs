//! Compares the bits of every answer of the families in the image with golden values, and says how much stack each case took.

#![no_std]
#![no_main]

use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_embedded_demo::board;

#[cortex_m_rt::entry]
fn main() -> ! {
    board::exit(board::self_test())
}
