//! Shared by the methods that turn a few vectors row by row: the random start, orthonormal columns, sums along them.

use crate::Real;
use crate::linalg::vector;
use crate::random::keyed::{Domain, symmetric, word2};

/// Fills the rows of `iterate` with random orthonormal vectors, from `first` on.
///
/// `round` tells refills of one summary apart; round 0 is the start.
pub(super) fn fill_random<T: Real>(iterate: &mut [T], dim: usize, first: usize, seed: u64, round: u64) {
    let domain = if round == 0 { Domain::Start } else { Domain::Refill };
    let mut draw = first as u64;
    let mut taken = first;
    while taken < iterate.len() / dim {
        let (before, rest) = iterate.split_at_mut(taken * dim);
        let vector = &mut rest[..dim];
        for (j, x) in (0..).zip(&mut *vector) {
            *x = symmetric(word2(seed, domain, (round << 16) + draw, j));
        }
        draw += 1;
        if keep_if_new(vector, before) {
            taken += 1;
        }
    }
}

/// Normalises a vector and takes the orthonormal rows before out of it; false if next to nothing is left.
pub(super) fn keep_if_new<T: Real>(vector: &mut [T], before: &[T]) -> bool {
    vector::normalize(vector);
    vector::orthogonalize(vector, before);
    vector::normalize(vector) >= T::constant(1e-3)
}

/// Makes the rows orthonormal in order (modified Gram-Schmidt, twice). A row that lies in the span of those before becomes
/// a random direction of round `round`.
pub(super) fn orthonormalize_or_refill<T: Real>(iterate: &mut [T], dim: usize, seed: u64, round: u64) {
    for i in 0..iterate.len() / dim {
        let (before, rest) = iterate.split_at_mut(i * dim);
        if !keep_if_new(&mut rest[..dim], before) {
            fill_random(&mut iterate[..(i + 1) * dim], dim, i, seed, round);
        }
    }
}

/// Inner products of `factor * row` with the rows of `iterate`.
pub(super) fn project<T: Real>(iterate: &[T], row: &[T], factor: T, out: &mut [T]) {
    for (v, out) in iterate.chunks_exact(row.len()).zip(out) {
        *out = vector::dot_times(row, factor, v);
    }
}
