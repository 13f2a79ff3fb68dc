//! A summary filled here, printed as bytes in hex: the host decodes them and compares them with its own; see the example
//! `wire`.

#![no_std]
#![no_main]

use cortex_m_semihosting::{hprint, hprintln};
use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_core::Error;
use sketchlet_embedded_demo::board;
use sketchlet_embedded_demo::device::{MAX_BYTES, STORAGE_LEN, encode};
use static_cell::ConstStaticCell;

static STORAGE: ConstStaticCell<[f32; STORAGE_LEN]> = ConstStaticCell::new([0.0; STORAGE_LEN]);
static OUT: ConstStaticCell<[u8; MAX_BYTES]> = ConstStaticCell::new([0; MAX_BYTES]);

#[cortex_m_rt::entry]
fn main() -> ! {
    let outcome = run();
    if let Err(error) = outcome {
        hprintln!("{}", error);
    }
    board::exit(outcome.is_ok())
}

fn run() -> Result<(), Error> {
    let (storage, out) = (STORAGE.take(), OUT.take());
    let len = encode(storage, out)?;
    for line in out[..len].chunks(32) {
        line.iter().for_each(|byte| hprint!("{:02x}", byte));
        hprintln!();
    }
    Ok(())
}
