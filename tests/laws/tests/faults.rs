//! Every law can fail: a summary with one fault at a time, and the laws that catch it.

#![allow(missing_docs)]

use sketchlet_core::regression::{NormalEquations, NormalEquationsParams};
use sketchlet_core::stream::{Deferred, DeferredRows, Progress};
use sketchlet_core::{Error, MatRef, Merge, RowSummary, Wire};
use sketchlet_laws::{Answer, Law, Subject, check, deferred, merging, rows, verbs, wire};
use std::sync::atomic::{AtomicU64, Ordering};

type Inner = NormalEquations<f64, Vec<f64>>;

/// What is wrong.
const NOTHING: u8 = 0;
const TAKES_NAN: u8 = 1;
const TAKES_LONG_ROWS: u8 = 2;
const CONSUMES_BEFORE_IT_CHECKS: u8 = 3;
const SKIPS_THE_LAST_OF_A_BATCH: u8 = 4;
const CLEARS_HALF: u8 = 5;
const ANSWERS_AND_FORGETS: u8 = 6;
const COUNTS_TWICE: u8 = 7;
const ANSWERS_NAN: u8 = 8;
const SHRINKS_WHAT_IS_HUGE: u8 = 9;
const WEIGHS_THE_FIRST_ROW: u8 = 10;
const FORGETS_TO_REMOVE: u8 = 11;
const HAS_A_UNIT: u8 = 12;
const MERGES_WITHOUT_COUNTING: u8 = 13;
const MERGES_ANYTHING: u8 = 14;
const MERGES_TWICE: u8 = 15;
const COUNTS_MERGES: u8 = 16;
const DECODES_WITHOUT_THE_LAST_ROW: u8 = 17;
const TRUSTS_ITS_BYTES: u8 = 18;
const PANICS_ON_OTHER_SIZES: u8 = 19;
const READS_ANY_KIND: u8 = 20;
const POLLS_AWAY_A_ROW: u8 = 21;
const IS_NEVER_IDLE: u8 = 22;
const QUEUES_ANYTHING: u8 = 23;
const MERGES_WITH_WORK_LEFT: u8 = 24;
const MERGES_BY_CHANCE: u8 = 25;
const REFUSES_A_MERGE_TOO_LATE: u8 = 26;
const REFUSES_A_VERB_TOO_LATE: u8 = 27;
const WRAPS: u8 = 28;

/// What chance is here.
static MERGES: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Debug)]
struct Faulty<const FAULT: u8> {
    inner: Inner,
    waiting: Vec<Vec<f64>>,
    extra: u64,
}

fn checked(dim: usize, row: &[f64]) -> Result<(), Error> {
    if row.len() != dim {
        return Err(Error::Dimension { expected: dim, got: row.len() });
    }
    row.iter().position(|x| !x.is_finite()).map_or(Ok(()), |index| Err(Error::NonFinite { index }))
}

impl<const FAULT: u8> Faulty<FAULT> {
    fn new(dim: usize) -> Result<Self, Error> {
        Ok(Self { inner: Inner::new(NormalEquationsParams::new(dim))?, waiting: Vec::new(), extra: 0 })
    }

    fn ask(&mut self) -> Answer {
        if FAULT == ANSWERS_AND_FORGETS && self.inner.rows_seen() > 5 {
            self.inner.clear();
        }
        let unit = f64::from(u8::from(FAULT == HAS_A_UNIT));
        let nan = if FAULT == ANSWERS_NAN && self.inner.rows_seen() == 3 { f64::NAN } else { 0.0 };
        let gram = self.inner.gram().iter().map(|x| x + unit + nan).collect::<Vec<_>>();
        // How often it was merged is part of the answer of this fault.
        Answer::new()
            .with_degree(2, "gram", gram)
            .with("merges", [if FAULT == COUNTS_MERGES || FAULT == MERGES_BY_CHANCE { self.extra as f64 } else { 0.0 }])
    }
}

impl<const FAULT: u8> RowSummary for Faulty<FAULT> {
    type Scalar = f64;

    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn rows_seen(&self) -> u64 {
        let twice = if FAULT == COUNTS_TWICE { 2 } else { 1 };
        let merged = if FAULT == MERGES_WITHOUT_COUNTING { self.extra } else { 0 };
        let rows = (self.inner.rows_seen().saturating_add(self.waiting.len() as u64)).saturating_mul(twice);
        if FAULT == WRAPS { rows % 1000 } else { rows.saturating_sub(merged) }
    }

