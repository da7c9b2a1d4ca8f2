//! The polar factor of a matrix of moderate condition, without its singular value decomposition.

use crate::inverse_root::{InverseRoot, gram};
use crate::matrix::Shape;
use crate::nearly_orthogonal::{LEAST_RATIO, NearlyOrthogonal};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Zip};
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::vector;

/// Error of a polar factor, relative to its Frobenius norm, above which its columns are made orthonormal once more.
const LEAST_POLISHED: f64 = 1e-13;

/// Rows of G that are multiplied at a time.
const ROWS: usize = 252;

/// How a polar factor was found, each a bit of [`Steepest::routes`](steepest_core::Steepest::routes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// As G (G^T G)^-1/2.
    InverseRoot = 1,
    /// From the eigenvectors of G^T G.
    Eigenvectors = 2,
    /// From a singular value decomposition of G.
    Decomposition = 4,
    /// From one of its few factors.
    Factors = 8,
}

/// Writes the polar factor U V^T of G = U S V^T, of full rank, and returns the nuclear norm, the sum of S, and how; `None` where the condition of G is
/// too large for it (above some 10^6).
///
/// Where the columns of G, divided by their lengths, are of moderate condition, it is G (G^T G)^-1/2 ([`InverseRoot`]): in the Frobenius norm within
/// 1e-12 of the truth, relative, and orthogonal to 1e-13. Two products of m r^2, one of them symmetric, and some twelve operations of r^3, for the
/// smaller side r; two products more where columns have to be made orthonormal.
///
/// Elsewhere it is found from the eigenvectors of G^T G ([`NearlyOrthogonal`]). What remains is the condition's own: rounding of G times it, as with a
/// singular value decomposition. Four products of m r^2, two of them symmetric, one to eight of r^3 and an eigenproblem of r.
pub(crate) fn polar_into(shape: Shape, g: &[f64], polar: &mut [f64]) -> Option<(f64, Route)> {
    let (g, polar) = (shape.view(g), shape.view_mut(polar));
    let is_wide = shape.rows < shape.cols;
    let (g, polar) = if is_wide { (g.reversed_axes(), polar.reversed_axes()) } else { (g, polar) };
    let gram = gram(g);
    Some(match InverseRoot::of(gram.view()) {
        Ok(inverse) => (times_inverse_root(g, &inverse, polar), Route::InverseRoot),
        Err(refused) if refused.ratio_at_most < LEAST_RATIO => return None,
        Err(_) => (by_eigenvectors(g, &gram, polar)?, Route::Eigenvectors),
    })
}

/// G A^-1/2, and its inner product with G.
fn times_inverse_root(g: ArrayView2<'_, f64>, inverse: &InverseRoot, mut polar: ArrayViewMut2<'_, f64>) -> f64 {
    let nuclear = multiply(g, inverse.root.view(), polar.view_mut());
    if inverse.error >= LEAST_POLISHED {
        // I - E / 2
        let mut polish = gram(polar.view());
        polish.mapv_inplace(|e| -0.5 * e);
        polish.diag_mut().mapv_inplace(|e| e + 1.5);
        let unpolished = polar.to_owned();
        multiply_into(Accumulate::Replace, unpolished.view(), polish.view(), polar);
    }
    nuclear
}

/// G B, and the inner product of the two; some rows at a time, which are in the second cache for both.
fn multiply(g: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, mut product: ArrayViewMut2<'_, f64>) -> f64 {
    // along what lies together
    let along = Axis(usize::from(g.strides()[1] == 1));
    let mut inner_product = 0.0;
    for (g, mut product) in g.axis_chunks_iter(Axis(0), ROWS).zip(product.axis_chunks_iter_mut(Axis(0), ROWS)) {
        multiply_into(Accumulate::Replace, g, b, product.view_mut());
        for (g, product) in g.lanes(along).into_iter().zip(product.lanes(along)) {
            inner_product += match (g.to_slice(), product.to_slice()) {
                (Some(g), Some(product)) => vector::dot(g, product),
                _ => g.dot(&product),
            };
        }
    }
    inner_product
}

