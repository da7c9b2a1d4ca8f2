//! How long the columns of X are on the samples where one neuron is active.

use super::filter::{BATCH, Sums};
use super::problem::Problem;
use steepest_core::vector::vectorized;

/// 2^-22, as for the references.
const ROUNDING: f64 = 1.0 / 4_194_304.0;
/// Rounding, relative to the largest sum, at which the sums are built anew.
const LARGEST_ERROR: f64 = 1e-2;

/// A set of samples S and, for each column, sum over S of x_il^2 in units of the largest input squared.
#[derive(Debug)]
pub(super) struct Support {
    has: Vec<bool>,
    squares: Sums,
    largest: f64,
    /// A bound on the error of each sum.
    error: f64,
}

impl Support {
    pub(super) fn new(problem: &Problem) -> Self {
        Self { has: vec![false; problem.n], squares: Sums::new(problem.stride), largest: 0.0, error: 0.0 }
    }

    /// Makes S the samples where v or the reference is not zero; returns N = max_l |X_l restricted to S|, or a little more.
    pub(super) fn cover(&mut self, problem: &Problem, v: &[f64], reference: &[f64]) -> f64 {
        if self.error > LARGEST_ERROR * self.largest {
            self.has.fill(false);
            self.squares.clear();
            (self.largest, self.error) = (0.0, 0.0);
        }
        if !self.is_that_of(v, reference) {
            self.follow(problem, v, reference);
        }
        let length = (self.largest + self.error).sqrt() * problem.unit;
        length.min(problem.longest) * (1.0 + 1e-12)
    }

    fn is_that_of(&self, v: &[f64], reference: &[f64]) -> bool {
        let samples = v.iter().zip(reference).zip(&self.has);
        vectorized(
            #[inline(always)]
            || samples.filter(|((v, r), has)| (**v != 0.0 || **r != 0.0) != **has).count() == 0,
        )
    }

    /// Adds and takes away the samples that are in one of the two sets only.
    fn follow(&mut self, problem: &Problem, v: &[f64], reference: &[f64]) {
        let (mut rows, mut factors, mut filled) = ([problem.row(0); BATCH], [0.0; BATCH], 0);
        for (i, (v, reference)) in v.iter().zip(reference).enumerate() {
            let wanted = *v != 0.0 || *reference != 0.0;
            if self.has[i] == wanted {
                continue;
            }
            self.has[i] = wanted;
            (rows[filled], factors[filled]) = (problem.row(i), if wanted { 1.0 } else { -1.0 });
            filled += 1;
            if filled == BATCH {
                self.add(rows, factors);
                (factors, filled) = ([0.0; BATCH], 0);
            }
        }
        if filled > 0 {
            self.add(rows, factors);
        }
    }

    /// |X_l restricted to S|, or a little more.
    pub(super) fn length(&self, problem: &Problem, l: usize) -> f64 {
        (self.squares.magnitude(l) + self.error).sqrt() * problem.unit * (1.0 + 1e-12)
    }

    fn add(&mut self, rows: [&[f32]; BATCH], factors: [f32; BATCH]) {
        let largest = self.squares.add::<true>(rows, factors);
        // squares in units of the largest input are at most one
        self.error += ROUNDING * (self.largest + largest + 2.0 * BATCH as f64);
        self.largest = largest;
    }
}
