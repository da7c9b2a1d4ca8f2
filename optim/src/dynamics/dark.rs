//! The first layer on inputs of which most are zero.

use ndarray::{ArrayView2, ArrayViewMut2};
use steepest_core::linalg::{SparseRows, SparseWork};
use steepest_core::{Dataset, HomogeneousModel, LinearFirstLayer, Rows, Workspace};

/// X (n x d) and X^T without their zeros, as of images on a black ground: the two products of the first layer, P = X W^T and G = D^T X, by the
/// entries that are left, 2 m flops for each of them.
#[derive(Debug)]
pub(super) struct DarkInputs {
    samples: SparseRows,
    inputs: SparseRows,
    work: SparseWork,
}

impl DarkInputs {
    /// `None` where the first layer does not act on the inputs, or too few of them are zero.
    pub(super) fn of(model: &dyn HomogeneousModel, data: &Dataset) -> Option<Self> {
        let x = data.inputs();
        model.linear_first_layer().filter(|first| first.n_inputs() == x.ncols())?;
        Some(Self { samples: SparseRows::of(x)?, inputs: SparseRows::of(x.t())?, work: SparseWork::default() })
    }

    /// [`HomogeneousModel::forward`].
    pub(super) fn forward(
        &mut self,
        first: &dyn LinearFirstLayer,
        theta: &[f64],
        outputs: ArrayViewMut2<'_, f64>,
        work: &mut Workspace,
    ) {
        let (m, d) = (first.width(), first.n_inputs());
        if let Ok(w) = ArrayView2::from_shape((m, d), &theta[..m * d]) {
            self.samples.times_transposed(w, first.seam(work).pre_activations, &mut self.work);
        }
        first.forward_above(theta, outputs, work);
    }

