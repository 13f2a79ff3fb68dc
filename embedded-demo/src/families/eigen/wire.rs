//! What travels from a device to the host: a summary of the digits, as bytes.

use super::tiny;
use crate::data;
use sketchlet_core::eigen::RandomOrderEigen;
use sketchlet_core::{Error, RowSummary, Wire};

/// Scalars of storage of the summary.
pub const STORAGE_LEN: usize = tiny().storage_len();

/// Room for its bytes.
pub const MAX_BYTES: usize = 4096;

/// The summary, in the storage given.
pub type Summary<'a> = RandomOrderEigen<f32, &'a mut [f32; STORAGE_LEN]>;

/// Feeds a summary with all digits.
///
/// # Errors
/// What the summary could not do.
pub fn feed(summary: &mut Summary<'_>) -> Result<(), Error> {
    data::digits().try_for_each(|row| summary.update(&row))
}

/// The bytes of a summary of all digits; returns their number.
///
/// # Errors
/// What the summary could not do.
pub fn encode(storage: &mut [f32; STORAGE_LEN], out: &mut [u8; MAX_BYTES]) -> Result<usize, Error> {
    let mut summary = RandomOrderEigen::new_in(tiny(), storage)?;
    feed(&mut summary)?;
    summary.encode_into(out)
}
