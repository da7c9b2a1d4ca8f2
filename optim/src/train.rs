//! The training loop.

use crate::error::OptimError;
use crate::stop::Stop;
use std::ops::ControlFlow;
use steepest_core::{Dynamics, Observer, Outcome, SavedPhase, SavedState, Step, StepLength, StopReason};

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
    let accepted = Accepted::new(&*step_length);
    walk(dynamics, step_length, stop, observer, Position { first_step, step: first_step, accepted })
}

/// Goes on with a phase that began at `first_step` and was saved on its way. `dynamics`, `step_length` and `stop` are as they were when it
/// began; the bits from here on are those of a run that never stopped.
///
/// # Errors
/// If the state is not one of theirs, or as [`train`].
pub fn go_on(
    dynamics: &mut dyn Dynamics,
    step_length: &mut dyn StepLength,
    stop: &mut Stop,
    observer: &mut dyn Observer,
    first_step: u64,
    saved: SavedPhase,
) -> Result<Outcome, OptimError> {
    dynamics.restore(&saved.dynamics)?;
    step_length.restore(&saved.step_length)?;
    stop.restore(&saved.stop);
    let accepted = Accepted { last: saved.accepted, present: SavedState::default() };
    walk(dynamics, step_length, stop, observer, Position { first_step, step: saved.step, accepted })
}

/// Where in a phase the loop stands.
struct Position {
    first_step: u64,
    step: u64,
    accepted: Accepted,
}

impl Position {
    /// All that the phase depends on from here on.
    fn save(&self, dynamics: &dyn Dynamics, step_length: &dyn StepLength, stop: &Stop) -> SavedPhase {
        let mut saved = SavedPhase { step: self.step, accepted: self.accepted.last.clone(), ..SavedPhase::default() };
        dynamics.save(&mut saved.dynamics);
        step_length.save(&mut saved.step_length);
        stop.save(&mut saved.stop);
        saved
    }
}

/// The loop. A state is kept before the evaluation only: that changes the memory of an optimiser.
fn walk(
    dynamics: &mut dyn Dynamics,
    step_length: &mut dyn StepLength,
    stop: &mut Stop,
    observer: &mut dyn Observer,
    mut here: Position,
) -> Result<Outcome, OptimError> {
    loop {
        if observer.wants_state() {
            observer.keep(&here.save(dynamics, step_length, stop))?;
        }
        here.accepted.before(dynamics);
        let step = here.step;
        let at = dynamics.evaluate();
        let length = match step_length.at(step, &at) {
            Step::Advance(length) => length,
            Step::RollBack if step > here.first_step => {
                here.accepted.go_back(dynamics)?;
                here.step -= 1;
                continue;
            }
            // there is nothing to go back to
            Step::RollBack => f64::NAN,
        };
        here.accepted.accept();
        let mut ended = stop.check(step, &at);
        if ended.is_none() && !length.is_finite() {
            ended = Some(StopReason::NonFinite { sample: None });
        }
        if let Some(reason @ StopReason::NonFinite { .. }) = ended {
            return Ok(Outcome { step, reason });
        }
        if let ControlFlow::Break(reason) = observer.accumulate(step, &at, length) {
            ended = ended.or(Some(reason));
        }
        if ended.is_some() || observer.due(step) {
            observer.record(step, dynamics, ended.is_some())?;
        }
        if let Some(reason) = ended {
            return Ok(Outcome { step, reason });
        }
        if !dynamics.advance(length) {
            observer.record(step, dynamics, true)?;
            return Ok(Outcome { step, reason: StopReason::StepVanished });
        }
        here.step += 1;
    }
}

/// The state before the last accepted step's evaluation, so that the same direction is found again; kept only for a rule that may go back.
struct Accepted {
    /// At the last accepted point.
    last: Option<SavedState>,
    /// At the present point, which is not accepted yet.
    present: SavedState,
}

impl Accepted {
    fn new(step_length: &dyn StepLength) -> Self {
        Self { last: step_length.rolls_back().then(SavedState::default), present: SavedState::default() }
    }

    fn before(&mut self, dynamics: &dyn Dynamics) {
        if self.last.is_some() {
            dynamics.save(&mut self.present);
        }
    }

    fn accept(&mut self) {
        if let Some(last) = &mut self.last {
            std::mem::swap(last, &mut self.present);
        }
    }

    fn go_back(&self, dynamics: &mut dyn Dynamics) -> Result<(), OptimError> {
        match &self.last {
            Some(last) => Ok(dynamics.restore(last)?),
            None => Err(OptimError::Incomplete { what: "state to go back to", method: "StepLength::rolls_back" }),
        }
    }
}

#[cfg(test)]
mod tests;
