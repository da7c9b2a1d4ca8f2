//! The largest eigenvalue of a symmetric matrix, without the others.

use super::faer_view::borrow;
use crate::vector::vectorized;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::{Mat, Par};
use ndarray::ArrayView2;

/// Points at which an interval is cut at a time: the divisions of so many overlap.
const POINTS: usize = 16;

/// Cuts after which an interval is as short as doubles are: 17^-14 < 2^-56.
const CUTS: usize = 14;

/// The largest eigenvalue of a symmetric matrix, of which the lower triangle is read: T = Q^T A Q tridiagonal by reflections, 4/3 n^3 flops,
/// then O(n) for each of 14 cuts of an interval that holds it. Zero of an empty matrix.
///
/// T - x is negative definite exactly where its pivots are all negative, which rounding decides as it would for a T whose entries differ by a
/// few units in the last place: the error is that of the reflections, a small multiple of the precision times the largest |eigenvalue|.
pub(super) fn largest_eigenvalue(a: ArrayView2<'_, f64>) -> f64 {
    let n = a.nrows();
    let mut t = borrow(&a).to_owned();
    if n > 1 {
        let mut reflections = Mat::<f64>::zeros(1, n - 1);
        let mut buffer = MemBuffer::new(tridiag_in_place_scratch::<f64>(n, Par::Seq, faer::Spec::default()));
        let stack = MemStack::new(&mut buffer);
        tridiag_in_place(t.as_mut(), reflections.as_mut(), Par::Seq, stack, faer::Spec::default());
    }
    let diagonal: Vec<f64> = (0..n).map(|i| t[(i, i)]).collect();
    let below: Vec<f64> = (1..n).map(|i| t[(i, i - 1)]).collect();
    largest_of_tridiagonal(&diagonal, &below)
}

/// The largest eigenvalue of the symmetric tridiagonal matrix with this diagonal (n) and these entries beside it (n - 1).
pub(super) fn largest_of_tridiagonal(diagonal: &[f64], beside: &[f64]) -> f64 {
    // row i of the matrix has at most |e_(i-1)| + |e_i| beside its diagonal
    let radius = |i: usize| beside.get(i).map_or(0.0, |e| e.abs()) + if i > 0 { beside[i - 1].abs() } else { 0.0 };
    let bound = diagonal.iter().enumerate().fold(0.0_f64, |bound, (i, d)| bound.max(d.abs() + radius(i)));
    if bound == 0.0 || !bound.is_finite() {
        return bound;
    }
    // divided by the bound, so that no square under- or overflows to any effect
    let scaled: Vec<f64> = diagonal.iter().map(|d| d / bound).collect();
    let squares: Vec<f64> = std::iter::once(0.0).chain(beside.iter().map(|e| (e / bound).powi(2))).collect();
    // no eigenvalue is above the bound, and the largest is not below any entry of the diagonal
    let mut low = scaled.iter().copied().fold(-1.0, f64::max);
    let mut high = 1.0;
    for _ in 0..CUTS {
        let part = (high - low) / (POINTS + 1) as f64;
        let points: [f64; POINTS] = std::array::from_fn(|k| low + part * (k + 1) as f64);
        let largest = largest_pivots(&points, &scaled, &squares);
        match largest.iter().position(|pivot| *pivot < 0.0) {
            Some(0) => high = points[0],
            Some(k) => (low, high) = (points[k - 1], points[k]),
            None => low = points[POINTS - 1],
        }
    }
    bound * (low + 0.5 * (high - low))
}

/// For each x the largest pivot of T - x: negative exactly where no eigenvalue of T is x or above it. A pivot of zero is followed by what does
/// not matter any more.
fn largest_pivots(points: &[f64; POINTS], diagonal: &[f64], squares: &[f64]) -> [f64; POINTS] {
    vectorized(
        #[inline(always)]
        || {
            let (mut pivots, mut largest) = ([-1.0; POINTS], [f64::NEG_INFINITY; POINTS]);
            for (&d, &square) in diagonal.iter().zip(squares) {
                for ((pivot, largest), x) in pivots.iter_mut().zip(&mut largest).zip(points) {
                    *pivot = d - x - square / *pivot;
                    // NaN stays
                    *largest = if *pivot < *largest { *largest } else { *pivot };
                }
            }
            largest
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::symmetric_eigen;
    use approx::assert_relative_eq;
    use ndarray::Array2;

    #[test]
    fn it_is_the_last_of_all_eigenvalues() {
        for n in [1, 2, 3, 8, 33, 128] {
            let entry = |(i, j): (usize, usize)| ((i * j * 31 + (i + j) * 17) % 23) as f64 - 9.0;
            let a = Array2::from_shape_fn((n, n), entry);
            for a in [a.clone(), a.dot(&a), -a.dot(&a), Array2::eye(n) * -2.0, Array2::ones((n, n)) * 1e150] {
                let all = symmetric_eigen(a.view()).unwrap().values;
                let size = all.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
                assert_relative_eq!(largest_eigenvalue(a.view()) / size, all[n - 1] / size, epsilon = 4e-15);
            }
        }
        assert_eq!(largest_eigenvalue(Array2::zeros((0, 0)).view()), 0.0);
        assert_eq!(largest_eigenvalue(Array2::zeros((5, 5)).view()), 0.0);
    }

    #[test]
    fn the_eigenvalues_of_a_second_difference_are_known() {
        for n in [1, 2, 7, 50, 1000] {
            let (largest, n) = (largest_of_tridiagonal(&vec![2.0; n], &vec![-1.0; n - 1]), n as f64);
            let exact = 2.0 - 2.0 * (std::f64::consts::PI * n / (n + 1.0)).cos();
            assert_relative_eq!(largest, exact, max_relative = 4e-16);
        }
    }

    #[test]
    fn blocks_that_do_not_touch_and_numbers_that_are_none() {
        // the middle entry cuts the matrix in two, and a pivot is zero at a point
        assert_relative_eq!(largest_of_tridiagonal(&[1.0, 3.0, 2.0], &[0.0, 0.0]), 3.0, max_relative = 4e-16);
        assert_relative_eq!(largest_of_tridiagonal(&[0.0, 0.0], &[1.0]), 1.0, max_relative = 4e-16);
        assert_relative_eq!(largest_of_tridiagonal(&[-1.0, -2.0], &[0.0]), -1.0, max_relative = 4e-16);
        assert!(!largest_of_tridiagonal(&[f64::INFINITY, 1.0], &[0.0]).is_finite());
    }
}
