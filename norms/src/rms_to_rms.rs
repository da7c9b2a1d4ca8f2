//! The operator norm from root mean square to root mean square: the spectral norm with the factor that makes it independent of width.
//!
//! Bernstein and Newhouse 2024 (arXiv 2409.20325); Large et al. 2024 (arXiv 2405.14813).

use crate::blocks::{BlockNorm, JOIN, WEIGHTS, per_block};
use crate::error::NormError;
use crate::l2::L2;
use crate::spec::NormInfo;
use crate::spectral::Spectral;
use steepest_core::{BlockShape, Norm};

/// (d_in/d_out)^(1/2) sigma_max of a d_out x d_in block, as a factor and a norm; a vector of k entries is a 1 x k matrix.
pub(crate) fn rms_to_rms(shape: BlockShape) -> (f64, Box<dyn Norm>) {
    match shape {
        BlockShape::Matrix { rows, cols } => {
            ((cols as f64 / rows as f64).sqrt(), Box::new(Spectral::new((rows, cols))))
        }
        BlockShape::Vector { len } => ((len as f64).sqrt(), Box::new(L2::new(len))),
    }
}

per_block! {
    /// `rms_to_rms` in a configuration: a [`Product`](crate::Product) of [`Spectral`] norms with the factor (d_in/d_out)^(1/2) times the weight.
    ///
    /// Steepest direction of a block: (d_out/d_in)^(1/2) U V^T. Ties, rank deficiency and graded gradients as for [`Spectral`]; a vector of k
    /// entries is seen as 1 x k, so its norm is k^(1/2) times its l2 norm.
    #[derive(Default)]
    RmsToRmsSpec {}
}

impl BlockNorm for RmsToRmsSpec {
    const INFO: NormInfo = NormInfo {
        name: "rms_to_rms",
        formula: "max over blocks of (d_in/d_out)^(1/2) sigma_max(W) (a vector of k entries is 1 x k)",
        dual: "sum over blocks of (d_out/d_in)^(1/2) times the nuclear norm",
        descent: "spectral descent with the factor (d_out/d_in)^(1/2) on each block",
        symbol: "‖θ‖_{RMS→RMS}",
        paper_margin: None,
        fields: &[JOIN, WEIGHTS],
    };

    fn each(&self) -> String {
        "(d_in/d_out)^(1/2) sigma_max(W) (a vector of k entries is 1 x k)".to_owned()
    }

    fn parameters() -> Vec<Self> {
        vec![Self::default()]
    }

    fn of_block(&self, shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
        Ok(rms_to_rms(shape))
    }
}
