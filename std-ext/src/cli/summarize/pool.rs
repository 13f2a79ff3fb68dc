//! Rows of which only some are held: those of a window, or those that a sieve keeps.

use super::objective::{Function, Shape};
use crate::Real;
use crate::submodular::{FacilityLocation, FeatureBased, GroundSet, LogDet, Monotone, Prefix, PrefixLen, PrefixOracle};
use crate::{CoreError, Id};
use std::cell::RefCell;

/// A function of the rows that are held, which change from step to step.
pub(super) struct Pool<'a, T> {
    shape: &'a Shape<T>,
    rows: RefCell<Vec<T>>,
}

/// Does something with the function of the rows that are held now.
macro_rules! with_view {
    ($pool:expr, $oracle:ident, $body:expr, $none:expr) => {{
        let rows = $pool.rows.borrow();
        let (shape, stride) = ($pool.shape, $pool.shape.stride);
        let outcome = match (&shape.function, &shape.weights) {
            (Function::Facility, None) => FacilityLocation::new(&rows, stride).map(|$oracle| $body),
            (Function::Facility, Some(weights)) => {
                FacilityLocation::new(&rows, stride).and_then(|x| x.weights(weights)).map(|$oracle| $body)
            }
            (Function::Feature(concave), None) => FeatureBased::new(&rows, stride, *concave).map(|$oracle| $body),
            (Function::Feature(concave), Some(weights)) => {
                FeatureBased::new(&rows, stride, *concave).and_then(|x| x.weights(weights)).map(|$oracle| $body)
            }
            (Function::LogDet(kernel, sigma2), _) => LogDet::new(&rows, stride, *kernel, *sigma2).map(|$oracle| $body),
        };
        // Of what was checked before nothing can be wrong now.
        outcome.unwrap_or($none)
    }};
}

impl<'a, T: Real> Pool<'a, T> {
    /// Room for so many rows.
    pub(super) fn new(shape: &'a Shape<T>, rows: usize) -> Result<Self, CoreError> {
        let (len, mut held) = (rows.saturating_mul(shape.stride), Vec::new());
        held.try_reserve_exact(len).map_err(|_| CoreError::Storage { needed: len, got: 0 })?;
        held.resize(len, T::ZERO);
        let pool = Self { shape, rows: RefCell::new(held) };
        let held = pool.rows.borrow();
        match (&shape.function, &shape.weights) {
            (Function::Facility, Some(weights)) => {
                FacilityLocation::new(&held, shape.stride)?.weights(weights)?;
            }
            (Function::Facility, None) => {
                FacilityLocation::new(&held, shape.stride)?;
            }
            (Function::Feature(concave), Some(weights)) => {
                FeatureBased::new(&held, shape.stride, *concave)?.weights(weights)?;
            }
            (Function::Feature(concave), None) => {
                FeatureBased::new(&held, shape.stride, *concave)?;
            }
            (Function::LogDet(kernel, sigma2), _) => {
                LogDet::new(&held, shape.stride, *kernel, *sigma2)?;
            }
        }
        drop(held);
        Ok(pool)
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
        match self.shape.function {
            Function::LogDet(kernel, sigma2) => LogDet::new(&*row, stride, kernel, sigma2)?.validate(),
            _ => Ok(()),
        }
    }
}

impl<T: Real> GroundSet for Pool<'_, T> {
    fn elements(&self) -> usize {
        self.rows.borrow().len() / self.shape.stride.max(1)
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        with_view!(self, oracle, oracle.prefix_len(size), PrefixLen::default())
    }
}

impl<T: Real> PrefixOracle<T> for Pool<'_, T> {
    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        with_view!(self, oracle, oracle.gain(prefix, pushes, id), T::ZERO)
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        with_view!(self, oracle, oracle.push(prefix, pushes, id), ());
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        with_view!(self, oracle, oracle.truncate(prefix, pushes), ());
    }
}

impl<T> Monotone for Pool<'_, T> {}
