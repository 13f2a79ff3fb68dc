//! Parquet files, through the typed column readers: no Arrow in between.

use super::batch::Place;
use super::half::from_half;
use super::layout::Layout;
use super::options::ReadOptions;
use super::positioned::Positioned;
use super::signature::{self, check_parquet};
use super::source::Source;
use crate::{Error, Real};
use parquet::basic::{Compression, ConvertedType, LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::io::{Read, Seek};

/// Rows decoded at a time: the numbers of a block stay in cache until they are rows.
const BLOCK: usize = 1024;

/// Rows of numbers from a table of columns. A page of each column taken is in memory, never a whole row group.
pub(super) struct Parquet<R: Read + Seek + Send + 'static> {
    file: SerializedFileReader<Positioned<R>>,
    layout: Layout,
    columns: Vec<Column>,
    next_group: usize,
    /// Rows of the open row group that are not read yet.
    left: usize,
    /// Rows read so far, those left out among them.
    rows: u64,
}

/// A column taken, and what is decoded of it.
struct Column {
    position: usize,
    unsigned: bool,
    present: i16,
    reader: Option<ColumnReader>,
    levels: Vec<i16>,
    cells: Vec<Option<f64>>,
}

impl<R: Read + Seek + Send> Parquet<R> {
    pub(super) fn new(mut file: R, options: &ReadOptions) -> Result<Self, Error> {
        let mut head = Vec::new();
        file.rewind()?;
        file.by_ref().take(signature::LEN as u64).read_to_end(&mut head)?;
        check_parquet(&head)?;
        let file = SerializedFileReader::new(Positioned::new(file)?).map_err(|error| damaged(&error))?;
        let schema = file.metadata().file_metadata().schema_descr();
        let names: Vec<String> = schema.columns().iter().map(|column| column.path().parts().join(".")).collect();
        let is_text = |i: usize| schema.columns().get(i).is_some_and(|column| kind(column).is_err());
        let layout = Layout::new(&names, options, is_text)?;
        let mut columns = Vec::new();
        for (&position, name) in layout.taken.iter().zip(&layout.names) {
            let column = schema.column(position);
            let unsigned = kind(&column).map_err(|kind| {
                Error::data(format!(
                    "the column holds {kind}, not numbers: choose columns with --columns, or leave out such ones with \
                     --skip-non-numeric"
                ))
                .in_column(name)
            })?;
            columns.push(Column {
                position,
                unsigned,
                present: column.max_def_level(),
                reader: None,
                levels: Vec::new(),
                cells: Vec::new(),
            });
        }
        check_codecs(&file, &layout)?;
        Ok(Self { file, layout, columns, next_group: 0, left: 0, rows: 0 })
    }

    /// Opens the next row group; false after the last one.
    fn open_group(&mut self) -> Result<bool, Error> {
        if self.next_group == self.file.num_row_groups() {
            return Ok(false);
        }
        let group = self.file.get_row_group(self.next_group).map_err(|error| damaged(&error))?;
        let rows = usize::try_from(group.metadata().num_rows());
        self.left = rows.map_err(|_| Error::data("a row group of impossible length: the file is damaged"))?;
        for column in &mut self.columns {
            column.reader = Some(group.get_column_reader(column.position).map_err(|error| damaged(&error))?);
        }
        self.next_group += 1;
        Ok(true)
    }
}

impl Column {
    /// Decodes the next `count` cells.
    fn read(&mut self, count: usize) -> Result<(), Error> {
        self.levels.clear();
        self.cells.clear();
        let (unsigned, present) = (self.unsigned, self.present);
        let (levels, cells) = (&mut self.levels, &mut self.cells);
        #[allow(clippy::cast_precision_loss, reason = "the nearest f64 is what the module promises")]
        let read = match &mut self.reader {
            Some(ColumnReader::FloatColumnReader(reader)) => decode(reader, count, present, levels, cells, f64::from),
            Some(ColumnReader::DoubleColumnReader(reader)) => decode(reader, count, present, levels, cells, |x| x),
            Some(ColumnReader::Int32ColumnReader(reader)) => decode(reader, count, present, levels, cells, |x| {
                if unsigned { x.cast_unsigned().into() } else { x.into() }
            }),
            Some(ColumnReader::Int64ColumnReader(reader)) => decode(reader, count, present, levels, cells, |x| {
                if unsigned { x.cast_unsigned() as f64 } else { x as f64 }
            }),
            Some(ColumnReader::FixedLenByteArrayColumnReader(reader)) => {
                decode(reader, count, present, levels, cells, |x| {
                    x.data().first_chunk().map_or(f64::NAN, |bytes| from_half(u16::from_le_bytes(*bytes)))
                })
            }
            _ => Ok(()),
        };
        read.map_err(|error| damaged(&error))?;
        if self.cells.len() == count {
            Ok(())
        } else {
            Err(Error::data("the column ends before its row group does: the file is damaged"))
        }
    }
}

