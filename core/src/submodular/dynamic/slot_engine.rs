//! The engine under the dynamic selections: guesses of the best value in slots, a strategy and a constraint.

use crate::base::params::Params;
use crate::base::storage::is_addressable;
use crate::stream::Progress;
use crate::submodular::constraint::Constraint;
use crate::submodular::ladder::Ladder;
use crate::submodular::meter::Meter;
use crate::submodular::slots::{Guesses, Layout, Memory};
use crate::submodular::{Guess, PrefixOracle, Selection};
use crate::wire::{Reader, Writer};
use crate::{Error, Id, Kind, Real, Rule, Storage};
use core::fmt::Debug;
use rand_core::Rng;

/// Parameters of a selection that keeps its guesses in slots: those of [`LazyDynamic`](super::LazyDynamic),
/// [`Dynamic`](super::Dynamic), [`PartitionDynamic`](super::PartitionDynamic) and
/// [`NonMonotoneDynamic`](super::NonMonotoneDynamic). Sealed.
#[allow(private_bounds, reason = "sealed")]
pub trait SlotParams: Plan {}

/// What the engine asks of parameters.
pub(in crate::submodular) trait Plan: Params + Debug {
    /// When guesses are brought up to date.
    type Strategy<T: Real>: Strategy<T, Self>;

    /// Whether an answer comes with an upper bound.
    const HAS_BOUND: bool;

    /// Name of the number of elements chosen.
    const SIZE: &'static &'static str;

    fn layout(&self) -> Layout;

    /// The guesses, and the number of thresholds in each.
    fn scale<T: Real>(&self) -> Result<(Ladder, T), Error>;

    /// Slots in storage of a fixed length.
    fn slot_count(&self) -> usize;

    /// Refuses parameters that break a rule, and what ids of this type can't number.
    fn check_for<D: Id>(&self) -> Result<(), Error> {
        self.check()?;
        let (layout, slots) = (self.layout(), self.slot_count());
        let len = layout.storage_len(slots).saturating_add(layout.index_len(slots, D::BITS));
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        match () {
            () if layout.capacity > D::LARGEST => fail(&"capacity", Rule::WITHIN_IDS),
            () if layout.swaps && layout.size > D::LARGEST => fail(Self::SIZE, Rule::WITHIN_IDS),
            () if !is_addressable(len) => fail(&"capacity", Rule::ADDRESSABLE),
            () => Ok(()),
        }
    }
}

/// The byte form of parameters.
pub(in crate::submodular) trait Form: Plan {
    const KIND: Kind;

    /// The same parameters with another number of slots.
    fn with_slots(self, slots: usize) -> Self;

    /// Slots without which nothing can be answered.
    fn fewest_slots(&self) -> usize;
}

/// When guesses are brought up to date, and what is left of that to be done.
pub(in crate::submodular) trait Strategy<T: Real, P>: Copy + Debug + Default {
    /// Whether a deletion asks the function for gains.
    const DELETION_ASKS: bool;

    fn is_idle(&self) -> bool;

    /// Begins to take in an element that has just become alive.
    fn insert<D: Id, M: Memory<T, D>>(&mut self, guesses: &mut Guesses<T, D, M>, newcomer: Newcomer, value: T);

    /// Begins to delete an element.
    fn delete<D: Id, M: Memory<T, D>>(&mut self, guesses: &mut Guesses<T, D, M>, id: usize, seed: u64);

    /// Begins to answer, or answers.
    fn query<D: Id, M: Memory<T, D>, O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        params: &P,
        guesses: &mut Guesses<T, D, M>,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error>;

    /// Continues what was begun, as far as the budget goes; whether nothing is left. After an error nothing is left either.
    fn work<D: Id, M: Memory<T, D>, O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        params: &P,
        guesses: &mut Guesses<T, D, M>,
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<bool, Error>;

    /// Inserts elements of known values.
    fn absorb<D: Id, M: Memory<T, D>, O: PrefixOracle<T>>(
        &mut self,
        guesses: &mut Guesses<T, D, M>,
        oracle: &O,
        others: impl Iterator<Item = (usize, T)> + Clone,
        seed: u64,
    ) -> Result<(), Error>;

