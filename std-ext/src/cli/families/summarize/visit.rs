//! The objectives of the library over the data at hand.

use super::function::{Data, Function};
use crate::Real;
use crate::cli::failure::Failure;
use crate::submodular::{Coverage, FacilityLocation, FeatureBased, GraphCut, LogDet, Monotone, PrefixOracle};

/// Something to be done with a function of whatever type.
pub(super) trait Visit<T: Real> {
    type Output;

    fn visit<O: PrefixOracle<T> + Monotone>(self, oracle: O) -> Result<Self::Output, Failure>;

    /// The same for a non-monotone objective.
    fn visit_any<O: PrefixOracle<T>>(self, oracle: O) -> Result<Self::Output, Failure>;
}

impl<T: Real> Function<T> {
    /// Does something with the function.
    pub(super) fn with<V: Visit<T>>(&self, visit: V) -> Result<V::Output, Failure> {
        /// With weights, where there are some.
        macro_rules! weighted {
            ($oracle:expr) => {
                match &self.weights {
                    None => visit.visit($oracle),
                    Some(weights) => visit.visit($oracle.weights(weights)?),
                }
            };
        }
        match &self.data {
            Data::Facility { table, exemplars } => weighted!(FacilityLocation::new(table, *exemplars)?),
            Data::Coverage { offsets, members, items } => weighted!(Coverage::new(offsets, members, *items)?),
            Data::Feature { table, columns, concave } => weighted!(FeatureBased::new(table, *columns, *concave)?),
            Data::LogDet { table, columns, kernel, sigma2 } => {
                let oracle = LogDet::new(table, *columns, *kernel, *sigma2)?;
                oracle.validate()?;
                visit.visit(oracle)
            }
            Data::Cut { offsets, neighbours, weights } => {
                visit.visit_any(GraphCut::new(offsets, neighbours)?.weights(weights)?)
            }
        }
    }
}
