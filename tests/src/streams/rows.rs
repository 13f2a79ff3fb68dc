//! Rows of one stream, their orders, and what turns them into others.

use super::Source;
use crate::oracle::Oracle;
use sketchlet_core::{MatRef, Real};
use std::cmp::Ordering;

/// Rows of one stream, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    dim: usize,
    data: Vec<f64>,
}

impl Rows {
    /// Rows of `dim` entries, one after another.
    pub fn new(dim: usize, data: Vec<f64>) -> Self {
        assert!(dim > 0 && data.len().is_multiple_of(dim), "{} entries are no rows of {dim}", data.len());
        Self { dim, data }
    }

    /// Row `i` is `row(i)`.
    pub fn collect(dim: usize, rows: impl IntoIterator<Item = Vec<f64>>) -> Self {
        Self::new(dim, rows.into_iter().flatten().collect())
    }

    /// Number of columns.
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// Number of rows.
    pub const fn len(&self) -> usize {
        self.data.len() / self.dim
    }

    /// Whether there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// All entries, row after row.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.data[i * self.dim..][..self.dim]
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::ChunksExact<'_, f64> {
        self.data.chunks_exact(self.dim)
    }

    /// The rows in another scalar, rounded to nearest.
    pub fn cast<T: Real>(&self) -> Vec<T> {
        self.data.iter().map(|&x| T::constant(x)).collect()
    }

    /// The rows as a matrix.
    pub fn matrix(&self) -> MatRef<'_, f64> {
        MatRef::new(&self.data, self.len(), self.dim).unwrap()
    }

    /// Sum of the squares of all entries.
    pub fn energy(&self) -> f64 {
        self.iter().map(|row| dot(row, row)).sum()
    }

    /// The first `n` rows.
    #[must_use]
    pub fn first(&self, n: usize) -> Self {
        Self::new(self.dim, self.data[..n.min(self.len()) * self.dim].to_vec())
    }

    /// Rows `first..first + n`.
    #[must_use]
    pub fn slice(&self, first: usize, n: usize) -> Self {
        Self::new(self.dim, self.data[first * self.dim..(first + n) * self.dim].to_vec())
    }

    /// Every `step`-th row from `start` on: a shard of a round robin.
    #[must_use]
    pub fn every(&self, start: usize, step: usize) -> Self {
        Self::collect(self.dim, self.iter().skip(start).step_by(step).map(<[f64]>::to_vec))
    }

    /// The rows in the order of the indices.
    #[must_use]
    pub fn in_order(&self, order: &[usize]) -> Self {
        Self::collect(self.dim, order.iter().map(|&i| self.row(i).to_vec()))
    }

    /// The rows in random order.
    #[must_use]
    pub fn shuffled(&self, seed: u64) -> Self {
        let mut source = Source::new(seed ^ 0x5348_5546_464c_4521);
        let mut order: Vec<usize> = (0..self.len()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, source.below(i + 1));
        }
        self.in_order(&order)
    }

    fn sorted_by(&self, key: impl Fn(&[f64]) -> f64) -> Self {
        let keys: Vec<f64> = self.iter().map(key).collect();
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&i, &j| keys[i].partial_cmp(&keys[j]).unwrap_or(Ordering::Equal));
        self.in_order(&order)
    }

    /// Shortest rows first.
    #[must_use]
    pub fn norm_up(&self) -> Self {
        self.sorted_by(|row| dot(row, row))
    }

    /// Longest rows first.
    #[must_use]
    pub fn norm_down(&self) -> Self {
        self.sorted_by(|row| -dot(row, row))
    }

    /// By the component along a vector, smallest first.
    #[must_use]
    pub fn along(&self, v: &[f64]) -> Self {
        self.sorted_by(|row| dot(row, v))
    }

    /// By the component along the top eigenvector.
    #[must_use]
    pub fn along_top(&self) -> Self {
        self.along(Oracle::of(self).vector(0))
    }

    /// The rows minus their mean.
    #[must_use]
    pub fn centered(&self) -> Self {
        let mut mean = vec![0.0; self.dim];
        self.iter().for_each(|row| add_scaled(&mut mean, 1.0 / self.len() as f64, row));
        self.map_rows(|row| add_scaled(row, -1.0, &mean))
    }

    /// Every row changed in place.
    #[must_use]
    pub fn map_rows(&self, change: impl Fn(&mut [f64])) -> Self {
        let mut data = self.data.clone();
        data.chunks_exact_mut(self.dim).for_each(change);
        Self::new(self.dim, data)
    }

    /// All entries times a power of two.
    #[must_use]
    pub fn times_power_of_two(&self, e: i32) -> Self {
        Self::new(self.dim, self.data.iter().map(|&x| Real::times_power_of_two(x, e)).collect())
    }

    /// Every row times an orthogonal matrix given by its rows: coordinate `i` becomes the multiple of row `i`.
    #[must_use]
    pub fn rotated(&self, rotation: &[Vec<f64>]) -> Self {
        Self::collect(self.dim, self.iter().map(|row| rotate(row, rotation)))
    }

    /// The rows with one more before row `at`.
    #[must_use]
    pub fn with_row(&self, at: usize, row: &[f64]) -> Self {
        let mut data = self.data.clone();
        data.splice(at * self.dim..at * self.dim, row.iter().copied());
        Self::new(self.dim, data)
    }

    /// These rows, then others.
    #[must_use]
    pub fn then(&self, others: &Self) -> Self {
        Self::new(self.dim, [&self.data[..], &others.data[..]].concat())
    }
}

/// Inner product.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// `x += factor y`.
pub fn add_scaled(x: &mut [f64], factor: f64, y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += factor * y);
}

/// Makes `x` orthogonal to a unit vector.
pub(super) fn remove_component(x: &mut [f64], unit: &[f64]) {
    let along = dot(x, unit);
    add_scaled(x, -along, unit);
}

/// `sum x_i r_i` over the rows `r_i` of an orthogonal matrix.
pub fn rotate(x: &[f64], rotation: &[Vec<f64>]) -> Vec<f64> {
    let mut to = vec![0.0; x.len()];
    x.iter().zip(rotation).for_each(|(&x, row)| add_scaled(&mut to, x, row));
    to
}
