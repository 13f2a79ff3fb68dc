//! What a reader of a form of files gives.

use crate::Error;

/// Where rows come from, one implementation a file form.
pub(super) trait Source<T>: Send {
    /// Names of the columns that it yields.
    fn columns(&self) -> &[String];

    /// Their positions in the input.
    fn positions(&self) -> &[usize];

    /// Appends at most `rows` rows, and the number of each; fewer only at the end.
    fn fill(&mut self, batch: &mut Vec<T>, places: &mut Vec<u64>, rows: usize) -> Result<(), Error>;
}
