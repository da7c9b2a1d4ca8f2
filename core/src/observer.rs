//! Who watches a run, and the ways in which it can end.

use crate::dynamics::{Dynamics, Evaluation};
use crate::state::SavedPhase;
use std::fmt;
use std::ops::ControlFlow;
use thiserror::Error;

/// Something that watches a run.
pub trait Observer {
    /// Every step, cheap: running quantities. `length` is that of the step about to be taken. May stop the run.
    fn accumulate(&mut self, step: u64, at: &Evaluation<'_>, length: f64) -> ControlFlow<StopReason>;

    /// Whether a row is wanted at this step.
    fn due(&self, step: u64) -> bool;

    /// Writes a row: whatever needs theta. `is_last` where no other row of this phase follows.
    ///
    /// # Errors
    /// If it could not be written.
    fn record(&mut self, step: u64, dynamics: &mut dyn Dynamics, is_last: bool) -> Result<(), ObserverError>;

    /// Whether the state before the next evaluation is wanted, so that the run may go on from it another time. Asked at every step.
    fn wants_state(&mut self) -> bool {
        false
    }

    /// Keeps that state.
    ///
    /// # Errors
    /// If it could not be written.
    fn keep(&mut self, state: &SavedPhase) -> Result<(), ObserverError> {
        let _ = state;
        Ok(())
    }
}

/// An observer that sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn accumulate(&mut self, _step: u64, _at: &Evaluation<'_>, _length: f64) -> ControlFlow<StopReason> {
        ControlFlow::Continue(())
    }

    fn due(&self, _step: u64) -> bool {
        false
    }

    fn record(&mut self, _step: u64, _dynamics: &mut dyn Dynamics, _is_last: bool) -> Result<(), ObserverError> {
        Ok(())
    }
}

/// A row or a state that could not be written.
#[derive(Debug, Error)]
#[error("what belongs to step {step} could not be written")]
pub struct ObserverError {
    /// The step.
    pub step: u64,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where and why a run ended. None of these is an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The step at whose beginning it ended: the number of steps taken.
    pub step: u64,
    /// Why.
    pub reason: StopReason,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum StopReason {
    /// The number of steps that was asked for.
    Steps,
    /// ln L fell below the value that was asked for.
    LnLoss,
    /// The event at which the optimiser is switched.
    Switch,
    /// No bit of theta moves any more: the step is below the resolution of the parameters.
    StepVanished,
    /// The gradient is exactly zero.
    GradientVanished,
    /// A number that is not finite: the run diverged.
    NonFinite {
        /// The sample whose margin it is; `None` where margins are finite and the step is not.
        sample: Option<usize>,
    },
    /// Somebody interrupted it.
    Interrupted,
}

impl StopReason {
    /// One word for files and tables.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::LnLoss => "ln_loss",
            Self::Switch => "switch",
            Self::StepVanished => "step_vanished",
            Self::GradientVanished => "gradient_vanished",
            Self::NonFinite { .. } => "diverged",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps => write!(f, "all steps done"),
            Self::LnLoss => write!(f, "the loss fell below the value asked for"),
            Self::Switch => write!(f, "the optimiser was switched"),
            Self::StepVanished => {
                write!(f, "no bit of theta moves any more: the step is below the resolution of the parameters")
            }
            Self::GradientVanished => write!(f, "the gradient is exactly zero"),
            Self::NonFinite { sample: Some(i) } => write!(f, "the margin of sample {i} is not finite"),
            Self::NonFinite { sample: None } => write!(f, "the step or the loss is not finite"),
            Self::Interrupted => write!(f, "interrupted"),
        }
    }
}
