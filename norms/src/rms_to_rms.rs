//! The operator norm from root mean square to root mean square: the spectral norm with the factor that makes it independent of width.
//!
//! Bernstein and Newhouse 2024 (arXiv 2409.20325); Large et al. 2024 (arXiv 2405.14813).

use crate::blocks::{JOIN, PerBlock, WEIGHTS};
use crate::error::NormError;
use crate::join::Join;
use crate::l2::L2;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use crate::spectral::Spectral;
use serde::{Deserialize, Serialize};
use steepest_core::{BlockShape, Norm, ParameterLayout};

/// (d_in/d_out)^(1/2) sigma_max of a d_out x d_in block, as a factor and a norm; a vector of k entries is a 1 x k matrix.
pub(crate) fn rms_to_rms(shape: BlockShape) -> (f64, Box<dyn Norm>) {
    match shape {
        BlockShape::Matrix { rows, cols } => {
            ((cols as f64 / rows as f64).sqrt(), Box::new(Spectral::new((rows, cols))))
        }
        BlockShape::Vector { len } => ((len as f64).sqrt(), Box::new(L2::new(len))),
    }
}

/// `rms_to_rms` in a configuration: a [`Product`](crate::Product) of [`Spectral`] norms with the factor (d_in/d_out)^(1/2) times the weight.
///
/// Steepest direction of a block: (d_out/d_in)^(1/2) U V^T. Ties, rank deficiency and graded gradients as for [`Spectral`]; a vector of k
/// entries is seen as 1 x k, so its norm is k^(1/2) times its l2 norm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RmsToRmsSpec {
    /// How the blocks are joined.
    #[serde(default, skip_serializing_if = "Join::is_max")]
    pub join: Join,
    /// What each block's norm is multiplied by; absent for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl RmsToRmsSpec {
    fn per_block(&self) -> PerBlock<'_> {
        PerBlock { join: self.join, weights: self.weights.as_deref() }
    }
}

impl BuildNorm for RmsToRmsSpec {
    const INFO: NormInfo = NormInfo {
        name: "rms_to_rms",
        formula: "max over blocks of (d_in/d_out)^(1/2) sigma_max(W) (a vector of k entries is 1 x k)",
        dual: "sum over blocks of (d_out/d_in)^(1/2) times the nuclear norm",
        descent: "spectral descent with the factor (d_out/d_in)^(1/2) on each block",
        symbol: "‖θ‖_{RMS→RMS}",
        paper_margin: None,
        fields: &[JOIN, WEIGHTS],
    };

    fn label(&self) -> NormLabel {
        self.per_block().label("(d_in/d_out)^(1/2) sigma_max(W) (a vector of k entries is 1 x k)", Self::INFO.into())
    }

    fn examples() -> Vec<Self> {
        vec![
            Self::default(),
            Self { join: Join::Sum, weights: Some(vec![2.0, 0.25]) },
            Self { join: Join::L2, weights: None },
        ]
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        self.per_block().build(layout, |shape| Ok(rms_to_rms(shape)))
    }
}
