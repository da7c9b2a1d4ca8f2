//! This step's batch, and the whole training set beside it.

use crate::batches::Batches;
use ndarray::Array2;
use steepest_core::{Dataset, HomogeneousModel, LogReal, Loss, Whole, Workspace};

/// A run in mini-batches: the batch of the present step, and margins and loss on the whole set where they were asked for.
#[derive(Debug)]
pub(super) struct Batching {
    batches: Batches,
    /// The present step.
    pub(super) step: u64,
    batch: Dataset,
    outputs: Array2<f64>,
    margins: Vec<f64>,
    ln_weights: Vec<f64>,
    work: Workspace,
    /// The loss on the whole set at the present point, once it is known.
    loss: Option<LogReal>,
}

impl Batching {
    pub(super) fn new(
        batches: Batches,
        step: u64,
        model: &dyn HomogeneousModel,
        data: &Dataset,
        terms_per_sample: usize,
    ) -> Self {
        let n = data.n_samples();
        Self {
            batches,
            step,
            batch: data.clone(),
            outputs: Array2::zeros((n, model.n_outputs())),
            margins: vec![0.0; n],
            ln_weights: vec![0.0; n * terms_per_sample],
            work: model.workspace(n),
            loss: None,
        }
    }

    /// Takes the samples of the present step out of the whole set; where an epoch starts, margins and loss on all of them.
    pub(super) fn start(&mut self, model: &dyn HomogeneousModel, loss: &dyn Loss, data: &Dataset, theta: &[f64]) {
        self.batch.gather(data, self.batches.rows(self.step));
        if self.starts_epoch() {
            self.evaluate_whole(model, loss, data, theta);
        }
    }

    /// The samples of the present step.
    pub(super) const fn samples(&self) -> &Dataset {
        &self.batch
    }

    fn starts_epoch(&self) -> bool {
        self.batches.starts_epoch(self.step)
    }

    /// theta moved.
    pub(super) const fn advance(&mut self) {
        self.step += 1;
        self.loss = None;
    }

    /// theta is another.
    pub(super) const fn forget(&mut self) {
        self.loss = None;
    }

    /// Margins and loss on the whole set at theta.
    pub(super) fn evaluate_whole(
        &mut self,
        model: &dyn HomogeneousModel,
        loss: &dyn Loss,
        data: &Dataset,
        theta: &[f64],
    ) -> Whole<'_> {
        let value = self.loss.unwrap_or_else(|| {
            model.forward(theta, data.inputs(), self.outputs.view_mut(), &mut self.work);
            let (margins, ln_weights) = (&mut self.margins[..], &mut self.ln_weights[..]);
            loss.evaluate(self.outputs.view(), data.labels(), margins, ln_weights).loss
        });
        self.loss = Some(value);
        Whole { margins: &self.margins, loss: value }
    }

    /// What is known of the whole set without further work.
    pub(super) fn known(&self) -> Option<Whole<'_>> {
        self.loss.filter(|_| self.starts_epoch()).map(|loss| Whole { margins: &self.margins, loss })
    }
}

#[cfg(test)]
mod tests {
    use crate::{AdamSpec, BatchOrder, BatchSpec, Batches, Dense, OptimizerSpec, SteepestSpec};
    use ndarray::Array2;
    use rand::Rng;
    use steepest_core::loss::Logistic;
    use steepest_core::{Dataset, Dynamics, HomogeneousModel, Labels, Norm, Optimizer, SavedState, Streams};
    use steepest_models::{Activation, Mlp};
    use steepest_norms::{L1, L2, Linf};

    const N: usize = 10;

    fn problem() -> (Dataset, Mlp, Vec<f64>) {
        let mut rng = Streams::new(8).stream("data");
        let mut draw = || rng.next_u64() as f64 / u64::MAX as f64 - 0.5;
        let inputs = Array2::from_shape_simple_fn((N, 4), &mut draw);
        let signs = (0..N).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
        let model = Mlp::new(4, &[6], 1, Activation::Relu).unwrap();
        let theta = (0..model.layout().len()).map(|_| draw()).collect();
        (Dataset::new(inputs, Labels::Binary(signs)).unwrap(), model, theta)
    }

