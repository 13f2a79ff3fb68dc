//! NumPy arrays: `.npy` files.

use super::batch::Place;
use super::column_blocks::ColumnBlocks;
use super::layout::{Layout, MOST_COLUMNS, positions, too_wide};
use super::number_type::{Form, NumberType};
use super::options::ReadOptions;
use super::signature::{self, check_npy};
use super::source::Source;
use crate::{Error, Real};
use npyz::{DType, Endianness, NpyFile, Order, TypeChar};
use std::io::{BufReader, Read, Seek, SeekFrom};

/// Bytes that are read together: they stay in the cache until they are numbers.
const BLOCK_BYTES: usize = 1 << 17;

/// Numbers that are converted together.
const AT_ONCE: usize = 512;

/// Bytes in which the shape stands: the longest header of version 1.
const LONGEST_HEADER: u64 = 1 << 16;

/// Rows of an array.
pub(super) struct Npy<R> {
    data: Data<R>,
    kind: NumberType,
    layout: Layout,
    rows: usize,
    next: usize,
    /// Whether every column is taken, in order, and any finite number.
    takes_all: bool,
}

/// How the numbers stand in the file.
enum Data<R> {
    Rows(RowBlocks<R>),
    Columns(ColumnBlocks<R>),
}

/// Rows of a file, some at a time.
struct RowBlocks<R> {
    file: R,
    row_bytes: usize,
    bytes: Vec<u8>,
    /// The first byte of the row that comes next.
    next: usize,
}

impl<R: Read> RowBlocks<R> {
    /// Reads ahead if no row is left: as many as a block holds, of those that are in the file.
    fn refill(&mut self, left: usize) -> std::io::Result<()> {
        if self.next == self.bytes.len() {
            let rows = (BLOCK_BYTES / self.row_bytes).clamp(1, left);
            self.bytes.resize(rows * self.row_bytes, 0);
            self.next = 0;
            self.file.read_exact(&mut self.bytes)?;
        }
        Ok(())
    }

    fn row(&self) -> &[u8] {
        self.bytes.get(self.next..).unwrap_or_default()
    }

    /// The bytes of up to so many whole rows that were read.
    fn rows(&self, rows: usize) -> &[u8] {
        let left = self.row();
        &left[..left.len().min(rows.saturating_mul(self.row_bytes))]
    }
}

impl<R: Read + Seek> Npy<R> {
    pub(super) fn new(mut file: R, options: &ReadOptions) -> Result<Self, Error> {
        let len = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let mut head = Vec::new();
        file.by_ref().take(LONGEST_HEADER).read_to_end(&mut head)?;
        file.rewind()?;
        check_npy(&head[..head.len().min(signature::LEN)])?;
        let impossible = || Error::data("the shape is impossible: the file is damaged");
        if header_len(&head) > LONGEST_HEADER {
            return Err(Error::data("the header is impossibly long: the file is damaged"));
        }
        if !has_possible_shape(&head) {
            return Err(impossible());
        }
        let damaged = |error: std::io::Error| {
            // A header that is no Python dictionary is quoted on lines of its own.
            let text = error.to_string();
            let what = text.lines().next().unwrap_or_default().trim_end_matches(": ");
            Error::data(format!("not a sound .npy file: {what}"))
        };
        let npy = NpyFile::new(BufReader::with_capacity(1 << 18, file)).map_err(damaged)?;
        let kind = number_type(&npy.dtype())?;
        let (order, shape) = (npy.order(), npy.shape().to_vec());
        let (rows, cols) = match shape[..] {
            [rows] => (rows, 1),
            [rows, cols] => (rows, cols),
            _ => return Err(Error::data(format!("array of {} dimensions: give one of 1 or 2", shape.len()))),
        };
        let bytes = rows.checked_mul(cols).and_then(|count| count.checked_mul(kind.bytes() as u64));
        let data_bytes = bytes.ok_or_else(impossible)?;
        if rows == 0 || cols == 0 {
            return Err(Error::data(format!("array of {rows} rows and {cols} columns: give rows of numbers")));
        }
        if cols > MOST_COLUMNS as u64 {
            return Err(too_wide(cols));
        }
        let size = |n: u64| usize::try_from(n).map_err(|_| Error::data("the array is too large for this machine"));
        let (rows, cols) = (size(rows)?, size(cols)?);
        // What is left of the file behind the header must be the data, all of them and nothing else.
        let mut reader = npy.into_inner();
        let position = reader.stream_position()?;
        if len.checked_sub(position) != Some(data_bytes) {
            return Err(Error::data(format!(
                "{} bytes of data, {data_bytes} expected for {rows} x {cols}: the file is cut or damaged",
                len.saturating_sub(position)
            )));
        }
        let layout = Layout::new(&positions(cols), options, |_| false)?;
        let mut file = reader.into_inner();
        let data = if order == Order::C || cols == 1 {
            file.seek(SeekFrom::Start(position))?;
            Data::Rows(RowBlocks { file, row_bytes: cols * kind.bytes(), bytes: Vec::new(), next: 0 })
        } else {
            Data::Columns(ColumnBlocks::new(file, position, rows, kind.bytes(), layout.taken.clone()))
        };
        let takes_all = layout.taken.iter().copied().eq(0..cols) && !layout.is_picky();
        Ok(Self { data, kind, layout, rows, next: 0, takes_all })
    }
}

