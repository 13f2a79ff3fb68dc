//! Nothing but start-up and exit: what the sizes of the other images are compared with.

#![no_std]
#![no_main]

use panic_halt as _;

#[cortex_m_rt::entry]
fn main() -> ! {
    sketchlet_embedded_demo::board::exit(true)
}
