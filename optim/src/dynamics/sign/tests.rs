use super::*;
use crate::{Dense, MomentumDescent, MomentumSpec, Schedule, SteepestDescent, StepRule, StepScale};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use steepest_core::loss::{CrossEntropy, Exponential, Logistic, SinglePrecisionWeights};
use steepest_core::{Band, Reduction, Step, StepLength, Streams, vector};
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
            (Activation::Identity, &logistic, &eq_1, 0.0, true),
        ] {
            let data = data(n, d, zeros);
            let (model, theta) = network(&data, 9, activation, is_frozen);
            compare((&model, &data, loss), &theta, 1000, rule);
        }
    }
}

#[test]
fn what_the_rounding_of_large_margins_may_have_decided_is_counted() {
    // the last sample is the first but for its last bits
    let (drawn, loss) = (data(3, 20, 0.0), Exponential::sum());
    let mut inputs = drawn.inputs().to_owned();
    inputs.row_mut(2).mapv_inplace(|x| x * (1.0 + 4.0 * f64::EPSILON));
    let data = Dataset::new(inputs, drawn.labels().clone()).unwrap();
    let (model, theta) = network(&data, 9, Activation::Relu, false);
    let undetermined = |factor: f64| {
        let theta: Vec<f64> = theta.iter().map(|t| factor * t).collect();
        let mut sign = Sign::new(&model, &data, &loss, &theta).unwrap();
        sign.advance(1e-3);
        sign.tally.undetermined_signs
    };
    // margins of the order of one, and of 1e18, where neighbouring doubles are 128 apart and the two samples some hundreds
    assert_eq!(undetermined(1.0), 0);
    assert!(undetermined(1e9) >= 20);
}

/// The exponential loss with weights that are made lighter by these logarithms, sample after sample.
#[derive(Debug)]
struct Lightened {
    inner: Exponential,
    by: Vec<f64>,
}

impl Lightened {
    fn by(by: impl IntoIterator<Item = f64>) -> Self {
        Self { inner: Exponential::sum(), by: by.into_iter().collect() }
    }
}

impl Loss for Lightened {
    fn accepts(&self, labels: &Labels) -> bool {
        self.inner.accepts(labels)
    }

    fn terms_per_sample(&self, _n_outputs: usize) -> usize {
        1
    }

    fn evaluate(
        &self,
        outputs: ArrayView2<'_, f64>,
        labels: &Labels,
        margins: &mut [f64],
        ln_weights: &mut [f64],
    ) -> LossValue {
        let value = self.inner.evaluate(outputs, labels, margins, ln_weights);
        ln_weights.iter_mut().zip(&self.by).for_each(|(w, by)| *w -= by);
        value
    }

    fn cotangent_into(&self, labels: &Labels, ln_weights: &[f64], band: &Band<'_>, cotangent: ArrayViewMut2<'_, f64>) {
        self.inner.cotangent_into(labels, ln_weights, band, cotangent);
    }

    fn ln_value(&self, q: f64) -> f64 {
        self.inner.ln_value(q)
    }

    fn ln_weight(&self, q: f64) -> f64 {
        self.inner.ln_weight(q)
    }

    fn inverse(&self, ln_loss: f64) -> f64 {
        self.inner.inverse(ln_loss)
    }

    fn value_at_zero(&self) -> f64 {
        self.inner.value_at_zero()
    }

    fn excess_factor(&self) -> Option<f64> {
        self.inner.excess_factor()
    }

    fn reduction(&self) -> Reduction {
        self.inner.reduction()
    }
}

#[test]
fn the_gap_between_weights_chooses_the_route() {
    let mut rng = Streams::new(3).stream("data");
    let mut inputs = Array2::from_shape_simple_fn((12, 256), || draw(&mut rng));
    // entries that a sample e^-12 lighter flips, and one e^-50 lighter does not
    (0..12).for_each(|i| inputs[(i, i + 3)] *= 1e-7);
    let with_zeros = Array2::from_shape_fn((12, 256), |(i, l)| if (i + l) % 8 == 0 { 0.0 } else { inputs[(i, l)] });
    let labels = || Labels::Binary((0..12).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect());
    let tally = |inputs: &Array2<f64>, gap: f64| {
        let data = Dataset::new(inputs.clone(), labels()).unwrap();
        let (model, mut theta) = network(&data, 16, Activation::Relu, false);
        theta.iter_mut().for_each(|t| *t *= 1e-3);
        let loss = Lightened::by((0..12).map(|i| f64::from(i) * gap));
        compare((&model, &data, &loss), &theta, 3, &constant(StepScale::Normalized, 1e-5))
    };
    let check = |inputs, gap, expected: [bool; 3]| {
        let Tally { pure_rows, mixed_rows, dense_rows, .. } = tally(inputs, gap);
        assert!(pure_rows + mixed_rows + dense_rows > 40);
        assert_eq!([pure_rows > 0, mixed_rows > 0, dense_rows > 0], expected, "gap {gap}");
    };
    check(&inputs, 0.2, [false, false, true]);
    // a row may be inactive on the next two samples, and then no flip is left
    check(&inputs, 12.0, [true, true, false]);
    assert!(tally(&inputs, 12.0).flips > 0);
    check(&inputs, 50.0, [true, false, false]);
    check(&inputs, 800.0, [true, false, false]);
    // where the heaviest sample has a zero one e^-50, e^-800 or e^-1000000 lighter moves the entry
    for gap in [12.0, 50.0, 800.0, 1e6] {
        check(&with_zeros, gap, [false, false, true]);
    }
}

