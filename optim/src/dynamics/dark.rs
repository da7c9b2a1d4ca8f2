//! The first layer on inputs of which most are zero.

use ndarray::{ArrayView2, ArrayViewMut2, s};
use steepest_core::linalg::{SparseRows, SparseWork};
use steepest_core::{Dataset, HomogeneousModel, LinearFirstLayer, Rows, Workspace};

/// The inputs of a run without their zeros, once a step has looked for them: a run in mini-batches never does.
#[derive(Debug, Default)]
pub(super) enum Dark {
    #[default]
    NotLooked,
    Found(Option<DarkInputs>),
}

impl Dark {
    /// Looks for them, the first time.
    pub(super) fn look(&mut self, model: &dyn HomogeneousModel, data: &Dataset) {
        if matches!(self, Self::NotLooked) {
            *self = Self::Found(DarkInputs::of(model, data));
        }
    }

    /// What was found, with the first layer of the model that it was found for.
    pub(super) fn of<'m>(
        &mut self,
        model: &'m dyn HomogeneousModel,
    ) -> Option<(&mut DarkInputs, &'m dyn LinearFirstLayer)> {
        let Self::Found(Some(dark)) = self else { return None };
        Some((dark, model.linear_first_layer()?))
    }
}

/// X (n x d) and X^T without their zeros, as of images on a black ground: the two products of the first layer, P = X W^T and G = D^T X, by the
/// entries that are left, 2 m flops for each of them.
#[derive(Debug)]
pub(super) struct DarkInputs {
    samples: SparseRows,
    inputs: SparseRows,
    work: SparseWork,
}

impl DarkInputs {
    /// Whether there would be something to skip.
    pub(super) fn pays(model: &dyn HomogeneousModel, data: &Dataset) -> bool {
        let first = model.linear_first_layer().filter(|first| first.n_inputs() == data.n_features());
        first.is_some() && SparseRows::pays(data.inputs())
    }

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
        let pre_activations = first.seam(work).pre_activations.slice_move(s![..outputs.nrows(), ..]);
        self.samples.times_transposed(first.weights(theta), pre_activations, &mut self.work);
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
        first.backward_above(theta, Rows::All, cotangent, gradient, work);
        let pre_cotangent = first.seam(work).pre_cotangent.slice_move(s![..cotangent.nrows(), ..]);
        let gradient = first.weights_mut(gradient).reversed_axes();
        self.inputs.times_transposed(pre_cotangent.t(), gradient, &mut self.work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AdamSpec, BatchOrder, BatchSpec, Batches, Dense, OptimizerSpec, SteepestSpec, TwoSidedSpec};
    use ndarray::Array2;
    use rand::Rng;
    use std::num::NonZeroU32;
    use steepest_core::loss::{Exponential, Logistic};
    use steepest_core::{BackwardCall, BlockTerms, Dynamics, Labels, Loss, ParameterLayout, Streams, vector};
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

