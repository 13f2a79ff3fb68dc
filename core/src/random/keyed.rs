//! Keyed randomness: random words that are a pure function of (seed, domain, index), so nothing has to be stored.
//!
//! # Randomness
//! The words come from the finaliser of SplitMix64 applied in a chain, one link for the domain, one for the seed, one for
//! the index. Same arguments, same word, for ever: the outputs are pinned by tests.
//!
//! # Example
//! ```
//! use sketchlet_core::random::keyed::{Domain, word};
//! assert_eq!(word(7, Domain::Sign, 0), word(7, Domain::Sign, 0));
//! assert_ne!(word(7, Domain::Sign, 0), word(8, Domain::Sign, 0));
//! ```

use crate::Real;

/// What a keyed word is used for: words of different domains are independent. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Domain {
    /// Signs of rows.
    Sign,
    /// Gaussian entries of a sketch.
    Normal,
    /// First iterate of a power method.
    Start,
    /// Columns that replace lost directions of an iterate.
    Refill,
    /// Coins of row sampling.
    Coin,
    /// Signs of the order monitor; keyed by a constant, so that shards agree.
    Monitor,
    /// Slots of a shuffle buffer.
    Shuffle,
    /// Rows of a Hadamard matrix: their high bits.
    Row,
    /// Their low bits: rounds of a permutation.
    Permutation,
    /// The mask over those.
    Mask,
    /// Signs of a circulant matrix.
    Generator,
    /// Entries of a sketch that are signs.
    Rademacher,
    /// Places of rows in a sparse sketch.
    Bucket,
    /// Seed of the second factor of a tensor sketch.
    Second,
    /// Coins of a guess of a dynamic selection.
    Guess,
    /// Groups of rows before a Hadamard transform.
    Group,
}

impl Domain {
    const fn number(self) -> u64 {
        match self {
            Self::Sign => 1,
            Self::Normal => 2,
            Self::Start => 3,
            Self::Refill => 4,
            Self::Coin => 5,
            Self::Monitor => 6,
            Self::Shuffle => 7,
            Self::Row => 8,
            Self::Permutation => 9,
            Self::Mask => 10,
            Self::Generator => 11,
            Self::Rademacher => 12,
            Self::Bucket => 13,
            Self::Second => 14,
            Self::Guess => 15,
            Self::Group => 16,
        }
    }
}

/// The SplitMix64 step: a bijection of 64-bit words that scatters every bit.
#[must_use]
#[inline]
pub const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The word of an index.
#[must_use]
#[inline]
pub const fn word(seed: u64, domain: Domain, index: u64) -> u64 {
    mix(index ^ mix(seed ^ mix(domain.number())))
}

/// The word of a pair of indices.
#[must_use]
#[inline]
pub const fn word2(seed: u64, domain: Domain, first: u64, second: u64) -> u64 {
    mix(word(seed, domain, first) ^ mix(second))
}

/// A number uniform in [0, 1), on a grid of 2^-24 in `f32` and 2^-53 in `f64`.
#[must_use]
pub fn unit<T: Real>(word: u64) -> T {
    let bits = if T::BYTES == 4 { 24 } else { 53 };
    T::count(word >> (64 - bits)).times_power_of_two(-bits)
}

/// A number uniform in [-1, 1).
#[must_use]
pub fn symmetric<T: Real>(word: u64) -> T {
    unit::<T>(word) * T::constant(2.0) - T::ONE
}

/// Two independent standard normal numbers from one word (Box and Muller), through `libm` in `T`.
#[must_use]
pub fn normal_pair<T: Real>(word: u64) -> (T, T) {
    let half = T::constant(0.5);
    let grid = |bits: u64| (T::count(bits) + half).times_power_of_two(-32);
    // In f32 the largest half-word rounds to 1, whose logarithm is 0: a legal, merely coarse, value.
    let radius = (T::constant(-2.0) * grid(word >> 32).ln()).max(T::ZERO).sqrt();
    let angle = T::constant(core::f64::consts::TAU) * grid(word & 0xFFFF_FFFF);
    (radius * angle.cos(), radius * angle.sin())
}

/// An index below `bound` from one word; 0 if `bound` is 0. The bias is below `bound / 2^64`.
#[must_use]
pub const fn below(word: u64, bound: u64) -> u64 {
    #[allow(clippy::cast_possible_truncation, reason = "the product's upper half fits")]
    let index = ((word as u128 * bound as u128) >> 64) as u64;
    index
}

/// Numbers below bounds, one after the other, of a (seed, domain, first index): what needs a few coins that can be saved and
/// gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coins {
    pub(crate) seed: u64,
    pub(crate) domain: Domain,
    pub(crate) first: u64,
    /// Words taken so far.
    pub(crate) taken: u64,
}

