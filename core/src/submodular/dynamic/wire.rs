//! The byte form of dynamic selections.
//!
//! Body: parameters; whether the storage grows, and its slots; what is asked for and not done; what all guesses share; every guess in
//! increasing order, with its candidates and their depths, borders, pivots, changes not yet taken in, gains and the state of the
//! function; last the elements alive and their values. Ids take one, two or four bytes, as the capacity needs, whatever their type.

use super::eager::{self, Change, Eager, Spread};
use super::lazy::{Query, Request, Stage};
use crate::random::keyed::{Coins, Domain};
use crate::submodular::guesses::{Answer, Grow, Guesses};
use crate::submodular::ladder::{Ladder, check_value};
use crate::submodular::levels::{Levels, Step};
use crate::submodular::slots::{Changes, bit};
use crate::submodular::{Dynamic, DynamicParams, LazyDynamic, LazyDynamicParams, PrefixLen, PrefixOracle};
use crate::wire::{self, Reader, Writer};
use crate::{Error, Id, Kind, Real, Storage, Wire};

/// Guesses beyond this are those of no scalar.
const FURTHEST: i32 = 1 << 15;

/// Bytes of an id below a capacity.
const fn width(capacity: usize) -> usize {
    match capacity {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    }
}

impl Writer<'_> {
    fn id(&mut self, width: usize, x: usize) {
        self.bytes(&(x as u64).to_le_bytes()[..width]);
    }

    fn ids<D: Id>(&mut self, width: usize, ids: &[D]) {
        self.len(ids.len());
        ids.iter().for_each(|id| self.id(width, id.to_usize()));
    }

    fn coins(&mut self, coins: &Coins) {
        self.u64(coins.seed);
        self.u64(coins.first);
        self.u64(coins.taken);
    }

    fn step(&mut self, step: &Step) {
        let (tag, numbers) = match *step {
            Step::Done => (0, [0; 4]),
            Step::Enter { id, level } => (1, [id, level, 0, 0]),
            Step::Descend { id, level } => (2, [id, level, 0, 0]),
            Step::Build { level, at, bounds } => (3, [level, at, bounds.0, bounds.1]),
        };
        self.u8(tag);
        numbers.iter().for_each(|&number| self.len(number));
    }

    fn prefix_len(&mut self, len: &PrefixLen) {
        self.len(len.scalars);
        self.len(len.indices);
        self.len(len.scratch);
    }
}

impl Reader<'_> {
    fn id(&mut self, width: usize) -> Result<usize, Error> {
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(self.bytes(width)?);
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| Error::Corrupt)
    }

    fn below(&mut self, width: usize, limit: usize) -> Result<usize, Error> {
        let id = self.id(width)?;
        if id < limit { Ok(id) } else { Err(Error::Corrupt) }
    }

    fn coins(&mut self) -> Result<Coins, Error> {
        Ok(Coins { seed: self.u64()?, domain: Domain::Guess, first: self.count()?, taken: self.count()? })
    }

    fn step(&mut self) -> Result<Step, Error> {
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

    fn number(&mut self) -> Result<i32, Error> {
        let number = self.i32()?;
        if (-FURTHEST..=FURTHEST).contains(&number) { Ok(number) } else { Err(Error::Corrupt) }
    }

    fn prefix_len(&mut self) -> Result<PrefixLen, Error> {
        Ok(PrefixLen { scalars: self.len()?, indices: self.len()?, scratch: self.len()? })
    }

    /// A number that is not negative.
    fn amount<T: Real>(&mut self) -> Result<T, Error> {
        let x = self.real::<T>()?;
        if x >= T::ZERO { Ok(x) } else { Err(Error::Corrupt) }
    }
}

fn ensure(holds: bool) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Corrupt) }
}

