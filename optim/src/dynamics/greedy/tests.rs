use super::*;
use crate::{Dense, Schedule, SteepestDescent, StepRule, StepScale, TwoSidedDescent};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use steepest_core::loss::{Exponential, Logistic};
use steepest_core::{Labels, LinearFirstLayer, Step, StepLength, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::L1;

fn draw(rng: &mut ChaCha8Rng) -> f64 {
    rng.next_u64() as f64 / u64::MAX as f64 - 0.5
}

/// Samples with a duplicate, a column of zeros and two equal columns.
fn data(n: usize, d: usize) -> Dataset {
    let mut rng = Streams::new((n + 10 * d) as u64).stream("data");
    let mut inputs = Array2::from_shape_simple_fn((n, d), || 3.0 * draw(&mut rng));
    inputs.column_mut(d / 2).fill(0.0);
    let (sample, column) = (inputs.row(0).to_owned(), inputs.column(0).to_owned());
    inputs.column_mut(d - 1).assign(&column);
    inputs.row_mut(n - 1).assign(&sample);
    let last = inputs[(0, 0)];
    inputs[(n - 1, d - 1)] = last;
    let signs = (0..n).map(|i| if (i % (n - 1)).is_multiple_of(2) { 1.0 } else { -1.0 }).collect();
    Dataset::new(inputs, Labels::Binary(signs)).unwrap()
}

fn optimizer(p: usize, is_two_sided: bool) -> Box<dyn Optimizer> {
    if is_two_sided {
        Box::new(TwoSidedDescent::new(Box::new(L1::new(p))))
    } else {
        Box::new(SteepestDescent::new(L1::new(p)))
    }
}

fn rule(scale: StepScale, size: f64) -> StepRule {
    StepRule::new(scale, Schedule::Constant { size })
}

/// Random parameters with a dead unit, two equal units and, where u is trained, an output weight that is zero.
fn start(model: &Mlp, data: &Dataset) -> Vec<f64> {
    let mut rng = Streams::new(1).stream("init");
    let mut theta: Vec<f64> = (0..model.layout().len()).map(|_| 0.5 * draw(&mut rng)).collect();
    let (m, d) = (model.width(), data.n_features());
    let mean = data.inputs().sum_axis(ndarray::Axis(0));
    theta[..d].iter_mut().zip(&mean).for_each(|(w, x)| *w = -0.1 * x);
    theta.copy_within(d..2 * d, 2 * d);
    if theta.len() > m * d {
        theta[m * d + 2] = theta[m * d + 1];
        theta[m * d + 3] = 0.0;
    }
    theta
}

/// What a comparison saw.
#[derive(Debug, Default)]
struct Seen {
    near_ties: u64,
    n_held: u64,
    /// The first step at which the two chose another entry.
    differs_at: Option<usize>,
}

/// Both, until they choose different entries.
fn walk(dense: &mut Dense<'_>, greedy: &mut Greedy<'_>, rule: &StepRule, steps: usize) -> Seen {
    let mut seen = Seen::default();
    for step in 0..steps {
        let [a, b] = [dense as &mut dyn Dynamics, greedy].map(|dynamics| {
            let at = dynamics.evaluate();
            let Step::Advance(length) = rule.clone().at(step as u64, &at) else { panic!("a constant rule") };
            let numbers = [at.loss.ln(), at.dual_norm.ln(), at.own_norm.unwrap(), at.mean_margin];
            (numbers, (at.form, at.near_ties, at.n_held), length)
        });
        if a.1 != b.1 {
            seen.differs_at = Some(step);
            return seen;
        }
        for (x, y) in a.0.iter().zip(&b.0) {
            assert!(x.abs() < 1e4, "the run diverges: {a:?}");
            assert!((x - y).abs() <= 1e-9 * x.abs().max(1.0), "step {step}: {a:?} {b:?}");
        }
        seen.near_ties += u64::from(a.1.1);
        seen.n_held += u64::from(a.1.2);
        assert_eq!(dense.advance(a.2), greedy.advance(b.2));
    }
    seen
}

/// A thousand steps of both agree.
fn compare(model: &Mlp, data: &Dataset, loss: &dyn Loss, rule: &StepRule, is_two_sided: bool) -> Seen {
    let theta = start(model, data);
    let optimizer = optimizer(theta.len(), is_two_sided);
    assert!(Greedy::serves(&*optimizer, model));
    let mut greedy = Greedy::new(model, data, loss, &*optimizer, theta.clone()).unwrap();
    let mut dense = Dense::new(model, data, loss, optimizer, theta).unwrap();
    let seen = walk(&mut dense, &mut greedy, rule, 1000);
    assert_eq!(seen.differs_at, None, "{model:?}");
    let norms = [NormKind::L1, NormKind::L2, NormKind::Linf].map(|which| greedy.norm(which).unwrap());
    let theta = dense.theta();
    let expected = [vector::sum_of_abs(theta), vector::euclidean_norm(theta), vector::max_abs(theta)];
    for (found, expected) in norms.iter().zip(&expected) {
        assert!((found - expected).abs() <= 1e-12 * expected, "{norms:?} {expected:?}");
    }
    let size = vector::max_abs(theta);
    for (a, b) in theta.iter().zip(greedy.theta()) {
        assert!((a - b).abs() <= 1e-10 * size, "{a} {b}");
    }
    seen
}

fn network(d: usize, width: usize, activation: Activation) -> Mlp {
    Mlp::new(d, &[width], 1, activation).unwrap()
}

#[test]
fn a_thousand_steps_are_those_of_the_dense_dynamics() {
    let leaky = Activation::LeakyRelu { slope: 0.2 };
    let mut near_ties = 0;
    for (n, d) in [(8, 40), (30, 6)] {
        let data = data(n, d);
        for activation in [Activation::Relu, leaky, Activation::Identity] {
            let model = network(d, 9, activation);
            let by_gradient = rule(StepScale::DualNorm, 2e-3);
            near_ties += compare(&model, &data, &Exponential::mean(), &by_gradient, false).near_ties;
            near_ties += compare(&model, &data, &Logistic::sum(), &rule(StepScale::Normalized, 1e-2), false).near_ties;
            let by_gradient = rule(StepScale::DualNorm, 2e-4);
            near_ties += compare(&model, &data, &Exponential::sum(), &by_gradient, false).near_ties;
        }
    }
    assert!(near_ties > 20, "equal columns and units: {near_ties}");
}

#[test]
fn a_frozen_last_layer_of_equal_weights_leaves_every_unit_in_the_race() {
    let mut near_ties = 0;
    for (n, d) in [(8, 40), (30, 6)] {
        let frozen = Array2::from_shape_fn((1, 9), |(_, j)| if j % 2 == 0 { 0.5 } else { -0.5 });
        for activation in [Activation::Relu, Activation::LeakyRelu { slope: -0.3 }] {
            let model = network(d, 9, activation).with_frozen([(2, frozen.clone())]).unwrap();
            let by_gradient = rule(StepScale::DualNorm, 2e-3);
            near_ties += compare(&model, &data(n, d), &Exponential::mean(), &by_gradient, false).near_ties;
        }
    }
    assert!(near_ties > 5, "equal columns: {near_ties}");
}

#[test]
fn the_two_sided_rule_holds_the_same_samples() {
    let mut n_held = 0;
    for (n, d) in [(12, 30), (30, 6)] {
        for activation in [Activation::Relu, Activation::LeakyRelu { slope: 0.2 }] {
            let model = network(d, 7, activation);
            n_held +=
                compare(&model, &data(n, d), &Exponential::sum(), &rule(StepScale::Normalized, 2e-2), true).n_held;
        }
    }
    assert!(n_held > 100, "{n_held}");
}

/// The samples of [`data`], of which the first and its duplicate are nowhere active: their weights stay the heaviest.
fn with_unseen(data: &Dataset, width: usize, theta: &mut [f64]) -> Dataset {
    let mut inputs = data.inputs().to_owned();
    let (n, d) = inputs.dim();
    for i in [0, n - 1] {
        inputs.row_mut(i).fill(0.0);
        inputs[(i, 1)] = -1e-3;
    }
    (0..width).for_each(|j| theta[j * d + 1] = 100.0);
    Dataset::new(inputs, data.labels().clone()).unwrap()
}

#[test]
fn far_below_underflow_it_goes_on() {
    let all = data(6, 40);
    for activation in [Activation::LeakyRelu { slope: 0.2 }, Activation::Identity, Activation::Relu] {
        let model = network(40, 7, activation);
        let mut theta = start(&model, &all);
        let has_unseen = matches!(activation, Activation::Relu);
        let data = if has_unseen { with_unseen(&all, 7, &mut theta) } else { all.clone() };
        let loss = Exponential::sum();
        let optimizer = optimizer(theta.len(), false);
        let mut greedy = Greedy::new(&model, &data, &loss, &*optimizer, theta.clone()).unwrap();
        let mut dense = Dense::new(&model, &data, &loss, optimizer, theta).unwrap();
        let seen = walk(&mut dense, &mut greedy, &rule(StepScale::Normalized, 0.1), 1500);
        let at = greedy.evaluate();
        let lightest = at.ln_weights.iter().copied().fold(0.0, f64::min);
        assert!(!has_unseen || at.n_bands > 1);
        assert!(seen.differs_at.is_none() && lightest < -1000.0, "{activation:?} {seen:?} {lightest}");
    }
}

/// Wide enough that bounds exclude nearly everything.
fn wide() -> (Dataset, Mlp, Vec<f64>) {
    let (data, model) = (data(60, 3000), network(3000, 200, Activation::Relu));
    let theta = start(&model, &data).into_iter().map(|t| 0.2 * t).collect();
    (data, model, theta)
}

/// The steps among `steps`, one in `every`, at which the whole gradient has another largest entry.
fn wrong_steps(greedy: &mut Greedy<'_>, (data, model): (&Dataset, &Mlp), steps: usize, every: usize) -> Vec<usize> {
    let loss = Exponential::sum();
    let mut wrong = Vec::new();
    for step in 0..steps {
        if step % every == every - 1 {
            let theta = greedy.theta().to_vec();
            let optimizer = optimizer(theta.len(), false);
            let mut dense = Dense::new(model, data, &loss, optimizer, theta).unwrap();
            let (a, b) = (dense.evaluate(), greedy.evaluate());
            assert!((a.loss.ln() - b.loss.ln()).abs() < 1e-11 * a.loss.ln().abs().max(1.0));
            if (a.form, a.near_ties) != (b.form, b.near_ties) {
                wrong.push(step);
            }
        }
        let length = 6e-3 * greedy.evaluate().dual_norm.value();
        greedy.advance(length);
    }
    wrong
}

#[test]
fn where_bounds_exclude_nearly_everything_the_arg_max_is_that_of_the_whole_gradient() {
    let ((data, model, theta), loss) = (wide(), Exponential::sum());
    let optimizer = optimizer(theta.len(), false);
    let mut greedy = Greedy::new(&model, &data, &loss, &*optimizer, theta.clone()).unwrap();
    assert_eq!(wrong_steps(&mut greedy, (&data, &model), 3000, 150), [0; 0]);
    let counters = greedy.counters();
    let count = |name| counters.iter().find(|counter| counter.name == name).unwrap().count;
    assert!(count("grown") > 0 && count("search_columns") < 3000 * 400, "{counters:?}");
    // the displacement leads to the same theta
    let moved = greedy.theta().to_vec();
    let displaced = greedy.displaced().unwrap();
    let (mut formed, Displacement::Entries(entries)) = (displaced.theta.to_vec(), displaced.by) else { panic!() };
    assert!(entries.is_sorted_by_key(|(place, _)| *place));
    entries.iter().for_each(|&(place, by)| formed[place] += by);
    assert!(formed.iter().zip(&moved).all(|(a, b)| (a - b).abs() < 1e-15));
}

#[test]
fn a_bound_that_is_too_small_makes_it_choose_wrongly() {
    let ((data, model, theta), loss) = (wide(), Exponential::sum());
    let optimizer = optimizer(theta.len(), false);
    let mut greedy = Greedy::new(&model, &data, &loss, &*optimizer, theta).unwrap();
    greedy.search.best.safety = 0.25;
    assert!(!wrong_steps(&mut greedy, (&data, &model), 600, 10).is_empty());
}

#[test]
fn it_goes_on_from_a_saved_state_bit_by_bit() {
    let ((data, model, theta), loss) = (wide(), Exponential::sum());
    for is_two_sided in [false, true] {
        let start =
            || Greedy::new(&model, &data, &loss, &*optimizer(theta.len(), is_two_sided), theta.clone()).unwrap();
        let walk = |greedy: &mut Greedy<'_>, steps| {
            for _ in 0..steps {
                let length = 6e-3 * greedy.evaluate().dual_norm.value();
                greedy.advance(length);
            }
        };
        let (mut through, mut resumed, mut state) = (start(), start(), SavedState::default());
        walk(&mut through, 1777);
        through.save(&mut state);
        walk(&mut through, 600);
        walk(&mut resumed, 33);
        resumed.restore(&state).unwrap();
        walk(&mut resumed, 600);
        assert!(through.evaluate().margins == resumed.evaluate().margins && through.theta() == resumed.theta());
        assert_eq!(through.evaluate().own_norm, resumed.evaluate().own_norm);
    }
}

