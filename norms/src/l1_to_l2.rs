//! The operator norm from l1 to l2: the largest l2 norm of a column.

use crate::blocks::{JOIN, PerBlock, WEIGHTS};
use crate::error::NormError;
use crate::group::Groups;
use crate::join::Join;
use crate::mixed::Mixed;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use serde::{Deserialize, Serialize};
use steepest_core::{BlockShape, Norm, ParameterLayout};

/// The norm of one block; a vector of k entries is a 1 x k matrix.
pub(crate) fn l1_to_l2(shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
    let (rows, cols) = match shape {
        BlockShape::Matrix { rows, cols } => (rows, cols),
        BlockShape::Vector { len } => (1, len),
    };
    Ok((1.0, Box::new(Mixed::of_matrix((rows, cols), Groups::Columns, f64::INFINITY, 2.0)?)))
}

/// `l1_to_l2` in a configuration: a [`Product`](crate::Product) of [`Mixed`] norms.
///
/// Steepest direction of a block: every column divided by its l2 norm, also one far below another. A vector of k entries is seen as 1 x k: k
/// columns of one entry, so the largest |x_k|. Ties, zeros and graded gradients as for [`Mixed`] with p = inf and r = 2.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct L1ToL2Spec {
    /// How the blocks are joined.
    #[serde(default, skip_serializing_if = "Join::is_max")]
    pub join: Join,
    /// What each block's norm is multiplied by; absent for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl L1ToL2Spec {
    fn per_block(&self) -> PerBlock<'_> {
        PerBlock { join: self.join, weights: self.weights.as_deref() }
    }
}

impl BuildNorm for L1ToL2Spec {
    const INFO: NormInfo = NormInfo {
        name: "l1_to_l2",
        formula: "max over blocks of the largest column l2 norm (a vector is 1 x k)",
        dual: "sum over blocks of the sum of column l2 norms",
        descent: "normalises each column",
        symbol: "‖θ‖_{1→2}",
        paper_margin: None,
        fields: &[JOIN, WEIGHTS],
    };

    fn label(&self) -> NormLabel {
        self.per_block().label("the largest column l2 norm (a vector is 1 x k)", Self::INFO.into())
    }

    fn examples() -> Vec<Self> {
        vec![
            Self::default(),
            Self { join: Join::Sum, weights: Some(vec![2.0, 0.25]) },
            Self { join: Join::L2, weights: None },
        ]
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        self.per_block().build(layout, l1_to_l2)
    }
}
