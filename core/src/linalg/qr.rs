//! Householder QR of row-major matrices: plain, with column pivoting, and of a triangle over new rows.
//!
//! [`factor`] overwrites a matrix by `R` on and above the diagonal and by the reflectors below it; `tau` holds their
//! factors. [`apply`] and [`apply_transposed`] multiply by `Q` and `Q'` (a vector is a matrix of one column), and
//! [`copy_triangle`] takes `R` out. [`factor_pivoted`] brings the independent columns to the front and counts them;
//! [`equilibrate`] the columns first, or their units decide the rank. [`insert_rows`] updates a packed triangle.
//!
//! # Cost
//! `2 d^2 (n - d / 3)` flops for an `n x d` matrix with `n >= d`, and about `n d` more for pivoting; `4 n d` a column to
//! apply `Q`. No scratch beside the slices that the caller gives.
//!
//! # Numerics
//! The signs are those of LAPACK: a diagonal entry of `R` has the sign opposite to the entry that was reflected, and a
//! column that needs no reflection keeps its own. Sums run down the rows, first to last, and the entry of the row that is
//! kept comes last: it may be large beside all others. Column norms are scaled by powers of two where their squares leave
//! the range of `T`; no entry of a reflector exceeds 1. Multiplying all input by a power of two changes no other bit,
//! unless entries become subnormal. Pivot columns are chosen by norm, the first one among equals.
//!
//! # Example
//! ```
//! use sketchlet_core::{MatMut, linalg::qr};
//! // Least squares: the line through (0, 1), (1, 2), (2, 4).
//! let (mut a, mut b, mut tau) = ([1.0f64, 0.0, 1.0, 1.0, 1.0, 2.0], [1.0, 2.0, 4.0], [0.0; 2]);
//! let mut a = MatMut::new(&mut a, 3, 2)?;
//! qr::factor(&mut a, &mut tau)?;
//! qr::apply_transposed(a.as_ref(), &tau, &mut MatMut::new(&mut b, 3, 1)?)?;
//! let slope = b[1] / a.as_slice()[3];
//! assert!((slope - 1.5).abs() < 1e-14);
//! assert!((b[2].abs() - (1.0f64 / 6.0).sqrt()).abs() < 1e-14); // norm of the residual
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

use super::packed;
use crate::base::matrix::check_finite;
use crate::base::wide;
use crate::{Error, MatMut, MatRef, Real, Rule};

/// Overwrites the matrix by its QR factors: `R` on and above the diagonal, reflectors below.
///
/// `tau` has as many entries as the matrix has rows or columns, whichever are fewer.
///
/// # Errors
/// Before anything is changed: [`Error::Storage`] if `tau` has another length, [`Error::NonFinite`] and, for an entry so
/// large that the norm of its column may overflow, [`Error::Scale`], both with the entry's place in the matrix.
pub fn factor<T: Real>(matrix: &mut MatMut<'_, T>, tau: &mut [T]) -> Result<(), Error> {
    check(matrix, tau)?;
    for (k, tau) in tau.iter_mut().enumerate() {
        *tau = eliminate(matrix, k);
    }
    Ok(())
}

/// QR with column pivoting, `A P = Q R`; gives the number of leading diagonal entries above `tolerance * |R_11|`.
///
/// Column `k` of `R` belongs to column `permutation[k]` of the matrix; `permutation` has one entry a column, `norms` two.
/// The factorisation is complete: the rows of `R` from the rank on are what the cut calls noise.
///
/// # Errors
/// As [`factor`]; [`Error::Storage`] also for `norms` and `permutation`, [`Error::Parameter`] for a tolerance that is
/// negative or not finite.
pub fn factor_pivoted<T: Real>(
    matrix: &mut MatMut<'_, T>,
    tau: &mut [T],
    norms: &mut [T],
    permutation: &mut [u32],
    tolerance: T,
) -> Result<usize, Error> {
    let cols = matrix.cols();
    check_tolerance(tolerance)?;
    check_storage(cols, permutation.len())?;
    check_storage(cols.saturating_mul(2), norms.len())?;
    check(matrix, tau)?;
    // Norms of what is left of the columns, as updated and as last computed afresh.
    let (left, fresh) = norms.split_at_mut(cols);
    for (j, norm) in left.iter_mut().enumerate() {
        *norm = column_norm(matrix.as_slice(), cols, j);
    }
    fresh.copy_from_slice(left);
    permutation.iter_mut().zip(0..).for_each(|(column, j)| *column = j);
    for (k, tau) in tau.iter_mut().enumerate() {
        let pivot = first_largest(left, k);
        if pivot != k {
            matrix.as_mut_slice().chunks_exact_mut(cols).for_each(|row| row.swap(k, pivot));
            left.swap(k, pivot);
            fresh.swap(k, pivot);
            permutation.swap(k, pivot);
        }
        *tau = eliminate(matrix, k);
        let (done, below) = matrix.as_slice().split_at((k + 1) * cols);
        for j in k + 1..cols {
            left[j] = shortened(left[j], &mut fresh[j], done[k * cols + j], || column_norm(below, cols, j));
        }
    }
    let diagonal = |k: usize| matrix.as_slice()[k * (cols + 1)].abs();
    Ok((0..tau.len()).take_while(|&k| diagonal(k) > tolerance * diagonal(0)).count())
}

