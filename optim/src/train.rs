//! The training loop.

use crate::error::OptimError;
use crate::stop::Stop;
use std::ops::ControlFlow;
use steepest_core::{Dynamics, Observer, Outcome, SavedState, Step, StepLength, StopReason};

/// Runs one phase from `first_step` on until `stop` or the observer ends it. A switch of the optimiser is a second phase, which starts
/// from the theta, and at the step, of the first.
///
/// Row t of the observer is the state after t updates. The last state is recorded too, unless the run diverged: then the last
/// finite row stands, and the outcome says where.
///
/// # Errors
/// If a row cannot be written, or a state cannot be restored.
pub fn train(
    dynamics: &mut dyn Dynamics,
    step_length: &mut dyn StepLength,
    stop: &mut Stop,
    observer: &mut dyn Observer,
    first_step: u64,
) -> Result<Outcome, OptimError> {
    let mut accepted = Accepted::new(&*step_length);
    let mut step = first_step;
    loop {
        let at = dynamics.evaluate();
        let mut ended = stop.check(step, &at);
        let next = step_length.at(step, &at);
        let length = match next {
            Step::Advance(length) => length,
            Step::RollBack => {
                accepted.restore(dynamics)?;
                continue;
            }
        };
        if ended.is_none() && !length.is_finite() {
            ended = Some(StopReason::NonFinite { sample: None });
        }
        if matches!(ended, Some(StopReason::NonFinite { .. })) {
            return Ok(Outcome { step, reason: ended.unwrap_or(StopReason::NonFinite { sample: None }) });
        }
        if let ControlFlow::Break(reason) = observer.accumulate(step, &at, length) {
            ended = ended.or(Some(reason));
        }
        if ended.is_some() || observer.due(step) {
            observer.record(step, dynamics)?;
        }
        if let Some(reason) = ended {
            return Ok(Outcome { step, reason });
        }
        accepted.save(dynamics);
        if !dynamics.advance(length) {
            observer.record(step, dynamics)?;
            return Ok(Outcome { step, reason: StopReason::StepVanished });
        }
        step += 1;
    }
}

/// The last accepted state, kept only for a rule that may go back to it.
struct Accepted {
    state: Option<SavedState>,
}

impl Accepted {
    fn new(step_length: &dyn StepLength) -> Self {
        Self { state: step_length.rolls_back().then(SavedState::default) }
    }

    fn save(&mut self, dynamics: &dyn Dynamics) {
        if let Some(state) = &mut self.state {
            dynamics.save(state);
        }
    }

    fn restore(&self, dynamics: &mut dyn Dynamics) -> Result<(), OptimError> {
        match &self.state {
            Some(state) => Ok(dynamics.restore(state)?),
            None => Err(OptimError::Incomplete { what: "state to go back to", method: "StepLength::rolls_back" }),
        }
    }
}
