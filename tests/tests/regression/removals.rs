//! After large rows were taken away: what is said of the rest is right, or wide, or that precision was lost.

use sketchlet_core::random::keyed::{Domain, symmetric, word};
use sketchlet_core::regression::*;
use sketchlet_core::sketch::{GaussianSketch, RademacherSketch, SketchOperator, Srct, Srht};
use sketchlet_core::{Error, Merge, Real, RowSummary};

/// Rows of two features and a target near `2 a - b`.
fn rows<T: Real>(seed: u64) -> Vec<[T; 3]> {
    let number = |i: u64| symmetric::<f64>(word(seed, Domain::Normal, i));
    (0..200)
        .map(|i| {
            let (a, b) = (T::constant(number(3 * i)), T::constant(number(3 * i + 1)));
            [a, b, T::constant(2.0 * a.as_f64() - b.as_f64() + 0.01 * number(3 * i + 2))]
        })
        .collect()
}

fn outlier<T: Real>(size: f64) -> [T; 3] {
    [size, -size / 3.0, size / 7.0].map(T::constant)
}

const SIZES: [f64; 14] = [1.0, 1e3, 1e5, 1e6, 1e7, 1e8, 1e9, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e20];
const SIZES_F32: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e10];

/// Coefficients and half-widths of the first two columns for the third.
type Answer = (Vec<f64>, Option<Vec<f64>>);

