//! Solutions of least norm for dependent columns: the complete orthogonal factorisation of a triangle of lower rank.
//!
//! Of the first `columns` columns of a packed triangle, `rank` rows are kept: `[R11 R12]`. Reflections from the right turn
//! them into `[T 0]`, `T` a triangle again; the solution of least norm of `[R11 R12] x = z` is then `T^-1 z`, padded with zeros
//! and reflected back.
//!
//! # Cost
//! `2 rank^2 (columns - rank)` flops to factor, `4 rank (columns - rank)` a vector.
//!
//! # Numerics
//! Householder reflections. Columns of very different size are safe: norms are scaled by powers of two.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::{complete, triangular};
//! // x + y = 2, one row of a triangle of two columns.
//! let mut triangle = [1.0f64, 1.0, 0.0];
//! complete::factor(&mut triangle, 2, 2, 1)?;
//! let mut x = [2.0, 0.0];
//! triangular::solve(&triangle, 2, &mut x[..1])?;
//! complete::apply_transposed(&triangle, 2, 1, &mut x)?;
//! assert!((x[0] - 1.0).abs() < 1e-15 && (x[1] - 1.0).abs() < 1e-15);
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

use super::packed;
use super::qr::{check_storage, scaled_norm};
use crate::base::matrix::check_finite;
use crate::{Error, Real};

/// Overwrites the first `rank` rows of the first `columns` of `dim` columns by `T`, and what was right of it by the
/// reflectors. Columns behind, right-hand sides, stay as they are.
///
/// # Errors
/// [`Error::Storage`] if `triangle` has not [`packed::len`]`(dim)` entries, [`Error::Dimension`] unless
/// `rank <= columns <= dim`, [`Error::NonFinite`] with the entry's place in the triangle. Nothing is changed.
pub fn factor<T: Real>(triangle: &mut [T], dim: usize, columns: usize, rank: usize) -> Result<(), Error> {
    check(triangle, dim, columns, rank)?;
    check_finite(triangle)?;
    let width = columns - rank;
    for k in (0..rank).rev() {
        let at = packed::index(dim, k, k);
        let (head, tail) = (at, packed::index(dim, k, rank));
        if width == 0 || triangle[tail..tail + width].iter().all(|&x| x == T::ZERO) {
            continue;
        }
        let alpha = triangle[head];
        let (norm, e) = scaled_norm(triangle[tail..tail + width].iter().copied().chain([alpha]));
        let norm = norm.times_power_of_two(e);
        let beta = if alpha < T::ZERO { norm } else { -norm };
        let factor = alpha - beta;
        triangle[tail..tail + width].iter_mut().for_each(|x| *x /= factor);
        triangle[head] = beta;
        let tau = -factor / beta;
        let (above, own) = triangle.split_at_mut(at);
        let reflector = &own[tail - at..tail - at + width];
        for i in 0..k {
            let (x, rest) = (packed::index(dim, i, k), packed::index(dim, i, rank));
            let sum = reflect(tau, above[x], &mut above[rest..rest + width], reflector);
            above[x] -= sum;
        }
    }
    Ok(())
}

/// Reflects back: the first `rank` entries of `x` are `T^-1 z`, the others zero; it becomes the solution.
///
/// # Errors
/// [`Error::Storage`] and [`Error::Dimension`] as [`factor`], for `columns` the length of `x`.
pub fn apply_transposed<T: Real>(triangle: &[T], dim: usize, rank: usize, x: &mut [T]) -> Result<(), Error> {
    check(triangle, dim, x.len(), rank)?;
    (0..rank).for_each(|k| apply_one(triangle, dim, rank, k, x));
    Ok(())
}

/// Reflects forth, the other way round: what `x` has in the span of the rows comes to its first `rank` entries.
///
/// # Errors
/// As [`apply_transposed`].
pub fn apply<T: Real>(triangle: &[T], dim: usize, rank: usize, x: &mut [T]) -> Result<(), Error> {
    check(triangle, dim, x.len(), rank)?;
    (0..rank).rev().for_each(|k| apply_one(triangle, dim, rank, k, x));
    Ok(())
}

fn apply_one<T: Real>(triangle: &[T], dim: usize, rank: usize, k: usize, x: &mut [T]) {
    let (tail, width) = (packed::index(dim, k, rank), x.len() - rank);
    let reflector = if width > 0 { &triangle[tail..tail + width] } else { &[] };
    let square = reflector.iter().fold(T::ZERO, |sum, &v| sum + v * v);
    if square > T::ZERO {
        let tau = T::constant(2.0) / (T::ONE + square);
        let (head, rest) = x.split_at_mut(rank);
        head[k] -= reflect(tau, head[k], rest, reflector);
    }
}

/// Takes the component along the reflector off `rest`, and gives what has to be taken off the head, whose reflector is 1.
fn reflect<T: Real>(tau: T, head: T, rest: &mut [T], reflector: &[T]) -> T {
    let sum = rest.iter().zip(reflector).fold(T::ZERO, |sum, (&x, &v)| sum + v * x);
    let sum = tau * (sum + head);
    for (x, &v) in rest.iter_mut().zip(reflector) {
        *x -= sum * v;
    }
    sum
}