/// Multiplies each column by a power of two so that its norm is in `[1, 2)`, and writes the exponents taken out:
/// column `j` was `2^exponents[j]` times what it is now. Columns of zeros stay, with exponent 0.
///
/// Exact, except that entries smaller than the norm by the whole range of `T` vanish. About `4 n d` flops.
///
/// # Errors
/// [`Error::Storage`] if there is not one exponent a column; [`Error::NonFinite`] with the entry's place in the matrix.
pub fn equilibrate<T: Real>(matrix: &mut MatMut<'_, T>, exponents: &mut [i32]) -> Result<(), Error> {
    let cols = matrix.cols();
    check_storage(cols, exponents.len())?;
    check_finite(matrix.as_slice())?;
    for (j, exponent) in exponents.iter_mut().enumerate() {
        *exponent = norm_exponent(matrix.as_slice().iter().skip(j).step_by(cols).copied());
    }
    if cols > 0 {
        for row in matrix.as_mut_slice().chunks_exact_mut(cols) {
            row.iter_mut().zip(&*exponents).for_each(|(x, &e)| *x = x.times_power_of_two(-e));
        }
    }
    Ok(())
}

/// Multiplies the rows of `block` by `Q`, the product of the first `tau.len()` reflectors.
///
/// Applied to the first columns of the unit matrix it gives those of `Q`.
///
/// # Errors
/// [`Error::Dimension`] if `block` and `factors` differ in their number of rows, [`Error::Storage`] if there are more
/// `tau` than reflectors. Nothing is changed.
pub fn apply<T: Real>(factors: MatRef<'_, T>, tau: &[T], block: &mut MatMut<'_, T>) -> Result<(), Error> {
    check_apply(&factors, tau, block)?;
    for (k, &tau) in tau.iter().enumerate().rev() {
        apply_reflector(factors, k, tau, block);
    }
    Ok(())
}

/// Multiplies by the transpose of what [`apply`] multiplies by.
///
/// # Errors
/// As [`apply`].
pub fn apply_transposed<T: Real>(factors: MatRef<'_, T>, tau: &[T], block: &mut MatMut<'_, T>) -> Result<(), Error> {
    check_apply(&factors, tau, block)?;
    for (k, &tau) in tau.iter().enumerate() {
        apply_reflector(factors, k, tau, block);
    }
    Ok(())
}

/// Copies `R` into a packed triangle ([`packed`]) of as many columns; rows that the matrix does not have become zero.
///
/// # Errors
/// [`Error::Storage`] if `triangle` has not [`packed::len`]`(cols)` entries.
pub fn copy_triangle<T: Real>(factors: MatRef<'_, T>, triangle: &mut [T]) -> Result<(), Error> {
    let cols = factors.cols();
    check_storage(packed::len(cols), triangle.len())?;
    let mut rest = triangle;
    for k in 0..cols {
        let Some((line, tail)) = rest.split_at_mut_checked(cols - k) else { break };
        match factors.row(k) {
            Some(row) => line.copy_from_slice(&row[k..]),
            None => line.fill(T::ZERO),
        }
        rest = tail;
    }
    Ok(())
}

/// Replaces a packed triangle `R` by that of the rows of `R` over the rows of `block`, which is used up.
///
/// The columns of `R` must be as many as those of `block`. Zeros below the diagonal are made use of: `2 d^2` flops a row.
/// Blocks of 16 rows and more keep the rounding errors of a long stream small in `f32`, where single rows
/// ([`givens::insert_row`](super::givens::insert_row)) let them grow.
///
/// # Errors
/// Before anything is changed: [`Error::Storage`] if `triangle` has not [`packed::len`]`(cols)` entries,
/// [`Error::NonFinite`] for an entry of the block. An entry of `R` overflows when the norm of all that went into its
/// column does; scale the rows to prevent that.
pub fn insert_rows<T: Real>(triangle: &mut [T], block: &mut MatMut<'_, T>) -> Result<(), Error> {
    let cols = block.cols();
    check_storage(packed::len(cols), triangle.len())?;
    check_finite(block.as_slice())?;
    let mut rest = triangle;
    for k in 0..cols {
        let Some((line, tail)) = rest.split_at_mut_checked(cols - k) else { break };
        if let Some((diagonal, line)) = line.split_first_mut() {
            let tau = reflector(diagonal, block.as_mut_slice(), cols, k);
            reflect_own(tau, line, block.as_mut_slice(), cols, k);
        }
        rest = tail;
    }
    Ok(())
}

/// Eliminates column `k` below the diagonal and reflects the columns after it; gives `tau`.
fn eliminate<T: Real>(matrix: &mut MatMut<'_, T>, k: usize) -> T {
    let cols = matrix.cols();
    let (head, below) = matrix.as_mut_slice().split_at_mut((k + 1) * cols);
    let Some((diagonal, line)) = head[k * cols + k..].split_first_mut() else { return T::ZERO };
    let tau = reflector(diagonal, below, cols, k);
    reflect_own(tau, line, below, cols, k);
    tau
}

