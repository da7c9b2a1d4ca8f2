use super::*;
use crate::{Dense, MomentumDescent, MomentumSpec, Schedule, SteepestDescent, StepRule, StepScale};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use steepest_core::loss::{CrossEntropy, Exponential, Logistic, SinglePrecisionWeights};
use steepest_core::{Step, StepLength, Streams, vector};
use steepest_models::{Activation, Mlp};
use steepest_norms::{L2, Linf};

fn draw(rng: &mut ChaCha8Rng) -> f64 {
    rng.next_u64() as f64 / u64::MAX as f64 - 0.5
}

/// Samples with a duplicate and a column of zeros; this share of the other entries is zero too.
fn data(n: usize, d: usize, share_of_zeros: f64) -> Dataset {
    let mut rng = Streams::new((n + 10 * d) as u64).stream("data");
    let mut inputs = Array2::from_shape_simple_fn((n, d), || 3.0 * draw(&mut rng));
    inputs.mapv_inplace(|x| if draw(&mut rng) + 0.5 < share_of_zeros { 0.0 } else { x });
    inputs.column_mut(d / 2).fill(0.0);
    let first = inputs.row(0).to_owned();
    inputs.row_mut(n - 1).assign(&first);
    let labels = (0..n).map(|i| if (i % (n - 1)).is_multiple_of(2) { 1.0 } else { -1.0 }).collect();
    Dataset::new(inputs, Labels::Binary(labels)).unwrap()
}

/// Two layers from d inputs, and parameters; unit 0 dies where the inputs allow it, and the last output weight is zero.
fn network(data: &Dataset, width: usize, activation: Activation, is_frozen: bool) -> (Mlp, Vec<f64>) {
    let d = data.n_features();
    let mut rng = Streams::new(1).stream("init");
    let mut w: Vec<f64> = (0..width * d).map(|_| draw(&mut rng)).collect();
    let mut u: Vec<f64> = (0..width).map(|_| draw(&mut rng)).collect();
    u[width - 1] = 0.0;
    let mean = data.inputs().mean_axis(ndarray::Axis(0)).unwrap();
    w.iter_mut().zip(&mean).for_each(|(w, x)| *w = -100.0 * x);
    let model = Mlp::new(d, &[width], 1, activation).unwrap();
    if is_frozen {
        return (model.with_frozen([(2, Array2::from_shape_vec((1, width), u).unwrap())]).unwrap(), w);
    }
    w.extend(u);
    (model, w)
}

fn dense<'a>(model: &'a Mlp, data: &'a Dataset, loss: &'a dyn Loss, theta: &[f64]) -> Dense<'a> {
    let optimizer = SteepestDescent::new(Linf::new(theta.len()));
    assert!(Sign::serves(&optimizer, model, loss));
    Dense::new(model, data, loss, Box::new(optimizer), theta.to_vec()).unwrap()
}

/// Steps of both side by side: loss, dual norm, and every sign.
fn compare(problem: (&Mlp, &Dataset, &dyn Loss), theta: &[f64], steps: u64, rule: &StepRule) -> Tally {
    let (model, data, loss) = problem;
    let mut dense = dense(model, data, loss, theta);
    let mut sign = Sign::new(model, data, loss, theta).unwrap();
    let mut before = theta.to_vec();
    for step in 0..steps {
        let [a, b] = [dense.evaluate(), sign.evaluate()].map(|at| {
            let Step::Advance(length) = rule.clone().at(step, &at) else { panic!("a rule that never goes back") };
            (at.loss.ln(), at.dual_norm.ln(), at.n_bands, length)
        });
        let close = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a - b).abs() <= 1e-9 * a.abs().max(1.0);
        assert!(close(a.0, b.0) && close(a.1, b.1) && a.2 == b.2, "step {step}: {a:?} {b:?}");
        assert_eq!(dense.advance(a.3), sign.advance(b.3), "step {step}");
        let size = vector::max_abs(dense.theta());
        for (k, ((a, b), before)) in dense.theta().iter().zip(sign.theta()).zip(&before).enumerate() {
            // a whole step apart is a sign; what rounding leaves is far less
            assert!((a - b).abs() <= 1e-10 * size, "step {step}, entry {k}: {} {}", a - before, b - before);
        }
        before.copy_from_slice(dense.theta());
    }
    sign.tally
}

fn constant(scale: StepScale, size: f64) -> StepRule {
    StepRule::new(scale, Schedule::Constant { size })
}

#[test]
fn a_thousand_steps_are_those_of_the_dense_dynamics() {
    let normalized = constant(StepScale::Normalized, 3e-3);
    let falling = StepRule::new(StepScale::Normalized, Schedule::Power { size: 0.05, exponent: 0.5 });
    let eq_1 = constant(StepScale::DualNorm, 1e-4);
    let relu = Activation::Relu;
    let leaky = |slope| Activation::LeakyRelu { slope };
    let (sum, mean, logistic) = (Exponential::sum(), Exponential::mean(), Logistic::sum());
    for (n, d) in [(8, 20), (20, 6)] {
        for (activation, loss, rule, zeros, is_frozen) in [
            (relu, &sum as &dyn Loss, &normalized, 0.0, false),
            (relu, &mean, &falling, 0.0, false),
            (relu, &logistic, &eq_1, 0.0, false),
            (relu, &sum, &normalized, 0.0, true),
            (relu, &sum, &normalized, 0.7, false),
            (relu, &logistic, &falling, 0.7, true),
            (leaky(0.3), &sum, &normalized, 0.0, false),
            (leaky(-0.5), &sum, &falling, 0.3, false),
            (leaky(2.0), &logistic, &normalized, 0.7, false),
            (Activation::Identity, &sum, &normalized, 0.3, false),
            (Activation::Identity, &mean, &eq_1, 0.0, true),
        ] {
            let data = data(n, d, zeros);
            let (model, theta) = network(&data, 9, activation, is_frozen);
            let tally = compare((&model, &data, loss), &theta, 1000, rule);
            println!("{n} {d} {activation:?} {zeros} {is_frozen} {tally:?}");
        }
    }
}