/// Decodes `count` cells of a column, absent ones as `None`.
fn decode<D: DataType>(
    reader: &mut ColumnReaderImpl<D>,
    count: usize,
    present: i16,
    levels: &mut Vec<i16>,
    cells: &mut Vec<Option<f64>>,
    number: impl Fn(D::T) -> f64,
) -> Result<(), ParquetError> {
    let mut values = Vec::with_capacity(count);
    reader.read_records(count, Some(levels), None, &mut values)?;
    let mut values = values.into_iter().map(number);
    if present == 0 {
        cells.extend(values.map(Some));
    } else {
        cells.extend(levels.iter().map(|&level| if level == present { values.next() } else { None }));
    }
    Ok(())
}

/// Refuses columns that are compressed in a way that is not read.
fn check_codecs<R: Read + Seek + Send + 'static>(
    file: &SerializedFileReader<Positioned<R>>,
    layout: &Layout,
) -> Result<(), Error> {
    for group in file.metadata().row_groups() {
        for (&position, name) in layout.taken.iter().zip(&layout.names) {
            let codec =
                group.columns().get(position).map_or(Compression::UNCOMPRESSED, ColumnChunkMetaData::compression);
            if !matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_)) {
                let name_of = format!("{codec:?}").split('(').next().unwrap_or_default().to_lowercase();
                let what =
                    format!("compressed by {name_of}, which is not read: write the file with Snappy or Zstandard");
                return Err(Error::data(what).in_column(name));
            }
        }
    }
    Ok(())
}

fn damaged(error: &ParquetError) -> Error {
    Error::data(format!("not a sound .parquet file, or one of a kind that is not read: {error}"))
}

/// Whether a column of numbers is unsigned, or else what it holds.
fn kind(column: &ColumnDescriptor) -> Result<bool, &'static str> {
    if column.max_rep_level() > 0 {
        return Err("lists");
    }
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Decimal(_)), _) | (None, ConvertedType::DECIMAL) => return Err("decimals"),
        (Some(LogicalType::Float16), _) => return Ok(false),
        _ => {}
    }
    match column.physical_type() {
        Type::BOOLEAN => return Err("true and false"),
        Type::INT96 => return Err("times"),
        Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => return Err("text or bytes"),
        Type::INT32 | Type::INT64 | Type::FLOAT | Type::DOUBLE => {}
    }
    match column.logical_type_ref() {
        Some(LogicalType::Integer(integer)) => return Ok(!integer.is_signed),
        // Older writers say it in the converted type alone.
        None | Some(LogicalType::Unknown) => {}
        Some(_) => return Err("dates or times"),
    }
    match column.converted_type() {
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => Ok(true),
        ConvertedType::NONE
        | ConvertedType::INT_8
        | ConvertedType::INT_16
        | ConvertedType::INT_32
        | ConvertedType::INT_64 => Ok(false),
        _ => Err("dates or times"),
    }
}

impl<T: Real, R: Read + Seek + Send> Source<T> for Parquet<R> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn fill(&mut self, batch: &mut Vec<T>, places: &mut Vec<Place>, rows: usize) -> Result<(), Error> {
        let mut taken = 0;
        while taken < rows {
            if self.left == 0 {
                if self.open_group()? {
                    continue;
                }
                break;
            }
            let count = self.left.min(rows - taken).min(BLOCK);
            for (column, name) in self.columns.iter_mut().zip(&self.layout.names) {
                column.read(count).map_err(|error| error.at_row(self.rows + 1).in_column(name))?;
            }
            for i in 0..count {
                let number = self.rows + i as u64 + 1;
                let start = batch.len();
                let mut kept = true;
                for (column, name) in self.columns.iter().zip(&self.layout.names) {
                    let pushed = match column.cells.get(i).copied().flatten() {
                        Some(x) => self.layout.push(batch, x),
                        None => self.layout.push_missing(batch, "empty cell"),
                    };
                    kept = pushed.map_err(|error| error.at_row(number).in_column(name))?;
                    if !kept {
                        break;
                    }
                }
                if kept {
                    places.push(Place { line: number, index: number - 1 });
                    taken += 1;
                } else {
                    batch.truncate(start);
                }
            }
            self.left -= count;
            self.rows += count as u64;
        }
        Ok(())
    }
}
