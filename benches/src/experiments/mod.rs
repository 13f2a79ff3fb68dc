//! What the papers and the design promise, measured: one module a family.

mod claim;
mod eigen;
mod regression;
mod submodular;

pub use claim::Claim;

/// The claims of a family, measured now; `None` for a family that is not known.
pub fn of_family(name: &str) -> Option<Vec<Claim>> {
    match name {
        "eigen" => Some(eigen::claims()),
        "regression" => Some(regression::claims()),
        "submodular" => Some(submodular::claims()),
        _ => None,
    }
}

/// The families that [`of_family`] knows.
pub const FAMILIES: &[&str] = &["eigen", "regression", "submodular"];
