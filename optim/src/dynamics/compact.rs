//! A problem without the inputs that are zero in every training sample.

use super::dark::DarkInputs;
use super::dense::Dense;
use crate::batches::Batches;
use crate::error::OptimError;
use ndarray::Axis;
use std::cell::OnceCell;
use std::sync::Arc;
use steepest_core::{
    CoreError, Counter, Dataset, Dynamics, Evaluation, Fold, HomogeneousModel, LogReal, Loss, Norm, Optimizer,
    ParameterLayout, Restricted, SavedState, Whole,
};

/// A model and a dataset without the inputs that are zero in every sample: pixels that no digit of the set lights.
///
/// The weights of such an input have no gradient, ever, and a norm that can be restricted ([`Norm::restricted_to`]) never moves them: the
/// trajectory of all others is the same without them, exactly, and costs less. They keep their initial values, and are part of theta, its
/// norms and its margins as before.
#[derive(Debug)]
pub struct CompactProblem {
    model: Box<dyn HomogeneousModel>,
    data: Arc<Dataset>,
    places: Vec<usize>,
    n_left_out: usize,
}

impl CompactProblem {
    /// The problem without them; `None` where no input is always zero, all are, or the model cannot do without.
    pub fn new(model: &dyn HomogeneousModel, data: &Dataset) -> Option<Self> {
        let columns = data.inputs();
        let kept: Vec<usize> =
            (0..data.n_features()).filter(|&k| columns.column(k).iter().any(|&x| x != 0.0)).collect();
        let n_left_out = data.n_features() - kept.len();
        if n_left_out == 0 || kept.is_empty() {
            return None;
        }
        let Restricted { model, places } = model.restricted_to(&kept)?;
        let data = Dataset::new(data.inputs().select(Axis(1), &kept), data.labels().clone()).ok()?;
        Some(Self { model, data: Arc::new(data), places, n_left_out })
    }

    /// The same with the first layer [by inputs](steepest_core::LinearFirstLayer::by_inputs), where products skip zeros and the model can: for
    /// optimisers that are [entrywise](Optimizer::is_entrywise).
    pub fn by_inputs(&self) -> Option<Self> {
        if !DarkInputs::pays(&*self.model, &self.data) {
            return None;
        }
        let Restricted { model, places } = self.model.linear_first_layer()?.by_inputs()?;
        let places = places.into_iter().map(|place| self.places[place]).collect();
        Some(Self { model, data: Arc::clone(&self.data), places, n_left_out: self.n_left_out })
    }

    /// The inputs that are left out.
    pub const fn n_left_out(&self) -> usize {
        self.n_left_out
    }

    /// The layout of the parameters that are left.
    pub fn layout(&self) -> &ParameterLayout {
        self.model.layout()
    }

    /// An optimiser's own norm on the parameters that are left.
    pub fn restrict(&self, norm: &dyn Norm) -> Option<Box<dyn Norm>> {
        norm.restricted_to(&self.places)
    }
}

/// The forms of one [`CompactProblem`], each built when an optimiser first asks for it.
#[derive(Debug, Default)]
pub struct CompactForms {
    by_units: OnceCell<Option<CompactProblem>>,
    by_inputs: OnceCell<Option<CompactProblem>>,
}

impl CompactForms {
    /// The form for an optimiser on the whole theta, and its own norm there; `None` where model and data, or that norm, have none. A run in
    /// mini-batches skips no zeros.
    pub fn of(
        &self,
        model: &dyn HomogeneousModel,
        data: &Dataset,
        optimizer: &dyn Optimizer,
        in_batches: bool,
    ) -> Option<(&CompactProblem, Box<dyn Norm>)> {
        let by_units = self.by_units.get_or_init(|| CompactProblem::new(model, data)).as_ref()?;
        let by_inputs = || self.by_inputs.get_or_init(|| by_units.by_inputs()).as_ref();
        let is_wanted = optimizer.is_entrywise() && !in_batches;
        let problem = is_wanted.then(by_inputs).flatten().unwrap_or(by_units);
        Some((problem, problem.restrict(optimizer.own_norm())?))
    }
}

/// [`Dense`] on a [`CompactProblem`]; from outside, theta is whole.
#[derive(Debug)]
pub struct Compact<'a> {
    inner: Dense<'a>,
    places: &'a [usize],
    /// The whole theta, and whether `inner` has moved on since it was written.
    theta: Vec<f64>,
    is_old: bool,
    /// The own norm's fold, and that of the entries that never move.
    constant: Option<(Fold, f64)>,
}

