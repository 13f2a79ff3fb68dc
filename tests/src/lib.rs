//! Inputs, oracles and laws shared by the tests and the benches of all families.

pub mod laws;
pub mod oracle;
pub mod runs;
pub mod streams;
