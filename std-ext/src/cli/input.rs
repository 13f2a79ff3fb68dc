//! Opening the input: files and standard input.

use super::args::{InputArguments, Missing};
use crate::io::{ReadOptions, RowReader};
use crate::{Error, Real};
use std::path::Path;

/// Opens the input that the flags name.
pub(super) fn open<T: Real>(arguments: &InputArguments) -> Result<RowReader<T>, Error> {
    open_columns(arguments, arguments.columns.as_deref())
}

/// Opens it for other columns than those of `--columns`.
pub(super) fn open_columns<T: Real>(
    arguments: &InputArguments,
    columns: Option<&[String]>,
) -> Result<RowReader<T>, Error> {
    let mut options = ReadOptions::new().na(&arguments.na);
    if let Some(columns) = columns {
        options = options.columns(columns);
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
    if arguments.input == Path::new("-") {
        RowReader::from_csv(std::io::stdin(), "standard input", &options)
    } else {
        RowReader::open(&arguments.input, &options)
    }
}
