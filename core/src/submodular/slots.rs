//! Where guesses live: as many slots as there are, all of one shape, behind what they share.

use super::heap::Heap;
use super::levels::Levels;
use super::{Guess, Prefix, PrefixLen};
use crate::{Id, Real};

/// Scalars before the gains of a slot: guess, threshold and the guess's number.
const HEADER: usize = 3;
/// Ids before the bits of changes: how many, and the first and the last word that holds one.
const CHANGES: usize = 3;

/// What storage is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) capacity: usize,
    pub(super) size: usize,
    pub(super) prefix: PrefixLen,
    /// Whether elements that have come or gone are noted until a guess is brought up to date.
    pub(super) notes_changes: bool,
    /// Whether an element may take the place of one chosen before.
    pub(super) swaps: bool,
}

impl Layout {
    /// Scalars that all slots share: a value an element, scratch, and the state of the function for polishing.
    const fn shared_scalars(&self) -> usize {
        self.capacity.saturating_add(self.prefix.scratch).saturating_add(self.prefix.scalars)
    }

    /// Scalars of a slot: the state of the function and the gains of the pivots.
    const fn slot_scalars(&self) -> usize {
        self.prefix.scalars.saturating_add(self.size).saturating_add(HEADER)
    }

    /// Ids that all slots share: the answer, the next answer, and the state of the function for polishing.
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

    /// Ids that say which push took the place of a pivot.
    const fn left_len(&self) -> usize {
        if self.swaps { self.size.saturating_add(1) } else { 0 }
    }

    /// Guess, threshold and number in a slot.
    fn header<T: Real>(&self, slot: usize, slot_scalars: &[T]) -> [T; HEADER] {
        let at = slot * self.slot_scalars();
        [slot_scalars[at], slot_scalars[at + 1], slot_scalars[at + 2]]
    }

    /// Number of the guess in a slot of the storage given that is in use.
    pub(super) fn number<T: Real>(&self, slot: usize, scalars: &[T]) -> Option<i32> {
        let [guess, _, number] = self.header(slot, &scalars[self.shared_scalars()..]);
        if guess > T::ZERO { number.to_i32() } else { None }
    }

    /// The slot of a guess.
    pub(super) fn find<T: Real>(&self, number: i32, slots: usize, scalars: &[T]) -> Option<usize> {
        self.find_slot(number, slots, &scalars[self.shared_scalars()..])
    }

    fn find_slot<T: Real>(&self, number: i32, slots: usize, slot_scalars: &[T]) -> Option<usize> {
        let (number, stride) = (T::constant(f64::from(number)), self.slot_scalars());
        let mut headers = slot_scalars.chunks_exact(stride).take(slots);
        headers.position(|header| header[2] == number && header[0] > T::ZERO)
    }

