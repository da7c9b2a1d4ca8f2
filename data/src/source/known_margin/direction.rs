//! The direction of the maximum margin and its dual vector, for each norm.

use crate::source::draw::{sign, without_replacement};
use crate::source::separable::{inner, unit_vector};
use ndarray::Array1;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// The norm of the weights that the margin is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginNorm {
    /// sum_j |w_j|; the dual norm is the largest |z_j|.
    L1,
    /// The Euclidean norm; its own dual.
    L2,
    /// The largest |w_j|; the dual norm is sum_j |z_j|.
    Linf,
}

impl MarginNorm {
    /// Its name, as in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::L1 => "l1",
            Self::L2 => "l2",
            Self::Linf => "linf",
        }
    }
}

/// A pair (w*, g) with |w*| = |g|_* = <w*, g> = 1.
pub(super) struct Direction {
    /// The direction of the maximum margin (d).
    pub(super) weights: Array1<f64>,
    /// Where the norm has its slope there (d).
    pub(super) dual: Array1<f64>,
}

impl Direction {
    /// Draws the pair in d dimensions; `sparsity` non-zero entries for l1.
    pub(super) fn draw<R: Rng>(norm: MarginNorm, n_inputs: usize, sparsity: usize, rng: &mut R) -> Self {
        match norm {
            MarginNorm::L2 => {
                let weights = unit_vector(n_inputs, rng);
                Self { dual: weights.clone(), weights }
            }
            MarginNorm::Linf => {
                let weights = Array1::from_shape_simple_fn(n_inputs, || sign(rng));
                Self { dual: &weights / n_inputs as f64, weights }
            }
            MarginNorm::L1 => {
                let (mut weights, mut dual) = (Array1::zeros(n_inputs), Array1::zeros(n_inputs));
                for input in without_replacement(rng, (0..n_inputs).collect(), sparsity, |_| true) {
                    dual[input] = sign(rng);
                    weights[input] = dual[input] * (0.5 + rng.random::<f64>());
                }
                let size: f64 = weights.iter().map(|w: &f64| w.abs()).sum();
                Self { weights: weights / size, dual }
            }
        }
    }

    /// Takes from t its part along w*, so that <w*, t> = 0; twice, so that rounding is all that is left.
    pub(super) fn flatten(&self, t: &mut Array1<f64>) {
        let square = inner(&self.weights, &self.weights);
        for _ in 0..2 {
            let along = inner(&self.weights, t) / square;
            t.zip_mut_with(&self.weights, |t, w| *t -= along * w);
        }
    }
}
