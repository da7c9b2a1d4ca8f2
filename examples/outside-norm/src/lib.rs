//! The top-k norm: steepest descent in it moves the k entries of largest gradient, all by the same length.

use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use steepest_core::{GradedView, LogReal, Norm, ParameterLayout, Steepest, vector};
use steepest_norms::{BuildNorm, NormError, NormInfo, NormLabel};

/// Two magnitudes closer than this factor are a tie, which rounding cannot decide.
const NEAR: f64 = 1.0 - 1e-12;

/// N(x) = max(max_j |x_j|, (sum_j |x_j|) / k) on R^dim; N*(g) = the sum of the k largest |g_j|.
///
/// Steepest direction: the signs of the k largest |g_j|, zero elsewhere, so that k = 1 is coordinate descent and k = dim sign descent.
/// Entries are compared with their exponents, however far below a double's range they lie. Of those within a relative 1e-12 of the k-th
/// largest the lowest indices are taken, and those that are not are counted as near ties. An entry that is zero stays, so fewer than k may
/// move; zero maps to zero. NaN makes everything NaN.
///
/// Subgradient: sign(x) / k where the sum decides, also at a tie with the maximum; else the sign of the largest entry, of those within a
/// relative 1e-12 the first. At zero it is zero.
///
/// A steepest direction costs a selection, O(dim), and a list of dim indices. A k above dim is the l-infinity norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopK {
    k: NonZeroUsize,
    dim: usize,
}

impl TopK {
    /// The norm of this k on R^dim.
    pub const fn new(k: NonZeroUsize, dim: usize) -> Self {
        Self { k, dim }
    }

    /// Writes the direction; returns the number of near ties.
    fn select(self, g: GradedView<'_>, direction: &mut [f64]) -> u32 {
        for (j, u) in direction.iter_mut().enumerate() {
            *u = g.sign(j);
        }
        let k = self.k.get();
        if k >= self.dim {
            return 0;
        }
        let mut order: Vec<usize> = (0..self.dim).collect();
        let (_, &mut last, _) = order.select_nth_unstable_by(k - 1, |&i, &j| g.cmp_abs(j, i));
        let last = g.wide(last);
        if last.is_zero() {
            return 0;
        }
        // |g_j| / |g_last|, a quotient of numbers with exponents: no logarithm loses its digits
        let ratio = |j: usize| g.wide(j).ratio(last).abs();
        let (mut free, mut near_ties) = (k - (0..self.dim).filter(|&j| ratio(j) * NEAR > 1.0).count(), 0);
        for (j, u) in direction.iter_mut().enumerate() {
            let ratio = ratio(j);
            if ratio * NEAR > 1.0 {
                continue;
            }
            let is_near = ratio >= NEAR;
            if is_near && free > 0 {
                free -= 1;
            } else {
                *u = 0.0;
                near_ties += u32::from(is_near);
            }
        }
        near_ties
    }
}

impl Norm for TopK {
    fn dim(&self) -> usize {
        self.dim
    }

    fn value(&self, x: &[f64]) -> f64 {
        let (largest, mean) = (vector::max_abs(x), vector::sum_of_abs(x) / self.k.get() as f64);
        // a NaN is in the sum, and is not below
        if mean < largest { largest } else { mean }
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        self.steepest_into(g, &mut vec![0.0; self.dim]).dual
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        if g.values().iter().any(|v| v.is_nan()) {
            direction.fill(f64::NAN);
            return Steepest::written(LogReal::from_ln(f64::NAN));
        }
        let near_ties = self.select(g, direction);
        let (_, dual) = g.dot(direction);
        Steepest { near_ties, ..Steepest::written(dual) }
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        let (value, k) = (self.value(x), self.k.get() as f64);
        match vector::arg_max_abs(x, NEAR) {
            Some((largest, _)) if vector::sum_of_abs(x) / k < value => {
                subgradient.fill(0.0);
                subgradient[largest] = vector::sign(x[largest]);
            }
            _ => subgradient.iter_mut().zip(x).for_each(|(v, &x)| *v = vector::sign(x) / k),
        }
        value
    }
}

/// `{ kind = "top_k", k = 10 }` in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopKSpec {
    /// How many entries move.
    pub k: NonZeroUsize,
}

impl BuildNorm for TopKSpec {
    const INFO: NormInfo = NormInfo {
        name: "top_k",
        formula: "max(max_j |x_j|, sum_j |x_j| / k)",
        dual: "the sum of the k largest |g_j|",
        descent: "top-k sign descent: moves the k entries of largest gradient, between coordinate (k = 1) and sign descent",
        symbol: "‖θ‖_{top k}",
        paper_margin: None,
        fields: &[("k", "how many entries move, 1 or more")],
    };

    fn label(&self) -> NormLabel {
        let k = self.k;
        NormLabel {
            name: format!("top_k_{k}"),
            formula: format!("max(max_j |x_j|, sum_j |x_j| / {k})"),
            symbol: format!("‖θ‖_{{top {k}}}"),
            ..Self::INFO.into()
        }
    }

    fn examples() -> Vec<Self> {
        [1, 2, 3, 10, 1000].into_iter().filter_map(NonZeroUsize::new).map(|k| Self { k }).collect()
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        Ok(Box::new(TopK::new(self.k, layout.len())))
    }
}