    /// Writes what is left to be done, the newcomer among it.
    fn write<D: Id, M: Memory<T, D>>(&self, w: &mut Writer<'_>, guesses: &Guesses<T, D, M>, newcomer: Option<Newcomer>);

    /// Reads what was written; the state of the guesses comes later.
    fn read<D: Id, M: Memory<T, D>>(
        r: &mut Reader<'_>,
        params: &P,
        guesses: &mut Guesses<T, D, M>,
    ) -> Result<(Self, Option<Newcomer>), Error>;

    /// Fits what is left to be done to storage that doesn't grow any more.
    fn bound<D: Id, M: Memory<T, D>>(&mut self, guesses: &mut Guesses<T, D, M>);

    /// Checks that what was read can be continued.
    fn check_loaded<D: Id, M: Memory<T, D>>(&self, params: &P, guesses: &mut Guesses<T, D, M>) -> Result<(), Error>;
}

/// An element that was inserted and whose value was not asked for yet.
#[derive(Clone, Copy, Debug)]
pub(in crate::submodular) struct Newcomer {
    pub(super) id: usize,
    pub(super) seed: u64,
}

/// The engine of the dynamic selections, whose elements are inserted and deleted.
///
/// There are guesses of a value, each in a slot of its own, with nested levels of candidates and a random pivot each. The strategy
/// says when guesses are brought up to date: at an answer ([`LazyDynamic`](super::LazyDynamic)) or at every update (the others).
/// The constraint says which elements may be chosen together: any `size` elements, elements that are independent in a matroid
/// ([`PartitionDynamic`](super::PartitionDynamic)), or any `size` elements of a non-monotone objective
/// ([`NonMonotoneDynamic`](super::NonMonotoneDynamic)). Both follow from the type of the parameters. The pages of the four types
/// state their guarantees and costs.
///
/// `T` is the scalar of values, `D` the type of ids; `S` and `I` hold scalars and ids.
#[derive(Clone, Debug)]
pub struct SlotEngine<P: SlotParams, T: Real, D, S, I> {
    pub(super) params: P,
    pub(super) guesses: Guesses<T, D, (S, I)>,
    pub(super) newcomer: Option<Newcomer>,
    pub(super) strategy: P::Strategy<T>,
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<P: SlotParams, T: Real, D: Id> SlotEngine<P, T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
    /// An empty selection in storage of its own, which grows with the number of guesses: the slots of the parameters don't count.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the memory is not there.
    pub fn new(params: P) -> Result<Self, Error> {
        params.check_for::<D>()?;
        Ok(Self::assemble(params, Guesses::new(params.layout(), params.scale()?)?))
    }
}

impl<P: SlotParams, T: Real, D: Id, S: Storage<T>, I: Storage<D>> SlotEngine<P, T, D, S, I> {
    /// An empty selection in the storage given, whatever that holds.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the storage has not as many scalars as
    /// `storage_len` of the parameters says, or not as many ids as their `index_len`.
    pub fn new_in(params: P, storage: S, indices: I) -> Result<Self, Error> {
        params.check_for::<D>()?;
        let guesses = Guesses::new_in(params.layout(), params.scale()?, params.slot_count(), (storage, indices))?;
        Ok(Self::assemble(params, guesses))
    }

    pub(super) fn assemble(params: P, guesses: Guesses<T, D, (S, I)>) -> Self {
        Self { params, guesses, newcomer: None, strategy: P::Strategy::default() }
    }

    /// The parameters.
    pub const fn params(&self) -> &P {
        &self.params
    }

    /// Empties the selection, and keeps parameters and storage.
    pub fn clear(&mut self) {
        self.guesses.clear();
        (self.newcomer, self.strategy) = (None, P::Strategy::default());
    }

    /// Number of elements alive.
    pub const fn live(&self) -> usize {
        self.guesses.state.live
    }

    /// Number of elements that there is room for.
    pub const fn capacity(&self) -> usize {
        self.guesses.layout.capacity
    }

    /// Scalars and ids of storage held now: those of the parameters, or as many as the guesses so far have needed.
    pub fn held(&self) -> (usize, usize) {
        self.guesses.held()
    }

    /// Whether an element is alive.
    pub fn is_alive(&self, id: u32) -> bool {
        self.guesses.is_alive(id)
    }

    /// Whether nothing is left for `poll` to do.
    pub fn is_idle(&self) -> bool {
        self.newcomer.is_none() && self.strategy.is_idle()
    }

