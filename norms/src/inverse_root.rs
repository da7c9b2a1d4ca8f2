//! The inverse square root of a Gram matrix whose condition is one of its scaling, without an eigenproblem.

use ndarray::{Array1, Array2, ArrayView, ArrayView2, Axis, Dimension, Zip};
use std::mem;
use steepest_core::linalg::{
    Accumulate, commuting_product_into, gram_into, inverse_cholesky, inverse_positive_definite, multiply_into,
};
use steepest_core::vector;

/// Largest error of the polar factor G A^-1/2, relative to its Frobenius norm.
const LARGEST_ERROR: f64 = 1e-12;

/// Width of the interval [1 - w, 1] of eigenvalues on which the series of the inverse root to the fourth power is one to rounding.
const SERIES_WIDTH: f64 = 1e-3;

/// A^-1/2 of A = G^T G (r x r).
#[derive(Debug)]
pub(crate) struct InverseRoot {
    /// A^-1/2.
    pub(crate) root: Array2<f64>,
    /// By how much G A^-1/2 is off the polar factor of G, and off orthonormal columns, relative to its Frobenius norm sqrt(r).
    pub(crate) error: f64,
}

/// That G A^-1/2 would be off by more than 1e-12, or A is not positive definite.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The smallest eigenvalue of A over its largest, at most.
    pub(crate) ratio_at_most: f64,
}

impl Refused {
    /// For A whose Cholesky factor has this inverse. The smallest eigenvalue is at most 1 / |A^-1 e_i|, whichever the i; it is close to that where the
    /// i-th entry of the diagonal of A^-1 is the largest.
    fn of(a: ArrayView2<'_, f64>, factor: &Array2<f64>, inverse_diagonal: &Array1<f64>) -> Self {
        let by_size = |x: &(usize, &f64), y: &(usize, &f64)| x.1.total_cmp(y.1);
        let i = inverse_diagonal.iter().enumerate().max_by(by_size).map_or(0, |(i, _)| i);
        let column = product(factor.t(), factor.column(i).insert_axis(Axis(1)));
        let largest = a.diag().iter().copied().fold(0.0, f64::max);
        Self { ratio_at_most: (sum_of_squares(column.view()).sqrt() * largest).recip() }
    }
}

impl InverseRoot {
    /// For A = G^T G as it was computed.
    ///
    /// Rounding moves an entry of A by a multiple of sqrt(A_ii A_jj). The error is therefore not that of the condition of G, but, with G = C S of columns
    /// of length one, eps |C^+|_F^2 = eps sum_i A_ii (A^-1)_ii (Demmel and Veselic 1992): as small as the columns of G are far from dependent, whatever
    /// their lengths. What follows keeps them apart, but for the difference I - Z: with l^2 the ratio of the eigenvalues, it adds eps l^-2/3.
    ///
    /// The iteration is QDWH (Nakatsukasa, Bai and Gygi 2010) on the eigenvalues: with the best l such that those of X_k^T X_k are in [l^2, 1],
    ///
    /// X_k+1 = X_k P, P = (b / c) I + (a - b / c) Z, Z = (I + c A_k)^-1, A_k = X_k^T X_k,
    ///
    /// two or three times, and then the binomial series. P and Z are functions of A, so that A_k+1 = A_k P^2 takes one product, Z^2. Some
    /// twelve operations of r^3 in all, nearly all of them symmetric or triangular.
    pub(crate) fn of(a: ArrayView2<'_, f64>) -> Result<Self, Refused> {
        // rounding alone keeps it from being singular
        const SINGULAR: Refused = Refused { ratio_at_most: 0.0 };

        let r = a.nrows();
        // at least the largest eigenvalue
        let size = sum_of_squares(a).sqrt();
        let mut a = a.mapv(|v| v / size);
        let factor = inverse_cholesky(a.view()).map_err(|_| SINGULAR)?;
        let inverse_diagonal = factor.map_axis(Axis(0), sum_of_squares);
        // at most the smallest eigenvalue
        let mut least = inverse_diagonal.sum().recip().min(1.0);
        let error = f64::EPSILON * (a.diag().dot(&inverse_diagonal) + least.cbrt().recip()) / (r as f64).sqrt();
        if error.is_nan() || error > LARGEST_ERROR {
            return Err(Refused::of(a.view(), &factor, &inverse_diagonal));
        }
        let (mut root, mut spare): (Option<Array2<f64>>, _) = (None, Array2::zeros((r, r)));
        while 1.0 - least > SERIES_WIDTH {
            let step = Step::of(least);
            let factor = step.factor(&mut a, &mut spare).ok_or(SINGULAR)?;
            root = Some(composed(root, factor, &mut spare));
            least = step.least;
        }
        let series = inverse_root_near_one(a, size.sqrt().recip(), &mut spare);
        Ok(Self { root: composed(root, series, &mut spare), error })
    }
}

