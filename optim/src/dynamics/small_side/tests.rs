use super::*;
use crate::{MomentumSpec, OptimizerSpec, ShampooForm, ShampooSpec, SteepestSpec};
use rand::Rng;
use steepest_core::loss::Logistic;
use steepest_core::{Labels, Norm, Streams};
use steepest_models::{Activation, Mlp};
use steepest_norms::NormSpec;

const N: usize = 9;
const D: usize = 30;

/// Samples with a duplicate and a column of zeros: of rank eight.
fn data() -> Dataset {
    let mut rng = Streams::new(3).stream("data");
    let mut inputs = Array2::from_shape_simple_fn((N, D), || rng.next_u64() as f64 / u64::MAX as f64 - 0.4);
    inputs.column_mut(4).fill(0.0);
    let first = inputs.row(0).to_owned();
    inputs.row_mut(N - 1).assign(&first);
    Dataset::new(
        inputs,
        Labels::Binary((0..N).map(|i| if (i % (N - 1)).is_multiple_of(2) { 1.0 } else { -1.0 }).collect()),
    )
    .unwrap()
}

fn model() -> Mlp {
    Mlp::new(D, &[12], 1, Activation::LeakyRelu { slope: 0.1 }).unwrap()
}

fn start() -> Vec<f64> {
    let mut rng = Streams::new(4).stream("init");
    (0..12 * (D + 1)).map(|_| rng.next_u64() as f64 / u64::MAX as f64 - 0.5).collect()
}

/// Every optimiser that it serves, and its step size.
fn optimizers() -> Vec<(OptimizerSpec<NormSpec>, &'static str, f64)> {
    let steepest =
        |norm: &str, momentum| OptimizerSpec::Steepest(SteepestSpec { norm: NormSpec::named(norm).unwrap(), momentum });
    let momentum = |nesterov| Some(MomentumSpec { beta: 0.9, dampening: true, nesterov });
    let shampoo = |form| OptimizerSpec::Shampoo(ShampooSpec { form, eps: 1e-3 });
    vec![
        (steepest("l2", None), "l2", 0.02),
        (steepest("l2", momentum(false)), "l2", 0.02),
        (steepest("l2", momentum(true)), "l2", 0.02),
        (steepest("nuclear", None), "nuclear", 0.02),
        (steepest("spectral", None), "spectral", 2e-3),
        (steepest("spectral", momentum(false)), "spectral", 2e-3),
        (shampoo(ShampooForm::Equation76), "spectral", 1e-2),
        (shampoo(ShampooForm::TorchOptimizer), "spectral", 1e-2),
    ]
}

#[test]
fn steps_are_those_of_the_dense_dynamics() {
    let (model, data, loss, theta) = (model(), data(), Logistic::sum(), start());
    let problem = SmallProblem::new(&model, &data).unwrap();
    assert_eq!(problem.rank(), N - 1);
    for (spec, norm, size) in optimizers() {
        let norm_of = |layout: &ParameterLayout| NormSpec::named(norm).unwrap().build(layout).unwrap();
        let layout = model.layout();
        let dense = spec.build(layout, norm_of(layout));
        let small = spec.build(problem.layout(), norm_of(problem.layout()));
        let mut dense = Dense::new(&model, &data, &loss, dense, theta.clone()).unwrap();
        let mut fast = SmallSide::new(&problem, &loss, small, theta.clone()).unwrap();
        for step in 0..300 {
            let (a, b) = (dense.evaluate(), fast.evaluate());
            assert!((a.dual_norm.ln() - b.dual_norm.ln()).abs() < 1e-8, "{norm}: dual norm at {step}");
            assert!((a.loss.ln() - b.loss.ln()).abs() < 1e-8, "{norm}: loss at {step}");
            if let Some(own) = b.own_norm {
                assert!((own / a.own_norm.unwrap() - 1.0).abs() < 1e-12, "{norm}: own norm");
            }
            dense.advance(size);
            fast.advance(size);
        }
        let l2 = steepest_norms::L2::new(theta.len()).value(dense.theta());
        assert!((fast.norm(NormKind::L2).unwrap() / l2 - 1.0).abs() < 1e-10, "{norm}");
        let spectral = NormSpec::named("spectral").unwrap().build(layout).unwrap().value(dense.theta());
        assert!((fast.norm_named("spectral").unwrap() / spectral - 1.0).abs() < 1e-10, "{norm}");
        assert!(fast.norm(NormKind::L1).is_none() && fast.norm(NormKind::Linf).is_none());
        let scale = vector::max_abs(dense.theta());
        for (k, (a, b)) in dense.theta().iter().zip(fast.theta()).enumerate() {
            assert!((a - b).abs() < 1e-9 * scale, "{norm}: entry {k}: {a} {b}");
        }
    }
}

#[test]
fn the_basis_is_orthonormal_whatever_the_condition() {
    let mut x = data().inputs().to_owned();
    for (i, mut row) in x.rows_mut().into_iter().enumerate() {
        row *= 10f64.powi(-(i as i32));
    }
    let q = basis(x.view()).unwrap();
    // the smallest rows are beyond what the basis knows: then there is no small problem
    let labels = data().labels().clone();
    assert!(SmallProblem::new(&model(), &Dataset::new(x, labels).unwrap()).is_none());
    let product = q.dot(&q.t());
    for ((i, j), v) in product.indexed_iter() {
        assert!((v - f64::from(u8::from(i == j))).abs() < 1e-13, "{i} {j} {v}");
    }
}

#[test]
fn it_goes_on_from_a_saved_state_bit_by_bit() {
    let (model, data, loss, theta) = (model(), data(), Logistic::sum(), start());
    let problem = SmallProblem::new(&model, &data).unwrap();
    for (spec, norm, size) in optimizers() {
        let build = || {
            let norm = NormSpec::named(norm).unwrap().build(problem.layout()).unwrap();
            SmallSide::new(&problem, &loss, spec.build(problem.layout(), norm), theta.clone()).unwrap()
        };
        let (mut through, mut resumed, mut state) = (build(), build(), SavedState::default());
        for step in 0..30 {
            if step == 17 {
                through.save(&mut state);
            }
            through.advance(size);
        }
        resumed.restore(&state).unwrap();
        (17..30).for_each(|_| {
            resumed.advance(size);
        });
        assert_eq!(through.theta(), resumed.theta(), "{norm}");
    }
}

#[test]
fn what_it_does_not_serve_is_refused() {
    let (model, data, loss) = (model(), data(), Logistic::sum());
    let problem = SmallProblem::new(&model, &data).unwrap();
    let norm = NormSpec::named("linf").unwrap().build(problem.layout()).unwrap();
    let spec = OptimizerSpec::Steepest(SteepestSpec { norm: NormSpec::named("linf").unwrap(), momentum: None });
    let refused = SmallSide::new(&problem, &loss, spec.build(problem.layout(), norm), start());
    assert!(refused.unwrap_err().to_string().contains("rotations"));
    // too many samples for their inputs, and a frozen first layer
    assert!(SmallProblem::new(&Mlp::new(4, &[3], 1, Activation::Relu).unwrap(), &many()).is_none());
    let frozen = model.with_frozen([(1, Array2::ones((12, D)))]).unwrap();
    assert!(SmallProblem::new(&frozen, &data).is_none());
}

fn many() -> Dataset {
    let inputs = Array2::from_shape_fn((5, 4), |(i, k)| (i + 2 * k) as f64);
    Dataset::new(inputs, Labels::Binary(vec![1.0, -1.0, 1.0, -1.0, 1.0])).unwrap()
}
