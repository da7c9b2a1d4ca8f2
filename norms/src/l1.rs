//! The l1 norm: steepest descent in it is coordinate descent.

use crate::error::NormError;
use crate::multiples::of_lr;
use crate::spec::{BuildNorm, NormInfo};
use serde::{Deserialize, Serialize};
use steepest_core::{
    Fold, Form, GradedView, LogReal, Multiples, Norm, OptimizerKind, ParameterLayout, Steepest, Subdifferential, vector,
};

/// N(x) = sum_k |x_k| on R^dim; N* = max_k |g_k|.
///
/// Steepest direction: sign(g_k) e_k for the k of largest |g_k|, compared in exact arithmetic; of entries within a relative 1e-12
/// of it the lowest index, and the others are counted as near ties. Subgradient: sign(x), with sign(0) = 0. One pass over the
/// vector each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct L1 {
    dim: usize,
}

impl L1 {
    /// The l1 norm on R^dim.
    pub const fn new(dim: usize) -> Self {
        Self { dim }
    }
}

impl Norm for L1 {
    fn dim(&self) -> usize {
        self.dim
    }

    fn value(&self, x: &[f64]) -> f64 {
        vector::sum_of_abs(x)
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        g.max_abs()
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        let steepest = self.steepest(g, direction);
        steepest.form.write(g, direction);
        Steepest { form: Form::Written, ..steepest }
    }

    fn steepest(&self, g: GradedView<'_>, buffer: &mut [f64]) -> Steepest {
        let Some(best) = g.arg_max_abs() else {
            buffer.fill(0.0);
            return Steepest::written(LogReal::ZERO);
        };
        Steepest {
            dual: LogReal::from_ln(g.ln_abs(best.index)),
            form: Form::Coordinate { index: best.index, value: g.sign(best.index) },
            near_ties: best.near_ties,
            left_out: false,
            doubtful: false,
            routes: 0,
        }
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        for (v, &x) in subgradient.iter_mut().zip(x) {
            *v = vector::sign(x);
        }
        self.value(x)
    }

    fn fold(&self) -> Option<Fold> {
        Some(Fold::SumOfAbs)
    }

    fn descent(&self) -> OptimizerKind {
        OptimizerKind::Coordinate
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Box<dyn Norm>> {
        Some(Box::new(Self::new(kept.len())))
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        Some(self)
    }
}

impl Subdifferential for L1 {
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
        of_lr(1.0, x, target, tolerance)
    }
}

/// `l1` in a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct L1Spec {}

impl BuildNorm for L1Spec {
    const INFO: NormInfo = NormInfo {
        name: "l1",
        formula: "sum_k |x_k|",
        dual: "linf",
        descent: "coordinate descent (CD): moves the entry of largest gradient",
        symbol: "‖θ‖_{1}",
        paper_margin: Some("γ_{∞}"),
        fields: &[],
    };

    fn examples() -> Vec<Self> {
        vec![Self {}]
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        Ok(Box::new(L1::new(layout.len())))
    }
}
