//! Singular vectors of a few pieces laid side by side, and the Nystrom form of a block.
//!
//! A piece is some vectors of length `dim`; pieces laid side by side are a `dim x m` matrix `P` with small `m`, and its
//! left singular vectors are what the family's methods work with. `P` is never formed: its entries are gathered one
//! coordinate at a time, so that no memory of size `dim x m` is needed.

use super::answer::tie;
use crate::Real;
use crate::linalg::{one_sided, packed, symmetric, tridiagonal, vector};
use crate::stream::History;

/// A piece of the matrix.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece<'a, T> {
    /// Vectors as they stand, times a factor.
    Vectors(&'a [T], T),
    /// The Nystrom factor of a block, times a factor: see [`Scratch::nystrom`].
    Nystrom(Block<'a, T>, T),
}

/// A block of rows: its iterate and the products of the block's Gram matrix with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a, T> {
    pub(super) iterate: &'a [T],
    pub(super) products: &'a [T],
    /// Shift that keeps the factor defined for a block of deficient rank.
    pub(super) shift: T,
}

/// A Nystrom factor that is certain to be below the matrix, up to an allowance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Certain<T> {
    pub(super) shift: T,
    /// How far the factor may be above the matrix in any direction.
    pub(super) allowance: T,
    /// How far the trace that the factor misses may be above the difference of the traces.
    pub(super) missed: T,
}

/// Scratch for the small problems, part of a summary's storage.
#[derive(Debug)]
pub(super) struct Scratch<'a, T> {
    pub(super) gram: &'a mut [T],
    pub(super) coefficients: &'a mut [T],
    pub(super) values: &'a mut [T],
    gather: &'a mut [T],
    weights: &'a mut [T],
    /// Room for a copy of all columns, or empty: then Gram matrices serve, which lose the small singular values.
    copy: &'a mut [T],
}

impl<'a, T: Real> Scratch<'a, T> {
    /// Scalars for matrices of up to `columns` columns with Nystrom pieces of `width`. Saturates.
    pub(super) const fn len(columns: usize, width: usize, copy_dim: usize) -> usize {
        columns
            .saturating_mul(columns)
            .saturating_mul(2)
            .saturating_add(columns.saturating_mul(2))
            .saturating_add(width.saturating_mul(width))
            .saturating_add(copy_dim.saturating_mul(columns))
    }

    /// Cuts a slice of that length.
    pub(super) fn new(slice: &'a mut [T], columns: usize, width: usize) -> Self {
        let (gram, rest) = slice.split_at_mut(columns * columns);
        let (coefficients, rest) = rest.split_at_mut(columns * columns);
        let (values, rest) = rest.split_at_mut(columns);
        let (gather, rest) = rest.split_at_mut(columns);
        let (weights, copy) = rest.split_at_mut(width * width);
        Self { gram, coefficients, values, gather, weights, copy }
    }

    /// Prepares the weights of a block's Nystrom factor `N`, for which `N N' = Y (V'Y)^-1 Y'`, and returns the shift to
    /// put in the block: `N` is the weights times `Y + shift V`. A block without energy has weights zero.
    pub(super) fn nystrom(&mut self, dim: usize, iterate: &[T], products: &[T]) -> T {
        let shift = T::constant(4.0) * T::EPSILON * vector::norm(products);
        self.core(dim, iterate, products);
        self.invert(iterate.len() / dim, shift);
        shift
    }

