//! The laws of an exponentially tailed loss.

use super::{Vectors, assert_close};
use crate::bands::Bands;
use crate::dataset::Labels;
use crate::logspace::{self, LogReal};
use crate::loss::{Loss, LossValue};
use ndarray::Array2;

/// Checks every law of [`Loss`] for the given labels: the cotangent against central differences of ln L, the sandwich
/// l^-1(n l(q_min)) <= q_soft <= q_min (with ln(k - 1) for k classes), that the slope is the sum of the weights and the mean margin their
/// mean, Euler's identity for the outputs, and the function l of one margin with its weight and inverse; at output scales from 0.01 to
/// 1e5, so on both sides of every seam.
///
/// # Panics
/// With a sentence, if a law is broken.
pub fn check_loss(loss: &dyn Loss, labels: &Labels) {
    check_function(loss);
    let (n, k, mut vectors) = (labels.len(), labels.n_outputs(), Vectors::new("laws/loss"));
    for scale in [0.01, 1.0, 10.0, 36.0, 38.0, 300.0, 700.0, 760.0, 1e5] {
        for shift in [0.0, 2.0] {
            let outputs = Array2::from_shape_vec((n, k), vectors.normal(n * k)).unwrap_or_default();
            let outputs = separate(&outputs.mapv(|f| scale * f), labels, scale * shift);
            check_at(loss, labels, &outputs);
        }
    }
}

/// Moves every output towards its label by `shift`.
fn separate(outputs: &Array2<f64>, labels: &Labels, shift: f64) -> Array2<f64> {
    let mut moved = outputs.clone();
    match labels {
        Labels::Binary(signs) => signs.iter().enumerate().for_each(|(i, y)| moved[(i, 0)] += y * shift),
        Labels::Classes { classes, .. } => classes.iter().enumerate().for_each(|(i, &c)| moved[(i, c)] += shift),
    }
    moved
}

fn evaluate(loss: &dyn Loss, labels: &Labels, outputs: &Array2<f64>) -> (LossValue, Vec<f64>, Vec<f64>) {
    let n = labels.len();
    let (mut margins, mut ln_weights) = (vec![0.0; n], vec![0.0; n * loss.terms_per_sample(labels.n_outputs())]);
    let value = loss.evaluate(outputs.view(), labels, &mut margins, &mut ln_weights);
    (value, margins, ln_weights)
}

fn check_at(loss: &dyn Loss, labels: &Labels, outputs: &Array2<f64>) {
    let n = labels.len();
    let (value, margins, ln_weights) = evaluate(loss, labels, outputs);
    let slope = logspace::log_sum_exp(&ln_weights);
    assert_close(value.slope.ln(), slope, 1e-13, &format!("{loss:?}: the slope is the sum of the weights"));

    let q_min = margins.iter().copied().fold(f64::INFINITY, f64::min);
    check_mean(loss, labels, outputs, value, &ln_weights, q_min);
    let q_soft = loss.soft_margin(value.loss, n);
    let slack = 1e-12 * q_min.abs().max(1.0);
    assert!(q_soft <= q_min + slack, "{loss:?}: q_soft {q_soft} <= q_min {q_min}");
    let rivals = (labels.n_outputs() as f64 - 1.0).max(1.0);
    let single = single_loss(loss, labels, q_min - rivals.ln(), n);
    let lower = loss.soft_margin(single, n);
    assert!(q_soft >= lower - slack, "{loss:?}: q_soft {q_soft} >= l^-1(n l(q_min)) {lower}");
    let least = loss.least_soft_margin(q_min, n, labels.n_outputs());
    assert_close(least, lower, 1e-12, &format!("{loss:?}: the least soft margin"));
    check_cotangent(loss, labels, outputs, value, &ln_weights);
}

/// The weight against central differences of ln l, and the inverse.
fn check_function(loss: &dyn Loss) {
    for q in [-300.0, -5.0, -0.4, 0.0, 0.3, 2.0, 36.9, 37.1, 300.0, 1e5] {
        let ratio_at = |q: f64| logspace::exp(loss.ln_weight(q) - loss.ln_value(q));
        let (ln_value, ratio) = (loss.ln_value(q), ratio_at(q));
        let h = 1e-5 * (1.0 + q.abs()).min(10.0) / ratio.max(1.0);
        let difference = (loss.ln_value(q - h) - loss.ln_value(q + h)) / (2.0 * h);
        // the difference is a value of -l'/l between the two sides, also where that has a kink
        let between = (ratio_at(q - h) - ratio).abs().max((ratio_at(q + h) - ratio).abs());
        let tolerance = 1e-7 + between + 1e-15 * ln_value.abs() / h;
        assert_close(ratio, difference, tolerance, &format!("{loss:?}: -l'/l at {q}"));
        let rounding = 1e-15 * (ln_value.abs() + 1.0) / ratio;
        let found = loss.inverse(ln_value);
        assert!((found - q).abs() <= 4.0 * rounding + 1e-12 * q.abs(), "{loss:?}: l^-1(l({q})) = {found}");
    }
    assert_close(loss.ln_value(0.0), loss.value_at_zero().ln(), 1e-15, &format!("{loss:?}: l(0)"));
}

