//! The factors of a perceptron's gradient, as the backward pass leaves them.

use super::{D, GATHERED_H, H, Layer, Mlp, PER_LAYER};
use ndarray::{ArrayView2, s};
use steepest_core::{BackwardCall, BlockShape, BlockTerms, Rows, Workspace};

impl Mlp {
    /// D_l on the outputs and H_{l-1} on the inputs of every trained layer that is a matrix.
    pub(super) fn layer_factors<'w>(&self, call: BackwardCall<'w>, work: &'w Workspace) -> Vec<BlockTerms<'w>> {
        let n = call.cotangent.nrows();
        let trained = self.layers.iter().enumerate().filter_map(|(l, layer)| match layer {
            Layer::Trained(range) => Some((l + 1, range.start)),
            Layer::Frozen(_) => None,
        });
        let blocks = self.layout.blocks().iter().zip(trained);
        let matrices = blocks.filter(|(block, _)| matches!(block.shape, BlockShape::Matrix { .. }));
        let factors = matrices.map(|(_, (layer, start))| {
            let u =
                if layer == self.n_layers() { call.cotangent } else { hidden(work, layer, D).slice_move(s![..n, ..]) };
            let v = self.inputs_of(layer, call, work).slice_move(s![..n, ..]);
            if layer == 1 && self.by_inputs { BlockTerms { start, u: v, v: u } } else { BlockTerms { start, u, v } }
        });
        factors.collect()
    }

    /// H_{l-1} for the rows of the call, where the backward pass read it.
    fn inputs_of<'w>(&self, layer: usize, call: BackwardCall<'w>, work: &'w Workspace) -> ArrayView2<'w, f64> {
        match call.rows {
            Rows::All if layer == 1 => call.inputs,
            Rows::All => hidden(work, layer - 1, H),
            Rows::Subset(_) if layer == self.lowest_trained() => {
                work.as_slice()[(self.n_layers() - 1) * PER_LAYER].view()
            }
            Rows::Subset(_) => hidden(work, layer - 1, GATHERED_H),
        }
    }
}

/// A buffer of hidden layer `layer`.
fn hidden(work: &Workspace, layer: usize, which: usize) -> ArrayView2<'_, f64> {
    work.as_slice()[(layer - 1) * PER_LAYER + which].view()
}
