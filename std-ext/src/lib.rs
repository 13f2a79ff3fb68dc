//! Streaming and sketching algorithms with an error figure: the core, and what needs a server.
//!
//! Everything of [`sketchlet_core`] is re-exported, so one dependency serves. This crate adds files, reports and the
//! `sketchlet` command.
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
