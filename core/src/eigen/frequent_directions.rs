//! Frequent Directions: a buffer of rows, shrunk when it is full.

use super::answer::{
    AnswerMut, Confidence, LARGEST_ROUNDING, Status, TopEigen, TopEigenvector, factoring, orthonormalize, tie,
};
use super::params::eigen_params;
use crate::base::params::{Field, Visitor};
use crate::base::storage::{is_addressable, max, product, sum};
use crate::linalg::{tridiagonal, vector};
use crate::stream::summary::{constructors, wire_form};
use crate::stream::{CompensatedSum, Scale, add_rows};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Merge, Real, RowSummary, Rule, Storage};

impl Rule {
    /// Larger than the rank asked for.
    pub const ABOVE_RANK: Self = Self::new(&"must be larger than the rank");
}

/// What happens to a full buffer of [`FrequentDirections`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shrink {
    /// Subtract the squared `l`-th singular value from all: the method with the guarantee.
    #[default]
    Fast,
    /// Keep the top `l` singular directions as they are: incremental PCA, often more accurate on real data, with no
    /// guarantee beforehand (inputs that defeat it exist), only a certificate afterwards.
    None,
}

impl Field for Shrink {
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error> {
        let mut is_none = *self == Self::None;
        is_none.visit(visitor)?;
        *self = if is_none { Self::None } else { Self::Fast };
        Ok(())
    }
}

eigen_params! {
    /// Parameters of a [`FrequentDirections`]. Equal if they mean the same: a default may be spelt out.
    #[derive(Eq)]
    pub struct FrequentDirectionsParams {
        /// Rows `l` that a shrink leaves, more than `rank` (default: four times the rank, at least 8). The error falls with
        /// the energy outside the top `l` directions.
        sketch_rows: usize = 0,
        /// What happens to a full buffer (default [`Shrink::Fast`]).
        shrink: Shrink = Shrink::Fast,
    }
    refuse(params) {
        params.kept_rows() <= params.rank => sketch_rows: Rule::ABOVE_RANK,
        !is_addressable(params.storage_len()) => sketch_rows: Rule::ADDRESSABLE,
    }
    formulas(params) {
        /// What happens to a full buffer, with these parameters.
        pub shrinking: Shrink = params.shrink,
        /// Rows that a shrink leaves, with these parameters.
        pub kept_rows: usize = if params.sketch_rows == 0 { max(product([4, params.rank]), 8) } else { params.sketch_rows },
        /// Scalars of storage: `2 l dim + 2 (2 l)^2 + 4 l` with `l` = [`kept_rows`](Self::kept_rows). Saturates.
        pub storage_len: usize = {
            let buffer = product([2, params.kept_rows()]);
            sum([product([buffer, params.dim]), product([2, buffer, buffer]), product([2, buffer])])
        },
    }
    alike(params) {
        Dim: params.dim,
        Rank: params.rank,
        SketchRows: params.kept_rows(),
        Shrink: params.shrink == Shrink::None,
    }
}

impl PartialEq for FrequentDirectionsParams {
    fn eq(&self, other: &Self) -> bool {
        self.check_alike(other).is_ok()
    }
}

