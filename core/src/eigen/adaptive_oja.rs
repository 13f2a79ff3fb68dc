//! Oja's rule with a step that adapts to the gradients seen.

use super::answer::{AnswerMut, Status, TopEigen, TopEigenvector};
use super::iterate::{fill_random, orthonormalize_or_refill};
use super::params::eigen_params;
use crate::base::storage::{is_addressable, product};
use crate::linalg::vector;
use crate::stream::summary::{constructors, wire_form};
use crate::stream::{Scale, add_rows};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Real, RowSummary, Rule, Storage};

/// First step's denominator over the squared length of the first row.
const START: f64 = 1e-5;
/// Rows between two orthonormalisations of several vectors.
pub(super) const ORTHONORMALIZE_EVERY: u64 = 8;

eigen_params! {
    /// Parameters of an [`AdaptiveOja`].
    #[derive(PartialEq, Eq)]
    pub struct AdaptiveOjaParams {
        /// Seed of the first iterate (default 0).
        seed: u64 = 0,
    }
    refuse(params) { !is_addressable(params.storage_len()) => dim: Rule::ADDRESSABLE }
    formulas(params) {
        /// Scalars of storage: `rank (dim + 2)`. Saturates.
        pub storage_len: usize = product([params.rank, params.dim.saturating_add(2)]),
    }
}

/// What does Oja's rule find if the right step size is not known?
///
/// Each row `x` gives each vector `v` the gradient `G = x x'v`; the step is one over the root of the sum of all squared
/// gradients so far. The start is `1e-5` of the first row's squared length, so that units don't matter.
///
/// # Guarantee
/// None (Henriksen, Ward, *`AdaOja`*, 2019, arXiv 1905.12115, show convergence for independent rows). Robust and never
/// good: 1e-3 on real data, 4e-2 in noise, lost after a heavy row. No certificate, no error figure: the status is always
/// [`Status::Unverified`]. Values are sorted, and never sum to more than the energy seen.
/// # Cost
/// `8 rank dim` flops a row; `rank (dim + 2)` scalars.
/// # Numerics
/// Scaling all rows by a power of two changes no bit of the vectors.
/// # Randomness
/// The seed fixes the first iterate, and the directions that take the place of lost ones. Nothing else is random.
/// # Merging
/// None: the iterate is not a sum.
/// # When to use another
/// [`CandidIncremental`](super::CandidIncremental) is better at the same memory; [`recommend`](super::recommend).
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{AdaptiveOja, AdaptiveOjaParams, TopEigen}};
/// const PARAMS: AdaptiveOjaParams = AdaptiveOjaParams::new(2);
/// let mut summary = AdaptiveOja::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for i in 0..1000u16 {
///     let x = f32::from(i % 13) - 6.0;
///     summary.update(&[x, 0.1 * f32::from(i % 2)])?;
/// }
/// let mut answer = [0.0; PARAMS.answer_len()];
/// assert!(summary.estimate(&mut answer)?.vector(0)[0] > 0.99);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AdaptiveOja<T, S> {
    params: AdaptiveOjaParams,
    state: State<T>,
    storage: S,
}

#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    scale: Scale,
    rows_seen: u64,
    energy: T,
}

constructors!(AdaptiveOja, AdaptiveOjaParams);
wire_form!(AdaptiveOja);

struct Parts<'a, T> {
    vectors: &'a mut [T],
    /// Sums of squared gradients, in units of the fourth power of the data: kept as square roots.
    gradients: &'a mut [T],
    values: &'a mut [T],
}

impl<T: Real, S: Storage<T>> AdaptiveOja<T, S> {
    fn split(&mut self) -> Parts<'_, T> {
        let (dim, rank) = (self.params.dim, self.params.rank);
        let (vectors, rest) = self.storage.as_mut().split_at_mut(rank * dim);
        let (gradients, values) = rest.split_at_mut(rank);
        Parts { vectors, gradients, values }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        self.state.scale.write(w);
        w.u64(self.state.rows_seen);
        w.real(self.state.energy);
        w.reals(self.storage.as_ref());
    }

    fn read(bytes: &[u8]) -> Result<(AdaptiveOjaParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::AdaptiveOja, bytes)?;
        let params: AdaptiveOjaParams = r.params()?;
        let state = State { scale: Scale::read(&mut r)?, rows_seen: r.count()?, energy: r.real()? };
        let vectors = r.skip_reals::<T>(params.storage_len())?;
        r.end()?;
        state.scale.check_energy(state.energy)?;
        let mut sound = vectors.clone();
        sound.skip_directions::<T>(params.rank, params.dim)?;
        sound.skip_amounts::<T>(2 * params.rank)?;
        Ok((params, state, vectors))
    }

    fn load(&mut self, vectors: &mut Reader<'_>) {
        vectors.fill(self.storage.as_mut());
    }
}

impl<T: Real, S: Storage<T>> RowSummary for AdaptiveOja<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let (dim, rank, seed) = (self.params.dim, self.params.rank, self.params.seed);
        let admitted = self.state.scale.admit(dim, row)?;
        let e = 2 * admitted.rescale;
        if e != 0 {
            self.state.energy = self.state.energy.times_power_of_two(e);
            let parts = self.split();
            vector::rescale(parts.gradients, e);
            vector::rescale(parts.values, e);
        }
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        if admitted.square == T::ZERO {
            return Ok(());
        }
        let first = self.state.energy == T::ZERO;
        self.state.energy += admitted.square;
        let due = rank > 1 && self.state.rows_seen.is_multiple_of(ORTHONORMALIZE_EVERY);
        let rows_seen = self.state.rows_seen;
        let parts = self.split();
        if first {
            parts.gradients.fill(T::constant(START) * admitted.square);
        }
        let length = admitted.square.sqrt();
        for ((v, b), value) in parts.vectors.chunks_exact_mut(dim).zip(parts.gradients).zip(parts.values) {
            let along = vector::dot_times(row, admitted.factor, v);
            *value += along * along;
            *b = vector::norm(&[*b, along * length]);
            vector::add_scaled_times(v, along / *b, row, admitted.factor);
            vector::normalize(v);
        }
        if due {
            orthonormalize_or_refill(parts.vectors, dim, seed, rows_seen);
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State::default();
        let (dim, seed) = (self.params.dim, self.params.seed);
        self.storage.as_mut().fill(T::ZERO);
        fill_random(self.split().vectors, dim, 0, seed, 0);
    }
}

impl<T: Real, S: Storage<T>> TopEigen for AdaptiveOja<T, S> {
    fn rank(&self) -> usize {
        self.params.rank
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, seed, state) = (self.params.dim, self.params.seed, self.state);
        let answer = AnswerMut::new(answer, dim, self.params.rank)?;
        let parts = self.split();
        answer.vectors.copy_from_slice(parts.vectors);
        answer.values.copy_from_slice(parts.values);
        orthonormalize_or_refill(answer.vectors, dim, seed, state.rows_seen + 1);
        answer.finish_bare(state.scale.value_exponent(), Some(state.energy), Status::Unverified)
    }
}
