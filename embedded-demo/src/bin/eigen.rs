//! Which direction do accelerometers mostly move in? The demo of the eigen family: memory in a static, rows one at a time,
//! an answer with a verdict whenever it is wanted.

#![no_std]
#![no_main]

use cortex_m_semihosting::hprintln;
use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_core::eigen::{RandomOrderEigen, RandomOrderEigenParams, TopEigen, WarmUp};
use sketchlet_core::{Error, RowSummary};
use sketchlet_embedded_demo::board::{self, Stack};
use sketchlet_embedded_demo::data::{MAX_DIM, Table};
use static_cell::ConstStaticCell;

/// Nine columns, two vectors' worth of iteration, four heavy rows, an order check in little memory.
const PARAMS: RandomOrderEigenParams =
    RandomOrderEigenParams::new(Table::Imu.dim()).width(2).heavy_capacity(4).warm_up(WarmUp::Running);

static STORAGE: ConstStaticCell<[f32; PARAMS.storage_len()]> = ConstStaticCell::new([0.0; PARAMS.storage_len()]);

#[cortex_m_rt::entry]
fn main() -> ! {
    let outcome = run();
    if let Err(error) = outcome {
        hprintln!("{}", error);
    }
    board::exit(outcome.is_ok())
}

fn run() -> Result<(), Error> {
    let mut summary = RandomOrderEigen::new_in(PARAMS, STORAGE.take())?;
    let (mut row, mut answer) = ([0.0; MAX_DIM], [0.0; PARAMS.answer_len()]);
    for i in 0..Table::Imu.rows() {
        summary.update(Table::Imu.load(i, &mut row))?;
        // An answer for every prefix; asking changes nothing.
        if [10, 100, 1000].contains(&(i + 1)) {
            let top = summary.estimate(&mut answer)?;
            hprintln!("after {} rows, status {}", i + 1, top.confidence.status);
            for (j, x) in top.vector(0).iter().enumerate() {
                hprintln!("  v{} {:9.6} {:08x}", j, x, x.to_bits());
            }
            hprintln!("  value {:016x}", top.value(0).as_f64().to_bits());
            if let Some(bound) = top.confidence.error_bound {
                hprintln!("  certified error {:.9} {:08x}", bound, bound.to_bits());
            }
        }
    }
    let bytes = size_of_val(&summary) + size_of::<[f32; PARAMS.storage_len()]>();
    hprintln!("{}: summary {} bytes, stack {} of {} bytes", board::NAME, bytes, Stack::high_water(), Stack::capacity());
    Ok(())
}
