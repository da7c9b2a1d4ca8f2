//! The Euclidean norm: steepest descent in it is gradient descent.

use crate::error::NormError;
use crate::multiples::of_lr;
use crate::spec::{BuildNorm, NormInfo};
use serde::{Deserialize, Serialize};
use steepest_core::{
    Fold, Form, GradedView, LogReal, Multiples, Norm, OptimizerKind, ParameterLayout, Steepest, Subdifferential, vector,
};

/// N(x) = |x|_2 on R^dim, its own dual. Of matrices it is the Frobenius norm, which has no other name here.
///
/// Steepest direction: g / |g|_2, unique. Entries that are invisible beside the largest change neither the norm nor any entry of
/// theta in its last bit, so the leading part of a graded gradient suffices. Subgradient: x / |x|_2. Two passes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct L2 {
    dim: usize,
}

impl L2 {
    /// The Euclidean norm on R^dim.
    pub const fn new(dim: usize) -> Self {
        Self { dim }
    }
}

impl Norm for L2 {
    fn dim(&self) -> usize {
        self.dim
    }

    fn value(&self, x: &[f64]) -> f64 {
        vector::euclidean_norm(x)
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        g.euclidean_norm()
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        let leading = g.leading_into(direction);
        if leading.scale.is_zero() {
            return Steepest::written(LogReal::ZERO);
        }
        let norm = vector::sum_of_squares(direction).sqrt();
        direction.iter_mut().for_each(|u| *u /= norm);
        Steepest::written(leading.scale * LogReal::from_value(norm))
    }

    fn steepest(&self, g: GradedView<'_>, buffer: &mut [f64]) -> Steepest {
        /// Where neither the squares nor the reciprocal of the norm leave the range of a double.
        const MODERATE: std::ops::Range<f64> = 1e-280..1e280;
        let Some(values) = g.as_plain() else { return self.steepest_into(g, buffer) };
        let squares = vector::sum_of_squares(values);
        if !MODERATE.contains(&squares) {
            return self.steepest_into(g, buffer);
        }
        let norm = squares.sqrt();
        let form = Form::Multiple { factor: norm.recip() };
        Steepest { form, ..Steepest::written(g.scale() * LogReal::from_value(norm)) }
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        self.steepest_into(x.into(), subgradient);
        self.value(x)
    }

    fn sees_graded(&self) -> bool {
        false
    }

    fn fold(&self) -> Option<Fold> {
        Some(Fold::RootOfSquares)
    }

    fn descent(&self) -> OptimizerKind {
        OptimizerKind::Linear
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Box<dyn Norm>> {
        Some(Box::new(Self::new(kept.len())))
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        Some(self)
    }
}

impl Subdifferential for L2 {
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
        of_lr(2.0, x, target, tolerance)
    }
}

/// `l2` in a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct L2Spec {}

impl BuildNorm for L2Spec {
    const INFO: NormInfo = NormInfo {
        name: "l2",
        formula: "(sum_k x_k^2)^(1/2)",
        dual: "l2",
        descent: "gradient descent (GD)",
        symbol: "‖θ‖_{2}",
        paper_margin: Some("γ_{2}"),
        fields: &[],
    };

    fn examples() -> Vec<Self> {
        vec![Self {}]
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        Ok(Box::new(L2::new(layout.len())))
    }
}
