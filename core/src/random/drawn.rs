//! Numbers drawn from a generator of the caller's, the same on 32-bit and 64-bit machines.
//!
//! # Example
//! ```
//! use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
//! use sketchlet_core::random::drawn;
//! let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
//! let mut order = [0u32, 1, 2, 3];
//! drawn::shuffle(&mut order, &mut rng);
//! order.sort_unstable();
//! assert_eq!(order, [0, 1, 2, 3]);
//! ```

use super::keyed;
use crate::Real;
use rand_core::Rng;

/// A number uniform in [0, 1); one word of the generator.
pub fn unit<T: Real, R: Rng + ?Sized>(rng: &mut R) -> T {
    keyed::unit(rng.next_u64())
}

/// Two independent standard normal numbers; one word of the generator.
pub fn normal_pair<T: Real, R: Rng + ?Sized>(rng: &mut R) -> (T, T) {
    keyed::normal_pair(rng.next_u64())
}

/// An index below `bound`, exactly uniform; 0 if `bound` is 0. One word of the generator, rarely more.
pub fn below<R: Rng + ?Sized>(bound: u64, rng: &mut R) -> u64 {
    if bound == 0 {
        return 0;
    }
    // Lemire's method: the lowest `2^64 mod bound` products would be drawn once too often.
    let surplus = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(bound);
        #[allow(clippy::cast_possible_truncation, reason = "lower and upper half are wanted")]
        let (low, high) = (product as u64, (product >> 64) as u64);
        if low >= surplus {
            return high;
        }
    }
}

/// Brings the items into uniformly random order (Fisher and Yates, from the end).
pub fn shuffle<X, R: Rng + ?Sized>(items: &mut [X], rng: &mut R) {
    for last in (1..items.len()).rev() {
        #[allow(clippy::cast_possible_truncation, reason = "an index below the length of a slice")]
        let other = below(last as u64 + 1, rng) as usize;
        items.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};

    #[test]
    fn value_stability() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
        let mut items: [u8; 8] = core::array::from_fn(|i| u8::try_from(i).unwrap());
        shuffle(&mut items, &mut rng);
        let mut sorted = items;
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(below(1, &mut rng), 0);
        assert_eq!(below(0, &mut rng), 0);
    }

    #[test]
    fn below_is_uniform() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[usize::try_from(below(7, &mut rng)).unwrap()] += 1;
        }
        // Chi-square with 6 degrees of freedom exceeds 45 with probability 5e-8.
        let chi2: f64 = counts.iter().map(|&c| (f64::from(c) - 1e4).powi(2) / 1e4).sum();
        assert!(chi2 < 45.0, "{chi2}");
    }
}
