//! Laws that every summary keeps, as functions generic over the traits: a new type joins the suite with one line.
//!
//! A law takes a [`Subject`] (how to make and to restore a summary) and an [`Input`] (a shape and rows), and panics when
//! the law is broken. Inputs come from [`inputs`], a proptest strategy: small shapes, rows with entries that `f32` holds
//! exactly and with exponents from -30 to 30, ties, zeros, duplicates.

use crate::oracle::Oracle;
use crate::streams::{Rows, Source, dot};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sketchlet_core::eigen::{Confidence, TopEigen};
use sketchlet_core::{Difference, Error, Lane, MatRef, Merge, Real, RowSummary, Wire};
use std::fmt::Debug;

/// Kinds of rows that [`inputs`] mixes.
const KINDS: usize = 7;

/// A shape, and rows to feed to a summary of that shape.
#[derive(Clone, Debug)]
pub struct Input {
    /// Columns.
    pub dim: usize,
    /// Vectors wanted.
    pub rank: usize,
    /// Which kind of rows.
    pub kind: usize,
    /// Seed of the rows; also for choices that a law has to make.
    pub seed: u64,
    /// Number of rows.
    pub n: usize,
    /// Largest exponent of a row or an entry, up and down.
    pub exponents: usize,
}

impl Input {
    /// A source for choices.
    pub fn source(&self) -> Source {
        Source::new(self.seed ^ 0x4348_4f49_4345)
    }

    /// The rows. Entries are small integers times a power of two: the same number in `f32` and `f64`.
    pub fn rows(&self) -> Rows {
        let mut source = Source::new(self.seed);
        let dim = self.dim;
        let integer = |source: &mut Source| source.below(129) as f64 - 64.0;
        let limit = self.exponents;
        let power = |source: &mut Source| 2f64.powi(source.below(2 * limit + 1) as i32 - limit as i32);
        let few: Vec<Vec<f64>> = (0..3).map(|_| (0..dim).map(|_| integer(&mut source)).collect()).collect();
        let common = power(&mut source);
        let row = |source: &mut Source| -> Vec<f64> {
            match self.kind {
                // One exponent for all.
                0 => (0..dim).map(|_| integer(source) * common).collect(),
                // One for each row.
                1 => {
                    let scale = power(source);
                    (0..dim).map(|_| integer(source) * scale).collect()
                }
                // One for each entry.
                2 => (0..dim).map(|_| integer(source) * power(source)).collect(),
                // Duplicates: rank 3 at most.
                3 => few[source.below(3)].clone(),
                // Axes: ties, and directions that few rows have.
                4 => {
                    let mut row = vec![0.0; dim];
                    row[source.below(dim)] = if source.word() & 1 == 1 { 4.0 } else { -4.0 };
                    row
                }
                // Zeros in between, and a dominant direction.
                5 => {
                    let zero = source.below(3) == 0;
                    let along = integer(source) * 8.0;
                    (0..dim).map(|j| if zero { 0.0 } else { integer(source) + along * few[0][j] }).collect()
                }
                // Small integers: sums are exact.
                _ => (0..dim).map(|_| integer(source)).collect(),
            }
        };
        Rows::collect(dim, (0..self.n).map(|_| row(&mut source)))
    }

    /// Small integers instead, of the same shape: all sums of products are exact, also in `f32`.
    #[must_use]
    pub fn with_exact_sums(&self) -> Self {
        Self { kind: KINDS - 1, ..self.clone() }
    }
}

/// Shapes up to 24 columns, rank 3 and 400 rows.
pub fn inputs() -> impl Strategy<Value = Input> {
    let n = prop_oneof![1 => 0usize..4, 2 => 4usize..60, 3 => 60usize..=400];
    (1usize..=24, 1usize..=3, 0..KINDS, any::<u64>(), n).prop_map(|(dim, rank, kind, seed, n)| Input {
        dim,
        rank: rank.min(dim),
        kind,
        seed,
        n,
        exponents: 30,
    })
}