impl Coins {
    /// None taken yet.
    pub(crate) const fn new(seed: u64, domain: Domain, first: u64) -> Self {
        Self { seed, domain, first, taken: 0 }
    }

    /// Those of the next index.
    pub(crate) const fn next(&self) -> Self {
        Self::new(self.seed, self.domain, self.first + 1)
    }

    /// Brings ids, at most 2^32 of them, into random order (Fisher and Yates, from the last one down).
    pub(crate) fn shuffle<D>(&mut self, ids: &mut [D]) {
        for last in (1..ids.len()).rev() {
            #[allow(clippy::cast_possible_truncation, reason = "so many at most")]
            let other = self.below((last + 1) as u32) as usize;
            ids.swap(last, other);
        }
    }

    /// A number below `bound`, exactly uniform (Lemire's method on half words); 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        loop {
            let word = word2(self.seed, self.domain, self.first, self.taken);
            self.taken += 1;
            let product = (word >> 32) * u64::from(bound);
            #[allow(clippy::cast_possible_truncation, reason = "lower and upper half are wanted")]
            let (low, high) = (product as u32, (product >> 32) as u32);
            // The lowest `2^32 mod bound` products would be drawn once too often; mostly it needs no division to say so.
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return high;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stability() {
        // Reference outputs of SplitMix64 seeded with 0: its first two outputs are mix(0) and mix(gamma).
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(0x9E37_79B9_7F4A_7C15), 0x6E78_9E6A_A1B9_65F4);
        assert_eq!(word(0, Domain::Sign, 0), mix(mix(mix(1))));
        assert_eq!(word2(3, Domain::Start, 5, 9), mix(mix(5 ^ mix(3 ^ mix(3))) ^ mix(9)));
        assert_eq!(word2(7, Domain::Start, 3, 4), 0x6A9C_449B_9DAE_30F8);
        let word = word(7, Domain::Normal, 0);
        assert_eq!(word, 0xAA2A_B982_C043_5E20);
        assert_eq!((unit::<f64>(word).to_bits(), unit::<f32>(word).to_bits()), (0x3FE5_4557_3058_086B, 0x3F2A_2AB9));
        let symmetric = (symmetric::<f64>(word).to_bits(), symmetric::<f32>(word).to_bits());
        assert_eq!(symmetric, (0x3FD5_155C_C160_21AC, 0x3EA8_AAE4));
        let (x, y): (f64, f64) = normal_pair(word);
        assert_eq!([x, y].map(f64::to_bits), [0x3F77_E8C1_BAFF_16A2, 0xBFEC_EB82_1890_D2EA]);
        let (x, y): (f32, f32) = normal_pair(word);
        assert_eq!([x, y].map(f32::to_bits), [0x3BBF_45DD, 0xBF67_5C10]);
        assert_eq!(
            [0, 1, 7, 1000, u64::MAX].map(|bound| below(word, bound)),
            [0, 0, 4, 664, 12_261_816_906_692_124_191]
        );
    }

    #[test]
    fn coins_are_uniform_and_can_be_gone_on_with() {
        let start = Coins::new(5, Domain::Guess, 3);
        let mut coins = start;
        let mut counts = [0u32; 7];
        (0..70_000).for_each(|_| counts[coins.below(7) as usize] += 1);
        // Chi-square with 6 degrees of freedom exceeds 45 with probability 5e-8.
        let chi2: f64 = counts.iter().map(|&c| (f64::from(c) - 1e4).powi(2) / 1e4).sum();
        assert!(chi2 < 45.0, "{chi2}");
        let (mut coins, mut first) = (start, [0; 4]);
        first.iter_mut().for_each(|x| *x = coins.below(1000));
        let mut later = Coins { taken: 2, ..start };
        assert_eq!([first[2], first[3]], [later.below(1000), later.below(1000)]);
        assert_eq!((first, coins.below(0)), ([432, 639, 56, 451], 0));
        // Nearly every second word is refused, and counted.
        let mut coins = start;
        (0..100).for_each(|_| assert!(coins.below((1 << 31) + 1) <= 1 << 31));
        assert!(coins.taken > 150);
    }

    #[test]
    fn normal_pairs_have_unit_variance() {
        let (mut sum, mut squares) = (0.0, 0.0);
        let n = 100_000;
        for i in 0..n / 2 {
            let (x, y): (f64, f64) = normal_pair(word(1, Domain::Normal, i));
            sum += x + y;
            squares += x * x + y * y;
        }
        // Six standard deviations: false alarm 2e-9 each.
        assert!(sum.abs() < 6.0 * (n as f64).sqrt());
        assert!((squares - n as f64).abs() < 6.0 * (2.0 * n as f64).sqrt());
    }
}
