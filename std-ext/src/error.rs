//! The error type of this crate: what went wrong, and in which file, row and column.

use std::error::Error as StdError;
use std::fmt;
use std::io;

/// An error of this crate: one of the core's, one of the system's, or data that can't be read as numbers, with the place
/// where it happened.
///
/// Displays as one line, `FILE: row R, column NAME: what; what to do`; parts that don't apply are left out.
///
/// # Example
/// ```
/// use sketchlet::io::{ReadOptions, RowReader};
/// let text = "a,b\n1,2\n3,oops\n";
/// let mut rows = RowReader::<f64>::from_csv(text.as_bytes(), "demo.csv", &ReadOptions::new())?;
/// let error = rows.next_batch().unwrap_err();
/// assert!(error.to_string().starts_with("demo.csv: row 3, column b: \"oops\" is not a number"));
/// assert_eq!((error.row(), error.column()), (Some(3), Some("b")));
/// # Ok::<(), sketchlet::Error>(())
/// ```
#[derive(Debug)]
pub struct Error {
    file: Option<String>,
    row: Option<u64>,
    column: Option<String>,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Core(sketchlet_core::Error),
    Io(io::Error),
    Data(String),
    Request(String),
}

impl Error {
    /// Data that are not what they should be: what was seen, and what to do. For readers of other forms than those of `io`.
    pub fn data(what: impl Into<String>) -> Self {
        Self::from_cause(Cause::Data(what.into()))
    }

    /// A summary of another type than the one that was expected.
    #[cfg(feature = "cli")]
    pub(crate) fn other_type(expected: sketchlet_core::Kind, got: sketchlet_core::Kind) -> Self {
        let (what, expected, got) = (sketchlet_core::Difference::Kind, expected.number().into(), got.number().into());
        sketchlet_core::Error::Incompatible { what, expected, got }.into()
    }

    /// A request that the data can't meet, such as a column that isn't there: what was asked for, and what to do.
    pub fn request(what: impl Into<String>) -> Self {
        Self::from_cause(Cause::Request(what.into()))
    }

    /// Whether the request is to blame, and not the data.
    pub const fn is_request(&self) -> bool {
        matches!(self.cause, Cause::Request(_))
    }

    const fn from_cause(cause: Cause) -> Self {
        Self { file: None, row: None, column: None, cause }
    }

    /// Names the file, unless one is named already.
    #[must_use]
    pub fn in_file(mut self, file: impl fmt::Display) -> Self {
        self.file.get_or_insert_with(|| file.to_string());
        self
    }

    /// Names the row: its line in a file that has lines, else its number, counted from 1.
    #[must_use]
    pub const fn at_row(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }

    /// Names the column.
    #[must_use]
    pub fn in_column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    /// The file, where one is to blame.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The row, where one is to blame: the line in a file that has lines, else its number, counted from 1.
    pub const fn row(&self) -> Option<u64> {
        self.row
    }

    /// The column, where one is to blame.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// The core's error, if it is one.
    pub const fn core(&self) -> Option<sketchlet_core::Error> {
        if let Cause::Core(error) = self.cause { Some(error) } else { None }
    }
}

impl From<sketchlet_core::Error> for Error {
    fn from(error: sketchlet_core::Error) -> Self {
        Self::from_cause(Cause::Core(error))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::from_cause(Cause::Io(error))
    }
}

/// A name from outside on one line, without control characters and not too long.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 1000;
        for c in self.0.chars().take(LONGEST) {
            write!(f, "{}", if c.is_control() { '?' } else { c })?;
        }
        if self.0.chars().nth(LONGEST).is_some() { f.write_str("...") } else { Ok(()) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", OneLine(file))?;
        }
        match (self.row, self.column.as_deref().map(OneLine)) {
            (Some(row), Some(column)) => write!(f, "row {row}, column {column}: ")?,
            (Some(row), None) => write!(f, "row {row}: ")?,
            (None, Some(column)) => write!(f, "column {column}: ")?,
            (None, None) => {}
        }
        match &self.cause {
            Cause::Core(error) => error.fmt(f),
            Cause::Io(error) => OneLine(&error.to_string()).fmt(f),
            Cause::Data(what) | Cause::Request(what) => OneLine(what).fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Cause::Core(error) => Some(error),
            Cause::Io(error) => Some(error),
            Cause::Data(_) | Cause::Request(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_one_line_and_keeps_its_source() {
        let error = Error::from(sketchlet_core::Error::Corrupt).in_file("a\nb.csv").at_row(7).in_column("x\ty");
        assert_eq!(error.to_string().lines().count(), 1);
        assert!(error.to_string().starts_with("a?b.csv: row 7, column x?y: not a valid summary"));
        assert!(error.source().is_some());
    }
}
