//! What an experiment would cost, before anything is trained.

use crate::config::{DynamicsChoice, ExperimentConfig, RunConfig, optimizers};
use crate::metrics::{metrics, recorded_norms};
use crate::run::{build_data, own_norm};
use crate::summary::duration;
use ndarray::Array2;
use std::time::Instant;
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_data::DataSpec;
use steepest_models::ModelSpec;
use steepest_norms::NormLabel;
use steepest_optim::OptimizerSpec;

/// Size of the matrices of the calibration: products of the shapes of a dense step at ordinary sizes.
const CALIBRATION: (usize, usize, usize) = (100, 784, 128);
/// How long products are timed, in seconds.
const CALIBRATION_SECONDS: f64 = 0.5;
/// Passes of a step over theta and gradient, 8 bytes an entry each.
const PASSES: f64 = 8.0;
/// Bytes a second that such passes move, on an ordinary machine.
const BANDWIDTH: f64 = 8e9;
/// A step's own costs besides products and passes, in seconds.
const OVERHEAD: f64 = 2e-5;
/// Flops of a symmetric eigenvalue problem of order one, in those of products.
const EIGEN: f64 = 12.0;
const BYTES: f64 = 8.0;

/// The sizes of a run that its cost depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sizes {
    n_train: usize,
    n_test: usize,
    /// Inputs, hidden widths, outputs.
    first_layer: (usize, usize),
    n_parameters: usize,
}

/// What an experiment costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Number of runs.
    pub n_runs: usize,
    /// Steps of all runs together, if none ends early.
    pub n_steps: f64,
    /// Floating-point operations of all runs.
    pub flops: f64,
    /// Seconds on one core.
    pub seconds: f64,
    /// Bytes of theta and gradient of the largest run.
    pub memory: f64,
    /// Bytes of data of the largest run, test set included.
    pub data: f64,
    /// Bytes of all series, margins and snapshots.
    pub disk: f64,
    /// Flops a second of a product on one core.
    pub speed: f64,
    /// Runs whose sizes are not known without their data, which are not here.
    pub n_unknown: usize,
}

/// The cost of an experiment, after half a second of matrix products. Nothing is trained; MNIST need not be here.
pub fn estimate(config: &ExperimentConfig) -> Estimate {
    let mut sum = Estimate { n_runs: config.runs.len(), speed: product_speed(), ..Estimate::default() };
    for run in &config.runs {
        match sizes(run) {
            Some(sizes) => add(&mut sum, run, sizes),
            None => sum.n_unknown += 1,
        }
    }
    sum
}

fn add(sum: &mut Estimate, run: &RunConfig, sizes: Sizes) {
    let (steps, p) = (run.stop.steps as f64, sizes.n_parameters as f64);
    let rows = rows(run);
    let (step, entries) = step(run, sizes);
    let row = 2.0 * sizes.n_test as f64 * p + norms(run, sizes);
    let flops = steps * step + rows * row;
    sum.n_steps += steps;
    sum.flops += flops;
    sum.seconds += flops / sum.speed + steps * (PASSES * BYTES * entries / BANDWIDTH + OVERHEAD);
    sum.memory = sum.memory.max(2.0 * BYTES * p);
    sum.data = sum.data.max(BYTES * ((sizes.n_train + sizes.n_test) * sizes.first_layer.0) as f64);
    let samples = if run.record.samples { sizes.n_train as f64 } else { 0.0 };
    let snapshots = run.record.snapshots.len() as f64 + f64::from(u8::from(run.record.final_snapshot));
    sum.disk += BYTES * (rows * (n_series(run) as f64 + samples) + snapshots * p);
}

