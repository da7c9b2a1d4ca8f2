//! Norms and remainders that are never below the exact ones.

use steepest_core::vector;

/// Above what squares of entries below the range of a double can add to a norm.
const INVISIBLE: f64 = 1e-150;

/// Relative rounding of a fit and of the differences in it, with room.
const ROUNDING: f64 = 1e-13;

/// |v|_2, not less than the exact one beyond rounding.
pub(super) fn norm(v: &[f64]) -> f64 {
    vector::sum_of_squares(v).sqrt() + INVISIBLE
}

/// v = factor * reference + the rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) factor: f64,
    /// A bound on |v - factor * reference|_2.
    pub(super) rest: f64,
}

/// The multiple of the reference that is nearest to v; without a reference the whole of v is the rest.
pub(super) fn fit(v: &[f64], reference: &[f64]) -> Fit {
    let factor = vector::dot(v, reference) / vector::sum_of_squares(reference);
    if !factor.is_finite() {
        return Fit { factor: 0.0, rest: norm(v) };
    }
    Fit { factor, rest: rest(v, reference, factor) }
}

/// A bound on |v - factor * reference|_2.
pub(super) fn rest(v: &[f64], reference: &[f64], factor: f64) -> f64 {
    let squares = vector::vectorized(
        #[inline(always)]
        move || {
            let mut lanes = [0.0; 8];
            let (cv, cr) = (v.chunks_exact(8), reference.chunks_exact(8));
            let tail: f64 = cv.remainder().iter().zip(cr.remainder()).map(|(v, r)| (v - factor * r).powi(2)).sum();
            for (v, r) in cv.zip(cr) {
                for ((lane, v), r) in lanes.iter_mut().zip(v).zip(r) {
                    *lane += (v - factor * r) * (v - factor * r);
                }
            }
            lanes.iter().sum::<f64>() + tail
        },
    );
    squares.sqrt() + ROUNDING * norm(v) + INVISIBLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_leaves_what_is_orthogonal() {
        let reference = [1.0, 2.0, 0.0];
        let found = fit(&[2.0, 4.0, 3.0], &reference);
        assert!((found.factor - 2.0).abs() < 1e-15 && (found.rest - 3.0).abs() < 1e-11, "{found:?}");
        let none = fit(&[3.0, 4.0, 0.0], &[0.0; 3]);
        assert!(none.factor == 0.0 && none.rest >= 5.0, "{none:?}");
        assert!(norm(&[1e-200]) > 1e-200);
    }
}
