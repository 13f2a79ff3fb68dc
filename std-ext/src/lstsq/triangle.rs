//! What decides the path, from rows of a sketch or a triangle over the data: scales, rank, condition, and a first answer.

use super::dense;
use super::{Layout, Scalar};
use crate::linalg::{complete, packed, triangular};
use crate::{Error, Real};
use faer::Mat;

/// A triangle of scaled columns. Column `k` belongs to coefficient `order[k]`; the first `rank` of them are independent.
pub(super) struct Triangle<T> {
    /// Powers of two that were taken out of the columns, targets behind the features.
    pub(super) exponents: Vec<i32>,
    pub(super) order: Vec<usize>,
    /// All coefficients' columns.
    pub(super) r: Mat<T>,
    /// The targets, `Q'b`.
    pub(super) z: Mat<T>,
    /// Square of what is left of each target.
    pub(super) squares: Vec<T>,
    /// With a ridge: the triangle of the rows alone, and the powers of two taken out of it.
    pub(super) plain: Option<(Mat<T>, Vec<i32>)>,
    pub(super) rank: usize,
    pub(super) condition: T,
}

/// How columns are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scaling {
    /// Each by its own power of two: units must not decide the rank.
    Each,
    /// All by one: they are coordinates of one space, and short ones are noise.
    Together,
}

/// A ridge in units of the rows, and how many first coefficients it leaves alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ridge {
    pub(super) lambda: f64,
    pub(super) spared: usize,
}

impl<T: Scalar> Triangle<T> {
    /// Factors rows, of which there were `seen` before they were summarised.
    pub(super) fn of(
        mut rows: Mat<T>,
        layout: Layout,
        seen: u64,
        ridge: Ridge,
        scaling: Scaling,
    ) -> Result<Self, Error> {
        let (features, columns) = (layout.coefficients(), layout.columns());
        let n = seen.max(rows.nrows() as u64);
        let mut exponents = vec![0; columns];
        let together = if scaling == Scaling::Together { features } else { 0 };
        equilibrate(&mut rows, &mut exponents, together);
        // What the exact path has is a triangle already.
        let mut r = if is_triangle(&rows) { rows } else { dense::triangle(rows) };
        let plain = (ridge.lambda > 0.0).then(|| (r.clone(), exponents.clone()));
        if ridge.lambda > 0.0 {
            let root = T::constant(Real::sqrt(ridge.lambda));
            let of_ridge = |i: usize, j: usize| {
                let is_penalized = i == j && (ridge.spared..features).contains(&j);
                if is_penalized { root.times_power_of_two(-exponents[j]) } else { T::ZERO }
            };
            r = dense::triangle_of_two(columns, |i, j| r[(i, j)], of_ridge);
            equilibrate(&mut r, &mut exponents, together);
        }
        let mut z = Mat::from_fn(features, layout.targets, |i, j| r[(i, features + j)]);
        let mut squares: Vec<T> = (0..layout.targets)
            .map(|j| (features..columns).fold(T::ZERO, |sum, i| sum + r[(i, features + j)] * r[(i, features + j)]))
            .collect();
        r = r.submatrix(0, 0, features, features).to_owned();
        let tolerance = Self::tolerance(features, n);
        let mut order: Vec<usize> = (0..features).collect();
        let mut rank = features;
        let mut condition = condition(&r, features);
        // Every pivot is at least the smallest singular value, so a good condition leaves nothing to find.
        let is_safe = condition * tolerance * T::constant(32.0) < T::ONE;
        if !is_safe {
            (r, order, rank) = dense::pivoted(&r, &mut z, tolerance)?;
            condition = self::condition(&r, rank);
            for (j, square) in squares.iter_mut().enumerate() {
                *square = (rank..features).fold(*square, |sum, i| sum + z[(i, j)] * z[(i, j)]);
            }
        }
        Ok(Self { exponents, order, r, z, squares, plain, rank, condition })
    }

    /// Pivots below this part of the first one are noise.
    pub(super) fn tolerance(coefficients: usize, rows: u64) -> T {
        (T::count(8 * coefficients as u64) + Real::sqrt(T::count(rows))) * <T as Real>::EPSILON
    }

    /// All columns, with these exponents, and nothing else known yet.
    pub(super) fn unfactored(exponents: Vec<i32>, features: usize) -> Self {
        let targets = exponents.len() - features;
        Self {
            exponents,
            order: (0..features).collect(),
            r: Mat::identity(features, features),
            z: Mat::zeros(features, targets),
            squares: vec![T::ZERO; targets],
            plain: None,
            rank: features,
            condition: <T as Real>::INFINITY,
        }
    }

    pub(super) const fn coefficients(&self) -> usize {
        self.order.len()
    }

    /// Power of two by which inner coefficient `k` of target `u` is multiplied to be one of the data.
    pub(super) fn unit(&self, k: usize, u: usize) -> i32 {
        self.exponents[self.coefficients() + u] - self.exponents[self.order[k]]
    }

    /// The coefficients of the independent columns that these rows alone give, scaled.
    pub(super) fn solve(&self) -> Mat<T> {
        let mut x = self.z.submatrix(0, 0, self.rank, self.z.ncols()).to_owned();
        dense::solve_upper(self.leading().as_ref(), x.as_mut());
        x
    }