#[test]
fn a_loss_that_is_no_number_ends_the_run() {
    let (data, model, loss) = (data(8, 5), network(5, 4, Activation::Relu), Exponential::sum());
    for size in [1e200, 1e308] {
        let theta: Vec<f64> = start(&model, &data).into_iter().map(|t| size * t).collect();
        let mut greedy = Greedy::new(&model, &data, &loss, &*optimizer(theta.len(), false), theta).unwrap();
        let at = greedy.evaluate();
        assert!(at.loss.is_defective() && at.form == Form::Written, "{at:?}");
        assert!(!greedy.advance(1.0));
    }
}

#[test]
fn what_it_does_not_serve_is_refused() {
    let data = data(8, 5);
    let (loss, deep) = (Logistic::sum(), Mlp::new(5, &[4, 3], 1, Activation::Relu).unwrap());
    let p = deep.layout().len();
    assert!(!Greedy::serves(&*optimizer(p, false), &deep));
    assert!(Greedy::new(&deep, &data, &loss, &*optimizer(p, false), vec![0.1; p]).is_err());
    let linear = network(5, 4, Activation::Identity);
    let p = linear.layout().len();
    assert!(Greedy::serves(&*optimizer(p, false), &linear) && !Greedy::serves(&*optimizer(p, true), &linear));
    assert!(matches!(Greedy::new(&linear, &data, &loss, &*optimizer(p, true), vec![0.1; p]), Err(OptimError::NoKink)));
    let sign = SteepestDescent::new(steepest_norms::Linf::new(p));
    assert!(!Greedy::serves(&sign, &linear));
    assert!(Greedy::new(&linear, &data, &loss, &sign, vec![0.1; p]).is_err());
}

#[test]
fn what_an_excursion_leaves_in_the_pre_activations_goes_away() {
    let data = data(12, 30);
    let (model, loss) = (Mlp::new(30, &[6], 1, Activation::LeakyRelu { slope: 0.2 }).unwrap(), Logistic::sum());
    let theta = start(&model, &data);
    let cd = || optimizer(theta.len(), false);
    let mut greedy = Greedy::new(&model, &data, &loss, &*cd(), theta.clone()).unwrap();
    // out and back
    greedy.move_entry(3, 1e12);
    greedy.move_entry(3, -1e12);
    let apart = |greedy: &mut Greedy<'_>| {
        let theta = greedy.theta().to_vec();
        let mut dense = Dense::new(&model, &data, &loss, cd(), theta).unwrap();
        let (found, expected) = (greedy.evaluate().margins.to_vec(), dense.evaluate().margins.to_vec());
        let size = vector::max_abs(&expected);
        found.iter().zip(&expected).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs() / size))
    };
    assert!(apart(&mut greedy) > 1e-8);
    (0..REFRESH).for_each(|_| assert!(greedy.advance(1e-3)));
    assert!(apart(&mut greedy) < 1e-12, "{}", apart(&mut greedy));
}
