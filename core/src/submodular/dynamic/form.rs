//! The byte form of the selections for monotone functions.
//!
//! Body: parameters; whether the storage grows, and its slots; what is left to be done; what all guesses share; the guesses.

use super::slot_engine::{Form, SlotEngine, Strategy};
use super::verbs::CertifiedParams;
use crate::submodular::slots::{Grow, Guesses, ensure, read_slots};
use crate::wire::{self, Reader, Writer};
use crate::{Difference, Error, Id, Real, Storage, Wire};

/// What stands in front of everything else.
struct Opened<'a, P> {
    params: P,
    grows: bool,
    /// Slots written.
    slots: usize,
    rest: Reader<'a>,
}

impl<'a, P: Form> Opened<'a, P> {
    fn read<T: Real, D: Id>(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = wire::open::<T>(P::KIND, bytes)?;
        let params: P = rest.params()?;
        match params.check_for::<D>() {
            Err(_) if params.layout().capacity > D::LARGEST => {
                Difference::Ids.check(D::LARGEST, params.layout().capacity)?;
            }
            checked => checked.map_err(|_| Error::Corrupt)?,
        }
        let (grows, slots) = read_slots(&mut rest)?;
        ensure(grows || slots == params.slot_count())?;
        Ok(Self { params, grows, slots, rest })
    }

    /// Slots in storage that doesn't grow any more.
    fn bounded(&self) -> usize {
        if self.grows { self.slots.max(self.params.fewest_slots()) } else { self.slots }
    }

    fn restore<T: Real, D: Id, S: Storage<T>, I: Storage<D>>(
        self,
        slots: usize,
        storage: (S, I),
        grow: Option<Grow<(S, I)>>,
    ) -> Result<SlotEngine<P, T, D, S, I>, Error>
    where
        P: CertifiedParams,
    {
        let (grows, mut r) = (self.grows, self.rest);
        // What grew and can't any more is bounded from here on.
        let params = if grows && grow.is_none() { self.params.with_slots(slots) } else { self.params };
        let guesses = Guesses::with_growth(params.layout(), params.scale()?, slots, storage, grow)?;
        let mut engine = SlotEngine::assemble(params, guesses);
        (engine.strategy, engine.newcomer) = P::Strategy::read(&mut r, &params, &mut engine.guesses)?;
        engine.guesses.load(&mut r)?;
        r.end()?;
        if grows && grow.is_none() {
            engine.strategy.bound(&mut engine.guesses);
        }
        if let Some(newcomer) = engine.newcomer {
            ensure(newcomer.id < engine.capacity() && engine.guesses.value(newcomer.id) < T::ZERO)?;
        }
        engine.strategy.check_loaded(&params, &mut engine.guesses)?;
        Ok(engine)
    }
}

impl<P: CertifiedParams, T: Real, D: Id, S: Storage<T>, I: Storage<D>> SlotEngine<P, T, D, S, I> {
    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        self.guesses.write_slots(w);
        self.strategy.write(w, &self.guesses, self.newcomer);
        self.guesses.write(w);
    }
}

/// After an error the storage given may hold anything.
impl<P: CertifiedParams, T: Real, D: Id, S: Storage<T>, I: Storage<D>> Wire for SlotEngine<P, T, D, S, I> {
    type Storage = (S, I);

    fn encoded_len(&self) -> usize {
        wire::len(|w| self.write(w))
    }

    fn encode_into(&self, out: &mut [u8]) -> Result<usize, Error> {
        wire::encode::<T>(P::KIND, out, |w| self.write(w))
    }

    /// In the storage given, which does not grow. A selection that grew before is bounded from here on: it has as many slots as
    /// guesses were written, at least those without which nothing can be answered, its parameters tell their number, and guesses
    /// beyond them are given up, so that it may answer otherwise than the one that was written.
    /// [`decode`](Wire::decode) lets it grow.
    fn decode_in(bytes: &[u8], storage: (S, I)) -> Result<Self, Error> {
        let opened = Opened::<P>::read::<T, D>(bytes)?;
        let slots = opened.bounded();
        opened.restore(slots, storage, None)
    }

    fn storage_needed(bytes: &[u8]) -> Result<usize, Error> {
        let opened = Opened::<P>::read::<T, D>(bytes)?;
        Ok(opened.params.layout().storage_len(opened.bounded()))
    }

    fn indices_needed(bytes: &[u8]) -> Result<usize, Error> {
        let opened = Opened::<P>::read::<T, D>(bytes)?;
        Ok(opened.params.layout().index_len(opened.bounded(), D::BITS))
    }

    /// In storage of its own. What grew before grows again and goes on to the same bits; [`decode_in`](Wire::decode_in) gives a
    /// selection that does not grow.
    #[cfg(feature = "alloc")]
    fn decode_within(bytes: &[u8], limit: usize) -> Result<Self, Error>
    where
        (S, I): crate::base::storage::Allocated,
    {
        let opened = Opened::<P>::read::<T, D>(bytes)?;
        let (layout, slots, grows) = (opened.params.layout(), opened.slots, opened.grows);
        let (scalars, ids) = (layout.storage_len(slots), layout.index_len(slots, D::BITS));
        let storage = wire::allocate(scalars, ids, limit)?;
        let grow: Grow<(S, I)> = crate::base::storage::Allocated::extend;
        opened.restore(slots, storage, grows.then_some(grow))
    }
}

#[cfg(feature = "serde")]
crate::wire::serde::serde_form!(
    [P: CertifiedParams, T: Real, D: Id, S: Storage<T>, I: Storage<D>] SlotEngine<P, T, D, S, I>,
    [P: CertifiedParams, T: Real, D: Id] SlotEngine<P, T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>>
);