    /// Square of what scaled coefficients leave of each target, in these rows without those of a ridge.
    pub(super) fn residual_squares(&self, x: &Mat<T>) -> Vec<T> {
        let Some((plain, exponents)) = &self.plain else { return self.squares.clone() };
        let features = self.coefficients();
        (0..x.ncols())
            .map(|u| {
                let target = features + u;
                // From one scale to the other, exactly.
                let left = |i: usize| {
                    (0..self.rank).fold(
                        plain[(i, target)].times_power_of_two(exponents[target] - self.exponents[target]),
                        |left, k| {
                            let column = self.order[k];
                            left - (plain[(i, column)] * x[(k, u)])
                                .times_power_of_two(exponents[column] - self.exponents[column])
                        },
                    )
                };
                (0..plain.nrows()).fold(T::ZERO, |sum, i| sum + left(i) * left(i))
            })
            .collect()
    }

    /// The triangle of the independent columns.
    pub(super) fn leading(&self) -> Mat<T> {
        self.r.submatrix(0, 0, self.rank, self.rank).to_owned()
    }

    /// From scaled coefficients of the independent columns to those of all columns, in the units of the data: those of least
    /// norm, if there are dependent ones.
    pub(super) fn finish(&self, x: &Mat<T>) -> Vec<T> {
        let (features, targets) = (self.coefficients(), x.ncols());
        let mut coefficients = vec![T::ZERO; features * targets];
        let completed = (self.rank < features).then(|| self.completed());
        for (u, out) in coefficients.chunks_exact_mut(features.max(1)).enumerate() {
            match &completed {
                None => (0..features).for_each(|k| out[self.order[k]] = x[(k, u)].times_power_of_two(self.unit(k, u))),
                Some(triangle) => {
                    let mut work = vec![T::ZERO; features];
                    for (i, work) in work.iter_mut().enumerate().take(self.rank) {
                        *work = (i..self.rank).fold(T::ZERO, |sum, k| sum + self.r[(i, k)] * x[(k, u)]);
                    }
                    self.least_norm(triangle, &mut work);
                    let e = self.exponents[features + u];
                    // Adding zero makes a negative zero an ordinary one.
                    (0..features).for_each(|k| out[self.order[k]] = work[k].times_power_of_two(e) + T::ZERO);
                }
            }
        }
        coefficients
    }

    /// The triangle of all columns, row after row.
    pub(super) fn packed(&self) -> Vec<T> {
        packed(&self.r, self.coefficients())
    }

    /// The rows that count, in the units of the data, as a complete orthogonal factorisation.
    pub(super) fn completed(&self) -> Vec<T> {
        let features = self.coefficients();
        let mut triangle = vec![T::ZERO; packed::len(features)];
        for i in 0..self.rank {
            for j in i..features {
                triangle[packed::index(features, i, j)] =
                    self.r[(i, j)].times_power_of_two(self.exponents[self.order[j]]);
            }
        }
        // Its conditions hold by construction: the triangle has the length it should, and finite entries.
        let _ = complete::factor(&mut triangle, features, features, self.rank);
        triangle
    }

    /// Solves with a completed triangle: the first `rank` entries go in, a solution of least norm comes out.
    pub(super) fn least_norm(&self, triangle: &[T], work: &mut [T]) {
        let features = self.coefficients();
        let _ = triangular::solve(triangle, features, &mut work[..self.rank]);
        let _ = complete::apply_transposed(triangle, features, self.rank, work);
    }
}

fn is_triangle<T: Scalar>(rows: &Mat<T>) -> bool {
    rows.nrows() == rows.ncols() && (0..rows.ncols()).all(|j| rows.col(j).iter().skip(j + 1).all(|&x| x == T::ZERO))
}

/// Takes a power of two out of each column, so that its norm is in `[1, 2)`, or nearer to that where it would be extreme; of
/// the first ones `together`, the largest.
fn equilibrate<T: Scalar>(matrix: &mut Mat<T>, exponents: &mut [i32], together: usize) {
    let norms: Vec<T> = (0..exponents.len()).map(|j| dense::norm(matrix.col(j))).collect();
    let largest = norms[..together].iter().fold(T::ZERO, |largest, &norm| Real::max(largest, norm));
    for (j, exponent) in exponents.iter_mut().enumerate() {
        let norm = if j < together { largest } else { norms[j] };
        if norm > T::ZERO {
            // A factor that takes it out of data must not overflow itself.
            let limit = if T::BYTES == 4 { 120 } else { 1000 };
            let e = Real::exponent(norm).clamp(-limit - *exponent, limit - *exponent);
            matrix.col_mut(j).iter_mut().for_each(|x| *x = x.times_power_of_two(-e));
            *exponent += e;
        }
    }
}

/// Condition of the leading columns of a triangle, estimated from below.
pub(super) fn condition<T: Scalar>(r: &Mat<T>, rank: usize) -> T {
    let triangle = packed(r, rank);
    if (0..rank).any(|i| r[(i, i)] == T::ZERO) {
        return <T as Real>::INFINITY;
    }
    triangular::condition(&triangle, rank, &mut vec![T::ZERO; rank]).unwrap_or(<T as Real>::INFINITY)
}

/// The first columns of a triangle, row after row.
fn packed<T: Scalar>(r: &Mat<T>, columns: usize) -> Vec<T> {
    (0..columns).flat_map(|i| (i..columns).map(move |j| (i, j))).map(|at| r[at]).collect()
}
