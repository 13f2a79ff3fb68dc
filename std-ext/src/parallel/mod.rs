//! Threads: one summary, filled by several of them, to the same bits whatever their number.
//!
//! | you have | take | how the work is split |
//! |---|---|---|
//! | all rows in memory | [`fill`] | shards of rows, merged in a fixed tree |
//! | rows that are read, from a file or a queue | [`fill_from`] | the same; one thread reads while the others work |
//! | a function whose gains a selection asks for | [`SharedGains`] | elements |
//! | rows of a matrix that are computed one by one | [`each_row`] | some rows each |
//! | work of your own, for which the parts are cut | [`each`], [`shares`] | as you cut it |
//! | summaries that were filled elsewhere | [`merge_all`], [`MergeTree`] | nothing is split: the tree alone |
//!
//! A shard is [`shard_rows`] rows long: a function of the width of the rows, never of the number of threads. Rows of up to
//! 131,072 numbers in all are one shard, and the summary is then, bit for bit, the one that was filled row by row. Longer
//! input gives the bits of its shards merged in the tree, which are those of one long stream only where additions are
//! exact: see *Merging* in the docs of the types.
//!
//! Threads are the standard library's, scoped to the call: a pool of threads would double the crates that a library user
//! compiles, and a batch lasts long enough not to feel their start. Work of a single shard stays on the calling thread.

mod gains;
mod gathered;
mod shards;
mod spread;
mod tree;

pub use gains::SharedGains;
#[cfg(feature = "faer")]
pub(crate) use gathered::{Gathered, gather, gather_from};
pub use shards::{Filled, fill, fill_from, shard_rows};
pub use spread::{each, each_row, shares};
pub use tree::{MergeTree, merge_all, merge_all_by};
