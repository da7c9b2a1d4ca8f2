//! Sign descent by row patterns against the dense step, in one process; and a run at the paper's scale.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use ndarray::Array2;
use rand::RngExt;
use rand_distr::{StandardNormal, Uniform};
use std::time::Instant;
use steepest_core::linalg::backend;
use steepest_core::loss::Exponential;
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Labels, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::Linf;
use steepest_optim::{Dense, Sign, SteepestDescent};

const SIZE: f64 = 6e-3;
const N: usize = 250;
const WIDTH: usize = 1024;

/// What the inputs are drawn from.
#[derive(Clone, Copy, Debug)]
enum Inputs {
    Normal,
    /// Normal ones of which four fifths are zero.
    Sparse,
    /// Numbers between 0.1 and 1, four fifths of them zero; some entries are bright in nearly all samples, most in few: samples that resemble each other.
    Pictures,
}

impl Inputs {
    fn draw(self, d: usize) -> Array2<f64> {
        let mut rng = Streams::new(1).stream("inputs");
        let mut inputs: Array2<f64> = Array2::from_shape_simple_fn((N, d), || rng.sample(StandardNormal));
        match self {
            Self::Normal => {}
            Self::Sparse => inputs.mapv_inplace(|x| if rng.random_bool(0.8) { 0.0 } else { x }),
            Self::Pictures => {
                for mut column in inputs.columns_mut() {
                    let share = 0.9 * rng.random::<f64>().powi(4);
                    column.mapv_inplace(|_| if rng.random_bool(share) { rng.random_range(0.1..1.0) } else { 0.0 });
                }
            }
        }
        inputs
    }
}

/// Such inputs with random labels, and parameters uniform with half-width 0.1/sqrt(number of inputs) in each layer.
fn problem(d: usize, inputs: Inputs) -> (Dataset, Mlp, Vec<f64>) {
    let mut rng = Streams::new(1).stream("labels");
    let inputs = inputs.draw(d);
    let signs = (0..N).map(|_| if rng.random_bool(0.5) { 1.0 } else { -1.0 }).collect();
    let data = Dataset::new(inputs, Labels::Binary(signs)).expect("finite inputs");
    let model = Mlp::new(d, &[WIDTH], 1, Activation::Relu).expect("positive widths");
    let mut rng = Streams::new(1).stream("theta");
    let mut uniform = |len: usize, fan_in: usize| -> Vec<f64> {
        let half_width = 0.1 / (fan_in as f64).sqrt();
        let law = Uniform::new(-half_width, half_width).expect("a positive width");
        (0..len).map(|_| rng.sample(law)).collect()
    };
    let mut theta = uniform(WIDTH * d, d);
    theta.extend(uniform(WIDTH, WIDTH));
    assert_eq!(theta.len(), model.layout().len());
    (data, model, theta)
}

fn step(dynamics: &mut dyn Dynamics) {
    dynamics.evaluate();
    dynamics.advance(SIZE);
}

/// Seconds that this program has run, without those in which others had the processor; those of the clock where the system does not say.
fn seconds(since: Instant) -> f64 {
    let schedule = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = schedule.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.map_or_else(|| since.elapsed().as_secs_f64(), |n| n * 1e-9)
}

fn report(dynamics: &Sign<'_>) {
    let counts: Vec<String> = dynamics.counters().iter().map(|c| format!("{} {}", c.name, c.count)).collect();
    println!("    {}", counts.join(", "));
}

/// The first steps side by side; then, if there are to be late ones, those of sign descent alone against a dense step.
fn against_dense(d: usize, inputs: Inputs, first: usize, late: usize) {
    println!("(250, {d}, 1024), {inputs:?}");
    let (data, model, theta) = problem(d, inputs);
    let loss = Exponential::sum();
    let mut sign = Sign::new(&model, &data, &loss, &theta).expect("two layers");
    let optimizer = SteepestDescent::new(Linf::new(theta.len()));
    let mut dense = Dense::new(&model, &data, &loss, Box::new(optimizer), theta).expect("parts that fit");
    let (clock, mut spent, mut n_apart) = (Instant::now(), [0.0; 2], 0);
    for t in 1..=first {
        for (spent, dynamics) in spent.iter_mut().zip([&mut dense as &mut dyn Dynamics, &mut sign]) {
            let start = seconds(clock);
            step(dynamics);
            *spent += seconds(clock) - start;
        }
        if t % 10 == 0 {
            let apart = dense.theta().iter().zip(sign.theta()).filter(|(a, b)| (**a - **b).abs() > SIZE / 2.0);
            n_apart += apart.count();
        }
    }
    let [a, b] = spent;
    println!("  first {first} steps: dense {a:.2} s, sign {b:.2} s, ratio {:.1}; {n_apart} entries apart", a / b);
    report(&sign);
    if late == 0 {
        return;
    }
    (0..late).for_each(|_| step(&mut sign));
    let time = |dynamics: &mut dyn Dynamics, steps: usize| {
        let start = seconds(clock);
        (0..steps).for_each(|_| step(dynamics));
        (seconds(clock) - start) / steps as f64
    };
    let mut times: Vec<(f64, f64)> = (0..9).map(|_| (time(&mut dense, 1), time(&mut sign, 1000))).collect();
    times.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (a, b) = times[times.len() / 2];
    println!("  after {late} more: dense {:.2} ms, sign {:.3} ms, ratio {:.0}", a * 1e3, b * 1e3, a / b);
    report(&sign);
}

fn alone(d: usize, steps: u64) {
    let (data, model, theta) = problem(d, Inputs::Normal);
    let (loss, clock) = (Exponential::sum(), Instant::now());
    let start = seconds(clock);
    let mut sign = Sign::new(&model, &data, &loss, &theta).expect("two layers");
    println!("(250, {d}, 1024), sign alone: {:.2} s to begin", seconds(clock) - start);
    let (start, mut last) = (seconds(clock), (0.0, 0));
    for t in 1..=steps {
        step(&mut sign);
        if [10, 50, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000].contains(&t) || t == steps {
            let now = seconds(clock) - start;
            let each = (now - last.0) / (t - last.1) as f64 * 1e3;
            println!("  step {t}: {now:.2} s, {each:.3} ms a step, ln L = {:.4e}", sign.evaluate().loss.ln());
            last = (now, t);
            report(&sign);
        }
    }
    println!("  mean {:.3} ms a step", (seconds(clock) - start) / steps as f64 * 1e3);
}

fn main() {
    println!("sign descent: one thread, float64, {}", backend().reason);
    // a number of steps, behind `--`, in place of all
    if let Some(steps) = std::env::args().find_map(|a| a.parse().ok()) {
        alone(32768, steps);
        return;
    }
    against_dense(8192, Inputs::Normal, 50, 5000);
    against_dense(784, Inputs::Sparse, 200, 0);
    against_dense(784, Inputs::Pictures, 200, 1000);
    alone(32768, 20_000);
}
