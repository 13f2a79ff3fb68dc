//! JSON lines: one array or object of numbers a line.

use super::batch::Place;
use super::cell::{Cell, is_missing};
use super::layout::{Layout, MOST_COLUMNS, positions, too_wide};
use super::options::ReadOptions;
use super::signature::{self, check_text};
use super::source::Source;
use crate::{Error, Real};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};

/// Bytes of one line; more of them are taken for a file without line ends.
const LONGEST_LINE: u64 = 1 << 24;

/// Rows of numbers from JSON lines.
pub(super) struct Ndjson<R> {
    input: BufReader<R>,
    comment: Option<u8>,
    line: String,
    number: u64,
    /// All names of the first row; `None` for arrays.
    keys: Option<Vec<String>>,
    /// Whether keys that the first row has not are let pass: the columns were chosen.
    others: bool,
    width: usize,
    layout: Layout,
    /// The first row, read to know the columns.
    pending: Option<Value>,
    /// Rows that were looked at.
    seen: u64,
}

impl<R: Read> Ndjson<R> {
    pub(super) fn new(input: R, options: &ReadOptions) -> Result<Self, Error> {
        let (mut input, mut line, mut number) = (BufReader::with_capacity(1 << 18, input), String::new(), 0);
        let (head, comment) = (input.fill_buf()?, options.comment);
        check_text(&head[..head.len().min(signature::LEN)])?;
        let first = next_value(&mut input, comment, &mut line, &mut number)?
            .ok_or_else(|| Error::data("there are no rows: give one array or object of numbers a line"))?;
        let (keys, all) = match &first {
            Value::Object(object) => {
                let keys: Vec<String> = object.keys().cloned().collect();
                (Some(keys.clone()), keys)
            }
            Value::Array(array) => (None, positions(array.len())),
            _ => return Err(shape_error().at_row(number)),
        };
        let is_text = |i: usize| {
            let cell = match &first {
                Value::Array(array) => array.get(i),
                other => all.get(i).and_then(|key| other.get(key)),
            };
            cell.is_some_and(|cell| matches!(parse(cell), Cell::Text))
        };
        let layout = Layout::new(&all, options, is_text)?;
        let others = options.columns.is_some();
        Ok(Self { input, comment, line, number, keys, others, width: all.len(), layout, pending: Some(first), seen: 0 })
    }

    fn check_length(&self, got: usize) -> Result<(), Error> {
        let expected = self.width;
        if got == expected {
            return Ok(());
        }
        let entries = if got == 1 { "entry" } else { "entries" };
        let error = Error::data(format!("{got} {entries}, {expected} expected: every row needs as many as the first"));
        // The first column that has no entry, or the last one that has a name.
        let column = self.layout.taken.iter().position(|&i| i >= got);
        Err(match column.map_or(self.layout.names.last(), |i| self.layout.names.get(i)) {
            Some(name) => error.in_column(name),
            None => error,
        })
    }

