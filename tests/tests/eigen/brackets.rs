//! Brackets of values against exact arithmetic: whatever the offset, the scale, and what was removed.

use sketchlet_core::eigen::*;
use sketchlet_core::random::keyed::{Domain, symmetric, word};
use sketchlet_core::stream::Centered;
use sketchlet_core::{Error, Real, RowSummary};
use sketchlet_tests::oracle::{Dyadic, ExactGram};

/// Rows around an offset, in some unit.
fn rows<T: Real>(seed: u64, count: usize, dim: usize, offset: f64, unit: f64) -> Vec<Vec<T>> {
    (0..count)
        .map(|i| {
            (0..dim)
                .map(|j| {
                    let noise: f64 = symmetric(word(seed, Domain::Normal, (i * dim + j) as u64));
                    T::constant((offset * (1.0 + j as f64) + noise) * unit)
                })
                .collect()
        })
        .collect()
}

/// How many values were held against the truth, and how many of them had a bracket.
#[derive(Debug, Default)]
struct Tally {
    values: usize,
    bracketed: usize,
    narrow: usize,
}

/// Holds every bracket of an answer against the exact Gram matrix of the rows.
fn judge<T: Real>(top: &TopEigenvector<'_, T>, exact: &ExactGram, tally: &mut Tally, what: &str) {
    for i in 0..top.rank() {
        tally.values += 1;
        let (Some(lower), Some(upper)) = (top.value_lower(i), top.value_upper(i)) else { continue };
        tally.bracketed += 1;
        assert!(lower.mantissa >= T::ZERO && lower.mantissa <= upper.mantissa, "{what} {i}");
        tally.narrow += usize::from(upper.mantissa - lower.mantissa <= T::constant(1e-3) * upper.mantissa);
        let dyadic = |x: T, exponent: i32| Dyadic::new(x.as_f64()).scaled(exponent.into());
        assert!(
            exact.is_within(i, &dyadic(lower.mantissa, lower.exponent), &dyadic(upper.mantissa, upper.exponent)),
            "{what} value {i}: {lower:?} {upper:?}"
        );
    }
}

fn exact_gram<T: Real>(rows: &[Vec<T>]) -> ExactGram {
    let wide: Vec<f64> = rows.iter().flatten().map(|x| x.as_f64()).collect();
    let dim = rows[0].len();
    ExactGram::new(dim, wide.chunks_exact(dim))
}

/// Feeds a method rows at all these offsets and units, and holds its brackets against the truth.
fn holds<T: Real, M: TopEigen<Scalar = T>>(
    units: &[f64],
    offsets: &[f64],
    shapes: &[(usize, usize)],
    make: impl Fn(usize) -> M,
) -> Tally {
    let mut tally = Tally::default();
    let mut seed = 0;
    for &unit in units {
        for &offset in offsets {
            for &(dim, count) in shapes {
                seed += 1;
                let rows = rows::<T>(seed, count, dim, offset, unit);
                let mut summary = make(dim);
                rows.iter().for_each(|row| summary.update(row).unwrap());
                let exact = exact_gram(&rows);
                let mut answer = vec![T::ZERO; summary.answer_len()];
                let top = summary.estimate_available(&mut answer).unwrap();
                judge(&top, &exact, &mut tally, &format!("{dim} {count} {offset:e} {unit:e}"));
            }
        }
    }
    tally
}

const SHAPES: [(usize, usize); 4] = [(1, 3), (2, 6), (3, 40), (4, 300)];
const OFFSETS: [f64; 8] = [0.0, 1.0, 1e3, 1e5, 1e6, 3e7, 6e7, 1e9];
const UNITS: [f64; 4] = [1.0, 1e-150, 1e150, 3e-7];
const UNITS_F32: [f64; 3] = [1.0, 1e-15, 1e15];

fn exact<T: Real>(two_level: bool, dim: usize) -> ExactEigen<T, Vec<T>> {
    let params = ExactEigenParams::new(dim).rank(dim);
    ExactEigen::new(if two_level { params.two_level() } else { params }).unwrap()
}

