//! Floats of 16 bits.

/// A float of 16 bits: a sign, 5 bits of exponent, 10 of mantissa. Every one is an `f64`.
pub(super) fn from_half(bits: u16) -> f64 {
    let (exponent, mantissa) = (bits >> 10 & 0x1f, f64::from(bits & 0x3ff) / 1024.0);
    // Powers of two, so that products are exact.
    let size = match exponent {
        0 => mantissa * 2f64.powi(-14),
        0x1f if mantissa == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + mantissa) * 2f64.powi(i32::from(exponent) - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_exact() {
        for (bits, number) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 2f64.powi(-24)),
            (0x0400, 2f64.powi(-14)),
            (0x3555, 0.333_251_953_125),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(from_half(bits), number, "{bits:#06x}");
        }
        assert!(from_half(0x7e00).is_nan() && from_half(0x8000).is_sign_negative());
        // Between two neighbours nothing but the order of the bits decides.
        assert!((0..0x7bff).all(|bits| from_half(bits) < from_half(bits + 1)));
    }
}