/// What are the top eigenvectors of a stream in any order, with a certificate?
///
/// Keeps a buffer of `2 l` rows. When it is full, its singular values are shrunk so that at most `l - 1` rows are left;
/// what was shrunk away is counted, and bounds the error whatever the rows were. With [`Shrink::None`] it is incremental
/// PCA: the top `l` directions are kept whole.
///
/// # Guarantee
/// With sketch `B` and shrinkage `D`: `0 <= A'A - B'B <= D` in every direction, and
/// `D <= |A - A_j|_F^2 / (l - j)` for every `j < l` (Ghashami, Liberty, Phillips, Woodruff, SIAM J. Comput. 2016). So squared
/// singular value `i` lies in `[value_lower, value_lower + D]`, and `error_bound` is `(D / gap)^2`, rigorous for any order.
/// If the energy is spread over more than `l` directions the vectors may mean nothing: the bound is then `None` and the
/// status [`LowGap`](Status::LowGap). [`Shrink::None`] certifies by the energy that the buffer misses instead.
///
/// Rounding has its share in all of these, on both sides: each shrink, and the answer, may be off by
/// `(dim + m (24 + sqrt(m)) + 64) EPSILON` times the energy in the buffer at that time, with `m = 2 l` (Higham, *Accuracy and
/// Stability of Numerical Algorithms*, 2nd ed., chapters 3 and 19, for products, reflections and sums; Weyl's inequality for
/// the values). The shares add up over the shrinks. Where they reach a sixteenth of the energy seen, as they do in `f32` after
/// some thousand rows, there is no bracket and no bound.
/// # Cost
/// About `8 l dim + 72 l^2` flops a row, amortised; a shrink every `l` rows does all of it. State: see
/// [`FrequentDirectionsParams::storage_len`].
/// # Numerics
/// Values are reported in the middle of their interval (robust Frequent Directions). In `f32` directions below 3e-4 of the
/// largest are lost in the shrink. Scaling all rows by a power of two changes no bit of the vectors.
/// # Randomness
/// None: the same rows in the same order give the same bits.
/// # Merging
/// The other's rows pass through the buffer; shrinkages add up and the guarantee holds for all rows together. The bits
/// depend on the order of merging.
/// # When to use another
/// [`RandomOrderEigen`](super::RandomOrderEigen) for spread-out energy in random order; [`ExactEigen`](super::ExactEigen)
/// when it fits.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{FrequentDirections, FrequentDirectionsParams, TopEigen}};
/// const PARAMS: FrequentDirectionsParams = FrequentDirectionsParams::new(4).sketch_rows(3);
/// let mut summary = FrequentDirections::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for i in 0..500u16 {
///     let x = f32::from(i % 11) - 5.0;
///     summary.update(&[x, 2.0 * x, f32::from(i % 3) * 0.1, 0.0])?;
/// }
/// let mut answer = [0.0; PARAMS.answer_len()];
/// let top = summary.estimate(&mut answer)?;
/// assert!((top.vector(0)[1] - 2.0 / 5.0f32.sqrt()).abs() < 1e-3);
/// assert!(top.confidence.error_bound.is_some_and(|bound| bound < 1e-3));
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrequentDirections<T, S> {
    params: FrequentDirectionsParams,
    state: State<T>,
    storage: S,
}

/// Everything of the state that is not a vector.
#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    scale: Scale,
    rows_seen: u64,
    /// Rows of the buffer in use.
    used: usize,
    shrinkage: T,
    /// How far all shrinks together may have rounded, in any direction.
    rounding: T,
    energy: CompensatedSum<T>,
}

constructors!(FrequentDirections, FrequentDirectionsParams);
wire_form!(FrequentDirections);

struct Parts<'a, T> {
    buffer: &'a mut [T],
    gram: &'a mut [T],
    vectors: &'a mut [T],
    values: &'a mut [T],
    gather: &'a mut [T],
}

impl<T: Real, S: Storage<T>> FrequentDirections<T, S> {
    /// The sketch `B`, row after row, in units of 2 to the [`unit_exponent`](Self::unit_exponent).
    pub fn sketch(&self) -> &[T] {
        &self.storage.as_ref()[..self.state.used * self.params.dim]
    }

    /// What one unit of the [`sketch`](Self::sketch) is in the data, as a power of two: 0 unless those are very large or very
    /// small.
    pub const fn unit_exponent(&self) -> i32 {
        self.state.scale.exponent()
    }

    /// Total shrinkage `D`, in the units of the squared [`sketch`](Self::sketch).
    pub const fn shrinkage(&self) -> T {
        self.state.shrinkage
    }

