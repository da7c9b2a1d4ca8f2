//! Steepest descent in any norm.

use crate::momentum::{MomentumDescent, MomentumSpec};
use crate::spec::{BuildOptimizer, NormOf, OptimizerInfo, check_decay};
use serde::{Deserialize, Serialize};
use steepest_core::{
    CoreError, GradedView, GradientTerms, Norm, Optimizer, OptimizerKind, ParameterLayout, SavedState, Steepest,
    WantedTerms,
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

/// `steepest` in a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SteepestSpec<N> {
    /// The norm.
    pub norm: N,
    /// Momentum on the gradient before the dual map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub momentum: Option<MomentumSpec>,
}

impl<N> BuildOptimizer<N> for SteepestSpec<N> {
    const INFO: OptimizerInfo = OptimizerInfo {
        name: "steepest",
        formula: "theta <- theta - length * argmax_{N(u) <= 1} <M, u>, M = grad L or its momentum",
        summary: "steepest descent in any norm: l2 is gradient descent, l1 coordinate descent, linf sign descent (with momentum \
                  Signum), spectral is spectral descent (with momentum Muon with an exact polar factor)",
        fields: &[
            ("norm", "a norm by name, such as \"linf\" (see `steepest list norms`)"),
            (
                "momentum",
                "{ beta, dampening = true, nesterov = false }: M <- beta M + (1 - beta) g, or + g without dampening",
            ),
        ],
    };
    const HAS_OWN_LENGTH: bool = false;

    fn own_norm(&self) -> NormOf<'_, N> {
        NormOf::Configured(&self.norm)
    }

    fn check(&self) -> Result<(), String> {
        self.momentum.map_or(Ok(()), |m| check_decay("beta", m.beta))
    }

    fn build(&self, _layout: &ParameterLayout, own_norm: Box<dyn Norm>) -> Box<dyn Optimizer> {
        match self.momentum {
            None => Box::new(SteepestDescent::new(own_norm)),
            Some(momentum) => Box::new(MomentumDescent::new(own_norm, momentum)),
        }
    }
}
