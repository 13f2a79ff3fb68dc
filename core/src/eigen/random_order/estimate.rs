//! Answers of the random-order method: vectors come from the rescaled pool, certificates from the pool as it is.

use super::{Counts, RandomOrderEigen, RandomOrderEigenParams, split};
use crate::eigen::answer::{
    AnswerMut, Confidence, LARGEST_ROUNDING, Status, TopEigen, TopEigenvector, factoring, orthonormalize,
};
use crate::eigen::heavy::THRESHOLD;
use crate::eigen::pool::{Block, Piece, Scratch};
use crate::linalg::vector;
use crate::stream::monitor;
use crate::{Error, Real, Storage};

/// Gaps below this are reported as low.
const LOW_GAP: f64 = 1.25;
/// Factor on the error estimate. On streams with many heavy rows the error itself is near twice the variance that the
/// blocks show; elsewhere 4 to 2000 times below it.
const SAFETY: f64 = 4.0;
/// Error estimates from this on are reported as a low gap.
const LARGE_ERROR: f64 = 0.25;

/// The vectors that a summary holds, read only.
pub(super) struct View<'a, T> {
    pub(super) iterate: &'a [T],
    pub(super) products: &'a [T],
    pub(super) history: &'a [T],
    pub(super) heavy: &'a [T],
}

impl<'a, T: Real> View<'a, T> {
    /// Of the storage of a summary with these parameters.
    pub(super) fn new(params: &RandomOrderEigenParams, counts: &Counts<T>, storage: &'a [T]) -> Self {
        let (dim, block) = (params.dim, params.block_width() * params.dim);
        let (iterate, rest) = storage.split_at(block + dim);
        let (products, rest) = rest.split_at(block);
        let (history, rest) = rest.split_at(block);
        Self { iterate: &iterate[..block], products, history, heavy: &rest[..counts.heavy_len * dim] }
    }

    /// History, heavy rows and open block; light pieces times a factor.
    fn pool(&self, shift: T, factor: T) -> [Piece<'_, T>; 3] {
        let block = Block { iterate: self.iterate, products: self.products, shift };
        [Piece::Vectors(self.history, factor), Piece::Vectors(self.heavy, T::ONE), Piece::Nystrom(block, factor)]
    }

    /// Factors the pool as it stands for all rows seen; returns its number of columns.
    fn factor_rescaled(&self, dim: usize, counts: &Counts<T>, shift: T, scratch: &mut Scratch<'_, T>) -> Rescaled<T> {
        let light = counts.history_rows + T::count(counts.block_rows);
        let factor = if light > T::ZERO { (T::count(counts.light_rows) / light).sqrt() } else { T::ONE };
        let columns = scratch.factor(dim, &self.pool(shift, factor));
        Rescaled { factor, columns, noise: noise(&scratch.values[..columns], counts.excess * factor * factor) }
    }

    /// The gap between value `rank` and the next one in the rescaled pool, capped after merges; 0 if there is no pool.
    pub(super) fn gap(&self, params: &RandomOrderEigenParams, counts: &Counts<T>, scratch: &mut Scratch<'_, T>) -> T {
        let shift = scratch.nystrom(params.dim, self.iterate, self.products);
        let pool = self.factor_rescaled(params.dim, counts, shift, scratch);
        gap(&scratch.values[..pool.columns], params.rank, pool.noise, counts)
    }
}

/// The pool, rescaled for all rows seen and factored.
pub(super) struct Rescaled<T> {
    factor: T,
    columns: usize,
    /// Values below this are noise.
    noise: T,
}

/// Squared singular values below this are noise: rounding, or what shifts put into the history.
pub(super) fn noise<T: Real>(values: &[T], excess: T) -> T {
    let largest = values.first().copied().unwrap_or(T::ZERO);
    (T::count(values.len() as u64) * T::EPSILON * largest).max(excess)
}

/// What the pool as it is says for certain, factored.
struct Certificate<T> {
    /// Of the open block.
    shift: T,
    columns: usize,
    /// How far values of the pool may be above those of the rows, and below; without rounding where nothing is certain.
    margins: (T, T),
    is_sound: bool,
}

