//! The byte form of guesses in slots.
//!
//! Every guess is written in increasing order, with its candidates and their depths, borders, pivots, changes not yet taken in,
//! gains and the state of the function; the elements alive and their values come last. An id takes one, two or four bytes, as the
//! capacity needs, whatever its type.

use super::changes::{Changes, bit};
use super::guesses::{Answer, Guesses, Memory};
use super::levels::{Levels, Step};
use crate::random::keyed::{Coins, Domain};
use crate::submodular::PrefixOracle;
use crate::submodular::ladder::check_value;
use crate::wire::{Reader, Writer};
use crate::{Difference, Error, Id, Real};

/// No scalar has guesses beyond this.
const FURTHEST: i32 = 1 << 15;

/// Bytes of an id below a capacity.
pub(crate) const fn width(capacity: usize) -> usize {
    match capacity {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    }
}

impl Writer<'_> {
    pub(crate) fn id(&mut self, width: usize, x: usize) {
        self.bytes(&(x as u64).to_le_bytes()[..width]);
    }

    pub(crate) fn ids<D: Id>(&mut self, width: usize, ids: &[D]) {
        self.len(ids.len());
        ids.iter().for_each(|id| self.id(width, id.to_usize()));
    }

    pub(crate) fn coins(&mut self, coins: &Coins) {
        self.u64(coins.seed);
        self.u64(coins.first);
        self.u64(coins.taken);
    }

    pub(crate) fn step(&mut self, step: &Step) {
        let (tag, numbers) = match *step {
            Step::Done => (0, [0; 4]),
            Step::Enter { id, level } => (1, [id, level, 0, 0]),
            Step::Descend { id, level } => (2, [id, level, 0, 0]),
            Step::Build { level, at, bounds } => (3, [level, at, bounds.0, bounds.1]),
        };
        self.u8(tag);
        numbers.iter().for_each(|&number| self.len(number));
    }
}

impl Reader<'_> {
    pub(crate) fn id(&mut self, width: usize) -> Result<usize, Error> {
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(self.bytes(width)?);
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| Error::Corrupt)
    }

    pub(crate) fn below(&mut self, width: usize, limit: usize) -> Result<usize, Error> {
        let id = self.id(width)?;
        if id < limit { Ok(id) } else { Err(Error::Corrupt) }
    }

    pub(crate) fn coins(&mut self) -> Result<Coins, Error> {
        Ok(Coins { seed: self.u64()?, domain: Domain::Guess, first: self.count()?, taken: self.count()? })
    }

    pub(crate) fn step(&mut self) -> Result<Step, Error> {
        let tag = self.u8()?;
        let numbers = [self.len()?, self.len()?, self.len()?, self.len()?];
        match (tag, numbers) {
            (0, _) => Ok(Step::Done),
            (1, [id, level, ..]) => Ok(Step::Enter { id, level }),
            (2, [id, level, ..]) => Ok(Step::Descend { id, level }),
            (3, [level, at, low, high]) => Ok(Step::Build { level, at, bounds: (low, high) }),
            _ => Err(Error::Corrupt),
        }
    }

    pub(crate) fn number(&mut self) -> Result<i32, Error> {
        let number = self.i32()?;
        if (-FURTHEST..=FURTHEST).contains(&number) { Ok(number) } else { Err(Error::Corrupt) }
    }
}

pub(crate) fn ensure(holds: bool) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Corrupt) }
}

/// Whether storage grows, and slots.
pub(crate) fn read_slots(reader: &mut Reader<'_>) -> Result<(bool, usize), Error> {
    let (grows, slots) = (reader.flag()?, reader.len()?);
    ensure(!grows || slots <= 2 * FURTHEST as usize)?;
    Ok((grows, slots))
}

impl<T: Real, D: Id, M: Memory<T, D>> Guesses<T, D, M> {
    pub(crate) fn write_slots(&self, w: &mut Writer<'_>) {
        w.u8(u8::from(self.is_growing()));
        w.len(self.state.slots);
    }