/// How to make an empty summary of a shape, and how to restore one from its byte form.
#[derive(Clone, Copy, Debug)]
pub struct Subject<M> {
    /// An empty summary for rows of that many columns, of that rank, with that seed (if it has one).
    pub make: fn(dim: usize, rank: usize, seed: u64) -> Result<M, Error>,
    /// `M::decode`, into storage of its own.
    pub restore: fn(&[u8]) -> Result<M, Error>,
}

impl<M: RowSummary<Scalar: Real>> Subject<M> {
    /// An empty summary of the input's shape.
    pub fn empty(&self, input: &Input) -> M {
        (self.make)(input.dim, input.rank, 0).unwrap()
    }

    /// One that has seen the rows.
    pub fn filled(&self, input: &Input, rows: &Rows) -> M {
        let mut summary = self.empty(input);
        feed(&mut summary, rows);
        summary
    }
}

/// Feeds rows one by one.
pub fn feed<M: RowSummary<Scalar: Real>>(summary: &mut M, rows: &Rows) {
    rows.cast::<M::Scalar>().chunks_exact(rows.dim()).for_each(|row| summary.update(row).unwrap());
}

/// Feeds rows as one batch.
pub fn feed_batch<M: RowSummary<Scalar: Real>>(summary: &mut M, rows: &Rows) {
    summary.update_batch(MatRef::new(&rows.cast(), rows.len(), rows.dim()).unwrap()).unwrap();
}

/// An answer with everything in it, out of the caller's buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// Number of vectors.
    pub rank: usize,
    /// The vectors, one after another.
    pub vectors: Vec<T>,
    /// Squared singular values.
    pub values: Vec<f64>,
    /// Certified bounds on each of them.
    pub bounds: Option<Vec<(f64, f64)>>,
    /// The verdict.
    pub confidence: Confidence<T>,
}

impl<T: Real> Answer<T> {
    /// The vectors in `f64`.
    pub fn vectors_f64(&self) -> Vec<f64> {
        self.vectors.iter().map(|x| x.as_f64()).collect()
    }

    /// Error against the exact vectors.
    pub fn error(&self, oracle: &Oracle) -> f64 {
        oracle.error(&self.vectors_f64())
    }
}

/// The answer of a summary, with as many vectors as there are.
///
/// # Errors
/// Those of `estimate_available`.
pub fn answer<M: TopEigen>(summary: &mut M) -> Result<Answer<M::Scalar>, Error> {
    let mut buffer = vec![M::Scalar::ZERO; summary.answer_len()];
    let top = summary.estimate_available(&mut buffer)?;
    let rank = top.rank();
    let values = (0..rank).map(|i| top.value(i).as_f64()).collect();
    let bounds = (0..rank)
        .map(|i| Some((top.value_lower(i)?.as_f64(), top.value_upper(i)?.as_f64())))
        .collect::<Option<Vec<_>>>()
        .filter(|bounds| !bounds.is_empty());
    Ok(Answer { rank, vectors: top.vectors().as_slice().to_vec(), values, bounds, confidence: top.confidence })
}

/// The answer, or `None` where the law has nothing to check: no energy yet, or a solver that gave up.
fn some_answer<M: TopEigen>(summary: &mut M) -> Option<Answer<M::Scalar>> {
    match answer(summary) {
        Ok(answer) => Some(answer),
        Err(Error::TooFewRows { needed: 1, got: 0 } | Error::NotConverged { .. }) => None,
        Err(e) => panic!("{e}"),
    }
}

/// Relative rounding errors that sums over a few hundred rows may collect.
fn rounding<T: Real>() -> f64 {
    100.0 * T::EPSILON.as_f64()
}

/// What rounding alone may turn a vector by, as `sin^2`; iterative solvers stop at a residual of 1e-6 in `f32` and 1e-12 in
/// `f64`.
fn rounding_error<T: Real>(oracle: &Oracle, rank: usize) -> f64 {
    let next = oracle.values().get(rank).copied().unwrap_or(0.0);
    let gap = (oracle.value(rank - 1) - next) / oracle.value(0);
    let residual = if T::BYTES == 4 { 1e-6 } else { 1e-12 };
    ((rounding::<T>() + residual) / gap).powi(2)
}

