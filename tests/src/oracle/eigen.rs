//! Exact eigenvectors, from a library that shares no code with ours, and the error figures of an answer against them.

use crate::streams::{Rows, dot};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};

/// Eigenvalues and eigenvectors of `A'A`, largest first.
#[derive(Clone, Debug)]
pub struct Oracle {
    dim: usize,
    values: Vec<f64>,
    vectors: Vec<f64>,
}

impl Oracle {
    /// Of all rows.
    ///
    /// # Panics
    /// If the decomposition fails, as it does for entries that are not finite.
    pub fn of(rows: &Rows) -> Self {
        let dim = rows.dim();
        let a = MatRef::from_row_major_slice(rows.data(), rows.len(), dim);
        let mut gram = Mat::<f64>::zeros(dim, dim);
        matmul(gram.as_mut(), Accum::Replace, a.transpose(), a, 1.0, Par::Seq);
        Self::of_gram(gram.as_ref())
    }

    /// Of a symmetric matrix.
    ///
    /// # Panics
    /// If the decomposition fails.
    pub fn of_gram(gram: MatRef<'_, f64>) -> Self {
        let dim = gram.nrows();
        let eigen = gram.self_adjoint_eigen(Side::Lower).unwrap();
        // Ascending there.
        let values = (0..dim).rev().map(|i| eigen.S()[i]).collect();
        let vectors =
            (0..dim).rev().flat_map(|i| (0..dim).map(move |j| (i, j))).map(|(i, j)| eigen.U()[(j, i)]).collect();
        Self { dim, values, vectors }
    }

    /// Eigenvalue `i`: squared singular value of the rows.
    pub fn value(&self, i: usize) -> f64 {
        self.values[i]
    }

    /// All eigenvalues, largest first.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Eigenvector `i`.
    pub fn vector(&self, i: usize) -> &[f64] {
        &self.vectors[i * self.dim..][..self.dim]
    }

    /// Value `rank` over the next one.
    pub fn gap(&self, rank: usize) -> f64 {
        self.values[rank - 1] / self.values.get(rank).copied().unwrap_or(0.0).max(0.0)
    }

    /// Share of the energy in the first direction.
    pub fn concentration(&self) -> f64 {
        self.values[0] / self.values.iter().sum::<f64>()
    }

    /// Mean of `sin^2` over the subspace: `1 - |V'V_true|_F^2 / K`, from what the answer has outside the true space, so that
    /// small errors are not differences of large numbers. The vectors count with unit length.
    pub fn error(&self, vectors: &[f64]) -> f64 {
        let rank = vectors.len() / self.dim;
        let outside: f64 = vectors
            .chunks_exact(self.dim)
            .map(|v| {
                let square: f64 = dot(v, v);
                let tail: f64 = (rank..self.dim).map(|i| dot(v, self.vector(i)).powi(2)).sum();
                tail / square
            })
            .sum();
        outside / rank as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::{Source, rotate};

    #[test]
    fn a_rotated_diagonal_is_recovered() {
        let rotation = Source::new(1).rotation(5);
        let axes = (0..5).map(|i| {
            let mut row = vec![0.0; 5];
            row[i] = (i + 1) as f64;
            row
        });
        let oracle = Oracle::of(&Rows::collect(5, axes.map(|row| rotate(&row, &rotation))));
        for i in 0..5 {
            assert!((oracle.value(i) - ((5 - i) as f64).powi(2)).abs() < 1e-12);
            assert!(oracle.error(&rotation[4]) < 1e-28);
        }
        assert!((oracle.error(&[&rotation[4][..], &rotation[1][..]].concat()) - 0.5).abs() < 1e-14);
        assert!((oracle.gap(2) - 16.0 / 9.0).abs() < 1e-13);
    }
}