/// The weights of a step of QDWH.
struct Step {
    a: f64,
    b: f64,
    c: f64,
    /// The least eigenvalue after it, at least.
    least: f64,
}

impl Step {
    /// For eigenvalues in [least, 1].
    fn of(least: f64) -> Self {
        let d = (4.0 * (1.0 - least) / (least * least)).cbrt();
        let e = (1.0 + d).sqrt();
        let a = e + 0.5 * (8.0 - 4.0 * d + 8.0 * (2.0 - least) / (least * e)).sqrt();
        let b = (a - 1.0).powi(2) / 4.0;
        let c = a + b - 1.0;
        let ratio = (a + b * least) / (1.0 + c * least);
        Self { a, b, c, least: (least * ratio * ratio).min(1.0) }
    }

    /// P, with A P^2 in the place of A and Z^2 in the spare one; `None` if I + c A is not positive definite.
    fn factor(&self, a: &mut Array2<f64>, squared: &mut Array2<f64>) -> Option<Array2<f64>> {
        let (alpha, beta, c) = (self.b / self.c, self.a - self.b / self.c, self.c);
        let mut shifted = &*a * c;
        shifted.diag_mut().mapv_inplace(|v| v + 1.0);
        let mut z = inverse_positive_definite(shifted.view()).ok()?;
        gram_into(z.view(), squared.view_mut());
        // A Z = (I - Z) / c
        let (first, second) = (beta * (2.0 * alpha - beta) / c, beta * beta / c);
        Zip::from(&mut *a).and(&mut z).and(&*squared).for_each(|a, z, &squared| {
            *a = alpha * alpha * *a - first * *z - second * squared;
            *z *= beta;
        });
        a.diag_mut().mapv_inplace(|v| v + 2.0 * alpha * beta / c);
        z.diag_mut().mapv_inplace(|v| v + alpha);
        Some(z)
    }
}

/// `scale` A^-1/2 = scale sum_k binom(2 k, k) (D / 4)^k, D = I - A, for eigenvalues in [1 - `SERIES_WIDTH`, 1]; D^2 in the spare matrix.
fn inverse_root_near_one(a: Array2<f64>, scale: f64, squared: &mut Array2<f64>) -> Array2<f64> {
    let mut d = -a;
    d.diag_mut().mapv_inplace(|v| v + 1.0);
    gram_into(d.view(), squared.view_mut());
    let mut low = Zip::from(&d).and(&*squared).map_collect(|d, squared| scale * (d * 0.5 + squared * 0.375));
    low.diag_mut().mapv_inplace(|v| v + scale);
    let mut high = d;
    Zip::from(&mut high)
        .and(&*squared)
        .for_each(|d, squared| *d = scale * (*d * (5.0 / 16.0) + squared * (35.0 / 128.0)));
    let mut product = Array2::zeros(high.raw_dim());
    commuting_product_into(squared.view(), high.view(), product.view_mut());
    low + product
}

