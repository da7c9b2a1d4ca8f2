//! The passes through the layers of a perceptron, between the first layer and the last.

use super::{D, Mlp, PER_LAYER, Z};
use crate::linear::{gather, view_mut};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{HomogeneousModel, Rows, Workspace};

impl Mlp {
    /// From the pre-activations of layer 1, which are in the workspace, to the outputs.
    pub(super) fn continue_forward(
        &self,
        theta: &[f64],
        n: usize,
        mut outputs: ArrayViewMut2<'_, f64>,
        work: &mut Workspace,
    ) {
        for layer in 1..self.n_layers() {
            let (below, above) = work.buffers().split_at_mut(layer * PER_LAYER);
            let [z, h, ..] = &mut below[(layer - 1) * PER_LAYER..] else { panic!("the workspace is another model's") };
            let weights = self.layer_weights(layer + 1, theta);
            let last = layer + 1 == self.n_layers();
            if last && self.has_fused_output() {
                let u = weights.as_slice().unwrap_or_default();
                for (z, output) in z.rows().into_iter().zip(&mut outputs) {
                    let Some(z) = z.to_slice() else { panic!("rows are contiguous") };
                    *output = self.activation.weighted_sum(z, u);
                }
                return;
            }
            for (z, mut h) in z.rows().into_iter().zip(h.rows_mut()).take(n) {
                let (Some(z), Some(h)) = (z.to_slice(), h.as_slice_mut()) else { panic!("rows are contiguous") };
                self.activation.apply(z, h);
            }
            let activations = h.slice(s![..n, ..]);
            if last {
                multiply_into(Accumulate::Replace, activations, weights.reversed_axes(), outputs.view_mut());
            } else {
                let next = above[Z].slice_mut(s![..n, ..]);
                multiply_into(Accumulate::Replace, activations, weights.reversed_axes(), next);
            }
        }
    }

    /// From the cotangent on the outputs down to that on the pre-activations of `lowest`, which is left in the workspace; the gradients
    /// of all layers above `lowest` on the way. Returns the number of rows.
    pub(super) fn descend(
        &self,
        theta: &[f64],
        lowest: usize,
        rows: Rows<'_>,
        cotangent: ArrayView2<'_, f64>,
        gradient: &mut [f64],
        work: &mut Workspace,
    ) -> usize {
        let n = cotangent.nrows();
        for layer in (lowest..self.n_layers()).rev() {
            let (below, above) = work.buffers().split_at_mut(layer * PER_LAYER);
            let [z, h, d, gathered_z, gathered_h] = &mut below[(layer - 1) * PER_LAYER..] else {
                panic!("the workspace is another model's")
            };
            let last = layer + 1 == self.n_layers();
            let (z, d) = (chosen(z.view(), rows, n, gathered_z), d.slice_mut(s![..n, ..]));
            if last && self.has_fused_output() {
                self.through_output(theta, cotangent, z, d, gradient);
                continue;
            }
            let upper = if last { cotangent } else { above[D].slice(s![..n, ..]) };
            let step = Descent { layer, upper, z, h: chosen(h.view(), rows, n, gathered_h) };
            self.through_layer(theta, &step, d, gradient);
        }
        n
    }

    /// Whether the last layer is one weighted sum of activations that nobody else reads: each row of pre-activations is then gone through once
    /// on the way up and once on the way down, and the activations are never stored.
    fn has_fused_output(&self) -> bool {
        self.n_outputs() == 1 && self.lowest_trained() < self.n_layers()
    }

    /// The gradient of W_{l+1} = D_{l+1}^T H_l, and D_l = (D_{l+1} W_{l+1}) phi'(Z_l).
    fn through_layer(&self, theta: &[f64], step: &Descent<'_>, mut d: ArrayViewMut2<'_, f64>, gradient: &mut [f64]) {
        let weights = self.layer_weights(step.layer + 1, theta);
        let own_gradient = self.gradient_of(step.layer + 1, gradient);
        if let Some(own) = own_gradient {
            let own = view_mut(own, weights.nrows(), weights.ncols());
            multiply_into(Accumulate::Replace, step.upper.reversed_axes(), step.h, own);
        }
        multiply_into(Accumulate::Replace, step.upper, weights, d.view_mut());
        for (mut d, z) in d.rows_mut().into_iter().zip(step.z.rows()) {
            let (Some(d), Some(z)) = (d.as_slice_mut(), z.to_slice()) else { panic!("rows are contiguous") };
            self.activation.apply_derivative(z, d);
        }
    }

    /// The same for a last layer of one output, whose weights are a vector u: in one pass over each row.
    fn through_output(
        &self,
        theta: &[f64],
        cotangent: ArrayView2<'_, f64>,
        z: ArrayView2<'_, f64>,
        mut d: ArrayViewMut2<'_, f64>,
        gradient: &mut [f64],
    ) {
        let weights = self.layer_weights(self.n_layers(), theta);
        let u = weights.as_slice().unwrap_or_default();
        let mut own = self.gradient_of(self.n_layers(), gradient);
        if let Some(own) = own.as_deref_mut() {
            own.fill(0.0);
        }
        for ((&c, z), mut d) in cotangent.iter().zip(z.rows()).zip(d.rows_mut()) {
            let (Some(z), Some(d)) = (z.to_slice(), d.as_slice_mut()) else { panic!("rows are contiguous") };
            self.activation.weighted_sum_backward(c, u, z, d, own.as_deref_mut());
        }
    }
}

/// The given rows, n in number, of a matrix; gathered if they are not all.
fn chosen<'a>(
    from: ArrayView2<'a, f64>,
    rows: Rows<'_>,
    n: usize,
    gathered: &'a mut Array2<f64>,
) -> ArrayView2<'a, f64> {
    match rows {
        Rows::All => from.slice_move(s![..n, ..]),
        Rows::Subset(rows) => {
            gather(from, rows, gathered);
            gathered.slice(s![..n, ..])
        }
    }
}

/// One layer of the backward pass: the cotangent from above, the layer's pre-activations and activations.
struct Descent<'a> {
    layer: usize,
    upper: ArrayView2<'a, f64>,
    z: ArrayView2<'a, f64>,
    h: ArrayView2<'a, f64>,
}
