//! What a law is told about a summary: how it is made, what it answers, how it is written and read.

use crate::input::{Choices, INTEGER_KINDS, KINDS, Kind, Shape};
use crate::storage::Allocate;
use proptest::test_runner::TestCaseError;
use sketchlet_core::{Error, Lane, MatRef, RowSummary, ScalarType, Wire};
use std::ops::RangeInclusive;

/// An answer: numbers with names. Laws compare the bits.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    numbers: Vec<Number>,
}

/// One number of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// What it is. Several numbers may have the same name.
    pub name: &'static str,
    /// The number.
    pub value: f64,
    /// How it follows the scale of the rows: rows times `2^e` give `2^(degree e)` times the number.
    pub degree: i32,
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.value.to_bits(), self.degree) == (other.name, other.value.to_bits(), other.degree)
    }
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}

impl Answer {
    /// No numbers yet.
    pub const fn new() -> Self {
        Self { numbers: Vec::new() }
    }

    /// And these numbers, which do not depend on the scale of the rows.
    #[must_use]
    pub fn with(self, name: &'static str, values: impl IntoIterator<Item = impl Into<f64>>) -> Self {
        self.with_degree(0, name, values)
    }

    /// And these numbers, which grow with a power of the scale of the rows: 1 for lengths, 2 for squares.
    #[must_use]
    pub fn with_degree(
        mut self,
        degree: i32,
        name: &'static str,
        values: impl IntoIterator<Item = impl Into<f64>>,
    ) -> Self {
        self.numbers.extend(values.into_iter().map(|value| Number { name, value: value.into(), degree }));
        self
    }

    /// And the numbers of another one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.numbers.extend(other.numbers);
        self
    }

    /// The numbers, in the order in which they were added.
    pub fn numbers(&self) -> &[Number] {
        &self.numbers
    }

    /// The numbers of all other names.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.numbers.retain(|number| number.name != name);
        self
    }

    /// The numbers whose names another answer has, too.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Self {
        let is_there = |number: &&Number| other.numbers.iter().any(|other| other.name == number.name);
        Self { numbers: self.numbers.iter().filter(is_there).copied().collect() }
    }

    /// Whether the numbers differ by no more than `tolerance` times the largest of their name.
    pub fn is_close(&self, other: &Self, tolerance: f64) -> bool {
        self.numbers.len() == other.numbers.len()
            && self.numbers.iter().zip(&other.numbers).all(|(x, y)| {
                let same = |number: &&Number| number.name == x.name;
                let largest = self.numbers.iter().filter(same).fold(0f64, |max, number| max.max(number.value.abs()));
                x == y || (x.name == y.name && (x.value - y.value).abs() <= tolerance * largest)
            })
    }
}

/// Takes a row away again; the number of the row, counted from 0, comes first.
pub type Remove<M> = fn(&mut M, u64, &[<M as RowSummary>::Scalar]) -> Result<(), Error>;

/// A verb that takes a row, and may take what it chooses beside it.
pub type Verb<M> = fn(&mut M, &[<M as RowSummary>::Scalar], &mut Choices) -> Result<(), Error>;

/// Verbs that a subject has room for.
const VERBS: usize = 12;

/// Reads a byte form.
type Restore<M> = fn(&[u8]) -> Result<M, Error>;

