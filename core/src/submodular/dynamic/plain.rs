//! The best elements of a set that grows and shrinks, kept up to date.

use super::eager::Eager;
use crate::stream::Progress;
use crate::submodular::admission::Anyone;
use crate::submodular::guesses::{Answer, Guesses, certified, idle, readers};
use crate::submodular::ladder::{Ladder, guesses_in};
use crate::submodular::slots::Layout;
use crate::submodular::{Monotone, PrefixLen, PrefixOracle, Selection};
use crate::{Error, Id, Real, Rule, Storage};
use rand_core::Rng;

/// Shape and knobs of [`Dynamic`].
///
/// # Example
/// ```
/// use sketchlet_core::submodular::{Coverage, DynamicParams};
/// let params = DynamicParams::new(32, 4).prefix(Coverage::prefix_len_of(100, 4)).ladder_steps(1);
/// assert_eq!((params.storage_len(), params.index_len::<u8>()), (103, 1404));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DynamicParams {
    pub(super) capacity: usize,
    pub(super) size: usize,
    pub(super) prefix: PrefixLen,
    pub(super) slots: Option<usize>,
    pub(super) ladder_steps: u32,
}

impl DynamicParams {
    /// `size` elements out of at most `capacity` at a time, with ids below that; guesses `2^(1/4)` apart, as many as the guarantee
    /// needs.
    pub const fn new(capacity: usize, size: usize) -> Self {
        let prefix = PrefixLen { scalars: 0, indices: 0, scratch: 0 };
        Self { capacity, size, prefix, slots: None, ladder_steps: 4 }
    }

    /// Length of the state of the function for `size` pushes: its [`prefix_len`](crate::submodular::GroundSet::prefix_len).
    #[must_use]
    pub const fn prefix(mut self, prefix: PrefixLen) -> Self {
        self.prefix = prefix;
        self
    }

    /// Guesses that are kept, at least as many as the guarantee needs. More of them are there for elements of small value when
    /// those of large value have gone; guesses that are not there are then built from all elements. A summary in storage of its
    /// own keeps all guesses and begins with none.
    #[must_use]
    pub const fn slots(mut self, slots: usize) -> Self {
        self.slots = Some(slots);
        self
    }

    /// Guesses in a doubling: 1, 2, 4, 8 or 16. The more, the closer the guarantee to a half of the best value, and the more an
    /// update costs.
    #[must_use]
    pub const fn ladder_steps(mut self, steps: u32) -> Self {
        self.ladder_steps = steps;
        self
    }

    /// Scalars of storage. Saturates.
    pub const fn storage_len(&self) -> usize {
        self.layout().storage_len(self.slots_or_needed())
    }

    /// Ids of storage, of the type given. Saturates.
    pub const fn index_len<D: Id>(&self) -> usize {
        self.layout().index_len(self.slots_or_needed(), D::BITS)
    }

    /// The ratio of two guesses next to each other.
    ///
    /// # Errors
    /// [`Error::Parameter`] for steps that there are not.
    pub fn ratio(&self) -> Result<f64, Error> {
        Ladder::new(self.ladder_steps).map(Ladder::ratio)
    }

    pub(super) const fn slots_or_needed(&self) -> usize {
        match self.slots {
            Some(slots) => slots,
            None => self.needed(),
        }
    }

    /// Guesses from the largest value alive up to those whose threshold it reaches: `(1 + ratio) size` times it, at most
    /// `3 size`.
    pub(super) const fn needed(&self) -> usize {
        let doublings = usize::BITS - self.size.saturating_mul(3).saturating_sub(1).leading_zeros();
        guesses_in(doublings as usize, self.ladder_steps)
    }

    pub(super) const fn layout(&self) -> Layout {
        Layout { capacity: self.capacity, size: self.size, prefix: self.prefix, notes_changes: false, swaps: false }
    }

    pub(super) fn check<D: Id>(&self) -> Result<(), Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        let len = self.storage_len().saturating_add(self.index_len::<D>());
        Ladder::new(self.ladder_steps)?;
        match () {
            () if self.capacity == 0 => fail(&"capacity", Rule::POSITIVE),
            () if self.size == 0 => fail(&"size", Rule::POSITIVE),
            () if self.slots_or_needed() < self.needed() => fail(&"slots", Rule::ENOUGH_GUESSES),
            () if self.capacity > D::LARGEST => fail(&"capacity", Rule::WITHIN_IDS),
            () if !crate::base::storage::is_addressable(len) => fail(&"capacity", Rule::ADDRESSABLE),
            () => Ok(()),
        }
    }
}

