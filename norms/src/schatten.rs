//! The Schatten norms of a matrix: lp norms of its singular values.

use crate::blocks::{JOIN, PerBlock, WEIGHTS, list};
use crate::error::NormError;
use crate::join::{self, Join, Size, conjugate, maximise};
use crate::l2::L2;
use crate::matrix::{Shape, block_norm};
use crate::multiples::pairs::of_schatten;
use crate::nuclear::Nuclear;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use crate::spectral::Spectral;
use serde::{Deserialize, Serialize};
use steepest_core::linalg::singular_values;
use steepest_core::{GradedView, LogReal, Multiples, Norm, OptimizerKind, ParameterLayout, Steepest, Subdifferential};

/// N(W) = (sum_k sigma_k(W)^p)^(1/p) for 1 < p < infinity; N* = the Schatten-q norm with 1/p + 1/q = 1.
///
/// Steepest direction: U diag(s^(q-1)) V^T / |s|_q^(q-1) of the leading part of G = U S V^T, unique. The power q - 1 = 1/(p - 1) brings
/// small singular values back: at p = 100 one of 1e-10 of the largest counts 0.79 of it. A decomposition in doubles knows them to 1e-16 of
/// the largest only, so those at or below [`RANK_CUT`](crate::RANK_CUT) times the largest are taken as zero, as in the polar factor of
/// [`Spectral`]; what is invisible beside the largest entry is left out and reported. The dual norm is exact all the same, to the
/// number of rows times the cut. Subgradient: the same map of the other exponent, with the same cut. One thin SVD each:
/// O(m n min(m, n)). NaN gives NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schatten {
    pub(crate) p: f64,
    pub(crate) shape: Shape,
}

impl Schatten {
    /// The Schatten-p norm of rows x cols matrices.
    ///
    /// # Errors
    /// If p is not above 1 and finite: [`Nuclear`] and [`Spectral`] are the ends.
    pub fn new(p: f64, shape: (usize, usize)) -> Result<Self, NormError> {
        if p > 1.0 && p.is_finite() {
            Ok(Self { p, shape: Shape::new(shape) })
        } else {
            Err(NormError::Parameter { field: "p", found: p, expected: "a number from 1 to inf" })
        }
    }

    /// Writes the maximiser of <x, u> over Schatten-p norm one.
    fn direction(self, p: f64, x: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        let Some(leading) = self.shape.leading_svd(x, direction) else {
            direction.fill(f64::NAN);
            return Steepest::written(LogReal::from_ln(f64::NAN));
        };
        let sizes: Vec<Size> = leading.svd.s.iter().take(leading.rank()).map(|&s| Size::from_value(s)).collect();
        let joint = maximise(p, &sizes);
        self.shape.compose(&leading.svd, &joint.weights, direction);
        Steepest { left_out: leading.left_out, ..Steepest::written(leading.scale * joint.total.log()) }
    }
}

impl Norm for Schatten {
    fn dim(&self) -> usize {
        self.shape.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        singular_values(self.shape.view(x)).map_or(f64::NAN, |s| join::norm(self.p, &s.to_vec()))
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        let Some((s, scale)) = self.shape.leading_singular_values(g) else { return LogReal::from_ln(f64::NAN) };
        scale * LogReal::from_value(join::norm(conjugate(self.p), &s))
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        self.direction(self.p, g, direction)
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        self.direction(conjugate(self.p), x.into(), subgradient).dual.value()
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
        Some(Box::new(Self { shape, ..*self }))
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        Some(self)
    }
}

impl Subdifferential for Schatten {
    fn multiples(&self, x: &[f64], target: &[f64], _tolerance: f64) -> Box<dyn Multiples> {
        let mut subgradient = vec![0.0; x.len()];
        self.subgradient_into(x, &mut subgradient);
        of_schatten(self.p, self.shape, subgradient, target)
    }
}

/// `{ kind = "schatten", p = 3 }` in a configuration: joined over blocks; p = 1, 2 and inf are the nuclear, Frobenius (`l2`) and spectral
/// norm of each block. Of a vector it is the Euclidean norm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchattenSpec {
    /// The exponent, from 1 to inf.
    pub p: f64,
    /// How the blocks are joined.
    #[serde(default, skip_serializing_if = "Join::is_max")]
    pub join: Join,
    /// What each block's norm is multiplied by; absent for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl SchattenSpec {
    fn per_block(&self) -> PerBlock<'_> {
        PerBlock { join: self.join, weights: self.weights.as_deref() }
    }
}

impl BuildNorm for SchattenSpec {
    const INFO: NormInfo = NormInfo {
        name: "schatten",
        formula: "max over blocks of (sum_k sigma_k(W)^p)^(1/p) (a vector: its l2 norm)",
        dual: "sum over blocks of the Schatten-q norm with 1/p + 1/q = 1",
        descent: "Schatten descent: each block with its singular values to the power 1/(p - 1)",
        symbol: "‖θ‖_{Sp}",
        paper_margin: None,
        fields: &[("p", "the exponent, from 1 to inf"), JOIN, WEIGHTS],
    };

    fn label(&self) -> NormLabel {
        let base = NormLabel {
            name: format!("schatten{}", list("", &[self.p])),
            symbol: format!("‖θ‖_{{S{}}}", self.p),
            ..Self::INFO.into()
        };
        let each = format!("the Schatten norm with p = {} (a vector: its l2 norm)", self.p);
        self.per_block().label(&each, base)
    }

    fn examples() -> Vec<Self> {
        let of = |p, join, weights| Self { p, join, weights };
        let mut all: Vec<Self> =
            [1.0, 1.001, 1.5, 2.0, 3.0, 100.0, f64::INFINITY].map(|p| of(p, Join::Max, None)).into();
        all.push(of(3.0, Join::Sum, Some(vec![2.0, 0.25])));
        all.push(of(1.25, Join::L2, None));
        all
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        let p = join::exponent("p", self.p)?;
        self.per_block().build(layout, |shape| {
            let norm = |shape: Shape| -> Box<dyn Norm> {
                match p {
                    1.0 => Box::new(Nuclear { shape }),
                    2.0 => Box::new(L2::new(shape.len())),
                    f64::INFINITY => Box::new(Spectral::new((shape.rows, shape.cols))),
                    p => Box::new(Schatten { p, shape }),
                }
            };
            Ok((1.0, block_norm(shape, norm)))
        })
    }
}
