//! The best of the last so many elements.

use crate::submodular::{Dynamic, LazyDynamic, Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Rule, Storage};
use rand_core::Rng;

/// What [`LazyDynamic`] and [`Dynamic`] have in common.
///
/// # Example
/// ```
/// use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
/// use sketchlet_core::Error;
/// use sketchlet_core::submodular::{DynamicSelection, FacilityLocation, LazyDynamic, LazyDynamicParams};
/// fn fill(best: &mut impl DynamicSelection<Scalar = f32>, table: &[f32]) -> Result<f32, Error> {
///     let (oracle, mut rng) = (FacilityLocation::new(table, 1)?, Xoshiro256PlusPlus::seed_from_u64(1));
///     (0..table.len()).try_for_each(|id| best.insert(&oracle, id as u32, &mut rng))?;
///     Ok(best.query(&oracle, &mut rng)?.value)
/// }
/// let params = LazyDynamicParams::new(3, 1).prefix(FacilityLocation::<f32>::prefix_len_of(1, 1));
/// assert_eq!(fill(&mut LazyDynamic::<f32, u8, _, _>::new(params)?, &[0.5, 1.0, 0.75])?, 1.0);
/// # Ok::<(), Error>(())
/// ```
pub trait DynamicSelection {
    /// Scalars of values.
    type Scalar: Real;

    /// Ids.
    type Id: Id;

    /// Takes an element in.
    ///
    /// # Errors
    /// As the type says.
    fn insert<O: PrefixOracle<Self::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error>;

    /// Lets an element go.
    ///
    /// # Errors
    /// As the type says.
    fn delete<O: PrefixOracle<Self::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error>;

    /// Answers.
    ///
    /// # Errors
    /// As the type says.
    fn query<O: PrefixOracle<Self::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<Selection<Self::Scalar>, Error>;

    /// Improves the last answer.
    ///
    /// # Errors
    /// As the type says.
    fn polish<O: PrefixOracle<Self::Scalar> + Monotone>(
        &mut self,
        oracle: &O,
    ) -> Result<Selection<Self::Scalar>, Error>;

    /// The last answer.
    fn selection(&self) -> Selection<Self::Scalar>;

    /// Its ids, without those that have gone since.
    fn selected(&self) -> &[Self::Id];

    /// Whether an element is alive.
    fn is_alive(&self, id: u32) -> bool;

    /// Elements alive.
    fn live(&self) -> usize;

    /// Elements that there is room for.
    fn capacity(&self) -> usize;

    /// Back to nothing there.
    fn clear(&mut self);
}

macro_rules! dynamic_selection {
    ($name:ident) => {
        impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> DynamicSelection for $name<T, D, S, I> {
            type Scalar = T;
            type Id = D;

            fn insert<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
                &mut self,
                oracle: &O,
                id: u32,
                rng: &mut R,
            ) -> Result<(), Error> {
                self.insert(oracle, id, rng)
            }

            fn delete<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
                &mut self,
                oracle: &O,
                id: u32,
                rng: &mut R,
            ) -> Result<(), Error> {
                self.delete(oracle, id, rng)
            }

            fn query<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
                &mut self,
                oracle: &O,
                rng: &mut R,
            ) -> Result<Selection<T>, Error> {
                self.query(oracle, rng)
            }

            fn polish<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O) -> Result<Selection<T>, Error> {
                self.polish(oracle)
            }

            fn selection(&self) -> Selection<T> {
                self.selection()
            }

            fn selected(&self) -> &[D] {
                self.selected()
            }

            fn is_alive(&self, id: u32) -> bool {
                self.is_alive(id)
            }

            fn live(&self) -> usize {
                self.live()
            }

            fn capacity(&self) -> usize {
                self.capacity()
            }

            fn clear(&mut self) {
                self.clear();
            }
        }
    };
}

dynamic_selection!(LazyDynamic);
dynamic_selection!(Dynamic);

/// Which of the last so many elements are worth most together?
///
/// A ring of slots, whose numbers are the ids: [`evict`](Self::evict) lets the oldest element go if the window is full and tells
/// which slot is next; the caller writes the data of the new element there; [`insert`](Self::insert) takes it in.
///
/// # Guarantee
/// That of the selection inside.
/// # Cost
/// That of a deletion and an insertion. State: that of the selection, and three numbers.
/// # Randomness
/// That of the selection.
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
    /// A window of so many elements over a selection, which is cleared.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a window of nothing, [`Error::Capacity`] for one that the selection has no room for.
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

    /// Elements in the window.
    pub fn live(&self) -> usize {
        self.best.live()
    }

    /// Elements that have come since the one in a slot: 0 for the newest, `None` for an empty slot.
    pub fn age(&self, slot: u32) -> Option<usize> {
        let is_there = (slot as usize) < self.window && self.best.is_alive(slot);
        is_there.then(|| (self.next + self.window - 1 - slot as usize) % self.window)
    }

    /// Makes room for the next element: lets the oldest go if there is none. The slot whose data are to be written.
    ///
    /// # Errors
    /// Those of the selection's `delete`.
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

    /// Takes in the element whose data are in the slot that [`evict`](Self::evict) has told.
    ///
    /// # Errors
    /// Those of the selection's `insert`: the slot stays empty then, and is the next one. [`Error::AlreadyPresent`] without `evict`
    /// before, in a full window: nothing has changed.
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

    /// Answers; ids are slots.
    ///
    /// # Errors
    /// Those of the selection's `query`.
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
    /// Those of the selection's `polish`.
    pub fn polish<O: PrefixOracle<B::Scalar> + Monotone>(&mut self, oracle: &O) -> Result<Selection<B::Scalar>, Error> {
        self.best.polish(oracle)
    }

    /// The last answer.
    pub fn selection(&self) -> Selection<B::Scalar> {
        self.best.selection()
    }

    /// Its slots, without those that have gone since.
    pub fn selected(&self) -> &[B::Id] {
        self.best.selected()
    }

    /// Back to an empty window.
    pub fn clear(&mut self) {
        self.best.clear();
        self.next = 0;
    }
}
