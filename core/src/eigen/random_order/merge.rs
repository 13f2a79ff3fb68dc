//! Merging the summaries of two random shards.

use super::estimate::View;
use super::step::next_iterate;
use super::{Counts, RandomOrderEigen, split};
use crate::eigen::heavy::HeavyRows;
use crate::eigen::pool::{Block, Piece, Scratch};
use crate::linalg::vector;
use crate::stream::add_rows;
use crate::{Error, Merge, Real, RowSummary, Storage};

impl<T: Real, S: Storage<T>> Merge for RandomOrderEigen<T, S> {
    /// See the trait. The open blocks of both are closed; rows of the other that wait are fed to this one.
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.params.check_alike(&other.params)?;
        self.finish();
        if self.state.counts.rows == 0 {
            self.copy_state(other);
        } else if other.state.counts.rows > 0 {
            self.absorb(other);
        }
        let dim = self.params.dim;
        let mut storage = other.storage.as_ref();
        // Behind the vectors, squares and features; at most as many as may wait here.
        storage = &storage[storage.len() - self.params.scratch_len() - self.params.deferred * dim..];
        storage[..other.state.counts.waiting * dim].chunks_exact(dim).try_for_each(|row| self.update(row))
    }
}

impl<T: Real, S: Storage<T>> RandomOrderEigen<T, S> {
    fn copy_state(&mut self, other: &Self) {
        self.state = other.state;
        self.state.counts.waiting = 0;
        let state = self.params.storage_len() - self.params.scratch_len();
        self.storage.as_mut()[..state].copy_from_slice(&other.storage.as_ref()[..state]);
        self.finish();
    }

    fn absorb(&mut self, other: &Self) {
        let (params, dim, width) = (self.params, self.params.dim, self.params.block_width());
        let gap_cap = self.gap_after_merge(other);
        let energy = |counts: &Counts<T>| counts.energy.value() + counts.excess + counts.missed;
        let (mine, theirs) = (energy(&self.state.counts), energy(&other.state.counts));
        let (mine, theirs) = self.state.scale.align(other.state.scale, mine, theirs);
        self.rescale(mine);
        let mut added = other.state.counts;
        let unit = T::ONE.times_power_of_two(theirs);
        self.merge_monitors(other, theirs);

        let view = View::new(&params, &other.state.counts, other.storage.as_ref());
        let parts = split(&params, self.storage.as_mut());
        let iterate = &mut parts.iterate[..width * dim];
        let mut scratch = Scratch::new(parts.scratch, params.columns(), width);
        let counts = &mut self.state.counts;
        let own_block = vector::dot(&iterate[..dim], &parts.products[..dim]);
        let other_block = vector::dot(&view.iterate[..dim], &view.products[..dim]).times_power_of_two(2 * theirs);

        // Both histories and both open blocks; the own block's factor first takes the place of its products.
        let shift = counts.close_block(&mut scratch, dim, iterate, parts.products);
        scratch.make_explicit(dim, iterate, parts.products, shift);
        counts.refactored(dim, width, 1);
        let shift = added.close_block(&mut scratch, dim, view.iterate, view.products);
        added.rescale(theirs);
        let block = Block { iterate: view.iterate, products: view.products, shift };
        {
            let pieces = [
                Piece::Vectors(&*parts.history, T::ONE),
                Piece::Vectors(view.history, unit),
                Piece::Vectors(&*parts.products, T::ONE),
                Piece::Nystrom(block, unit),
            ];
            scratch.truncate(dim, &pieces, iterate);
        }
        parts.history.copy_from_slice(iterate);

        add_counts(counts, &added, own_block + other_block);
        counts.gap_cap = gap_cap;
        counts.refactored(dim, 4 * width, 1);
        let energy = counts.energy.value();
        let mut demoted = 0;
        let history = &mut *parts.history;
        let mut pool_row = |row: &[T], factor: T, _: T| {
            demoted += 1;
            scratch.truncate(dim, &[Piece::Vectors(&*history, T::ONE), Piece::Vectors(row, factor)], iterate);
            history.copy_from_slice(iterate);
        };
        let mut heavy = HeavyRows { rows: parts.heavy, squares: parts.heavy_squares, len: &mut counts.heavy_len, dim };
        heavy.demote(energy, |row, square| pool_row(row, T::ONE, square));
        let squares = other.heavy_squares();
        for (row, &square) in view.heavy.chunks_exact(dim).zip(squares) {
            let square = square.times_power_of_two(2 * theirs);
            counts.lost = counts.lost.max(heavy.offer(row, unit, square, energy, &mut pool_row));
        }
        counts.light_rows = add_rows(counts.light_rows, demoted);
        counts.refactored(dim, width + 1, demoted);
        counts.history_rows += T::count(demoted);
        let mut parts = split(&params, self.storage.as_mut());
        parts.products.fill(T::ZERO);
        next_iterate(&params, &self.state.counts, &mut parts);
    }

