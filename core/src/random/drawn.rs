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

    /// One generator for all, so that the number of words that each takes is pinned as well. Another output is a *Changed
    /// answers* entry.
    #[test]
    fn value_stability() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
        let units: [f64; 4] = core::array::from_fn(|_| unit(&mut rng));
        // The upper 53 bits of the first outputs of the generator.
        let words = [0x5317_5D61_490B_23DF_u64, 0x61DA_6F3D_C380_D507, 0x5C0F_DF91_EC9A_7BFC, 0x02EE_BF8C_3BBE_5E1A];
        assert_eq!(units, words.map(|word| (word >> 11) as f64 / 9_007_199_254_740_992.0));
        let units: [f32; 4] = core::array::from_fn(|_| unit(&mut rng));
        assert_eq!(units.map(f32::to_bits), [0x3EFD_9408, 0x3CA8_7860, 0x3F5B_7490, 0x3F58_7343]);
        let (x, y): (f64, f64) = normal_pair(&mut rng);
        assert_eq!([x, y].map(f64::to_bits), [0x3FF0_14A2_A87F_D95C, 0x3FF3_25ED_8701_4747]);
        let (x, y): (f64, f64) = normal_pair(&mut rng);
        assert_eq!([x, y].map(f64::to_bits), [0x3F8D_AFE9_E358_EDF2, 0xC002_3E8B_9F4A_E158]);
        let (x, y): (f32, f32) = normal_pair(&mut rng);
        assert_eq!([x, y].map(f32::to_bits), [0x3FC0_040D, 0x3E80_8B0A]);
        let (x, y): (f32, f32) = normal_pair(&mut rng);
        assert_eq!([x, y].map(f32::to_bits), [0x3FFE_A950, 0xBF9B_7F07]);
        // With the last two bounds about every second word is refused.
        let bounds = [2, 7, 10, 1000, 1 << 40, u64::MAX, (1 << 63) + 1, (1 << 63) + 1];
        let expected = [
            0,
            0,
            0,
            400,
            688_371_323_856,
            2_112_337_836_944_366_786,
            3_718_032_364_807_160_944,
            372_098_391_571_505_775,
        ];
        assert_eq!(bounds.map(|bound| below(bound, &mut rng)), expected);
        let mut items = [0u8, 1, 2, 3, 4, 5, 6, 7];
        shuffle(&mut items, &mut rng);
        assert_eq!(items, [1, 4, 6, 5, 0, 7, 3, 2]);
        assert_eq!(below(0, &mut rng), 0);
        assert_eq!(rng.next_u64(), 0x400F_EB0B_AE78_6424);
        assert_eq!(below(1, &mut rng), 0);
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
