//! The exponential loss l(q) = e^-q: Phi(q) = q.

use super::{Tail, Tailed};

/// sum_i e^{-y_i f(x_i)}, or its mean. Soft margin: q_soft = -ln(sum), within ln n of the smallest q.
pub type Exponential = Tailed<ExponentialTail>;

/// Phi(q) = q.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExponentialTail;

impl Tail for ExponentialTail {
    fn phi(&self, q: f64) -> f64 {
        q
    }

    fn ln_derivative(&self, _q: f64) -> f64 {
        0.0
    }

    fn ln_weight(&self, q: f64) -> f64 {
        -q
    }

    fn inverse(&self, p: f64) -> f64 {
        p
    }

    fn excess_factor(&self) -> Option<f64> {
        Some(1.0)
    }
}