    /// The same with a shift so large that `N N' <= G + allowance` is certain, with `G` the exact Gram matrix of the block's
    /// rows. `error` is what the products may be off in the Frobenius norm, and `energy` at least that of the rows. `None`, and
    /// no weights, if the shift would be more than the share `most` of the energy.
    ///
    /// What was computed, products and core, belongs to a matrix `G + shift + D` with `D` below `error` and the rounding `d` of
    /// the core, its asymmetry included. With a shift of twice that the matrix is positive definite, and so above its Nystrom
    /// approximation. What is left of `d` enters the factor divided by the root of the shift: no more than the shift again at
    /// `(d^2 energy)^(1/3)`.
    pub(super) fn certain_nystrom(
        &mut self,
        dim: usize,
        iterate: &[T],
        products: &[T],
        error: T,
        energy: T,
        most: T,
    ) -> Option<Certain<T>> {
        let (width, norm) = (iterate.len() / dim, vector::norm(products));
        if norm == T::ZERO {
            self.invert(width, T::ZERO);
            return Some(Certain { shift: T::ZERO, allowance: T::ZERO, missed: T::ZERO });
        }
        let asymmetry = self.core(dim, iterate, products);
        let (d, w) = (T::count(dim as u64), T::count(width as u64));
        let roundings = d * w.sqrt() + w * (T::constant(32.0) + w.sqrt()) + T::constant(8.0);
        let core = asymmetry + roundings * T::EPSILON * norm;
        let share = core / energy;
        let two = T::constant(2.0);
        let shift = (two * (error + core)).max(two * energy * (share * share).cbrt());
        (shift <= most * energy).then(|| {
            self.invert(width, shift);
            let allowance = T::constant(2.5) * shift;
            // The trace has the shift in every column, and half of it for what the products are off.
            Certain { shift, allowance, missed: allowance + T::constant(1.5) * d * shift }
        })
    }

    /// [`certain_nystrom`](Self::certain_nystrom) of products that are plain sums over so many rows of so much energy.
    pub(super) fn certain_nystrom_of_rows(
        &mut self,
        dim: usize,
        iterate: &[T],
        products: &[T],
        rows: u64,
        energy: T,
        most: T,
    ) -> Option<Certain<T>> {
        let history = History::of_rows(rows);
        let error = history.allowance(rows, (dim as u64).saturating_add(2), energy)?;
        let error = error * T::count((iterate.len() / dim) as u64).sqrt();
        self.certain_nystrom(dim, iterate, products, error, energy, most)
    }

    /// Computes the core `V'Y`, as the mean of it and its transpose, and at least half of the norm of their difference.
    fn core(&mut self, dim: usize, iterate: &[T], products: &[T]) -> T {
        let width = iterate.len() / dim;
        let half = T::constant(0.5);
        let mut asymmetry = T::ZERO;
        for i in 0..width {
            for j in i..width {
                let (vi, vj) = (&iterate[i * dim..][..dim], &iterate[j * dim..][..dim]);
                let (yi, yj) = (&products[i * dim..][..dim], &products[j * dim..][..dim]);
                let (x, y) = (vector::dot(vi, yj), vector::dot(vj, yi));
                let mean = half * (x + y);
                self.gram[i * width + j] = mean;
                self.gram[j * width + i] = mean;
                asymmetry += (x - y).abs();
            }
        }
        asymmetry
    }

    /// Makes weights of the inverse root of the core with the shift on its diagonal.
    fn invert(&mut self, width: usize, shift: T) {
        let half = T::constant(0.5);
        // So small that half of it has no number: nor has the energy of the block.
        if half * shift == T::ZERO {
            self.weights.fill(T::ZERO);
            return;
        }
        self.gram[..width * width].iter_mut().step_by(width + 1).for_each(|x| *x += shift);
        symmetric::eigen(self.gram, self.coefficients, &mut self.values[..width]);
        for ((weights, vector), &value) in
            self.weights.chunks_exact_mut(width).zip(self.coefficients.chunks_exact(width)).zip(&self.values[..width])
        {
            let root = value.max(half * shift).sqrt();
            for (weight, &x) in weights.iter_mut().zip(vector) {
                *weight = x / root;
            }
        }
    }

