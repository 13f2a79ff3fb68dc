//! The submodular family: functions, greedy methods, sieves, selections of elements that come and go, hostile input, statistics.

#![allow(missing_docs)]

mod adapters;
mod constrained;
mod dynamic;
mod functions;
mod greedy;
mod hostile;
mod laws;
mod server;
mod sieves;
mod statistics;
