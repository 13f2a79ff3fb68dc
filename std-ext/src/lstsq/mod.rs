//! Least squares over rows in memory, or over rows that can be read again: several times faster than QR of the data, and never a
//! silent wrong answer.
//!
//! The condition number decides the path. If the first rows look well conditioned, the Gram matrix is tried first and its
//! factor confirms it; otherwise one pass sketches the rows and measures condition and rank. Few rows are factored as they
//! are. Several targets, weights, a ridge and an intercept cost no copy of the data.
//!
//! | path | when [`Path::Auto`] takes it | cost, `n` rows, `d` coefficients | backward error (measured) |
//! |---|---|---|---|
//! | [`Path::Exact`] | less than `48 d` rows, or the others fail | `2 n d^2` | below 1e-16 |
//! | [`Path::Normal`] | condition below 1e6 (`f32`: 1e2) | `n d^2`, 2 or 3 cheap passes, sometimes a sketch | below 1e-16 |
//! | [`Path::PreconditionedCholesky`] | up to 400 coefficients, or standard errors are wanted | sketch, `2 n d^2`, 1 to 5 cheap passes | below 1e-17 |
//! | [`Path::PreconditionedCg`] | above | sketch, 30 to 50 cheap passes | below 1e-16 |
//! | [`Path::HeavyBall`] | never | sketch, 40 to 60 cheap passes, no inner products | below 1e-16 |
//! | [`Path::Sketched`] | never | sketch alone | none: half-widths instead |
//!
//! A cheap pass takes `4 n d` flops and reads the rows once. Passes run over [`lstsq`]'s matrices in place and over the blocks of a
//! [`RowSource`] with [`lstsq_passes`]; with weights or an intercept both give the same bits.
//!
//! # Guarantee
//! Every path but `Sketched` ends with a pass over the data that gives the true residual and an estimate of the backward error (Karlson
//! and Walden). From all but [`Path::Exact`] an answer with one above `64 eps` is not returned: [`Path::Auto`] turns to a
//! safer path and says so in [`LeastSquaresFit::warnings`], a path that was asked for is an error. [`Path::Exact`] reports its own. A rank below the number of columns is checked against the
//! data too, since a sketch may lose what the data have. Half-widths of `Sketched` are exact in distribution for
//! [`Sketch::Gaussian`] and calibrated, not proven, for the other dense operators: [`Srht`](crate::sketch::Srht) says what is
//! known; sparse operators give none.
//!
//! # Cost
//! Beside the input: the sketch (`12 d^2` numbers), a block of it (4096 rows), some `d^2`; nothing of the size of the data.
//!
//! # Numerics
//! Columns are scaled by powers of two, so their units change no digit. Products and factors are faer's, which chooses its kernels for
//! the machine: answers **differ in the last bits between families of machines**. On one machine they are the same whatever the
//! number of threads, and the sketch itself is the core's to the bit.
//!
//! # When to use another
//! [`regression`](crate::regression) takes rows that can be read only once: [`StreamingQr`](crate::regression::StreamingQr) is exact,
//! and [`SketchedLeastSquares`](crate::regression::SketchedLeastSquares) also removes rows and joins columns of several devices.
//!
//! # Example
//! ```
//! use sketchlet::MatRef;
//! use sketchlet::lstsq::{LeastSquaresParams, Path, lstsq};
//! // y = 1 + 2 x, and a second column that is three times the first.
//! let a: Vec<f64> = (0..1000).flat_map(|i| [f64::from(i % 10), 3.0 * f64::from(i % 10)]).collect();
//! let b: Vec<f64> = (0..1000).map(|i| 1.0 + 2.0 * f64::from(i % 10)).collect();
//! let (a, b) = (MatRef::new(&a, 1000, 2)?, MatRef::new(&b, 1000, 1)?);
//! let fit = lstsq(a, b, &LeastSquaresParams::new().intercept(true))?;
//! assert_eq!((fit.path, fit.rank), (Path::Normal, 2));
//! // The solution of least norm: the slope is shared, 1 to 3.
//! let expected = [1.0, 0.2, 0.6];
//! assert!(fit.coefficients.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-13));
//! # Ok::<(), sketchlet::Error>(())
//! ```
//!
//! # References
//! Rokhlin and Tygert, *A fast randomized algorithm for overdetermined linear least-squares regression*, PNAS 2008. Epperly, Meier and
//! Nakatsukasa, *Fast randomized least-squares solvers can be just as accurate and stable as classical direct solvers*, arXiv
//! 2406.03468 (the two rounds of the iterations, and the estimate of the backward error).

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
mod srct;
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

