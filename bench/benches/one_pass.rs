//! A dense step in one pass over W against the step as it is: is it worth it to update a tile of W, and to multiply it for the next step, while the
//! gradient of that tile is still in a cache? Products, dual maps and updates are the program's own; only their order differs.
//!
//! Nothing between the two products is counted, and the tiles are contiguous, as rows of W are not: both favour the one pass.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use ndarray::{Array2, s};
use rand::RngExt;
use rand_distr::StandardNormal;
use std::ops::Range;
use steepest_bench::least_seconds_in_turn;
use steepest_core::linalg::{Accumulate, backend, multiply_into};
use steepest_core::{GradedView, Norm, Optimizer, Streams, memory};
use steepest_norms::Linf;
use steepest_optim::{Adam, AdamSpec, SteepestDescent};

/// n, d, width, rounds: MNIST's without the pixels that are always black, and the paper's.
const SHAPES: [(usize, usize, usize, usize); 3] = [(100, 515, 128, 300), (200, 515, 1024, 100), (250, 32768, 1024, 5)];

/// Rows and columns of a tile: the best of 48, 96 and 240 rows, and of 512 columns and all of them.
const TILE: (usize, usize) = (240, 512);

fn normal(rows: usize, cols: usize, name: &str) -> Array2<f64> {
    let mut rng = Streams::new(1).stream(name);
    Array2::from_shape_simple_fn((rows, cols), || rng.sample(StandardNormal))
}

fn matrix(rows: usize, cols: usize) -> Array2<f64> {
    Array2::from_shape_vec((rows, cols), memory::zeros(rows * cols)).expect("rows x cols entries")
}

/// A part of W with an optimiser of its own.
struct Tile {
    rows: Range<usize>,
    cols: Range<usize>,
    weights: Array2<f64>,
    optimizer: Box<dyn Optimizer>,
}

/// What a step reads and writes beside W.
struct Problem {
    inputs: Array2<f64>,
    pre_cotangent: Array2<f64>,
    pre_activations: Array2<f64>,
    gradient: Vec<f64>,
    direction: Vec<f64>,
}

impl Problem {
    fn new(n: usize, d: usize, width: usize) -> Self {
        Self {
            inputs: normal(n, d, "inputs"),
            pre_cotangent: normal(n, width, "cotangent"),
            pre_activations: matrix(n, width),
            gradient: memory::zeros(width * d),
            direction: memory::zeros(width * d),
        }
    }

    /// W in tiles of this shape.
    fn tiles(&self, (rows, cols): (usize, usize), optimizer: fn(usize) -> Box<dyn Optimizer>) -> Vec<Tile> {
        let (d, width) = (self.inputs.ncols(), self.pre_activations.ncols());
        let weights = normal(width, d, "weights");
        let parts = |whole: usize, part: usize| (0..whole).step_by(part).map(move |k| k..(k + part).min(whole));
        let tile = |rows: Range<usize>, cols: Range<usize>| {
            let mut own = matrix(rows.len(), cols.len());
            own.assign(&weights.slice(s![rows.clone(), cols.clone()]));
            Tile { optimizer: optimizer(own.len()), weights: own, rows, cols }
        };
        parts(width, rows)
            .flat_map(|rows| parts(d, cols).map(move |cols| (rows.clone(), cols)))
            .map(|(r, c)| tile(r, c))
            .collect()
    }

    /// For each tile: its gradient, the dual map, the update, and what it gives to the pre-activations of the next step.
    fn step(&mut self, tiles: &mut [Tile]) {
        for Tile { rows, cols, weights, optimizer } in tiles {
            let len = weights.len();
            let (gradient, direction) = (&mut self.gradient[..len], &mut self.direction[..len]);
            let inputs = self.inputs.slice(s![.., cols.clone()]);
            let pre_cotangent = self.pre_cotangent.slice(s![.., rows.clone()]);
            let own = ndarray::ArrayViewMut2::from_shape(weights.raw_dim(), &mut *gradient).expect("as many numbers");
            multiply_into(Accumulate::Replace, pre_cotangent.t(), inputs, own);
            let theta = weights.as_slice_mut().expect("contiguous");
            let view = GradedView::from(&*gradient);
            let found = optimizer.direction(theta, view, direction);
            let fold = optimizer.own_norm().fold();
            optimizer.apply(found.form, view, direction, 1e-12, theta, fold);
            let how = if cols.start == 0 { Accumulate::Replace } else { Accumulate::Add };
            multiply_into(how, inputs, weights.t(), self.pre_activations.slice_mut(s![.., rows.clone()]));
        }
    }

    fn products(&mut self, weights: &Array2<f64>) {
        let own =
            ndarray::ArrayViewMut2::from_shape(weights.raw_dim(), &mut self.gradient[..]).expect("as many numbers");
        multiply_into(Accumulate::Replace, self.pre_cotangent.t(), self.inputs.view(), own);
        multiply_into(Accumulate::Replace, self.inputs.view(), weights.t(), self.pre_activations.view_mut());
    }
}

fn sign_descent(dim: usize) -> Box<dyn Optimizer> {
    Box::new(SteepestDescent::new(Linf::new(dim)))
}

fn adam(dim: usize) -> Box<dyn Optimizer> {
    let spec = AdamSpec { beta1: 0.9, beta2: 0.99, eps: 1e-8, bias_correction: true };
    Box::new(Adam::new(spec, Box::new(Linf::new(dim)) as Box<dyn Norm>))
}

fn main() {
    let report = backend();
    println!("one pass over W: one thread, float64, {} ({})", report.backend.name(), report.reason);
    println!(
        "{:>6} {:>6} {:>6}  {:<4} {:>12} {:>10} {:>12} {:>13}",
        "n", "d", "width", "", "products ms", "as it is", "in one pass", "gain"
    );
    for (n, d, width, rounds) in SHAPES {
        let mut whole = Problem::new(n, d, width);
        let mut parts = Problem::new(n, d, width);
        let weights = normal(width, d, "weights");
        for (name, optimizer) in [("SD", sign_descent as fn(usize) -> Box<dyn Optimizer>), ("Adam", adam)] {
            let mut one = whole.tiles((width, d), optimizer);
            let mut many = parts.tiles(TILE, optimizer);
            let (as_it_is, in_one_pass) =
                least_seconds_in_turn(rounds, || whole.step(&mut one), || parts.step(&mut many));
            let (products, _) = least_seconds_in_turn(rounds, || whole.products(&weights), || ());
            println!(
                "{n:>6} {d:>6} {width:>6}  {name:<4} {:>12.3} {:>10.3} {:>12.3} {:>12.1}%",
                products * 1e3,
                as_it_is * 1e3,
                in_one_pass * 1e3,
                100.0 * (1.0 - in_one_pass / as_it_is)
            );
        }
    }
}
