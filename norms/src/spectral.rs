//! The spectral norm of a matrix, and its maximum over the blocks of a network: steepest descent in it is spectral descent
//! (Shampoo without accumulation, Muon without momentum).

use crate::error::NormError;
use crate::l2::L2;
use crate::product::MaxProduct;
use crate::spec::{BuildNorm, NormInfo};
use ndarray::{ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};
use steepest_core::linalg::{Accumulate, ThinSvd, largest_singular_value, multiply_into, singular_values, thin_svd};
use steepest_core::{BlockShape, GradedView, LogReal, Norm, OptimizerKind, ParameterLayout, Steepest};

/// Singular values at or below this multiple of the largest are taken as zero: the numerical rank of a gradient.
pub const RANK_CUT: f64 = 1e-10;

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
    rows: usize,
    cols: usize,
}

impl Spectral {
    /// The spectral norm of rows x cols matrices.
    pub const fn new((rows, cols): (usize, usize)) -> Self {
        Self { rows, cols }
    }

    fn view<'a>(&self, x: &'a [f64]) -> ArrayView2<'a, f64> {
        let Ok(view) = ArrayView2::from_shape((self.rows, self.cols), x) else {
            panic!("a {} x {} matrix has not {} entries", self.rows, self.cols, x.len())
        };
        view
    }

    /// The singular value decomposition of the leading part, which `scratch` then holds; and its scale.
    fn leading_svd(&self, g: GradedView<'_>, scratch: &mut [f64]) -> Option<(ThinSvd, LogReal, bool)> {
        let leading = g.leading_into(scratch);
        let svd = thin_svd(self.view(scratch)).ok()?;
        Some((svd, leading.scale, leading.left_out))
    }
}

impl Norm for Spectral {
    fn dim(&self) -> usize {
        self.rows * self.cols
    }

    fn value(&self, x: &[f64]) -> f64 {
        largest_singular_value(self.view(x)).unwrap_or(f64::NAN)
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        let mut scratch = vec![0.0; self.dim()];
        let leading = g.leading_into(&mut scratch);
        singular_values(self.view(&scratch))
            .map_or(LogReal::from_ln(f64::NAN), |s| leading.scale * LogReal::from_value(s.sum()))
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        let Some((svd, scale, left_out)) = self.leading_svd(g, direction) else {
            direction.fill(f64::NAN);
            return Steepest::written(LogReal::from_ln(f64::NAN));
        };
        let rank = svd.s.iter().take_while(|s| **s > RANK_CUT * svd.s[0]).count();
        if rank == 0 {
            direction.fill(0.0);
            return Steepest::written(LogReal::ZERO);
        }
        let (u, vt) = (svd.u.slice(ndarray::s![.., ..rank]), svd.vt.slice(ndarray::s![..rank, ..]));
        let Ok(out) = ArrayViewMut2::from_shape((self.rows, self.cols), direction) else {
            panic!("the direction of a {} x {} matrix has another length", self.rows, self.cols)
        };
        multiply_into(Accumulate::Replace, u, vt, out);
        let dual = scale * LogReal::from_value(svd.s.iter().take(rank).sum());
        Steepest { left_out, ..Steepest::written(dual) }
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        subgradient.copy_from_slice(x);
        let Some((svd, scale, _)) = self.leading_svd(x.into(), subgradient) else {
            subgradient.fill(f64::NAN);
            return f64::NAN;
        };
        if svd.s[0] == 0.0 {
            subgradient.fill(0.0);
            return 0.0;
        }
        let (u, v) = (svd.u.column(0), svd.vt.row(0));
        for (row, &a) in subgradient.chunks_exact_mut(self.cols).zip(u) {
            row.iter_mut().zip(v).for_each(|(out, &b)| *out = a * b);
        }
        scale.value() * svd.s[0]
    }

    fn sees_graded(&self) -> bool {
        false
    }

    fn descent(&self) -> OptimizerKind {
        OptimizerKind::RightInvariant
    }
}

/// `spectral` in a configuration: the largest spectral norm over all blocks; of a vector, its Euclidean norm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpectralSpec {}

impl BuildNorm for SpectralSpec {
    const INFO: NormInfo = NormInfo {
        name: "spectral",
        formula: "max over blocks of sigma_max(W) (a vector: its l2 norm)",
        dual: "sum over blocks of the nuclear norm",
        descent: "spectral descent: the polar factor of each block (Shampoo without accumulation, Muon without momentum)",
        symbol: "‖θ‖_{σ}",
        paper_margin: Some("γ_{σ}"),
        fields: &[],
    };

    fn examples() -> Vec<Self> {
        vec![Self {}]
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        let parts = layout.blocks().iter().map(|block| {
            let norm: Box<dyn Norm> = match block.shape {
                BlockShape::Matrix { rows, cols } => Box::new(Spectral::new((rows, cols))),
                BlockShape::Vector { len } => Box::new(L2::new(len)),
            };
            (block.range.clone(), norm)
        });
        Ok(Box::new(MaxProduct::new(parts)?))
    }
}
