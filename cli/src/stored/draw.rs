//! Matrices to test with.

use ndarray::Array2;

/// Numbers between -1/2 and 1/2: the upper halves of a linear congruential sequence.
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn matrix(&mut self, shape: (usize, usize)) -> Array2<f64> {
        Array2::from_shape_simple_fn(shape, || {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 32) as f64 / f64::from(u32::MAX) - 0.5
        })
    }
}
