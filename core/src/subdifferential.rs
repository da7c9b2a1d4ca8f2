//! Which vector of a subdifferential is nearest: what the distance from a KKT point is measured with.
//!
//! A direction theta is a KKT point of min 1/2 N(theta)^2 subject to margins of one if a combination of the samples' gradients lies in the
//! subdifferential of 1/2 N^2 at theta, which is N(theta) times that of N. At ties, zeros and rank deficiency this is a set.

use crate::norm::Norm;
use std::fmt::Debug;

/// A norm whose subdifferentials can be projected on.
///
/// # Laws
/// For v = [`project`](Subdifferential::project)(x, m) at tolerance zero, tested by [`laws::check_subdifferential`](crate::laws):
/// - v is in the set: N*(v) <= N(x) and <x, v> = N(x)^2;
/// - <m - v, z - v> <= 0 for every other member z, so that v is the nearest;
/// - members are their own projections; at x = 0 the set is {0}.
pub trait Subdifferential: Norm {
    /// The multiples t C of C, the subdifferential of N at x, seen from a target. At x = 0 it is the unit ball of N*.
    ///
    /// `tolerance` says what counts as a tie or a zero, relative to the largest number of its kind: what decides a maximum (the largest
    /// entries, singular values, groups or blocks) within a factor 1 - tolerance, but never less than 1e-12, which rounding needs; what
    /// decides a sum (entries for l1, singular values for the nuclear norm, whose rank has the cut of its steepest map at least, groups and
    /// blocks of a sum) is zero up to the tolerance. With a tolerance the set is that of a point so far away: N*(v) <= N(x) holds,
    /// <x, v> = N(x)^2 up to the tolerance.
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples>;

    /// Writes the Euclidean projection of `target` on the subdifferential of 1/2 N^2 at x.
    fn project(&self, x: &[f64], target: &[f64], tolerance: f64, projection: &mut [f64]) {
        self.multiples(x, target, tolerance).project(self.value(x), projection);
    }
}

/// The sets t C for t >= 0 and a convex set C that has not zero in it, or is a ball around zero; seen from a target m. With
/// phi(t) = 1/2 dist(m, t C)^2, which is convex, all that joins of several sets need are phi' and its inverse.
pub trait Multiples: Debug {
    /// phi'(t): continuous and not decreasing; minus the support function of C at m for t = 0.
    fn slope(&self, t: f64) -> f64;

    /// The smallest t >= 0 with phi'(t) >= `slope`, which is not above zero for balls.
    fn at_slope(&self, slope: f64) -> f64 {
        let excess = slope - self.slope(0.0);
        if excess <= 0.0 {
            return 0.0;
        }
        let mut high = excess;
        while self.slope(high) < slope && high.is_finite() {
            high *= 2.0;
        }
        increasing_root(|t| self.slope(t) - slope, 0.0, high)
    }

    /// Writes the projection of the target on t C.
    fn project(&self, t: f64, projection: &mut [f64]);
}

/// The root of a continuous function that does not decrease from `low` to `high`, to two units in the last place of the larger end that
/// is left: by secants, and by halves where they are slow. The end where the function has already, or still not, passed zero, if there is no root between.
pub fn increasing_root(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let (mut below, mut above) = (f(low), f(high));
    if below >= 0.0 {
        return low;
    }
    if above <= 0.0 {
        return high;
    }
    for step in 0..300 {
        // a secant that lands on an end is moved off it, so that the other end follows
        let least = f64::EPSILON * low.abs().max(high.abs());
        if high - low <= 2.0 * least {
            break;
        }
        let secant = low + (high - low) * (below / (below - above));
        let middle = if step % 3 == 2 { low + 0.5 * (high - low) } else { secant.max(low + least).min(high - least) };
        let value = f(middle);
        if value == 0.0 {
            return middle;
        }
        // an end that stays is given less weight, so that the other one moves (Illinois)
        if value < 0.0 {
            (low, below, above) = (middle, value, 0.5 * above);
        } else {
            (high, above, below) = (middle, value, 0.5 * below);
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn roots_are_found_to_the_last_bits() {
        for root in [1e-12, 0.3, 1.0, 77.0] {
            assert_relative_eq!(increasing_root(|t| t * t * t - root, 0.0, 100.0), root.cbrt(), max_relative = 1e-15);
            let kink = |t: f64| if t < root { 1e-3 * (t - root) } else { 1e3 * (t - root) };
            assert_relative_eq!(increasing_root(kink, 0.0, 100.0), root, max_relative = 1e-14);
        }
        assert_eq!(increasing_root(|t| t + 1.0, 0.0, 1.0), 0.0);
        assert_eq!(increasing_root(|t| t - 2.0, 0.0, 1.0), 1.0);
    }

    /// The multiples of one vector of square 2, seen from a target of product 3 with it.
    #[derive(Debug)]
    struct Ray;

    impl Multiples for Ray {
        fn slope(&self, t: f64) -> f64 {
            2.0 * t - 3.0
        }

        fn project(&self, t: f64, projection: &mut [f64]) {
            projection.fill(t);
        }
    }

    #[test]
    fn slopes_are_inverted() {
        assert_eq!(Ray.at_slope(-5.0), 0.0);
        assert_relative_eq!(Ray.at_slope(1.0), 2.0, max_relative = 1e-15);
    }
}