    fn heavy_squares(&self) -> &[T] {
        let (dim, width) = (self.params.dim, self.params.block_width());
        let start = (3 * width + 1 + self.params.heavy_capacity) * dim;
        &self.storage.as_ref()[start..start + self.state.counts.heavy_len]
    }

    /// Pooling truncates the values behind the top ones, so the gap of a merged pool is too large; the operands' gaps,
    /// averaged over their rows, limit it.
    fn gap_after_merge(&mut self, other: &Self) -> Option<T> {
        let (params, counts) = (&self.params, &self.state.counts);
        let (state, scratch) = self.storage.as_mut().split_at_mut(params.storage_len() - params.scratch_len());
        let mut scratch = Scratch::new(scratch, params.columns(), params.block_width());
        let own = View::new(params, counts, state).gap(params, counts, &mut scratch);
        let others = View::new(params, &other.state.counts, other.storage.as_ref()).gap(
            params,
            &other.state.counts,
            &mut scratch,
        );
        let share = |rows: u64| T::count(rows) / T::count(counts.rows + other.state.counts.rows);
        let inverse = share(counts.rows) / own + share(other.state.counts.rows) / others;
        (inverse > T::ZERO && inverse.is_finite()).then(|| T::ONE / inverse)
    }

    fn merge_monitors(&mut self, other: &Self, theirs: i32) {
        let (dim, width) = (self.params.dim, self.params.block_width());
        let features = self.params.warm_up.storage_len();
        let start = (3 * width + 1 + self.params.heavy_capacity) * dim + self.params.heavy_capacity;
        let (their_storage, mine) = (other.storage.as_ref(), self.storage.as_mut());
        let their_features = &their_storage[start..start + features];
        let differ = self.state.monitor.shards_differ(
            &mine[start..start + features],
            &other.state.monitor,
            their_features,
            theirs,
        );
        let take_other = other.state.monitor.rows() > self.state.monitor.rows();
        self.state.monitor.merge(&other.state.monitor, differ);
        if take_other {
            mine[start..start + features].copy_from_slice(their_features);
            let direction = width * dim..(width + 1) * dim;
            mine[direction.clone()].copy_from_slice(&their_storage[direction]);
            self.state.monitor.rescale(&mut mine[start..start + features], theirs);
        }
    }
}

/// Everything that adds up; `blocks` is the energy of the open blocks along their first vectors.
fn add_counts<T: Real>(counts: &mut Counts<T>, added: &Counts<T>, blocks: T) {
    counts.rows = add_rows(counts.rows, added.rows);
    counts.light_rows = add_rows(counts.light_rows, added.light_rows);
    counts.history_rows += added.history_rows + T::count(counts.block_rows + added.block_rows);
    // As the counts do, it stays at the largest one.
    counts.history_rows = counts.history_rows.min(T::count(add_rows(u64::MAX, 0)));
    counts.block_rows = 0;
    counts.block_len = counts.block_len.max(added.block_len);
    counts.steps = add_rows(counts.steps, added.steps + 1);
    counts.energy.absorb(added.energy);
    counts.excess += added.excess;
    counts.missed += added.missed;
    counts.is_uncertain |= added.is_uncertain;
    counts.rayleigh += added.rayleigh + blocks;
    counts.lost = counts.lost.max(added.lost);
    // The three largest terms of both: merging must not make the estimate look better.
    for &term in &added.terms[..usize::from(added.term_count)] {
        let count = usize::from(counts.term_count);
        if count < 3 {
            counts.terms[count] = term;
            counts.term_count += 1;
        } else if let Some(smallest) =
            counts.terms.iter_mut().min_by(|x, y| x.partial_cmp(y).unwrap_or(core::cmp::Ordering::Equal))
        {
            *smallest = smallest.max(term);
        }
    }
}
