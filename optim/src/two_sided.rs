//! Coordinate descent with the two-sided rule at kinks.

use crate::spec::{BuildOptimizer, NormOf, OptimizerInfo};
use serde::{Deserialize, Serialize};
use steepest_core::{CoreError, GradedView, Norm, Optimizer, OptimizerKind, ParameterLayout, SavedState, Steepest};

/// Steepest descent in l1 that does not flip back and forth over a kink for ever.
///
/// With steps of fixed size, plain coordinate descent gets stuck on the kinks of ReLU networks: one weight w_jl keeps the largest |g| on both
/// sides of a kink and moves over it and back. The rule: where the arg-max is the weight that the last step moved, with reversed sign, and that
/// step changed the activity of some samples at neuron j, these samples get the derivative between the two one-sided ones that makes g_jl zero,
/// an element of Clarke's subdifferential, and the arg-max is taken again. [`Evaluation::n_held`](steepest_core::Evaluation) counts them.
///
/// For networks whose first layer is trained and followed by an activation with a kink; the dynamics carries the rule out. The plain rule is
/// steepest descent with `norm = "l1"`.
#[derive(Debug)]
pub struct TwoSidedDescent {
    norm: Box<dyn Norm>,
}

impl TwoSidedDescent {
    /// With the l1 norm on the parameters.
    pub const fn new(norm: Box<dyn Norm>) -> Self {
        Self { norm }
    }
}

impl Optimizer for TwoSidedDescent {
    fn remembers(&self) -> bool {
        true
    }

    fn kind(&self) -> OptimizerKind {
        self.norm.descent()
    }

    fn own_norm(&self) -> &dyn Norm {
        &*self.norm
    }

    fn direction(&mut self, _theta: &[f64], gradient: GradedView<'_>, buffer: &mut [f64]) -> Steepest {
        self.norm.steepest(gradient, buffer)
    }

    fn is_two_sided(&self) -> bool {
        true
    }

    fn sees_graded(&self) -> bool {
        self.norm.sees_graded()
    }

    fn save(&self, _state: &mut SavedState) {}

    fn restore(&mut self, _state: &SavedState) -> Result<(), CoreError> {
        Ok(())
    }
}

/// `two_sided_cd` in a configuration: it has no parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoSidedSpec {}

impl<N> BuildOptimizer<N> for TwoSidedSpec {
    const INFO: OptimizerInfo = OptimizerInfo {
        name: "two_sided_cd",
        formula: "coordinate descent; a weight that flips back over a kink gets the derivative in between that makes its gradient zero, \
                  and the arg-max is taken again",
        summary: "coordinate descent that is not caught by the kinks of ReLU networks; the plain rule is `steepest` with norm = \"l1\"",
        fields: &[],
    };
    const HAS_OWN_LENGTH: bool = false;

    fn own_norm(&self) -> NormOf<'_, N> {
        NormOf::Named("l1")
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    fn build(&self, _layout: &ParameterLayout, own_norm: Box<dyn Norm>) -> Box<dyn Optimizer> {
        Box::new(TwoSidedDescent::new(own_norm))
    }
}
