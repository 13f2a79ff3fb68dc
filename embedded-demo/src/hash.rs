//! A hash where a golden file has room for one number only.

/// A running hash of bits (FNV-1a over words).
#[derive(Clone, Copy, Debug)]
pub struct Hash(u64);

impl Hash {
    /// Of nothing.
    pub const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// Adds a word.
    pub const fn add(&mut self, bits: u64) {
        self.0 = (self.0 ^ bits).wrapping_mul(0x0000_0100_0000_01b3);
    }

    /// Adds a number. The sign and payload of a NaN are the only bits that machines may choose: all NaN count as one.
    pub fn add_f32(&mut self, x: f32) {
        self.add(if x.is_nan() { 0x7fc0_0000 } else { x.to_bits().into() });
    }

    /// Adds a number, as [`add_f32`](Self::add_f32) does.
    pub fn add_f64(&mut self, x: f64) {
        self.add(if x.is_nan() { 0x7ff8_0000_0000_0000 } else { x.to_bits() });
    }

    /// The hash so far.
    pub const fn value(self) -> u64 {
        self.0
    }
}
