//! `Constraint` decides which elements may be chosen together, and what an element must add to replace another.

use super::matroid::{Chosen, Exchange, Matroid};
use crate::random::keyed::{Domain, unit, word};
use crate::{Id, Real};

/// The constraint of a selection: one of the two choices of the slot engine.
pub(super) trait Constraint<T: Real> {
    /// Whether no element ever replaces another, so that only the threshold counts.
    const IS_FREE: bool = false;

    /// Whether gains are given only the elements that are left after replacements. The state of the function then follows every
    /// replacement, as it must for a function whose gains may rise again.
    const FOLLOWS: bool = false;

    /// An element replaces another if it adds at least this many times as much.
    const FACTOR: f64;

    /// What it takes to choose an element after others.
    fn exchange<D: Id>(&self, chosen: &Chosen<'_, T, D>, id: usize) -> Exchange;

    /// Number of elements that the constraint knows.
    fn elements(&self) -> usize {
        usize::MAX
    }

    /// Whether a newcomer may ever be chosen; one that may not belongs to no guess.
    fn may_be_chosen<D: Id>(&self, id: usize, seed: u64) -> bool {
        let _ = seed;
        self.exchange(&Chosen::<T, D>::new(&[], &[], &[]), id) != Exchange::Barred
    }
}

/// Any elements, as many as there are levels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anyone;

impl<T: Real> Constraint<T> for Anyone {
    const IS_FREE: bool = true;
    const FACTOR: f64 = 0.0;

    fn exchange<D: Id>(&self, _: &Chosen<'_, T, D>, _: usize) -> Exchange {
        Exchange::Joins
    }
}

/// Elements that are independent in a matroid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Within<'m, M>(pub(super) &'m M);

impl<T: Real, M: Matroid> Constraint<T> for Within<'_, M> {
    const FACTOR: f64 = 2.0;

    fn exchange<D: Id>(&self, chosen: &Chosen<'_, T, D>, id: usize) -> Exchange {
        self.0.exchange(chosen, id)
    }

    fn elements(&self) -> usize {
        self.0.elements()
    }
}

/// At most `size` elements, each of which may be chosen with probability `keep`, for a non-monotone function.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtMost {
    pub(super) size: usize,
    pub(super) keep: f64,
}

impl<T: Real> Constraint<T> for AtMost {
    const FOLLOWS: bool = true;
    const FACTOR: f64 = 1.0 + core::f64::consts::SQRT_2;

    fn exchange<D: Id>(&self, chosen: &Chosen<'_, T, D>, _: usize) -> Exchange {
        chosen.weakest(self.size, |_| true)
    }

    fn may_be_chosen<D: Id>(&self, _: usize, seed: u64) -> bool {
        unit::<f64>(word(seed, Domain::Coin, 0)) < self.keep
    }
}
