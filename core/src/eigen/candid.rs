//! `CandidIncremental`, candid covariance-free incremental PCA: it stores no more than the vectors that it answers with.

use super::answer::{AnswerMut, Status, TopEigen, TopEigenvector};
use super::params::eigen_params;
use crate::base::params::not_negative;
use crate::base::storage::{is_addressable, product};
use crate::linalg::vector;
use crate::stream::summary::{constructors, wire_form};
use crate::stream::{CompensatedSum, Scale, add_rows};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Real, RowSummary, Rule, Storage};

eigen_params! {
    /// Parameters of a [`CandidIncremental`].
    #[derive(PartialEq)]
    pub struct CandidIncrementalParams {
        /// How much more a new row weighs than its share (default 1): 0 averages for ever and is best on clean data, 1 to 2
        /// forget a bad start and are best in noise.
        amnesic: f64 = 1.0 => not_negative,
    }
    refuse(params) { !is_addressable(params.storage_len()) => dim: Rule::ADDRESSABLE }
    formulas(params) {
        /// Scalars of storage: `rank dim`, and `dim` more for `rank > 1`. Saturates.
        pub storage_len: usize =
            product([if params.rank > 1 { params.rank.saturating_add(1) } else { params.rank }, params.dim]),
    }
}

/// What is the first principal direction, to a rough accuracy, in as little memory as its own `dim` numbers?
///
/// Keeps one vector a direction, of length its value: an average of `x (x'v) / |v|` in which new rows weigh
/// `(1 + amnesic) / t`. Further directions see what the ones before leave over.
///
/// # Guarantee
/// None. Measured in random order without heavy rows: 1e-6 to 1e-3. One heavy row early on can leave an error of 0.1. No
/// certificate, no error figure: the status is always [`Status::Unverified`]. Values are sorted, and never sum to more than
/// the energy seen, which a summary that was read from a byte form of version 1 doesn't know.
/// # Cost
/// `4 rank dim` flops a row; state `rank dim` scalars, and `dim` of scratch for `rank > 1`: the least of all methods.
/// # Numerics
/// Scaling all rows by a power of two changes no bit of the vectors.
/// # Randomness
/// None: the first rows are the first iterate.
/// # Merging
/// None: the iterate is not a sum.
/// # When to use another
/// Whenever there are words for one: [`recommend`](super::recommend).
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{CandidIncremental, CandidIncrementalParams, TopEigen}};
/// const PARAMS: CandidIncrementalParams = CandidIncrementalParams::new(2);
/// let mut summary = CandidIncremental::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for i in 0..1000u16 {
///     let x = f32::from(i % 13) - 6.0;
///     summary.update(&[x, 0.1 * f32::from(i % 2)])?;
/// }
/// let mut answer = [0.0; PARAMS.answer_len()];
/// assert!(summary.estimate(&mut answer)?.vector(0)[0] > 0.999);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
/// # References
/// Weng, Zhang, Hwang, *Candid Covariance-Free Incremental Principal Component Analysis*, 2003.
#[derive(Clone, Debug)]
pub struct CandidIncremental<T, S> {
    params: CandidIncrementalParams,
    state: State<T>,
    storage: S,
}

#[derive(Clone, Copy, Debug)]
struct State<T> {
    scale: Scale,
    rows_seen: u64,
    /// Unknown in a summary that was read from an encoding that did not tell.
    energy: Option<CompensatedSum<T>>,
}

impl<T: Real> Default for State<T> {
    fn default() -> Self {
        Self { scale: Scale::default(), rows_seen: 0, energy: Some(CompensatedSum::default()) }
    }
}

constructors!(CandidIncremental, CandidIncrementalParams);
wire_form!(CandidIncremental);

impl<T: Real, S: Storage<T>> CandidIncremental<T, S> {
    /// Vectors, and room for what is left of a row.
    fn split(&mut self) -> (&mut [T], &mut [T]) {
        let len = self.params.rank * self.params.dim;
        self.storage.as_mut().split_at_mut(len)
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        self.state.scale.write(w);
        w.u64(self.state.rows_seen);
        w.u8(u8::from(self.state.energy.is_some()));
        if let Some(energy) = self.state.energy {
            energy.write(w);
        }
        w.reals(&self.storage.as_ref()[..self.params.rank * self.params.dim]);
    }

