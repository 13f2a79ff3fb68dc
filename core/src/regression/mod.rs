//! What explains a column by others? Least squares over a stream of rows, with an error bar on every coefficient.
//!
//! **For one dense stream of rows on one device with few columns, [`StreamingQr`] is exact, smaller and needs no parameters.**
//! Use a sketch when one of its own powers is needed: rows that are taken away again without squaring the condition, single
//! cells, columns that live on different devices, integers on a part without multiplier, or the highest rate of rows. Its
//! price is state and an error bar instead of an answer.

mod fit;
mod normal_equations;
mod query;
mod recursive;
mod rows;
mod sketched;
mod solve;
mod streaming_qr;
mod student;

pub use fit::Fit;
pub use normal_equations::{NormalEquations, NormalEquationsParams};
pub use query::Query;
pub use recursive::{RecursiveLeastSquares, RecursiveLeastSquaresParams};
pub use rows::{epsilon_for, rows_for};
pub use sketched::{SketchedLeastSquares, SketchedLeastSquaresParams};
pub use streaming_qr::{StreamingQr, StreamingQrParams};
pub use student::StudentT;
