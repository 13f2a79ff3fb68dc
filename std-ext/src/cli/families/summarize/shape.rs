//! Rows of one length: the objective over them, and what a row of a stream becomes.

use super::function::{Data, Function, NEGATIVE_FEATURE, NEGATIVE_SIMILARITY, NO_MEMBERSHIP};
use super::gamma::Gamma;
use super::similarity::{Alike, normalize};
use super::table::{rows_of_file, weights};
use super::task::{Exemplars, Similarity, Worth};
use crate::cli::args::Objective;
use crate::submodular::{Concave, Kernel};
use crate::{Error, Real};

/// A function of rows that are all of one length, without the rows.
pub(super) struct Shape<T> {
    pub(super) kind: Kind,
    pub(super) stride: usize,
    pub(super) weights: Option<Vec<T>>,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Facility,
    Feature(Concave),
    LogDet(Kernel, f64),
}

impl<T: Real> Function<T> {
    /// The function of rows that are all of one length, and those rows; `None` for graphs and kernels.
    pub(super) fn into_rows(self) -> Option<(Shape<T>, Vec<T>)> {
        let (kind, stride, rows) = match self.data {
            Data::Facility { table, exemplars } => (Kind::Facility, exemplars, table),
            Data::Feature { table, columns, concave } => (Kind::Feature(concave), columns, table),
            Data::LogDet { kernel: Kernel::Given, .. } | Data::Cut { .. } => return None,
            Data::LogDet { table, columns, kernel, sigma2 } => (Kind::LogDet(kernel, sigma2), columns, table),
            // An item is covered as an exemplar is represented, wholly or not at all.
            Data::Coverage { offsets, members, items } => {
                let mut rows = vec![T::ZERO; (offsets.len() - 1) * items];
                for (row, ends) in rows.chunks_exact_mut(items.max(1)).zip(offsets.windows(2)) {
                    members[ends[0] as usize..ends[1] as usize].iter().for_each(|&item| row[item as usize] = T::ONE);
                }
                (Kind::Facility, items, rows)
            }
        };
        Some((Shape { kind, stride, weights: self.weights }, rows))
    }
}

/// What a row of a stream becomes before it is held, and what it must be.
pub(super) struct Form<T> {
    /// Rows of exemplars, if the row is compared with some.
    exemplars: Vec<T>,
    /// Whether the row is to be of length 1.
    is_direction: bool,
    alike: Alike,
    /// What entries must be, and what is said of one that isn't.
    holds: fn(T) -> bool,
    what: &'static str,
    pub(super) gamma: Option<Gamma>,
}

impl<T: Real> Form<T> {
    /// For rows of so many columns; the function of what they become.
    pub(super) fn new(worth: &Worth, columns: usize) -> Result<(Shape<T>, Self), Error> {
        let (mut similarity, mut exemplars) = (worth.similarity.unwrap_or(Similarity::Given), Vec::new());
        let any = |_: T| true;
        let not_negative = |x: T| x >= T::ZERO;
        let (kind, stride, holds, what): (_, _, fn(T) -> bool, _) = match worth.objective {
            Objective::Facility if similarity == Similarity::Given => {
                (Kind::Facility, columns, not_negative, NEGATIVE_SIMILARITY)
            }
            Objective::Facility => {
                if let Exemplars::File(path) = &worth.exemplars {
                    exemplars = rows_of_file(path, columns)?;
                }
                (Kind::Facility, exemplars.len() / columns.max(1), any, "")
            }
            Objective::Coverage | Objective::Cut => {
                similarity = Similarity::Given;
                (Kind::Facility, columns, |x: T| x == T::ZERO || x == T::ONE, NO_MEMBERSHIP)
            }
            Objective::Feature => {
                similarity = Similarity::Given;
                (Kind::Feature(worth.concave), columns, not_negative, NEGATIVE_FEATURE)
            }
            Objective::Logdet => {
                let kernel =
                    if let Similarity::Rbf(Some(gamma)) = similarity { Kernel::Rbf(gamma) } else { Kernel::Dot };
                (Kind::LogDet(kernel, worth.sigma2), columns, any, "")
            }
        };
        let is_log_det = worth.objective == Objective::Logdet;
        let weighted = if is_log_det { 0 } else { stride };
        let weights = worth.weights.as_deref().map(|path| weights(path, weighted)).transpose()?;
        // A stream has no scale to be measured.
        let alike = Alike::new::<T>(similarity).unwrap_or(Alike::Dot);
        let gamma = alike.gamma();
        let is_direction = is_log_det && similarity == Similarity::Cosine;
        Ok((Shape { kind, stride, weights }, Self { exemplars, is_direction, alike, holds, what, gamma }))
    }

    /// The first entry of a row that is not what it should be, and why.
    pub(super) fn fault(&self, row: &[T]) -> Option<(usize, &'static str)> {
        row.iter().position(|&x| !(self.holds)(x)).map(|column| (column, self.what))
    }

    /// Writes what a row becomes.
    pub(super) fn write(&self, row: &[T], to: &mut [T]) {
        if self.exemplars.is_empty() {
            to.copy_from_slice(row);
            if self.is_direction {
                normalize(to);
            }
        } else {
            let others = self.exemplars.chunks_exact(row.len());
            to.iter_mut().zip(others).for_each(|(to, other)| *to = self.alike.of(row, other));
        }
    }
}
