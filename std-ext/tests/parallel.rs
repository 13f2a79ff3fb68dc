//! Threads change no bit of summaries that are filled by shards, nor of selections.
#![cfg(feature = "parallel")]
#![allow(clippy::unwrap_used, reason = "tests may")]

use sketchlet::eigen::{
    ExactEigen, ExactEigenParams, NystromSketch, NystromSketchParams, RandomOrderEigen, RandomOrderEigenParams,
};
use sketchlet::parallel::{Filled, SharedGains, fill, fill_from, shard_rows};
use sketchlet::random::keyed::{Domain, symmetric, word};
use sketchlet::regression::{NormalEquations, NormalEquationsParams, SketchedLeastSquares, SketchedLeastSquaresParams};
use sketchlet::sketch::Srht;
use sketchlet::stream::Centered;
use sketchlet::submodular::{
    Counted, FacilityLocation, Greedy, GreedyParams, GroundSet, Kernel, LazyGreedy, LogDet, Monotone, PrefixOracle,
};
use sketchlet::{CoreError, Error, MatRef, Merge, Real, RowSummary, Wire};
use std::num::NonZero;

const THREADS: [usize; 4] = [1, 2, 3, 7];

fn threads(count: usize) -> NonZero<usize> {
    NonZero::new(count).unwrap()
}

fn numbers<T: Real>(count: usize) -> Vec<T> {
    (0..count as u64).map(|i| symmetric(word(5, Domain::Normal, i))).collect()
}

/// Fills a summary with rows that are read, some at a time.
fn fill_read<M>(
    all: MatRef<'_, M::Scalar>,
    count: usize,
    make: impl Fn(u64) -> Result<M, CoreError> + Sync,
) -> Result<Filled<M>, Error>
where
    M: RowSummary<Scalar: Real> + Merge + Send,
{
    let mut next = 0;
    let read = |batch: &mut (usize, Vec<M::Scalar>), rows| {
        let piece = all.rows_from(next, rows);
        *batch = (next, piece.as_slice().to_vec());
        next += piece.rows();
        Ok(piece.rows())
    };
    fill_from(all.cols(), shard_rows(all.cols()), threads(count), read, make, |summary, (first, batch)| {
        for (i, row) in batch.chunks_exact(all.cols()).enumerate() {
            summary.update(row).map_err(|error| Error::from(error).at_row((*first + i) as u64 + 1))?;
        }
        Ok(())
    })
}

/// Fills by shards on every number of threads, and compares with shards that were filled one by one and merged by hand.
fn check<M>(dim: usize, rows: usize, make: impl Fn() -> Result<M, CoreError> + Sync)
where
    M: RowSummary<Scalar: Real> + Merge + Wire + Send,
{
    let data = numbers::<M::Scalar>(rows * dim);
    let all = MatRef::new(&data, rows, dim).unwrap();
    let mut level: Vec<M> = (0..rows.div_ceil(shard_rows(dim)))
        .map(|shard| {
            let mut summary = make().unwrap();
            summary.update_batch(all.rows_from(shard * shard_rows(dim), shard_rows(dim))).unwrap();
            summary
        })
        .collect();
    while level.len() > 1 {
        let mut next = Vec::new();
        let mut summaries = level.into_iter();
        while let Some(mut first) = summaries.next() {
            if let Some(second) = summaries.next() {
                first.merge(&second).unwrap();
            }
            next.push(first);
        }
        level = next;
    }
    let expected = level.pop().unwrap_or_else(|| make().unwrap()).encode();
    for count in THREADS {
        let at_once = fill(all, threads(count), |_| make()).unwrap();
        assert!(at_once.encode() == expected, "{rows} x {dim} on {count}");
        let read = fill_read(all, count, |_| make()).unwrap();
        assert!(read.summary.encode() == expected, "{rows} x {dim} on {count}, read");
        assert_eq!(read.threads, count.min(rows.div_ceil(shard_rows(dim)).max(1)));
    }
}

