//! Every faster way against the dense one: a thousand steps of networks that are drawn, and the losses below which the heaviest samples are those that no
//! unit sees.

use super::*;
use crate::{
    MomentumDescent, MomentumSpec, OptimizerSpec, Schedule, SteepestDescent, SteepestSpec, StepRule, StepScale,
    TwoSidedDescent,
};
use ndarray::Array2;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use steepest_core::loss::{Exponential, Logistic};
use steepest_core::{Dataset, Dynamics, Labels, Loss, Norm, Optimizer, Step, StepLength, Streams, vector};
use steepest_models::{Activation, Mlp};
use steepest_norms::{L1, L2, Linf, NormSpec};

/// A network, data and a start.
#[derive(Debug)]
struct Drawn {
    model: Mlp,
    data: Dataset,
    theta: Vec<f64>,
    loss: Box<dyn Loss>,
    has_kink: bool,
}

fn entry(rng: &mut ChaCha8Rng) -> f64 {
    rng.next_u64() as f64 / u64::MAX as f64 - 0.5
}

/// Samples with a duplicate, of which this share of entries is zero, and a column of zeros.
fn data(rng: &mut ChaCha8Rng, n: usize, d: usize, share_of_zeros: f64) -> Dataset {
    let mut inputs = Array2::from_shape_simple_fn((n, d), || 3.0 * entry(rng));
    inputs.mapv_inplace(|x| if entry(rng) + 0.5 < share_of_zeros { 0.0 } else { x });
    inputs.column_mut(d / 2).fill(0.0);
    let first = inputs.row(0).to_owned();
    inputs.row_mut(n - 1).assign(&first);
    let signs = (0..n).map(|i| if (i % (n - 1)).is_multiple_of(2) { 1.0 } else { -1.0 }).collect();
    Dataset::new(inputs, Labels::Binary(signs)).unwrap()
}

/// Shapes, activation, loss, zeros, and whether the last layer is frozen, from this seed; unit 0 is dead where the inputs allow it, unit 1 has a twin,
/// and an output weight is zero.
fn drawn(seed: u64, n_layers: usize, n_inputs: std::ops::Range<usize>) -> Drawn {
    let rng = &mut Streams::new(seed).stream("shape");
    let (n, d, width) = (rng.random_range(3..12), rng.random_range(n_inputs), rng.random_range(3..10));
    let slope = [0.0, 0.3, -0.4, 1.0][rng.random_range(0..4)];
    let activation = if slope == 0.0 { Activation::Relu } else { Activation::LeakyRelu { slope } };
    let loss: Box<dyn Loss> = match rng.random_range(0..3) {
        0 => Box::new(Exponential::sum()),
        1 => Box::new(Exponential::mean()),
        _ => Box::new(Logistic::sum()),
    };
    let zeros = [0.0, 0.5][rng.random_range(0..2)];
    let data = data(rng, n, d, zeros);
    let mut hidden = vec![width];
    hidden.extend((2..n_layers).map(|_| rng.random_range(2..6)));
    let last = hidden[n_layers - 2];
    let model = Mlp::new(d, &hidden, 1, activation).unwrap();
    let frozen = (rng.random_range(0..3) == 0).then(|| Array2::from_shape_simple_fn((1, last), || entry(rng)));
    let model = match frozen {
        Some(weights) => model.with_frozen([(n_layers, weights)]).unwrap(),
        None => model,
    };
    let mut theta: Vec<f64> = (0..HomogeneousModel::layout(&model).len()).map(|_| entry(rng)).collect();
    let mean = data.inputs().sum_axis(ndarray::Axis(0));
    theta[..d].iter_mut().zip(&mean).for_each(|(w, x)| *w = -x);
    theta.copy_within(d..2 * d, 2 * d);
    if theta.len() == width * d + last {
        theta[width * d + 2] = theta[width * d + 1];
        *theta.last_mut().unwrap() = 0.0;
    }
    Drawn { model, data, theta, loss, has_kink: slope != 1.0 }
}