    /// Singular value decomposition of the pieces: squared singular values, descending, in `values[..m]`; the number `m`
    /// of columns is returned.
    pub(super) fn factor(&mut self, dim: usize, pieces: &[Piece<'_, T>]) -> usize {
        let m = pieces.iter().map(|piece| piece.columns(dim)).sum();
        if m == 0 {
            return 0;
        }
        if !self.copy.is_empty() {
            for j in 0..dim {
                gather(dim, pieces, self.weights, j, self.gather);
                for (i, &x) in self.gather[..m].iter().enumerate() {
                    self.copy[i * dim + j] = x;
                }
            }
            one_sided::orthogonalize_rows(&mut self.copy[..m * dim], &mut self.values[..m]);
            return m;
        }
        let gram = &mut self.gram[..m * m];
        gram.fill(T::ZERO);
        // The coefficients are not yet in use: room for some gathered rows at a time.
        let at_once = self.coefficients.len() / m;
        for first in (0..dim).step_by(at_once) {
            let count = at_once.min(dim - first);
            for (i, row) in self.coefficients.chunks_exact_mut(m).take(count).enumerate() {
                gather(dim, pieces, self.weights, first + i, row);
            }
            packed::add_rows(gram, &self.coefficients[..count * m], m);
        }
        packed::unpack(gram, m);
        tridiagonal::eigen(gram, self.coefficients, &mut self.values[..m], self.gather);
        m
    }

    /// Writes left singular vector times singular value number `index` of the last [`factor`](Self::factor), which had
    /// `m` columns.
    pub(super) fn left_vector(&mut self, dim: usize, pieces: &[Piece<'_, T>], m: usize, index: usize, out: &mut [T]) {
        for (j, out) in out.iter_mut().enumerate() {
            *out = self.left_entry(dim, pieces, m, index, j);
        }
    }

    /// Writes the top left vectors times singular values to the rows of `out`: the best matrix of that many columns. Rows
    /// without a column are zero.
    pub(super) fn truncate(&mut self, dim: usize, pieces: &[Piece<'_, T>], out: &mut [T]) {
        let m = self.factor(dim, pieces);
        for (i, row) in out.chunks_exact_mut(dim).enumerate() {
            if i < m { self.left_vector(dim, pieces, m, i, row) } else { row.fill(T::ZERO) }
        }
    }

    /// Inner product of a vector with left singular vector number `index` of the last [`factor`](Self::factor), made unit
    /// length; zero if that vector is.
    pub(super) fn cosine_with_left_vector(
        &mut self,
        dim: usize,
        pieces: &[Piece<'_, T>],
        m: usize,
        index: usize,
        x: &[T],
    ) -> T {
        let (mut along, mut square) = (T::ZERO, T::ZERO);
        for (j, &x) in x.iter().enumerate() {
            let u = self.left_entry(dim, pieces, m, index, j);
            along += u * x;
            square += u * u;
        }
        if square > T::ZERO { along / square.sqrt() } else { T::ZERO }
    }

    fn left_entry(&mut self, dim: usize, pieces: &[Piece<'_, T>], m: usize, index: usize, j: usize) -> T {
        if !self.copy.is_empty() {
            return self.copy[index * dim + j];
        }
        gather(dim, pieces, self.weights, j, self.gather);
        let coefficients = &self.coefficients[index * m..(index + 1) * m];
        coefficients.iter().zip(&*self.gather).fold(T::ZERO, |sum, (&q, &p)| sum + q * p)
    }

    /// Squared Frobenius norm of what the orthonormal `vectors` have outside the span of the first `rank` left singular
    /// vectors of the last [`factor`](Self::factor).
    pub(super) fn residual_outside(
        &mut self,
        dim: usize,
        pieces: &[Piece<'_, T>],
        m: usize,
        rank: usize,
        vectors: &[T],
    ) -> T {
        // Cosines first, `rank x rank` of them, then the residual entry by entry: near 0 it must not be a difference.
        let count = vectors.len() / dim;
        for i in 0..rank {
            for (k, v) in vectors.chunks_exact(dim).enumerate() {
                self.gram[i * count + k] = self.cosine_with_left_vector(dim, pieces, m, i, v);
            }
        }
        let mut sum = T::ZERO;
        for j in 0..dim {
            for k in 0..count {
                let mut rest = vectors[k * dim + j];
                for i in 0..rank {
                    let u = self.left_entry(dim, pieces, m, i, j) / self.values[i].sqrt();
                    rest -= self.gram[i * count + k] * u;
                }
                sum += rest * rest;
            }
        }
        sum
    }

    /// Squared length of `P'x`.
    pub(super) fn quadratic_form(&mut self, dim: usize, pieces: &[Piece<'_, T>], x: &[T]) -> T {
        let m: usize = pieces.iter().map(|piece| piece.columns(dim)).sum();
        let (sums, _) = self.gram.split_at_mut(m);
        sums.fill(T::ZERO);
        for (j, &x) in x.iter().enumerate() {
            gather(dim, pieces, self.weights, j, self.gather);
            for (sum, &p) in sums.iter_mut().zip(&*self.gather) {
                *sum += x * p;
            }
        }
        vector::sum_of_squares(sums)
    }

    /// Certified rank-`rank` error of orthonormal vectors: the pieces `P`, last factored with `m` columns, satisfy
    /// `PP' <= A'A + allowance`, and miss the energy `missed`.
    ///
    /// Squared singular value `i` lies between `allowance` below that of `P` and `missed` above it. So the value that the
    /// vectors fall short of bounds their error, and so does the angle to the top space of `P` plus that between the spaces.
    pub(super) fn error_bound(
        &mut self,
        dim: usize,
        rank: usize,
        pieces: &[Piece<'_, T>],
        m: usize,
        (allowance, missed): (T, T),
        vectors: &[T],
    ) -> Option<T> {
        let next = if rank < m { self.values[rank] } else { T::ZERO };
        let gap = self.values[rank - 1] - next - missed - allowance;
        if gap <= tie(self.values[0]) {
            return None;
        }
        let (top, count) = (self.values[..rank].iter().fold(T::ZERO, |sum, &x| sum + x), T::count(rank as u64));
        // The Frobenius norm of what sticks out: the sine of the largest angle, from above.
        let rounding = T::count((dim + m) as u64) * T::EPSILON;
        let sine = self.residual_outside(dim, pieces, m, rank, vectors).sqrt() + rounding;
        let along = vectors.chunks_exact(dim).fold(T::ZERO, |sum, v| sum + self.quadratic_form(dim, pieces, v));
        let by_value = (top + missed - along + count * allowance).max(T::ZERO) / (count * gap);
        let angle = sine + missed.max(allowance) / gap;
        // A bound of one says nothing.
        Some(by_value.min(angle * angle)).filter(|&bound| bound < T::ONE)
    }

    /// Makes `N`, the Nystrom factor that was prepared, explicit in place of the block's products.
    pub(super) fn make_explicit(&mut self, dim: usize, iterate: &[T], products: &mut [T], shift: T) {
        vector::add_scaled(products, shift, iterate);
        let width = iterate.len() / dim;
        vector::combine_in_place(products, dim, width, &self.weights[..width * width], self.gather);
    }
}

impl<T: Real> Piece<'_, T> {
    fn columns(&self, dim: usize) -> usize {
        match self {
            Self::Vectors(vectors, _) => vectors.len() / dim,
            Self::Nystrom(block, _) => block.iterate.len() / dim,
        }
    }
}

/// Coordinate `j` of all columns.
fn gather<T: Real>(dim: usize, pieces: &[Piece<'_, T>], weights: &[T], j: usize, out: &mut [T]) {
    let mut out = out.iter_mut();
    for piece in pieces {
        match *piece {
            Piece::Vectors(vectors, factor) => {
                for (x, out) in vectors.iter().skip(j).step_by(dim).zip(&mut out) {
                    *out = *x * factor;
                }
            }
            Piece::Nystrom(block, factor) => {
                let width = block.iterate.len() / dim;
                for (weights, out) in weights.chunks_exact(width).zip(&mut out) {
                    let sum = weights.iter().enumerate().fold(T::ZERO, |sum, (l, &weight)| {
                        let at = l * dim + j;
                        sum + weight * (block.products[at] + block.shift * block.iterate[at])
                    });
                    *out = sum * factor;
                }
            }
        }
    }
}
