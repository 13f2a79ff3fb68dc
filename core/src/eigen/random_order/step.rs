//! The step at the end of a block: its factor joins the pool, and the pool gives the next iterate.

use super::estimate::noise;
use super::{Counts, Parts, RandomOrderEigen, RandomOrderEigenParams, demote_heavy_rows, split};
use crate::eigen::answer::orthonormalize;
use crate::eigen::iterate::{fill_random, keep_if_new};
use crate::eigen::pool::{Block, Piece, Scratch};
use crate::linalg::vector;
use crate::stream::add_rows;
use crate::{Real, Storage};

impl<T: Real, S: Storage<T>> RandomOrderEigen<T, S> {
    /// Closes the open block.
    pub(super) fn step(&mut self) {
        self.state.monitor.look();
        let mut parts = split(&self.params, self.storage.as_mut());
        let settled = step(&self.params, &mut self.state.counts, &mut parts, self.state.monitor.flagged);
        if settled && self.state.monitor.finds_random() {
            demote_heavy_rows(&self.params, &mut self.state.counts, &mut parts, self.state.scale.factor());
        }
    }
}

/// Returns whether the history was there and is kept in full.
fn step<T: Real>(
    params: &RandomOrderEigenParams,
    counts: &mut Counts<T>,
    parts: &mut Parts<'_, T>,
    order_is_flagged: bool,
) -> bool {
    let (dim, width) = (params.dim, params.block_width());
    let iterate = &mut parts.iterate[..width * dim];
    let heavy = &parts.heavy[..counts.heavy_len * dim];
    let mut scratch = Scratch::new(parts.scratch, params.columns(), width);

    let (along_first, block_energy) =
        (vector::dot(&iterate[..dim], &parts.products[..dim]), vector::max_abs(parts.products));
    let shift = counts.close_block(&mut scratch, dim, iterate, parts.products);
    // The shift goes into the products here, so that the iterate's place is free for what comes next.
    vector::add_scaled(parts.products, shift, iterate);
    let block =
        |factor| Piece::Nystrom(Block { iterate: parts.products, products: parts.products, shift: T::ZERO }, factor);

    let (light_rows, block_rows) = (T::count(counts.light_rows), T::count(counts.block_rows));
    let mut kept = T::ONE;
    // A block without energy has no opinion: it must not make the history be forgotten.
    let had_history = counts.history_rows > T::ZERO && block_energy > T::ZERO;
    if had_history {
        let (of_history, of_block) = (light_rows / counts.history_rows, light_rows / block_rows);
        let pool = [Piece::Vectors(&*parts.history, of_history.sqrt()), Piece::Vectors(heavy, T::ONE)];
        let fresh = [block(of_block.sqrt()), Piece::Vectors(heavy, T::ONE)];
        // Of the two, the block has the larger shift beside its energy.
        let excess = counts.excess * of_history.max(of_block);
        let room = &mut iterate[..params.rank * dim];
        let (of_first, of_all) = disagreement(&mut scratch, dim, excess, &pool, &fresh, room);
        // Where rescaling has left no digits of the history there is no angle.
        let angle = |square: T| if square >= T::ZERO { square } else { T::ONE };
        let (of_first, of_all) = (angle(of_first), angle(of_all));
        if !order_is_flagged && of_first >= T::constant(params.dead_zone) {
            kept = (T::ONE - of_first) * (T::ONE - of_first);
        }
        let before = light_rows - block_rows;
        counts.terms = [of_all * block_rows * (before / (block_rows + before)), counts.terms[0], counts.terms[1]];
        counts.term_count = (counts.term_count + 1).min(3);
    }

    scratch.truncate(dim, &[Piece::Vectors(&*parts.history, kept.sqrt()), block(T::ONE)], iterate);
    parts.history.copy_from_slice(iterate);
    counts.refactored(dim, 2 * width, 1);
    counts.history_rows = kept * counts.history_rows + block_rows;
    counts.rayleigh = kept * counts.rayleigh + along_first;
    counts.steps = add_rows(counts.steps, 1);

    next_iterate(params, counts, parts);
    parts.products.fill(T::ZERO);
    counts.block_rows = 0;
    counts.block_len = params.next_block_len::<T>(counts.block_len);
    had_history && kept == T::ONE
}

