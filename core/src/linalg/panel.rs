//! Sums over some rows at a time, with the bits of one row after the other and in less time.
//!
//! One sum alone is limited by the latency of its additions; several at a time fill the registers. Rows that are worked on
//! together also share the loads of what they are multiplied with. A tile is the products of four rows with two vectors, in a group of lanes as wide as a vector register;
//! the order within a lane, and the tree over the lanes, are those of [`vector`](super::vector).
//!
//! The shape of this code is measured: groups written out one by one, loops instead of `map`, and no closure with a name.
//! Otherwise the tiles leave the registers, or parts are compiled without wide instructions.

#![allow(clippy::needless_range_loop, reason = "fixed trip counts are what keeps tiles in registers")]

use super::vector::LANES;
use crate::Real;
use crate::base::wide;

/// Rows of a tile: a panel has a multiple of them.
pub(crate) const ROWS: usize = 4;

/// The sums of a tile, by row: `W` lanes of each.
type Sums<T, const W: usize> = [[[T; W]; 2]; ROWS];

/// Inner products of rows of `dim` entries with each of the vectors, with the bits of [`dot`](super::vector::dot): that of
/// row `r` and vector `i` goes to `products[r * stride + i]`, and `stride` is even and at least the number of vectors.
pub(crate) fn project<T: Real>(vectors: &[T], rows: &[T], dim: usize, products: &mut [T], stride: usize) {
    wide::run(
        #[inline(always)]
        || {
            if T::BYTES == 4 {
                project_by::<T, 8>(vectors, rows, dim, products, stride);
            } else {
                project_by::<T, 4>(vectors, rows, dim, products, stride);
            }
        },
    );
}

#[inline(always)]
fn project_by<T: Real, const W: usize>(vectors: &[T], rows: &[T], dim: usize, products: &mut [T], stride: usize) {
    for (rows, products) in rows.chunks_exact(ROWS * dim).zip(products.chunks_exact_mut(ROWS * stride)) {
        let rows = Tile::new(rows, dim);
        let (mut others, mut index) = (vectors, 0);
        while let Some((first, rest)) = others.split_at_checked(dim) {
            // The last of an odd number is paired with itself.
            let (second, rest) = rest.split_at_checked(dim).unwrap_or((first, rest));
            let ((first, first_tail), (second, second_tail)) =
                (first.as_chunks::<LANES>(), second.as_chunks::<LANES>());
            let tails = if rows.has_tail { [padded(first_tail), padded(second_tail)] } else { [[T::ZERO; LANES]; 2] };
            let sums = rows.dots::<W>([first, second], &tails);
            for (r, sums) in sums.iter().enumerate() {
                if let Some(products) = products.get_mut(r * stride + index..r * stride + index + 2) {
                    products.copy_from_slice(sums);
                }
            }
            (others, index) = (rest, index + 2);
        }
    }
}

/// Adds `products[r * stride + i]` times row `r` to row `i` of `matrix`, the rows in order.
pub(crate) fn accumulate<T: Real>(matrix: &mut [T], products: &[T], stride: usize, rows: &[T], dim: usize) {
    wide::run(
        #[inline(always)]
        || {
            for (rows, z) in rows.chunks_exact(ROWS * dim).zip(products.chunks_exact(ROWS * stride)) {
                let [x0, x1, x2, x3] = Tile::new(rows, dim).rows;
                for (i, y) in matrix.chunks_exact_mut(dim).enumerate() {
                    let [z0, z1, z2, z3] = [z[i], z[stride + i], z[2 * stride + i], z[3 * stride + i]];
                    for ((((y, &x0), &x1), &x2), &x3) in y.iter_mut().zip(x0).zip(x1).zip(x2).zip(x3) {
                        *y = (((*y + z0 * x0) + z1 * x1) + z2 * x2) + z3 * x3;
                    }
                }
            }
        },
    );
}

