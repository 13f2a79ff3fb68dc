//! The levels of one guess: nested sets of candidates, with a uniformly random pivot from each.
//!
//! Level `i` holds the elements whose gain given the pivots of the levels before reaches the threshold. Its pivot is uniformly
//! random among them, given those pivots and the level. An element that is deleted is therefore rarely a pivot, and only the
//! deletion of a pivot makes levels be rebuilt (Banihashem et al., SODA 2024, for a cardinality constraint).
//!
//! The levels are not stored one by one. `order` lists the candidates by depth, the last level that each belongs to, and level
//! `i` is everything behind border `i`.

use crate::random::keyed::Coins;
use crate::submodular::constraint::Constraint;
use crate::submodular::matroid::{Chosen, Exchange};
use crate::submodular::meter::{Exhausted, Meter};
use crate::submodular::{Prefix, PrefixOracle};
use crate::{Id, Real};

/// Candidates whose data are fetched together.
const BATCH: usize = 16;

/// What is left to be done in a guess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Step {
    #[default]
    Done,
    /// An element has reached a level: does it become the pivot?
    Enter { id: usize, level: usize },
    /// It didn't: does it belong to the next level?
    Descend { id: usize, level: usize },
    /// The levels from one on are being built, at a candidate, whose depth is searched within bounds.
    Build { level: usize, at: usize, bounds: (usize, usize) },
}

/// Parts of the storage of a guess. Ids are places, levels count from 1, and an element outside has depth 0.
#[derive(Debug)]
pub(crate) struct Levels<'a, T, D> {
    pub(crate) threshold: T,
    pub(crate) order: &'a mut [D],
    /// Place of each element inside in the order.
    pub(crate) place: &'a mut [D],
    pub(crate) depth: &'a mut [D],
    /// The number of candidates, then where level `i` begins in the order, for `i` from 1 to `size + 1`.
    pub(crate) start: &'a mut [D],
    /// The number of pivots, then the pivots.
    pub(crate) pivots: &'a mut [D],
    /// The gain of each pivot.
    pub(crate) gains: &'a mut [T],
    /// The push that replaced each pivot, 0 for none; empty where no pivot may be replaced.
    pub(crate) left: &'a mut [D],
    pub(crate) prefix: Prefix<'a, T, D>,
}

