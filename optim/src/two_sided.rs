//! Coordinate descent with the two-sided rule at kinks.

use steepest_core::{CoreError, GradedView, Norm, Optimizer, OptimizerKind, SavedState, Steepest};

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
