//! The best elements of a set that grows and shrinks, kept up to date.

use super::guesses::{Answer, Guesses, readers};
use super::ladder::Ladder;
use super::levels::Step;
use super::meter::{Exhausted, Meter};
use super::slots::Layout;
use super::{Monotone, PrefixLen, PrefixOracle, Progress, Selection};
use crate::random::keyed::{Coins, Domain};
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
    capacity: usize,
    size: usize,
    prefix: PrefixLen,
    slots: Option<usize>,
    ladder_steps: u32,
}

impl DynamicParams {
    /// `size` elements out of at most `capacity` at a time, with ids below that; guesses `2^(1/4)` apart, as many as the guarantee
    /// needs.
    pub const fn new(capacity: usize, size: usize) -> Self {
        let prefix = PrefixLen { scalars: 0, indices: 0, scratch: 0 };
        Self { capacity, size, prefix, slots: None, ladder_steps: 4 }
    }

    /// Length of the state of the function for `size` pushes: its [`prefix_len`](super::GroundSet::prefix_len).
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

    const fn slots_or_needed(&self) -> usize {
        match self.slots {
            Some(slots) => slots,
            None => self.needed(),
        }
    }

    /// Guesses from the largest value alive up to those whose threshold it reaches: `(1 + ratio) size` times it, at most
    /// `3 size`.
    const fn needed(&self) -> usize {
        let doublings = usize::BITS - self.size.saturating_mul(3).saturating_sub(1).leading_zeros();
        (doublings as usize).saturating_mul(self.ladder_steps as usize).saturating_add(2)
    }

    const fn layout(&self) -> Layout {
        Layout { capacity: self.capacity, size: self.size, prefix: self.prefix, notes_changes: false }
    }

    fn check<D: Id>(&self) -> Result<(), Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        let len = self.storage_len().saturating_add(self.index_len::<D>());
        Ladder::new(self.ladder_steps)?;
        match () {
            () if self.capacity == 0 => fail("capacity", Rule::Positive),
            () if self.size == 0 => fail("size", Rule::Positive),
            () if self.slots_or_needed() < self.needed() => fail("slots", Rule::EnoughGuesses),
            () if self.capacity > D::LARGEST => fail("capacity", Rule::WithinIds),
            () if !crate::storage::is_addressable(len) => fail("capacity", Rule::Addressable),
            () => Ok(()),
        }
    }
}

/// Which elements of a set that grows and shrinks are worth most together, with every guess up to date after every update?
///
/// The levels of [`LazyDynamic`](super::LazyDynamic), for all guesses that an element could belong to, at once. An answer only
/// compares values that are there.
///
/// # Guarantee
/// That of [`LazyDynamic`](super::LazyDynamic): at every answer at least `1 / (1 + R)` of the best value, and an upper bound.
/// # Cost
/// An update: on average about a sixth of `G (k + 1) (2 + log2 k)` gains, `G` the guesses of an element, `log_R((1 + R) k) + 1`
/// (Banihashem et al., SODA 2024), whatever the number of elements, if the updates don't depend on the answers. An answer: none.
/// In slices: [`poll`](Self::poll). State: see [`DynamicParams::storage_len`].
/// # Randomness
/// One word of the caller's generator for each call. The answer doesn't depend on the unit of the function: powers of two change
/// no id.
/// # Merging
/// Not offered: a pivot would have to be uniform among the candidates of both.
/// # When to use another
/// [`LazyDynamic`](super::LazyDynamic) needs a third of the gains; this is for answers that may take no time at all.
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
    params: DynamicParams,
    guesses: Guesses<T, D, S, I>,
    request: Option<Request>,
}

/// What was asked for and is not done.
#[derive(Clone, Copy, Debug)]
enum Request {
    Insert { id: usize, seed: u64 },
    Spread(Spread),
}

