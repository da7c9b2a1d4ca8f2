//! The time of every step along a trajectory.

use anyhow::bail;
use std::cell::OnceCell;
use std::time::Instant;
use steepest_cli::config::RunConfig;
use steepest_cli::dynamics::{Beginning, Problem};
use steepest_cli::run::own_norm;
use steepest_core::{Dynamics, Step, StepLength};
use steepest_data::Split;
use steepest_models::BuiltModel;
use steepest_optim::CompactForms;

/// Seconds of each step, in order, and of all that came before the first.
pub(crate) struct Times {
    /// From the data in memory to the first step.
    pub(crate) setup: f64,
    /// Of each step.
    pub(crate) steps: Vec<f64>,
    /// Why there are no more.
    pub(crate) ended: &'static str,
}

impl Times {
    /// The mean, over the trajectory as far as it went.
    pub(crate) fn mean(&self) -> f64 {
        self.steps.iter().sum::<f64>() / self.steps.len() as f64
    }

    /// The median; NaN if there was no step.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.steps.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The shortest.
    pub(crate) fn smallest(&self) -> f64 {
        self.steps.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// Takes the steps of a run's first optimiser in the way that the program chooses; also the name of that way, and why it was chosen.
pub(crate) fn trajectory(
    config: &RunConfig,
    split: &Split,
    built: BuiltModel,
    seconds: f64,
) -> anyhow::Result<(&'static str, String, Times)> {
    let (model, loss) = (&*built.model, config.loss.build()?);
    let (norm, mut rule) = (own_norm(&config.optimizer)?, config.step.build());
    if rule.rolls_back() {
        bail!("the steps of an adaptive rule are not alike: write adaptive = false");
    }
    let start = Instant::now();
    let compact = CompactForms::default();
    let small = OnceCell::new();
    let problem = Problem { config, model, data: &split.train, loss: &*loss, compact: &compact, small: &small };
    let (mut dynamics, way) = problem.start(Beginning {
        optimizer: &config.optimizer,
        norm: &norm,
        needs_own_norm: rule.needs_own_norm(),
        theta: built.theta,
        first_step: 0,
    })?;
    let setup = start.elapsed().as_secs_f64();
    let (steps, ended) = take_steps(&mut *dynamics, &mut *rule, config.stop.steps, seconds);
    Ok((way.name, way.reason, Times { setup, steps, ended }))
}

fn take_steps(
    dynamics: &mut dyn Dynamics,
    rule: &mut dyn StepLength,
    n_steps: u64,
    seconds: f64,
) -> (Vec<f64>, &'static str) {
    let (start, mut times) = (Instant::now(), Vec::new());
    for step in 0..n_steps {
        let before = Instant::now();
        let Step::Advance(length) = rule.at(step, &dynamics.evaluate()) else { return (times, "roll_back") };
        if !length.is_finite() {
            return (times, "non_finite");
        }
        let has_moved = dynamics.advance(length);
        times.push(before.elapsed().as_secs_f64());
        if !has_moved {
            return (times, "step_vanished");
        }
        if start.elapsed().as_secs_f64() > seconds {
            return (times, "seconds");
        }
    }
    (times, "steps")
}
