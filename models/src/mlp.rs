//! Multilayer perceptrons without biases, any layer frozen.

mod factors;
mod pass;
mod spec;
#[cfg(test)]
mod tests;

pub use spec::MlpSpec;

use crate::activation::Activation;
use crate::error::ModelError;
use crate::linear::{columns, gather, layer_shape, view, view_mut};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use std::num::NonZeroU32;
use std::ops::Range;
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{
    BackwardCall, BlockShape, BlockTerms, HomogeneousModel, LinearFirstLayer, OutputWeights, ParameterLayout,
    Restricted, Rows, Seam, TwoLayer, Workspace,
};

/// f(theta; x) = W_L phi(W_{L-1} ... phi(W_1 x)), phi of degree r.
///
/// Blocks `W1`, `W2`, ... of the trained layers, each (outputs x inputs); the last layer of a one-output net is a vector. The degree
/// in the trained parameters is the sum over trained layers l of r^(L - l). A frozen layer's weights belong to the model.
#[derive(Clone, Debug)]
pub struct Mlp {
    /// d, the hidden widths, k.
    sizes: Vec<usize>,
    activation: Activation,
    layers: Vec<Layer>,
    /// Whether W_1 stands in theta input by input.
    by_inputs: bool,
    layout: ParameterLayout,
    degree: NonZeroU32,
}

/// Where a layer's weights are.
#[derive(Clone, Debug)]
enum Layer {
    Trained(Range<usize>),
    Frozen(Array2<f64>),
}

/// The buffers of hidden layer l, in this order: pre-activations, activations, cotangents, gathered rows of the first two.
const PER_LAYER: usize = 5;
const Z: usize = 0;
const H: usize = 1;
const D: usize = 2;
const GATHERED_H: usize = 4;

impl Mlp {
    /// The perceptron with d inputs, the given hidden widths and k outputs, all layers trained.
    ///
    /// # Errors
    /// If a width is zero, the activation's parameter is out of range, or the degree overflows.
    pub fn new(
        n_inputs: usize,
        hidden: &[usize],
        n_outputs: usize,
        activation: Activation,
    ) -> Result<Self, ModelError> {
        let sizes: Vec<usize> = [n_inputs].into_iter().chain(hidden.iter().copied()).chain([n_outputs]).collect();
        if let Some(layer) = sizes.iter().position(|&s| s == 0) {
            return Err(ModelError::EmptyLayer { layer, n_inputs, n_outputs });
        }
        activation.check()?;
        Self::assemble(sizes, activation, Vec::new())
    }

    /// The same with some layers frozen at the given weights: (layer counted from one, weights outputs x inputs).
    ///
    /// # Errors
    /// If a layer does not exist, its weights have another shape, or no layer is left to train.
    pub fn with_frozen(self, frozen: impl IntoIterator<Item = (usize, Array2<f64>)>) -> Result<Self, ModelError> {
        let frozen: Vec<_> = frozen.into_iter().collect();
        let n_layers = self.sizes.len() - 1;
        for (layer, weights) in &frozen {
            if !(1..=n_layers).contains(layer) {
                return Err(ModelError::NoSuchLayer { layer: *layer, n_layers });
            }
            let (expected_rows, expected_cols) = (self.sizes[*layer], self.sizes[layer - 1]);
            let (rows, cols) = weights.dim();
            if (rows, cols) != (expected_rows, expected_cols) {
                return Err(ModelError::Shape { layer: *layer, expected_rows, expected_cols, rows, cols });
            }
        }
        Self::assemble(self.sizes, self.activation, frozen)
    }

    fn assemble(
        sizes: Vec<usize>,
        activation: Activation,
        frozen: Vec<(usize, Array2<f64>)>,
    ) -> Result<Self, ModelError> {
        let n_layers = sizes.len() - 1;
        let is_frozen = |l: usize| frozen.iter().any(|(layer, _)| *layer == l);
        let trained: Vec<usize> = (1..=n_layers).filter(|&l| !is_frozen(l)).collect();
        if trained.is_empty() {
            return Err(ModelError::NothingTrained { n_layers });
        }
        let blocks = trained.iter().map(|&l| (format!("W{l}"), layer_shape(sizes[l], sizes[l - 1], l == n_layers)));
        let layout = ParameterLayout::new(blocks)?;
        let mut ranges = layout.blocks().iter().map(|b| b.range.clone());
        let layers = (1..=n_layers)
            .map(|l| match frozen.iter().find(|(layer, _)| *layer == l) {
                Some((_, weights)) => Layer::Frozen(weights.as_standard_layout().into_owned()),
                None => Layer::Trained(ranges.next().unwrap_or_default()),
            })
            .collect();
        let degree = trained
            .iter()
            .try_fold(0_u32, |sum, &l| {
                activation.degree().checked_pow((n_layers - l) as u32).and_then(|d| sum.checked_add(d))
            })
            .and_then(NonZeroU32::new)
            .ok_or(ModelError::DegreeOverflow)?;
        Ok(Self { sizes, activation, layers, by_inputs: false, layout, degree })
    }