    /// [`HomogeneousModel::backward`] over all samples.
    pub(super) fn backward(
        &mut self,
        first: &dyn LinearFirstLayer,
        theta: &[f64],
        cotangent: ArrayView2<'_, f64>,
        gradient: &mut [f64],
        work: &mut Workspace,
    ) {
        let (m, d) = (first.width(), first.n_inputs());
        first.backward_above(theta, Rows::All, cotangent, gradient, work);
        if let Ok(g) = ArrayViewMut2::from_shape((m, d), &mut gradient[..m * d]) {
            let pre_cotangent = first.seam(work).pre_cotangent;
            self.inputs.times_transposed(pre_cotangent.t(), g.reversed_axes(), &mut self.work);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AdamSpec, Dense, OptimizerSpec, SteepestSpec};
    use ndarray::Array2;
    use rand::Rng;
    use std::num::NonZeroU32;
    use steepest_core::loss::{Exponential, Logistic};
    use steepest_core::{Dynamics, Labels, Loss, ParameterLayout, Streams, vector};
    use steepest_models::{Activation, Mlp};
    use steepest_norms::NormSpec;

    const N: usize = 300;
    const D: usize = 70;

    /// The same network, which does not say that its first layer acts on the inputs.
    #[derive(Debug)]
    struct Whole(Mlp);

    impl HomogeneousModel for Whole {
        fn layout(&self) -> &ParameterLayout {
            HomogeneousModel::layout(&self.0)
        }

        fn degree(&self) -> NonZeroU32 {
            self.0.degree()
        }

        fn n_inputs(&self) -> usize {
            D
        }

        fn n_outputs(&self) -> usize {
            1
        }

        fn workspace(&self, n_samples: usize) -> Workspace {
            self.0.workspace(n_samples)
        }

        fn forward(&self, theta: &[f64], x: ArrayView2<'_, f64>, y: ArrayViewMut2<'_, f64>, work: &mut Workspace) {
            self.0.forward(theta, x, y, work);
        }

        fn backward(
            &self,
            theta: &[f64],
            x: ArrayView2<'_, f64>,
            rows: Rows<'_>,
            cotangent: ArrayView2<'_, f64>,
            gradient: &mut [f64],
            work: &mut Workspace,
        ) {
            self.0.backward(theta, x, rows, cotangent, gradient, work);
        }
    }

    /// Samples of which this share of entries is not zero, labelled by the sign of a sum.
    fn data(share: f64) -> Dataset {
        let mut rng = Streams::new(1).stream("images");
        let mut entry = || rng.next_u64() as f64 / u64::MAX as f64;
        let inputs = Array2::from_shape_simple_fn((N, D), || if entry() < share { entry() } else { 0.0 });
        let labels = inputs.rows().into_iter().map(|x| if x[0] + x[1] > x[2] + x[3] { 1.0 } else { -1.0 });
        let labels = Labels::Binary(labels.collect());
        Dataset::new(inputs, labels).unwrap()
    }

    /// Steps in this optimiser by entries and by whole matrices, from this multiple of one start: the largest number of bands.
    fn compare(hidden: &[usize], loss: &dyn Loss, spec: &OptimizerSpec<NormSpec>, norm: &str, times: f64) -> usize {
        let (data, model) = (data(0.25), Mlp::new(D, hidden, 1, Activation::LeakyRelu { slope: 0.1 }).unwrap());
        let layout = HomogeneousModel::layout(&model);
        let mut rng = Streams::new(2).stream("theta");
        let theta: Vec<f64> =
            (0..layout.len()).map(|_| times * (rng.next_u64() as f64 / u64::MAX as f64 - 0.5)).collect();
        let optimizer = || spec.build(layout, NormSpec::named(norm).unwrap().build(layout).unwrap());
        let whole = Whole(model.clone());
        let mut by_entries = Dense::new(&model, &data, loss, optimizer(), theta.clone()).unwrap();
        let mut reference = Dense::new(&whole, &data, loss, optimizer(), theta).unwrap();
        let mut n_bands = 0;
        for step in 0..200 {
            let (a, b) = (by_entries.evaluate(), reference.evaluate());
            n_bands = n_bands.max(a.n_bands);
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
            assert!(near(a.loss.ln(), b.loss.ln()) && near(a.dual_norm.ln(), b.dual_norm.ln()), "{norm}, step {step}");
            by_entries.advance(1e-3 * times);
            reference.advance(1e-3 * times);
            let scale = vector::max_abs(reference.theta());
            let apart = by_entries.theta().iter().zip(reference.theta()).map(|(a, b)| (a - b).abs());
            assert!(apart.fold(0.0, f64::max) < 1e-10 * scale, "{norm}, step {step}");
        }
        n_bands
    }

    #[test]
    fn steps_by_entries_are_those_of_whole_matrices() {
        let losses: [&dyn Loss; 2] = [&Logistic::sum(), &Exponential::mean()];
        for (hidden, loss) in [(&[9][..], losses[0]), (&[70, 5], losses[1])] {
            for norm in ["l1", "l2", "linf"] {
                let norm_spec = NormSpec::named(norm).unwrap();
                let spec = OptimizerSpec::Steepest(SteepestSpec { norm: norm_spec, momentum: None });
                assert_eq!(compare(hidden, loss, &spec, norm, 1.0), 1);
            }
            let adam = OptimizerSpec::Adam(AdamSpec { beta1: 0.9, beta2: 0.99, eps: 1e-8, bias_correction: true });
            compare(hidden, loss, &adam, "linf", 1.0);
        }
    }

    #[test]
    fn bands_of_some_samples_go_with_it() {
        for norm in ["l2", "linf"] {
            let spec = OptimizerSpec::Steepest(SteepestSpec { norm: NormSpec::named(norm).unwrap(), momentum: None });
            assert!(compare(&[9], &Exponential::sum(), &spec, norm, 40.0) > 1, "{norm}: the weights spread");
        }
    }

    #[test]
    fn it_is_taken_where_most_inputs_are_zero_and_the_first_layer_acts_on_them() {
        let model = Mlp::new(D, &[4], 1, Activation::Relu).unwrap();
        assert!(DarkInputs::of(&model, &data(0.25)).is_some());
        assert!(DarkInputs::of(&model, &data(0.6)).is_none());
        assert!(DarkInputs::of(&Whole(model.clone()), &data(0.25)).is_none());
        let frozen = model.with_frozen([(1, Array2::ones((4, D)))]).unwrap();
        assert!(DarkInputs::of(&frozen, &data(0.25)).is_none());
    }
}
