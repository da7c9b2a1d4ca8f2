//! The exponentially tailed functions l(q) = e^-Phi(q) of one margin, known by their exponent Phi.

use crate::logspace;
use std::fmt::Debug;

/// l(q) = e^-Phi(q), exponentially tailed in the sense of Definition A.17 of Tsilivis et al.
///
/// # Laws
/// Tested by [`laws::check_tail`](crate::laws): (i) Phi is continuously differentiable; (ii) Phi' > 0 everywhere; (iii) u Phi'(u)
/// does not decrease on u >= 0. Hence Phi grows without bound, at least like a multiple of ln u.
///
/// Two functions make a loss, [`phi`](Tail::phi) and [`ln_derivative`](Tail::ln_derivative); the rest is provided. Both take any finite
/// margin, and both must be right to rounding: ln L is known no better than Phi.
///
/// ```
/// use steepest_core::loss::{Tail, Tailed};
/// use steepest_core::{Loss, Reduction};
/// /// l(q) = e^-(q + q^3): a loss that falls faster than any exponential.
/// #[derive(Debug)]
/// struct Cubic;
/// impl Tail for Cubic {
///     fn phi(&self, q: f64) -> f64 {
///         q + q * q * q
///     }
///     fn ln_derivative(&self, q: f64) -> f64 {
///         (3.0 * q * q).ln_1p()
///     }
/// }
/// let loss = Tailed::with(Cubic, Reduction::Sum);
/// assert!((loss.inverse(-10.0) - 2.0).abs() < 1e-15); // l(2) = e^-10
/// ```
pub trait Tail: Debug + Send + Sync {
    /// Phi(q) = -ln l(q).
    fn phi(&self, q: f64) -> f64;

    /// ln Phi'(q).
    fn ln_derivative(&self, q: f64) -> f64;

    /// ln(-l'(q)) = ln Phi'(q) - Phi(q): the logarithm of the weight of a term.
    fn ln_weight(&self, q: f64) -> f64 {
        self.ln_derivative(q) - self.phi(q)
    }

    /// Phi^-1(p), so that l^-1(S) = Phi^-1(-ln S). Infinite where no double reaches p, NaN at NaN.
    ///
    /// Provided: [`invert`], by bracketing and Newton's method. Its error is that of Phi, a relative rounding of p and of Phi(q), divided
    /// by Phi'(q), and two units in the last place of q. About 10 evaluations of Phi, and one more for each doubling of |q|.
    fn inverse(&self, p: f64) -> f64 {
        invert(self, p)
    }

    /// l(0) = e^-Phi(0).
    fn value_at_zero(&self) -> f64 {
        logspace::exp(-self.phi(0.0))
    }

    /// A number kappa with -l'(q) (q - q_0) <= kappa l(q_0) / e for all q >= q_0 >= 0, where one is known: the constant in the bound on
    /// the complementary slackness ([`Kkt::slackness_bound`](crate::kkt::Kkt::slackness_bound)). One for every concave Phi.
    fn excess_factor(&self) -> Option<f64> {
        None
    }
}

/// The most steps that a search may take; bisection of any bracket of doubles needs 64, and every second step at least halves it.
const MOST_STEPS: usize = 200;