/// Around the ends of shards.
fn lengths(dim: usize) -> [usize; 6] {
    let shard = shard_rows(dim);
    [0, 1, shard - 1, shard, shard + 1, 5 * shard / 2]
}

#[test]
fn exact_sums_are_the_same_on_any_threads() {
    for dim in [1, 16, 70] {
        for rows in lengths(dim) {
            check(dim, rows, || ExactEigen::<f64, _>::new(ExactEigenParams::new(dim)));
        }
    }
    let dim = 16;
    check(dim, 5 * shard_rows(dim) / 2, || ExactEigen::<f32, _>::new(ExactEigenParams::new(dim).two_level()));
    check(dim, shard_rows(dim) + 1, || Centered::new(ExactEigen::<f64, _>::new(ExactEigenParams::new(dim))?));
    check(512, 2 * shard_rows(512) + 1, || ExactEigen::<f32, _>::new(ExactEigenParams::new(512)));
}

#[test]
fn nystrom_sketches_are_the_same_on_any_threads() {
    for dim in [16, 70] {
        for rows in lengths(dim) {
            check(dim, rows, || NystromSketch::<f64, _>::new(NystromSketchParams::new(dim).sketch_rows(4)));
        }
    }
}

#[test]
fn normal_equations_are_the_same_on_any_threads() {
    for dim in [16, 70] {
        for rows in lengths(dim) {
            check(dim, rows, || NormalEquations::<f64, _>::new(NormalEquationsParams::new(dim)));
        }
    }
    check(16, shard_rows(16) + 1, || NormalEquations::<f32, _>::new(NormalEquationsParams::new(16).compensated()));
}

#[test]
fn random_shards_are_the_same_on_any_threads() {
    let make = || RandomOrderEigen::<f64, _>::new(RandomOrderEigenParams::new(16));
    check(16, 2 * shard_rows(16) + 5, make);
}

/// What somebody else might write: the largest entry of each column, and how often a row came.
#[derive(Clone, Debug, PartialEq)]
struct Largest {
    columns: Vec<f64>,
    rows: u64,
}

impl RowSummary for Largest {
    type Scalar = f64;

    fn dim(&self) -> usize {
        self.columns.len()
    }

    fn rows_seen(&self) -> u64 {
        self.rows
    }

    fn update(&mut self, row: &[f64]) -> Result<(), CoreError> {
        self.columns.iter_mut().zip(row).for_each(|(largest, &x)| *largest = largest.max(x));
        self.rows += 1;
        Ok(())
    }

    fn clear(&mut self) {
        *self = Self { columns: vec![f64::MIN; self.columns.len()], rows: 0 };
    }
}

impl Merge for Largest {
    fn merge(&mut self, other: &Self) -> Result<(), CoreError> {
        self.columns.iter_mut().zip(&other.columns).for_each(|(largest, &x)| *largest = largest.max(x));
        self.rows += other.rows;
        Ok(())
    }
}

#[test]
fn a_summary_of_ones_own_is_filled_too() {
    let (dim, rows) = (5, 3 * shard_rows(5) + 7);
    let data = numbers::<f64>(rows * dim);
    let all = MatRef::new(&data, rows, dim).unwrap();
    let empty = Largest { columns: vec![f64::MIN; dim], rows: 0 };
    let mut whole = empty.clone();
    whole.update_batch(all).unwrap();
    for count in THREADS {
        assert_eq!(fill(all, threads(count), |_| Ok(empty.clone())).unwrap(), whole);
    }
}