    fn read(bytes: &[u8]) -> Result<(CandidIncrementalParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::CandidIncremental, bytes)?;
        let params: CandidIncrementalParams = r.params()?;
        let (scale, rows_seen) = (Scale::read(&mut r)?, r.count()?);
        let energy = if r.version() > 1 && r.flag()? { Some(CompensatedSum::read(&mut r)?) } else { None };
        let state = State { scale, rows_seen, energy };
        let vectors = r.skip_reals::<T>(params.rank * params.dim)?;
        r.end()?;
        if let Some(energy) = energy {
            scale.check_energy(energy.value())?;
        }
        Ok((params, state, vectors))
    }

    fn load(&mut self, vectors: &mut Reader<'_>) {
        vectors.fill(self.split().0);
    }
}

/// Lets one vector take its share of a row, `factor * row`.
fn absorb<T: Real>(v: &mut [T], row: &[T], factor: T, square: T, weight: T) {
    let length = vector::norm(v);
    if length == T::ZERO || !T::ONE.times_power_of_two(-length.exponent()).is_finite() {
        // Rescaled by so many orders of magnitude that it has lost its digits, or never begun.
        v.fill(T::ZERO);
        // The first row with anything left for this vector: as if it had been the direction all along.
        vector::add_scaled_times(v, square.sqrt() * weight, row, factor);
        return;
    }
    // The vector has the length of its value, which may be tiny beside the row: of order one before it is multiplied.
    let e = if length.exponent().abs() <= T::COMFORT { 0 } else { length.exponent() };
    let unit = T::ONE.times_power_of_two(-e);
    let along = vector::dot_times_both(row, factor, v, unit) / length.times_power_of_two(-e);
    vector::scale(v, T::ONE - weight);
    vector::add_scaled_times(v, weight * along, row, factor);
}

impl<T: Real, S: Storage<T>> RowSummary for CandidIncremental<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let (dim, amnesic) = (self.params.dim, self.params.amnesic);
        let admitted = self.state.scale.admit(dim, row)?;
        if admitted.rescale != 0 {
            // Vectors have the length of their values.
            vector::rescale(self.split().0, 2 * admitted.rescale);
        }
        if let Some(energy) = &mut self.state.energy {
            energy.rescale(2 * admitted.rescale);
            energy.add(admitted.square);
        }
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        let (t, amnesic) = (T::count(self.state.rows_seen), T::constant(amnesic));
        let weight = if t > T::constant(2.0) + amnesic { (T::ONE + amnesic) / t } else { T::ONE / t };
        let (vectors, rest) = self.split();
        if rest.is_empty() {
            absorb(vectors, row, admitted.factor, admitted.square, weight);
            return Ok(());
        }
        for (to, &x) in rest.iter_mut().zip(row) {
            *to = x * admitted.factor;
        }
        for v in vectors.chunks_exact_mut(dim) {
            absorb(v, rest, T::ONE, vector::sum_of_squares(rest), weight);
            let length = vector::norm(v);
            if length > T::ZERO {
                let e = length.exponent();
                let along = vector::dot_times(v, T::ONE.times_power_of_two(-e), rest) / length.times_power_of_two(-e);
                vector::add_scaled(rest, -along / length, v);
            }
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State::default();
        self.storage.as_mut().fill(T::ZERO);
    }
}

impl<T: Real, S: Storage<T>> TopEigen for CandidIncremental<T, S> {
    fn rank(&self) -> usize {
        self.params.rank
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, rows) = (self.params.dim, T::count(self.state.rows_seen));
        let answer = AnswerMut::new(answer, dim, self.params.rank)?;
        let (vectors, _) = self.split();
        answer.vectors.copy_from_slice(vectors);
        for i in 0..answer.values.len() {
            // Values first, then orthonormal vectors: the deflation leaves them orthogonal only in the limit.
            let (before, rest) = answer.vectors.split_at_mut(i * dim);
            let v = &mut rest[..dim];
            answer.values[i] = vector::normalize(v) * rows;
            vector::orthogonalize(v, before);
            if vector::normalize(v) < T::constant(1e-3) {
                answer.values[i] = T::ZERO;
            }
        }
        let energy = self.state.energy.map(CompensatedSum::value);
        answer.finish_bare(self.state.scale.value_exponent(), energy, Status::Unverified)
    }
}
