//! Cells of text as numbers: which texts are numbers, and which mean a missing value.

/// A number (NaN and infinities too), nothing, or something else.
pub(super) enum Cell {
    Number(f64),
    Empty,
    Text,
}
