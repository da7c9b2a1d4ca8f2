//! How the norms of several parts become one number: the lp norm of the list of them.

use crate::error::NormError;
use serde::{Deserialize, Serialize};
use steepest_core::{LogReal, logspace, vector};

/// Two numbers closer than this factor are a tie, of which the first is taken: rounding cannot decide it.
pub(crate) const NEAR: f64 = 1.0 - 1e-12;

/// How the norms of the parts of a vector are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// The largest of them.
    #[default]
    Max,
    /// Their sum.
    Sum,
    /// The root of the sum of their squares.
    L2,
}

impl Join {
    /// The exponent of the lp norm that this join is: infinity, 1 or 2.
    pub const fn exponent(self) -> f64 {
        match self {
            Self::Max => f64::INFINITY,
            Self::Sum => 1.0,
            Self::L2 => 2.0,
        }
    }

    /// Its name in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Sum => "sum",
            Self::L2 => "l2",
        }
    }

    /// Whether this is the join that a configuration need not name.
    pub const fn is_max(&self) -> bool {
        matches!(self, Self::Max)
    }
}

/// An exponent from 1 to infinity.
///
/// # Errors
/// If it is not.
pub(crate) fn exponent(field: &'static str, p: f64) -> Result<f64, NormError> {
    if p >= 1.0 { Ok(p) } else { Err(NormError::Parameter { field, found: p, expected: "a number from 1 to inf" }) }
}

/// The q with 1/p + 1/q = 1.
pub(crate) fn conjugate(p: f64) -> f64 {
    match p {
        1.0 => f64::INFINITY,
        f64::INFINITY => 1.0,
        p => p / (p - 1.0),
    }
}

/// A non-negative number e^ln 2^exponent. The logarithm is moderate, so that a quotient of two numbers is exact to rounding however
/// small both are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Size {
    pub(crate) ln: f64,
    pub(crate) exponent: i64,
}

impl Size {
    pub(crate) const ZERO: Self = Self { ln: f64::NEG_INFINITY, exponent: 0 };

    pub(crate) fn from_value(value: f64) -> Self {
        Self { ln: value.ln(), exponent: 0 }
    }

    pub(crate) fn is_zero(self) -> bool {
        self.ln == f64::NEG_INFINITY
    }

    pub(crate) fn times(self, factor: f64) -> Self {
        Self { ln: self.ln + factor.ln(), ..self }
    }

    /// ln(self / other) for another that is not zero.
    pub(crate) fn ln_ratio(self, other: Self) -> f64 {
        self.ln - other.ln + logspace::ln_of_power_of_two(self.exponent - other.exponent)
    }

    pub(crate) fn log(self) -> LogReal {
        LogReal::from_ln(self.ln) * LogReal::from_ln(logspace::ln_of_power_of_two(self.exponent))
    }
}

/// A maximiser of sum_l w_l a_l over |w|_p <= 1.
#[derive(Debug)]
pub(crate) struct Joint {
    /// The maximum, |a|_q with 1/p + 1/q = 1.
    pub(crate) total: Size,
    /// The w, zero where a is.
    pub(crate) weights: Vec<f64>,
    /// How many other numbers tie with the one that is chosen, for p = 1.
    pub(crate) near_ties: u32,
}

/// The maximiser for non-negative numbers: p = 1 gives the largest one all the weight, of near ties the first; p = infinity gives weight
/// one to all that are not zero. NaN makes everything NaN.
pub(crate) fn maximise(p: f64, sizes: &[Size]) -> Joint {
    let mut largest = Size::ZERO;
    for &size in sizes {
        if size.ln.is_nan() {
            return Joint { total: size, weights: vec![f64::NAN; sizes.len()], near_ties: 0 };
        }
        if !size.is_zero() && (largest.is_zero() || size.ln_ratio(largest) > 0.0) {
            largest = size;
        }
    }
    if largest.is_zero() {
        return Joint { total: largest, weights: vec![0.0; sizes.len()], near_ties: 0 };
    }
    let ratios: Vec<f64> =
        sizes.iter().map(|s| if s.is_zero() { f64::NEG_INFINITY } else { s.ln_ratio(largest) }).collect();
    match p {
        1.0 => first_of_largest(sizes, &ratios),
        f64::INFINITY => {
            let weights = ratios.iter().map(|r| f64::from(u8::from(*r > f64::NEG_INFINITY))).collect();
            let sum: f64 = ratios.iter().map(|&r| logspace::exp(r)).sum();
            Joint { total: largest.times(sum), weights, near_ties: 0 }
        }
        p => powers(p, largest, &ratios),
    }
}

fn first_of_largest(sizes: &[Size], ratios: &[f64]) -> Joint {
    let near = |r: &f64| *r >= NEAR.ln();
    let first = ratios.iter().position(near).unwrap_or(0);
    let mut weights = vec![0.0; sizes.len()];
    weights[first] = 1.0;
    Joint { total: sizes[first], weights, near_ties: ratios.iter().filter(|r| near(r)).count() as u32 - 1 }
}

/// w_l = (a_l / |a|_q)^(q-1), from ln(a_l / max a).
fn powers(p: f64, largest: Size, ratios: &[f64]) -> Joint {
    let q = conjugate(p);
    let sum: f64 = ratios.iter().map(|r| logspace::exp(q * r)).sum();
    let size = sum.powf(p.recip());
    let weights = ratios.iter().map(|r| logspace::exp((q - 1.0) * r) / size).collect();
    Joint { total: largest.times(sum.powf(q.recip())), weights, near_ties: 0 }
}

/// |a|_p of non-negative numbers, NaN if one is.
pub(crate) fn norm(p: f64, a: &[f64]) -> f64 {
    let largest = a.iter().copied().fold(0.0, |m: f64, v| if m.is_nan() || m >= v { m } else { v });
    match p {
        _ if largest == 0.0 || !largest.is_finite() => largest,
        1.0 => a.iter().sum(),
        2.0 => vector::euclidean_norm(a),
        f64::INFINITY => largest,
        p => largest * a.iter().map(|v| (v / largest).powf(p)).sum::<f64>().powf(p.recip()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximiser_has_norm_one_and_attains_the_dual() {
        let values = [3.0, 0.0, 2.0, 1e-4];
        let sizes = values.map(Size::from_value);
        for p in [1.0, 1.001, 1.5, 2.0, 7.0, 100.0, f64::INFINITY] {
            let joint = maximise(p, &sizes);
            let attained = vector::dot(&joint.weights, &values);
            assert!((norm(p, &joint.weights) - 1.0).abs() < 1e-13, "p = {p}");
            assert!((attained / norm(conjugate(p), &values) - 1.0).abs() < 1e-13, "p = {p}");
            assert!((attained / joint.total.log().value() - 1.0).abs() < 1e-13, "p = {p}");
        }
    }

    #[test]
    fn ties_are_found_far_below_one() {
        let at = |value: f64, exponent| Size { exponent, ..Size::from_value(value) };
        let joint = maximise(1.0, &[at(1.0, -90_000), at(1.0 + 1e-13, -90_000), at(1.9, -90_001)]);
        assert_eq!((joint.weights[0], joint.near_ties), (1.0, 1));
        assert_eq!(maximise(1.0, &[at(1.0, -90_000), at(1.0 + 1e-11, -90_000)]).weights, [0.0, 1.0]);
        assert!(maximise(2.0, &[at(f64::NAN, 0), at(1.0, 0)]).weights[1].is_nan());
    }
}