/// A summary as the laws see it.
///
/// # Example
/// ```
/// use sketchlet_core::RowSummary;
/// use sketchlet_core::regression::{NormalEquations, NormalEquationsParams};
/// use sketchlet_laws::{Answer, Subject};
/// let subject = Subject::new(|shape| NormalEquations::<i64, Vec<i64>>::new(NormalEquationsParams::new(shape.dim)))
///     .answer(|sums| Ok(Answer::new().with("gram", sums.gram().iter().map(|&x| x as f64))))
///     .removing(|sums, _, row| sums.remove(row))
///     .wire();
/// # let _ = subject;
/// ```
#[derive(Debug)]
pub struct Subject<M: RowSummary> {
    make: fn(&Shape) -> Result<M, Error>,
    answer: fn(&mut M) -> Result<Answer, Error>,
    encode: Option<fn(&M) -> Vec<u8>>,
    restore: Option<Restore<M>>,
    remove: Option<Remove<M>>,
    verbs: [Option<(&'static str, Verb<M>)>; VERBS],
    pub(crate) tolerance: f64,
    dims: (usize, usize),
}

impl<M: RowSummary> Clone for Subject<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: RowSummary> Copy for Subject<M> {}

impl<M: RowSummary> Subject<M> {
    /// The summary that a function makes for a shape.
    pub fn new(make: fn(&Shape) -> Result<M, Error>) -> Self {
        let answer = |_: &mut M| Ok(Answer::new());
        Self {
            make,
            answer,
            encode: None,
            restore: None,
            remove: None,
            verbs: [None; VERBS],
            tolerance: 0.0,
            dims: (1, 24),
        }
    }

    /// What it answers. A refusal is an answer too: laws compare the errors.
    #[must_use]
    pub const fn answer(mut self, answer: fn(&mut M) -> Result<Answer, Error>) -> Self {
        self.answer = answer;
        self
    }

    /// Its byte form, which then stands for its state; without one the answer does.
    #[must_use]
    pub fn wire(self) -> Self
    where
        M: Wire<Storage: Allocate>,
    {
        self.wire_by(|bytes| {
            let (scalars, indices) = (M::storage_needed(bytes)?, M::indices_needed(bytes)?);
            let refused = Error::Storage { needed: scalars.saturating_add(indices), got: 0 };
            M::decode_in(bytes, M::Storage::allocate(scalars, indices).ok_or(refused)?)
        })
    }

    /// Its byte form, with a function that reads it.
    #[must_use]
    pub fn wire_by(mut self, restore: fn(&[u8]) -> Result<M, Error>) -> Self
    where
        M: Wire,
    {
        self.encode = Some(M::encode);
        self.restore = Some(restore);
        self
    }

    /// How it lets go of a row that it has seen.
    #[must_use]
    pub const fn removing(mut self, remove: Remove<M>) -> Self {
        self.remove = Some(remove);
        self
    }

    /// What [`removing`](Self::removing) has told.
    pub const fn remove(&self) -> Option<Remove<M>> {
        self.remove
    }

    /// A verb beside `update` and `update_batch`, for the law that what is refused changes nothing. It gets rows that are hostile
    /// or good. There is room for 12.
    #[must_use]
    pub const fn verb(mut self, name: &'static str, verb: Verb<M>) -> Self {
        let mut at = 0;
        while self.verbs[at].is_some() {
            at += 1;
        }
        self.verbs[at] = Some((name, verb));
        self
    }

    /// What [`verb`](Self::verb) has told.
    pub fn verbs(&self) -> impl Iterator<Item = (&'static str, Verb<M>)> {
        self.verbs.into_iter().flatten()
    }

    /// How far the answer of a merge or a removal may be from that of one stream: relative to the largest number of the same
    /// name. Without this, not at all.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Columns that it is tried with; from 1 to 24 if this is left out.
    #[must_use]
    pub const fn columns(mut self, least: usize, most: usize) -> Self {
        self.dims = (least, most);
        self
    }

    pub(crate) fn dims(&self) -> RangeInclusive<usize> {
        self.dims.0..=self.dims.1
    }

    pub(crate) fn kinds() -> &'static [Kind] {
        if matches!(M::Scalar::TYPE, ScalarType::F32 | ScalarType::F64) { KINDS } else { INTEGER_KINDS }
    }

    /// An empty summary.
    ///
    /// # Errors
    /// The law fails if the shape is refused.
    pub fn make(&self, shape: &Shape) -> Result<M, TestCaseError> {
        (self.make)(shape).map_err(|e| TestCaseError::fail(format!("{shape:?} is refused: {e}")))
    }

    /// A summary that has seen the rows, one after another.
    ///
    /// # Errors
    /// The law fails if a row is refused.
    pub fn filled(&self, shape: &Shape, rows: &[M::Scalar]) -> Result<M, TestCaseError> {
        let mut summary = self.make(shape)?;
        feed(&mut summary, rows)?;
        Ok(summary)
    }

    /// The answer, or the refusal.
    pub fn ask(&self, summary: &mut M) -> Result<Answer, Error> {
        (self.answer)(summary)
    }

    /// The state, to be compared: the byte form if there is one, the answer and the number of rows otherwise.
    pub fn state(&self, summary: &mut M) -> Vec<u8> {
        match self.encode {
            Some(encode) => encode(summary),
            None => format!("{} rows: {:?}", summary.rows_seen(), self.ask(summary)).into_bytes(),
        }
    }

    /// Whether the subject was told how bytes are written and read.
    pub const fn has_bytes(&self) -> bool {
        self.restore.is_some()
    }

    /// The summary that its byte form gives.
    ///
    /// # Errors
    /// The law fails if the subject was not told how bytes are read ([`wire`](Self::wire)).
    pub fn restore(&self, bytes: &[u8]) -> Result<Result<M, Error>, TestCaseError> {
        let restore = self.restore.ok_or_else(|| TestCaseError::fail("the subject has no byte form: call wire()"))?;
        Ok(restore(bytes))
    }
}

/// Feeds rows one by one.
///
/// # Errors
/// The law fails if a row is refused.
pub fn feed<M: RowSummary>(summary: &mut M, rows: &[M::Scalar]) -> Result<(), TestCaseError> {
    for row in rows.chunks_exact(summary.dim()) {
        summary.update(row).map_err(|e| TestCaseError::fail(format!("{row:?} is refused: {e}")))?;
    }
    Ok(())
}

/// Feeds rows as one batch.
///
/// # Errors
/// The law fails if the batch is refused.
pub fn feed_batch<M: RowSummary>(summary: &mut M, rows: &[M::Scalar]) -> Result<(), TestCaseError> {
    let dim = summary.dim();
    let batch = MatRef::new(rows, rows.len() / dim, dim);
    batch
        .and_then(|batch| summary.update_batch(batch))
        .map_err(|e| TestCaseError::fail(format!("a batch of {} rows is refused: {e}", rows.len() / dim)))
}
