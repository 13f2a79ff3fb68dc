//! Gains of many elements, shared among threads.

use super::spread::{each, shares};
use crate::submodular::{GroundSet, Monotone, Prefix, PrefixLen, PrefixOracle};
use crate::{Id, Real};
use core::convert::Infallible;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Elements of a thread at least: the gains of fewer are found before a thread has started.
const ELEMENTS: usize = 4096;

/// A function whose gains of many elements are asked for on up to so many threads at once: for the algorithms that look at all
/// elements, [`Greedy`](crate::submodular::Greedy) at every step and the others at the first.
///
/// Each gain is found by one thread, from a copy of the state, so the number of threads changes no bit.
///
/// # Example
/// ```
/// use sketchlet::parallel::SharedGains;
/// use sketchlet::submodular::{FacilityLocation, GreedyParams, GroundSet, LazyGreedy};
/// let similarities: Vec<f64> = (0..40_000).map(|i| f64::from(i * 37 % 101)).collect();
/// let threads = std::thread::available_parallelism().unwrap();
/// let oracle = SharedGains::new(FacilityLocation::new(&similarities, 4)?, threads);
/// let params = GreedyParams::new(10_000, 3).prefix(oracle.prefix_len(3));
/// let mut greedy = LazyGreedy::<f64, u32, _, _>::new(params)?;
/// let all: Vec<u32> = (0..10_000).collect();
/// assert_eq!(greedy.select(&oracle, &all)?.len, 3);
/// # Ok::<(), sketchlet::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedGains<O> {
    oracle: O,
    threads: NonZero<usize>,
    busy: AtomicUsize,
}

impl<O> SharedGains<O> {
    /// The function, for up to so many threads.
    pub const fn new(oracle: O, threads: NonZero<usize>) -> Self {
        Self { oracle, threads, busy: AtomicUsize::new(1) }
    }

    /// The largest number of threads that have worked at the same time.
    pub fn threads_used(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }
}

impl<O: GroundSet> GroundSet for SharedGains<O> {
    fn elements(&self) -> usize {
        self.oracle.elements()
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        self.oracle.prefix_len(size)
    }
}

impl<T: Real, O: PrefixOracle<T> + Sync> PrefixOracle<T> for SharedGains<O> {
    const ONE_PASS: bool = O::ONE_PASS;

    fn prefetch(&self, id: usize) {
        self.oracle.prefetch(id);
    }

    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        self.oracle.gain(prefix, pushes, id)
    }

    fn gains<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, ids: &[D], gains: &mut [T]) {
        let threads = self.threads.get().min(ids.len() / ELEMENTS);
        if threads < 2 || gains.len() != ids.len() {
            return self.oracle.gains(prefix, pushes, ids, gains);
        }
        self.busy.fetch_max(threads, Ordering::Relaxed);
        let mut rest = gains;
        let mut parts = Vec::with_capacity(threads);
        for share in shares(ids.len(), threads) {
            let (gains, others) = core::mem::take(&mut rest).split_at_mut(share.len());
            let state = (prefix.scalars.to_vec(), prefix.indices.to_vec(), prefix.scratch.to_vec());
            parts.push((&ids[share], gains, state));
            rest = others;
        }
        let size = prefix.size;
        let Ok(()) = each(&mut parts, |(ids, gains, (scalars, indices, scratch))| {
            self.oracle.gains(&mut Prefix { size, scalars, indices, scratch }, pushes, ids, gains);
            Ok::<(), Infallible>(())
        });
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        self.oracle.push(prefix, pushes, id);
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        self.oracle.truncate(prefix, pushes);
    }

    fn first_below<D: Id>(
        &self,
        prefix: &mut Prefix<'_, T, D>,
        id: usize,
        threshold: T,
        bounds: (usize, usize),
    ) -> usize {
        self.oracle.first_below(prefix, id, threshold, bounds)
    }
}

impl<O: Monotone> Monotone for SharedGains<O> {}
