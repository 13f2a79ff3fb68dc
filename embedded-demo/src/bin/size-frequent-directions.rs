//! What [`FrequentDirections`] adds to an image: one summary of 64 columns, fed and asked, nothing printed.

#![no_std]
#![no_main]

use panic_halt as _;
use portable_atomic as _;
use sketchlet_core::RowSummary;
use sketchlet_core::eigen::{FrequentDirections, FrequentDirectionsParams, TopEigen};
use sketchlet_embedded_demo::board;
use sketchlet_embedded_demo::data::{MAX_DIM, Table};
use static_cell::ConstStaticCell;

const PARAMS: FrequentDirectionsParams = FrequentDirectionsParams::new(Table::Digits.dim());

static STORAGE: ConstStaticCell<[f32; PARAMS.storage_len()]> = ConstStaticCell::new([0.0; PARAMS.storage_len()]);

#[cortex_m_rt::entry]
fn main() -> ! {
    let Ok(mut summary) = FrequentDirections::new_in(PARAMS, STORAGE.take()) else { board::exit(false) };
    let (mut row, mut answer) = ([0.0; MAX_DIM], [0.0; PARAMS.answer_len()]);
    let fed = (0..Table::Digits.rows()).try_for_each(|i| summary.update(Table::Digits.load(i, &mut row)));
    board::exit(fed.is_ok() && summary.estimate(&mut answer).is_ok_and(|top| top.vector(0)[0] <= 1.0))
}
