use super::*;
use crate::{Dense, MomentumDescent, MomentumSpec, Schedule, SteepestDescent, StepRule, StepScale};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use steepest_core::loss::{CrossEntropy, Exponential, Logistic};
use steepest_core::{Labels, Step, StepLength, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::{L2, NormSpec};

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
fn compare(model: &Mlp, data: &Dataset, loss: &dyn Loss, rule: &StepRule, momentum: Option<MomentumSpec>) {
    let mut rng = Streams::new(1).stream("init");
    let mut theta: Vec<f64> = (0..model.layout().len()).map(|_| draw(&mut rng)).collect();
    let last = theta.len() - 1;
    theta[last] = 0.0;
    let norm = L2::new(theta.len());
    let optimizer: Box<dyn Optimizer> = match momentum {
        None => Box::new(SteepestDescent::new(norm)),
        Some(momentum) => Box::new(MomentumDescent::new(norm, momentum)),
    };
    assert!(Gram::serves(&*optimizer, model));
    let mut gram = Gram::new(model, data, loss, &theta).unwrap().with_momentum(optimizer.momentum());
    let mut dense = Dense::new(model, data, loss, optimizer, theta.clone()).unwrap();
    for step in 0..1000 {
        let [a, b] = [dense.evaluate(), gram.evaluate()].map(|at| {
            let Step::Advance(length) = rule.clone().at(step, &at) else { panic!("a constant rule") };
            (at.loss.ln(), at.dual_norm.ln(), at.own_norm.unwrap(), length)
        });
        let gradients = (dense.gradient_dual_norm().ln(), gram.gradient_dual_norm().ln());
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
        assert!(
            close(a.0, b.0) && close(a.1, b.1) && close(a.2, b.2) && close(gradients.0, gradients.1),
            "step {step}: {a:?} {b:?}"
        );
        if step % 100 == 7 {
            compare_norms(model, data.n_features(), dense.theta(), &mut gram);
        }
        dense.advance(a.3);
        gram.advance(b.3);
    }
    let size = vector::max_abs(dense.theta());
    for (a, b) in dense.theta().iter().zip(gram.theta()) {
        assert!((a - b).abs() <= 1e-10 * size, "{a} {b}");
    }
}

/// The norms that are known without theta are those of theta.
fn compare_norms(model: &Mlp, d: usize, theta: &[f64], gram: &mut Gram<'_>) {
    let known = |gram: &mut Gram<'_>, name: &str| {
        let norm = NormSpec::named(name).unwrap().build(model.layout()).unwrap();
        let known = gram.norm_named(name)?;
        assert!((known / norm.value(theta) - 1.0).abs() < 1e-9, "{name}: {known} of {}", norm.value(theta));
        Some(known)
    };
    assert!(known(gram, "l2").is_some() && known(gram, "l1").is_none() && known(gram, "linf").is_none());
    let is_wide = model.linear_first_layer().unwrap().width() <= d;
    assert_eq!(known(gram, "spectral").is_some(), is_wide);
}

#[test]
fn where_w_has_all_but_vanished_its_spectral_norm_is_that_of_theta() {
    let (model, data) = (Mlp::new(20, &[3], 1, Activation::Identity).unwrap(), data(6, 20, 0));
    // in the span of the data, so that it can be taken back
    let from = data.inputs().slice(s![..3, ..]).to_owned();
    let theta: Vec<f64> = from.iter().copied().chain([1.0; 3]).collect();
    let loss = Logistic::sum();
    let mut gram = Gram::new(&model, &data, &loss, &theta).unwrap();
    assert!(gram.norm(NormKind::MaxSpectral).is_some());
    for (left, is_known) in [(0.6, true), (0.4, false), (1e-9, false)] {
        (0..3).for_each(|j| gram.a[(j, j)] = left - 1.0);
        gram.refresh_pre_activations();
        gram.formed.1 = false;
        let known = gram.norm(NormKind::MaxSpectral);
        assert_eq!(known.is_some(), is_known, "{left}");
        let norm = NormSpec::named("spectral").unwrap().build(model.layout()).unwrap();
        let value = norm.value(gram.theta());
        assert!(known.is_none_or(|known| (known / value - 1.0).abs() < 1e-13), "{left}: {known:?} of {value}");
    }
}