    fn update(&mut self, row: &[f64]) -> Result<(), Error> {
        let dim = self.dim();
        if FAULT == TAKES_NAN && row.iter().any(|x| x.is_nan()) {
            return self.inner.update(&vec![0.0; dim]);
        }
        if FAULT == TAKES_LONG_ROWS && row.len() > dim {
            return self.update(&row[..dim]);
        }
        if FAULT == SHRINKS_WHAT_IS_HUGE && row.iter().any(|x| x.abs() > 1e200 && x.is_finite()) {
            self.inner.clear();
            return Err(Error::Scale { index: 0 });
        }
        if FAULT == WEIGHS_THE_FIRST_ROW && self.inner.rows_seen() == 0 && row.len() == dim {
            return self.inner.update(&row.iter().map(|x| 2.0 * x).collect::<Vec<_>>());
        }
        self.inner.update(row)
    }

    fn update_batch(&mut self, rows: MatRef<'_, f64>) -> Result<(), Error> {
        match FAULT {
            CONSUMES_BEFORE_IT_CHECKS => {
                for (i, row) in rows.iter_rows().enumerate() {
                    self.update(row).map_err(|e| match e {
                        Error::NonFinite { index } => Error::NonFinite { index: i * rows.cols() + index },
                        e => e,
                    })?;
                }
                Ok(())
            }
            SKIPS_THE_LAST_OF_A_BATCH if rows.rows() > 5 && rows.cols() == self.dim() => {
                let mut kept = Vec::new();
                rows.iter_rows().take(rows.rows() - 1).for_each(|row| kept.extend_from_slice(row));
                self.inner.update_batch(MatRef::new(&kept, rows.rows() - 1, rows.cols())?)
            }
            TAKES_NAN | TAKES_LONG_ROWS | SHRINKS_WHAT_IS_HUGE | WEIGHS_THE_FIRST_ROW => {
                let (dim, before) = (self.dim(), self.clone());
                for (i, row) in rows.iter_rows().enumerate() {
                    if let Err(e) = self.update(row) {
                        *self = before;
                        return Err(match e {
                            Error::NonFinite { index } => Error::NonFinite { index: i * dim + index },
                            e => e,
                        });
                    }
                }
                Ok(())
            }
            _ => self.inner.update_batch(rows),
        }
    }

    fn clear(&mut self) {
        if FAULT == CLEARS_HALF && self.inner.rows_seen() > 0 {
            let dim = self.dim();
            self.inner.clear();
            let _ = self.inner.update(&vec![0.0; dim]);
        } else {
            self.inner.clear();
        }
        self.waiting.clear();
        self.extra = 0;
    }
}

