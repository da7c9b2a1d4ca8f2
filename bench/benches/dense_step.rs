//! The dense step of GD, SD and CD against the two matrix products that it cannot do without, in one process: the products that the
//! door chose, alone, at the same shapes.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand_distr::StandardNormal;
use steepest_bench::median_seconds_in_turn;
use steepest_core::linalg::{Accumulate, backend, multiply_into};
use steepest_core::loss::Logistic;
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Labels, Step, StepLength, Streams, memory};
use steepest_models::{Activation, Mlp};
use steepest_norms::NormSpec;
use steepest_optim::{Dense, Schedule, SteepestDescent, StepRule, StepScale};

const SHAPES: [(usize, usize, usize, usize); 3] = [(100, 784, 128, 400), (200, 784, 1024, 60), (250, 4096, 1024, 20)];

fn normal(rows: usize, cols: usize, name: &str) -> Array2<f64> {
    let mut rng = Streams::new(1).stream(name);
    Array2::from_shape_simple_fn((rows, cols), || rng.sample(StandardNormal))
}

fn main() {
    let report = backend();
    println!("dense step: one thread, float64, {} ({})", report.backend.name(), report.reason);
    println!(
        "{:>6} {:>6} {:>6}  {:<4} {:>10} {:>14} {:>10} {:>9}",
        "n", "d", "width", "", "step ms", "products ms", "fraction", "GFLOP/s"
    );
    for (n, d, width, rounds) in SHAPES {
        let inputs = normal(n, d, "inputs");
        let signs = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let data = Dataset::new(inputs, Labels::Binary(signs)).expect("finite inputs and labels of one number");
        let model = Mlp::new(d, &[width], 1, Activation::Relu).expect("positive widths");
        for (name, norm, size) in [("GD", "l2", 1e-6), ("SD", "linf", 1e-9), ("CD", "l1", 1e-6)] {
            row(&model, &data, (n, d, width), rounds, (name, norm, size));
        }
    }
}

fn row(
    model: &Mlp,
    data: &Dataset,
    (n, d, width): (usize, usize, usize),
    rounds: usize,
    (name, norm, size): (&str, &str, f64),
) {
    let theta: Vec<f64> = normal(1, model.layout().len(), "theta").into_iter().map(|t| 0.01 * t).collect();
    let weights =
        ArrayView2::from_shape((width, d), &theta[..width * d]).expect("the first block is width x d").to_owned();
    let optimizer = SteepestDescent::new(
        NormSpec::named(norm).expect("a norm of the catalogue").build(model.layout()).expect("any layout"),
    );
    let loss = Logistic::sum();
    let mut dynamics = Dense::new(model, data, &loss, Box::new(optimizer), theta).expect("parts that fit");
    let mut rule = StepRule::new(StepScale::Normalized, Schedule::Constant { size });
    let mut step = || {
        let Step::Advance(length) = rule.at(0, &dynamics.evaluate()) else { return };
        dynamics.advance(length);
    };
    // in memory as the step has it
    let matrix =
        |rows, cols| Array2::from_shape_vec((rows, cols), memory::zeros(rows * cols)).expect("rows x cols entries");
    let (mut forward, mut backward) = (matrix(n, width), matrix(width, d));
    let weights = {
        let mut copy = matrix(width, d);
        copy.assign(&weights);
        copy
    };
    let cotangent = normal(n, width, "cotangent");
    let mut products = || {
        multiply_into(Accumulate::Replace, data.inputs(), weights.t(), forward.view_mut());
        multiply_into(Accumulate::Replace, cotangent.t(), data.inputs(), backward.view_mut());
    };
    let (step_time, products_time) = median_seconds_in_turn(rounds, &mut step, &mut products);
    let gflops = 4.0 * (n * d * width) as f64 / products_time / 1e9;
    println!(
        "{n:>6} {d:>6} {width:>6}  {name:<4} {:>10.3} {:>14.3} {:>10.3} {gflops:>9.1}",
        step_time * 1e3,
        products_time * 1e3,
        products_time / step_time
    );
}