/// One of the faster ways with the optimiser of the dense one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Gradient(Option<MomentumSpec>),
    Coordinate { is_two_sided: bool },
    Sign,
}

impl Way {
    const CD: Self = Self::Coordinate { is_two_sided: false };

    fn optimizer(self, p: usize) -> Box<dyn Optimizer> {
        match self {
            Self::Gradient(None) => Box::new(SteepestDescent::new(L2::new(p))),
            Self::Gradient(Some(momentum)) => Box::new(MomentumDescent::new(L2::new(p), momentum)),
            Self::Coordinate { is_two_sided: false } => Box::new(SteepestDescent::new(L1::new(p))),
            Self::Coordinate { is_two_sided: true } => Box::new(TwoSidedDescent::new(Box::new(L1::new(p)))),
            Self::Sign => Box::new(SteepestDescent::new(Linf::new(p))),
        }
    }

    fn fast<'a>(self, Drawn { model, data, theta, loss, .. }: &'a Drawn) -> Box<dyn Dynamics + 'a> {
        let optimizer = self.optimizer(theta.len());
        match self {
            Self::Gradient(_) => {
                assert!(Gram::serves(&*optimizer, model));
                Box::new(Gram::new(model, data, &**loss, theta).unwrap().with_momentum(optimizer.momentum()))
            }
            Self::Coordinate { .. } => {
                assert!(Greedy::serves(&*optimizer, model));
                Box::new(Greedy::new(model, data, &**loss, &*optimizer, theta.clone()).unwrap())
            }
            Self::Sign => {
                assert!(Sign::serves(&*optimizer, model, &**loss));
                Box::new(Sign::new(model, data, &**loss, theta).unwrap())
            }
        }
    }
}

fn dense<'a>(drawn: &'a Drawn, way: Way, theta: &[f64]) -> Dense<'a> {
    Dense::new(&drawn.model, &drawn.data, &*drawn.loss, way.optimizer(theta.len()), theta.to_vec()).unwrap()
}

/// The largest difference of two vectors, relative to the larger of their largest entries.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let apart = a.iter().zip(b).fold(0.0_f64, |apart, (a, b)| apart.max((a - b).abs()));
    apart / vector::max_abs(a).max(vector::max_abs(b))
}

fn close(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a - b).abs() <= 1e-9 * a.abs().max(1.0)
}

/// Steps of both side by side: loss, dual norm, the coordinate of each step, and every entry of theta after it, so that a sign apart is seen. The
/// logarithm of the last dual norm.
fn compare(drawn: &Drawn, way: Way, rule: &StepRule, steps: u64) -> f64 {
    let mut dense = dense(drawn, way, &drawn.theta);
    let mut fast = way.fast(drawn);
    let what = |step| {
        format!("{way:?}, step {step} of {:?} on {:?} with {:?}", drawn.model, drawn.data.inputs().dim(), drawn.loss)
    };
    for step in 0..steps {
        let [a, b] = [&mut dense as &mut dyn Dynamics, &mut *fast].map(|dynamics| {
            let at = dynamics.evaluate();
            let Step::Advance(length) = rule.clone().at(step, &at) else { panic!("a rule that never goes back") };
            let coordinate = matches!(way, Way::Coordinate { .. }).then_some((at.form, at.near_ties, at.n_held));
            (at.loss.ln(), at.dual_norm.ln(), coordinate, length)
        });
        assert!(close(a.0, b.0) && close(a.1, b.1) && a.2 == b.2, "{}: {a:?} {b:?}", what(step));
        assert_eq!(dense.advance(a.3), fast.advance(b.3), "{}", what(step));
        let apart = distance(dense.theta(), fast.theta());
        assert!(apart <= 1e-10, "{}: theta is {apart:e} apart", what(step));
    }
    dense.evaluate().dual_norm.ln()
}