impl<const FAULT: u8> Merge for Faulty<FAULT> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if FAULT != MERGES_WITH_WORK_LEFT && !(self.waiting.is_empty() && other.waiting.is_empty()) {
            return Err(Error::Pending);
        }
        if FAULT == MERGES_ANYTHING && self.dim() != other.dim() {
            return Ok(());
        }
        self.inner.merge(&other.inner)?;
        match FAULT {
            REFUSES_A_MERGE_TOO_LATE if other.inner.gram().iter().any(|&x| x > 1e4) => {
                return Err(Error::NonFinite { index: 0 });
            }
            MERGES_WITHOUT_COUNTING => self.extra = self.extra.saturating_add(other.inner.rows_seen()),
            COUNTS_MERGES => self.extra += 1,
            MERGES_BY_CHANCE => self.extra = MERGES.fetch_add(1, Ordering::Relaxed),
            MERGES_TWICE => {
                let rows = other.inner.rows_seen();
                self.inner.merge(&other.inner)?;
                let zeros = vec![0.0; self.dim()];
                (0..rows.min(1000)).try_for_each(|_| self.inner.remove(&zeros))?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl<const FAULT: u8> Wire for Faulty<FAULT> {
    type Storage = Vec<f64>;

    fn encoded_len(&self) -> usize {
        self.inner.encoded_len()
    }

    fn encode_into(&self, out: &mut [u8]) -> Result<usize, Error> {
        self.inner.encode_into(out)
    }

    fn decode_in(bytes: &[u8], storage: Vec<f64>) -> Result<Self, Error> {
        let mut bytes = bytes.to_vec();
        if FAULT == PANICS_ON_OTHER_SIZES {
            assert!(bytes.len() < 20 || bytes[16] <= 24, "no such number of columns");
        }
        if FAULT == TRUSTS_ITS_BYTES {
            wire::seal(&mut bytes);
        }
        if FAULT == READS_ANY_KIND
            && bytes.len() > 20
            && matches!(Inner::storage_needed(&bytes), Err(Error::Incompatible { .. }))
        {
            let right = Inner::new(NormalEquationsParams::new(2))?.encode();
            bytes[4..8].copy_from_slice(&right[4..8]);
            wire::seal(&mut bytes);
        }
        let mut inner = Inner::decode_in(&bytes, storage)?;
        if FAULT == DECODES_WITHOUT_THE_LAST_ROW && inner.rows_seen() > 3 {
            inner.clear();
        }
        Ok(Self { inner, waiting: Vec::new(), extra: 0 })
    }

    fn storage_needed(bytes: &[u8]) -> Result<usize, Error> {
        let mut bytes = bytes.to_vec();
        if FAULT == TRUSTS_ITS_BYTES {
            wire::seal(&mut bytes);
        }
        match Inner::storage_needed(&bytes) {
            Err(_) if FAULT == READS_ANY_KIND || FAULT == PANICS_ON_OTHER_SIZES => {
                Ok(Inner::new(NormalEquationsParams::new(1))?.params().storage_len())
            }
            result => result,
        }
    }
}

impl<const FAULT: u8> Deferred for Faulty<FAULT> {
    fn poll(&mut self, (): &(), budget: u64) -> Result<Progress, Error> {
        let budget = usize::try_from(budget).unwrap_or(usize::MAX).min(self.waiting.len());
        for (i, row) in self.waiting.drain(..budget).enumerate() {
            if FAULT == POLLS_AWAY_A_ROW && i == 1 {
                self.inner.update(&vec![0.0; row.len()])?;
            } else {
                self.inner.update(&row)?;
            }
        }
        Ok(if self.waiting.is_empty() { Progress::Done } else { Progress::Pending })
    }

    fn is_idle(&self) -> bool {
        FAULT != IS_NEVER_IDLE && self.waiting.is_empty()
    }
}

impl<const FAULT: u8> DeferredRows for Faulty<FAULT> {
    fn update_deferred(&mut self, row: &[f64]) -> Result<(), Error> {
        if FAULT != QUEUES_ANYTHING {
            checked(self.dim(), row)?;
        }
        if self.waiting.len() == 4 {
            return Err(Error::Capacity { limit: 4 });
        }
        self.waiting.push(row.to_vec());
        Ok(())
    }
}

/// Laws broken, by name.
fn broken<const FAULT: u8>() -> Vec<&'static str> {
    let subject = Subject::new(|shape| Faulty::<FAULT>::new(shape.dim))
        .answer(|m| Ok(m.ask()))
        .removing(
            |m, _, row| if FAULT == FORGETS_TO_REMOVE && m.rows_seen() > 5 { Ok(()) } else { m.inner.remove(row) },
        )
        .verb("remove", |m, row, _| {
            let result = m.inner.remove(row);
            if FAULT == REFUSES_A_VERB_TOO_LATE && result.is_err() {
                let zeros = vec![0.0; m.dim()];
                m.inner.remove(&zeros)?;
            }
            result
        })
        .wire();
    // The byte form has no place for rows that wait: what is deferred is compared by answers.
    let deferring = Subject::new(|shape| Faulty::<FAULT>::new(shape.dim))
        .answer(|m| Ok(m.ask().with("waiting", [m.waiting.len() as f64])));
    let laws: [(&str, &Subject<_>, Law<Faulty<FAULT>>); 28] = [
        ("rows_seen_counts", &subject, rows::rows_seen_counts),
        ("wrong_lengths_change_nothing", &subject, rows::wrong_lengths_change_nothing),
        ("non_finite_entries_change_nothing", &subject, rows::non_finite_entries_change_nothing),
        ("batches_equal_rows", &subject, rows::batches_equal_rows),
        ("clear_is_new", &subject, rows::clear_is_new),
        ("answering_is_pure", &subject, rows::answering_is_pure),
        ("answers_are_numbers", &subject, rows::answers_are_numbers),
        ("hostile_rows_are_taken_or_refused", &subject, rows::hostile_rows_are_taken_or_refused),
        ("refused_verbs_change_nothing", &subject, verbs::refused_verbs_change_nothing),
        ("refused_merges_change_nothing", &subject, verbs::refused_merges_change_nothing),
        ("any_order_gives_the_same_answer", &subject, rows::any_order_gives_the_same_answer),
        ("removal_undoes_update", &subject, rows::removal_undoes_update),
        ("powers_of_two_keep_bits", &subject, rows::powers_of_two_keep_bits),
        ("merging_adds_rows_seen", &subject, merging::merging_adds_rows_seen),
        ("merging_is_deterministic", &subject, merging::merging_is_deterministic),
        ("merging_with_empty_is_identity", &subject, merging::merging_with_empty_is_identity),
        ("merging_refuses_other_shapes", &subject, merging::merging_refuses_other_shapes),
        ("counts_never_wrap", &subject, merging::counts_never_wrap),
        ("merging_equals_one_stream", &subject, merging::merging_equals_one_stream),
        ("decoded_goes_on_bit_for_bit", &subject, wire::decoded_goes_on_bit_for_bit),
        ("damaged_bytes_are_refused", &subject, wire::damaged_bytes_are_refused),
        ("forged_bytes_never_panic", &subject, wire::forged_bytes_never_panic),
        ("foreign_kinds_are_refused", &subject, wire::foreign_kinds_are_refused),
        ("deferred_equals_immediate", &deferring, deferred::deferred_equals_immediate),
        ("polls_end", &deferring, deferred::polls_end),
        ("polling_when_idle_is_done", &deferring, deferred::polling_when_idle_is_done),
        ("refused_deferred_rows_change_nothing", &deferring, deferred::refused_deferred_rows_change_nothing),
        ("pending_merges_are_refused", &deferring, deferred::pending_merges_are_refused),
    ];
    laws.into_iter().filter(|(name, subject, law)| check(name, subject, *law).is_err()).map(|(name, ..)| name).collect()
}

/// The first law named must be among those that catch the fault.
macro_rules! faults {
    ($($test:ident: $fault:ident => $law:literal;)*) => {$(
        #[test]
        fn $test() {
            let broken = broken::<$fault>();
            assert!(broken.contains(&$law), "caught by {broken:?}");
        }
    )*};
}

#[test]
fn without_a_fault_all_laws_hold() {
    assert_eq!(broken::<NOTHING>(), [""; 0]);
}

faults! {
    a_nan_taken_for_zero: TAKES_NAN => "non_finite_entries_change_nothing";
    hostile_rows_find_it_too: TAKES_NAN => "hostile_rows_are_taken_or_refused";
    long_rows_cut: TAKES_LONG_ROWS => "wrong_lengths_change_nothing";
    rows_before_a_bad_one: CONSUMES_BEFORE_IT_CHECKS => "non_finite_entries_change_nothing";
    the_last_of_a_batch: SKIPS_THE_LAST_OF_A_BATCH => "batches_equal_rows";
    half_a_clear: CLEARS_HALF => "clear_is_new";
    an_answer_that_forgets: ANSWERS_AND_FORGETS => "answering_is_pure";
    rows_counted_twice: COUNTS_TWICE => "rows_seen_counts";
    a_nan_for_an_answer: ANSWERS_NAN => "answers_are_numbers";
    a_refusal_that_shrinks: SHRINKS_WHAT_IS_HUGE => "hostile_rows_are_taken_or_refused";
    the_first_row_counts_more: WEIGHS_THE_FIRST_ROW => "any_order_gives_the_same_answer";
    removed_and_still_there: FORGETS_TO_REMOVE => "removal_undoes_update";
    a_unit_of_its_own: HAS_A_UNIT => "powers_of_two_keep_bits";
    merged_rows_not_counted: MERGES_WITHOUT_COUNTING => "merging_adds_rows_seen";
    another_shape_taken: MERGES_ANYTHING => "merging_refuses_other_shapes";
    merged_twice: MERGES_TWICE => "merging_equals_one_stream";
    merges_by_chance: MERGES_BY_CHANCE => "merging_is_deterministic";
    merges_show: COUNTS_MERGES => "merging_with_empty_is_identity";
    decoded_without_rows: DECODES_WITHOUT_THE_LAST_ROW => "decoded_goes_on_bit_for_bit";
    checksums_ignored: TRUSTS_ITS_BYTES => "damaged_bytes_are_refused";
    a_panic_on_forged_bytes: PANICS_ON_OTHER_SIZES => "forged_bytes_never_panic";
    kinds_ignored: READS_ANY_KIND => "foreign_kinds_are_refused";
    work_lost: POLLS_AWAY_A_ROW => "deferred_equals_immediate";
    never_idle: IS_NEVER_IDLE => "polling_when_idle_is_done";
    polls_that_never_end: IS_NEVER_IDLE => "polls_end";
    bad_rows_queued: QUEUES_ANYTHING => "refused_deferred_rows_change_nothing";
    a_verb_refused_too_late: REFUSES_A_VERB_TOO_LATE => "refused_verbs_change_nothing";
    a_merge_refused_too_late: REFUSES_A_MERGE_TOO_LATE => "refused_merges_change_nothing";
    a_count_that_wraps: WRAPS => "counts_never_wrap";
    merged_with_work_left: MERGES_WITH_WORK_LEFT => "pending_merges_are_refused";
}

/// The byte form above has no place for rows that wait.
#[test]
fn work_that_does_not_travel() {
    let subject = Subject::new(|shape| Faulty::<NOTHING>::new(shape.dim)).answer(|m| Ok(m.ask())).wire();
    let broken = check("pending_work_travels", &subject, deferred::pending_work_travels).unwrap_err();
    assert_eq!(broken.law, "pending_work_travels");
}
