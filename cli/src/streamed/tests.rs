use super::*;
use crate::test_set::TestSet;
use steepest_core::loss::Exponential;
use steepest_core::{CoreError, Displaced, Evaluation, Labels, SavedState, Streams, Whole};
use steepest_data::{DataSpec, Split};
use steepest_models::{Activation, BuiltModel, FirstLaw, InitSpec, Mlp, MlpSpec, ModelSpec};
use steepest_norms::{L1, L2, NormSpec};
use steepest_optim::{Dense, Gram, Greedy, SmallProblem, SmallSide, SteepestDescent};

/// The streamed points as a stored set.
fn stored(unseen: &Unseen) -> Dataset {
    let points = &unseen.points;
    let mut columns = Array2::zeros((points.n_inputs(), points.n_points()));
    points.columns_into(0..points.n_inputs(), columns.view_mut());
    Dataset::new(columns.reversed_axes(), unseen.labels.clone()).unwrap()
}

/// A dense run that names the entries of its first layer that have moved.
struct ByEntries<'a> {
    inner: Dense<'a>,
    /// theta, with W where it started.
    still: Vec<f64>,
    n_first: usize,
    moved: Vec<(usize, f64)>,
}

impl Dynamics for ByEntries<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        self.inner.evaluate()
    }

    fn whole(&mut self) -> Whole<'_> {
        self.inner.whole()
    }

    fn advance(&mut self, length: f64) -> bool {
        self.inner.advance(length)
    }

    fn theta(&mut self) -> &[f64] {
        self.inner.theta()
    }

    fn displaced(&mut self) -> Option<Displaced<'_>> {
        let (theta, n) = (self.inner.theta(), self.n_first);
        self.still[n..].copy_from_slice(&theta[n..]);
        let changes = theta[..n].iter().zip(&self.still).map(|(now, before)| now - before).enumerate();
        self.moved = changes.filter(|(_, change)| change.abs() > 0.0).collect();
        Some(Displaced { theta: &self.still, by: Displacement::Entries(&self.moved) })
    }

    fn save(&self, state: &mut SavedState) {
        self.inner.save(state);
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        self.inner.restore(state)
    }
}

#[test]
fn single_entries_are_followed_from_test_to_test_and_over_a_switch() {
    let text = "kind = \"teacher_student\"\nn_train = 12\nn_test = 700\nn_inputs = 300\nzero_outputs = \"keep\"\nstream_test = true";
    let spec: DataSpec = toml::from_str(text).unwrap();
    let split = spec.build(&Streams::new(2)).unwrap();
    let (unseen, model) = (split.unseen.as_ref().unwrap(), Mlp::new(300, &[9], 1, Activation::Relu).unwrap());
    let (loss, all, n_first) = (Exponential::sum(), stored(unseen), 9 * 300);
    let theta: Vec<f64> = (0..9 * 301).map(|k| f64::from((k * 37 % 101) as u8) / 1000.0 - 0.05).collect();
    let run = |theta: Vec<f64>| {
        let optimizer = Box::new(SteepestDescent::new(L1::new(theta.len())));
        let inner = Dense::new(&model, &split.train, &loss, optimizer, theta.clone()).unwrap();
        ByEntries { inner, still: theta, n_first, moved: Vec::new() }
    };
    let set = |stored, unseen| {
        TestSet::new(&model, &split.train, stored, unseen, Shared::new(None, Streams::new(2))).unwrap()
    };
    let (mut reference, mut following) = (set(Some(&all), None), set(None, Some(unseen)));
    // as after a checkpoint: a phase begins before anything was tested
    following.switch();
    let (mut dynamics, mut seen) = (run(theta), Vec::new());
    for step in 0..90 {
        if step == 50 {
            let theta = dynamics.theta().to_vec();
            dynamics = run(theta);
            following.switch();
        }
        if step % 15 == 0 {
            let tested = [reference.test(&mut dynamics), following.test(&mut dynamics)];
            assert!((tested[0].accuracy - tested[1].accuracy).abs() < 1e-12, "step {step}: {tested:?}");
            assert!((tested[0].excess - tested[1].excess).abs() < 1e-12, "step {step}: {tested:?}");
            seen.push(tested[0].accuracy);
        }
        dynamics.advance(0.2);
    }
    assert!(dynamics.displaced().is_some() && dynamics.moved.len() > 5, "{:?}", dynamics.moved);
    assert!(seen.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 1e-3), "{seen:?}");
}

