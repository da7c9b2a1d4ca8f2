//! The nuclear norm of a matrix: steepest descent in it moves along one singular pair.

use crate::blocks::{BlockNorm, JOIN, WEIGHTS, per_block};
use crate::error::NormError;
use crate::join::NEAR;
use crate::matrix::{Shape, block_norm};
use crate::multiples::pairs::of_nuclear;
use crate::spec::NormInfo;
use steepest_core::linalg::{largest_singular_value, singular_values};
use steepest_core::{BlockShape, GradedView, LogReal, Multiples, Norm, OptimizerKind, Steepest, Subdifferential};

/// N(W) = sum_k sigma_k(W) of a matrix stored row after row; N* = sigma_max.
///
/// Steepest direction: u_1 v_1^T of the leading part of G = U S V^T, for the first singular pair as the decomposition gives it; other
/// singular values within a relative 1e-12 of the first are counted as near ties, and among them the pair is the library's choice.
/// What is invisible beside the largest entry could change it only inside such a tie; it is left out and reported. Subgradient: U V^T over
/// the numerical rank, the singular values above [`RANK_CUT`](crate::RANK_CUT) times the first; of the subdifferential it is the element
/// of least Frobenius norm. One thin SVD each: O(m n min(m, n)); the value costs the singular values alone. NaN gives NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nuclear {
    pub(crate) shape: Shape,
}

impl Nuclear {
    /// The nuclear norm of rows x cols matrices.
    pub const fn new(shape: (usize, usize)) -> Self {
        Self { shape: Shape::new(shape) }
    }
}

impl Norm for Nuclear {
    fn dim(&self) -> usize {
        self.shape.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        singular_values(self.shape.view(x)).map_or(f64::NAN, |s| s.sum())
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        let mut scratch = vec![0.0; self.dim()];
        let leading = g.leading_into(&mut scratch);
        leading.scale * LogReal::from_value(largest_singular_value(self.shape.view(&scratch)).unwrap_or(f64::NAN))
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        let Some(leading) = self.shape.leading_svd(g, direction) else {
            direction.fill(f64::NAN);
            return Steepest::written(LogReal::from_ln(f64::NAN));
        };
        let s = &leading.svd.s;
        if s[0] == 0.0 {
            direction.fill(0.0);
            return Steepest::written(LogReal::ZERO);
        }
        self.shape.compose(&leading.svd, &[1.0], direction);
        let near_ties = s.iter().skip(1).filter(|v| **v >= s[0] * NEAR).count() as u32;
        let dual = leading.scale * LogReal::from_value(s[0]);
        Steepest { near_ties, left_out: leading.left_out, ..Steepest::written(dual) }
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        let Some(leading) = self.shape.leading_svd(x.into(), subgradient) else {
            subgradient.fill(f64::NAN);
            return f64::NAN;
        };
        self.shape.compose(&leading.svd, &vec![1.0; leading.rank()], subgradient);
        leading.scale.value() * leading.svd.s.sum()
    }

    fn sees_graded(&self) -> bool {
        false
    }

    fn descent(&self) -> OptimizerKind {
        OptimizerKind::RightInvariant
    }

    /// To whole columns: a column of zeros has no part in the singular values.
    fn restricted_to(&self, kept: &[usize]) -> Option<Box<dyn Norm>> {
        let shape = self.shape.of_columns(kept)?;
        Some(Box::new(Self { shape }))
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        Some(self)
    }
}

impl Subdifferential for Nuclear {
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
        of_nuclear(self.shape, x, target, tolerance)
    }
}

per_block! {
    /// `nuclear` in a configuration: the largest nuclear norm over all blocks, or another join; of a vector, its Euclidean norm.
    #[derive(Default)]
    NuclearSpec {}
}

impl BlockNorm for NuclearSpec {
    const INFO: NormInfo = NormInfo {
        name: "nuclear",
        formula: "max over blocks of the nuclear norm sum_k sigma_k(W) (a vector: its l2 norm)",
        dual: "sum over blocks of sigma_max",
        descent: "nuclear descent: the first singular pair of each block (NucGD)",
        symbol: "‖θ‖_{*}",
        paper_margin: None,
        fields: &[JOIN, WEIGHTS],
    };

    fn each(&self) -> String {
        "the nuclear norm sum_k sigma_k(W) (a vector: its l2 norm)".to_owned()
    }

    fn parameters() -> Vec<Self> {
        vec![Self::default()]
    }

    fn of_block(&self, shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
        Ok((1.0, block_norm(shape, |shape| Box::new(Nuclear { shape }))))
    }
}
