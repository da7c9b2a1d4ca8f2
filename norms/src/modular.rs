//! The modular norm of a feed-forward network (Large et al. 2024, arXiv 2405.14813, section 3).

use crate::blocks::list;
use crate::error::NormError;
use crate::join::Join;
use crate::l1_to_l2::l1_to_l2;
use crate::l2::L2;
use crate::l2_to_linf::l2_to_linf;
use crate::matrix::block_norm;
use crate::product::Product;
use crate::rms_to_rms::rms_to_rms;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use crate::spectral::Spectral;
use serde::{Deserialize, Serialize};
use steepest_core::{BlockShape, Norm, ParameterLayout};

/// The norm of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerNorm {
    /// (d_in/d_out)^(1/2) sigma_max.
    #[default]
    RmsToRms,
    /// sigma_max.
    Spectral,
    /// The largest column l2 norm.
    L1ToL2,
    /// The largest row l2 norm.
    L2ToLinf,
    /// The l2 norm of all entries.
    L2,
}

impl LayerNorm {
    fn of(self, shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
        match self {
            Self::RmsToRms => Ok(rms_to_rms(shape)),
            Self::Spectral => Ok((1.0, block_norm(shape, |shape| Box::new(Spectral::new((shape.rows, shape.cols)))))),
            Self::L1ToL2 => l1_to_l2(shape),
            Self::L2ToLinf => l2_to_linf(shape),
            Self::L2 => Ok((1.0, Box::new(L2::new(shape.len())))),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::RmsToRms => "rms_to_rms",
            Self::Spectral => "spectral",
            Self::L1ToL2 => "l1_to_l2",
            Self::L2ToLinf => "l2_to_linf",
            Self::L2 => "l2",
        }
    }
}

/// The weights of the layers in the modular norm of their composition, first layer first, from their masses m and sensitivities s:
/// weight_l = (sum_k m_k / m_l) prod_{k > l} s_k.
///
/// Unrolled from |w| = max{ (m/m_0) s_1 |w_0|, (m/m_1) |w_1| } for M_1 after M_0, of mass m = m_0 + m_1 and sensitivity s_0 s_1.
///
/// # Panics
/// If there is not one sensitivity a mass.
pub fn modular_weights(masses: &[f64], sensitivities: &[f64]) -> Vec<f64> {
    assert_eq!(masses.len(), sensitivities.len(), "one sensitivity a mass");
    let total: f64 = masses.iter().sum();
    let mut above = 1.0;
    let mut weights: Vec<f64> = masses
        .iter()
        .zip(sensitivities)
        .rev()
        .map(|(m, s)| {
            let weight = total / m * above;
            above *= s;
            weight
        })
        .collect();
    weights.reverse();
    weights
}

/// `modular` in a configuration: max over layers of weight_l N_l(W_l) with the weights of [`modular_weights`], one layer a block in the order of
/// the layout, from the inputs on.
///
/// A [`Product`] joined by the maximum: ties, zeros and graded gradients as there and in the layers' norms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModularSpec {
    /// The mass of each layer; absent for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masses: Option<Vec<f64>>,
    /// The sensitivity of each layer; absent for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivities: Option<Vec<f64>>,
    /// The norm of each layer; absent for `rms_to_rms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norms: Option<Vec<LayerNorm>>,
}

/// One entry for each of n layers: those given, or the default.
fn per_layer<T: Copy>(field: &'static str, given: Option<&[T]>, default: T, n: usize) -> Result<Vec<T>, NormError> {
    match given {
        None => Ok(vec![default; n]),
        Some(list) if list.len() == n => Ok(list.to_vec()),
        Some(list) => Err(NormError::PerBlock { field, expected: n, found: list.len() }),
    }
}

fn positive(field: &'static str, numbers: Vec<f64>) -> Result<Vec<f64>, NormError> {
    match numbers.iter().find(|v| **v <= 0.0 || !v.is_finite()) {
        Some(&found) => Err(NormError::Parameter { field, found, expected: "positive numbers" }),
        None => Ok(numbers),
    }
}

