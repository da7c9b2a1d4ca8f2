//! The mean of the margins under the weights of a loss.

use crate::logspace::{self, LogReal};

/// A sum of weights, and the mean of the margins under them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightedMean {
    /// sum_t w_t, the very bits of [`log_sum_exp`](logspace::log_sum_exp).
    pub(crate) sum: LogReal,
    /// sum_t w_t q_t / sum_t w_t.
    pub(crate) mean: f64,
    /// sum_t w_t (q_t - q_min) / sum_t w_t.
    pub(crate) excess: f64,
}

impl WeightedMean {
    /// From ln w_t, q_t and the smallest q_t, in one pass: every weight is divided by the heaviest first, so that nothing overflows, and the
    /// excess is summed by itself, so that nothing cancels. Terms of weight zero have no part, whatever their margin. Without any
    /// weight the sum is zero and the means are NaN; a weight that is NaN or infinite makes all three so.
    pub(crate) fn of(ln_weights: &[f64], smallest: f64, margins: impl Iterator<Item = f64>) -> Self {
        let heaviest =
            ln_weights.iter().copied().fold(f64::NEG_INFINITY, |a, b| if b > a || b.is_nan() { b } else { a });
        if !heaviest.is_finite() {
            return Self { sum: LogReal::from_ln(heaviest), mean: f64::NAN, excess: f64::NAN };
        }
        let (mut sum, mut excess) = (0.0, 0.0);
        for (&w, q) in ln_weights.iter().zip(margins) {
            let w = logspace::exp(w - heaviest);
            sum += w;
            if w > 0.0 {
                excess += w * (q - smallest);
            }
        }
        let excess = excess / sum;
        Self { sum: LogReal::from_ln(heaviest + sum.ln()), mean: smallest + excess, excess }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn means_are_exact_far_below_underflow() {
        let (q, ln) = ([1e6, 1e6 + 1.0, 1e6 + 50.0, 7.0], [-1e6, -1e6 - 1.0, -1e6 - 50.0, f64::NEG_INFINITY]);
        let found = WeightedMean::of(&ln, 1e6, q.into_iter());
        let (a, b) = (logspace::exp(-1.0), logspace::exp(-50.0));
        assert_relative_eq!(found.excess, (a + 50.0 * b) / (1.0 + a + b), max_relative = 1e-15);
        assert_eq!(found.mean, 1e6 + found.excess);
        assert_eq!(found.sum.ln(), logspace::log_sum_exp(&ln));
    }

    #[test]
    fn a_small_excess_is_not_lost_beside_the_margin() {
        let found = WeightedMean::of(&[0.0, -100.0], 1e3, [1e3, 1e3 + 100.0].into_iter());
        assert_relative_eq!(found.excess, 100.0 * logspace::exp(-100.0), max_relative = 1e-15);
    }

    #[test]
    fn no_weight_and_no_number_have_no_mean() {
        let nothing = WeightedMean::of(&[f64::NEG_INFINITY; 2], 1.0, [1.0, 1.0].into_iter());
        assert!(nothing.sum.is_zero() && nothing.mean.is_nan());
        assert!(WeightedMean::of(&[0.0, f64::NAN], 1.0, [1.0, 1.0].into_iter()).sum.ln().is_nan());
    }
}
