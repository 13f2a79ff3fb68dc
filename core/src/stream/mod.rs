//! The traits that all summaries of rows implement, and what can be put around a summary: centring, a shuffle buffer, a
//! check of the order.
//!
//! | you need | take |
//! |---|---|
//! | the verbs of a summary of rows, for code that is generic over summaries | [`RowSummary`], [`Merge`] |
//! | work that is put off and done in slices | [`Deferred`], [`DeferredRows`] |
//! | the rows minus their mean, in one pass | [`Centered`] around a summary |
//! | rows in a better mixed order before a summary sees them | [`ShuffleBuffer`] before a summary |
//! | a check whether rows come in random order | [`OrderMonitor`] |

mod centered;
mod compensated;
mod deferred;
mod history;
pub(crate) mod monitor;
mod scale;
mod shuffle;
pub(crate) mod summary;
mod traits;

pub use centered::Centered;
pub(crate) use compensated::CompensatedSum;
pub use deferred::{Deferred, DeferredRows, Progress};
pub(crate) use history::{History, add_rows};
pub use monitor::{OrderMonitor, OrderMonitorParams, OrderReport, WarmUp};
pub(crate) use scale::Scale;
pub use shuffle::ShuffleBuffer;
pub use traits::{Merge, RowSummary};
