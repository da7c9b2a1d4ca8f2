//! Singular values, singular vectors, and eigenvalues of symmetric matrices.
//!
//! A library that fails (divide and conquer can) or returns what is not finite is followed by the other one.

use super::backend::{Backend, current, factorising};
use super::faer_view::{borrow, borrow_mut};
use super::lanczos::largest_eigenvalue_of_semidefinite;
use super::product::{Accumulate, gram_into, gram_of_lower_into, multiply_into};
use super::registers::clear_upper_halves;
use super::tridiagonal::largest_eigenvalue;
use crate::error::CoreError;
use crate::vector::max_abs;
use ndarray::{Array1, Array2, ArrayView2, CowArray, Ix2, ShapeBuilder};
use ndarray_linalg::{Cholesky, Diag, Eigh, JobSvd, QR, SVDDC, SolveTriangular, UPLO};

/// A = U diag(s) V^T with U (m x r), s descending (r), V^T (r x n), r = min(m, n).
#[derive(Clone, Debug)]
pub struct ThinSvd {
    /// Left singular vectors, one a column.
    pub u: Array2<f64>,
    /// Singular values, descending.
    pub s: Array1<f64>,
    /// Right singular vectors, one a row.
    pub vt: Array2<f64>,
}

/// A = V diag(lambda) V^T with lambda ascending.
#[derive(Clone, Debug)]
pub struct SymmetricEigen {
    /// Eigenvalues, ascending.
    pub values: Array1<f64>,
    /// Eigenvectors, one a column.
    pub vectors: Array2<f64>,
}

/// Tries the chosen library, then the other.
fn either<T>(
    what: &'static str,
    a: ArrayView2<'_, f64>,
    first: Backend,
    faer: impl Fn() -> Result<T, String>,
    lapack: impl Fn() -> Result<T, String>,
) -> Result<T, CoreError> {
    let (rows, cols) = a.dim();
    if let Some(v) = a.iter().find(|v| !v.is_finite()) {
        return Err(CoreError::Factorisation { what, rows, cols, reason: format!("it holds {v}") });
    }
    let first_faer = first == Backend::Faer;
    let by_faer = || {
        let result = faer();
        clear_upper_halves();
        result
    };
    let attempt = |with_faer: bool| if with_faer { by_faer() } else { lapack() };
    attempt(first_faer).or_else(|_| attempt(!first_faer)).map_err(|reason| CoreError::Factorisation {
        what,
        rows,
        cols,
        reason,
    })
}

fn finite<T>(value: T, entries: &Array1<f64>) -> Result<T, String> {
    if entries.iter().all(|v| v.is_finite()) { Ok(value) } else { Err("the result is not finite".into()) }
}

/// (c, A / c): a power of two c near the largest entry where that is far from one, so that no square on the way under- or overflows and no library
/// takes small singular values for none; the factors of A are those of A / c, its values c times those.
fn moderate<'a>(a: &'a ArrayView2<'_, f64>) -> (f64, CowArray<'a, f64, Ix2>) {
    const POWER: u64 = 0x7ff << 52;
    let largest = a.as_slice_memory_order().map_or_else(|| a.iter().fold(0.0_f64, |m, v| m.max(v.abs())), max_abs);
    if largest == 0.0 || !largest.is_finite() || (1e-100..1e100).contains(&largest) {
        return (1.0, a.view().into());
    }
    let c = f64::from_bits(largest.to_bits() & POWER).max(f64::MIN_POSITIVE);
    (c, a.mapv(|v| v / c).into())
}

/// Copies a faer view.
fn to_array(m: faer::MatRef<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn((m.nrows(), m.ncols()), |(i, j)| m[(i, j)])
}

/// The thin singular value decomposition of a matrix (m x n): O(m n min(m, n)).
///
/// # Errors
/// If an entry is not finite or neither library converges.
pub fn thin_svd(a: ArrayView2<'_, f64>) -> Result<ThinSvd, CoreError> {
    let (scale, a) = moderate(&a);
    let a = a.view();
    let mut svd = either(
        "singular value decomposition",
        a,
        current(),
        || {
            let svd = borrow(&a).thin_svd().map_err(|e| format!("{e:?}"))?;
            let s: Array1<f64> = svd.S().column_vector().iter().copied().collect();
            let vt = to_array(svd.V().transpose());
            finite(ThinSvd { u: to_array(svd.U()), vt, s: s.clone() }, &s)
        },
        || {
            let (u, s, vt) = a.to_owned().svddc(JobSvd::Some).map_err(|e| e.to_string())?;
            let (Some(u), Some(vt)) = (u, vt) else { return Err("no singular vectors".into()) };
            finite(ThinSvd { u, vt, s: s.clone() }, &s)
        },
    )?;
    svd.s *= scale;
    Ok(svd)
}

