//! The laws of a norm.

use super::{Vectors, assert_close};
use crate::graded::{Graded, GradedView};
use crate::layout::ParameterLayout;
use crate::logspace::LogReal;
use crate::norm::Norm;
use crate::vector;

/// Relative tolerance of every law: rounding of a few thousand operations, and of a singular value decomposition.
const TOLERANCE: f64 = 1e-9;

/// Checks every law of [`Norm`] on vectors of many kinds and scales.
///
/// # Panics
/// With a sentence, if a law is broken.
pub fn check_norm(norm: &dyn Norm) {
    let (n, mut vectors) = (norm.dim(), Vectors::new("laws/norm"));
    check_zero(norm);
    for trial in 0..Vectors::KINDS * Vectors::KINDS {
        check_pair(norm, &vectors.of_kind(trial, n), &vectors.of_kind(trial / Vectors::KINDS, n));
    }
    if norm.sees_graded() {
        for kind in 0..Vectors::KINDS {
            check_graded(norm, &vectors.of_kind(kind, n), &vectors.of_kind(kind + 1, n));
        }
    }
}

/// [`check_norm`], and every law on vectors whose blocks are matrices of low rank, with equal rows, with zero columns, with equal singular
/// values, or zero: what norms of blocks, rows, columns and singular values may stumble over.
///
/// # Panics
/// With a sentence, if a law is broken, or if the norm is not one on this layout.
pub fn check_norm_on(norm: &dyn Norm, layout: &ParameterLayout) {
    assert_eq!(norm.dim(), layout.len(), "{norm:?}: has the dimension of its layout");
    check_norm(norm);
    let mut vectors = Vectors::new("laws/norm on a layout");
    for trial in 0..Vectors::BLOCK_KINDS * Vectors::BLOCK_KINDS {
        check_pair(norm, &vectors.of_blocks(trial, layout), &vectors.of_blocks(trial / Vectors::BLOCK_KINDS, layout));
    }
}

/// Every law of ordinary numbers at a point x and a gradient z, neither zero.
fn check_pair(norm: &dyn Norm, x: &[f64], z: &[f64]) {
    check_value(norm, x, z);
    check_steepest(norm, z);
    check_subgradient(norm, x);
    check_steepest_at_scales(norm, z);
    check_values_at_scales(norm, x);
    let bound = norm.value(x) * norm.dual(z.into()).value();
    assert!(vector::dot(x, z) <= bound * (1.0 + TOLERANCE), "{norm:?}: Hölder <x, g> <= N(x) N*(g)");
    check_gap(norm, x, z);
}

fn check_zero(norm: &dyn Norm) {
    let zero = vec![0.0; norm.dim()];
    let mut out = vec![1.0; norm.dim()];
    assert_close(norm.value(&zero), 0.0, 0.0, &format!("{norm:?}: N(0) = 0"));
    assert!(norm.dual(zero[..].into()).is_zero(), "{norm:?}: N*(0) = 0");
    assert!(norm.steepest_into(zero[..].into(), &mut out).dual.is_zero() && out == zero, "{norm:?}: steepest(0) = 0");
    out.fill(1.0);
    assert_close(norm.subgradient_into(&zero, &mut out), 0.0, 0.0, &format!("{norm:?}: N(0) = 0"));
    assert!(out == zero, "{norm:?}: the subgradient at 0 is written as 0");
}

fn check_value(norm: &dyn Norm, x: &[f64], z: &[f64]) {
    let (a, b) = (norm.value(x), norm.value(z));
    assert!(a >= 0.0 && a.is_finite(), "{norm:?}: N(x) is a non-negative number, found {a}");
    let sum: Vec<f64> = x.iter().zip(z).map(|(x, z)| x + z).collect();
    assert!(norm.value(&sum) <= (a + b) * (1.0 + TOLERANCE), "{norm:?}: triangle inequality");
    let scaled: Vec<f64> = x.iter().map(|v| -3.5 * v).collect();
    assert_close(
        norm.value(&scaled) / (3.5 * a).max(f64::MIN_POSITIVE),
        f64::from(u8::from(a > 0.0)),
        TOLERANCE,
        &format!("{norm:?}: N(c x) = |c| N(x)"),
    );
}

