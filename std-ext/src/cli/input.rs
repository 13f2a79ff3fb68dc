//! Opening the input: files and standard input.

use super::args::{Format, InputArguments, Missing};
use crate::io::{ReadOptions, RowReader, SIGNATURE_LEN, form_of};
use crate::{Error, Real};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

/// What errors call standard input.
const STANDARD_INPUT: &str = "standard input";

/// Opens the input that the flags name; beside those of `--columns`, if it is given, for columns that have another use.
pub(super) fn open<'a, T: Real>(
    arguments: &InputArguments,
    others: impl IntoIterator<Item = &'a String>,
) -> Result<RowReader<T>, Error> {
    let mut options = ReadOptions::new().na(&arguments.na);
    if let Some(columns) = &arguments.columns {
        options = options.columns(columns).also(others.into_iter().cloned().collect());
    }
    options = arguments.delimiter.into_iter().fold(options, ReadOptions::delimiter);
    options = arguments.comment.into_iter().fold(options, ReadOptions::comment);
    if arguments.decimal.as_deref() == Some(",") {
        options = options.decimal_comma();
    }
    if arguments.no_header {
        options = options.no_header();
    }
    if arguments.skip_non_numeric {
        options = options.skip_non_numeric();
    }
    options = match arguments.missing {
        None => options,
        Some(Missing::Drop) => options.missing(crate::io::Missing::Drop),
        Some(Missing::Zero) => options.missing(crate::io::Missing::Zero),
    };
    match arguments.format {
        _ if arguments.input == Path::new("-") => {
            open_standard_input(arguments.format, options).map_err(|error| error.in_file(STANDARD_INPUT))
        }
        None => RowReader::open(&arguments.input, &options),
        Some(_) => Err(Error::request("--format is for standard input: the form of a file goes by its ending")),
    }
}

/// Opens standard input as what it was said to be, or seems to be.
fn open_standard_input<T: Real>(format: Option<Format>, options: ReadOptions) -> Result<RowReader<T>, Error> {
    let mut head = Vec::new();
    std::io::stdin().take(SIGNATURE_LEN).read_to_end(&mut head)?;
    let format = format.or_else(|| guess(&head)).unwrap_or(Format::Csv);
    let input = Cursor::new(head).chain(std::io::stdin());
    match format {
        Format::Csv => RowReader::from_csv(input, STANDARD_INPUT, &options),
        Format::Tsv => RowReader::from_csv(input, STANDARD_INPUT, &options.tabs()),
        Format::Ndjson => RowReader::from_ndjson(input, STANDARD_INPUT, &options),
        Format::Npy => RowReader::from_npy(spooled(input)?, STANDARD_INPUT, &options),
        #[cfg(feature = "parquet")]
        Format::Parquet => RowReader::from_parquet(spooled(input)?, STANDARD_INPUT, &options),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => Err(Error::data("this build can't read Parquet: build with the feature `parquet`")),
    }
}

/// What some bytes are the beginning of, where that is not a table of text.
fn guess(head: &[u8]) -> Option<Format> {
    match form_of(head)? {
        "npy" => Some(Format::Npy),
        "parquet" => Some(Format::Parquet),
        _ => Some(Format::Ndjson),
    }
}

/// A temporary file of what comes down a pipe, for forms that are not read from front to back.
fn spooled(mut input: impl Read) -> Result<File, Error> {
    let mut file = tempfile::tempfile()?;
    std::io::copy(&mut input, &mut file)?;
    Ok(file)
}
