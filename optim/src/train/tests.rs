use super::*;
use crate::{
    AdamSpec, BatchOrder, BatchSpec, Batches, Dense, Gram, Greedy, MomentumSpec, OptimizerSpec, RaiseOrRollBack,
    Schedule, Sign, SteepestSpec, StepRule, StepScale, TwoSidedSpec,
};
use ndarray::Array2;
use rand::Rng;
use steepest_core::loss::Logistic;
use steepest_core::{Dataset, Evaluation, HomogeneousModel, Labels, Norm, ObserverError, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::{L1, L2, Linf};

const N: usize = 10;
const STEPS: u64 = 60;

fn problem() -> (Dataset, Mlp, Vec<f64>) {
    let mut rng = Streams::new(12).stream("data");
    let mut draw = || rng.next_u64() as f64 / u64::MAX as f64 - 0.5;
    let inputs = Array2::from_shape_simple_fn((N, 14), &mut draw);
    let model = Mlp::new(14, &[6], 1, Activation::Relu).unwrap();
    let theta = (0..model.layout().len()).map(|_| draw()).collect();
    let signs = (0..N).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
    (Dataset::new(inputs, Labels::Binary(signs)).unwrap(), model, theta)
}

/// All bits that pass by, and all states.
#[derive(Default)]
struct Diary {
    lines: Vec<(u64, Vec<u64>)>,
    states: Vec<SavedPhase>,
}

impl Observer for Diary {
    fn accumulate(&mut self, step: u64, at: &Evaluation<'_>, length: f64) -> ControlFlow<StopReason> {
        let seen = [length, at.loss.ln(), at.dual_norm.ln(), at.own_norm.unwrap_or(f64::NAN), at.mean_margin];
        self.lines.push((step, seen.iter().chain(at.margins).map(|x| x.to_bits()).collect()));
        ControlFlow::Continue(())
    }

    fn due(&self, _step: u64) -> bool {
        false
    }

    fn record(&mut self, _step: u64, _dynamics: &mut dyn Dynamics, _is_last: bool) -> Result<(), ObserverError> {
        Ok(())
    }

    fn wants_state(&mut self) -> bool {
        true
    }

    fn keep(&mut self, state: &SavedPhase) -> Result<(), ObserverError> {
        self.states.push(state.clone());
        Ok(())
    }
}

/// Goes on from every state of a run, in parts that know nothing of it, and compares all that is seen.
fn check<'a>(start: impl Fn() -> Box<dyn Dynamics + 'a>, rule: impl Fn() -> Box<dyn StepLength>, n_back: usize) {
    let mut through = Diary::default();
    let (mut dynamics, mut stop) = (start(), Stop::after(STEPS));
    let outcome = train(&mut *dynamics, &mut *rule(), &mut stop, &mut through, 0).unwrap();
    let theta = dynamics.theta().to_vec();
    assert!(through.states.len() > STEPS as usize + n_back, "{} states", through.states.len());
    for saved in &through.states {
        let (mut again, mut dynamics, mut events) = (Diary::default(), start(), Stop::after(STEPS));
        let ended = go_on(&mut *dynamics, &mut *rule(), &mut events, &mut again, 0, saved.clone()).unwrap();
        assert_eq!((ended, events.milestones()), (outcome, stop.milestones()), "from step {}", saved.step);
        let from = through.lines.len() - again.lines.len();
        assert!(again.lines == through.lines[from..], "from step {}", saved.step);
        let since = &through.states[through.states.len() - again.states.len()..];
        let same = again.states.iter().zip(since).all(|(a, b)| without_work(a) == without_work(b));
        assert!(same, "from step {}", saved.step);
        assert_eq!(dynamics.theta(), theta);
    }
}

/// A state without the counts of how much work its searches were: that depends on when their bounds were last made anew, which a resumed run
/// does.
fn without_work(state: &SavedPhase) -> SavedPhase {
    let mut state = state.clone();
    [Some(&mut state.dynamics), state.accepted.as_mut()].into_iter().flatten().for_each(|dynamics| {
        dynamics.take("greedy/work");
    });
    state
}

fn normalized(size: f64) -> StepRule {
    StepRule::new(StepScale::Normalized, Schedule::Constant { size })
}