#[test]
fn a_table_of_a_hundred_thousand_numbers_is_one_shard() {
    for dim in [1, 3, 16, 64, 316, 512, 1000, 100_000] {
        assert!(shard_rows(dim) * dim >= 100_000, "{dim}");
    }
    for dim in [16, 64, 512] {
        assert!(10_000_000 / dim / shard_rows(dim) >= 30, "{dim}");
    }
    let (dim, rows) = (10, 10_000);
    let data = numbers::<f32>(rows * dim);
    let all = MatRef::new(&data, rows, dim).unwrap();
    let make = || ExactEigen::<f32, _>::new(ExactEigenParams::new(dim).two_level());
    let mut whole = make().unwrap();
    all.iter_rows().for_each(|row| whole.update(row).unwrap());
    assert_eq!(fill(all, threads(3), |_| make()).unwrap().encode(), whole.encode());
}

#[test]
fn exact_sums_of_integers_are_those_of_one_stream() {
    let (dim, rows) = (3, 2 * shard_rows(3) + 5);
    let data: Vec<f64> = (0..rows * dim).map(|i| (i % 11) as f64).collect();
    let all = MatRef::new(&data, rows, dim).unwrap();
    let make = |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(dim));
    let mut whole = make(0).unwrap();
    whole.update_batch(all).unwrap();
    // All but the chain of additions, of which shards have a shorter one.
    let sums = |mut summary: ExactEigen<f64, Vec<f64>>| {
        let mut sums = [0.0; 6];
        (summary.covariance(&mut sums), sums, summary.rows_seen())
    };
    assert_eq!(sums(fill(all, threads(2), make).unwrap()), sums(whole));
}

#[test]
fn summaries_are_told_their_first_row() {
    let (dim, rows) = (17, 3 * shard_rows(17) + 1);
    let data: Vec<i32> = (0..rows * dim).map(|i| i32::try_from(i % 13).unwrap()).collect();
    let all = MatRef::new(&data, rows, dim).unwrap();
    let params = SketchedLeastSquaresParams::new(dim, 24).block_len(16);
    let make = |first| SketchedLeastSquares::<i32, _, _, _>::new(params.first_index(first), Srht);
    let mut whole = make(0).unwrap();
    whole.update_batch(all).unwrap();
    whole.close_block();
    for count in THREADS {
        let mut filled = fill(all, threads(count), make).unwrap();
        filled.close_block();
        assert_eq!(filled.sums(), whole.sums());
        assert!(filled.ranges().eq(whole.ranges()));
    }
}

#[test]
fn errors_name_the_first_row() {
    let (dim, shard) = (3, shard_rows(3));
    let rows = 4 * shard;
    let mut data = numbers::<f64>(rows * dim);
    for row in [shard + 40, shard + 90, 3 * shard + 1] {
        data[row * dim + 1] = f64::NAN;
    }
    let make = |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(dim));
    for count in THREADS {
        for all in [MatRef::new(&data, rows, dim).unwrap(), MatRef::new(&data, rows, dim).unwrap().known_finite()] {
            let error = fill(all, threads(count), make).unwrap_err();
            assert_eq!(error.row(), Some((shard + 41) as u64), "{error}");
            assert_eq!(error.core(), Some(CoreError::NonFinite { index: 1 }), "{error}");
        }
    }
    let all = MatRef::new(&data, rows, dim).unwrap();
    let error = fill(all, threads(2), |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(0))).unwrap_err();
    assert!(matches!(error.core(), Some(CoreError::Parameter { name: &"dim", .. })), "{error}");
    let used = |_| {
        let mut summary = make(0)?;
        summary.update(&[1.0; 3])?;
        Ok(summary)
    };
    let error = fill(all, threads(2), used).unwrap_err();
    assert!(matches!(error.core(), Some(CoreError::Incompatible { .. })), "{error}");
}