fn check_steepest(norm: &dyn Norm, g: &[f64]) {
    let mut u = vec![f64::NAN; norm.dim()];
    let found = norm.steepest_into(g.into(), &mut u);
    let dual = norm.dual(g.into()).value();
    assert_close(
        found.dual.value() / dual.max(f64::MIN_POSITIVE),
        1.0,
        TOLERANCE,
        &format!("{norm:?}: steepest_into reports N*(g)"),
    );
    assert!(norm.value(&u) <= 1.0 + TOLERANCE, "{norm:?}: N(u) <= 1, found {}", norm.value(&u));
    assert_close(vector::dot(g, &u) / dual, 1.0, TOLERANCE, &format!("{norm:?}: <g, u> = N*(g)"));
    // the named form is the same direction
    let (mut buffer, view) = (vec![f64::NAN; norm.dim()], GradedView::from(g));
    norm.steepest(view, &mut buffer).form.write(view, &mut buffer);
    for (a, b) in u.iter().zip(&buffer) {
        assert_close(*a, *b, 1e-14, &format!("{norm:?}: the named form is the written direction"));
    }
}

fn check_subgradient(norm: &dyn Norm, x: &[f64]) {
    let mut v = vec![f64::NAN; norm.dim()];
    let value = norm.subgradient_into(x, &mut v);
    assert_close(value / norm.value(x), 1.0, TOLERANCE, &format!("{norm:?}: subgradient_into returns N(x)"));
    assert!(norm.dual(v[..].into()).value() <= 1.0 + TOLERANCE, "{norm:?}: N*(v) <= 1");
    assert_close(vector::dot(x, &v) / value, 1.0, TOLERANCE, &format!("{norm:?}: <x, v> = N(x)"));
}

/// The scales at which every map is tried, from 1e-300 to 1e+300.
const SCALES: [i32; 4] = [-990, -500, 500, 990];

/// c x, and x as far as it is seen in it: what leaves the range of a double there is no business of the norm.
fn at_scale(x: &[f64], c: f64) -> (Vec<f64>, Vec<f64>) {
    let scaled: Vec<f64> = x.iter().map(|v| c * v).collect();
    let seen = scaled.iter().map(|v| v / c).collect();
    (scaled, seen)
}

/// x divided by its largest entry.
fn unit(x: &[f64]) -> Vec<f64> {
    let largest = vector::max_abs(x);
    x.iter().map(|v| v / largest).collect()
}

/// N, N* and the subgradient at c x against those at x.
fn check_values_at_scales(norm: &dyn Norm, x: &[f64]) {
    let (x, mut v) = (unit(x), vec![0.0; norm.dim()]);
    let (value, dual) = (norm.value(&x), norm.dual(x[..].into()).ln());
    for c in SCALES.map(|e| 2f64.powi(e)) {
        let (scaled, _) = at_scale(&x, c);
        let at = format!("at c = {c:e}");
        assert_close(norm.value(&scaled) / c / value, 1.0, TOLERANCE, &format!("{norm:?}: N(c x) = |c| N(x) {at}"));
        let found = norm.dual(scaled[..].into()).ln();
        assert_close(found, dual + c.ln(), 1e-12, &format!("{norm:?}: N*(c x) = |c| N*(x) {at}"));
        let found = norm.subgradient_into(&scaled, &mut v);
        assert_close(found / c / value, 1.0, TOLERANCE, &format!("{norm:?}: subgradient_into returns N(c x) {at}"));
        let size = norm.dual(v[..].into()).value();
        assert!(size <= 1.0 + TOLERANCE, "{norm:?}: N*(v) <= 1 for v found {at}, found {size}");
        let product = vector::dot(&x, &v);
        assert_close(product / value, 1.0, TOLERANCE, &format!("{norm:?}: <x, v> = N(x) for v found {at}"));
    }
}

