//! Models f(theta; x) that are positively homogeneous in their trained parameters.

use crate::layout::ParameterLayout;
use crate::terms::{BackwardCall, BlockTerms};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use std::fmt::Debug;
use std::num::NonZeroU32;
use std::ops::Range;

/// x -> f(theta; x) with f(c theta; x) = c^degree f(theta; x) for c > 0.
///
/// # Laws
/// Tested by [`laws::check_model`](crate::laws): homogeneity; Euler's identity <theta, grad f> = degree f; the gradient
/// against finite differences; rows of a subset add up to all rows; additivity in theta, where it is said to be linear.
pub trait HomogeneousModel: Debug + Send + Sync {
    /// Named blocks of the flat vector of trained parameters.
    fn layout(&self) -> &ParameterLayout;

    /// The degree of homogeneity in the trained parameters. Frozen blocks belong to the model, not to theta.
    fn degree(&self) -> NonZeroU32;

    /// Number of inputs d.
    fn n_inputs(&self) -> usize;

    /// Number of outputs k.
    fn n_outputs(&self) -> usize;

    /// The activation buffers for up to `n_samples` samples; made once, reused at every step, one per thread.
    fn workspace(&self, n_samples: usize) -> Workspace;

    /// Writes the outputs (n x k) for all inputs (n x d), and leaves in `work` what the backward pass needs.
    fn forward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        outputs: ArrayViewMut2<'_, f64>,
        work: &mut Workspace,
    );

    /// Writes sum over `rows` of cotangent_row . d outputs_row / d theta. `cotangent` has one row for each of `rows`.
    /// `work` is as a forward pass at this theta and these inputs left it, be it [`forward`](HomogeneousModel::forward) or
    /// [`forward_above`](LinearFirstLayer::forward_above) from their pre-activations; backward passes of either kind may have gone between.
    /// Over the given rows only, so that the bands of a graded gradient together cost one backward pass.
    fn backward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        rows: Rows<'_>,
        cotangent: ArrayView2<'_, f64>,
        gradient: &mut [f64],
        work: &mut Workspace,
    );

    /// The same model for inputs of which only the columns `kept` (ascending) are ever other than zero, and which of its parameters it has:
    /// what is left out has no gradient. `None` where the model cannot say.
    fn restricted_to(&self, kept: &[usize]) -> Option<Restricted> {
        let _ = kept;
        None
    }

    /// The factors of each block that is a matrix, G = D^T H with D on the block's outputs and H on its inputs, as the backward pass of this
    /// call, the last one made, left them in `work`; over all samples also as [`backward_above`](LinearFirstLayer::backward_above) left them.
    /// Empty where the model does not keep them.
    fn factors<'w>(&self, call: BackwardCall<'w>, work: &'w Workspace) -> Vec<BlockTerms<'w>> {
        let _ = (call, work);
        Vec::new()
    }

    /// Whether f is linear in theta, so that maximising the margin is a convex problem.
    fn is_linear(&self) -> bool {
        false
    }

    /// The same model as h(W x; rest): the door through which exact fast dynamics enter, at any depth. `None` where the first
    /// layer is frozen or is no plain matrix.
    fn linear_first_layer(&self) -> Option<&dyn LinearFirstLayer> {
        None
    }
}

impl HomogeneousModel for Box<dyn HomogeneousModel> {
    fn layout(&self) -> &ParameterLayout {
        (**self).layout()
    }

    fn degree(&self) -> NonZeroU32 {
        (**self).degree()
    }

    fn n_inputs(&self) -> usize {
        (**self).n_inputs()
    }

    fn n_outputs(&self) -> usize {
        (**self).n_outputs()
    }

    fn workspace(&self, n_samples: usize) -> Workspace {
        (**self).workspace(n_samples)
    }

    fn forward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        outputs: ArrayViewMut2<'_, f64>,
        work: &mut Workspace,
    ) {
        (**self).forward(theta, inputs, outputs, work);
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
        (**self).backward(theta, inputs, rows, cotangent, gradient, work);
    }

    fn is_linear(&self) -> bool {
        (**self).is_linear()
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Restricted> {
        (**self).restricted_to(kept)
    }

    fn factors<'w>(&self, call: BackwardCall<'w>, work: &'w Workspace) -> Vec<BlockTerms<'w>> {
        (**self).factors(call, work)
    }

    fn linear_first_layer(&self) -> Option<&dyn LinearFirstLayer> {
        (**self).linear_first_layer()
    }
}

/// A model with other parameters, or parameters otherwise: without those of inputs that are always zero, or with W input by input.
#[derive(Debug)]
pub struct Restricted {
    /// The model, of fewer inputs.
    pub model: Box<dyn HomogeneousModel>,
    /// Where each of its parameters stands among those of the whole model; ascending, unless W stands otherwise there.
    pub places: Vec<usize>,
}

/// A model f(theta; x) = h(W x; rest) whose first block W is a trained plain matrix acting on the raw inputs.
///
/// # Laws
/// Tested by [`laws::check_linear_first_layer`](crate::laws): the passes through the seam give what those from the inputs give, and may be mixed
/// with them. [`HomogeneousModel::backward`] over any rows may follow [`forward_above`](LinearFirstLayer::forward_above), and
/// [`HomogeneousModel::factors`] may follow [`backward_above`](LinearFirstLayer::backward_above) over all samples.
pub trait LinearFirstLayer: HomogeneousModel {
    /// Number of rows of W.
    fn width(&self) -> usize;

