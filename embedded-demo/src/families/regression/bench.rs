//! Instructions of the regression family: rows and answers with 16 features (8 on the small board) and a target, sketches of
//! 8 rows a feature in blocks of 2.

use crate::board::{Counter, Milli, Stack};
use crate::data::{MAX_DIM, Table};
use core::hint::black_box;
use cortex_m_semihosting::hprintln;
use sketchlet_core::regression::{
    Fit, Gradient, GradientParams, NormalEquations, NormalEquationsParams, Query, RecursiveLeastSquares,
    RecursiveLeastSquaresParams, SketchedLeastSquares, SketchedLeastSquaresParams, StreamingQr, StreamingQrParams,
};
use sketchlet_core::sketch::{SketchOperator, Srct, Srht};
use sketchlet_core::{Error, Lane, RowSummary};
use static_cell::ConstStaticCell;

/// Features: as many as leave room on the board.
const DIM: usize = if cfg!(target_abi = "eabihf") { 16 } else { 8 };
/// And a target.
const COLUMNS: usize = DIM + 1;
const FEATURES: [usize; DIM] = {
    let mut features = [0; DIM];
    let mut j = 1;
    while j < DIM {
        features[j] = j;
        j += 1;
    }
    features
};
const TARGET: [usize; 1] = [DIM];
const QUERY: Query<'static> = Query::new(&FEATURES, &TARGET);

const SKETCH: SketchedLeastSquaresParams = SketchedLeastSquaresParams::new(COLUMNS, 8 * DIM).ranges(1);
const BLOCKED: SketchedLeastSquaresParams = SKETCH.block_len(2 * DIM);
const TABLED: SketchedLeastSquaresParams = BLOCKED.row_table();
const QR: StreamingQrParams = StreamingQrParams::new(COLUMNS);
const NORMAL: NormalEquationsParams = NormalEquationsParams::new(COLUMNS);
const GRADIENT: GradientParams = GradientParams::new(DIM, 1);
const RECURSIVE: RecursiveLeastSquaresParams = RecursiveLeastSquaresParams::new(DIM);

/// Rows that are timed: four blocks.
const ROWS: usize = 8 * DIM;

static SUMS: ConstStaticCell<[i32; BLOCKED.storage_len()]> = ConstStaticCell::new([0; BLOCKED.storage_len()]);
static WORDS: ConstStaticCell<[u32; TABLED.index_len()]> = ConstStaticCell::new([0; TABLED.index_len()]);
/// For the methods without a sketch.
static SMALL: ConstStaticCell<[f32; QR.storage_len()]> = ConstStaticCell::new([0.0; QR.storage_len()]);
static FLOATS: ConstStaticCell<[f32; BLOCKED.storage_len()]> = ConstStaticCell::new([0.0; BLOCKED.storage_len()]);

/// Counts those of every summary.
pub(super) fn all(counter: &mut Counter) -> Result<(), Error> {
    let (sums, words) = (SUMS.take(), WORDS.take());
    sketched("srht-f32", BLOCKED, Srht, (FLOATS.take(), words), |x| x, counter)?;
    sketched("srht-i32", BLOCKED, Srht, (sums, words), whole, counter)?;
    sketched("srht-i32-table", TABLED, Srht, (sums, words), whole, counter)?;
    sketched("srct-i32", SKETCH, Srct, (sums, words), whole, counter)?;
    let floats = SMALL.take();
    streaming_qr(floats, counter)?;
    normal_equations(floats, counter)?;
    normal_equations_of_integers(counter)?;
    recursive(floats, counter)?;
    gradient(floats, counter)
}

#[allow(clippy::cast_possible_truncation, reason = "pixels from 0 to 16")]
fn whole(x: f32) -> i32 {
    x as i32
}

fn row<L: Copy>(index: usize, convert: fn(f32) -> L) -> [L; COLUMNS] {
    let mut buffer = [0.0; MAX_DIM];
    let digits = Table::Digits.load(index, &mut buffer);
    core::array::from_fn(|j| convert(digits[(j * 3 + 2) % MAX_DIM]))
}

/// Every update of some blocks timed, then an answer.
fn measure<L: Copy, M>(
    name: &str,
    bytes: usize,
    summary: &mut M,
    convert: fn(f32) -> L,
    update: fn(&mut M, &[L; COLUMNS]) -> Result<(), Error>,
    answer: impl FnOnce(&M) -> Result<(), Error>,
    counter: &mut Counter,
) -> Result<(), Error> {
    let (mut sum, mut longest, mut shortest, mut outcome) = (0, Milli(0), Milli(u64::MAX), Ok(()));
    Stack::repaint();
    let floor = Stack::in_use();
    for index in 0..ROWS {
        let row = row(index, convert);
        let once = counter.count(|| outcome = update(black_box(&mut *summary), black_box(&row)));
        outcome?;
        sum += once.0;
        longest = longest.max(once);
        shortest = shortest.min(once);
    }
    let update_stack = Stack::high_water().saturating_sub(floor);
    Stack::repaint();
    let answering = counter.count(|| outcome = answer(summary));
    outcome?;
    hprintln!(
        "bench regression/{}/{} row {} shortest {} longest {} answer {} bytes {} stack {} {}",
        name,
        DIM,
        sum / 1000 / ROWS as u64,
        shortest.0 / 1000,
        longest.0 / 1000,
        answering.0 / 1000,
        bytes,
        update_stack,
        Stack::high_water().saturating_sub(floor)
    );
    Ok(())
}

