//! What a reader of a form of files gives.

use super::batch::Place;
use super::layout::Layout;
use crate::Error;

/// Where rows come from, one implementation a file form.
pub(super) trait Source<T>: Send {
    /// The columns that it yields, and what it left out.
    fn layout(&self) -> &Layout;

    /// Appends at most `rows` rows, and the number of each; fewer only at the end.
    fn fill(&mut self, batch: &mut Vec<T>, places: &mut Vec<Place>, rows: usize) -> Result<(), Error>;
}
