//! What must hold of the levels of a guess.

use super::levels::{Levels, Step};
use crate::submodular::PrefixOracle;
use crate::submodular::constraint::Constraint;
use crate::{Error, Id, Real};

impl<T: Real, D: Id> Levels<'_, T, D> {
    /// Recomputes that every candidate is as deep as its gains say, and that pivots are candidates of their level.
    pub(crate) fn check<O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        oracle: &O,
        constraint: &C,
    ) -> Result<(), Error> {
        self.check_places()?;
        let (members, height) = (self.members(), self.height());
        if C::FOLLOWS {
            self.load(0, oracle);
        }
        for level in 1..=height.min(self.size() - 1) {
            if C::FOLLOWS {
                self.follow(level, oracle);
            }
            let pushes = if C::FOLLOWS { self.count(level) } else { level };
            for at in 0..members {
                let id = self.order[at].to_usize();
                let depth = self.depth[id].to_usize();
                let is_pivot = depth <= level && self.pivots[depth].to_usize() == id;
                // A gain that may rise again says nothing of an element left behind.
                if is_pivot || (C::FOLLOWS && depth < level) {
                    continue;
                }
                let gain = oracle.gain(&mut self.prefix, pushes, id);
                if self.admits(constraint, level, id, gain) != (depth > level) {
                    return Err(Error::BoundViolated { value: gain.as_f64(), bound: self.threshold.as_f64() });
                }
            }
        }
        Ok(())
    }

    /// Whether levels that were read can be continued, in the middle of a step.
    pub(crate) fn check_loaded(&self, step: &Step) -> Result<(), Error> {
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

    /// Whether every candidate is where its depth says, and every pivot is a candidate of its level.
    pub(crate) fn check_places(&self) -> Result<(), Error> {
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