/// Turns the vector of `diagonal` over column `at` of `below` into the reflector that maps it to its first axis: the
/// image takes the place of the diagonal entry, the tail of the reflector (its head is 1) that of the column.
fn reflector<T: Real>(diagonal: &mut T, below: &mut [T], cols: usize, at: usize) -> T {
    let column = below.iter().skip(at).step_by(cols).copied();
    if column.clone().all(|x| x == T::ZERO) {
        return T::ZERO;
    }
    let alpha = *diagonal;
    let (norm, e) = scaled_norm(column.chain([alpha]));
    let norm = norm.times_power_of_two(e);
    let beta = if alpha < T::ZERO { norm } else { -norm };
    let head = alpha - beta;
    below.iter_mut().skip(at).step_by(cols).for_each(|x| *x /= head);
    *diagonal = beta;
    -head / beta
}

/// Reflects the columns after column `at` by the reflector that stands in column `at` of `below`.
fn reflect_own<T: Real>(tau: T, top: &mut [T], below: &mut [T], cols: usize, at: usize) {
    reflect(
        tau,
        top,
        below,
        cols,
        at + 1,
        #[inline(always)]
        |row, _| row[at],
    );
}

/// Reflects a block of `factors.rows()` rows by reflector `k`.
fn apply_reflector<T: Real>(factors: MatRef<'_, T>, k: usize, tau: T, block: &mut MatMut<'_, T>) {
    let (own, cols) = (factors.cols(), block.cols());
    let (head, below) = block.as_mut_slice().split_at_mut((k + 1) * cols);
    let reflectors = &factors.as_slice()[(k + 1) * own..];
    reflect(
        tau,
        &mut head[k * cols..],
        below,
        cols,
        0,
        #[inline(always)]
        |_, i| reflectors[i * own + k],
    );
}

/// Applies `I - tau v v'` to the columns that start with `top` and go on at columns `from..` of the rows `below`; the head
/// of `v` is 1, its entry at row `i` of `below` is `tail(row, i)`.
#[inline(always)]
fn reflect<T: Real>(
    tau: T,
    top: &mut [T],
    below: &mut [T],
    cols: usize,
    from: usize,
    tail: impl Fn(&[T], usize) -> T + Copy,
) {
    if tau == T::ZERO {
        return;
    }
    wide::run(
        #[inline(always)]
        || {
            // Tiles of columns whose sums stay in registers. A column's sum runs down the rows whatever tile it is in.
            let mut at = 0;
            while at < top.len() {
                let (top, from) = (&mut top[at..], from + at);
                at += match top.len() {
                    16.. => tile::<T, 16>(tau, top, below, cols, from, tail),
                    8.. => tile::<T, 8>(tau, top, below, cols, from, tail),
                    4.. => tile::<T, 4>(tau, top, below, cols, from, tail),
                    _ => tile::<T, 1>(tau, top, below, cols, from, tail),
                };
            }
        },
    );
}

#[inline(always)]
fn tile<T: Real, const W: usize>(
    tau: T,
    top: &mut [T],
    below: &mut [T],
    cols: usize,
    from: usize,
    tail: impl Fn(&[T], usize) -> T,
) -> usize {
    let Some(top) = top.first_chunk_mut::<W>() else { return W };
    let mut sums = [T::ZERO; W];
    for (i, row) in below.chunks_exact(cols).enumerate() {
        let v = tail(row, i);
        let Some(x) = row[from..].first_chunk::<W>() else { return W };
        for j in 0..W {
            sums[j] += v * x[j];
        }
    }
    for j in 0..W {
        sums[j] = tau * (sums[j] + top[j]);
        top[j] -= sums[j];
    }
    for (i, row) in below.chunks_exact_mut(cols).enumerate() {
        let v = tail(row, i);
        let Some(x) = row[from..].first_chunk_mut::<W>() else { return W };
        for j in 0..W {
            x[j] -= v * sums[j];
        }
    }
    W
}

/// Norm of a column after its top entry `gone` was taken off; computed afresh, by `compute`, when the difference of
/// squares has lost half of its digits since the last time.
fn shortened<T: Real>(norm: T, fresh: &mut T, gone: T, compute: impl FnOnce() -> T) -> T {
    if norm == T::ZERO {
        return norm;
    }
    let ratio = gone / norm;
    let kept = (T::ONE - ratio * ratio).max(T::ZERO);
    let since = norm / *fresh;
    if kept * since * since <= T::EPSILON.sqrt() {
        *fresh = compute();
        return *fresh;
    }
    norm * kept.sqrt()
}

/// Where the largest of `norms[from..]` stands, the first one among equals.
fn first_largest<T: Real>(norms: &[T], from: usize) -> usize {
    (from..norms.len()).fold(from, |best, j| if norms[j] > norms[best] { j } else { best })
}

fn column_norm<T: Real>(data: &[T], cols: usize, j: usize) -> T {
    let (norm, e) = scaled_norm(data.iter().skip(j).step_by(cols).copied());
    norm.times_power_of_two(e)
}

/// Euclidean norm as `(m, e)`, meaning `m 2^e`: safe for any finite entries. The sum of squares runs in order.
pub(crate) fn scaled_norm<T: Real>(entries: impl Iterator<Item = T> + Clone) -> (T, i32) {
    let sum = entries.clone().fold(T::ZERO, |sum, x| sum + x * x);
    if in_range(sum) {
        return (sum.sqrt(), 0);
    }
    let largest = entries.clone().fold(T::ZERO, |max, x| max.max(x.abs()));
    if largest == T::ZERO {
        return (T::ZERO, 0);
    }
    let e = largest.exponent();
    let sum = entries.fold(T::ZERO, |sum, x| {
        let x = x.times_power_of_two(-e);
        sum + x * x
    });
    (sum.sqrt(), e)
}