/// C X V^T, and its inner product with G.
fn by_eigenvectors(g: ArrayView2<'_, f64>, gram: &Array2<f64>, mut polar: ArrayViewMut2<'_, f64>) -> Option<f64> {
    let nearly = NearlyOrthogonal::of(gram, g)?;
    multiply_into(Accumulate::Replace, nearly.columns.view(), nearly.turn().view(), polar.view_mut());
    Some(Zip::from(g).and(&polar).fold(0.0, |sum, g, u| sum + g * u))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inverse_root::product;
    use ndarray::Array1;
    use steepest_core::linalg::{thin_qr, thin_svd};

    fn orthonormal(rows: usize, cols: usize, seed: u64) -> Array2<f64> {
        let mut state = seed;
        let draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        };
        thin_qr(Array2::from_shape_simple_fn((rows, cols), draw).view()).unwrap().0
    }

    #[test]
    fn it_is_that_of_the_singular_value_decomposition_or_none() {
        for exponent in 0..=9 {
            let (m, r, condition) = (90, 30, 10_f64.powi(exponent));
            // half of the singular values at the lower end, where the eigenvectors are worst
            let s = Array1::from_shape_fn(r, |k| {
                condition.powf(-(2.0 * k as f64 / r as f64).min(1.0)) * (1.0 + 0.01 * k as f64)
            });
            let (u, v) = (orthonormal(m, r, 3), orthonormal(r, r, 4));
            let (tall, expected) = (product((&u * &s).view(), v.t()), product(u.view(), v.t()));
            for wide in [false, true] {
                let turned = |m: &Array2<f64>| if wide { m.t().as_standard_layout().into_owned() } else { m.clone() };
                let (g, expected) = (turned(&tall), turned(&expected));
                let (given, mut found) = (g.as_slice().unwrap(), vec![f64::NAN; g.len()]);
                let shape = Shape::new(g.dim());
                let Some((nuclear, _)) = polar_into(shape, given, &mut found) else {
                    assert!(exponent > 5, "refused at condition {condition}");
                    continue;
                };
                assert!(exponent < 7, "taken at condition {condition}");
                assert!((nuclear / s.sum() - 1.0).abs() < 1e-12, "{nuclear} {}", s.sum());
                let found = shape.view(&found);
                let tall = if wide { found.t() } else { found };
                let off = product(tall.t(), tall) - Array2::<f64>::eye(r);
                assert!(off.iter().all(|e| e.abs() < 2e-14), "orthogonal at condition {condition}");
                // as far from the truth as the singular value decomposition, to a factor
                let svd = thin_svd(g.view()).unwrap();
                let distance = |m: &Array2<f64>| (m - &expected).iter().fold(0.0_f64, |d, e| d.max(e.abs()));
                let (own, other) = (distance(&found.to_owned()), distance(&product(svd.u.view(), svd.vt.view())));
                assert!(own < 20.0 * other + 1e-14, "condition {condition}: {own:e} beside {other:e}");
            }
        }
    }

    #[test]
    fn columns_of_any_lengths_do_no_harm() {
        for exponent in 0..=4 {
            for mixed in [0.0, 0.3, 0.9] {
                // columns that are mixed somewhat, and then of lengths that differ by 10^exponent
                let (m, r) = (90, 30);
                let lengths = Array1::from_shape_fn(r, |k| 10_f64.powf(f64::from(exponent) * -(k as f64) / (r as f64)));
                let mixing = Array2::eye(r) + mixed * orthonormal(r, r, 5);
                let g = product(orthonormal(m, r, 3).view(), mixing.view()) * &lengths;
                let svd = thin_svd(g.view()).unwrap();
                let mut found = vec![f64::NAN; g.len()];
                let shape = Shape::new(g.dim());
                let inverse = InverseRoot::of(gram(g.view()).view()).expect("columns far from dependent");
                let (nuclear, route) = polar_into(shape, g.as_slice().unwrap(), &mut found).unwrap();
                assert_eq!(route, Route::InverseRoot);
                assert!((nuclear / svd.s.sum() - 1.0).abs() < 1e-12);
                let found = shape.view(&found);
                let size = |m: Array2<f64>| m.iter().map(|e| e * e).sum::<f64>().sqrt() / (r as f64).sqrt();
                assert!(size(gram(found) - Array2::<f64>::eye(r)) < 1e-13, "exponent {exponent}, {mixed}");
                let distance = size(product(svd.u.view(), svd.vt.view()) - found);
                assert!(distance < inverse.error.max(2e-14), "{distance:e} where {:e} was promised", inverse.error);
            }
        }
    }

    #[test]
    fn what_has_no_full_rank_or_no_number_has_none() {
        let polar = |shape, g: &[f64]| polar_into(Shape::new(shape), g, &mut vec![0.0; g.len()]);
        assert_eq!(polar((3, 2), &[1.0; 6]), None);
        assert_eq!(polar((3, 2), &[0.0; 6]), None);
        assert_eq!(polar((2, 2), &[1.0, 0.0, f64::NAN, 1.0]), None);
    }
}
