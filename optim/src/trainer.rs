//! A whole run in a few lines, for users of the crate.

use crate::dynamics::Dense;
use crate::error::OptimError;
use crate::stop::{Milestones, Stop};
use crate::train::train;
use steepest_core::{
    Dataset, Dynamics, HomogeneousModel, LogReal, Loss, Norm, Observer, Optimizer, Outcome, StepLength, margin,
};

/// Sets a run up: model, data and loss, then optimiser, step and end.
#[derive(Debug)]
pub struct Trainer<'a> {
    model: &'a dyn HomogeneousModel,
    data: &'a Dataset,
    loss: &'a dyn Loss,
    optimizer: Option<Box<dyn Optimizer>>,
    step: Option<Box<dyn StepLength>>,
    stop: Option<Stop>,
}

/// A finished run.
#[derive(Clone, Debug)]
pub struct TrainedRun {
    /// Where and why it ended.
    pub outcome: Outcome,
    /// The events on its way.
    pub milestones: Milestones,
    /// The final parameters.
    pub theta: Vec<f64>,
    /// The margin of each sample at them.
    pub margins: Vec<f64>,
    /// The loss at them.
    pub loss: LogReal,
    /// The model's degree.
    pub degree: u32,
}

impl TrainedRun {
    /// The hard geometric margin min_i q_i / N(theta)^degree.
    pub fn margin(&self, norm: &dyn Norm) -> f64 {
        margin::geometric(margin::smallest(&self.margins).1, norm.value(&self.theta), self.degree)
    }
}

impl<'a> Trainer<'a> {
    /// A run of this model on these data.
    pub fn new(model: &'a dyn HomogeneousModel, data: &'a Dataset, loss: &'a dyn Loss) -> Self {
        Self { model, data, loss, optimizer: None, step: None, stop: None }
    }

    /// With this optimiser.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl Optimizer + 'static) -> Self {
        self.optimizer = Some(Box::new(optimizer));
        self
    }

    /// With this step length.
    #[must_use]
    pub fn step(mut self, rule: impl StepLength + 'static) -> Self {
        self.step = Some(Box::new(rule));
        self
    }

    /// Until this.
    #[must_use]
    pub const fn until(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Trains from theta on.
    ///
    /// # Errors
    /// If a part is missing, the parts do not fit, or the observer fails.
    pub fn train(self, theta: Vec<f64>, observer: &mut dyn Observer) -> Result<TrainedRun, OptimError> {
        let missing = |what, method| OptimError::Incomplete { what, method };
        let optimizer = self.optimizer.ok_or_else(|| missing("optimiser", "optimizer"))?;
        let mut step = self.step.ok_or_else(|| missing("step length", "step"))?;
        let stop = self.stop.ok_or_else(|| missing("end", "until"))?;
        let mut stop = stop.with_theory_threshold(self.loss.theory_threshold(self.data.n_samples()));
        let mut dynamics =
            Dense::new(self.model, self.data, self.loss, optimizer, theta)?.with_own_norm_if(step.needs_own_norm());
        let outcome = train(&mut dynamics, &mut *step, &mut stop, observer, 0)?;
        let at = dynamics.evaluate();
        Ok(TrainedRun {
            outcome,
            milestones: stop.milestones(),
            margins: at.margins.to_vec(),
            loss: at.loss,
            degree: self.model.degree().get(),
            theta: dynamics.into_theta(),
        })
    }
}
