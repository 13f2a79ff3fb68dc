//! Randomness of two kinds: keyed (a pure function of a seed and an index) and drawn (from the caller's generator).
//!
//! | you need | take | why |
//! |---|---|---|
//! | a linear sketch whose rows may come in any order, on any device, and be removed again | [`keyed`] | nothing to store, random access |
//! | one sample, once | [`drawn`] | the caller's generator decides, tests can pin it |
//!
//! Neither ever looks at a `usize`, an address or the clock: 32-bit and 64-bit machines draw the same numbers.

pub mod drawn;
pub mod keyed;
