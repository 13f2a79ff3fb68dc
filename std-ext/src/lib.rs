//! Streaming and sketching algorithms with an error figure: the core, and what needs a server.
//!
//! Everything of [`sketchlet_core`] is re-exported, so one dependency serves. This crate adds files, reports and the
//! `sketchlet` command.
//!
//! | feature | adds |
//! |---|---|
//! | `csv`, `npy`, `ndjson`, `parquet` | readers of these forms, in [`io`] |
//! | `parallel` | threads that fill and merge, in [`parallel`]; no further crates |
//! | `files` | `.sketch` files, and files that are written whole or not at all |
//! | `report` | SVG plots and HTML pages, in [`report`], and the [`demo`] |
//! | `faer` | dense products and eigensolver for wide matrices, in [`wide`] |
//! | `cli` | the command, and all of the above but `parquet` and `faer` |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use sketchlet_core::*;

#[cfg(feature = "cli")]
#[cfg_attr(docsrs, doc(cfg(feature = "cli")))]
pub mod cli;
#[cfg(feature = "report")]
#[cfg_attr(docsrs, doc(cfg(feature = "report")))]
pub mod demo;
mod error;
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
pub mod io;
#[cfg(feature = "parallel")]
#[cfg_attr(docsrs, doc(cfg(feature = "parallel")))]
pub mod parallel;
#[cfg(feature = "report")]
#[cfg_attr(docsrs, doc(cfg(feature = "report")))]
pub mod report;
#[cfg(feature = "files")]
#[cfg_attr(docsrs, doc(cfg(feature = "files")))]
pub mod sketch_file;
#[cfg(feature = "faer")]
#[cfg_attr(docsrs, doc(cfg(feature = "faer")))]
pub mod wide;

pub use error::Error;
pub use sketchlet_core::Error as CoreError;
