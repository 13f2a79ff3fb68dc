//! The byte form of summaries: small, checked, the same on every machine.
//!
//! Layout, little-endian throughout:
//!
//! | bytes | content |
//! |---|---|
//! | 0..4 | magic `SKLT` |
//! | 4 | format version of the type, 1 or 2 |
//! | 5, 6 | family and type, see [`Kind`] |
//! | 7 | scalar: 4 for `f32`, 8 for `f64`, 20 for `i32`, 24 for `i64` |
//! | 8..16 | length of the body |
//! | .. | body: parameters, then state; `docs/wire.md` in the repository lists the fields of every type |
//! | last 4 | CRC-32 (ISO-HDLC) of everything before |
//!
//! The order of fields in a Rust struct is not the format: each type writes and reads its body field by field. Files of
//! every released version are kept with the tests and stay readable. A type that wraps another one (centring) nests the
//! whole encoding of that one in its body.
//!
//! # Example
//! ```
//! use sketchlet_core::{RowSummary, Wire, eigen::{ExactEigen, ExactEigenParams}};
//! const PARAMS: ExactEigenParams = ExactEigenParams::new(2);
//! let mut summary = ExactEigen::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
//! summary.update(&[3.0, 4.0])?;
//! let mut bytes = [0; 256];
//! let len = summary.encode_into(&mut bytes)?;
//! let copy = ExactEigen::<f32, _>::decode_in(&bytes[..len], [0.0; PARAMS.storage_len()])?;
//! assert_eq!(copy.rows_seen(), 1);
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

mod form;
mod header;
mod registry;
#[cfg(feature = "serde")]
pub(crate) mod serde;

pub use form::Wire;
#[cfg(feature = "alloc")]
pub(crate) use form::allocate;
pub(crate) use form::{Reader, Writer, encode, len, open};
pub use header::Header;
pub use registry::Kind;