/// Unit length to a few rounding errors, orthogonal to each other, first entry that is not noise positive.
pub fn answers_are_orthonormal_and_signed<M: TopEigen>(subject: &Subject<M>, input: &Input) {
    let Some(answer) = some_answer(&mut subject.filled(input, &input.rows())) else { return };
    let eps = M::Scalar::EPSILON.as_f64();
    let tolerance = if M::Scalar::BYTES == 4 { 1e-5 } else { 1e-10 };
    let vectors = answer.vectors_f64();
    let vectors: Vec<&[f64]> = vectors.chunks_exact(input.dim).collect();
    assert_eq!(vectors.len(), answer.rank);
    assert!(answer.rank <= input.rank);
    for (i, v) in vectors.iter().enumerate() {
        let norm = dot(v, v).sqrt();
        assert!((norm - 1.0).abs() <= 4.0 * eps, "vector {i} has length 1 + {:e}", norm - 1.0);
        let largest = v.iter().fold(0.0f64, |max, x| max.max(x.abs()));
        let first = v.iter().find(|x| x.abs() > 8.0 * eps * largest).unwrap();
        assert!(*first > 0.0, "vector {i} begins with {first}");
        for (j, u) in vectors[..i].iter().enumerate() {
            assert!(dot(u, v).abs() < tolerance, "vectors {j} and {i}: {:e}", dot(u, v));
        }
    }
    for pair in answer.bounds.iter().flat_map(|bounds| bounds.windows(2)) {
        assert!(pair[0].0 >= pair[1].0 && pair[0].1 >= pair[1].1, "bounds not in order: {pair:?}");
    }
}

/// All rows times a power of two: the same bits, values times its square.
pub fn scaling_by_powers_of_two_keeps_bits<M: TopEigen>(subject: &Subject<M>, input: &Input) {
    // In f32 the squares of rows 2^60 apart leave the range of the scalar on one side; that is not a matter of scale.
    let exponents = if M::Scalar::BYTES == 4 { 8 } else { 30 };
    let rows = Input { exponents, ..input.clone() }.rows();
    // Entries that the answer owes to numbers below the range may differ.
    let noise = M::Scalar::constant(if M::Scalar::BYTES == 4 { 1e-18 } else { 0.0 });
    let plain = some_answer(&mut subject.filled(input, &rows));
    let mut source = input.source();
    let (down, up) = if M::Scalar::BYTES == 4 { (-60, 50) } else { (-900, 900) };
    for e in [down, up, down + source.below((up - down) as usize) as i32] {
        let scaled = some_answer(&mut subject.filled(input, &rows.times_power_of_two(e)));
        let (Some(plain), Some(scaled)) = (&plain, &scaled) else {
            assert_eq!(plain.is_some(), scaled.is_some(), "times 2^{e}");
            continue;
        };
        for (i, (x, y)) in plain.vectors.iter().zip(&scaled.vectors).enumerate() {
            assert!(x == y || x.abs().max(y.abs()) < noise, "times 2^{e}: entry {i} is {y:e} instead of {x:e}");
        }
        assert_eq!(plain.confidence, scaled.confidence, "times 2^{e}");
        let square = |x: f64| Real::times_power_of_two(x, 2 * e);
        if e.abs() < 400 {
            assert_eq!(plain.values.iter().map(|&x| square(x)).collect::<Vec<_>>(), scaled.values, "times 2^{e}");
        }
    }
}