    fn split(&mut self) -> Parts<'_, T> {
        let rows = 2 * self.params.kept_rows();
        let (buffer, rest) = self.storage.as_mut().split_at_mut(rows * self.params.dim);
        let (gram, rest) = rest.split_at_mut(rows * rows);
        let (vectors, rest) = rest.split_at_mut(rows * rows);
        let (values, gather) = rest.split_at_mut(rows);
        Parts { buffer, gram, vectors, values, gather }
    }

    fn rescale(&mut self, e: i32) {
        if e != 0 {
            self.state.shrinkage = self.state.shrinkage.times_power_of_two(2 * e);
            self.state.rounding = self.state.rounding.times_power_of_two(2 * e);
            self.state.energy.rescale(2 * e);
            vector::rescale(self.split().buffer, e);
        }
    }

    fn push(&mut self, row: &[T], factor: T) {
        let (dim, used) = (self.params.dim, self.state.used);
        for (to, &x) in self.split().buffer[used * dim..].iter_mut().zip(row) {
            *to = x * factor;
        }
        self.state.used += 1;
        if self.state.used == 2 * self.params.kept_rows() {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        let (dim, kept, mode, used) = (self.params.dim, self.params.kept_rows(), self.params.shrink, self.state.used);
        let mut parts = self.split();
        parts.factor(dim, used);
        let subtracted = if mode == Shrink::Fast { parts.values[kept - 1].max(T::ZERO) } else { T::ZERO };
        let left = parts.values[..kept].iter().take_while(|&&x| x > subtracted).count();
        let energy = parts.energy(used);
        for (row, &value) in parts.vectors.chunks_exact_mut(used).zip(&parts.values[..left]) {
            vector::scale(row, ((value - subtracted) / value).sqrt());
        }
        vector::combine_in_place(parts.buffer, dim, used, &parts.vectors[..left * used], parts.gram);
        parts.buffer[left * dim..].fill(T::ZERO);
        self.state.used = left;
        self.state.shrinkage += subtracted;
        // The sum of what was shrunk away rounds as well.
        self.state.rounding += factoring(dim, used, energy) + T::EPSILON * self.state.shrinkage;
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        self.state.scale.write(w);
        w.u64(self.state.rows_seen);
        w.len(self.state.used);
        w.real(self.state.shrinkage);
        w.real(self.state.rounding);
        self.state.energy.write(w);
        w.reals(self.sketch());
    }

    fn read(bytes: &[u8]) -> Result<(FrequentDirectionsParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::FrequentDirections, bytes)?;
        let params: FrequentDirectionsParams = r.params()?;
        let (scale, rows_seen, used, shrinkage) = (Scale::read(&mut r)?, r.count()?, r.len()?, r.real()?);
        let told = if r.version() == 1 { None } else { Some(r.real()?) };
        let energy = CompensatedSum::read(&mut r)?;
        let rounding = told.unwrap_or_else(|| {
            // As if every shrink had been of all energy.
            let kept = params.kept_rows();
            let shrinks = T::count(rows_seen / kept.max(1) as u64);
            shrinks * (factoring(params.dim, 2 * kept, energy.value()) + T::EPSILON * shrinkage)
        });
        let state = State { scale, rows_seen, used, shrinkage, rounding, energy };
        let is_sound = state.shrinkage >= T::ZERO && state.rounding >= T::ZERO;
        if state.used >= 2 * params.kept_rows() || !is_sound {
            return Err(Error::Corrupt);
        }
        let vectors = r.skip_reals::<T>(state.used * params.dim)?;
        r.end()?;
        // The sketch has no more energy than the rows.
        scale.check_energy(energy.value())?;
        let most = Scale::most(energy.value()).as_f64();
        vectors.clone().skip_vectors::<T>(1, state.used * params.dim, (0.0, most))?;
        Ok((params, state, vectors))
    }

    fn load(&mut self, vectors: &mut Reader<'_>) {
        let len = self.state.used * self.params.dim;
        vectors.fill(&mut self.storage.as_mut()[..len]);
    }
}

impl<T: Real> Parts<'_, T> {
    /// Eigenvectors of the Gram matrix of the first `used` rows.
    fn factor(&mut self, dim: usize, used: usize) {
        for i in 0..used {
            for j in i..used {
                let dot = vector::dot(&self.buffer[i * dim..][..dim], &self.buffer[j * dim..][..dim]);
                self.gram[i * used + j] = dot;
                self.gram[j * used + i] = dot;
            }
        }
        tridiagonal::eigen(self.gram, self.vectors, &mut self.values[..used], self.gather);
    }

    /// The energy in the buffer, factored: the sum of its squared singular values.
    fn energy(&self, used: usize) -> T {
        self.values[..used].iter().fold(T::ZERO, |sum, &x| sum + x.abs())
    }
}

impl<T: Real, S: Storage<T>> RowSummary for FrequentDirections<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let admitted = self.state.scale.admit(self.params.dim, row)?;
        self.rescale(admitted.rescale);
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        self.state.energy.add(admitted.square);
        self.push(row, admitted.factor);
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State::default();
        self.storage.as_mut().fill(T::ZERO);
    }
}

