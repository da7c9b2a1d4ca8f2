//! The laws of norms, models and losses, as plain functions that panic with a sentence where one is broken.
//!
//! An implementation outside this workspace calls them in its own tests:
//!
//! ```text
//! steepest_core::laws::check_norm(&MyNorm::new(10));
//! ```

mod loss;
mod model;
mod norm;
mod subdifferential;
mod tail;

pub use loss::check_loss;
pub use model::{check_linear_first_layer, check_model};
pub use norm::{check_norm, check_norm_on};
pub use subdifferential::{check_dual_ball, check_subdifferential};
pub use tail::check_tail;

use crate::layout::{BlockShape, ParameterLayout};
use crate::seed::Streams;
use rand::RngExt;
use rand_distr::StandardNormal;

/// Reproducible vectors of many shapes: dense, sparse, with ties, with zeros, of extreme scales.
pub(crate) struct Vectors {
    rng: rand_chacha::ChaCha8Rng,
}

impl Vectors {
    pub(crate) fn new(name: &str) -> Self {
        Self { rng: Streams::new(20_260_101).stream(name) }
    }

    /// How many kinds of vectors there are.
    pub(crate) const KINDS: usize = 8;
    /// How many kinds of matrices there are.
    pub(crate) const BLOCK_KINDS: usize = 8;

    /// Standard normal entries.
    pub(crate) fn normal(&mut self, len: usize) -> Vec<f64> {
        (0..len).map(|_| self.rng.sample(StandardNormal)).collect()
    }

    /// A vector that is not zero, of the given kind of the [`KINDS`](Self::KINDS) in turn: normal, sparse, signs, few distinct values, one
    /// entry, wide range, ties up to rounding, from the largest entry down to 1e-300 of it.
    pub(crate) fn of_kind(&mut self, kind: usize, len: usize) -> Vec<f64> {
        let mut x = self.normal(len);
        match kind % Self::KINDS {
            0 => {}
            1 => x.iter_mut().for_each(|v| {
                if self.rng.random::<f64>() < 0.6 {
                    *v = 0.0;
                }
            }),
            2 => x.iter_mut().for_each(|v| *v = v.signum()),
            3 => x.iter_mut().for_each(|v| *v = v.round()),
            4 => {
                let k = self.rng.random_range(0..len);
                x.iter_mut().enumerate().for_each(|(i, v)| *v = if i == k { *v } else { 0.0 });
            }
            5 => x.iter_mut().for_each(|v| *v *= 10f64.powi(self.rng.random_range(-8..9))),
            6 => x.iter_mut().for_each(|v| *v = v.signum() * (1.0 + 1e-15 * v.abs())),
            _ => {
                let k = self.rng.random_range(0..len);
                x.iter_mut().for_each(|v| *v = v.signum() * 10f64.powi(-self.rng.random_range(0..301)));
                x[k] = x[k].signum();
            }
        }
        if x.iter().all(|v| *v == 0.0) {
            x[0] = 1.0;
        }
        x
    }

    /// A vector that is not zero, whose blocks are matrices of the given kind of the [`BLOCK_KINDS`](Self::BLOCK_KINDS) and those after it, a
    /// vector being one row: of rank one, of rank two, with equal rows, with zero columns, a permutation, zero, of rank one up to rounding, far
    /// below the others.
    pub(crate) fn of_blocks(&mut self, kind: usize, layout: &ParameterLayout) -> Vec<f64> {
        let mut x = Vec::with_capacity(layout.len());
        for (l, block) in layout.blocks().iter().enumerate() {
            let (rows, cols) = match block.shape {
                BlockShape::Matrix { rows, cols } => (rows, cols),
                BlockShape::Vector { len } => (1, len),
            };
            x.extend(self.matrix(kind + l, rows, cols));
        }
        if x.iter().all(|v| *v == 0.0) {
            x[0] = 1.0;
        }
        x
    }

    fn matrix(&mut self, kind: usize, rows: usize, cols: usize) -> Vec<f64> {
        let [a, b, c, d] = [rows, cols, rows, cols].map(|len| self.normal(len));
        let entry = |k: usize| {
            let (i, j) = (k / cols, k % cols);
            match kind % Self::BLOCK_KINDS {
                0 => a[i] * b[j],
                1 => a[i] * b[j] + 1e-3 * c[i] * d[j],
                2 => b[j],
                3 => (a[i] + d[j] * c[i]) * (j % 2) as f64,
                4 => f64::from(u8::from(j == (2 * i + 1) % cols)),
                5 => 0.0,
                6 => a[i] * b[j] + 1e-15 * c[i] * d[j],
                _ => 1e-120 * (a[i] * b[j] + c[i] * d[j]),
            }
        };
        (0..rows * cols).map(entry).collect()
    }
}

/// Panics with `what` unless |a - b| <= tolerance * max(1, |a|, |b|).
#[track_caller]
pub(crate) fn assert_close(a: f64, b: f64, tolerance: f64, what: &str) {
    let scale = a.abs().max(b.abs()).max(1.0);
    assert!((a - b).abs() <= tolerance * scale, "{what}: {a:e} against {b:e}");
}
