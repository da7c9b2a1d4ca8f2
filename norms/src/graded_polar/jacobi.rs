//! One-sided Jacobi on columns that carry a scale each.

use super::part::Part;
use steepest_core::vector::dot;

/// Columns of r entries whose cosine is at most this times the square root of r are orthogonal.
const ORTHOGONAL: f64 = 4.0 * f64::EPSILON;

/// Sweeps after which the iteration is given up; it ends in about eight.
const SWEEPS: usize = 60;

/// M = W diag(length) with unit columns W.
#[derive(Debug)]
pub(super) struct Columns {
    /// The unit columns.
    pub(super) unit: Vec<Vec<f64>>,
    /// Their lengths.
    pub(super) length: Vec<Part>,
}

impl Columns {
    /// Takes columns of any size with a scale each.
    pub(super) fn new(mut columns: Vec<Vec<f64>>, scales: impl Iterator<Item = Part>) -> Self {
        let length = columns.iter_mut().zip(scales).map(|(x, scale)| scale.scaled(normalise(x))).collect();
        Self { unit: columns, length }
    }

    /// Rotates until M J = U Sigma: the columns are then those of U, the lengths Sigma. Returns the columns of J; `None` if it does not
    /// end.
    pub(super) fn orthogonalise(&mut self) -> Option<Vec<Vec<f64>>> {
        let r = self.unit.len();
        let mut j_columns: Vec<Vec<f64>> =
            (0..r).map(|k| (0..r).map(|i| f64::from(u8::from(i == k))).collect()).collect();
        for _ in 0..SWEEPS {
            let mut rotated = false;
            for i in 0..r {
                for j in i + 1..r {
                    rotated |= self.rotate(i, j, &mut j_columns);
                }
            }
            if !rotated {
                return Some(j_columns);
            }
        }
        None
    }

    /// Makes two columns orthogonal; false if they were.
    ///
    /// With rho = |w_j|/|w_i| <= 1, c = cos(w_i, w_j), g = 1 - rho^2: the smaller angle has tan = rho tau,
    /// tau = 2 c / (g + sqrt(g^2 + 4 c^2 rho^2)), and the unit columns become w_i + rho^2 tau w_j and w_j - tau w_i.
    fn rotate(&mut self, a: usize, b: usize, j_columns: &mut [Vec<f64>]) -> bool {
        let (i, j) = if self.length[a].compare(&self.length[b]).is_ge() { (a, b) } else { (b, a) };
        let c = dot(&self.unit[i], &self.unit[j]);
        if c.abs() <= ORTHOGONAL * (self.unit.len() as f64).sqrt() {
            return false;
        }
        let rho = self.length[j].over(&self.length[i]);
        let g = (1.0 - rho) * (1.0 + rho);
        let tau = 2.0 * c / (g + g.hypot(2.0 * c * rho));
        let tan = rho * tau;
        let cos = tan.hypot(1.0).recip();
        mix(&mut self.unit, i, j, (1.0, tan * rho), (1.0, -tau));
        for k in [i, j] {
            self.length[k] = self.length[k].scaled(cos * normalise(&mut self.unit[k]));
        }
        mix(j_columns, i, j, (cos, cos * tan), (cos, -cos * tan));
        true
    }
}

/// (x_i, x_j) <- (a x_i + b x_j, c x_j + d x_i).
fn mix(columns: &mut [Vec<f64>], i: usize, j: usize, (a, b): (f64, f64), (c, d): (f64, f64)) {
    let (mut first, mut second) = (std::mem::take(&mut columns[i]), std::mem::take(&mut columns[j]));
    for (x, y) in first.iter_mut().zip(&mut second) {
        (*x, *y) = (a * *x + b * *y, c * *y + d * *x);
    }
    (columns[i], columns[j]) = (first, second);
}

/// Divides by the length, which it returns.
fn normalise(x: &mut [f64]) -> f64 {
    let length = dot(x, x).sqrt();
    if length > 0.0 {
        x.iter_mut().for_each(|v| *v /= length);
    }
    length
}
