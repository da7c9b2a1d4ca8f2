//! The laws of projections on subdifferentials.

use super::{Vectors, assert_close};
use crate::layout::ParameterLayout;
use crate::subdifferential::Subdifferential;
use crate::vector;

/// Relative tolerance of every law.
const TOLERANCE: f64 = 1e-8;

/// Checks every law of [`Subdifferential`] at points of many kinds, with ties, zeros and blocks of low rank, against the members of the set
/// that are nearest to random targets near and far, and the subgradient.
///
/// # Panics
/// With a sentence, if a law is broken.
pub fn check_subdifferential(norm: &dyn Subdifferential, layout: &ParameterLayout) {
    let (n, mut vectors) = (layout.len(), Vectors::new("laws/subdifferential"));
    let zero = vec![0.0; n];
    assert!(project(norm, &zero, &vectors.normal(n)) == zero, "{norm:?}: at zero the set is zero");
    for trial in 0..48 {
        let x = if trial % 2 == 0 { vectors.of_kind(trial / 2, n) } else { vectors.of_blocks(trial / 2, layout) };
        let size = norm.value(&x);
        // inside the range of the set, and far outside
        let lengths = [1.0, 0.1, 30.0];
        let targets: Vec<Vec<f64>> =
            lengths.iter().map(|c| vectors.normal(n).iter().map(|v| c * size * v).collect()).collect();
        let members: Vec<Vec<f64>> = targets.iter().map(|m| project(norm, &x, m)).collect();
        let mut subgradient = vec![0.0; n];
        norm.subgradient_into(&x, &mut subgradient);
        subgradient.iter_mut().for_each(|v| *v *= size);
        for (target, v) in targets.iter().zip(&members) {
            check_member(norm, &x, v);
            for z in members.iter().chain([&subgradient]) {
                check_nearest(norm, target, v, z);
            }
            for (a, b) in project(norm, &x, v).iter().zip(v) {
                assert_close(*a / size, *b / size, TOLERANCE, &format!("{norm:?}: a member is its own projection"));
            }
        }
    }
}

fn project(norm: &dyn Subdifferential, x: &[f64], target: &[f64]) -> Vec<f64> {
    let mut v = vec![f64::NAN; x.len()];
    norm.project(x, target, 0.0, &mut v);
    v
}

/// Checks the multiples of the subdifferential at zero, the unit ball of N*, from inside and from outside: those that a part of a sum
/// needs. Slow for norms joined by other exponents than 1, 2 and infinity, which find roots inside roots.
///
/// # Panics
/// With a sentence, if a law is broken.
pub fn check_dual_ball(norm: &dyn Subdifferential) {
    let (zero, target) = (vec![0.0; norm.dim()], Vectors::new("laws/dual ball").normal(norm.dim()));
    let target = &target[..];
    let (multiples, dual) = (norm.multiples(&zero, target, 0.0), norm.dual(target.into()).value());
    let mut v = vec![f64::NAN; target.len()];
    multiples.project(2.0 * dual, &mut v);
    for (a, b) in v.iter().zip(target) {
        assert_close(*a, *b, TOLERANCE, &format!("{norm:?}: what is in the ball is its own projection"));
    }
    for t in [0.3 * dual, 0.9 * dual] {
        multiples.project(t, &mut v);
        assert_close(norm.dual(v[..].into()).value() / t, 1.0, TOLERANCE, &format!("{norm:?}: on the ball's surface"));
        // the normal m - v supports the ball at v
        let normal: Vec<f64> = target.iter().zip(&v).map(|(m, v)| m - v).collect();
        let (support, at) = (t * norm.value(&normal), vector::dot(&normal, &v));
        assert_close(at / support, 1.0, TOLERANCE, &format!("{norm:?}: the nearest point of the ball"));
        assert_close(multiples.slope(t) * t / -support, 1.0, TOLERANCE, &format!("{norm:?}: the slope at the ball"));
    }
}

fn check_member(norm: &dyn Subdifferential, x: &[f64], v: &[f64]) {
    let (size, dual) = (norm.value(x), norm.dual(v.into()).value());
    assert!(dual <= size * (1.0 + TOLERANCE), "{norm:?}: N*(v) <= N(x), found {dual} against {size} at {x:?}");
    let product = vector::dot(x, v);
    assert_close(product / size / size, 1.0, TOLERANCE, &format!("{norm:?}: <x, v> = N(x)^2 at {x:?}"));
}

/// <m - v, z - v> <= 0, and v is not farther from m than z.
fn check_nearest(norm: &dyn Subdifferential, m: &[f64], v: &[f64], z: &[f64]) {
    let (mut product, mut square, mut distances) = (0.0, 0.0, [0.0, 0.0]);
    for ((m, v), z) in m.iter().zip(v).zip(z) {
        product += (m - v) * (z - v);
        square += m * m + v * v + z * z;
        distances[0] += (m - v).powi(2);
        distances[1] += (m - z).powi(2);
    }
    assert!(product <= TOLERANCE * square, "{norm:?}: <m - v, z - v> = {product:e} of {square:e} is not above zero");
    assert!(distances[0] <= distances[1] + TOLERANCE * square, "{norm:?}: no member is nearer than the projection");
}