/// `sin^2` of the angle between the top left vectors of two sets of pieces, and its mean over the spaces of as many top
/// vectors as there is room for; 1 if either set has none.
fn disagreement<T: Real>(
    scratch: &mut Scratch<'_, T>,
    dim: usize,
    excess: T,
    first: &[Piece<'_, T>],
    second: &[Piece<'_, T>],
    room: &mut [T],
) -> (T, T) {
    let m = scratch.factor(dim, first);
    let count = directions(&scratch.values[..m], excess).min(room.len() / dim);
    for (i, vector) in room.chunks_exact_mut(dim).enumerate().take(count.max(1)) {
        scratch.left_vector(dim, first, m, i, vector);
        if vector::normalize(vector) == T::ZERO {
            return (T::ONE, T::ONE);
        }
    }
    orthonormalize(room, dim, count);
    let m = scratch.factor(dim, second);
    let cosine = scratch.cosine_with_left_vector(dim, second, m, 0, &room[..dim]);
    let of_first = (T::ONE - cosine * cosine).max(T::ZERO);
    if room.len() == dim {
        return (of_first, of_first);
    }
    let others = directions(&scratch.values[..m], excess).min(count);
    let outside = scratch.residual_outside(dim, second, m, others, &room[..count * dim]);
    (of_first, outside / T::count(count as u64))
}

/// Number of squared singular values above noise.
fn directions<T: Real>(values: &[T], excess: T) -> usize {
    let noise = noise(values, excess);
    values.iter().take_while(|&&x| x > noise).count()
}

/// Chooses the vectors that the next block multiplies.
///
/// The first ones are the top of pool and heavy rows together; then comes the history alone. Heavy rows must not fill the
/// iterate: they are stored as they are, and a light direction below them would never be searched.
pub(super) fn next_iterate<T: Real>(params: &RandomOrderEigenParams, counts: &Counts<T>, parts: &mut Parts<'_, T>) {
    let (dim, width) = (params.dim, params.block_width());
    let iterate = &mut parts.iterate[..width * dim];
    let mut scratch = Scratch::new(parts.scratch, params.columns(), width);
    let heavy = &parts.heavy[..counts.heavy_len * dim];
    let mut taken = 0;
    let mut from_pool = 0..0;
    let factor =
        if counts.history_rows > T::ZERO { (T::count(counts.light_rows) / counts.history_rows).sqrt() } else { T::ONE };
    let pool = [Piece::Vectors(&*parts.history, factor), Piece::Vectors(heavy, T::ONE)];
    if !heavy.is_empty() {
        let m = scratch.factor(dim, &pool);
        from_pool = 0..directions(&scratch.values[..m], counts.excess * factor * factor);
        let first = params.rank.min((width - 1).max(1));
        while taken < first
            && let Some(i) = from_pool.next()
        {
            take(iterate, dim, &mut taken, |to| scratch.left_vector(dim, &pool, m, i, to));
        }
    }
    // Rows of the history are orthogonal, longest first; those that are noise beside the longest hold no direction.
    let longest = vector::norm(&parts.history[..dim]);
    let noise = longest * (T::count(width as u64) * T::EPSILON).sqrt();
    for row in parts.history.chunks_exact(dim) {
        if taken < width && longest > T::ZERO && vector::norm(row) > noise {
            take(iterate, dim, &mut taken, |to| to.copy_from_slice(row));
        }
    }
    let m = parts.history.len() / dim + heavy.len() / dim;
    while taken < width
        && let Some(i) = from_pool.next()
    {
        take(iterate, dim, &mut taken, |to| scratch.left_vector(dim, &pool, m, i, to));
    }
    fill_random(iterate, dim, taken, params.seed, counts.steps + 1);
}

/// Writes a candidate behind the vectors taken so far and keeps it if it adds a direction.
fn take<T: Real>(iterate: &mut [T], dim: usize, taken: &mut usize, write: impl FnOnce(&mut [T])) {
    let (before, rest) = iterate.split_at_mut(*taken * dim);
    let to = &mut rest[..dim];
    write(to);
    if keep_if_new(to, before) {
        *taken += 1;
    }
}
