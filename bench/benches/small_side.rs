//! Steps in coordinates of the span of the data against the dense step, in one process.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use ndarray::Array2;
use rand::RngExt;
use rand_distr::StandardNormal;
use steepest_bench::median_seconds_in_turn;
use steepest_core::linalg::backend;
use steepest_core::loss::Logistic;
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Labels, Norm, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::NormSpec;
use steepest_optim::{
    Dense, MomentumSpec, OptimizerSpec, ShampooForm, ShampooSpec, SmallProblem, SmallSide, SteepestSpec,
};

/// n, d, width, rounds.
const SHAPES: [(usize, usize, usize, usize); 3] = [(100, 784, 128, 20), (200, 784, 1024, 3), (250, 8192, 1024, 2)];

fn normal(rows: usize, cols: usize, name: &str) -> Array2<f64> {
    let mut rng = Streams::new(1).stream(name);
    Array2::from_shape_simple_fn((rows, cols), || rng.sample(StandardNormal))
}

/// Each optimiser with its own norm, and the largest d at which its dense step is timed.
fn optimizers() -> Vec<(&'static str, OptimizerSpec<NormSpec>, &'static str, usize)> {
    let named = |name| NormSpec::named(name).expect("a norm of the catalogue");
    let steepest = |name, momentum| OptimizerSpec::Steepest(SteepestSpec { norm: named(name), momentum });
    let momentum = Some(MomentumSpec { beta: 0.9, dampening: true, nesterov: false });
    let shampoo = OptimizerSpec::Shampoo(ShampooSpec { form: ShampooForm::TorchOptimizer, eps: 1e-4 });
    vec![
        ("gd", steepest("l2", None), "l2", usize::MAX),
        ("momentum", steepest("l2", momentum), "l2", usize::MAX),
        ("spectral", steepest("spectral", None), "spectral", usize::MAX),
        ("muon", steepest("spectral", momentum), "spectral", 784),
        ("shampoo", shampoo, "spectral", 784),
    ]
}

fn main() {
    println!("small side: one thread, float64, {}", backend().reason);
    println!("{:>9} {:>6} {:>6} {:>6} {:>10} {:>10} {:>7}", "", "n", "d", "width", "dense ms", "small ms", "ratio");
    for (n, d, width, rounds) in SHAPES {
        let signs = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let data = Dataset::new(normal(n, d, "inputs"), Labels::Binary(signs)).expect("finite inputs");
        let model = Mlp::new(d, &[width], 1, Activation::Relu).expect("positive widths");
        let theta: Vec<f64> = normal(1, model.layout().len(), "theta").into_iter().map(|t| 0.01 * t).collect();
        let (loss, problem) = (Logistic::sum(), SmallProblem::new(&model, &data).expect("more inputs than samples"));
        for (name, spec, norm, largest) in optimizers() {
            if d > largest || (name == "shampoo" && width > 128) {
                continue;
            }
            let norm_on = |layout: &_| -> Box<dyn Norm> {
                NormSpec::named(norm).and_then(|spec| spec.build(layout).map_err(|e| e.to_string())).expect("a norm")
            };
            let dense = spec.build(model.layout(), norm_on(model.layout()));
            let small = spec.build(problem.layout(), norm_on(problem.layout()));
            let mut dense = Dense::new(&model, &data, &loss, dense, theta.clone()).expect("parts that fit");
            let mut small = SmallSide::new(&problem, &loss, small, theta.clone()).expect("parts that fit");
            let step = |dynamics: &mut dyn Dynamics| {
                dynamics.evaluate();
                dynamics.advance(1e-5);
            };
            let (dense, small) = median_seconds_in_turn(rounds, || step(&mut dense), || step(&mut small));
            println!(
                "{name:>9} {n:>6} {d:>6} {width:>6} {:>10.3} {:>10.3} {:>7.1}",
                dense * 1e3,
                small * 1e3,
                dense / small
            );
        }
    }
}
