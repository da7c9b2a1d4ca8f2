//! The loss of binary labels that an exponentially tailed function makes.

use super::{Loss, LossValue, Reduction, Tail, WeightedMean};
use crate::bands::Band;
use crate::dataset::Labels;
use crate::logspace::{self, LogReal};
use crate::margin;
use crate::model::Rows;
use ndarray::{ArrayView2, ArrayViewMut2};

/// sum_i e^-Phi(y_i f(x_i)) for labels -1 and +1, or its mean: one term a sample, for any [`Tail`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tailed<T> {
    tail: T,
    reduction: Reduction,
}

impl<T: Tail> Tailed<T> {
    /// The loss of this tail, joined as said.
    pub const fn with(tail: T, reduction: Reduction) -> Self {
        Self { tail, reduction }
    }

    /// Its tail.
    pub const fn tail(&self) -> &T {
        &self.tail
    }
}

impl<T: Tail + Default> Tailed<T> {
    /// The loss, joined as said.
    pub fn new(reduction: Reduction) -> Self {
        Self::with(T::default(), reduction)
    }

    /// The sum over samples, of which the theory speaks.
    pub fn sum() -> Self {
        Self::new(Reduction::Sum)
    }

    /// The mean over samples.
    pub fn mean() -> Self {
        Self::new(Reduction::Mean)
    }
}

/// The signs of binary labels.
///
/// # Panics
/// If the labels are classes: the caller checked when it joined loss, model and data.
fn signs(labels: &Labels) -> &[f64] {
    match labels {
        Labels::Binary(signs) => signs,
        Labels::Classes { .. } => panic!("a loss for labels -1 and +1 was given classes"),
    }
}

impl<T: Tail> Loss for Tailed<T> {
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
        let n = outputs.nrows();
        assert!(
            outputs.ncols() == 1 && margins.len() == n && ln_weights.len() == n,
            "a binary loss reads n x 1 outputs"
        );
        for ((q, f), y) in margins.iter_mut().zip(outputs.column(0)).zip(signs(labels)) {
            *q = y * f;
        }
        let divisor = self.reduction.divisor(n);
        // ln_weights holds ln l first, so that no scratch is needed
        for (w, &q) in ln_weights.iter_mut().zip(&*margins) {
            *w = -self.tail.phi(q);
        }
        let loss = LogReal::from_ln(logspace::log_sum_exp(ln_weights)) / divisor;
        for (w, &q) in ln_weights.iter_mut().zip(&*margins) {
            *w = self.tail.ln_weight(q) - divisor.ln();
        }
        let mean = WeightedMean::of(ln_weights, margin::smallest(margins).1, margins.iter().copied());
        LossValue { loss, slope: mean.sum, mean_margin: mean.mean, mean_excess: mean.excess }
    }

    /// -y_i weight_i / scale for the rows of the band.
    fn cotangent_into(
        &self,
        labels: &Labels,
        ln_weights: &[f64],
        band: &Band<'_>,
        mut cotangent: ArrayViewMut2<'_, f64>,
    ) {
        let y = signs(labels);
        let entry = |i: usize| -y[i] * logspace::exp(ln_weights[i] - band.scale.ln());
        match band.rows {
            Rows::All => cotangent.column_mut(0).iter_mut().enumerate().for_each(|(i, c)| *c = entry(i)),
            Rows::Subset(rows) => cotangent.column_mut(0).iter_mut().zip(rows).for_each(|(c, &i)| *c = entry(i)),
        }
    }

    fn ln_value(&self, q: f64) -> f64 {
        -self.tail.phi(q)
    }

    fn ln_weight(&self, q: f64) -> f64 {
        self.tail.ln_weight(q)
    }

    fn inverse(&self, ln_loss: f64) -> f64 {
        self.tail.inverse(-ln_loss)
    }

    fn value_at_zero(&self) -> f64 {
        self.tail.value_at_zero()
    }

    fn excess_factor(&self) -> Option<f64> {
        self.tail.excess_factor()
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}
