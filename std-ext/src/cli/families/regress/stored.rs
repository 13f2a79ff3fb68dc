//! One interface over the summaries of `regress`, whatever their operator and scalar.

use super::inference::Inference;
use crate::cli::saved::merged;
use crate::regression::{Fit, NoHalfWidths, Query, SketchedLeastSquares, StreamingQr};
use crate::sketch::{CountSketch, GaussianSketch, Osnap, RademacherSketch, SketchOperator, Srct, Srht, TensorSrht};
use crate::stream::Deferred;
use crate::{CoreError, Difference, Error, Header, Kind, Lane, Merge, Real, RowSummary, ScalarType, Wire};
use serde_json::{Value, json};

/// An answer in `f64`, whatever the summary computes in; one row a target.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) coefficients: Vec<Vec<f64>>,
    pub(super) half_widths: Option<Vec<Vec<f64>>>,
    /// Why a sketch gives none.
    pub(super) no_half_widths: Option<NoHalfWidths>,
    /// Of an exact fit.
    pub(super) inference: Option<Inference>,
    pub(super) residual_norms: Vec<f64>,
    pub(super) residual_is_estimate: bool,
    pub(super) rank: usize,
    pub(super) condition: f64,
    pub(super) backward_errors: Option<Vec<f64>>,
    pub(super) path: &'static str,
    pub(super) iterations: usize,
    pub(super) sketch_rows: Option<usize>,
}

/// Columns of a summary by their roles in a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles<'a> {
    pub(super) features: &'a [usize],
    pub(super) targets: &'a [usize],
    /// The constant, if it is a feature.
    pub(super) constant: Option<usize>,
}

/// What `inspect` tells, and `merge` compares.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts {
    pub(super) operator: &'static str,
    pub(super) sketch_rows: Option<usize>,
    pub(super) seed: u64,
    pub(super) block_len: usize,
    /// Of a column of an Osnap; 0 for other operators.
    pub(super) nonzeros: u64,
}

impl Facts {
    /// As files and `inspect` have them.
    pub(super) fn params(&self) -> Value {
        json!({ "sketch_rows": self.sketch_rows, "block_len": self.block_len, "seed": self.seed })
    }
}

/// A summary that was filled, or read from a file.
pub(super) trait Stored {
    fn solve(&mut self, query: &Query<'_>, roles: Roles<'_>) -> Result<Answer, CoreError>;
    fn columns(&self) -> usize;
    fn rows(&self) -> u64;
    fn state_bytes(&self) -> usize;
    fn to_wire(&self) -> Vec<u8>;
    fn facts(&self) -> Facts;
    /// Row numbers, where the summary knows them.
    fn ranges(&self) -> Vec<(u64, u64)> {
        Vec::new()
    }
}

/// The scalar that a summary of a lane answers in.
pub(super) trait AnswerIn: Lane {
    type Scalar: Real;
}

macro_rules! answer_in {
    ($($lane:ident => $scalar:ident),*) => {$(
        impl AnswerIn for $lane {
            type Scalar = $scalar;
        }
    )*};
}

answer_in!(f32 => f32, f64 => f64, i32 => f64, i64 => f64);

/// A scalar that every way of solving takes.
#[cfg(feature = "faer")]
pub(super) trait Number: Real + AnswerIn + crate::lstsq::Scalar {}
#[cfg(feature = "faer")]
impl<T: Real + AnswerIn + crate::lstsq::Scalar> Number for T {}
/// A scalar of a summary.
#[cfg(not(feature = "faer"))]
pub(super) trait Number: Real + AnswerIn {}
#[cfg(not(feature = "faer"))]
impl<T: Real + AnswerIn> Number for T {}

pub(super) type Sketched<L, O> = SketchedLeastSquares<L, O, Vec<L>, Vec<u32>>;

/// Operators by the names that the command knows.
pub(super) trait Named {
    const NAME: &'static str;
}

macro_rules! named {
    ($($operator:ident $name:literal),*) => {$(
        impl Named for $operator {
            const NAME: &'static str = $name;
        }
    )*};
}

named!(
    Srht "srht", Srct "srct", GaussianSketch "gaussian", RademacherSketch "rademacher", CountSketch "countsketch",
    Osnap "osnap", TensorSrht "tensor-srht"
);

impl Answer {
    fn new<T: Real>(fit: &Fit<'_, T>, path: &'static str, sketch_rows: Option<usize>) -> Self {
        let targets = fit.residual_norm.len();
        let wide = |xs: &[T]| xs.iter().map(|x| x.as_f64()).collect::<Vec<_>>();
        let rows = |xs: &[T]| xs.chunks_exact((xs.len() / targets).max(1)).map(wide).collect::<Vec<_>>();
        Self {
            coefficients: rows(fit.coefficients),
            half_widths: fit.half_widths.map(rows),
            no_half_widths: fit.no_half_widths,
            inference: None,
            residual_norms: wide(fit.residual_norm),
            residual_is_estimate: fit.residual_is_estimate,
            rank: fit.rank,
            condition: fit.condition.as_f64(),
            backward_errors: None,
            path,
            iterations: 0,
            sketch_rows,
        }
    }
}