impl<'a> Compact<'a> {
    /// Starts at the whole theta, with an optimiser on the parameters that are left.
    ///
    /// # Errors
    /// If model, data, optimiser and theta do not fit each other.
    pub fn new(
        problem: &'a CompactProblem,
        loss: &'a dyn Loss,
        optimizer: Box<dyn Optimizer>,
        theta: Vec<f64>,
    ) -> Result<Self, OptimError> {
        if problem.places.iter().any(|&place| place >= theta.len()) {
            return Err(OptimError::Theta { found: theta.len(), expected: problem.places.len() });
        }
        let own: Vec<f64> = problem.places.iter().map(|&place| theta[place]).collect();
        let constant = optimizer.own_norm().fold().map(|fold| {
            let mut rest = theta.clone();
            problem.places.iter().for_each(|&place| rest[place] = 0.0);
            (fold, fold.chunk(&rest))
        });
        let inner = Dense::new(&*problem.model, &problem.data, loss, optimizer, own)?;
        Ok(Self { inner, places: &problem.places, theta, is_old: true, constant })
    }

    /// In mini-batches, as [`Dense::in_batches`].
    ///
    /// # Errors
    /// As there.
    pub fn in_batches(self, batches: Option<Batches>, first_step: u64) -> Result<Self, OptimError> {
        Ok(Self { inner: self.inner.in_batches(batches, first_step)?, ..self })
    }
}

