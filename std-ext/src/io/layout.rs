//! Which columns of a file become the entries of a row, and which cells are numbers.

use super::names::{find, shortlist};
use super::options::{Missing, ReadOptions};
use crate::{Error, Real};
use std::cell::Cell;
use std::collections::HashSet;

/// Columns that a table may have: names, places and answers of them fit into the memory of the command.
pub(super) const MOST_COLUMNS: usize = 1 << 18;

/// The columns taken from a file, in order, and what was left out.
#[derive(Debug)]
pub(super) struct Layout {
    /// Positions in the file.
    pub(super) taken: Vec<usize>,
    /// Their names.
    pub(super) names: Vec<String>,
    /// Names of columns left out since they hold no numbers.
    skipped: Vec<String>,
    missing: Missing,
    /// Texts that stand for a missing value, and those of them that are numbers.
    #[cfg(any(feature = "csv", feature = "ndjson"))]
    na: Vec<String>,
    na_numbers: Vec<f64>,
    /// Rows left out, and cells read as zero.
    dropped: Cell<u64>,
    zeroed: Cell<u64>,
}

/// Columns named by their position.
#[cfg(any(feature = "csv", feature = "npy", feature = "ndjson"))]
pub(super) fn positions(count: usize) -> Vec<String> {
    (0..count).map(|i| i.to_string()).collect()
}

impl Layout {
    /// Chooses among all columns of a file; `is_text` says which of them hold text in the first row.
    pub(super) fn new(all: &[String], options: &ReadOptions, is_text: impl Fn(usize) -> bool) -> Result<Self, Error> {
        if all.len() > MOST_COLUMNS {
            return Err(too_wide(all.len() as u64));
        }
        let mut taken: Vec<usize> = match &options.columns {
            None => (0..all.len()).collect(),
            Some(wanted) => wanted.iter().map(|wanted| find(all, None, wanted)).collect::<Result<_, _>>()?,
        };
        for other in &options.also {
            let place = find(all, None, other)?;
            if !taken.contains(&place) {
                taken.push(place);
            }
        }
        let mut skipped = Vec::new();
        if options.skip_non_numeric {
            let left_out = taken.extract_if(.., |&mut i| is_text(i));
            skipped.extend(left_out.filter_map(|i| all.get(i).cloned()));
        }
        let mut seen = HashSet::new();
        if let Some(name) = taken.iter().find(|&&i| !seen.insert(i)).and_then(|&i| all.get(i)) {
            return Err(Error::request("the column is chosen twice: name it once in --columns").in_column(name));
        }
        if taken.is_empty() {
            return Err(Error::data("no column of numbers is left: choose others with --columns"));
        }
        let names = taken.iter().filter_map(|&i| all.get(i).cloned()).collect();
        let na_numbers = options.na.iter().filter_map(|text| text.trim().parse().ok()).collect();
        Ok(Self {
            taken,
            names,
            skipped,
            missing: options.missing,
            #[cfg(any(feature = "csv", feature = "ndjson"))]
            na: options.na.clone(),
            na_numbers,
            dropped: Cell::new(0),
            zeroed: Cell::new(0),
        })
    }

    /// What was left out until now; so many rows were not.
    pub(super) fn warnings(&self, rows: u64) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.skipped.is_empty() {
            let (columns, were) = counted(self.skipped.len() as u64, "column");
            let names = shortlist(&self.skipped);
            warnings.push(format!("{columns} without numbers {were} left out: {names}"));
        }
        if self.dropped.get() > 0 {
            let (dropped, of) = (self.dropped.get(), self.dropped.get().saturating_add(rows));
            let (_, were) = counted(dropped, "row");
            warnings.push(format!("{dropped} of {of} rows {were} dropped: a value is missing"));
        }
        if self.zeroed.get() > 0 {
            let (values, were) = counted(self.zeroed.get(), "missing value");
            warnings.push(format!("{values} {were} read as zero"));
        }
        warnings
    }

    /// Rows left out until now.
    #[cfg(feature = "cli")]
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.get()
    }

    /// Whether numbers have to be looked at one by one, even if all are finite.
    #[cfg(feature = "npy")]
    pub(super) fn is_picky(&self) -> bool {
        !self.na_numbers.is_empty()
    }

    /// Whether a text was said to stand for a missing value.
    #[cfg(any(feature = "csv", feature = "ndjson"))]
    pub(super) fn is_na(&self, text: &[u8]) -> bool {
        self.na.iter().any(|na| na.trim().as_bytes() == text)
    }

    /// A missing value: its stand-in, or `None` to leave the row out. `seen` is what the cell holds.
    fn settle(&self, seen: &str) -> Result<Option<f64>, Error> {
        match self.missing {
            Missing::Drop => {
                self.dropped.set(self.dropped.get() + 1);
                Ok(None)
            }
            Missing::Zero => {
                self.zeroed.set(self.zeroed.get() + 1);
                Ok(Some(0.0))
            }
            Missing::Refuse => {
                Err(Error::data(format!("{seen}: clean the data, or use --missing drop or --missing zero")))
            }
        }
    }

    /// Appends a number; false to leave the row out.
    #[inline]
    pub(super) fn push<T: Real>(&self, batch: &mut Vec<T>, x: f64) -> Result<bool, Error> {
        let number = T::constant(x);
        if number.is_finite() && self.na_numbers.is_empty() {
            batch.push(number);
            return Ok(true);
        }
        self.push_odd(batch, x)
    }

    #[cold]
    fn push_odd<T: Real>(&self, batch: &mut Vec<T>, x: f64) -> Result<bool, Error> {
        if x.is_nan() {
            return self.push_missing(batch, "NaN");
        }
        if self.na_numbers.contains(&x) {
            return self.push_missing(batch, &format!("{x}, which stands for a missing value"));
        }
        if x.is_infinite() {
            return Err(Error::data("infinite: clean the data"));
        }
        let number = T::constant(x);
        if !number.is_finite() {
            let what = format!("{x:e} is too large for f32: rescale the data, or use --precision f64");
            return Err(Error::data(what));
        }
        batch.push(number);
        Ok(true)
    }

    /// Appends what stands for a missing value; false to leave the row out. `seen` is what the cell holds.
    #[cold]
    pub(super) fn push_missing<T: Real>(&self, batch: &mut Vec<T>, seen: &str) -> Result<bool, Error> {
        let stand_in = self.settle(seen)?;
        batch.extend(stand_in.map(T::constant));
        Ok(stand_in.is_some())
    }
}

/// What is said of a table of too many columns.
pub(super) fn too_wide(columns: u64) -> Error {
    Error::data(format!("{columns} columns: a table may have {MOST_COLUMNS}, so transpose it or leave some out"))
}

/// A number of things, and the verb that goes with it.
fn counted(count: u64, thing: &str) -> (String, &'static str) {
    if count == 1 { (format!("1 {thing}"), "was") } else { (format!("{count} {thing}s"), "were") }
}
