//! Rows of numbers from files and pipes, in bounded memory.
//!
//! | form | names of columns | what is read |
//! |---|---|---|
//! | `.csv`, `.tsv`, standard input | header row, or 0, 1, ... | UTF-8, cells parted by commas or tabs, or by what [`ReadOptions::delimiter`] says; quoted cells, `\n` or `\r\n`; blank lines are skipped |
//! | `.npy` | 0, 1, ... | floats of 16, 32 and 64 bits, integers of 8 to 64, signed or not, bool (0 and 1), of any byte order; C or Fortran order (read in blocks of rows, 4 MiB of them held), one or two dimensions |
//! | `.ndjson`, `.jsonl` | keys of the first object, or 0, 1, ... | one array or object of numbers a line; keys in any order, `null` and a key left out are empty cells |
//! | `.parquet` | those of the schema, `a.b` inside groups | floats of 16 to 64 bits and integers of up to 64; plain, Snappy or Zstandard; a page of each column is held |
//!
//! An empty cell, NaN, `NA`, `N/A` or `NULL` is a missing value: [`Missing`] says what to do about it. [`RowReader::warnings`] counts what
//! was left out.
//!
//! [`RowReader::open`] goes by the ending of a file; [`RowReader::from_csv`], `from_ndjson`, `from_npy` and `from_parquet` read from any
//! input, such as bytes in memory.
//!
//! # Numerics
//! Every number is first an `f64`, the nearest one to what the file says; `f32` is then the nearest one to that. So the
//! same data give the same bits whatever form they came in.

#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
mod batch;
#[cfg(any(feature = "csv", feature = "ndjson"))]
mod cell;
#[cfg(feature = "npy")]
mod column_blocks;
#[cfg(feature = "csv")]
mod csv;
#[cfg(any(feature = "npy", feature = "parquet"))]
mod half;
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
mod layout;
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
mod names;
#[cfg(feature = "ndjson")]
mod ndjson;
#[cfg(feature = "npy")]
mod npy;
#[cfg(feature = "npy")]
mod number_type;
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
mod options;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod positioned;
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
mod reader;
#[cfg(feature = "csv")]
mod records;
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
mod signature;
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
mod source;
#[cfg(feature = "files")]
mod write;

#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
pub use batch::Batch;
#[cfg(feature = "cli")]
pub(crate) use names::find;
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
pub use options::{Missing, ReadOptions};
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
pub use reader::RowReader;
#[cfg(feature = "cli")]
pub(crate) use signature::{SIGNATURE_LEN, form_of};
#[cfg(feature = "files")]
pub use write::Target;
#[cfg(feature = "cli")]
pub(crate) use write::{destination, folder};
