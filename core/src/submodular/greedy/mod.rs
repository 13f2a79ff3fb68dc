//! Greedy selections: the best elements of a set that stays.

#[allow(clippy::module_inception, reason = "a file is named after its type")]
mod greedy;
mod lazy_greedy;
mod partition_greedy;
mod random_greedy;
mod salsa;
mod stochastic_greedy;
mod threshold_greedy;

pub use greedy::Greedy;
pub use lazy_greedy::LazyGreedy;
pub use partition_greedy::PartitionGreedy;
pub use random_greedy::RandomGreedy;
pub use salsa::Salsa;
pub use stochastic_greedy::StochasticGreedy;
pub use threshold_greedy::ThresholdGreedy;

pub(super) use lazy_greedy::lazily;

use super::heap::Heap;
use super::meter::Meter;
use super::{Prefix, PrefixLen, PrefixOracle, Selection};
use crate::base::params::{Params, params, positive};
use crate::base::storage::{is_addressable, product, sum};
use crate::{Error, Id, Real, Rule, Storage};
use core::marker::PhantomData;

params! {
    /// Shape of the greedy methods.
    ///
    /// # Example
    /// ```
    /// use sketchlet_core::submodular::{FacilityLocation, GreedyParams};
    /// let params = GreedyParams::new(100, 8).prefix(FacilityLocation::<f32>::prefix_len_of(32, 8));
    /// assert_eq!((params.storage_len(), params.index_len()), (9 * 32 + 100, 208));
    /// ```
    #[derive(PartialEq, Eq)]
    pub struct GreedyParams {
        /// At most `size` elements out of at most `capacity`.
        new {
            /// Number of elements that there is room for.
            capacity: usize => positive,
            /// The largest number of elements chosen.
            size: usize => positive,
        }
        /// Length of the state of the function for `size` pushes: its [`prefix_len`](super::GroundSet::prefix_len).
        prefix: PrefixLen = PrefixLen::NONE,
    }
    formulas(params) {
        /// Scalars of storage: the state of the function, and a gain an element. Saturates.
        pub storage_len: usize = sum([params.prefix.scalars, params.prefix.scratch, params.capacity]),
        /// Ids of storage: the state of the function, two an element, and the answer. Saturates.
        pub index_len: usize = sum([params.prefix.indices, product([2, params.capacity]), params.size]),
    }
}

impl GreedyParams {
    fn check<D: Id>(&self) -> Result<(), Error> {
        Params::check(self)?;
        let fail = |rule| Err(Error::Parameter { name: &"capacity", rule });
        match () {
            () if self.capacity > D::LARGEST => fail(Rule::WITHIN_IDS),
            () if !is_addressable(self.storage_len().saturating_add(self.index_len())) => fail(Rule::ADDRESSABLE),
            () => Ok(()),
        }
    }
}

/// What every greedy selection holds: the elements and their gains, the state of the function, and the answer.
#[derive(Clone, Debug)]
struct Chooser<T, D, S, I> {
    params: GreedyParams,
    len: usize,
    value: T,
    storage: S,
    indices: I,
    id: PhantomData<D>,
}

struct Parts<'a, T, D> {
    prefix: Prefix<'a, T, D>,
    heap: Heap<'a, T, D>,
    answer: &'a mut [D],
}

impl<T: Real, D: Id> Parts<'_, T, D> {
    /// Adds the elements, each with its value alone.
    fn fill<O: PrefixOracle<T>>(&mut self, ids: &[u32], meter: &mut Meter<'_, O>) {
        meter.oracle.truncate(&mut self.prefix, 0);
        let heap = &mut self.heap;
        ids.iter().for_each(|&id| heap.add(T::ZERO, D::from_usize(id as usize)));
        meter.gains(&mut self.prefix, 0, &heap.ids[..heap.len], &mut heap.gains[..heap.len]);
    }
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> Chooser<T, D, S, I> {
    fn new_in(params: GreedyParams, storage: S, indices: I) -> Result<Self, Error> {
        params.check::<D>()?;
        let lens = [(params.storage_len(), storage.as_ref().len()), (params.index_len(), indices.as_ref().len())];
        if let Some(&(needed, got)) = lens.iter().find(|(needed, got)| needed != got) {
            return Err(Error::Storage { needed, got });
        }
        Ok(Self { params, len: 0, value: T::ZERO, storage, indices, id: PhantomData })
    }

    /// Checks the elements, lets a method choose among them, and keeps its answer.
    fn choose<O: PrefixOracle<T>>(
        &mut self,
        oracle: &O,
        ids: &[u32],
        method: impl FnOnce(&mut Parts<'_, T, D>, &mut Meter<'_, O>) -> (usize, T),
    ) -> Result<Selection<T>, Error> {
        self.check(oracle, ids)?;
        let mut meter = Meter::unlimited(oracle);
        let (len, value) = method(&mut self.split(), &mut meter);
        (self.len, self.value) = (len, value);
        match meter.fault {
            Some(index) => Err(Error::OracleFault { index }),
            None => Ok(self.selection()),
        }
    }

    fn check<O: PrefixOracle<T>>(&mut self, oracle: &O, ids: &[u32]) -> Result<(), Error> {
        check_prefix(&oracle.prefix_len(self.params.size), &self.params.prefix)?;
        if ids.len() > self.params.capacity {
            return Err(Error::Capacity { limit: self.params.capacity });
        }
        check_ids::<D>(ids.iter(), oracle.elements())?;
        // Ascending ids, the usual case, need no search.
        if ids.windows(2).all(|pair| pair[0] < pair[1]) {
            return Ok(());
        }
        let sorted = &mut self.split().heap.ids[..ids.len()];
        sorted.iter_mut().zip(ids).for_each(|(place, &id)| *place = D::from_usize(id as usize));
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => Err(Error::AlreadyPresent { index: twice[0].to_usize() }),
            None => Ok(()),
        }
    }

    const fn selection(&self) -> Selection<T> {
        Selection { value: self.value, upper_bound: None, len: self.len, stale: false }
    }

    fn selected(&self) -> &[D] {
        &self.indices.as_ref()[self.params.index_len() - self.params.size..][..self.len]
    }

    fn bound<O: PrefixOracle<T>>(&mut self, oracle: &O, ids: &[u32]) -> Result<T, Error> {
        self.check(oracle, ids)?;
        let (value, chosen, size) = (self.value, self.len, self.params.size);
        let (mut parts, mut meter) = (self.split(), Meter::unlimited(oracle));
        if chosen == 0 {
            oracle.truncate(&mut parts.prefix, 0);
        }
        for &id in ids {
            let gain = meter.gain(&mut parts.prefix, chosen, id as usize).unwrap_or(T::ZERO);
            if gain > T::ZERO {
                parts.heap.add(gain, D::from_usize(id as usize));
            }
        }
        parts.heap.build();
        let mut bound = value;
        for _ in 0..size.min(parts.heap.len) {
            bound += parts.heap.gains[0];
            parts.heap.pop();
        }
        meter.fault.map_or(Ok(bound), |index| Err(Error::OracleFault { index }))
    }

    fn split(&mut self) -> Parts<'_, T, D> {
        let params = self.params;
        let (scalars, rest) = self.storage.as_mut().split_at_mut(params.prefix.scalars);
        let (scratch, gains) = rest.split_at_mut(params.prefix.scratch);
        let (indices, rest) = self.indices.as_mut().split_at_mut(params.prefix.indices);
        let (ids, rest) = rest.split_at_mut(params.capacity);
        let (pushes, answer) = rest.split_at_mut(params.capacity);
        let prefix = Prefix { size: params.size, scalars, indices, scratch };
        Parts { prefix, heap: Heap { gains, ids, pushes, len: 0 }, answer }
    }
}

