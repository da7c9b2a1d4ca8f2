//! Shampoo, in the forms that differ.

use crate::spec::{BuildOptimizer, NormOf, OptimizerInfo};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use steepest_core::linalg::{Accumulate, multiply_into, symmetric_eigen};
use steepest_core::{
    BlockShape, CoreError, GradedView, LogReal, Norm, Optimizer, OptimizerKind, ParameterLayout, SavedState, Steepest,
    logspace,
};

/// Which Shampoo. Without accumulation it is spectral descent: steepest descent in the spectral norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShampooForm {
    /// Eq. (76) of Tsilivis et al. (Gupta, Koren and Singer 2018): L += G G^T, R += G^T G, u = L^(-1/4) G R^(-1/4); a vector:
    /// L^(-1/2) g.
    Equation76,
    /// The formulas of the package torch-optimizer 0.3, which the paper ran: L += G G^T, H = L^(-1/2) G, R += H^T H (of the already
    /// preconditioned gradient), u = H R^(-1/2); a vector: L^(-1) g. Exponents -1/2 in place of -1/4.
    TorchOptimizer,
}

/// `shampoo` in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShampooSpec {
    /// Which formulas.
    pub form: ShampooForm,
    /// The preconditioners start as eps times the identity; default 1e-4, the package's.
    #[serde(default = "eps")]
    pub eps: f64,
}

impl<N> BuildOptimizer<N> for ShampooSpec {
    const INFO: OptimizerInfo = OptimizerInfo {
        name: "shampoo",
        formula: "W <- W - length * L^a G R^a",
        summary: "Shampoo with accumulation; without it, it is `steepest` with norm = \"spectral\"",
        fields: &[
            (
                "form",
                "\"equation76\" (the paper's Eq. (76), a = -1/4) or \"torch_optimizer\" (the package that the paper ran, a = -1/2)",
            ),
            ("eps", "the preconditioners start as eps times the identity, default 1e-4"),
        ],
    };
    const HAS_OWN_LENGTH: bool = true;

    fn own_norm(&self) -> NormOf<'_, N> {
        NormOf::Named("spectral")
    }

    fn check(&self) -> Result<(), String> {
        let fine = self.eps > 0.0 && self.eps.is_finite();
        if fine { Ok(()) } else { Err(format!("`eps` is {}, expected a positive number", self.eps)) }
    }

    fn build(&self, layout: &ParameterLayout, own_norm: Box<dyn Norm>) -> Box<dyn Optimizer> {
        Box::new(Shampoo::new(*self, layout, own_norm))
    }
}

const fn eps() -> f64 {
    1e-4
}

/// Shampoo on the blocks of a layout, accumulating for ever. Its own norm is the largest spectral norm.
///
/// Gradients enter with their true size: one far below eps changes no preconditioner, and the step follows it down. Roots by symmetric
/// eigenvalues, which are at least eps in exact arithmetic and taken as that where rounding puts them below. Two eigenvalue problems a
/// matrix block and step: O(m^3 + d^3).
#[derive(Debug)]
pub struct Shampoo {
    spec: ShampooSpec,
    own_norm: Box<dyn Norm>,
    blocks: Vec<BlockState>,
}

/// The preconditioners of a block; a vector is a column and has a left one only.
#[derive(Debug)]
struct BlockState {
    range: std::ops::Range<usize>,
    rows: usize,
    cols: usize,
    left: Preconditioner,
    right: Option<Preconditioner>,
}

/// A sum of squares that starts as eps times the identity. It is in memory from the first step on: who asks an optimiser what it is pays for none.
#[derive(Debug)]
struct Preconditioner {
    side: usize,
    eps: f64,
    sum: Option<Array2<f64>>,
}

impl Preconditioner {
    const fn new(side: usize, eps: f64) -> Self {
        Self { side, eps, sum: None }
    }

    /// The sum, or its start.
    fn sum(&self) -> Cow<'_, Array2<f64>> {
        let start = || Cow::Owned(Array2::from_diag_elem(self.side, self.eps));
        self.sum.as_ref().map_or_else(start, Cow::Borrowed)
    }

    /// The same, taken out.
    fn take_sum(&mut self) -> Array2<f64> {
        self.sum.take().unwrap_or_else(|| self.sum().into_owned())
    }

    /// P += b b^T, and P^power; its eigenvalues are at least eps.
    fn accumulated(&mut self, b: ArrayView2<'_, f64>, power: f64) -> Result<Array2<f64>, CoreError> {
        let mut sum = self.take_sum();
        multiply_into(Accumulate::Add, b, b.t(), sum.view_mut());
        let sum = self.sum.insert(sum);
        symmetric_power(sum, power, self.eps)
    }
}