impl BuildNorm for ModularSpec {
    const INFO: NormInfo = NormInfo {
        name: "modular",
        formula: "max over layers of (sum_k m_k / m_l) prod_{k > l} s_k N_l(W_l)",
        dual: "sum over layers of the dual norms divided by the same factors",
        descent: "modular descent: each layer's own direction, divided by its factor",
        symbol: "‖θ‖_{M}",
        paper_margin: None,
        fields: &[
            ("masses", "the m_l, one positive number a layer (default: 1)"),
            ("sensitivities", "the s_l, one positive number a layer (default: 1)"),
            ("norms", "a list of \"rms_to_rms\" (the default), \"spectral\", \"l1_to_l2\", \"l2_to_linf\" or \"l2\""),
        ],
    };

    fn label(&self) -> NormLabel {
        let mut label: NormLabel = Self::INFO.into();
        for (prefix, meaning, numbers) in [("m", "m", &self.masses), ("s", "s", &self.sensitivities)] {
            if let Some(numbers) = numbers {
                label.name += &list(prefix, numbers);
                label.formula += &format!(", {meaning} = {numbers:?}");
            }
        }
        let names: Vec<_> = self.norms.iter().flatten().map(|n| n.name()).collect();
        if !names.is_empty() {
            label.name += &format!("_{}", names.join("_"));
            label.formula += &format!(", N = {}", names.join(", "));
        }
        label
    }

    fn examples() -> Vec<Self> {
        let norms = |a, b| Some(vec![a, b]);
        vec![
            Self::default(),
            Self { masses: Some(vec![1.0, 3.0]), sensitivities: Some(vec![0.5, 2.0]), norms: None },
            Self { norms: norms(LayerNorm::L1ToL2, LayerNorm::L2ToLinf), ..Self::default() },
            Self {
                norms: norms(LayerNorm::L2, LayerNorm::Spectral),
                masses: Some(vec![0.1, 1.0]),
                sensitivities: None,
            },
        ]
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        let (blocks, n) = (layout.blocks(), layout.blocks().len());
        let masses = positive("masses", per_layer("masses", self.masses.as_deref(), 1.0, n)?)?;
        let given = self.sensitivities.as_deref();
        let sensitivities = positive("sensitivities", per_layer("sensitivities", given, 1.0, n)?)?;
        let norms = per_layer("norms", self.norms.as_deref(), LayerNorm::default(), n)?;
        let weights = modular_weights(&masses, &sensitivities);
        let mut parts = Vec::with_capacity(n);
        for ((block, norm), weight) in blocks.iter().zip(norms).zip(weights) {
            let (factor, norm) = norm.of(block.shape)?;
            parts.push((block.range.clone(), weight * factor, norm));
        }
        Ok(Box::new(Product::new(Join::Max, parts)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recursion: mass, sensitivity and norm of the first `n` layers composed, given the layers' own norms.
    fn recursion(m: &[f64], s: &[f64], norms: &[f64], n: usize) -> (f64, f64, f64) {
        if n == 1 {
            return (m[0], s[0], norms[0]);
        }
        let (m0, s0, w0) = recursion(m, s, norms, n - 1);
        let (m1, s1, w1) = (m[n - 1], s[n - 1], norms[n - 1]);
        let mass = m0 + m1;
        (mass, s0 * s1, f64::max(mass / m0 * s1 * w0, mass / m1 * w1))
    }

    #[test]
    fn the_weights_are_those_of_the_recursion() {
        let (m, s) = ([1.0, 0.5, 3.0, 2.0], [2.0, 0.3, 5.0, 0.7]);
        let weights = modular_weights(&m, &s);
        for norms in [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.1, 0.7, 0.3, 0.9]] {
            let unrolled = weights.iter().zip(norms).map(|(w, n)| w * n).fold(0.0, f64::max);
            assert!((unrolled / recursion(&m, &s, &norms, 4).2 - 1.0).abs() < 1e-14);
        }
        assert_eq!(modular_weights(&[1.0; 3], &[1.0; 3]), [3.0; 3]);
    }
}
