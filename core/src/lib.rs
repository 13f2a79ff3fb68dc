//! Streaming and sketching algorithms without `std`, heap or `unsafe`: the same bits from a Cortex-M to a server.
//!
//! A summary reads rows of numbers once, holds a few kilobytes, and answers one kind of question at any time, with an error
//! figure. It lives on storage that you give: an array, a borrowed slice, a `Vec`.
//!
//! # Which family
//!
//! | family | question it answers | home |
//! |---|---|---|
//! | eigen | What are the first principal directions of a stream of rows (top singular vectors; PCA if centred)? | [`eigen`] |
//! | regression | With which coefficients do some columns predict another: linear least squares? | [`regression`] |
//! | submodular | Which `k` elements are worth most together, while the set of elements grows and shrinks? | [`submodular`] |
//!
//! The page of each family begins with a table that leads to a type. Every summary of rows has the verbs of [`RowSummary`],
//! those that can be merged have [`Merge`], and those with a byte form have [`Wire`]. [`stream`] has what can be put around a
//! summary, such as centring. A summary of your own is property-tested by
//! [`sketchlet-laws`](https://docs.rs/sketchlet-laws): it joins every law by one line.
//!
//! The families stand on floors that are open to you too: [`sketch`] (random linear operators), [`linalg`] (small dense
//! kernels), [`random`] (keyed and drawn randomness), and the types of this page ([`Error`], [`Real`], [`Storage`], [`MatRef`]).
//! Imports run downwards only.
//!
//! # Feature tiers
//!
//! | feature | adds | costs |
//! |---|---|---|
//! | (none) | everything, on storage that you give | nothing: no allocator, no `std` |
//! | `alloc` | constructors that allocate (`new` beside `new_in`) | an allocator |
//! | `defmt` | `defmt::Format` of errors and statuses | `defmt` |
//! | `serde` | summaries in any format of serde, as their byte form | `alloc`, `serde_core` |
//! | `std` | hardware square roots, vector width chosen at run time; same bits | `std`, `pulp` |
//!
//! # Example
//! ```
//! use sketchlet_core::{RowSummary, eigen::{ExactEigen, ExactEigenParams, TopEigen}};
//! const PARAMS: ExactEigenParams = ExactEigenParams::new(3);
//! let mut summary = ExactEigen::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
//! for i in 0..200 {
//!     let x = (i % 7) as f32 - 3.0;
//!     summary.update(&[2.0 * x, x, 0.1 * (i % 3) as f32])?;
//! }
//! let mut answer = [0.0; PARAMS.answer_len()];
//! let top = summary.estimate(&mut answer)?;
//! assert!((top.vector(0)[0] - 0.894).abs() < 1e-2);
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod base;
mod wire;

pub mod eigen;
pub mod linalg;
pub mod random;
pub mod regression;
pub mod sketch;
pub mod stream;
pub mod submodular;

pub use base::alike::Side;
pub use base::difference::Difference;
pub use base::error::{Error, Rule};
pub use base::matrix::{MatMut, MatRef};
pub use base::real::{Lane, Real, ScalarType, Scaled};
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use base::storage::Allocated;
pub use base::storage::{Id, Storage};
pub use stream::{Merge, RowSummary};
pub use wire::{Header, Kind, Wire};

/// The crate whose generator trait the one-shot samplers take; re-exported so that versions match.
pub use rand_core;

/// The README's code is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