/// Every refusal leaves the byte form as it was.
pub fn error_leaves_state_unchanged<M: TopEigen + Wire>(subject: &Subject<M>, input: &Input) {
    let rows = input.rows();
    let mut summary = subject.filled(input, &rows);
    let before = summary.encode();
    let mut source = input.source();
    let (dim, at) = (input.dim, source.below(input.dim));
    let good: Vec<M::Scalar> = vec![M::Scalar::ONE; dim];
    let mut bad = good.clone();
    let nan = M::Scalar::constant(f64::NAN);
    for x in [nan, M::Scalar::INFINITY, -M::Scalar::INFINITY] {
        bad[at] = x;
        assert_eq!(summary.update(&bad), Err(Error::NonFinite { index: at }));
        assert_eq!(summary.encode(), before, "{x} changed the state");
        // Good rows come first: none of them may have been consumed.
        let batch = [&good[..], &good[..], &bad[..]].concat();
        let result = summary.update_batch(MatRef::new(&batch, 3, dim).unwrap());
        assert_eq!(result, Err(Error::NonFinite { index: 2 * dim + at }));
        assert_eq!(summary.encode(), before, "{x} in a batch changed the state");
    }
    for got in [0, dim - 1, dim + 1, 2 * dim] {
        if got == dim {
            continue;
        }
        let row = vec![M::Scalar::ONE; got];
        assert_eq!(summary.update(&row), Err(Error::Dimension { expected: dim, got }));
        let batch = vec![M::Scalar::ONE; 2 * got];
        let result = summary.update_batch(MatRef::new(&batch, 2, got).unwrap());
        assert_eq!(result, Err(Error::Dimension { expected: dim, got }));
        assert_eq!(summary.encode(), before, "{got} entries changed the state");
    }
    let needed = summary.answer_len();
    let mut short = vec![M::Scalar::ZERO; needed - 1];
    assert_eq!(summary.estimate(&mut short).map(drop), Err(Error::Storage { needed, got: needed - 1 }));
    assert_eq!(summary.encode(), before, "a short buffer changed the state");
}

/// However the rows are cut into batches, the bits are those of single rows.
pub fn batches_equal_rows<M: TopEigen + Wire>(subject: &Subject<M>, input: &Input) {
    let rows = input.rows();
    let single = subject.filled(input, &rows);
    let mut batched = subject.empty(input);
    let mut source = input.source();
    let mut at = 0;
    while at < rows.len() {
        let longest = 2 << source.below(9);
        let len = (1 + source.below(longest)).min(rows.len() - at);
        feed_batch(&mut batched, &rows.slice(at, len));
        at += len;
    }
    feed_batch(&mut batched, &rows.slice(0, 0));
    assert_eq!(batched.rows_seen(), rows.len() as u64);
    assert_eq!(batched.encode(), single.encode());
}

/// Answers on the way change no later bit, and two answers in a row are the same.
pub fn estimate_is_pure<M: TopEigen + Wire>(subject: &Subject<M>, input: &Input) {
    let rows = input.rows();
    let silent = subject.filled(input, &rows);
    let mut asked = subject.empty(input);
    let every = 1 + rows.len() / 40;
    for (i, row) in rows.cast().chunks_exact(input.dim).enumerate() {
        asked.update(row).unwrap();
        if i % every == 0 {
            let first = some_answer(&mut asked);
            assert_eq!(first, some_answer(&mut asked), "two answers after row {i}");
        }
    }
    assert_eq!(asked.encode(), silent.encode());
}

/// `clear` gives the summary that `new` gives, whatever happened before.
pub fn clear_is_new<M: TopEigen + Wire>(subject: &Subject<M>, input: &Input) {
    let rows = input.rows();
    let mut summary = subject.filled(input, &rows);
    some_answer(&mut summary);
    summary.clear();
    assert_eq!(summary.rows_seen(), 0);
    assert_eq!(summary.encode(), subject.empty(input).encode());
    feed(&mut summary, &rows);
    assert_eq!(summary.encode(), subject.filled(input, &rows).encode());
}

/// Nothing but zeros: counted, but no answer.
pub fn no_energy_is_too_few_rows<M: TopEigen>(subject: &Subject<M>, input: &Input) {
    let mut summary = subject.empty(input);
    let refused = Err(Error::TooFewRows { needed: 1, got: 0 });
    assert_eq!(answer(&mut summary).map(drop), refused);
    let zeros = Rows::new(input.dim, vec![0.0; input.n * input.dim]);
    feed(&mut summary, &zeros);
    assert_eq!(summary.rows_seen(), input.n as u64);
    assert_eq!(answer(&mut summary).map(drop), refused);
    // And zeros do no harm to what follows.
    feed(&mut summary, &Rows::new(input.dim, vec![1.0; input.dim]));
    assert!(answer(&mut summary).is_ok());
}