/// Phi^-1(p) for an increasing Phi with a derivative: a bracket by doubling from zero, then Newton's method on Phi(q) = p, with
/// bisection wherever it leaves the bracket or is slow.
///
/// Infinite where no finite double reaches p; NaN at NaN.
pub fn invert<T: Tail + ?Sized>(tail: &T, p: f64) -> f64 {
    if p.is_nan() || p.is_infinite() {
        return p;
    }
    let at_zero = tail.phi(0.0) - p;
    if at_zero == 0.0 {
        return 0.0;
    }
    let sign = if at_zero < 0.0 { 1.0 } else { -1.0 };
    // in s = sign q >= 0 the residual r(s) = sign (Phi(sign s) - p) increases from a negative number
    let residual = |s: f64| sign * (tail.phi(sign * s) - p);
    let (mut low, mut high) = (0.0, 1.0);
    while residual(high) < 0.0 {
        (low, high) = (high, 2.0 * high);
        if high == f64::INFINITY {
            return sign * f64::INFINITY;
        }
    }
    let (mut s, mut last) = (0.5 * (low + high), f64::INFINITY);
    for _ in 0..MOST_STEPS {
        let r = residual(s);
        if r == 0.0 {
            break;
        }
        if r < 0.0 {
            low = s;
        } else {
            high = s;
        }
        let middle = 0.5 * (low + high);
        let newton = s - r / logspace::exp(tail.ln_derivative(sign * s));
        let is_slow = r.abs() > 0.5 * last;
        let next = if newton > low && newton < high && !is_slow { newton } else { middle };
        last = r.abs();
        if (next - s).abs() <= f64::EPSILON * s || middle <= low || middle >= high {
            return sign * next;
        }
        s = next;
    }
    sign * s
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::{ExponentialTail, LogisticTail, PowerTail};
    use approx::assert_relative_eq;

    /// The exponent of another tail, inverted by the provided search.
    #[derive(Debug)]
    struct Searched<T>(T);

    impl<T: Tail> Tail for Searched<T> {
        fn phi(&self, q: f64) -> f64 {
            self.0.phi(q)
        }

        fn ln_derivative(&self, q: f64) -> f64 {
            self.0.ln_derivative(q)
        }
    }

    fn agrees(tail: impl Tail, exponents: &[f64]) {
        let searched = Searched(tail);
        for &p in exponents {
            let (found, exact) = (searched.inverse(p), searched.0.inverse(p));
            // one rounding of Phi moves q by eps |p| / Phi'(q)
            let tolerance = 4.0 * f64::EPSILON * p.abs() / logspace::exp(searched.0.ln_derivative(exact));
            assert!(
                (found - exact).abs() <= tolerance + 4.0 * f64::EPSILON * exact.abs(),
                "{searched:?} at {p}: {found} {exact}"
            );
        }
    }

    #[test]
    fn the_search_finds_what_is_known_in_closed_form() {
        let both = [-1e6, -300.0, -2.0, -1e-3, -1e-12, 0.0, 1e-12, 0.3, 1.0, 40.0, 745.0, 1e6, 1e12];
        agrees(ExponentialTail, &both);
        for exponent in [0.25, 0.5, 1.0, 1.5, 3.0] {
            agrees(PowerTail::new(exponent).unwrap(), &both);
        }
        // Phi of the logistic loss falls like -ln|q|
        agrees(LogisticTail, &[-6.0, -1.0, 0.0, 0.4, 1.0, 36.0, 38.0, 745.0, 1e6]);
    }

    /// q + q^3 inside, so that nothing about the search is special to the catalogue.
    #[derive(Debug)]
    struct Cubic;

    impl Tail for Cubic {
        fn phi(&self, q: f64) -> f64 {
            q + q * q * q
        }

        fn ln_derivative(&self, q: f64) -> f64 {
            (3.0 * q * q).ln_1p()
        }
    }

    #[test]
    fn two_functions_make_a_tail() {
        for q in [-1e3, -2.0, 1e-8, 0.5, 1e5] {
            assert_relative_eq!(Cubic.inverse(Cubic.phi(q)), q, max_relative = 1e-14);
        }
        assert_eq!(Cubic.inverse(f64::INFINITY), f64::INFINITY);
        assert!(Cubic.inverse(f64::NAN).is_nan());
    }

    /// Bounded below: no margin has a larger loss than e.
    #[derive(Debug)]
    struct Bounded;

    impl Tail for Bounded {
        fn phi(&self, q: f64) -> f64 {
            if q > 0.0 { q } else { q / (1.0 - q) }
        }

        fn ln_derivative(&self, q: f64) -> f64 {
            if q > 0.0 { 0.0 } else { -2.0 * (-q).ln_1p() }
        }
    }

    #[test]
    fn what_no_margin_reaches_is_infinite() {
        assert_eq!(Bounded.inverse(-1.5), f64::NEG_INFINITY);
        assert_relative_eq!(Bounded.inverse(-0.75), -3.0, max_relative = 1e-14);
    }
}
