//! A matrix that stands in a file column after column, read as rows.

use std::io::{Read, Result, Seek, SeekFrom};

/// Bytes held, unless the columns are so many that these would be only a few rows.
const BLOCK_BYTES: usize = 1 << 22;
const LEAST_ROWS: usize = 64;
/// Bytes held at most, however many columns there are.
const MOST_BYTES: usize = 1 << 26;

/// A block of rows of the columns taken: one seek and one read a column and block, whatever the size of the file.
pub(super) struct ColumnBlocks<R> {
    file: R,
    /// Where the numbers begin, rows of the matrix, bytes of a number.
    start: u64,
    rows: usize,
    size: usize,
    taken: Vec<usize>,
    /// The rows at hand: the first, and how many.
    first: usize,
    held: usize,
    most: usize,
    bytes: Vec<u8>,
}

impl<R: Read + Seek> ColumnBlocks<R> {
    pub(super) fn new(file: R, start: u64, rows: usize, size: usize, taken: Vec<usize>) -> Self {
        let of = |bytes: usize| bytes / size / taken.len().max(1);
        let most = of(BLOCK_BYTES).max(LEAST_ROWS).min(of(MOST_BYTES).max(1)).min(rows);
        let bytes = vec![0; most * size * taken.len()];
        Self { file, start, rows, size, taken, first: 0, held: 0, most, bytes }
    }

    /// Makes sure that a row is at hand.
    pub(super) fn seek(&mut self, row: usize) -> Result<()> {
        if row.checked_sub(self.first).is_some_and(|i| i < self.held) {
            return Ok(());
        }
        self.held = 0;
        let count = self.rows.saturating_sub(row).min(self.most);
        for (part, &column) in self.bytes.chunks_mut(self.most * self.size).zip(&self.taken) {
            let place = (column as u64 * self.rows as u64 + row as u64) * self.size as u64;
            self.file.seek(SeekFrom::Start(self.start + place))?;
            self.file.read_exact(&mut part[..count * self.size])?;
        }
        (self.first, self.held) = (row, count);
        Ok(())
    }

    /// The bytes that begin with the number of a row at hand in one of the columns taken.
    pub(super) fn cell(&self, column: usize, row: usize) -> Option<&[u8]> {
        self.bytes.get((column * self.most + row - self.first) * self.size..)
    }
}
