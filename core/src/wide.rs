//! Numbers with an exponent of their own: a double's precision, and no end to its range.

use crate::logspace;

/// The number m 2^e with 1 <= |m| < 2, or zero as (0, 0).
///
/// A logarithm would lose 1e-11 of a number of size e^-50000; a mantissa with an integer exponent loses nothing.
///
/// ```
/// use steepest_core::Wide;
/// let tiny = Wide::new(3.0, -100_000);
/// assert_eq!((tiny * tiny).sqrt(), tiny);
/// assert_eq!((tiny + tiny).ratio(tiny), 2.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wide {
    mantissa: f64,
    exponent: i64,
}

impl Wide {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0.0, exponent: 0 };

    /// The number x 2^shift, for a finite x.
    pub fn new(x: f64, shift: i64) -> Self {
        let (mantissa, exponent) = split(x);
        Self { mantissa, exponent: if mantissa == 0.0 { 0 } else { exponent.saturating_add(shift) } }
    }

    /// From its parts as another one gave them.
    pub(crate) const fn from_parts(mantissa: f64, exponent: i64) -> Self {
        Self { mantissa, exponent }
    }

    /// The mantissa: 1 <= |m| < 2, or zero.
    pub const fn mantissa(self) -> f64 {
        self.mantissa
    }

    /// The binary exponent.
    pub const fn exponent(self) -> i64 {
        self.exponent
    }

    /// Whether this is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0.0
    }

    /// The plain number: zero or infinity where that under- or overflows.
    pub fn value(self) -> f64 {
        // in two steps, so that a subnormal result is rounded once
        let half = self.exponent / 2;
        self.mantissa * power_of_two(half) * power_of_two(self.exponent - half)
    }

    /// ln |x|; -inf for zero.
    pub fn ln_abs(self) -> f64 {
        if self.is_zero() {
            f64::NEG_INFINITY
        } else {
            self.mantissa.abs().ln() + logspace::ln_of_power_of_two(self.exponent)
        }
    }

    /// The square root of a number that is not negative.
    #[must_use]
    pub fn sqrt(self) -> Self {
        let odd = self.exponent.rem_euclid(2);
        Self::new((self.mantissa * power_of_two(odd)).sqrt(), (self.exponent - odd) / 2)
    }

    /// self / other as a plain number.
    pub fn ratio(self, other: Self) -> f64 {
        Self::new(self.mantissa / other.mantissa, self.exponent.saturating_sub(other.exponent)).value()
    }
}

impl std::ops::Add for Wide {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (mantissa, exponent) = sum((self.mantissa, self.exponent), (other.mantissa, other.exponent));
        Self { mantissa, exponent }
    }
}

impl std::ops::Mul for Wide {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::new(self.mantissa * other.mantissa, self.exponent.saturating_add(other.exponent))
    }
}

impl std::ops::Mul<f64> for Wide {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        Self::new(self.mantissa * factor, self.exponent)
    }
}

/// Writes x as m 2^e with 1 <= |m| < 2; zero as (0, 0); NaN and infinity as they are. Subnormal numbers too. Without a branch, so that a loop
/// over many is carried out on vectors.
#[inline(always)]
pub(crate) fn split(x: f64) -> (f64, i64) {
    const EXPONENT: u64 = 0x7ff << 52;
    const BIAS: i64 = 1023;
    const UP: f64 = (1_u128 << 64) as f64;
    let (x, up) = if x.abs() < f64::MIN_POSITIVE { (x * UP, 64) } else { (x, 0) };
    let biased = ((x.to_bits() & EXPONENT) >> 52) as i64;
    let has_exponent = biased != 0 && biased != 0x7ff;
    let mantissa = f64::from_bits((x.to_bits() & !EXPONENT) | (1023 << 52));
    (if has_exponent { mantissa } else { x }, if has_exponent { biased - BIAS - up } else { 0 })
}

/// The sum of two numbers (m, e) = m 2^e with 1 <= |m| < 2 or zero, as such a pair. Without a branch.
#[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
#[inline(always)]
pub(crate) fn sum(a: (f64, i64), b: (f64, i64)) -> (f64, i64) {
    // zero has no place among the exponents
    let place = |(m, e): (f64, i64)| if m == 0.0 { i64::MIN } else { e };
    let (ea, eb) = (place(a), place(b));
    let top = ea.max(eb);
    // what falls below the normal numbers is far below the last bit of the other
    let (m, e) = split(a.0 * down(ea.saturating_sub(top)) + b.0 * down(eb.saturating_sub(top)));
    (m, if m == 0.0 { 0 } else { e.saturating_add(top) })
}

/// 2^k for k <= 0; zero where that is no normal number. Without a branch.
#[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
#[inline(always)]
pub(crate) fn down(k: i64) -> f64 {
    f64::from_bits(((k.max(-1023) + 1023) as u64) << 52)
}

/// 2^k as a double: zero below the subnormal numbers, infinity above the largest.
pub(crate) fn power_of_two(k: i64) -> f64 {
    match k {
        ..-1074 => 0.0,
        -1074..-1022 => f64::from_bits(1 << (k + 1074)),
        -1022..1024 => f64::from_bits(((k + 1023) as u64) << 52),
        1024.. => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_handles_the_whole_range() {
        for x in [1.0, -1.5, 1e-320, f64::MIN_POSITIVE, 1e308, -3e-200] {
            let (m, e) = split(x);
            assert!((1.0..2.0).contains(&m.abs()));
            assert_eq!(Wide::new(x, 0).value(), x);
            assert_eq!(m * power_of_two(e / 2) * power_of_two(e - e / 2), x);
        }
    }

    #[test]
    fn arithmetic_agrees_with_doubles_and_goes_on_beyond_them() {
        for (a, b) in [(3.0, -4.5), (1e200, 1e-200), (0.0, 2.0), (-1.0, 1.0)] {
            let (x, y) = (Wide::new(a, 0), Wide::new(b, 0));
            assert_eq!((x + y).value(), a + b);
            assert_eq!((x * y).value(), a * b);
            assert_eq!((y + x), x + y);
        }
        let tiny = Wide::new(1.5, -2_000_000);
        assert_eq!((tiny * tiny).sqrt(), tiny);
        assert_eq!((tiny + Wide::new(1.5, -2_000_001)).ratio(tiny), 1.5);
        assert_eq!(tiny + Wide::new(1.0, 0), Wide::new(1.0, 0));
        for exponent in [-1050, -1080, -5000, 3000] {
            let x = Wide::new(1.75, exponent);
            assert_eq!((x + Wide::ZERO, Wide::ZERO + x), (x, x));
        }
        assert!(Wide::new(-3.0, 7).sqrt().value().is_nan() && (Wide::new(f64::NAN, 3) + tiny).value().is_nan());
        assert_eq!((Wide::new(2.0, 0) * -0.5).value(), -1.0);
    }
}
