//! A basis made of some of the given vectors, and the coordinates of all of them in it.

use super::part::CUT;
use steepest_core::vector::dot;

/// A basis of the span of unit vectors, chosen among them first come first.
#[derive(Debug)]
pub(super) struct Basis {
    /// Which of the vectors.
    pub(super) chosen: Vec<usize>,
    /// For each vector, its coordinates as (basis vector, coefficient), zeros left out. Of a basis vector: itself.
    pub(super) coordinates: Vec<Vec<(usize, f64)>>,
}

impl Basis {
    /// The first vector, and each that is not in the span of those chosen before, to [`CUT`].
    pub(super) fn new(vectors: &[Vec<f64>]) -> Self {
        let mut basis = Self { chosen: Vec::new(), coordinates: Vec::with_capacity(vectors.len()) };
        let mut factor = Factor::default();
        for (k, x) in vectors.iter().enumerate() {
            let coordinates = if factor.append(x, CUT) {
                basis.chosen.push(k);
                vec![(basis.chosen.len() - 1, 1.0)]
            } else {
                factor.coordinates(x)
            };
            basis.coordinates.push(coordinates);
        }
        basis
    }
}

/// Columns Q R, one by one: Gram and Schmidt, twice.
#[derive(Debug, Default)]
pub(super) struct Factor {
    /// The orthonormal columns of Q.
    pub(super) q: Vec<Vec<f64>>,
    /// The columns of R, down to the diagonal.
    pub(super) r: Vec<Vec<f64>>,
}

impl Factor {
    /// Splits x into Q h + rest.
    fn split(&self, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut h, mut rest) = (vec![0.0; self.q.len()], x.to_vec());
        for _ in 0..2 {
            for (h, q) in h.iter_mut().zip(&self.q) {
                let along = dot(q, &rest);
                *h += along;
                rest.iter_mut().zip(q).for_each(|(rest, q)| *rest -= along * q);
            }
        }
        (h, rest)
    }

    /// Takes x in as the next column unless it is within `cut` of the span of the others.
    pub(super) fn append(&mut self, x: &[f64], cut: f64) -> bool {
        if self.q.len() == x.len() {
            return false;
        }
        let (mut h, mut rest) = self.split(x);
        let length = dot(&rest, &rest).sqrt();
        if length <= cut {
            return false;
        }
        rest.iter_mut().for_each(|v| *v /= length);
        h.push(length);
        self.q.push(rest);
        self.r.push(h);
        true
    }

    /// The c with Q R c = x, for an x in the span; what is below [`CUT`] beside the largest, or below rounding, is zero.
    fn coordinates(&self, x: &[f64]) -> Vec<(usize, f64)> {
        let (mut c, _) = self.split(x);
        for k in (0..c.len()).rev() {
            let diagonal = self.r[k][k];
            c[k] /= diagonal;
            for i in 0..k {
                c[i] -= c[k] * self.r[k][i];
            }
        }
        let smallest = (0..c.len()).map(|k| self.r[k][k]).fold(1.0, f64::min);
        let largest = c.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let cut = largest * CUT.max(32.0 * f64::EPSILON / smallest);
        c.into_iter().enumerate().filter(|(_, v)| v.abs() > cut).collect()
    }
}
