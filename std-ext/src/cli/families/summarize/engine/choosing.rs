//! Greedy methods: they look at all elements for each answer.

use super::found::{Found, wide};
use super::method::{Engine, Outcome};
use crate::Real;
use crate::submodular::{
    Counted, Greedy, LazyGreedy, Monotone, Partition, PartitionGreedy, PrefixOracle, RandomGreedy, Salsa,
    StochasticGreedy, ThresholdGreedy,
};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::marker::PhantomData;

/// A method that looks at all elements.
pub(super) trait Chooser<T, O> {
    fn select(&mut self, oracle: &Counted<O>, ids: &[u32], rng: &mut Xoshiro256PlusPlus) -> Outcome<()>;
    /// No so many elements are worth more; `None` where that is not known.
    fn bound(&mut self, _: &Counted<O>, _: &[u32]) -> Outcome<Option<f64>> {
        Ok(None)
    }
    fn value(&self) -> f64;
    fn selected(&self) -> &[u32];
}

/// A method, and what else it has to know.
pub(super) struct With<M, K> {
    pub(super) method: M,
    pub(super) knob: K,
}

macro_rules! chooser {
    ($type:ty, [$($monotone:ident)?], |$self:ident, $oracle:ident, $ids:ident, $rng:ident| $select:expr,
     |$method:ident| $inner:expr, $($own:item)*) => {
        impl<T: Real, O: PrefixOracle<T> $(+ $monotone)?> Chooser<T, O> for $type {
            fn select(&mut self, $oracle: &Counted<O>, $ids: &[u32], $rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                let ($self, _) = (self, &$rng);
                $select.map(|_| ())
            }

            fn value(&self) -> f64 {
                let $method = self;
                $inner.selection().value.as_f64()
            }

            fn selected(&self) -> &[u32] {
                let $method = self;
                $inner.selected()
            }

            $($own)*
        }
    };
}

/// Those that say how good the best could be.
macro_rules! certified {
    ($type:ty, |$self:ident, $oracle:ident, $ids:ident, $rng:ident| $select:expr, |$method:ident| $inner:expr) => {
        chooser! {
            $type, [Monotone], |$self, $oracle, $ids, $rng| $select, |$method| $inner,
            fn bound(&mut self, oracle: &Counted<O>, ids: &[u32]) -> Outcome<Option<f64>> {
                let $method = self;
                $inner.bound(oracle, ids).map(|bound| Some(bound.as_f64()))
            }
        }
    };
}

certified!(LazyGreedy<T, u32, Vec<T>, Vec<u32>>, |this, oracle, ids, rng| this.select(oracle, ids), |this| this);
certified!(Greedy<T, u32, Vec<T>, Vec<u32>>, |this, oracle, ids, rng| this.select(oracle, ids), |this| this);
certified!(
    With<StochasticGreedy<T, u32, Vec<T>, Vec<u32>>, f64>,
    |this, oracle, ids, rng| this.method.select(oracle, ids, this.knob, rng),
    |this| this.method
);
certified!(
    With<ThresholdGreedy<T, u32, Vec<T>, Vec<u32>>, f64>,
    |this, oracle, ids, rng| this.method.select(oracle, ids, this.knob),
    |this| this.method
);
certified!(
    With<Salsa<T, u32, Vec<T>, Vec<u32>>, u32>,
    |this, oracle, ids, rng| this.method.select(oracle, ids, this.knob),
    |this| this.method
);
chooser!(
    With<PartitionGreedy<T, u32, Vec<T>, Vec<u32>>, Partition<'_, u32>>,
    [Monotone],
    |this, oracle, ids, rng| this.method.select(oracle, ids, &this.knob),
    |this| this.method,
);
chooser!(
    RandomGreedy<T, u32, Vec<T>, Vec<u32>>,
    [],
    |this, oracle, ids, rng| this.select(oracle, ids, rng),
    |this| this,
);

/// A method, and the elements that are there.
pub(super) struct Recomputing<M, T> {
    method: M,
    alive: Vec<bool>,
    live: usize,
    ids: Vec<u32>,
    bound: Option<f64>,
    bytes: usize,
    of: PhantomData<T>,
}

impl<M, T> Recomputing<M, T> {
    /// A method for so many elements at most, whose state takes so many bytes.
    pub(super) fn new(method: M, elements: usize, bytes: usize) -> Self {
        let (alive, ids) = (vec![false; elements], Vec::new());
        Self { method, alive, live: 0, ids, bound: None, bytes, of: PhantomData }
    }
}

impl<T: Real, M: Chooser<T, O>, O: PrefixOracle<T>> Engine<O> for Recomputing<M, T> {
    fn insert(&mut self, _: &Counted<O>, id: u32, _: &mut Xoshiro256PlusPlus) -> Outcome<()> {
        self.alive[id as usize] = true;
        self.live += 1;
        Ok(())
    }

    fn delete(&mut self, _: &Counted<O>, id: u32, _: &mut Xoshiro256PlusPlus) -> Outcome<()> {
        self.alive[id as usize] = false;
        self.live -= 1;
        Ok(())
    }

    fn query(&mut self, oracle: &Counted<O>, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
        let all = self;
        let alive = (0..).zip(&all.alive).filter(|(_, is_alive)| **is_alive);
        all.ids = alive.map(|(id, _)| id).collect();
        all.method.select(oracle, &all.ids, rng)
    }

    fn improve(&mut self, oracle: &Counted<O>) -> Outcome<()> {
        self.bound = self.method.bound(oracle, &self.ids)?;
        Ok(())
    }

    fn found(&self) -> Found {
        let Recomputing { method, bound, .. } = self;
        Found { value: method.value(), bound: *bound, ids: wide(method.selected()) }
    }

    fn live(&self) -> usize {
        self.live
    }

    fn state_bytes(&self) -> usize {
        self.bytes
    }
}
