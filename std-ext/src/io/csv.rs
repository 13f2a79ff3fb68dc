//! Tables of text: comma-separated values and their kin, as a stream.

use super::batch::Place;
use super::cell::{Cell, is_missing};
use super::layout::{Layout, MOST_COLUMNS, positions};
use super::options::ReadOptions;
use super::records::Records;
use super::source::Source;
use crate::{Error, Real};
use std::io::Read;

/// What may part cells, to be proposed to whoever has not said it.
const DELIMITERS: [u8; 4] = [b';', b'\t', b'|', b','];

/// Rows of numbers from a table of text.
pub(super) struct Csv<R> {
    records: Records<R>,
    layout: Layout,
    width: usize,
    decimal_comma: bool,
    /// The first row was read already, to know which columns hold numbers.
    pending: bool,
    header_is_numbers: bool,
    /// Rows that were looked at.
    seen: u64,
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

/// Parses a number whose decimals stand behind a comma; a point, which may be one of thousands, makes it text.
fn parse_comma(cell: &[u8]) -> Cell {
    if !cell.contains(&b',') {
        return if cell.contains(&b'.') && !is_missing(cell.trim_ascii()) { Cell::Text } else { parse(cell) };
    }
    if cell.contains(&b'.') {
        return Cell::Text;
    }
    // Numbers are short; a longer one has a heap of its own.
    let (mut short, mut long) = ([0; 64], Vec::new());
    let text = if let Some(short) = short.get_mut(..cell.len()) {
        short.copy_from_slice(cell);
        short
    } else {
        long.extend_from_slice(cell);
        &mut long[..]
    };
    text.iter_mut().filter(|byte| **byte == b',').for_each(|byte| *byte = b'.');
    parse(text)
}

impl<R: Read> Csv<R> {
    pub(super) fn new(input: R, options: &ReadOptions) -> Result<Self, Error> {
        let decimal_comma = options.decimal_comma;
        let delimiter = options.delimiter.unwrap_or(if decimal_comma { b';' } else { b',' });
        check_signs(delimiter, decimal_comma, options.comment)?;
        let mut records = Records::new(input, delimiter, options.comment, MOST_COLUMNS)?;
        let mut pending = records.next()?;
        if !pending {
            return Err(Error::data(if options.no_header {
                "there are no rows: give rows of numbers"
            } else {
                "there is nothing in it: give a header row and rows of numbers"
            }));
        }
        let width = records.cell_count();
        records.expect_cells(width);
        let parse = |records: &Records<R>, i| {
            if decimal_comma { parse_comma(records.cell(i)) } else { parse(records.cell(i)) }
        };
        let other = if width == 1 { other_delimiter(records.cell(0), delimiter) } else { None };
        let mut header_is_numbers = false;
        let names = if options.no_header {
            positions(width)
        } else {
            header_is_numbers = (0..width).all(|i| matches!(parse(&records, i), Cell::Number(_)));
            let mut names = records.texts();
            // A column without a name, such as an index that was written along, has its position for one.
            (0..)
                .zip(&mut names)
                .filter(|(_, name)| name.is_empty())
                .for_each(|(i, name): (usize, _)| *name = i.to_string());
            // The first line tells what parts cells, whatever is wrong with the next.
            pending = records.next().or_else(|error| if other.is_some() { Ok(false) } else { Err(error) })?;
            names
        };
        if let Some(other) = other
            && !(pending && records.cell_count() == 1 && matches!(parse(&records, 0), Cell::Number(_) | Cell::Missing))
        {
            return Err(refuse_delimiter(other, pending && has_decimal_comma(&records, other)));
        }
        let is_text = |i| pending && i < records.cell_count() && matches!(parse(&records, i), Cell::Text);
        let is_na = |i| options.na.iter().any(|na| na.trim().as_bytes() == records.cell(i).trim_ascii());
        let layout = Layout::new(&names, options, |i| is_text(i) && !is_na(i))?;
        Ok(Self { records, layout, width, decimal_comma, pending, header_is_numbers, seen: 0 })
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let text = "the header row holds only numbers: use --no-header if it is a row like the others";
        if self.header_is_numbers { vec![text.into()] } else { Vec::new() }
    }

