//! Streaming and sketching algorithms with an error figure: the core, and what needs a server.
//!
//! Everything of [`sketchlet_core`] is re-exported, so one dependency serves. This crate adds files, reports and the
//! `sketchlet` command.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use sketchlet_core::*;

#[cfg(feature = "report")]
#[cfg_attr(docsrs, doc(cfg(feature = "report")))]
pub mod demo;
#[cfg(feature = "report")]
#[cfg_attr(docsrs, doc(cfg(feature = "report")))]
pub mod report;