impl Shampoo {
    /// Shampoo on these blocks; the norm is the one whose margin it is to increase, the largest spectral norm.
    pub fn new(spec: ShampooSpec, layout: &ParameterLayout, own_norm: Box<dyn Norm>) -> Self {
        let start = |side: usize| Preconditioner::new(side, spec.eps);
        let blocks = layout.blocks().iter().map(|block| {
            let (rows, cols, right) = match block.shape {
                BlockShape::Matrix { rows, cols } => (rows, cols, Some(start(cols))),
                BlockShape::Vector { len } => (len, 1, None),
            };
            BlockState { range: block.range.clone(), rows, cols, left: start(rows), right }
        });
        Self { blocks: blocks.collect(), spec, own_norm }
    }
}

/// P^power of a symmetric matrix whose eigenvalues are at least `floor`.
fn symmetric_power(p: &Array2<f64>, power: f64, floor: f64) -> Result<Array2<f64>, CoreError> {
    let eigen = symmetric_eigen(p.view())?;
    let mut scaled = eigen.vectors.clone();
    for (mut column, &value) in scaled.columns_mut().into_iter().zip(&eigen.values) {
        column *= value.max(floor).powf(power);
    }
    Ok(product(scaled.view(), eigen.vectors.t()))
}

fn product(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    multiply_into(Accumulate::Replace, a, b, c.view_mut());
    c
}

impl BlockState {
    /// Takes the block's gradient in and returns the direction.
    fn direction(&mut self, spec: ShampooSpec, g: ArrayView2<'_, f64>) -> Result<Array2<f64>, CoreError> {
        let (matrix_power, vector_power) = match spec.form {
            ShampooForm::Equation76 => (-0.25, -0.5),
            ShampooForm::TorchOptimizer => (-0.5, -1.0),
        };
        let Some(right) = &mut self.right else {
            return Ok(product(self.left.accumulated(g, vector_power)?.view(), g));
        };
        let half = product(self.left.accumulated(g, matrix_power)?.view(), g);
        let seen_from_right = match spec.form {
            ShampooForm::Equation76 => g.t(),
            ShampooForm::TorchOptimizer => half.t(),
        };
        Ok(product(half.view(), right.accumulated(seen_from_right, matrix_power)?.view()))
    }
}

impl Optimizer for Shampoo {
    fn remembers(&self) -> bool {
        true
    }

    fn kind(&self) -> OptimizerKind {
        OptimizerKind::RightInvariant
    }

    fn own_norm(&self) -> &dyn Norm {
        &*self.own_norm
    }

    fn direction(&mut self, _theta: &[f64], gradient: GradedView<'_>, buffer: &mut [f64]) -> Steepest {
        let leading = gradient.leading_into(buffer);
        let factor = logspace::exp(leading.scale.ln());
        for block in &mut self.blocks {
            let part = &mut buffer[block.range.clone()];
            part.iter_mut().for_each(|g| *g *= factor);
            let direction = match ArrayView2::from_shape((block.rows, block.cols), part) {
                Ok(g) => block.direction(self.spec, g).ok(),
                Err(_) => None,
            };
            let Some(direction) = direction else {
                part.fill(f64::NAN);
                return Steepest::written(LogReal::from_ln(f64::NAN));
            };
            part.iter_mut().zip(&direction).for_each(|(u, d)| *u = *d);
        }
        Steepest { left_out: leading.left_out, ..Steepest::written(gradient.euclidean_norm()) }
    }

    fn reports_l2(&self) -> bool {
        true
    }

    fn sees_graded(&self) -> bool {
        false
    }

    fn save(&self, state: &mut SavedState) {
        for (k, block) in self.blocks.iter().enumerate() {
            for (name, side) in [("left", Some(&block.left)), ("right", block.right.as_ref())] {
                let Some(side) = side else { continue };
                state.put(&format!("shampoo/{k}/{name}"), &side.sum().iter().copied().collect::<Vec<_>>());
            }
        }
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        for (k, block) in self.blocks.iter_mut().enumerate() {
            for (name, side) in [("left", Some(&mut block.left)), ("right", block.right.as_mut())] {
                let Some(side) = side else { continue };
                let mut sum = side.take_sum();
                if let Some(numbers) = sum.as_slice_mut() {
                    state.restore_into(&format!("shampoo/{k}/{name}"), numbers)?;
                }
                side.sum = Some(sum);
            }
        }
        Ok(())
    }
}
