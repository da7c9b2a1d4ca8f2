//! The laws of a homogeneous model.

use super::{Vectors, assert_close};
use crate::model::{HomogeneousModel, LinearFirstLayer, OutputWeights, Rows, TwoLayer, Workspace};
use crate::terms::{BackwardCall, BlockTerms};
use crate::vector;
use ndarray::{Array2, ArrayView2, Axis, s};

/// Forward and backward pass of a model on fixed inputs.
struct Probe<'a> {
    model: &'a dyn HomogeneousModel,
    inputs: Array2<f64>,
    work: Workspace,
}

impl Probe<'_> {
    fn outputs(&mut self, theta: &[f64]) -> Array2<f64> {
        let mut outputs = Array2::zeros((self.inputs.nrows(), self.model.n_outputs()));
        self.model.forward(theta, self.inputs.view(), outputs.view_mut(), &mut self.work);
        outputs
    }

    fn gradient(&mut self, theta: &[f64], rows: Rows<'_>, cotangent: ArrayView2<'_, f64>) -> Vec<f64> {
        self.outputs(theta);
        let mut gradient = vec![f64::NAN; theta.len()];
        self.model.backward(theta, self.inputs.view(), rows, cotangent, &mut gradient, &mut self.work);
        gradient
    }
}

/// Checks every law of [`HomogeneousModel`] at random parameters and inputs: homogeneity, Euler's identity, the gradient
/// against central differences, that subsets of rows add up, that factors multiply to it, and additivity in theta of a model that says it is
/// linear.
///
/// # Panics
/// With a sentence, if a law is broken.
pub fn check_model(model: &dyn HomogeneousModel) {
    let (n, p, mut vectors) = (9, model.layout().len(), Vectors::new("laws/model"));
    let inputs =
        Array2::from_shape_vec((n, model.n_inputs()), vectors.normal(n * model.n_inputs())).unwrap_or_default();
    let mut probe = Probe { model, inputs, work: model.workspace(n) };
    for _ in 0..5 {
        let theta = vectors.normal(p);
        let cotangent =
            Array2::from_shape_vec((n, model.n_outputs()), vectors.normal(n * model.n_outputs())).unwrap_or_default();
        let f = probe.outputs(&theta);
        check_homogeneity(&mut probe, &theta, &f);
        if model.is_linear() {
            check_additivity(&mut probe, &theta, &f, &vectors.normal(p));
        }
        let gradient = probe.gradient(&theta, Rows::All, cotangent.view());
        let contracted: f64 = (&f * &cotangent).sum();
        let euler = f64::from(model.degree().get()) * contracted;
        assert_close(
            vector::dot(&theta, &gradient),
            euler,
            1e-10 * size(&f, &cotangent),
            &format!("{model:?}: Euler's identity"),
        );
        check_differences(&mut probe, &theta, &cotangent, &gradient, &vectors.normal(p));
        check_rows(&mut probe, &theta, &cotangent, &gradient);
        check_factors(&mut probe, &theta, &cotangent);
    }
}

fn check_additivity(probe: &mut Probe<'_>, theta: &[f64], f: &Array2<f64>, other: &[f64]) {
    let sum: Vec<f64> = theta.iter().zip(other).map(|(a, b)| a + b).collect();
    let expected = f + &probe.outputs(other);
    for (a, b) in probe.outputs(&sum).iter().zip(&expected) {
        assert_close(*a, *b, 1e-10, &format!("{:?}: additivity of a linear model", probe.model));
    }
}

fn size(f: &Array2<f64>, cotangent: &Array2<f64>) -> f64 {
    (f * cotangent).mapv(f64::abs).sum().max(1.0)
}

fn check_homogeneity(probe: &mut Probe<'_>, theta: &[f64], f: &Array2<f64>) {
    let degree = probe.model.degree().get() as i32;
    for c in [0.25, 3.0] {
        let scaled: Vec<f64> = theta.iter().map(|t| c * t).collect();
        for (a, b) in probe.outputs(&scaled).iter().zip(f) {
            let what = format!("{:?}: f(c theta) = c^degree f(theta) at c = {c}", probe.model);
            assert_close(*a / c.powi(degree), *b, 1e-11, &what);
        }
    }
}

