//! The polar factor of a matrix from the eigenvectors of its Gram matrix, with what rounding of that matrix did to them taken out.

use crate::inverse_root::{gram, product};
use ndarray::{Array1, Array2, ArrayView2, Zip};
use steepest_core::linalg::{Accumulate, multiply_into, symmetric_eigen};

/// Ratio of the smallest to the largest eigenvalue of G^T G below which there is no use in trying.
pub(crate) const LEAST_RATIO: f64 = 2e-12;

/// |E|_F up to which its square is rounding.
const LINEAR: f64 = 1e-7;

/// |E|_F above which its fourth power is not rounding.
const LARGEST_ERROR: f64 = 1e-4;

/// G = C D V^T (m x r, m >= r) with nearly orthonormal columns of C: V are the eigenvectors of G^T G as computed, D the lengths of the columns of G V.
///
/// C^T C = I + E, where E is rounding times the square of the condition of G. With K = (I + E)^1/2 the columns of C K^-1 are orthonormal, so that
/// the polar factor of G is C K^-1 Q V^T, with Q the polar factor of K D: all that is left is r x r and near the identity.
///
/// Q is found by Newton's method: where M = Q^T K D is not symmetric,
///
/// Q <- Q exp(Omega), Omega_ij = (M_ij - M_ji) / (d_i + d_j),
///
/// makes it symmetric but for the square of what was missing, whatever the lengths: M_ij is rounding times d_j. The first step, from Q = I, has
/// Omega_ij = K_ij (d_j - d_i) / (d_i + d_j) and leaves E^2; one more leaves E^4.
pub(crate) struct NearlyOrthogonal {
    /// C (m x r).
    pub(crate) columns: Array2<f64>,
    /// D.
    lengths: Array1<f64>,
    /// V (r x r).
    vectors: Array2<f64>,
    /// E (r x r).
    error: Array2<f64>,
    /// |E|_F.
    size: f64,
}

impl NearlyOrthogonal {
    /// For G and its Gram matrix; `None` where E is too large.
    pub(crate) fn of(gram_of_g: &Array2<f64>, g: ArrayView2<'_, f64>) -> Option<Self> {
        let vectors = eigenvectors(gram_of_g)?;
        let mut columns = product(g, vectors.view());
        let mut lengths = Array1::<f64>::zeros(g.ncols());
        for row in columns.rows() {
            Zip::from(&mut lengths).and(row).for_each(|sum, y| *sum += y * y);
        }
        lengths.mapv_inplace(f64::sqrt);
        let inverse = lengths.mapv(f64::recip);
        for mut row in columns.rows_mut() {
            row *= &inverse;
        }
        let mut error = gram(columns.view());
        error.diag_mut().mapv_inplace(|e| e - 1.0);
        let size = error.iter().map(|e| e * e).sum::<f64>().sqrt();
        // not where it is NaN
        (size <= LARGEST_ERROR).then_some(Self { columns, lengths, vectors, error, size })
    }

    /// K^-1 Q V^T.
    pub(crate) fn turn(&self) -> Array2<f64> {
        let vt = self.vectors.t();
        let minus_identity = if self.size <= LINEAR { self.first_order() } else { self.by_newton() };
        let mut turn = vt.to_owned();
        multiply_into(Accumulate::Add, minus_identity.view(), vt, turn.view_mut());
        turn
    }

    /// K^-1 Q - I to first order: -E_ij d_i / (d_i + d_j).
    fn first_order(&self) -> Array2<f64> {
        let d = &self.lengths;
        let mut turn = self.error.clone();
        turn.indexed_iter_mut().for_each(|((i, j), e)| *e *= -d[i] / (d[i] + d[j]));
        turn
    }

    /// The same but for E^4. Every matrix is told without its identity, so that what is small keeps its digits.
    fn by_newton(&self) -> Array2<f64> {
        let e = &self.error;
        let e2 = product(e.view(), e.view());
        let e3 = product(e2.view(), e.view());
        let series = |a, b, c| Zip::from(e).and(&e2).and(&e3).map_collect(|e, e2, e3| a * e + b * e2 + c * e3);
        let (k, inverse_k) = (series(0.5, -0.125, 0.0625), series(-0.5, 0.375, -0.3125));
        let omega = self.omega(&k);
        let omega2 = product(omega.view(), omega.view());
        let omega3 = product(omega2.view(), omega.view());
        let exponential = |sign: f64| {
            Zip::from(&omega).and(&omega2).and(&omega3).map_collect(|w, w2, w3| sign * (w + w3 / 6.0) + 0.5 * w2)
        };
        // Q^T K after the first step, and K^-1 Q
        let (turned, turn) = (composed(&exponential(-1.0), &k), composed(&inverse_k, &exponential(1.0)));
        composed(&turn, &self.omega(&turned))
    }

