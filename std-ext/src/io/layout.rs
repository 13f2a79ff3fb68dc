//! Which columns of a file become the entries of a row, and which cells are numbers.

use super::names::find;
use super::options::{Missing, ReadOptions};
use crate::{Error, Real};
use std::collections::HashSet;

/// The columns taken from a file, in order.
#[derive(Debug)]
pub(super) struct Layout {
    /// Positions in the file.
    pub(super) taken: Vec<usize>,
    /// Their names.
    pub(super) names: Vec<String>,
    missing: Missing,
}

/// Columns named by their position.
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson"))]
pub(super) fn positions(count: usize) -> Vec<String> {
    (0..count).map(|i| i.to_string()).collect()
}

impl Layout {
    /// Chooses among all columns of a file; `is_text` says which of them hold text in the first row.
    pub(super) fn new(all: &[String], options: &ReadOptions, is_text: impl Fn(usize) -> bool) -> Result<Self, Error> {
        let mut taken = match &options.columns {
            None => (0..all.len()).collect(),
            Some(wanted) => wanted.iter().map(|wanted| find(all, None, wanted)).collect::<Result<Vec<_>, _>>()?,
        };
        if options.skip_non_numeric {
            taken.retain(|&i| !is_text(i));
        }
        let mut seen = HashSet::new();
        if let Some(name) = taken.iter().find(|&&i| !seen.insert(i)).and_then(|&i| all.get(i)) {
            return Err(Error::request("the column is chosen twice: name it once in --columns").in_column(name));
        }
        if taken.is_empty() {
            return Err(Error::data("no column of numbers is left: choose others with --columns"));
        }
        let names = taken.iter().filter_map(|&i| all.get(i).cloned()).collect();
        Ok(Self { taken, names, missing: options.missing })
    }

    /// A number that is not finite, or none at all: its stand-in, or `None` to leave the row out.
    fn settle(&self, x: Option<f64>) -> Result<Option<f64>, Error> {
        match self.missing {
            Missing::Drop => Ok(None),
            Missing::Zero => Ok(Some(0.0)),
            Missing::Refuse => {
                let seen = if x.is_some() { "NaN" } else { "empty cell" };
                Err(Error::data(format!("{seen}: clean the data, or use --missing drop or --missing zero")))
            }
        }
    }

    /// Appends a number, or its stand-in; false to leave the row out.
    #[inline]
    pub(super) fn push<T: Real>(&self, batch: &mut Vec<T>, x: Option<f64>) -> Result<bool, Error> {
        if let Some(finite) = x {
            let number = T::constant(finite);
            if number.is_finite() {
                batch.push(number);
                return Ok(true);
            }
        }
        self.push_odd(batch, x)
    }

    #[cold]
    fn push_odd<T: Real>(&self, batch: &mut Vec<T>, x: Option<f64>) -> Result<bool, Error> {
        match x {
            Some(x) if x.is_infinite() => Err(Error::data("infinite: clean the data")),
            Some(x) if x.is_finite() => {
                Err(Error::data(format!("{x:e} is too large for f32: rescale the data, or use --precision f64")))
            }
            _ => match self.settle(x)? {
                Some(x) => {
                    batch.push(T::constant(x));
                    Ok(true)
                }
                None => Ok(false),
            },
        }
    }
}
