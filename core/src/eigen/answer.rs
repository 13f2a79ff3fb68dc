//! Answers of the eigen family: vectors, values, and how far to trust them.

use crate::linalg::vector;
use crate::stream::{Centered, OrderReport, ShuffleBuffer};
use crate::{Error, MatRef, Real, RowSummary, Rule, Scaled, Storage};
use core::fmt;

impl Rule {
    /// At least one and at most the number of columns.
    pub const WITHIN_DIM: Self = Self::new(&"must be from 1 to the number of columns");
    /// At least the rank asked for and at most the number of columns.
    pub const FROM_RANK_TO_DIM: Self = Self::new(&"must be from the rank to the number of columns");
}

/// Whether an answer is to be trusted; the first that applies, in this order of severity.
///
/// Methods that check nothing ([`BlockPower`](super::BlockPower), [`Oja`](super::Oja),
/// [`AdaptiveOja`](super::AdaptiveOja), [`CandidIncremental`](super::CandidIncremental),
/// [`HistoryPca`](super::HistoryPca)) never say `Ok`: they say `Unverified`. So does
/// [`RandomOrderEigen`](super::RandomOrderEigen) with a width that is no larger than the rank, and a method that certifies
/// where rounding may be as large as what separates the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Status {
    /// Too few rows for the method to say anything about its error.
    TooFewRows,
    /// More heavy rows than the summary had room for: the guarantee of the method does not hold.
    HeavyOverflow,
    /// The rows did not come in random order, which the method needs; a certificate that is given still holds.
    NotRandomOrder,
    /// The wanted directions are hardly larger than the next one: the vectors are poorly determined.
    LowGap,
    /// There is an answer, and nothing has checked it: it may be good, and it may be anything.
    Unverified,
    /// The method looked, and found none of the above.
    Ok,
}

impl Status {
    /// Of an answer with a bound on its error, or without: because values are tied, or else because nothing could be certified.
    pub(crate) const fn of_bound(is_bounded: bool, is_tied: bool) -> Self {
        match (is_bounded, is_tied) {
            (true, _) => Self::Ok,
            (false, true) => Self::LowGap,
            (false, false) => Self::Unverified,
        }
    }

    /// The status as the command line prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooFewRows => "too-few-rows",
            Self::HeavyOverflow => "heavy-overflow",
            Self::NotRandomOrder => "not-random-order",
            Self::LowGap => "low-gap",
            Self::Unverified => "unverified",
            Self::Ok => "ok",
        }
    }

    /// What to do about it; empty for [`Status::Ok`].
    pub const fn advice(self) -> &'static str {
        match self {
            Self::TooFewRows => "too few rows for an error estimate: feed more, or use exact",
            Self::HeavyOverflow => "more heavy rows than heavy_capacity: raise it, or use exact or frequent-directions",
            Self::NotRandomOrder => "rows are not in random order: shuffle them, or use exact or frequent-directions",
            Self::LowGap => {
                "top values nearly tied: ask for a larger rank, or use exact or frequent-directions with more sketch rows"
            }
            Self::Unverified => {
                "nothing has checked this answer: use exact or frequent-directions in f64, or random-order with a width above the rank"
            }
            Self::Ok => "",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far to trust an answer. Errors are `sin^2` of the angle to the true vector, in [0, 1]; for `rank > 1` their mean
/// over the subspace, `1 - |V'V_true|_F^2 / rank`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence<T> {
    /// The verdict.
    pub status: Status,
    /// Estimated ratio of the last wanted squared singular value to the next one; infinite if the method looked and there is no
    /// next one, `None` if it doesn't look.
    pub gap_estimate: Option<T>,
    /// Estimated error, an upper figure in practice; assumes random order.
    pub error_estimate: Option<T>,
    /// Certified error: holds for any order of the rows, rounding included. `None` where nothing can be certified.
    pub error_bound: Option<T>,
    /// The order check, where the method runs one.
    pub order: Option<OrderReport<T>>,
}

impl<T> Confidence<T> {
    /// Nothing known but the status.
    pub(crate) const fn bare(status: Status) -> Self {
        Self { status, gap_estimate: None, error_estimate: None, error_bound: None, order: None }
    }
}

/// Two values closer than this share of the largest are tied: sums over many rows and a small eigenproblem round as much.
pub(crate) fn tie<T: Real>(largest: T) -> T {
    T::constant(1024.0) * T::EPSILON * largest
}

/// How far one factorisation of some rows may be off, and other rows that are made of them, in any direction: operations that
/// round, each by a share `EPSILON` of the energy in the rows. Products of rows, as many as there are; reflections and rotations
/// of a matrix of that size; sums of as many rows (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed.,
/// sections 3.5, 19.3 and 19.6).
pub(crate) fn factoring<T: Real>(dim: usize, rows: usize, energy: T) -> T {
    let (dim, rows) = (T::count(dim as u64), T::count(rows as u64));
    (dim + rows * (T::constant(24.0) + rows.sqrt()) + T::constant(64.0)) * T::EPSILON * energy
}

