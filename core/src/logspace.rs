//! Numbers known by their natural logarithm, and the only exponentials of the house.
//!
//! A loss of e^-1000000 is an ordinary [`LogReal`]. Everything that could underflow is computed from
//! logarithms; [`exp`] is called last, on a number that is known to be moderate.

#![expect(
    clippy::disallowed_methods,
    reason = "this module is the log domain: the one place where exponentials are taken"
)]

use std::ops::{Div, Mul};

/// A non-negative real number known by its natural logarithm; zero has ln = -inf.
///
/// Products and quotients are sums and differences of logarithms, so neither under- nor overflow exists below
/// |ln| = 1e308. A logarithm of size s is known to 1e-16 s, so the *relative* error of the number is 1e-16 s.
///
/// ```
/// use steepest_core::LogReal;
/// let loss = LogReal::from_ln(-1e6);
/// assert_eq!((loss * loss).ln(), -2e6);
/// assert_eq!(loss.value(), 0.0); // as a plain number it underflows
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct LogReal {
    ln: f64,
}

impl LogReal {
    /// The number zero: ln = -inf.
    pub const ZERO: Self = Self { ln: f64::NEG_INFINITY };
    /// The number one: ln = 0.
    pub const ONE: Self = Self { ln: 0.0 };

    /// The number e^ln.
    pub const fn from_ln(ln: f64) -> Self {
        Self { ln }
    }

    /// The number `value`, which must not be negative (a negative one gives NaN).
    pub fn from_value(value: f64) -> Self {
        Self { ln: value.ln() }
    }

    /// Its natural logarithm.
    pub const fn ln(self) -> f64 {
        self.ln
    }

    /// The plain number: zero or infinity where that under- or overflows.
    pub fn value(self) -> f64 {
        exp(self.ln)
    }

    /// Whether this is the number zero.
    pub fn is_zero(self) -> bool {
        self.ln == f64::NEG_INFINITY
    }

    /// Whether the logarithm is NaN or +inf: no number that a computation should end in.
    pub fn is_defective(self) -> bool {
        self.ln.is_nan() || self.ln == f64::INFINITY
    }

    /// The sum of two numbers: ln(e^a + e^b).
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (high, low) = if self.ln >= other.ln { (self.ln, other.ln) } else { (other.ln, self.ln) };
        if low == f64::NEG_INFINITY { Self { ln: high } } else { Self { ln: high + exp(low - high).ln_1p() } }
    }
}

impl Mul for LogReal {
    type Output = Self;

    /// Zero times anything is zero, also times infinity.
    fn mul(self, other: Self) -> Self {
        if self.is_zero() || other.is_zero() { Self::ZERO } else { Self { ln: self.ln + other.ln } }
    }
}

impl Div for LogReal {
    type Output = Self;

    /// Zero divided by anything but zero is zero; zero by zero is NaN.
    fn div(self, other: Self) -> Self {
        if self.is_zero() && !other.is_zero() { Self::ZERO } else { Self { ln: self.ln - other.ln } }
    }
}

/// Below this e^x is zero: half the smallest double is e^-745.13.
const ALL_IS_ZERO: f64 = -746.0;

/// e^x; what underflows to zero is not left to the library, whose way there is the slow one. Late in a run nearly all weights underflow.
#[inline]
pub fn exp(x: f64) -> f64 {
    if x < ALL_IS_ZERO { 0.0 } else { x.exp() }
}

/// e^x - 1, without cancellation near zero.
pub fn exp_m1(x: f64) -> f64 {
    x.exp_m1()
}

/// ln sum_i e^{x_i}, exact to rounding for any spread; -inf for an empty slice, NaN if an entry is NaN.
pub fn log_sum_exp(x: &[f64]) -> f64 {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, |a, b| if b > a || b.is_nan() { b } else { a });
    if !largest.is_finite() {
        return largest;
    }
    largest + x.iter().map(|&v| exp(v - largest)).sum::<f64>().ln()
}

/// ln(1 + e^x) ("softplus"), without overflow and to full relative accuracy.
pub fn ln_1p_exp(x: f64) -> f64 {
    if x > 0.0 { x + exp(-x).ln_1p() } else { exp(x).ln_1p() }
}

/// Beyond this margin e^-q is below half a unit in the last place of one, and log1p(e^-q) = e^-q in doubles.
const LOGISTIC_SEAM: f64 = 37.0;

/// ln ln(1 + e^-q): the logarithm of the logistic loss at margin q. Equals -q - e^-q/2 + ... for large q.
pub fn ln_logistic(q: f64) -> f64 {
    if q > LOGISTIC_SEAM { -q } else { ln_1p_exp(-q).ln() }
}

/// ln(1/(1 + e^q)): the logarithm of the logistic loss's weight -l'(q).
pub fn ln_logistic_weight(q: f64) -> f64 {
    -ln_1p_exp(q)
}