    fn n_layers(&self) -> usize {
        self.layers.len()
    }

    /// W_l, outputs x inputs.
    fn layer_weights<'a>(&'a self, layer: usize, theta: &'a [f64]) -> ArrayView2<'a, f64> {
        match &self.layers[layer - 1] {
            Layer::Trained(_) if layer == 1 && self.by_inputs => self.weights(theta),
            Layer::Trained(range) => view(&theta[range.clone()], self.sizes[layer], self.sizes[layer - 1]),
            Layer::Frozen(weights) => weights.view(),
        }
    }

    /// Where the gradient of W_l goes; `None` if the layer is frozen.
    fn gradient_of<'a>(&self, layer: usize, gradient: &'a mut [f64]) -> Option<&'a mut [f64]> {
        match &self.layers[layer - 1] {
            Layer::Trained(range) => Some(&mut gradient[range.clone()]),
            Layer::Frozen(_) => None,
        }
    }

    /// The lowest layer that is trained: no cotangent is needed below it.
    fn lowest_trained(&self) -> usize {
        self.layers.iter().position(|l| matches!(l, Layer::Trained(_))).map_or(1, |l| l + 1)
    }
}

impl HomogeneousModel for Mlp {
    fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    fn degree(&self) -> NonZeroU32 {
        self.degree
    }

    fn n_inputs(&self) -> usize {
        self.sizes[0]
    }

    fn n_outputs(&self) -> usize {
        self.sizes[self.n_layers()]
    }

    fn workspace(&self, n_samples: usize) -> Workspace {
        let hidden = &self.sizes[1..self.n_layers()];
        let shapes = hidden.iter().flat_map(|&m| [(n_samples, m), (n_samples, m), (n_samples, m), (0, 0), (0, 0)]);
        // last: gathered inputs
        Workspace::new(shapes.chain([(0, 0)]))
    }

    /// Where every layer but the last is frozen (random features), or there is one layer only.
    fn is_linear(&self) -> bool {
        self.lowest_trained() == self.n_layers()
    }

    fn forward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        outputs: ArrayViewMut2<'_, f64>,
        work: &mut Workspace,
    ) {
        let (n, first) = (inputs.nrows(), self.layer_weights(1, theta));
        if self.n_layers() == 1 {
            multiply_into(Accumulate::Replace, inputs, first.reversed_axes(), outputs);
            return;
        }
        multiply_into(Accumulate::Replace, inputs, first.reversed_axes(), work.buffers()[Z].slice_mut(s![..n, ..]));
        self.continue_forward(theta, n, outputs, work);
    }

    fn backward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        rows: Rows<'_>,
        cotangent: ArrayView2<'_, f64>,
        gradient: &mut [f64],
        work: &mut Workspace,
    ) {
        let lowest = self.lowest_trained();
        // the cotangent on the pre-activations of `lowest` gives that layer's gradient together with the activations below
        let n = self.descend(theta, lowest, rows, cotangent, gradient, work);
        let own = if lowest == 1 && self.by_inputs {
            self.weights_mut(gradient)
        } else {
            let Some(own) = self.gradient_of(lowest, gradient) else { return };
            view_mut(own, self.sizes[lowest], self.sizes[lowest - 1])
        };
        let (buffers, spare) = work.buffers().split_at_mut((self.n_layers() - 1) * PER_LAYER);
        let below = if lowest == 1 { inputs } else { buffers[(lowest - 2) * PER_LAYER + H].view() };
        let below = match rows {
            Rows::All => below.slice_move(s![..n, ..]),
            Rows::Subset(rows) => {
                gather(below, rows, &mut spare[0]);
                spare[0].slice(s![..n, ..])
            }
        };
        let upper = if lowest == self.n_layers() {
            cotangent
        } else {
            buffers[(lowest - 1) * PER_LAYER + D].slice(s![..n, ..])
        };
        multiply_into(Accumulate::Replace, upper.reversed_axes(), below, own);
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Restricted> {
        if self.by_inputs {
            return None;
        }
        let sizes = std::iter::once(kept.len()).chain(self.sizes[1..].iter().copied()).collect();
        let frozen = self.layers.iter().enumerate().filter_map(|(l, layer)| match layer {
            Layer::Frozen(weights) if l == 0 => Some((1, weights.select(Axis(1), kept))),
            Layer::Frozen(weights) => Some((l + 1, weights.clone())),
            Layer::Trained(_) => None,
        });
        let model = Self::assemble(sizes, self.activation, frozen.collect()).ok()?;
        let (mut places, first) = match &self.layers[0] {
            Layer::Trained(range) => (columns(self.sizes[1], self.sizes[0], kept), range.len()),
            Layer::Frozen(_) => (Vec::new(), 0),
        };
        places.extend(first..self.layout.len());
        Some(Restricted { model: Box::new(model), places })
    }

    fn factors<'w>(&self, call: BackwardCall<'w>, work: &'w Workspace) -> Vec<BlockTerms<'w>> {
        self.layer_factors(call, work)
    }

    fn linear_first_layer(&self) -> Option<&dyn LinearFirstLayer> {
        (self.n_layers() > 1 && self.lowest_trained() == 1).then_some(self as &dyn LinearFirstLayer)
    }
}