/// The thin QR decomposition of a tall matrix (m x n, m >= n): Q with orthonormal columns (m x n) and R upper triangular (n x n).
///
/// # Errors
/// If an entry is not finite or neither library succeeds.
pub fn thin_qr(a: ArrayView2<'_, f64>) -> Result<(Array2<f64>, Array2<f64>), CoreError> {
    let (scale, a) = moderate(&a);
    let a = a.view();
    let (q, r) = either(
        "QR decomposition",
        a,
        factorising(),
        || {
            let qr = borrow(&a).qr();
            Ok((to_array(qr.compute_thin_Q().as_ref()), to_array(qr.thin_R())))
        },
        || a.to_owned().qr().map_err(|e| e.to_string()),
    )?;
    Ok((q, r * scale))
}

/// The thin singular value decomposition of D^T H (m x n) from D (r x m) and H (r x n), r at most m and n: two QR decompositions and the
/// singular values of an r x r matrix, O((m + n) r^2), in place of O(m n min(m, n)). Errors are those of rounding beside |D| |H|, as they are
/// when the product is formed.
///
/// # Errors
/// If an entry is not finite or neither library converges.
pub fn thin_svd_of_product(d: ArrayView2<'_, f64>, h: ArrayView2<'_, f64>) -> Result<ThinSvd, CoreError> {
    let (left, r_left) = thin_qr(d.t())?;
    let (right, r_right) = thin_qr(h.t())?;
    let product = |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| {
        let mut c = Array2::zeros((a.nrows(), b.ncols()));
        multiply_into(Accumulate::Replace, a, b, c.view_mut());
        c
    };
    let small = thin_svd(product(r_left.view(), r_right.t()).view())?;
    Ok(ThinSvd { u: product(left.view(), small.u.view()), s: small.s, vt: product(small.vt.view(), right.t()) })
}

/// The singular values of a matrix, descending.
///
/// # Errors
/// If an entry is not finite or neither library converges.
pub fn singular_values(a: ArrayView2<'_, f64>) -> Result<Array1<f64>, CoreError> {
    let (scale, a) = moderate(&a);
    let a = a.view();
    let values = either(
        "singular values",
        a,
        current(),
        || {
            let s = Array1::from(borrow(&a).singular_values().map_err(|e| format!("{e:?}"))?);
            finite(s.clone(), &s)
        },
        || {
            let (_, s, _) = a.to_owned().svddc(JobSvd::None).map_err(|e| e.to_string())?;
            finite(s.clone(), &s)
        },
    )?;
    Ok(values * scale)
}

/// The eigenvalues and eigenvectors of a symmetric matrix, of which the lower triangle is read.
///
/// # Errors
/// If an entry is not finite or neither library converges.
pub fn symmetric_eigen(a: ArrayView2<'_, f64>) -> Result<SymmetricEigen, CoreError> {
    let (scale, a) = moderate(&a);
    let a = a.view();
    let mut eigen = either(
        "symmetric eigenvalue decomposition",
        a,
        factorising(),
        || {
            let (values, vectors) = eigen_by_faer(a)?;
            finite(SymmetricEigen { values: values.clone(), vectors }, &values)
        },
        || {
            let (values, vectors) = a.to_owned().eigh(UPLO::Lower).map_err(|e| e.to_string())?;
            finite(SymmetricEigen { values: values.clone(), vectors }, &values)
        },
    )?;
    eigen.values *= scale;
    Ok(eigen)
}

/// Divides and conquers down to half of faer's own size: a tenth faster at sizes between the two, and closer to orthogonal.
fn eigen_by_faer(a: ArrayView2<'_, f64>) -> Result<(Array1<f64>, Array2<f64>), String> {
    use faer::dyn_stack::{MemBuffer, MemStack};
    use faer::linalg::evd::{ComputeEigenvectors, SelfAdjointEvdParams, self_adjoint_evd, self_adjoint_evd_scratch};
    let (n, par) = (a.nrows(), faer::Par::Seq);
    let params = SelfAdjointEvdParams { recursion_threshold: 64, ..faer::Auto::<f64>::auto() };
    let params = faer::Spec::<SelfAdjointEvdParams, f64>::from(params);
    let mut values = faer::diag::Diag::zeros(n);
    let mut vectors = Array2::zeros((n, n).f());
    let mut buffer = MemBuffer::new(self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, par, params));
    let stack = MemStack::new(&mut buffer);
    self_adjoint_evd(borrow(&a), values.as_mut(), Some(borrow_mut(&mut vectors.view_mut())), par, stack, params)
        .map_err(|e| format!("{e:?}"))?;
    Ok((values.column_vector().iter().copied().collect(), vectors))
}

