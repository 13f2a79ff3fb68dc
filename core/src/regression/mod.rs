//! Linear regression (least squares) over a stream of rows, in one pass; sketches give a half-width with every coefficient.
//!
//! **A half-width is no standard error.** It says how far the sketched coefficient may be from the exact least-squares fit to the
//! same rows. How uncertain that fit is, since the rows are a sample, is another question: [`Fit::standard_errors`] of a
//! [`StreamingQr`] answers it.
//!
//! **For one dense stream of rows on one device with few columns, [`StreamingQr`] is exact, smaller (`p^2 / 2` scalars) and needs
//! no parameters.** Take a sketch for what only a sketch can do: remove rows without squaring the condition, take single cells,
//! join columns that live on different devices, run on integers without a multiplier, or keep up with the highest rate of rows.
//! It costs more memory, and it answers with half-widths instead of exactly.
//!
//! | you have | take | guarantee | merges | state (scalars, `p` columns) |
//! |---|---|---|---|---|
//! | one stream of whole rows | [`StreamingQr`] | exact, backward stable | yes | `p (p + 1) / 2 + 16 p` |
//! | rows that are inserted and removed, features far from dependent (condition below 1e3 in `f32`, 1e7 in `f64`) | [`NormalEquations`] | exact up to the squared condition; integers exactly | yes, removes too | `p (p + 3) / 2` |
//! | the same with worse features; single cells in any order; rows in pieces | [`SketchedLeastSquares`] | a half-width on every coefficient | yes, removes too | `(m + B + 1) p`, `m` about `8 d` to `32 d` |
//! | columns of the same rows on several devices | [`SketchedLeastSquares`] on each, joined | as above | yes, and joins columns | as above |
//! | rows that can be read again | [`Gradient`] of a sketched answer, then refinement | each pass leaves `sqrt(d / m)` of the error | yes, removes too | `2 d + 1` a target, and one a column |
//! | integers, no multiplier | [`SketchedLeastSquares`] over `i32` or `i64` | as above, the same bits in any order | yes, removes too | as above |
//! | coefficients after every row | [`RecursiveLeastSquares`] | exact | no | `p^2 / 2 + 2 p` |
//!
//! Rows in memory belong to `lstsq` of the `sketchlet` crate. Columns have no roles while a summary is filled: a [`Query`] names
//! features and targets when it is asked, and the answer is a [`Fit`]. [`rows_for`] says how many rows of a sketch an error needs.
//!
//! In the command `sketchlet regress`, `--streaming` is [`StreamingQr`] while its triangle fits `--memory`, and `--streaming
//! --sketch OPERATOR` is [`SketchedLeastSquares`]; without `--streaming` all rows are in memory and `lstsq` answers.
//!
//! # Example
//! Two sensors that see other columns of the same rows, and a host that regresses one on the other:
//! ```
//! use sketchlet_core::{RowSummary, sketch::Srht};
//! use sketchlet_core::regression::{Query, SketchedLeastSquares, SketchedLeastSquaresParams};
//! const PARAMS: SketchedLeastSquaresParams = SketchedLeastSquaresParams::new(1, 64).block_len(16).ranges(1);
//! const JOINED: SketchedLeastSquaresParams = SketchedLeastSquaresParams::new(2, 64).block_len(16).ranges(1);
//! let sensor = || SketchedLeastSquares::new_in(PARAMS, Srht, [0i32; PARAMS.storage_len()], [0; PARAMS.index_len()]);
//! let (mut left, mut right) = (sensor()?, sensor()?);
//! for tick in 0..1000 {
//!     let x = tick * 37 % 101 - 50;
//!     left.update(&[x])?;
//!     right.update(&[3 * x + tick % 5 - 2])?;
//! }
//! let (storage, indices) = ([0; JOINED.storage_len()], [0; JOINED.index_len()]);
//! let joined = SketchedLeastSquares::join_in(&left, &right, storage, indices)?;
//! let (mut scratch, mut answer) = ([0.0f32; 9], [0.0; 3]);
//! let fit = joined.solve_in(&Query::new(&[0], &[1]), &mut scratch, &mut answer)?;
//! assert!((fit.coefficients[0] - 3.0).abs() <= fit.half_widths.unwrap()[0]);
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

mod fit;
mod gradient;
mod half_width;
mod normal_equations;
mod norms;
mod query;
mod recursive;
mod removed;
mod rows;
mod sketched;
mod solve;
mod streaming_qr;
mod student;
mod weight;

pub use fit::Fit;
pub use gradient::{Gradient, GradientParams};
pub use half_width::{NoHalfWidths, SPARE_ROWS, SketchTriangle, SketchedRows, half_width_level, half_widths};
pub use normal_equations::{NormalEquations, NormalEquationsParams};
pub use query::Query;
pub use recursive::{RecursiveLeastSquares, RecursiveLeastSquaresParams};
pub use rows::{epsilon_for, rows_for, rows_for_signs};
pub use sketched::{SketchedLeastSquares, SketchedLeastSquaresParams, operator_of};
pub use streaming_qr::{StreamingQr, StreamingQrParams};
pub use student::StudentT;
