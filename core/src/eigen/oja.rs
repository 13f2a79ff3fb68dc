//! Oja's rule with step sizes that the user chooses.

use super::adaptive_oja::ORTHONORMALIZE_EVERY;
use super::answer::{AnswerMut, Status, TopEigen, TopEigenvector, answer_len};
use super::iterate::{fill_random, orthonormalize_or_refill};
use crate::base::params::{Field, Visitor, finite_positive, params, positive};
use crate::base::storage::{is_addressable, product};
use crate::linalg::vector;
use crate::stream::summary::{constructors, wire_form};
use crate::stream::{CompensatedSum, Scale, add_rows};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Real, RowSummary, Rule, Storage};

impl Rule {
    /// One: a ladder of rates turns one vector.
    pub const ONE_FOR_LADDER: Self = Self::new(&"must be 1 with a ladder of rates");
}

/// Rates of a ladder: from the reciprocal of the first row's squared length down, each half of the one before.
const RUNGS: usize = 24;
/// Vectors longer than this are brought back to unit length.
const LONG: f64 = 1_048_576.0;

/// The step sizes of [`Oja`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rate {
    /// The same for every row, in units of one over squared data. It should be about `10` to `30` over the first squared
    /// singular value, which has to be known beforehand: that is its defect.
    Fixed(f64),
    /// `c / (m (t + t0))` for row `t`, with `m` the mean squared length so far: free of units. `c` should be about
    /// `1 / (concentration (1 - 1 / R))`; no single one is good.
    Decay {
        /// The numerator; the number of columns is a fair first choice.
        c: f64,
        /// Rows by which the start is slowed down.
        t0: f64,
    },
    /// 24 fixed rates side by side, each half of the one before; the answer is that of the smallest rate whose vector grew
    /// enough (after Price and Xun 2024, in our reading). One vector only.
    Ladder,
}

impl Rate {
    fn check(self) -> Result<(), Rule> {
        match self {
            Self::Fixed(eta) => finite_positive(eta),
            Self::Decay { c, t0 } if t0.is_finite() && t0 >= 0.0 => finite_positive(c),
            Self::Decay { .. } => Err(Rule::FINITE_POSITIVE),
            Self::Ladder => Ok(()),
        }
    }
}

/// A number, and two scalars whatever it is.
impl Field for Rate {
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error> {
        let (mut number, mut first, mut second) = match *self {
            Self::Fixed(eta) => (0u8, eta, 0.0),
            Self::Decay { c, t0 } => (1, c, t0),
            Self::Ladder => (2, 0.0, 0.0),
        };
        number.visit(visitor)?;
        first.visit(visitor)?;
        second.visit(visitor)?;
        *self = match number {
            0 => Self::Fixed(first),
            1 => Self::Decay { c: first, t0: second },
            2 => Self::Ladder,
            _ => return Err(Error::Corrupt),
        };
        Ok(())
    }
}

params! {
    /// Parameters of an [`Oja`].
    #[derive(PartialEq)]
    pub struct OjaParams {
        /// One vector for rows of `dim` entries, with a rate that decays: `c = dim`, `t0 = 100`.
        new {
            /// Number of entries of a row.
            dim: usize => positive,
        }
        /// Number of vectors wanted (default 1).
        rank: usize = 1,
        /// The step sizes.
        rate: Rate = Rate::Decay { c: dim as f64, t0: 100.0 } => Rate::check,
        /// Seed of the first iterate (default 0).
        seed: u64 = 0,
    }
    refuse(params) {
        params.rank == 0 || params.rank > params.dim => rank: Rule::WITHIN_DIM,
        params.rate == Rate::Ladder && params.rank > 1 => rank: Rule::ONE_FOR_LADDER,
        !is_addressable(params.storage_len()) => dim: Rule::ADDRESSABLE,
    }
    formulas(params) {
        /// Vectors that are turned.
        vectors: usize = if matches!(params.rate, Rate::Ladder) { RUNGS } else { params.rank },
        /// Scalars of storage: `k (dim + 2)`, with `k` the rank, or 24 for a ladder. Saturates.
        pub storage_len: usize = product([params.vectors(), params.dim.saturating_add(2)]),
        /// Scalars of the buffer for [`estimate`](TopEigen::estimate).
        pub answer_len: usize = answer_len(params.dim, params.rank),
    }
}