/// The directional derivative against a central difference along a random direction, small enough to stay clear of kinks for
/// most samples; three lengths, the best of which must agree.
fn check_differences(
    probe: &mut Probe<'_>,
    theta: &[f64],
    cotangent: &Array2<f64>,
    gradient: &[f64],
    direction: &[f64],
) {
    let slope = vector::dot(gradient, direction);
    let mut at = |h: f64| {
        let moved: Vec<f64> = theta.iter().zip(direction).map(|(t, d)| t + h * d).collect();
        (&probe.outputs(&moved) * cotangent).sum()
    };
    let error = [1e-4, 1e-5, 1e-6]
        .map(|h| ((at(h) - at(-h)) / (2.0 * h) - slope).abs())
        .into_iter()
        .fold(f64::INFINITY, f64::min);
    let model = probe.model;
    assert!(
        error <= 1e-5 * (1.0 + slope.abs() + vector::euclidean_norm(gradient)),
        "{model:?}: gradient {slope} is off its difference by {error:e}"
    );
}

fn check_rows(probe: &mut Probe<'_>, theta: &[f64], cotangent: &Array2<f64>, gradient: &[f64]) {
    let n = cotangent.nrows();
    let parts: [Vec<usize>; 2] = [(0..n).step_by(2).collect(), (1..n).step_by(2).collect()];
    let mut sum = vec![0.0; gradient.len()];
    for rows in &parts {
        let rows = Rows::Subset(rows);
        vector::add_multiple(&mut sum, 1.0, &probe.gradient(theta, rows, of_rows(cotangent, rows).view()));
    }
    for (a, b) in sum.iter().zip(gradient) {
        assert_close(*a, *b, 1e-11, &format!("{:?}: subsets of rows add up to all rows", probe.model));
    }
}

/// G = D^T H of each block that the model keeps the factors of, for all rows and for some.
fn check_factors(probe: &mut Probe<'_>, theta: &[f64], cotangent: &Array2<f64>) {
    let some: Vec<usize> = (0..cotangent.nrows()).filter(|i| i % 3 != 1).collect();
    for rows in [Rows::All, Rows::Subset(&some)] {
        let cotangent = of_rows(cotangent, rows);
        let gradient = probe.gradient(theta, rows, cotangent.view());
        let call = BackwardCall { inputs: probe.inputs.view(), rows, cotangent: cotangent.view() };
        check_products(probe.model, &probe.model.factors(call, &probe.work), &gradient);
    }
}

