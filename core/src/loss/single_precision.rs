//! A loss whose weights have the range of single precision.

use super::{Loss, LossValue, Reduction, WeightedMean};
use crate::bands::Band;
use crate::dataset::Labels;
use crate::logspace::LogReal;
use crate::margin;
use ndarray::{ArrayView2, ArrayViewMut2};

/// ln of 2^-150: what is smaller rounds to zero in single precision, 2^-149 being its smallest number.
const LN_SMALLEST: f64 = -150.0 * std::f64::consts::LN_2;
/// ln of 2^128: what is larger is infinite in single precision.
const LN_LARGEST: f64 = 128.0 * std::f64::consts::LN_2;

/// A loss as a program in single precision has it, as far as its range goes: a weight -l'(q) below 2^-150 is zero (for e^-q beyond q = 103.97), so
/// that training stops for ever once every weight is; one above 2^128 is infinite, which ends the run. All other arithmetic stays in double
/// precision, and values are those of the loss itself.
#[derive(Debug)]
pub struct SinglePrecisionWeights {
    inner: Box<dyn Loss>,
}

impl SinglePrecisionWeights {
    /// This loss with such weights.
    pub const fn of(inner: Box<dyn Loss>) -> Self {
        Self { inner }
    }
}

impl Loss for SinglePrecisionWeights {
    fn accepts(&self, labels: &Labels) -> bool {
        self.inner.accepts(labels)
    }

    fn terms_per_sample(&self, n_outputs: usize) -> usize {
        self.inner.terms_per_sample(n_outputs)
    }

    fn evaluate(
        &self,
        outputs: ArrayView2<'_, f64>,
        labels: &Labels,
        margins: &mut [f64],
        ln_weights: &mut [f64],
    ) -> LossValue {
        let value = self.inner.evaluate(outputs, labels, margins, ln_weights);
        let is_out_of_range = |w: &f64| *w < LN_SMALLEST || *w >= LN_LARGEST;
        if !ln_weights.iter().any(is_out_of_range) {
            return value;
        }
        ln_weights.iter_mut().filter(|w| **w < LN_SMALLEST).for_each(|w| *w = f64::NEG_INFINITY);
        let overflows = ln_weights.iter().any(|w| *w >= LN_LARGEST);
        let loss = if overflows { LogReal::from_ln(f64::INFINITY) } else { value.loss };
        let per_sample = ln_weights.len() / margins.len().max(1);
        let of_terms = (0..ln_weights.len()).map(|t| margins[t / per_sample]);
        let mean = WeightedMean::of(ln_weights, margin::smallest(margins).1, of_terms);
        LossValue { loss, slope: mean.sum, mean_margin: mean.mean, mean_excess: mean.excess }
    }

    fn cotangent_into(&self, labels: &Labels, ln_weights: &[f64], band: &Band<'_>, cotangent: ArrayViewMut2<'_, f64>) {
        self.inner.cotangent_into(labels, ln_weights, band, cotangent);
    }

    fn ln_value(&self, q: f64) -> f64 {
        self.inner.ln_value(q)
    }

    fn ln_weight(&self, q: f64) -> f64 {
        let ln_weight = self.inner.ln_weight(q);
        if ln_weight < LN_SMALLEST { f64::NEG_INFINITY } else { ln_weight }
    }

    fn inverse(&self, ln_loss: f64) -> f64 {
        self.inner.inverse(ln_loss)
    }

    fn value_at_zero(&self) -> f64 {
        self.inner.value_at_zero()
    }

    fn excess_factor(&self) -> Option<f64> {
        self.inner.excess_factor()
    }

    fn reduction(&self) -> Reduction {
        self.inner.reduction()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Exponential;
    use ndarray::Array2;

    fn evaluate(q: &[f64]) -> (LossValue, Vec<f64>) {
        let loss = SinglePrecisionWeights::of(Box::new(Exponential::sum()));
        let outputs = Array2::from_shape_vec((q.len(), 1), q.to_vec()).unwrap();
        let (mut margins, mut ln_weights) = (vec![0.0; q.len()], vec![0.0; q.len()]);
        let labels = Labels::Binary(vec![1.0; q.len()]);
        let value = loss.evaluate(outputs.view(), &labels, &mut margins, &mut ln_weights);
        (value, ln_weights)
    }

    #[test]
    fn weights_vanish_where_single_precision_ends() {
        // the conversion of the standard library is the reference
        for q in [0.0, 80.0, 103.0, 103.9, 103.97, 103.98, 120.0] {
            let (_, ln_weights) = evaluate(&[q]);
            let is_zero = (crate::logspace::exp(-q) as f32).abs() < f32::from_bits(1);
            assert_eq!(ln_weights[0] == f64::NEG_INFINITY, is_zero, "{q}");
        }
        let (value, ln_weights) = evaluate(&[200.0, 300.0]);
        assert!(ln_weights.iter().all(|w| *w == f64::NEG_INFINITY) && value.slope.is_zero());
        assert!((value.loss.ln() + 200.0).abs() < 1e-12, "the loss itself goes on");
        let (value, _) = evaluate(&[50.0, 300.0]);
        assert!((value.mean_margin - 50.0).abs() < 1e-12);
    }

    #[test]
    fn an_overflow_is_an_event() {
        assert!(!evaluate(&[-88.0]).0.loss.is_defective());
        assert!(evaluate(&[-89.0]).0.loss.is_defective());
    }
}
