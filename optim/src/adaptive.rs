//! The raise-or-roll-back step length of Lyu and Li.

use crate::schedule::StepRule;
use steepest_core::{CoreError, Evaluation, SavedState, Step, StepLength};

/// Raises the step while the loss falls, and goes back where it did not (Lyu and Li 2020, their loss-based learning rate).
///
/// The length is that of the inner rule times a factor, one at first. After a step that did not raise the loss the factor grows by 2^(1/5);
/// after one that did, or that left the finite numbers, the run goes back to the point before it and the factor shrinks by 2^(-1/10).
#[derive(Clone, Debug)]
pub struct RaiseOrRollBack {
    inner: StepRule,
    ln_factor: f64,
    /// ln L at the last accepted point.
    accepted: f64,
    /// Whether the last answer was to go back: the next evaluation is of an accepted point.
    went_back: bool,
}

const LN_RAISE: f64 = std::f64::consts::LN_2 / 5.0;
const LN_LOWER: f64 = std::f64::consts::LN_2 / 10.0;

/// Below this factor the loss does not fall along the direction at any length that a double can tell.
const LN_SMALLEST: f64 = -100.0;

impl RaiseOrRollBack {
    /// Around an inner rule.
    pub const fn new(inner: StepRule) -> Self {
        Self { inner, ln_factor: 0.0, accepted: f64::INFINITY, went_back: false }
    }
}

impl StepLength for RaiseOrRollBack {
    fn at(&mut self, step: u64, at: &Evaluation<'_>) -> Step {
        let ln_loss = at.loss.ln();
        let is_first = self.accepted == f64::INFINITY;
        let is_worse = ln_loss.is_nan() || ln_loss > self.accepted;
        if is_worse && !is_first && !self.went_back {
            self.ln_factor -= LN_LOWER;
            self.went_back = true;
            return if self.ln_factor < LN_SMALLEST { Step::Advance(0.0) } else { Step::RollBack };
        }
        if !is_first && !self.went_back {
            self.ln_factor += LN_RAISE;
        }
        self.went_back = false;
        self.accepted = ln_loss;
        self.inner.scaled(step, at, self.ln_factor)
    }

    fn needs_own_norm(&self) -> bool {
        self.inner.needs_own_norm()
    }

    fn rolls_back(&self) -> bool {
        true
    }

    fn save(&self, state: &mut SavedState) {
        state.put("raise_or_roll_back", &[self.ln_factor, self.accepted]);
        state.put_counter("raise_or_roll_back/went_back", u64::from(self.went_back));
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        let mut numbers = [0.0; 2];
        state.restore_into("raise_or_roll_back", &mut numbers)?;
        [self.ln_factor, self.accepted] = numbers;
        self.went_back = state.counter("raise_or_roll_back/went_back")? == 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MomentumDescent, MomentumSpec, Schedule, SteepestDescent, StepScale, Stop, Trainer};
    use steepest_core::loss::Exponential;
    use steepest_core::observer::Unobserved;
    use steepest_core::{Dataset, Labels, StopReason};
    use steepest_models::Linear;
    use steepest_norms::L2;

    fn data() -> Dataset {
        let inputs = ndarray::array![[1.0, 0.2], [0.9, -0.3], [-1.0, 0.4], [-0.8, -0.1]];
        Dataset::new(inputs, Labels::Binary(vec![1.0, 1.0, -1.0, -1.0])).unwrap()
    }

    fn rule(size: f64) -> RaiseOrRollBack {
        RaiseOrRollBack::new(StepRule::new(StepScale::DualNorm, Schedule::Constant { size }))
    }

    #[test]
    fn the_loss_never_rises_and_outruns_a_fixed_rate() {
        let (data, model, loss) = (data(), Linear::new(2, 1).unwrap(), Exponential::sum());
        let start = Trainer::new(&model, &data, &loss).until(Stop::after(300));
        let run =
            start.optimizer(SteepestDescent::new(L2::new(2))).step(rule(0.1)).train(vec![0.0; 2], &mut Unobserved);
        let run = run.unwrap();
        assert_eq!(run.outcome.reason, StopReason::Steps);
        assert!(run.loss.ln() < -25.0, "{:?}", run.loss);
    }

    #[test]
    fn going_back_finds_the_same_direction_again_with_memory() {
        // with a huge first step every early answer is to go back; the buffer must not take the gradient in twice
        let (data, model, loss) = (data(), Linear::new(2, 1).unwrap(), Exponential::sum());
        let momentum = MomentumSpec { beta: 0.5, dampening: true, nesterov: false };
        let start = Trainer::new(&model, &data, &loss).until(Stop::after(1));
        let optimizer = MomentumDescent::new(L2::new(2), momentum);
        let run = start.optimizer(optimizer).step(rule(1e3)).train(vec![0.1, -3.0], &mut Unobserved).unwrap();
        let plain =
            Trainer::new(&model, &data, &loss).until(Stop::after(1)).optimizer(SteepestDescent::new(L2::new(2)));
        let tiny = StepRule::new(StepScale::Normalized, Schedule::Constant { size: 1e-9 });
        let plain = plain.step(tiny).train(vec![0.1, -3.0], &mut Unobserved).unwrap();
        let moved = |theta: &[f64]| (theta[1] + 3.0) / (theta[0] - 0.1);
        assert!((moved(&run.theta) / moved(&plain.theta) - 1.0).abs() < 1e-5, "{:?}", run.theta);
    }
}
