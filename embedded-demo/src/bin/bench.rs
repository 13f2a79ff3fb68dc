//! Instructions of kernels and of updates. Run in an emulator that counts them; see `run.sh bench`.

#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m_semihosting::hprintln;
use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_core::Error;
use sketchlet_core::eigen::TopEigen;
use sketchlet_core::linalg::{packed, symmetric, vector};
use sketchlet_core::random::keyed::{Domain, symmetric as uniform, word};
use sketchlet_embedded_demo::board::{self, Counter, Milli, Stack};
use sketchlet_embedded_demo::data::MAX_DIM;
use sketchlet_embedded_demo::summaries::{self, ARENA, Case, Visitor};
use static_cell::ConstStaticCell;

static STORAGE: ConstStaticCell<[f32; ARENA]> = ConstStaticCell::new([0.0; ARENA]);

/// Calls of a kernel that are timed together.
const CALLS: u32 = 1000;

#[cortex_m_rt::entry]
fn main() -> ! {
    let peripherals = cortex_m::Peripherals::take().expect("first and only taker");
    let mut counter = Counter::new(peripherals.SYST);
    hprintln!("{}: one tick is {} instructions", board::NAME, counter.resolution());
    let arena = STORAGE.take();
    kernels(&mut counter, arena);
    let outcome = summaries::each(arena, &mut Bench { counter });
    if let Err(error) = outcome {
        hprintln!("{}", error);
    }
    board::exit(outcome.is_ok())
}

fn report(what: &str, len: usize, instructions: Milli, elements: usize) {
    let each = Milli(instructions.0 / elements as u64);
    hprintln!("bench {}/{} instructions {} per-element {}", what, len, instructions, each);
}

fn kernels(counter: &mut Counter, arena: &mut [f32; ARENA]) {
    const LONG: usize = 4 * MAX_DIM;
    let (numbers, rest) = arena.split_at_mut(2 * LONG);
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
}

struct Bench {
    counter: Counter,
}

/// Rows after which the cost of a row is looked at. Digits are all about equally long: for the first 256 of them, each is
/// at least 1/256 of the energy so far and thereby heavy.
const SETTLED: usize = 400;

/// Rows that are timed together: as many as Frequent Directions of 8 rows takes from one shrink to the next, and few enough
/// for the 24 bits of the timer on a part without floating-point unit.
const GROUP: usize = 9;

/// Groups, an odd number: those in which a block ends don't move their median.
const GROUPS: usize = 25;

/// The verbs as functions of their own, so that their stack is not part of the bench's frame.
#[inline(never)]
fn update<M: TopEigen<Scalar = f32>>(summary: &mut M, row: &[f32]) -> Result<(), Error> {
    summary.update(row)
}

#[inline(never)]
fn estimate<M: TopEigen<Scalar = f32>>(summary: &mut M, answer: &mut [f32]) -> Result<(), Error> {
    summary.estimate(answer).map(|top| {
        black_box(top.confidence.status);
    })
}

impl Visitor for Bench {
    /// From an empty summary through the whole table, every update timed; then, once rows are ordinary and blocks are long,
    /// groups of rows, whose median is the cost of a row.
    fn visit<M: TopEigen<Scalar = f32>>(&mut self, case: Case<'_, M>) -> Result<(), Error> {
        let Case { name, mut summary, storage_bytes, state_bytes, table, answer } = case;
        let counter = &mut self.counter;
        let (mut row, mut outcome) = ([0.0; MAX_DIM], Ok(()));
        let (mut sum, mut longest) = (0, Milli(0));
        Stack::repaint();
        let floor = Stack::in_use();
        for i in 0..table.rows() {
            let row = table.load(i, &mut row);
            let once = counter.count(|| outcome = update(&mut summary, row));
            outcome?;
            sum += once.0;
            longest = longest.max(once);
        }
        let update_stack = Stack::high_water().saturating_sub(floor);
        let mean = sum / table.rows() as u64;
        for i in table.rows()..SETTLED {
            update(&mut summary, table.load(i, &mut row))?;
        }
        let mut groups = [Milli(0); GROUPS];
        for (first, group) in (0..).step_by(GROUP).zip(&mut groups) {
            let rows = first..first + GROUP;
            let converting = || {
                rows.clone().for_each(|i| {
                    black_box(table.load(i, &mut row));
                });
            };
            let feed = counter.count(converting);
            let updating =
                || outcome = rows.clone().try_for_each(|i| update(&mut summary, black_box(table.load(i, &mut row))));
            let whole = counter.count(updating);
            outcome?;
            *group = Milli(whole.0.saturating_sub(feed.0) / GROUP as u64);
        }
        groups.sort_unstable();
        Stack::repaint();
        let answering = counter.count(|| outcome = estimate(&mut summary, answer));
        outcome?;
        let estimate_stack = Stack::high_water().saturating_sub(floor);
        hprintln!(
            "bench {} row {} mean {} longest {} estimate {} bytes {} stack {} {}",
            name,
            groups[GROUPS / 2].0 / 1000,
            mean / 1000,
            longest.0 / 1000,
            answering.0 / 1000,
            storage_bytes + state_bytes,
            update_stack,
            estimate_stack
        );
        Ok(())
    }
}