/// l^-1(S) = -ln(e^S - 1) of the logistic loss, from ln S. Equals -ln S - S/2 + ... for small S.
pub fn logistic_inverse(ln_s: f64) -> f64 {
    if ln_s < -LOGISTIC_SEAM {
        return -ln_s;
    }
    let s = exp(ln_s);
    if s > 1.0 { -(s + (-exp(-s)).ln_1p()) } else { -s.exp_m1().ln() }
}

/// The upper and lower part of ln 2: `LN_2_HIGH` + `LN_2_LOW` is ln 2 to twice the precision of a double.
const LN_2_HIGH: f64 = std::f64::consts::LN_2;
const LN_2_LOW: f64 = 2.319_046_813_846_3e-17;

/// Writes e^x as m 2^k with m in [0.7, 1.5): exact to the rounding of x itself. Beyond |x| = 2^52, where x itself does not know the mantissa,
/// m is one and k the nearest, at most 2^60 in size.
pub fn exp_split(x: f64) -> (f64, i64) {
    const LARGEST: i64 = 1 << 60;
    if x.abs() > (1_i64 << 52) as f64 {
        return (1.0, ((x / LN_2_HIGH) as i64).clamp(-LARGEST, LARGEST));
    }
    let k = (x / LN_2_HIGH).round();
    let rest = (-k).mul_add(LN_2_HIGH, x) - k * LN_2_LOW;
    (rest.exp(), k as i64)
}

/// k ln 2 for a binary exponent k.
pub fn ln_of_power_of_two(k: i64) -> f64 {
    let k = k as f64;
    k.mul_add(LN_2_HIGH, k * LN_2_LOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn log_sum_exp_is_exact_far_below_underflow() {
        assert_relative_eq!(log_sum_exp(&[-1e6, -1e6]), -1e6 + 2f64.ln(), max_relative = 1e-15);
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
        assert_eq!(log_sum_exp(&[f64::NEG_INFINITY; 3]), f64::NEG_INFINITY);
        assert!(log_sum_exp(&[0.0, f64::NAN, 1.0]).is_nan());
    }

    #[test]
    fn logistic_agrees_on_both_sides_of_its_seams() {
        // series: ln ln(1+z) = ln z - z/2 + 5 z^2/24 - ...
        for q in [20.0, 30.0, 36.9, 37.1, 50.0, 699.0, 701.0, 745.0, 1e4, 1e6] {
            let z = exp(-q);
            assert_relative_eq!(
                ln_logistic(q),
                -q - z / 2.0 + 5.0 * z * z / 24.0,
                max_relative = 2e-16,
                epsilon = 1e-15
            );
            assert_relative_eq!(ln_logistic_weight(q), -q - z + z * z / 2.0, max_relative = 2e-16, epsilon = 1e-15);
        }
        for q in [-1e6, -800.0, -3.0] {
            assert_relative_eq!(ln_logistic(q), (-q + (q.exp()).ln_1p()).ln(), max_relative = 1e-15);
        }
    }

    #[test]
    fn logistic_inverse_inverts() {
        for q in [-700.0, -5.0, -0.5, 0.0, 0.3, 5.0, 36.0, 37.5, 100.0, 800.0, 1e6] {
            assert_relative_eq!(logistic_inverse(ln_logistic(q)), q, max_relative = 1e-12, epsilon = 1e-14);
        }
    }

    #[test]
    fn what_underflows_is_the_same_zero() {
        for x in [-745.13, -745.14, -745.99, -746.0, -746.01, -1e9, f64::NEG_INFINITY, 0.0, 709.0, f64::INFINITY] {
            assert_eq!(exp(x).to_bits(), x.exp().to_bits());
        }
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn exp_split_saturates() {
        assert_eq!(exp_split(-1e300), (1.0, -(1 << 60)));
        assert_eq!(exp_split(1e17).0, 1.0);
    }

    #[test]
    fn exp_split_reassembles() {
        for x in [0.0, 1.0, -3.7, 690.0, -1e5, -1e6, 3e10] {
            let (m, k) = exp_split(x);
            assert!((0.7..1.5).contains(&m));
            assert_relative_eq!(m.ln() + ln_of_power_of_two(k), x, max_relative = 3e-16, epsilon = 3e-16);
        }
    }

    #[test]
    fn log_reals_add_and_multiply() {
        let a = LogReal::from_value(3.0);
        let b = LogReal::from_value(4.0);
        assert_relative_eq!(a.plus(b).value(), 7.0, max_relative = 1e-15);
        assert_relative_eq!((a * b).value(), 12.0, max_relative = 1e-15);
        assert_eq!(LogReal::ZERO.plus(a), a);
        assert!((LogReal::ZERO * LogReal::from_ln(f64::INFINITY)).is_zero());
    }
}