impl<T: Real> View<'_, T> {
    /// Factors the pool of all rows but those that wait. The open block's factor is prepared with the usual `shift`, which stays
    /// where nothing is certain.
    fn certificate(
        &self,
        params: &RandomOrderEigenParams,
        counts: &Counts<T>,
        (energy, waiting): (T, T),
        shift: T,
        scratch: &mut Scratch<'_, T>,
    ) -> Certificate<T> {
        let (dim, most, rows) = (params.dim, T::constant(LARGEST_ROUNDING), counts.block_rows);
        let certain = if counts.is_uncertain {
            None
        } else {
            scratch.certain_nystrom_of_rows(dim, self.iterate, self.products, rows, energy, most)
        };
        let shift = certain.map_or(shift, |certain| certain.shift);
        let columns = scratch.factor(dim, &self.pool(shift, T::ONE));
        let pooled = scratch.values[..columns].iter().fold(T::ZERO, |sum, &x| sum + x);
        let rounding = factoring(dim, columns, energy);
        let truncated = if counts.light_rows == 0 { T::ZERO } else { (energy - pooled).max(T::ZERO) } + waiting;
        let margins = certain.map_or((T::ZERO, truncated), |certain| {
            let allowance = counts.excess + certain.allowance + rounding;
            (allowance, truncated + counts.missed + certain.missed + rounding)
        });
        // Sampled rows may hold more energy than there was.
        let is_sound = certain.is_some() && params.row_sampling == 0.0 && margins.0 <= most * energy;
        Certificate { shift, columns, margins, is_sound }
    }
}

fn gap<T: Real>(values: &[T], rank: usize, noise: T, counts: &Counts<T>) -> T {
    let Some(&last) = values.get(rank - 1) else { return T::ZERO };
    let gap = match values.get(rank) {
        Some(&next) if next > noise => last / next,
        _ => T::INFINITY,
    };
    counts.gap_cap.map_or(gap, |cap| gap.min(cap))
}

impl<T: Real, S: Storage<T>> RandomOrderEigen<T, S> {
    /// Sets the direction of the order check to the estimate so far.
    pub(super) fn freeze_direction(&mut self) {
        let dim = self.params.dim;
        let (counts, params) = (&self.state.counts, &self.params);
        let parts = split(params, self.storage.as_mut());
        let width = params.block_width();
        let (iterate, direction) = parts.iterate.split_at_mut(width * dim);
        let view = View {
            iterate,
            products: parts.products,
            history: parts.history,
            heavy: &parts.heavy[..counts.heavy_len * dim],
        };
        let mut scratch = Scratch::new(parts.scratch, params.columns(), width);
        let shift = scratch.nystrom(dim, view.iterate, view.products);
        let Rescaled { factor, columns, .. } = view.factor_rescaled(dim, counts, shift, &mut scratch);
        scratch.left_vector(dim, &view.pool(shift, factor), columns, 0, direction);
        vector::normalize(direction);
    }
}

impl<T: Real, S: Storage<T>> TopEigen for RandomOrderEigen<T, S> {
    fn rank(&self) -> usize {
        self.params.rank
    }

