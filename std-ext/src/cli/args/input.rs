//! Flags of reading rows.

use clap::{Args, ValueEnum};
use std::num::NonZero;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Precision {
    F64,
    F32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Missing {
    /// Leave the row out
    Drop,
    /// Read the cell as zero
    Zero,
}

/// Forms of standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// Cells parted by commas, or by --delimiter
    Csv,
    /// Cells parted by tabs
    Tsv,
    /// An array or object of numbers a line
    Ndjson,
    /// A NumPy array; it is put into a temporary file
    Npy,
    /// A Parquet table; it is put into a temporary file
    Parquet,
}

/// How rows are read: the same for every command that reads some.
#[derive(Debug, Args)]
pub(in crate::cli) struct InputArguments {
    /// Rows: .csv, .tsv, .npy, .ndjson, .jsonl or .parquet, or - for standard input
    #[arg(value_name = "INPUT")]
    pub(in crate::cli) input: PathBuf,
    /// Form of standard input (default: what its first bytes say, else csv)
    #[arg(long, value_enum)]
    pub(in crate::cli) format: Option<Format>,
    /// What parts the cells of CSV: a character, or tab (default: a comma; a semicolon with --decimal ,; a tab for .tsv)
    #[arg(long, value_name = "CHAR", value_parser = sign)]
    pub(in crate::cli) delimiter: Option<u8>,
    /// What stands before the decimals of numbers in CSV: . or ,
    #[arg(long, value_name = "CHAR", value_parser = [".", ","])]
    pub(in crate::cli) decimal: Option<String>,
    /// Skip lines of text that begin with this character
    #[arg(long, value_name = "CHAR", value_parser = sign)]
    pub(in crate::cli) comment: Option<u8>,
    /// The first line of CSV is a row like the others, not the names of the columns
    #[arg(long)]
    pub(in crate::cli) no_header: bool,
    /// Columns to take, by name or position from 0, in this order
    #[arg(long, value_delimiter = ',', value_name = "a,b,3")]
    pub(in crate::cli) columns: Option<Vec<String>>,
    /// Leave out columns whose first cell is not a number
    #[arg(long)]
    pub(in crate::cli) skip_non_numeric: bool,
    /// What to do about missing values: empty cells, NaN, NA, N/A and NULL (default: refuse them)
    #[arg(long, value_enum)]
    pub(in crate::cli) missing: Option<Missing>,
    /// A text or number that stands for a missing value too, such as -999; may be given several times
    #[arg(long, value_name = "TOKEN", allow_negative_numbers = true)]
    pub(in crate::cli) na: Vec<String>,
    /// Type of the numbers that the summary computes with
    #[arg(long, value_enum, default_value = "f64")]
    pub(in crate::cli) precision: Precision,
    /// Seed of all random choices
    #[arg(long, default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// Threads to use at most (default: all cores); the answer never depends on it
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) threads: Option<u32>,
}

/// A character of one byte.
fn sign(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err("give one ASCII character, or tab".into()),
    }
}

impl InputArguments {
    /// Threads to use at most.
    pub(in crate::cli) fn threads(&self) -> NonZero<usize> {
        match self.threads {
            Some(threads) => NonZero::new(threads as usize).unwrap_or(NonZero::<usize>::MIN),
            None => std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
        }
    }
}
