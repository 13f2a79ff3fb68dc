//! The answers of the regression family, from the accelerometer samples: the trunk's vertical channel from the eight others.

use crate::data;
use crate::golden::{Name, Sink};
use crate::hash::Hash;
use sketchlet_core::regression::{
    Fit, Gradient, GradientParams, NormalEquations, NormalEquationsParams, Query, RecursiveLeastSquares,
    RecursiveLeastSquaresParams, SketchedLeastSquares, SketchedLeastSquaresParams, StreamingQr, StreamingQrParams,
};
use sketchlet_core::sketch::{GaussianSketch, SketchOperator, Srct, Srht};
use sketchlet_core::{Error, Lane, RowSummary};

/// Columns of the samples.
const COLUMNS: usize = 9;
const FEATURES: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 8];
const TARGET: [usize; 1] = [7];
const QUERY: Query<'static> = Query::new(&FEATURES, &TARGET);

const SKETCH: SketchedLeastSquaresParams = SketchedLeastSquaresParams::new(COLUMNS, 64).seed(7).ranges(1);
const BLOCKED: SketchedLeastSquaresParams = SKETCH.block_len(16);
const QR: StreamingQrParams = StreamingQrParams::new(COLUMNS);
const NORMAL: NormalEquationsParams = NormalEquationsParams::new(COLUMNS);
const GRADIENT: GradientParams = GradientParams::new(8, 1);
const RECURSIVE: RecursiveLeastSquaresParams = RecursiveLeastSquaresParams::new(8).forgetting(0.999);

/// Computes the values of all cases.
pub(super) fn all(sink: &mut dyn Sink) -> Result<(), Error> {
    sketched("regression/srht-f32/imu", BLOCKED, Srht, [0.0f32; BLOCKED.storage_len()], f32::from, sink)?;
    sketched("regression/srht-i32/imu", BLOCKED, Srht, [0i32; BLOCKED.storage_len()], i32::from, sink)?;
    let tenth = |x: i16| f32::from(x) * 0.1;
    sketched("regression/srht-f32/imu-tenths", BLOCKED, Srht, [0.0; BLOCKED.storage_len()], tenth, sink)?;
    sketched("regression/srct-f32/imu-tenths", SKETCH, Srct, [0.0; SKETCH.storage_len()], tenth, sink)?;
    sketched("regression/gaussian-f32/imu", SKETCH, GaussianSketch, [0.0; SKETCH.storage_len()], f32::from, sink)?;
    streaming_qr(sink)?;
    normal_equations(sink)?;
    recursive(sink)?;
    refined(sink)
}

/// Each case in a function of its own: in one frame, they would need the stack of all of them.
#[inline(never)]
fn sketched<L: Lane, O: SketchOperator<L>, const N: usize>(
    case: &'static str,
    params: SketchedLeastSquaresParams,
    operator: O,
    storage: [L; N],
    convert: fn(i16) -> L,
    sink: &mut dyn Sink,
) -> Result<(), Error> {
    sink.begin(case);
    let mut summary = SketchedLeastSquares::new_in(params, operator, storage, [0; BLOCKED.index_len()])?;
    data::samples().try_for_each(|sample| summary.update(&sample.map(convert)))?;
    let (mut scratch, mut answer) = ([0f32; QUERY.scratch_len()], [0f32; QUERY.answer_len()]);
    put_fit(case, &summary.solve_in(&QUERY, &mut scratch, &mut answer)?, sink);
    sink.end(case);
    Ok(())
}

#[inline(never)]
fn streaming_qr(sink: &mut dyn Sink) -> Result<(), Error> {
    let case = "regression/streaming-qr/imu";
    sink.begin(case);
    let mut summary = StreamingQr::new_in(QR, [0f32; QR.storage_len()])?;
    data::accelerometers().try_for_each(|sample| summary.update(&sample))?;
    let (mut scratch, mut answer) = ([0f32; QUERY.scratch_len()], [0f32; QUERY.answer_len()]);
    put_fit(case, &summary.solve_in(&QUERY, &mut scratch, &mut answer)?, sink);
    sink.end(case);
    Ok(())
}

#[inline(never)]
fn normal_equations(sink: &mut dyn Sink) -> Result<(), Error> {
    let case = "regression/normal-equations-i64/imu";
    sink.begin(case);
    let mut summary = NormalEquations::new_in(NORMAL, [0i64; NORMAL.storage_len()])?;
    data::samples().try_for_each(|sample| summary.update(&sample.map(i64::from)))?;
    let (mut scratch, mut answer) = ([0f32; QUERY.scratch_len()], [0f32; QUERY.answer_len()]);
    put_fit(case, &summary.solve_in(&QUERY, &mut scratch, &mut answer)?, sink);
    sink.end(case);
    Ok(())
}

#[inline(never)]
fn recursive(sink: &mut dyn Sink) -> Result<(), Error> {
    let case = "regression/recursive/imu";
    sink.begin(case);
    let mut summary = RecursiveLeastSquares::new_in(RECURSIVE, [0f32; RECURSIVE.storage_len()])?;
    for mut sample in data::accelerometers() {
        // The target goes last.
        sample.swap(TARGET[0], COLUMNS - 1);
        summary.update(&sample)?;
    }
    put_numbers(case, "x", "coefficients", summary.coefficients(), sink);
    sink.end(case);
    Ok(())
}

/// The samples are replayed against the sketched answer.
#[inline(never)]
fn refined(sink: &mut dyn Sink) -> Result<(), Error> {
    let case = "regression/refined/imu";
    sink.begin(case);
    let (storage, indices) = ([0f32; BLOCKED.storage_len()], [0; BLOCKED.index_len()]);
    let mut summary = SketchedLeastSquares::new_in(BLOCKED, Srht, storage, indices)?;
    data::accelerometers().try_for_each(|sample| summary.update(&sample))?;
    let (mut scratch, mut answer) = ([0f32; QUERY.scratch_len()], [0f32; QUERY.answer_len()]);
    let mut gradient = Gradient::new_in(GRADIENT, [0f32; GRADIENT.storage_len()])?;
    gradient.start_at(summary.solve_in(&QUERY, &mut scratch, &mut answer)?.coefficients)?;
    for mut sample in data::accelerometers() {
        // The target goes last.
        sample.swap(TARGET[0], COLUMNS - 1);
        gradient.update(&sample)?;
    }
    put_fit(case, &summary.refine_in(&QUERY, &gradient, &mut scratch, &mut answer)?, sink);
    sink.end(case);
    Ok(())
}

/// Numbers that are looked at one by one; a hash covers all.
const ENTRIES: usize = 3;

fn put_numbers(case: &'static str, entry: &'static str, all: &'static str, numbers: &[f32], sink: &mut dyn Sink) {
    let mut hash = Hash::EMPTY;
    for (i, &x) in numbers.iter().enumerate() {
        hash.add(x.to_bits().into());
        if i < ENTRIES {
            sink.put(Name { case, entry, index: Some(i) }, x.into());
        }
    }
    sink.put(Name { case, entry: all, index: None }, hash.value().into());
}

fn put_fit(case: &'static str, fit: &Fit<'_, f32>, sink: &mut dyn Sink) {
    put_numbers(case, "x", "coefficients", fit.coefficients, sink);
    if let Some(widths) = fit.half_widths {
        put_numbers(case, "w", "half-widths", widths, sink);
    }
    sink.put(Name { case, entry: "residual-norm", index: None }, fit.residual_norm[0].into());
    sink.put(Name { case, entry: "condition", index: None }, fit.condition.into());
}
