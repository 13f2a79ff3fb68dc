//! Levels whose gains are given only the elements that are left after replacements, for functions that are not monotone.
//!
//! Such gains may rise again, so the state of the function follows every replacement, from level to level.

use super::levels::{Levels, Step};
use crate::random::keyed::Coins;
use crate::submodular::PrefixOracle;
use crate::submodular::constraint::Constraint;
use crate::submodular::meter::{Exhausted, Meter};
use crate::{Id, Real};

impl<T: Real, D: Id> Levels<'_, T, D> {
    /// Whether the pivot of a level is left after a number of pushes.
    fn stays(&self, level: usize, pushes: usize) -> bool {
        !(1..=pushes).contains(&self.left[level].to_usize())
    }

    /// Number of pivots that are left after a number of pushes.
    pub(super) fn count(&self, pushes: usize) -> usize {
        (1..=pushes).filter(|&level| self.stays(level, pushes)).count()
    }

    /// Computes the state of the function after a number of pushes.
    pub(super) fn load<O: PrefixOracle<T>>(&mut self, pushes: usize, oracle: &O) {
        oracle.truncate(&mut self.prefix, 0);
        (1..=pushes).for_each(|push| self.follow(push, oracle));
    }

    /// Advances the state of the function by one push.
    pub(super) fn follow<O: PrefixOracle<T>>(&mut self, push: usize, oracle: &O) {
        let replaced = (1..push).find(|&level| self.left[level].to_usize() == push);
        let mut size = self.count(push - 1);
        if let Some(replaced) = replaced {
            // The pivots before the replaced one keep their places.
            size = (1..replaced).filter(|&level| self.stays(level, push)).count();
            oracle.truncate(&mut self.prefix, size);
            for level in replaced + 1..push {
                if self.stays(level, push) {
                    oracle.push(&mut self.prefix, size, self.pivots[level].to_usize());
                    size += 1;
                }
            }
        }
        oracle.push(&mut self.prefix, size, self.pivots[push].to_usize());
    }

    /// Brings a uniformly random candidate from a place on to that place: the next pivot.
    pub(super) fn draw_pivot(&mut self, base: usize, coins: &mut Coins) {
        let candidates = self.members() - base;
        if candidates > 0 {
            #[allow(clippy::cast_possible_truncation, reason = "ids are at most 32 bits wide")]
            let place = base + coins.below(candidates as u32) as usize;
            self.swap_places(base, place);
        }
    }

    /// Continues to build levels: at the pivot of a level while the upper bound is 0, else at a candidate, with those of the next
    /// level from the upper bound on. Not inlined: flash is scarce.
    #[inline(never)]
    pub(super) fn place_and_follow<O: PrefixOracle<T>, C: Constraint<T>>(
        &mut self,
        step: &mut Step,
        coins: &mut Coins,
        meter: &mut Meter<'_, O>,
        constraint: &C,
    ) -> Result<(), Exhausted> {
        let (Step::Build { level, at, bounds: (_, border) }, members) = (step, self.members()) else { return Ok(()) };
        while *at < members {
            if *border == 0 {
                let id = self.order[*at].to_usize();
                let pushes = self.count(*level - 1);
                let gain = meter.gain(&mut self.prefix, pushes, id)?;
                let replaced = self.replaces(constraint, *level - 1, id);
                self.note_pivot(id, gain, replaced);
                self.depth[id] = D::from_usize(*level);
                self.follow(*level, meter.oracle);
                (*at, *border) = (*at + 1, members);
            }
            let (is_last, pushes) = (*level == self.size(), self.count(*level));
            while *at < *border {
                let id = self.order[*at].to_usize();
                let is_next = !is_last && {
                    let gain = meter.gain(&mut self.prefix, pushes, id)?;
                    self.admits(constraint, *level, id, gain)
                };
                if is_next {
                    *border -= 1;
                    self.swap_places(*at, *border);
                } else {
                    self.depth[id] = D::from_usize(*level);
                    *at += 1;
                }
            }
            self.start[*level + 1] = D::from_usize(*border);
            if is_last {
                break;
            }
            self.draw_pivot(*border, coins);
            (*level, *at, *border) = (*level + 1, *border, 0);
        }
        let height = self.height();
        self.start[height + 1..].fill(D::from_usize(members));
        Ok(())
    }
}
