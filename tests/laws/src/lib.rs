//! Property tests for one-pass summaries: strategies for the rows that break them, and laws that a summary joins by one line.
//!
//! Whoever writes a summary of rows (a mean, a sketch, a filter, a model that learns row by row) owes its users the same
//! promises: a batch is its rows, a refused row changes nothing, an answer changes no later bit, a merge is the whole stream,
//! decoded bytes go on as if nothing had happened. Each promise is a law here, in groups that a summary joins by name
//! ([the groups of laws](laws!)): a function that is generic over the public traits
//! of [`sketchlet_core`] ([`RowSummary`](sketchlet_core::RowSummary), [`Merge`](sketchlet_core::Merge),
//! [`Wire`](sketchlet_core::Wire), [`DeferredRows`](sketchlet_core::stream::DeferredRows),
//! [`DynamicSelection`](sketchlet_core::submodular::DynamicSelection)) and that is tried on random tables with [`proptest`].
//!
//! ```toml
//! [dependencies]
//! sketchlet-core = "0.1"
//!
//! [dev-dependencies]
//! sketchlet-laws = "0.1"
//! proptest = "1"          # only for strategies and laws in a proptest! of your own
//! ```
//!
//! # A summary of your own
//! Say how the summary is made and what it answers, and name the groups of laws that it is to keep. In a file of tests,
//! [`laws!`] makes a test of each law; here `broken()` tries them all. The closures must not capture anything, since they are
//! function pointers (`fn`). Group `wire` is for the byte frame of this library, [`Wire`](sketchlet_core::Wire): a summary
//! with a format of its own leaves it out.
//!
//! ```
//! use sketchlet_core::{Difference, Error, Merge, RowSummary};
//! use sketchlet_laws::{Answer, Subject, laws};
//!
//! /// The largest entry of each column.
//! struct Largest {
//!     max: Vec<f64>,
//!     rows: u64,
//!     hasty: bool,
//! }
//!
//! impl Largest {
//!     fn new(dim: usize, hasty: bool) -> Self {
//!         Self { max: vec![f64::MIN; dim], rows: 0, hasty }
//!     }
//! }
//!
//! impl RowSummary for Largest {
//!     type Scalar = f64;
//!
//!     fn dim(&self) -> usize {
//!         self.max.len()
//!     }
//!
//!     fn rows_seen(&self) -> u64 {
//!         self.rows
//!     }
//!
//!     fn update(&mut self, row: &[f64]) -> Result<(), Error> {
//!         let (expected, got) = (self.dim(), row.len());
//!         if expected != got {
//!             return Err(Error::Dimension { expected, got });
//!         }
//!         let bad = row.iter().position(|x| !x.is_finite());
//!         // The mistake: what stands before the bad entry is taken in.
//!         let taken = if self.hasty { bad.unwrap_or(got) } else if bad.is_some() { 0 } else { got };
//!         self.max.iter_mut().zip(&row[..taken]).for_each(|(max, &x)| *max = max.max(x));
//!         if let Some(index) = bad {
//!             return Err(Error::NonFinite { index });
//!         }
//!         self.rows += 1;
//!         Ok(())
//!     }
//!
//!     fn clear(&mut self) {
//!         *self = Self::new(self.dim(), self.hasty);
//!     }
//! }
//!
//! impl Merge for Largest {
//!     fn merge(&mut self, other: &Self) -> Result<(), Error> {
//!         if self.dim() != other.dim() {
//!             let (expected, got) = (self.dim() as u64, other.dim() as u64);
//!             return Err(Error::Incompatible { what: Difference::Dim, expected, got });
//!         }
//!         self.max.iter_mut().zip(&other.max).for_each(|(max, &x)| *max = max.max(x));
//!         self.rows = self.rows.saturating_add(other.rows);
//!         Ok(())
//!     }
//! }
//!
//! laws! {
//!     careful: Largest,
//!     Subject::new(|shape| Ok(Largest::new(shape.dim, false))).answer(|largest| Ok(Answer::new().with("max", largest.max.clone()))),
//!     [rows, merge, linear, order]
//! }
//!
//! laws! {
//!     hasty: Largest,
//!     Subject::new(|shape| Ok(Largest::new(shape.dim, true))).answer(|largest| Ok(Answer::new().with("max", largest.max.clone()))),
//!     [rows, merge, linear, order]
//! }
//!
//! fn main() {
//!     assert!(careful::broken().is_empty());
//!     let broken: Vec<_> = hasty::broken().into_iter().map(|broken| broken.law).collect();
//!     assert_eq!(broken, [
//!         "non_finite_entries_change_nothing",
//!         "hostile_rows_are_taken_or_refused",
//!         "refused_verbs_change_nothing",
//!     ]);
//! }
//! ```
//!
//! # Laws and strategies one by one
//! A law is a function of a [`Subject`] and a [`Case`], which returns what `prop_assert!` returns: call it in a `proptest!` of
//! your own, on cases of your own. [`input`] has the strategies: tables, orders, shards, weights and hostile rows.
//!
//! ```
//! use proptest::prelude::*;
//! use sketchlet_core::eigen::{ExactEigen, ExactEigenParams};
//! use sketchlet_laws::{Subject, input, rows};
//! proptest! {
//!     fn wide_batches_are_rows(case in input::cases(50..=60, input::KINDS)) {
//!         let subject = Subject::new(|shape| ExactEigen::<f32, Vec<f32>>::new(ExactEigenParams::new(shape.dim))).wire();
//!         rows::batches_equal_rows(&subject, &case)?;
//!     }
//! }
//! # // Once is enough to show it.
//! # wide_batches_are_rows();
//! ```
//!
//! A law that is broken is reported with its name and the smallest input that was found. Cases are the same in every run;
//! `PROPTEST_CASES=1000 PROPTEST_RNG_SEED=1` looks further.

#![allow(clippy::missing_errors_doc, reason = "a law fails where it is broken: that is what it is")]

mod check;
pub mod deferred;
pub mod input;
mod macros;
pub mod merging;
mod number;
pub mod rows;
pub mod selection;
pub mod storage;
mod subject;
pub mod verbs;
pub mod wire;

pub use check::{Broken, Law, check, config, run};
pub use input::{Case, Choices, Shape, Table};
pub use proptest::test_runner::TestCaseResult;
pub use subject::{Answer, Number, Remove, Subject, Verb, feed, feed_batch};
