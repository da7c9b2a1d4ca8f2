//! The norm by its laws, by brute force, and between its neighbours.

use approx::assert_relative_eq;
use outside_norm::{TopK, TopKSpec};
use std::num::NonZeroUsize;
use steepest_core::{Graded, GradedView, LogReal, Norm, laws, vector};
use steepest_norms::{BuildNorm, L1, Linf};

fn top(k: usize, dim: usize) -> TopK {
    TopK::new(NonZeroUsize::new(k).unwrap(), dim)
}

/// Vectors of 7 entries with ties, zeros, and both.
const VECTORS: [[f64; 7]; 6] = [
    [1.0, -2.0, 0.5, 3.0, -0.25, 2.5, 0.125],
    [1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0],
    [0.0, -2.0, 0.0, 2.0, 0.0, 0.0, 2.0],
    [0.0, 0.0, 0.0, -4.0, 0.0, 0.0, 0.0],
    [1e-300, 1e300, -1e-300, 1.0, -1e300, 1e150, 0.0],
    [3.0, -3.0, 2.0, -2.0, 2.0, 1.0, 1.0],
];

/// A vector whose entries lie as far apart as e^-5000.
fn graded(heavy: &[f64], light: &[f64]) -> Graded {
    let mut g = Graded::zeros(heavy.len());
    g.overwrite(LogReal::from_ln(-1e6)).copy_from_slice(heavy);
    g.add_band(LogReal::from_ln(-1_005_000.0), light);
    g
}

#[test]
fn the_laws_hold() {
    for spec in TopKSpec::examples() {
        for dim in [1, 2, 9, 32] {
            laws::check_norm(&TopK::new(spec.k, dim));
        }
    }
}

/// The unit ball for a whole k is the hull of the sign vectors with at most k entries: all of {-1, 0, 1}^7 are tried, and the norm alone says
/// which of them lie inside.
#[test]
fn the_dual_norm_is_the_largest_product_by_brute_force() {
    for k in 1..=8 {
        let norm = top(k, 7);
        for g in VECTORS {
            let mut best = 0.0_f64;
            for code in 0..3_usize.pow(7) {
                let u: Vec<f64> = (0..7).map(|j| (code / 3_usize.pow(j) % 3) as f64 - 1.0).collect();
                if norm.value(&u) <= 1.0 {
                    best = best.max(vector::dot(&g, &u));
                }
            }
            assert_relative_eq!(norm.dual(g[..].into()).value(), best, max_relative = 1e-12);
        }
    }
}

/// Both norms find the same, to rounding.
fn assert_same(ours: &dyn Norm, theirs: &dyn Norm, g: GradedView<'_>) {
    let (mut u, mut w) = (vec![f64::NAN; g.len()], vec![f64::NAN; g.len()]);
    let (a, b) = (ours.steepest_into(g, &mut u), theirs.steepest_into(g, &mut w));
    assert_eq!((u, a.near_ties), (w, b.near_ties), "{theirs:?} at {g:?}");
    assert_relative_eq!(a.dual.ln(), b.dual.ln(), max_relative = 1e-15, epsilon = 1e-15);
    assert_relative_eq!(ours.dual(g).ln(), theirs.dual(g).ln(), max_relative = 1e-15, epsilon = 1e-15);
}

#[test]
fn one_entry_is_coordinate_descent_and_all_are_sign_descent() {
    let bands = VECTORS.map(|light| graded(&VECTORS[2], &light));
    let plain = VECTORS.iter().map(|g| GradedView::from(&g[..]));
    for g in plain.chain(bands.iter().map(Graded::view)) {
        assert_same(&top(1, 7), &L1::new(7), g);
        assert_same(&top(7, 7), &Linf::new(7), g);
    }
    for x in VECTORS {
        assert_relative_eq!(top(1, 7).value(&x), L1::new(7).value(&x));
        assert_relative_eq!(top(7, 7).value(&x), Linf::new(7).value(&x));
    }
}

#[test]
fn of_ties_the_first_move_and_the_others_are_counted() {
    let mut u = [0.0; 6];
    let g = [1.0, 2.0, -1.0 - 1e-14, 1.0 + 1e-13, 0.5, 1.0 + 1e-11];
    // the third largest is 1 + 1e-13, and the entries 0, 2 and 3 are within 1e-12 of it: one place is left
    let found = top(3, 6).steepest_into(g[..].into(), &mut u);
    assert_eq!((u, found.near_ties), ([1.0, 1.0, 0.0, 0.0, 0.0, 1.0], 2));
    assert_eq!(top(3, 6).steepest_into([0.0, -1.0, 0.0, 0.0, 0.0, 0.0][..].into(), &mut u).near_ties, 0);
    assert_eq!(u, [0.0, -1.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn entries_far_below_the_range_of_a_double_are_compared() {
    let g = graded(&[2.0, 0.0, 0.0, 0.0], &[0.0, -1.0, 3.0, -1.0 - 1e-14]);
    let mut u = [0.0; 4];
    assert_eq!(top(2, 4).steepest_into(g.view(), &mut u).near_ties, 0);
    assert_eq!(u, [1.0, 0.0, 1.0, 0.0]);
    let found = top(3, 4).steepest_into(g.view(), &mut u);
    assert_eq!((u, found.near_ties), ([1.0, -1.0, 1.0, 0.0], 1));
    assert_relative_eq!(found.dual.ln(), 2f64.ln() - 1e6, max_relative = 1e-15);
}

#[test]
fn nothing_is_hidden_by_nan() {
    let x = [1.0, f64::NAN, 2.0];
    let mut u = [0.0; 3];
    assert!(top(2, 3).value(&x).is_nan() && top(2, 3).dual(x[..].into()).ln().is_nan());
    top(2, 3).steepest_into(x[..].into(), &mut u);
    assert!(u.iter().all(|u| u.is_nan()));
}
