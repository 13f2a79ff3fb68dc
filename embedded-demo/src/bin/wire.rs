//! A summary filled here, printed as bytes in hex: the host decodes them and compares them with its own; see the example
//! `wire`.

#![no_std]
#![no_main]

use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_embedded_demo::board;
use sketchlet_embedded_demo::families::eigen::wire::{MAX_BYTES, STORAGE_LEN, encode};
use static_cell::ConstStaticCell;

static STORAGE: ConstStaticCell<[f32; STORAGE_LEN]> = ConstStaticCell::new([0.0; STORAGE_LEN]);
static OUT: ConstStaticCell<[u8; MAX_BYTES]> = ConstStaticCell::new([0; MAX_BYTES]);

#[cortex_m_rt::entry]
fn main() -> ! {
    board::run(|| {
        let out = OUT.take();
        let len = encode(STORAGE.take(), out)?;
        board::print_hex(&out[..len]);
        Ok(())
    })
}