fn constant(scale: StepScale, size: f64) -> StepRule {
    StepRule::new(scale, Schedule::Constant { size })
}

#[test]
fn a_thousand_steps_of_drawn_networks_are_those_of_the_dense_dynamics() {
    let momentum = |beta, nesterov| Some(MomentumSpec { beta, dampening: true, nesterov });
    for seed in 0..16 {
        let two_layers = drawn(seed, 2, 3..25);
        for scale in [StepScale::DualNorm, StepScale::Normalized] {
            for memory in [None, momentum(0.9, false), momentum(0.7, true)] {
                compare(&two_layers, Way::Gradient(memory), &constant(scale, 2e-3), 1000);
            }
            compare(&two_layers, Way::CD, &constant(scale, 2e-3), 1000);
        }
        if two_layers.has_kink {
            compare(&two_layers, Way::Coordinate { is_two_sided: true }, &constant(StepScale::Normalized, 5e-3), 1000);
        }
        compare(&two_layers, Way::Sign, &constant(StepScale::Normalized, 2e-3), 1000);
        compare(&two_layers, Way::Sign, &constant(StepScale::DualNorm, 1e-5), 1000);
        let three_layers = drawn(100 + seed, 3, 3..25);
        compare(&three_layers, Way::Gradient(None), &constant(StepScale::DualNorm, 2e-3), 1000);
        compare(&three_layers, Way::Gradient(None), &constant(StepScale::Normalized, 2e-3), 1000);
    }
}

/// Samples of which the first and its duplicate have no gradient, so that their weights stay the heaviest, at q = 0: active in no ReLU unit, or, with
/// leaky units, without inputs.
fn with_unseen(seed: u64) -> Drawn {
    let rng = &mut Streams::new(seed).stream("unseen");
    let (n, d, width) = (8, 12, 5);
    let all = data(rng, n, d, 0.0);
    let is_leaky = seed % 3 == 2;
    let mut inputs = all.inputs().to_owned();
    for i in [0, n - 1] {
        inputs.row_mut(i).fill(0.0);
        inputs[(i, 1)] = if is_leaky { 0.0 } else { -1e-3 };
    }
    let activation = if is_leaky { Activation::LeakyRelu { slope: 0.1 } } else { Activation::Relu };
    let model = Mlp::new(d, &[width], 1, activation).unwrap();
    let mut theta: Vec<f64> = (0..width * (d + 1)).map(|_| entry(rng)).collect();
    if !is_leaky {
        (0..width).for_each(|j| theta[j * d + 1] = 100.0);
    }
    let data = Dataset::new(inputs, all.labels().clone()).unwrap();
    Drawn { model, data, theta, loss: Box::new(Exponential::sum()), has_kink: true }
}

#[test]
fn samples_that_no_unit_sees_hide_no_other() {
    let mut lightest = [0.0_f64; 2];
    for seed in 0..10 {
        let drawn = with_unseen(seed);
        let signs = compare(&drawn, Way::Sign, &constant(StepScale::Normalized, 0.02), 1500);
        lightest[0] = lightest[0].min(signs);
        for is_two_sided in [false, true] {
            let way = Way::Coordinate { is_two_sided };
            lightest[1] = lightest[1].min(compare(&drawn, way, &constant(StepScale::Normalized, 0.1), 1500));
        }
    }
    assert!(lightest.iter().all(|&ln| ln < -1000.0), "{lightest:?}");
}

