//! The operator norm from l2 to l-infinity: the largest l2 norm of a row.

use crate::blocks::{BlockNorm, JOIN, WEIGHTS, per_block};
use crate::error::NormError;
use crate::group::Groups;
use crate::mixed::Mixed;
use crate::spec::NormInfo;
use steepest_core::{BlockShape, Norm};

/// The norm of one block; a vector of k entries is a 1 x k matrix.
pub(crate) fn l2_to_linf(shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
    let (rows, cols) = match shape {
        BlockShape::Matrix { rows, cols } => (rows, cols),
        BlockShape::Vector { len } => (1, len),
    };
    Ok((1.0, Box::new(Mixed::of_matrix((rows, cols), Groups::Rows, f64::INFINITY, 2.0)?)))
}

per_block! {
    /// `l2_to_linf` in a configuration: a [`Product`](crate::Product) of [`Mixed`] norms.
    ///
    /// Steepest direction of a block: every row divided by its l2 norm, also one far below another. A vector of k entries is seen as 1 x k: one
    /// row. Ties, zeros and graded gradients as for [`Mixed`] with p = inf and r = 2.
    #[derive(Default)]
    L2ToLinfSpec {}
}

impl BlockNorm for L2ToLinfSpec {
    const INFO: NormInfo = NormInfo {
        name: "l2_to_linf",
        formula: "max over blocks of the largest row l2 norm (a vector is 1 x k)",
        dual: "sum over blocks of the sum of row l2 norms",
        descent: "normalises each row: the weights into a neuron",
        symbol: "‖θ‖_{2→∞}",
        paper_margin: None,
        fields: &[JOIN, WEIGHTS],
    };

    fn each(&self) -> String {
        "the largest row l2 norm (a vector is 1 x k)".to_owned()
    }

    fn parameters() -> Vec<Self> {
        vec![Self::default()]
    }

    fn of_block(&self, shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
        l2_to_linf(shape)
    }
}