/// The ridge makes every problem one of full rank.
fn ask<'a>(
    answer: &'a mut [f32; QUERY.answer_len()],
    solve: impl FnOnce(&Query<'_>, &mut [f32], &'a mut [f32]) -> Result<Fit<'a, f32>, Error>,
) -> Result<(), Error> {
    let mut scratch = [0f32; QUERY.scratch_len()];
    solve(&QUERY.ridge(1.0), &mut scratch, answer).map(|fit| {
        black_box(fit.coefficients[0]);
    })
}

#[inline(never)]
fn sketched<L: Lane, O: SketchOperator<L>>(
    name: &str,
    params: SketchedLeastSquaresParams,
    operator: O,
    (scalars, words): (&mut [L], &mut [u32]),
    convert: fn(f32) -> L,
    counter: &mut Counter,
) -> Result<(), Error> {
    let (scalars, words) = (&mut scalars[..params.storage_len()], &mut words[..params.index_len()]);
    let bytes = size_of_val(scalars) + size_of_val(words);
    let mut summary = SketchedLeastSquares::new_in(params, operator, scalars, words)?;
    let answer = |summary: &SketchedLeastSquares<L, O, &mut [L], &mut [u32]>| {
        ask(&mut [0.0; QUERY.answer_len()], |query, scratch, answer| summary.solve_in(query, scratch, answer))
    };
    let bytes = bytes + size_of_val(&summary);
    measure(name, bytes, &mut summary, convert, |summary, row| summary.update(row), answer, counter)
}

#[inline(never)]
fn streaming_qr(floats: &mut [f32], counter: &mut Counter) -> Result<(), Error> {
    let storage = &mut floats[..QR.storage_len()];
    let bytes = size_of_val(storage);
    let mut summary = StreamingQr::new_in(QR, storage)?;
    let answer = |summary: &StreamingQr<f32, &mut [f32]>| {
        ask(&mut [0.0; QUERY.answer_len()], |query, scratch, answer| summary.solve_in(query, scratch, answer))
    };
    let bytes = bytes + size_of_val(&summary);
    measure("streaming-qr", bytes, &mut summary, |x| x, |summary, row| summary.update(row), answer, counter)
}

#[inline(never)]
fn normal_equations(floats: &mut [f32], counter: &mut Counter) -> Result<(), Error> {
    let storage = &mut floats[..NORMAL.storage_len()];
    let bytes = size_of_val(storage);
    let mut summary = NormalEquations::new_in(NORMAL, storage)?;
    let answer = |summary: &NormalEquations<f32, &mut [f32]>| {
        ask(&mut [0.0; QUERY.answer_len()], |query, scratch, answer| summary.solve_in(query, scratch, answer))
    };
    let bytes = bytes + size_of_val(&summary);
    measure("normal-equations", bytes, &mut summary, |x| x, |summary, row| summary.update(row), answer, counter)
}

#[inline(never)]
fn normal_equations_of_integers(counter: &mut Counter) -> Result<(), Error> {
    let mut sums = [0i64; NORMAL.storage_len()];
    let bytes = size_of_val(&sums);
    let mut summary = NormalEquations::new_in(NORMAL, &mut sums[..])?;
    let answer = |summary: &NormalEquations<i64, &mut [i64]>| {
        ask(&mut [0.0; QUERY.answer_len()], |query, scratch, answer| summary.solve_in(query, scratch, answer))
    };
    let bytes = bytes + size_of_val(&summary);
    let long = |x: f32| i64::from(whole(x));
    measure("normal-equations-i64", bytes, &mut summary, long, |summary, row| summary.update(row), answer, counter)
}

#[inline(never)]
fn recursive(floats: &mut [f32], counter: &mut Counter) -> Result<(), Error> {
    let storage = &mut floats[..RECURSIVE.storage_len()];
    let bytes = size_of_val(storage);
    let mut summary = RecursiveLeastSquares::new_in(RECURSIVE, storage)?;
    let answer = |summary: &RecursiveLeastSquares<f32, &mut [f32]>| {
        black_box(summary.coefficients()[0]);
        Ok(())
    };
    let bytes = bytes + size_of_val(&summary);
    measure("recursive", bytes, &mut summary, |x| x, |summary, row| summary.update(row), answer, counter)
}

#[inline(never)]
fn gradient(floats: &mut [f32], counter: &mut Counter) -> Result<(), Error> {
    let storage = &mut floats[..GRADIENT.storage_len()];
    let bytes = size_of_val(storage);
    let mut summary = Gradient::new_in(GRADIENT, storage)?;
    let answer = |summary: &Gradient<f32, &mut [f32]>| {
        black_box(summary.sums()[0]);
        Ok(())
    };
    let bytes = bytes + size_of_val(&summary);
    measure("gradient", bytes, &mut summary, |x| x, |summary, row| summary.update(row), answer, counter)
}
