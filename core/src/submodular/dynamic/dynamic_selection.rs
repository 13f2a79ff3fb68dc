//! One interface over the selections for monotone functions.

use super::slot_engine::SlotEngine;
use super::verbs::CertifiedParams;
use crate::stream::Progress;
use crate::submodular::{Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};
use rand_core::Rng;

/// One interface over [`LazyDynamic`](super::LazyDynamic) and [`Dynamic`](super::Dynamic): insert, delete, query.
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
    /// Scalar of values.
    type Scalar: Real;

    /// Type of ids.
    type Id: Id;

    /// Inserts an element.
    ///
    /// # Errors
    /// As the type says.
    fn insert<O: PrefixOracle<Self::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.insert_deferred(oracle, id, rng)?;
        self.poll(oracle, u64::MAX).map(|_| ())
    }

    /// Deletes an element.
    ///
    /// # Errors
    /// As the type says.
    fn delete<O: PrefixOracle<Self::Scalar> + Monotone, R: Rng + ?Sized>(
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
    /// As the type says.
    fn query<O: PrefixOracle<Self::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<Selection<Self::Scalar>, Error> {
        self.query_deferred(oracle, rng)?;
        self.poll(oracle, u64::MAX)?;
        Ok(self.selection())
    }

    /// [`insert`](Self::insert), left to [`poll`](Self::poll).
    ///
    /// # Errors
    /// As the type says.
    fn insert_deferred<O: PrefixOracle<Self::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error>;

    /// [`delete`](Self::delete), left to [`poll`](Self::poll).
    ///
    /// # Errors
    /// As the type says.
    fn delete_deferred<O: PrefixOracle<Self::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error>;

    /// [`query`](Self::query), left to [`poll`](Self::poll).
    ///
    /// # Errors
    /// As the type says.
    fn query_deferred<O: PrefixOracle<Self::Scalar> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error>;

    /// Does deferred work with at most `budget` gains.
    ///
    /// # Errors
    /// As the type says.
    fn poll<O: PrefixOracle<Self::Scalar> + Monotone>(&mut self, oracle: &O, budget: u64) -> Result<Progress, Error>;

    /// Whether no work is left.
    fn is_idle(&self) -> bool;

    /// Improves the last answer.
    ///
    /// # Errors
    /// As the type says.
    fn polish<O: PrefixOracle<Self::Scalar> + Monotone>(
        &mut self,
        oracle: &O,
    ) -> Result<Selection<Self::Scalar>, Error>;

    /// Recomputes what must hold of every guess that is up to date. For tests.
    ///
    /// # Errors
    /// As the type says.
    fn check<O: PrefixOracle<Self::Scalar>>(&mut self, oracle: &O) -> Result<(), Error>;

    /// The last answer.
    fn selection(&self) -> Selection<Self::Scalar>;

    /// Ids of the last answer, without those deleted since.
    fn selected(&self) -> &[Self::Id];

    /// Whether an element is alive.
    fn is_alive(&self, id: u32) -> bool;

    /// Number of elements alive.
    fn live(&self) -> usize;

    /// Number of elements that there is room for.
    fn capacity(&self) -> usize;

    /// Scalars and ids of storage held now.
    fn held(&self) -> (usize, usize);

    /// Empties the selection.
    fn clear(&mut self);
}

impl<P: CertifiedParams, T: Real, D: Id, S: Storage<T>, I: Storage<D>> DynamicSelection for SlotEngine<P, T, D, S, I> {
    type Scalar = T;
    type Id = D;

    fn insert_deferred<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.insert_deferred(oracle, id, rng)
    }

    fn delete_deferred<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.delete_deferred(oracle, id, rng)
    }

    fn query_deferred<O: PrefixOracle<T> + Monotone, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.query_deferred(oracle, rng)
    }

    fn poll<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O, budget: u64) -> Result<Progress, Error> {
        self.poll(oracle, budget)
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    fn polish<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O) -> Result<Selection<T>, Error> {
        self.polish(oracle)
    }

    fn check<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
        self.check(oracle)
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

    fn held(&self) -> (usize, usize) {
        self.held()
    }

    fn clear(&mut self) {
        self.clear();
    }
}
