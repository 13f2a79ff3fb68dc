//! Builds the method that the flags name.

use super::super::about::Groups;
use super::super::task::Method;
use super::choosing::{Recomputing, With};
use super::guessing::{Capped, Guessing};
use super::method::Engine;
use super::play::worth_error;
use super::sifting::Sifting;
use crate::cli::args::Selector;
use crate::cli::failure::Failure;
use crate::submodular::{
    BucketDynamic, BucketDynamicParams, Counted, Dynamic, DynamicParams, Greedy, GreedyParams, GroundSet, LazyDynamic,
    LazyDynamicParams, LazyGreedy, Monotone, NonMonotoneDynamic, NonMonotoneDynamicParams, Partition, PartitionDynamic,
    PartitionDynamicParams, PartitionGreedy, Prefix, PrefixOracle, RandomGreedy, Salsa, SieveParams, SievePlusPlus,
    SieveStreaming, StochasticGreedy, ThreeSieves, ThreeSievesParams, ThresholdGreedy,
};
use crate::{CoreError, Error, Real};

/// What is asked of a method.
pub(super) struct Choice<'a> {
    pub(super) method: Method,
    /// Elements that there are.
    pub(super) elements: usize,
    /// Elements to choose.
    pub(super) size: usize,
    pub(super) groups: Option<&'a Groups>,
}

impl<'a> Choice<'a> {
    fn steps(&self) -> u32 {
        self.method.ladder.map_or(4, |(steps, _)| steps)
    }

    /// What is to be chosen, of so many elements at most.
    fn size(&self) -> usize {
        self.size.min(self.elements)
    }

    fn greedy_params<T: Real>(&self, oracle: &impl PrefixOracle<T>) -> (GreedyParams, usize) {
        let params = GreedyParams::new(self.elements, self.size()).prefix(oracle.prefix_len(self.size()));
        (params, params.storage_len() * T::BYTES + params.index_len() * size_of::<u32>())
    }