fn check_products(model: &dyn HomogeneousModel, factors: &[BlockTerms<'_>], gradient: &[f64]) {
    for block in factors {
        let product = block.u.t().dot(&block.v);
        for (a, b) in product.iter().zip(&gradient[block.range()]) {
            assert_close(*a, *b, 1e-11, &format!("{model:?}: D^T H is the gradient of its block"));
        }
    }
}

fn of_rows(cotangent: &Array2<f64>, rows: Rows<'_>) -> Array2<f64> {
    match rows {
        Rows::All => cotangent.clone(),
        Rows::Subset(rows) => cotangent.select(Axis(0), rows),
    }
}

/// Checks that the door for exact fast dynamics leads to the same outputs and gradients: `forward_above` X W^T is `forward` X,
/// and D^T X with the rest of `backward_above` is `backward`; in a workspace that has room for more samples, too. Then that the passes may be
/// mixed: `factors` follow `backward_above`, and `backward` over any rows follows `forward_above`.
///
/// # Panics
/// With a sentence, if it does not.
pub fn check_linear_first_layer(model: &dyn LinearFirstLayer) {
    let (n, p, mut vectors) = (7, model.layout().len(), Vectors::new("laws/first layer"));
    let (d, width) = (model.n_inputs(), model.width());
    let inputs = Array2::from_shape_vec((n, d), vectors.normal(n * d)).unwrap_or_default();
    let theta = vectors.normal(p);
    let cotangent =
        Array2::from_shape_vec((n, model.n_outputs()), vectors.normal(n * model.n_outputs())).unwrap_or_default();
    let weights = model.weights(&theta);
    assert_eq!(weights.dim(), (width, d), "{model:?}: the shape of the first layer");
    let pre_activations = inputs.dot(&weights.t());
    let mut probe = Probe { model, inputs, work: model.workspace(n) };
    let (direct, gradient) = (probe.outputs(&theta), probe.gradient(&theta, Rows::All, cotangent.view()));
    let (mut through, mut work) = (Array2::zeros(direct.dim()), model.workspace(n + 2));
    model.seam(&mut work).pre_activations.slice_mut(s![..n, ..]).assign(&pre_activations);
    model.forward_above(&theta, through.view_mut(), &mut work);
    let mut rest = vec![0.0; p];
    model.backward_above(&theta, Rows::All, cotangent.view(), &mut rest, &mut work);
    let seam = model.seam(&mut work);
    let left = seam.pre_activations.slice(s![..n, ..]);
    assert_eq!(left, pre_activations, "{model:?}: the backward pass leaves the pre-activations alone");
    let first = seam.pre_cotangent.slice(s![..n, ..]).t().dot(&probe.inputs);
    model.weights_mut(&mut rest).assign(&first);
    for (a, b) in direct.iter().zip(&through).chain(gradient.iter().zip(&rest)) {
        assert_close(*a, *b, 1e-11, &format!("{model:?}: the way through the pre-activations is the same"));
    }
    check_mixtures(&mut probe, &theta, &cotangent, &mut work);
    check_units(model, &theta, &pre_activations, &direct);
}

/// `work` is as `forward_above` left it, and `backward_above` over all rows after that.
fn check_mixtures(probe: &mut Probe<'_>, theta: &[f64], cotangent: &Array2<f64>, work: &mut Workspace) {
    let (model, some) = (probe.model, (0..cotangent.nrows()).filter(|i| i % 3 != 1).collect::<Vec<_>>());
    let gradient = probe.gradient(theta, Rows::All, cotangent.view());
    let call = BackwardCall { inputs: probe.inputs.view(), rows: Rows::All, cotangent: cotangent.view() };
    check_products(model, &model.factors(call, work), &gradient);
    for rows in [Rows::Subset(&some), Rows::All] {
        let cotangent = of_rows(cotangent, rows);
        let mut found = vec![f64::NAN; theta.len()];
        model.backward(theta, probe.inputs.view(), rows, cotangent.view(), &mut found, work);
        let what = format!("{model:?}: a backward pass after `forward_above` is that after `forward`");
        for (a, b) in probe.gradient(theta, rows, cotangent.view()).iter().zip(&found) {
            assert_close(*a, *b, 1e-11, &what);
        }
        let call = BackwardCall { inputs: probe.inputs.view(), rows, cotangent: cotangent.view() };
        check_products(model, &model.factors(call, work), &found);
    }
}

fn check_units(model: &dyn LinearFirstLayer, theta: &[f64], pre_activations: &Array2<f64>, direct: &Array2<f64>) {
    let Some(TwoLayer { slope, output }) = model.two_layer() else { return };
    let u = match output {
        OutputWeights::Trained(places) => &theta[places],
        OutputWeights::Frozen(values) => values,
    };
    assert_eq!(u.len(), model.width(), "{model:?}: an output weight a unit");
    for (z, f) in pre_activations.rows().into_iter().zip(direct) {
        let by_units: f64 = z.iter().zip(u).map(|(&z, u)| u * if z > 0.0 { z } else { slope * z }).sum();
        assert_close(*f, by_units, 1e-11, &format!("{model:?}: the sum over units is the same"));
    }
}
