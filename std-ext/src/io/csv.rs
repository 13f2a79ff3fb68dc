//! Comma-separated values, as a stream.

use super::cell::{Cell, is_missing};
use super::layout::{Layout, positions};
use super::options::ReadOptions;
use super::source::Source;
use crate::{Error, Real};
use csv_core::{ReadRecordResult, Reader};
use std::io::{ErrorKind, Read};

/// Bytes read at a time.
const BUFFER: usize = 1 << 18;
/// Bytes of one row; more of them are taken for a file without line ends.
const LONGEST_ROW: usize = 1 << 26;

/// Splits a stream into records of cells.
struct Records<R> {
    input: R,
    splitter: Reader,
    buffer: Vec<u8>,
    /// What of the buffer is not consumed yet.
    start: usize,
    end: usize,
    /// The cells of the record, one after the other, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    cell_count: usize,
    /// Line on which the record began, and lines consumed.
    record_line: u64,
    lines: u64,
    /// The last line ended in `\r`: a `\n` right behind it belongs to it.
    after_return: bool,
}

impl<R: Read> Records<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            splitter: Reader::new(),
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            cells: vec![0; 1 << 12],
            ends: vec![0; 1 << 8],
            cell_count: 0,
            record_line: 0,
            lines: 0,
            after_return: false,
        }
    }

    /// Fills the buffer as far as the input goes; false at its end.
    fn refill(&mut self) -> Result<bool, Error> {
        (self.start, self.end) = (0, 0);
        while self.end < self.buffer.len() {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::from(error).at_row(self.lines + 1)),
            }
        }
        Ok(self.end > 0)
    }

    /// Reads the next record; false at the end. Blank lines are skipped.
    fn next(&mut self) -> Result<bool, Error> {
        // The splitter would skip blank lines too, but then the line of the record would not be known.
        loop {
            if self.start == self.end && !self.refill()? {
                return Ok(false);
            }
            match self.buffer[self.start] {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' => self.lines += 1,
                b'\r' => {
                    self.lines += 1;
                    self.after_return = true;
                }
                _ => break,
            }
            self.start += 1;
        }
        self.after_return = false;
        self.record_line = self.lines + 1;
        let (mut cells, mut ends) = (0, 0);
        let mut before = self.splitter.line();
        loop {
            let input = &self.buffer[self.start..self.end];
            let (result, taken, written, ended) =
                self.splitter.read_record(input, &mut self.cells[cells..], &mut self.ends[ends..]);
            self.start += taken;
            cells += written;
            ends += ended;
            self.lines += self.splitter.line() - before;
            before = self.splitter.line();
            match result {
                // At the end of the input the splitter is shown an empty buffer, and ends the record.
                ReadRecordResult::InputEmpty => {
                    self.refill()?;
                }
                ReadRecordResult::OutputFull if self.cells.len() >= LONGEST_ROW => {
                    return Err(Error::data("row of more than 64 MiB: this is no CSV").at_row(self.record_line));
                }
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
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

    fn cell(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.cells[start..self.ends[index]]
    }

    fn texts(&self) -> Vec<String> {
        (0..self.cell_count).map(|i| String::from_utf8_lossy(self.cell(i).trim_ascii()).into_owned()).collect()
    }
}

/// Rows of numbers from CSV.
pub(super) struct Csv<R> {
    records: Records<R>,
    layout: Layout,
    width: usize,
    /// The first row was read already, to know which columns hold numbers.
    pending: bool,
    header_is_numbers: bool,
}

#[inline]
fn parse(cell: &[u8]) -> Cell {
    fast_float2::parse(cell).map_or_else(|_| parse_odd(cell), Cell::Number)
}

#[cold]
fn parse_odd(cell: &[u8]) -> Cell {
    let cell = cell.trim_ascii();
    if is_missing(cell) { Cell::Missing } else { fast_float2::parse(cell).map_or(Cell::Text, Cell::Number) }
}

impl<R: Read> Csv<R> {
    pub(super) fn new(input: R, options: &ReadOptions) -> Result<Self, Error> {
        let mut records = Records::new(input);
        let mut pending = records.next()?;
        if !pending {
            return Err(Error::data(if options.no_header {
                "there are no rows: give rows of numbers"
            } else {
                "there is nothing in it: give a header row and rows of numbers"
            }));
        }
        let width = records.cell_count;
        let mut header_is_numbers = false;
        let names = if options.no_header {
            positions(width)
        } else {
            header_is_numbers = (0..width).all(|i| matches!(parse(records.cell(i)), Cell::Number(_)));
            let mut names = records.texts();
            // A column without a name, such as an index that was written along, has its position for one.
            (0..)
                .zip(&mut names)
                .filter(|(_, name)| name.is_empty())
                .for_each(|(i, name): (usize, _)| *name = i.to_string());
            pending = records.next()?;
            names
        };
        let is_text = |i| pending && i < records.cell_count && matches!(parse(records.cell(i)), Cell::Text);
        let layout = Layout::new(&names, options, is_text)?;
        Ok(Self { records, layout, width, pending, header_is_numbers })
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let text = "the header row holds only numbers: use --no-header if it is a row like the others";
        if self.header_is_numbers { vec![text.into()] } else { Vec::new() }
    }

    /// Appends the numbers of the record at hand; false if the row is left out.
    fn push_row<T: Real>(&self, batch: &mut Vec<T>) -> Result<bool, Error> {
        let records = &self.records;
        if records.cell_count != self.width {
            let (seen, expected) = (records.cell_count, self.width);
            let cells = if seen == 1 { "cell" } else { "cells" };
            let text = format!("{seen} {cells}, {expected} expected: every row needs as many as the first line");
            let error = Error::data(text).at_row(records.record_line);
            // The first column that has no cell, or the last one that has a name.
            let column = self.layout.taken.iter().position(|&i| i >= seen);
            let name = column.map_or(self.layout.names.last(), |i| self.layout.names.get(i));
            return Err(match name {
                Some(name) => error.in_column(name),
                None => error,
            });
        }
        for (&i, name) in self.layout.taken.iter().zip(&self.layout.names) {
            let pushed = match parse(records.cell(i)) {
                Cell::Number(x) => self.layout.push(batch, x),
                Cell::Missing => self.push_missing(i, batch),
                Cell::Text if self.layout.is_na(records.cell(i).trim_ascii()) => self.push_missing(i, batch),
                Cell::Text => Err(self.text_error(i)),
            };
            match pushed {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => return Err(error.at_row(records.record_line).in_column(name)),
            }
        }
        Ok(true)
    }

    #[cold]
    fn push_missing<T: Real>(&self, index: usize, batch: &mut Vec<T>) -> Result<bool, Error> {
        let text = self.text(index);
        let seen = if text.is_empty() { "empty cell".into() } else { format!("\"{text}\" is a missing value") };
        self.layout.push_missing(batch, &seen)
    }

    #[cold]
    fn text_error(&self, index: usize) -> Error {
        Error::data(format!(
            "\"{}\" is not a number: choose columns with --columns, leave out those of text with --skip-non-numeric, or name with \
             --na what means a missing value",
            self.text(index)
        ))
    }

    /// The beginning of a cell.
    fn text(&self, index: usize) -> String {
        String::from_utf8_lossy(self.records.cell(index).trim_ascii()).chars().take(40).collect()
    }
}

impl<T: Real, R: Read + Send> Source<T> for Csv<R> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn fill(&mut self, batch: &mut Vec<T>, places: &mut Vec<u64>, rows: usize) -> Result<(), Error> {
        let mut taken = 0;
        while taken < rows && (self.pending || self.records.next()?) {
            self.pending = false;
            let start = batch.len();
            if self.push_row(batch)? {
                places.push(self.records.record_line);
                taken += 1;
            } else {
                batch.truncate(start);
            }
        }
        Ok(())
    }
}
