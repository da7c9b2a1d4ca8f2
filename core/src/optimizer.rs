//! Where to go: optimisers.

use crate::error::CoreError;
use crate::graded::GradedView;
use crate::norm::{Fold, Form, Moved, Norm, Steepest};
use crate::state::SavedState;
use crate::terms::{GradientTerms, WantedTerms};
use std::fmt::Debug;

/// A rule for the direction of a step. How far to go along it is a [`StepLength`](crate::StepLength)'s business.
pub trait Optimizer: Debug + Send {
    /// What the direction depends on, from which an exact fast dynamics is chosen.
    fn kind(&self) -> OptimizerKind;

    /// The norm whose margin this optimiser is to increase: that of steepest descent, l-infinity for Adam, the largest
    /// spectral norm for Shampoo.
    fn own_norm(&self) -> &dyn Norm;

    /// Finds what is to be subtracted from theta for a step of length one, given the gradient of the loss itself (its scale
    /// included). The direction is in `buffer` unless the returned form names it.
    fn direction(&mut self, theta: &[f64], gradient: GradedView<'_>, buffer: &mut [f64]) -> Steepest;

    /// What the direction wants to see beside the gradient.
    fn wants_terms(&self) -> WantedTerms {
        WantedTerms::Nothing
    }

    /// [`direction`](Optimizer::direction) with the terms that the gradient is the sum of, for an optimiser that wants them.
    fn direction_of_terms(
        &mut self,
        theta: &[f64],
        gradient: GradedView<'_>,
        terms: &GradientTerms<'_>,
        buffer: &mut [f64],
    ) -> Steepest {
        let _ = terms;
        self.direction(theta, gradient, buffer)
    }

    /// theta <- theta - `length` times the direction that was found in this form, once for each direction; and the value of a norm that is
    /// a fold, at the new theta, in the same pass.
    fn apply(
        &mut self,
        form: Form,
        gradient: GradedView<'_>,
        buffer: &[f64],
        length: f64,
        theta: &mut [f64],
        fold: Option<Fold>,
    ) -> Moved {
        form.subtract(gradient, buffer, length, theta, fold)
    }

    /// Whether a coordinate that flips back and forth over a kink of the model is to be held there: the two-sided rule of coordinate descent.
    fn is_two_sided(&self) -> bool {
        false
    }

    /// Whether the direction at an entry depends on that entry's gradients, and on the others by one common factor at most: theta may then stand in
    /// any order. Not so where the order decides between ties, or entries are of a matrix.
    fn is_entrywise(&self) -> bool {
        matches!(self.kind(), OptimizerKind::Linear | OptimizerKind::Sign)
    }

    /// Whether the direction sees entries of the gradient that are invisible beside the largest.
    fn sees_graded(&self) -> bool {
        true
    }

    /// Whether the dual norm that [`direction`](Optimizer::direction) reports is that of a memory of gradients (momentum), not of the
    /// gradient itself.
    fn reports_memory(&self) -> bool {
        false
    }

    /// Whether [`direction`](Optimizer::direction) reports |grad L|_2 in place of the dual norm: where that one is dear, and the direction has a length
    /// of its own, so that nothing but a row of a trajectory asks for it.
    fn reports_l2(&self) -> bool {
        false
    }

    /// The momentum, where the direction is the norm's own dual map of nothing but one.
    fn momentum(&self) -> Option<Momentum> {
        None
    }

    /// Whether a direction depends on more than theta and the gradient there.
    fn remembers(&self) -> bool {
        self.reports_memory()
    }

    /// Stores everything that the next direction depends on.
    fn save(&self, state: &mut SavedState);

    /// Restores it.
    ///
    /// # Errors
    /// If the state is not one that this optimiser saved.
    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError>;
}

/// M <- decay M + weight grad L; the direction is that of M.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    /// How much of M stays: 0 <= decay < 1.
    pub decay: f64,
    /// What the gradient enters with.
    pub weight: f64,
    /// Whether the direction is that of decay M + weight grad L, with the new M (Nesterov).
    pub looks_ahead: bool,
}

/// What a direction depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptimizerKind {
    /// A multiple of the gradient (gradient descent, momentum).
    Linear,
    /// U f(S) V^T of each block (spectral, nuclear, Schatten): commutes with rotations of the inputs.
    RightInvariant,
    /// One coordinate.
    Coordinate,
    /// The sign of each coordinate.
    Sign,
    /// Anything else: the whole gradient must be formed.
    Other,
}