    pub(crate) fn write(&self, w: &mut Writer<'_>) {
        let width = width(self.layout.capacity);
        let state = &self.state;
        w.len(state.ids);
        w.u8(u8::from(state.fault.is_some()));
        w.len(state.fault.unwrap_or(0));
        w.u8(u8::from(state.answer.stale));
        w.u8(u8::from(state.answer.intact));
        w.real(state.answer.value);
        w.real(state.answer.bound);
        w.ids(width, self.selected());
        w.len(self.numbers().count());
        let mut last = None;
        let next = |last: Option<i32>| {
            let later = self.numbers().filter(move |&(_, number)| last.is_none_or(|last| number > last));
            later.min_by_key(|&(_, number)| number)
        };
        while let Some((slot, number)) = next(last) {
            w.i32(number);
            self.write_slot(w, slot, width);
            last = Some(number);
        }
        w.len(state.live);
        self.alive().for_each(|(id, _)| w.id(width, id));
        self.alive().for_each(|(_, value)| w.real(value));
    }

    fn write_slot(&self, w: &mut Writer<'_>, slot: usize, width: usize) {
        let view = self.view(slot);
        w.ids(width, view.members());
        view.members().iter().for_each(|id| w.id(width, view.depth[id.to_usize()].to_usize()));
        view.start[1..].iter().for_each(|border| w.id(width, border.to_usize()));
        w.ids(width, view.pivots());
        let noted = || (0..self.layout.capacity).filter(|&id| bit(view.touched, id));
        if self.layout.notes_changes {
            w.len(noted().count());
            noted().for_each(|id| w.id(width, id));
            noted().for_each(|id| w.u8(u8::from(bit(view.gone, id))));
        }
        // The largest id stands for none, whatever the type.
        for &index in view.indices {
            let is_none = index.to_usize() == D::LARGEST;
            w.u32(if is_none { u32::MAX } else { u32::try_from(index.to_usize()).unwrap_or(u32::MAX) });
        }
        // What a faulty function left is not written.
        let finite = |x: T| if x.is_finite() { x } else { T::ZERO };
        view.gains[..view.pivots().len()].iter().for_each(|&gain| w.real(finite(gain)));
        view.scalars.iter().for_each(|&x| w.real(finite(x)));
    }

    /// Reads what was written into cleared storage. An error may come after much of it was read.
    pub(crate) fn load(&mut self, r: &mut Reader<'_>) -> Result<(), Error> {
        let (capacity, width, size) = (self.layout.capacity, width(self.layout.capacity), self.layout.size);
        let ids = r.len()?;
        ensure(ids <= capacity)?;
        let fault = (r.flag()?, r.len()?);
        let (stale, intact) = (r.flag()?, r.flag()?);
        let (value, bound) = (r.amount::<T>()?, r.amount::<T>()?);
        // But for rounding.
        ensure(bound >= value * T::constant(0.97))?;
        let len = r.len()?;
        ensure(len <= size)?;
        let parts = self.split();
        for place in 0..len {
            let id = r.below(width, capacity)?;
            ensure(!parts.answer[..place].contains(&D::from_usize(id)))?;
            parts.answer[place] = D::from_usize(id);
        }
        let (guesses, mut last) = (r.len()?, None);
        ensure(guesses <= self.state.slots)?;
        for slot in 0..guesses {
            let number = r.number()?;
            ensure(last.is_none_or(|last| last < number))?;
            last = Some(number);
            let (guess, threshold) = (self.ladder.guess::<T>(number), self.ladder.threshold::<T>(number, self.parts));
            ensure(guess.is_finite() && threshold > T::ZERO)?;
            let notes_changes = self.layout.notes_changes;
            let mut own = self.split();
            let mut own = own.slot(slot);
            own.take(number, guess, threshold);
            load_levels(r, &mut own.levels, (capacity, width))?;
            if notes_changes {
                load_changes(r, &mut own.changes, (capacity, width))?;
            }
            for index in &mut *own.levels.prefix.indices {
                let read = r.u32()? as usize;
                ensure(read <= D::LARGEST || read == u32::MAX as usize)?;
                *index = D::from_usize(read.min(D::LARGEST));
            }
            let height = own.levels.height();
            for gain in &mut own.levels.gains[..height] {
                *gain = r.amount()?;
            }
            for x in &mut *own.levels.prefix.scalars {
                *x = r.real()?;
            }
        }
        let live = r.len()?;
        ensure(live <= capacity)?;
        let mut places = r.clone();
        r.bytes(live.saturating_mul(width))?;
        let mut last = None;
        for _ in 0..live {
            let id = places.below(width, ids)?;
            ensure(last.is_none_or(|last| last < id))?;
            last = Some(id);
            let value = r.real()?;
            check_value(value, self.parts, id).map_err(|_| Error::Corrupt)?;
            self.split().values[id] = value;
        }
        self.state.live = live;
        self.state.ids = ids;
        self.state.fault = fault.0.then_some(fault.1);
        self.state.answer = Answer { value, bound, len, stale, intact };
        let alive = self.selected().iter().all(|id| self.value(id.to_usize()) >= T::ZERO);
        ensure(alive)
    }

