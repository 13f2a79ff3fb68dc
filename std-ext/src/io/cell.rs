//! What a cell of text holds.

/// A number (NaN and infinities too), nothing, or something else.
pub(super) enum Cell {
    Number(f64),
    Empty,
    Text,
}
