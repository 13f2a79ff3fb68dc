//! Who may be chosen after others, and what it takes to take a place.

use super::matroid::{Chosen, Exchange, Matroid};
use crate::{Id, Real};

pub(super) trait Admission<T: Real> {
    /// Whether nobody's place is ever taken, so that nothing counts but the threshold.
    const IS_FREE: bool;

    /// An element that takes the place of another has to add so many times as much as that one has.
    const FACTOR: f64;

    /// What it takes for an element to be chosen after others.
    fn exchange<D: Id>(&self, chosen: &Chosen<'_, T, D>, id: usize) -> Exchange;
}

/// There is room for as many as there are levels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anyone;

impl<T: Real> Admission<T> for Anyone {
    const IS_FREE: bool = true;
    const FACTOR: f64 = 0.0;

    fn exchange<D: Id>(&self, _: &Chosen<'_, T, D>, _: usize) -> Exchange {
        Exchange::Joins
    }
}

/// Those that a matroid lets be together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Within<'m, M>(pub(super) &'m M);

impl<T: Real, M: Matroid> Admission<T> for Within<'_, M> {
    const IS_FREE: bool = false;
    const FACTOR: f64 = 2.0;

    fn exchange<D: Id>(&self, chosen: &Chosen<'_, T, D>, id: usize) -> Exchange {
        self.0.exchange(chosen, id)
    }
}

/// There is room for so many, whoever they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtMost(pub(super) usize);

impl<T: Real> Admission<T> for AtMost {
    const IS_FREE: bool = false;
    const FACTOR: f64 = 1.0 + core::f64::consts::SQRT_2;

    fn exchange<D: Id>(&self, chosen: &Chosen<'_, T, D>, _: usize) -> Exchange {
        chosen.weakest(self.0, |_| true)
    }
}
