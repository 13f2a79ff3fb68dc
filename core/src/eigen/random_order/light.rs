//! The path that nearly every row takes: ordinary magnitude, light, in the middle of a block.
//!
//! Runs of such rows are consumed inside one choice of vector width, with the operations, and so the bits, of the general
//! path in the module above.

use super::{RandomOrderEigen, split};
use crate::eigen::heavy::is_heavy;
use crate::eigen::monitor::{self, WARM_UP};
use crate::linalg::{vector, wide};
use crate::{Real, Storage};

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
        let (mut counts, mut monitor) = (self.state.counts, self.state.monitor);
        let parts = split(&self.params, self.storage.as_mut());
        let (iterate, products) = (&*parts.iterate, parts.products);
        let (first, rest) = parts.scratch.split_at_mut(width + 1);
        let second = &mut rest[..=width];
        let mut consumed = 0;
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
                        None => Some(row),
                    };
                    counts.rows += 1;
                    counts.light_rows += 1;
                    counts.block_rows += 1;
                    consumed += 1;
                }
                if let Some(row) = pending {
                    vector::accumulate_kernel(products, first, row);
                }
            },
        );
        (self.state.counts, self.state.monitor) = (counts, monitor);
        consumed
    }
}
