//! One interface over all selection methods: insert, delete, query.

mod build;
mod choosing;
mod found;
mod guessing;
mod method;
mod play;
mod sifting;

pub(super) use found::{Found, wide};
pub(super) use play::{Answer, Record, play};
