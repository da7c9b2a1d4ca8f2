//! The weighted quadratic norms: gradient descent with a rate for each block.

use crate::blocks::list;
use crate::error::NormError;
use crate::join::Join;
use crate::l2::L2;
use crate::product::Product;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use serde::{Deserialize, Serialize};
use steepest_core::{Norm, ParameterLayout};

/// `{ kind = "quadratic", weights = [1, 4] }` in a configuration: N(x) = (sum_l w_l |x_l|_2^2)^(1/2) over blocks, w_l > 0;
/// N*(g) = (sum_l |g_l|_2^2 / w_l)^(1/2).
///
/// A [`Product`] of [`L2`] norms joined by l2 with weights w_l^(1/2). Steepest direction: g_l / (w_l N*(g)), unique: gradient descent with
/// learning rates proportional to 1 / w_l. Subgradient: w_l x_l / N(x). A block that is far below another is zero beside it only where
/// the number is below the smallest double. Two passes each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuadraticSpec {
    /// One positive weight a block.
    pub weights: Vec<f64>,
}

impl BuildNorm for QuadraticSpec {
    const INFO: NormInfo = NormInfo {
        name: "quadratic",
        formula: "(sum over blocks of w_l |W_l|_2^2)^(1/2)",
        dual: "quadratic with the weights 1/w_l",
        descent: "gradient descent with a learning rate proportional to 1/w_l for each block",
        symbol: "‖θ‖_{2,w}",
        paper_margin: None,
        fields: &[("weights", "the w_l, one positive number a block")],
    };

    fn label(&self) -> NormLabel {
        NormLabel {
            name: format!("quadratic{}", list("w", &self.weights)),
            formula: format!("{} with w = {:?}", Self::INFO.formula, self.weights),
            ..Self::INFO.into()
        }
    }

    fn examples() -> Vec<Self> {
        vec![Self { weights: vec![0.5] }, Self { weights: vec![2.0, 1e-3] }]
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        let (blocks, weights) = (layout.blocks(), &self.weights);
        if weights.len() != blocks.len() {
            return Err(NormError::PerBlock { field: "weights", expected: blocks.len(), found: weights.len() });
        }
        if let Some(&found) = weights.iter().find(|w| **w <= 0.0 || !w.is_finite()) {
            return Err(NormError::Parameter { field: "weights", found, expected: "positive numbers" });
        }
        let parts = blocks.iter().zip(weights).map(|(block, w)| {
            let norm: Box<dyn Norm> = Box::new(L2::new(block.range.len()));
            (block.range.clone(), w.sqrt(), norm)
        });
        Ok(Box::new(Product::new(Join::L2, parts)?))
    }
}
