//! The best elements of a set that grows and shrinks.

#[cfg(feature = "alloc")]
mod bucket;
mod eager;
#[cfg(feature = "alloc")]
mod guess_list;
mod lazy;
#[cfg(feature = "alloc")]
mod level;
mod non_monotone;
mod partition;
mod plain;
mod window;
mod wire;

#[cfg(feature = "alloc")]
pub use bucket::{BucketDynamic, BucketDynamicParams};
pub use lazy::{LazyDynamic, LazyDynamicParams};
#[cfg(feature = "alloc")]
pub use level::{LevelDynamic, LevelDynamicParams};
pub use non_monotone::{NonMonotoneDynamic, NonMonotoneDynamicParams};
pub use partition::{PartitionDynamic, PartitionDynamicParams};
pub use plain::{Dynamic, DynamicParams};
pub use window::{DynamicSelection, SlidingWindow};