/// The answer to a query of these roles: of no features there are no coefficients, and nothing is solved.
pub(super) fn answer(summary: &mut dyn Stored, query: &Query<'_>, roles: Roles<'_>) -> Result<Answer, CoreError> {
    if !roles.features.is_empty() {
        return summary.solve(query, roles);
    }
    let targets = roles.targets.len();
    let sketch_rows = summary.facts().sketch_rows;
    Ok(Answer {
        coefficients: vec![Vec::new(); targets],
        half_widths: None,
        no_half_widths: None,
        inference: None,
        residual_norms: vec![f64::NAN; targets],
        residual_is_estimate: true,
        rank: 0,
        condition: f64::NAN,
        backward_errors: None,
        path: if sketch_rows.is_some() { "sketched" } else { "streaming-qr" },
        iterations: 0,
        sketch_rows,
    })
}

impl<L: AnswerIn, O: SketchOperator<L> + Named> Stored for Sketched<L, O> {
    fn solve(&mut self, query: &Query<'_>, _: Roles<'_>) -> Result<Answer, CoreError> {
        // What is gathered for a block would be added row by row, at every row of the sketch.
        self.close_block();
        let mut scratch = vec![L::Scalar::ZERO; query.scratch_len()];
        let mut answer = vec![L::Scalar::ZERO; query.answer_len()];
        let fit = self.solve_in(query, &mut scratch, &mut answer)?;
        Ok(Answer::new(&fit, "sketched", Some(self.params().shape().rows)))
    }

    fn columns(&self) -> usize {
        self.dim()
    }

    fn rows(&self) -> u64 {
        self.rows_seen().saturating_sub(self.rows_removed())
    }

    fn state_bytes(&self) -> usize {
        self.params().storage_len() * L::BYTES + self.params().index_len() * size_of::<u32>() + size_of::<Self>()
    }

    fn to_wire(&self) -> Vec<u8> {
        Wire::encode(self)
    }

    fn facts(&self) -> Facts {
        let shape = self.params().shape();
        let block_len = self.params().rows_per_block();
        let nonzeros = self.operator().parameter();
        Facts { operator: O::NAME, sketch_rows: Some(shape.rows), seed: shape.seed, block_len, nonzeros }
    }

    fn ranges(&self) -> Vec<(u64, u64)> {
        Self::ranges(self).collect()
    }
}

impl<T: Real> Stored for StreamingQr<T, Vec<T>> {
    fn solve(&mut self, query: &Query<'_>, roles: Roles<'_>) -> Result<Answer, CoreError> {
        let (mut scratch, mut answer) = (vec![T::ZERO; query.scratch_len()], vec![T::ZERO; query.answer_len()]);
        let fit = self.solve_in(query, &mut scratch, &mut answer)?;
        let mut found = Answer::new(&fit, "streaming-qr", None);
        if let Some(errors) = fit.standard_errors {
            let errors = errors.chunks_exact(roles.features.len()).map(|row| row.iter().map(|x| x.as_f64()).collect());
            let (norms, rows) = (target_norms(self, roles)?, Stored::rows(self));
            found.inference = Inference::new(
                &found.coefficients,
                errors.collect(),
                &found.residual_norms,
                &norms,
                rows,
                roles.constant.is_some(),
            );
        }
        Ok(found)
    }

    fn columns(&self) -> usize {
        self.dim()
    }

    fn rows(&self) -> u64 {
        self.rows_seen().saturating_sub(self.rows_removed())
    }

    fn state_bytes(&self) -> usize {
        self.params().storage_len() * T::BYTES + size_of::<Self>()
    }

    fn to_wire(&self) -> Vec<u8> {
        Wire::encode(self)
    }

    fn facts(&self) -> Facts {
        Facts { operator: "none", sketch_rows: None, seed: 0, block_len: 0, nonzeros: 0 }
    }
}

/// Norms of the targets: about their means, which are what the constant alone explains, or about 0.
fn target_norms<T: Real>(summary: &Qr<T>, roles: Roles<'_>) -> Result<Vec<f64>, CoreError> {
    let Some(constant) = roles.constant else {
        return Ok(roles.targets.iter().map(|&target| summary.column_norm(target).as_f64()).collect());
    };
    let features = [constant];
    let query = Query::new(&features, roles.targets);
    let (mut scratch, mut answer) = (vec![T::ZERO; query.scratch_len()], vec![T::ZERO; query.answer_len()]);
    let fit = summary.solve_in(&query, &mut scratch, &mut answer)?;
    Ok(fit.residual_norm.iter().map(|x| x.as_f64()).collect())
}

