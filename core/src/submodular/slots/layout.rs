//! Where guesses are stored: in slots of one shape, behind the storage that all of them share.

use super::changes::Changes;
use super::levels::Levels;
use crate::submodular::heap::Heap;
use crate::submodular::{Prefix, PrefixLen};
use crate::{Id, Real};

/// Scalars before the gains of a slot: guess, threshold and the guess's number.
const HEADER: usize = 3;
/// Ids before the bits of changes: how many, and the first and the last word that holds one.
const CHANGES: usize = 3;

/// How storage is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) capacity: usize,
    pub(crate) size: usize,
    pub(crate) prefix: PrefixLen,
    /// Whether insertions and deletions are noted until a guess is brought up to date.
    pub(crate) notes_changes: bool,
    /// Whether an element may replace one chosen before.
    pub(crate) swaps: bool,
}

impl Layout {
    /// Guesses of which only the chosen elements are kept.
    pub(crate) const fn of_chosen(size: usize, prefix: PrefixLen) -> Self {
        Self { capacity: 0, size, prefix, notes_changes: false, swaps: false }
    }

    /// Scalars that all slots share: a value an element, scratch, and a state of the function for polishing.
    const fn shared_scalars(&self) -> usize {
        self.capacity.saturating_add(self.prefix.scratch).saturating_add(self.prefix.scalars)
    }

    /// Scalars of a slot: the state of the function and the gains of the pivots.
    const fn slot_scalars(&self) -> usize {
        self.prefix.scalars.saturating_add(self.size).saturating_add(HEADER)
    }

    /// Ids that all slots share: the answer, the draft of the next one, and a state of the function for polishing.
    const fn shared_ids(&self) -> usize {
        self.size.saturating_mul(2).saturating_add(self.prefix.indices)
    }

    /// Ids of a slot.
    const fn slot_ids(&self, id_bits: usize) -> usize {
        let changes = if self.notes_changes { CHANGES + 2 * self.words(id_bits) } else { 0 };
        self.capacity
            .saturating_mul(3)
            .saturating_add(self.size.saturating_mul(2).saturating_add(4))
            .saturating_add(self.left_len())
            .saturating_add(self.prefix.indices)
            .saturating_add(changes)
    }

    /// Ids that say which push replaced a pivot.
    const fn left_len(&self) -> usize {
        if self.swaps { self.size.saturating_add(1) } else { 0 }
    }

    /// Guess, threshold and number of a slot.
    fn header<T: Real>(&self, slot: usize, slot_scalars: &[T]) -> [T; HEADER] {
        let at = slot * self.slot_scalars();
        [slot_scalars[at], slot_scalars[at + 1], slot_scalars[at + 2]]
    }

    /// Number of the guess in a slot of the storage given, if the slot is in use.
    pub(crate) fn number<T: Real>(&self, slot: usize, scalars: &[T]) -> Option<i32> {
        let [guess, _, number] = self.header(slot, &scalars[self.shared_scalars()..]);
        if guess > T::ZERO { number.to_i32() } else { None }
    }

    /// The slot of a guess.
    pub(crate) fn find<T: Real>(&self, number: i32, slots: usize, scalars: &[T]) -> Option<usize> {
        self.find_slot(number, slots, &scalars[self.shared_scalars()..])
    }

    fn find_slot<T: Real>(&self, number: i32, slots: usize, slot_scalars: &[T]) -> Option<usize> {
        let (number, stride) = (T::constant(f64::from(number)), self.slot_scalars());
        let mut headers = slot_scalars.chunks_exact(stride).take(slots);
        headers.position(|header| header[2] == number && header[0] > T::ZERO)
    }

    /// A slot of the storage given, to be read.
    pub(crate) fn view<'a, T: Real, D: Id>(&self, slot: usize, scalars: &'a [T], ids: &'a [D]) -> SlotView<'a, T, D> {
        self.cut(slot, &scalars[self.shared_scalars()..], &ids[self.shared_ids()..])
    }

    fn cut<'a, T: Real, D: Id>(&self, slot: usize, scalars: &'a [T], ids: &'a [D]) -> SlotView<'a, T, D> {
        let (scalar_len, id_len) = (self.slot_scalars(), self.slot_ids(D::BITS));
        let (header, scalars) = scalars[slot * scalar_len..][..scalar_len].split_at(HEADER);
        let (gains, scalars) = scalars.split_at(self.size);
        let (order, rest) = ids[slot * id_len..][..id_len].split_at(self.capacity);
        let (_, rest) = rest.split_at(self.capacity);
        let (depth, rest) = rest.split_at(self.capacity);
        let (start, rest) = rest.split_at(self.size + 2);
        let (pivots, rest) = rest.split_at(self.size + 2);
        let (left, rest) = rest.split_at(self.left_len());
        let (indices, rest) = rest.split_at(self.prefix.indices);
        let (range, bits) = rest.split_at(if self.notes_changes { CHANGES } else { 0 });
        let (touched, gone) = bits.split_at(bits.len() / 2);
        let (threshold, is_up_to_date) = (header[1], range.first().is_none_or(|&count| count == D::default()));
        SlotView { threshold, order, depth, start, pivots, left, indices, is_up_to_date, touched, gone, gains, scalars }
    }