impl<T: Real, S: Storage<T>> Merge for FrequentDirections<T, S> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.params.check_alike(&other.params)?;
        let energy = |state: &State<T>| state.energy.value() + state.shrinkage + state.rounding;
        let (mine, theirs) = (energy(&self.state), energy(&other.state));
        let (mine, theirs) = self.state.scale.align(other.state.scale, mine, theirs);
        self.rescale(mine);
        let mut added = other.state;
        added.energy.rescale(2 * theirs);
        self.state.rows_seen = add_rows(self.state.rows_seen, added.rows_seen);
        self.state.energy.absorb(added.energy);
        self.state.shrinkage += added.shrinkage.times_power_of_two(2 * theirs);
        self.state.rounding += added.rounding.times_power_of_two(2 * theirs) + T::EPSILON * self.state.shrinkage;
        let unit = T::ONE.times_power_of_two(theirs);
        other.sketch().chunks_exact(self.params.dim).for_each(|row| self.push(row, unit));
        Ok(())
    }
}

impl<T: Real, S: Storage<T>> TopEigen for FrequentDirections<T, S> {
    fn rank(&self) -> usize {
        self.params.rank
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, rank, used, mode) = (self.params.dim, self.params.rank, self.state.used, self.params.shrink);
        let answer = AnswerMut::new(answer, dim, rank)?;
        let (energy, shrinkage) = (self.state.energy.value(), self.state.shrinkage);
        if energy <= T::ZERO {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        let exponent = self.state.scale.value_exponent();
        let shrinks = self.state.rounding;
        let mut parts = self.split();
        parts.factor(dim, used);
        let values = &parts.values[..used];
        let noise = T::count(used as u64) * T::EPSILON * values.first().copied().unwrap_or(T::ZERO);
        let available = values.iter().take(rank).take_while(|&&x| x > noise).count();
        for (i, vector) in answer.vectors.chunks_exact_mut(dim).take(available).enumerate() {
            vector.fill(T::ZERO);
            for (row, &weight) in parts.buffer.chunks_exact(dim).zip(&parts.vectors[i * used..][..used]) {
                vector::add_scaled(vector, weight, row);
            }
            vector::normalize(vector);
        }
        orthonormalize(answer.vectors, dim, available);

        // What the sketch may miss in any one direction. An eighth more: shares of sums that are off themselves.
        let pooled = parts.energy(used);
        let allowance = T::constant(1.125) * (shrinks + factoring(dim, used, pooled));
        let truncated = match mode {
            Shrink::Fast => shrinkage,
            Shrink::None => (energy - pooled).max(T::ZERO),
        };
        let missed = allowance
            + truncated
            + match mode {
                Shrink::Fast => T::ZERO,
                // Traces: the rows' and the buffer's are sums of squares that round on their own.
                Shrink::None => allowance + factoring(dim, used, energy),
            };
        for (i, &value) in values[..available].iter().enumerate() {
            (answer.lower[i], answer.upper[i]) = ((value - allowance).max(T::ZERO), value + missed);
            answer.values[i] = match mode {
                Shrink::Fast => value + truncated * T::constant(0.5),
                Shrink::None => value,
            };
        }
        let largest = values.first().copied().unwrap_or(T::ZERO);
        let next = values.get(available).copied().unwrap_or(T::ZERO);
        let last = if available > 0 { values[available - 1] } else { T::ZERO };
        let gap = last - next - missed;
        let error_bound = (available > 0 && gap > tie(largest)).then(|| {
            // A vector is a sum of rows: its own rounding weighs more the smaller its value is.
            let angle = (missed + allowance * (largest / last).sqrt()) / gap;
            // The missed trace bounds the value lost as well; shrinkage is missed in every direction at once.
            let by_value = if mode == Shrink::None { angle / T::count(rank as u64) } else { T::ONE };
            by_value.min(angle * angle)
        });
        // Where rounding may be a sixteenth of all, nothing is certain. A bound of one says nothing.
        let sound = allowance <= energy * T::constant(LARGEST_ROUNDING);
        let error_bound = error_bound.filter(|&bound| sound && bound < T::ONE);
        let confidence = Confidence {
            gap_estimate: Some(if next > noise { last / next } else { T::INFINITY }),
            error_bound,
            ..Confidence::bare(Status::of_bound(
                error_bound.is_some(),
                last - next - truncated - truncated <= tie(largest),
            ))
        };
        Ok(answer.finish(available, exponent, sound, confidence))
    }
}
