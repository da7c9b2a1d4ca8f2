//! A family of losses whose logarithm is a power of the margin.

use super::Tail;
use crate::error::CoreError;
use crate::logspace;
use std::f64::consts::E;

/// Phi(q) = sgn(q) ((1 + |q|)^a - 1) / a with a > 0, so l(q) = e^-Phi(q) falls like e^{-q^a / a}.
///
/// Phi'(q) = (1 + |q|)^(a - 1); Phi^-1(p) = sgn(p) ((1 + a |p|)^(1/a) - 1). At a = 1 it is the exponential loss. Below one the tail is
/// heavier: more samples keep a weight, and the soft margin q_soft = Phi^-1(-ln sum) lies further from the smallest. Above one it is
/// lighter. All of them satisfy Definition A.17, and so lead to KKT points of the same margin problem.
///
/// Where Phi^-1 leaves the range of a double, which small a alone can reach, it is infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerTail {
    exponent: f64,
}

impl PowerTail {
    /// The tail of exponent a.
    ///
    /// # Errors
    /// If a is not a positive finite number.
    pub fn new(exponent: f64) -> Result<Self, CoreError> {
        if exponent.is_finite() && exponent > 0.0 {
            Ok(Self { exponent })
        } else {
            Err(CoreError::TailExponent { found: exponent })
        }
    }

    /// The exponent a.
    pub const fn exponent(&self) -> f64 {
        self.exponent
    }
}

/// (1 + u)^a - 1 for u >= 0, to full relative accuracy on both sides of (1 + u)^a = e.
fn power_minus_one(u: f64, a: f64) -> f64 {
    let ln = a * u.ln_1p();
    if ln < 1.0 { logspace::exp_m1(ln) } else { (1.0 + u).powf(a) - 1.0 }
}

impl Tail for PowerTail {
    fn phi(&self, q: f64) -> f64 {
        (power_minus_one(q.abs(), self.exponent) / self.exponent).copysign(q)
    }

    fn ln_derivative(&self, q: f64) -> f64 {
        (self.exponent - 1.0) * q.abs().ln_1p()
    }

    fn inverse(&self, p: f64) -> f64 {
        power_minus_one(self.exponent * p.abs(), self.exponent.recip()).copysign(p)
    }

    /// 1 for a <= 1, where Phi is concave; else 1 + 4 (a - 1) / e.
    ///
    /// With x = Phi(q) - Phi(q_0) a concave Phi has Phi'(q) (q - q_0) <= x, and x e^-x <= 1/e. For a > 1, q - q_0 <= x / Phi'(q_0) and
    /// Phi'(q) <= Phi'(q_0) (1 + (a - 1) x), and x^2 e^-x <= 4 / e^2.
    fn excess_factor(&self) -> Option<f64> {
        Some(1.0 + (self.exponent - 1.0).max(0.0) * 4.0 / E)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Labels;
    use crate::loss::{Exponential, Loss, Reduction, Tailed};
    use approx::assert_relative_eq;
    use ndarray::array;

    fn tail(exponent: f64) -> PowerTail {
        PowerTail::new(exponent).unwrap()
    }

    #[test]
    fn one_is_the_exponential_loss() {
        let (power, exponential) = (Tailed::with(tail(1.0), Reduction::Mean), Exponential::mean());
        for q in [-1e6, -3.0, -1e-9, 0.0, 1e-9, 0.7, 1.8, 40.0, 1e6] {
            assert_relative_eq!(power.ln_value(q), exponential.ln_value(q), max_relative = 4e-16);
            assert_relative_eq!(power.ln_weight(q), exponential.ln_weight(q), max_relative = 4e-16);
            assert_relative_eq!(power.inverse(-q), exponential.inverse(-q), max_relative = 4e-16);
        }
    }

    #[test]
    fn the_formula_is_exact_on_both_sides_of_its_seam() {
        // sqrt(1 + u) - 1 = u / (sqrt(1 + u) + 1)
        for u in [1e-300_f64, 1e-9, 0.1, 6.3, 6.38, 6.4, 7.0, 1e3, 1e12] {
            let exact = 2.0 * u / ((1.0 + u).sqrt() + 1.0);
            assert_relative_eq!(tail(0.5).phi(u), exact, max_relative = 6e-16);
            assert_eq!(tail(0.5).phi(-u), -tail(0.5).phi(u));
            // (1 + p / 2)^2 - 1 = p (1 + p / 4)
            assert_relative_eq!(tail(0.5).inverse(-u), -u * (1.0 + 0.25 * u), max_relative = 1e-15);
        }
    }

    #[test]
    fn a_loss_of_e_to_the_minus_million_is_an_ordinary_value() {
        let loss = Tailed::with(tail(0.5), Reduction::Sum);
        // Phi(q) = 1e6 at q = (1 + 5e5)^2 - 1
        let q = 500_001.0_f64.powi(2) - 1.0;
        assert_relative_eq!(loss.inverse(-1e6), q, max_relative = 1e-15);
        let labels = Labels::Binary(vec![1.0, -1.0]);
        let (mut margins, mut ln_weights) = ([0.0; 2], [0.0; 2]);
        let value = loss.evaluate(array![[q], [-q]].view(), &labels, &mut margins, &mut ln_weights);
        assert_relative_eq!(value.loss.ln(), -1e6 + 2f64.ln(), max_relative = 1e-15);
        assert_relative_eq!(value.slope.ln(), -1e6 + 2f64.ln() - 500_001.0_f64.ln(), max_relative = 1e-15);
        assert_eq!((value.mean_margin, value.mean_excess), (q, 0.0));
        let q_soft = loss.soft_margin(value.loss, 2);
        let lower = loss.least_soft_margin(q, 2, 1);
        assert!(q_soft < q && q_soft >= lower * (1.0 - 1e-15), "{lower} {q_soft} {q}");
    }

    #[test]
    fn an_exponent_is_positive_and_finite() {
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(PowerTail::new(wrong).unwrap_err().to_string().contains("exponent"));
        }
    }
}