    fn optimizers(model: &Mlp) -> Vec<Box<dyn Optimizer>> {
        let p = model.layout().len();
        let norms: Vec<Box<dyn Norm>> = vec![Box::new(L2::new(p)), Box::new(L1::new(p)), Box::new(Linf::new(p))];
        let adam = AdamSpec { beta1: 0.9, beta2: 0.99, eps: 1e-8, bias_correction: true };
        let mut all: Vec<Box<dyn Optimizer>> = norms
            .into_iter()
            .map(|norm| {
                let spec = OptimizerSpec::Steepest(SteepestSpec { norm: (), momentum: None });
                spec.build(model.layout(), norm)
            })
            .collect();
        all.push(OptimizerSpec::<()>::Adam(adam).build(model.layout(), Box::new(Linf::new(p))));
        all
    }

    fn batches(size: usize, order: BatchOrder) -> Batches {
        Batches::new(BatchSpec { size, order }, N, Streams::new(2))
    }

    #[test]
    fn one_batch_in_order_is_the_full_batch() {
        let ((data, model, theta), loss) = (problem(), Logistic::mean());
        for (full, batched) in optimizers(&model).into_iter().zip(optimizers(&model)) {
            let mut full = Dense::new(&model, &data, &loss, full, theta.clone()).unwrap();
            let batched = Dense::new(&model, &data, &loss, batched, theta.clone()).unwrap();
            let mut batched = batched.in_batches(Some(batches(N, BatchOrder::Sequential)), 0).unwrap();
            for _ in 0..20 {
                assert_eq!(batched.evaluate().loss, full.evaluate().loss);
                assert_eq!(batched.whole().margins, full.whole().margins);
                full.advance(0.01);
                batched.advance(0.01);
            }
            assert_eq!(full.theta(), batched.theta());
        }
    }

    #[test]
    fn a_step_is_that_of_its_samples_alone_and_the_whole_set_is_known_at_epochs() {
        let ((data, model, theta), loss) = (problem(), Logistic::sum());
        for order in [BatchOrder::Shuffled, BatchOrder::Sequential, BatchOrder::WithReplacement] {
            let (mut rows, optimizer) = (batches(4, order), optimizers(&model).remove(0));
            let dynamics = Dense::new(&model, &data, &loss, optimizer, theta.clone()).unwrap();
            let mut dynamics = dynamics.in_batches(Some(batches(4, order)), 0).unwrap();
            let mut alone = theta.clone();
            for step in 0..7 {
                let mut samples = data.clone();
                samples.gather(&data, rows.rows(step));
                let optimizer = optimizers(&model).remove(0);
                let mut one = Dense::new(&model, &samples, &loss, optimizer, alone).unwrap();
                assert_eq!(one.evaluate().margins, dynamics.evaluate().margins);
                assert_eq!(dynamics.evaluate().whole.is_some(), step % 3 == 0);
                one.advance(0.1);
                dynamics.advance(0.1);
                alone = one.into_theta();
            }
            assert_eq!(dynamics.theta(), alone);
        }
    }

    #[test]
    fn a_run_goes_on_from_the_middle_of_an_epoch() {
        let ((data, model, theta), loss) = (problem(), Logistic::sum());
        for (first, second) in optimizers(&model).into_iter().zip(optimizers(&model)) {
            let start = |optimizer, theta: &[f64]| {
                let dynamics = Dense::new(&model, &data, &loss, optimizer, theta.to_vec()).unwrap();
                dynamics.in_batches(Some(batches(3, BatchOrder::Shuffled)), 0).unwrap()
            };
            let (mut through, mut resumed) = (start(first, &theta), start(second, &[0.0; 30]));
            let mut state = SavedState::default();
            for step in 0..11 {
                if step == 5 {
                    through.save(&mut state);
                }
                through.advance(0.05);
            }
            resumed.restore(&state).unwrap();
            (5..11).for_each(|_| {
                resumed.advance(0.05);
            });
            assert_eq!(through.theta(), resumed.theta());
        }
    }
}