        fn factors<'w>(&self, call: BackwardCall<'w>, work: &'w Workspace) -> Vec<BlockTerms<'w>> {
            self.0.factors(call, work)
        }
    }

    /// Samples of which this share of entries is not zero, labelled by the sign of a sum.
    fn data(n: usize, share: f64) -> Dataset {
        let mut rng = Streams::new(1).stream("images");
        let mut entry = || rng.next_u64() as f64 / u64::MAX as f64;
        let inputs = Array2::from_shape_simple_fn((n, D), || if entry() < share { entry() } else { 0.0 });
        let labels = inputs.rows().into_iter().map(|x| if x[0] + x[1] > x[2] + x[3] { 1.0 } else { -1.0 });
        let labels = Labels::Binary(labels.collect());
        Dataset::new(inputs, labels).unwrap()
    }

    /// So many numbers of size up to `times` / 2.
    fn start(len: usize, times: f64) -> Vec<f64> {
        let mut rng = Streams::new(2).stream("theta");
        (0..len).map(|_| times * (rng.next_u64() as f64 / u64::MAX as f64 - 0.5)).collect()
    }

    fn mlp(hidden: &[usize]) -> Mlp {
        Mlp::new(D, hidden, 1, Activation::LeakyRelu { slope: 0.1 }).unwrap()
    }

    fn steepest(norm: &str) -> OptimizerSpec<NormSpec> {
        OptimizerSpec::Steepest(SteepestSpec { norm: NormSpec::named(norm).unwrap(), momentum: None })
    }

    /// A network on so many samples, from this multiple of one start.
    struct Case<'a> {
        n: usize,
        hidden: &'a [usize],
        loss: &'a dyn Loss,
        times: f64,
        /// Of a step, beside `times`.
        length: f64,
    }

    /// Steps in this optimiser by entries and by whole matrices: the largest number of bands, and how many steps held samples at kinks.
    fn compare(case: &Case<'_>, spec: &OptimizerSpec<NormSpec>, norm: &str) -> (usize, usize) {
        let (data, model) = (data(case.n, 0.25), mlp(case.hidden));
        let layout = HomogeneousModel::layout(&model);
        let theta = start(layout.len(), case.times);
        let optimizer = || spec.build(layout, NormSpec::named(norm).unwrap().build(layout).unwrap());
        let whole = Whole(model.clone());
        let mut by_entries = Dense::new(&model, &data, case.loss, optimizer(), theta.clone()).unwrap();
        // kinks are behind the door that the other one hides
        let mut reference = if optimizer().is_two_sided() {
            Dense::new(&model, &data, case.loss, optimizer(), theta).unwrap().with_zeros()
        } else {
            Dense::new(&whole, &data, case.loss, optimizer(), theta).unwrap()
        };
        let (mut n_bands, mut n_holds) = (0, 0);
        for step in 0..200 {
            let (a, b) = (by_entries.evaluate(), reference.evaluate());
            n_bands = n_bands.max(a.n_bands);
            n_holds += usize::from(a.n_held > 0);
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
            assert!(near(a.loss.ln(), b.loss.ln()) && near(a.dual_norm.ln(), b.dual_norm.ln()), "{norm}, step {step}");
            assert_eq!(a.n_held, b.n_held, "{norm}, step {step}");
            assert!(by_entries.skips_zeros() && !reference.skips_zeros());
            by_entries.advance(case.length * case.times);
            reference.advance(case.length * case.times);
            let scale = vector::max_abs(reference.theta());
            let apart = by_entries.theta().iter().zip(reference.theta()).map(|(a, b)| (a - b).abs());
            assert!(apart.fold(0.0, f64::max) < 1e-10 * scale, "{norm}, step {step}");
        }
        (n_bands, n_holds)
    }

    #[test]
    fn steps_by_entries_are_those_of_whole_matrices() {
        let losses: [&dyn Loss; 2] = [&Logistic::sum(), &Exponential::mean()];
        for (hidden, loss) in [(&[9][..], losses[0]), (&[70, 5], losses[1])] {
            let case = Case { n: N, hidden, loss, times: 1.0, length: 1e-3 };
            for norm in ["l1", "l2", "linf"] {
                assert_eq!(compare(&case, &steepest(norm), norm), (1, 0));
            }
            let adam = OptimizerSpec::Adam(AdamSpec { beta1: 0.9, beta2: 0.99, eps: 1e-8, bias_correction: true });
            compare(&case, &adam, "linf");
        }
    }

    #[test]
    fn bands_of_some_samples_go_with_it() {
        let case = Case { n: N, hidden: &[9], loss: &Exponential::sum(), times: 40.0, length: 1e-3 };
        for norm in ["l2", "linf"] {
            assert!(compare(&case, &steepest(norm), norm).0 > 1, "{norm}: the weights spread");
        }
    }

    #[test]
    fn factors_are_those_of_whole_matrices() {
        // fewer samples than units, so that the polar factor comes from D and X
        let case = Case { n: 20, hidden: &[30, 25], loss: &Logistic::sum(), times: 1.0, length: 1e-3 };
        compare(&case, &steepest("spectral"), "spectral");
        let case = Case { n: N, hidden: &[9], ..case };
        compare(&case, &steepest("spectral"), "spectral");
    }

    #[test]
    fn the_two_sided_rule_holds_the_same_samples() {
        // steps long enough to go over kinks
        let case = Case { n: 40, hidden: &[3], loss: &Exponential::sum(), times: 1.0, length: 0.3 };
        let (_, n_holds) = compare(&case, &OptimizerSpec::TwoSidedCd(TwoSidedSpec {}), "l1");
        assert!(n_holds > 3, "{n_holds}");
    }

    #[test]
    fn mini_batches_go_by_whole_matrices() {
        let (data, model, loss) = (data(N, 0.25), mlp(&[9]), Logistic::mean());
        let (layout, whole) = (HomogeneousModel::layout(&model), Whole(model.clone()));
        for order in [BatchOrder::Shuffled, BatchOrder::WithReplacement] {
            let start = |model| {
                let optimizer = steepest("linf").build(layout, NormSpec::named("linf").unwrap().build(layout).unwrap());
                let batches = Batches::new(BatchSpec { size: 64, order }, N, Streams::new(3));
                let dynamics = Dense::new(model, &data, &loss, optimizer, start(layout.len(), 1.0)).unwrap();
                dynamics.in_batches(Some(batches), 0).unwrap()
            };
            let (mut run, mut reference) = (start(&model as &dyn HomogeneousModel), start(&whole));
            for _ in 0..20 {
                assert_eq!(run.evaluate().margins, reference.evaluate().margins);
                assert_eq!(run.whole().margins, reference.whole().margins);
                assert!(!run.skips_zeros());
                run.advance(0.01);
                reference.advance(0.01);
                assert_eq!(run.theta(), reference.theta());
            }
        }
    }

    #[test]
    fn a_workspace_may_have_room_for_more_samples() {
        let (data, model) = (data(N, 0.25), mlp(&[70, 5]));
        let theta = start(HomogeneousModel::layout(&model).len(), 1.0);
        let mut dark = DarkInputs::of(&model, &data).unwrap();
        let cotangent = Array2::from_shape_fn((N, 1), |(i, _)| (i % 7) as f64 - 3.0);
        let mut pass = |room: usize| {
            let (mut work, mut outputs) = (model.workspace(room), Array2::zeros((N, 1)));
            let mut gradient = vec![f64::NAN; theta.len()];
            dark.forward(&model, &theta, outputs.view_mut(), &mut work);
            dark.backward(&model, &theta, cotangent.view(), &mut gradient, &mut work);
            (outputs, gradient)
        };
        assert_eq!(pass(N), pass(N + 5));
    }

    #[test]
    fn it_is_taken_where_most_inputs_are_zero_and_the_first_layer_acts_on_them() {
        let model = Mlp::new(D, &[4], 1, Activation::Relu).unwrap();
        assert!(DarkInputs::of(&model, &data(N, 0.25)).is_some());
        assert!(DarkInputs::of(&model, &data(N, 0.6)).is_none());
        assert!(DarkInputs::of(&Whole(model.clone()), &data(N, 0.25)).is_none());
        let frozen = model.with_frozen([(1, Array2::ones((4, D)))]).unwrap();
        assert!(DarkInputs::of(&frozen, &data(N, 0.25)).is_none());
    }
}
