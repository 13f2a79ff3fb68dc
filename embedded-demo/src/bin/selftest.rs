//! Compares the bits of every answer of the eigen family, and of the floors below, with golden values, and says how much stack
//! each case took.

#![no_std]
#![no_main]

use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_embedded_demo::summaries::ARENA;
use sketchlet_embedded_demo::{answers, board, check};
use static_cell::ConstStaticCell;

static STORAGE: ConstStaticCell<[f32; ARENA]> = ConstStaticCell::new([0.0; ARENA]);

#[cortex_m_rt::entry]
fn main() -> ! {
    board::exit(check::run(|sink| answers::all(STORAGE.take(), sink)))
}