    fn estimate_available<'a>(&mut self, answer: &'a mut [T]) -> Result<TopEigenvector<'a, T>, Error> {
        let (dim, rank) = (self.params.dim, self.params.rank);
        let answer = AnswerMut::new(answer, dim, rank)?;
        let (params, counts) = (&self.params, &self.state.counts);
        let energy = counts.energy.value();
        if energy <= T::ZERO {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        let start = params.storage_len() - params.scratch_len();
        let (state, scratch) = self.storage.as_mut().split_at_mut(start);
        let view = View::new(params, counts, state);
        // Rows that wait for a full block are seen, but in no factor yet.
        let waiting_rows = &state[state.len() - params.deferred * dim..][..counts.waiting * dim];
        let unit = self.state.scale.factor::<T>();
        let waiting = waiting_rows.chunks_exact(dim).fold(T::ZERO, |sum, row| sum + vector::dot_times_self(row, unit));
        let mut scratch = Scratch::new(scratch, params.columns(), params.block_width());
        let shift = scratch.nystrom(dim, view.iterate, view.products);
        let Rescaled { factor, columns: m, noise } = view.factor_rescaled(dim, counts, shift, &mut scratch);
        let pool = view.pool(shift, factor);
        let available = scratch.values[..m].iter().take(rank).take_while(|&&x| x > noise).count();
        if available == 0 {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        // A block as wide as the rank has no vector that could have seen the next value.
        let seen_gap = (params.block_width() > rank).then(|| gap(&scratch.values[..m], rank, noise, counts));
        answer.values[..available].copy_from_slice(&scratch.values[..available]);
        for (i, vector) in answer.vectors.chunks_exact_mut(dim).take(available).enumerate() {
            scratch.left_vector(dim, &pool, m, i, vector);
            vector::normalize(vector);
        }
        orthonormalize(answer.vectors, dim, available);

        // What is certain comes from the pool as it is, with the open block's factor certain to be below the block. A pool
        // that every row entered misses nothing; else it misses the trace.
        let certificate = view.certificate(params, counts, (energy, waiting), shift, &mut scratch);
        let m = certificate.columns;
        let (allowance, missed) = certificate.margins;
        for i in 0..available {
            answer.lower[i] = (scratch.values[i] - allowance).max(T::ZERO);
            answer.upper[i] = scratch.values[i] + missed;
        }
        let bound = if available == rank && certificate.is_sound {
            let pool = view.pool(certificate.shift, T::ONE);
            scratch.error_bound(dim, rank, &pool, m, certificate.margins, answer.vectors)
        } else {
            None
        };
        if counts.history_rows > T::ZERO {
            // Sum of squares along the first vector: sees energy that the pool's factor truncates.
            let heavy = scratch.quadratic_form(dim, &[Piece::Vectors(view.heavy, T::ONE)], &answer.vectors[..dim]);
            answer.values[0] = counts.rayleigh * (T::count(counts.light_rows) / counts.history_rows) + heavy;
        }
        for i in 0..available {
            answer.values[i] = answer.values[i].max(answer.lower[i]).min(answer.upper[i]);
        }

        let report = self.state.monitor.report();
        let flagged = self.state.monitor.flagged || monitor::is_flagged(&report);
        let error_estimate = seen_gap.and_then(|gap| error_estimate(counts, gap));
        let heavy_overflow =
            counts.lost > T::ZERO && counts.lost * (T::count(dim as u64) * T::constant(THRESHOLD)) >= energy;
        let status = if counts.term_count < 2 || counts.rows < 2 * params.first_block_len() {
            Status::TooFewRows
        } else if heavy_overflow {
            Status::HeavyOverflow
        } else if flagged {
            Status::NotRandomOrder
        } else if seen_gap.is_some_and(|gap| gap < T::constant(LOW_GAP))
            || error_estimate.is_some_and(|e| e >= T::constant(LARGE_ERROR))
        {
            Status::LowGap
        } else if seen_gap.is_none() {
            Status::Unverified
        } else {
            Status::Ok
        };
        let confidence =
            Confidence { status, gap_estimate: seen_gap, error_estimate, error_bound: bound, order: Some(report) };
        Ok(answer.finish(available, self.state.scale.value_exponent(), certificate.is_sound, confidence))
    }
}

/// Variance of the pooled vectors, the mean over the wanted ones, if rows were drawn independently, times [`SAFETY`].
fn error_estimate<T: Real>(counts: &Counts<T>, gap: T) -> Option<T> {
    let count = usize::from(counts.term_count);
    if count < 2 {
        return None;
    }
    if gap <= T::ONE {
        return Some(T::ONE);
    }
    let mean = counts.terms[..count].iter().fold(T::ZERO, |sum, &t| sum + t) / T::count(count as u64);
    // For an infinite gap the amplification is 1.
    let amplification = T::ONE / (T::ONE - T::ONE / gap);
    let estimate = T::constant(SAFETY) * amplification * amplification * mean / T::count(counts.light_rows);
    Some(estimate.min(T::ONE))
}