/// Which elements of a set that grows and shrinks are worth most together, with every guess up to date after every update?
///
/// The levels of [`LazyDynamic`](crate::submodular::LazyDynamic), for all guesses that an element could belong to, at once. An answer only
/// compares values that are there.
///
/// # Guarantee
/// That of [`LazyDynamic`](crate::submodular::LazyDynamic): at every answer at least `1 / (1 + R)` of the best value, and an upper bound.
/// # Cost
/// An update: on average about a sixth of `G (k + 1) (2 + log2 k)` gains, `G` the guesses of an element, `log_R((1 + R) k) + 1`
/// (Banihashem et al., SODA 2024), whatever the number of elements, if the updates don't depend on the answers. An answer: none.
/// In slices: [`poll`](Self::poll). State: see [`DynamicParams::storage_len`].
/// # Randomness
/// One word of the caller's generator for each call. The answer doesn't depend on the unit of the function: powers of two change
/// no id.
/// # Merging
/// Not offered: a pivot would have to be uniform among the candidates of both. [`absorb`](Self::absorb) takes in the elements of
/// another.
/// # Byte form
/// [`Wire`](crate::Wire): goes on to the same bits beside the same data, also from the middle of a request; see
/// [`verify`](Self::verify).
/// # When to use another
/// [`LazyDynamic`](crate::submodular::LazyDynamic) needs a third of the gains; this is for answers that may take no time at all.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{Coverage, Dynamic, DynamicParams, GroundSet};
/// let oracle = Coverage::new(&[0, 3, 5, 7], &[0, 1, 2, 2, 3, 3, 4], 5)?; // {0, 1, 2}, {2, 3}, {3, 4}
/// let mut best = Dynamic::<f32, u8, _, _>::new(DynamicParams::new(3, 2).prefix(oracle.prefix_len(2)))?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// for id in 0..3 {
///     best.insert(&oracle, id, &mut rng)?;
/// }
/// assert!(best.query(&oracle, &mut rng)?.value >= 4.0);
/// best.delete(&oracle, 0, &mut rng)?;
/// assert_eq!(best.query(&oracle, &mut rng)?.value, 3.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dynamic<T, D, S, I> {
    pub(super) params: DynamicParams,
    pub(super) eager: Eager<T, D, S, I>,
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<T: Real, D: Id> Dynamic<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
    /// Nothing there yet, in storage of its own, which grows with the number of guesses; the slots of the parameters count for
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range.
    pub fn new(params: DynamicParams) -> Result<Self, Error> {
        params.check::<D>()?;
        let ladder = Ladder::new(params.ladder_steps)?;
        let guesses = Guesses::new(params.layout(), (ladder, ladder.parts(params.size)))?;
        Ok(Self { params, eager: Eager::new(guesses) })
    }
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> Dynamic<T, D, S, I> {
    /// Nothing there yet, in the storage given, whatever is in it.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the storage has not as many scalars as
    /// [`storage_len`](DynamicParams::storage_len) says, or not as many ids as [`index_len`](DynamicParams::index_len).
    pub fn new_in(params: DynamicParams, storage: S, indices: I) -> Result<Self, Error> {
        params.check::<D>()?;
        let ladder = Ladder::new(params.ladder_steps)?;
        let scale = (ladder, ladder.parts(params.size));
        let guesses = Guesses::new_in(params.layout(), scale, params.slots_or_needed(), (storage, indices))?;
        Ok(Self { params, eager: Eager::new(guesses) })
    }

    /// The parameters.
    pub const fn params(&self) -> &DynamicParams {
        &self.params
    }

    /// Back to nothing there, with parameters and storage kept.
    pub fn clear(&mut self) {
        self.eager.clear();
    }

    readers!(self, self.eager.guesses);
    idle!(self, self.eager.request);
    certified!(self, self.eager.guesses);

    /// Takes an element in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id that the function doesn't have; [`Error::Capacity`] for one beyond the capacity, and while a
    /// request waits for [`poll`](Self::poll); [`Error::AlreadyPresent`] for one alive; [`Error::NonFinite`], [`Error::Negative`] or
    /// [`Error::Scale`] for a value that is impossible or out of scale; [`Error::Storage`] for a function with a longer state.
    pub fn insert<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.insert_deferred(oracle, id, rng)?;
        self.poll(oracle, u64::MAX).map(|_| ())
    }

    /// Lets an element go. Asks the function about the others only: its data may be gone already.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one that is not alive; [`Error::Capacity`] while a request waits for [`poll`](Self::poll);
    /// [`Error::Storage`] for a function with a longer state.
    pub fn delete<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.delete_deferred(oracle, id, rng)?;
        self.poll(oracle, u64::MAX).map(|_| ())
    }

    /// Answers.
    ///
    /// # Errors
    /// [`Error::Capacity`] while a request waits for [`poll`](Self::poll); [`Error::Storage`] for a function with a longer state;
    /// [`Error::NotFound`] with the number of elements of a function that has lost ids; [`Error::OracleFault`] if the function has
    /// given something that is not finite before: the answer is one that was possible, until [`clear`](Self::clear).
    pub fn query<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<Selection<T>, Error> {
        self.eager.query(oracle, rng)?;
        self.choose();
        self.eager.guesses.check_fault()?;
        Ok(self.selection())
    }

    /// [`insert`](Self::insert), to be done by [`poll`](Self::poll), which tells of a value that is refused.
    ///
    /// # Errors
    /// As there.
    pub fn insert_deferred<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.eager.insert_deferred(oracle, id, rng)
    }

    /// [`delete`](Self::delete), to be done by [`poll`](Self::poll). The element leaves the answer at once.
    ///
    /// # Errors
    /// As there.
    pub fn delete_deferred<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.eager.delete_deferred(oracle, id, rng)
    }

    /// [`query`](Self::query), which has nothing to put off.
    ///
    /// # Errors
    /// As there.
    pub fn query_deferred<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.query(oracle, rng).map(|_| ())
    }

    /// Takes in all elements of another selection over the same function, with ids of their own: two catalogues become one. Not a
    /// merge of states: what the other has chosen counts for nothing, and its elements come as if they were new; their values are
    /// taken from it, so that a gain an element is saved. Where it
    /// has more than a quarter as many elements, every guess is built anew from all.
    ///
    /// # Errors
    /// [`Error::AlreadyPresent`] with an element that is in both; [`Error::Capacity`] for one beyond the capacity, and while a
    /// request waits in either; [`Error::NotFound`] for one that the function doesn't have; [`Error::Storage`] for a function with
    /// a longer state; [`Error::Scale`] for a value out of scale for as many elements as are chosen here. Nothing is changed then.
    pub fn absorb<O: PrefixOracle<T> + Monotone, E: Id, X: Storage<T>, Y: Storage<E>, R: Rng + ?Sized>(
        &mut self,
        other: &Dynamic<T, E, X, Y>,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        other.check_idle()?;
        self.eager.guesses.check_newcomers(oracle, other.eager.guesses.alive())?;
        self.eager.absorb(oracle, other.live(), other.eager.guesses.alive(), rng.next_u64())
    }

    /// Works on what was asked for with at most `budget` gains. The answer before stays readable until it is done. Any number of
    /// calls end in the state of the verb that does all at once.
    ///
    /// # Errors
    /// Those of the verb that was put off: the request is then over.
    pub fn poll<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O, budget: u64) -> Result<Progress, Error> {
        self.eager.poll(oracle, &Anyone, budget)
    }

    /// The best of all guesses, and what those that are not full prove.
    fn choose(&mut self) {
        let largest = self.eager.guesses.largest();
        let size = T::count(self.params.size as u64);
        let (mut bound, all) = (size * largest, self.params.size);
        let mut best: Option<(T, T, usize)> = None;
        let mut parts = self.eager.guesses.split();
        for slot in 0..parts.slots() {
            let [guess, threshold, _] = parts.header(slot);
            if guess == T::ZERO {
                continue;
            }
            let (value, height) = parts.outcome(slot);
            if guess >= largest && height < all {
                bound = bound.min(value + size * threshold);
            }
            if best.is_none_or(|(before, lower, _)| value > before || value == before && guess < lower) {
                best = Some((value, guess, slot));
            }
        }
        let Some((value, _, slot)) = best else {
            self.eager.guesses.state.answer = Answer::NONE;
            return;
        };
        let len = parts.copy_to_draft(slot);
        self.eager.guesses.answer(value, bound, len);
    }
}
