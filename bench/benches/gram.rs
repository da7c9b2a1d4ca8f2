//! Gradient descent in the span of the data against the dense step, in one process.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use ndarray::Array2;
use rand::RngExt;
use rand_distr::StandardNormal;
use steepest_bench::median_seconds_in_turn;
use steepest_core::linalg::backend;
use steepest_core::loss::Exponential;
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Labels, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::L2;
use steepest_optim::{Dense, Gram, SteepestDescent};

/// n, d, width, rounds.
const SHAPES: [(usize, usize, usize, usize); 3] = [(100, 784, 128, 200), (200, 784, 1024, 30), (250, 8192, 1024, 5)];

fn normal(rows: usize, cols: usize, name: &str) -> Array2<f64> {
    let mut rng = Streams::new(1).stream(name);
    Array2::from_shape_simple_fn((rows, cols), || rng.sample(StandardNormal))
}

fn main() {
    println!("gradient descent: one thread, float64, {}", backend().reason);
    println!(
        "{:>6} {:>6} {:>6} {:>10} {:>10} {:>7} {:>14}",
        "n", "d", "width", "dense ms", "gram ms", "ratio", "flops 2d/n"
    );
    for (n, d, width, rounds) in SHAPES {
        let signs = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let data = Dataset::new(normal(n, d, "inputs"), Labels::Binary(signs)).expect("finite inputs");
        let model = Mlp::new(d, &[width], 1, Activation::Relu).expect("positive widths");
        let theta: Vec<f64> = normal(1, model.layout().len(), "theta").into_iter().map(|t| 0.01 * t).collect();
        let (loss, optimizer) = (Exponential::sum(), SteepestDescent::new(L2::new(theta.len())));
        let mut dense = Dense::new(&model, &data, &loss, Box::new(optimizer), theta.clone()).expect("parts that fit");
        let mut gram = Gram::new(&model, &data, &loss, &theta).expect("a linear first layer");
        let step = |dynamics: &mut dyn Dynamics| {
            let length = 1e-4 * dynamics.evaluate().dual_norm.value();
            dynamics.advance(length);
        };
        let (dense, gram) = median_seconds_in_turn(rounds, || step(&mut dense), || step(&mut gram));
        let (dense, gram) = (dense * 1e3, gram * 1e3);
        println!(
            "{n:>6} {d:>6} {width:>6} {dense:>10.3} {gram:>10.3} {:>7.1} {:>14.1}",
            dense / gram,
            2.0 * d as f64 / n as f64
        );
    }
}
