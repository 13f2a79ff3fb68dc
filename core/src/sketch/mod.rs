//! Linear sketches: a tall matrix `A` of rows becomes `S A` with few rows, and what is true of `S A` is nearly true of `A`.
//!
//! Every operator here is *keyed*: column `i` of `S` is a pure function of the seed and of `i`, the 64-bit number of a row.
//! So rows may come in any order, on any device, in pieces, and be removed again; two devices that sketch other columns of
//! the same rows can be put side by side. Operators are values without storage; the state that they add to, `S A` without
//! its factor, is the caller's.
//!
//! | you have | take | a row of `p` entries costs | half-widths |
//! |---|---|---|---|
//! | a stream, or no multiplier | [`Srht`] | `m p` additions; in blocks `(log2 B + m / B) p` | yes |
//! | rows on few index bits that an adversary may choose | [`Srct`] | `m p` additions | yes |
//! | a distribution that is known exactly, to compare with | [`GaussianSketch`] | `m p` multiplications and additions | yes, exact |
//! | the plainest dense sketch | [`RademacherSketch`] | `m p` additions | yes |
//! | very many columns, norms only | [`Osnap`], [`CountSketch`] | `s p`, `p` additions | no: see their docs |
//! | rows numbered by pairs, products of two factors | [`TensorSrht`] | `m p` additions | yes |
//!
//! [`SketchedLeastSquares`](crate::regression::SketchedLeastSquares) is the summary that puts them to use.

mod count;
mod gaussian;
mod operator;
mod osnap;
mod rademacher;
mod srct;
mod srht;
mod tensor;

pub use count::CountSketch;
pub use gaussian::GaussianSketch;
pub use operator::{Numbering, Piece, SketchOperator, SketchShape};
pub use osnap::Osnap;
pub use rademacher::RademacherSketch;
pub use srct::Srct;
pub use srht::{BlockRow, Srht};
pub use tensor::TensorSrht;