    /// Words of one bit an element.
    const fn words(&self, id_bits: usize) -> usize {
        self.capacity.div_ceil(id_bits)
    }

    /// Scalars for a number of slots, and behind them a gain for every pivot, for polishing. Saturates.
    pub(crate) const fn storage_len(&self, slots: usize) -> usize {
        self.slot_scalars().saturating_add(self.size).saturating_mul(slots).saturating_add(self.shared_scalars())
    }

    /// Ids for a number of slots, and behind them two for every pivot, for polishing. Saturates.
    pub(crate) const fn index_len(&self, slots: usize, id_bits: usize) -> usize {
        let slot = self.slot_ids(id_bits).saturating_add(self.size.saturating_mul(2));
        slot.saturating_mul(slots).saturating_add(self.shared_ids())
    }

    pub(crate) fn split<'a, T, D: Id>(&self, slots: usize, scalars: &'a mut [T], ids: &'a mut [D]) -> Parts<'a, T, D> {
        let (shared, rest) = scalars.split_at_mut(self.shared_scalars());
        let (slot_scalars, polish_gains) = rest.split_at_mut(self.slot_scalars() * slots);
        let (values, rest) = shared.split_at_mut(self.capacity);
        let (scratch, side_scalars) = rest.split_at_mut(self.prefix.scratch);
        let (shared, rest) = ids.split_at_mut(self.shared_ids());
        let (slot_ids, rest) = rest.split_at_mut(self.slot_ids(D::BITS) * slots);
        let (polish_ids, polish_pushes) = rest.split_at_mut(self.size * slots);
        let (answer, rest) = shared.split_at_mut(self.size);
        let (draft, side_ids) = rest.split_at_mut(self.size);
        Parts {
            layout: *self,
            slots,
            values,
            side: Prefix { size: self.size, scalars: side_scalars, indices: side_ids, scratch },
            answer,
            draft,
            slot_scalars,
            slot_ids,
            candidates: Heap { gains: polish_gains, ids: polish_ids, pushes: polish_pushes, len: 0 },
        }
    }
}

/// The elements whose values belong to a guess.
pub(crate) fn eligible<T: Real>(values: &[T], threshold: T, guess: T) -> impl Iterator<Item = usize> + '_ {
    let is_for = move |&(_, &value): &(usize, &T)| threshold <= value && value <= guess;
    values.iter().enumerate().filter(is_for).map(|(id, _)| id)
}

/// A guess, to be read: the parts of its slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotView<'a, T, D> {
    pub(crate) threshold: T,
    order: &'a [D],
    pub(crate) depth: &'a [D],
    pub(crate) start: &'a [D],
    pivots: &'a [D],
    left: &'a [D],
    pub(crate) indices: &'a [D],
    is_up_to_date: bool,
    pub(crate) touched: &'a [D],
    pub(crate) gone: &'a [D],
    pub(crate) gains: &'a [T],
    pub(crate) scalars: &'a [T],
}

impl<'a, T: Real, D: Id> SlotView<'a, T, D> {
    /// All candidates, by depth.
    pub(crate) fn members(&self) -> &'a [D] {
        &self.order[..self.start[0].to_usize()]
    }

    /// All pivots, those replaced among them.
    pub(crate) fn pivots(&self) -> &'a [D] {
        &self.pivots[1..=self.pivots[0].to_usize()]
    }

    /// Pivots that were not replaced, with their gains.
    fn chosen(&self) -> impl Iterator<Item = (D, T)> + use<'a, T, D> {
        let (pivots, gains, left) = (self.pivots(), self.gains, self.left);
        let stays = move |level: usize| left.get(level).is_none_or(|&push| push == D::default());
        let all = pivots.iter().zip(gains).zip(1..);
        all.filter(move |&(_, level)| stays(level)).map(|((&id, &gain), _)| (id, gain))
    }

    /// A lower bound on the value of the chosen elements, and the number of levels.
    pub(crate) fn outcome(&self) -> (T, usize) {
        (self.chosen().fold(T::ZERO, |sum, (_, gain)| sum + gain), self.pivots().len())
    }
}

/// Storage, cut.
#[derive(Debug)]
pub(crate) struct Parts<'a, T, D> {
    layout: Layout,
    slots: usize,
    /// Value of each element alone; negative for an element that is not alive.
    pub(crate) values: &'a mut [T],
    /// A state of the function beside those of the guesses.
    pub(crate) side: Prefix<'a, T, D>,
    pub(crate) answer: &'a mut [D],
    pub(crate) draft: &'a mut [D],
    slot_scalars: &'a mut [T],
    slot_ids: &'a mut [D],
    /// Room for the pivots of all slots.
    pub(crate) candidates: Heap<'a, T, D>,
}

