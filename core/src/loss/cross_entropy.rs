//! The cross-entropy of k classes: the logistic loss of each sample's softmin over its rivals.

use super::{LogisticTail, Loss, LossValue, Reduction, Tail, WeightedMean};
use crate::bands::Band;
use crate::dataset::Labels;
use crate::logspace::{self, LogReal, ln_logistic, ln_logistic_weight, logistic_inverse};
use crate::margin;
use crate::model::Rows;
use ndarray::{ArrayView2, ArrayViewMut2};

/// sum_i ln sum_k e^{f_k - f_{y_i}}, or its mean.
///
/// One term for each pair of a sample i and a rival class k, with margin q_ik = f_{y_i} - f_k and weight the softmax
/// probability of class k at sample i; q_i = min_k q_ik. With q~_i = -ln sum over rivals of e^{-q_ik} the loss is the logistic
/// loss of the q~_i, so q_soft = -ln(e^S - 1) with S the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrossEntropy {
    reduction: Reduction,
}

impl CrossEntropy {
    /// The cross-entropy, joined as said.
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

/// The classes of the labels.
///
/// # Panics
/// If the labels are signs: the caller checked when it joined loss, model and data.
fn classes(labels: &Labels) -> &[usize] {
    match labels {
        Labels::Classes { classes, .. } => classes,
        Labels::Binary(_) => panic!("the cross-entropy was given labels -1 and +1"),
    }
}

impl Loss for CrossEntropy {
    fn accepts(&self, labels: &Labels) -> bool {
        matches!(labels, Labels::Classes { .. })
    }

    fn terms_per_sample(&self, n_outputs: usize) -> usize {
        n_outputs
    }

    fn evaluate(
        &self,
        outputs: ArrayView2<'_, f64>,
        labels: &Labels,
        margins: &mut [f64],
        ln_weights: &mut [f64],
    ) -> LossValue {
        let (n, k) = outputs.dim();
        assert!(margins.len() == n && ln_weights.len() == n * k, "one margin a sample and one weight a pair");
        let divisor = self.reduction.divisor(n);
        let classes = classes(labels);
        for (i, (&y, terms)) in classes.iter().zip(ln_weights.chunks_exact_mut(k)).enumerate() {
            for (c, term) in terms.iter_mut().enumerate() {
                *term = if c == y { f64::NEG_INFINITY } else { outputs[(i, c)] - outputs[(i, y)] };
            }
            margins[i] = -terms.iter().copied().fold(f64::NEG_INFINITY, |a, b| if b > a || b.is_nan() { b } else { a });
        }
        // ln l of each sample, then the weights in place: ln s_ik = -q_ik - ln(1 + sum over rivals of e^-q_ij)
        let mut loss = LogReal::ZERO;
        for terms in ln_weights.chunks_exact_mut(k) {
            let ln_odds = logspace::log_sum_exp(terms);
            loss = loss.plus(LogReal::from_ln(ln_logistic(-ln_odds)));
            let shift = logspace::ln_1p_exp(ln_odds) + divisor.ln();
            terms.iter_mut().for_each(|t| *t -= shift);
        }
        let pairs =
            outputs.rows().into_iter().zip(classes).flat_map(|(f, &y)| f.into_iter().map(move |f_k| f[y] - f_k));
        let mean = WeightedMean::of(ln_weights, margin::smallest(margins).1, pairs);
        LossValue { loss: loss / divisor, slope: mean.sum, mean_margin: mean.mean, mean_excess: mean.excess }
    }

    fn cotangent_into(
        &self,
        labels: &Labels,
        ln_weights: &[f64],
        band: &Band<'_>,
        mut cotangent: ArrayViewMut2<'_, f64>,
    ) {
        let (classes, k) = (classes(labels), cotangent.ncols());
        cotangent.fill(0.0);
        let mut add = |row: usize, sample: usize, rival: usize| {
            let weight = logspace::exp(ln_weights[sample * k + rival] - band.scale.ln());
            cotangent[(row, rival)] += weight;
            cotangent[(row, classes[sample])] -= weight;
        };
        match (band.terms, band.rows) {
            (Some(terms), Rows::Subset(rows)) => {
                // terms come heaviest first: the light ones of the label's entry are added last
                for &t in terms {
                    if let Ok(row) = rows.binary_search(&(t / k)) {
                        add(row, t / k, t % k);
                    }
                }
            }
            _ => (0..classes.len() * k).filter(|t| t % k != classes[t / k]).for_each(|t| add(t / k, t / k, t % k)),
        }
    }

    fn ln_value(&self, q: f64) -> f64 {
        ln_logistic(q)
    }

    fn ln_weight(&self, q: f64) -> f64 {
        ln_logistic_weight(q)
    }

    fn inverse(&self, ln_loss: f64) -> f64 {
        logistic_inverse(ln_loss)
    }

    fn value_at_zero(&self) -> f64 {
        std::f64::consts::LN_2
    }

    /// That of the logistic loss: the weight of a pair is at most -l'(q_ik).
    fn excess_factor(&self) -> Option<f64> {
        LogisticTail.excess_factor()
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}