/// The steepest map does not change under g -> c g.
fn check_steepest_at_scales(norm: &dyn Norm, g: &[f64]) {
    let (g, mut u, mut w) = (unit(g), vec![0.0; norm.dim()], vec![0.0; norm.dim()]);
    let dual = norm.steepest_into(g[..].into(), &mut u).dual.ln();
    for c in SCALES.map(|e| 2f64.powi(e)) {
        let (scaled, seen) = at_scale(&g, c);
        let found = norm.steepest_into(scaled[..].into(), &mut w);
        assert_close(found.dual.ln(), dual + c.ln(), 1e-12, &format!("{norm:?}: N*(c g) = c N*(g) at c = {c:e}"));
        let mut at_one = u.clone();
        if seen != g {
            norm.steepest_into(seen[..].into(), &mut at_one);
        }
        for (a, b) in at_one.iter().zip(&w) {
            assert_close(*a, *b, TOLERANCE, &format!("{norm:?}: steepest(c g) = steepest(g) at c = {c:e}"));
        }
    }
    let scale = LogReal::from_ln(-1e6);
    let found = norm.steepest_into(GradedView::scaled(scale, &g), &mut w);
    assert_close(found.dual.ln(), dual - 1e6, 1e-12, &format!("{norm:?}: N* carries the scale"));
}

fn check_gap(norm: &dyn Norm, x: &[f64], z: &[f64]) {
    let mut v = vec![0.0; norm.dim()];
    let value = norm.subgradient_into(x, &mut v);
    v.iter_mut().for_each(|v| *v *= value);
    let size = value * value;
    assert_close(
        norm.fenchel_young_gap(x, &v) / size,
        0.0,
        TOLERANCE,
        &format!("{norm:?}: no Fenchel-Young gap at a subgradient"),
    );
    let dual = norm.dual(z.into()).value();
    assert!(
        norm.fenchel_young_gap(x, z) >= -TOLERANCE * (size + dual * dual),
        "{norm:?}: the Fenchel-Young gap is not negative"
    );
}

/// A second band e^-2000 below the first: the map is that of exact arithmetic, which the dual norm certifies in the first band
/// and scale invariance in the second, where the first is zero.
fn check_graded(norm: &dyn Norm, heavy: &[f64], light: &[f64]) {
    let n = norm.dim();
    let mut g = Graded::zeros(n);
    g.overwrite(LogReal::from_ln(-50.0)).copy_from_slice(heavy);
    g.add_band(LogReal::from_ln(-2050.0), light);
    let (mut u, mut w) = (vec![0.0; n], vec![0.0; n]);
    let found = norm.steepest_into(g.view(), &mut u);
    let plain = norm.steepest_into(heavy.into(), &mut w);
    assert_close(
        found.dual.ln(),
        plain.dual.ln() - 50.0,
        1e-12,
        &format!("{norm:?}: the heavy band decides the dual norm"),
    );
    assert!(norm.value(&u) <= 1.0 + TOLERANCE, "{norm:?}: N(u) <= 1 for graded g");
    assert_close(
        vector::dot(heavy, &u),
        plain.dual.value(),
        TOLERANCE,
        &format!("{norm:?}: <g, u> = N*(g) for graded g"),
    );
    g.overwrite(LogReal::from_ln(-50.0)).fill(0.0);
    g.add_band(LogReal::from_ln(-2050.0), light);
    let found = norm.steepest_into(g.view(), &mut u);
    let plain = norm.steepest_into(light.into(), &mut w);
    assert_close(found.dual.ln(), plain.dual.ln() - 2050.0, 1e-12, &format!("{norm:?}: a light band alone is found"));
    for (a, b) in u.iter().zip(&w) {
        assert_close(*a, *b, TOLERANCE, &format!("{norm:?}: a light band alone gives its own direction"));
    }
}
