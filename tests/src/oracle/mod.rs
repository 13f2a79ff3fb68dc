//! Exact answers from a library that shares no code with ours, and the error figures of an answer against them.

mod eigen;
mod exact;

pub use eigen::Oracle;
pub use exact::{Dyadic, ExactGram};