/// Rounding by more than this share of the energy leaves nothing certain.
pub(crate) const LARGEST_ROUNDING: f64 = 1.0 / 16.0;

/// Scalars that an answer of `rank` vectors of `dim` entries needs. Saturates.
pub(crate) const fn answer_len(dim: usize, rank: usize) -> usize {
    rank.saturating_mul(dim.saturating_add(3))
}

/// Estimated top right singular vectors, in the buffer that the caller gave.
///
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{ExactEigen, ExactEigenParams, Status, TopEigen}};
/// const PARAMS: ExactEigenParams = ExactEigenParams::new(2);
/// let mut summary = ExactEigen::new_in(PARAMS, [0.0f64; PARAMS.storage_len()])?;
/// summary.update(&[3.0, 4.0])?;
/// let mut answer = [0.0; PARAMS.answer_len()];
/// let top = summary.estimate(&mut answer)?;
/// assert!((top.vector(0)[0] - 0.6).abs() < 1e-15);
/// assert!((top.value(0).as_f64() - 25.0).abs() < 1e-13);
/// assert_eq!(top.confidence.status, Status::Ok);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopEigenvector<'a, T> {
    vectors: &'a [T],
    values: &'a [T],
    value_bounds: Option<(&'a [T], &'a [T])>,
    exponent: i32,
    rank: usize,
    /// How far to trust the vectors.
    pub confidence: Confidence<T>,
}

impl<'a, T: Real> TopEigenvector<'a, T> {
    /// Number of vectors; below the rank asked for only in an answer of [`TopEigen::estimate_available`].
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Vector `index`: unit length, first entry that is not noise positive. Empty from [`rank`](Self::rank) on.
    pub fn vector(&self, index: usize) -> &'a [T] {
        self.vectors().row(index).unwrap_or_default()
    }

    /// The vectors as rows of a matrix.
    pub fn vectors(&self) -> MatRef<'a, T> {
        let dim = self.vectors.len().checked_div(self.rank).unwrap_or(0);
        MatRef::new(self.vectors, self.rank, dim).unwrap_or_else(|_| MatRef::empty())
    }

    fn scaled(&self, mantissa: Option<&T>) -> Scaled<T> {
        Scaled { mantissa: mantissa.copied().unwrap_or(T::ZERO), exponent: self.exponent }
    }

    /// Estimated squared singular value `index`; zero from [`rank`](Self::rank) on.
    pub fn value(&self, index: usize) -> Scaled<T> {
        self.scaled(self.values.get(index))
    }

    /// Certified lower bound on squared singular value `index`, where the method has one.
    pub fn value_lower(&self, index: usize) -> Option<Scaled<T>> {
        self.value_bounds.filter(|_| index < self.rank).map(|(lower, _)| self.scaled(lower.get(index)))
    }

    /// Certified upper bound on squared singular value `index`, where the method has one.
    pub fn value_upper(&self, index: usize) -> Option<Scaled<T>> {
        self.value_bounds.filter(|_| index < self.rank).map(|(_, upper)| self.scaled(upper.get(index)))
    }
}

/// A caller's answer buffer, cut into its parts.
pub(crate) struct AnswerMut<'a, T> {
    pub(crate) vectors: &'a mut [T],
    pub(crate) values: &'a mut [T],
    pub(crate) lower: &'a mut [T],
    pub(crate) upper: &'a mut [T],
    dim: usize,
}

impl<'a, T: Real> AnswerMut<'a, T> {
    /// Cuts the buffer: vectors, values, lower and upper bounds.
    pub(crate) fn new(buffer: &'a mut [T], dim: usize, rank: usize) -> Result<Self, Error> {
        let (needed, got) = (answer_len(dim, rank), buffer.len());
        if needed != got {
            return Err(Error::Storage { needed, got });
        }
        let (vectors, rest) = buffer.split_at_mut(rank * dim);
        let (values, rest) = rest.split_at_mut(rank);
        let (lower, upper) = rest.split_at_mut(rank);
        Ok(Self { vectors, values, lower, upper, dim })
    }

    /// The answer of a method that certifies nothing: as many of the vectors as have a value above rounding noise, sorted by
    /// their values, which are scaled down together where they sum to more than the `energy` of the rows, if that is known.
    pub(crate) fn finish_bare(
        mut self,
        exponent: i32,
        energy: Option<T>,
        status: Status,
    ) -> Result<TopEigenvector<'a, T>, Error> {
        self.sort();
        let largest = self.values.first().copied().unwrap_or(T::ZERO);
        let noise = T::count(self.dim as u64) * T::EPSILON * largest;
        let available = self.values.iter().take_while(|&&x| x > noise).count();
        if available == 0 {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        let sum = self.values.iter().fold(T::ZERO, |sum, &x| sum + x);
        if let Some(energy) = energy.filter(|&energy| sum > energy) {
            vector::scale(self.values, energy / sum);
        }
        Ok(self.finish(available, exponent, false, Confidence::bare(status)))
    }

