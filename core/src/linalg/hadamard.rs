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