    /// A guess of the storage given.
    pub(super) fn guess<'a, T: Real, D: Id>(
        &self,
        number: i32,
        slots: usize,
        scalars: &[T],
        ids: &'a [D],
    ) -> Option<Guess<'a, T, D>> {
        let slot = self.find(number, slots, scalars)?;
        let [_, threshold, _] = self.header(slot, &scalars[self.shared_scalars()..]);
        let slot_ids = &ids[self.shared_ids()..];
        let order = &slot_ids[slot * self.slot_ids(D::BITS)..];
        let members = order[3 * self.capacity].to_usize();
        Some(Guess { threshold, pivots: self.pivots(slot, slot_ids), members: &order[..members] })
    }

    /// Pivots of the guess in a slot.
    fn pivots<'a, D: Id>(&self, slot: usize, slot_ids: &'a [D]) -> &'a [D] {
        let at = slot * self.slot_ids(D::BITS) + 3 * self.capacity + self.size + 2;
        &slot_ids[at + 1..][..slot_ids[at].to_usize()]
    }

    /// What the guess in a slot has chosen is worth this, at least, and comes from so many levels.
    fn outcome<T: Real, D: Id>(&self, slot: usize, slot_scalars: &[T], slot_ids: &[D]) -> (T, usize) {
        let height = self.pivots(slot, slot_ids).len();
        let gains = &slot_scalars[slot * self.slot_scalars() + HEADER..][..height];
        let stays = self.stays(slot, slot_ids);
        let staying = gains.iter().zip(1..).filter(|&(_, level)| stays(level));
        (staying.fold(T::ZERO, |sum, (&gain, _)| sum + gain), height)
    }

    /// What the guess in a slot of the storage given has chosen is worth this, at least.
    pub(super) fn value<T: Real, D: Id>(&self, slot: usize, scalars: &[T], ids: &[D]) -> T {
        self.outcome(slot, &scalars[self.shared_scalars()..], &ids[self.shared_ids()..]).0
    }

    /// Whether the pivot of each level of the guess in a slot is among those chosen in the end.
    fn stays<D: Id>(&self, slot: usize, slot_ids: &[D]) -> impl Fn(usize) -> bool {
        let at = slot * self.slot_ids(D::BITS) + 3 * self.capacity + 2 * self.size + 4;
        let left = &slot_ids[at..][..self.left_len()];
        move |level| left.get(level).is_none_or(|&push| push == D::default())
    }

    /// Whether nothing has changed since the guess in a slot was brought up to date.
    fn is_up_to_date<D: Id>(&self, slot: usize, slot_ids: &[D]) -> bool {
        let at = slot * self.slot_ids(D::BITS)
            + 3 * self.capacity
            + 2 * self.size
            + 4
            + self.left_len()
            + self.prefix.indices;
        !self.notes_changes || slot_ids[at] == D::default()
    }

    /// A slot of the storage given, to be read.
    pub(super) fn view<'a, T, D: Id>(&self, slot: usize, scalars: &'a [T], ids: &'a [D]) -> SlotView<'a, T, D> {
        let (scalar_len, id_len) = (self.slot_scalars(), self.slot_ids(D::BITS));
        let scalars = &scalars[self.shared_scalars() + slot * scalar_len..][HEADER..scalar_len];
        let ids = &ids[self.shared_ids() + slot * id_len..][..id_len];
        let (gains, scalars) = scalars.split_at(self.size);
        let (order, rest) = ids.split_at(self.capacity);
        let (_, rest) = rest.split_at(self.capacity);
        let (depth, rest) = rest.split_at(self.capacity);
        let (start, rest) = rest.split_at(self.size + 2);
        let (pivots, rest) = rest.split_at(self.size + 2);
        let (_, rest) = rest.split_at(self.left_len());
        let (indices, rest) = rest.split_at(self.prefix.indices);
        let bits = rest.get(CHANGES..).unwrap_or_default();
        let (touched, gone) = bits.split_at(bits.len() / 2);
        SlotView { order, depth, start, pivots, indices, touched, gone, gains, scalars }
    }

    /// Words of a bit an element.
    const fn words(&self, id_bits: usize) -> usize {
        self.capacity.div_ceil(id_bits)
    }

    /// Scalars for so many slots: behind them a gain for every pivot of all of them, for polishing. Saturates.
    pub(super) const fn storage_len(&self, slots: usize) -> usize {
        self.slot_scalars().saturating_add(self.size).saturating_mul(slots).saturating_add(self.shared_scalars())
    }

    /// Ids for so many slots: behind them two for every pivot of all of them. Saturates.
    pub(super) const fn index_len(&self, slots: usize, id_bits: usize) -> usize {
        let slot = self.slot_ids(id_bits).saturating_add(self.size.saturating_mul(2));
        slot.saturating_mul(slots).saturating_add(self.shared_ids())
    }

    pub(super) fn split<'a, T, D: Id>(&self, slots: usize, scalars: &'a mut [T], ids: &'a mut [D]) -> Parts<'a, T, D> {
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

/// Elements whose values belong to a guess.
pub(super) fn eligible<T: Real>(values: &[T], threshold: T, guess: T) -> impl Iterator<Item = usize> + '_ {
    let is_for = move |&(_, &value): &(usize, &T)| threshold <= value && value <= guess;
    values.iter().enumerate().filter(is_for).map(|(id, _)| id)
}

/// A guess, to be read: the parts of its slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotView<'a, T, D> {
    pub(super) order: &'a [D],
    pub(super) depth: &'a [D],
    pub(super) start: &'a [D],
    pub(super) pivots: &'a [D],
    pub(super) indices: &'a [D],
    pub(super) touched: &'a [D],
    pub(super) gone: &'a [D],
    pub(super) gains: &'a [T],
    pub(super) scalars: &'a [T],
}

/// Storage, cut.
#[derive(Debug)]
pub(super) struct Parts<'a, T, D> {
    layout: Layout,
    slots: usize,
    /// Value of each element alone; negative for one that is not alive.
    pub(super) values: &'a mut [T],
    /// State of the function beside those of the guesses.
    pub(super) side: Prefix<'a, T, D>,
    pub(super) answer: &'a mut [D],
    pub(super) draft: &'a mut [D],
    slot_scalars: &'a mut [T],
    slot_ids: &'a mut [D],
    /// Room for the pivots of all slots.
    pub(super) candidates: Heap<'a, T, D>,
}

/// A guess.
#[derive(Debug)]
pub(super) struct Slot<'a, T, D> {
    pub(super) header: &'a mut [T],
    pub(super) levels: Levels<'a, T, D>,
    pub(super) changes: Changes<'a, D>,
}

impl<T: Real, D: Id> Slot<'_, T, D> {
    pub(super) fn guess(&self) -> T {
        self.header[0]
    }

    /// Whether an element of this value belongs to the guess.
    pub(super) fn is_for(&self, value: T) -> bool {
        self.header[1] <= value && value <= self.header[0]
    }

    /// Gives the slot up.
    pub(super) fn release(&mut self) {
        self.header.fill(T::ZERO);
    }

    /// Takes the slot for a guess.
    pub(super) fn take(&mut self, number: i32, guess: T, threshold: T) {
        self.header.copy_from_slice(&[guess, threshold, T::constant(f64::from(number))]);
        self.levels.threshold = threshold;
    }
}

