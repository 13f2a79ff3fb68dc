//! The objective, and the numbers that it looks at.

use super::gamma::Gamma;
use super::similarity::{exemplars, normalize, products_overflow, scale_among, similarities, symmetric};
use super::table::{Table, count};
use super::task::{Similarity, Worth};
use crate::cli::args::Objective;
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::linalg::vector;
use crate::submodular::{Concave, Kernel};
use crate::{Error, Real};
use std::num::NonZero;

/// What is said of entries that are not what they should be.
pub(super) const NEGATIVE_SIMILARITY: &str = "a negative similarity: they are from 0 up";
pub(super) const NEGATIVE_FEATURE: &str = "a negative feature: amounts are from 0 up";
pub(super) const NO_MEMBERSHIP: &str = "a cell of --objective coverage is 0 or 1";

/// A function, with all that it looks at.
pub(super) struct Function<T> {
    pub(super) data: Data<T>,
    pub(super) weights: Option<Vec<T>>,
}

/// The numbers that a function looks at.
pub(super) enum Data<T> {
    Facility { table: Vec<T>, exemplars: usize },
    Coverage { offsets: Vec<u32>, members: Vec<u32>, items: usize },
    Feature { table: Vec<T>, columns: usize, concave: Concave },
    LogDet { table: Vec<T>, columns: usize, kernel: Kernel, sigma2: f64 },
    Cut { offsets: Vec<u32>, neighbours: Vec<u32>, weights: Vec<T> },
}

impl<T> Data<T> {
    /// Exemplars, items or features: what can have weights.
    pub(super) const fn weighted(&self) -> usize {
        match self {
            Self::Facility { exemplars, .. } => *exemplars,
            Self::Coverage { items, .. } => *items,
            Self::Feature { columns, .. } => *columns,
            Self::LogDet { .. } | Self::Cut { .. } => 0,
        }
    }
}

/// What a table holds for an objective, and the scale of its similarities where there is one.
pub(super) fn of_table<T: Real>(
    mut table: Table<T>,
    worth: &Worth,
    threads: NonZero<usize>,
    clock: &mut Clock,
) -> Result<(Data<T>, Option<Gamma>), Failure> {
    let columns = table.columns;
    let not_negative = |what: &str| table.check(|x| x >= T::ZERO, what);
    Ok(match worth.objective {
        Objective::Facility => match worth.similarity.unwrap_or(Similarity::Rbf(None)) {
            Similarity::Given => {
                not_negative(NEGATIVE_SIMILARITY)?;
                (Data::Facility { table: table.data, exemplars: columns }, None)
            }
            similarity => {
                let exemplars = exemplars(&table, &worth.exemplars, worth.seed)?;
                let (similarities, gamma) = similarities(&table, &exemplars, similarity, threads, clock)?;
                (Data::Facility { table: similarities, exemplars: exemplars.len() / columns }, gamma)
            }
        },
        Objective::Coverage => {
            table.check(|x| x == T::ZERO || x == T::ONE, NO_MEMBERSHIP)?;
            let (mut offsets, mut members) = (vec![0], Vec::new());
            for row in table.data.chunks_exact(columns) {
                members.extend((0..).zip(row).filter(|(_, x)| **x == T::ONE).map(|(item, _): (u32, _)| item));
                offsets.push(count(members.len())?);
            }
            (Data::Coverage { offsets, members, items: columns }, None)
        }
        Objective::Feature => {
            not_negative(NEGATIVE_FEATURE)?;
            let mut totals = vec![T::ZERO; columns];
            for (row, amounts) in table.data.chunks_exact(columns).enumerate() {
                totals.iter_mut().zip(amounts).for_each(|(total, &x)| *total += x);
                if !matches!(worth.concave, Concave::Cap(_)) && !vector::all_finite(&totals) {
                    let what = format!("the sum of a column overflows in {} here: rescale it", T::TYPE.name());
                    return Err(table.refuse_row(row, what).into());
                }
            }
            (Data::Feature { table: table.data, columns, concave: worth.concave }, None)
        }
        Objective::Logdet => {
            let (kernel, gamma) = match worth.similarity.unwrap_or(Similarity::Rbf(None)) {
                Similarity::Given => {
                    symmetric(&table)?;
                    (Kernel::Given, None)
                }
                Similarity::Cosine => {
                    table.data.chunks_exact_mut(columns).for_each(normalize);
                    (Kernel::Dot, None)
                }
                Similarity::Dot => {
                    let overflows = |row: &[T]| overflows(row, worth.sigma2);
                    if let Some(row) = table.data.chunks_exact(columns).position(overflows) {
                        return Err(table.refuse_row(row, products_overflow::<T>()).into());
                    }
                    (Kernel::Dot, None)
                }
                Similarity::Rbf(Some(gamma)) => (Kernel::Rbf(gamma), Some(Gamma::given::<T>(gamma))),
                Similarity::Rbf(None) => {
                    let gamma = scale_among(&table);
                    (Kernel::Rbf(in_unit_of(gamma, &mut table)?), Some(gamma))
                }
            };
            let data = table.data;
            (Data::LogDet { table: data, columns, kernel, sigma2: worth.sigma2 }, gamma)
        }
        // Cuts are of graphs.
        Objective::Cut => return Err(Failure::Usage("summarize: --objective cut takes --edges FILE".into())),
    })
}

/// Whether the square of a row's length is no number beside the noise.
pub(super) fn overflows<T: Real>(row: &[T], sigma2: f64) -> bool {
    !(vector::sum_of_squares(row).as_f64() / sigma2).is_finite()
}

/// Gamma as a number, with rows in a unit of their own if no number holds it in theirs.
fn in_unit_of<T: Real>(gamma: Gamma, table: &mut Table<T>) -> Result<f64, Error> {
    if let Some(plain) = gamma.plain() {
        return Ok(plain);
    }
    let (scaled, unit) = gamma.in_unit();
    table.data.iter_mut().for_each(|x| *x = x.times_power_of_two(-unit));
    table.check(T::is_finite, "too large beside the distances of the rows: leave the row out")?;
    Ok(scaled)
}
