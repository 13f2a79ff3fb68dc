//! A node on a walking body: sketches its three channels and prints the bytes; the example `join` puts the nodes together.
//! All nodes have the same image: each is told its number, and goes on from there alone.
//!
//! Floats where there is a unit for them, else integers, which take additions only; the samples are whole numbers, so both have
//! the same sums.

#![no_std]
#![no_main]

use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_core::sketch::Srht;
use sketchlet_embedded_demo::board;
use sketchlet_embedded_demo::families::regression::nodes::{self, MAX_BYTES, PARAMS, Summary};
use static_cell::ConstStaticCell;

#[cfg(target_abi = "eabihf")]
type Number = f32;
#[cfg(not(target_abi = "eabihf"))]
type Number = i32;

static STORAGE: ConstStaticCell<[Number; PARAMS.storage_len()]> =
    ConstStaticCell::new([0 as Number; PARAMS.storage_len()]);
static INDICES: ConstStaticCell<[u32; PARAMS.index_len()]> = ConstStaticCell::new([0; PARAMS.index_len()]);
static OUT: ConstStaticCell<[u8; MAX_BYTES]> = ConstStaticCell::new([0; MAX_BYTES]);

#[cortex_m_rt::entry]
fn main() -> ! {
    board::run(|| {
        let mut summary = Summary::new_in(PARAMS, Srht, STORAGE.take(), INDICES.take())?;
        let out = OUT.take();
        let len = nodes::fill(&mut summary, board::number(), Number::from, out)?;
        board::print_hex(&out[..len]);
        Ok(())
    })
}
