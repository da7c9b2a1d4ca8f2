//! Steepest descent in any norm.

use steepest_core::{
    CoreError, GradedView, GradientTerms, Norm, Optimizer, OptimizerKind, SavedState, Steepest, WantedTerms,
};

/// theta <- theta - length * u with u in argmax over N(u) <= 1 of <grad L, u> (Eq. 1 of Tsilivis et al. at the step scale
/// `dual_norm`).
///
/// In l2 this is gradient descent, in l1 coordinate descent, in linf sign descent, in the spectral norm spectral descent. It goes
/// through the norm's own dual map: it is not a rescaled Euclidean gradient. It has no state.
#[derive(Debug)]
pub struct SteepestDescent<N> {
    norm: N,
}

impl<N: Norm> SteepestDescent<N> {
    /// Steepest descent in this norm.
    pub const fn new(norm: N) -> Self {
        Self { norm }
    }
}

impl<N: Norm> Optimizer for SteepestDescent<N> {
    fn kind(&self) -> OptimizerKind {
        self.norm.descent()
    }

    fn own_norm(&self) -> &dyn Norm {
        &self.norm
    }

    fn direction(&mut self, _theta: &[f64], gradient: GradedView<'_>, buffer: &mut [f64]) -> Steepest {
        self.norm.steepest(gradient, buffer)
    }

    fn wants_terms(&self) -> WantedTerms {
        self.norm.wants_terms()
    }

    fn direction_of_terms(
        &mut self,
        _theta: &[f64],
        gradient: GradedView<'_>,
        terms: &GradientTerms<'_>,
        buffer: &mut [f64],
    ) -> Steepest {
        self.norm.steepest_of_terms(gradient, terms, buffer)
    }

    fn sees_graded(&self) -> bool {
        self.norm.sees_graded()
    }

    fn save(&self, _state: &mut SavedState) {}

    fn restore(&mut self, _state: &SavedState) -> Result<(), CoreError> {
        Ok(())
    }
}
