//! The logistic loss l(q) = ln(1 + e^-q): Phi(q) = -ln ln(1 + e^-q).

use super::{Tail, Tailed};
use crate::logspace::{ln_logistic, ln_logistic_weight, logistic_inverse};
use std::f64::consts::LN_2;

/// sum_i ln(1 + e^{-y_i f(x_i)}), or its mean. Soft margin: q_soft = -ln(e^S - 1) with S the sum.
pub type Logistic = Tailed<LogisticTail>;

/// Phi(q) = -ln ln(1 + e^-q).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogisticTail;

impl Tail for LogisticTail {
    fn phi(&self, q: f64) -> f64 {
        -ln_logistic(q)
    }

    fn ln_derivative(&self, q: f64) -> f64 {
        ln_logistic_weight(q) - ln_logistic(q)
    }

    fn ln_weight(&self, q: f64) -> f64 {
        ln_logistic_weight(q)
    }

    fn inverse(&self, p: f64) -> f64 {
        logistic_inverse(-p)
    }

    fn value_at_zero(&self) -> f64 {
        LN_2
    }

    /// 1 / ln 2, because -l'(q) <= e^-q and l(q) >= e^-q ln 2 for q >= 0.
    fn excess_factor(&self) -> Option<f64> {
        Some(LN_2.recip())
    }
}
