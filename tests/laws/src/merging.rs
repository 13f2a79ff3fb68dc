//! Laws of summaries that absorb each other.

use crate::input::{Case, Shape};
use crate::rows::same_answer;
use crate::subject::{Subject, feed};
use crate::verbs::reads_its_own_bytes;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};
use sketchlet_core::{Error, Merge, RowSummary};

/// A summary for each piece of the rows, merged from left to right.
fn merged<M: RowSummary + Merge>(subject: &Subject<M>, case: &Case, rows: &[M::Scalar]) -> Result<M, TestCaseError> {
    let mut all = subject.make(&case.shape)?;
    for (i, (first, piece)) in case.pieces(rows).into_iter().enumerate() {
        let part = subject.filled(&Shape { first: case.shape.first + first as u64, ..case.shape }, piece)?;
        if i == 0 {
            all = part;
        } else {
            merge(&mut all, &part)?;
        }
    }
    Ok(all)
}

fn merge<M: Merge>(to: &mut M, from: &M) -> TestCaseResult {
    to.merge(from).map_err(|e| TestCaseError::fail(format!("a merge is refused: {e}")))
}

/// Rows and their number add up, and the summary goes on from there.
pub fn merging_adds_rows_seen<M: RowSummary + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let mut all = merged(subject, case, &rows)?;
    prop_assert_eq!(all.rows_seen(), case.table.len as u64);
    feed(&mut all, &rows)?;
    prop_assert_eq!(all.rows_seen(), 2 * case.table.len as u64);
    Ok(())
}

/// The same pieces give the same bits, and what is absorbed stays as it was.
pub fn merging_is_deterministic<M: RowSummary + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let mut once = merged(subject, case, &rows)?;
    let mut twice = merged(subject, case, &rows)?;
    prop_assert_eq!(subject.ask(&mut once), subject.ask(&mut twice));
    prop_assert!(subject.state(&mut once) == subject.state(&mut twice), "the same merges gave other bits");
    Ok(())
}

/// An empty summary on either side changes no answer.
pub fn merging_with_empty_is_identity<M: RowSummary + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let (mut alone, mut left) = (subject.filled(&case.shape, &rows)?, subject.filled(&case.shape, &rows)?);
    let mut right = subject.make(&case.shape)?;
    merge(&mut right, &alone)?;
    let after = Shape { first: case.shape.first + case.table.len as u64, ..case.shape };
    merge(&mut left, &subject.make(&after)?)?;
    for mut merged in [left, right] {
        prop_assert_eq!(merged.rows_seen(), case.table.len as u64);
        same_answer(subject, &mut merged, &mut alone)?;
    }
    Ok(())
}

/// Two summaries that absorb each other again and again, until there are more rows than can be counted: the count never falls,
/// and their bytes can be read.
pub fn counts_never_wrap<M: RowSummary + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    // So many merges take long: a few cases will do.
    if case.choices().below(8) > 0 {
        return Ok(());
    }
    let rows = case.table.rows();
    let after = Shape { first: case.shape.first + case.table.len as u64, ..case.shape };
    let mut pair = [subject.filled(&case.shape, &rows)?, subject.filled(&after, &rows)?];
    for round in 0..100 {
        let (first, second) = pair.split_at_mut(1);
        let [to, from] = if round % 2 == 0 { [&mut first[0], &mut second[0]] } else { [&mut second[0], &mut first[0]] };
        let before = to.rows_seen();
        // Rows of one number may be refused, and what has grown out of range.
        if to.merge(from).is_err() {
            break;
        }
        let least = before.max(from.rows_seen());
        prop_assert!(to.rows_seen() >= least, "{} rows after a merge, {} before", to.rows_seen(), least);
        reads_its_own_bytes(subject, to, "many merges")?;
    }
    Ok(())
}

/// A summary of more columns is refused, and neither changes.
pub fn merging_refuses_other_shapes<M: RowSummary + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let mut summary = subject.filled(&case.shape, &case.table.rows())?;
    let before = subject.state(&mut summary);
    let mut wider = subject.make(&Shape { dim: case.shape.dim + 1, ..case.shape })?;
    let result = summary.merge(&wider);
    prop_assert!(matches!(result, Err(Error::Incompatible { .. })), "another shape: {result:?}");
    let result = wider.merge(&summary);
    prop_assert!(matches!(result, Err(Error::Incompatible { .. })), "another shape: {result:?}");
    prop_assert!(subject.state(&mut summary) == before, "a refused merge changed the state");
    Ok(())
}

/// Pieces merged answer as one stream does, on rows whose sums are exact.
pub fn merging_equals_one_stream<M: RowSummary + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.with_exact_sums().rows();
    let mut whole = subject.filled(&case.shape, &rows)?;
    same_answer(subject, &mut merged(subject, case, &rows)?, &mut whole)
}