/// A change on its way through the guesses.
#[derive(Clone, Copy, Debug)]
struct Spread {
    /// The generator's word, the number of guesses changed before, and the coins of the one that is being changed.
    coins: Coins,
    change: Change,
    /// The guess that is being changed, and the last one.
    number: i32,
    last: i32,
    /// Whether the guess has been changed, up to the step.
    begun: bool,
    step: Step,
    /// Guesses to be built from all elements afterwards.
    fill: Option<(i32, i32)>,
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Enter { id: usize },
    Leave { id: usize },
    Fill,
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
        let guesses = Guesses::new(params.layout(), Ladder::new(params.ladder_steps)?)?;
        Ok(Self { params, guesses, request: None })
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
        let guesses = Guesses::new_in(params.layout(), ladder, params.slots_or_needed(), (storage, indices))?;
        Ok(Self { params, guesses, request: None })
    }

    /// The parameters.
    pub const fn params(&self) -> &DynamicParams {
        &self.params
    }

    /// Back to nothing there, with parameters and storage kept.
    pub fn clear(&mut self) {
        self.guesses.clear();
        self.request = None;
    }

    readers!();

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
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        // A word a call, whichever it is: another mix of calls doesn't shift what follows.
        rng.next_u64();
        self.choose();
        self.guesses.check_fault()?;
        Ok(self.guesses.selection())
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
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        self.guesses.check_newcomer(oracle, id)?;
        self.request = Some(Request::Insert { id: id as usize, seed: rng.next_u64() });
        Ok(())
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
        self.check_idle()?;
        self.guesses.check_oracle(oracle)?;
        self.guesses.check_alive(id)?;
        let seed = rng.next_u64();
        let before = self.lowest_kept();
        let value = self.guesses.dismiss(id as usize);
        let fill = self.lowest_kept().zip(before).filter(|(now, before)| now < before);
        let fill = fill.map(|(now, before)| (now, before - 1));
        let spread = Spread::new(seed, Change::Leave { id: id as usize }, self.range_of(value), fill);
        self.request = Some(Request::Spread(spread));
        Ok(())
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

    /// Works on what was asked for with at most `budget` gains. The answer before stays readable until it is done. Any number of
    /// calls end in the state of the verb that does all at once.
    ///
    /// # Errors
    /// Those of the verb that was put off: the request is then over.
    pub fn poll<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O, mut budget: u64) -> Result<Progress, Error> {
        let Some(request) = self.request else { return Ok(Progress::Done) };
        if budget == 0 {
            return Ok(Progress::Pending);
        }
        self.guesses.check_oracle(oracle)?;
        self.request = None;
        let mut spread = match request {
            Request::Insert { id, seed } => {
                let value = self.guesses.admit(id, oracle)?;
                budget -= 1;
                self.give_up_lowest();
                Spread::new(seed, Change::Enter { id }, self.range_of(value), None)
            }
            Request::Spread(spread) => spread,
        };
        let mut meter = Meter::new(oracle, budget);
        let outcome = self.work(&mut spread, &mut meter);
        self.guesses.state.fault = self.guesses.state.fault.or(meter.fault);
        if outcome? {
            return Ok(Progress::Done);
        }
        self.request = Some(Request::Spread(spread));
        Ok(Progress::Pending)
    }

    /// Greedy over the pivots of all guesses: for about `10 k` gains often several percent better. Right after
    /// [`query`](Self::query); a stale answer stays as it is. The bound is that of before.
    ///
    /// # Errors
    /// As `query`.
    pub fn polish<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O) -> Result<Selection<T>, Error> {
        self.check_idle()?;
        self.guesses.polish(oracle)
    }

    /// Guesses that an element of this value belongs to, as far as they are kept.
    fn range_of(&mut self, value: T) -> (i32, i32) {
        if value == T::ZERO {
            return (0, -1);
        }
        let (ladder, size) = (self.guesses.ladder, self.params.size);
        let low = ladder.at_least(value);
        (self.lowest_kept().map_or(low, |kept| low.max(kept)), ladder.highest_for(value, size))
    }

    /// The lowest guess that there is a slot for: as many as there are up to those that the largest value belongs to. `None` if all
    /// are kept, or nothing is worth anything.
    fn lowest_kept(&mut self) -> Option<i32> {
        if self.guesses.is_growing() {
            return None;
        }
        let largest = self.guesses.largest();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "so many slots fit in no storage"
        )]
        let slots = self.guesses.state.slots as i32;
        (largest > T::ZERO).then(|| self.guesses.ladder.highest_for(largest, self.params.size) - slots + 1)
    }

    /// Gives up guesses that there is no slot for any more.
    fn give_up_lowest(&mut self) {
        if let Some(lowest) = self.lowest_kept() {
            self.guesses.release_outside(lowest, i32::MAX);
        }
    }

    /// Goes on with a change; whether it is done.
    fn work<O: PrefixOracle<T>>(&mut self, spread: &mut Spread, meter: &mut Meter<'_, O>) -> Result<bool, Error> {
        loop {
            while spread.number <= spread.last {
                if let Some(slot) = self.slot_for(spread, meter.oracle)? {
                    if self.change(slot, spread, meter).is_err() {
                        return Ok(false);
                    }
                    spread.coins = Coins { first: spread.coins.first + 1, taken: 0, ..spread.coins };
                }
                spread.begun = false;
                spread.number += 1;
            }
            let Some((first, last)) = spread.fill.take() else { return Ok(true) };
            (spread.change, spread.number, spread.last) = (Change::Fill, first, last);
        }
    }

    /// The slot of the guess to be changed: that of before or a new one, none for a guess without anything to leave it, or to
    /// fill it.
    fn slot_for<O: PrefixOracle<T>>(&mut self, spread: &Spread, oracle: &O) -> Result<Option<usize>, Error> {
        let number = spread.number;
        if let Some(slot) = self.guesses.find(number) {
            return Ok(Some(slot));
        }
        let needs_slot = match spread.change {
            Change::Enter { .. } => true,
            Change::Leave { .. } => false,
            Change::Fill => {
                let (guess, size) = (self.guesses.ladder.guess(number), self.params.size);
                let threshold: T = self.guesses.ladder.threshold(number, size);
                self.guesses.split().values.iter().any(|&value| threshold <= value && value <= guess)
            }
        };
        if !needs_slot {
            return Ok(None);
        }
        self.guesses.find_or_open(number, oracle).map(Some)
    }

    fn change<O: PrefixOracle<T>>(
        &mut self,
        slot: usize,
        spread: &mut Spread,
        meter: &mut Meter<'_, O>,
    ) -> Result<(), Exhausted> {
        let mut parts = self.guesses.split();
        let (mut slot, values) = parts.slot_and_values(slot);
        if !spread.begun {
            spread.begun = true;
            spread.step = match spread.change {
                Change::Enter { id } => slot.levels.enter(id),
                Change::Leave { id } if slot.levels.contains(id) => match slot.levels.remove(id) {
                    Some(level) => slot.levels.build(level, None, &mut spread.coins, meter.oracle),
                    None => Step::Done,
                },
                Change::Leave { .. } => Step::Done,
                Change::Fill => {
                    let (threshold, guess) = (slot.levels.threshold, slot.guess());
                    let ids = values.iter().enumerate().filter(|&(_, &value)| threshold <= value && value <= guess);
                    slot.levels.fill(ids.map(|(id, _)| id), &mut spread.coins, meter.oracle)
                }
            };
        }
        slot.levels.advance(&mut spread.step, &mut spread.coins, meter)?;
        if slot.levels.members() == 0 {
            slot.release();
        }
        Ok(())
    }

    /// The best of all guesses, and what those that are not full prove.
    fn choose(&mut self) {
        let largest = self.guesses.largest();
        let size = T::count(self.params.size as u64);
        let (mut bound, all) = (size * largest, self.params.size);
        let mut best: Option<(T, T, usize)> = None;
        let mut parts = self.guesses.split();
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
            self.guesses.state.answer = Answer::NONE;
            return;
        };
        let (_, len) = parts.outcome(slot);
        parts.copy_to_draft(slot);
        self.guesses.answer(value, bound, len);
    }
}

impl Spread {
    fn new(seed: u64, change: Change, (number, last): (i32, i32), fill: Option<(i32, i32)>) -> Self {
        let coins = Coins { seed, domain: Domain::Guess, first: 0, taken: 0 };
        Self { coins, change, number, last, begun: false, step: Step::Done, fill }
    }
}
