//! Fast Walsh-Hadamard transform, in place, of vectors and of whole rows.
//!
//! `H` has entries `H_ij = (-1)^popcount(i & j)`: the order of Sylvester, not normalised, so that `H H = n I`.
//!
//! # Cost
//! `n log2 n` additions and subtractions a column, no multiplication, no scratch.
//!
//! # Numerics
//! Radix 2 with strides 1, 2, 4, .. : a sum `u + v` goes to the lower place of a pair, the difference `u - v` to the upper
//! one. Exact on integers, which wrap, and on floats while all sums are representable.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::hadamard;
//! let mut x = [1, 2, 3, 4];
//! hadamard::transform(&mut x)?;
//! assert_eq!(x, [10, -2, -4, 0]);
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

#![allow(clippy::needless_range_loop, reason = "fixed trip counts are what keeps lines in registers")]

use crate::base::wide;
use crate::{Error, Lane};

/// Overwrites `x` by `H x`.
///
/// # Errors
/// [`Error::Dimension`] if the length is not a power of two, with the next one that is; nothing is changed.
pub fn transform<L: Lane>(x: &mut [L]) -> Result<(), Error> {
    transform_rows(x, 1)
}

/// Overwrites the matrix `X` of rows of `cols` entries by `H X`.
///
/// # Errors
/// [`Error::Dimension`] if the block is not a power of two of whole rows, with the next length that is; nothing is
/// changed.
pub fn transform_rows<L: Lane>(block: &mut [L], cols: usize) -> Result<(), Error> {
    let rows = block.len().div_ceil(cols.max(1));
    let expected = rows.checked_next_power_of_two().unwrap_or(usize::MAX).saturating_mul(cols);
    if block.len() != expected {
        return Err(Error::Dimension { expected, got: block.len() });
    }
    let mut half = cols;
    while half < block.len() {
        transform_stage(block, half);
        half *= 2;
    }
    Ok(())
}

/// The stage of [`transform_rows`] that adds what lies `half` scalars apart.
pub(crate) fn transform_stage<L: Lane>(block: &mut [L], half: usize) {
    wide::run(
        #[inline(always)]
        || block.chunks_exact_mut(2 * half.max(1)).for_each(|pair| butterfly(pair, half)),
    );
}

#[inline(always)]
fn butterfly<L: Lane>(pair: &mut [L], half: usize) {
    let (lower, upper) = pair.split_at_mut(half);
    for (lower, upper) in lower.iter_mut().zip(upper) {
        (*lower, *upper) = (lower.plus(*upper), lower.minus(*upper));
    }
}

/// Lines that [`transform_lines`] takes together in the registers.
pub const LINES: usize = 64;

/// `H X` for rows of one or two cache lines each, from where they are to where they go: `from(i)` is row `i`, and `lines`
/// has as many as the transform. The same sums as [`transform_rows`].
///
/// [`LINES`] of them take three stages at a time, so that each is read and written twice instead of six times. A kernel:
/// inlined, to be called where wide instructions are chosen already.
#[inline(always)]
pub fn transform_lines<'a, L: Lane, const N: usize>(lines: &mut [[L; N]], from: impl Fn(usize) -> &'a [L; N]) {
    if N.is_multiple_of(4)
        && let Ok(lines) = <&mut [[L; N]; LINES]>::try_from(&mut *lines)
    {
        for base in (0..LINES).step_by(8) {
            let x = [from(base), from(base + 1), from(base + 2), from(base + 3)];
            let y = [from(base + 4), from(base + 5), from(base + 6), from(base + 7)];
            if N.is_multiple_of(16) {
                three_stages::<L, N, 8>([x, y], lines, base, 1);
            } else {
                three_stages::<L, N, 4>([x, y], lines, base, 1);
            }
        }
        for base in 0..8 {
            let x = [lines[base], lines[base + 8], lines[base + 16], lines[base + 24]];
            let y = [lines[base + 32], lines[base + 40], lines[base + 48], lines[base + 56]];
            let (x, y) = ([&x[0], &x[1], &x[2], &x[3]], [&y[0], &y[1], &y[2], &y[3]]);
            if N.is_multiple_of(16) {
                three_stages::<L, N, 8>([x, y], lines, base, 8);
            } else {
                three_stages::<L, N, 4>([x, y], lines, base, 8);
            }
        }
        return;
    }
    for (i, line) in lines.iter_mut().enumerate() {
        *line = *from(i);
    }
    let mut half = 1;
    while half < lines.len() {
        lines.chunks_exact_mut(2 * half).for_each(|pair| butterfly(pair.as_flattened_mut(), half * N));
        half *= 2;
    }
}

