//! Exponentially tailed losses in the log domain.
//!
//! A loss is a sum (or mean) of l(q) over terms: one term a sample for binary labels; for cross-entropy one for each pair
//! of a sample and a rival class. Nothing here ever forms a loss: values and weights are logarithms.
//!
//! [`Tail`] is a function l(q) = e^-Phi(q) of one margin, [`Tailed`] the loss of binary labels that it makes.

mod cross_entropy;
mod exponential;
mod logistic;
mod mean;
mod power_tail;
mod single_precision;
mod tail;
mod tailed;

pub use cross_entropy::CrossEntropy;
pub use exponential::{Exponential, ExponentialTail};
pub use logistic::{Logistic, LogisticTail};
pub use power_tail::PowerTail;
pub use single_precision::SinglePrecisionWeights;
pub use tail::{Tail, invert};
pub use tailed::Tailed;

pub(crate) use mean::WeightedMean;

use crate::bands::Band;
use crate::dataset::Labels;
use crate::logspace::LogReal;
use ndarray::{ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// A loss with an exponential tail, l(q) = e^-Phi(q) (Definition A.17 of Tsilivis et al.).
///
/// # Laws
/// Tested by [`laws::check_loss`](crate::laws): the cotangent against finite differences of ln L; the sandwich
/// l^-1(n l(q_min)) <= q_soft <= q_min; the inverse; the mean margin and Euler's identity; agreement of every formula on both sides of
/// its seams.
pub trait Loss: Debug + Send + Sync {
    /// Whether this is a loss for labels of this kind: signs, or classes.
    fn accepts(&self, labels: &Labels) -> bool;

    /// Terms that belong to one sample: one for binary labels, `n_outputs` for classes (the sample's own class has weight
    /// zero). Term t belongs to sample t / `terms_per_sample`.
    fn terms_per_sample(&self, n_outputs: usize) -> usize;

    /// Writes the margin q of each sample (n) and ln of each term's weight -l' (n x `terms_per_sample`, with the 1/n of a
    /// mean); returns ln L, ln of the sum of the weights, and the mean margin under them.
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

    /// ln l(q) for one margin over one rival.
    fn ln_value(&self, q: f64) -> f64;

    /// ln(-l'(q)): the logarithm of the weight of one margin over one rival.
    fn ln_weight(&self, q: f64) -> f64;

    /// l^-1(S) from ln S: the margin at which the loss is S.
    fn inverse(&self, ln_loss: f64) -> f64;

    /// l(0): once the SUM of losses is below it, the theory of the soft margin applies (assumption A3).
    fn value_at_zero(&self) -> f64;

    /// A number kappa with -l'(q) (q - q_0) <= kappa l(q_0) / e for all q >= q_0 >= 0, where one is known.
    fn excess_factor(&self) -> Option<f64>;

    /// Sum or mean.
    fn reduction(&self) -> Reduction;

    /// q_soft = l^-1 of the SUM of losses, from the loss as reduced: the numerator of the soft margin.
    fn soft_margin(&self, loss: LogReal, n_samples: usize) -> f64 {
        self.inverse((loss * self.reduction().divisor(n_samples)).ln())
    }

    /// l^-1(n l(q_min - ln(k - 1))): the least soft margin that n samples can have whose smallest margin is q_min, with k outputs (for
    /// binary labels, k = 1, the logarithm is 0). With q_soft <= q_min this is the sandwich that replaces Lemma A.7.
    fn least_soft_margin(&self, q_min: f64, n_samples: usize, n_outputs: usize) -> f64 {
        let rivals = (n_outputs as f64 - 1.0).max(1.0);
        self.inverse((n_samples as f64).ln() + self.ln_value(q_min - rivals.ln()))
    }

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
    /// sum_t w_t q_t / sum_t w_t over the terms t, w their weights: by Euler's identity <theta, -grad L> = degree slope `mean_margin`.
    /// NaN where every weight is zero.
    pub mean_margin: f64,
    /// sum_t w_t (q_t - q_min) / sum_t w_t >= 0, which is `mean_margin` - q_min without the cancellation.
    pub mean_excess: f64,
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
