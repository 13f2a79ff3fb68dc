//! `Matroid`, the trait of rules that say which elements may be chosen together.

use crate::{Id, Real};

/// The elements chosen so far, which are independent, and the gain of each.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a, T, D> {
    /// All elements ever chosen, in order.
    ids: &'a [D],
    /// The gain of each; empty where it doesn't matter.
    weights: &'a [T],
    /// The number of the choice that replaced each, 0 for none; empty where none was replaced.
    left: &'a [D],
}

impl<'a, T: Real, D: Id> Chosen<'a, T, D> {
    pub(super) const fn new(ids: &'a [D], weights: &'a [T], left: &'a [D]) -> Self {
        Self { ids, weights, left }
    }

    /// Places, ids and weights, in order of choice.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, T)> + use<'a, T, D> {
        let Self { ids, weights, left } = *self;
        let stays = move |place: usize| left.get(place).is_none_or(|push| !(1..=ids.len()).contains(&push.to_usize()));
        let weight = move |place: usize| weights.get(place).copied().unwrap_or(T::ZERO);
        let staying = ids.iter().enumerate().filter(move |(place, _)| stays(*place));
        staying.map(move |(place, id)| (place, id.to_usize(), weight(place)))
    }

    /// Exchange under a cap on the elements that count: if it is reached, the one of smallest gain leaves, the latest of equal ones.
    pub(super) fn weakest(&self, cap: usize, counts: impl Fn(usize) -> bool) -> Exchange {
        let (mut count, mut weakest): (usize, Option<(T, usize)>) = (0, None);
        for (place, _, weight) in self.iter().filter(|&(_, id, _)| counts(id)) {
            count += 1;
            if weakest.is_none_or(|(least, _)| weight <= least) {
                weakest = Some((weight, place));
            }
        }
        match weakest {
            Some((_, place)) if count >= cap => Exchange::Replaces(place),
            _ => Exchange::Joins,
        }
    }
}

/// What it takes to choose an element beside others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// The element may join.
    Joins,
    /// The element at this place has to leave.
    Replaces(usize),
    /// The element can't be chosen, not even alone.
    Barred,
}

/// Which elements may be chosen together: a matroid, as a light view of data that the caller owns.
///
/// [`Partition`](super::Partition) is one; forests of a graph and linearly independent vectors are others.
///
/// # Example
/// At most two elements, whatever they are:
/// ```
/// use sketchlet_core::submodular::{Chosen, Exchange, Matroid};
/// use sketchlet_core::{Id, Real};
/// struct Two {
///     elements: usize,
/// }
/// impl Matroid for Two {
///     fn elements(&self) -> usize {
///         self.elements
///     }
///     fn rank(&self) -> usize {
///         2
///     }
///     fn exchange<T: Real, D: Id>(&self, chosen: &Chosen<'_, T, D>, _: usize) -> Exchange {
///         let least = chosen.iter().min_by(|one, other| one.2.partial_cmp(&other.2).unwrap());
///         match least {
///             Some((place, ..)) if chosen.iter().count() == 2 => Exchange::Replaces(place),
///             _ => Exchange::Joins,
///         }
///     }
/// }
/// ```
pub trait Matroid {
    /// Number of elements.
    fn elements(&self) -> usize;

    /// The most elements that may be chosen together.
    fn rank(&self) -> usize;

    /// What it takes to choose an element beside others: nothing, or that the one of smallest gain leaves among those in the circuit
    /// that the element would close.
    fn exchange<T: Real, D: Id>(&self, chosen: &Chosen<'_, T, D>, id: usize) -> Exchange;
}

/// Whether an element may join the chosen ones without a replacement.
pub(super) fn has_room<T: Real, D: Id>(matroid: &(impl Matroid + ?Sized), chosen: &[D], id: D) -> bool {
    matroid.exchange(&Chosen::<T, D>::new(chosen, &[], &[]), id.to_usize()) == Exchange::Joins
}
