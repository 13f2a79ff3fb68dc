//! Cells of text as numbers: which texts are numbers, and which mean a missing value.

/// A number (NaN and infinities too), nothing, or something else.
pub(super) enum Cell {
    Number(f64),
    /// Empty, or a text that stands for nothing.
    Missing,
    Text,
}

/// Whether a text stands for a missing value, whoever wrote it.
pub(super) fn is_missing(text: &[u8]) -> bool {
    [&b""[..], b"NA", b"N/A", b"NULL"].iter().any(|missing| text.eq_ignore_ascii_case(missing))
}
