//! Sieves: they look at each element once.

use super::found::{Found, wide};
use super::method::{Engine, Outcome};
use crate::submodular::{Counted, Monotone, PrefixOracle, SievePlusPlus, SieveStreaming, ThreeSieves};
use crate::{CoreError, Real};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A method that looks at each element once.
pub(super) struct Sifting<M> {
    pub(super) sieve: M,
    pub(super) bytes: usize,
}

macro_rules! sifting {
    ($name:ident) => {
        impl<T: Real, O: PrefixOracle<T> + Monotone> Engine<O> for Sifting<$name<T, u32, Vec<T>, Vec<u32>>> {
            fn insert(&mut self, oracle: &Counted<O>, id: u32, _: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.sieve.insert(oracle, id)
            }

            fn delete(&mut self, _: &Counted<O>, id: u32, _: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                // Refused before the first step.
                Err(CoreError::NotFound { index: id as usize })
            }

            fn query(&mut self, _: &Counted<O>, _: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                Ok(())
            }

            fn found(&self) -> Found {
                let value = self.sieve.selection().value.as_f64();
                Found { value, bound: None, ids: wide(self.sieve.selected()) }
            }

            fn live(&self) -> usize {
                usize::try_from(self.sieve.seen()).unwrap_or(usize::MAX)
            }

            fn state_bytes(&self) -> usize {
                self.bytes
            }

            fn keeps(&self, id: u32) -> bool {
                self.sieve.is_kept(id)
            }
        }
    };
}

sifting!(SieveStreaming);
sifting!(SievePlusPlus);
sifting!(ThreeSieves);