/// Runs a piece of code with the operator that the flags name.
macro_rules! with_operator {
    ($operator:expr, $nonzeros:expr, $name:ident => $do:expr) => {
        match $operator {
            Operator::Srct => {
                let $name = crate::sketch::Srct;
                $do
            }
            Operator::Gaussian => {
                let $name = crate::sketch::GaussianSketch;
                $do
            }
            Operator::Rademacher => {
                let $name = crate::sketch::RademacherSketch;
                $do
            }
            Operator::Countsketch => {
                let $name = crate::sketch::CountSketch;
                $do
            }
            Operator::Osnap => {
                let $name = crate::sketch::Osnap { nonzeros: $nonzeros };
                $do
            }
            _ => {
                let $name = crate::sketch::Srht;
                $do
            }
        }
    };
}
pub(super) use with_operator;

/// Runs a piece of code with the operator that an encoding names, for a lane of floats or of any numbers.
macro_rules! with_stored {
    ($lane:ty, $bytes:expr, $type:ident => $do:expr, [$($operator:ty),*]) => {
        'found: {
            let number = match crate::regression::operator_of($bytes) {
                Ok((number, _)) => number,
                Err(e) => break 'found Err(Error::from(e)),
            };
            $(if <$operator as SketchOperator<$lane>>::NUMBER == number {
                type $type = Sketched<$lane, $operator>;
                break 'found $type::decode($bytes).map_err(Error::from).and_then($do);
            })*
            Err(Error::from(CoreError::Incompatible { what: Difference::Operator, expected: 0, got: 0 }))
        }
    };
}

/// Runs a piece of code with the type that an encoding holds.
macro_rules! with_type {
    ($bytes:expr, $type:ident => $do:expr) => {
        match Header::read($bytes)?.scalar {
            ScalarType::F32 => with_stored!(f32, $bytes, $type => $do,
                [Srht, Srct, RademacherSketch, CountSketch, Osnap, TensorSrht, GaussianSketch]),
            ScalarType::F64 => with_stored!(f64, $bytes, $type => $do,
                [Srht, Srct, RademacherSketch, CountSketch, Osnap, TensorSrht, GaussianSketch]),
            ScalarType::I32 => with_stored!(i32, $bytes, $type => $do,
                [Srht, Srct, RademacherSketch, CountSketch, Osnap, TensorSrht]),
            ScalarType::I64 => with_stored!(i64, $bytes, $type => $do,
                [Srht, Srct, RademacherSketch, CountSketch, Osnap, TensorSrht]),
            _ => Err(Error::from(CoreError::Incompatible { what: Difference::Scalar, expected: 0, got: 0 })),
        }
    };
}

/// Reads a summary from its wire bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Box<dyn Stored>, Error> {
    let header = Header::read(bytes)?;
    match (header.kind, header.scalar) {
        (Kind::StreamingQr, ScalarType::F32) => return Ok(Box::new(Qr::<f32>::decode(bytes)?)),
        (Kind::StreamingQr, _) => return Ok(Box::new(Qr::<f64>::decode(bytes)?)),
        _ => {}
    }
    with_type!(bytes, Type => |summary: Type| Ok(Box::new(summary) as Box<dyn Stored>))
}

type Qr<T> = StreamingQr<T, Vec<T>>;

/// Merges two summaries of other rows, given by their wire bytes.
pub(super) fn merge(first: &[u8], second: &[u8]) -> Result<Vec<u8>, Error> {
    let header = Header::read(first)?;
    match (header.kind, header.scalar) {
        (Kind::StreamingQr, ScalarType::F32) => return merged(Qr::<f32>::decode(first)?, &Qr::decode(second)?),
        (Kind::StreamingQr, _) => return merged(Qr::<f64>::decode(first)?, &Qr::decode(second)?),
        _ => {}
    }
    with_type!(first, Type => |mut first: Type| {
        let mut second = Type::decode(second)?;
        first.close_block();
        second.close_block();
        if let Some((from, to)) = first.overlap(&second) {
            return Err(Error::data(format!(
                "rows {from} to {to} are in both: number the rows of each source with its own --stream-id or --first-row"
            )));
        }
        // The command makes room for as many ranges as there are.
        let ranges = first.ranges().count() + second.ranges().count();
        let mut whole = Type::new(first.params().ranges(ranges.max(1)), first.operator())?;
        whole.merge_overlapping(&first)?;
        whole.merge(&second)?;
        Ok(whole.encode())
    })
}

/// Puts columns of two summaries of the same rows side by side: all of the first, and those of the second that are kept.
pub(super) fn join(first: &[u8], second: &[u8], kept: &[usize]) -> Result<Vec<u8>, Error> {
    if Header::read(first)?.kind == Kind::StreamingQr {
        return Err(Error::data("saved without a sketch: only sketches can be joined, save with --sketch srht"));
    }
    with_type!(first, Type => |mut first: Type| {
        let mut second = Type::decode(second)?;
        first.poll(&(), u64::MAX)?;
        second.poll(&(), u64::MAX)?;
        let second = second.select(kept)?;
        if !first.ranges().eq(second.ranges()) {
            return Err(Error::data("the row numbers differ: only columns of the same rows are joined"));
        }
        Ok(Type::join(&first, &second)?.encode())
    })
}