    fn push_row<T: Real>(&self, value: &Value, batch: &mut Vec<T>) -> Result<bool, Error> {
        match (value, &self.keys) {
            (Value::Array(array), None) => self.check_length(array.len())?,
            (Value::Object(object), Some(keys)) if !self.others => {
                // Keys mostly come in the order of the first row; one that is missing is an empty cell.
                let unknown =
                    (0..).zip(object.keys()).find(|&(i, key)| keys.get(i) != Some(key) && !keys.contains(key));
                if let Some((_, key)) = unknown {
                    let text = "the first row has no such key: choose columns with --columns";
                    return Err(Error::data(text).in_column(key));
                }
            }
            (Value::Object(_), Some(_)) => {}
            _ => return Err(shape_error()),
        }
        for (&column, name) in self.layout.taken.iter().zip(&self.layout.names) {
            let cell = if self.keys.is_some() { value.get(name) } else { value.get(column) };
            let missing = || match cell.and_then(Value::as_str).filter(|text| !text.trim().is_empty()) {
                Some(text) => format!("\"{}\" is a missing value", text.chars().take(40).collect::<String>()),
                None => "empty cell".into(),
            };
            let pushed = match cell.map_or(Cell::Missing, parse) {
                Cell::Number(x) => self.layout.push(batch, x),
                Cell::Missing => self.layout.push_missing(batch, &missing()),
                Cell::Text
                    if cell.and_then(Value::as_str).is_some_and(|text| self.layout.is_na(text.trim().as_bytes())) =>
                {
                    self.layout.push_missing(batch, &missing())
                }
                Cell::Text => Err(Error::data("not a number: choose columns with --columns")),
            };
            if !pushed.map_err(|error| error.in_column(name))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn parse(cell: &Value) -> Cell {
    match cell {
        Value::Number(x) => x.as_f64().map_or(Cell::Text, Cell::Number),
        Value::Null => Cell::Missing,
        Value::String(text) if is_missing(text.trim().as_bytes()) => Cell::Missing,
        Value::String(text) => odd(text).map_or(Cell::Text, Cell::Number),
        _ => Cell::Text,
    }
}

/// NaN or an infinity, however it is spelled; `None` for everything else.
fn odd(text: &str) -> Option<f64> {
    text.parse().ok().filter(|x: &f64| !x.is_finite())
}

/// The line with quotes around the numbers that JSON doesn't know, such as the NaN that Python writes.
fn quoted(line: &str) -> String {
    let mut result = String::new();
    // Every second piece is inside of quotes; an escaped quote leaves a line that is refused, as it was before.
    for (i, piece) in line.split('"').enumerate() {
        if i > 0 {
            result.push('"');
        }
        if i % 2 == 1 {
            result.push_str(piece);
            continue;
        }
        for token in piece.split_inclusive([',', ':', '[', ']', '{', '}', ' ', '\t']) {
            let word = token.trim_end_matches([',', ':', '[', ']', '{', '}', ' ', '\t']);
            if odd(word).is_some() {
                result.extend(["\"", word, "\"", &token[word.len()..]]);
            } else {
                result.push_str(token);
            }
        }
    }
    result
}

fn shape_error() -> Error {
    Error::data("neither an array nor an object like the first row: give one of numbers a line")
}

/// The next line with anything on it.
fn next_value(
    input: &mut impl BufRead,
    comment: Option<u8>,
    line: &mut String,
    number: &mut u64,
) -> Result<Option<Value>, Error> {
    loop {
        line.clear();
        let read = input.take(LONGEST_LINE).read_line(line).map_err(|error| Error::from(error).at_row(*number + 1))?;
        if read == 0 {
            return Ok(None);
        }
        *number += 1;
        if read as u64 == LONGEST_LINE {
            return Err(Error::data("a line of more than 16 MiB: this is no NDJSON").at_row(*number));
        }
        // Some programs begin a file with a byte order mark.
        let text = if *number == 1 { line.trim_start_matches('\u{feff}').trim() } else { line.trim() };
        if !text.is_empty() && text.bytes().next() != comment {
            // Before it is parsed, which takes ten times the memory of the line and more.
            let entries = text.split(',').count();
            if entries > MOST_COLUMNS {
                return Err(too_wide(entries as u64).at_row(*number));
            }
            let value =
                serde_json::from_str(text).or_else(|error| serde_json::from_str(&quoted(text)).map_err(|_| error));
            return value.map(Some).map_err(|error| not_json(&error).at_row(*number));
        }
    }
}

/// Why a line is no JSON, and where on it.
fn not_json(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    Error::data(format!("not JSON, {what} at character {}: give an array or object of numbers a line", error.column()))
}

impl<T: Real, R: Read + Send> Source<T> for Ndjson<R> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn fill(&mut self, batch: &mut Vec<T>, places: &mut Vec<Place>, rows: usize) -> Result<(), Error> {
        let mut taken = 0;
        while taken < rows {
            let value = match self.pending.take() {
                Some(value) => value,
                None => match next_value(&mut self.input, self.comment, &mut self.line, &mut self.number)? {
                    Some(value) => value,
                    None => break,
                },
            };
            self.seen += 1;
            let start = batch.len();
            if self.push_row(&value, batch).map_err(|error| error.at_row(self.number))? {
                places.push(Place { line: self.number, index: self.seen - 1 });
                taken += 1;
            } else {
                batch.truncate(start);
            }
        }
        Ok(())
    }
}
