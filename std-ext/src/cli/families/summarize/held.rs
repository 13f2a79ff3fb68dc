//! Rows of a stream of which only some are held: those of a window, or those that a sieve keeps.

use super::pool::Pool;
use super::script::{Feed, Step};
use super::shape::Form;
use super::similarity::products_overflow;
use crate::io::RowReader;
use crate::{CoreError, Error, Real};

/// Where rows come from, one after the other.
pub(super) enum Source<T> {
    /// All were read, and became what is compared.
    Memory { rows: Vec<T>, indices: Option<Vec<u64>>, next: usize },
    /// They become that one by one.
    Stream(Box<Stream<T>>),
}

pub(super) struct Stream<T> {
    reader: RowReader<T>,
    form: Form<T>,
    batch: Vec<T>,
    /// Where each row of the batch came from.
    places: Vec<u64>,
    /// The number of each in the input.
    indices: Vec<u64>,
    next: usize,
}

impl<T: Real> Source<T> {
    /// Rows that were read, with their numbers in the input if some were left out.
    pub(super) fn of_memory(rows: Vec<T>, indices: Option<Vec<u64>>) -> Self {
        Self::Memory { rows, indices, next: 0 }
    }

    /// Rows as a reader gives them, each of which becomes what is compared.
    pub(super) fn of_stream(reader: RowReader<T>, form: Form<T>) -> Self {
        let (batch, places, indices) = (Vec::new(), Vec::new(), Vec::new());
        Self::Stream(Box::new(Stream { reader, form, batch, places, indices, next: 0 }))
    }

    /// Whether there is another row.
    fn has_next(&mut self, stride: usize) -> Result<bool, Error> {
        match self {
            Self::Memory { rows, next, .. } => Ok((*next + 1) * stride <= rows.len()),
            Self::Stream(stream) => stream.has_next(),
        }
    }

    /// Writes the next row into a slot; whether there is one.
    fn next(&mut self, pool: &Pool<'_, T>, stride: usize, slot: usize) -> Result<bool, Error> {
        if !self.has_next(stride)? {
            return Ok(false);
        }
        match self {
            Self::Memory { rows, next, .. } => {
                pool.write(slot, |to| to.copy_from_slice(&rows[*next * stride..][..stride]))?;
                *next += 1;
            }
            Self::Stream(stream) => stream.write(pool, slot)?,
        }
        Ok(true)
    }

    /// The number in the input of the last row, before which so many others came.
    fn index(&self, before: usize) -> u64 {
        let found = match self {
            Self::Memory { indices, next, .. } => indices.as_ref().and_then(|all| all.get(next.checked_sub(1)?)),
            Self::Stream(stream) => stream.next.checked_sub(1).and_then(|row| stream.indices.get(row)),
        };
        found.copied().unwrap_or(before as u64)
    }

    /// What is said of no rows at all.
    fn no_rows(&self) -> Error {
        let refused = match self {
            Self::Memory { .. } => Ok(()),
            Self::Stream(stream) => stream.reader.check_not_empty(),
        };
        refused.err().unwrap_or_else(|| CoreError::TooFewRows { needed: 1, got: 0 }.into())
    }

    /// Says where the last row came from.
    fn place(&self, error: Error) -> Error {
        match self {
            Self::Memory { .. } => error,
            Self::Stream(stream) => error.at_row(stream.places[stream.next - 1]).in_file(stream.reader.name()),
        }
    }

    pub(super) fn warnings(&self) -> &[String] {
        match self {
            Self::Memory { .. } => &[],
            Self::Stream(stream) => stream.reader.warnings(),
        }
    }
}

