//! The projections against members of the sets that do not come from them.

#![expect(clippy::float_cmp, reason = "tests compare values that are exact")]

use super::of_lr;
use crate::oracle::{Random, built, layouts};
use crate::{Linf, NormSpec};
use steepest_core::{Norm, Subdifferential, laws, vector};

/// Whether no exponent is one for which roots are found inside roots, and subgradients nearby are members nearly.
fn is_polyhedral_or_round(spec: &NormSpec) -> bool {
    let simple = |p: f64| [1.0, 2.0, f64::INFINITY].contains(&p);
    match spec {
        NormSpec::Lp(spec) => simple(spec.p),
        NormSpec::Mixed(spec) => simple(spec.p) && simple(spec.r),
        #[cfg(feature = "linalg")]
        NormSpec::Schatten(spec) => simple(spec.p),
        _ => true,
    }
}

#[test]
fn the_balls_at_zero_are_those_of_the_dual_norms() {
    let layout = &layouts()[0];
    for (spec, norm) in built(layout) {
        if is_polyhedral_or_round(&spec) || matches!(spec, NormSpec::Lp(_)) {
            laws::check_dual_ball(norm.subdifferential().unwrap());
        }
    }
    #[cfg(feature = "linalg")]
    for p in [1.01, 1.5, 3.0, 100.0] {
        laws::check_dual_ball(&crate::Schatten::new(p, (3, 4)).unwrap());
    }
}

/// Points with ties and zeros, on the layouts of the oracle: small whole numbers.
fn coarse(random: &mut Random, len: usize) -> Vec<f64> {
    let x: Vec<f64> = random.vector(len).iter().map(|v| (1.3 * v).round()).collect();
    if vector::max_abs(&x) == 0.0 { vec![1.0; len] } else { x }
}

/// <m - v, z - v> <= 0 for the subgradients z of points nearby: they are members up to the distance, and among them are the corners of
/// the sets.
#[test]
fn subgradients_nearby_are_not_nearer() {
    const DISTANCE: f64 = 1e-7;
    let mut random = Random::new(3);
    for layout in layouts() {
        for (spec, norm) in built(&layout).into_iter().filter(|(spec, _)| is_polyhedral_or_round(spec)) {
            for _ in 0..6 {
                let (x, m) = (coarse(&mut random, layout.len()), random.vector(layout.len()));
                let size = norm.value(&x);
                let (m, mut v): (Vec<f64>, _) = (m.iter().map(|m| 2.0 * size * m).collect(), vec![0.0; x.len()]);
                norm.subdifferential().unwrap().project(&x, &m, 0.0, &mut v);
                for _ in 0..30 {
                    let at: Vec<f64> = x.iter().zip(random.vector(x.len())).map(|(x, h)| x + DISTANCE * h).collect();
                    let mut z = vec![0.0; x.len()];
                    norm.subgradient_into(&at, &mut z);
                    let products = (0..x.len()).map(|k| (m[k] - v[k]) * (size * z[k] - v[k]));
                    let bound = 1e-5 * (vector::dot(&m, &m) + vector::dot(&v, &v));
                    assert!(products.sum::<f64>() < bound, "{spec:?}: a nearer member at {x:?}");
                }
            }
        }
    }
}

#[test]
fn a_tolerance_makes_near_ties_ties() {
    let (x, m) = ([1.0, -0.9999, 0.5], [0.2, -0.8, 3.0]);
    let mut v = [0.0; 3];
    Linf::new(3).project(&x, &m, 1e-3, &mut v);
    for (found, expected) in v.iter().zip([0.2, -0.8, 0.0]) {
        assert!((found - expected).abs() < 1e-15, "{v:?}");
    }
    Linf::new(3).project(&x, &m, 0.0, &mut v);
    assert_eq!(v, [1.0, 0.0, 0.0]);
    // l1: what is small is free
    of_lr(1.0, &[1.0, -1e-4, 0.0], &[5.0, 0.3, -7.0], 1e-3).project(2.0, &mut v);
    assert_eq!(v, [2.0, 0.3, -2.0]);
    of_lr(1.0, &[1.0, -1e-4, 0.0], &[5.0, 0.3, -7.0], 0.0).project(2.0, &mut v);
    assert_eq!(v, [2.0, -2.0, -2.0]);
}

/// Tied singular values and a null space, against the sets written down: U_1 H V_1^T, and U V^T with a block of norm one.
#[cfg(feature = "linalg")]
#[test]
fn singular_spaces_are_projected_on() {
    use crate::{Nuclear, Spectral};
    let x = [2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0];
    let m = [3.0, 1.0, 5.0, 0.0, 1.0, 5.0, 5.0, 5.0, -9.0];
    let (mut v, root) = ([0.0; 9], 1.25f64.sqrt());
    // the symmetric part [[3, 0.5], [0.5, 1]] has eigenvalues 2 +- root, whose nearest of sum 2 are 1 +- root, so (2, 0)
    Spectral::new((3, 3)).project(&x, &m, 0.0, &mut v);
    let (a, b) = (0.5, root - 1.0);
    let norm = a * a + b * b;
    for (k, expected) in [(0, 2.0 * a * a / norm), (1, 2.0 * a * b / norm), (4, 2.0 * b * b / norm), (8, 0.0)] {
        assert!((v[k] - expected).abs() < 1e-14, "{v:?}");
    }
    Nuclear::new((3, 3)).project(&x, &m, 0.0, &mut v);
    assert!(v.iter().zip([4.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, -4.0]).all(|(v, e)| (v - e).abs() < 1e-14), "{v:?}");
}

/// The distance to the nearest point of a fine grid over the shares, for a maximum with two blocks that tie.
#[test]
fn shares_of_a_maximum_are_the_nearest() {
    use crate::{Join, L1, Product};
    let parts: [(_, f64, Box<dyn Norm>); 2] = [(0..3, 2.0, Box::new(Linf::new(3))), (3..6, 1.0, Box::new(L1::new(3)))];
    let norm = Product::new(Join::Max, parts).unwrap();
    let (x, m) = ([1.0, -1.0, 0.5, 2.0, 0.0, 0.0], [1.1, -0.3, 4.0, 0.9, 1.5, -0.1]);
    let mut v = [0.0; 6];
    norm.project(&x, &m, 0.0, &mut v);
    let square = |v: &[f64]| m.iter().zip(v).map(|(m, v)| (m - v).powi(2)).sum::<f64>();
    let mut best = f64::INFINITY;
    for i in 0..=1000 {
        // N = 2: shares t and 2 - t, the first times 2 over the two tied entries
        let t = 0.002 * f64::from(i);
        for k in 0..=1000 {
            let a = 2.0 * t * 0.001 * f64::from(k);
            let r = 2.0 - t;
            best = best.min(square(&[a, a - 2.0 * t, 0.0, r, f64::min(1.5, r), f64::max(-0.1, -r)]));
        }
    }
    assert!(square(&v) <= best && best < square(&v) + 1e-5, "{} against {best} at {v:?}", square(&v));
}