/// L^-1 (n x n, lower triangular) of A = L L^T, symmetric and positive definite, of which the lower triangle is read: A^-1 is its Gram matrix. O(n^3).
///
/// # Errors
/// If an entry is not finite or A is not positive definite.
pub fn inverse_cholesky(a: ArrayView2<'_, f64>) -> Result<Array2<f64>, CoreError> {
    either(
        "Cholesky decomposition",
        a,
        factorising(),
        || {
            let factor = borrow(&a).llt(faer::Side::Lower).map_err(|e| format!("{e:?}"))?;
            let mut inverse = Array2::zeros(a.raw_dim().f());
            let mut target = inverse.view_mut();
            let par = faer::Par::Seq;
            faer::linalg::triangular_inverse::invert_lower_triangular(borrow_mut(&mut target), factor.L(), par);
            Ok(inverse)
        },
        || {
            let factor = a.to_owned().cholesky(UPLO::Lower).map_err(|e| e.to_string())?;
            factor.solve_triangular(UPLO::Lower, Diag::NonUnit, &Array2::eye(a.nrows())).map_err(|e| e.to_string())
        },
    )
}

/// A^-1 (n x n) of a symmetric and positive definite A, of which the lower triangle is read, exactly symmetric; by its Cholesky factor: n^3 flops.
///
/// # Errors
/// If an entry is not finite or A is not positive definite.
pub fn inverse_positive_definite(a: ArrayView2<'_, f64>) -> Result<Array2<f64>, CoreError> {
    let factor = inverse_cholesky(a)?;
    let mut inverse = Array2::zeros(a.raw_dim());
    if factorising() == Backend::Faer {
        gram_of_lower_into(factor.view(), inverse.view_mut());
    } else {
        gram_into(factor.view(), inverse.view_mut());
    }
    Ok(inverse)
}

/// The largest singular value of a matrix, through the largest eigenvalue of the Gram matrix of its smaller side: it keeps full relative
/// accuracy that way.
///
/// # Errors
/// If an entry is not finite or neither library converges.
pub fn largest_singular_value(a: ArrayView2<'_, f64>) -> Result<f64, CoreError> {
    let (scale, scaled) = moderate(&a);
    let tall = if a.nrows() <= a.ncols() { scaled.t() } else { scaled.view() };
    let mut gram = Array2::zeros((tall.ncols(), tall.ncols()));
    gram_into(tall, gram.view_mut());
    Ok(scale * largest_eigenvalue_of_gram(gram.view())?.sqrt())
}

