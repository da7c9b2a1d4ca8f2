//! The operator norm from l2 to l-infinity: the largest l2 norm of a row.

use crate::blocks::{JOIN, PerBlock, WEIGHTS};
use crate::error::NormError;
use crate::group::Groups;
use crate::join::Join;
use crate::mixed::Mixed;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use serde::{Deserialize, Serialize};
use steepest_core::{BlockShape, Norm, ParameterLayout};

/// The norm of one block; a vector of k entries is a 1 x k matrix.
pub(crate) fn l2_to_linf(shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
    let (rows, cols) = match shape {
        BlockShape::Matrix { rows, cols } => (rows, cols),
        BlockShape::Vector { len } => (1, len),
    };
    Ok((1.0, Box::new(Mixed::of_matrix((rows, cols), Groups::Rows, f64::INFINITY, 2.0)?)))
}

/// `l2_to_linf` in a configuration: a [`Product`](crate::Product) of [`Mixed`] norms.
///
/// Steepest direction of a block: every row divided by its l2 norm, also one far below another. A vector of k entries is seen as 1 x k: one
/// row. Ties, zeros and graded gradients as for [`Mixed`] with p = inf and r = 2.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct L2ToLinfSpec {
    /// How the blocks are joined.
    #[serde(default, skip_serializing_if = "Join::is_max")]
    pub join: Join,
    /// What each block's norm is multiplied by; absent for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl L2ToLinfSpec {
    fn per_block(&self) -> PerBlock<'_> {
        PerBlock { join: self.join, weights: self.weights.as_deref() }
    }
}

impl BuildNorm for L2ToLinfSpec {
    const INFO: NormInfo = NormInfo {
        name: "l2_to_linf",
        formula: "max over blocks of the largest row l2 norm (a vector is 1 x k)",
        dual: "sum over blocks of the sum of row l2 norms",
        descent: "normalises each row: the weights into a neuron",
        symbol: "‖θ‖_{2→∞}",
        paper_margin: None,
        fields: &[JOIN, WEIGHTS],
    };

    fn label(&self) -> NormLabel {
        self.per_block().label("the largest row l2 norm (a vector is 1 x k)", Self::INFO.into())
    }

    fn examples() -> Vec<Self> {
        vec![
            Self::default(),
            Self { join: Join::Sum, weights: Some(vec![2.0, 0.25]) },
            Self { join: Join::L2, weights: None },
        ]
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        self.per_block().build(layout, l2_to_linf)
    }
}