/// `value_lower <= sigma_i^2 <= value_upper` for every vector, up to rounding.
pub fn values_are_sandwiched<M: TopEigen>(subject: &Subject<M>, input: &Input) {
    let rows = input.rows();
    if let Some(answer) = some_answer(&mut subject.filled(input, &rows)) {
        check_sandwich(&answer, &Oracle::of(&rows));
    }
}

/// The check of [`values_are_sandwiched`] on one answer.
pub fn check_sandwich<T: Real>(answer: &Answer<T>, oracle: &Oracle) {
    let slack = (if T::BYTES == 4 { 3e-5 } else { 1e-10 }) * oracle.value(0);
    assert!(answer.bounds.is_some() || answer.rank == 0, "no bounds");
    for (i, &(lower, upper)) in answer.bounds.iter().flatten().enumerate() {
        let exact = oracle.value(i);
        assert!(lower <= exact + slack, "value {i}: lower bound {lower:e} above {exact:e}");
        assert!(exact <= upper + slack, "value {i}: upper bound {upper:e} below {exact:e}");
        let value = answer.values[i];
        assert!(lower <= value && value <= upper, "value {i}: {value:e} outside [{lower:e}, {upper:e}]");
    }
}

/// `error <= error_bound` wherever there is a bound, up to rounding.
pub fn error_bound_holds<M: TopEigen>(subject: &Subject<M>, input: &Input) {
    let rows = input.rows();
    if let Some(answer) = some_answer(&mut subject.filled(input, &rows)) {
        check_error_bound(&answer, &Oracle::of(&rows));
    }
}

/// The check of [`error_bound_holds`] on one answer.
pub fn check_error_bound<T: Real>(answer: &Answer<T>, oracle: &Oracle) {
    if let Some(bound) = answer.confidence.error_bound {
        let (bound, error) = (bound.as_f64(), answer.error(oracle));
        assert!((0.0..=1.0).contains(&bound));
        // The bound is computed from rounded values, of which some are differences.
        let next = oracle.values().get(answer.rank).copied().unwrap_or(0.0);
        let gap = (oracle.value(answer.rank - 1) - next) / oracle.value(0);
        let slack = rounding_error::<T>(oracle, answer.rank) + 4.0 * T::EPSILON.as_f64() * bound.sqrt() / gap;
        assert!(error <= bound * (1.0 + 1e-6) + slack, "error {error:e}, bound {bound:e}, rounding {slack:e}");
    }
}

/// Out and in again: the same bytes, and the same bits ever after.
pub fn byte_form_restores<M: TopEigen + Wire>(subject: &Subject<M>, input: &Input) {
    let rows = input.rows();
    let cut = input.source().below(rows.len() + 1);
    let mut summary = subject.filled(input, &rows.slice(0, cut));
    let bytes = summary.encode();
    assert_eq!(bytes.len(), summary.encoded_len());
    let mut restored = (subject.restore)(&bytes).unwrap();
    assert_eq!(restored.encode(), bytes);
    assert_eq!(restored.rows_seen(), cut as u64);
    assert_eq!(some_answer(&mut restored), some_answer(&mut summary));
    for summary in [&mut summary, &mut restored] {
        feed(summary, &rows.slice(cut, rows.len() - cut));
    }
    assert_eq!(restored.encode(), summary.encode());
    let mut short = vec![0; summary.encoded_len() - 1];
    let result = summary.encode_into(&mut short);
    assert!(matches!(result, Err(Error::Storage { .. })), "{result:?}");
}

/// Bytes that were changed, cut or extended are refused.
pub fn damaged_bytes_are_refused<M: TopEigen + Wire>(subject: &Subject<M>, input: &Input) {
    let bytes = subject.filled(input, &input.rows()).encode();
    let mut source = input.source();
    let refused = |bytes: &[u8], what: &str| {
        assert_eq!((subject.restore)(bytes).map(drop), Err(Error::Corrupt), "{what}");
    };
    // All of the header and the parameters, then some of the rest.
    let positions = (0..bytes.len().min(80)).chain((0..40).map(|_| source.below(bytes.len())).collect::<Vec<_>>());
    for at in positions.collect::<Vec<_>>() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 + source.below(255) as u8;
        refused(&changed, &format!("byte {at} changed"));
    }
    for _ in 0..20 {
        let len = source.below(bytes.len());
        refused(&bytes[..len], &format!("cut to {len}"));
        let mut longer = bytes.clone();
        longer.extend((0..1 + source.below(9)).map(|_| source.word() as u8));
        refused(&longer, "extended");
    }
    refused(&[], "empty");
}

