//! The verbs of the selections that ask for nothing but an objective.

use super::slot_engine::{Form, Plan, SlotEngine, SlotParams, Strategy};
use crate::stream::{Deferred, Progress};
use crate::submodular::constraint::Constraint;
use crate::submodular::{Monotone, PrefixOracle, Selection};
use crate::{Error, Id, Real, Storage};
use rand_core::Rng;

/// Parameters of [`LazyDynamic`](super::LazyDynamic), [`Dynamic`](super::Dynamic) or
/// [`NonMonotoneDynamic`](super::NonMonotoneDynamic), which need nothing beside the objective. Sealed.
#[allow(private_bounds, reason = "sealed")]
pub trait FreeParams: SlotParams + Free {}

pub(in crate::submodular) trait Free: Plan {
    type Constraint<T: Real>: Constraint<T>;

    fn constraint<T: Real>(&self) -> Self::Constraint<T>;
}

/// Parameters of [`LazyDynamic`](super::LazyDynamic) or [`Dynamic`](super::Dynamic), for monotone objectives and answers with an upper
/// bound. Sealed.
#[allow(private_bounds, reason = "sealed")]
pub trait CertifiedParams: FreeParams + Form {}

/// An objective that a selection with parameters `P` is for: a [`Monotone`] function, or any submodular function for
/// [`NonMonotoneDynamic`](super::NonMonotoneDynamic). Implemented for every such [`PrefixOracle`].
pub trait Objective<T: Real, P>: PrefixOracle<T> {}

impl<T: Real, P: CertifiedParams, O: PrefixOracle<T> + Monotone> Objective<T, P> for O {}

/// The verbs of [`LazyDynamic`](super::LazyDynamic), [`Dynamic`](super::Dynamic) and
/// [`NonMonotoneDynamic`](super::NonMonotoneDynamic).
///
/// Every verb that takes a generator draws one word of it. The `_deferred` form of a verb leaves its work to [`poll`](Self::poll).
/// Until that is done the other verbs fail with [`Error::Pending`].
impl<P: FreeParams, T: Real, D: Id, S: Storage<T>, I: Storage<D>> SlotEngine<P, T, D, S, I> {
    /// Inserts an element.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id that the function doesn't have; [`Error::Capacity`] for an id beyond the capacity;
    /// [`Error::AlreadyPresent`] for an element alive; [`Error::NonFinite`], [`Error::Negative`] or [`Error::Scale`] for a value
    /// that is impossible or out of scale; [`Error::Storage`] for a function with a longer state; [`Error::Pending`] while work
    /// is left.
    pub fn insert<O: Objective<T, P>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.insert_deferred(oracle, id, rng)?;
        self.poll(oracle, u64::MAX).map(|_| ())
    }

    /// Deletes an element, whose data may be gone already: [`LazyDynamic`](super::LazyDynamic) asks the function for nothing, the
    /// others ask about other elements only.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an element that is not alive; [`Error::Pending`] while work is left; other than for
    /// [`LazyDynamic`](super::LazyDynamic) also [`Error::Storage`] for a function with a longer state.
    pub fn delete<O: Objective<T, P>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.delete_deferred(oracle, id, rng)?;
        // Where a deletion leaves no work, an image without that code is smaller.
        if P::Strategy::<T>::DELETION_ASKS { self.poll(oracle, u64::MAX).map(|_| ()) } else { Ok(()) }
    }

    /// Answers. [`LazyDynamic`](super::LazyDynamic) brings guesses up to date first.
    ///
    /// # Errors
    /// [`Error::Storage`] for a function with a longer state; [`Error::NotFound`] with the number of elements of a function that
    /// has lost ids; [`Error::OracleFault`] if the function ever gave a gain that is not finite: the answer is then one that was
    /// possible, until [`clear`](Self::clear); [`Error::Pending`] while work is left.
    pub fn query<O: Objective<T, P>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<Selection<T>, Error> {
        self.query_deferred(oracle, rng)?;
        self.poll(oracle, u64::MAX)?;
        Ok(self.selection())
    }

    /// [`insert`](Self::insert), left to [`poll`](Self::poll), which reports a value that is refused.
    ///
    /// # Errors
    /// As `insert`.
    pub fn insert_deferred<O: Objective<T, P>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        let constraint = self.params.constraint::<T>();
        self.begin_insert(oracle, &constraint, id, rng)
    }

    /// [`delete`](Self::delete), left to [`poll`](Self::poll). The element leaves the answer at once.
    ///
    /// # Errors
    /// As `delete`.
    pub fn delete_deferred<O: Objective<T, P>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        id: u32,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.begin_delete(oracle, id, rng)
    }

    /// [`query`](Self::query), left to [`poll`](Self::poll).
    ///
    /// # Errors
    /// As `query`.
    pub fn query_deferred<O: Objective<T, P>, R: Rng + ?Sized>(
        &mut self,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.begin_query(oracle, rng)
    }

    /// Does deferred work with at most `budget` gains. The last answer stays readable until the work is done. Any number of polls
    /// ends in the state of the verb that does all at once.
    ///
    /// # Errors
    /// Those of the verb that was deferred: nothing of it is left then.
    pub fn poll<O: Objective<T, P>>(&mut self, oracle: &O, budget: u64) -> Result<Progress, Error> {
        let constraint = self.params.constraint::<T>();
        self.work(oracle, &constraint, budget)
    }

    /// Recomputes what must hold of every guess that is up to date. For tests, and for functions that may not be submodular.
    ///
    /// # Errors
    /// [`Error::BoundViolated`] with a gain on the wrong side of the threshold: the function, as computed, is not submodular.
    /// [`Error::Corrupt`] for a state that is impossible; [`Error::Pending`] while work is left.
    pub fn check<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
        self.check_idle()?;
        let constraint = self.params.constraint::<T>();
        self.guesses.check(oracle, &constraint)
    }
}

