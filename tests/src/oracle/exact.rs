//! A judge in exact arithmetic: whether a bracket holds the eigenvalue of the rows as they are, without any rounding.
//!
//! Numbers of floats are integers times powers of two, so Gram matrices are, too, and the signs of the leading minors of a
//! shifted matrix count the eigenvalues below the shift (Sylvester's law of inertia).

use num_bigint::{BigInt, Sign};

/// `numerator * 2^exponent`.
#[derive(Clone, Debug)]
pub struct Dyadic {
    numerator: BigInt,
    exponent: i64,
}

impl Dyadic {
    /// The number that a float is.
    ///
    /// # Panics
    /// If it is not finite.
    pub fn new(x: f64) -> Self {
        assert!(x.is_finite(), "{x}");
        let bits = x.to_bits();
        let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52) & 0x7ff);
        let (magnitude, exponent) = if exponent == 0 { (fraction, 1) } else { (fraction | 1 << 52, exponent) };
        let numerator = BigInt::from(magnitude);
        let numerator = if x < 0.0 { -numerator } else { numerator };
        Self { numerator, exponent: i64::try_from(exponent).expect("11 bits") - 1075 }
    }

    fn at(&self, exponent: i64) -> BigInt {
        let shift = usize::try_from(self.exponent - exponent).expect("the least exponent");
        self.numerator.clone() << shift
    }

    /// Times a power of two.
    #[must_use]
    pub fn scaled(mut self, exponent: i64) -> Self {
        self.exponent += exponent;
        self
    }
}

/// `A'A` of rows, exactly: integers times one power of two.
#[derive(Clone, Debug)]
pub struct ExactGram {
    dim: usize,
    entries: Vec<BigInt>,
    exponent: i64,
}

