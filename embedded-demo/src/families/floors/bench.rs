//! Instructions of kernels.

use crate::board::{Counter, Milli};
use crate::data::MAX_DIM;
use core::hint::black_box;
use cortex_m_semihosting::hprintln;
use sketchlet_core::Error;
use sketchlet_core::linalg::{packed, symmetric, vector};
use sketchlet_core::random::keyed::{Domain, symmetric as uniform, word};
use static_cell::ConstStaticCell;

/// Entries of the longest vector.
const LONG: usize = 4 * MAX_DIM;
/// Entries of two vectors and of a triangle.
const ARENA: usize = 2 * LONG + packed::len(32);
static STORAGE: ConstStaticCell<[f32; ARENA]> = ConstStaticCell::new([0.0; ARENA]);

/// Calls of a kernel that are timed together.
const CALLS: u32 = 1000;

fn report(what: &str, len: usize, instructions: Milli, elements: usize) {
    let each = Milli(instructions.0 / elements as u64);
    hprintln!("bench {}/{} instructions {} per-element {}", what, len, instructions, each);
}

/// Counts them all.
#[allow(clippy::unnecessary_wraps, reason = "as every family has it")]
pub(super) fn all(counter: &mut Counter) -> Result<(), Error> {
    let (numbers, rest) = STORAGE.take().split_at_mut(2 * LONG);
    for (i, x) in numbers.iter_mut().enumerate() {
        *x = uniform(word(1, Domain::Normal, i as u64));
    }
    let (x, y) = numbers.split_at_mut(LONG);
    for len in [8, 9, 16, 64, 67, 256] {
        // Both loops take the slices from memory and give a number away; only one multiplies.
        let empty = counter.per_call(CALLS, || {
            let (x, _) = black_box((&x[..len], &y[..len]));
            black_box(x[0]);
        });
        let full = counter.per_call(CALLS, || {
            let (x, y) = black_box((&x[..len], &y[..len]));
            black_box(vector::dot(x, y));
        });
        report("linalg/dot/f32", len, Milli(full.0.saturating_sub(empty.0)), len);
    }
    for len in [9, 64] {
        let full = counter.per_call(CALLS, || vector::add_scaled(black_box(&mut y[..len]), 1e-6, black_box(&x[..len])));
        report("linalg/add-scaled/f32", len, full, len);
    }
    for dim in [9, 32] {
        let triangle = &mut rest[..packed::len(dim)];
        triangle.fill(0.0);
        let full = counter.per_call(100, || packed::add_row(black_box(&mut *triangle), black_box(&x[..dim])));
        report("linalg/add-row/f32", dim, full, triangle.len());
        let full = counter.per_call(100, || packed::add_rows(black_box(&mut *triangle), black_box(&x[..4 * dim]), dim));
        report("linalg/add-rows-of-4/f32", dim, full, 4 * triangle.len());
    }
    let (matrix, rest) = rest.split_at_mut(16 * 16);
    let (vectors, values) = rest.split_at_mut(16 * 16);
    for dim in [9, 16] {
        let (matrix, values) = (&mut matrix[..dim * dim], &mut values[..dim]);
        for i in 0..dim {
            for j in 0..dim {
                matrix[i * dim + j] = vector::dot(&x[8 * i..8 * i + 32], &x[8 * j..8 * j + 32]);
            }
        }
        let once = counter.count(|| symmetric::eigen(black_box(matrix), vectors, values));
        report("linalg/symmetric-eigen/f32", dim, once, dim * dim * dim);
    }
    Ok(())
}
