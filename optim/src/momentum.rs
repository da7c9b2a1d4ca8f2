//! Momentum on the gradient before the dual map of any norm.

use serde::{Deserialize, Serialize};
use steepest_core::{
    CoreError, Form, Graded, GradedView, Momentum, Norm, Optimizer, OptimizerKind, SavedState, Steepest,
};

/// `momentum` in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MomentumSpec {
    /// How much of the buffer stays: 0 <= beta < 1.
    pub beta: f64,
    /// Whether the gradient enters with weight 1 - beta (a moving average, default) or 1 (heavy ball).
    #[serde(default = "yes")]
    pub dampening: bool,
    /// Whether the map sees beta M + w g in place of M (Nesterov's look-ahead); default false.
    #[serde(default)]
    pub nesterov: bool,
}

const fn yes() -> bool {
    true
}

impl MomentumSpec {
    /// What it does to the buffer and the gradient.
    const fn terms(self) -> Momentum {
        let weight = if self.dampening { 1.0 - self.beta } else { 1.0 };
        Momentum { decay: self.beta, weight, looks_ahead: self.nesterov }
    }
}

/// M <- beta M + w grad L with w = 1 - beta (dampening) or 1 (heavy ball); then the steepest direction of M, or of beta M + w grad L
/// (Nesterov).
///
/// In l2 this is gradient descent with momentum, in linf Signum, in the spectral norm Muon with an exact polar factor. The buffer keeps
/// the true size of every gradient: where the gradient falls faster than beta^t, the oldest one rules. That is the algorithm, not an
/// error. The dual norm that it reports is that of M.
#[derive(Debug)]
pub struct MomentumDescent<N> {
    norm: N,
    momentum: MomentumSpec,
    buffer: Graded,
    ahead: Graded,
}

impl<N: Norm> MomentumDescent<N> {
    /// Steepest descent in this norm with this momentum.
    pub fn new(norm: N, momentum: MomentumSpec) -> Self {
        let dim = norm.dim();
        let ahead = Graded::zeros(if momentum.nesterov { dim } else { 0 });
        Self { norm, momentum, buffer: Graded::zeros(dim), ahead }
    }
}

impl<N: Norm> Optimizer for MomentumDescent<N> {
    /// The buffer of a linear map stays linear in the gradients; that of any other map is not what the faster ways carry.
    fn kind(&self) -> OptimizerKind {
        match self.norm.descent() {
            kind @ (OptimizerKind::Linear | OptimizerKind::RightInvariant) => kind,
            _ => OptimizerKind::Other,
        }
    }

    fn is_entrywise(&self) -> bool {
        matches!(self.norm.descent(), OptimizerKind::Linear | OptimizerKind::Sign)
    }

    fn own_norm(&self) -> &dyn Norm {
        &self.norm
    }

    fn direction(&mut self, _theta: &[f64], gradient: GradedView<'_>, buffer: &mut [f64]) -> Steepest {
        let Momentum { decay, weight, looks_ahead } = self.momentum.terms();
        let exact = self.norm.sees_graded();
        self.buffer.decay_and_add(decay, weight, gradient, exact);
        let seen = if looks_ahead {
            self.ahead.clone_from(&self.buffer);
            self.ahead.decay_and_add(decay, weight, gradient, exact);
            self.ahead.view()
        } else {
            self.buffer.view()
        };
        let found = self.norm.steepest(seen, buffer);
        if let Form::Coordinate { .. } = found.form {
            return found;
        }
        found.form.write(seen, buffer);
        Steepest { form: Form::Written, ..found }
    }

    fn sees_graded(&self) -> bool {
        self.norm.sees_graded()
    }

    fn reports_memory(&self) -> bool {
        true
    }

    fn momentum(&self) -> Option<Momentum> {
        Some(self.momentum.terms())
    }

    fn save(&self, state: &mut SavedState) {
        self.buffer.save("momentum", state);
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        self.buffer.restore("momentum", state)
    }
}
