//! Options of reading: which columns, and what to do about cells that are not numbers.

/// What to do about a missing value: an empty cell, a NaN, or a text that stands for one.
///
/// Such texts are `NA`, `N/A`, `NULL` and `NaN`, in letters of any size, and those of [`ReadOptions::na`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Missing {
    /// Refuse it.
    #[default]
    Refuse,
    /// Leave its row out.
    Drop,
    /// Read it as zero.
    Zero,
}

/// How to read rows from a file.
///
/// # Example
/// ```
/// use sketchlet::io::{Missing, ReadOptions};
/// let options = ReadOptions::new().columns(["age", "2"]).missing(Missing::Drop);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    pub(super) columns: Option<Vec<String>>,
    pub(super) also: Vec<String>,
    pub(super) no_header: bool,
    pub(super) skip_non_numeric: bool,
    pub(super) missing: Missing,
    pub(super) na: Vec<String>,
    pub(super) delimiter: Option<u8>,
    pub(super) decimal_comma: bool,
    pub(super) comment: Option<u8>,
}

impl ReadOptions {
    /// All columns, a header row expected in CSV, nothing missing allowed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only these columns, in this order: names, or positions from 0. A name wins over a position.
    #[must_use]
    pub fn columns<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// These columns too, behind those chosen, unless they are among them.
    #[cfg(feature = "cli")]
    pub(crate) fn also(mut self, columns: Vec<String>) -> Self {
        self.also = columns;
        self
    }

    /// The first line of a CSV file is a row like the others; columns are named 0, 1, ...
    #[must_use]
    pub const fn no_header(mut self) -> Self {
        self.no_header = true;
        self
    }

    /// Leave out columns whose first cell is not a number, instead of refusing them.
    #[must_use]
    pub const fn skip_non_numeric(mut self) -> Self {
        self.skip_non_numeric = true;
        self
    }

    /// What parts the cells of a table of text: an ASCII character that is in no number and is no quote. Where it is not said it is a
    /// tab for `.tsv`, a semicolon where decimals have a [comma](Self::decimal_comma), else a comma.
    #[must_use]
    pub const fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// For `.tsv`: tabs, unless another delimiter is named.
    #[cfg(feature = "csv")]
    pub(crate) fn tabs(mut self) -> Self {
        self.delimiter.get_or_insert(b'\t');
        self
    }

    /// Decimals of a table of text stand behind a comma, and a point is in no number.
    #[must_use]
    pub const fn decimal_comma(mut self) -> Self {
        self.decimal_comma = true;
        self
    }

    /// Lines of text that begin with this ASCII character are skipped.
    #[must_use]
    pub const fn comment(mut self, comment: u8) -> Self {
        self.comment = Some(comment);
        self
    }

    /// What to do about a missing value.
    #[must_use]
    pub const fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Texts that stand for a missing value too, as they are; a number, such as -999, whatever its spelling and the form of the input.
    #[must_use]
    pub fn na<S: Into<String>>(mut self, texts: impl IntoIterator<Item = S>) -> Self {
        self.na = texts.into_iter().map(Into::into).collect();
        self
    }
}