#[test]
fn errors_of_rows_that_are_read_name_the_first() {
    let (dim, shard) = (3, shard_rows(3));
    let rows = 4 * shard;
    let mut data = numbers::<f64>(rows * dim);
    for row in [shard + 40, shard + 90, 3 * shard + 1] {
        data[row * dim + 1] = f64::NAN;
    }
    let all = MatRef::new(&data, rows, dim).unwrap();
    let make = |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(dim));
    for count in THREADS {
        let error = fill_read(all, count, make).unwrap_err();
        assert_eq!(error.row(), Some((shard + 41) as u64), "{error}");
    }
    // A reader that ends with an error: rows before it that are refused come first.
    for (broken_at, expected) in [(3, (shard + 41) as u64), (1, 7)] {
        for count in THREADS {
            let (mut next, piece) = (0, shard_rows(dim));
            let read = |batch: &mut Vec<f64>, rows| {
                if next >= broken_at * piece {
                    return Err(Error::data("torn").at_row(7));
                }
                *batch = all.rows_from(next, rows).as_slice().to_vec();
                next += rows;
                Ok(rows)
            };
            let feed = |summary: &mut ExactEigen<f64, _>, batch: &mut Vec<f64>| {
                let at = batch.iter().position(|x| x.is_nan()).map(|i| i / dim);
                match at {
                    Some(row) => Err(Error::data("no number").at_row((shard + row) as u64 + 1)),
                    None => Ok(summary.update_batch(MatRef::new(batch, batch.len() / dim, dim)?)?),
                }
            };
            let error = fill_from(dim, shard_rows(dim), threads(count), read, make, feed).unwrap_err();
            assert_eq!(error.row(), Some(expected), "{error} on {count}");
        }
    }
}

#[test]
fn no_rows_make_an_empty_summary() {
    let none: MatRef<'_, f64> = MatRef::new(&[], 0, 3).unwrap();
    let make = |_| ExactEigen::<f64, _>::new(ExactEigenParams::new(3));
    assert_eq!(fill(none, threads(2), make).unwrap().rows_seen(), 0);
    assert_eq!(fill_read(none, 2, make).unwrap().summary.rows_seen(), 0);
}

/// What is chosen, its value to the bit, and how many gains were asked for.
fn chosen<O: PrefixOracle<f64> + Monotone>(oracle: O, all: &[u32], size: usize) -> [(Vec<u32>, u64, u64); 2] {
    let oracle = Counted::new(oracle);
    let params = GreedyParams::new(all.len(), size).prefix(oracle.prefix_len(size));
    let mut lazy = LazyGreedy::<f64, u32, _, _>::new(params).unwrap();
    let value = lazy.select(&oracle, all).unwrap().value;
    let first = (lazy.selected().to_vec(), value.to_bits(), oracle.gains());
    let mut greedy = Greedy::<f64, u32, _, _>::new(params).unwrap();
    let value = greedy.select(&oracle, all).unwrap().value;
    [first, (greedy.selected().to_vec(), value.to_bits(), oracle.gains())]
}

#[test]
fn shared_gains_choose_the_same_elements() {
    let (elements, exemplars, size) = (20_000, 5, 6);
    let similarities: Vec<f64> = numbers::<f64>(elements * exemplars).into_iter().map(f64::abs).collect();
    let points = numbers::<f64>(elements * 3);
    let all: Vec<u32> = (0..20_000).collect();
    let facility = FacilityLocation::new(&similarities, exemplars).unwrap();
    let log_det = LogDet::new(&points, 3, Kernel::Rbf(0.5), 1.0).unwrap();
    let expected = [chosen(facility, &all, size), chosen(log_det, &all, size)];
    for count in THREADS {
        let shared = SharedGains::new(facility, threads(count));
        assert_eq!(chosen(&shared, &all, size), expected[0]);
        assert_eq!(shared.threads_used(), count.min(elements / 4096));
        assert_eq!(chosen(SharedGains::new(log_det, threads(count)), &all, size), expected[1]);
        // Few elements are not worth a thread.
        let few = SharedGains::new(facility, threads(count));
        chosen(&few, &all[..1000], size);
        assert_eq!(few.threads_used(), 1);
    }
}