/// Bytes that somebody forged, with a right checksum: refused, or a summary that can be used without a panic.
pub fn forged_bytes_never_panic<M: TopEigen + Wire>(subject: &Subject<M>, input: &Input) {
    let bytes = subject.filled(input, &input.rows()).encode();
    let mut source = input.source();
    for _ in 0..60 {
        let mut forged = bytes.clone();
        for _ in 0..1 + source.below(2) {
            // Mostly parameters and counts, which come first.
            let body = bytes.len() - 20;
            let at = 16 + if source.below(4) > 0 { source.below(body.min(200)) } else { source.below(body) };
            forged[at] = match source.below(4) {
                0 => 0,
                1 => 0xff,
                2 => forged[at].wrapping_add(1),
                _ => source.word() as u8,
            };
        }
        seal(&mut forged);
        use_restored(subject, &forged);
    }
    // Cut and extended in the middle, with length and checksum made right.
    for _ in 0..10 {
        let mut forged = bytes.clone();
        let at = 16 + source.below(bytes.len() - 20);
        if source.word() & 1 == 1 {
            forged.drain(at..(at + 1 + source.below(8)).min(bytes.len() - 4));
        } else {
            forged.splice(at..at, (0..1 + source.below(8)).map(|_| 0));
        }
        let len = (forged.len() - 20) as u64;
        forged[8..16].copy_from_slice(&len.to_le_bytes());
        seal(&mut forged);
        use_restored(subject, &forged);
    }
}

fn use_restored<M: TopEigen + Wire>(subject: &Subject<M>, bytes: &[u8]) {
    // Parameters may ask for more scratch than the bytes carry; whoever decodes is told how much before.
    if M::storage_needed(bytes).is_ok_and(|needed| needed > 1 << 22) {
        return;
    }
    match (subject.restore)(bytes) {
        Ok(mut summary) => {
            let row = vec![M::Scalar::ONE; summary.dim()];
            // Any answer and any refusal will do.
            let _ = answer(&mut summary);
            for _ in 0..20 {
                let _ = summary.update(&row);
            }
            let _ = answer(&mut summary);
            let _ = summary.encode();
        }
        Err(e) => assert!(matches!(e, Error::Corrupt | Error::Incompatible { .. }), "{e}"),
    }
}

/// Puts the right checksum at the end: CRC-32 (ISO-HDLC), bit by bit.
pub fn seal(bytes: &mut [u8]) {
    let (body, checksum) = bytes.split_at_mut(bytes.len() - 4);
    let crc = body.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    });
    checksum.copy_from_slice(&(!crc).to_le_bytes());
}

/// Rows and their number add up; what is certified after a merge holds for all rows together, also when the shards differ
/// in scale.
pub fn merged_answers_are_certified<M: TopEigen + Merge>(subject: &Subject<M>, input: &Input) {
    let rows = input.rows();
    let mut source = input.source();
    let cut = source.below(rows.len() + 1);
    let e = [0, 0, -20, 25][source.below(4)];
    let (left, right) = (rows.slice(0, cut), rows.slice(cut, rows.len() - cut).times_power_of_two(e));
    let mut merged = subject.filled(input, &left);
    merged.merge(&subject.filled(input, &right)).unwrap();
    assert_eq!(merged.rows_seen(), rows.len() as u64);
    if let Some(answer) = some_answer(&mut merged) {
        let oracle = Oracle::of(&left.then(&right));
        if answer.bounds.is_some() {
            check_sandwich(&answer, &oracle);
        }
        check_error_bound(&answer, &oracle);
    }
    // And it goes on from there.
    let more = rows.first(30);
    feed(&mut merged, &more);
    if let Some(answer) = some_answer(&mut merged) {
        let oracle = Oracle::of(&left.then(&right).then(&more));
        if answer.bounds.is_some() {
            check_sandwich(&answer, &oracle);
        }
        check_error_bound(&answer, &oracle);
    }
}

