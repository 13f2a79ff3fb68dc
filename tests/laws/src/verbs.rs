//! Laws of what a verb leaves behind when it refuses.

use crate::input::{Case, Choices, HostileRow, Shape};
use crate::number::float;
use crate::subject::{Subject, Verb};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use sketchlet_core::{Error, MatRef, Merge, RowSummary};

/// Rows one by one and in batches, and the verbs that the subject has named ([`Subject::verb`]): whatever is refused changes
/// nothing, to the bit, and what is taken leaves bytes that can be read.
pub fn refused_verbs_change_nothing<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let mut summary = subject.filled(&case.shape, &case.table.rows())?;
    let mut choices = case.choices();
    let verbs = [("update", one as Verb<M>), ("update_batch", batch)];
    for hostile in &case.hostile {
        let row: Vec<M::Scalar> = hostile.row();
        for (name, verb) in verbs.into_iter().chain(subject.verbs()) {
            let before = subject.state(&mut summary);
            if let Err(e) = verb(&mut summary, &row, &mut choices) {
                let same = subject.state(&mut summary) == before;
                prop_assert!(same, "{name} refused {hostile:?} ({e}), but the state has changed");
            } else {
                reads_its_own_bytes(subject, &mut summary, name)?;
            }
        }
    }
    Ok(())
}

fn one<M: RowSummary>(summary: &mut M, row: &[M::Scalar], _: &mut Choices) -> Result<(), Error> {
    summary.update(row)
}

/// The row between two that are good.
fn batch<M: RowSummary>(summary: &mut M, row: &[M::Scalar], _: &mut Choices) -> Result<(), Error> {
    let mut rows = vec![float(1.0); 3 * row.len()];
    rows[row.len()..2 * row.len()].copy_from_slice(row);
    summary.update_batch(MatRef::new(&rows, 3, row.len())?)
}

/// Summaries of rows at the ends of the range, again and again: a merge that is refused changes neither, and
/// one that is not leaves bytes that can be read.
pub fn refused_merges_change_nothing<M: RowSummary + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let mut all = subject.make(&case.shape)?;
    take(&mut all, &case.hostile, &rows);
    let mut first = case.shape.first;
    for round in 0..40 {
        first += 2 * (case.table.len + case.hostile.len()) as u64;
        let mut part = subject.make(&Shape { first, ..case.shape })?;
        let (from, to) = case.hostile.split_at(round % case.hostile.len());
        take(&mut part, to, &[]);
        take(&mut part, from, &rows[..rows.len() / 2 / case.shape.dim * case.shape.dim]);
        let (before, part_before) = (subject.state(&mut all), subject.state(&mut part));
        if let Err(e) = all.merge(&part) {
            let same = subject.state(&mut all) == before && subject.state(&mut part) == part_before;
            prop_assert!(same, "a merge was refused ({e}), but the state has changed");
        } else {
            reads_its_own_bytes(subject, &mut all, "merge")?;
        }
    }
    Ok(())
}

/// What a summary writes, if it has bytes, it can read.
pub(crate) fn reads_its_own_bytes<M: RowSummary>(subject: &Subject<M>, summary: &mut M, after: &str) -> TestCaseResult {
    if subject.has_bytes() {
        let own = subject.restore(&subject.state(summary))?;
        prop_assert!(own.is_ok(), "after {after} its own bytes are refused: {:?}", own.map(drop));
    }
    Ok(())
}

/// Feeds hostile rows several times, and then others; what is refused is left out.
fn take<M: RowSummary>(summary: &mut M, hostile: &[HostileRow], rows: &[M::Scalar]) {
    let hostile = hostile.iter().flat_map(|hostile| [hostile.row::<M::Scalar>(), hostile.row(), hostile.row()]);
    for row in hostile.chain(rows.chunks_exact(summary.dim()).map(<[_]>::to_vec)) {
        let _ = summary.update(&row);
    }
}