/// The mean margin and the excess, term by term.
fn check_mean(
    loss: &dyn Loss,
    labels: &Labels,
    outputs: &Array2<f64>,
    value: LossValue,
    ln_weights: &[f64],
    q_min: f64,
) {
    let k = outputs.ncols();
    let margin = |t: usize| match labels {
        Labels::Binary(signs) => signs[t] * outputs[(t, 0)],
        Labels::Classes { classes, .. } => outputs[(t / k, classes[t / k])] - outputs[(t / k, t % k)],
    };
    let share = |t: usize| logspace::exp(ln_weights[t] - value.slope.ln());
    let mean: f64 = (0..ln_weights.len()).map(|t| share(t) * margin(t)).sum();
    let excess: f64 = (0..ln_weights.len()).map(|t| share(t) * (margin(t) - q_min).max(0.0)).sum();
    // a share is known as well as the logarithms that it is the difference of
    let tolerance = 1e-14 * (1.0 + value.slope.ln().abs());
    assert_close(value.mean_margin, mean, tolerance, &format!("{loss:?}: the mean margin"));
    assert_close(value.mean_excess, excess, tolerance, &format!("{loss:?}: the mean excess"));
    assert!(value.mean_excess >= 0.0, "{loss:?}: the mean excess is negative");
}

/// The loss (as reduced) of n samples that all have margin q over one rival.
fn single_loss(loss: &dyn Loss, labels: &Labels, q: f64, n: usize) -> LogReal {
    let k = labels.n_outputs();
    let mut outputs = Array2::from_elem((n, k), if k == 1 { 0.0 } else { -1e300 });
    match labels {
        Labels::Binary(signs) => signs.iter().enumerate().for_each(|(i, y)| outputs[(i, 0)] = y * q),
        Labels::Classes { classes, .. } => classes.iter().enumerate().for_each(|(i, &c)| {
            outputs[(i, c)] = q;
            outputs[(i, (c + 1) % k)] = 0.0;
        }),
    }
    evaluate(loss, labels, &outputs).0.loss
}

/// sum over bands of e^(scale - ln L) cotangent, against central differences of ln L in each output.
fn check_cotangent(loss: &dyn Loss, labels: &Labels, outputs: &Array2<f64>, value: LossValue, ln_weights: &[f64]) {
    let (n, k) = outputs.dim();
    let mut bands = Bands::default();
    bands.cut(ln_weights, loss.terms_per_sample(k));
    let mut gradient = Array2::<f64>::zeros((n, k));
    for b in 0..bands.len() {
        let band = bands.band(b);
        let mut cotangent = Array2::zeros((band.rows.count(n), k));
        loss.cotangent_into(labels, ln_weights, &band, cotangent.view_mut());
        let factor = logspace::exp((band.scale / value.loss).ln());
        let rows: Vec<usize> = match band.rows {
            crate::model::Rows::All => (0..n).collect(),
            crate::model::Rows::Subset(rows) => rows.to_vec(),
        };
        for (row, &i) in rows.iter().enumerate() {
            gradient.row_mut(i).scaled_add(factor, &cotangent.row(row));
        }
    }
    let size = outputs.iter().fold(1.0_f64, |m, f| m.max(f.abs()));
    // slope / L is the mean of Phi': how fast ln L changes
    let ratio = logspace::exp((value.slope / value.loss).ln());
    let euler: f64 = outputs.iter().zip(&gradient).map(|(f, g)| f * g).sum();
    assert_close(
        -euler,
        ratio * value.mean_margin,
        1e-14 * size,
        &format!("{loss:?}: Euler's identity in the outputs"),
    );
    let h = 1e-5 * size.sqrt().min(10.0) / ratio.max(1.0);
    for i in 0..n {
        for c in 0..k {
            let mut moved = outputs.clone();
            let mut at = |h: f64| {
                moved[(i, c)] = outputs[(i, c)] + h;
                evaluate(loss, labels, &moved).0.loss.ln()
            };
            let difference = (at(h) - at(-h)) / (2.0 * h);
            let tolerance = 1e-7 + 1e-15 * size.max(value.loss.ln().abs()) / h + h * h;
            assert_close(gradient[(i, c)], difference, tolerance, &format!("{loss:?}: cotangent of output ({i}, {c})"));
        }
    }
}
