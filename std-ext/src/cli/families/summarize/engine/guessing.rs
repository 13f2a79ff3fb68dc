//! Dynamic methods: they keep guesses of the best value up to date.

use super::found::{Found, wide};
use super::method::{Engine, Outcome};
use crate::submodular::{
    BucketDynamic, Counted, Dynamic, LazyDynamic, Monotone, NonMonotoneDynamic, Partition, PartitionDynamic,
    PrefixOracle, Selection,
};
use crate::{Real, Storage, Wire};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A method with guesses.
pub(super) struct Guessing<M> {
    pub(super) best: M,
    pub(super) polishes: bool,
}

macro_rules! guessing {
    ($name:ident) => {
        impl<T: Real, S: Storage<T>, I: Storage<u32>, O: PrefixOracle<T> + Monotone> Engine<O>
            for Guessing<$name<T, u32, S, I>>
        {
            fn insert(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.best.insert(oracle, id, rng)
            }

            fn delete(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.best.delete(oracle, id, rng)
            }

            fn query(&mut self, oracle: &Counted<O>, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.best.query(oracle, rng).map(|_| ())
            }

            fn improve(&mut self, oracle: &Counted<O>) -> Outcome<()> {
                if self.polishes {
                    self.best.polish(oracle)?;
                }
                Ok(())
            }

            fn found(&self) -> Found {
                let Selection { value, upper_bound, .. } = self.best.selection();
                let ids = wide(self.best.selected());
                Found { value: value.as_f64(), bound: upper_bound.map(Real::as_f64), ids }
            }

            fn live(&self) -> usize {
                self.best.live()
            }

            fn state_bytes(&self) -> usize {
                let (scalars, ids) = self.best.held();
                scalars * T::BYTES + ids * size_of::<u32>()
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(self.best.encode())
            }
        }
    };
}

guessing!(LazyDynamic);
guessing!(Dynamic);

/// One whose answers nothing improves or certifies.
macro_rules! plain {
    ($type:ty $(, $bound:ident)?) => {
        impl<T: Real, O: PrefixOracle<T> $(+ $bound)?> Engine<O> for $type {
            fn insert(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.insert(oracle, id, rng)
            }

            fn delete(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.delete(oracle, id, rng)
            }

            fn query(&mut self, oracle: &Counted<O>, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.query(oracle, rng).map(|_| ())
            }

            fn improve(&mut self, _: &Counted<O>) -> Outcome<()> {
                Ok(())
            }

            fn found(&self) -> Found {
                Found { value: self.selection().value.as_f64(), bound: None, ids: wide(self.selected()) }
            }

            fn live(&self) -> usize {
                self.live()
            }

            fn state_bytes(&self) -> usize {
                let (scalars, ids) = self.held();
                scalars * T::BYTES + ids * size_of::<u32>()
            }
        }
    };
}

plain!(BucketDynamic<T>, Monotone);
// For non-monotone objectives.
plain!(NonMonotoneDynamic<T, u32, Vec<T>, Vec<u32>>);

/// One within caps.
pub(super) struct Capped<'a, T: Real> {
    pub(super) best: PartitionDynamic<T, u32, Vec<T>, Vec<u32>>,
    pub(super) partition: Partition<'a, u32>,
    pub(super) polishes: bool,
}

impl<T: Real, O: PrefixOracle<T> + Monotone> Engine<O> for Capped<'_, T> {
    fn insert(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
        self.best.insert(oracle, &self.partition, id, rng)
    }

    fn delete(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
        self.best.delete(oracle, &self.partition, id, rng)
    }

    fn query(&mut self, oracle: &Counted<O>, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
        self.best.query(oracle, &self.partition, rng).map(|_| ())
    }

    fn improve(&mut self, oracle: &Counted<O>) -> Outcome<()> {
        if self.polishes {
            self.best.polish(oracle, &self.partition)?;
        }
        Ok(())
    }

    fn found(&self) -> Found {
        Found { value: self.best.selection().value.as_f64(), bound: None, ids: wide(self.best.selected()) }
    }

    fn live(&self) -> usize {
        self.best.live()
    }

    fn state_bytes(&self) -> usize {
        let (scalars, ids) = self.best.held();
        scalars * T::BYTES + ids * size_of::<u32>()
    }
}
