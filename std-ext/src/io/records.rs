//! Text split into records of cells, in bounded memory.

use super::signature;
use crate::Error;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::io::{ErrorKind, Read};

/// Bytes read at a time.
const BUFFER: usize = 1 << 18;
/// Bytes of the cells of one record; more of them are taken for a file without line ends.
const LONGEST: usize = 1 << 24;

/// Splits a stream into records of cells.
pub(super) struct Records<R> {
    input: R,
    splitter: Reader,
    comment: Option<u8>,
    buffer: Vec<u8>,
    /// What of the buffer is not consumed yet.
    start: usize,
    end: usize,
    /// Whether the input has ended; a line end was put behind it.
    has_ended: bool,
    /// The cells of the record, one after the other, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    cell_count: usize,
    /// Cells that a record may have, and those of the first.
    most_cells: usize,
    expected: Option<usize>,
    /// Line on which the record began, and lines consumed.
    record_line: u64,
    lines: u64,
    /// The last line ended in `\r`: a `\n` right behind it belongs to it.
    after_return: bool,
}

impl<R: Read> Records<R> {
    /// Begins to read; refuses what is no text.
    pub(super) fn new(input: R, delimiter: u8, comment: Option<u8>, most_cells: usize) -> Result<Self, Error> {
        let mut records = Self {
            input,
            splitter: ReaderBuilder::new().delimiter(delimiter).build(),
            comment,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            has_ended: false,
            cells: vec![0; 1 << 12],
            ends: vec![0; 1 << 8],
            cell_count: 0,
            most_cells,
            expected: None,
            record_line: 0,
            lines: 0,
            after_return: false,
        };
        records.refill()?;
        let head = &records.buffer[..records.end];
        signature::check_text(&head[..head.len().min(signature::LEN)])?;
        // Some programs begin a file with a byte order mark.
        if head.starts_with("\u{feff}".as_bytes()) {
            records.start = "\u{feff}".len();
        }
        Ok(records)
    }

    /// Expects so many cells of the records behind this one; those that have a few others are still read, to be counted.
    pub(super) fn expect_cells(&mut self, count: usize) {
        self.expected = Some(count);
        self.most_cells = (count + 1).max(self.ends.len());
    }

    /// Fills the buffer as far as the input goes; false at its end.
    fn refill(&mut self) -> Result<bool, Error> {
        (self.start, self.end) = (0, 0);
        while self.end < self.buffer.len() && !self.has_ended {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.has_ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::from(error).at_row(self.lines + 1)),
            }
        }
        Ok(self.end > 0)
    }

    /// Goes to the next line with anything on it but a comment; false at the end.
    fn skip_to_record(&mut self) -> Result<bool, Error> {
        let mut is_comment = false;
        loop {
            if self.start == self.end && !self.refill()? {
                return Ok(false);
            }
            let byte = self.buffer[self.start];
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.lines += 1;
                    self.after_return = byte == b'\r';
                    is_comment = false;
                }
                _ if is_comment => {}
                _ if self.comment == Some(byte) => {
                    is_comment = true;
                    self.after_return = false;
                }
                _ => break,
            }
            self.start += 1;
        }
        self.after_return = false;
        Ok(true)
    }

    /// Reads the next record; false at the end. Blank lines and comments are skipped.
    pub(super) fn next(&mut self) -> Result<bool, Error> {
        // The splitter would skip them too, but then the line of the record would not be known.
        if !self.skip_to_record()? {
            return Ok(false);
        }
        self.record_line = self.lines + 1;
        let (mut cells, mut ends) = (0, 0);
        let mut before = self.splitter.line();
        let mut is_at_end = false;
        loop {
            let input = &self.buffer[self.start..self.end];
            let (result, taken, written, ended) =
                self.splitter.read_record(input, &mut self.cells[cells..], &mut self.ends[ends..]);
            self.start += taken;
            cells += written;
            ends += ended;
            self.lines += self.splitter.line() - before;
            before = self.splitter.line();
            let line = self.record_line;
            match result {
                // At the end of the input a line end is put behind it: it ends every record but one inside of quotes.
                ReadRecordResult::InputEmpty => {
                    if !self.refill()? {
                        if is_at_end {
                            let what = "a quote that is never closed: write two of them for one that is part of a cell";
                            return Err(Error::data(what).at_row(line));
                        }
                        is_at_end = true;
                        self.buffer[0] = b'\n';
                        self.end = 1;
                    }
                }
                ReadRecordResult::OutputFull if self.cells.len() >= LONGEST => {
                    let what = "a row of more than 16 MiB: this is no table of text, or a quote is never closed";
                    return Err(Error::data(what).at_row(line));
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() >= self.most_cells => {
                    let why = match self.expected {
                        None => ": a table may have no more, so transpose it or leave columns out".into(),
                        Some(count) => format!(", {count} expected: every row needs as many as the first line"),
                    };
                    return Err(Error::data(format!("more than {} cells{why}", self.ends.len())).at_row(line));
                }
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => {
                    self.ends.resize((self.ends.len() * 2).min(self.most_cells), 0);
                }
                ReadRecordResult::Record => {
                    // The splitter counts only lines that end in `\n`.
                    if taken > 0 && self.buffer[self.start - 1] == b'\r' {
                        self.lines += 1;
                        self.after_return = true;
                    }
                    self.cell_count = ends;
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    pub(super) fn cell_count(&self) -> usize {
        self.cell_count
    }

    pub(super) fn cell(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.cells[start..self.ends[index]]
    }

    /// The beginning of a cell, for people.
    pub(super) fn text(&self, index: usize) -> String {
        String::from_utf8_lossy(self.cell(index).trim_ascii()).chars().take(40).collect()
    }

    pub(super) fn texts(&self) -> Vec<String> {
        (0..self.cell_count).map(|i| String::from_utf8_lossy(self.cell(i).trim_ascii()).into_owned()).collect()
    }

    /// The line on which the record began.
    pub(super) fn line(&self) -> u64 {
        self.record_line
    }

    /// Says where the record is, and how far it goes if a quote may be to blame for that.
    #[cold]
    pub(super) fn locate(&self, error: &str) -> Error {
        let last = self.lines.max(self.record_line);
        let error = if last > self.record_line {
            format!("{error} (the row goes on to line {last}: is a quote not closed?)")
        } else {
            error.to_owned()
        };
        Error::data(error).at_row(self.record_line)
    }
}
