//! How fast this machine does what runs are made of, measured in a second.

use ndarray::{Array1, Array2};
use std::time::Instant;
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{Streams, vector};
use steepest_data::PointStream;

/// Rates of one core: of the fastest repetition, since the machine may have other work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Speeds {
    /// Flops a second of matrix products of the shapes of an ordinary step.
    pub(super) product: f64,
    /// Bytes a second of passes over vectors that stay in the cache.
    pub(super) cache: f64,
    /// Bytes a second of passes over vectors that do not.
    pub(super) memory: f64,
    /// Seconds to draw a normal number.
    pub(super) normal: f64,
}

/// (n, d, width) of the product.
const PRODUCT: (usize, usize, usize) = (100, 784, 128);
/// Entries of the vectors: half a megabyte, and 64.
const IN_CACHE: usize = 1 << 16;
const IN_MEMORY: usize = 1 << 23;
/// Seconds for each rate.
const PATIENCE: f64 = 0.25;

impl Speeds {
    /// Those of an ordinary core, where only costs beside each other matter.
    pub(super) const ORDINARY: Self = Self { product: 4e10, cache: 4e10, memory: 1e10, normal: 1e-8 };

    /// Measures them.
    pub(super) fn measure() -> Self {
        let (n, d, width) = PRODUCT;
        let (a, b) = (Array2::from_elem((n, d), 0.5), Array2::from_elem((d, width), 0.25));
        let mut c = Array2::zeros((n, width));
        let product = fastest(|| multiply_into(Accumulate::Replace, a.view(), b.view(), c.view_mut()));
        let points = PointStream::new(1 << 16, 1, Streams::new(0), "speed");
        let mut column = Array1::zeros(points.n_points());
        let normal = fastest(|| points.column_into(0, &mut column));
        Self {
            product: 2.0 * (n * d * width) as f64 / product,
            cache: pass(IN_CACHE),
            memory: pass(IN_MEMORY),
            normal: normal / points.n_points() as f64,
        }
    }
}

/// Bytes a second of x <- x + c y.
fn pass(len: usize) -> f64 {
    let (mut x, y) = (vec![0.5; len], vec![0.25; len]);
    24.0 * len as f64 / fastest(|| vector::add_multiple(&mut x, 1e-3, &y))
}

/// Seconds of the fastest repetition.
fn fastest(mut work: impl FnMut()) -> f64 {
    work();
    let (start, mut fastest) = (Instant::now(), f64::INFINITY);
    while start.elapsed().as_secs_f64() < PATIENCE {
        let once = Instant::now();
        work();
        fastest = fastest.min(once.elapsed().as_secs_f64());
    }
    fastest.max(1e-9)
}