#[test]
fn what_follows_is_what_a_stored_set_says() {
    let text = "kind = \"teacher_student\"\nn_train = 12\nn_test = 700\nn_inputs = 300\nzero_outputs = \"keep\"\nstream_test = true";
    let spec: DataSpec = toml::from_str(text).unwrap();
    let split = spec.build(&Streams::new(2)).unwrap();
    let (unseen, model) = (split.unseen.as_ref().unwrap(), Mlp::new(300, &[9], 1, Activation::Relu).unwrap());
    let (loss, all) = (Exponential::sum(), stored(unseen));
    assert!(matches!(&unseen.labels, Labels::Binary(_)));
    let theta: Vec<f64> = (0..9 * 301).map(|k| f64::from((k * 37 % 101) as u8) / 1000.0 - 0.05).collect();
    let set = |stored, unseen| {
        TestSet::new(&model, &split.train, stored, unseen, Shared::new(None, Streams::new(2))).unwrap()
    };
    let (mut reference, mut following, mut formed) =
        (set(Some(&all), None), set(None, Some(unseen)), set(None, Some(unseen)));
    let optimizer = Box::new(SteepestDescent::new(L2::new(theta.len())));
    let mut dense = Dense::new(&model, &split.train, &loss, optimizer, theta.clone()).unwrap();
    let mut gram = Gram::new(&model, &split.train, &loss, &theta).unwrap();
    let mut seen = Vec::new();
    for step in 0..60 {
        if step % 20 == 0 {
            let tested = [reference.test(&mut gram), following.test(&mut gram), formed.test(&mut dense)];
            assert!(gram.displaced().is_some() && dense.displaced().is_none());
            for other in &tested[1..] {
                assert!((tested[0].accuracy - other.accuracy).abs() < 1e-12);
                assert!((tested[0].excess - other.excess).abs() < 1e-12);
            }
            seen.push(tested[0].accuracy);
        }
        gram.advance(0.2);
        dense.advance(0.2);
    }
    assert!(seen.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 1e-3), "{seen:?}");
}

/// How a phase moves: gradient descent in the span, spectral descent in a basis of it, or coordinate descent by entries.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Span,
    Basis,
    Entries,
}

/// Two phases of a run on 700 points of 300 inputs that nobody stores.
struct Phases {
    split: Split,
    built: BuiltModel,
    problem: SmallProblem,
    law: Option<FirstLaw>,
    loss: Exponential,
    ways: [Way; 2],
}

impl Phases {
    const SEED: u64 = 2;

    fn new(ways: [Way; 2]) -> Self {
        let text = "kind = \"teacher_student\"\nn_train = 12\nn_test = 700\nn_inputs = 300\nzero_outputs = \"keep\"\nstream_test = true";
        let spec: DataSpec = toml::from_str(text).unwrap();
        let init = InitSpec::FanIn { alpha: 0.3, coordinate: true };
        let model = ModelSpec::Mlp(MlpSpec {
            hidden: vec![9],
            activation: Activation::Relu,
            init,
            frozen: vec![],
            first_layer_bias: None,
        });
        let streams = Streams::new(Self::SEED);
        let (split, built) = (spec.build(&streams).unwrap(), model.build(300, 1, &streams).unwrap());
        let problem = SmallProblem::new(&*built.model, &split.train).unwrap();
        Self { split, built, problem, law: model.first_law(), loss: Exponential::sum(), ways }
    }

    fn shared(&self) -> Shared {
        Shared::new(self.law, Streams::new(Self::SEED))
    }