    /// Omega of M = (I + N) D.
    fn omega(&self, n: &Array2<f64>) -> Array2<f64> {
        let d = &self.lengths;
        Array2::from_shape_fn(n.dim(), |(i, j)| (n[(i, j)] * d[j] - n[(j, i)] * d[i]) / (d[i] + d[j]))
    }
}

/// (I + A) (I + B) - I.
fn composed(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let mut sum = a + b;
    multiply_into(Accumulate::Add, a.view(), b.view(), sum.view_mut());
    sum
}

/// V of G^T G = V diag(lambda) V^T, unless the eigenvalues are too far apart.
fn eigenvectors(gram: &Array2<f64>) -> Option<Array2<f64>> {
    let eigen = symmetric_eigen(gram.view()).ok()?;
    let (least, largest) = (*eigen.values.first()?, *eigen.values.last()?);
    (least > LEAST_RATIO * largest).then_some(eigen.vectors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::linalg::{thin_qr, thin_svd};

    fn drawn(rows: usize, cols: usize, seed: u64) -> Array2<f64> {
        let mut state = seed;
        Array2::from_shape_simple_fn((rows, cols), || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        })
    }

    fn orthonormal(rows: usize, cols: usize, seed: u64) -> Array2<f64> {
        thin_qr(drawn(rows, cols, seed).view()).unwrap().0
    }

    fn size(m: &Array2<f64>) -> f64 {
        m.iter().map(|e| e * e).sum::<f64>().sqrt()
    }

    /// Columns with |E|_F of about this, and lengths from 1 to 10.
    fn nearly(error: f64) -> NearlyOrthogonal {
        let (m, r) = (60, 20);
        let mixing = Array2::eye(r) + drawn(r, r, 7) * (error / r as f64 * 2.5);
        let mut columns = product(orthonormal(m, r, 3).view(), mixing.view());
        for mut column in columns.columns_mut() {
            let length = column.dot(&column).sqrt();
            column.mapv_inplace(|c| c / length);
        }
        let error = gram(columns.view()) - Array2::<f64>::eye(r);
        let lengths = Array1::from_shape_fn(r, |k| 10_f64.powf(k as f64 / (r - 1) as f64));
        NearlyOrthogonal { columns, lengths, vectors: orthonormal(r, r, 4), size: size(&error), error }
    }

    #[test]
    fn what_is_off_by_its_fourth_power_is_rounding() {
        for error in [1e-9, 1e-8, 1e-6, 1e-5, 1e-4] {
            let near = nearly(error);
            assert!((0.5..2.0).contains(&(near.size / error)), "{:e} in place of {error:e}", near.size);
            let g = product((&near.columns * &near.lengths).view(), near.vectors.t());
            let svd = thin_svd(g.view()).unwrap();
            let expected = product(svd.u.view(), svd.vt.view());
            let off = |turn: &Array2<f64>| size(&(product(near.columns.view(), turn.view()) - &expected));
            assert!(off(&near.turn()) < 1e-13, "{:e} at {error:e}", off(&near.turn()));
            // what the second step is for
            let first = (near.first_order() + Array2::<f64>::eye(20)).dot(&near.vectors.t());
            assert!(error < 1e-7 || off(&first) > 0.01 * error * error, "{:e} at {error:e}", off(&first));
        }
    }

    #[test]
    fn columns_too_far_from_orthogonal_are_refused() {
        // the eigenvectors of another matrix
        let g = product(orthonormal(30, 8, 1).view(), drawn(8, 8, 2).view());
        let other = gram(drawn(30, 8, 3).view());
        assert!(NearlyOrthogonal::of(&gram(g.view()), g.view()).is_some());
        assert!(NearlyOrthogonal::of(&other, g.view()).is_none());
    }
}