#[test]
fn where_the_heaviest_samples_cancel_one_outside_the_window_decides() {
    let mut rng = Streams::new(4).stream("data");
    let [a, b] = [(); 2].map(|()| (0..10).map(|_| draw(&mut rng)).collect::<Vec<f64>>());
    let inputs = Array2::from_shape_vec((3, 10), [&a[..], &a, &b].concat()).unwrap();
    let data = Dataset::new(inputs, Labels::Binary(vec![1.0, -1.0, -1.0])).unwrap();
    let model = Mlp::new(10, &[2], 1, Activation::Relu).unwrap();
    // two units that cancel, both active on all samples: f = 0 everywhere, and the first two samples weigh the same
    let w: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let theta = [&w[..], &w, &[1.0, -1.0]].concat();
    for lighter in [20.0, 100.0, 1e5] {
        let loss = Lightened::by([0.0, 0.0, lighter]);
        let mut sign = Sign::new(&model, &data, &loss, &theta).unwrap();
        sign.advance(0.25);
        assert_eq!(sign.tally.undetermined_signs > 0, lighter > 40.0, "{:?}", sign.tally);
        for (k, (after, before)) in sign.theta()[..20].iter().zip(&theta).enumerate() {
            let u = if k < 10 { 1.0 } else { -1.0 };
            assert!((after - (before - 0.25 * u * vector::sign(b[k % 10]))).abs() < 1e-12, "{lighter} {k}");
        }
    }
}

#[test]
fn few_patterns_are_found_one_by_one() {
    let data = data(8, 30, 0.4);
    let (model, theta) = network(&data, 3, Activation::Relu, false);
    let tally = compare((&model, &data, &Exponential::sum()), &theta, 100, &constant(StepScale::Normalized, 1e-3));
    assert!(tally.dense_rows == 0 && tally.flips > 300, "{tally:?}");
}

#[test]
fn far_below_underflow_every_sign_is_still_that_of_the_dense_dynamics() {
    for zeros in [0.0, 0.6] {
        let data = data(9, 20, zeros);
        let (model, theta) = network(&data, 8, Activation::Relu, false);
        let (rule, loss) = (constant(StepScale::Normalized, 0.2), Exponential::sum());
        compare((&model, &data, &loss), &theta, 1500, &rule);
        let mut sign = Sign::new(&model, &data, &loss, &theta).unwrap();
        for _ in 0..1500 {
            sign.evaluate();
            sign.advance(0.2);
        }
        assert!(sign.evaluate().loss.ln() < -1e5, "{:?}", sign.evaluate().loss);
    }
}

#[test]
fn weights_of_single_precision_freeze_it_where_they_freeze_the_dense_dynamics() {
    let data = data(8, 20, 0.2);
    let (model, theta) = network(&data, 6, Activation::Relu, false);
    let loss = SinglePrecisionWeights::of(Box::new(Exponential::sum()));
    let rule = constant(StepScale::Normalized, 0.02);
    let steps = [1000, 1100].map(|steps| {
        let tally = compare((&model, &data, &loss), &theta, steps, &rule);
        tally.pure_rows + tally.mixed_rows + tally.dense_rows
    });
    assert!(steps[0] > 100 && steps[0] == steps[1]);
}

#[test]
fn inputs_of_zeros_move_nothing() {
    let data = Dataset::new(Array2::zeros((3, 4)), Labels::Binary(vec![1.0, -1.0, 1.0])).unwrap();
    let (model, theta) = network(&data, 5, Activation::Relu, false);
    compare((&model, &data, &Exponential::sum()), &theta, 2, &constant(StepScale::Normalized, 0.1));
}

