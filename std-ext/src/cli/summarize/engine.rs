//! The methods, as one thing that elements come to and go from.

use super::super::Failure;
use super::super::args::{Selector, SummarizeArguments};
use crate::submodular::{
    Counted, Dynamic, DynamicParams, Greedy, GreedyParams, LazyDynamic, LazyDynamicParams, LazyGreedy, Monotone,
    PrefixOracle, Selection, SieveParams, SievePlusPlus, SieveStreaming, StochasticGreedy, ThresholdGreedy,
};
use crate::{CoreError, Real, Storage};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::marker::PhantomData;

type Outcome<X> = Result<X, CoreError>;

/// An answer.
pub(super) struct Found {
    pub(super) value: f64,
    pub(super) bound: Option<f64>,
    pub(super) ids: Vec<u32>,
}

pub(super) trait Engine<O> {
    fn insert(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()>;
    fn delete(&mut self, oracle: &Counted<O>, id: u32, rng: &mut Xoshiro256PlusPlus) -> Outcome<()>;
    fn query(&mut self, oracle: &Counted<O>, rng: &mut Xoshiro256PlusPlus) -> Outcome<()>;
    /// What improves or certifies the answer, counted apart.
    fn improve(&mut self, oracle: &Counted<O>) -> Outcome<()>;
    fn found(&self) -> Found;
    fn live(&self) -> usize;
    fn state_bytes(&self) -> usize;
}

/// Guesses in a doubling for the ratio asked for, and their ratio; none for a method without guesses.
pub(super) fn ladder(arguments: &SummarizeArguments) -> Result<Option<(u32, f64)>, Failure> {
    let ratio = arguments.ratio.unwrap_or(2f64.powf(0.25));
    if !(arguments.method.is_dynamic() || arguments.method.only_inserts()) {
        return Ok(None);
    }
    let steps = [1, 2, 4, 8, 16].into_iter().find(|&steps| {
        LazyDynamicParams::new(1, 1).ladder_steps(steps).ratio().is_ok_and(|taken| taken <= ratio * (1.0 + 1e-12))
    });
    match steps {
        Some(steps) if ratio > 1.0 => Ok(Some((steps, 2f64.powf(1.0 / f64::from(steps))))),
        _ => Err(Failure::Usage("summarize: --ratio must be at least 2^(1/16), about 1.0443".into())),
    }
}

/// The method that the flags name, for so many elements.
pub(super) fn engine<'a, T: Real, O: PrefixOracle<T> + Monotone>(
    arguments: &SummarizeArguments,
    oracle: &O,
    rows: usize,
) -> Result<Box<dyn Engine<O> + 'a>, Failure> {
    let size = (arguments.size as usize).min(rows);
    let (prefix, polishes) = (oracle.prefix_len(size), !arguments.no_polish);
    let steps = ladder(arguments)?.map_or(4, |(steps, _)| steps);
    Ok(match arguments.method {
        Selector::LazyDynamic => {
            let params = LazyDynamicParams::new(rows, size).prefix(prefix).ladder_steps(steps);
            let params = params.hysteresis(arguments.hysteresis);
            match arguments.slots {
                None => Box::new(Guessing { best: LazyDynamic::<T, u32, _, _>::new(params)?, polishes }),
                Some(slots) => {
                    let params = params.slots(slots as usize);
                    let storage = (vec![T::ZERO; params.storage_len()], vec![0u32; params.index_len::<u32>()]);
                    Box::new(Guessing { best: LazyDynamic::new_in(params, storage.0, storage.1)?, polishes })
                }
            }
        }
        Selector::Dynamic => {
            let params = DynamicParams::new(rows, size).prefix(prefix).ladder_steps(steps);
            match arguments.slots {
                None => Box::new(Guessing { best: Dynamic::<T, u32, _, _>::new(params)?, polishes }),
                Some(slots) => {
                    let params = params.slots(slots as usize);
                    // Checked before the storage is asked for.
                    Dynamic::<T, u32, _, _>::new(params)?;
                    let storage = (vec![T::ZERO; params.storage_len()], vec![0u32; params.index_len::<u32>()]);
                    Box::new(Guessing { best: Dynamic::new_in(params, storage.0, storage.1)?, polishes })
                }
            }
        }
        Selector::Sieve => {
            let params = SieveParams::new(size).prefix(prefix).ladder_steps(steps);
            Box::new(Sifting { sieve: SieveStreaming::<T, u32, _, _>::new(params)?, params })
        }
        Selector::SievePlusPlus => {
            let params = SieveParams::new(size).prefix(prefix).ladder_steps(steps);
            Box::new(Sifting { sieve: SievePlusPlus::<T, u32, _, _>::new(params)?, params })
        }
        method => {
            let params = GreedyParams::new(rows, size).prefix(prefix);
            let bytes = params.storage_len() * T::BYTES + params.index_len() * size_of::<u32>();
            let all =
                Recomputing { method: (), alive: vec![false; rows], live: 0, ids: Vec::new(), bound: None, bytes };
            let epsilon = arguments.epsilon;
            match method {
                Selector::Greedy => Box::new(all.with(Greedy::<T, u32, _, _>::new(params)?)),
                Selector::Stochastic => {
                    Box::new(all.with(WithEpsilon { method: StochasticGreedy::<T, u32, _, _>::new(params)?, epsilon }))
                }
                Selector::Threshold => {
                    Box::new(all.with(WithEpsilon { method: ThresholdGreedy::<T, u32, _, _>::new(params)?, epsilon }))
                }
                _ => Box::new(all.with(LazyGreedy::<T, u32, _, _>::new(params)?)),
            }
        }
    })
}

