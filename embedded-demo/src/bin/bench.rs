//! Instructions of the families in the image. Run in an emulator that counts them; see `run.sh bench`.

#![no_std]
#![no_main]

use cortex_m_semihosting::hprintln;
use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_embedded_demo::board::{self, Counter};
use sketchlet_embedded_demo::families;

#[cortex_m_rt::entry]
fn main() -> ! {
    let peripherals = cortex_m::Peripherals::take().expect("first and only taker");
    let mut counter = Counter::new(peripherals.SYST);
    hprintln!("{}: one tick is {} instructions", board::NAME, counter.resolution());
    board::run(|| families::ALL.iter().try_for_each(|family| (family.bench)(&mut counter)))
}
