//! Laws of every summary of rows.

use crate::input::Case;
use crate::number::float;
use crate::subject::{Subject, feed, feed_batch};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use sketchlet_core::{Error, Lane, MatRef, RowSummary};

/// As many rows as have come, one by one or in batches; the number of columns stays.
pub fn rows_seen_counts<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let mut summary = subject.make(&case.shape)?;
    prop_assert_eq!(summary.rows_seen(), 0);
    for (i, row) in rows.chunks_exact(case.shape.dim).enumerate() {
        feed(&mut summary, row)?;
        prop_assert_eq!(summary.rows_seen(), i as u64 + 1);
    }
    feed_batch(&mut summary, &rows)?;
    prop_assert_eq!(summary.rows_seen(), 2 * case.table.len as u64);
    prop_assert_eq!(summary.dim(), case.shape.dim);
    Ok(())
}

/// A row, or a batch of rows, of another length is refused, and the state stays.
pub fn wrong_lengths_change_nothing<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let expected = case.shape.dim;
    let mut summary = subject.filled(&case.shape, &case.table.rows())?;
    let before = subject.state(&mut summary);
    for got in [0, expected - 1, expected + 1, 2 * expected].into_iter().filter(|&got| got != expected) {
        let row = vec![float(1.0); 2 * got];
        let refused = Err(Error::Dimension { expected, got });
        prop_assert_eq!(summary.update(&row[..got]), refused);
        prop_assert_eq!(MatRef::new(&row, 2, got).and_then(|batch| summary.update_batch(batch)), refused);
        prop_assert!(subject.state(&mut summary) == before, "{got} entries changed the state");
    }
    Ok(())
}

/// A NaN or an infinity is refused, with its place, and the state stays; good rows before it in a batch are not consumed.
pub fn non_finite_entries_change_nothing<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let mut summary = subject.filled(&case.shape, &case.table.rows())?;
    let before = subject.state(&mut summary);
    let (dim, at) = (case.shape.dim, case.choices().below(case.shape.dim));
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(float::<M::Scalar>).into_iter().filter(|x| !x.is_finite())
    {
        let mut rows = vec![float(1.0); 3 * dim];
        rows[2 * dim + at] = x;
        prop_assert_eq!(summary.update(&rows[2 * dim..]), Err(Error::NonFinite { index: at }));
        prop_assert!(subject.state(&mut summary) == before, "{x:?} changed the state");
        let result = MatRef::new(&rows, 3, dim).and_then(|batch| summary.update_batch(batch));
        prop_assert_eq!(result, Err(Error::NonFinite { index: 2 * dim + at }));
        prop_assert!(subject.state(&mut summary) == before, "{x:?} in a batch changed the state");
    }
    Ok(())
}

/// However the rows are cut into batches, the bits are those of single rows.
pub fn batches_equal_rows<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let mut single = subject.filled(&case.shape, &rows)?;
    let mut batched = subject.make(&case.shape)?;
    for (_, piece) in case.pieces(&rows) {
        feed_batch(&mut batched, piece)?;
    }
    prop_assert_eq!(batched.rows_seen(), case.table.len as u64);
    prop_assert!(subject.state(&mut batched) == subject.state(&mut single), "batches gave other bits");
    prop_assert_eq!(subject.ask(&mut batched), subject.ask(&mut single));
    Ok(())
}

/// `clear` gives the summary that a constructor gives, whatever happened before.
pub fn clear_is_new<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let mut summary = subject.filled(&case.shape, &rows)?;
    let (first, filled) = (subject.ask(&mut summary), subject.state(&mut summary));
    summary.clear();
    prop_assert_eq!(summary.rows_seen(), 0);
    let mut empty = subject.make(&case.shape)?;
    prop_assert!(subject.state(&mut summary) == subject.state(&mut empty), "a cleared summary is not a new one");
    feed(&mut summary, &rows)?;
    prop_assert_eq!(subject.ask(&mut summary), first);
    prop_assert!(subject.state(&mut summary) == filled, "the same rows after a clear gave other bits");
    Ok(())
}

/// Answers on the way change no later bit, and two answers in a row are the same.
pub fn answering_is_pure<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let mut silent = subject.filled(&case.shape, &rows)?;
    let mut asked = subject.make(&case.shape)?;
    let every = 1 + case.table.len / 40;
    for (i, row) in rows.chunks_exact(case.shape.dim).enumerate() {
        feed(&mut asked, row)?;
        if i % every == 0 {
            let first = subject.ask(&mut asked);
            prop_assert_eq!(first, subject.ask(&mut asked), "two answers after row {}", i);
        }
    }
    prop_assert!(subject.state(&mut asked) == subject.state(&mut silent), "an answer changed later bits");
    Ok(())
}

/// No answer holds a NaN.
pub fn answers_are_numbers<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let mut summary = subject.make(&case.shape)?;
    for (_, piece) in case.pieces(&rows) {
        has_no_nan(subject, &mut summary)?;
        feed(&mut summary, piece)?;
    }
    has_no_nan(subject, &mut summary)
}