/// Three stages over eight lines, `W` lanes at a time: eight times as many fit in the registers. The results go to every
/// `step`th line.
#[inline(always)]
fn three_stages<L: Lane, const N: usize, const W: usize>(
    from: [[&[L; N]; 4]; 2],
    lines: &mut [[L; N]; LINES],
    base: usize,
    step: usize,
) {
    for part in 0..N / W {
        let part_of = |x: &[L; N]| x.as_chunks::<W>().0[part];
        let [[x0, x1, x2, x3], [x4, x5, x6, x7]] = from;
        let (x0, x1) = pair(part_of(x0), part_of(x1));
        let (x2, x3) = pair(part_of(x2), part_of(x3));
        let (x4, x5) = pair(part_of(x4), part_of(x5));
        let (x6, x7) = pair(part_of(x6), part_of(x7));
        let ((x0, x2), (x1, x3)) = (pair(x0, x2), pair(x1, x3));
        let ((x4, x6), (x5, x7)) = (pair(x4, x6), pair(x5, x7));
        let ((x0, x4), (x1, x5)) = (pair(x0, x4), pair(x1, x5));
        let ((x2, x6), (x3, x7)) = (pair(x2, x6), pair(x3, x7));
        let all = [x0, x1, x2, x3, x4, x5, x6, x7];
        for k in 0..8 {
            lines[base + k * step].as_chunks_mut::<W>().0[part] = all[k];
        }
    }
}

#[inline(always)]
fn pair<L: Lane, const W: usize>(x: [L; W], y: [L; W]) -> ([L; W], [L; W]) {
    let (mut sum, mut difference) = (x, x);
    for i in 0..W {
        sum[i] = x[i].plus(y[i]);
        difference[i] = x[i].minus(y[i]);
    }
    (sum, difference)
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "test data are small, or cut on purpose")]
mod tests {
    use super::*;
    use crate::Real;
    use crate::random::keyed::{Domain, word};
    use std::vec;
    use std::vec::Vec;

    fn integers(n: usize) -> Vec<i64> {
        (0..n).map(|i| (word(1, Domain::Normal, i as u64) >> 48).cast_signed() - (1 << 15)).collect()
    }

    /// `H_1 = 1`, `H_2n = [H_n H_n; H_n -H_n]`, written out.
    fn by_definition(x: &[i64]) -> Vec<i64> {
        if x.len() == 1 {
            return x.to_vec();
        }
        let (lower, upper) = x.split_at(x.len() / 2);
        let (lower, upper) = (by_definition(lower), by_definition(upper));
        let sums = lower.iter().zip(&upper).map(|(u, v)| u + v);
        sums.chain(lower.iter().zip(&upper).map(|(u, v)| u - v)).collect()
    }

    fn lanes<L: Lane>(x: &[i64], convert: impl Fn(i64) -> L) -> Vec<L> {
        x.iter().map(|&x| convert(x)).collect()
    }

    #[test]
    fn transform_is_the_recursive_definition_on_every_lane() {
        for log in 0..9 {
            let x = integers(1 << log);
            let expected = by_definition(&x);
            let mut found = x.clone();
            transform(&mut found).unwrap();
            assert_eq!(found, expected);
            let mut found = lanes(&x, |x| x as i32);
            transform(&mut found).unwrap();
            assert_eq!(found, lanes(&expected, |x| x as i32));
            let mut found = lanes(&x, |x| x as f64);
            transform(&mut found).unwrap();
            assert_eq!(found, lanes(&expected, |x| x as f64));
            let mut found = lanes(&x, |x| x as f32);
            transform(&mut found).unwrap();
            assert_eq!(found, lanes(&expected, |x| x as f32));
        }
    }

