//! Slots: the storage of guesses that the slot engine and the sieves share.

mod changes;
mod checks;
mod follow;
mod form;
mod guesses;
mod layout;
mod levels;

pub(super) use form::{ensure, read_slots, width};
pub(super) use guesses::{Answer, Grow, Guesses, Memory};
pub(super) use layout::{Layout, Parts, eligible};
pub(super) use levels::Step;
