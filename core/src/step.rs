//! How far to go: step lengths.

use crate::dynamics::Evaluation;
use crate::error::CoreError;
use crate::state::SavedState;
use std::fmt::Debug;

/// A rule for the length of a step along the direction that an [`Optimizer`](crate::Optimizer) gives.
pub trait StepLength: Debug + Send {
    /// What to do at this step, seeing the evaluation at the present point.
    fn at(&mut self, step: u64, at: &Evaluation<'_>) -> Step;

    /// Whether this rule looks at N(theta) in the own norm, however dear that is.
    fn needs_own_norm(&self) -> bool {
        false
    }

    /// Whether this rule may answer [`Step::RollBack`], so that states are worth keeping.
    fn rolls_back(&self) -> bool {
        false
    }

    /// Stores everything that the next answer depends on.
    fn save(&self, state: &mut SavedState);

    /// Restores it.
    ///
    /// # Errors
    /// If the state is not one that this rule saved.
    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError>;
}

/// What a step length rule decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Go this far: theta <- theta - length * direction.
    Advance(f64),
    /// Go back to the last accepted point; the rule shortens its next step.
    RollBack,
}
