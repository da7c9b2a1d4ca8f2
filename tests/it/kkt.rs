use crate::workshop::{Workshop, root};
use approx::assert_relative_eq;
use ndarray::Array2;
use steepest_core::loss::{CrossEntropy, Exponential, Logistic, PowerTail, Reduction, Tailed};
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Kkt, Labels, Loss, Norm, Rows, logspace, margin};
use steepest_data::trajectory::Trajectory;
use steepest_models::{Activation, Linear, Mlp};
use steepest_norms::NormSpec;
use steepest_optim::{Dense, MomentumDescent, MomentumSpec, OptimizerSpec, ShampooForm, ShampooSpec, SteepestDescent};

/// A random problem that theta solves: the labels are the model's own answers.
struct Problem {
    model: Box<dyn HomogeneousModel>,
    data: Dataset,
    theta: Vec<f64>,
}

const N: usize = 9;
const D: usize = 4;

/// Numbers in -1 .. 1 from the multiplier of Knuth's MMIX.
fn random(state: &mut u64, len: usize) -> Vec<f64> {
    let mut next = || {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// Linear, and networks of degree 2 and 3, with one output or three; theta scaled so that the smallest margin is `q_min`.
fn problems(seed: u64, q_min: f64) -> Vec<Problem> {
    let leaky = Activation::LeakyRelu { slope: 0.1 };
    let square = Activation::ReluPower { power: 2 };
    let mut state = seed + 1;
    let mut all = Vec::new();
    for k in [1, 3] {
        all.push(solved(Box::new(Linear::new(D, k).unwrap()), q_min, &mut state));
        all.push(solved(Box::new(Mlp::new(D, &[8], k, leaky).unwrap()), q_min, &mut state));
        all.push(solved(Box::new(Mlp::new(D, &[8], k, square).unwrap()), q_min, &mut state));
    }
    all
}

/// Draws until no sample is undecided.
fn solved(model: Box<dyn HomogeneousModel>, q_min: f64, state: &mut u64) -> Problem {
    let k = model.n_outputs();
    loop {
        let inputs = Array2::from_shape_vec((N, D), random(state, N * D)).unwrap();
        let mut theta = random(state, model.layout().len());
        let mut f = Array2::zeros((N, k));
        model.forward(&theta, inputs.view(), f.view_mut(), &mut model.workspace(N));
        let labels = if k == 1 {
            Labels::Binary(f.iter().map(|f| f.signum()).collect())
        } else {
            let best = |i: usize| (0..k).max_by(|&a, &b| f[(i, a)].total_cmp(&f[(i, b)])).unwrap();
            Labels::Classes { classes: (0..N).map(best).collect(), n_classes: k }
        };
        let margins = pairs(&labels, k).into_iter().map(|(i, y, rival)| pair_margin(&f, &labels, i, y, rival));
        let smallest = margins.fold(f64::MAX, f64::min);
        if smallest > 1e-2 {
            let scale = (q_min / smallest).powf(f64::from(model.degree().get()).recip());
            theta.iter_mut().for_each(|t| *t *= scale);
            return Problem { data: Dataset::new(inputs, labels).unwrap(), model, theta };
        }
    }
}

/// (sample, label, rival) of each term that has a weight.
fn pairs(labels: &Labels, k: usize) -> Vec<(usize, usize, usize)> {
    match labels {
        Labels::Binary(signs) => (0..signs.len()).map(|i| (i, 0, 0)).collect(),
        Labels::Classes { classes, .. } => {
            let of = |i: usize| (0..k).filter(move |r| *r != classes[i]).map(move |r| (i, classes[i], r));
            (0..classes.len()).flat_map(of).collect()
        }
    }
}

fn pair_margin(f: &Array2<f64>, labels: &Labels, i: usize, y: usize, rival: usize) -> f64 {
    match labels {
        Labels::Binary(signs) => signs[i] * f[(i, 0)],
        Labels::Classes { .. } => f[(i, y)] - f[(i, rival)],
    }
}

fn losses(labels: &Labels, reduction: Reduction) -> Vec<Box<dyn Loss>> {
    let power = |a| Tailed::with(PowerTail::new(a).unwrap(), reduction);
    match labels {
        Labels::Binary(_) => vec![
            Box::new(Exponential::new(reduction)),
            Box::new(Logistic::new(reduction)),
            Box::new(power(0.5)),
            Box::new(power(1.5)),
        ],
        Labels::Classes { .. } => vec![Box::new(CrossEntropy::new(reduction))],
    }
}

const NORMS: [&str; 5] = ["l1", "l2", "linf", "spectral", "nuclear"];

fn build(norm: &str, model: &dyn HomogeneousModel) -> Box<dyn Norm> {
    NormSpec::named(norm).unwrap().build(model.layout()).unwrap()
}

/// The residuals at the problem's theta, and what they are to be compared with.
struct Found {
    kkt: Kkt,
    ln_weights: Vec<f64>,
    norm: f64,
    q_soft: f64,
    loss: steepest_core::LogReal,
}

fn find(problem: &Problem, norm: &str, loss: &dyn Loss) -> Found {
    let own = build(norm, &*problem.model);
    let value = own.value(&problem.theta);
    let optimizer = Box::new(SteepestDescent::new(own));
    let mut dense = Dense::new(&*problem.model, &problem.data, loss, optimizer, problem.theta.clone()).unwrap();
    let at = dense.evaluate();
    Found {
        kkt: Kkt::at(&at, value, loss),
        ln_weights: at.ln_weights.to_vec(),
        norm: value,
        q_soft: loss.soft_margin(at.loss, N),
        loss: at.loss,
    }
}

/// The gradient of each term's margin, and the margin, at any theta.
fn margin_gradients(problem: &Problem, theta: &[f64]) -> Vec<(Vec<f64>, f64)> {
    let (model, labels, k) = (&problem.model, problem.data.labels(), problem.model.n_outputs());
    let (mut work, mut f) = (model.workspace(N), Array2::zeros((N, k)));
    model.forward(theta, problem.data.inputs(), f.view_mut(), &mut work);
    let gradient = |&(i, y, rival): &(usize, usize, usize)| {
        let mut cotangent = Array2::zeros((N, k));
        match labels {
            Labels::Binary(signs) => cotangent[(i, 0)] = signs[i],
            Labels::Classes { .. } => (cotangent[(i, y)], cotangent[(i, rival)]) = (1.0, -1.0),
        }
        let mut h = vec![0.0; theta.len()];
        model.backward(theta, problem.data.inputs(), Rows::All, cotangent.view(), &mut h, &mut work);
        (h, pair_margin(&f, labels, i, y, rival))
    };
    pairs(labels, k).iter().map(gradient).collect()
}

/// sum_t c_t h_t.
fn combine(terms: &[(Vec<f64>, f64)], coefficients: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; terms[0].0.len()];
    for ((h, _), c) in terms.iter().zip(coefficients) {
        sum.iter_mut().zip(h).for_each(|(s, h)| *s += c * h);
    }
    sum
}

/// The identities of the theory, each side by itself, in plain numbers.
fn check_identities(problem: &Problem, name: &str, loss: &dyn Loss) {
    let (model, norm) = (&problem.model, build(name, &*problem.model));
    let degree = f64::from(model.degree().get());
    let Found { kkt, ln_weights, norm: value, q_soft, .. } = find(problem, name, loss);
    let what = format!("{name} {loss:?} degree {degree}");
    let here = margin_gradients(problem, &problem.theta);
    let ln_weights: Vec<f64> = ln_weights.into_iter().filter(|w| *w > f64::NEG_INFINITY).collect();
    assert_eq!(ln_weights.len(), here.len());
    let weights: Vec<f64> = ln_weights.iter().map(|w| logspace::exp(*w)).collect();
    let minus_g = combine(&here, &weights);
    let dual = norm.dual((&minus_g[..]).into()).value();
    let inner: f64 = problem.theta.iter().zip(&minus_g).map(|(t, g)| t * g).sum();
    assert_relative_eq!(kkt.alignment(), inner / (value * dual), max_relative = 1e-9);
    assert!(kkt.alignment() <= 1.0 + 1e-12, "{what}");

    let q_min = here.iter().map(|(_, q)| *q).fold(f64::MAX, f64::min);
    let tilde: Vec<f64> = problem.theta.iter().map(|t| t / q_min.powf(degree.recip())).collect();
    let there = margin_gradients(problem, &tilde);
    let lambda: Vec<f64> = ln_weights.iter().map(|w| kkt.multiplier(*w).value()).collect();
    let v = combine(&there, &lambda);
    let n_tilde = norm.value(&tilde);
    assert_relative_eq!(kkt.squared_norm(), n_tilde * n_tilde, max_relative = 1e-9);
    assert_relative_eq!(norm.dual((&v[..]).into()).value(), n_tilde, max_relative = 1e-9);
    let scale = n_tilde * n_tilde;
    let gap = norm.fenchel_young_gap(&tilde, &v);
    assert!((kkt.fenchel_young() - gap).abs() <= 1e-9 * scale, "{what}: FY {} against {gap}", kkt.fenchel_young());
    let delta: f64 = lambda.iter().zip(&there).map(|(l, (_, q))| l * (q - 1.0)).sum();
    assert!((kkt.slackness() - delta).abs() <= 1e-9 * scale, "{what}: delta {} against {delta}", kkt.slackness());
    // Euler: L sum lambda q~ = a N(theta~)^2
    let euler: f64 = degree * lambda.iter().zip(&there).map(|(l, (_, q))| l * q).sum::<f64>();
    assert_relative_eq!(euler, kkt.alignment() * scale, max_relative = 1e-9);
    let dual_of_sum = dual * loss.reduction().divisor(N).value();
    let beta = value * dual_of_sum / (degree * logspace::exp(loss.ln_weight(q_soft)) * q_soft);
    if q_soft > 0.0 {
        assert_relative_eq!(kkt.beta(), beta, max_relative = 1e-9);
    }
    assert_relative_eq!(kkt.margin_bound(), dual / weights.iter().sum::<f64>(), max_relative = 1e-9);
}

#[test]
fn residuals_are_the_sums_that_define_them() {
    for seed in 0..4 {
        for (problem, name) in problems(seed, 3.0).iter().flat_map(|p| NORMS.map(|n| (p, n))) {
            for reduction in [Reduction::Sum, Reduction::Mean] {
                losses(problem.data.labels(), reduction).iter().for_each(|l| check_identities(problem, name, &**l));
            }
        }
    }
}

/// Once the sum of losses is below l(0): l^-1(n l(q_min)) <= q_soft <= q_min, the bound on the slackness, and beta >= 1/a >= 1.
#[test]
fn the_theory_holds_once_the_loss_is_below_its_value_at_zero() {
    let mut n_checked = 0;
    for (seed, q_min) in [0.5, 2.0, 4.0, 8.0, 50.0, 1e3, 1e6].into_iter().enumerate() {
        for (problem, name) in problems(seed as u64, q_min).iter().flat_map(|p| NORMS.map(|n| (p, n))) {
            for loss in losses(problem.data.labels(), Reduction::Sum) {
                let Found { kkt, q_soft, loss: value, .. } = find(problem, name, &*loss);
                let least = loss.least_soft_margin(q_min, N, problem.model.n_outputs());
                assert!(least <= q_soft + 1e-11 * q_min && q_soft <= q_min * (1.0 + 1e-11), "{least} {q_soft} {q_min}");
                if value < loss.theory_threshold(N) {
                    n_checked += 1;
                    let what = format!("{name} {loss:?} q_min {q_min}: {kkt:?}");
                    let (delta, bound) = (kkt.slackness(), kkt.slackness_bound().unwrap());
                    assert!((0.0..=bound).contains(&delta), "{what}: {delta} {bound}");
                    // a polar factor leaves out singular values below 1e-10 of the first; a logarithm is known to a rounding
                    let tolerance = 1e-9 + 4e-15 * value.ln().abs();
                    assert!(
                        kkt.beta() * kkt.alignment() >= 1.0 - tolerance && kkt.alignment() <= 1.0 + tolerance,
                        "{what}"
                    );
                    let all = [kkt.alignment(), kkt.fenchel_young(), delta, bound, kkt.beta(), kkt.margin_bound()];
                    assert!(all.iter().all(|v| v.is_finite()), "{what}: {all:?}");
                }
            }
        }
    }
    assert!(n_checked > 300, "{n_checked}");
}

/// (64): delta <= m gamma^(-2/L) / (e L ln(1 / loss)) for the exponential loss, which the general bound does not exceed.
#[test]
fn the_bound_of_the_exponential_loss_is_within_that_of_the_paper() {
    for (problem, name) in
        problems(11, 5.0).iter().filter(|p| p.model.n_outputs() == 1).flat_map(|p| NORMS.map(|n| (p, n)))
    {
        let Found { kkt, norm, q_soft, .. } = find(problem, name, &Exponential::sum());
        let degree = problem.model.degree().get();
        let gamma = margin::geometric(5.0, norm, degree);
        let paper =
            N as f64 * gamma.powf(-2.0 / f64::from(degree)) / (std::f64::consts::E * f64::from(degree) * q_soft);
        assert!(kkt.slackness_bound().unwrap() <= paper * (1.0 + 1e-12), "{name}");
    }
}

#[test]
fn a_mean_has_the_residuals_of_the_sum() {
    for (problem, name) in problems(5, 4.0).iter().flat_map(|p| NORMS.map(|n| (p, n))) {
        let of = |reduction| {
            losses(problem.data.labels(), reduction).into_iter().map(|l| find(problem, name, &*l)).collect()
        };
        let (sums, means): (Vec<Found>, Vec<Found>) = (of(Reduction::Sum), of(Reduction::Mean));
        for (Found { kkt: sum, ln_weights: w, .. }, Found { kkt: mean, ln_weights: v, .. }) in sums.iter().zip(&means) {
            assert_relative_eq!(sum.alignment(), mean.alignment(), max_relative = 1e-12);
            assert_relative_eq!(sum.slackness(), mean.slackness(), max_relative = 1e-12);
            assert_relative_eq!(sum.beta(), mean.beta(), max_relative = 1e-12);
            assert_relative_eq!(sum.slackness_bound().unwrap(), mean.slackness_bound().unwrap(), max_relative = 1e-12);
            assert_relative_eq!(sum.margin_bound(), mean.margin_bound(), max_relative = 1e-12);
            let t = usize::from(w[0] == f64::NEG_INFINITY);
            assert_relative_eq!(
                sum.multiplier(w[t]).ln(),
                mean.multiplier(v[t]).ln(),
                max_relative = 1e-12,
                epsilon = 1e-12
            );
        }
    }
}

/// With momentum the direction comes from the memory, but the residuals speak of the gradient itself.
#[test]
fn momentum_does_not_hide_the_gradient() {
    let problem = &problems(3, 2.0)[1];
    let (loss, momentum) = (Logistic::sum(), MomentumSpec { beta: 0.9, dampening: true, nesterov: false });
    let optimizer = Box::new(MomentumDescent::new(build("linf", &*problem.model), momentum));
    let mut dense = Dense::new(&*problem.model, &problem.data, &loss, optimizer, problem.theta.clone()).unwrap();
    for _ in 0..5 {
        dense.evaluate();
        dense.advance(0.01);
    }
    let own = build("linf", &*problem.model);
    let expected = own.dual(dense.gradient());
    assert_eq!(dense.gradient_dual_norm(), expected);
    assert!((dense.evaluate().dual_norm.ln() - expected.ln()).abs() > 1e-3);
}

/// Shampoo's steps ask for no dual norm, and its residuals have the own norm's.
#[test]
fn a_dual_norm_that_no_step_asks_for_is_that_of_the_gradient() {
    let problem = &problems(3, 2.0)[1];
    let (loss, own) = (Logistic::sum(), build("spectral", &*problem.model));
    let spec = OptimizerSpec::<NormSpec>::Shampoo(ShampooSpec { form: ShampooForm::Equation76, eps: 1e-3 });
    let optimizer = spec.build(problem.model.layout(), build("spectral", &*problem.model));
    let mut dense = Dense::new(&*problem.model, &problem.data, &loss, optimizer, problem.theta.clone()).unwrap();
    for _ in 0..3 {
        let (expected, size) = (own.dual(dense.gradient()), dense.gradient().euclidean_norm());
        assert_eq!((dense.gradient_dual_norm(), dense.evaluate().dual_norm), (expected, size));
        assert!(expected > size);
        dense.advance(0.01);
    }
}

/// The example of the tails: at every row the certificate is above the margin, and the alignment is at most one.
#[test]
fn recorded_residuals_are_what_they_say() {
    let workshop = Workshop::new();
    let file = root().join("experiments/loss-power-tail.toml");
    workshop.steepest(&["run", file.to_str().unwrap(), "--set", "stop.steps=300", "--out", "out"]).success();
    let run = Trajectory::open(workshop.path("out/loss-power-tail/a-0-5-seed0.h5")).unwrap();
    assert_eq!(run.attribute_text("loss"), Some("power tail 0.5 (sum)"));
    let series = |name: &str| run.series(name).unwrap()[1..].to_vec();
    let (bound, margin) = (series("max_margin_bound"), series("margin_l2"));
    assert!(bound.iter().zip(&margin).all(|(b, m)| b >= m));
    assert!(series("alignment").iter().all(|a| (0.9..=1.0 + 1e-12).contains(a)));
    let slackness = series("kkt_slackness");
    assert!(slackness.iter().all(|d| *d >= 0.0) && slackness[slackness.len() - 1] < slackness[0]);
}