/// A merge with an empty summary, on either side, changes no vector; sums may move by a rounding error.
pub fn merge_with_empty_is_identity<M: TopEigen + Merge>(subject: &Subject<M>, input: &Input) {
    let rows = input.rows();
    let mut summary = subject.filled(input, &rows);
    let Some(expected) = some_answer(&mut summary) else { return };
    let mut copy = subject.empty(input);
    copy.merge(&summary).unwrap();
    summary.merge(&subject.empty(input)).unwrap();
    for (mut merged, side) in [(copy, "into an empty one"), (summary, "with an empty one")] {
        assert_eq!(merged.rows_seen(), rows.len() as u64, "{side}");
        let got = some_answer(&mut merged).unwrap();
        assert_eq!(got.vectors, expected.vectors, "{side}");
        assert_eq!(got.confidence.status, expected.confidence.status, "{side}");
        for (x, y) in got.values.iter().zip(&expected.values) {
            assert!((x - y).abs() <= rounding::<M::Scalar>() * expected.values[0], "{side}: {x} instead of {y}");
        }
    }
}

/// Summaries of another shape are refused, and the state stays.
pub fn merge_refuses_other_parameters<M: TopEigen + Merge + Wire>(subject: &Subject<M>, input: &Input) {
    let mut summary = subject.filled(input, &input.rows());
    let before = summary.encode();
    let wider = (subject.make)(input.dim + 1, input.rank, 0).unwrap();
    assert!(matches!(summary.merge(&wider), Err(Error::Incompatible { what: Difference::Dim, .. })));
    let rank = if input.rank < input.dim { input.rank + 1 } else { input.rank - 1 };
    if rank > 0 {
        let other = (subject.make)(input.dim, rank, 0).unwrap();
        assert!(matches!(summary.merge(&other), Err(Error::Incompatible { what: Difference::Rank, .. })));
    }
    assert_eq!(summary.encode(), before);
}

/// For linear summaries of integers: the merge has the answer of one stream.
pub fn merge_equals_concatenation<M: TopEigen + Merge>(subject: &Subject<M>, input: &Input) {
    let rows = input.with_exact_sums().rows();
    let cut = input.source().below(rows.len() + 1);
    let mut merged = subject.filled(input, &rows.slice(0, cut));
    merged.merge(&subject.filled(input, &rows.slice(cut, rows.len() - cut))).unwrap();
    let whole = some_answer(&mut subject.filled(input, &rows));
    check_close(whole, some_answer(&mut merged), &rows);
}

/// Updates with a row and then `remove` of it: as if it had not been.
pub fn remove_undoes_update<M: TopEigen + Wire>(
    subject: &Subject<M>,
    remove: fn(&mut M, &[M::Scalar]) -> Result<(), Error>,
    input: &Input,
) {
    let rows = input.with_exact_sums().rows();
    let cut = input.source().below(rows.len() + 1);
    let mut summary = subject.filled(input, &rows);
    for row in rows.slice(cut, rows.len() - cut).cast().chunks_exact(input.dim) {
        remove(&mut summary, row).unwrap();
    }
    assert_eq!(summary.rows_seen(), cut as u64);
    let before = summary.encode();
    let mut bad = vec![M::Scalar::ONE; input.dim];
    bad[0] = M::Scalar::INFINITY;
    let refusal = if cut == 0 { Error::TooFewRows { needed: 1, got: 0 } } else { Error::NonFinite { index: 0 } };
    assert_eq!(remove(&mut summary, &bad), Err(refusal));
    assert_eq!(remove(&mut summary, &bad[1..]), Err(Error::Dimension { expected: input.dim, got: input.dim - 1 }));
    assert_eq!(summary.encode(), before, "a refused removal changed the state");
    let kept = rows.slice(0, cut);
    check_close(some_answer(&mut subject.filled(input, &kept)), some_answer(&mut summary), &kept);
}