    /// Appends the numbers of the record at hand; false if the row is left out.
    fn push_row<T: Real>(&self, batch: &mut Vec<T>) -> Result<bool, Error> {
        let records = &self.records;
        if records.cell_count() != self.width {
            let (seen, expected) = (records.cell_count(), self.width);
            let cells = if seen == 1 { "cell" } else { "cells" };
            let text = format!("{seen} {cells}, {expected} expected: every row needs as many as the first line");
            let error = records.locate(&text);
            // The first column that has no cell, or the last one that has a name.
            let column = self.layout.taken.iter().position(|&i| i >= seen);
            let name = column.map_or(self.layout.names.last(), |i| self.layout.names.get(i));
            return Err(match name {
                Some(name) => error.in_column(name),
                None => error,
            });
        }
        for (&i, name) in self.layout.taken.iter().zip(&self.layout.names) {
            let cell = if self.decimal_comma { parse_comma(records.cell(i)) } else { parse(records.cell(i)) };
            let pushed = match cell {
                Cell::Number(x) => self.layout.push(batch, x),
                Cell::Missing => self.push_missing(i, batch),
                Cell::Text if self.layout.is_na(records.cell(i).trim_ascii()) => self.push_missing(i, batch),
                Cell::Text => Err(self.text_error(i)),
            };
            match pushed {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => return Err(error.at_row(records.line()).in_column(name)),
            }
        }
        Ok(true)
    }

    #[cold]
    fn push_missing<T: Real>(&self, index: usize, batch: &mut Vec<T>) -> Result<bool, Error> {
        let text = self.records.text(index);
        let seen = if text.is_empty() { "empty cell".into() } else { format!("\"{text}\" is a missing value") };
        self.layout.push_missing(batch, &seen)
    }

    #[cold]
    fn text_error(&self, index: usize) -> Error {
        let cell = self.records.cell(index);
        let advice = if !self.decimal_comma && matches!(parse_comma(cell), Cell::Number(_)) {
            "give --decimal , if that is the comma of decimals"
        } else if self.decimal_comma && matches!(parse(cell), Cell::Number(_)) {
            "with --decimal , a number has no point"
        } else {
            "choose columns with --columns, leave out those of text with --skip-non-numeric, or name with --na what means a missing \
             value"
        };
        self.records.locate(&format!("\"{}\" is not a number: {advice}", self.records.text(index)))
    }
}

/// Refuses signs of which one can't be told from another, or from numbers.
fn check_signs(delimiter: u8, decimal_comma: bool, comment: Option<u8>) -> Result<(), Error> {
    let is_sign = |byte: u8| byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n.+-".contains(&byte);
    if !is_sign(delimiter) {
        return Err(Error::request("--delimiter must be a character that is in no number and is no quote"));
    }
    if decimal_comma && delimiter == b',' {
        return Err(Error::request("--decimal , needs another --delimiter than the comma"));
    }
    if comment.is_some_and(|comment| !comment.is_ascii() || b"\"\r\n".contains(&comment) || comment == delimiter) {
        return Err(Error::request("--comment must be a character that is neither a quote nor the delimiter"));
    }
    Ok(())
}

/// What seems to part the cells of a line that came as one, by what is in it most often.
fn other_delimiter(line: &[u8], delimiter: u8) -> Option<u8> {
    let count = |sign: u8| line.split(|byte| *byte == sign).count() - 1;
    let others = DELIMITERS.into_iter().rev().filter(|&sign| sign != delimiter && count(sign) > 0);
    others.max_by_key(|&sign| count(sign))
}

/// Whether the cells of a record would be numbers with a comma of decimals, if they were parted by another delimiter. The comma may
/// have parted them already.
fn has_decimal_comma<R: Read>(records: &Records<R>, delimiter: u8) -> bool {
    let cells: Vec<&[u8]> = (0..records.cell_count()).map(|i| records.cell(i)).collect();
    let line = cells.join(&b',');
    line.contains(&b',')
        && line.split(|byte| *byte == delimiter).all(|cell| matches!(parse_comma(cell), Cell::Number(_)))
}

fn refuse_delimiter(delimiter: u8, decimal_comma: bool) -> Error {
    let (sign, flag) = match delimiter {
        b'\t' => ("tabs".into(), "tab".into()),
        sign => (format!("\"{}\"", char::from(sign)), format!("'{}'", char::from(sign))),
    };
    let decimal = if decimal_comma { " and --decimal ," } else { "" };
    Error::data(format!("the cells of the first line seem to be parted by {sign}: give --delimiter {flag}{decimal}"))
}

impl<T: Real, R: Read + Send> Source<T> for Csv<R> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn fill(&mut self, batch: &mut Vec<T>, places: &mut Vec<Place>, rows: usize) -> Result<(), Error> {
        let mut taken = 0;
        while taken < rows && (self.pending || self.records.next()?) {
            self.pending = false;
            self.seen += 1;
            let start = batch.len();
            if self.push_row(batch)? {
                places.push(Place { line: self.records.line(), index: self.seen - 1 });
                taken += 1;
            } else {
                batch.truncate(start);
            }
        }
        Ok(())
    }
}