impl LinearFirstLayer for Mlp {
    fn width(&self) -> usize {
        self.sizes[1]
    }

    fn weights<'t>(&self, theta: &'t [f64]) -> ArrayView2<'t, f64> {
        let (m, d) = (self.sizes[1], self.sizes[0]);
        let first = &theta[..m * d];
        if self.by_inputs { view(first, d, m).reversed_axes() } else { view(first, m, d) }
    }

    fn weights_mut<'t>(&self, theta: &'t mut [f64]) -> ArrayViewMut2<'t, f64> {
        let (m, d) = (self.sizes[1], self.sizes[0]);
        let first = &mut theta[..m * d];
        if self.by_inputs { view_mut(first, d, m).reversed_axes() } else { view_mut(first, m, d) }
    }

    fn by_inputs(&self) -> Option<Restricted> {
        self.linear_first_layer().filter(|_| !self.by_inputs)?;
        let (m, d) = (self.sizes[1], self.sizes[0]);
        let blocks = self.layout.blocks().iter().enumerate();
        let shape = |k: usize, shape| if k == 0 { BlockShape::Matrix { rows: d, cols: m } } else { shape };
        let layout = ParameterLayout::new(blocks.map(|(k, block)| (block.name.clone(), shape(k, block.shape)))).ok()?;
        let model = Self { by_inputs: true, layout, ..self.clone() };
        let first = (0..d).flat_map(|input| (0..m).map(move |unit| unit * d + input));
        Some(Restricted { model: Box::new(model), places: first.chain(m * d..self.layout.len()).collect() })
    }

    fn pre_activations<'w>(&self, work: &'w Workspace) -> ArrayView2<'w, f64> {
        work.as_slice()[Z].view()
    }

    fn seam<'w>(&self, work: &'w mut Workspace) -> Seam<'w> {
        let [z, _, d, ..] = work.buffers() else { panic!("the workspace is another model's") };
        Seam { pre_activations: z.view_mut(), pre_cotangent: d.view_mut() }
    }

    fn forward_above(&self, theta: &[f64], outputs: ArrayViewMut2<'_, f64>, work: &mut Workspace) {
        self.continue_forward(theta, outputs.nrows(), outputs, work);
    }

    fn backward_above(
        &self,
        theta: &[f64],
        rows: Rows<'_>,
        cotangent: ArrayView2<'_, f64>,
        gradient: &mut [f64],
        work: &mut Workspace,
    ) {
        self.descend(theta, 1, rows, cotangent, gradient, work);
    }

    /// `None` by inputs, too: dynamics of single units read W unit by unit.
    fn two_layer(&self) -> Option<TwoLayer<'_>> {
        let [_, last] = &self.layers[..] else { return None };
        if self.by_inputs {
            return None;
        }
        let slope = self.activation.slope_below_zero().filter(|_| self.n_outputs() == 1)?;
        let output = match last {
            Layer::Trained(range) => OutputWeights::Trained(range.clone()),
            Layer::Frozen(weights) => OutputWeights::Frozen(weights.as_slice()?),
        };
        Some(TwoLayer { slope, output })
    }

    fn kinked_pre_activations<'w>(&self, work: &'w mut Workspace) -> Option<ArrayViewMut2<'w, f64>> {
        (self.activation.has_kink() && !self.by_inputs).then(|| work.buffers()[Z].view_mut())
    }
}