/// Whether a sum of squares is neither infinite nor so near the subnormal numbers that it has lost anything seen in it.
#[inline(always)]
pub(crate) fn in_range<T: Real>(sum: T) -> bool {
    sum >= T::ONE / (T::max_value() * T::EPSILON * T::EPSILON) && sum.is_finite()
}

/// Exponent of the norm, 0 for a norm of zero.
pub(crate) fn norm_exponent<T: Real>(entries: impl Iterator<Item = T> + Clone) -> i32 {
    let (norm, e) = scaled_norm(entries);
    if norm == T::ZERO { 0 } else { e + norm.exponent() }
}

pub(crate) fn check_storage(needed: usize, got: usize) -> Result<(), Error> {
    if got == needed { Ok(()) } else { Err(Error::Storage { needed, got }) }
}

pub(crate) fn check_tolerance<T: Real>(tolerance: T) -> Result<(), Error> {
    if tolerance.is_finite() && tolerance >= T::ZERO {
        Ok(())
    } else {
        Err(Error::Parameter { name: &"tolerance", rule: Rule::NOT_NEGATIVE })
    }
}

fn check<T: Real>(matrix: &MatMut<'_, T>, tau: &[T]) -> Result<(), Error> {
    check_storage(matrix.rows().min(matrix.cols()), tau.len())?;
    check_finite(matrix.as_slice())?;
    // A sum of the products of a reflector and a column is at most 2 sqrt(2) times the norm of the column.
    let limit = T::max_value() / (T::constant(4.0) * T::count(matrix.rows() as u64).sqrt());
    let above = matrix.as_slice().iter().position(|x| x.abs() > limit);
    above.map_or(Ok(()), |index| Err(Error::Scale { index }))
}

fn check_apply<T: Real>(factors: &MatRef<'_, T>, tau: &[T], block: &MatMut<'_, T>) -> Result<(), Error> {
    if block.rows() != factors.rows() {
        return Err(Error::Dimension { expected: factors.rows(), got: block.rows() });
    }
    let reflectors = factors.rows().min(factors.cols());
    if tau.len() > reflectors {
        return Err(Error::Storage { needed: reflectors, got: tau.len() });
    }
    Ok(())
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "test data are small, or cut on purpose"
)]
pub(crate) mod tests {
    use super::*;
    use crate::linalg::{givens, triangular};
    use crate::random::keyed::{Domain, symmetric, word};
    use std::vec;
    use std::vec::Vec;

    pub(crate) fn numbers<T: Real>(n: usize, salt: u64) -> Vec<T> {
        (0..n).map(|i| symmetric(word(salt, Domain::Normal, i as u64))).collect()
    }

    /// The Gram matrix of rows, in full and in `f64`.
    pub(crate) fn gram_of<T: Real>(rows: &[T], dim: usize) -> Vec<f64> {
        let mut gram = vec![0.0; dim * dim];
        for row in rows.chunks_exact(dim) {
            for i in 0..dim {
                for j in 0..dim {
                    gram[i * dim + j] += row[i].as_f64() * row[j].as_f64();
                }
            }
        }
        gram
    }

    /// `R'R` of a packed triangle, in full and in `f64`.
    pub(crate) fn gram_of_triangle<T: Real>(triangle: &[T], dim: usize) -> Vec<f64> {
        let mut rows = vec![T::ZERO; dim * dim];
        let mut start = 0;
        for k in 0..dim {
            rows[k * dim + k..(k + 1) * dim].copy_from_slice(&triangle[start..start + dim - k]);
            start += dim - k;
        }
        gram_of(&rows, dim)
    }

    /// Largest difference of two matrices, relative to the largest entry of the second.
    pub(crate) fn distance(found: &[f64], expected: &[f64]) -> f64 {
        assert_eq!(found.len(), expected.len());
        let size = expected.iter().fold(f64::MIN_POSITIVE, |max, x| max.max(x.abs()));
        found
            .iter()
            .zip(expected)
            .fold(0.0, |max: f64, (x, y)| if (x - y).is_nan() { f64::NAN } else { max.max((x - y).abs()) })
            / size
    }

    struct Factored<T> {
        data: Vec<T>,
        tau: Vec<T>,
        rows: usize,
        cols: usize,
    }

    impl<T: Real> Factored<T> {
        fn new(data: &[T], rows: usize, cols: usize) -> Self {
            let (mut data, mut tau) = (data.to_vec(), vec![T::ZERO; rows.min(cols)]);
            factor(&mut MatMut::new(&mut data, rows, cols).unwrap(), &mut tau).unwrap();
            Self { data, tau, rows, cols }
        }

        fn view(&self) -> MatRef<'_, T> {
            MatRef::new(&self.data, self.rows, self.cols).unwrap()
        }

        /// `Q R`.
        fn product(&self) -> Vec<f64> {
            let mut triangle = vec![T::ZERO; packed::len(self.cols)];
            copy_triangle(self.view(), &mut triangle).unwrap();
            let mut block = vec![T::ZERO; self.rows * self.cols];
            for i in 0..self.rows.min(self.cols) {
                for j in i..self.cols {
                    block[i * self.cols + j] = triangle[packed::index(self.cols, i, j)];
                }
            }
            apply(self.view(), &self.tau, &mut MatMut::new(&mut block, self.rows, self.cols).unwrap()).unwrap();
            block.iter().map(|x| x.as_f64()).collect()
        }

