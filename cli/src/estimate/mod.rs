//! What an experiment would cost, before anything is trained.

mod cost;
mod passes;
mod sizes;
mod speeds;
mod way;

use crate::config::ExperimentConfig;
use crate::shared::Shared;
use crate::summary::duration;
use passes::Made;
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
        let cost = cost::of(run, &sizes, &speeds, made.next(part, run, &sizes));
        sum.n_steps += run.stop.steps as f64;
        sum.flops += cost.flops;
        sum.seconds += cost.seconds;
        sum.memory = sum.memory.max(cost.memory);
        sum.disk += cost.disk;
    }
    sum
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
mod tests {
    use super::way::{Way, phases};
    use super::*;
    use crate::config::{DynamicsChoice, RunConfig};
    use crate::reproduce::{FIGURES, Scale};
    use steepest_models::{Activation, MlpSpec, ModelSpec};
    use steepest_optim::SwitchAt;

    #[test]
    fn at_the_paper_s_scale_the_dense_steps_are_what_would_cost_years() {
        let mut config = FIGURES[0].experiment(Scale::Paper, false).unwrap();
        let fast = estimate(&config);
        assert_eq!((fast.n_runs, fast.n_unknown), (150, 0));
        let text = fast.text("fig1");
        assert!(text.contains("150 runs, 1.500e7 steps") && text.contains("GB a run"), "{text}");
        config.runs.iter_mut().for_each(|run| run.dynamics = DynamicsChoice::Dense);
        let dense = estimate(&config);
        // 33.5 Gflop a step
        assert!((dense.flops / dense.n_steps / 33.5e9 - 1.0).abs() < 0.15, "{}", dense.flops / dense.n_steps);
        assert!(dense.text("fig1").contains(" days on one idle core") && dense.seconds > 100.0 * fast.seconds);
    }

    #[test]
    fn the_way_is_the_one_that_a_run_takes() {
        let config = FIGURES[0].experiment(Scale::Paper, false).unwrap();
        let way = |name: &str| {
            let run = config.runs.iter().find(|run| run.name.starts_with(name)).unwrap();
            Way::of(run, &Sizes::of(run).unwrap())
        };
        assert_eq!(["GD,", "CD,", "SD,"].map(way), [Way::Gram, Way::Greedy, Way::Sign]);
        assert_eq!(["GD then CD", "GD then SD"].map(way), [Way::Greedy, Way::Sign]);
    }

    #[test]
    fn what_is_asked_for_is_what_is_counted() {
        let mut run = FIGURES[0].experiment(Scale::Paper, false).unwrap().runs.remove(0);
        let sizes = Sizes::of(&run).unwrap();
        let mut way = |dynamics| {
            run.dynamics = dynamics;
            Way::of(&run, &sizes)
        };
        assert_eq!([DynamicsChoice::SmallSide, DynamicsChoice::Dense].map(&mut way), [Way::SmallSide, Way::Dense]);
        assert_eq!([DynamicsChoice::Auto, DynamicsChoice::Check].map(&mut way), [Way::Gram; 2]);
        let mut config = FIGURES[0].experiment(Scale::Paper, false).unwrap();
        let plain = estimate(&config);
        config.runs.iter_mut().for_each(|run| run.dynamics = DynamicsChoice::Check);
        let dense = 33.5e9 * 100.0 * 150.0;
        assert!(((estimate(&config).flops - plain.flops) / dense - 1.0).abs() < 0.15, "a hundred dense steps a run");
    }

    /// The run of this name at quick scale of Figure 1, changed as said.
    fn changed(name: &str, change: impl Fn(&mut RunConfig)) -> RunConfig {
        let runs = FIGURES[0].experiment(Scale::Quick, false).unwrap().runs;
        let mut run = runs.into_iter().find(|run| run.name.starts_with(name)).unwrap();
        change(&mut run);
        run
    }

    #[test]
    fn a_switch_at_a_step_is_counted_on_both_sides() {
        let counts = |at: SwitchAt| {
            let run = changed("GD then CD", |run| run.switch.as_mut().unwrap().at = at);
            phases(&run, &Sizes::of(&run).unwrap()).iter().map(|phase| (phase.way, phase.steps)).collect::<Vec<_>>()
        };
        assert_eq!(counts(SwitchAt::Step(4000)), [(Way::Gram, 4000.0), (Way::Greedy, 6000.0)]);
        assert_eq!(counts(SwitchAt::Step(70_000)), [(Way::Gram, 10_000.0), (Way::Greedy, 0.0)]);
        assert_eq!(counts(SwitchAt::Separation), [(Way::Gram, 0.0), (Way::Greedy, 10_000.0)]);
    }

    #[test]
    fn what_no_faster_way_serves_is_dense() {
        let of = |change: fn(&mut MlpSpec)| {
            let run = changed("CD", |run| {
                let ModelSpec::Mlp(spec) = &mut run.model else { panic!("a perceptron") };
                change(spec);
            });
            Way::of(&run, &Sizes::of(&run).unwrap())
        };
        assert_eq!(of(|_| ()), Way::Greedy);
        assert_eq!(of(|spec| spec.activation = Activation::ReluPower { power: 2 }), Way::Dense);
        assert_eq!(of(|spec| spec.hidden = vec![5, 5]), Way::Dense);
    }

    #[test]
    fn rows_are_counted_as_they_are_written() {
        let config = FIGURES[0].experiment(Scale::Quick, false).unwrap();
        assert!((cost::Rows::of(&config.runs[0]).all - 201.0).abs() < 1e-9);
        assert!(cost::n_series(&config.runs[0]) > 15);
    }
}
