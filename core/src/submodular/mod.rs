//! Which elements of a set are worth most together, while the set grows and shrinks?
//!
//! The worth of a set is a submodular function: what an element adds never grows with what is there already. It is seen through
//! a [`PrefixOracle`], a light view of data that the caller owns.

mod checks;
mod facility_location;
mod greedy;
mod heap;
mod ladder;
mod lazy_dynamic;
mod levels;
mod meter;
mod oracle;
mod selection;
mod slots;

pub use facility_location::{FacilityLocation, Similarity};
pub use greedy::{GreedyParams, LazyGreedy};
pub use lazy_dynamic::{LazyDynamic, LazyDynamicParams};
pub use oracle::{Counted, GroundSet, Monotone, Prefix, PrefixLen, PrefixOracle};
pub use selection::{Guess, Progress, Selection};