#[test]
fn a_thousand_steps_are_those_of_the_dense_dynamics() {
    let net = |d, hidden: &[usize], k, activation| Mlp::new(d, hidden, k, activation).unwrap();
    for (n, d) in [(8, 20), (20, 6)] {
        let leaky = Activation::LeakyRelu { slope: 0.2 };
        let rule = |size| StepRule::new(StepScale::DualNorm, Schedule::Constant { size });
        let heavy = |beta, dampening, nesterov| Some(MomentumSpec { beta, dampening, nesterov });
        for momentum in [None, heavy(0.9, true, false), heavy(0.8, false, true)] {
            compare(&net(d, &[7], 1, leaky), &data(n, d, 0), &Logistic::sum(), &rule(1e-2), momentum);
            compare(&net(d, &[6], 3, leaky), &data(n, d, 3), &CrossEntropy::sum(), &rule(1e-3), momentum);
        }
        let relu = net(d, &[9, 5], 1, Activation::Relu);
        compare(&relu, &data(n, d, 0), &Exponential::mean(), &rule(1e-2), None);
        compare(&relu, &data(n, d, 0), &Exponential::mean(), &rule(1e-2), heavy(0.5, false, false));
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
    for momentum in [None, Some(false), Some(true)] {
        let momentum = momentum.map(|looks_ahead| Momentum { decay: 0.9, weight: 0.1, looks_ahead });
        let start = || Gram::new(&model, &data, &loss, &theta).unwrap().with_momentum(momentum);
        let (mut through, mut state) = (start(), SavedState::default());
        for step in 0..1100 {
            if step == 700 {
                through.save(&mut state);
            }
            through.advance(0.01);
        }
        let mut resumed = start();
        resumed.restore(&state).unwrap();
        (700..1100).for_each(|_| {
            resumed.advance(0.01);
        });
        assert_eq!(through.theta(), resumed.theta());
        let norms = [&mut through, &mut resumed].map(|gram| gram.evaluate().own_norm.unwrap().to_bits());
        assert_eq!(norms[0], norms[1]);
    }
}

#[test]
fn the_carried_norm_keeps_its_digits_where_theta_shrinks() {
    let signs = Labels::Binary(vec![1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0]);
    let data = Dataset::new(Array2::eye(12), signs).unwrap();
    let (model, loss) = (Mlp::new(12, &[5], 1, Activation::Identity).unwrap(), Exponential::sum());
    let theta: Vec<f64> = (0..65).map(|k| if k < 60 { 0.0 } else { 1.0 }).collect();
    // far out the gradient is nothing beside its momentum, so that all steps are along one line
    let momentum = Momentum { decay: 0.999, weight: 1.0, looks_ahead: false };
    let mut gram = Gram::new(&model, &data, &loss, &theta).unwrap().with_momentum(Some(momentum));
    let mut length = 1e6;
    gram.advance(length);
    while length > 50.0 {
        length *= 0.5;
        gram.advance(-length);
        let (carried, formed) = (gram.own_norm(), vector::euclidean_norm(gram.theta()));
        assert!((formed / length - 1.0).abs() < 0.1, "{formed} {length}");
        assert!((carried / formed - 1.0).abs() < 1e-13, "{carried} {formed}");
    }
}

#[test]
fn a_frozen_first_layer_is_refused() {
    let model = Mlp::new(4, &[3], 1, Activation::Relu).unwrap().with_frozen([(1, Array2::ones((3, 4)))]).unwrap();
    assert!(Gram::new(&model, &data(5, 4, 0), &Logistic::sum(), &[0.1; 3]).is_err());
}
