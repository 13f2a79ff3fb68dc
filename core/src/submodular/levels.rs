//! One guess of the best value: candidates in nested levels, a uniformly random pivot from each.
//!
//! Level `i` holds the elements whose gain given the pivots of the levels before is at least the threshold; its pivot is one
//! of them, uniformly random given those pivots and the level. So an element that leaves is a pivot rarely, and only then
//! are levels built anew. (Banihashem et al., SODA 2024, for a bound on the size.)
//!
//! The levels are not stored one by one: `order` lists the candidates by depth, the last level that each belongs to, and level
//! `i` is what follows border `i`.

use super::admission::Admission;
use super::matroid::{Chosen, Exchange};
use super::meter::{Exhausted, Meter};
use super::{Prefix, PrefixOracle};
use crate::random::keyed::Coins;
use crate::{Error, Id, Real};

/// Candidates whose data are fetched together.
const BATCH: usize = 16;

/// What a guess is in the middle of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    #[default]
    Done,
    /// An element has come to a level: does it become the pivot?
    Enter { id: usize, level: usize },
    /// It has not: does it belong to the next level?
    Descend { id: usize, level: usize },
    /// The levels from one on are built anew, from a candidate on, whose depth is searched for within bounds.
    Build { level: usize, at: usize, bounds: (usize, usize) },
}

/// Parts of the storage of a guess. Ids are places, levels count from 1; a depth of 0 is that of an element outside.
#[derive(Debug)]
pub(super) struct Levels<'a, T, D> {
    pub(super) threshold: T,
    pub(super) order: &'a mut [D],
    /// Place in the order of each element inside.
    pub(super) place: &'a mut [D],
    pub(super) depth: &'a mut [D],
    /// Where level `i` begins in the order, for `i` from 1 to `size + 1`; first the number of candidates.
    pub(super) start: &'a mut [D],
    /// Pivots from 1 on; first their number.
    pub(super) pivots: &'a mut [D],
    /// What each pivot has added.
    pub(super) gains: &'a mut [T],
    /// The push that took the place of each pivot, 0 if none has; empty where none may.
    pub(super) left: &'a mut [D],
    pub(super) prefix: Prefix<'a, T, D>,
}

