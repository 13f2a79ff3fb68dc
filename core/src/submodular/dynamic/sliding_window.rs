//! The best elements of a sliding window.

use super::dynamic_selection::DynamicSelection;
use crate::submodular::{Monotone, PrefixOracle, Selection};
use crate::{Error, Rule};
use rand_core::Rng;

/// Which of the last `window` elements are worth most together?
///
/// A ring of slots whose numbers are the ids. [`evict`](Self::evict) deletes the oldest element if the window is full, and returns
/// the next slot. The caller writes the data of the new element there, and [`insert`](Self::insert) inserts it.
///
/// # Guarantee
/// The guarantee of the selection inside.
/// # Cost
/// A deletion and an insertion. State: that of the selection inside, and three numbers.
/// # Randomness
/// As the selection inside.
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::submodular::{FacilityLocation, LazyDynamic, LazyDynamicParams, SlidingWindow};
/// const PARAMS: LazyDynamicParams =
///     LazyDynamicParams::new(4, 2).prefix(FacilityLocation::<u8>::prefix_len_of(3, 2)).slots(4);
/// let best = LazyDynamic::new_in(PARAMS, [0f32; PARAMS.storage_len()], [0u8; PARAMS.index_len::<u8>()])?;
/// let (mut window, mut table, mut rng) =
///     (SlidingWindow::new(best, 4)?, [0u8; 4 * 3], Xoshiro256PlusPlus::seed_from_u64(1));
/// for similarities in [[250, 9, 0], [9, 240, 8], [200, 30, 30], [0, 7, 230], [3, 3, 250], [9, 9, 9]] {
///     let slot = window.evict(&FacilityLocation::new(&table, 3)?, &mut rng)? as usize;
///     table[3 * slot..3 * slot + 3].copy_from_slice(&similarities);
///     window.insert(&FacilityLocation::new(&table, 3)?, &mut rng)?;
/// }
/// let answer = window.query(&FacilityLocation::new(&table, 3)?, &mut rng)?;
/// assert!(answer.len == 2 && window.age(window.selected()[0].into()) < Some(4));
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SlidingWindow<B> {
    best: B,
    window: usize,
    /// The slot of the next element; where the window is full that of the oldest.
    next: usize,
}

impl<B: DynamicSelection> SlidingWindow<B> {
    /// A window of a number of elements around a selection, which is cleared.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an empty window, [`Error::Capacity`] for one beyond the capacity of the selection.
    pub fn new(mut best: B, window: usize) -> Result<Self, Error> {
        match window {
            0 => Err(Error::Parameter { name: &"window", rule: Rule::POSITIVE }),
            _ if window > best.capacity() => Err(Error::Capacity { limit: best.capacity() }),
            _ => {
                best.clear();
                Ok(Self { best, window, next: 0 })
            }
        }
    }

    /// The selection inside.
    pub const fn best(&self) -> &B {
        &self.best
    }

    /// Number of elements in the window.
    pub fn live(&self) -> usize {
        self.best.live()
    }

    /// Number of elements inserted after the one in a slot: 0 for the newest, `None` for an empty slot.
    pub fn age(&self, slot: u32) -> Option<usize> {
        let is_there = (slot as usize) < self.window && self.best.is_alive(slot);
        is_there.then(|| (self.next + self.window - 1 - slot as usize) % self.window)
    }

    /// Makes room for the next element, by deleting the oldest if the window is full. Returns the slot whose data are to be written.
    ///
    /// # Errors
    /// Those of `delete` of the selection inside.
    pub fn evict<O: PrefixOracle<B::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<u32, Error> {
        #[allow(clippy::cast_possible_truncation, reason = "below the capacity, which ids can hold")]
        let slot = self.next as u32;
        if self.best.is_alive(slot) {
            self.best.delete(oracle, slot, rng)?;
        }
        Ok(slot)
    }

    /// Inserts the element whose data are in the slot that [`evict`](Self::evict) returned.
    ///
    /// # Errors
    /// Those of `insert` of the selection inside: the slot then stays empty, and is the next one. [`Error::AlreadyPresent`] in a
    /// full window without `evict` before: nothing has changed then.
    pub fn insert<O: PrefixOracle<B::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        #[allow(clippy::cast_possible_truncation, reason = "below the capacity, which ids can hold")]
        self.best.insert(oracle, self.next as u32, rng)?;
        self.next = (self.next + 1) % self.window;
        Ok(())
    }

    /// Answers. Ids are slots.
    ///
    /// # Errors
    /// Those of `query` of the selection inside.
    pub fn query<O: PrefixOracle<B::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<Selection<B::Scalar>, Error> {
        self.best.query(oracle, rng)
    }

    /// Improves the last answer.
    ///
    /// # Errors
    /// Those of `polish` of the selection inside.
    pub fn polish<O: PrefixOracle<B::Scalar> + Monotone>(&mut self, oracle: &O) -> Result<Selection<B::Scalar>, Error> {
        self.best.polish(oracle)
    }

    /// The last answer.
    pub fn selection(&self) -> Selection<B::Scalar> {
        self.best.selection()
    }

    /// Slots of the last answer, without those deleted since.
    pub fn selected(&self) -> &[B::Id] {
        self.best.selected()
    }

    /// Empties the window.
    pub fn clear(&mut self) {
        self.best.clear();
        self.next = 0;
    }
}