impl<T: Real, D: Id> Parts<'_, T, D> {
    pub(super) const fn slots(&self) -> usize {
        self.slots
    }

    pub(super) fn slot(&mut self, slot: usize) -> Slot<'_, T, D> {
        self.slot_and_values(slot).0
    }

    /// A slot, and the values of the elements.
    pub(super) fn slot_and_values(&mut self, slot: usize) -> (Slot<'_, T, D>, &[T]) {
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
    pub(super) fn header(&self, slot: usize) -> [T; HEADER] {
        self.layout.header(slot, self.slot_scalars)
    }

    /// The slot of a guess.
    pub(super) fn find(&self, number: i32) -> Option<usize> {
        self.layout.find_slot(number, self.slots, self.slot_scalars)
    }

    /// Number of the guess in a slot that is in use.
    pub(super) fn number(&self, slot: usize) -> Option<i32> {
        let [guess, _, number] = self.header(slot);
        if guess > T::ZERO { number.to_i32() } else { None }
    }

    /// What a guess has chosen is worth this, at least, and comes from so many levels; without cutting its slot.
    pub(super) fn outcome(&self, slot: usize) -> (T, usize) {
        self.layout.outcome(slot, self.slot_scalars, self.slot_ids)
    }

    /// What a guess has chosen, to be the answer if nothing better is found; how many.
    pub(super) fn copy_to_draft(&mut self, slot: usize) -> usize {
        let stays = self.layout.stays(slot, self.slot_ids);
        let mut len = 0;
        for (&pivot, level) in self.layout.pivots::<D>(slot, self.slot_ids).iter().zip(1..) {
            if stays(level) {
                self.draft[len] = pivot;
                len += 1;
            }
        }
        len
    }

    /// Makes the pivots of all guesses that are up to date candidates, each once, with their values.
    pub(super) fn gather_candidates(&mut self) {
        let mut len = 0;
        for slot in 0..self.slots {
            if self.number(slot).is_some() && self.layout.is_up_to_date(slot, self.slot_ids) {
                let pivots = self.layout.pivots::<D>(slot, self.slot_ids);
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

/// Whether the bit of an element is set.
pub(super) fn bit<D: Id>(words: &[D], id: usize) -> bool {
    words.get(id / D::BITS).is_some_and(|word| word.to_usize() >> (id % D::BITS) & 1 == 1)
}

/// Elements that have come or gone since a guess was up to date.
#[derive(Debug)]
pub(super) struct Changes<'a, D> {
    /// How many, and the first and the last word that holds one.
    range: &'a mut [D],
    touched: &'a mut [D],
    gone: &'a mut [D],
}

impl<D: Id> Changes<'_, D> {
    /// Notes an element.
    pub(super) fn note(&mut self, id: usize, has_gone: bool) {
        let (word, bit) = (id / D::BITS, 1 << (id % D::BITS));
        if self.touched[word].to_usize() & bit == 0 {
            self.touched[word] = D::from_usize(self.touched[word].to_usize() | bit);
            let (count, first, last) = (self.count(), self.range[1].to_usize(), self.range[2].to_usize());
            self.range[0] = D::from_usize(count + 1);
            self.range[1] = D::from_usize(if count == 0 { word } else { first.min(word) });
            self.range[2] = D::from_usize(if count == 0 { word } else { last.max(word) });
        }
        if has_gone {
            self.gone[word] = D::from_usize(self.gone[word].to_usize() | bit);
        }
    }

    /// Number of elements noted.
    pub(super) fn count(&self) -> usize {
        self.range.first().map_or(0, |count| count.to_usize())
    }

    /// Whether an element is noted.
    pub(super) fn has(&self, id: usize) -> bool {
        bit(self.touched, id)
    }

    /// The first element noted from an id on.
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        if self.count() == 0 {
            return None;
        }
        let (first, last) = (self.range[1].to_usize(), self.range[2].to_usize());
        let start = from.max(first * D::BITS);
        let mut mask = usize::MAX << (start % D::BITS);
        for word in start / D::BITS..=last {
            let bits = self.touched[word].to_usize() & mask;
            if bits != 0 {
                return Some(word * D::BITS + bits.trailing_zeros() as usize);
            }
            mask = usize::MAX;
        }
        None
    }

    /// Whether an element noted has gone, be it that it came back.
    pub(super) fn has_gone(&self, id: usize) -> bool {
        bit(self.gone, id)
    }

    /// Forgets who has gone.
    pub(super) fn forget_gone(&mut self) {
        if self.count() > 0 {
            let (first, last) = (self.range[1].to_usize(), self.range[2].to_usize());
            self.gone[first..=last].fill(D::default());
        }
    }

    /// Forgets all, whatever is there.
    pub(super) fn reset(&mut self) {
        self.range.fill(D::default());
        self.touched.fill(D::default());
        self.gone.fill(D::default());
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        if self.count() > 0 {
            self.forget_gone();
            let (first, last) = (self.range[1].to_usize(), self.range[2].to_usize());
            self.touched[first..=last].fill(D::default());
            self.range.fill(D::default());
        }
    }
}