impl<T: Real> Stream<T> {
    /// Whether there is another row; reads more if need be.
    fn has_next(&mut self) -> Result<bool, Error> {
        if self.next < self.places.len() {
            return Ok(true);
        }
        self.batch.clear();
        self.places.clear();
        self.next = 0;
        let rows = match self.reader.next_batch()? {
            Some(rows) => {
                self.batch.extend_from_slice(rows.as_slice());
                rows.rows()
            }
            None => return Ok(false),
        };
        self.indices.clear();
        self.indices.extend((0..rows).map(|row| self.reader.index(row).unwrap_or(0)));
        self.places.extend((0..rows).map(|row| self.reader.place(row).unwrap_or(0)));
        Ok(rows > 0)
    }

    fn write(&mut self, pool: &Pool<'_, T>, slot: usize) -> Result<(), Error> {
        let columns = self.batch.len() / self.places.len();
        let row = &self.batch[self.next * columns..][..columns];
        let at = |error: Error| error.at_row(self.places[self.next]).in_file(self.reader.name());
        if let Some((column, what)) = self.form.fault(row) {
            return Err(at(Error::data(what)).in_column(&self.reader.columns()[column]));
        }
        let mut is_in_range = true;
        let written = pool.write(slot, |to| {
            self.form.write(row, to);
            is_in_range = pool.is_in_range(to);
        });
        if !is_in_range {
            return Err(at(Error::data(products_overflow::<T>())));
        }
        written.map_err(|error| at(error.into()))?;
        self.next += 1;
        Ok(())
    }
}

/// Rows that come into slots, one after the other.
pub(super) struct Slots<'a, T> {
    pool: &'a Pool<'a, T>,
    pub(super) source: Source<T>,
    stride: usize,
    /// Slots of the window; without one there are as many as a sieve keeps.
    window: Option<usize>,
    /// The number of the row in each slot.
    pub(super) numbers: Vec<u64>,
    /// Rows that have come.
    pub(super) rows: usize,
    /// Whether the slot of the next row was cleared.
    is_clear: bool,
    /// The slot of the last row.
    last: Option<usize>,
    free: Vec<usize>,
}

impl<'a, T: Real> Slots<'a, T> {
    pub(super) fn new(pool: &'a Pool<'a, T>, source: Source<T>, window: Option<usize>) -> Self {
        let (stride, numbers) = (pool.stride(), vec![0; window.unwrap_or(0)]);
        Self { pool, source, stride, window, numbers, rows: 0, is_clear: false, last: None, free: Vec::new() }
    }

    /// A slot whose row no sieve keeps, or a new one.
    fn free_slot(&mut self, keeps: &dyn Fn(u32) -> bool) -> usize {
        let slots = self.numbers.len();
        self.free.extend(self.last.take().filter(|&slot| !keeps(id(slot))));
        if self.free.is_empty() && slots >= 64 && slots.is_power_of_two() {
            self.free.extend((0..slots).rev().filter(|&slot| !keeps(id(slot))));
        }
        self.free.pop().unwrap_or(slots)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "slots are counted in u32 by the window's flag")]
const fn id(slot: usize) -> u32 {
    slot as u32
}

impl<T: Real> Feed for Slots<'_, T> {
    fn next(&mut self, keeps: &dyn Fn(u32) -> bool) -> Result<Option<Step>, Error> {
        let slot = match self.window {
            Some(window) => self.rows % window,
            None => self.free_slot(keeps),
        };
        // The row that goes is still needed to let it go.
        if self.window.is_some_and(|window| self.rows >= window) && !self.is_clear {
            self.is_clear = self.source.has_next(self.stride)?;
            return Ok(self.is_clear.then_some(Step::Evict(id(slot))));
        }
        self.is_clear = false;
        if !self.source.next(self.pool, self.stride, slot)? {
            return if self.rows > 0 { Ok(None) } else { Err(self.source.no_rows()) };
        }
        if slot == self.numbers.len() {
            self.numbers.push(0);
        }
        self.numbers[slot] = self.source.index(self.rows);
        self.last = Some(slot);
        self.rows += 1;
        Ok(Some(Step::Insert(id(slot))))
    }

    fn names(&self) -> Option<&[u64]> {
        Some(&self.numbers)
    }

    fn place(&self, error: Error) -> Error {
        self.source.place(error)
    }
}