/// What does Oja's rule, the oldest streaming method, find?
///
/// Each row `x` turns the vector by `v += rate (x'v) x`.
///
/// # Guarantee
/// With a decaying rate, near-optimal for independent rows if `c` fits the unknown gap (Jain, Jin, Kakade, Netrapalli,
/// Sidford 2016). For a fixed rate Price and Xun (FOCS 2024, arXiv 2408.10332) show an error of `o(1)` in any order for
/// `R = Omega(log n log d)`, with a report of failure; Kacham and Woodruff (`NeurIPS` 2024) improve it to
/// `R = Omega(log^2 d)`, and show an instance with `R = Omega(log d / log log d)` that defeats every fixed rate. The ladder
/// reports failure as [`Status::LowGap`] in our reading of that rule; otherwise the status is [`Status::Unverified`]. No
/// certificate, no error figure; values are sorted, and never sum to more than the energy seen.
/// # Cost
/// `4 k dim` flops a row, `k` vectors; `k (dim + 2)` scalars.
/// # Numerics
/// Scaling all rows by a power of two changes no bit of the vectors, except with [`Rate::Fixed`], which has units.
/// # Randomness
/// The seed fixes the first iterate, and the directions that take the place of lost ones. Nothing else is random.
/// # Merging
/// None: the iterate is not a sum.
/// # When to use another
/// Nearly always; a baseline. [`CandidIncremental`](super::CandidIncremental) is better at the same memory.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, eigen::{Oja, OjaParams, Rate, TopEigen}};
/// const PARAMS: OjaParams = OjaParams::new(2).rate(Rate::Ladder);
/// let mut summary = Oja::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for i in 0..1000u16 {
///     let x = f32::from(i % 13) - 6.0;
///     summary.update(&[x, 0.1 * f32::from(i % 2)])?;
/// }
/// let mut answer = [0.0; PARAMS.answer_len()];
/// assert!(summary.estimate(&mut answer)?.vector(0)[0] > 0.99);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Oja<T, S> {
    params: OjaParams,
    state: State<T>,
    storage: S,
}

#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    scale: Scale,
    rows_seen: u64,
    energy: CompensatedSum<T>,
    /// Squared length of the first row with any energy, and of the longest.
    first_square: T,
    largest_square: T,
}

impl<T: Real> State<T> {
    /// The rate of vector `index` for the row just counted, in the scale of the summary.
    fn rate(&self, rate: Rate, index: usize) -> T {
        match rate {
            // Scaled before it is rounded: in the units of the data it may be out of range.
            Rate::Fixed(eta) => T::constant(eta.times_power_of_two(self.scale.value_exponent())),
            Rate::Decay { c, t0 } => {
                let rows = T::count(self.rows_seen);
                let mean = self.energy.value() / rows;
                T::constant(c) / (mean * (rows + T::constant(t0)))
            }
            Rate::Ladder => {
                let halvings = i32::try_from(index).unwrap_or(i32::MAX);
                // The first row may be tiny beside those that follow.
                (T::ONE / self.first_square.max(T::COMFORTABLE_SQUARES.0)).times_power_of_two(-halvings)
            }
        }
    }
}

constructors!(Oja, OjaParams);
wire_form!(Oja);

struct Parts<'a, T> {
    vectors: &'a mut [T],
    values: &'a mut [T],
    /// Logarithms of the growth that was normalised away.
    growth: &'a mut [T],
}