    /// The method that the flags name, for a function that is monotone.
    pub(super) fn engine<T: Real, O: PrefixOracle<T> + Monotone>(
        &self,
        oracle: &Counted<O>,
    ) -> Result<Box<dyn Engine<O> + 'a>, Failure> {
        if let Some(groups) = self.groups {
            return self.capped::<T, O>(oracle, Partition::new(&groups.of, &groups.caps)?);
        }
        let Self { method, elements, .. } = *self;
        let size = self.size();
        let (prefix, polishes, steps) = (oracle.prefix_len(size), method.polishes, self.steps());
        let epsilon = method.epsilon;
        let (greedy, bytes) = self.greedy_params(oracle);
        macro_rules! guessing {
            ($type:ident, $params:expr) => {{
                let mut params = $params;
                params = method.slots.map_or(params, |slots| params.slots(slots as usize));
                // Checked before storage is asked for.
                let best = if method.slots.is_none() {
                    $type::<T, u32, _, _>::new(params)?
                } else {
                    drop($type::<T, u32, _, _>::new(params)?);
                    let storage = (vec![T::ZERO; params.storage_len()], vec![0u32; params.index_len::<u32>()]);
                    $type::new_in(params, storage.0, storage.1)?
                };
                Box::new(Guessing { best, polishes })
            }};
        }
        macro_rules! sifting {
            ($type:ident, $params:expr) => {{
                let params = $params.prefix(prefix).ladder_steps(steps);
                let bytes = params.storage_len() * T::BYTES + params.index_len() * size_of::<u32>();
                Box::new(Sifting { sieve: $type::<T, u32, _, _>::new(params)?, bytes })
            }};
        }
        Ok(match method.selector {
            Selector::LazyDynamic => {
                let params = LazyDynamicParams::new(elements, size).prefix(prefix).ladder_steps(steps);
                guessing!(LazyDynamic, params.hysteresis(method.hysteresis))
            }
            Selector::Dynamic => {
                guessing!(Dynamic, DynamicParams::new(elements, size).prefix(prefix).ladder_steps(steps))
            }
            Selector::Bucket => {
                let params = BucketDynamicParams::new(elements, size, epsilon).prefix(prefix).ladder_steps(steps);
                Box::new(Guessing { best: BucketDynamic::<T>::new(params)?, polishes })
            }
            Selector::Sieve => sifting!(SieveStreaming, SieveParams::new(size)),
            Selector::SievePlusPlus => sifting!(SievePlusPlus, SieveParams::new(size)),
            Selector::ThreeSieves => {
                let largest = largest::<T, O>(oracle, elements)?;
                sifting!(ThreeSieves, ThreeSievesParams::new(size, largest, self.patience(steps)))
            }
            Selector::Lazy => {
                Box::new(Recomputing::<_, T>::new(LazyGreedy::<T, u32, _, _>::new(greedy)?, elements, bytes))
            }
            Selector::Greedy => {
                Box::new(Recomputing::<_, T>::new(Greedy::<T, u32, _, _>::new(greedy)?, elements, bytes))
            }
            Selector::Stochastic => {
                let method = With { method: StochasticGreedy::<T, u32, _, _>::new(greedy)?, knob: epsilon };
                Box::new(Recomputing::<_, T>::new(method, elements, bytes))
            }
            Selector::Threshold => {
                let method = With { method: ThresholdGreedy::<T, u32, _, _>::new(greedy)?, knob: epsilon };
                Box::new(Recomputing::<_, T>::new(method, elements, bytes))
            }
            Selector::Salsa => {
                let method = With { method: Salsa::<T, u32, _, _>::new(greedy)?, knob: steps };
                Box::new(Recomputing::<_, T>::new(method, elements, bytes))
            }
        })
    }

    /// Within caps.
    fn capped<T: Real, O: PrefixOracle<T> + Monotone>(
        &self,
        oracle: &Counted<O>,
        partition: Partition<'a, u32>,
    ) -> Result<Box<dyn Engine<O> + 'a>, Failure> {
        if self.method.selector == Selector::Dynamic {
            let params = PartitionDynamicParams::new(self.elements, self.size, self.method.epsilon);
            let params = params.ladder_steps(self.steps());
            let params = params.prefix(oracle.prefix_len(params.pushes()));
            let (best, polishes) = (PartitionDynamic::new(params)?, self.method.polishes);
            return Ok(Box::new(Capped::<T> { best, partition, polishes }));
        }
        let (greedy, bytes) = self.greedy_params(oracle);
        let method = With { method: PartitionGreedy::<T, u32, _, _>::new(greedy)?, knob: partition };
        Ok(Box::new(Recomputing::<_, T>::new(method, self.elements, bytes)))
    }

    /// For a non-monotone objective.
    pub(super) fn engine_of_any<T: Real, O: PrefixOracle<T>>(
        &self,
        oracle: &Counted<O>,
    ) -> Result<Box<dyn Engine<O> + 'a>, Failure> {
        if self.method.selector == Selector::Dynamic {
            let params = NonMonotoneDynamicParams::new(self.elements, self.size(), self.method.epsilon);
            let params = params.ladder_steps(self.steps());
            let params = params.prefix(oracle.prefix_len(params.pushes()));
            return Ok(Box::new(Guessing { best: NonMonotoneDynamic::<T, u32, _, _>::new(params)?, polishes: false }));
        }
        let (greedy, bytes) = self.greedy_params(oracle);
        let method = RandomGreedy::<T, u32, _, _>::new(greedy)?;
        Ok(Box::new(Recomputing::<_, T>::new(method, self.elements, bytes)))
    }

    /// Rejections in a row after which the guess falls: room for all guesses and all choices, if nothing else is said.
    fn patience(&self, steps: u32) -> u64 {
        let guesses = (f64::from(steps) * (self.size().max(1) as f64).log2()).ceil();
        let room = self.elements as f64 / (guesses + self.size() as f64);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the number of elements")]
        let patience = room as u64;
        self.method.patience.unwrap_or(patience.max(1))
    }
}

/// The largest value of an element alone; 1 if all are worthless.
fn largest<T: Real, O: PrefixOracle<T>>(oracle: &Counted<O>, elements: usize) -> Result<f64, Error> {
    let len = oracle.prefix_len(1);
    let (mut scalars, mut indices, mut scratch) =
        (vec![T::ZERO; len.scalars], vec![0u32; len.indices], vec![T::ZERO; len.scratch]);
    let mut prefix = Prefix { size: 1, scalars: &mut scalars, indices: &mut indices, scratch: &mut scratch };
    oracle.truncate(&mut prefix, 0);
    let mut largest = 0.0;
    for id in 0..elements {
        let value = oracle.gain(&mut prefix, 0, id).as_f64();
        if !value.is_finite() {
            return Err(worth_error(CoreError::OracleFault { index: id }, None));
        }
        largest = f64::max(largest, value);
    }
    Ok(if largest > 0.0 { largest } else { 1.0 })
}
