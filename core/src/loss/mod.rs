//! Exponentially tailed losses in the log domain.
//!
//! A loss is a sum (or mean) of l(q) over terms: one term a sample for binary labels; for cross-entropy one for each pair
//! of a sample and a rival class. Nothing here ever forms a loss: values and weights are logarithms.

mod cross_entropy;
mod exponential;
mod logistic;

pub use cross_entropy::CrossEntropy;
pub use exponential::Exponential;
pub use logistic::Logistic;

use crate::bands::Band;
use crate::dataset::Labels;
use crate::logspace::{self, LogReal};
use crate::model::Rows;
use ndarray::{ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// A loss with an exponential tail, l(q) = e^-Phi(q) (Definition A.17 of Tsilivis et al.).
///
/// # Laws
/// Tested by [`laws::check_loss`](crate::laws): the cotangent against finite differences of ln L; the sandwich
/// l^-1(n l(q_min)) <= q_soft <= q_min; the inverse; agreement of every formula on both sides of its seams.
pub trait Loss: Debug + Send + Sync {
    /// Whether this is a loss for labels of this kind: signs, or classes.
    fn accepts(&self, labels: &Labels) -> bool;

    /// Terms that belong to one sample: one for binary labels, `n_outputs` for classes (the sample's own class has weight
    /// zero). Term t belongs to sample t / `terms_per_sample`.
    fn terms_per_sample(&self, n_outputs: usize) -> usize;

    /// Writes the margin q of each sample (n) and ln of each term's weight -l' (n x `terms_per_sample`, with the 1/n of a
    /// mean); returns ln L and ln of the sum of the weights.
    ///
    /// # Panics
    /// If the labels are not of the kind that this loss is for, or a length is wrong.
    fn evaluate(
        &self,
        outputs: ArrayView2<'_, f64>,
        labels: &Labels,
        margins: &mut [f64],
        ln_weights: &mut [f64],
    ) -> LossValue;

    /// Writes the cotangent on the outputs (one row for each row of the band) of one band of terms, relative to the band's
    /// scale: -(sum over the band's terms of weight / scale * d margin / d outputs).
    fn cotangent_into(&self, labels: &Labels, ln_weights: &[f64], band: &Band<'_>, cotangent: ArrayViewMut2<'_, f64>);

    /// q_soft = l^-1 of the SUM of losses, from the loss as reduced: the numerator of the soft margin.
    fn soft_margin(&self, loss: LogReal, n_samples: usize) -> f64;

    /// l(0): once the SUM of losses is below it, the theory of the soft margin applies (assumption A3).
    fn value_at_zero(&self) -> f64;

    /// Sum or mean.
    fn reduction(&self) -> Reduction;

    /// The loss, as reduced, below which the theory of the soft margin applies.
    fn theory_threshold(&self, n_samples: usize) -> LogReal {
        LogReal::from_value(self.value_at_zero()) / self.reduction().divisor(n_samples)
    }
}

/// What one evaluation of a loss gives besides margins and weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossValue {
    /// The loss as reduced.
    pub loss: LogReal,
    /// The sum of the weights, -sum_i l'(q_i) as reduced.
    pub slope: LogReal,
}

/// How the terms are joined. The theory speaks of the sum; the mean is the same run at a learning rate divided by n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// sum_i l(q_i).
    #[default]
    Sum,
    /// 1/n sum_i l(q_i).
    Mean,
}

impl Reduction {
    /// What the sum is divided by: one, or n.
    pub fn divisor(self, n_samples: usize) -> LogReal {
        match self {
            Self::Sum => LogReal::ONE,
            Self::Mean => LogReal::from_value(n_samples as f64),
        }
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

/// Margins y f and weights of a binary loss, from ln l and ln -l' as functions of the margin.
fn evaluate_binary(
    outputs: ArrayView2<'_, f64>,
    labels: &Labels,
    margins: &mut [f64],
    ln_weights: &mut [f64],
    reduction: Reduction,
    ln_loss: impl Fn(f64) -> f64,
    ln_weight: impl Fn(f64) -> f64,
) -> LossValue {
    let n = outputs.nrows();
    assert!(outputs.ncols() == 1 && margins.len() == n && ln_weights.len() == n, "a binary loss reads n x 1 outputs");
    for ((q, f), y) in margins.iter_mut().zip(outputs.column(0)).zip(signs(labels)) {
        *q = y * f;
    }
    let divisor = reduction.divisor(n);
    // ln_weights holds ln l first, so that no scratch is needed
    for (w, &q) in ln_weights.iter_mut().zip(&*margins) {
        *w = ln_loss(q);
    }
    let loss = LogReal::from_ln(logspace::log_sum_exp(ln_weights)) / divisor;
    for (w, &q) in ln_weights.iter_mut().zip(&*margins) {
        *w = ln_weight(q) - divisor.ln();
    }
    LossValue { loss, slope: LogReal::from_ln(logspace::log_sum_exp(ln_weights)) }
}

/// -y_i weight_i / scale for the rows of a band: the cotangent of a binary loss.
fn cotangent_binary(labels: &Labels, ln_weights: &[f64], band: &Band<'_>, mut cotangent: ArrayViewMut2<'_, f64>) {
    let y = signs(labels);
    let entry = |i: usize| -y[i] * logspace::exp(ln_weights[i] - band.scale.ln());
    match band.rows {
        Rows::All => cotangent.column_mut(0).iter_mut().enumerate().for_each(|(i, c)| *c = entry(i)),
        Rows::Subset(rows) => cotangent.column_mut(0).iter_mut().zip(rows).for_each(|(c, &i)| *c = entry(i)),
    }
}
