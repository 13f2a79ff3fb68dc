//! Shared by the benches, and the experiments behind the figures that the docs quote.

pub mod experiments;