        fn orthogonality(&self) -> f64 {
            let n = self.rows;
            let mut q = vec![T::ZERO; n * n];
            q.iter_mut().step_by(n + 1).for_each(|x| *x = T::ONE);
            let unit: Vec<f64> = q.iter().map(|x| x.as_f64()).collect();
            apply(self.view(), &self.tau, &mut MatMut::new(&mut q, n, n).unwrap()).unwrap();
            let error = distance(&gram_of(&q, n), &unit);
            apply_transposed(self.view(), &self.tau, &mut MatMut::new(&mut q, n, n).unwrap()).unwrap();
            let back: Vec<f64> = q.iter().map(|x| x.as_f64()).collect();
            error.max(distance(&back, &unit))
        }
    }

    fn as_f64<T: Real>(x: &[T]) -> Vec<f64> {
        x.iter().map(|x| x.as_f64()).collect()
    }

    fn reconstruction_in<T: Real>() {
        let eps = T::EPSILON.as_f64();
        for (rows, cols) in [(1, 1), (5, 1), (1, 5), (4, 4), (9, 5), (5, 9), (40, 17), (64, 33), (30, 29)] {
            let data = numbers::<T>(rows * cols, 1);
            let factored = Factored::new(&data, rows, cols);
            let error = distance(&factored.product(), &as_f64(&data));
            let limit = 4.0 * (rows.max(4) as f64).sqrt() * eps;
            assert!(error < limit, "{rows} {cols}: {error:e}");
            let error = factored.orthogonality();
            assert!(error < limit, "{rows} {cols}: {error:e}");
        }
    }

    #[test]
    fn factors_reconstruct_the_matrix_and_are_orthogonal() {
        reconstruction_in::<f32>();
        reconstruction_in::<f64>();
    }

    #[test]
    fn signs_are_those_of_lapack() {
        let factored = Factored::new(&[3.0, 1.0, 4.0, 2.0], 2, 2);
        // dgeqrf: R = [-5 -2.2; 0 0.4], v = 4 / (3 + 5), tau = 1.6 and, with nothing below, 0.
        let expected = [-5.0, -2.2, 0.5, 0.4];
        assert!(
            factored.data.iter().zip(expected).all(|(x, y): (&f64, _)| (x - y).abs() < 1e-15),
            "{:?}",
            factored.data
        );
        assert_eq!(factored.tau, [1.6, 0.0]);
        assert_eq!(Factored::new(&[-3.0, 4.0], 2, 1).data[0], 5.0);
        assert_eq!(Factored::new(&[-3.0, 0.0], 2, 1).data, [-3.0, 0.0]);
    }

    fn scaling_in<T: Real>(exponents: &[i32]) {
        let (rows, cols) = (20, 7);
        let data = numbers::<T>(rows * cols, 2);
        let run = |e: i32| {
            let mut data: Vec<T> = data.iter().map(|x| x.times_power_of_two(e)).collect();
            let (mut tau, mut norms, mut order) = ([T::ZERO; 7], [T::ZERO; 14], [0; 7]);
            let plain = Factored::new(&data, rows, cols);
            let mut matrix = MatMut::new(&mut data, rows, cols).unwrap();
            let rank = factor_pivoted(&mut matrix, &mut tau, &mut norms, &mut order, T::EPSILON).unwrap();
            assert_eq!(rank, cols);
            // R back to its scale; the reflectors have none.
            let back = |mut data: Vec<T>| {
                for k in 0..cols {
                    data[k * cols + k..(k + 1) * cols].iter_mut().for_each(|x| *x = x.times_power_of_two(-e));
                }
                data
            };
            (back(plain.data), plain.tau, back(data), tau, order)
        };
        exponents.iter().for_each(|&e| assert!(run(e) == run(0), "{e}"));
    }

    #[test]
    fn scaling_by_powers_of_two_changes_no_bit() {
        // 1e-30 and 1e30, 1e-291 and 1e300, and where squares just leave the range.
        scaling_in::<f32>(&[-97, -64, -40, 40, 63, 99]);
        scaling_in::<f64>(&[-967, -512, -480, 480, 511, 997]);
    }

    fn extremes_in<T: Real>(large: f64, small: f64) {
        // Columns of both extremes in one matrix: every column is reproduced to its own scale.
        let (rows, cols) = (12, 4);
        let mut data = numbers::<T>(rows * cols, 3);
        for row in data.chunks_exact_mut(cols) {
            row[0] *= T::constant(large);
            row[2] *= T::constant(small);
        }
        let factored = Factored::new(&data, rows, cols);
        let product = factored.product();
        for j in 0..cols {
            let column = |x: &[f64]| x.iter().skip(j).step_by(cols).copied().collect::<Vec<f64>>();
            let error = distance(&column(&product), &column(&as_f64(&data)));
            assert!(error < 8.0 * T::EPSILON.as_f64(), "{j}: {error:e}");
        }
    }

    #[test]
    fn columns_of_extreme_scales_keep_their_digits() {
        extremes_in::<f32>(1e30, 1e-30);
        extremes_in::<f64>(1e300, 1e-300);
    }

    /// A pivot is the longest of what is left: no later column has a longer rest, but for the rounding of norms.
    fn assert_pivots_are_longest<T: Real>(factored: &Factored<T>, rank: usize) {
        let steps = factored.tau.len();
        let size = |i: usize, j: usize| factored.data[i * factored.cols + j].as_f64();
        for k in 0..rank {
            for j in k..factored.cols {
                let rest: f64 = (k..=j.min(steps - 1)).map(|i| size(i, j).powi(2)).sum();
                assert!(rest.sqrt() <= size(k, k).abs() * (1.0 + 1e-3), "{k} {j}");
            }
        }
    }

    /// Rows of small integers, exactly of the rank given, with columns in different units.
    fn deficient<T: Real>(rows: usize, cols: usize, rank: usize, units: i32) -> Vec<T> {
        let small = |n, salt| -> Vec<f64> { numbers::<f64>(n, salt).iter().map(|x| (6.0 * x).floor() + 0.5).collect() };
        let (left, right) = (small(rows * rank, 4), small(rank * cols, 5));
        let mut data = vec![T::ZERO; rows * cols];
        for i in 0..rows {
            for j in 0..cols {
                let sum: f64 = (0..rank).map(|k| left[i * rank + k] * right[k * cols + j]).sum();
                data[i * cols + j] = T::constant(sum).times_power_of_two((j as i32 * 3 % 5 - 2) * units);
            }
        }
        data
    }

    fn rank_in<T: Real>(units: i32) {
        for (rows, cols, rank) in [(30, 8, 5), (30, 8, 8), (12, 20, 3), (40, 33, 32), (6, 4, 1)] {
            let given = deficient::<T>(rows, cols, rank, units);
            let (mut data, mut exponents) = (given.clone(), vec![0; cols]);
            let mut matrix = MatMut::new(&mut data, rows, cols).unwrap();
            equilibrate(&mut matrix, &mut exponents).unwrap();
            let equilibrated = matrix.as_slice().to_vec();
            for (j, &e) in exponents.iter().enumerate() {
                let norm = column_norm(&equilibrated, cols, j);
                assert!(norm >= T::ONE && norm < T::constant(2.0), "{norm}");
                assert!((0..rows).all(|i| equilibrated[i * cols + j].times_power_of_two(e) == given[i * cols + j]));
            }
            let steps = rows.min(cols);
            let (mut tau, mut norms, mut order) = (vec![T::ZERO; steps], vec![T::ZERO; 2 * cols], vec![0; cols]);
            // The rule of the regression family.
            let tolerance = (T::count(8 * cols as u64) + T::count(rows as u64).sqrt()) * T::EPSILON;
            let found = factor_pivoted(&mut matrix, &mut tau, &mut norms, &mut order, tolerance).unwrap();
            assert_eq!(found, rank, "{rows} {cols}");
            let factored = Factored { data, tau, rows, cols };
            let permuted: Vec<f64> = equilibrated
                .chunks_exact(cols)
                .flat_map(|row| order.iter().map(|&j| row[j as usize].as_f64()))
                .collect();
            assert!(distance(&factored.product(), &permuted) < 16.0 * T::EPSILON.as_f64(), "{rows} {cols}");
            assert!(factored.orthogonality() < 16.0 * T::EPSILON.as_f64());
            assert_pivots_are_longest(&factored, rank);
        }
    }

    #[test]
    fn pivoting_finds_the_rank_in_any_units() {
        rank_in::<f32>(0);
        rank_in::<f32>(40);
        rank_in::<f64>(0);
        rank_in::<f64>(490);
    }

    #[test]
    fn norms_that_cancel_are_computed_afresh() {
        // Columns of ones, all but equal: after the first step next to nothing of a norm is left, and what the difference
        // of squares says about it is noise.
        let (rows, cols) = (12, 6);
        for e in 1..16 {
            let mut data: Vec<f64> = numbers::<f64>(rows * cols, e).into_iter().collect();
            for (i, x) in data.iter_mut().enumerate() {
                // The columns differ by their own powers of ten, so that norms cancel again at later steps.
                *x = 1.0 + *x * 10f64.powi(-(e as i32)) * [1.0, 1e-2, 1e-1, 1e-3, 1.0, 1e-4][i % cols];
            }
            let (mut tau, mut norms, mut order) = (vec![0.0; cols], vec![0.0; 2 * cols], vec![0; cols]);
            let mut matrix = MatMut::new(&mut data, rows, cols).unwrap();
            let rank = factor_pivoted(&mut matrix, &mut tau, &mut norms, &mut order, 1e-14).unwrap();
            assert_pivots_are_longest(&Factored { data, tau, rows, cols }, rank);
        }
    }

    #[test]
    fn first_of_equal_columns_is_taken() {
        let mut data = [0.0, 1.0, 1.0, 1.0, 0.0, 0.0];
        let (mut tau, mut norms, mut order) = ([0.0f32; 2], [0.0; 6], [0; 3]);
        let mut matrix = MatMut::new(&mut data, 2, 3).unwrap();
        assert_eq!(factor_pivoted(&mut matrix, &mut tau, &mut norms, &mut order, 0.0), Ok(2));
        assert_eq!(order, [0, 1, 2]);
    }

    fn blocks_in<T: Real>() {
        for (n, dim, block_len) in [(40, 9, 16), (41, 9, 7), (30, 1, 4), (90, 33, 16), (3, 5, 2)] {
            let mut rows = numbers::<T>(n * dim, 6);
            let expected = gram_of(&rows, dim);
            let mut triangle = vec![T::ZERO; packed::len(dim)];
            for block in rows.chunks_mut(block_len * dim) {
                let count = block.len() / dim;
                insert_rows(&mut triangle, &mut MatMut::new(block, count, dim).unwrap()).unwrap();
            }
            let error = distance(&gram_of_triangle(&triangle, dim), &expected);
            assert!(error < 6.0 * T::EPSILON.as_f64(), "{n} {dim}: {error:e}");
        }
    }

    #[test]
    fn blocks_add_up_to_their_gram_matrix() {
        blocks_in::<f32>();
        blocks_in::<f64>();
    }

    #[test]
    fn one_block_into_an_empty_triangle_is_the_factor_of_the_block() {
        let (n, dim) = (20, 6);
        let rows = numbers::<f64>(n * dim, 7);
        let mut triangle = vec![0.0; packed::len(dim)];
        insert_rows(&mut triangle, &mut MatMut::new(&mut rows.clone(), n, dim).unwrap()).unwrap();
        let factored = Factored::new(&rows, n, dim);
        let mut expected = vec![0.0; packed::len(dim)];
        copy_triangle(factored.view(), &mut expected).unwrap();
        for (x, y) in triangle.iter().zip(&expected) {
            assert!((x.abs() - y.abs()).abs() < 1e-14);
        }
    }

    #[test]
    fn long_streams_drift_less_in_blocks() {
        // Coefficients of correlated features from 20000 rows in f32, against those from the same rows in f64. Sums that
        // start from the entry of R, large beside those of a block, would lose all that blocks gain.
        let (dim, features) = (9, 8);
        let mut rows = numbers::<f32>(20_000 * dim, 8);
        for row in rows.chunks_exact_mut(dim) {
            for j in 1..features {
                row[j] = 0.9 * row[0] + 0.1 * row[j];
            }
            row[features] += row[..features].iter().sum::<f32>();
        }
        let coefficients = |triangle: &[f64]| {
            let mut x: Vec<f64> = (0..features).map(|i| triangle[packed::index(dim, i, features)]).collect();
            triangular::solve(triangle, dim, &mut x).unwrap();
            x
        };
        let empty = vec![0.0f32; packed::len(dim)];
        let (mut single, mut blocks, mut exact) = (empty.clone(), empty.clone(), as_f64(&empty));
        for row in rows.chunks_exact(dim) {
            givens::insert_row(&mut single, &mut row.to_vec()).unwrap();
            givens::insert_row(&mut exact, &mut as_f64(row)).unwrap();
        }
        for block in rows.chunks_mut(16 * dim) {
            insert_rows(&mut blocks, &mut MatMut::new(block, 16, dim).unwrap()).unwrap();
        }
        let exact = coefficients(&exact);
        let [single, blocks] = [single, blocks].map(|triangle| distance(&coefficients(&as_f64(&triangle)), &exact));
        assert!(blocks < 1.5e-5 && blocks < 0.5 * single, "{blocks:e} {single:e}");
    }

    fn block_scaling_in<T: Real>(exponents: &[i32]) {
        let dim = 6;
        let run = |e: i32| {
            let mut rows: Vec<T> = numbers::<T>(32 * dim, 9).iter().map(|x| x.times_power_of_two(e)).collect();
            let mut triangle = vec![T::ZERO; packed::len(dim)];
            for block in rows.chunks_mut(8 * dim) {
                insert_rows(&mut triangle, &mut MatMut::new(block, 8, dim).unwrap()).unwrap();
            }
            triangle.into_iter().map(|x| x.times_power_of_two(-e)).collect::<Vec<T>>()
        };
        exponents.iter().for_each(|&e| assert_eq!(run(e), run(0), "{e}"));
    }

    #[test]
    fn blocks_scale_by_powers_of_two_to_the_bit() {
        block_scaling_in::<f32>(&[-97, -64, 63, 99]);
        block_scaling_in::<f64>(&[-967, -512, 511, 997]);
    }

    #[test]
    fn tiles_of_any_width_give_the_same_bits() {
        // Column j of a wide matrix against the same column alone behind the pivot.
        let (rows, cols) = (13, 40);
        let data = numbers::<f32>(rows * cols, 10);
        let wide = Factored::new(&data, rows, cols);
        for j in 1..cols {
            let pair: Vec<f32> = data.chunks_exact(cols).flat_map(|row| [row[0], row[j]]).collect();
            let mut pair = Factored::new(&pair, rows, 2);
            assert_eq!(pair.data.swap_remove(1), wide.data[j], "{j}");
        }
    }

    #[test]
    fn fewer_reflectors_span_fewer_columns() {
        // Residual norm of a least-squares problem on the leading columns only.
        let (rows, cols) = (10, 4);
        let data = numbers::<f64>(rows * cols, 11);
        let factored = Factored::new(&data, rows, cols);
        let leading: Vec<f64> = data.chunks_exact(cols).flat_map(|row| row[..2].to_vec()).collect();
        let smaller = Factored::new(&leading, rows, 2);
        let (mut x, mut y) = (numbers::<f64>(rows, 12), numbers::<f64>(rows, 12));
        apply_transposed(factored.view(), &factored.tau[..2], &mut MatMut::new(&mut x, rows, 1).unwrap()).unwrap();
        apply_transposed(smaller.view(), &smaller.tau, &mut MatMut::new(&mut y, rows, 1).unwrap()).unwrap();
        assert_eq!(x, y);
    }

    #[test]
    fn refusals_change_nothing() {
        let given = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut data = given;
        let mut matrix = MatMut::new(&mut data, 3, 2).unwrap();
        let storage = |needed, got| Err(Error::Storage { needed, got });
        assert_eq!(factor(&mut matrix, &mut [0.0; 3]), storage(2, 3));
        let pivoted = |matrix: &mut MatMut<'_, f64>, norms: usize, order: usize, tolerance| {
            factor_pivoted(matrix, &mut [0.0; 2], &mut vec![0.0; norms], &mut vec![0; order], tolerance).map(|_| ())
        };
        assert_eq!(pivoted(&mut matrix, 2, 2, 0.0), storage(4, 2));
        assert_eq!(pivoted(&mut matrix, 4, 3, 0.0), storage(2, 3));
        assert!(matches!(pivoted(&mut matrix, 4, 2, f64::NAN), Err(Error::Parameter { .. })));
        assert_eq!(equilibrate(&mut matrix, &mut [0; 3]), storage(2, 3));
        assert_eq!(insert_rows(&mut [0.0; 4], &mut matrix), storage(3, 4));
        assert_eq!(copy_triangle(matrix.as_ref(), &mut [0.0; 4]), storage(3, 4));
        let factors = MatRef::new(&given, 3, 2).unwrap();
        let mut short = MatMut::new(&mut data, 2, 3).unwrap();
        assert_eq!(apply(factors, &[0.0], &mut short), Err(Error::Dimension { expected: 3, got: 2 }));
        let mut block = MatMut::new(&mut data, 3, 2).unwrap();
        assert_eq!(apply_transposed(factors, &[1.0; 3], &mut block), storage(2, 3));
        assert_eq!(data, given);
        for (bad, refusal) in [
            (f64::NAN, Error::NonFinite { index: 3 }),
            (f64::NEG_INFINITY, Error::NonFinite { index: 3 }),
            (-f64::MAX / 6.0, Error::Scale { index: 3 }),
        ] {
            let mut data = [1.0, 2.0, 3.0, bad, 5.0, 6.0];
            let mut matrix = MatMut::new(&mut data, 3, 2).unwrap();
            assert_eq!(factor(&mut matrix, &mut [0.0; 2]), Err(refusal));
            assert_eq!(pivoted(&mut matrix, 4, 2, 0.0), Err(refusal));
            if !bad.is_finite() {
                assert_eq!(equilibrate(&mut matrix, &mut [0; 2]), Err(refusal));
                assert_eq!(insert_rows(&mut [0.0; 3], &mut matrix), Err(refusal));
            }
            assert!(data[..3] == [1.0, 2.0, 3.0] && data[4..] == [5.0, 6.0]);
        }
    }

    #[test]
    fn the_largest_entries_allowed_do_not_overflow() {
        for sign in [1.0, -1.0] {
            let x = f64::MAX / 10.0;
            let mut data = [x, x, sign * x, x, x, sign * x, sign * x, x];
            let mut tau = [0.0; 2];
            factor(&mut MatMut::new(&mut data, 4, 2).unwrap(), &mut tau).unwrap();
            assert!(data.iter().chain(&tau).all(|x| x.is_finite()), "{data:?}");
        }
    }

    #[test]
    fn empty_matrices_are_factored() {
        for (rows, cols) in [(0, 0), (0, 3), (3, 0)] {
            let mut matrix = MatMut::new(&mut [], rows, cols).unwrap();
            assert_eq!(factor::<f32>(&mut matrix, &mut []), Ok(()));
            let (mut norms, mut order) = (vec![0.0; 2 * cols], vec![0; cols]);
            assert_eq!(factor_pivoted::<f32>(&mut matrix, &mut [], &mut norms, &mut order, 0.0), Ok(0));
            assert_eq!(equilibrate(&mut matrix, &mut vec![7; cols]), Ok(()));
            let mut triangle = vec![1.0; packed::len(cols)];
            assert_eq!(insert_rows(&mut triangle, &mut matrix), Ok(()));
            assert!(triangle.iter().all(|&x| x == 1.0));
            assert_eq!(copy_triangle(matrix.as_ref(), &mut triangle), Ok(()));
            assert!(triangle.iter().all(|&x| x == 0.0));
            assert_eq!(apply(MatRef::empty(), &[], &mut MatMut::<f32>::new(&mut [], 0, 3).unwrap()), Ok(()));
        }
        let mut zeros = [0.0f64; 6];
        let (mut tau, mut norms, mut order) = ([9.0; 2], [9.0; 4], [9; 2]);
        let mut matrix = MatMut::new(&mut zeros, 3, 2).unwrap();
        assert_eq!(factor_pivoted(&mut matrix, &mut tau, &mut norms, &mut order, 0.0), Ok(0));
        assert_eq!((zeros, tau, order), ([0.0; 6], [0.0; 2], [0, 1]));
    }
}