/// A scalar that this library, faer and the Fourier transforms know: `f32` and `f64`.
pub trait Scalar: Real + faer::traits::RealField + realfft::FftNum {}

impl<T: Real + faer::traits::RealField + realfft::FftNum> Scalar for T {}

/// Linear least squares over rows in memory: which coefficients predict the targets best? Minimises `|A x - b|` for each column `b` of the targets, over a matrix in memory.
///
/// # Errors
/// [`CoreError::Dimension`] if rows don't match; [`CoreError::Parameter`] for parameters out of range, and for a weight that is negative
/// or not finite, with its row; [`CoreError::NonFinite`] with row and column (targets behind the features) of an entry that is NaN
/// or infinite, or with a column whose sums overflow; [`CoreError::TooFewRows`] without a row that counts, and for a sketch
/// with fewer rows than coefficients; [`CoreError::NotConverged`], [`CoreError::IllConditioned`] or [`CoreError::RankDeficient`] if
/// a path that was asked for can't serve.
pub fn lstsq<T: Scalar>(
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    params: &LeastSquaresParams<'_, T>,
) -> Result<LeastSquaresFit<T>, Error> {
    let layout = layout(a.cols(), b.cols(), params)?;
    let rows = RowBlock { features: a, targets: b, weights: params.weights };
    data::check_shape(0, &rows, (a.cols(), b.cols()))?;
    let params = params.threads(params.threads_for(a.rows(), a.cols() + b.cols()));
    in_range(solver::solve(&mut Data::Memory(rows), layout, &params, Some(a.rows() as u64))?, layout)
}

/// The same over rows that are read again and again, by the calling thread. Weights are those of the blocks.
///
/// # Errors
/// As [`lstsq`], and those of the source.
pub fn lstsq_passes<T: Scalar>(
    source: &mut dyn RowSource<T>,
    params: &LeastSquaresParams<'_, T>,
) -> Result<LeastSquaresFit<T>, Error> {
    let (features, targets) = source.dims();
    let layout = layout(features, targets, params)?;
    in_range(solver::solve(&mut Data::Passes(source), layout, params, None)?, layout)
}

/// Columns whose norms are finite can still be too far apart for a coefficient or a residual between them.
fn in_range<T: Scalar>(fit: LeastSquaresFit<T>, layout: Layout) -> Result<LeastSquaresFit<T>, Error> {
    let places = layout.coefficients();
    let coefficient = fit.coefficients.iter().position(|x| !crate::Lane::is_finite(*x)).map(|at| at % places);
    let residual = fit.residual_norms.iter().position(|x| !crate::Lane::is_finite(*x)).map(|u| places + u);
    match coefficient.or(residual.filter(|_| !fit.residual_is_estimate)) {
        Some(index) => Err(CoreError::NonFinite { index: index.saturating_sub(layout.constants) }.into()),
        None => Ok(fit),
    }
}

fn layout<T>(features: usize, targets: usize, params: &LeastSquaresParams<'_, T>) -> Result<Layout, CoreError> {
    params.check()?;
    let layout = Layout { constants: usize::from(params.intercept), features, targets };
    match () {
        () if layout.coefficients() == 0 => Err(CoreError::Parameter { name: &"features", rule: Rule::POSITIVE }),
        () if targets == 0 => Err(CoreError::Parameter { name: &"targets", rule: Rule::POSITIVE }),
        () => Ok(layout),
    }
}
