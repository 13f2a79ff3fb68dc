//! scratch

mod data;
mod dense;
mod exact;
mod fit;
mod gradient;
mod gram;
mod half_width;
mod iterate;
mod params;
mod path;
mod pooled;
mod reflectors;
mod sketch;
mod solver;
mod source;
mod srht;
mod state;
mod triangle;
mod wide;

pub use fit::{LeastSquaresFit, Warning};
pub use params::LeastSquaresParams;
pub use path::Path;
pub use sketch::Sketch;
pub use source::{RowBlock, RowSource};

use crate::{CoreError, Error, MatRef, Real};
use data::Data;
use sketchlet_core::Rule;
use source::Layout;

/// A scalar that both this library and faer know: `f32` and `f64`.
pub trait Scalar: Real + faer::traits::RealField {}

impl<T: Real + faer::traits::RealField> Scalar for T {}

/// Least squares over a matrix in memory.
///
/// # Errors
/// x
pub fn lstsq<T: Scalar>(
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    params: &LeastSquaresParams<'_, T>,
) -> Result<LeastSquaresFit<T>, Error> {
    let layout = layout(a.cols(), b.cols(), params)?;
    let rows = RowBlock { features: a, targets: b, weights: params.weights };
    data::check_shape(&rows, (a.cols(), b.cols()))?;
    solver::solve(&mut Data::Memory(rows), layout, params, Some(a.rows() as u64))
}

/// Least squares over rows that are read again and again.
///
/// # Errors
/// x
pub fn lstsq_passes<T: Scalar>(
    source: &mut dyn RowSource<T>,
    params: &LeastSquaresParams<'_, T>,
) -> Result<LeastSquaresFit<T>, Error> {
    let (features, targets) = source.dims();
    let layout = layout(features, targets, params)?;
    solver::solve(&mut Data::Passes(source), layout, params, None)
}

fn layout<T>(features: usize, targets: usize, params: &LeastSquaresParams<'_, T>) -> Result<Layout, CoreError> {
    params.check()?;
    let layout = Layout { constants: usize::from(params.intercept), features, targets };
    match () {
        () if layout.coefficients() == 0 => Err(CoreError::Parameter { name: "features", rule: Rule::Positive }),
        () if targets == 0 => Err(CoreError::Parameter { name: "targets", rule: Rule::Positive }),
        () => Ok(layout),
    }
}
