//! The spectral norm of a matrix, and its maximum over the blocks of a network: steepest descent in it is spectral descent
//! (Shampoo without accumulation, Muon without momentum).

use crate::blocks::{JOIN, PerBlock, WEIGHTS};
use crate::error::NormError;
use crate::join::Join;
#[cfg(doc)]
use crate::matrix::RANK_CUT;
use crate::matrix::{Shape, block_norm};
use crate::multiples::pairs::of_spectral;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use serde::{Deserialize, Serialize};
use steepest_core::linalg::largest_singular_value;
use steepest_core::{GradedView, LogReal, Multiples, Norm, OptimizerKind, ParameterLayout, Steepest, Subdifferential};

/// N(W) = sigma_max(W) of a matrix stored row after row; N* = the nuclear norm, the sum of the singular values.
///
/// Steepest direction: the polar factor U V^T of the *leading* part of G = U S V^T, over the singular values above [`RANK_CUT`] times
/// the largest; of the maximisers it is the one of least Frobenius norm. In exact arithmetic every direction counts, however small
/// its singular value; what lies below the cut, or in bands that are invisible beside the heaviest, is left out, and the latter is
/// reported. Orthogonal to 1e-14. Subgradient: u_1 v_1^T of the first singular pair. One thin SVD each: O(m n min(m, n)); the
/// value costs one Gram matrix of the smaller side and its eigenvalues.
///
/// A matrix that holds NaN or infinity has norm NaN, dual NaN and direction NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spectral {
    pub(crate) shape: Shape,
}

impl Spectral {
    /// The spectral norm of rows x cols matrices.
    pub const fn new(shape: (usize, usize)) -> Self {
        Self { shape: Shape::new(shape) }
    }
}

impl Norm for Spectral {
    fn dim(&self) -> usize {
        self.shape.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        largest_singular_value(self.shape.view(x)).unwrap_or(f64::NAN)
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        let Some((s, scale)) = self.shape.leading_singular_values(g) else { return LogReal::from_ln(f64::NAN) };
        scale * LogReal::from_value(s.iter().sum())
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        let Some(leading) = self.shape.leading_svd(g, direction) else {
            direction.fill(f64::NAN);
            return Steepest::written(LogReal::from_ln(f64::NAN));
        };
        let rank = leading.rank();
        if rank == 0 {
            direction.fill(0.0);
            return Steepest::written(LogReal::ZERO);
        }
        self.shape.compose(&leading.svd, &vec![1.0; rank], direction);
        let dual = leading.scale * LogReal::from_value(leading.svd.s.iter().take(rank).sum());
        Steepest { left_out: leading.left_out, ..Steepest::written(dual) }
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        let Some(leading) = self.shape.leading_svd(x.into(), subgradient) else {
            subgradient.fill(f64::NAN);
            return f64::NAN;
        };
        if leading.rank() == 0 {
            subgradient.fill(0.0);
            return 0.0;
        }
        self.shape.compose(&leading.svd, &[1.0], subgradient);
        leading.scale.value() * leading.svd.s[0]
    }

    fn sees_graded(&self) -> bool {
        false
    }

    fn descent(&self) -> OptimizerKind {
        OptimizerKind::RightInvariant
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        Some(self)
    }
}

impl Subdifferential for Spectral {
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
        of_spectral(self.shape, x, target, tolerance)
    }
}

/// `spectral` in a configuration: the largest spectral norm over all blocks; of a vector, its Euclidean norm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpectralSpec {
    /// How the blocks are joined.
    #[serde(default, skip_serializing_if = "Join::is_max")]
    pub join: Join,
    /// What each block's norm is multiplied by; absent for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl SpectralSpec {
    fn per_block(&self) -> PerBlock<'_> {
        PerBlock { join: self.join, weights: self.weights.as_deref() }
    }
}

impl BuildNorm for SpectralSpec {
    const INFO: NormInfo = NormInfo {
        name: "spectral",
        formula: "max over blocks of sigma_max(W) (a vector: its l2 norm)",
        dual: "sum over blocks of the nuclear norm",
        descent: "spectral descent: the polar factor of each block (Shampoo without accumulation, Muon without momentum)",
        symbol: "‖θ‖_{σ}",
        paper_margin: Some("γ_{σ}"),
        fields: &[JOIN, WEIGHTS],
    };

    fn label(&self) -> NormLabel {
        self.per_block().label("sigma_max(W) (a vector: its l2 norm)", Self::INFO.into())
    }

    fn examples() -> Vec<Self> {
        [Join::Max, Join::Sum, Join::L2]
            .into_iter()
            .flat_map(|join| [None, Some(vec![0.5, 3.0])].map(|weights| Self { join, weights }))
            .collect()
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        self.per_block().build(layout, |shape| Ok((1.0, block_norm(shape, |shape| Box::new(Spectral { shape })))))
    }
}
