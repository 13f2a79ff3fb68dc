//! Baselines: dynamic selections that the others are compared with. They allocate, so they are for servers only.

mod bucket_dynamic;
mod depths;
mod guess_list;
mod level_dynamic;
mod pushes;

pub use bucket_dynamic::{BucketDynamic, BucketDynamicParams};
pub use guess_list::{BaselineParams, GuessList};
pub use level_dynamic::{LevelDynamic, LevelDynamicParams};