/// Bytes that a header says it has: npyz makes room for them before it reads any.
fn header_len(head: &[u8]) -> u64 {
    match head {
        [_, _, _, _, _, _, 1, _, a, b, ..] => u16::from_le_bytes([*a, *b]).into(),
        [_, _, _, _, _, _, _, _, a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]).into(),
        _ => 0,
    }
}

/// Whether the numbers of a header's shape can be multiplied: npyz does so without a check, which panics in a debug build.
fn has_possible_shape(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let shape = text.split_once("shape").map_or("", |(_, rest)| rest.split(')').next().unwrap_or_default());
    let mut sizes = shape.split(|c: char| !c.is_ascii_digit()).filter(|size| !size.is_empty());
    sizes.try_fold(1, |product: u64, size| product.checked_mul(size.parse().ok()?)).is_some()
}

fn number_type(dtype: &DType) -> Result<NumberType, Error> {
    let found = || {
        let DType::Plain(plain) = dtype else { return None };
        let form = match plain.type_char() {
            TypeChar::Float => Form::Float,
            TypeChar::Int => Form::Signed,
            TypeChar::Uint => Form::Unsigned,
            TypeChar::Bool => Form::Bool,
            _ => return None,
        };
        NumberType::new(form, plain.size_field(), plain.endianness() == Endianness::Big)
    };
    found().ok_or_else(|| {
        let what = dtype.descr();
        Error::data(format!("numbers of type {what}: give floats of 16 to 64 bits, integers of 8 to 64, or bool"))
    })
}

impl<T: Real, R: Read + Seek + Send> Source<T> for Npy<R> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn fill(&mut self, batch: &mut Vec<T>, places: &mut Vec<Place>, rows: usize) -> Result<(), Error> {
        let size = self.kind.bytes();
        let mut taken = 0;
        while taken < rows && self.next < self.rows {
            let number = self.next as u64 + 1;
            let read = match &mut self.data {
                Data::Rows(blocks) => blocks.refill(self.rows - self.next),
                Data::Columns(blocks) => blocks.seek(self.next),
            };
            read.map_err(|error| Error::from(error).at_row(number))?;
            if let Data::Rows(blocks) = &mut self.data
                && self.takes_all
            {
                // Some at a time: those behind a number that is not finite are looked at again.
                let some = (AT_ONCE / self.layout.taken.len()).max(1);
                let count =
                    self.kind.append_finite(blocks.rows(some.min(rows - taken)), batch, self.layout.taken.len());
                if count > 0 {
                    places.extend((number..number + count as u64).map(|line| Place { line, index: line - 1 }));
                    blocks.next += count * blocks.row_bytes;
                    self.next += count;
                    taken += count;
                    continue;
                }
            }
            let start = batch.len();
            let mut kept = true;
            for (i, (&column, name)) in self.layout.taken.iter().zip(&self.layout.names).enumerate() {
                let bytes = match &self.data {
                    Data::Rows(blocks) => blocks.row().get(column * size..),
                    Data::Columns(blocks) => blocks.cell(i, self.next),
                };
                let x = bytes.and_then(|bytes| self.kind.number(bytes)).unwrap_or(f64::NAN);
                kept = self.layout.push(batch, x).map_err(|error| error.at_row(number).in_column(name))?;
                if !kept {
                    break;
                }
            }
            self.next += 1;
            if let Data::Rows(blocks) = &mut self.data {
                blocks.next += blocks.row_bytes;
            }
            if kept {
                places.push(Place { line: number, index: number - 1 });
                taken += 1;
            } else {
                batch.truncate(start);
            }
        }
        Ok(())
    }
}
