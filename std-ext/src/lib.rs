//! Streaming and sketching algorithms with error figures: all of [`sketchlet_core`], with files, threads, least squares over
//! tables in memory, and the `sketchlet` command.
//!
//! A summary reads rows of numbers once, holds a few kilobytes, and answers one kind of question at any time: the first
//! principal directions ([`eigen`]), linear regression ([`regression`]), or the `k` elements that are worth most together
//! ([`submodular`]). Each of these pages begins with a table that leads to a type. Everything of the core is re-exported, so
//! one dependency serves. Property tests for a summary of your own are in [`sketchlet-laws`](https://docs.rs/sketchlet-laws)
//! (`cargo add --dev sketchlet-laws`).
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `csv`, `npy`, `ndjson`, `parquet` | readers of these forms, in [`io`] |
//! | `serde` | summaries as values of serde: the bytes of [`Wire`] |
//! | `parallel` | threads that fill and merge, in [`parallel`]; no further crates |
//! | `files` | `.sketch` files, and files that are written whole or not at all |
//! | `report` | SVG plots and HTML pages, in [`report`], and the [`demo`] |
//! | `faer` | dense products and eigensolver for wide matrices, in [`wide`]; least squares in [`lstsq`]; its matrices as rows, in [`views`] |
//! | `ndarray` | arrays of ndarray 0.17 as rows, in [`views`] |
//! | `cli` | the command, and `csv`, `npy`, `ndjson`, `files` and `report` |
//!
//! # Example
//! Rows of a table in memory, and the first two principal directions:
//! ```
//! use sketchlet::{RowSummary, eigen::{ExactEigen, ExactEigenParams, TopEigen}};
//! let params = ExactEigenParams::new(3).rank(2);
//! let mut summary = ExactEigen::<f64, Vec<f64>>::new(params)?;
//! for row in [[2.0, 1.0, 0.0], [-4.0, -2.0, 0.1], [6.0, 3.0, -0.1]] {
//!     summary.update(&row)?;
//! }
//! let mut answer = vec![0.0; params.answer_len()];
//! let top = summary.estimate(&mut answer)?;
//! assert!((top.vector(0)[0] / top.vector(0)[1] - 2.0).abs() < 0.1);
//! # Ok::<(), sketchlet::CoreError>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use sketchlet_core::*;

#[cfg(feature = "cli")]
#[cfg_attr(docsrs, doc(cfg(feature = "cli")))]
pub mod cli;
#[cfg(feature = "report")]
#[cfg_attr(docsrs, doc(cfg(feature = "report")))]
pub mod demo;
mod error;
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet", feature = "files"))]
pub mod io;
#[cfg(feature = "faer")]
#[cfg_attr(docsrs, doc(cfg(feature = "faer")))]
pub mod lstsq;
#[cfg(feature = "parallel")]
#[cfg_attr(docsrs, doc(cfg(feature = "parallel")))]
pub mod parallel;
#[cfg(feature = "report")]
#[cfg_attr(docsrs, doc(cfg(feature = "report")))]
pub mod report;
#[cfg(feature = "files")]
#[cfg_attr(docsrs, doc(cfg(feature = "files")))]
pub mod sketch_file;
#[cfg(any(feature = "ndarray", feature = "faer"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "ndarray", feature = "faer"))))]
pub mod views;
#[cfg(feature = "faer")]
#[cfg_attr(docsrs, doc(cfg(feature = "faer")))]
pub mod wide;

pub use error::Error;
pub use sketchlet_core::Error as CoreError;

/// The README's code is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
