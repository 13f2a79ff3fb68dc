//! Three nodes on a walking body, each with three channels of its own: what each sends, and what the host makes of it.
//!
//! Every node sketches its channels with the same seed under the same numbers of rows, and sends some 1.6 KiB. The host puts
//! the columns side by side and regresses anything on anything, as if one device had seen all nine.

use crate::data;
use core::ops::Range;
use sketchlet_core::regression::{SketchedLeastSquares, SketchedLeastSquaresParams};
use sketchlet_core::sketch::Srht;
use sketchlet_core::stream::{Deferred, DeferredRows};
use sketchlet_core::{Error, Lane, Storage, Wire};

/// Columns that a node sees.
pub const CHANNELS: usize = 3;

/// The nodes: name, and the channels of the table that are its own.
pub const NODES: [(&str, Range<usize>); 3] = [("ankle", 0..3), ("leg", 3..6), ("trunk", 6..9)];

/// What all nodes agree on. The work of a block is put off, and done between samples.
pub const PARAMS: SketchedLeastSquaresParams =
    SketchedLeastSquaresParams::new(CHANNELS, 128).seed(2023).block_len(16).ranges(1).row_table().deferred();

/// Room for the bytes of a summary.
pub const MAX_BYTES: usize = 2048;

/// Rows of the sketch that are worked on between two samples.
const ROWS_A_SAMPLE: u64 = 16;

/// A summary of a node.
pub type Summary<L, S, I> = SketchedLeastSquares<L, Srht, S, I>;

/// Feeds an empty summary with the channels of a node, and gives the number of its bytes.
///
/// # Errors
/// What the summary could not do.
pub fn fill<L: Lane, S: Storage<L>, I: Storage<u32>>(
    summary: &mut Summary<L, S, I>,
    node: usize,
    convert: fn(i16) -> L,
    out: &mut [u8; MAX_BYTES],
) -> Result<usize, Error> {
    let channels = NODES[node % NODES.len()].1.clone();
    for sample in data::samples() {
        let mut row = [L::default(); CHANNELS];
        for (to, &x) in row.iter_mut().zip(&sample[channels.clone()]) {
            *to = convert(x);
        }
        summary.update_deferred(&row)?;
        // Idle until the next sample.
        summary.poll(&(), ROWS_A_SAMPLE)?;
    }
    summary.poll(&(), u64::MAX)?;
    summary.encode_into(out)
}