impl<T: Real, D: Id> Levels<'_, T, D> {
    pub(crate) fn members(&self) -> usize {
        self.start[0].to_usize()
    }

    pub(crate) fn height(&self) -> usize {
        self.pivots[0].to_usize()
    }

    pub(crate) const fn size(&self) -> usize {
        self.gains.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.height() == self.size()
    }

    /// Value of all pivots.
    pub(crate) fn value(&self) -> T {
        self.gains[..self.height()].iter().fold(T::ZERO, |sum, &gain| sum + gain)
    }

    pub(crate) fn contains(&self, id: usize) -> bool {
        self.depth[id] != D::default()
    }

    /// What it takes to choose an element after a number of pushes.
    fn exchange(&self, constraint: &impl Constraint<T>, pushes: usize, id: usize) -> Exchange {
        let left = self.left.get(1..=pushes).unwrap_or_default();
        constraint.exchange(&Chosen::new(&self.pivots[1..=pushes], &self.gains[..pushes], left), id)
    }

    /// The level whose pivot an element would replace.
    pub(crate) fn replaces(&self, constraint: &impl Constraint<T>, pushes: usize, id: usize) -> Option<usize> {
        match self.exchange(constraint, pushes, id) {
            Exchange::Replaces(place) if place < pushes => Some(place + 1),
            Exchange::Replaces(_) | Exchange::Joins | Exchange::Barred => None,
        }
    }

    /// Whether an element of this gain, given a number of pushes, belongs to the next level.
    pub(crate) fn admits<C: Constraint<T>>(&self, constraint: &C, pushes: usize, id: usize, gain: T) -> bool {
        gain >= self.threshold && (C::IS_FREE || self.may_be_chosen(constraint, pushes, id, gain))
    }

    /// Whether the constraint lets an element of this gain be chosen. Not inlined: flash is scarce.
    #[inline(never)]
    fn may_be_chosen<C: Constraint<T>>(&self, constraint: &C, pushes: usize, id: usize, gain: T) -> bool {
        match self.exchange(constraint, pushes, id) {
            Exchange::Joins => true,
            Exchange::Replaces(place) => place < pushes && gain >= T::constant(C::FACTOR) * self.gains[place],
            Exchange::Barred => false,
        }
    }

    pub(crate) fn start_of(&self, level: usize) -> usize {
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

    /// Removes all candidates.
    pub(crate) fn clear<O: PrefixOracle<T>>(&mut self, oracle: &O) {
        self.depth.fill(D::default());
        self.start.fill(D::default());
        self.pivots[0] = D::default();
        oracle.truncate(&mut self.prefix, 0);
    }

    /// Replaces all candidates, in the order given, and begins to build every level.
    pub(crate) fn fill<O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        ids: impl Iterator<Item = usize>,
        coins: &mut Coins,
        oracle: &O,
        constraint: &C,
    ) -> Step {
        self.clear(oracle);
        let mut members = 0;
        for id in ids {
            self.put(members, D::from_usize(id));
            self.depth[id] = D::from_usize(1);
            members += 1;
        }
        self.set_members(members);
        // Level 1 holds every candidate, also without a pivot yet.
        self.start[1] = D::default();
        self.build(1, None, coins, oracle, constraint)
    }

    /// Adds an element that is outside at the end of the first level.
    pub(crate) fn enter(&mut self, id: usize) -> Step {
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

    /// Removes an element. If it was a pivot, returns its level, from which on everything must be rebuilt.
    pub(crate) fn remove(&mut self, id: usize) -> Option<usize> {
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

    /// Begins to build the levels from one on: its candidates in random order, the one given in front. Where the state of the
    /// function follows replacements, one pivot is drawn at a time. Not inlined: flash is scarce.
    #[inline(never)]
    pub(crate) fn build<O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        level: usize,
        front: Option<usize>,
        coins: &mut Coins,
        oracle: &O,
        _: &C,
    ) -> Step {
        let (base, members) = (self.start_of(level), self.members());
        self.forget_pivots(level);
        if C::FOLLOWS {
            self.load(level - 1, oracle);
            match front {
                Some(id) => self.swap_places(base, self.place[id].to_usize()),
                None => self.draw_pivot(base, coins),
            }
        } else {
            // The place of each is noted once all have theirs.
            coins.shuffle(&mut self.order[base..members]);
            let front = front.and_then(|id| self.order[base..members].iter().position(|own| own.to_usize() == id));
            if let Some(place) = front {
                self.order.swap(base, base + place);
            }
            oracle.truncate(&mut self.prefix, level - 1);
        }
        Step::Build { level, at: base, bounds: (0, 0) }
    }

    /// Removes the pivots from a level on.
    pub(crate) fn forget_pivots(&mut self, level: usize) {
        self.pivots[0] = D::from_usize(level - 1);
        self.left.iter_mut().filter(|push| push.to_usize() >= level).for_each(|push| *push = D::default());
    }

    pub(crate) fn swap_places(&mut self, first: usize, second: usize) {
        let (x, y) = (self.order[first], self.order[second]);
        self.put(first, y);
        self.put(second, x);
    }

    /// Continues a step until it is done or the budget is used up.
    pub(crate) fn advance<O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        step: &mut Step,
        coins: &mut Coins,
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<(), Exhausted> {
        loop {
            *step = match *step {
                Step::Done => return Ok(()),
                #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
                Step::Enter { id, level } => {
                    if C::FOLLOWS && level == 1 {
                        self.load(0, meter.oracle);
                    }
                    let candidates = (self.members() - self.start_of(level)) as u32;
                    // The newcomer is the pivot with the same probability as every other candidate.
                    if level == self.height() + 1 || coins.below(candidates) == 0 {
                        self.build(level, Some(id), coins, meter.oracle, constraint)
                    } else if level == self.size() {
                        Step::Done
                    } else {
                        if C::FOLLOWS {
                            self.follow(level, meter.oracle);
                        }
                        Step::Descend { id, level }
                    }
                }
                Step::Descend { id, level } => {
                    let pushes = if C::FOLLOWS { self.count(level) } else { level };
                    let gain = meter.gain(&mut self.prefix, pushes, id)?;
                    if self.admits(constraint, level, id, gain) {
                        self.promote(id, level);
                        Step::Enter { id, level: level + 1 }
                    } else {
                        Step::Done
                    }
                }
                Step::Build { .. } if C::FOLLOWS => {
                    self.place_and_follow(step, coins, meter, constraint)?;
                    Step::Done
                }
                Step::Build { level, .. } => {
                    self.place_candidates(step, meter, constraint)?;
                    self.sort(level);
                    Step::Done
                }
            };
        }
    }

    /// Moves an element from the depth given to the next.
    pub(crate) fn promote(&mut self, id: usize, depth: usize) {
        let last = self.start_of(depth + 1) - 1;
        self.swap_places(self.place[id].to_usize(), last);
        self.start[depth + 1] = D::from_usize(last);
        self.depth[id] = D::from_usize(depth + 1);
    }

    /// Finds the depth of every candidate from that of the step on. A candidate that belongs beyond the last level becomes the next
    /// pivot.
    fn place_candidates<O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        step: &mut Step,
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<(), Exhausted> {
        let Step::Build { level, at, bounds } = step else { return Ok(()) };
        while *at < self.members() {
            let id = self.order[*at].to_usize();
            let height = self.height();
            // In random order every row is far from the last, so several are fetched together.
            if *at % BATCH == 0 || *at == self.start_of(*level) {
                let batch = *at..(*at - *at % BATCH + BATCH).min(self.members());
                self.order[batch].iter().for_each(|id| meter.oracle.prefetch(id.to_usize()));
            }
            if *bounds == (0, 0) {
                if height < self.size() {
                    let gain = meter.gain(&mut self.prefix, height, id)?;
                    if self.admits(constraint, height, id, gain) {
                        let replaced = self.replaces(constraint, height, id);
                        self.add_pivot(id, gain, replaced, meter.oracle);
                        self.depth[id] = D::from_usize(height + 1);
                        *at += 1;
                        continue;
                    }
                }
                *bounds = (*level - 1, height);
            }
            let depth = if C::IS_FREE {
                meter.search(&mut self.prefix, id, self.threshold, bounds)?
            } else {
                self.search(id, bounds, meter, constraint)?
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

    /// Continues a binary search for the last level that an element belongs to: its gain falls with every push, and the gain that it
    /// must outweigh grows.
    fn search<O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        id: usize,
        bounds: &mut (usize, usize),
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<usize, Exhausted> {
        while bounds.1.saturating_sub(bounds.0) > 1 {
            let middle = bounds.0 + (bounds.1 - bounds.0) / 2;
            let gain = meter.gain(&mut self.prefix, middle, id)?;
            if self.admits(constraint, middle, id, gain) {
                bounds.0 = middle;
            } else {
                bounds.1 = middle;
            }
        }
        Ok(bounds.1)
    }

    /// Chooses an element after the others, perhaps as the replacement of the pivot of a level.
    pub(crate) fn add_pivot<O: PrefixOracle<T>>(&mut self, id: usize, gain: T, replaced: Option<usize>, oracle: &O) {
        let height = self.height();
        oracle.push(&mut self.prefix, height, id);
        self.note_pivot(id, gain, replaced);
    }

    /// Notes a pivot without a push.
    pub(crate) fn note_pivot(&mut self, id: usize, gain: T, replaced: Option<usize>) {
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
        // Candidates that a faulty oracle sent back one level.
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
}
