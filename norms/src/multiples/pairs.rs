//! The multiples of subdifferentials of norms of singular values.

use super::amounts::Amounts;
use super::{Ray, active};
use crate::matrix::{LeadingSvd, RANK_CUT, Shape};
use ndarray::{Array2, ArrayView2, concatenate, s};
use steepest_core::Multiples;
use steepest_core::linalg::{Accumulate, multiply_into, symmetric_eigen, thin_svd};

/// Matrices U diag(a) V^T whose singular values are amounts.
#[derive(Debug)]
pub(crate) struct Pairs {
    shape: Shape,
    u: Array2<f64>,
    vt: Array2<f64>,
    amounts: Amounts,
}

impl Multiples for Pairs {
    fn slope(&self, t: f64) -> f64 {
        self.amounts.slope(t)
    }

    fn at_slope(&self, slope: f64) -> f64 {
        self.amounts.at_slope(slope)
    }

    fn project(&self, t: f64, projection: &mut [f64]) {
        let mut u = self.u.clone();
        for (mut column, a) in u.columns_mut().into_iter().zip(self.amounts.at(t)) {
            column.mapv_inplace(|v| v * a);
        }
        multiply_into(Accumulate::Replace, u.view(), self.vt.view(), self.shape.view_mut(projection));
    }
}

fn product(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    multiply_into(Accumulate::Replace, a, b, c.view_mut());
    c
}

/// The multiples of the set whose only member is not a number.
fn defective(shape: Shape, target: &[f64]) -> Box<dyn Multiples> {
    Box::new(Ray::new(vec![f64::NAN; shape.len()], target))
}

/// The decomposition of a matrix that is not zero; `Err` with the multiples for one that is zero, or not finite.
fn decompose(p: f64, shape: Shape, x: &[f64], target: &[f64]) -> Result<LeadingSvd, Box<dyn Multiples>> {
    let leading = shape.leading_svd(x.into(), &mut vec![0.0; shape.len()]);
    match leading {
        None => Err(defective(shape, target)),
        Some(leading) if leading.rank() == 0 => Err(ball(p, shape, target)),
        Some(leading) => Ok(leading),
    }
}

/// The unit ball of the norm dual to Schatten-p: the target's singular vectors, its singular values projected.
fn ball(p: f64, shape: Shape, target: &[f64]) -> Box<dyn Multiples> {
    let Ok(svd) = thin_svd(shape.view(target)) else { return defective(shape, target) };
    Box::new(Pairs { shape, u: svd.u, vt: svd.vt, amounts: Amounts::ball(p, svd.s.to_vec()) })
}

/// Of the spectral norm: U_1 H V_1^T with H >= 0 of trace t over the largest singular space; the eigenvalues of the symmetric part of
/// U_1^T M V_1 are projected on the simplex.
pub(crate) fn of_spectral(shape: Shape, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
    let svd = match decompose(f64::INFINITY, shape, x, target) {
        Ok(leading) => leading.svd,
        Err(multiples) => return multiples,
    };
    let k = svd.s.iter().take_while(|s| **s >= active(tolerance) * svd.s[0]).count();
    let (u, vt) = (svd.u.slice(s![.., ..k]), svd.vt.slice(s![..k, ..]));
    let inner = product(product(u.t(), shape.view(target)).view(), vt.t());
    let symmetric = (&inner + &inner.t()) * 0.5;
    let Ok(eigen) = symmetric_eigen(symmetric.view()) else { return defective(shape, target) };
    let amounts = Amounts::shared(eigen.values.to_vec(), false);
    Box::new(Pairs { shape, u: product(u, eigen.vectors.view()), vt: product(eigen.vectors.t(), vt), amounts })
}

/// Of the nuclear norm: t (U V^T + K) with U V^T over the rank of x and sigma_max(K) <= 1 in the orthogonal spaces on both sides; the
/// target's singular values there are cut off at t.
pub(crate) fn of_nuclear(shape: Shape, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
    let svd = match decompose(1.0, shape, x, target) {
        Ok(leading) => leading.svd,
        Err(multiples) => return multiples,
    };
    let rank = svd.s.iter().take_while(|s| **s > tolerance.max(RANK_CUT) * svd.s[0]).count();
    let (u, vt) = (svd.u.slice(s![.., ..rank]), svd.vt.slice(s![..rank, ..]));
    let m = shape.view(target);
    let (left, right) = (product(u.t(), m), product(m, vt.t()));
    let inner = product(left.view(), vt.t());
    // (1 - U U^T) M (1 - V V^T)
    let rest =
        &m - &product(u, left.view()) - &product(right.view(), vt) + &product(product(u, inner.view()).view(), vt);
    let free = rest.nrows().min(rest.ncols()) - rank;
    let mut wanted = inner.diag().to_vec();
    if free == 0 {
        let amounts = Amounts::Capped { wanted, fixed: vec![true; rank] };
        return Box::new(Pairs { shape, u: u.to_owned(), vt: vt.to_owned(), amounts });
    }
    let Ok(outer) = thin_svd(rest.view()) else { return defective(shape, target) };
    wanted.extend(outer.s.iter().take(free));
    let fixed = (0..rank + free).map(|k| k < rank).collect();
    let u = concatenate![ndarray::Axis(1), u, outer.u.slice(s![.., ..free])];
    let vt = concatenate![ndarray::Axis(0), vt, outer.vt.slice(s![..free, ..])];
    Box::new(Pairs { shape, u, vt, amounts: Amounts::Capped { wanted, fixed } })
}

/// Of the Schatten-p norm, 1 < p < infinity: one vector, given, unless x is zero.
pub(crate) fn of_schatten(p: f64, shape: Shape, subgradient: Vec<f64>, target: &[f64]) -> Box<dyn Multiples> {
    if subgradient.iter().all(|v| *v == 0.0) {
        return ball(p, shape, target);
    }
    Box::new(Ray::new(subgradient, target))
}
