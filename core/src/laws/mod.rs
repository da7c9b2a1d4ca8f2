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

pub use loss::check_loss;
pub use model::{check_linear_first_layer, check_model};
pub use norm::check_norm;

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

    /// Standard normal entries.
    pub(crate) fn normal(&mut self, len: usize) -> Vec<f64> {
        (0..len).map(|_| self.rng.sample(StandardNormal)).collect()
    }

    /// A vector that is not zero, of the given kind, kinds 0..6 in turn: normal, sparse, signs, few distinct values, one entry, wide range.
    pub(crate) fn of_kind(&mut self, kind: usize, len: usize) -> Vec<f64> {
        let mut x = self.normal(len);
        match kind % 6 {
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
            _ => x.iter_mut().for_each(|v| *v *= 10f64.powi(self.rng.random_range(-8..9))),
        }
        if x.iter().all(|v| *v == 0.0) {
            x[0] = 1.0;
        }
        x
    }
}

/// Panics with `what` unless |a - b| <= tolerance * max(1, |a|, |b|).
#[track_caller]
pub(crate) fn assert_close(a: f64, b: f64, tolerance: f64, what: &str) {
    let scale = a.abs().max(b.abs()).max(1.0);
    assert!((a - b).abs() <= tolerance * scale, "{what}: {a:e} against {b:e}");
}