impl<T: Real, S: Storage<T>> Oja<T, S> {
    fn split(&mut self) -> Parts<'_, T> {
        let (dim, count) = (self.params.dim, self.params.vectors());
        let (vectors, rest) = self.storage.as_mut().split_at_mut(count * dim);
        let (values, growth) = rest.split_at_mut(count);
        Parts { vectors, values, growth }
    }

    /// The rung whose vector is the answer, and whether the ladder found a fault with it.
    fn rung(&mut self) -> (usize, Status) {
        let (dim, state, rate) = (self.params.dim, self.state, self.params.rate);
        if rate != Rate::Ladder {
            return (0, Status::Unverified);
        }
        let enough = T::constant(2.0) * T::count(dim as u64).ln() + T::constant(6.0);
        let parts = self.split();
        let growth = |i: usize| parts.growth[i] + vector::norm(&parts.vectors[i * dim..][..dim]).ln();
        // Rates fall along the ladder: the last one that grew enough is the smallest.
        match (0..RUNGS).rev().find(|&i| growth(i) >= enough) {
            Some(i) if state.rate(rate, i) * state.largest_square <= T::ONE => (i, Status::Unverified),
            Some(i) => (i, Status::LowGap),
            None => (0, Status::LowGap),
        }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        self.state.scale.write(w);
        w.u64(self.state.rows_seen);
        self.state.energy.write(w);
        w.real(self.state.first_square);
        w.real(self.state.largest_square);
        w.reals(self.storage.as_ref());
    }

    fn read(bytes: &[u8]) -> Result<(OjaParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::Oja, bytes)?;
        let params: OjaParams = r.params()?;
        let state = State {
            scale: Scale::read(&mut r)?,
            rows_seen: r.count()?,
            energy: CompensatedSum::read(&mut r)?,
            first_square: r.amount()?,
            largest_square: r.amount()?,
        };
        let vectors = r.skip_reals::<T>(params.storage_len())?;
        r.end()?;
        state.scale.check_energy(state.energy.value())?;
        let mut sound = vectors.clone();
        // Vectors only grow, until they are brought back to unit length.
        sound.skip_vectors::<T>(params.vectors(), params.dim, (0.5, 2.0 * LONG))?;
        sound.skip_amounts::<T>(params.vectors())?;
        Ok((params, state, vectors))
    }

    fn load(&mut self, vectors: &mut Reader<'_>) {
        vectors.fill(self.storage.as_mut());
    }
}

impl<T: Real, S: Storage<T>> RowSummary for Oja<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let (dim, rank, seed, rate) = (self.params.dim, self.params.rank, self.params.seed, self.params.rate);
        let admitted = self.state.scale.admit(dim, row)?;
        let e = 2 * admitted.rescale;
        if e != 0 {
            self.state.energy.rescale(e);
            self.state.first_square = self.state.first_square.times_power_of_two(e);
            self.state.largest_square = self.state.largest_square.times_power_of_two(e);
            vector::rescale(self.split().values, e);
        }
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        if admitted.square == T::ZERO {
            return Ok(());
        }
        self.state.energy.add(admitted.square);
        self.state.largest_square = self.state.largest_square.max(admitted.square);
        if self.state.first_square == T::ZERO {
            self.state.first_square = admitted.square;
        }
        let state = self.state;
        let parts = self.split();
        for (i, v) in parts.vectors.chunks_exact_mut(dim).enumerate() {
            let along = vector::dot_times(row, admitted.factor, v);
            let square = vector::sum_of_squares(v);
            parts.values[i] += along * (along / square);
            // A step beyond this turns the vector to the row, to the last bit; a longer one could only overflow.
            let longest = T::ONE / (T::EPSILON * T::EPSILON) / admitted.square;
            let step = state.rate(rate, i).min(longest).min(T::COMFORTABLE_SQUARES.1);
            vector::add_scaled_times(v, step * along, row, admitted.factor);
            // A row far longer than the first can multiply the vector by a huge number at once.
            let growth = T::ONE + step * admitted.square;
            if square * growth * growth > T::constant(LONG) {
                parts.growth[i] += vector::normalize(v).ln();
            }
        }
        if rank > 1 && state.rows_seen.is_multiple_of(ORTHONORMALIZE_EVERY) {
            orthonormalize_or_refill(parts.vectors, dim, seed, state.rows_seen);
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State::default();
        let (dim, seed, ladder) = (self.params.dim, self.params.seed, self.params.rate == Rate::Ladder);
        self.storage.as_mut().fill(T::ZERO);
        let vectors = self.split().vectors;
        if ladder {
            // Every rung starts from the same vector: only the rate differs.
            let (first, others) = vectors.split_at_mut(dim);
            fill_random(first, dim, 0, seed, 0);
            others.chunks_exact_mut(dim).for_each(|v| v.copy_from_slice(first));
        } else {
            fill_random(vectors, dim, 0, seed, 0);
        }
    }
}

impl<T: Real, S: Storage<T>> TopEigen for Oja<T, S> {
    fn rank(&self) -> usize {
        self.params.rank
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, rank, seed, state) = (self.params.dim, self.params.rank, self.params.seed, self.state);
        let answer = AnswerMut::new(answer, dim, rank)?;
        let (first, status) = self.rung();
        let parts = self.split();
        answer.vectors.copy_from_slice(&parts.vectors[first * dim..][..rank * dim]);
        answer.values.copy_from_slice(&parts.values[first..][..rank]);
        orthonormalize_or_refill(answer.vectors, dim, seed, state.rows_seen + 1);
        answer.finish_bare(state.scale.value_exponent(), Some(state.energy.value()), status)
    }
}