/// Four rows, as whole chunks of lanes and the entries behind the last one, padded with zeros: those add nothing to a lane,
/// not even a sign, since no lane is ever negative zero.
struct Tile<'a, T> {
    rows: [&'a [T]; ROWS],
    whole: [&'a [[T; LANES]]; ROWS],
    tails: [[T; LANES]; ROWS],
    has_tail: bool,
}

impl<'a, T: Real> Tile<'a, T> {
    #[inline(always)]
    fn new(rows: &'a [T], dim: usize) -> Self {
        let (first, rest) = rows.split_at(dim);
        let (second, rest) = rest.split_at(dim);
        let (third, fourth) = rest.split_at(dim);
        let rows = [first, second, third, fourth];
        let mut tile =
            Self { rows, whole: [&[]; ROWS], tails: [[T::ZERO; LANES]; ROWS], has_tail: !dim.is_multiple_of(LANES) };
        for r in 0..ROWS {
            let (whole, tail) = rows[r].as_chunks();
            tile.whole[r] = whole;
            if tile.has_tail {
                tile.tails[r] = padded(tail);
            }
        }
        tile
    }

    /// Inner products of each row with two vectors, given as their whole chunks and padded tails.
    #[inline(always)]
    fn dots<const W: usize>(&self, vectors: [&[[T; LANES]]; 2], tails: &[[T; LANES]; 2]) -> [[T; 2]; ROWS] {
        let mut half = if W == 8 {
            add(&self.group_sums::<W>(0, vectors, tails), &self.group_sums(1, vectors, tails))
        } else {
            add(
                &add(&self.group_sums::<W>(0, vectors, tails), &self.group_sums(2, vectors, tails)),
                &add(&self.group_sums(1, vectors, tails), &self.group_sums(3, vectors, tails)),
            )
        };
        wide::settle(&mut half);
        let mut sums = [[T::ZERO; 2]; ROWS];
        for r in 0..ROWS {
            for i in 0..2 {
                let h = &half[r][i];
                sums[r][i] = if W == 8 {
                    ((h[0] + h[4]) + (h[2] + h[6])) + ((h[1] + h[5]) + (h[3] + h[7]))
                } else {
                    (h[0] + h[2]) + (h[1] + h[3])
                };
            }
        }
        sums
    }

    /// The lanes of group `g`.
    #[inline(always)]
    fn group_sums<const W: usize>(&self, g: usize, vectors: [&[[T; LANES]]; 2], tails: &[[T; LANES]; 2]) -> Sums<T, W> {
        let mut sums = [[[T::ZERO; W]; 2]; ROWS];
        let [first, second, third, fourth] = self.whole;
        let chunks = first.iter().zip(second).zip(third).zip(fourth).zip(vectors[0]).zip(vectors[1]);
        for (((((x0, x1), x2), x3), v0), v1) in chunks {
            let x = [group(x0, g), group(x1, g), group(x2, g), group(x3, g)];
            add_products(&mut sums, &x, &[group(v0, g), group(v1, g)]);
        }
        if self.has_tail {
            let [x0, x1, x2, x3] = &self.tails;
            let x = [group(x0, g), group(x1, g), group(x2, g), group(x3, g)];
            add_products(&mut sums, &x, &[group(&tails[0], g), group(&tails[1], g)]);
        }
        sums
    }
}

/// Group `g` of the lanes.
#[inline(always)]
fn group<T: Real, const W: usize>(chunk: &[T; LANES], g: usize) -> [T; W] {
    chunk.as_chunks::<W>().0[g]
}

#[inline(always)]
fn add_products<T: Real, const W: usize>(sums: &mut Sums<T, W>, x: &[[T; W]; ROWS], vectors: &[[T; W]; 2]) {
    for r in 0..ROWS {
        for i in 0..2 {
            for lane in 0..W {
                sums[r][i][lane] += x[r][lane] * vectors[i][lane];
            }
        }
    }
}

#[inline(always)]
fn add<T: Real, const W: usize>(x: &Sums<T, W>, y: &Sums<T, W>) -> Sums<T, W> {
    let mut sums = *x;
    for r in 0..ROWS {
        for i in 0..2 {
            for lane in 0..W {
                sums[r][i][lane] += y[r][i][lane];
            }
        }
    }
    sums
}

#[inline(always)]
fn padded<T: Real>(tail: &[T]) -> [T; LANES] {
    // Entry by entry: the length of a copy would not be known, and a call to copy costs more than a short row.
    let mut padded = [T::ZERO; LANES];
    for i in 0..LANES {
        if let Some(&x) = tail.get(i) {
            padded[i] = x;
        }
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::super::vector;
    use super::*;
    use crate::random::keyed::{Domain, symmetric, word};
    use std::vec;
    use std::vec::Vec;

    fn numbers<T: Real>(n: usize, salt: u64) -> Vec<T> {
        (0..n as u64).map(|i| symmetric(word(salt, Domain::Normal, i))).collect()
    }

    fn panels_have_the_bits_of_rows_in<T: Real>() {
        for (dim, count, tiles) in [(1, 1, 1), (5, 2, 2), (16, 3, 1), (33, 4, 2), (64, 4, 4), (67, 5, 1), (1100, 2, 1)]
        {
            let (vectors, rows) = (numbers::<T>(count * dim, 1), numbers::<T>(ROWS * tiles * dim, 2));
            let stride = count.next_multiple_of(2);
            let mut products = vec![T::ZERO; ROWS * tiles * stride];
            project(&vectors, &rows, dim, &mut products, stride);
            let (mut together, mut one_by_one) = (numbers::<T>(count * dim, 3), numbers::<T>(count * dim, 3));
            accumulate(&mut together, &products, stride, &rows, dim);
            for (row, products) in rows.chunks_exact(dim).zip(products.chunks_exact(stride)) {
                for (i, vector) in vectors.chunks_exact(dim).enumerate() {
                    assert_eq!(products[i], vector::dot(vector, row), "{dim} {count}");
                    vector::add_scaled(&mut one_by_one[i * dim..(i + 1) * dim], products[i], row);
                }
            }
            assert_eq!(together, one_by_one, "{dim} {count}");
        }
    }

    #[test]
    fn panels_have_the_bits_of_rows() {
        panels_have_the_bits_of_rows_in::<f32>();
        panels_have_the_bits_of_rows_in::<f64>();
    }
}
