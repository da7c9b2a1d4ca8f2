//! The l-infinity norm: steepest descent in it is sign descent.

use crate::error::NormError;
use crate::multiples::of_lr;
use crate::spec::{BuildNorm, NormInfo};
use serde::{Deserialize, Serialize};
use steepest_core::{
    Fold, Form, GradedView, LogReal, Multiples, Norm, OptimizerKind, ParameterLayout, Steepest, Subdifferential, vector,
};

/// N(x) = max_k |x_k| on R^dim; N* = sum_k |g_k|.
///
/// Steepest direction: sign(g), with sign(0) = 0; every coordinate counts, however far below the largest it lies. Subgradient:
/// sign(x_k) e_k for the k of largest |x_k|, lowest index. One pass over the vector each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linf {
    dim: usize,
}

impl Linf {
    /// The l-infinity norm on R^dim.
    pub const fn new(dim: usize) -> Self {
        Self { dim }
    }
}

impl Norm for Linf {
    fn dim(&self) -> usize {
        self.dim
    }

    fn value(&self, x: &[f64]) -> f64 {
        if vector::has_nan(x) { f64::NAN } else { vector::max_abs(x) }
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        g.sum_of_abs()
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        Form::Signs.write(g, direction);
        Steepest::written(g.sum_of_abs())
    }

    fn steepest(&self, g: GradedView<'_>, _buffer: &mut [f64]) -> Steepest {
        Steepest { form: Form::Signs, ..Steepest::written(g.sum_of_abs()) }
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        subgradient.fill(0.0);
        let largest = self.value(x);
        if let Some(k) = x.iter().position(|v| v.abs() >= largest && *v != 0.0) {
            subgradient[k] = vector::sign(x[k]);
        }
        largest
    }

    fn fold(&self) -> Option<Fold> {
        Some(Fold::MaxAbs)
    }

    fn descent(&self) -> OptimizerKind {
        OptimizerKind::Sign
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Box<dyn Norm>> {
        Some(Box::new(Self::new(kept.len())))
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        Some(self)
    }
}

impl Subdifferential for Linf {
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
        of_lr(f64::INFINITY, x, target, tolerance)
    }
}

/// `linf` in a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinfSpec {}

impl BuildNorm for LinfSpec {
    const INFO: NormInfo = NormInfo {
        name: "linf",
        formula: "max_k |x_k|",
        dual: "l1",
        descent: "sign descent (SD): moves every entry by the same length",
        symbol: "‖θ‖_{∞}",
        paper_margin: Some("γ_{1}"),
        fields: &[],
    };

    fn examples() -> Vec<Self> {
        vec![Self {}]
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        Ok(Box::new(Linf::new(layout.len())))
    }
}
