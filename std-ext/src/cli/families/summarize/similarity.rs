//! Similarities of rows.

use super::table::{Table, rows_of_file};
use super::task::{Exemplars, Similarity};
use crate::cli::cost::Clock;
use crate::linalg::vector;
use crate::parallel::each_row;
use crate::random::drawn;
use crate::{Error, Real};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::num::NonZero;

/// Exemplars that are drawn where nothing else is said.
const EXEMPLARS: usize = 64;
/// Rows whose distances give the scale of similarities: to exemplars, and among each other.
const SCALE_ROWS: usize = 1000;
const SCALE_PAIRS: usize = 300;
/// Differences of entries for each thread, at least: a millisecond, so that it has more to do than to start.
const SHARE: usize = 1 << 20;

/// The exemplars that the flags name, row after row.
pub(super) fn exemplars<T: Real>(table: &Table<T>, asked: &Exemplars, seed: u64) -> Result<Vec<T>, Error> {
    let rows = table.rows();
    let count = match asked {
        Exemplars::Drawn(None) => EXEMPLARS.min(rows),
        Exemplars::Drawn(Some(count)) if *count <= rows => *count,
        Exemplars::Drawn(Some(count)) => {
            return Err(table.refuse(format!("{count} exemplars of {rows} rows: ask for fewer")));
        }
        Exemplars::File(path) => return rows_of_file(path, table.columns),
    };
    let mut order: Vec<usize> = (0..rows).collect();
    drawn::shuffle(&mut order, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
    order.truncate(count);
    order.sort_unstable();
    Ok(order.into_iter().flat_map(|row| table.row(row)).copied().collect())
}

/// Similarities of all rows to exemplars, and their scale. They are work: the clock counts them, and who did it.
pub(super) fn similarities<T: Real>(
    table: &Table<T>,
    exemplars: &[T],
    similarity: Similarity,
    threads: NonZero<usize>,
    clock: &mut Clock,
) -> (Vec<T>, Option<f64>) {
    let rows = || table.data.chunks_exact(table.columns);
    let others = || exemplars.chunks_exact(table.columns);
    let count = exemplars.len() / table.columns.max(1);
    let mut all = vec![T::ZERO; table.rows() * count];
    let shares = (all.len().saturating_mul(table.columns) / SHARE).max(1);
    let threads = NonZero::new(shares).map_or(threads, |shares| threads.min(shares));
    let (gamma, used) = clock.count(|| {
        let gamma = match similarity {
            Similarity::Rbf(None) => {
                let distances = rows().take(SCALE_ROWS).flat_map(|x| others().map(move |y| apart(x, y).as_f64()));
                Some(scale(distances.collect()))
            }
            Similarity::Rbf(gamma) => gamma,
            _ => None,
        };
        let similarity = if gamma.is_some() { Similarity::Rbf(gamma) } else { similarity };
        let used = each_row(&mut all, count, threads, |row, to| {
            let x = table.row(row);
            to.iter_mut().zip(others()).for_each(|(to, y)| *to = alike(x, y, similarity));
        });
        (gamma, used)
    });
    clock.note_threads(used);
    (all, gamma)
}

/// How alike two rows are; what is unlike counts as nothing, since a set of nothing is worth nothing.
pub(super) fn alike<T: Real>(x: &[T], y: &[T], similarity: Similarity) -> T {
    let alike = match similarity {
        Similarity::Rbf(gamma) => (T::constant(-gamma.unwrap_or(0.0)) * apart(x, y)).exp(),
        Similarity::Cosine => {
            let norms = vector::norm(x) * vector::norm(y);
            if norms > T::ZERO { vector::dot(x, y) / norms } else { T::ZERO }
        }
        Similarity::Dot | Similarity::Given => vector::dot(x, y),
    };
    alike.max(T::ZERO)
}

/// Square of the distance.
fn apart<T: Real>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).fold(T::ZERO, |sum, (&x, &y)| sum + (x - y) * (x - y))
}

pub(super) fn scale_among<T: Real>(table: &Table<T>) -> f64 {
    let rows: Vec<&[T]> = table.data.chunks_exact(table.columns).take(SCALE_PAIRS).collect();
    let pairs = rows.iter().enumerate().flat_map(|(i, x)| rows[..i].iter().map(move |y| apart(x, y).as_f64()));
    scale(pairs.collect())
}

/// One over the median; 1 if that says nothing.
fn scale(mut squares: Vec<f64>) -> f64 {
    squares.sort_by(f64::total_cmp);
    let half = squares.len() / 2;
    let median = match squares.len() {
        0 => 0.0,
        even if even % 2 == 0 => squares[half - 1].midpoint(squares[half]),
        _ => squares[half],
    };
    if median > 0.0 && median.is_finite() { 1.0 / median } else { 1.0 }
}

pub(super) fn normalize<T: Real>(row: &mut [T]) {
    let norm = vector::norm(row);
    if norm > T::ZERO {
        row.iter_mut().for_each(|x| *x /= norm);
    }
}

/// Refuses what is no kernel.
pub(super) fn symmetric<T: Real>(table: &Table<T>) -> Result<(), Error> {
    let n = table.columns;
    if table.rows() != n {
        return Err(table.refuse(format!("{} rows x {n} columns: a kernel is square", table.rows())));
    }
    let odd = (0..n * n).find(|&i| table.data[i] != table.data[i % n * n + i / n]);
    odd.map_or(Ok(()), |i| {
        Err(table.refuse(format!("the kernel is not symmetric: row {} and row {} differ", i / n, i % n)))
    })
}
