//! The exponential loss l(q) = e^-q: Phi(q) = q.

use super::{Loss, LossValue, Reduction, cotangent_binary, evaluate_binary};
use crate::bands::Band;
use crate::dataset::Labels;
use crate::logspace::LogReal;
use ndarray::{ArrayView2, ArrayViewMut2};

/// sum_i e^{-y_i f(x_i)}, or its mean. Soft margin: q_soft = -ln(sum), within ln n of the smallest q.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exponential {
    reduction: Reduction,
}

impl Exponential {
    /// The exponential loss, joined as said.
    pub const fn new(reduction: Reduction) -> Self {
        Self { reduction }
    }

    /// The sum over samples, of which the theory speaks.
    pub const fn sum() -> Self {
        Self::new(Reduction::Sum)
    }

    /// The mean over samples.
    pub const fn mean() -> Self {
        Self::new(Reduction::Mean)
    }
}

impl Loss for Exponential {
    fn accepts(&self, labels: &Labels) -> bool {
        matches!(labels, Labels::Binary(_))
    }

    fn terms_per_sample(&self, _n_outputs: usize) -> usize {
        1
    }

    fn evaluate(
        &self,
        outputs: ArrayView2<'_, f64>,
        labels: &Labels,
        margins: &mut [f64],
        ln_weights: &mut [f64],
    ) -> LossValue {
        evaluate_binary(outputs, labels, margins, ln_weights, self.reduction, |q| -q, |q| -q)
    }

    fn cotangent_into(&self, labels: &Labels, ln_weights: &[f64], band: &Band<'_>, cotangent: ArrayViewMut2<'_, f64>) {
        cotangent_binary(labels, ln_weights, band, cotangent);
    }

    fn soft_margin(&self, loss: LogReal, n_samples: usize) -> f64 {
        -(loss * self.reduction.divisor(n_samples)).ln()
    }

    fn value_at_zero(&self) -> f64 {
        1.0
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}
