//! The trait of all methods.

use super::found::Found;
use crate::CoreError;
use crate::submodular::Counted;
use rand_xoshiro::Xoshiro256PlusPlus;

pub(super) type Outcome<X> = Result<X, CoreError>;

/// A selection method of any kind.
pub(super) trait Engine<O> {
    fn insert(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()>;
    fn delete(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()>;
    fn query(&mut self, oracle: &Counted<O>, rng: &mut Xoshiro256PlusPlus) -> Outcome<()>;
    /// What improves or certifies the answer, counted apart.
    fn improve(&mut self, _: &Counted<O>) -> Outcome<()> {
        Ok(())
    }
    fn found(&self) -> Found;
    fn live(&self) -> usize;
    fn state_bytes(&self) -> usize;
    /// Whether the data of an element that has come may be asked for again.
    fn keeps(&self, _: u32) -> bool {
        true
    }
    /// The byte form, of those that have one.
    fn encode(&self) -> Option<Vec<u8>> {
        None
    }
}
