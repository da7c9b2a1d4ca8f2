//! The laws of an exponentially tailed function.

use super::assert_close;
use crate::logspace;
use crate::loss::Tail;

/// Margins on both sides of zero, from far inside its rounding to far beyond where e^-q ends.
const MARGINS: [f64; 17] =
    [1e-12, 1e-6, 1e-3, 0.03, 0.2, 0.7, 1.0, 1.7, 3.0, 6.5, 15.0, 36.9, 37.1, 80.0, 745.0, 1e4, 1e6];

/// Checks every law of [`Tail`], at margins of both signs from 1e-12 to 1e6: the conditions of Definition A.17 ((i) Phi' against central
/// differences of Phi, and continuous; (ii) Phi' > 0; (iii) u Phi'(u) does not decrease on u >= 0), the weight, the inverse, l(0), and the
/// constant of the slackness.
///
/// # Panics
/// With a sentence, if a law is broken.
pub fn check_tail(tail: &dyn Tail) {
    for q in MARGINS.iter().flat_map(|&q| [-q, q]).chain([0.0]) {
        check_derivative(tail, q);
        let weight = tail.ln_derivative(q) - tail.phi(q);
        assert_close(tail.ln_weight(q), weight, 1e-14, &format!("{tail:?}: ln(-l') = ln Phi' - Phi at {q}"));
        check_inverse(tail, q);
    }
    for pair in MARGINS.windows(2) {
        let [below, above] = [pair[0], pair[1]].map(|u| u.ln() + tail.ln_derivative(u));
        let slack = 1e-14 * (below.abs() + 1.0);
        assert!(above >= below - slack, "{tail:?}: u Phi'(u) falls between {} and {}", pair[0], pair[1]);
    }
    assert_close(tail.value_at_zero(), logspace::exp(-tail.phi(0.0)), 1e-15, &format!("{tail:?}: l(0) = e^-Phi(0)"));
    check_excess(tail);
}

/// Phi' is finite and positive, the derivative of Phi, and the same on both sides of q.
fn check_derivative(tail: &dyn Tail, q: f64) {
    let ln = tail.ln_derivative(q);
    assert!(ln.is_finite(), "{tail:?}: ln Phi'({q}) = {ln} is not finite");
    let h = 1e-5 * (1.0 + q.abs());
    let (derivative, phi) = (logspace::exp(ln), tail.phi(q));
    let difference = (tail.phi(q + h) - tail.phi(q - h)) / (2.0 * h);
    let [left, right] = [q - h, q + h].map(|q| logspace::exp(tail.ln_derivative(q)));
    assert!(right.max(left) <= 1.01 * right.min(left), "{tail:?}: Phi' jumps from {left} to {right} at {q}");
    // the difference is a value of Phi' between the two sides, also where Phi' has a kink
    let between = (left - derivative).abs().max((right - derivative).abs());
    let tolerance = 1e-8 * derivative + between + 4.0 * f64::EPSILON * phi.abs() / h;
    assert!(
        (derivative - difference).abs() <= tolerance,
        "{tail:?}: Phi'({q}) is {derivative}, by differences {difference}"
    );
}

/// Phi^-1(Phi(q)) = q up to the rounding of Phi.
fn check_inverse(tail: &dyn Tail, q: f64) {
    let phi = tail.phi(q);
    let found = tail.inverse(phi);
    let rounding = f64::EPSILON * phi.abs() / logspace::exp(tail.ln_derivative(q));
    let tolerance = 8.0 * rounding + 16.0 * f64::EPSILON * q.abs();
    assert!((found - q).abs() <= tolerance, "{tail:?}: Phi^-1(Phi({q})) = {found}, off by more than {tolerance:e}");
}

/// -l'(q) (q - q_0) <= kappa l(q_0) / e.
fn check_excess(tail: &dyn Tail) {
    let Some(kappa) = tail.excess_factor() else { return };
    for q_0 in MARGINS.into_iter().chain([0.0]) {
        for excess in MARGINS {
            let left = tail.ln_weight(q_0 + excess) + excess.ln();
            let right = kappa.ln() - tail.phi(q_0) - 1.0;
            let slack = 1e-12 * right.abs().max(1.0);
            assert!(left <= right + slack, "{tail:?}: kappa {kappa} is too small at {q_0} and {excess} beyond it");
        }
    }
}
