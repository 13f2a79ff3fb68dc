//! Dynamic methods: they keep guesses of the best value up to date.

use super::found::{Found, wide};
use super::method::{Engine, Outcome};
use crate::submodular::{
    BucketDynamic, Counted, Dynamic, LazyDynamic, Monotone, NonMonotoneDynamic, Partition, PartitionDynamic,
    PrefixOracle,
};
use crate::{Real, Wire};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A method with guesses.
pub(super) struct Guessing<M> {
    pub(super) best: M,
    pub(super) polishes: bool,
}

macro_rules! guessing {
    ($type:ty, [$($monotone:ident)?], |$selection:ident| $bound:expr, $($own:item)*) => {
        impl<T: Real, O: PrefixOracle<T> $(+ $monotone)?> Engine<O> for Guessing<$type> {
            fn insert(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.best.insert(oracle, id, rng)
            }

            fn delete(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.best.delete(oracle, id, rng)
            }

            fn query(&mut self, oracle: &Counted<O>, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                self.best.query(oracle, rng).map(|_| ())
            }

            fn found(&self) -> Found {
                let $selection = self.best.selection();
                Found { value: $selection.value.as_f64(), bound: $bound, ids: wide(self.best.selected()) }
            }

            fn live(&self) -> usize {
                self.best.live()
            }

            fn state_bytes(&self) -> usize {
                let (scalars, ids) = self.best.held();
                scalars * T::BYTES + ids * size_of::<u32>()
            }

            $($own)*
        }
    };
}

/// Those whose answers are improved and certified, and that have a byte form.
macro_rules! certified {
    ($name:ident) => {
        guessing! {
            $name<T, u32, Vec<T>, Vec<u32>>, [Monotone], |selection| selection.upper_bound.map(Real::as_f64),
            fn improve(&mut self, oracle: &Counted<O>) -> Outcome<()> {
                if self.polishes {
                    self.best.polish(oracle)?;
                }
                Ok(())
            }

            fn encode(&self) -> Option<Vec<u8>> {
                Some(self.best.encode())
            }
        }
    };
}

certified!(LazyDynamic);
certified!(Dynamic);
guessing!(BucketDynamic<T>, [Monotone], |selection| None,);
// For non-monotone objectives.
guessing!(NonMonotoneDynamic<T, u32, Vec<T>, Vec<u32>>, [], |selection| None,);

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