fn optimizers() -> Vec<(OptimizerSpec<()>, Box<dyn Norm>)> {
    let p = problem().2.len();
    let steepest = |momentum| OptimizerSpec::Steepest(SteepestSpec { norm: (), momentum });
    let momentum = Some(MomentumSpec { beta: 0.9, dampening: true, nesterov: true });
    let adam = AdamSpec { beta1: 0.9, beta2: 0.99, eps: 1e-8, bias_correction: true };
    vec![
        (steepest(None), Box::new(L2::new(p))),
        (steepest(momentum), Box::new(L2::new(p))),
        (steepest(None), Box::new(L1::new(p))),
        (steepest(None), Box::new(Linf::new(p))),
        (steepest(momentum), Box::new(Linf::new(p))),
        (OptimizerSpec::TwoSidedCd(TwoSidedSpec {}), Box::new(L1::new(p))),
        (OptimizerSpec::Adam(adam), Box::new(Linf::new(p))),
    ]
}

#[test]
fn a_run_goes_on_from_every_step_with_every_kind_of_memory() {
    let ((data, model, theta), loss) = (problem(), Logistic::sum());
    for k in 0..optimizers().len() {
        let start = || -> Box<dyn Dynamics + '_> {
            let (spec, norm) = optimizers().swap_remove(k);
            let optimizer = spec.build(model.layout(), norm);
            Box::new(Dense::new(&model, &data, &loss, optimizer, theta.clone()).unwrap())
        };
        check(start, || Box::new(normalized(0.05)), 0);
    }
    check(|| Box::new(Gram::new(&model, &data, &loss, &theta).unwrap()), || Box::new(normalized(0.05)), 0);
    check(|| Box::new(Sign::new(&model, &data, &loss, &theta).unwrap()), || Box::new(normalized(0.05)), 0);
    for k in [2, 5] {
        let start = || -> Box<dyn Dynamics + '_> {
            let (spec, norm) = optimizers().swap_remove(k);
            let optimizer = spec.build(model.layout(), norm);
            Box::new(Greedy::new(&model, &data, &loss, &*optimizer, theta.clone()).unwrap())
        };
        check(start, || Box::new(normalized(0.05)), 0);
        check(start, || Box::new(RaiseOrRollBack::new(normalized(3.0))), 5);
    }
}

#[test]
fn a_run_in_mini_batches_goes_on_from_the_middle_of_an_epoch() {
    let ((data, model, theta), loss) = (problem(), Logistic::mean());
    let batches = || Batches::new(BatchSpec { size: 3, order: BatchOrder::Shuffled }, N, Streams::new(2));
    let start = || -> Box<dyn Dynamics + '_> {
        let (spec, norm) = optimizers().pop().unwrap();
        let optimizer = spec.build(model.layout(), norm);
        let dynamics = Dense::new(&model, &data, &loss, optimizer, theta.clone()).unwrap();
        Box::new(dynamics.in_batches(Some(batches()), 0).unwrap())
    };
    check(start, || Box::new(normalized(0.05)), 0);
}

#[test]
fn a_rule_that_goes_back_does_so_behind_a_saved_state_too() {
    let ((data, model, theta), loss) = (problem(), Logistic::sum());
    for k in [0, 1] {
        let start = || -> Box<dyn Dynamics + '_> {
            let (spec, norm) = optimizers().swap_remove(k);
            let optimizer = spec.build(model.layout(), norm);
            Box::new(Dense::new(&model, &data, &loss, optimizer, theta.clone()).unwrap())
        };
        check(start, || Box::new(RaiseOrRollBack::new(normalized(3.0))), 5);
    }
    check(
        || Box::new(Sign::new(&model, &data, &loss, &theta).unwrap()),
        || Box::new(RaiseOrRollBack::new(normalized(3.0))),
        5,
    );
}

#[test]
fn a_state_of_other_parts_is_refused() {
    let ((data, model, theta), loss) = (problem(), Logistic::sum());
    let mut diary = Diary::default();
    let mut gram = Gram::new(&model, &data, &loss, &theta).unwrap();
    train(&mut gram, &mut normalized(0.1), &mut Stop::after(2), &mut diary, 0).unwrap();
    let (spec, norm) = optimizers().swap_remove(0);
    let mut dense = Dense::new(&model, &data, &loss, spec.build(model.layout(), norm), theta).unwrap();
    let saved = diary.states.remove(1);
    let error = go_on(&mut dense, &mut normalized(0.1), &mut Stop::after(2), &mut diary, 0, saved).unwrap_err();
    assert!(error.to_string().contains("theta"), "{error}");
}
