//! A bias in the first layer, as an input that is always the same.

use crate::error::ModelError;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use std::num::NonZeroU32;
use steepest_core::{BackwardCall, BlockTerms, HomogeneousModel, ParameterLayout, Restricted, Rows, Workspace};

/// f(theta; (x, c)): a model of d + 1 inputs, the last of which is the constant c.
///
/// A bias added to the first layer would be one more trained parameter of the same degree as that layer's weights, so the model stays
/// homogeneous in theta with the degree that it has without: W (x, c) = W' x + c b, where b is the last column of W. A bias in
/// any higher layer would not be (relu(W_2 relu(W_1 x) + b) is of degree 2 in one term and 1 in the other), and is not offered.
///
/// The first block acts on the augmented inputs and not on the raw ones, so there is no
/// [`linear_first_layer`](HomogeneousModel::linear_first_layer). Cost: one copy of the inputs (n x (d + 1)) a forward pass.
#[derive(Clone, Debug)]
pub struct Augmented<M> {
    inner: M,
    constant: f64,
}

impl<M: HomogeneousModel> Augmented<M> {
    /// The given model of d + 1 inputs as one of d inputs.
    ///
    /// # Errors
    /// If the constant is zero or not finite (a constant of zero would be a parameter without effect), or the model has no
    /// input besides the constant.
    pub fn new(inner: M, constant: f64) -> Result<Self, ModelError> {
        if !constant.is_normal() {
            return Err(ModelError::Range {
                field: "first_layer_bias",
                found: constant.to_string(),
                expected: "a finite number other than 0 (leave it out for no bias)",
            });
        }
        if inner.n_inputs() < 2 {
            return Err(ModelError::EmptyLayer { layer: 0, n_inputs: 0, n_outputs: inner.n_outputs() });
        }
        Ok(Self { inner, constant })
    }

    /// The model of the augmented inputs.
    pub const fn inner(&self) -> &M {
        &self.inner
    }

    /// The place of the augmented inputs among the buffers: the last.
    fn take(work: &mut Workspace) -> Array2<f64> {
        work.buffers().last_mut().map(std::mem::take).unwrap_or_default()
    }

    fn put_back(work: &mut Workspace, augmented: Array2<f64>) {
        if let Some(place) = work.buffers().last_mut() {
            *place = augmented;
        }
    }
}

impl<M: HomogeneousModel> HomogeneousModel for Augmented<M> {
    fn layout(&self) -> &ParameterLayout {
        self.inner.layout()
    }

    fn degree(&self) -> NonZeroU32 {
        self.inner.degree()
    }

    fn n_inputs(&self) -> usize {
        self.inner.n_inputs() - 1
    }

    fn n_outputs(&self) -> usize {
        self.inner.n_outputs()
    }

    fn workspace(&self, n_samples: usize) -> Workspace {
        let mut inner = self.inner.workspace(n_samples);
        let shapes = inner.buffers().iter().map(Array2::dim);
        Workspace::new(shapes.chain([(n_samples, self.inner.n_inputs())]))
    }

    fn is_linear(&self) -> bool {
        self.inner.is_linear()
    }

    fn forward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        outputs: ArrayViewMut2<'_, f64>,
        work: &mut Workspace,
    ) {
        let mut augmented = Self::take(work);
        let (n, d) = inputs.dim();
        assert!(augmented.nrows() >= n && augmented.ncols() == d + 1, "the workspace is another model's, or too small");
        augmented.slice_mut(s![..n, ..d]).assign(&inputs);
        augmented.slice_mut(s![..n, d]).fill(self.constant);
        self.inner.forward(theta, augmented.slice(s![..n, ..]), outputs, work);
        Self::put_back(work, augmented);
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
        let augmented = Self::take(work);
        let left_by_forward = augmented.slice(s![..inputs.len_of(Axis(0)), ..]);
        self.inner.backward(theta, left_by_forward, rows, cotangent, gradient, work);
        Self::put_back(work, augmented);
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Restricted> {
        // the constant is never zero
        let with_constant: Vec<usize> = kept.iter().copied().chain([self.n_inputs()]).collect();
        let Restricted { model, places } = self.inner.restricted_to(&with_constant)?;
        Some(Restricted { model: Box::new(Augmented::new(model, self.constant).ok()?), places })
    }

    fn factors<'w>(&self, call: BackwardCall<'w>, work: &'w Workspace) -> Vec<BlockTerms<'w>> {
        let Some(augmented) = work.as_slice().last() else { return Vec::new() };
        let inputs = augmented.slice(s![..call.inputs.nrows(), ..]);
        self.inner.factors(BackwardCall { inputs, ..call }, work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Linear, Mlp};
    use ndarray::array;
    use steepest_core::laws;

    #[test]
    fn augmented_models_obey_the_laws_and_keep_their_degree() {
        for (hidden, k, degree) in [(vec![], 1, 1), (vec![5], 1, 2), (vec![4, 3], 2, 3)] {
            let model = Augmented::new(Mlp::new(4, &hidden, k, Activation::Relu).unwrap(), 0.5).unwrap();
            assert_eq!((model.n_inputs(), model.degree().get()), (3, degree));
            assert!(model.linear_first_layer().is_none());
            laws::check_model(&model);
        }
    }

    #[test]
    fn the_last_column_is_a_bias() {
        let model = Augmented::new(Linear::new(3, 1).unwrap(), 2.0).unwrap();
        // a workspace for more samples than come
        let (mut outputs, mut work) = (Array2::zeros((2, 1)), model.workspace(5));
        model.forward(&[1.0, 10.0, 3.0], array![[1.0, 1.0], [0.0, 2.0]].view(), outputs.view_mut(), &mut work);
        assert_eq!(outputs, array![[17.0], [26.0]]);
    }

    #[test]
    fn a_bias_without_effect_is_refused() {
        for constant in [0.0, f64::NAN, f64::INFINITY] {
            let text = Augmented::new(Linear::new(3, 1).unwrap(), constant).unwrap_err().to_string();
            assert!(text.starts_with("`first_layer_bias` is ") && text.contains("leave it out"), "{text}");
        }
        assert!(Augmented::new(Linear::new(1, 1).unwrap(), 1.0).is_err());
    }
}