/// The flops of a step, and how many entries its passes go over. A run that switches is counted as what it switches to.
fn step(run: &RunConfig, sizes: Sizes) -> (f64, f64) {
    let (n, p, (d, m)) = (sizes.n_train as f64, sizes.n_parameters as f64, sizes.first_layer);
    let (d, m) = (d as f64, m as f64);
    if is_in_span(run, sizes) {
        // the first layer is not formed: one product with the Gram matrix, and the layers above
        return (2.0 * n * n * m + 4.0 * n * (p - m * d), 2.0 * n * m);
    }
    if is_small_side(run, sizes) {
        // as many inputs as samples
        let small = Sizes { first_layer: (sizes.n_train, sizes.first_layer.1), ..sizes };
        let p = p - m * (d - n);
        return (4.0 * n * p + extra(run, small), p);
    }
    // forward, and backward to the weights: two products each of 2 n p flops
    (4.0 * n * p + extra(run, sizes), p)
}

/// Whether `dynamics = "auto"` takes the span of the data: gradient descent on the full batch of no more samples than inputs.
fn is_in_span(run: &RunConfig, sizes: Sizes) -> bool {
    let is_gradient = optimizers(run).last().is_some_and(|(optimizer, _)| match optimizer {
        OptimizerSpec::Steepest(spec) => spec.momentum.is_none() && spec.norm.label().name == "l2",
        _ => false,
    });
    is_gradient && may_leave_the_inputs(run) && sizes.n_train <= sizes.first_layer.0
}

/// Whether `dynamics = "auto"` takes coordinates of the span of the data.
fn is_small_side(run: &RunConfig, sizes: Sizes) -> bool {
    let commutes = optimizers(run).last().is_some_and(|(optimizer, _)| match optimizer {
        OptimizerSpec::Steepest(spec) => ["l2", "spectral", "nuclear"].contains(&&*spec.norm.label().name),
        OptimizerSpec::Shampoo(_) => true,
        _ => false,
    });
    commutes && may_leave_the_inputs(run) && 2 * sizes.n_train <= sizes.first_layer.0
}

/// Whether a step may be carried out in the span of the data: the full batch, and a trained first layer on the raw inputs beneath others.
fn may_leave_the_inputs(run: &RunConfig) -> bool {
    let has_first_layer =
        matches!(&run.model, ModelSpec::Mlp(spec) if !spec.frozen.contains(&1) && !spec.hidden.is_empty());
    has_first_layer && run.dynamics != DynamicsChoice::Dense && run.batch.is_none()
}

/// Rows that a run of full length writes.
fn rows(run: &RunConfig) -> f64 {
    let (steps, dense) = (run.stop.steps as f64, run.record.every_until as f64);
    let decades = (steps / dense.max(1.0)).log10().max(0.0);
    steps.min(dense) + decades * run.record.per_decade as f64 + 1.0
}

fn n_series(run: &RunConfig) -> usize {
    let own: Vec<_> = optimizers(run).filter_map(|(optimizer, _)| own_norm(optimizer).ok()).collect();
    let labels: Vec<NormLabel> = recorded_norms(&run.record, &own).iter().map(|norm| norm.label()).collect();
    metrics(&labels).len()
}

/// Factorisations of the first layer's matrix in every step.
fn extra(run: &RunConfig, sizes: Sizes) -> f64 {
    let (rows, cols) = (sizes.first_layer.1 as f64, sizes.first_layer.0 as f64);
    let (short, long) = (rows.min(cols), rows.max(cols));
    let of = |optimizer: &OptimizerSpec<_>| match optimizer {
        OptimizerSpec::Shampoo(_) => EIGEN * (rows.powi(3) + cols.powi(3)),
        _ if own_norm(optimizer).is_ok_and(|norm| norm.label().name == "spectral") => {
            EIGEN * short * short * long / 4.0
        }
        _ => 0.0,
    };
    optimizers(run).map(|(optimizer, _)| of(optimizer)).fold(0.0, f64::max)
}