/// More verbs of [`LazyDynamic`](super::LazyDynamic) and [`Dynamic`](super::Dynamic).
impl<P: CertifiedParams, T: Real, D: Id, S: Storage<T>, I: Storage<D>> SlotEngine<P, T, D, S, I> {
    /// Improves the last answer by greedy over the pivots of all guesses that are up to date: about `10 k` gains for often several
    /// percent. Call it right after [`query`](Self::query); a stale answer stays as it is. The bound stays too.
    ///
    /// # Errors
    /// As `query`.
    pub fn polish<O: PrefixOracle<T> + Monotone>(&mut self, oracle: &O) -> Result<Selection<T>, Error> {
        self.check_idle()?;
        self.guesses.polish(oracle, |_, _| true)?;
        Ok(self.selection())
    }

    /// Inserts all elements of another selection over the same function, whose ids must differ: two catalogues become one. What
    /// the other has chosen doesn't count, but its values do, which saves a gain an element. Where the other has more than a
    /// quarter as many elements, [`Dynamic`](super::Dynamic) builds every guess from all.
    ///
    /// # Errors
    /// [`Error::AlreadyPresent`] with an element that is in both; [`Error::Capacity`] for an id beyond the capacity;
    /// [`Error::Pending`] while work is left in either; [`Error::NotFound`] for an element that the function doesn't have;
    /// [`Error::Storage`] for a function with a longer state; [`Error::Scale`] for a value out of scale here. Nothing has changed
    /// then.
    pub fn absorb<O: PrefixOracle<T> + Monotone, E: Id, X: Storage<T>, Y: Storage<E>, R: Rng + ?Sized>(
        &mut self,
        other: &SlotEngine<P, T, E, X, Y>,
        oracle: &O,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.check_idle()?;
        other.check_idle()?;
        self.guesses.check_newcomers(oracle, other.guesses.alive())?;
        self.strategy.absorb(&mut self.guesses, oracle, other.guesses.alive(), rng.next_u64())
    }

    /// Whether the function still gives the values that the elements alive had: a selection that was sent must only be used
    /// beside the data that it was made from. Takes a gain an element, and changes nothing.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if one bit differs; [`Error::Storage`] and [`Error::NotFound`] as for `query`.
    pub fn verify<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
        self.guesses.verify(oracle)
    }
}

impl<P: FreeParams, T: Real, D: Id, S: Storage<T>, I: Storage<D>, O: Objective<T, P>> Deferred<O>
    for SlotEngine<P, T, D, S, I>
{
    fn poll(&mut self, oracle: &O, budget: u64) -> Result<Progress, Error> {
        self.poll(oracle, budget)
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }
}