/// A method with guesses.
struct Guessing<M> {
    best: M,
    polishes: bool,
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
                let ids = self.best.selected().to_vec();
                Found { value: value.as_f64(), bound: upper_bound.map(Real::as_f64), ids }
            }

            fn live(&self) -> usize {
                self.best.live()
            }

            fn state_bytes(&self) -> usize {
                let (scalars, ids) = self.best.held();
                scalars * T::BYTES + ids * size_of::<u32>()
            }
        }
    };
}

guessing!(LazyDynamic);
guessing!(Dynamic);

/// A method that looks at each element once.
struct Sifting<M> {
    sieve: M,
    params: SieveParams,
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

            fn improve(&mut self, _: &Counted<O>) -> Outcome<()> {
                Ok(())
            }

            fn found(&self) -> Found {
                let value = self.sieve.selection().value.as_f64();
                Found { value, bound: None, ids: self.sieve.selected().to_vec() }
            }

            fn live(&self) -> usize {
                usize::try_from(self.sieve.seen()).unwrap_or(usize::MAX)
            }

            fn state_bytes(&self) -> usize {
                self.params.storage_len() * T::BYTES + self.params.index_len() * size_of::<u32>()
            }
        }
    };
}

sifting!(SieveStreaming);
sifting!(SievePlusPlus);

/// A method that looks at all elements.
trait Chooser<T, O> {
    fn select(&mut self, oracle: &Counted<O>, ids: &[u32], rng: &mut Xoshiro256PlusPlus) -> Outcome<()>;
    fn bound(&mut self, oracle: &Counted<O>, ids: &[u32]) -> Outcome<f64>;
    fn value(&self) -> f64;
    fn selected(&self) -> &[u32];
}

/// A method, and how far below greedy it may stay.
struct WithEpsilon<M> {
    method: M,
    epsilon: f64,
}

macro_rules! chooser {
    ($type:ty, |$self:ident, $oracle:ident, $ids:ident, $rng:ident| $select:expr, |$method:ident| $inner:expr) => {
        impl<T: Real, O: PrefixOracle<T> + Monotone> Chooser<T, O> for $type {
            fn select(&mut self, $oracle: &Counted<O>, $ids: &[u32], $rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
                let ($self, _) = (self, &$rng);
                $select.map(|_| ())
            }

            fn bound(&mut self, oracle: &Counted<O>, ids: &[u32]) -> Outcome<f64> {
                let $method = self;
                $inner.bound(oracle, ids).map(Real::as_f64)
            }

            fn value(&self) -> f64 {
                let $method = self;
                $inner.selection().value.as_f64()
            }

            fn selected(&self) -> &[u32] {
                let $method = self;
                $inner.selected()
            }
        }
    };
}

chooser!(LazyGreedy<T, u32, Vec<T>, Vec<u32>>, |this, oracle, ids, rng| this.select(oracle, ids), |this| this);
chooser!(Greedy<T, u32, Vec<T>, Vec<u32>>, |this, oracle, ids, rng| this.select(oracle, ids), |this| this);
chooser!(
    WithEpsilon<StochasticGreedy<T, u32, Vec<T>, Vec<u32>>>,
    |this, oracle, ids, rng| this.method.select(oracle, ids, this.epsilon, rng),
    |this| this.method
);
chooser!(
    WithEpsilon<ThresholdGreedy<T, u32, Vec<T>, Vec<u32>>>,
    |this, oracle, ids, rng| this.method.select(oracle, ids, this.epsilon),
    |this| this.method
);

/// A method that looks at all elements, for each answer.
struct Recomputing<M> {
    method: M,
    alive: Vec<bool>,
    live: usize,
    ids: Vec<u32>,
    bound: Option<f64>,
    bytes: usize,
}

impl Recomputing<()> {
    fn with<T, M>(self, method: M) -> (Recomputing<M>, PhantomData<T>) {
        let Self { alive, live, ids, bound, bytes, .. } = self;
        (Recomputing { method, alive, live, ids, bound, bytes }, PhantomData)
    }
}

impl<T: Real, M: Chooser<T, O>, O: PrefixOracle<T> + Monotone> Engine<O> for (Recomputing<M>, PhantomData<T>) {
    fn insert(&mut self, _: &Counted<O>, id: u32, _: &mut Xoshiro256PlusPlus) -> Outcome<()> {
        self.0.alive[id as usize] = true;
        self.0.live += 1;
        Ok(())
    }

    fn delete(&mut self, _: &Counted<O>, id: u32, _: &mut Xoshiro256PlusPlus) -> Outcome<()> {
        self.0.alive[id as usize] = false;
        self.0.live -= 1;
        Ok(())
    }

    fn query(&mut self, oracle: &Counted<O>, rng: &mut Xoshiro256PlusPlus) -> Outcome<()> {
        let all = &mut self.0;
        let alive = (0..).zip(&all.alive).filter(|(_, is_alive)| **is_alive);
        all.ids = alive.map(|(id, _)| id).collect();
        all.method.select(oracle, &all.ids, rng)
    }

    fn improve(&mut self, oracle: &Counted<O>) -> Outcome<()> {
        self.0.bound = Some(self.0.method.bound(oracle, &self.0.ids)?);
        Ok(())
    }

    fn found(&self) -> Found {
        let Recomputing { method, bound, .. } = &self.0;
        Found { value: method.value(), bound: *bound, ids: method.selected().to_vec() }
    }

    fn live(&self) -> usize {
        self.0.live
    }

    fn state_bytes(&self) -> usize {
        self.0.bytes
    }
}