    /// W (width x d) where it stands in theta, at its beginning: row-major, unless the model is one [by inputs](LinearFirstLayer::by_inputs).
    ///
    /// # Panics
    /// If theta is shorter.
    fn weights<'t>(&self, theta: &'t [f64]) -> ArrayView2<'t, f64> {
        let (m, d) = (self.width(), self.n_inputs());
        let Ok(weights) = ArrayView2::from_shape((m, d), &theta[..m * d]) else { panic!("{m} x {d} is m d") };
        weights
    }

    /// The same place of a theta, or of a gradient, to be written.
    ///
    /// # Panics
    /// If it is shorter.
    fn weights_mut<'t>(&self, theta: &'t mut [f64]) -> ArrayViewMut2<'t, f64> {
        let (m, d) = (self.width(), self.n_inputs());
        let Ok(weights) = ArrayViewMut2::from_shape((m, d), &mut theta[..m * d]) else { panic!("{m} x {d} is m d") };
        weights
    }

    /// The same model with W input by input in theta, W^T row-major (d x width), and where each of its parameters stands among those of this one:
    /// products with few inputs a sample read W so, and an optimiser that treats every entry alike does not care. `None` where W cannot stand otherwise. It is no sum over units
    /// ([`two_layer`](LinearFirstLayer::two_layer)) and shows no kinks, so that dynamics of single units, which read W by rows, leave it alone.
    fn by_inputs(&self) -> Option<Restricted> {
        None
    }

    /// P = X W^T (samples x width), as it stands at the [seam](LinearFirstLayer::seam).
    fn pre_activations<'w>(&self, work: &'w Workspace) -> ArrayView2<'w, f64>;

    /// What lies between W and the layers above it, where the passes read and write it: whoever carries the pre-activations along does so in
    /// place.
    fn seam<'w>(&self, work: &'w mut Workspace) -> Seam<'w>;

    /// [`HomogeneousModel::forward`] from the pre-activations at the [seam](LinearFirstLayer::seam) instead of X, for as many samples as
    /// `outputs` has rows: the first rows of the seam. Leaves in `work` what either backward pass needs.
    fn forward_above(&self, theta: &[f64], outputs: ArrayViewMut2<'_, f64>, work: &mut Workspace);

    /// The backward pass down to the seam: leaves D there, the cotangent on the pre-activations (one row for each of `rows`), so that the
    /// gradient in W is D^T X; and writes the gradient of every other block into its place of `gradient`, leaving W's alone. `work` is as either
    /// forward pass left it, whose pre-activations stay as they are.
    fn backward_above(
        &self,
        theta: &[f64],
        rows: Rows<'_>,
        cotangent: ArrayView2<'_, f64>,
        gradient: &mut [f64],
        work: &mut Workspace,
    );

    /// The same as a sum over units with one kink at most, if the model is one; the door of dynamics that move single units.
    fn two_layer(&self) -> Option<TwoLayer<'_>> {
        None
    }

    /// The pre-activations (n x width) that the last forward pass left in `work`, if the activation after W has a kink at zero. The backward
    /// pass reads the activity of a unit off their signs, so that changing a sign there chooses the other one-sided derivative.
    fn kinked_pre_activations<'w>(&self, work: &'w mut Workspace) -> Option<ArrayViewMut2<'w, f64>> {
        let _ = work;
        None
    }
}

/// What lies between the first layer W and the layers above it.
#[derive(Debug)]
pub struct Seam<'w> {
    /// P = X W^T (samples x width), with a row for each sample that the workspace has room for.
    pub pre_activations: ArrayViewMut2<'w, f64>,
    /// D, the cotangent on P (of the same shape, of which the last backward pass wrote the first rows).
    pub pre_cotangent: ArrayViewMut2<'w, f64>,
}

/// f(theta; x) = sum_j u_j phi(<w_j, x>) of one output, with phi(z) = z for z > 0 and `slope` z otherwise; phi' at zero is `slope`.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoLayer<'a> {
    /// The slope for z <= 0: 0 for the ReLU, 1 for the identity.
    pub slope: f64,
    /// Where u is.
    pub output: OutputWeights<'a>,
}

/// The weights u of the last layer.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputWeights<'a> {
    /// These places of theta.
    Trained(Range<usize>),
    /// Frozen at these values.
    Frozen(&'a [f64]),
}

/// Some of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows<'a> {
    /// All of them, in order.
    All,
    /// Those of the given indices.
    Subset(&'a [usize]),
}

impl Rows<'_> {
    /// How many, of `n_samples` in all.
    pub const fn count(&self, n_samples: usize) -> usize {
        match self {
            Self::All => n_samples,
            Self::Subset(rows) => rows.len(),
        }
    }
}

/// The buffers of a model: matrices by position, each as large as the largest batch needs.
///
/// One concrete type for all models, so that whoever runs a model can own its workspace without knowing which model it is.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    buffers: Vec<Array2<f64>>,
}

impl Workspace {
    /// Buffers of the given (rows, columns).
    pub fn new(shapes: impl IntoIterator<Item = (usize, usize)>) -> Self {
        Self { buffers: shapes.into_iter().map(Array2::zeros).collect() }
    }

    /// All buffers, to be read by the model that asked for them.
    pub fn as_slice(&self) -> &[Array2<f64>] {
        &self.buffers
    }

    /// All buffers, to be split by the model that asked for them.
    pub fn buffers(&mut self) -> &mut [Array2<f64>] {
        &mut self.buffers
    }
}