    /// Checks the levels of every guess; those of one may be in the middle of a step. `may_differ` says for which elements a guess may
    /// not be up to date.
    pub(crate) fn check_loaded(
        &mut self,
        busy: Option<(i32, Step)>,
        may_differ: impl Fn(i32, usize, bool, &Changes<'_, D>) -> bool,
    ) -> Result<(), Error> {
        let (is_faulty, ids) = (self.state.fault.is_some(), self.state.ids);
        if let Some((number, _)) = busy {
            ensure(self.find(number).is_some())?;
        }
        let mut parts = self.split();
        for slot in 0..parts.slots() {
            let Some(number) = parts.number(slot) else { continue };
            let (own, values) = parts.slot_and_values(slot);
            let step = busy.filter(|&(busy, _)| busy == number).map_or(Step::Done, |(_, step)| step);
            own.levels.check_loaded(&step)?;
            for (id, &value) in values.iter().enumerate() {
                let contains = own.levels.contains(id);
                // An element that a faulty function refused is in no level.
                let is_known = contains == own.is_for(value) || (is_faulty && !contains);
                ensure(is_known || may_differ(number, id, contains, &own.changes))?;
                ensure(!contains || id < ids)?;
            }
        }
        Ok(())
    }

    /// Compares the values of elements alive with what a function says.
    pub(crate) fn verify<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
        self.check_oracle(oracle)?;
        for id in 0..self.layout.capacity {
            let value = self.value(id);
            // Equal values have equal bits, as they are sums of what is not negative.
            if value >= T::ZERO {
                // Not a number where the function refuses the element.
                let now = self.value_of(id, oracle).map_or(f64::NAN, Real::as_f64);
                Difference::Value.check(value.as_f64(), now)?;
            }
        }
        Ok(())
    }
}

fn load_levels<T: Real, D: Id>(
    r: &mut Reader<'_>,
    levels: &mut Levels<'_, T, D>,
    (capacity, width): (usize, usize),
) -> Result<(), Error> {
    let (members, size) = (r.len()?, levels.size());
    ensure(members <= capacity)?;
    for place in 0..members {
        let id = r.below(width, capacity)?;
        // Every one once: the depth of those before is not yet known, so it is set to be.
        ensure(!levels.contains(id))?;
        levels.order[place] = D::from_usize(id);
        levels.place[id] = D::from_usize(place);
        levels.depth[id] = D::from_usize(1);
    }
    for place in 0..members {
        let depth = r.id(width)?;
        ensure((1..=size).contains(&depth))?;
        levels.depth[levels.order[place].to_usize()] = D::from_usize(depth);
    }
    levels.start[0] = D::from_usize(members);
    for border in &mut levels.start[1..] {
        *border = D::from_usize(r.below(width, members + 1)?);
    }
    let height = r.len()?;
    ensure(height <= size && height <= members)?;
    levels.pivots[0] = D::from_usize(height);
    for level in 1..=height {
        let id = r.below(width, capacity)?;
        ensure(levels.depth[id].to_usize() == level)?;
        levels.pivots[level] = D::from_usize(id);
    }
    Ok(())
}

fn load_changes<D: Id>(
    r: &mut Reader<'_>,
    changes: &mut Changes<'_, D>,
    (capacity, width): (usize, usize),
) -> Result<(), Error> {
    let count = r.len()?;
    ensure(count <= capacity)?;
    let mut ids = r.clone();
    r.bytes(count.saturating_mul(width))?;
    let mut last = None;
    for _ in 0..count {
        let id = ids.below(width, capacity)?;
        ensure(last.is_none_or(|last| last < id))?;
        last = Some(id);
        changes.note(id, r.flag()?);
    }
    Ok(())
}
