//! One JSON array or object of numbers a line.

use super::Source;
use super::layout::{Layout, positions};
use super::options::ReadOptions;
use crate::{Error, Real};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};

/// Rows of numbers from JSON lines.
pub(super) struct Ndjson {
    input: BufReader<File>,
    line: String,
    number: u64,
    /// All names of the first row; `None` for arrays.
    keys: Option<Vec<String>>,
    width: usize,
    layout: Layout,
    /// The first row, read to know the columns.
    pending: Option<Value>,
}

impl Ndjson {
    pub(super) fn new(file: File, options: &ReadOptions) -> Result<Self, Error> {
        let (mut input, mut line, mut number) = (BufReader::with_capacity(1 << 18, file), String::new(), 0);
        let first = next_value(&mut input, &mut line, &mut number)?
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
            cell.is_some_and(|cell| !cell.is_number() && !cell.is_null())
        };
        let layout = Layout::new(&all, options, is_text)?;
        Ok(Self { input, line, number, keys, width: all.len(), layout, pending: Some(first) })
    }

    fn push_row<T: Real>(&self, value: &Value, batch: &mut Vec<T>) -> Result<bool, Error> {
        let width = match (value, &self.keys) {
            (Value::Array(array), None) => array.len(),
            (Value::Object(object), Some(_)) => object.len(),
            _ => return Err(shape_error()),
        };
        if width != self.width {
            let expected = self.width;
            return Err(Error::data(format!(
                "{width} entries, {expected} expected: every row needs as many as the first"
            )));
        }
        for (&column, name) in self.layout.taken.iter().zip(&self.layout.names) {
            let cell = if self.keys.is_some() { value.get(name) } else { value.get(column) };
            let x = match cell {
                Some(Value::Number(x)) => x.as_f64(),
                Some(Value::Null) | None => None,
                Some(_) => return Err(Error::data("not a number: choose columns with --columns").in_column(name)),
            };
            if !self.layout.push(batch, x).map_err(|error| error.in_column(name))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn shape_error() -> Error {
    Error::data("neither an array nor an object like the first row: give one of numbers a line")
}

/// The next line with anything on it.
fn next_value(input: &mut impl BufRead, line: &mut String, number: &mut u64) -> Result<Option<Value>, Error> {
    loop {
        line.clear();
        let read = input.read_line(line).map_err(|error| Error::from(error).at_row(*number + 1))?;
        if read == 0 {
            return Ok(None);
        }
        *number += 1;
        if !line.trim().is_empty() {
            let value = serde_json::from_str(line.trim());
            return value.map(Some).map_err(|error| Error::data(format!("not JSON: {error}")).at_row(*number));
        }
    }
}

impl<T: Real> Source<T> for Ndjson {
    fn columns(&self) -> &[String] {
        &self.layout.names
    }

    fn fill(&mut self, batch: &mut Vec<T>, rows: usize) -> Result<(), Error> {
        let mut taken = 0;
        while taken < rows {
            let value = match self.pending.take() {
                Some(value) => value,
                None => match next_value(&mut self.input, &mut self.line, &mut self.number)? {
                    Some(value) => value,
                    None => break,
                },
            };
            let start = batch.len();
            if self.push_row(&value, batch).map_err(|error| error.at_row(self.number))? {
                taken += 1;
            } else {
                batch.truncate(start);
            }
        }
        Ok(())
    }
}
