//! Submodular functions: what a set of elements is worth.

mod checks;
mod combined;
mod coverage;
mod facility_location;
mod feature_based;
mod graph_cut;
mod log_det;

pub use combined::{Restricted, Truncated, WeightedSum};
pub use coverage::Coverage;
pub use facility_location::{FacilityLocation, Similarity};
pub use feature_based::{Concave, FeatureBased};
pub use graph_cut::GraphCut;
pub use log_det::{Kernel, LogDet};
