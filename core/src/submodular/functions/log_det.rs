//! Log-determinants: how much volume do the chosen elements span?

use crate::linalg::vector;
use crate::submodular::oracle::search_among;
use crate::submodular::{GroundSet, Monotone, Prefix, PrefixLen, PrefixOracle};
use crate::{Error, Id, Real, Rule};

impl Rule {
    /// At least a ten-thousandth of the kernel's diagonal, in `f32`.
    pub const KERNEL_IN_SCALE: Self = Self::new(&"must be at least 1e-4 of the kernel's diagonal in f32");
}

/// The similarity of two elements: a positive semidefinite kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    /// The table is the kernel itself, symmetric.
    Given,
    /// The inner product of two rows.
    Dot,
    /// `exp(-gamma |x - y|^2)` of two rows.
    Rbf(f64),
}

/// How much volume do the chosen elements span? `f(S) = 1/2 ln det(I + K_S / sigma2)`: what a Gaussian process learns from
/// observing `S` with noise of variance `sigma2`.
///
/// # Cost
/// A gain given `z` elements takes `z^2` flops and `z + 1` entries of the kernel. State: `size (size + 1) / 2` scalars and `size` ids;
/// scratch twice `size`.
/// # Numerics
/// The state holds rows of a Cholesky factor. In `f32` an entry of the kernel may be up to 1e4 `sigma2`
/// ([`validate`](Self::validate)). Relative errors then stay below 2e-5 (64 elements in eight tight clusters); at 1e6 they reach 1e-2.
/// Distances under [`Kernel::Rbf`] are squared in units that suit its `gamma`: none that matters overflows or vanishes. Products under
/// [`Kernel::Dot`] can.
/// # Example
/// ```
/// use sketchlet_core::submodular::{GreedyParams, Kernel, LazyGreedy, LogDet};
/// let rows = [1.0f64, 0.0, 0.9, 0.1, 0.0, 1.0]; // three points in the plane
/// let oracle = LogDet::new(&rows, 2, Kernel::Rbf(1.0), 0.1)?;
/// let params = GreedyParams::new(3, 2).prefix(LogDet::<f64>::prefix_len_of(2));
/// let mut greedy = LazyGreedy::<f64, u8, _, _>::new(params)?;
/// greedy.select(&oracle, &[0, 1, 2])?;
/// assert_eq!(greedy.selected(), [0, 2]);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LogDet<'a, E> {
    table: &'a [E],
    columns: usize,
    kernel: Kernel,
    sigma2: f64,
    /// Distances are measured in units of this power of two, so that no square that matters overflows or vanishes.
    unit: i32,
}

impl<'a, E: Real> LogDet<'a, E> {
    /// Rows of `columns` entries, one for each element. For [`Kernel::Given`] the table is the square kernel.
    ///
    /// # Errors
    /// [`Error::Parameter`] without columns, and unless `sigma2` is finite and positive and the kernel's `gamma` finite and not
    /// negative; [`Error::Dimension`] unless rows are whole, and a given kernel is square.
    pub fn new(table: &'a [E], columns: usize, kernel: Kernel, sigma2: f64) -> Result<Self, Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        if columns == 0 {
            return fail(&"columns", Rule::POSITIVE);
        }
        if !(sigma2.is_finite() && sigma2 > 0.0) {
            return fail(&"sigma2", Rule::FINITE_POSITIVE);
        }
        if let Kernel::Rbf(gamma) = kernel
            && !(gamma.is_finite() && gamma >= 0.0)
        {
            return fail(&"gamma", Rule::NOT_NEGATIVE);
        }
        let (rows, odd) = (table.len() / columns, table.len() % columns);
        if odd != 0 {
            return Err(Error::Dimension { expected: columns, got: odd });
        }
        if kernel == Kernel::Given && rows != columns {
            return Err(Error::Dimension { expected: columns, got: rows });
        }
        let unit = if let Kernel::Rbf(gamma) = kernel { unit_of::<E>(gamma) } else { 0 };
        Ok(Self { table, columns, kernel, sigma2, unit })
    }

    /// Length of the state of up to `size` elements. Saturates.
    pub const fn prefix_len_of(size: usize) -> PrefixLen {
        let scalars = crate::linalg::packed::len(size);
        PrefixLen { scalars, indices: size, scratch: size.saturating_mul(2) }
    }

    /// Checks every entry, and the size of the kernel's diagonal.
    ///
    /// # Errors
    /// [`Error::NonFinite`] with the place of an entry in the table; [`Error::Negative`] with the place of a given kernel's
    /// diagonal that is negative; [`Error::Parameter`] for a `sigma2` too small for `f32`.
    pub fn validate(&self) -> Result<(), Error> {
        crate::base::matrix::check_finite(self.table)?;
        let limit = if E::BYTES == 4 { 1e4 * self.sigma2 } else { f64::INFINITY };
        for id in 0..self.elements() {
            let own = self.entry::<f64>(id, id);
            if own < 0.0 {
                return Err(Error::Negative { index: id * self.columns + id });
            }
            if own > limit {
                return Err(Error::Parameter { name: &"sigma2", rule: Rule::KERNEL_IN_SCALE });
            }
        }
        Ok(())
    }

    fn row(&self, id: usize) -> &'a [E] {
        &self.table[id * self.columns..][..self.columns]
    }

    fn entry<T: Real>(&self, first: usize, second: usize) -> T {
        match self.kernel {
            Kernel::Given => self.row(first)[second].to_real(),
            Kernel::Dot => vector::dot(self.row(first), self.row(second)).to_real(),
            Kernel::Rbf(gamma) if self.unit != 0 => {
                let square = square_in_units(self.row(first), self.row(second), self.unit).to_real::<T>();
                let gamma = T::constant(gamma.times_power_of_two(2 * self.unit)).min(T::max_value());
                (-gamma * square).exp()
            }
            Kernel::Rbf(gamma) => {
                let square = vector::sum_of_pairs(
                    self.row(first),
                    self.row(second),
                    #[inline(always)]
                    |x: E, y: E| (x - y) * (x - y),
                );
                (T::constant(-gamma) * square.to_real::<T>()).exp()
            }
        }
    }

    /// The residual variance of an element of `1 + K / sigma2` given `pushes` elements. The entries of its row of the factor and the
    /// residuals given fewer elements go to scratch.
    fn residual<T: Real, D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        let sigma2 = T::constant(self.sigma2);
        let (row, residuals) = prefix.scratch.split_at_mut(prefix.size);
        let mut residual = T::ONE + self.entry::<T>(id, id) / sigma2;
        for i in 0..pushes {
            let line = &prefix.scalars[i * (i + 1) / 2..][..=i];
            // A forged state may name an element that doesn't exist.
            let other = prefix.indices[i].to_usize().min(self.elements() - 1);
            let mut entry = self.entry::<T>(id, other) / sigma2;
            for (&factor, &before) in line[..i].iter().zip(&*row) {
                entry -= factor * before;
            }
            entry /= line[i];
            row[i] = entry;
            residual -= entry * entry;
            residuals[i] = residual;
        }
        residual
    }
}