/// A guess.
#[derive(Debug)]
pub(crate) struct Slot<'a, T, D> {
    pub(crate) header: &'a mut [T],
    pub(crate) levels: Levels<'a, T, D>,
    pub(crate) changes: Changes<'a, D>,
}

impl<T: Real, D: Id> Slot<'_, T, D> {
    pub(crate) fn guess(&self) -> T {
        self.header[0]
    }

    /// Whether an element of this value belongs to the guess.
    pub(crate) fn is_for(&self, value: T) -> bool {
        self.header[1] <= value && value <= self.header[0]
    }

    /// Gives up the slot.
    pub(crate) fn release(&mut self) {
        self.header.fill(T::ZERO);
    }

    /// Assigns the slot to a guess.
    pub(crate) fn take(&mut self, number: i32, guess: T, threshold: T) {
        self.header.copy_from_slice(&[guess, threshold, T::constant(f64::from(number))]);
        self.levels.threshold = threshold;
    }
}

impl<T: Real, D: Id> Parts<'_, T, D> {
    pub(crate) const fn slots(&self) -> usize {
        self.slots
    }

    pub(crate) fn slot(&mut self, slot: usize) -> Slot<'_, T, D> {
        self.slot_and_values(slot).0
    }

    /// A slot, and the values of all elements.
    pub(crate) fn slot_and_values(&mut self, slot: usize) -> (Slot<'_, T, D>, &[T]) {
        let Layout { capacity, size, prefix, notes_changes, .. } = self.layout;
        let (scalars, ids) = (self.layout.slot_scalars(), self.layout.slot_ids(D::BITS));
        let (header, rest) = self.slot_scalars[slot * scalars..][..scalars].split_at_mut(HEADER);
        let (gains, scalars) = rest.split_at_mut(size);
        let (order, rest) = self.slot_ids[slot * ids..][..ids].split_at_mut(capacity);
        let (place, rest) = rest.split_at_mut(capacity);
        let (depth, rest) = rest.split_at_mut(capacity);
        let (start, rest) = rest.split_at_mut(size + 2);
        let (pivots, rest) = rest.split_at_mut(size + 2);
        let (left, rest) = rest.split_at_mut(self.layout.left_len());
        let (indices, rest) = rest.split_at_mut(prefix.indices);
        let (range, bits) = rest.split_at_mut(if notes_changes { CHANGES } else { 0 });
        let (touched, gone) = bits.split_at_mut(bits.len() / 2);
        let prefix = Prefix { size, scalars, indices, scratch: &mut *self.side.scratch };
        let levels = Levels { threshold: header[1], order, place, depth, start, pivots, gains, left, prefix };
        (Slot { header, levels, changes: Changes { range, touched, gone } }, self.values)
    }

    /// Guess, threshold and number of a slot, without cutting it.
    pub(crate) fn header(&self, slot: usize) -> [T; HEADER] {
        self.layout.header(slot, self.slot_scalars)
    }

    /// The slot of a guess.
    pub(crate) fn find(&self, number: i32) -> Option<usize> {
        self.layout.find_slot(number, self.slots, self.slot_scalars)
    }

    /// Number of the guess in a slot that is in use.
    pub(crate) fn number(&self, slot: usize) -> Option<i32> {
        let [guess, _, number] = self.header(slot);
        if guess > T::ZERO { number.to_i32() } else { None }
    }

    /// A lower bound on the value that a guess has chosen, and the number of its levels.
    pub(crate) fn outcome(&self, slot: usize) -> (T, usize) {
        self.layout.cut(slot, self.slot_scalars, self.slot_ids).outcome()
    }

    /// Copies the choice of a guess to the draft of the answer, and returns its length.
    pub(crate) fn copy_to_draft(&mut self, slot: usize) -> usize {
        let mut len = 0;
        for (id, _) in self.layout.cut(slot, self.slot_scalars, self.slot_ids).chosen() {
            self.draft[len] = id;
            len += 1;
        }
        len
    }

    /// Makes the pivots of all guesses that are up to date candidates of polishing, each once, with their values.
    pub(crate) fn gather_candidates(&mut self) {
        let mut len = 0;
        for slot in 0..self.slots {
            let view = self.layout.cut(slot, self.slot_scalars, self.slot_ids);
            if self.number(slot).is_some() && view.is_up_to_date {
                let pivots = view.pivots();
                self.candidates.ids[len..len + pivots.len()].copy_from_slice(pivots);
                len += pivots.len();
            }
        }
        let ids = &mut self.candidates.ids[..len];
        ids.sort_unstable();
        self.candidates.len = 0;
        for at in 0..len {
            let id = self.candidates.ids[at];
            if at == 0 || self.candidates.ids[self.candidates.len - 1] != id {
                self.candidates.add(self.values[id.to_usize()], id);
            }
        }
    }
}
