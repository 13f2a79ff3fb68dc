//! The fields of a report that tell of the elements.

use super::gamma::Gamma;
use super::table::count;
use crate::{Error, Real};
use std::collections::HashMap;

/// What is told of the elements.
#[derive(Default)]
pub(super) struct About {
    pub(super) elements: usize,
    /// Columns of the input.
    pub(super) dim: usize,
    /// Scale of the similarities, where there is one.
    pub(super) gamma: Option<Gamma>,
    /// Names of the elements, where they have others than their numbers.
    pub(super) names: Option<Vec<u64>>,
    pub(super) groups: Option<Groups>,
    /// Elements to choose.
    pub(super) size: usize,
    pub(super) warnings: Vec<String>,
}

/// The group of every row, numbered as they first appear, and how many of each may be chosen.
pub(super) struct Groups {
    pub(super) of: Vec<u32>,
    pub(super) caps: Vec<u32>,
}

impl Groups {
    pub(super) fn new<T: Real>(labels: &[T], cap: u32) -> Result<Self, Error> {
        let (mut numbers, mut of) = (HashMap::new(), Vec::new());
        for label in labels {
            let next = count(numbers.len())?;
            // Minus zero is zero.
            of.push(*numbers.entry((label.as_f64() + 0.0).to_bits()).or_insert(next));
        }
        Ok(Self { of, caps: vec![cap; numbers.len()] })
    }

    /// Rows that may be chosen in all.
    pub(super) fn rank(&self) -> usize {
        self.caps.iter().map(|&cap| cap as usize).fold(0, usize::saturating_add)
    }
}