#[test]
fn a_map_that_sees_the_leading_part_sees_what_all_bands_make_of_it() {
    let descent = Way::Gradient(None);
    // points at which the heaviest band ends near the samples that are seen, and points far below
    let (mut n_near_the_end, mut n_below) = (0, 0);
    for seed in 0..10 {
        let mut drawn = with_unseen(seed);
        for _ in 0..1200 {
            let mut all_bands = dense(&drawn, Way::Sign, &drawn.theta);
            let largest = all_bands.gradient().max_abs().ln();
            let expected = all_bands.gradient().euclidean_norm().ln();
            let leading = dense(&drawn, descent, &drawn.theta).evaluate().dual_norm.ln();
            let (gram, mut greedy) = (descent.fast(&drawn).evaluate().dual_norm.ln(), Way::CD.fast(&drawn));
            let coordinate = greedy.evaluate().dual_norm.ln();
            for (found, expected) in [(leading, expected), (gram, expected), (coordinate, largest)] {
                let is_close = (found - expected).abs() <= 1e-10 * expected.abs().max(1.0);
                assert!(
                    is_close,
                    "seed {seed}: {found} {expected} of {leading} {gram} {coordinate}, largest {largest}"
                );
            }
            n_near_the_end += usize::from((-600.0..-560.0).contains(&expected) && greedy.evaluate().n_bands > 1);
            n_below += usize::from(expected < -1000.0);
            greedy.advance(0.1);
            let theta = greedy.theta().to_vec();
            drop(greedy);
            drawn.theta = theta;
        }
    }
    assert!(n_near_the_end > 10 && n_below > 10, "{n_near_the_end} {n_below}");
}

#[cfg(feature = "linalg")]
#[test]
fn on_the_small_side_rounding_explains_what_is_apart() {
    use crate::{ShampooForm, ShampooSpec};
    use steepest_norms::{Join, SchattenSpec};
    let steepest = |norm: NormSpec, beta: Option<f64>| {
        let momentum = beta.map(|beta| MomentumSpec { beta, dampening: true, nesterov: false });
        (OptimizerSpec::Steepest(SteepestSpec { norm: norm.clone(), momentum }), norm)
    };
    let named = |name| NormSpec::named(name).unwrap();
    let schatten = NormSpec::Schatten(SchattenSpec { p: 3.0, join: Join::Max, weights: None });
    let shampoo = |form| (OptimizerSpec::Shampoo(ShampooSpec { form, eps: 1e-2 }), named("spectral"));
    for (spec, norm) in [
        steepest(named("l2"), None),
        steepest(named("spectral"), None),
        steepest(named("spectral"), Some(0.9)),
        steepest(named("nuclear"), None),
        steepest(schatten, None),
        shampoo(ShampooForm::Equation76),
        shampoo(ShampooForm::TorchOptimizer),
    ] {
        for seed in 0..4 {
            let Drawn { model, data, theta, loss, .. } = &drawn(seed, 2 + (seed % 2) as usize, 24..40);
            let layout = HomogeneousModel::layout(model);
            let start = |theta: Vec<f64>| {
                let own: Box<dyn Norm> = norm.build(layout).unwrap();
                Dense::new(model, data, &**loss, spec.build(layout, own), theta).unwrap()
            };
            // each entry moved by one ulp
            let nudged = theta.iter().enumerate().map(|(k, t)| if k % 2 == 0 { t.next_up() } else { t.next_down() });
            let (mut dense, mut other) = (start(theta.clone()), start(nudged.collect()));
            let problem = SmallProblem::new(model, data).unwrap();
            let small = spec.build(problem.layout(), norm.build(problem.layout()).unwrap());
            let mut fast = SmallSide::new(&problem, &**loss, small, theta.clone()).unwrap();
            for step in 0..1000 {
                for dynamics in [&mut dense as &mut dyn Dynamics, &mut other, &mut fast] {
                    dynamics.evaluate();
                    dynamics.advance(1e-3);
                }
                if step % 50 == 49 {
                    let explained = distance(dense.theta(), other.theta());
                    let apart = distance(dense.theta(), fast.theta());
                    assert!(
                        apart <= f64::max(1e-10, 20.0 * explained),
                        "{spec:?}, seed {seed}, step {step}: {apart:e}, {explained:e}"
                    );
                }
            }
        }
    }
}