impl ExactGram {
    /// Of rows of `dim` entries.
    ///
    /// # Panics
    /// If an entry is not finite.
    pub fn new<'a>(dim: usize, rows: impl Iterator<Item = &'a [f64]> + Clone) -> Self {
        let numbers: Vec<Dyadic> = rows.clone().flatten().map(|&x| Dyadic::new(x)).collect();
        let used = numbers.iter().filter(|x| x.numerator.sign() != Sign::NoSign);
        let least = used.map(|x| x.exponent).min().unwrap_or(0);
        let whole: Vec<BigInt> = numbers
            .iter()
            .map(|x| if x.numerator.sign() == Sign::NoSign { BigInt::ZERO } else { x.at(least) })
            .collect();
        let mut entries = vec![BigInt::ZERO; dim * dim];
        for row in whole.chunks_exact(dim) {
            for i in 0..dim {
                for j in 0..dim {
                    entries[i * dim + j] += &row[i] * &row[j];
                }
            }
        }
        Self { dim, entries, exponent: 2 * least }
    }

    /// Of the rows less their mean, as many as a power of two: `A'A - s s' / n` for the sum `s` of the rows.
    ///
    /// # Panics
    /// If an entry is not finite, or the number of rows is no power of two.
    pub fn centered<'a>(dim: usize, rows: impl Iterator<Item = &'a [f64]> + Clone) -> Self {
        let count = rows.clone().count();
        assert!(count.is_power_of_two(), "{count}");
        let mut gram = Self::new(dim, rows.clone());
        let least = gram.exponent / 2;
        let mut sums = vec![BigInt::ZERO; dim];
        for row in rows {
            for (sum, &x) in sums.iter_mut().zip(row) {
                if x != 0.0 {
                    *sum += Dyadic::new(x).at(least);
                }
            }
        }
        for i in 0..dim {
            for j in 0..dim {
                let entry = &mut gram.entries[i * dim + j];
                *entry = &*entry * count - &sums[i] * &sums[j];
            }
        }
        gram.exponent -= i64::from(count.trailing_zeros());
        gram
    }

    /// How many eigenvalues are below a number; one that is equal is not below.
    pub fn count_below(&self, shift: &Dyadic) -> usize {
        let common = self.exponent.min(shift.exponent);
        let up = usize::try_from(self.exponent - common).expect("the smaller one");
        // An eigenvalue that equals the shift must not decide: look a little below it.
        let shift = (shift.at(common) << 2000usize) - 1;
        let mut matrix: Vec<BigInt> = self.entries.iter().map(|x| x << (up + 2000)).collect();
        (0..self.dim).for_each(|i| matrix[i * self.dim + i] -= &shift);
        self.negative_eigenvalues(matrix)
    }

    /// Whether eigenvalue `index`, the largest first, is from one number to another.
    pub fn is_within(&self, index: usize, lower: &Dyadic, upper: &Dyadic) -> bool {
        // Of `dim` eigenvalues, `dim - index` are at most number `index`, itself among them.
        let at_most = self.dim - index;
        let above = |bound: &Dyadic| {
            let mut more = bound.clone();
            // The least number above, far below all that matters.
            more.numerator = (more.numerator << 2100usize) + 1;
            more.exponent -= 2100;
            more
        };
        self.count_below(lower) < at_most && self.count_below(&above(upper)) >= at_most
    }

    /// By fraction-free elimination with symmetric pivoting: each pivot is a ratio of minors.
    fn negative_eigenvalues(&self, mut matrix: Vec<BigInt>) -> usize {
        let dim = self.dim;
        let (mut before, mut negative) = (BigInt::from(1), 0);
        let mut sign_before = Sign::Plus;
        for k in 0..dim {
            // A pivot on the diagonal: the shift is no eigenvalue of any leading block but for unheard-of luck.
            let Some(pivot) = (k..dim).find(|&i| matrix[i * dim + i].sign() != Sign::NoSign) else {
                panic!("a block without a diagonal: choose another shift");
            };
            if pivot != k {
                (0..dim).for_each(|j| matrix.swap(k * dim + j, pivot * dim + j));
                (0..dim).for_each(|i| matrix.swap(i * dim + k, i * dim + pivot));
            }
            let sign = matrix[k * dim + k].sign();
            negative += usize::from(sign != sign_before);
            for i in k + 1..dim {
                for j in k + 1..dim {
                    let product =
                        &matrix[i * dim + j] * &matrix[k * dim + k] - &matrix[i * dim + k] * &matrix[k * dim + j];
                    matrix[i * dim + j] = product / &before;
                }
            }
            before = matrix[k * dim + k].clone();
            sign_before = sign;
        }
        negative
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_are_counted() {
        // [[2, 1], [1, 2]]: 1 and 3.
        let gram = ExactGram { dim: 2, entries: [2, 1, 1, 2].map(BigInt::from).to_vec(), exponent: 0 };
        for (x, below) in [(0.5, 0), (1.0, 0), (1.0 + 1e-15, 1), (2.5, 1), (3.0, 1), (3.5, 2)] {
            assert_eq!(gram.count_below(&Dyadic::new(x)), below, "{x}");
        }
        let within = |index, lower, upper| gram.is_within(index, &Dyadic::new(lower), &Dyadic::new(upper));
        assert!(within(0, 3.0, 3.0) && within(1, 1.0, 1.0) && within(0, 2.9, 3.1));
        assert!(!within(0, 3.1, 3.2) && !within(0, 2.0, 2.999) && !within(1, 0.0, 0.9));
    }

    #[test]
    fn floats_are_what_they_are() {
        let rows = [0.1f64, -3e-300, 5e100, 0.0];
        let gram = ExactGram::new(1, rows.chunks_exact(1));
        assert!(gram.is_within(0, &Dyadic::new(2.5e201 * 0.999_999), &Dyadic::new(2.5e201 * 1.000_001)));
        assert!(ExactGram::new(1, [3.0].chunks_exact(1)).is_within(0, &Dyadic::new(9.0), &Dyadic::new(9.0)));
    }
}
