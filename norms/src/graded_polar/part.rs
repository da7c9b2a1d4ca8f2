//! A double with a binary exponent of its own, and its error.

use std::cmp::Ordering;
use steepest_core::logspace;

/// A sum below this multiple of its operands is a structural zero.
pub(super) const CUT: f64 = 1e-11;

/// The exponent of nothing.
pub(super) const NONE: i64 = i64::MIN / 8;

/// value * 2^exponent with 1 <= |value| < 2, known to error * 2^exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) value: f64,
    pub(super) exponent: i64,
    pub(super) error: f64,
}

/// The part that is zero.
pub(super) const NOTHING: Part = Part { value: 0.0, exponent: NONE, error: 0.0 };

impl Part {
    /// value * 2^exponent for any value that is finite and not zero.
    pub(super) fn new(value: f64, exponent: i64, error: f64) -> Self {
        let shift = exponent_of(value);
        let down = power_of_two(-shift);
        Self { value: value * down, exponent: exponent + shift, error: error * down }
    }

    /// x, for an x that is positive, finite and above 1e-300.
    pub(super) fn of(x: f64) -> Self {
        Self::new(x, 0, x * f64::EPSILON)
    }

    /// e^ln, right to the rounding of ln itself.
    pub(super) fn exp(ln: f64) -> Self {
        let (m, k) = logspace::exp_split(ln);
        Self::new(m, k, m * f64::EPSILON)
    }

    /// The number times a factor of ordinary size.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self::new(self.value * factor, self.exponent, (self.error + self.value.abs() * f64::EPSILON) * factor.abs())
    }

    /// The number times 2^shift.
    pub(super) fn shifted(self, shift: i64) -> Self {
        Self { exponent: self.exponent + shift, ..self }
    }

    /// ln of the magnitude.
    pub(super) fn ln(self) -> f64 {
        self.value.abs().ln() + logspace::ln_of_power_of_two(self.exponent)
    }

    /// The order of two magnitudes.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.exponent.cmp(&other.exponent).then(self.value.abs().total_cmp(&other.value.abs()))
    }

    /// self / other as a double; zero where that is below the range.
    pub(super) fn over(&self, other: &Self) -> f64 {
        self.value / other.value * power_of_two(self.exponent - other.exponent)
    }

    pub(super) fn times(self, other: Self) -> Self {
        let value = self.value * other.value;
        let error = self.error * other.value.abs() + other.error * self.value.abs() + value.abs() * f64::EPSILON;
        Self::new(value, self.exponent + other.exponent, error)
    }

    pub(super) fn minus(self) -> Self {
        Self { value: -self.value, ..self }
    }

    /// The sum of parts near 2^top, which is the largest exponent; nothing if it is a structural zero, or no more than their errors.
    pub(super) fn sum(parts: &[Self], top: i64) -> Option<Self> {
        if let [one] = parts {
            return Some(*one);
        }
        let (mut sum, mut size, mut error) = (0.0, 0.0_f64, 0.0);
        for p in parts {
            let scale = power_of_two(p.exponent - top);
            sum += p.value * scale;
            size += p.value.abs() * scale;
            error += p.error * scale;
        }
        let error = error + size * f64::EPSILON;
        if f64::abs(sum) <= (CUT * size).max(4.0 * error) { None } else { Some(Self::new(sum, top, error)) }
    }
}

/// The exponent of a double whose magnitude is normal.
fn exponent_of(x: f64) -> i64 {
    ((x.to_bits() >> 52) & 0x7ff) as i64 - 1023
}

/// 2^k; zero below the normal numbers, the largest power above the range.
pub(super) fn power_of_two(k: i64) -> f64 {
    if k < -1022 { 0.0 } else { f64::from_bits(((k.min(1023) + 1023) as u64) << 52) }
}
