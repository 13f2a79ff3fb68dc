//! `SlotEngine`, and the dynamic selections made of it: the best elements of a set that grows and shrinks.

#[allow(clippy::module_inception, reason = "a file is named after its type")]
mod dynamic;
mod dynamic_selection;
mod eager;
mod form;
mod lazy;
mod lazy_dynamic;
mod non_monotone_dynamic;
mod partition_dynamic;
mod sliding_window;
mod slot_engine;
mod verbs;

pub use dynamic::{Dynamic, DynamicParams};
pub use dynamic_selection::DynamicSelection;
pub use lazy_dynamic::{LazyDynamic, LazyDynamicParams};
pub use non_monotone_dynamic::{NonMonotoneDynamic, NonMonotoneDynamicParams};
pub use partition_dynamic::{PartitionDynamic, PartitionDynamicParams};
pub use sliding_window::SlidingWindow;
pub use slot_engine::{SlotEngine, SlotParams};
pub use verbs::{CertifiedParams, FreeParams, Objective};
