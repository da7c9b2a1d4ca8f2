//! The passes through the layers of a perceptron, between the first layer and the last.

use super::{D, Mlp, PER_LAYER, Z};
use crate::linear::{gather, view_mut};
use ndarray::{ArrayView2, ArrayViewMut2, s};
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{Rows, Workspace, vector};

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
            let weights = self.weights(layer + 1, theta);
            let last = layer + 1 == self.n_layers();
            let single = last && self.sizes[layer + 1] == 1;
            for (i, (z, mut h)) in z.rows().into_iter().zip(h.rows_mut()).take(n).enumerate() {
                let (Some(z), Some(h)) = (z.to_slice(), h.as_slice_mut()) else { panic!("rows are contiguous") };
                self.activation.apply(z, h);
                if single {
                    outputs[(i, 0)] = vector::dot(h, weights.as_slice().unwrap_or_default());
                }
            }
            let activations = h.slice(s![..n, ..]);
            if last && !single {
                multiply_into(Accumulate::Replace, activations, weights.reversed_axes(), outputs.view_mut());
            } else if !last {
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
            let (z, h) = match rows {
                Rows::All => (z.view(), h.view()),
                Rows::Subset(rows) => {
                    gather(z.view(), rows, gathered_z);
                    gather(h.view(), rows, gathered_h);
                    (gathered_z.view(), gathered_h.view())
                }
            };
            let last = layer + 1 == self.n_layers();
            let upper = if last { cotangent } else { above[D].slice(s![..n, ..]) };
            let step = Descent { layer, upper, z: z.slice(s![..n, ..]), h: h.slice(s![..n, ..]) };
            self.through_layer(theta, &step, d.slice_mut(s![..n, ..]), gradient);
        }
        n
    }

    /// The gradient of W_{l+1} = D_{l+1}^T H_l, and D_l = (D_{l+1} W_{l+1}) phi'(Z_l).
    fn through_layer(&self, theta: &[f64], step: &Descent<'_>, mut d: ArrayViewMut2<'_, f64>, gradient: &mut [f64]) {
        let weights = self.weights(step.layer + 1, theta);
        let own_gradient = self.gradient_of(step.layer + 1, gradient);
        if step.upper.ncols() == 1 {
            self.through_single_output(step, weights.as_slice().unwrap_or_default(), d, own_gradient);
            return;
        }
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

    /// The same for a layer of one output, whose weights are a vector u: in one pass over each row.
    fn through_single_output(
        &self,
        step: &Descent<'_>,
        u: &[f64],
        mut d: ArrayViewMut2<'_, f64>,
        mut own: Option<&mut [f64]>,
    ) {
        if let Some(own) = own.as_deref_mut() {
            own.fill(0.0);
        }
        for (i, mut d) in d.rows_mut().into_iter().enumerate() {
            let (Some(d), Some(z), Some(h)) = (d.as_slice_mut(), step.z.row(i).to_slice(), step.h.row(i).to_slice())
            else {
                panic!("rows are contiguous")
            };
            let c = step.upper[(i, 0)];
            vector::vectorized(|| d.iter_mut().zip(u).for_each(|(d, &u)| *d = c * u));
            self.activation.apply_derivative(z, d);
            if let Some(own) = own.as_deref_mut() {
                vector::add_multiple(own, c, h);
            }
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