/// Steps until P is computed afresh, and some more.
#[test]
fn it_goes_on_from_a_saved_state_bit_by_bit_over_a_refresh() {
    let (data, loss) = (data(7, 12, 0.2), Logistic::sum());
    let (model, theta) = network(&data, 5, Activation::Relu, false);
    let mut through = Sign::new(&model, &data, &loss, &theta).unwrap();
    let mut states = Vec::new();
    let n_steps = REFRESH + 10;
    for step in 0..n_steps {
        if [3, REFRESH - 7, REFRESH, REFRESH + 1].contains(&step) {
            let mut state = SavedState::default();
            through.save(&mut state);
            states.push((step, state));
        }
        through.advance(0.01);
        if step + 1 == REFRESH {
            let carried = through.state.p.clone();
            let (w, x) = (through.theta()[..5 * 12].to_vec(), data.inputs());
            let p = Array2::from_shape_vec((5, 12), w).unwrap().dot(&x.t());
            assert!(
                carried.iter().zip(&p).all(|(a, b)| (a - b).abs() < 1e-13 * vector::max_abs(p.as_slice().unwrap()))
            );
        }
    }
    for (from, state) in states {
        let mut resumed = Sign::new(&model, &data, &loss, &theta).unwrap();
        resumed.restore(&state).unwrap();
        (from..n_steps).for_each(|_| {
            resumed.advance(0.01);
        });
        assert_eq!(through.theta(), resumed.theta());
        assert_eq!(through.counters(), resumed.counters());
    }
}

#[test]
fn other_optimisers_models_and_losses_are_not_served() {
    let net = |hidden: &[usize], k, activation| Mlp::new(4, hidden, k, activation).unwrap();
    let model = net(&[3], 1, Activation::Relu);
    let (loss, p) = (Exponential::sum(), 15);
    let plain = SteepestDescent::new(Linf::new(p));
    assert!(Sign::serves(&plain, &model, &loss));
    assert!(!Sign::serves(&SteepestDescent::new(L2::new(p)), &model, &loss));
    let spec = MomentumSpec { beta: 0.9, dampening: true, nesterov: false };
    assert!(!Sign::serves(&MomentumDescent::new(Linf::new(p), spec), &model, &loss));
    let others = [net(&[3, 3], 1, Activation::Relu), net(&[3], 1, Activation::ReluPower { power: 2 })];
    for other in others {
        assert!(!Sign::serves(&plain, &other, &loss));
        let theta = vec![0.1; other.layout().len()];
        assert!(matches!(Sign::new(&other, &data(5, 4, 0.0), &loss, &theta), Err(OptimError::NotTwoLayers)));
    }
    assert!(!Sign::serves(&plain, &net(&[3], 2, Activation::Relu), &CrossEntropy::sum()));
}

/// Samples between zero and one, black for the most part; some entries are bright in nearly all of them, most in few.
fn pictures(n: usize, d: usize) -> Dataset {
    let mut rng = Streams::new(7).stream("pictures");
    let share_of_bright: Vec<f64> = (0..d).map(|_| 0.9 * (draw(&mut rng) + 0.5).powi(4)).collect();
    let inputs = Array2::from_shape_fn((n, d), |(_, k)| {
        let (is_bright, x) = (draw(&mut rng) + 0.5 < share_of_bright[k], draw(&mut rng) + 0.55);
        if is_bright { x } else { 0.0 }
    });
    let labels = inputs.rows().into_iter().map(|x| if x.sum() > 0.1 * d as f64 { 1.0 } else { -1.0 });
    let labels = Labels::Binary(labels.collect());
    Dataset::new(inputs, labels).unwrap()
}

#[test]
fn it_pays_with_many_inputs_of_which_few_are_zero_and_with_pictures() {
    // a column of zeros is in all of them
    assert!(Sign::pays(&data(20, 2048, 0.0)) && Sign::pays(&data(20, 2048, 0.02)));
    assert!(
        !Sign::pays(&data(20, 2048, 0.15)) && !Sign::pays(&data(20, 2048, 0.8)) && !Sign::pays(&data(20, 2047, 0.0))
    );
    assert!(Sign::pays(&pictures(20, 512)) && !Sign::pays(&pictures(20, 511)));
    let blank = Dataset::new(Array2::zeros((2, 600)), Labels::Binary(vec![1.0, -1.0])).unwrap();
    assert!(!Sign::pays(&blank));
}

#[test]
fn zeros_of_pictures_are_skipped_and_nothing_changes() {
    let (rule, loss) = (constant(StepScale::Normalized, 3e-3), Logistic::sum());
    for (n, d, width) in [(30, 70, 90), (60, 30, 9)] {
        let data = pictures(n, d);
        assert!(Inputs::new(data.inputs()).is_dark());
        let (model, theta) = network(&data, width, Activation::Relu, false);
        let tally = compare((&model, &data, &loss), &theta, 400, &rule);
        assert!(tally.multiplied_patterns > 0, "{tally:?}");
    }
}
