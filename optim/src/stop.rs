//! When a run ends, and the events on its way.

use serde::{Deserialize, Serialize};
use steepest_core::{Evaluation, LogReal, SavedState, StopReason, Whole, margin};

/// The events of a run: first steps at which something held. A step is the number of updates done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Milestones {
    /// First 100 % train accuracy: all q_i > 0.
    pub separation_step: Option<u64>,
    /// First SUM of losses below l(0): from here on the theory of the soft margin applies (assumption A3).
    pub theory_step: Option<u64>,
    /// First step with every q_i > 1: separation beyond the size of an initial output.
    pub unit_margin_step: Option<u64>,
}

/// The event at which a phase of a run hands over to the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchAt {
    /// First 100 % train accuracy.
    Separation,
    /// First SUM of losses below l(0).
    Theory,
    /// First step with every margin q_i above this.
    MinMargin(f64),
    /// After this many steps.
    Step(u64),
}

/// When a run ends: after a number of steps, below a loss, or at a switch; and where it is defective.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    steps: u64,
    ln_loss_below: f64,
    switch: Option<SwitchAt>,
    theory_threshold: LogReal,
    milestones: Milestones,
}

impl Stop {
    /// After this many steps.
    pub const fn after(steps: u64) -> Self {
        Self {
            steps,
            ln_loss_below: f64::NEG_INFINITY,
            switch: None,
            theory_threshold: LogReal::ZERO,
            milestones: Milestones { separation_step: None, theory_step: None, unit_margin_step: None },
        }
    }

    /// Also as soon as ln L is below this.
    #[must_use]
    pub const fn or_ln_loss_below(mut self, ln_loss: f64) -> Self {
        self.ln_loss_below = ln_loss;
        self
    }

    /// Also at this event, if it happens or has happened.
    #[must_use]
    pub const fn or_at(mut self, event: SwitchAt) -> Self {
        self.switch = Some(event);
        self
    }

    /// No longer at an event: for the phase after it.
    #[must_use]
    pub const fn past_event(mut self) -> Self {
        self.switch = None;
        self
    }

    /// With the loss (as reduced) below which the theory applies, so that `theory_step` is noticed.
    #[must_use]
    pub const fn with_theory_threshold(mut self, threshold: LogReal) -> Self {
        self.theory_threshold = threshold;
        self
    }

    /// The events so far.
    pub const fn milestones(&self) -> Milestones {
        self.milestones
    }

    /// Stores the events so far.
    pub fn save(&self, state: &mut SavedState) {
        let Milestones { separation_step, theory_step, unit_margin_step } = self.milestones;
        let steps = [
            ("separation_step", separation_step),
            ("theory_step", theory_step),
            ("unit_margin_step", unit_margin_step),
        ];
        for (name, step) in steps {
            if let Some(step) = step {
                state.put_counter(name, step);
            }
        }
    }

    /// Restores them: an event that was not stored has not happened.
    pub fn restore(&mut self, state: &SavedState) {
        let step = |name| state.counter(name).ok();
        self.milestones = Milestones {
            separation_step: step("separation_step"),
            theory_step: step("theory_step"),
            unit_margin_step: step("unit_margin_step"),
        };
    }

    /// The number of steps after which the run ends at the latest.
    pub const fn last_step(&self) -> u64 {
        self.steps
    }

    /// Notes the events of this step, and says whether the run ends here. A margin that is not finite ends it at once and never
    /// counts as separated. In mini-batches events are looked for at the first step of each epoch, where the whole set is known.
    pub fn check(&mut self, step: u64, at: &Evaluation<'_>) -> Option<StopReason> {
        let defective = |margins: &[f64]| margins.iter().position(|q| !q.is_finite());
        if let Some(sample) = at.whole.and_then(|whole| defective(whole.margins)) {
            return Some(StopReason::NonFinite { sample: Some(sample) });
        }
        if defective(at.margins).is_some() || at.loss.is_defective() || at.dual_norm.is_defective() {
            return Some(StopReason::NonFinite { sample: None });
        }
        if let Some(whole) = at.whole {
            self.note(step, whole);
        }
        if self.switch.is_some_and(|event| self.has_happened(event, step, at)) {
            Some(StopReason::Switch)
        } else if at.whole.is_some_and(|whole| whole.loss.ln() < self.ln_loss_below) {
            Some(StopReason::LnLoss)
        } else if step >= self.steps {
            Some(StopReason::Steps)
        } else if at.is_full_batch() && at.dual_norm.is_zero() {
            Some(StopReason::GradientVanished)
        } else {
            None
        }
    }

    fn note(&mut self, step: u64, at: Whole<'_>) {
        if self.milestones.separation_step.is_none() && margin::smallest(at.margins).1 > 0.0 {
            self.milestones.separation_step = Some(step);
        }
        if self.milestones.unit_margin_step.is_none() && margin::smallest(at.margins).1 > 1.0 {
            self.milestones.unit_margin_step = Some(step);
        }
        if self.milestones.theory_step.is_none() && at.loss < self.theory_threshold {
            self.milestones.theory_step = Some(step);
        }
    }

    fn has_happened(&self, event: SwitchAt, step: u64, at: &Evaluation<'_>) -> bool {
        match event {
            SwitchAt::Separation => self.milestones.separation_step.is_some(),
            SwitchAt::Theory => self.milestones.theory_step.is_some(),
            SwitchAt::MinMargin(size) => at.whole.is_some_and(|whole| margin::smallest(whole.margins).1 > size),
            SwitchAt::Step(at) => step >= at,
        }
    }
}