/// Whether storage grows, and slots.
fn read_slots(reader: &mut Reader<'_>) -> Result<(bool, usize), Error> {
    let (grows, slots) = (reader.flag()?, reader.len()?);
    ensure(!grows || slots <= 2 * FURTHEST as usize)?;
    Ok((grows, slots))
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> Guesses<T, D, S, I> {
    fn write_slots(&self, w: &mut Writer<'_>) {
        w.u8(u8::from(self.is_growing()));
        w.len(self.state.slots);
    }

    fn write(&self, w: &mut Writer<'_>) {
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
        let members = view.start[0].to_usize();
        w.ids(width, &view.order[..members]);
        view.order[..members].iter().for_each(|id| w.id(width, view.depth[id.to_usize()].to_usize()));
        view.start[1..].iter().for_each(|border| w.id(width, border.to_usize()));
        let height = view.pivots[0].to_usize();
        w.ids(width, &view.pivots[1..=height]);
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
        // What a faulty function has left is not to be gone on with.
        let finite = |x: T| if x.is_finite() { x } else { T::ZERO };
        view.gains[..height].iter().for_each(|&gain| w.real(finite(gain)));
        view.scalars.iter().for_each(|&x| w.real(finite(x)));
    }

    /// Reads what was written into cleared storage; what is wrong may be found after much of it was read.
    fn load(&mut self, r: &mut Reader<'_>) -> Result<(), Error> {
        let (capacity, width, size) = (self.layout.capacity, width(self.layout.capacity), self.layout.size);
        let ids = r.len()?;
        ensure(ids <= capacity)?;
        let fault = (r.flag()?, r.len()?);
        let (stale, intact) = (r.flag()?, r.flag()?);
        let (value, bound) = (r.amount()?, r.amount()?);
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
                *gain = r.real()?;
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

    /// Checks the levels of every guess: those of one may be in the middle of a step. `may_differ` says of which elements a guess
    /// may know too little or too much.
    fn check_loaded(
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
                // What a faulty function refused after all is in no level.
                let is_known = contains == own.is_for(value) || (is_faulty && !contains);
                ensure(is_known || may_differ(number, id, contains, &own.changes))?;
                ensure(!contains || id < ids)?;
            }
        }
        Ok(())
    }

    /// Compares the values of elements alive with what a function says.
    pub(super) fn verify<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
        self.check_oracle(oracle)?;
        for id in 0..self.layout.capacity {
            let value = self.value(id);
            // Bits that mean the same may differ in no way: values are sums of what is not negative.
            if value >= T::ZERO && self.value_of(id, oracle) != Ok(value) {
                return Err(Error::Incompatible);
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

impl LazyDynamicParams {
    fn write(&self, w: &mut Writer<'_>) {
        w.len(self.capacity);
        w.len(self.size);
        w.prefix_len(&self.prefix);
        w.len(self.slots);
        w.u32(self.ladder_steps);
        w.u32(self.extra_guesses);
        w.len(self.rebuild_fraction);
        w.real(self.hysteresis);
    }

    fn read<D: Id>(r: &mut Reader<'_>) -> Result<Self, Error> {
        let params = Self {
            capacity: r.len()?,
            size: r.len()?,
            prefix: r.prefix_len()?,
            slots: r.len()?,
            ladder_steps: r.u32()?,
            extra_guesses: r.u32()?,
            rebuild_fraction: r.len()?,
            hysteresis: r.real()?,
        };
        match params.check::<D>() {
            Err(_) if params.capacity > D::LARGEST => Err(Error::Incompatible),
            checked => checked.map(|()| params).map_err(|_| Error::Corrupt),
        }
    }
}

impl DynamicParams {
    fn write(&self, w: &mut Writer<'_>) {
        w.len(self.capacity);
        w.len(self.size);
        w.prefix_len(&self.prefix);
        w.u8(u8::from(self.slots.is_some()));
        w.len(self.slots.unwrap_or(0));
        w.u32(self.ladder_steps);
    }

    fn read<D: Id>(r: &mut Reader<'_>) -> Result<Self, Error> {
        let (capacity, size, prefix) = (r.len()?, r.len()?, r.prefix_len()?);
        let (has_slots, slots) = (r.flag()?, r.len()?);
        let params = Self { capacity, size, prefix, slots: has_slots.then_some(slots), ladder_steps: r.u32()? };
        match params.check::<D>() {
            Err(_) if params.capacity > D::LARGEST => Err(Error::Incompatible),
            checked => checked.map(|()| params).map_err(|_| Error::Corrupt),
        }
    }
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> LazyDynamic<T, D, S, I> {
    /// Whether the values of the elements alive are still those that a function gives: a summary that was sent is to be gone on
    /// with only beside the data that it was made from. A gain an element; changes nothing.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if one bit differs; [`Error::Storage`] and [`Error::NotFound`] as for `query`.
    pub fn verify<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
        self.guesses.verify(oracle)
    }

    fn write(&self, w: &mut Writer<'_>) {
        let width = width(self.params.capacity);
        self.params.write(w);
        self.guesses.write_slots(w);
        w.u8(u8::from(self.crossing.is_some()));
        w.i32(self.crossing.unwrap_or(0));
        match &self.request {
            None => w.u8(0),
            Some(Request::Insert { id }) => {
                w.u8(1);
                w.len(*id);
            }
            Some(Request::Query(query)) => {
                w.u8(2);
                w.coins(&query.coins);
                [query.low, query.high, query.probe].iter().for_each(|&number| w.i32(number));
                w.u32(query.extras);
                let (stage, from) = match query.stage {
                    Stage::Open | Stage::Fresh => (0, 0),
                    Stage::Building => (1, 0),
                    Stage::Entering { from } => (2, from),
                };
                w.u8(stage);
                w.len(from);
                w.step(&query.step);
                let (value, number, len) = query.best.unwrap_or((T::ZERO, 0, 0));
                w.u8(u8::from(query.best.is_some()));
                w.real(value);
                w.i32(number);
                w.ids(width, &self.guesses.draft()[..len]);
                w.real(query.bound);
                w.real(query.largest);
            }
        }
        self.guesses.write(w);
    }

    fn read_request(&mut self, r: &mut Reader<'_>) -> Result<(), Error> {
        let capacity = self.params.capacity;
        let has_crossing = r.flag()?;
        let crossing = r.number()?;
        self.crossing = has_crossing.then_some(crossing);
        self.request = match r.u8()? {
            0 => None,
            1 => Some(Request::Insert { id: r.len()? }),
            2 => {
                let coins = r.coins()?;
                let (low, high, probe) = (r.number()?, r.number()?, r.number()?);
                let extras = r.u32()?;
                let (stage, from) = (r.u8()?, r.len()?);
                let stage = match stage {
                    0 => Stage::Open,
                    1 => Stage::Building,
                    2 => Stage::Entering { from },
                    _ => return Err(Error::Corrupt),
                };
                let step = r.step()?;
                let (has_best, value, number, len) = (r.flag()?, r.amount()?, r.number()?, r.len()?);
                ensure(
                    len <= self.params.size && from <= capacity && low < high && extras <= self.params.extra_guesses,
                )?;
                let width = width(capacity);
                let parts = self.guesses.split();
                for place in 0..len {
                    let id = D::from_usize(r.below(width, capacity)?);
                    ensure(!parts.draft[..place].contains(&id))?;
                    parts.draft[place] = id;
                }
                let best = has_best.then_some((value, number, len));
                ensure(has_best || len == 0)?;
                let (bound, largest) = (r.amount()?, r.amount::<T>()?);
                ensure(largest > T::ZERO)?;
                Some(Request::Query(Query { coins, low, high, probe, extras, stage, step, best, bound, largest }))
            }
            _ => return Err(Error::Corrupt),
        };
        Ok(())
    }

    fn check_loaded(&mut self) -> Result<(), Error> {
        let alive = |guesses: &Guesses<T, D, S, I>, id: usize| guesses.value(id) >= T::ZERO;
        let busy = match self.request {
            None => None,
            Some(Request::Insert { id }) => {
                ensure(id < self.params.capacity && !alive(&self.guesses, id))?;
                None
            }
            Some(Request::Query(query)) => {
                let len = query.best.map_or(0, |best| best.2);
                ensure(self.guesses.draft()[..len].iter().all(|id| alive(&self.guesses, id.to_usize())))?;
                ensure(query.largest == self.guesses.largest())?;
                ensure(query.stage != Stage::Open || query.step == Step::Done)?;
                let (low, high) = self.bracket(query.largest);
                let top = self.guesses.ladder.highest_for(query.largest, self.guesses.parts);
                let is_searched = low <= query.low && query.high <= high && query.low < query.probe;
                let most = if query.extras == 0 { query.high - 1 } else { top };
                ensure(is_searched && query.probe <= most)?;
                let is_at_a_guess = query.stage != Stage::Open;
                is_at_a_guess.then_some((query.probe, query.step))
            }
        };
        // What has come or gone since is noted: one that has gone may still be inside, but of the guess that is being brought up to
        // date; one that has come is not yet.
        self.guesses.check_loaded(busy, |number, id, contains, changes| {
            let is_busy = busy.is_some_and(|(busy, _)| busy == number);
            changes.has(id) && (!contains || (changes.has_gone(id) && !is_busy))
        })
    }

    fn scale(params: &LazyDynamicParams) -> Result<(Ladder, T), Error> {
        let ladder = Ladder::new(params.ladder_steps)?;
        Ok((ladder, ladder.parts(params.size)))
    }

    /// Nothing to give up: a guess that has no slot is built when it is asked for.
    #[allow(clippy::unused_self, reason = "the shape of the other form")]
    const fn bound(&mut self) {}

    fn slots_of(params: &LazyDynamicParams, (grows, slots): (bool, usize)) -> Result<usize, Error> {
        ensure(grows || slots == params.slots)?;
        // One at least, for the guess that an answer looks at.
        Ok(if grows { slots.max(1) } else { slots })
    }
}

impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> Dynamic<T, D, S, I> {
    /// Whether the values of the elements alive are still those that a function gives: a summary that was sent is to be gone on
    /// with only beside the data that it was made from. A gain an element; changes nothing.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if one bit differs; [`Error::Storage`] and [`Error::NotFound`] as for `query`.
    pub fn verify<O: PrefixOracle<T>>(&mut self, oracle: &O) -> Result<(), Error> {
        self.eager.guesses.verify(oracle)
    }

    fn write(&self, w: &mut Writer<'_>) {
        self.params.write(w);
        self.eager.guesses.write_slots(w);
        match &self.eager.request {
            None => w.u8(0),
            Some(eager::Request::Insert { id, seed }) => {
                w.u8(1);
                w.len(*id);
                w.u64(*seed);
            }
            Some(eager::Request::Spread(spread)) => {
                w.u8(2);
                w.coins(&spread.coins);
                let (change, id) = match spread.change {
                    Change::Enter { id } => (0, id),
                    Change::Leave { id } => (1, id),
                    Change::Fill => (2, 0),
                };
                w.u8(change);
                w.len(id);
                w.i32(spread.number);
                w.i32(spread.last);
                w.u8(u8::from(spread.begun));
                w.step(&spread.step);
                w.u8(u8::from(spread.fill.is_some()));
                let (first, last) = spread.fill.unwrap_or((0, 0));
                w.i32(first);
                w.i32(last);
            }
        }
        self.eager.guesses.write(w);
    }

    fn read_request(&mut self, r: &mut Reader<'_>) -> Result<(), Error> {
        self.eager.request = match r.u8()? {
            0 => None,
            1 => Some(eager::Request::Insert { id: r.len()?, seed: r.u64()? }),
            2 => {
                let coins = r.coins()?;
                let (change, id) = (r.u8()?, r.len()?);
                let change = match change {
                    0 => Change::Enter { id },
                    1 => Change::Leave { id },
                    2 => Change::Fill,
                    _ => return Err(Error::Corrupt),
                };
                let (number, last, begun) = (r.number()?, r.number()?, r.flag()?);
                let (step, has_fill) = (r.step()?, r.flag()?);
                let fill = (r.number()?, r.number()?);
                let fill = has_fill.then_some(fill);
                Some(eager::Request::Spread(Spread { coins, change, number, last, begun, step, fill }))
            }
            _ => return Err(Error::Corrupt),
        };
        Ok(())
    }

    fn check_loaded(&mut self) -> Result<(), Error> {
        let (capacity, guesses) = (self.params.capacity, &mut self.eager.guesses);
        let spread = match self.eager.request {
            None => None,
            Some(eager::Request::Insert { id, .. }) => {
                ensure(id < capacity && guesses.value(id) < T::ZERO)?;
                None
            }
            Some(eager::Request::Spread(spread)) => {
                let (ladder, parts) = (guesses.ladder, guesses.parts);
                let is_sound = match spread.change {
                    Change::Enter { id } => {
                        let is_there = id < capacity && guesses.value(id) > T::ZERO;
                        let (low, high) = if is_there { guesses.range_of(guesses.value(id)) } else { (0, -1) };
                        is_there && spread.number >= low && spread.last == high
                    }
                    Change::Leave { id } => id < capacity && guesses.value(id) < T::ZERO,
                    Change::Fill => true,
                };
                // Guesses still to be opened must be within the range of the scalar.
                let ranges = [Some((spread.number, spread.last)), spread.fill];
                let are_sound =
                    ranges.into_iter().flatten().filter(|(first, last)| first <= last).all(|(first, last)| {
                        ladder.guess::<T>(last).is_finite() && ladder.threshold(first, parts) > T::ZERO
                    });
                ensure(is_sound && are_sound && (spread.begun || spread.step == Step::Done))?;
                ensure(!spread.begun || spread.number <= spread.last)?;
                Some(spread)
            }
        };
        let busy = spread.filter(|spread| spread.begun).map(|spread| (spread.number, spread.step));
        // One that has come is not yet in the guesses to come, one that has gone still is.
        guesses.check_loaded(busy, |number, id, contains, _| {
            spread.is_some_and(|Spread { change, number: at, last, begun, .. }| {
                let is_to_come = number <= last && (number > at || (number == at && !begun));
                is_to_come && change == if contains { Change::Leave { id } } else { Change::Enter { id } }
            })
        })?;
        // Nor may it be there already.
        if let Some(Spread { change: Change::Enter { id }, number: at, begun, .. }) = spread {
            let mut parts = guesses.split();
            for slot in 0..parts.slots() {
                let Some(number) = parts.number(slot) else { continue };
                let is_to_come = number > at || (number == at && !begun);
                ensure(!is_to_come || !parts.slot(slot).levels.contains(id))?;
            }
        }
        Ok(())
    }

    fn scale(params: &DynamicParams) -> Result<(Ladder, T), Error> {
        let ladder = Ladder::new(params.ladder_steps)?;
        Ok((ladder, ladder.parts(params.size)))
    }

    /// Gives up guesses that a growing selection keeps, and one with so many slots doesn't.
    fn bound(&mut self) {
        self.eager.guesses.give_up_lowest();
        let lowest = self.eager.guesses.lowest_kept();
        if let (Some(eager::Request::Spread(spread)), Some(lowest)) = (&mut self.eager.request, lowest) {
            if spread.number < lowest {
                (spread.number, spread.begun, spread.step) = (lowest, false, Step::Done);
            }
            spread.fill = spread.fill.map(|(first, last)| (first.max(lowest), last));
        }
    }

    fn slots_of(params: &DynamicParams, (grows, slots): (bool, usize)) -> Result<usize, Error> {
        ensure(grows || slots == params.slots_or_needed())?;
        Ok(if grows { slots.max(params.needed()) } else { slots })
    }
}

macro_rules! selection_form {
    ($name:ident, $params:ident, $($field:ident).+, |$guesses:ident| $assemble:expr) => {
        impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> $name<T, D, S, I> {
            /// Parameters and slots, and the rest.
            fn open_form(bytes: &[u8]) -> Result<($params, (bool, usize), Reader<'_>), Error> {
                let mut r = wire::open::<T>(Kind::$name, bytes)?;
                let params = $params::read::<D>(&mut r)?;
                let slots = read_slots(&mut r)?;
                Ok((params, slots, r))
            }

            fn restore(
                bytes: &[u8],
                slots: impl FnOnce(&$params, (bool, usize)) -> Result<usize, Error>,
                storage: (S, I),
                grow: Option<Grow<S, I>>,
            ) -> Result<Self, Error> {
                let (mut params, found, mut r) = Self::open_form(bytes)?;
                let slots = slots(&params, found)?;
                if grow.is_none() {
                    // What grew is bounded from here on.
                    params = params.slots(slots);
                }
                let $guesses = Guesses::with_growth(params.layout(), Self::scale(&params)?, slots, storage, grow)?;
                let mut summary: Self = ($assemble)(params);
                summary.read_request(&mut r)?;
                summary.$($field).+.load(&mut r)?;
                r.end()?;
                if found.0 && grow.is_none() {
                    summary.bound();
                }
                summary.check_loaded()?;
                Ok(summary)
            }
        }

        /// After an error the storage given may hold anything.
        impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> Wire for $name<T, D, S, I> {
            type Storage = (S, I);

            fn encoded_len(&self) -> usize {
                wire::len(|w| self.write(w))
            }

            fn encode_into(&self, out: &mut [u8]) -> Result<usize, Error> {
                wire::encode::<T>(Kind::$name, out, |w| self.write(w))
            }

            fn decode_in(bytes: &[u8], storage: (S, I)) -> Result<Self, Error> {
                Self::restore(bytes, Self::slots_of, storage, None)
            }

            fn storage_needed(bytes: &[u8]) -> Result<usize, Error> {
                let (params, slots, _) = Self::open_form(bytes)?;
                Ok(params.layout().storage_len(Self::slots_of(&params, slots)?))
            }

            fn indices_needed(bytes: &[u8]) -> Result<usize, Error> {
                let (params, slots, _) = Self::open_form(bytes)?;
                Ok(params.layout().index_len(Self::slots_of(&params, slots)?, D::BITS))
            }

            /// What grew before grows again.
            #[cfg(feature = "alloc")]
            fn decode(bytes: &[u8]) -> Result<Self, Error>
            where
                (S, I): crate::base::storage::Allocated,
            {
                let (params, (grows, slots), _) = Self::open_form(bytes)?;
                ensure(grows || Self::slots_of(&params, (grows, slots)) == Ok(slots))?;
                let layout = params.layout();
                let (scalars, ids) = (layout.storage_len(slots), layout.index_len(slots, D::BITS));
                let storage = wire::allocate(scalars, ids, bytes)?;
                let grow: Grow<S, I> = crate::base::storage::Allocated::extend;
                Self::restore(bytes, |_, (_, slots)| Ok(slots), storage, grows.then_some(grow))
            }
        }

        #[cfg(feature = "serde")]
        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        impl<T: Real, D: Id, S: Storage<T>, I: Storage<D>> serde_core::Serialize for $name<T, D, S, I> {
            fn serialize<Z: serde_core::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                crate::wire::serde::serialize(self, serializer)
            }
        }

        #[cfg(feature = "serde")]
        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        impl<'de, T: Real, D: Id> serde_core::Deserialize<'de> for $name<T, D, alloc::vec::Vec<T>, alloc::vec::Vec<D>> {
            fn deserialize<Z: serde_core::Deserializer<'de>>(deserializer: Z) -> Result<Self, Z::Error> {
                crate::wire::serde::deserialize(deserializer, <Self as Wire>::decode)
            }
        }
    };
}

selection_form!(LazyDynamic, LazyDynamicParams, guesses, |guesses| |params| Self {
    params,
    guesses,
    crossing: None,
    request: None
});
selection_form!(Dynamic, DynamicParams, eager.guesses, |guesses| |params| Self { params, eager: Eager::new(guesses) });
