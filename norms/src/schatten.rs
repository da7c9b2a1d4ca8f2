//! The Schatten norms of a matrix: lp norms of its singular values.

use crate::blocks::{BlockNorm, JOIN, WEIGHTS, list, per_block};
use crate::error::NormError;
use crate::join::{self, Join, Size, conjugate, maximise};
use crate::l2::L2;
use crate::matrix::{Shape, block_norm};
use crate::multiples::pairs::of_schatten;
use crate::nuclear::Nuclear;
use crate::spec::{NormInfo, NormLabel};
use crate::spectral::Spectral;
use steepest_core::linalg::singular_values;
use steepest_core::{BlockShape, GradedView, LogReal, Multiples, Norm, OptimizerKind, Steepest, Subdifferential};

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

per_block! {
    /// `{ kind = "schatten", p = 3 }` in a configuration: joined over blocks; p = 1, 2 and inf are the nuclear, Frobenius (`l2`) and spectral
    /// norm of each block. Of a vector it is the Euclidean norm.
    SchattenSpec {
        /// The exponent, from 1 to inf.
        p: f64,
    }
}

impl BlockNorm for SchattenSpec {
    const INFO: NormInfo = NormInfo {
        name: "schatten",
        formula: "max over blocks of (sum_k sigma_k(W)^p)^(1/p) (a vector: its l2 norm)",
        dual: "sum over blocks of the Schatten-q norm with 1/p + 1/q = 1",
        descent: "Schatten descent: each block with its singular values to the power 1/(p - 1)",
        symbol: "‖θ‖_{Sp}",
        paper_margin: None,
        fields: &[("p", "the exponent, from 1 to inf"), JOIN, WEIGHTS],
    };

    fn each(&self) -> String {
        format!("the Schatten norm with p = {} (a vector: its l2 norm)", self.p)
    }

    fn base(&self) -> NormLabel {
        NormLabel {
            name: format!("schatten{}", list("", &[self.p])),
            symbol: format!("‖θ‖_{{S{}}}", self.p),
            ..<Self as BlockNorm>::INFO.into()
        }
    }

    fn parameters() -> Vec<Self> {
        let of = |p| Self { p, join: Join::default(), weights: None };
        [3.0, 1.0, 1.001, 1.5, 2.0, 100.0, f64::INFINITY, 1.25].map(of).into()
    }

    fn of_block(&self, shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
        let p = join::exponent("p", self.p)?;
        let norm = |shape: Shape| -> Box<dyn Norm> {
            match p {
                1.0 => Box::new(Nuclear { shape }),
                2.0 => Box::new(L2::new(shape.len())),
                f64::INFINITY => Box::new(Spectral::new((shape.rows, shape.cols))),
                p => Box::new(Schatten { p, shape }),
            }
        };
        Ok((1.0, block_norm(shape, norm)))
    }
}