/// The exact covariance with its other solver.
struct Dense<T>(ExactEigen<T, Vec<T>>);

impl<T: Real> RowSummary for Dense<T> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn rows_seen(&self) -> u64 {
        self.0.rows_seen()
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        self.0.update(row)
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

impl<T: Real> TopEigen for Dense<T> {
    fn rank(&self) -> usize {
        self.0.rank()
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        self.0.estimate_dense(&mut vec![T::ZERO; self.dim() * self.dim()], answer)
    }
}

#[test]
fn exact_covariances_hold_at_any_offset_and_scale() {
    for two_level in [false, true] {
        let tallies = [
            holds(&UNITS, &OFFSETS, &SHAPES, |dim| exact::<f64>(two_level, dim)),
            holds(&UNITS, &OFFSETS, &SHAPES, |dim| Dense(exact::<f64>(two_level, dim))),
            holds(&UNITS_F32, &OFFSETS[..5], &SHAPES, |dim| exact::<f32>(two_level, dim)),
            holds(&UNITS_F32, &OFFSETS[..5], &SHAPES, |dim| Dense(exact::<f32>(two_level, dim))),
        ];
        for tally in tallies {
            assert!(tally.bracketed == tally.values && 4 * tally.narrow > tally.values, "{tally:?}");
        }
    }
}

/// Shapes at which a buffer of twice four rows is shrunk.
const LONG: [(usize, usize); 4] = [(3, 6), (3, 40), (6, 100), (8, 300)];

fn directions<T: Real>(shrink: Shrink, dim: usize) -> FrequentDirections<T, Vec<T>> {
    FrequentDirections::new(FrequentDirectionsParams::new(dim).rank(3).sketch_rows(4).shrink(shrink)).unwrap()
}

#[test]
fn shrunk_buffers_hold_at_any_offset_and_scale() {
    for shrink in [Shrink::Fast, Shrink::None] {
        let tally = holds(&UNITS, &OFFSETS, &LONG, |dim| directions::<f64>(shrink, dim));
        assert!(tally.bracketed == tally.values && 4 * tally.narrow > tally.values, "{tally:?}");
        let tally = holds(&UNITS_F32, &OFFSETS[..5], &LONG, |dim| directions::<f32>(shrink, dim));
        assert!(2 * tally.bracketed > tally.values, "{tally:?}");
    }
}

fn nystrom<T: Real>(sketch_rows: usize, dim: usize) -> NystromSketch<T, Vec<T>> {
    let rank = sketch_rows.min(dim).min(3);
    NystromSketch::new(NystromSketchParams::new(dim).rank(rank).sketch_rows(sketch_rows.min(dim))).unwrap()
}

#[test]
fn sketches_of_the_covariance_hold_at_any_offset_and_scale() {
    for width in [2, 4, 8] {
        let tally = holds(&UNITS, &OFFSETS, &LONG, |dim| nystrom::<f64>(width, dim));
        assert!(tally.bracketed == tally.values && 4 * tally.narrow > tally.values, "{tally:?}");
        let tally = holds(&UNITS_F32, &OFFSETS[..5], &LONG, |dim| nystrom::<f32>(width, dim));
        assert!(tally.bracketed > 0, "{tally:?}");
    }
}

#[test]
fn pools_of_blocks_hold_at_any_offset_and_scale() {
    for rank in [1, 2] {
        let params = |dim| RandomOrderEigenParams::new(dim).rank(rank).heavy_capacity(4);
        let tally = holds(&UNITS, &OFFSETS, &LONG, |dim| RandomOrderEigen::<f64, _>::new(params(dim)).unwrap());
        assert!(tally.bracketed == tally.values && 4 * tally.narrow > tally.values, "{tally:?}");
        let tally =
            holds(&UNITS_F32, &OFFSETS[..5], &LONG, |dim| RandomOrderEigen::<f32, _>::new(params(dim)).unwrap());
        assert!(tally.bracketed < tally.values, "{tally:?}");
    }
}

#[test]
fn centred_covariances_hold_at_any_offset_and_scale() {
    let check = |tally: &mut Tally, seed, dim: usize, count, offset: f64, unit: f64| {
        let rows = rows::<f64>(seed, count, dim, offset, unit);
        let mut summary = Centered::new(exact::<f64>(false, dim)).unwrap();
        rows.iter().for_each(|row| summary.update(row).unwrap());
        let wide: Vec<f64> = rows.concat();
        let mut answer = vec![0.0; summary.answer_len()];
        let top = summary.estimate_available(&mut answer).unwrap();
        let truth = ExactGram::centered(dim, wide.chunks_exact(dim));
        judge(&top, &truth, tally, &format!("{dim} {count} {offset:e} {unit:e}"));
    };
    let (mut tally, mut seed) = (Tally::default(), 0);
    for unit in UNITS {
        for offset in OFFSETS {
            for (dim, count) in [(1, 4), (2, 8), (3, 64), (4, 256)] {
                seed += 1;
                check(&mut tally, seed, dim, count, offset, unit);
            }
        }
    }
    assert!(tally.bracketed == tally.values && 2 * tally.narrow > tally.values, "{tally:?}");
}

/// A summary that takes rows out again.
trait Removes: TopEigen {
    fn take_out(&mut self, row: &[Self::Scalar]);
}

impl<T: Real> Removes for ExactEigen<T, Vec<T>> {
    fn take_out(&mut self, row: &[T]) {
        self.remove(row).unwrap();
    }
}

impl<T: Real> Removes for NystromSketch<T, Vec<T>> {
    fn take_out(&mut self, row: &[T]) {
        self.remove(row).unwrap();
    }
}

/// After large rows have gone again, what is said of the rest is true, or nothing is said.
fn removals_hold<T: Real, M: Removes<Scalar = T>>(sizes: &[f64], make: impl Fn(usize) -> M) -> Tally {
    let mut tally = Tally::default();
    for (seed, &size) in sizes.iter().enumerate() {
        let dim = 3;
        let kept = rows::<T>(seed as u64, 30, dim, 1.0, 1.0);
        let outliers = rows::<T>(seed as u64 + 100, 3, dim, 1.0, size);
        let mut summary = make(dim);
        for (i, row) in kept.iter().enumerate() {
            summary.update(row).unwrap();
            if let Some(outlier) = outliers.get(i.wrapping_sub(10)) {
                summary.update(outlier).unwrap();
            }
        }
        outliers.iter().for_each(|row| summary.take_out(row));
        let exact = exact_gram(&kept);
        let mut answer = vec![T::ZERO; summary.answer_len()];
        match summary.estimate_available(&mut answer) {
            Ok(top) => judge(&top, &exact, &mut tally, &format!("{size:e}")),
            Err(error) => {
                assert_eq!(error, Error::PrecisionLost, "{size:e}");
                tally.values += 1;
            }
        }
    }
    tally
}

const SIZES: [f64; 9] = [1.0, 1e2, 1e4, 1e6, 1e7, 1e8, 1e10, 1e15, 1e20];
const SIZES_F32: [f64; 7] = [1.0, 10.0, 1e2, 1e3, 1e4, 1e6, 1e10];

#[test]
fn covariances_hold_after_removals() {
    for two_level in [false, true] {
        let tally = removals_hold(&SIZES, |dim| exact::<f64>(two_level, dim));
        assert!(tally.narrow > 4 && tally.bracketed < tally.values, "{tally:?}");
        let tally = removals_hold(&SIZES_F32, |dim| exact::<f32>(two_level, dim));
        assert!(tally.bracketed > 4 && tally.bracketed < tally.values, "{tally:?}");
    }
    for width in [2, 3] {
        let tally = removals_hold(&SIZES, |dim| nystrom::<f64>(width, dim));
        assert!(tally.bracketed > 4 && tally.bracketed < tally.values, "{tally:?}");
        let tally = removals_hold(&SIZES_F32, |dim| nystrom::<f32>(width, dim));
        assert!(tally.bracketed > 0 && tally.bracketed < tally.values, "{tally:?}");
    }
}
