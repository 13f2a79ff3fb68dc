//! Quantiles of Student's t distribution, for half-widths.

use crate::{Error, Rule};

/// Degrees of freedom from which on the expansion about the normal distribution has ten digits.
const MANY: u32 = 400;
/// Terms of the continued fraction at most; a few dozen are enough below [`MANY`] degrees.
const TERMS: u32 = 500;
/// Steps of Newton's iteration at most.
const STEPS: u32 = 60;

/// How far from its mean, in standard errors, does an estimate with few degrees of freedom lie?
///
/// # Example
/// ```
/// use sketchlet_core::regression::StudentT;
/// // A two-sided interval at 95 % with 10 degrees of freedom.
/// let t = StudentT::new(10).quantile(0.975)?;
/// assert!((t - 2.228_138_852).abs() < 1e-8);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
/// # Numerics
/// Relative error below 1e-9 for probabilities from 1e-12 to 1 - 1e-12, in `f64` on every target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StudentT {
    degrees: u32,
}

impl StudentT {
    /// The distribution with that many degrees of freedom.
    #[must_use]
    pub const fn new(degrees: u32) -> Self {
        Self { degrees }
    }

    /// The value that is exceeded with probability `1 - probability`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a probability outside (0, 1), or without degrees of freedom.
    pub fn quantile(self, probability: f64) -> Result<f64, Error> {
        let fail = |name, rule| Err(Error::Parameter { name, rule });
        match () {
            () if self.degrees == 0 => fail(&"degrees", Rule::POSITIVE),
            () if !(probability > 0.0 && probability < 1.0) => fail(&"probability", Rule::FRACTION),
            () if probability < 0.5 => Ok(-self.upper(probability)),
            () => Ok(self.upper(1.0 - probability)),
        }
    }

    /// The value that is exceeded with probability `tail`, at most one half.
    pub(super) fn upper(self, tail: f64) -> f64 {
        let normal = normal_upper(tail);
        if normal <= 0.0 {
            return 0.0;
        }
        let expanded = expand(normal, f64::from(self.degrees));
        match self.degrees {
            1 => 1.0 / libm::tan(core::f64::consts::PI * tail),
            2 => (1.0 - 2.0 * tail) / libm::sqrt(2.0 * tail * (1.0 - tail)),
            MANY.. => expanded,
            _ => self.refine(expanded.max(normal), tail),
        }
    }

    /// Newton's iteration on the logarithm of the tail, which is nearly linear in the logarithm of `t`.
    fn refine(self, start: f64, tail: f64) -> f64 {
        let degrees = f64::from(self.degrees);
        // ln of 1 / (sqrt(degrees) B(degrees / 2, 1 / 2)).
        let beta = libm::lgamma(0.5 * degrees) + libm::lgamma(0.5) - libm::lgamma(0.5 * degrees + 0.5);
        let mut t = start;
        for _ in 0..STEPS {
            let found = upper_tail(t, degrees, beta);
            let density =
                libm::exp(-beta - 0.5 * libm::log(degrees) - 0.5 * (degrees + 1.0) * libm::log1p(t * t / degrees));
            let step = libm::log(found / tail) * found / (density * t);
            t *= libm::exp(step.clamp(-1.0, 1.0));
            if step.abs() < 1e-13 {
                break;
            }
        }
        t
    }
}

/// Probability above `t`: half the incomplete beta function at `degrees / (degrees + t^2)`.
fn upper_tail(t: f64, degrees: f64, beta: f64) -> f64 {
    let (a, b, x) = (0.5 * degrees, 0.5, degrees / (degrees + t * t));
    // x^a (1 - x)^b / B(a, b).
    let front = libm::exp(a * libm::log(x) + b * libm::log1p(-x) - beta);
    if x < (a + 1.0) / (a + b + 2.0) {
        0.5 * front * fraction(a, b, x) / a
    } else {
        0.5 - 0.5 * front * fraction(b, a, 1.0 - x) / b
    }
}