fn has_no_nan<M: RowSummary>(subject: &Subject<M>, summary: &mut M) -> TestCaseResult {
    if let Ok(answer) = subject.ask(summary) {
        let nan = answer.numbers().iter().find(|number| number.value.is_nan());
        prop_assert!(nan.is_none(), "{nan:?} after {} rows", summary.rows_seen());
    }
    Ok(())
}

/// Hostile rows, among good ones: each is refused and changes nothing, or it is consumed and counted. What must be refused is.
/// No answer holds a NaN afterwards, and a cleared summary is a new one.
pub fn hostile_rows_are_taken_or_refused<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let mut summary = subject.make(&case.shape)?;
    let rows = case.table.rows();
    let mut good = rows.chunks_exact(case.shape.dim);
    for hostile in &case.hostile {
        for row in [hostile.row(), good.next().unwrap_or_default().to_vec()] {
            let (before, seen) = (subject.state(&mut summary), summary.rows_seen());
            let must_be_refused = row.len() != case.shape.dim || !M::Scalar::all_finite(&row);
            match summary.update(&row) {
                Ok(()) => {
                    prop_assert!(!must_be_refused, "{hostile:?} was consumed");
                    prop_assert_eq!(summary.rows_seen(), seen + 1, "{:?} was not counted", hostile);
                }
                Err(e) => {
                    prop_assert!(subject.state(&mut summary) == before, "refused ({e}), but the state has changed");
                }
            }
        }
        has_no_nan(subject, &mut summary)?;
    }
    summary.clear();
    let mut empty = subject.make(&case.shape)?;
    prop_assert!(subject.state(&mut summary) == subject.state(&mut empty), "a cleared summary is not a new one");
    Ok(())
}

/// All rows times a power of two: every number of the answer times that power to its degree, to the bit.
pub fn powers_of_two_keep_bits<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let table = case.table.with_exact_sums();
    let plain = subject.ask(&mut subject.filled(&case.shape, &table.rows())?);
    for e in [-20, 20, 7] {
        let rows: Vec<M::Scalar> = table.rows::<f64>().into_iter().map(|x| float(x * 2f64.powi(e))).collect();
        let scaled = subject.ask(&mut subject.filled(&case.shape, &rows)?);
        let (Ok(plain), Ok(scaled)) = (&plain, &scaled) else {
            prop_assert_eq!(&plain, &scaled, "times 2^{}", e);
            continue;
        };
        prop_assert_eq!(plain.numbers().len(), scaled.numbers().len());
        for (x, y) in plain.numbers().iter().zip(scaled.numbers()) {
            let expected = x.value * 2f64.powi(e * x.degree);
            prop_assert!(expected == y.value, "times 2^{e}: {y:?} instead of {expected:e}");
        }
    }
    Ok(())
}

/// The order of the rows does not matter.
pub fn any_order_gives_the_same_answer<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.with_exact_sums().rows::<M::Scalar>();
    let dim = case.shape.dim;
    let mut ordered = subject.filled(&case.shape, &rows)?;
    let mixed: Vec<M::Scalar> = case.order().iter().flat_map(|&i| rows[i * dim..][..dim].iter().copied()).collect();
    let mut mixed = subject.filled(&case.shape, &mixed)?;
    same_answer(subject, &mut mixed, &mut ordered)
}

/// Rows that come and go leave no trace in what is told. Something may be missing: what rounding of rows that have gone makes
/// uncertain.
pub fn removal_undoes_update<M: RowSummary>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let remove = subject.remove().ok_or_else(|| TestCaseError::fail("the subject can't remove: call removing()"))?;
    let rows = case.table.with_exact_sums().rows::<M::Scalar>();
    let dim = case.shape.dim;
    let mut summary = subject.filled(&case.shape, &rows)?;
    let kept = case.choices().below(case.table.len + 1);
    for (i, row) in rows.chunks_exact(dim).enumerate().skip(kept) {
        let result = remove(&mut summary, i as u64, row);
        prop_assert!(result.is_ok(), "row {i} can't be removed: {result:?}");
    }
    let before = subject.state(&mut summary);
    prop_assert!(remove(&mut summary, 0, &rows[..0]).is_err(), "an empty row was removed");
    prop_assert!(subject.state(&mut summary) == before, "a refused removal changed the state");
    let mut expected = subject.filled(&case.shape, &rows[..kept * dim])?;
    match (subject.ask(&mut summary), subject.ask(&mut expected)) {
        (Ok(got), Ok(expected)) => {
            let told = expected.shared_with(&got);
            prop_assert!(!got.numbers().is_empty(), "nothing is told");
            prop_assert!(told.is_close(&got, subject.tolerance), "{got:?} instead of {expected:?}");
        }
        (got, expected) => prop_assert_eq!(got, expected),
    }
    Ok(())
}

/// Equal bits, or within the tolerance of the subject.
pub(crate) fn same_answer<M: RowSummary>(subject: &Subject<M>, got: &mut M, expected: &mut M) -> TestCaseResult {
    match (subject.ask(got), subject.ask(expected)) {
        (Ok(got), Ok(expected)) => {
            prop_assert!(expected.is_close(&got, subject.tolerance), "{got:?} instead of {expected:?}");
        }
        (got, expected) => prop_assert_eq!(got, expected),
    }
    Ok(())
}
