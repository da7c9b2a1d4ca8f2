//! The operator norm from l1 to l2: the largest l2 norm of a column.

use crate::blocks::{BlockNorm, JOIN, WEIGHTS, per_block};
use crate::error::NormError;
use crate::group::Groups;
use crate::mixed::Mixed;
use crate::spec::NormInfo;
use steepest_core::{BlockShape, Norm};

/// The norm of one block; a vector of k entries is a 1 x k matrix.
pub(crate) fn l1_to_l2(shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
    let (rows, cols) = match shape {
        BlockShape::Matrix { rows, cols } => (rows, cols),
        BlockShape::Vector { len } => (1, len),
    };
    Ok((1.0, Box::new(Mixed::of_matrix((rows, cols), Groups::Columns, f64::INFINITY, 2.0)?)))
}

per_block! {
    /// `l1_to_l2` in a configuration: a [`Product`](crate::Product) of [`Mixed`] norms.
    ///
    /// Steepest direction of a block: every column divided by its l2 norm, also one far below another. A vector of k entries is seen as 1 x k: k
    /// columns of one entry, so the largest |x_k|. Ties, zeros and graded gradients as for [`Mixed`] with p = inf and r = 2.
    #[derive(Default)]
    L1ToL2Spec {}
}

impl BlockNorm for L1ToL2Spec {
    const INFO: NormInfo = NormInfo {
        name: "l1_to_l2",
        formula: "max over blocks of the largest column l2 norm (a vector is 1 x k)",
        dual: "sum over blocks of the sum of column l2 norms",
        descent: "normalises each column",
        symbol: "‖θ‖_{1→2}",
        paper_margin: None,
        fields: &[JOIN, WEIGHTS],
    };

    fn each(&self) -> String {
        "the largest column l2 norm (a vector is 1 x k)".to_owned()
    }

    fn parameters() -> Vec<Self> {
        vec![Self::default()]
    }

    fn of_block(&self, shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
        l1_to_l2(shape)
    }
}
