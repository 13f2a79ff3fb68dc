//! The state of a function in vectors, and the elements pushed into it.

use crate::submodular::meter::Meter;
use crate::submodular::{Prefix, PrefixLen, PrefixOracle};
use crate::{Error, Real};
use alloc::vec::Vec;

/// The state of a function in vectors, and the elements pushed into it.
#[derive(Clone, Debug)]
pub(in crate::submodular) struct Pushes<T> {
    size: usize,
    scalars: Vec<T>,
    indices: Vec<u32>,
    scratch: Vec<T>,
    /// Ids in order of pushes.
    pub(super) ids: Vec<u32>,
    /// The gain of each.
    pub(super) gains: Vec<T>,
    /// Whether each is still alive.
    pub(super) stays: Vec<bool>,
}

impl<T: Real> Pushes<T> {
    pub(super) fn new<O: PrefixOracle<T>>(size: usize, len: PrefixLen, oracle: &O) -> Result<Self, Error> {
        let mut pushes = Self {
            size,
            scalars: crate::base::storage::allocate(len.scalars)?,
            indices: crate::base::storage::allocate(len.indices)?,
            scratch: crate::base::storage::allocate(len.scratch)?,
            ids: Vec::new(),
            gains: Vec::new(),
            stays: Vec::new(),
        };
        oracle.truncate(&mut pushes.prefix(), 0);
        Ok(pushes)
    }

    fn prefix(&mut self) -> Prefix<'_, T, u32> {
        let Self { size, scalars, indices, scratch, .. } = self;
        Prefix { size: *size, scalars, indices, scratch }
    }

    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn gain<O: PrefixOracle<T>>(&mut self, pushes: usize, id: u32, meter: &mut Meter<'_, O>) -> T {
        // NaN is below every threshold.
        meter.gain(&mut self.prefix(), pushes, id as usize).unwrap_or(T::ZERO)
    }

    pub(super) fn push<O: PrefixOracle<T>>(&mut self, id: u32, gain: T, oracle: &O) {
        let len = self.len();
        oracle.push(&mut self.prefix(), len, id as usize);
        self.ids.push(id);
        self.gains.push(gain);
        self.stays.push(true);
    }

    pub(super) fn truncate<O: PrefixOracle<T>>(&mut self, len: usize, oracle: &O) {
        oracle.truncate(&mut self.prefix(), len);
        self.ids.truncate(len);
        self.gains.truncate(len);
        self.stays.truncate(len);
    }

    /// A lower bound on the value of the elements still alive: given fewer elements, the gain of each is larger.
    pub(super) fn value(&self) -> T {
        let staying = self.gains.iter().zip(&self.stays).filter(|(_, stays)| **stays);
        staying.fold(T::ZERO, |sum, (&gain, _)| sum + gain)
    }

    /// Scalars and ids held.
    pub(super) const fn held(&self) -> (usize, usize) {
        let scalars = self.scalars.len() + self.scratch.len() + self.gains.len();
        (scalars, self.indices.len() + self.ids.len())
    }
}
