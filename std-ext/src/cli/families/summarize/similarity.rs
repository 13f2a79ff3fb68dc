//! Similarities of rows.

use super::gamma::Gamma;
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
///
/// # Errors
/// With the row, if products of its entries overflow; and if all products vanish.
pub(super) fn similarities<T: Real>(
    table: &Table<T>,
    exemplars: &[T],
    similarity: Similarity,
    threads: NonZero<usize>,
    clock: &mut Clock,
) -> Result<(Vec<T>, Option<Gamma>), Error> {
    let rows = || table.data.chunks_exact(table.columns);
    let others = || exemplars.chunks_exact(table.columns);
    let count = exemplars.len() / table.columns.max(1);
    let mut all = vec![T::ZERO; table.rows() * count];
    let shares = (all.len().saturating_mul(table.columns) / SHARE).max(1);
    let threads = NonZero::new(shares).map_or(threads, |shares| threads.min(shares));
    let (alike, used) = clock.count(|| {
        let alike = Alike::new::<T>(similarity).unwrap_or_else(|| {
            Alike::Rbf(Gamma::measured(|| rows().take(SCALE_ROWS).flat_map(|x| others().map(move |y| (x, y)))))
        });
        let used = each_row(&mut all, count, threads, |row, to| {
            let x = table.row(row);
            to.iter_mut().zip(others()).for_each(|(to, y)| *to = alike.of(x, y));
        });
        (alike, used)
    });
    clock.note_threads(used);
    if let Some(entry) = all.iter().position(|x| !x.is_finite()) {
        return Err(table.refuse_row(entry / count, products_overflow::<T>()));
    }
    let (x, y) = (vector::max_abs(&table.data), vector::max_abs(exemplars));
    if matches!(alike, Alike::Dot) && x.min(y) > T::ZERO && is_subnormal(x * y) {
        return Err(table.refuse(format!("products of these numbers vanish in {}: rescale them", T::TYPE.name())));
    }
    Ok((all, alike.gamma()))
}

/// Whether a number that is not negative is zero or has lost digits.
fn is_subnormal<T: Real>(x: T) -> bool {
    x.exponent() < 1 - T::max_value().exponent()
}

/// What is said of a row whose products are out of range.
pub(super) fn products_overflow<T: Real>() -> String {
    format!("products of these numbers overflow in {}: rescale them", T::TYPE.name())
}

/// How two rows are compared, all of which is known.
#[derive(Clone, Copy)]
pub(super) enum Alike {
    Rbf(Gamma),
    Cosine,
    Dot,
}

impl Alike {
    /// `None` where the scale has to be measured.
    pub(super) fn new<T: Real>(similarity: Similarity) -> Option<Self> {
        match similarity {
            Similarity::Rbf(gamma) => gamma.map(|gamma| Self::Rbf(Gamma::given::<T>(gamma))),
            Similarity::Cosine => Some(Self::Cosine),
            Similarity::Dot | Similarity::Given => Some(Self::Dot),
        }
    }

    pub(super) const fn gamma(self) -> Option<Gamma> {
        if let Self::Rbf(gamma) = self { Some(gamma) } else { None }
    }

    /// How alike two rows are; what is unlike counts as nothing, since a set of nothing is worth nothing. Infinite if products
    /// overflow, of whatever sign.
    pub(super) fn of<T: Real>(self, x: &[T], y: &[T]) -> T {
        let alike = match self {
            Self::Rbf(gamma) => gamma.similarity(x, y),
            Self::Cosine => cosine(x, y),
            Self::Dot => {
                let dot = vector::dot(x, y);
                if dot.is_finite() { dot } else { T::INFINITY }
            }
        };
        alike.max(T::ZERO)
    }
}

/// The same for rows of any unit.
fn cosine<T: Real>(x: &[T], y: &[T]) -> T {
    let norms = vector::norm(x) * vector::norm(y);
    if T::is_comfortable_square(norms) {
        return vector::dot(x, y) / norms;
    }
    let (mut x, mut y) = (x.to_vec(), y.to_vec());
    bring_near_one(&mut x);
    bring_near_one(&mut y);
    let norms = vector::norm(&x) * vector::norm(&y);
    if norms > T::ZERO { vector::dot(&x, &y) / norms } else { T::ZERO }
}

/// Multiplies a row by a power of two after which its largest entry is near 1.
fn bring_near_one<T: Real>(row: &mut [T]) {
    let largest = vector::max_abs(row);
    if largest > T::ZERO {
        row.iter_mut().for_each(|x| *x = x.times_power_of_two(-largest.exponent()));
    }
}

/// The scale of rows among each other.
pub(super) fn scale_among<T: Real>(table: &Table<T>) -> Gamma {
    let rows: Vec<&[T]> = table.data.chunks_exact(table.columns).take(SCALE_PAIRS).collect();
    Gamma::measured(|| rows.iter().enumerate().flat_map(|(i, &x)| rows[..i].iter().map(move |&y| (x, y))))
}

pub(super) fn normalize<T: Real>(row: &mut [T]) {
    if !T::is_comfortable_square(vector::sum_of_squares(row)) {
        bring_near_one(row);
    }
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
