//! Feature coverage: how much of every feature do the chosen elements have, with diminishing returns?

use super::checks::{check_entries, check_weights};
use crate::linalg::vector;
use crate::submodular::{GroundSet, Monotone, Prefix, PrefixLen, PrefixOracle};
use crate::{Error, Id, Real, Rule};

/// The value of an amount of a feature: a concave function that is 0 at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Concave {
    /// The square root of the amount.
    Sqrt,
    /// The logarithm of the amount plus 1.
    Log1p,
    /// The amount up to a cap.
    Cap(f64),
}

/// How much of every feature do the chosen elements have, with diminishing returns? `f(S) = sum_j w_j g(c_j)`, `c_j` the
/// sum of feature `j` over `S`, `g` one of [`Concave`].
///
/// The table, elements x features, holds amounts that are not negative. A negative amount counts as 0;
/// [`validate`](Self::validate) finds it.
///
/// # Cost
/// A gain of `m` features takes `2 m` square roots and `m` divisions, `m` logarithms, or `3 m` flops for a cap. State: a row of `m`
/// sums for every number of pushes.
/// # Numerics
/// The gain of a square root is `x / (sqrt(c + x) + sqrt(c))`, that of a logarithm `ln(1 + x / (1 + c))`: nothing cancels, and no
/// gain, as computed, grows.
/// # Example
/// ```
/// use sketchlet_core::submodular::{Concave, FeatureBased, GreedyParams, LazyGreedy};
/// let features = [4.0f32, 0.0, 3.5, 0.0, 0.0, 1.0]; // three elements, two features
/// let oracle = FeatureBased::new(&features, 2, Concave::Sqrt)?;
/// let params = GreedyParams::new(3, 2).prefix(FeatureBased::<f32>::prefix_len_of(2, 2));
/// let mut greedy = LazyGreedy::<f32, u8, _, _>::new(params)?;
/// assert_eq!(greedy.select(&oracle, &[0, 1, 2])?.value, 3.0);
/// assert_eq!(greedy.selected(), [0, 2]);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FeatureBased<'a, E, W = f32> {
    table: &'a [E],
    features: usize,
    concave: Concave,
    weights: Option<&'a [W]>,
}

impl<'a, E: Real> FeatureBased<'a, E> {
    /// Features of all elements, row after row of `features`.
    ///
    /// # Errors
    /// [`Error::Parameter`] without features and for a cap that is negative or not finite, [`Error::Dimension`] unless the rows are
    /// whole.
    pub fn new(table: &'a [E], features: usize, concave: Concave) -> Result<Self, Error> {
        if features == 0 {
            return Err(Error::Parameter { name: &"features", rule: Rule::POSITIVE });
        }
        if let Concave::Cap(cap) = concave
            && !(cap.is_finite() && cap >= 0.0)
        {
            return Err(Error::Parameter { name: &"cap", rule: Rule::NOT_NEGATIVE });
        }
        let odd = table.len() % features;
        if odd != 0 {
            return Err(Error::Dimension { expected: features, got: odd });
        }
        Ok(Self { table, features, concave, weights: None })
    }

    /// Length of the state of up to `size` elements with a number of features. Saturates.
    pub const fn prefix_len_of(features: usize, size: usize) -> PrefixLen {
        PrefixLen { scalars: size.saturating_add(1).saturating_mul(features), indices: 0, scratch: 0 }
    }
}

impl<'a, E: Real, W: Real> FeatureBased<'a, E, W> {
    /// A weight for each feature. Without weights each feature counts 1.
    ///
    /// # Errors
    /// [`Error::Dimension`] for a wrong number of weights; [`Error::NonFinite`] and [`Error::Negative`] with the place of an invalid
    /// weight.
    pub fn weights<V: Real>(self, weights: &'a [V]) -> Result<FeatureBased<'a, E, V>, Error> {
        check_weights(weights, self.features)?;
        let Self { table, features, concave, .. } = self;
        Ok(FeatureBased { table, features, concave, weights: Some(weights) })
    }

    /// Checks every amount.
    ///
    /// # Errors
    /// [`Error::NonFinite`] and [`Error::Negative`] with the place of the first invalid amount in the table.
    pub fn validate(&self) -> Result<(), Error> {
        check_entries(self.table.iter().map(|x| x.as_f64()))
    }

    fn row(&self, id: usize) -> &'a [E] {
        &self.table[id * self.features..][..self.features]
    }

    /// The sum of the gains of all features.
    #[inline(always)]
    fn sum<T: Real>(&self, id: usize, sums: &[T], gain: impl Fn(T, T) -> T) -> T {
        match self.weights {
            None => vector::sum_of_pairs(
                self.row(id),
                sums,
                #[inline(always)]
                |x: E, c| gain(amount(x), c),
            ),
            Some(weights) => vector::sum_of_weighted_pairs(
                weights,
                self.row(id),
                sums,
                #[inline(always)]
                |w: W, x: E, c| w.to_real::<T>() * gain(amount(x), c),
            ),
        }
    }
}

/// An amount. A NaN is passed on.
#[inline(always)]
fn amount<E: Real, T: Real>(x: E) -> T {
    if x <= E::ZERO { T::ZERO } else { x.to_real() }
}

impl<E: Real, W: Real> GroundSet for FeatureBased<'_, E, W> {
    fn elements(&self) -> usize {
        self.table.len() / self.features
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        FeatureBased::<E>::prefix_len_of(self.features, size)
    }
}

impl<T: Real, E: Real, W: Real> PrefixOracle<T> for FeatureBased<'_, E, W> {
    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        let sums = &prefix.scalars[pushes * self.features..][..self.features];
        match self.concave {
            Concave::Sqrt => self.sum(
                id,
                sums,
                #[inline(always)]
                |x: T, c: T| if x == T::ZERO { T::ZERO } else { x / ((c + x).sqrt() + c.sqrt()) },
            ),
            Concave::Log1p => self.sum(id, sums, |x: T, c: T| (x / (T::ONE + c)).ln_1p()),
            Concave::Cap(cap) => {
                let cap = T::constant(cap);
                self.sum(
                    id,
                    sums,
                    #[inline(always)]
                    |x: T, c: T| {
                        let left = if cap > c { cap - c } else { T::ZERO };
                        if x > left { left } else { x }
                    },
                )
            }
        }
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        let rows = &mut prefix.scalars[pushes * self.features..][..2 * self.features];
        let (before, after) = rows.split_at_mut(self.features);
        for ((after, &before), &x) in after.iter_mut().zip(&*before).zip(self.row(id)) {
            *after = before + amount::<E, T>(x);
        }
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        if pushes == 0 {
            prefix.scalars[..self.features].fill(T::ZERO);
        }
    }
}

impl<E, W> Monotone for FeatureBased<'_, E, W> {}