/// Two answers for the same rows, equal up to rounding.
fn check_close<T: Real>(expected: Option<Answer<T>>, got: Option<Answer<T>>, rows: &Rows) {
    // Without energy, rounding decides whether there is any.
    let (Some(expected), Some(got)) = (expected, got) else { return };
    let largest = expected.values[0];
    let tolerance = if T::BYTES == 4 { 1e-4 } else { 1e-11 } * largest;
    for (i, (x, y)) in expected.values.iter().zip(&got.values).enumerate() {
        assert!((x - y).abs() <= tolerance, "value {i}: {y} instead of {x}");
    }
    if expected.rank == got.rank {
        let mine = Rows::collect(rows.dim(), expected.vectors_f64().chunks_exact(rows.dim()).map(<[f64]>::to_vec));
        let span = Oracle::of(&mine);
        let slack = 1e4 * rounding_error::<T>(&Oracle::of(rows), expected.rank).max(T::EPSILON.as_f64().powi(2));
        let turned = span.error(&got.vectors_f64());
        assert!(turned <= slack, "turned by {turned:e}, rounding allows {slack:e}");
    }
}

/// Rows turned by a rotation give an answer turned by it.
pub fn rotation_rotates_the_answer<M: TopEigen>(subject: &Subject<M>, input: &Input) {
    let rows = input.with_exact_sums().rows();
    let rotation = input.source().rotation(input.dim);
    let Some(plain) = some_answer(&mut subject.filled(input, &rows)) else { return };
    let turned = rows.rotated(&rotation);
    let Some(answer) = some_answer(&mut subject.filled(input, &turned)) else { return };
    let oracle = Oracle::of(&rows);
    if plain.rank != answer.rank || rounding_error::<M::Scalar>(&oracle, plain.rank) > 1e-16 {
        return;
    }
    let expected = Rows::new(input.dim, plain.vectors_f64()).rotated(&rotation);
    let error = Oracle::of(&expected).error(&answer.vectors_f64());
    assert!(error < 1e-8, "turned by {error:e}");
}

/// The suite of every summary, as proptests in a module; then laws that only some keep.
#[macro_export]
macro_rules! laws {
    ($name:ident: $summary:ty, $make:expr, $restore:expr, [$($law:ident),* $(,)?]) => {
        mod $name {
            use super::*;
            mod f32 {
                use super::*;
                type T = f32;
                $crate::laws!(@suite $summary, $make, $restore, [$($law),*]);
            }
            mod f64 {
                use super::*;
                type T = f64;
                $crate::laws!(@suite $summary, $make, $restore, [$($law),*]);
            }

            #[test]
            fn other_scalar_is_incompatible() {
                let bytes = sketchlet_core::Wire::encode(&(f32::subject().make)(3, 1, 0).unwrap());
                let result = (f64::subject().restore)(&bytes).map(drop);
                assert!(matches!(result, Err(sketchlet_core::Error::Incompatible { what: sketchlet_core::Difference::Scalar, .. })));
            }
        }
    };
    (@suite $summary:ty, $make:expr, $restore:expr, [$($law:ident),*]) => {
        pub(super) fn subject() -> $crate::laws::Subject<$summary> {
            $crate::laws::Subject { make: $make, restore: $restore }
        }

        $crate::laws!(@tests
            answers_are_orthonormal_and_signed, error_leaves_state_unchanged, batches_equal_rows, estimate_is_pure,
            clear_is_new, byte_form_restores, damaged_bytes_are_refused,
            forged_bytes_never_panic, $($law,)*
        );
    };
    (@tests $($law:ident),* $(,)?) => {
        proptest::proptest! {
            #![proptest_config($crate::laws::config())]
            $(
                #[test]
                fn $law(input in $crate::laws::inputs()) {
                    $crate::laws::$law(&subject(), &input);
                }
            )*
        }
    };
}

/// Cases of each law: few, for there are many laws, types and scalars, and always the same, so that a failure is a change.
/// `PROPTEST_CASES` and `PROPTEST_RNG_SEED` look further.
pub fn config() -> ProptestConfig {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    ProptestConfig {
        cases: number("PROPTEST_CASES").unwrap_or(32) as u32,
        rng_seed: RngSeed::Fixed(number("PROPTEST_RNG_SEED").unwrap_or(0)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
