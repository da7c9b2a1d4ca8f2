//! The dense step of every optimiser against the gradient alone (forward, loss, backward) at the same shapes, in one process.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use ndarray::Array2;
use rand::RngExt;
use rand_distr::StandardNormal;
use steepest_bench::median_seconds_in_turn;
use steepest_core::linalg::backend;
use steepest_core::loss::Logistic;
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Labels, Loss, Rows, Step, StepLength, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::{NormSpec, Polar, SpectralSpec};
use steepest_optim::{
    AdamSpec, Dense, MomentumSpec, NormOf, OptimizerSpec, Schedule, ShampooForm, ShampooSpec, SteepestSpec, StepRule,
    StepScale, TwoSidedSpec,
};

/// n, d, width, rounds of a cheap optimiser, rounds of one with factorisations.
const SHAPES: [(usize, usize, usize, usize, usize); 2] = [(100, 784, 128, 200, 9), (200, 784, 1024, 30, 3)];

fn normal(rows: usize, cols: usize, name: &str) -> Array2<f64> {
    let mut rng = Streams::new(1).stream(name);
    Array2::from_shape_simple_fn((rows, cols), || rng.sample(StandardNormal))
}

/// Name, optimiser, and whether it factorises.
fn optimizers() -> Vec<(&'static str, OptimizerSpec<NormSpec>, bool)> {
    let steepest = |norm: &str, momentum| {
        let norm = NormSpec::named(norm).expect("a norm of the catalogue");
        OptimizerSpec::Steepest(SteepestSpec { norm, momentum })
    };
    let momentum = Some(MomentumSpec { beta: 0.9, dampening: true, nesterov: false });
    let adam = AdamSpec { beta1: 0.9, beta2: 0.99, eps: 1e-8, bias_correction: true };
    let shampoo = |form| OptimizerSpec::Shampoo(ShampooSpec { form, eps: 1e-4 });
    let polar = SpectralSpec { polar: Polar::Graded, ..SpectralSpec::default() };
    let graded = OptimizerSpec::Steepest(SteepestSpec { norm: NormSpec::Spectral(polar), momentum: None });
    vec![
        ("GD", steepest("l2", None), false),
        ("SD", steepest("linf", None), false),
        ("CD", steepest("l1", None), false),
        ("CD, two-sided", OptimizerSpec::TwoSidedCd(TwoSidedSpec {}), false),
        ("momentum GD", steepest("l2", momentum), false),
        ("Signum", steepest("linf", momentum), false),
        ("Adam", OptimizerSpec::Adam(adam), false),
        ("spectral", steepest("spectral", None), true),
        ("spectral, graded", graded, true),
        ("Muon", steepest("spectral", momentum), true),
        ("Shampoo (76)", shampoo(ShampooForm::Equation76), true),
        ("Shampoo (torch)", shampoo(ShampooForm::TorchOptimizer), true),
    ]
}

fn main() {
    let report = backend();
    println!("optimisers: one thread, float64, {} ({})", report.backend.name(), report.reason);
    println!("{:>6} {:>6} {:>6}  {:<16} {:>10} {:>12} {:>7}", "n", "d", "width", "", "step ms", "gradient ms", "ratio");
    // names on the command line choose rows: cargo bench --bench optimizers -- Adam
    let chosen: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    for (n, d, width, cheap, dear) in SHAPES {
        let signs = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let data = Dataset::new(normal(n, d, "inputs"), Labels::Binary(signs)).expect("finite inputs");
        let model = Mlp::new(d, &[width], 1, Activation::Relu).expect("positive widths");
        for (name, spec, is_dear) in optimizers() {
            if !chosen.is_empty() && !chosen.iter().any(|c| c == name) {
                continue;
            }
            row(&model, &data, (n, d, width), (name, &spec), if is_dear { dear } else { cheap });
        }
    }
}

fn row(
    model: &Mlp,
    data: &Dataset,
    (n, d, width): (usize, usize, usize),
    (name, spec): (&str, &OptimizerSpec<NormSpec>),
    rounds: usize,
) {
    let layout = model.layout();
    let theta: Vec<f64> = normal(1, layout.len(), "theta").into_iter().map(|t| 0.01 * t).collect();
    let own_norm = match spec.own_norm() {
        NormOf::Configured(norm) => norm.clone(),
        NormOf::Named(name) => NormSpec::named(name).expect("a norm of the catalogue"),
    };
    let optimizer = spec.build(layout, own_norm.build(layout).expect("any layout"));
    let loss = Logistic::sum();
    let mut dynamics = Dense::new(model, data, &loss, optimizer, theta.clone()).expect("parts that fit");
    let mut rule = StepRule::new(StepScale::Normalized, Schedule::Constant { size: 1e-6 });
    let mut step = || {
        let Step::Advance(length) = rule.at(0, &dynamics.evaluate()) else { return };
        dynamics.advance(length);
    };
    let mut work = model.workspace(n);
    let (mut outputs, cotangent) = (Array2::zeros((n, 1)), normal(n, 1, "cotangent"));
    let (mut margins, mut ln_weights, mut gradient) = (vec![0.0; n], vec![0.0; n], vec![0.0; theta.len()]);
    let mut gradient_alone = || {
        model.forward(&theta, data.inputs(), outputs.view_mut(), &mut work);
        loss.evaluate(outputs.view(), data.labels(), &mut margins, &mut ln_weights);
        model.backward(&theta, data.inputs(), Rows::All, cotangent.view(), &mut gradient, &mut work);
    };
    let (step_time, gradient_time) = median_seconds_in_turn(rounds, &mut step, &mut gradient_alone);
    let (step_ms, gradient_ms) = (step_time * 1e3, gradient_time * 1e3);
    println!(
        "{n:>6} {d:>6} {width:>6}  {name:<16} {step_ms:>10.3} {gradient_ms:>12.3} {:>7.2}",
        step_time / gradient_time
    );
}
