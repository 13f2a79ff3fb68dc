//! Norms of columns that must stay in range: those of a triangle and of rows that are worked into it.

use crate::linalg::{packed, vector};
use crate::{Error, Real};

/// Refuses rows of as many `columns` with which the norm of one would exceed an eighth of the largest number: rotations and
/// reflections of larger ones overflow on the way. `factor` is what the rows are multiplied with; `kept` are rows that
/// wait to be worked in. Names the first entry to blame.
pub(super) fn check_rows<T: Real>(
    columns: usize,
    triangle: &[T],
    kept: &[T],
    rows: &[T],
    factor: T,
) -> Result<(), Error> {
    if T::all_modest(&[vector::max_abs(rows) * factor]) {
        return Ok(());
    }
    let mut first: Option<usize> = None;
    for column in 0..columns {
        let above = (0..=column).map(|row| triangle[packed::index(columns, row, column)]);
        let state = || above.clone().chain(kept.iter().skip(column).step_by(columns).copied());
        let entries = || rows.iter().skip(column).step_by(columns).map(|&x| x * factor);
        if !fits(|| state().chain(entries())) {
            let place = entries().position(|x| !T::all_modest(&[x])).unwrap_or(0) * columns + column;
            first = Some(first.map_or(place, |first| first.min(place)));
        }
    }
    first.map_or(Ok(()), |index| Err(Error::NonFinite { index }))
}

/// Whether the norm of a column is at most an eighth of the largest number.
pub(super) fn fits<T: Real, I: Iterator<Item = T>>(column: impl Fn() -> I) -> bool {
    let limit = T::max_value() * T::constant(0.125);
    let largest = column().fold(T::ZERO, |max, x| max.max(x.abs()));
    if largest == T::ZERO {
        return true;
    }
    // Relative to the largest entry: no square overflows.
    let squares = column().fold(T::ZERO, |sum, x| sum + (x / largest) * (x / largest));
    squares.sqrt() <= limit / largest
}
