//! Builds the chosen objective over the rows and passes it to a visitor.

use super::function::{Data, Function};
use crate::Real;
use crate::cli::failure::Failure;
use crate::parallel::SharedGains;
use crate::submodular::{Coverage, FacilityLocation, FeatureBased, GraphCut, LogDet, Monotone, PrefixOracle};
use std::num::NonZero;

/// Something to be done with a function of whatever type.
pub(super) trait Visit<T: Real> {
    type Output;

    fn visit<O: PrefixOracle<T> + Monotone>(self, oracle: O) -> Result<Self::Output, Failure>;

    /// The same for a non-monotone objective.
    fn visit_any<O: PrefixOracle<T>>(self, oracle: O) -> Result<Self::Output, Failure>;
}

impl<T: Real> Function<T> {
    /// Does something with the function, whose gains so many threads may share; and how many did.
    pub(super) fn with<V: Visit<T>>(&self, threads: NonZero<usize>, visit: V) -> Result<(V::Output, usize), Failure> {
        macro_rules! shared {
            ($visit:ident, $oracle:expr) => {{
                let oracle = SharedGains::new($oracle, threads);
                let output = visit.$visit(&oracle)?;
                Ok((output, oracle.threads_used()))
            }};
        }
        /// With weights, where there are some.
        macro_rules! weighted {
            ($oracle:expr) => {
                match &self.weights {
                    None => shared!(visit, $oracle),
                    Some(weights) => shared!(visit, $oracle.weights(weights)?),
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
                shared!(visit, oracle)
            }
            Data::Cut { offsets, neighbours, weights } => {
                shared!(visit_any, GraphCut::new(offsets, neighbours)?.weights(weights)?)
            }
        }
    }
}