/// The continued fraction of the incomplete beta function, by the method of Lentz.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let guard = |x: f64| if x.abs() < 1e-300 { 1e-300 } else { x };
    let (mut c, mut d) = (1.0, 1.0 / guard(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in 1..TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        value *= d * c;
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// The normal value that is exceeded with probability `tail`, at most one half: a rational guess, then Halley's iteration.
pub(super) fn normal_upper(tail: f64) -> f64 {
    if tail >= 0.5 {
        return 0.0;
    }
    // Hastings' approximation, to 4.5e-4.
    let u = libm::sqrt(-2.0 * libm::log(tail));
    let mut z =
        u - ((0.010_328 * u + 0.802_853) * u + 2.515_517) / (((0.001_308 * u + 0.189_269) * u + 1.432_788) * u + 1.0);
    for _ in 0..3 {
        let above = 0.5 * libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2);
        let density = libm::exp(-0.5 * z * z) * 0.398_942_280_401_432_7;
        let newton = (above - tail) / density;
        z += newton / (1.0 - 0.5 * z * newton);
    }
    z
}

/// Cornish and Fisher: the quantile for many degrees of freedom from the normal one, to the fourth order in their inverse.
fn expand(z: f64, degrees: f64) -> f64 {
    let z2 = z * z;
    let g1 = (z2 + 1.0) / 4.0;
    let g2 = ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
    let g3 = (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
    let g4 = ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92_160.0;
    z * ((((g4 / degrees + g3) / degrees + g2) / degrees + g1) / degrees + 1.0)
}

#[cfg(test)]
#[allow(clippy::unreadable_literal, reason = "digits of another implementation")]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_an_independent_implementation() {
        // scipy.stats.t.isf(tail, degrees), to all its digits.
        let table = [
            (1, 0.025, 12.706204736174705),
            (2, 1e-06, 707.1057205259339),
            (3, 0.003125, 6.895230518289815),
            (3, 1e-10, 2225.769284683093),
            (4, 0.3, 0.5686490630497053),
            (8, 0.003125, 3.676567780902181),
            (10, 1e-12, 40.5320961786626),
            (30, 0.025, 2.042272456301238),
            (56, 0.003125, 2.8415976537902834),
            (120, 1e-08, 6.015096035439609),
            (399, 1e-05, 4.316717151778246),
            (400, 1e-05, 4.316586208440439),
            (1000, 1e-09, 6.053690272079834),
            (20000, 0.01, 2.326534342053274),
        ];
        for (degrees, tail, expected) in table {
            let found = StudentT::new(degrees).upper(tail);
            assert!((found / expected - 1.0).abs() < 1e-9, "{degrees} {tail}: {found} instead of {expected}");
        }
    }

    #[test]
    fn quantiles_are_found_down_to_the_least_tail() {
        for degrees in [1u32, 2, 4, 5, 8, 30, 100, 399] {
            let d = f64::from(degrees);
            let beta = libm::lgamma(0.5 * d) + libm::lgamma(0.5) - libm::lgamma(0.5 * d + 0.5);
            for tail in [1e-12, 1e-20, 1e-50, 1e-99] {
                let t = StudentT::new(degrees).upper(tail);
                let found = upper_tail(t, d, beta);
                assert!((found / tail - 1.0).abs() < 1e-6, "{degrees} {tail}: {t} {found}");
            }
        }
        // The expansion begins where it is good to a few digits even there.
        let (below, above) = (StudentT::new(MANY - 1).upper(1e-99), StudentT::new(MANY).upper(1e-99));
        assert!(above < below && above > 0.99 * below, "{below} {above}");
    }

    #[test]
    fn quantiles_are_odd_and_grow() {
        for degrees in [1, 2, 3, 8, 57, 399, 400, 5000] {
            let t = StudentT::new(degrees);
            assert_eq!(t.quantile(0.5), Ok(0.0));
            let mut last = 0.0;
            for step in 1..60 {
                let tail = 0.5 * libm::exp(-0.4 * f64::from(step));
                let found = t.upper(tail);
                assert!(found > last, "{degrees} {tail}");
                last = found;
            }
            assert_eq!(t.quantile(0.25).unwrap(), -t.quantile(0.75).unwrap());
        }
    }

    #[test]
    fn few_and_many_degrees_meet() {
        for tail in [0.4, 0.1, 1e-3, 1e-6, 1e-9] {
            let (below, above) = (StudentT::new(MANY - 1).upper(tail), StudentT::new(MANY).upper(tail));
            // The true quantile changes by about g1 / degrees^2.
            let z = normal_upper(tail);
            let change = z * (z * z + 1.0) / 4.0 / f64::from(MANY * (MANY - 1));
            assert!((below - above - change).abs() < 0.1 * change, "{tail}: {below} {above}");
        }
    }

    #[test]
    fn probabilities_outside_the_open_interval_are_refused() {
        for p in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(matches!(StudentT::new(3).quantile(p), Err(Error::Parameter { name: &"probability", .. })));
        }
        assert!(matches!(StudentT::new(0).quantile(0.9), Err(Error::Parameter { name: &"degrees", .. })));
    }
}