    #[test]
    fn entries_are_parities_of_common_bits() {
        for j in 0..16 {
            let mut x = [0; 16];
            x[j] = 1;
            transform(&mut x).unwrap();
            for (i, &x) in x.iter().enumerate() {
                assert_eq!(x, if (i & j).count_ones() % 2 == 0 { 1 } else { -1 });
            }
        }
    }

    fn rows_in<L: Lane>(convert: impl Fn(i64) -> L) {
        for (rows, cols) in [(1, 5), (2, 3), (8, 1), (16, 17), (64, 4)] {
            let block = lanes(&integers(rows * cols), &convert);
            let mut whole = block.clone();
            transform_rows(&mut whole, cols).unwrap();
            for j in 0..cols {
                let mut column: Vec<L> = block.iter().skip(j).step_by(cols).copied().collect();
                transform(&mut column).unwrap();
                assert!(whole.iter().skip(j).step_by(cols).eq(&column), "{rows} {cols} {j}");
            }
        }
    }

    #[test]
    fn rows_transform_as_their_columns_to_the_bit() {
        rows_in(|x| x as i32);
        rows_in(|x| x as f64 / 3.0);
        rows_in(|x| x as f32 / 3.0);
    }

    fn lines_in<L: Lane, const N: usize>(convert: impl Fn(i64) -> L) {
        for rows in [1, 2, 8, LINES, 2 * LINES] {
            let block = lanes(&integers(rows * N), &convert);
            let (from, _) = block.as_chunks::<N>();
            let mut lines = vec![[L::default(); N]; rows];
            transform_lines(&mut lines, |i| &from[i]);
            let mut expected = block.clone();
            transform_rows(&mut expected, N).unwrap();
            assert_eq!(lines.as_flattened(), expected, "{rows} {N}");
        }
    }

    #[test]
    fn lines_transform_as_rows_to_the_bit() {
        lines_in::<_, 3>(|x| x as f32 / 3.0);
        lines_in::<_, 4>(|x| x);
        lines_in::<_, 8>(|x| x as f64 / 3.0);
        lines_in::<_, 16>(|x| x as f32 / 3.0);
        lines_in::<_, 16>(|x| x as i32);
    }

    #[test]
    fn twice_is_n_times_also_when_sums_wrap() {
        let x: Vec<i32> = (0..64).map(|i| word(2, Domain::Normal, i) as i32).collect();
        let mut y = x.clone();
        transform(&mut y).unwrap();
        transform(&mut y).unwrap();
        assert!(x.iter().zip(&y).all(|(x, &y)| x.wrapping_mul(64) == y));
    }

    #[test]
    fn scaling_by_powers_of_two_changes_no_bit() {
        let x = lanes(&integers(128), |x| x as f32 / 3.0);
        let run = |e: i32| {
            let mut y: Vec<f32> = x.iter().map(|x| x.times_power_of_two(e)).collect();
            transform(&mut y).unwrap();
            y.iter_mut().for_each(|y| *y = y.times_power_of_two(-e));
            y
        };
        assert_eq!(run(-99), run(0));
        assert_eq!(run(99), run(0));
    }

    #[test]
    fn other_lengths_are_refused() {
        let mut x = [1, 2, 3];
        assert_eq!(transform(&mut x), Err(Error::Dimension { expected: 4, got: 3 }));
        assert_eq!(transform_rows(&mut x, 2), Err(Error::Dimension { expected: 4, got: 3 }));
        assert_eq!(transform_rows(&mut [0; 9], 3), Err(Error::Dimension { expected: 12, got: 9 }));
        assert_eq!(transform_rows(&mut x, 0), Err(Error::Dimension { expected: 0, got: 3 }));
        assert_eq!(transform_rows(&mut x, usize::MAX), Err(Error::Dimension { expected: usize::MAX, got: 3 }));
        assert_eq!(transform::<f32>(&mut []), Err(Error::Dimension { expected: 1, got: 0 }));
        assert_eq!(x, [1, 2, 3]);
        assert_eq!(transform_rows::<f32>(&mut [], 0), Ok(()));
        assert_eq!(vec![7], {
            let mut x = vec![7];
            transform(&mut x).unwrap();
            x
        });
    }
}
