//! The eigen family: laws, what each type promises beyond them, hostile input, statistics.

#![allow(missing_docs)]

mod brackets;
mod hostile;
mod laws;
mod own;
mod statistics;
mod statuses;
mod types;
