//! The fast path of an update: a light row of ordinary magnitude in the middle of a block.
//!
//! Runs of such rows are consumed inside one choice of vector width, with the operations, and so the bits, of the general
//! path in the module above.

use super::{Counts, Parts, RandomOrderEigen, split};
use crate::base::wide;
use crate::eigen::heavy::is_heavy;
use crate::linalg::{panel, vector};
use crate::stream::add_rows;
use crate::stream::monitor::{self, Monitor, WARM_UP};
use crate::{Real, Storage};

/// Most rows of a panel.
const PANEL: usize = 16;
/// Bytes of a panel: rows and what they are multiplied with should fit the first-level cache together.
const PANEL_BYTES: usize = 1 << 14;

/// Rows of a panel, before whole tiles are made of them.
fn panel_rows<T: Real>(dim: usize) -> usize {
    (PANEL_BYTES / T::BYTES / dim).clamp(panel::ROWS, PANEL)
}

/// Consumes the leading rows in panels as long as all of a panel are light; returns their number.
fn consume_panels<T: Real>(
    dim: usize,
    width: usize,
    counts: &mut Counts<T>,
    monitor: &mut Monitor<T>,
    parts: &mut Parts<'_, T>,
    rows: &[T],
) -> usize {
    // Even: products go in pairs.
    let stride = (width + 1).next_multiple_of(2);
    let room = (parts.scratch.len() / stride).min(panel_rows::<T>(dim));
    let mut consumed = 0;
    loop {
        let rest = &rows[consumed * dim..];
        let block = usize::try_from(counts.block_len.saturating_sub(counts.block_rows)).unwrap_or(usize::MAX);
        let mut count = room.min(block).min(rest.len() / dim) / panel::ROWS * panel::ROWS;
        if count == 0 {
            return consumed;
        }
        let mut features = [(T::ZERO, T::ZERO); PANEL];
        monitor::squares_and_signed_sums(&rest[..count * dim], dim, &mut features);
        let mut energy = counts.energy;
        let unusual = features[..count].iter().position(|&(square, _)| {
            energy.add(square);
            !T::is_comfortable_square(square) || is_heavy(square, dim, energy.value())
        });
        if let Some(i) = unusual {
            count = i / panel::ROWS * panel::ROWS;
        }
        let (panel, features) = (&rest[..count * dim], &features[..count]);
        let along = &mut parts.scratch[..count * stride];
        panel::project(parts.iterate, panel, dim, along, stride);
        for (&(square, signed), along) in features.iter().zip(along.chunks_exact(stride)) {
            counts.energy.add(square);
            monitor.observe_later([square, signed, along[width] * along[width]]);
        }
        panel::accumulate(parts.products, along, stride, panel, dim);
        counts.rows = add_rows(counts.rows, count as u64);
        counts.light_rows = add_rows(counts.light_rows, count as u64);
        counts.block_rows = add_rows(counts.block_rows, count as u64);
        consumed += count;
        if unusual.is_some() {
            return consumed;
        }
    }
}

impl<T: Real, S: Storage<T>> RandomOrderEigen<T, S> {
    /// Consumes the leading rows as long as nothing unusual happens, at most to the end of the block; returns their number.
    pub(super) fn consume_light(&mut self, rows: &[T]) -> usize {
        let usual = self.state.monitor.rows() >= WARM_UP
            && self.state.counts.light_rows > 0
            && self.params.row_sampling == 0.0
            && self.state.scale.is_one();
        if !usual {
            return 0;
        }
        let (dim, width) = (self.params.dim, self.params.block_width());
        let (counts, monitor) = (&mut self.state.counts, &mut self.state.monitor);
        let mut parts = split(&self.params, self.storage.as_mut());
        let mut consumed = 0;
        // Vector units have room for panels of rows; elsewhere rows come one by one, and the code would be dead weight.
        if cfg!(feature = "std") && rows.len() >= panel::ROWS * dim {
            consumed = consume_panels(dim, width, counts, monitor, &mut parts, rows);
        }
        let (iterate, products) = (&*parts.iterate, parts.products);
        let (first, rest) = parts.scratch.split_at_mut(width + 1);
        let second = &mut rest[..=width];
        let rows = &rows[consumed * dim..];
        wide::run(
            #[inline(always)]
            || {
                // Two rows at a time go into the products: half the loads and stores, the same additions in the same order.
                let mut pending: Option<&[T]> = None;
                for row in rows.chunks_exact(dim) {
                    if counts.block_rows >= counts.block_len {
                        break;
                    }
                    let (square, signed) = monitor::square_and_signed_sum(row);
                    let mut energy = counts.energy;
                    energy.add(square);
                    if !T::is_comfortable_square(square) || is_heavy(square, dim, energy.value()) {
                        break;
                    }
                    counts.energy = energy;
                    let z = if pending.is_some() { &mut *second } else { &mut *first };
                    vector::project_kernel(iterate, row, z);
                    monitor.observe_later([square, signed, z[width] * z[width]]);
                    pending = match pending {
                        Some(before) => {
                            vector::accumulate_two_kernel(products, (&*first, before), (&*second, row));
                            None
                        }
                        // With few registers there is no room for two.
                        None if !wide::HOLDS_TWO_SUMS => {
                            vector::accumulate_kernel(products, first, row);
                            None
                        }
                        None => Some(row),
                    };
                    counts.rows = add_rows(counts.rows, 1);
                    counts.light_rows = add_rows(counts.light_rows, 1);
                    counts.block_rows = add_rows(counts.block_rows, 1);
                    consumed += 1;
                }
                if let Some(row) = pending {
                    vector::accumulate_kernel(products, first, row);
                }
            },
        );
        consumed
    }
}
