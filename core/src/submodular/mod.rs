//! Which elements of a set are worth most together, while the set grows and shrinks?
//!
//! The worth of a set is a submodular function: what an element adds never grows with what is there already. It is seen through
//! a [`PrefixOracle`], a light view of data that the caller owns.

mod checks;
mod combined;
mod coverage;
mod dynamic;
mod facility_location;
mod feature_based;
mod graph_cut;
mod greedy;
mod guesses;
mod heap;
mod ladder;
mod lazy_dynamic;
mod levels;
mod log_det;
mod meter;
mod oracle;
mod selection;
mod slots;

pub use combined::{Restricted, Truncated, WeightedSum};
pub use coverage::Coverage;
pub use dynamic::{Dynamic, DynamicParams};
pub use facility_location::{FacilityLocation, Similarity};
pub use feature_based::{Concave, FeatureBased};
pub use graph_cut::GraphCut;
pub use greedy::{Greedy, GreedyParams, LazyGreedy, StochasticGreedy, ThresholdGreedy};
pub use lazy_dynamic::{LazyDynamic, LazyDynamicParams};
pub use log_det::{Kernel, LogDet};
pub use oracle::{Counted, GroundSet, Monotone, Prefix, PrefixLen, PrefixOracle};
pub use selection::{Guess, Progress, Selection};