    fn streamed(&self, shared: Shared) -> Streamed<'_> {
        let unseen = self.split.unseen.as_ref().unwrap();
        Streamed::new(&*self.built.model, &self.split.train, unseen, shared).unwrap()
    }

    fn dynamics(&self, phase: usize, theta: &[f64]) -> Box<dyn Dynamics + '_> {
        let (model, train, loss) = (&*self.built.model, &self.split.train, &self.loss);
        match self.ways[phase] {
            Way::Span => Box::new(Gram::new(model, train, loss, theta).unwrap()),
            Way::Basis => {
                let norm = NormSpec::named("spectral").unwrap().build(self.problem.layout()).unwrap();
                let optimizer = Box::new(SteepestDescent::new(norm));
                Box::new(SmallSide::new(&self.problem, loss, optimizer, theta.to_vec()).unwrap())
            }
            Way::Entries => {
                let optimizer = SteepestDescent::new(L1::new(theta.len()));
                Box::new(Greedy::new(model, train, loss, &optimizer, theta.to_vec()).unwrap())
            }
        }
    }

    /// The outputs at the end of a run that is tested at these steps, and goes on from a checkpoint in its second phase if it `is_resumed`.
    fn outputs(&self, shared: &Shared, tests: &[usize], is_resumed: bool) -> (Array2<f64>, Vec<f64>) {
        let (mut streamed, mut theta) = (self.streamed(shared.clone()), self.built.theta.clone());
        for phase in 0..2 {
            if phase == 1 {
                streamed.switch();
            }
            if phase == 1 && is_resumed {
                let mut state = SavedState::default();
                streamed.save(&mut state);
                streamed = self.streamed(self.shared());
                streamed.switch();
                streamed.restore(&state).unwrap();
            }
            let mut dynamics = self.dynamics(phase, &theta);
            for step in 40 * phase..40 * (phase + 1) {
                if tests.contains(&step) {
                    streamed.test(&mut *dynamics);
                }
                dynamics.advance(0.05);
            }
            theta = dynamics.theta().to_vec();
            if phase == 0 {
                streamed.leave(&mut *dynamics);
            } else {
                streamed.test(&mut *dynamics);
                match &streamed.start {
                    Start::Drawn(moved) => assert_eq!(moved.is_in_span(), self.ways[0] == Way::Span),
                    Start::Somewhere(_) => assert_eq!(self.ways[0], Way::Basis),
                }
            }
        }
        (streamed.outputs, theta)
    }
}

#[test]
fn outputs_have_the_same_bits_alone_with_others_and_after_an_interruption() {
    let all = [Way::Span, Way::Basis, Way::Entries];
    for ways in all.into_iter().flat_map(|first| all.map(|second| [first, second])) {
        let phases = Phases::new(ways);
        let alone = phases.shared();
        let (expected, theta) = phases.outputs(&alone, &[], false);
        assert_eq!(alone.passes(), 1, "{ways:?}");
        let shared = phases.shared();
        for tests in [&[0, 15, 40, 55][..], &[70], &[]] {
            assert!(phases.outputs(&shared, tests, false).0 == expected, "{ways:?} {tests:?}");
            assert!(phases.outputs(&shared, tests, true).0 == expected, "{ways:?} {tests:?}, resumed");
        }
        match ways {
            // where the second starts is known to nobody: a pass in each of three runs, after that of the first one's first phase
            [Way::Basis, _] => assert_eq!(shared.passes(), 4, "{ways:?}"),
            // what the second needs is wanted later than what the first does
            [Way::Entries, Way::Span | Way::Basis] | [Way::Span, Way::Basis] => {
                assert_eq!(shared.passes(), 2, "{ways:?}");
            }
            _ => assert_eq!(shared.passes(), 1, "{ways:?}"),
        }

        let (all, model) = (stored(phases.split.unseen.as_ref().unwrap()), &*phases.built.model);
        let mut outputs = Array2::zeros(expected.dim());
        model.forward(&theta, all.inputs(), outputs.view_mut(), &mut model.workspace(700));
        assert!(outputs.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{ways:?}");
        assert!(outputs.iter().any(|output| output.abs() > 1e-2));
    }
}

#[test]
fn a_state_of_an_unknown_start_is_restored_as_one() {
    let phases = Phases::new([Way::Span, Way::Entries]);
    let (mut streamed, mut state) = (phases.streamed(phases.shared()), SavedState::default());
    streamed.restore(&state).unwrap();
    assert!(matches!(streamed.start, Start::Drawn(_)), "a state without a word on it is one of the first phase");
    streamed.switch();
    streamed.save(&mut state);
    let mut restored = phases.streamed(phases.shared());
    restored.restore(&state).unwrap();
    assert!(matches!(restored.start, Start::Somewhere(None)));
}