    /// The last answer.
    pub const fn selection(&self) -> Selection<T> {
        self.guesses.selection(P::HAS_BOUND)
    }

    /// Ids of the last answer in order of choice, without those deleted since.
    pub fn selected(&self) -> &[D] {
        self.guesses.selected()
    }

    /// Guess `j` as it was when last brought up to date; `None` if it is not kept.
    pub fn guess(&self, j: i32) -> Option<Guess<'_, T, D>> {
        self.guesses.guess(j)
    }

    /// The lowest and the highest guess that are kept.
    pub fn guesses(&self) -> Option<(i32, i32)> {
        self.guesses.range()
    }

    /// Refuses what needs a settled state while work is left.
    pub(super) fn check_idle(&self) -> Result<(), Error> {
        if self.is_idle() { Ok(()) } else { Err(Error::Pending) }
    }

    pub(super) fn begin_insert<O: PrefixOracle<T>, C: Constraint<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        constraint: &C,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        self.guesses.check_newcomer(oracle.elements().min(constraint.elements()), id as usize)?;
        self.newcomer = Some(Newcomer { id: id as usize, seed: rng.next_u64() });
        Ok(())
    }

    pub(super) fn begin_delete<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        if P::Strategy::<T>::DELETION_ASKS {
            self.guesses.check_oracle(oracle)?;
        }
        self.guesses.check_alive(id)?;
        self.strategy.delete(&mut self.guesses, id as usize, rng.next_u64());
        Ok(())
    }

    pub(super) fn begin_query<O: PrefixOracle<T>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        self.strategy.query(&self.params, &mut self.guesses, oracle, rng)
    }

    /// Does what is left to be done, as far as the budget goes. One copy for all verbs: flash is scarce.
    #[inline(never)]
    pub(super) fn work<O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        oracle: &O,
        constraint: &C,
        mut budget: u64,
    ) -> Result<Progress, Error> {
        if self.is_idle() {
            return Ok(Progress::Done);
        }
        // Some of it is done whatever the budget, or a caller who polls until all is done never ends.
        budget = budget.max(1);
        self.guesses.check_oracle(oracle)?;
        if let Some(newcomer) = self.newcomer.take() {
            let id = newcomer.id;
            self.guesses.check_newcomer(oracle.elements().min(constraint.elements()), id)?;
            let value = self.guesses.admit(id, oracle, constraint.may_be_chosen::<D>(id, newcomer.seed))?;
            budget -= 1;
            self.strategy.insert(&mut self.guesses, newcomer, value);
        }
        let mut meter = Meter::new(oracle, budget);
        let is_done = self.strategy.work(&self.params, &mut self.guesses, &mut meter, constraint);
        self.guesses.state.fault = self.guesses.state.fault.or(meter.fault);
        Ok(if is_done? { Progress::Done } else { Progress::Pending })
    }
}

/// What all parameters of the engine have besides their own fields and rules: the lengths of storage, the ratio of guesses, and
/// what the engine asks of them. The expression says how many thresholds are in a guess.
macro_rules! slot_params {
    ($name:ident, $size:literal, $strategy:ty, $has_bound:literal, |$params:ident, $ladder:ident| $parts:expr) => {
        impl $name {
            /// Scalars of storage. Saturates.
            pub const fn storage_len(&self) -> usize {
                self.layout().storage_len(self.slot_count())
            }

            /// Ids of storage, of the type given. Saturates.
            pub const fn index_len<D: Id>(&self) -> usize {
                self.layout().index_len(self.slot_count(), D::BITS)
            }
        }

        $crate::submodular::ladder::ratio!($name);

        impl $crate::submodular::dynamic::SlotParams for $name {}

        impl $crate::submodular::dynamic::slot_engine::Plan for $name {
            type Strategy<T: Real> = $strategy;

            const HAS_BOUND: bool = $has_bound;

            const SIZE: &'static &'static str = &$size;

            fn layout(&self) -> Layout {
                self.layout()
            }

            fn scale<T: Real>(&self) -> Result<(Ladder, T), Error> {
                let ($params, $ladder) = (self, Ladder::new(self.ladder_steps)?);
                Ok(($ladder, $parts))
            }

            fn slot_count(&self) -> usize {
                self.slot_count()
            }
        }
    };
}

pub(super) use slot_params;
