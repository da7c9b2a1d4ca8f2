//! What an experiment would cost, before anything is trained.

mod cost;
mod passes;
mod sizes;
mod speeds;
mod way;

use crate::config::{ExperimentConfig, RunConfig};
use crate::shared::Shared;
use crate::summary::duration;
use passes::{Made, Products};
use sizes::Sizes;
use speeds::Speeds;

/// What an experiment costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Number of runs.
    pub n_runs: usize,
    /// Steps of all runs together, if none ends early.
    pub n_steps: f64,
    /// Floating-point operations of all products.
    pub flops: f64,
    /// Seconds on one core.
    pub seconds: f64,
    /// Bytes that the largest run holds.
    pub memory: f64,
    /// Bytes of all series, margins and snapshots.
    pub disk: f64,
    /// Flops a second of a product on one core.
    pub speed: f64,
    /// Runs whose sizes are not known without their data, which are not here.
    pub n_unknown: usize,
}

/// The cost of an experiment, after a second of products, passes and random numbers. Nothing is trained; MNIST need not be here.
pub fn estimate(config: &ExperimentConfig) -> Estimate {
    let speeds = Speeds::measure();
    let mut sum = Estimate { n_runs: config.runs.len(), speed: speeds.product, ..Estimate::default() };
    let (parts, mut made) = (Shared::plan(&config.runs), Made::default());
    for (run, part) in config.runs.iter().zip(&parts) {
        let Some(sizes) = Sizes::of(run) else {
            sum.n_unknown += 1;
            continue;
        };
        let cost = cost::of(run, &sizes, &speeds, &made.next(part, run, &sizes));
        sum.n_steps += run.stop.steps as f64;
        sum.flops += cost.flops;
        sum.seconds += cost.seconds;
        sum.memory = sum.memory.max(cost.memory);
        sum.disk += cost.disk;
    }
    sum
}

/// Seconds of a run on an ordinary core, to be compared with those of another run; zero where only the data say its sizes.
pub(crate) fn relative_cost(run: &RunConfig) -> f64 {
    let Some(sizes) = Sizes::of_configuration(run) else { return 0.0 };
    cost::of(run, &sizes, &Speeds::ORDINARY, &[Products::default(), Products::default()]).seconds
}

impl Estimate {
    /// A few lines for people.
    pub fn text(&self, name: &str) -> String {
        let unknown = if self.n_unknown > 0 {
            format!("\n  {} runs are not counted: their data are not here", self.n_unknown)
        } else {
            String::new()
        };
        format!(
            "{name}: {} runs, {:.3e} steps together\n  time    about {} on one idle core, if no run ends early: {:.2e} flops of products at a measured {:.1} Gflop/s, and passes over vectors\n  memory  {} a run\n  disk    {} at most{unknown}",
            self.n_runs,
            self.n_steps,
            time(self.seconds),
            self.flops,
            self.speed / 1e9,
            size(self.memory),
            size(self.disk),
        )
    }
}

/// A time as people read it, days where hours are many.
fn time(seconds: f64) -> String {
    const DAY: f64 = 86_400.0;
    if seconds < 4.0 * DAY { duration(seconds) } else { format!("{:.0} days", seconds / DAY) }
}

/// A number of bytes as people read it.
fn size(bytes: f64) -> String {
    match bytes {
        1e9.. => format!("{:.1} GB", bytes / 1e9),
        1e6.. => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.0} kB", bytes / 1e3),
    }
}

#[cfg(test)]
mod tests;
