//! Coordinate descent by the lazy arg-max: against the dense step, in one process; and its mean over a run at the paper's scale.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use std::time::Instant;
use steepest_bench::median_seconds_in_turn;
use steepest_core::linalg::backend;
use steepest_core::loss::Exponential;
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Streams};
use steepest_data::source::teacher::{OutputLaw, WeightLaw};
use steepest_data::source::teacher_student::{TeacherStudentSpec, ZeroOutputs};
use steepest_data::spec::BuildData;
use steepest_models::{Activation, InitSpec, Initializer, Mlp};
use steepest_norms::L1;
use steepest_optim::{Dense, Greedy, SteepestDescent};

const N: usize = 250;
const WIDTH: usize = 1024;
/// Step size by Eq. (1), and the scale of the initial weights, as in `experiments/paper/fig1-paper.toml`.
const SIZE: f64 = 6e-3;
const ALPHA: f64 = 0.1;
/// Steps of the long run, and at which of them its means are printed.
const MARKS: [u64; 5] = [1000, 2000, 5000, 10_000, 20_000];

fn problem(d: usize) -> (Dataset, Mlp, Vec<f64>) {
    let spec = TeacherStudentSpec {
        n_train: N,
        n_test: 0,
        n_inputs: d,
        teacher_width: 64,
        inputs_per_neuron: 3,
        weight_law: WeightLaw::Normal,
        output_law: OutputLaw::Normal,
        zero_outputs: ZeroOutputs::Keep,
        ..TeacherStudentSpec::default()
    };
    let data = spec.clean(&Streams::new(0)).expect("a teacher with outputs").train;
    let model = Mlp::new(d, &[WIDTH], 1, Activation::Relu).expect("positive widths");
    let law = InitSpec::FanIn { alpha: ALPHA, coordinate: true };
    let init = Initializer::new(law, vec![d, WIDTH, 1], Streams::new(0)).expect("a positive alpha");
    let theta = [1, 2].into_iter().flat_map(|layer| init.layer(layer)).collect();
    (data, model, theta)
}

fn step(dynamics: &mut dyn Dynamics) {
    let length = SIZE * dynamics.evaluate().dual_norm.value();
    dynamics.advance(length);
}

fn main() {
    println!("coordinate descent: one thread, float64, {}", backend().reason);
    let loss = Exponential::sum();
    {
        let (data, model, theta) = problem(8192);
        let optimizer = SteepestDescent::new(L1::new(model.layout().len()));
        let mut greedy = Greedy::new(&model, &data, &loss, &optimizer, theta.clone()).expect("a two-layer network");
        let mut dense = Dense::new(&model, &data, &loss, Box::new(optimizer), theta).expect("parts that fit");
        let hundred = |dynamics: &mut dyn Dynamics| (0..100).for_each(|_| step(dynamics));
        let (dense, greedy) = median_seconds_in_turn(7, || step(&mut dense), || hundred(&mut greedy));
        let (dense, greedy) = (dense * 1e6, greedy * 1e4);
        println!(
            "d = 8192: dense {dense:.0} us, greedy {greedy:.1} us (the first 800 steps): {:.0} times",
            dense / greedy
        );
    }
    let (data, model, theta) = problem(32_768);
    let optimizer = SteepestDescent::new(L1::new(model.layout().len()));
    let mut greedy = Greedy::new(&model, &data, &loss, &optimizer, theta).expect("a two-layer network");
    let (mut done, mut seconds) = (0, 0.0);
    for mark in MARKS {
        let start = Instant::now();
        (done..mark).for_each(|_| step(&mut greedy));
        let took = start.elapsed().as_secs_f64();
        seconds += took;
        println!(
            "d = 32768, step {mark}: {:.1} us a step since {done}, {:.1} us in all, ln L {:.3}",
            took * 1e6 / (mark - done) as f64,
            seconds * 1e6 / mark as f64,
            greedy.evaluate().loss.ln()
        );
        done = mark;
    }
    for counter in greedy.counters() {
        println!("{:>10} {:>10.4} a step: {}", counter.name, counter.count as f64 / done as f64, counter.meaning);
    }
}