/// Refuses elements that the function doesn't have, and ids too large for their type.
fn check_ids<'i, D: Id>(mut ids: impl Iterator<Item = &'i u32>, elements: usize) -> Result<(), Error> {
    ids.try_for_each(|&id| match id as usize {
        index if index >= elements => Err(Error::NotFound { index }),
        index if index > D::LARGEST => Err(Error::Capacity { limit: D::LARGEST }),
        _ => Ok(()),
    })
}

/// Refuses a function whose state is longer than the room for it.
pub(super) fn check_prefix(needed: &PrefixLen, got: &PrefixLen) -> Result<(), Error> {
    let pairs = [(needed.scalars, got.scalars), (needed.indices, got.indices), (needed.scratch, got.scratch)];
    let short = pairs.into_iter().find(|(needed, got)| needed > got);
    short.map_or(Ok(()), |(needed, got)| Err(Error::Storage { needed, got }))
}

/// What every greedy method offers word for word; its field `chooser` holds it.
macro_rules! chooser {
    ($name:ident) => {
        #[cfg(feature = "alloc")]
        #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
        impl<T: Real, D: Id> $name<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
            /// A selection in storage of its own.
            ///
            /// # Errors
            /// [`Error::Parameter`](crate::Error::Parameter) if a parameter is out of range.
            pub fn new(params: $crate::submodular::GreedyParams) -> Result<Self, $crate::Error> {
                params.check::<D>()?;
                let (scalars, indices) = (params.storage_len(), params.index_len());
                Self::new_in(
                    params,
                    $crate::base::storage::allocate(scalars)?,
                    $crate::base::storage::allocate(indices)?,
                )
            }
        }

        impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> $name<T, D, S, I> {
            /// A selection in the storage given, whatever that holds.
            ///
            /// # Errors
            /// [`Error::Parameter`](crate::Error::Parameter) if a parameter is out of range;
            /// [`Error::Storage`](crate::Error::Storage) if the storage has not as many scalars as
            /// [`storage_len`](super::GreedyParams::storage_len) says, or not as many ids as
            /// [`index_len`](super::GreedyParams::index_len).
            pub fn new_in(
                params: $crate::submodular::GreedyParams,
                storage: S,
                indices: I,
            ) -> Result<Self, $crate::Error> {
                super::Chooser::new_in(params, storage, indices).map(|chooser| Self { chooser })
            }

            /// The parameters.
            pub const fn params(&self) -> &$crate::submodular::GreedyParams {
                &self.chooser.params
            }

            /// The last answer.
            pub const fn selection(&self) -> $crate::submodular::Selection<T> {
                self.chooser.selection()
            }

            /// Ids of the last answer, in order of choice.
            pub fn selected(&self) -> &[D] {
                self.chooser.selected()
            }
        }
    };
}

/// The bound of a method for functions that are monotone; its field `chooser` holds it.
macro_rules! bound {
    ($name:ident) => {
        impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> $name<T, D, S, I> {
            /// An upper bound, up to rounding, on the value of any `size` of the elements given: the value of the last answer
            /// and the `size` largest gains given that. Pass the elements and the function of the last `select`. Takes a gain an
            /// element.
            ///
            /// # Errors
            /// As `select`.
            pub fn bound<O: PrefixOracle<T> + Monotone>(
                &mut self,
                oracle: &O,
                ids: &[u32],
            ) -> Result<T, $crate::Error> {
                self.chooser.bound(oracle, ids)
            }
        }
    };
}

use {bound, chooser};
