use super::*;
use crate::{Dense, Schedule, SteepestDescent, StepRule, StepScale};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use steepest_core::loss::{CrossEntropy, Exponential, Logistic};
use steepest_core::{Labels, Step, StepLength, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::L2;

fn draw(rng: &mut ChaCha8Rng) -> f64 {
    rng.next_u64() as f64 / u64::MAX as f64 - 0.5
}

/// Samples with a duplicate and a column of zeros.
fn data(n: usize, d: usize, classes: usize) -> Dataset {
    let mut rng = Streams::new((n + 10 * d) as u64).stream("data");
    let mut inputs = Array2::from_shape_simple_fn((n, d), || 3.0 * draw(&mut rng));
    inputs.column_mut(d / 2).fill(0.0);
    let first = inputs.row(0).to_owned();
    inputs.row_mut(n - 1).assign(&first);
    let labels = if classes == 0 {
        Labels::Binary((0..n).map(|i| if (i % (n - 1)).is_multiple_of(2) { 1.0 } else { -1.0 }).collect())
    } else {
        Labels::Classes { classes: (0..n).map(|i| i % (n - 1) % classes).collect(), n_classes: classes }
    };
    Dataset::new(inputs, labels).unwrap()
}

/// A thousand steps of both, from parameters with a dead neuron and a zero output weight.
fn compare(model: &Mlp, data: &Dataset, loss: &dyn Loss, rule: &StepRule) {
    let mut rng = Streams::new(1).stream("init");
    let mut theta: Vec<f64> = (0..model.layout().len()).map(|_| draw(&mut rng)).collect();
    let last = theta.len() - 1;
    theta[last] = 0.0;
    let optimizer = SteepestDescent::new(L2::new(theta.len()));
    assert!(Gram::serves(&optimizer, model));
    let mut dense = Dense::new(model, data, loss, Box::new(optimizer), theta.clone()).unwrap();
    let mut gram = Gram::new(model, data, loss, &theta).unwrap();
    for step in 0..1000 {
        let [a, b] = [dense.evaluate(), gram.evaluate()].map(|at| {
            let Step::Advance(length) = rule.clone().at(step, &at) else { panic!("a constant rule") };
            (at.loss.ln(), at.dual_norm.ln(), at.own_norm.unwrap(), length)
        });
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
        assert!(close(a.0, b.0) && close(a.1, b.1) && close(a.2, b.2), "step {step}: {a:?} {b:?}");
        dense.advance(a.3);
        gram.advance(b.3);
    }
    let size = vector::max_abs(dense.theta());
    for (a, b) in dense.theta().iter().zip(gram.theta()) {
        assert!((a - b).abs() <= 1e-10 * size, "{a} {b}");
    }
}

fn rule(scale: StepScale, size: f64) -> StepRule {
    StepRule::new(scale, Schedule::Constant { size })
}

#[test]
fn a_thousand_steps_are_those_of_the_dense_dynamics() {
    let net = |d, hidden: &[usize], k, activation| Mlp::new(d, hidden, k, activation).unwrap();
    for (n, d) in [(8, 20), (20, 6)] {
        let leaky = Activation::LeakyRelu { slope: 0.2 };
        compare(&net(d, &[7], 1, leaky), &data(n, d, 0), &Logistic::sum(), &rule(StepScale::DualNorm, 1e-2));
        let relu = net(d, &[9, 5], 1, Activation::Relu);
        compare(&relu, &data(n, d, 0), &Exponential::mean(), &rule(StepScale::DualNorm, 1e-2));
        compare(&net(d, &[6], 3, leaky), &data(n, d, 3), &CrossEntropy::sum(), &rule(StepScale::DualNorm, 1e-3));
    }
}

#[test]
fn far_below_underflow_it_goes_on() {
    let (model, data) = (Mlp::new(20, &[7], 1, Activation::Identity).unwrap(), data(6, 20, 0));
    let (loss, theta) = (Exponential::sum(), vec![0.1; 7 * 21]);
    let mut gram = Gram::new(&model, &data, &loss, &theta).unwrap();
    let mut n_bands = 0;
    for _ in 0..3000 {
        n_bands = n_bands.max(gram.evaluate().n_bands);
        gram.advance(2.0);
    }
    assert!(gram.evaluate().loss.ln() < -1000.0 && n_bands > 1, "{:?} {n_bands}", gram.evaluate().loss);
}

#[test]
fn it_goes_on_from_a_saved_state_bit_by_bit() {
    let (model, data, loss) = (Mlp::new(12, &[5], 1, Activation::Relu).unwrap(), data(7, 12, 0), Logistic::sum());
    let theta: Vec<f64> = (0..65).map(|k| f64::from(k % 7) / 7.0 - 0.4).collect();
    let mut through = Gram::new(&model, &data, &loss, &theta).unwrap();
    let mut state = SavedState::default();
    for step in 0..1100 {
        if step == 700 {
            through.save(&mut state);
        }
        through.advance(0.01);
    }
    let mut resumed = Gram::new(&model, &data, &loss, &theta).unwrap();
    resumed.restore(&state).unwrap();
    (700..1100).for_each(|_| {
        resumed.advance(0.01);
    });
    assert_eq!(through.theta(), resumed.theta());
}

#[test]
fn a_frozen_first_layer_is_refused() {
    let model = Mlp::new(4, &[3], 1, Activation::Relu).unwrap().with_frozen([(1, Array2::ones((3, 4)))]).unwrap();
    assert!(Gram::new(&model, &data(5, 4, 0), &Logistic::sum(), &[0.1; 3]).is_err());
}
