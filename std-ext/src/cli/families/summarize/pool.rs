//! An objective over the rows that are held, which change from step to step.

use super::function::overflows;
use super::shape::{Kind, Shape};
use crate::Real;
use crate::linalg::vector;
use crate::submodular::{
    FacilityLocation, FeatureBased, GroundSet, Kernel, LogDet, Monotone, Prefix, PrefixLen, PrefixOracle,
};
use crate::{CoreError, Id};
use std::cell::RefCell;

/// A function of the rows that are held, which change from step to step.
pub(super) struct Pool<'a, T> {
    shape: &'a Shape<T>,
    rows: RefCell<Vec<T>>,
}

/// Does something with the function of the rows that are held now. Once a pool is made nothing can be wrong with it.
macro_rules! with_view {
    ($pool:expr, |$oracle:ident| $body:expr) => {{
        let rows = $pool.rows.borrow();
        let (shape, stride) = ($pool.shape, $pool.shape.stride);
        match (&shape.kind, &shape.weights) {
            (Kind::Facility, None) => FacilityLocation::new(&rows, stride).map(|$oracle| $body),
            (Kind::Facility, Some(weights)) => {
                FacilityLocation::new(&rows, stride).and_then(|x| x.weights(weights)).map(|$oracle| $body)
            }
            (Kind::Feature(concave), None) => FeatureBased::new(&rows, stride, *concave).map(|$oracle| $body),
            (Kind::Feature(concave), Some(weights)) => {
                FeatureBased::new(&rows, stride, *concave).and_then(|x| x.weights(weights)).map(|$oracle| $body)
            }
            (Kind::LogDet(kernel, sigma2), _) => LogDet::new(&rows, stride, *kernel, *sigma2).map(|$oracle| $body),
        }
    }};
}

impl<'a, T: Real> Pool<'a, T> {
    /// Room for so many rows.
    pub(super) fn new(shape: &'a Shape<T>, rows: usize) -> Result<Self, CoreError> {
        let (len, mut held) = (rows.saturating_mul(shape.stride), Vec::new());
        held.try_reserve_exact(len).map_err(|_| CoreError::Storage { needed: len, got: 0 })?;
        held.resize(len, T::ZERO);
        let pool = Self { shape, rows: RefCell::new(held) };
        with_view!(pool, |_oracle| ())?;
        Ok(pool)
    }

    /// Bytes of the rows that are held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.rows.borrow()[..])
    }

    /// Scalars of a row.
    pub(super) const fn stride(&self) -> usize {
        self.shape.stride
    }

    /// Whether what a row became, or its products, are numbers.
    pub(super) fn is_in_range(&self, row: &[T]) -> bool {
        match self.shape.kind {
            Kind::LogDet(Kernel::Dot, sigma2) => !overflows(row, sigma2),
            _ => vector::all_finite(row),
        }
    }

    /// Writes the row of a slot; a slot behind all others makes room.
    pub(super) fn write(&self, slot: usize, write: impl FnOnce(&mut [T])) -> Result<(), CoreError> {
        let (mut rows, stride) = (self.rows.borrow_mut(), self.shape.stride);
        if rows.len() < (slot + 1) * stride {
            rows.resize((slot + 1) * stride, T::ZERO);
        }
        let row = &mut rows[slot * stride..][..stride];
        write(row);
        // Alone, so that its size is looked at.
        match self.shape.kind {
            Kind::LogDet(kernel, sigma2) => LogDet::new(&*row, stride, kernel, sigma2)?.validate(),
            _ => Ok(()),
        }
    }
}

impl<T: Real> GroundSet for Pool<'_, T> {
    fn elements(&self) -> usize {
        self.rows.borrow().len() / self.shape.stride.max(1)
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        with_view!(self, |oracle| oracle.prefix_len(size)).unwrap_or_default()
    }
}

impl<T: Real> PrefixOracle<T> for Pool<'_, T> {
    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        with_view!(self, |oracle| oracle.gain(prefix, pushes, id)).unwrap_or(T::ZERO)
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        with_view!(self, |oracle| oracle.push(prefix, pushes, id)).unwrap_or_default();
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        with_view!(self, |oracle| oracle.truncate(prefix, pushes)).unwrap_or_default();
    }
}

impl<T> Monotone for Pool<'_, T> {}
