//! Gradient descent in the span of the data against the dense step, in one process.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use ndarray::Array2;
use rand::RngExt;
use rand_distr::StandardNormal;
use steepest_bench::least_seconds_in_turn;
use steepest_core::linalg::backend;
use steepest_core::loss::Exponential;
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Labels, Momentum, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::L2;
use steepest_optim::{Dense, Gram, SteepestDescent};

/// n, d, width, rounds, whether the dense step is timed too.
const SHAPES: [(usize, usize, usize, usize, bool); 4] =
    [(100, 784, 128, 200, true), (200, 784, 1024, 30, true), (250, 8192, 1024, 5, true), (250, 32768, 1024, 60, false)];

/// Gradient descent with momentum, as a configuration writes it by default.
const MOMENTUM: Momentum = Momentum { decay: 0.9, weight: 0.1, looks_ahead: false };

fn normal(rows: usize, cols: usize, name: &str) -> Array2<f64> {
    let mut rng = Streams::new(1).stream(name);
    Array2::from_shape_simple_fn((rows, cols), || rng.sample(StandardNormal))
}

/// A step of a small fixed length, which cannot diverge.
fn step(dynamics: &mut dyn Dynamics) {
    dynamics.evaluate();
    dynamics.advance(1e-4);
}

/// Two least times in ms and how often the second goes into the first.
fn row(shape: &str, names: &str, first: f64, second: f64) {
    println!("{shape} {names:>16} {:>10.3} {:>10.3} {:>7.2}", first * 1e3, second * 1e3, first / second);
}

fn main() {
    println!("gradient descent: one thread, float64, {}", backend().reason);
    println!("{:>6} {:>6} {:>6} {:>16} {:>10} {:>10} {:>7}", "n", "d", "width", "", "ms", "ms", "ratio");
    for (n, d, width, rounds, with_dense) in SHAPES {
        let signs = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let data = Dataset::new(normal(n, d, "inputs"), Labels::Binary(signs)).expect("finite inputs");
        let model = Mlp::new(d, &[width], 1, Activation::Relu).expect("positive widths");
        let theta: Vec<f64> = normal(1, model.layout().len(), "theta").into_iter().map(|t| 0.01 * t).collect();
        let (loss, optimizer) = (Exponential::sum(), SteepestDescent::new(L2::new(theta.len())));
        let gram = || Gram::new(&model, &data, &loss, &theta).expect("a linear first layer");
        let (mut plain, mut heavy) = (gram(), gram().with_momentum(Some(MOMENTUM)));
        let shape = format!("{n:>6} {d:>6} {width:>6}");
        if with_dense {
            let mut dense =
                Dense::new(&model, &data, &loss, Box::new(optimizer), theta.clone()).expect("parts that fit");
            let (dense, gram) = least_seconds_in_turn(rounds, || step(&mut dense), || step(&mut plain));
            row(&shape, "dense, gram", dense, gram);
        }
        let (gram, momentum) = least_seconds_in_turn(rounds.max(30), || step(&mut plain), || step(&mut heavy));
        row(&shape, "gram, momentum", gram, momentum);
    }
}
