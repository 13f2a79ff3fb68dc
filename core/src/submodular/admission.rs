//! Who may be chosen after others, and whose place is taken.

use super::Partition;
use crate::{Id, Real};

/// What has been chosen so far: pivots from level 1 on, behind their number; what each has added; and the push that took the place
/// of each, 0 for none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a, T, D> {
    pub(super) pivots: &'a [D],
    pub(super) gains: &'a [T],
    pub(super) left: &'a [D],
}

impl<T: Real, D: Id> Chosen<'_, T, D> {
    /// The levels up to one whose pivots are there after its push.
    fn levels(&self, pushes: usize) -> impl Iterator<Item = usize> + '_ {
        (1..=pushes).filter(move |&level| !(1..=pushes).contains(&self.left[level].to_usize()))
    }

    /// Where as many are there as may be, of those that count: the level of the one that has added least, the latest of equal ones.
    fn weakest(&self, pushes: usize, cap: usize, counts: impl Fn(usize) -> bool) -> Option<usize> {
        let (mut count, mut weakest): (usize, Option<usize>) = (0, None);
        for level in self.levels(pushes).filter(|&level| counts(self.pivots[level].to_usize())) {
            count += 1;
            if weakest.is_none_or(|before| self.gains[level - 1] <= self.gains[before - 1]) {
                weakest = Some(level);
            }
        }
        weakest.filter(|_| count >= cap)
    }
}

pub(super) trait Admission<T: Real> {
    /// Whether nobody's place is ever taken, so that nothing counts but the threshold.
    const IS_FREE: bool;

    /// An element that takes the place of another has to add so many times as much as that one has.
    const FACTOR: f64;

    /// The level whose pivot would have to make room for an element, after so many pushes.
    fn replaces<D: Id>(&self, chosen: Chosen<'_, T, D>, pushes: usize, id: usize) -> Option<usize>;
}

/// There is room for as many as there are levels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anyone;

impl<T: Real> Admission<T> for Anyone {
    const IS_FREE: bool = true;
    const FACTOR: f64 = 0.0;

    fn replaces<D: Id>(&self, _: Chosen<'_, T, D>, _: usize, _: usize) -> Option<usize> {
        None
    }
}

/// There is room for so many of each group.
impl<T: Real, G: Id> Admission<T> for Partition<'_, G> {
    const IS_FREE: bool = false;
    const FACTOR: f64 = 2.0;

    fn replaces<D: Id>(&self, chosen: Chosen<'_, T, D>, pushes: usize, id: usize) -> Option<usize> {
        let group = self.group(id);
        chosen.weakest(pushes, self.cap(id), |other| self.group(other) == group)
    }
}

/// There is room for so many, whoever they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtMost(pub(super) usize);

impl<T: Real> Admission<T> for AtMost {
    const IS_FREE: bool = false;
    const FACTOR: f64 = 1.0 + core::f64::consts::SQRT_2;

    fn replaces<D: Id>(&self, chosen: Chosen<'_, T, D>, pushes: usize, _: usize) -> Option<usize> {
        chosen.weakest(pushes, self.0, |_| true)
    }
}
