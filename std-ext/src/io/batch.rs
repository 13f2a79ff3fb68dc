//! Rows as a reader gives them: the struct `Batch`.

use crate::{MatRef, Real};

/// Rows that were read, all of them finite, and where each came from.
///
/// A buffer that is used again: a [`RowReader`](super::RowReader) [reads into it](super::RowReader::read_into).
#[derive(Clone, Debug)]
pub struct Batch<T> {
    pub(super) entries: Vec<T>,
    pub(super) places: Vec<Place>,
    pub(super) columns: usize,
}

/// Where a row came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its line in an input that has lines, else its number, counted from 1.
    pub(super) line: u64,
    /// Its number, counted from 0, rows left out among them.
    pub(super) index: u64,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: Vec::new(), columns: 0 }
    }
}

impl<T: Real> Batch<T> {
    /// The rows.
    pub fn rows(&self) -> MatRef<'_, T> {
        // A reader writes whole rows.
        MatRef::new(&self.entries, self.len(), self.columns).map_or(MatRef::empty(), MatRef::known_finite)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.entries.len().checked_div(self.columns).unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keeps so many of the rows at most.
    pub fn truncate(&mut self, rows: usize) {
        self.entries.truncate(rows.saturating_mul(self.columns));
        self.places.truncate(rows);
    }

    /// Moves the first rows, so many at most, behind those of other vectors.
    pub(super) fn give(&mut self, entries: &mut Vec<T>, places: &mut Vec<Place>, rows: usize) {
        let rows = rows.min(self.places.len());
        places.extend(self.places.drain(..rows));
        entries.extend(self.entries.drain(..rows.saturating_mul(self.columns)));
    }

    /// Where a row came from: its line in an input that has lines, else its number, counted from 1.
    pub fn place(&self, row: usize) -> Option<u64> {
        self.places.get(row).map(|place| place.line)
    }

    /// The number of a row among those of the input, counted from 0; rows that were left out count.
    pub fn index(&self, row: usize) -> Option<u64> {
        self.places.get(row).map(|place| place.index)
    }
}