impl<T: Real, D: Id> Levels<'_, T, D> {
    /// The same, borrowed anew.
    pub(super) const fn reborrow(&mut self) -> Levels<'_, T, D> {
        Levels {
            threshold: self.threshold,
            order: self.order,
            place: self.place,
            depth: self.depth,
            start: self.start,
            pivots: self.pivots,
            gains: self.gains,
            left: self.left,
            prefix: self.prefix.reborrow(),
        }
    }

    pub(super) fn members(&self) -> usize {
        self.start[0].to_usize()
    }

    pub(super) fn height(&self) -> usize {
        self.pivots[0].to_usize()
    }

    pub(super) const fn size(&self) -> usize {
        self.gains.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.height() == self.size()
    }

    /// Value of the pivots.
    pub(super) fn value(&self) -> T {
        self.gains[..self.height()].iter().fold(T::ZERO, |sum, &gain| sum + gain)
    }

    pub(super) fn contains(&self, id: usize) -> bool {
        self.depth[id] != D::default()
    }

    /// What it takes for an element to be chosen after so many pushes.
    fn exchange(&self, admission: &impl Admission<T>, pushes: usize, id: usize) -> Exchange {
        let left = self.left.get(1..=pushes).unwrap_or_default();
        admission.exchange(&Chosen::new(&self.pivots[1..=pushes], &self.gains[..pushes], left), id)
    }

    /// The level whose pivot an element would replace.
    pub(super) fn replaces(&self, admission: &impl Admission<T>, pushes: usize, id: usize) -> Option<usize> {
        match self.exchange(admission, pushes, id) {
            Exchange::Replaces(place) if place < pushes => Some(place + 1),
            Exchange::Replaces(_) | Exchange::Joins | Exchange::Barred => None,
        }
    }

    /// Whether an element of this gain, given so many pushes, belongs to the next level.
    pub(super) fn admits<A: Admission<T>>(&self, admission: &A, pushes: usize, id: usize, gain: T) -> bool {
        let may_be_chosen = || match self.exchange(admission, pushes, id) {
            Exchange::Joins => true,
            Exchange::Replaces(place) => place < pushes && gain >= T::constant(A::FACTOR) * self.gains[place],
            Exchange::Barred => false,
        };
        gain >= self.threshold && (A::IS_FREE || may_be_chosen())
    }

    pub(super) fn start_of(&self, level: usize) -> usize {
        self.start[level].to_usize()
    }

    fn set_members(&mut self, members: usize) {
        self.start[0] = D::from_usize(members);
        for border in &mut self.start[self.pivots[0].to_usize() + 1..] {
            *border = D::from_usize(members);
        }
    }

    fn put(&mut self, place: usize, id: D) {
        self.order[place] = id;
        self.place[id.to_usize()] = D::from_usize(place);
    }

    /// Nothing inside.
    pub(super) fn clear<O: PrefixOracle<T>>(&mut self, oracle: &O) {
        self.depth.fill(D::default());
        self.start.fill(D::default());
        self.pivots[0] = D::default();
        oracle.truncate(&mut self.prefix, 0);
    }

    /// Candidates anew, in the order given; everything is to be built.
    pub(super) fn fill<O: PrefixOracle<T>>(
        &mut self,
        ids: impl Iterator<Item = usize>,
        coins: &mut Coins,
        oracle: &O,
    ) -> Step {
        self.refill(ids, oracle);
        self.build(1, None, coins, oracle)
    }

    /// Candidates anew, in the order given, all of them in the first level.
    pub(super) fn refill<O: PrefixOracle<T>>(&mut self, ids: impl Iterator<Item = usize>, oracle: &O) {
        self.clear(oracle);
        let mut members = 0;
        for id in ids {
            self.put(members, D::from_usize(id));
            self.depth[id] = D::from_usize(1);
            members += 1;
        }
        self.set_members(members);
        // Level 1 is everything, also without a pivot yet.
        self.start[1] = D::default();
    }

    /// Takes an element in that is outside, at the end of the first level.
    pub(super) fn enter(&mut self, id: usize) -> Step {
        let (members, height) = (self.members(), self.height());
        let mut hole = members;
        for level in (2..=height).rev() {
            let first = self.start_of(level);
            if first != hole {
                self.put(hole, self.order[first]);
            }
            hole = first;
            self.start[level] = D::from_usize(first + 1);
        }
        self.put(hole, D::from_usize(id));
        self.depth[id] = D::from_usize(1);
        self.start[0] = D::from_usize(members + 1);
        for border in &mut self.start[height.max(1) + 1..] {
            *border = D::from_usize(members + 1);
        }
        Step::Enter { id, level: 1 }
    }

    /// Takes an element out. If it was a pivot, its level, from which on everything is to be built anew.
    pub(super) fn remove(&mut self, id: usize) -> Option<usize> {
        let (members, height, depth) = (self.members(), self.height(), self.depth[id].to_usize());
        let mut hole = self.place[id].to_usize();
        for level in depth..=height.max(depth) {
            let last = self.start_of(level + 1) - 1;
            if last != hole {
                self.put(hole, self.order[last]);
            }
            hole = last;
            self.start[level + 1] = D::from_usize(last);
        }
        self.depth[id] = D::default();
        self.start[0] = D::from_usize(members - 1);
        for border in &mut self.start[height.max(depth) + 1..] {
            *border = D::from_usize(members - 1);
        }
        (depth <= height && self.pivots[depth].to_usize() == id).then_some(depth)
    }

    /// Begins to build the levels from one on anew: its candidates in random order, one of them perhaps in front.
    pub(super) fn build<O: PrefixOracle<T>>(
        &mut self,
        level: usize,
        front: Option<usize>,
        coins: &mut Coins,
        oracle: &O,
    ) -> Step {
        let (base, members) = (self.start_of(level), self.members());
        // Where each one is is noted once all have their places.
        coins.shuffle(&mut self.order[base..members]);
        let front = front.and_then(|id| self.order[base..members].iter().position(|own| own.to_usize() == id));
        if let Some(place) = front {
            self.order.swap(base, base + place);
        }
        self.forget_pivots(level);
        oracle.truncate(&mut self.prefix, level - 1);
        Step::Build { level, at: base, bounds: (0, 0) }
    }

    /// No pivots from a level on.
    pub(super) fn forget_pivots(&mut self, level: usize) {
        self.pivots[0] = D::from_usize(level - 1);
        self.left.iter_mut().filter(|push| push.to_usize() >= level).for_each(|push| *push = D::default());
    }

    pub(super) fn swap_places(&mut self, first: usize, second: usize) {
        let (x, y) = (self.order[first], self.order[second]);
        self.put(first, y);
        self.put(second, x);
    }

    /// Goes on with a step until it is done or the budget is used up.
    pub(super) fn advance<O: PrefixOracle<T>, A: Admission<T>>(
        &mut self,
        step: &mut Step,
        coins: &mut Coins,
        meter: &mut Meter<'_, O>,
        admission: &A,
    ) -> Result<(), Exhausted> {
        loop {
            *step = match *step {
                Step::Done => return Ok(()),
                #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
                Step::Enter { id, level } => {
                    let candidates = (self.members() - self.start_of(level)) as u32;
                    // One of so many is the pivot: the newcomer with the probability of each.
                    if level == self.height() + 1 || coins.below(candidates) == 0 {
                        self.build(level, Some(id), coins, meter.oracle)
                    } else if level == self.size() {
                        Step::Done
                    } else {
                        Step::Descend { id, level }
                    }
                }
                Step::Descend { id, level } => {
                    let gain = meter.gain(&mut self.prefix, level, id)?;
                    if self.admits(admission, level, id, gain) {
                        self.promote(id, level);
                        Step::Enter { id, level: level + 1 }
                    } else {
                        Step::Done
                    }
                }
                Step::Build { level, .. } => {
                    self.place_candidates(step, meter, admission)?;
                    self.sort(level);
                    Step::Done
                }
            };
        }
    }

    /// Brings the element from the depth given to the next.
    pub(super) fn promote(&mut self, id: usize, depth: usize) {
        let last = self.start_of(depth + 1) - 1;
        self.swap_places(self.place[id].to_usize(), last);
        self.start[depth + 1] = D::from_usize(last);
        self.depth[id] = D::from_usize(depth + 1);
    }

    /// Gives every candidate from the step's on its depth; those that reach the last level become pivots of the next.
    fn place_candidates<O: PrefixOracle<T>, A: Admission<T>>(
        &mut self,
        step: &mut Step,
        meter: &mut Meter<'_, O>,
        admission: &A,
    ) -> Result<(), Exhausted> {
        let Step::Build { level, at, bounds } = step else { return Ok(()) };
        while *at < self.members() {
            let id = self.order[*at].to_usize();
            let height = self.height();
            // In random order every row is far from the last: some are fetched together, so that their ways overlap.
            if *at % BATCH == 0 || *at == self.start_of(*level) {
                let batch = *at..(*at - *at % BATCH + BATCH).min(self.members());
                self.order[batch].iter().for_each(|id| meter.oracle.prefetch(id.to_usize()));
            }
            if *bounds == (0, 0) {
                if height < self.size() {
                    let gain = meter.gain(&mut self.prefix, height, id)?;
                    if self.admits(admission, height, id, gain) {
                        let replaced = self.replaces(admission, height, id);
                        self.add_pivot(id, gain, replaced, meter.oracle);
                        self.depth[id] = D::from_usize(height + 1);
                        *at += 1;
                        continue;
                    }
                }
                *bounds = (*level - 1, height);
            }
            let depth = if A::IS_FREE {
                meter.search(&mut self.prefix, id, self.threshold, bounds)?
            } else {
                self.search(id, bounds, meter, admission)?
            };
            *bounds = (0, 0);
            self.depth[id] = D::from_usize(depth);
            if depth == 0 {
                // Only a faulty oracle refuses what it had accepted.
                let last = self.members() - 1;
                self.order.swap(*at, last);
                self.start[0] = D::from_usize(last);
            } else {
                *at += 1;
            }
        }
        Ok(())
    }

    /// Goes on with a binary search for the last level that an element belongs to: what it adds falls with every push, and what it
    /// has to outweigh grows.
    fn search<O: PrefixOracle<T>, A: Admission<T>>(
        &mut self,
        id: usize,
        bounds: &mut (usize, usize),
        meter: &mut Meter<'_, O>,
        admission: &A,
    ) -> Result<usize, Exhausted> {
        while bounds.1.saturating_sub(bounds.0) > 1 {
            let middle = bounds.0 + (bounds.1 - bounds.0) / 2;
            let gain = meter.gain(&mut self.prefix, middle, id)?;
            if self.admits(admission, middle, id, gain) {
                bounds.0 = middle;
            } else {
                bounds.1 = middle;
            }
        }
        Ok(bounds.1)
    }

    /// Chooses an element after the others, perhaps in the place of the pivot of a level.
    pub(super) fn add_pivot<O: PrefixOracle<T>>(&mut self, id: usize, gain: T, replaced: Option<usize>, oracle: &O) {
        let height = self.height();
        oracle.push(&mut self.prefix, height, id);
        self.note_pivot(id, gain, replaced);
    }

    /// The same, without a push.
    pub(super) fn note_pivot(&mut self, id: usize, gain: T, replaced: Option<usize>) {
        let height = self.height();
        if let Some(level) = replaced {
            self.left[level] = D::from_usize(height + 1);
        }
        self.gains[height] = gain;
        self.pivots[height + 1] = D::from_usize(id);
        self.pivots[0] = D::from_usize(height + 1);
    }

    /// Sorts the candidates from a level on by depth, in place, and sets the borders.
    fn sort(&mut self, level: usize) {
        let (base, members, height) = (self.start_of(level), self.members(), self.height());
        self.start[level..].fill(D::default());
        // Those that a faulty oracle has sent back one level.
        let mut before = base;
        for &id in &self.order[base..members] {
            let depth = self.depth[id.to_usize()].to_usize();
            if depth < level {
                before += 1;
            } else {
                self.start[depth] = D::from_usize(self.start_of(depth) + 1);
            }
        }
        let mut end = before;
        for border in &mut self.start[level..=height.max(level)] {
            end += border.to_usize();
            *border = D::from_usize(end);
        }
        // Borders count down from the end of their level as candidates find their places.
        for at in base..members {
            loop {
                let depth = self.depth[self.order[at].to_usize()].to_usize();
                let border = if depth < level { before } else { self.start_of(depth) };
                if at >= border {
                    break;
                }
                if depth < level {
                    before = border - 1;
                } else {
                    self.start[depth] = D::from_usize(border - 1);
                }
                self.order.swap(at, border - 1);
            }
        }
        for at in base..members {
            self.place[self.order[at].to_usize()] = D::from_usize(at);
        }
        for border in &mut self.start[height.max(level - 1) + 1..] {
            *border = D::from_usize(members);
        }
    }

    /// Recomputes what must hold: that every candidate is as deep as its gains say, and pivots are candidates of their level.
    pub(super) fn check<O: PrefixOracle<T>>(&mut self, oracle: &O, admission: &impl Admission<T>) -> Result<(), Error> {
        self.check_places()?;
        let (members, height) = (self.members(), self.height());
        let violated =
            |gain: T, threshold: T| Err(Error::BoundViolated { value: gain.as_f64(), bound: threshold.as_f64() });
        for at in 0..members {
            let id = self.order[at].to_usize();
            let depth = self.depth[id].to_usize();
            let is_pivot = depth <= height && self.pivots[depth].to_usize() == id;
            for pushes in 1..=height.min(self.size() - 1) {
                let gain = oracle.gain(&mut self.prefix, pushes, id);
                let is_above = self.admits(admission, pushes, id, gain);
                if (pushes < depth && !is_above) || (pushes >= depth && !is_pivot && is_above) {
                    return violated(gain, self.threshold);
                }
            }
        }
        Ok(())
    }

    /// Whether levels that were read can be gone on with, in the middle of a step.
    pub(super) fn check_loaded(&self, step: &Step) -> Result<(), Error> {
        let (members, height, size) = (self.members(), self.height(), self.size());
        let depth = |place: usize| self.depth[self.order[place].to_usize()].to_usize();
        let is_sound = match *step {
            Step::Build { level, at, bounds: (low, high) } => {
                let is_in_range = (1..=size.min(height + 1)).contains(&level) && at <= members;
                let base = if is_in_range { self.start_of(level) } else { 0 };
                let is_searching = (low, high) != (0, 0);
                is_in_range
                    && self.start_of(1) == 0
                    && self.start[1..=level].is_sorted()
                    && base <= at
                    && !(is_searching && (low < level - 1 || low > high || high > height || at == members))
                    && (0..base).all(|place| {
                        let depth = depth(place);
                        depth < level && (self.start_of(depth)..self.start_of(depth + 1)).contains(&place)
                    })
                    && (base..at).all(|place| (level.max(2) - 1..=height).contains(&depth(place)))
                    && (1..=height).all(|own| {
                        let place = self.place[self.pivots[own].to_usize()].to_usize();
                        if own < level { place < base } else { (base..at).contains(&place) }
                    })
            }
            Step::Done | Step::Enter { .. } | Step::Descend { .. } => {
                self.start_of(1) == 0
                    && self.start[1..].is_sorted()
                    && self.start_of(size + 1) == members
                    && self.check_places().is_ok()
                    && match *step {
                        Step::Enter { id, level } | Step::Descend { id, level } => {
                            let most = if matches!(step, Step::Enter { .. }) { height + 1 } else { height };
                            level <= most.min(size)
                                && self.depth.get(id).is_some_and(|depth| depth.to_usize() == level)
                                && level > 0
                        }
                        _ => true,
                    }
            }
        };
        if is_sound { Ok(()) } else { Err(Error::Corrupt) }
    }

    /// Whether every candidate is where its depth says, and every pivot a candidate of its level.
    pub(super) fn check_places(&self) -> Result<(), Error> {
        let (members, height) = (self.members(), self.height());
        for at in 0..members {
            let id = self.order[at].to_usize();
            let depth = self.depth[id].to_usize();
            if self.place[id].to_usize() != at || at < self.start_of(depth) || at >= self.start_of(depth + 1) {
                return Err(Error::Corrupt);
            }
        }
        let has_pivots = (1..=height).all(|level| self.depth[self.pivots[level].to_usize()].to_usize() == level);
        if has_pivots && self.start_of(height + 1) == members { Ok(()) } else { Err(Error::Corrupt) }
    }
}