/// The largest eigenvalue of a Gram matrix A^T A, of which both triangles are read: what rounding left below zero counts as zero.
///
/// # Errors
/// If an entry is not finite or neither library converges.
pub fn largest_eigenvalue_of_gram(gram: ArrayView2<'_, f64>) -> Result<f64, CoreError> {
    let largest = either(
        "largest eigenvalue",
        gram,
        factorising(),
        || {
            largest_eigenvalue_of_semidefinite(gram)
                .or_else(|| Some(largest_eigenvalue(gram)))
                .filter(|v| v.is_finite())
                .ok_or_else(|| "the result is not finite".into())
        },
        || gram.eigh(UPLO::Lower).map(|(values, _)| values.last().copied().unwrap_or(0.0)).map_err(|e| e.to_string()),
    )?;
    Ok(largest.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn matrix(rows: usize, cols: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, cols), |(i, j)| ((i * 31 + j * 17 + i * j) % 23) as f64 - 11.0)
    }

    #[test]
    fn at_every_scale_the_values_are_multiples() {
        for c in [2f64.powi(-1000), 2f64.powi(-990), 2f64.powi(990)] {
            let a = Array2::from_shape_fn((4, 7), |(i, j)| ((i * 31 + j * 17 + i * j) % 23) as f64 / 23.0 - 0.4);
            let scaled = a.mapv(|v| v * c);
            assert_relative_eq!(
                singular_values(scaled.view()).unwrap() / c,
                singular_values(a.view()).unwrap(),
                max_relative = 1e-12
            );
            assert_relative_eq!(
                thin_svd(scaled.view()).unwrap().s / c,
                thin_svd(a.view()).unwrap().s,
                max_relative = 1e-12
            );
            let largest = largest_singular_value(a.view()).unwrap();
            assert_relative_eq!(largest_singular_value(scaled.view()).unwrap() / c, largest, max_relative = 1e-12);
            assert_relative_eq!(thin_qr(scaled.t()).unwrap().1 / c, thin_qr(a.t()).unwrap().1, epsilon = 1e-12);
        }
    }

    #[test]
    fn thin_svd_reassembles_tall_and_wide() {
        for (m, n) in [(1, 1), (5, 9), (9, 5), (20, 20)] {
            let a = matrix(m, n);
            let svd = thin_svd(a.view()).unwrap();
            let back = svd.u.dot(&Array2::from_diag(&svd.s)).dot(&svd.vt);
            assert_relative_eq!(back, a, epsilon = 1e-12);
            assert!(svd.s.windows(2).into_iter().all(|w| w[0] >= w[1]));
            assert_relative_eq!(singular_values(a.view()).unwrap(), svd.s, epsilon = 1e-12);
            assert_relative_eq!(largest_singular_value(a.view()).unwrap(), svd.s[0], max_relative = 1e-14);
        }
    }

    #[test]
    fn the_svd_of_a_product_is_that_of_the_formed_one() {
        for (r, m, n) in [(1, 1, 1), (3, 9, 5), (5, 5, 8), (4, 20, 30)] {
            let (d, h) = (matrix(r, m), matrix(r, n));
            let (formed, svd) = (d.t().dot(&h), thin_svd_of_product(d.view(), h.view()).unwrap());
            let back = svd.u.dot(&Array2::from_diag(&svd.s)).dot(&svd.vt);
            assert_relative_eq!(back, formed, epsilon = 1e-12 * formed.fold(0.0, |m: f64, v| m.max(v.abs())));
            let direct = singular_values(formed.view()).unwrap();
            let scale = direct[0];
            svd.s.iter().zip(&direct).for_each(|(a, b)| assert_relative_eq!(a / scale, b / scale, epsilon = 1e-13));
        }
    }

    #[test]
    fn symmetric_eigen_reassembles() {
        for n in [1, 6, 63, 64, 130] {
            let a = matrix(n, n);
            let a = &a + &a.t();
            let eigen = symmetric_eigen(a.view()).unwrap();
            let back = eigen.vectors.dot(&Array2::from_diag(&eigen.values)).dot(&eigen.vectors.t());
            assert_relative_eq!(back, a, epsilon = 2e-12 * n as f64);
            assert!(eigen.values.windows(2).into_iter().all(|w| w[0] <= w[1]));
        }
    }

    #[test]
    fn the_inverse_of_a_positive_definite_matrix_inverts() {
        for n in [1, 6, 40] {
            let a = matrix(n + 5, n);
            let a = a.t().dot(&a) + Array2::<f64>::eye(n);
            let inverse = inverse_positive_definite(a.view()).unwrap();
            assert_eq!(inverse, inverse.t());
            assert_relative_eq!(inverse.dot(&a), Array2::eye(n), epsilon = 1e-12);
        }
        assert!(inverse_positive_definite((-Array2::<f64>::eye(2)).view()).is_err());
    }

    #[test]
    fn the_inverse_cholesky_factor_inverts() {
        for n in [1, 6, 40] {
            let a = matrix(n + 5, n);
            let a = a.t().dot(&a) + Array2::<f64>::eye(n);
            let inverse = inverse_cholesky(a.view()).unwrap();
            assert!(inverse.indexed_iter().all(|((i, j), v)| i >= j || *v == 0.0));
            let identity = inverse.dot(&a).dot(&inverse.t());
            assert_relative_eq!(identity, Array2::eye(n), epsilon = 1e-12);
        }
        assert!(inverse_cholesky(Array2::<f64>::zeros((2, 2)).view()).is_err());
        assert!(inverse_cholesky((-Array2::<f64>::eye(2)).view()).is_err());
        assert!(inverse_cholesky(Array2::from_elem((2, 2), f64::NAN).view()).is_err());
    }

    #[test]
    fn extreme_scales_and_bad_entries() {
        for scale in [1e-300, 1e-160, 1e160, 1e290] {
            let a = matrix(4, 6).mapv(|v| v * scale);
            let plain = largest_singular_value(matrix(4, 6).view()).unwrap();
            assert_relative_eq!(largest_singular_value(a.view()).unwrap(), plain * scale, max_relative = 1e-13);
        }
        assert_eq!(largest_singular_value(Array2::zeros((3, 2)).view()).unwrap(), 0.0);
        assert!(thin_svd(matrix(2, 2).mapv(|v| v / 0.0).view()).is_err());
    }
}
