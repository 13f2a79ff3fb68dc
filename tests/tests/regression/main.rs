//! The regression family: exact and sketched summaries, further passes over the rows, rounding, statistics.

#![allow(missing_docs)]

mod exact;
mod laws;
mod refine;
mod removals;
mod rounding;
mod sketched;
mod statistics;