fn check<T: Real>(triangle: &[T], dim: usize, columns: usize, rank: usize) -> Result<(), Error> {
    check_storage(packed::len(dim), triangle.len())?;
    match () {
        () if columns > dim => Err(Error::Dimension { expected: dim, got: columns }),
        () if rank > columns => Err(Error::Dimension { expected: columns, got: rank }),
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::qr::tests::numbers;
    use crate::linalg::triangular;
    use std::vec;
    use std::vec::Vec;

    fn solutions_in<T: Real>() {
        let eps = T::EPSILON.as_f64();
        for (dim, columns, rank) in [(1, 1, 0), (1, 1, 1), (3, 2, 1), (9, 7, 4), (9, 9, 9), (20, 18, 17), (6, 6, 0)] {
            let mut triangle = numbers::<T>(packed::len(dim), 7);
            for i in 0..dim {
                triangle[packed::index(dim, i, i)] += T::constant(2.0);
            }
            let at = |i: usize, j: usize| if i <= j { triangle[packed::index(dim, i, j)].as_f64() } else { 0.0 };
            let rows: Vec<Vec<f64>> = (0..rank).map(|i| (0..columns).map(|j| at(i, j)).collect()).collect();
            let z = numbers::<T>(rank, 8);
            let last: Vec<T> = (0..rank).map(|i| triangle[packed::index(dim, i, dim - 1)]).collect();
            let mut factored = triangle.clone();
            factor(&mut factored, dim, columns, rank).unwrap();
            if dim > columns {
                assert!((0..rank).all(|i| factored[packed::index(dim, i, dim - 1)] == last[i]));
            }
            let mut x = vec![T::ZERO; columns];
            x[..rank].copy_from_slice(&z);
            triangular::solve(&factored, dim, &mut x[..rank]).unwrap();
            let before = x.clone();
            apply_transposed(&factored, dim, rank, &mut x).unwrap();
            let mut back = x.clone();
            apply(&factored, dim, rank, &mut back).unwrap();
            let size = before.iter().fold(0.0f64, |size, x| size.max(x.as_f64().abs()));
            for (x, y) in before.iter().zip(&back) {
                assert!((x.as_f64() - y.as_f64()).abs() <= 40.0 * eps * size, "{dim} {columns} {rank}");
            }
            let x: Vec<f64> = x.iter().map(|x| x.as_f64()).collect();
            // It solves the equations ...
            for (row, z) in rows.iter().zip(&z) {
                let size: f64 = row.iter().zip(&x).map(|(a, x)| (a * x).abs()).sum::<f64>() + z.as_f64().abs();
                let residual = row.iter().zip(&x).map(|(a, x)| a * x).sum::<f64>() - z.as_f64();
                assert!(residual.abs() < 40.0 * eps * size, "{dim} {columns} {rank}: {residual:e}");
            }
            // ... and lies in the span of the rows: taking that out leaves nothing.
            let mut left = x.clone();
            let mut basis: Vec<Vec<f64>> = Vec::new();
            for row in &rows {
                let mut v = row.clone();
                for _ in 0..2 {
                    for b in &basis {
                        let dot: f64 = b.iter().zip(&v).map(|(b, v)| b * v).sum();
                        v.iter_mut().zip(b).for_each(|(v, b)| *v -= dot * b);
                    }
                }
                let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
                v.iter_mut().for_each(|v| *v /= norm);
                basis.push(v);
            }
            for b in &basis {
                let dot: f64 = b.iter().zip(&left).map(|(b, x)| b * x).sum();
                left.iter_mut().zip(b).for_each(|(x, b)| *x -= dot * b);
            }
            let size = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            let outside = left.iter().map(|x| x * x).sum::<f64>().sqrt();
            assert!(outside <= 40.0 * eps * size, "{dim} {columns} {rank}: {outside:e} of {size}");
        }
    }

    #[test]
    fn solutions_have_least_norm() {
        solutions_in::<f32>();
        solutions_in::<f64>();
    }

    #[test]
    fn columns_of_zeros_stay_zero() {
        let mut triangle = [3.0, 1.0, 0.0, 2.0, 0.0, 0.0];
        factor(&mut triangle, 3, 3, 2).unwrap();
        let mut x = [3.0, 2.0, 0.0];
        triangular::solve(&triangle, 3, &mut x[..2]).unwrap();
        apply_transposed(&triangle, 3, 2, &mut x).unwrap();
        assert_eq!(x[2], 0.0);
    }

    #[test]
    fn refusals_change_nothing() {
        let mut triangle = [1.0, f64::NAN, 1.0];
        assert_eq!(factor(&mut triangle, 2, 2, 1), Err(Error::NonFinite { index: 1 }));
        assert_eq!(factor(&mut triangle, 3, 2, 1), Err(Error::Storage { needed: 6, got: 3 }));
        assert_eq!(factor(&mut triangle, 2, 3, 1), Err(Error::Dimension { expected: 2, got: 3 }));
        assert_eq!(factor(&mut triangle, 2, 1, 2), Err(Error::Dimension { expected: 1, got: 2 }));
        assert_eq!(apply_transposed(&triangle, 2, 2, &mut [0.0]), Err(Error::Dimension { expected: 1, got: 2 }));
    }
}
