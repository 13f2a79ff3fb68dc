//! Inputs, oracles and answers shared by the tests and the benches of all families.

pub mod answer;
pub mod oracle;
pub mod runs;
pub mod streams;