impl Dynamics for Compact<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        let constant = self.constant;
        let at = self.inner.evaluate();
        let own_norm = at
            .own_norm
            .zip(constant)
            .and_then(|(norm, (fold, rest))| fold.finish(fold.join(fold.chunk(&[norm]), rest)));
        Evaluation { own_norm, ..at }
    }

    fn gradient_dual_norm(&mut self) -> LogReal {
        self.inner.gradient_dual_norm()
    }

    fn whole(&mut self) -> Whole<'_> {
        self.inner.whole()
    }

    fn advance(&mut self, length: f64) -> bool {
        self.is_old = true;
        self.inner.advance(length)
    }

    fn theta(&mut self) -> &[f64] {
        if std::mem::take(&mut self.is_old) {
            for (&place, &value) in self.places.iter().zip(self.inner.theta()) {
                self.theta[place] = value;
            }
        }
        &self.theta
    }

    fn counters(&self) -> Vec<Counter> {
        self.inner.counters()
    }

    fn save(&self, state: &mut SavedState) {
        self.inner.save(state);
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        self.is_old = true;
        self.inner.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AdamSpec, MomentumSpec, OptimizerSpec, ShampooForm, ShampooSpec, SteepestSpec, TwoSidedSpec};
    use ndarray::Array2;
    use rand::Rng;
    use steepest_core::loss::Logistic;
    use steepest_core::{Labels, Streams};
    use steepest_models::{Activation, Augmented, Mlp};
    use steepest_norms::NormSpec;

    /// Twelve samples of ten inputs, of which four are always zero, and the others but for this share.
    fn data(share: f64) -> Dataset {
        let mut rng = Streams::new(3).stream("data");
        let zero = [0, 4, 5, 9];
        let inputs = Array2::from_shape_fn((12, 10), |(i, k)| {
            let x = rng.next_u64() as f64 / u64::MAX as f64 - 0.4;
            let is_dark = zero.contains(&k) || (7 * i + k) % 10 >= (10.0 * share) as usize;
            if is_dark { 0.0 } else { x }
        });
        Dataset::new(inputs, Labels::Binary((0..12).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect())).unwrap()
    }

    fn optimizers() -> Vec<(OptimizerSpec<NormSpec>, &'static str)> {
        let steepest = |norm: &str, momentum| {
            OptimizerSpec::Steepest(SteepestSpec { norm: NormSpec::named(norm).unwrap(), momentum })
        };
        let momentum = Some(MomentumSpec { beta: 0.9, dampening: true, nesterov: true });
        let adam = |beta1, eps| OptimizerSpec::Adam(AdamSpec { beta1, beta2: 0.99, eps, bias_correction: true });
        let shampoo = |form| OptimizerSpec::Shampoo(ShampooSpec { form, eps: 1e-3 });
        vec![
            (steepest("l2", None), "l2"),
            (steepest("l1", None), "l1"),
            (steepest("linf", momentum), "linf"),
            (steepest("spectral", None), "spectral"),
            (steepest("nuclear", momentum), "nuclear"),
            (OptimizerSpec::TwoSidedCd(TwoSidedSpec {}), "l1"),
            (adam(0.9, 1e-8), "linf"),
            (adam(0.0, 0.0), "linf"),
            (shampoo(ShampooForm::Equation76), "spectral"),
            (shampoo(ShampooForm::TorchOptimizer), "spectral"),
        ]
    }

    /// Every optimiser on the form of it: the trajectory, and which optimisers have the first layer by inputs.
    fn check(model: &dyn HomogeneousModel, data: &Dataset) -> Vec<bool> {
        let loss = Logistic::sum();
        let mut rng = Streams::new(4).stream("init");
        let theta: Vec<f64> =
            (0..model.layout().len()).map(|_| rng.next_u64() as f64 / u64::MAX as f64 - 0.5).collect();
        let forms = CompactForms::default();
        let compare = |(spec, norm): (OptimizerSpec<NormSpec>, &str)| {
            let own = NormSpec::named(norm).unwrap().build(model.layout()).unwrap();
            let whole = spec.build(model.layout(), own);
            let (problem, own) = forms.of(model, data, &*whole, false).unwrap();
            assert_eq!(problem.n_left_out(), 4);
            let small = spec.build(problem.layout(), own);
            let mut dense = Dense::new(model, data, &loss, whole, theta.clone()).unwrap();
            let mut compact = Compact::new(problem, &loss, small, theta.clone()).unwrap();
            for _ in 0..40 {
                let (a, b) = (dense.evaluate(), compact.evaluate());
                assert!((a.dual_norm.ln() - b.dual_norm.ln()).abs() < 1e-9, "{norm}: dual norm");
                if let Some(norm) = a.own_norm {
                    assert!((b.own_norm.unwrap() / norm - 1.0).abs() < 1e-9, "own norm");
                }
                dense.advance(0.01);
                compact.advance(0.01);
            }
            for (k, (a, b)) in dense.theta().iter().zip(compact.theta()).enumerate() {
                assert!((a - b).abs() < 1e-8, "{norm}: entry {k}: {a} {b}");
            }
            !problem.places.is_sorted()
        };
        optimizers().into_iter().map(compare).collect()
    }

    fn mlp(n_inputs: usize, hidden: &[usize]) -> Mlp {
        Mlp::new(n_inputs, hidden, 1, Activation::LeakyRelu { slope: 0.1 }).unwrap()
    }

    #[test]
    fn the_trajectory_is_the_same_without_zero_columns() {
        for model in [mlp(10, &[7]), mlp(10, &[7, 5])] {
            assert_eq!(check(&model, &data(1.0)), [false; 10]);
        }
        let bias = Augmented::new(mlp(11, &[7]), 1.0).unwrap();
        assert_eq!(CompactProblem::new(&bias, &data(1.0)).unwrap().n_left_out(), 4);
    }

    #[test]
    fn entries_that_are_alike_stand_by_inputs_where_most_are_zero() {
        // in the order of the optimisers: l2, l1, linf, spectral, nuclear, two-sided, Adam twice, Shampoo twice
        let entrywise = [true, false, true, false, false, false, true, true, false, false];
        for model in [mlp(10, &[7]), mlp(10, &[7, 5])] {
            assert_eq!(check(&model, &data(0.3)), entrywise);
        }
        let bias = Augmented::new(mlp(11, &[7]), 1.0).unwrap();
        assert!(CompactProblem::new(&bias, &data(0.3)).unwrap().by_inputs().is_none(), "a model without the door");
    }

    #[test]
    fn mini_batches_stand_by_units() {
        let (model, data) = (mlp(10, &[7]), data(0.3));
        let own = NormSpec::named("linf").unwrap().build(model.layout()).unwrap();
        let adam =
            OptimizerSpec::<NormSpec>::Adam(AdamSpec { beta1: 0.0, beta2: 0.0, eps: 0.0, bias_correction: true })
                .build(model.layout(), own);
        let forms = CompactForms::default();
        for (in_batches, by_inputs) in [(true, false), (false, true)] {
            let (problem, _) = forms.of(&model, &data, &*adam, in_batches).unwrap();
            assert_eq!(!problem.places.is_sorted(), by_inputs);
        }
    }

    #[test]
    fn a_problem_without_zero_columns_stays_as_it_is() {
        let data = Dataset::new(Array2::ones((2, 3)), Labels::Binary(vec![1.0, -1.0])).unwrap();
        assert!(CompactProblem::new(&Mlp::new(3, &[2], 1, Activation::Relu).unwrap(), &data).is_none());
    }
}