fn sum_of_squares<D: Dimension>(a: ArrayView<'_, f64, D>) -> f64 {
    a.to_slice_memory_order().map_or_else(|| a.iter().map(|v| v * v).sum(), vector::sum_of_squares)
}

/// The product of what there is so far and one more factor, polynomials of one symmetric matrix; one of them becomes the spare one.
fn composed(so_far: Option<Array2<f64>>, factor: Array2<f64>, spare: &mut Array2<f64>) -> Array2<f64> {
    let Some(mut product) = so_far else { return factor };
    commuting_product_into(product.view(), factor.view(), spare.view_mut());
    mem::swap(&mut product, spare);
    product
}

pub(crate) fn gram(a: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut c = Array2::zeros((a.ncols(), a.ncols()));
    gram_into(a, c.view_mut());
    c
}

pub(crate) fn product(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    multiply_into(Accumulate::Replace, a, b, c.view_mut());
    c
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::linalg::{symmetric_eigen, thin_qr};

    #[test]
    fn a_refusal_tells_the_ratio_of_the_eigenvalues_to_a_factor() {
        let r = 20;
        let mixed = Array2::from_shape_fn((r, r), |(i, j)| ((i * i + 3 * i * j + 7 * j + 1) % 23) as f64 - 11.0);
        let (v, _) = thin_qr(mixed.view()).unwrap();
        for exponent in 8..=11 {
            let ratio = 10_f64.powi(-exponent);
            let values = Array1::from_shape_fn(r, |k| 5.0 * ratio.powf(k as f64 / (r - 1) as f64));
            let a = product((&v * &values).view(), v.t());
            let refused = InverseRoot::of(a.view()).unwrap_err();
            let eigen = symmetric_eigen(a.view()).unwrap().values;
            let truth = eigen[0] / eigen[r - 1];
            assert!(refused.ratio_at_most > 0.999 * truth, "{:e} of {truth:e}", refused.ratio_at_most);
            assert!(refused.ratio_at_most < r as f64 * truth, "{:e} of {truth:e}", refused.ratio_at_most);
        }
        let singular = Array2::from_diag(&Array1::from(vec![1.0, 0.0]));
        assert!(InverseRoot::of(singular.view()).unwrap_err().ratio_at_most.abs() < 1e-300);
    }

    #[test]
    fn of_a_diagonal_matrix_it_is_that_of_the_entries() {
        // columns of any lengths, orthogonal to each other: no condition but that of their lengths
        for spread in [1.0, 1e2, 1e4] {
            let lengths = Array1::from_shape_fn(20, |k| 3.0 * f64::powf(spread, -((k * 7 % 20) as f64) / 19.0));
            let found = InverseRoot::of(Array2::from_diag(&(&lengths * &lengths)).view()).unwrap();
            assert!(found.error < 1e-13, "{}", found.error);
            let polar = found.root * &lengths;
            let off = (polar - Array2::<f64>::eye(20)).iter().map(|v| v * v).sum::<f64>().sqrt();
            assert!(off < found.error * 20_f64.sqrt(), "{off:e} where {:e} was promised", found.error);
        }
    }

    #[test]
    fn a_step_keeps_its_promise() {
        for least in [1e-12, 1e-8, 1e-4, 0.1, 0.9] {
            let step = Step::of(least);
            let after = |x: f64| x * ((step.a + step.b * x) / (1.0 + step.c * x)).powi(2);
            for k in 0..=100 {
                let x = least.powf(f64::from(k) / 100.0);
                assert!(after(x) <= 1.0 + 1e-12 && after(x) >= step.least * (1.0 - 1e-12), "{x} of {least}");
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_none() {
        assert!(InverseRoot::of(Array2::zeros((2, 2)).view()).is_err());
        assert!(InverseRoot::of(Array2::ones((2, 2)).view()).is_err());
        assert!(InverseRoot::of(Array2::from_elem((2, 2), f64::NAN).view()).is_err());
    }
}
