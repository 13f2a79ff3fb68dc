//! Heavy rows: the few that are too long to be averaged are kept as they are.

use crate::Real;
use crate::linalg::vector;

/// A row is heavy if its squared length is at least the energy so far over `dim` times this.
pub(super) const THRESHOLD: f64 = 4.0;

/// A view of the heavy rows of a summary: at most `squares.len()` of them, in order of arrival.
#[derive(Debug)]
pub(super) struct HeavyRows<'a, T> {
    pub(super) rows: &'a mut [T],
    pub(super) squares: &'a mut [T],
    pub(super) len: &'a mut usize,
    pub(super) dim: usize,
}

/// Whether a row of this squared length is heavy.
#[inline(always)]
pub(super) fn is_heavy<T: Real>(square: T, dim: usize, energy: T) -> bool {
    square > T::ZERO && square * (T::count(dim as u64) * T::constant(THRESHOLD)) >= energy
}

impl<T: Real> HeavyRows<'_, T> {
    /// Keeps the row if it is heavy. Rows that are not, or no longer, or for which there is no room, go to `light`, oldest
    /// first: each row of the stream passes there once or stays here. `light` gets a row, the factor to multiply it with, and
    /// the squared length of the product.
    ///
    /// Returns the squared length of a heavy row that found no room, else zero.
    pub(super) fn offer(&mut self, row: &[T], factor: T, square: T, energy: T, mut light: impl FnMut(&[T], T, T)) -> T {
        if !is_heavy(square, self.dim, energy) {
            light(row, factor, square);
            return T::ZERO;
        }
        self.demote(energy, |row, square| light(row, T::ONE, square));
        let mut lost = T::ZERO;
        if *self.len == self.squares.len() {
            // Among equals the newest goes, and the new row is the newest of all.
            let smallest = (0..*self.len)
                .rev()
                .min_by(|&i, &j| self.squares[i].partial_cmp(&self.squares[j]).unwrap_or(core::cmp::Ordering::Equal));
            let Some(i) = smallest.filter(|&i| self.squares[i] < square) else {
                light(row, factor, square);
                return square;
            };
            lost = self.squares[i];
            light(self.row(i), T::ONE, lost);
            self.remove(i);
        }
        let to = &mut self.rows[*self.len * self.dim..][..self.dim];
        to.copy_from_slice(row);
        vector::scale(to, factor);
        self.squares[*self.len] = square;
        *self.len += 1;
        lost
    }

    /// Passes every row that is no longer heavy to `light`, oldest first.
    pub(super) fn demote(&mut self, energy: T, mut light: impl FnMut(&[T], T)) {
        let mut i = 0;
        while i < *self.len {
            if is_heavy(self.squares[i], self.dim, energy) {
                i += 1;
            } else {
                light(self.row(i), self.squares[i]);
                self.remove(i);
            }
        }
    }

    fn row(&self, i: usize) -> &[T] {
        &self.rows[i * self.dim..][..self.dim]
    }

    fn remove(&mut self, i: usize) {
        self.rows.copy_within((i + 1) * self.dim..*self.len * self.dim, i * self.dim);
        self.squares.copy_within(i + 1..*self.len, i);
        *self.len -= 1;
    }
}
