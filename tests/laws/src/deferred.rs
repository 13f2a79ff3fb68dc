//! Laws of work that is put off.

use crate::input::{Case, Choices};
use crate::subject::{Subject, feed};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};
use sketchlet_core::stream::{Deferred, DeferredRows, Progress};
use sketchlet_core::{Error, Merge, RowSummary, Wire};

/// More polls than any work takes.
const POLLS: usize = 1 << 20;

fn poll<M: Deferred>(summary: &mut M, budget: u64) -> Result<Progress, TestCaseError> {
    summary.poll(&(), budget).map_err(|e| TestCaseError::fail(format!("a poll fails: {e}")))
}

/// Polls until nothing is left.
fn settle<M: Deferred>(summary: &mut M, mut budget: impl FnMut() -> u64) -> TestCaseResult {
    for _ in 0..POLLS {
        if poll(summary, budget())? == Progress::Done {
            prop_assert!(summary.is_idle(), "done, but not idle");
            return Ok(());
        }
    }
    Err(TestCaseError::fail("polls never end"))
}

fn budget(choices: &mut Choices) -> u64 {
    [1, 1, 2, 5, 40, u64::MAX][choices.below(6)]
}

/// Feeds rows without the work; where the spare area is full, polls as often as it takes.
fn feed_deferred<M: DeferredRows>(summary: &mut M, rows: &[M::Scalar], choices: &mut Choices) -> TestCaseResult {
    for row in rows.chunks_exact(summary.dim()) {
        loop {
            match summary.update_deferred(row) {
                Ok(()) => break,
                Err(Error::Capacity { .. }) => {
                    prop_assert!(!summary.is_idle(), "no room, and nothing to be done");
                    poll(summary, budget(choices))?;
                }
                Err(e) => return Err(TestCaseError::fail(format!("{row:?} is refused: {e}"))),
            }
        }
        if choices.below(3) == 0 {
            poll(summary, budget(choices))?;
        }
    }
    Ok(())
}

/// Rows whose work is done in slices of any size end in the state of rows that are worked off at once.
pub fn deferred_equals_immediate<M: DeferredRows>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let (rows, mut choices) = (case.table.rows(), case.choices());
    let mut immediate = subject.filled(&case.shape, &rows)?;
    settle(&mut immediate, || u64::MAX)?;
    let mut deferred = subject.make(&case.shape)?;
    feed_deferred(&mut deferred, &rows, &mut choices)?;
    settle(&mut deferred, || budget(&mut choices))?;
    prop_assert_eq!(deferred.rows_seen(), immediate.rows_seen());
    prop_assert!(subject.state(&mut deferred) == subject.state(&mut immediate), "work in slices gave other bits");
    prop_assert_eq!(subject.ask(&mut deferred), subject.ask(&mut immediate));
    Ok(())
}

/// Where nothing is left, a poll says so and changes nothing.
pub fn polling_when_idle_is_done<M: DeferredRows>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let mut summary = subject.make(&case.shape)?;
    prop_assert!(summary.is_idle(), "a new summary has work to do");
    prop_assert_eq!(poll(&mut summary, 1)?, Progress::Done);
    feed_deferred(&mut summary, &case.table.rows(), &mut case.choices())?;
    settle(&mut summary, || u64::MAX)?;
    let before = subject.state(&mut summary);
    for budget in [0, 1, u64::MAX] {
        prop_assert_eq!(poll(&mut summary, budget)?, Progress::Done);
        prop_assert!(subject.state(&mut summary) == before, "a poll without work changed the state");
    }
    summary.clear();
    prop_assert!(summary.is_idle(), "a cleared summary has work to do");
    Ok(())
}

/// Whatever a summary has put off by itself: polls end, they lose no row and change nothing twice, and it goes on from there.
pub fn polls_end<M: RowSummary + Deferred>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let (rows, mut choices) = (case.table.rows::<M::Scalar>(), case.choices());
    let mut summary = subject.make(&case.shape)?;
    prop_assert!(summary.is_idle(), "a new summary has work to do");
    for (_, piece) in case.pieces(&rows) {
        feed(&mut summary, piece)?;
        let seen = summary.rows_seen();
        settle(&mut summary, || budget(&mut choices))?;
        prop_assert_eq!(summary.rows_seen(), seen);
        let before = subject.state(&mut summary);
        prop_assert_eq!(poll(&mut summary, u64::MAX)?, Progress::Done);
        prop_assert!(subject.state(&mut summary) == before, "a poll without work changed the state");
    }
    summary.clear();
    prop_assert!(summary.is_idle(), "a cleared summary has work to do");
    Ok(())
}

/// Deferred rows of another length, with a NaN, or beyond the spare area are refused, and the state stays.
pub fn refused_deferred_rows_change_nothing<M: DeferredRows>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let mut summary = subject.make(&case.shape)?;
    feed_deferred(&mut summary, &case.table.rows(), &mut case.choices())?;
    for hostile in &case.hostile {
        let (row, before) = (hostile.row::<M::Scalar>(), subject.state(&mut summary));
        match summary.update_deferred(&row) {
            Ok(()) => prop_assert!(!hostile.is_refused::<M::Scalar>(), "{hostile:?} was consumed"),
            Err(e) => prop_assert!(subject.state(&mut summary) == before, "refused ({e}), but the state has changed"),
        }
    }
    Ok(())
}

/// A summary with work left goes out and in again, and ends in the same state.
pub fn pending_work_travels<M: DeferredRows + Wire>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let (rows, mut choices) = (case.table.rows::<M::Scalar>(), case.choices());
    let (head, tail) = rows.split_at(choices.below(case.table.len + 1) * case.shape.dim);
    let mut summary = subject.make(&case.shape)?;
    feed_deferred(&mut summary, head, &mut choices)?;
    let bytes = summary.encode();
    let restored = subject.restore(&bytes)?;
    prop_assert!(restored.is_ok(), "its own bytes are refused: {:?}", restored.map(drop));
    let Ok(mut restored) = restored else { return Ok(()) };
    prop_assert_eq!(restored.is_idle(), summary.is_idle());
    for summary in [&mut summary, &mut restored] {
        feed_deferred(summary, tail, &mut choices)?;
        settle(summary, || budget(&mut choices))?;
    }
    prop_assert!(restored.encode() == summary.encode(), "decoded with work left, it goes on to other bits");
    Ok(())
}

/// While work is left, a merge from or into the summary says so and changes nothing.
pub fn pending_merges_are_refused<M: DeferredRows + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let mut summary = subject.make(&case.shape)?;
    for row in case.table.rows::<M::Scalar>().chunks_exact(case.shape.dim) {
        if summary.update_deferred(row).is_err() || !summary.is_idle() {
            break;
        }
    }
    if summary.is_idle() {
        return Ok(());
    }
    let (before, mut other) = (subject.state(&mut summary), subject.make(&case.shape)?);
    prop_assert_eq!(summary.merge(&other), Err(Error::Pending));
    prop_assert_eq!(other.merge(&summary), Err(Error::Pending));
    prop_assert!(subject.state(&mut summary) == before, "a refused merge changed the state");
    Ok(())
}