/// The unit of distances for a gamma that is far from 1; 0 for others.
fn unit_of<E: Real>(gamma: f64) -> i32 {
    if gamma == 0.0 || E::is_comfortable_square(E::constant(1.0 / gamma)) {
        return 0;
    }
    let limit = E::max_value().exponent() - 3;
    (-gamma.exponent() / 2).clamp(-limit, limit)
}

/// Square of the distance of two rows, in units of a power of two. A large unit divides entries, as their difference may overflow; a
/// small one divides differences.
#[cfg_attr(not(feature = "std"), inline(never))]
fn square_in_units<E: Real>(x: &[E], y: &[E], unit: i32) -> E {
    let factor = E::ONE.times_power_of_two(-unit);
    let (before, after) = if unit > 0 { (factor, E::ONE) } else { (E::ONE, factor) };
    vector::sum_of_pairs(
        x,
        y,
        #[inline(always)]
        |x: E, y: E| {
            let difference = (x * before - y * before) * after;
            difference * difference
        },
    )
}

/// Half the logarithm of a residual variance, which is at least 1.
fn half_log<T: Real>(residual: T) -> T {
    // A NaN is passed on.
    if residual <= T::ONE { T::ZERO } else { T::constant(0.5) * residual.ln() }
}

impl<E: Real> GroundSet for LogDet<'_, E> {
    fn elements(&self) -> usize {
        self.table.len() / self.columns
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        Self::prefix_len_of(size)
    }
}

impl<T: Real, E: Real> PrefixOracle<T> for LogDet<'_, E> {
    const ONE_PASS: bool = true;

    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        half_log(self.residual(prefix, pushes, id))
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        let residual = self.residual(prefix, pushes, id);
        let line = &mut prefix.scalars[pushes * (pushes + 1) / 2..][..=pushes];
        line[..pushes].copy_from_slice(&prefix.scratch[..pushes]);
        line[pushes] = residual.max(T::ONE).sqrt();
        prefix.indices[pushes] = D::from_usize(id);
    }

    fn truncate<D: Id>(&self, _: &mut Prefix<'_, T, D>, _: usize) {}

    fn first_below<D: Id>(
        &self,
        prefix: &mut Prefix<'_, T, D>,
        id: usize,
        threshold: T,
        bounds: (usize, usize),
    ) -> usize {
        if bounds.1.saturating_sub(bounds.0) <= 1 {
            return bounds.1;
        }
        self.residual(prefix, bounds.1 - 1, id);
        let residuals = &prefix.scratch[prefix.size..];
        search_among(bounds, |pushes| half_log(residuals[pushes - 1]) >= threshold)
    }
}

impl<E> Monotone for LogDet<'_, E> {}