/// Singular values of the first layer in every row, where the spectral norm is recorded.
fn norms(run: &RunConfig, sizes: Sizes) -> f64 {
    let is_spectral = run.record.norms.iter().any(|norm| norm.label().name == "spectral");
    let (short, long) =
        (sizes.first_layer.0.min(sizes.first_layer.1) as f64, sizes.first_layer.0.max(sizes.first_layer.1) as f64);
    if is_spectral { EIGEN * short * short * long / 4.0 } else { 0.0 }
}

/// The sizes of a run: from its configuration where that says them, else from its data.
fn sizes(run: &RunConfig) -> Option<Sizes> {
    let (n_train, n_test, d, k) = match &run.data {
        DataSpec::TeacherStudent(spec) => (spec.n_train, spec.n_test, spec.n_inputs, 1),
        DataSpec::Mnist(spec) if spec.digits.len() == 2 && !spec.classes => (spec.n_train, 2000, 28 * 28, 1),
        _ => {
            let split = build_data(run).ok()?;
            let n_test = split.test.as_ref().map_or(0, steepest_core::Dataset::n_samples);
            (split.train.n_samples(), n_test, split.train.n_features(), split.train.labels().n_outputs())
        }
    };
    let widths: Vec<usize> = match &run.model {
        ModelSpec::Mlp(spec) => std::iter::once(d).chain(spec.hidden.iter().copied()).chain([k]).collect(),
        _ => vec![d, k],
    };
    let n_parameters = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
    Some(Sizes { n_train, n_test, first_layer: (widths[0], widths[1]), n_parameters })
}

/// Flops a second of matrix products of an ordinary step on one core: of the fastest product, since the machine may have other work.
fn product_speed() -> f64 {
    let (m, k, n) = CALIBRATION;
    let (a, b, mut c) = (Array2::from_elem((m, k), 0.5), Array2::from_elem((k, n), 0.25), Array2::zeros((m, n)));
    multiply_into(Accumulate::Replace, a.view(), b.view(), c.view_mut());
    let (start, mut fastest) = (Instant::now(), f64::INFINITY);
    while start.elapsed().as_secs_f64() < CALIBRATION_SECONDS {
        let product = Instant::now();
        multiply_into(Accumulate::Replace, a.view(), b.view(), c.view_mut());
        fastest = fastest.min(product.elapsed().as_secs_f64());
    }
    2.0 * (m * k * n) as f64 / fastest.max(1e-9)
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
            "{name}: {} runs, {:.3e} steps together\n  time    about {} on one core, if no run ends early: {:.2e} flops at a measured {:.1} Gflop/s, and passes over theta\n  memory  {} a run for theta and gradient, {} for the data\n  disk    {} at most{unknown}",
            self.n_runs,
            self.n_steps,
            time(self.seconds),
            self.flops,
            self.speed / 1e9,
            size(self.memory),
            size(self.data),
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
    use super::*;
    use crate::reproduce::{FIGURES, Scale};

    #[test]
    fn the_paper_s_own_scale_is_large() {
        let cost = estimate(&FIGURES[0].experiment(Scale::Paper, false).unwrap());
        let p = 1024.0 * 32769.0;
        assert_eq!((cost.n_runs, cost.n_unknown), (300, 0));
        assert!((cost.memory - 16.0 * p).abs() < 1.0, "theta and gradient take 0.54 GB");
        // 33.5 Gflop a step, and a tenth of that for the test set in every row
        assert!((cost.flops / cost.n_steps / 33.5e9 - 1.0).abs() < 0.15, "{}", cost.flops / cost.n_steps);
        let text = cost.text("fig1");
        assert!(text.contains("300 runs, 3.000e7 steps") && text.contains(" days on one core"), "{text}");
    }

    #[test]
    fn rows_are_counted_as_they_are_written() {
        let config = FIGURES[0].experiment(Scale::Quick, false).unwrap();
        assert!((rows(&config.runs[0]) - 201.0).abs() < 1e-9);
        assert!(n_series(&config.runs[0]) > 15);
    }
}
