//! The two matrix products that no dense step of a network's first layer can do without.

use crate::timing::Times;
use ndarray::Array2;
use rand::RngExt;
use rand_distr::StandardNormal;
use std::time::Instant;
use steepest_core::Streams;
use steepest_core::linalg::{Accumulate, multiply_into};

/// Times X W^T (n x width) and D^T X (width x d) together, 4 n d width flops, for so many seconds.
pub(crate) fn times((n, d, width): (usize, usize, usize), seconds: f64) -> Times {
    let start = Instant::now();
    let (inputs, weights, cotangent) = (normal(n, d), normal(width, d), normal(n, width));
    let (mut forward, mut backward) = (Array2::zeros((n, width)), Array2::zeros((width, d)));
    let mut both = || {
        let before = Instant::now();
        multiply_into(Accumulate::Replace, inputs.view(), weights.t(), forward.view_mut());
        multiply_into(Accumulate::Replace, cotangent.t(), inputs.view(), backward.view_mut());
        before.elapsed().as_secs_f64()
    };
    both();
    let (setup, start) = (start.elapsed().as_secs_f64(), Instant::now());
    let mut steps = vec![both(), both()];
    while start.elapsed().as_secs_f64() < seconds {
        steps.push(both());
    }
    Times { setup, steps, ended: "seconds" }
}

fn normal(rows: usize, cols: usize) -> Array2<f64> {
    let mut rng = Streams::new(1).stream("products");
    Array2::from_shape_simple_fn((rows, cols), || rng.sample(StandardNormal))
}