fn ask<T: Real>(solve: impl FnOnce(&Query<'_>, &mut [T], &mut [T]) -> Result<(), Error>) -> Result<Answer, Error> {
    let query = Query::new(&[0, 1], &[2]);
    let (mut scratch, mut answer) = (vec![T::ZERO; query.scratch_len()], vec![T::ZERO; query.answer_len()]);
    solve(&query, &mut scratch, &mut answer)?;
    let numbers: Vec<f64> = answer.iter().map(|x| x.as_f64()).collect();
    Ok((numbers[..2].to_vec(), Some(numbers[2..4].to_vec())))
}

/// The exact answer for the rows, by QR in double precision.
fn truth<T: Real>(rows: &[[T; 3]]) -> Vec<f64> {
    let mut exact = StreamingQr::<f64, _>::new(StreamingQrParams::new(3)).unwrap();
    rows.iter().for_each(|row| exact.update(&row.map(|x| x.as_f64())).unwrap());
    ask::<f64>(|query, scratch, answer| exact.solve_in(query, scratch, answer).map(drop)).unwrap().0
}

/// How many answers there were, for outliers of these sizes; each is held against the truth.
fn check<T: Real>(sizes: &[f64], tolerance: f64, run: impl Fn(&[[T; 3]], &[T; 3]) -> Result<Answer, Error>) -> usize {
    let mut answers = 0;
    for (seed, &size) in sizes.iter().enumerate() {
        let rows = rows::<T>(seed as u64);
        match run(&rows, &outlier(size)) {
            Ok((coefficients, widths)) => {
                answers += 1;
                for (j, (x, exact)) in coefficients.iter().zip(truth(&rows)).enumerate() {
                    let width = widths.as_ref().map_or(tolerance, |widths| widths[j]);
                    assert!(width > 0.0 && (x - exact).abs() <= width, "{size:e}: {x} +- {width:e}, {exact}");
                }
            }
            Err(error) => assert_eq!(error, Error::PrecisionLost, "{size:e}"),
        }
    }
    assert!(answers < sizes.len(), "the largest outlier leaves something");
    answers
}

/// Feeds the rows, with the outlier in their midst, which is then taken away.
fn fed<T: Real, M: RowSummary<Scalar = T>>(mut summary: M, rows: &[[T; 3]], outlier: &[T; 3]) -> M {
    for (i, row) in rows.iter().enumerate() {
        if i == 100 {
            summary.update(outlier).unwrap();
        }
        summary.update(row).unwrap();
    }
    summary
}

fn normal<T: Real>(compensated: bool, rows: &[[T; 3]], outlier: &[T; 3]) -> Result<Answer, Error> {
    let params = NormalEquationsParams::new(3);
    let params = if compensated { params.compensated() } else { params };
    let mut summary = fed(NormalEquations::<T, _>::new(params)?, rows, outlier);
    summary.remove(outlier)?;
    // What is remembered merges.
    let mut merged = NormalEquations::<T, _>::new(params)?;
    merged.merge(&summary)?;
    let (own, of_merged) = [&summary, &merged]
        .map(|summary| ask::<T>(|query, scratch, answer| summary.solve_in(query, scratch, answer).map(drop)))
        .into();
    assert_eq!(own, of_merged);
    own.map(|(coefficients, _)| (coefficients, None))
}

#[test]
fn normal_equations_are_right_or_say_that_precision_is_lost() {
    // A sixty-fourth is the worst that is let through.
    assert!(check::<f64>(&SIZES, 0.05, |rows, outlier| normal(false, rows, outlier)) >= 4);
    assert!(check::<f32>(&SIZES_F32, 0.05, |rows, outlier| normal(false, rows, outlier)) >= 2);
    assert!(check::<f64>(&SIZES, 0.05, |rows, outlier| normal(true, rows, outlier)) >= 7);
    assert!(check::<f32>(&SIZES_F32, 0.05, |rows, outlier| normal(true, rows, outlier)) >= 4);
}

fn sketched<T: Real, O: SketchOperator<T>>(operator: O, rows: &[[T; 3]], outlier: &[T; 3]) -> Result<Answer, Error> {
    let params = SketchedLeastSquaresParams::new(3, 96);
    let mut summary = fed(SketchedLeastSquares::<T, O, _, _>::new(params, operator)?, rows, outlier);
    summary.remove_at(100, outlier)?;
    let query = Query::new(&[0, 1], &[2]).failure(1e-9);
    let (mut scratch, mut answer) = (vec![T::ZERO; query.scratch_len()], vec![T::ZERO; query.answer_len()]);
    let fit = summary.solve_in(&query, &mut scratch, &mut answer)?;
    let wide = |numbers: &[T]| numbers.iter().map(|x| x.as_f64()).collect::<Vec<f64>>();
    Ok((wide(fit.coefficients), fit.half_widths.map(wide)))
}

#[test]
fn sketches_are_within_their_half_widths_or_say_that_precision_is_lost() {
    assert!(check::<f64>(&SIZES, 0.0, |rows, outlier| sketched(Srht, rows, outlier)) >= 7);
    assert!(check::<f64>(&SIZES, 0.0, |rows, outlier| sketched(Srct, rows, outlier)) >= 7);
    assert!(check::<f64>(&SIZES, 0.0, |rows, outlier| sketched(GaussianSketch, rows, outlier)) >= 7);
    assert!(check::<f32>(&SIZES_F32, 0.0, |rows, outlier| sketched(RademacherSketch, rows, outlier)) >= 3);
}

/// A cell can take away as much as a row.
#[test]
fn cells_are_remembered_too() {
    let mut summary = SketchedLeastSquares::<f64, _, _, _>::new(SketchedLeastSquaresParams::new(3, 96), Srht).unwrap();
    rows::<f64>(1).iter().for_each(|row| summary.update(row).unwrap());
    for size in [1e18, -1e18] {
        summary.update_cell(50, 1, size).unwrap();
    }
    let lost = ask::<f64>(|query, scratch, answer| summary.solve_in(query, scratch, answer).map(drop));
    assert_eq!(lost, Err(Error::PrecisionLost));
    // Columns that it didn't touch are as good as before, and joined again it is remembered.
    let others = summary.select(&[0, 2]).unwrap();
    let query = Query::new(&[0], &[1]);
    let (mut scratch, mut answer) = (vec![0.0; query.scratch_len()], vec![0.0; query.answer_len()]);
    assert!(others.solve_in(&query, &mut scratch, &mut answer).is_ok());
    let joined = SketchedLeastSquares::join(&others, &summary.select(&[1]).unwrap()).unwrap();
    let query = Query::new(&[0, 2], &[1]);
    let (mut scratch, mut answer) = (vec![0.0; query.scratch_len()], vec![0.0; query.answer_len()]);
    assert_eq!(joined.solve_in(&query, &mut scratch, &mut answer).map(drop), Err(Error::PrecisionLost));
}

fn refined<T: Real>(rows: &[[T; 3]], outlier: &[T; 3]) -> Result<Answer, Error> {
    let params = SketchedLeastSquaresParams::new(3, 96);
    let mut sketch = SketchedLeastSquares::<T, _, _, _>::new(params, Srht)?;
    rows.iter().for_each(|row| sketch.update(row).unwrap());
    let query = Query::new(&[0, 1], &[2]);
    let (mut scratch, mut answer) = (vec![T::ZERO; query.scratch_len()], vec![T::ZERO; query.answer_len()]);
    let start = sketch.solve_in(&query, &mut scratch, &mut answer)?.coefficients.to_vec();
    let mut gradient = Gradient::<T, _>::new(GradientParams::new(2, 1))?;
    gradient.start_at(&start)?;
    let mut gradient = fed(gradient, rows, outlier);
    gradient.remove(outlier)?;
    let fit = sketch.refine_in(&query, &gradient, &mut scratch, &mut answer)?;
    Ok((fit.coefficients.iter().map(|x| x.as_f64()).collect(), None))
}

#[test]
fn gradients_correct_or_say_that_precision_is_lost() {
    // The residual is a hundredth of the target, and an answer may be off by what that makes in 200 rows.
    assert!(check::<f64>(&SIZES, 1e-3, refined) >= 2);
    assert!(check::<f32>(&SIZES_F32, 1e-3, refined) >= 1);
}

/// Rows that pass through a window of ordinary size cost no answer.
#[test]
fn windows_of_ordinary_rows_keep_their_precision() {
    let mut normal = NormalEquations::<f32, _>::new(NormalEquationsParams::new(3)).unwrap();
    let mut sketch = SketchedLeastSquares::<f32, _, _, _>::new(SketchedLeastSquaresParams::new(3, 64), Srht).unwrap();
    let all: Vec<[f32; 3]> = (0..100).flat_map(rows::<f32>).collect();
    for (i, row) in all.iter().enumerate() {
        normal.update(row).unwrap();
        sketch.update(row).unwrap();
        if let Some(before) = i.checked_sub(200) {
            normal.remove(&all[before]).unwrap();
            sketch.remove_at(before as u64, &all[before]).unwrap();
        }
    }
    let exact = truth(&all[all.len() - 200..]);
    let answer = ask::<f32>(|query, scratch, answer| normal.solve_in(query, scratch, answer).map(drop)).unwrap();
    let (of_sketch, widths) =
        ask::<f32>(|query, scratch, answer| sketch.solve_in(query, scratch, answer).map(drop)).unwrap();
    for (j, &exact) in exact.iter().enumerate() {
        assert!((answer.0[j] - exact).abs() < 1e-2, "{} {exact}", answer.0[j]);
        assert!((of_sketch[j] - exact).abs() <= widths.as_ref().unwrap()[j], "{} {exact} {widths:?}", of_sketch[j]);
        assert!(widths.as_ref().unwrap()[j] < 0.1, "{widths:?}");
    }
}
