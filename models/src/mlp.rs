//! Multilayer perceptrons without biases, any layer frozen.

use crate::activation::Activation;
use crate::error::ModelError;
use crate::init::{InitSpec, Initializer};
use crate::spec::{BuildModel, BuiltModel, ModelInfo};
use crate::linear::{gather, layer_shape, view, view_mut};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{HomogeneousModel, LinearFirstLayer, ParameterLayout, Rows, Streams, Workspace, vector};

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
        Ok(Self { sizes, activation, layers, layout, degree })
    }

    fn n_layers(&self) -> usize {
        self.layers.len()
    }

    /// W_l, outputs x inputs.
    fn weights<'a>(&'a self, layer: usize, theta: &'a [f64]) -> ArrayView2<'a, f64> {
        match &self.layers[layer - 1] {
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

    /// From the pre-activations of layer 1, which are in the workspace, to the outputs.
    fn continue_forward(&self, theta: &[f64], n: usize, mut outputs: ArrayViewMut2<'_, f64>, work: &mut Workspace) {
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
    fn descend(
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

    fn forward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        outputs: ArrayViewMut2<'_, f64>,
        work: &mut Workspace,
    ) {
        let (n, first) = (inputs.nrows(), self.weights(1, theta));
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
        let Some(own) = self.gradient_of(lowest, gradient) else { return };
        let own = view_mut(own, self.sizes[lowest], self.sizes[lowest - 1]);
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

    fn linear_first_layer(&self) -> Option<&dyn LinearFirstLayer> {
        (self.n_layers() > 1 && self.lowest_trained() == 1).then_some(self as &dyn LinearFirstLayer)
    }
}

impl LinearFirstLayer for Mlp {
    fn width(&self) -> usize {
        self.sizes[1]
    }

    fn forward_from(
        &self,
        theta: &[f64],
        pre_activations: ArrayView2<'_, f64>,
        outputs: ArrayViewMut2<'_, f64>,
        work: &mut Workspace,
    ) {
        let n = pre_activations.nrows();
        work.buffers()[Z].slice_mut(s![..n, ..]).assign(&pre_activations);
        self.continue_forward(theta, n, outputs, work);
    }

    fn backward_to(
        &self,
        theta: &[f64],
        rows: Rows<'_>,
        cotangent: ArrayView2<'_, f64>,
        mut pre_cotangent: ArrayViewMut2<'_, f64>,
        gradient: &mut [f64],
        work: &mut Workspace,
    ) {
        let n = self.descend(theta, 1, rows, cotangent, gradient, work);
        pre_cotangent.assign(&work.buffers()[D].slice(s![..n, ..]));
    }
}

/// `mlp` in a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlpSpec {
    /// The hidden widths.
    pub hidden: Vec<usize>,
    /// The activation of the hidden units.
    #[serde(default)]
    pub activation: Activation,
    /// The law of the initial weights.
    #[serde(default)]
    pub init: InitSpec,
    /// The layers that are not trained, counted from one.
    #[serde(default)]
    pub frozen: Vec<usize>,
}

impl BuildModel for MlpSpec {
    const INFO: ModelInfo = ModelInfo {
        name: "mlp",
        formula: "W_L phi(W_{L-1} ... phi(W_1 x)), no biases",
        degree: "sum over trained layers l of r^(L - l), r the degree of phi",
        fields: &[
            ("hidden", "widths of the hidden layers, such as [128]"),
            (
                "activation",
                "\"relu\" (default), \"identity\", { leaky_relu = { slope = 0.1 } }, { relu_power = { power = 2 } }",
            ),
            (
                "init",
                "law of the initial weights: kind = \"uniform\" (default), \"fan_in\", \"normal\", \"normal_signs\", \"zero\", with alpha",
            ),
            ("frozen", "layers that are not trained, counted from one; default []"),
        ],
    };

    fn build(&self, n_inputs: usize, n_outputs: usize, streams: &Streams) -> Result<BuiltModel, ModelError> {
        let sizes: Vec<usize> = [n_inputs].into_iter().chain(self.hidden.iter().copied()).chain([n_outputs]).collect();
        let model = Mlp::new(n_inputs, &self.hidden, n_outputs, self.activation)?;
        let init = Initializer::new(self.init, sizes.clone(), *streams)?;
        let n_layers = sizes.len() - 1;
        if let Some(&layer) = self.frozen.iter().find(|l| !(1..=n_layers).contains(*l)) {
            return Err(ModelError::NoSuchLayer { layer, n_layers });
        }
        let model = model.with_frozen(self.frozen.iter().map(|&l| (l, init.layer(l))))?;
        let trained = (1..=n_layers).filter(|l| !self.frozen.contains(l));
        let theta = trained.flat_map(|l| init.layer(l).into_raw_vec_and_offset().0).collect();
        Ok(BuiltModel { model: Arc::new(model), theta, sizes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::laws;

    #[test]
    fn perceptrons_obey_the_laws() {
        let relu = Activation::Relu;
        let leaky = Activation::LeakyRelu { slope: 0.2 };
        let square = Activation::ReluPower { power: 2 };
        for (hidden, k, phi, degree) in [
            (vec![], 1, relu, 1),
            (vec![], 3, relu, 1),
            (vec![6], 1, relu, 2),
            (vec![6], 3, leaky, 2),
            (vec![5], 1, square, 3),
            (vec![5, 4], 1, relu, 3),
            (vec![5, 4], 2, Activation::Identity, 3),
            (vec![4, 3], 1, square, 7),
        ] {
            let model = Mlp::new(5, &hidden, k, phi).unwrap();
            assert_eq!(model.degree().get(), degree);
            laws::check_model(&model);
            if let Some(door) = model.linear_first_layer() {
                laws::check_linear_first_layer(door);
            }
        }
    }

    #[test]
    fn frozen_layers_leave_the_parameters() {
        let weights = |rows, cols| Array2::from_shape_fn((rows, cols), |(i, j)| ((3 * i + j) % 5) as f64 - 2.0);
        let model = |frozen: Vec<usize>| {
            let base = Mlp::new(4, &[6, 5], 1, Activation::Relu).unwrap();
            let sizes = [4, 6, 5, 1];
            base.with_frozen(frozen.into_iter().map(|l| (l, weights(sizes[l], sizes[l - 1]))))
        };
        for (frozen, degree, len, door) in [
            (vec![3], 2, 54, true),
            (vec![1], 2, 35, false),
            (vec![2], 2, 29, true),
            (vec![1, 2], 1, 5, false),
            (vec![2, 3], 1, 24, true),
        ] {
            let model = model(frozen).unwrap();
            assert_eq!((model.degree().get(), model.layout().len()), (degree, len));
            assert_eq!(model.linear_first_layer().is_some(), door);
            laws::check_model(&model);
        }
        assert!(matches!(model(vec![1, 2, 3]), Err(ModelError::NothingTrained { .. })));
        assert!(matches!(Mlp::new(4, &[0], 1, Activation::Relu), Err(ModelError::EmptyLayer { layer: 1, .. })));
    }
}