    /// Brings the vectors into descending order of their values; those of equal ones stay in order.
    fn sort(&mut self) {
        for i in 1..self.values.len() {
            let value = self.values[i];
            let to = self.values[..i].iter().take_while(|&&before| before >= value).count();
            self.values[to..=i].rotate_right(1);
            self.vectors[to * self.dim..(i + 1) * self.dim].rotate_right(self.dim);
        }
    }

    /// The first `rank` vectors as an answer; their signs are fixed here. Values are in units of `2^exponent`.
    pub(crate) fn finish(
        self,
        rank: usize,
        exponent: i32,
        bounded: bool,
        confidence: Confidence<T>,
    ) -> TopEigenvector<'a, T> {
        let rank = rank.min(self.values.len());
        self.vectors.chunks_exact_mut(self.dim.max(1)).take(rank).for_each(vector::fix_sign);
        let (lower, upper): (&[T], &[T]) = (self.lower, self.upper);
        TopEigenvector {
            vectors: &self.vectors[..rank * self.dim],
            values: &self.values[..rank],
            value_bounds: bounded.then_some((lower, upper)),
            exponent,
            rank,
            confidence,
        }
    }
}

/// Gram-Schmidt over the first vectors: they are orthogonal already, up to rounding that small values amplify.
pub(crate) fn orthonormalize<T: Real>(vectors: &mut [T], dim: usize, count: usize) {
    for i in 1..count {
        let (before, rest) = vectors.split_at_mut(i * dim);
        vector::orthogonalize(&mut rest[..dim], before);
        vector::normalize(&mut rest[..dim]);
    }
}

/// A summary that answers for the top eigenvectors of the rows seen.
pub trait TopEigen: RowSummary<Scalar: Real> {
    /// Number of vectors asked for.
    fn rank(&self) -> usize;

    /// Scalars of the buffer that [`estimate`](Self::estimate) needs: `rank * (dim + 3)`, room for the vectors, their
    /// values and the bounds on those.
    fn answer_len(&self) -> usize {
        answer_len(self.dim(), self.rank())
    }

    /// Estimates as many of the wanted vectors as the rows seen determine: fewer than `rank` if the data have no more
    /// directions.
    ///
    /// # Errors
    /// [`Error::TooFewRows`] if no row with any energy was seen, [`Error::Storage`] if the buffer has not the length
    /// [`answer_len`](Self::answer_len).
    fn estimate_available<'a>(
        &mut self,
        answer: &'a mut [Self::Scalar],
    ) -> Result<TopEigenvector<'a, Self::Scalar>, Error>;

    /// Estimates the top `rank` vectors from the rows seen so far. Takes `&mut self` for scratch only: no later bit
    /// changes, so it may be called at any time and as often as wanted.
    ///
    /// # Errors
    /// Those of [`estimate_available`](Self::estimate_available), and [`Error::RankDeficient`] if the data have fewer
    /// than `rank` directions.
    fn estimate<'a>(&mut self, answer: &'a mut [Self::Scalar]) -> Result<TopEigenvector<'a, Self::Scalar>, Error> {
        let wanted = self.rank();
        let top = self.estimate_available(answer)?;
        if top.rank() < wanted { Err(Error::RankDeficient { rank: top.rank() }) } else { Ok(top) }
    }
}

#[cfg(feature = "alloc")]
impl<M: TopEigen + ?Sized> TopEigen for alloc::boxed::Box<M> {
    fn rank(&self) -> usize {
        (**self).rank()
    }

    fn estimate_available<'a>(
        &mut self,
        answer: &'a mut [Self::Scalar],
    ) -> Result<TopEigenvector<'a, Self::Scalar>, Error> {
        (**self).estimate_available(answer)
    }
}

impl<M: TopEigen, S: Storage<M::Scalar>> TopEigen for Centered<M, S> {
    fn rank(&self) -> usize {
        self.inner().rank()
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [M::Scalar]) -> Result<TopEigenvector<'a, M::Scalar>, Error> {
        self.inner_mut().estimate_available(answer)
    }
}

/// Answers for the rows passed on.
impl<M: TopEigen, S: Storage<M::Scalar>> TopEigen for ShuffleBuffer<M, S> {
    fn rank(&self) -> usize {
        self.inner().rank()
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [M::Scalar]) -> Result<TopEigenvector<'a, M::Scalar>, Error> {
        self.inner_mut().estimate_available(answer)
    }
}
