//! The largest eigenvalue of a positive semidefinite matrix by Lanczos' method, with a proof that none is larger.

use super::faer_view::borrow;
use super::registers::clear_upper_halves;
use super::tridiagonal::largest_of_tridiagonal;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};
use ndarray::ArrayView2;

/// Below this many rows all reflections cost no more.
const LEAST: usize = 48;

/// An n-th of the steps that would give every eigenvalue; whoever needs more has no gap above the second eigenvalue, and reflections are as cheap.
const SHARE: usize = 4;

/// Steps between two looks at the largest eigenvalue.
const LOOK: usize = 3;

/// The largest eigenvalue of a symmetric positive semidefinite matrix A (n x n), of which both triangles are read: 2 n^2 flops for each of some ten
/// to n / 4 steps, where the tridiagonal form takes 4/3 n^3, and n^3 / 3 for the proof. `None` where so many steps are not enough, or nothing is proved.
///
/// The largest Ritz value x is an eigenvalue once it grows no more, and none that is larger was missed if (1 + n eps) x - A has a Cholesky decomposition:
/// so far as rounding in that lets one say, n^2 eps x in the worst case (Higham, Accuracy and Stability of Numerical Algorithms, theorem 10.3).
pub(super) fn largest_eigenvalue_of_semidefinite(a: ArrayView2<'_, f64>) -> Option<f64> {
    let n = a.nrows();
    let a = borrow(&a);
    let found = (n >= LEAST)
        .then(|| largest_ritz_value(a))
        .flatten()
        .filter(|x| is_bound(a, x * (1.0 + n as f64 * f64::EPSILON)));
    clear_upper_halves();
    found
}

/// The largest eigenvalue of A on the Krylov space of a start that no structure is orthogonal to, once it stays.
fn largest_ritz_value(a: MatRef<'_, f64>) -> Option<f64> {
    let n = a.nrows();
    let n_steps = n / SHARE;
    let mut basis = Mat::<f64>::zeros(n, n_steps + 1);
    basis.col_mut(0).iter_mut().zip(start()).for_each(|(v, drawn)| *v = drawn);
    let length = basis.col(0).norm_l2();
    basis.col_mut(0).iter_mut().for_each(|v| *v /= length);
    let (mut diagonal, mut beside, mut largest) = (Vec::new(), Vec::new(), 0.0);
    for k in 0..n_steps {
        let (known, rest) = basis.split_at_col_mut(k + 1);
        let (known, mut next) = (known.as_ref(), rest.subcols_mut(0, 1));
        let last = known.subcols(k, 1);
        matmul(next.as_mut(), Accum::Replace, a, last, 1.0, Par::Seq);
        diagonal.push((last.transpose() * next.as_ref())[(0, 0)]);
        // rounding brings the known directions back
        for _ in 0..2 {
            let along = known.transpose() * next.as_ref();
            matmul(next.as_mut(), Accum::Add, known, &along, -1.0, Par::Seq);
        }
        let length = next.norm_l2();
        // an invariant space has all its eigenvalues
        let is_whole = length <= f64::EPSILON * diagonal[0].abs();
        if is_whole || k % LOOK == LOOK - 1 {
            let value = largest_of_tridiagonal(&diagonal, &beside);
            if is_whole || value <= largest * (1.0 + f64::EPSILON) {
                return Some(value.max(largest)).filter(|value| *value > 0.0);
            }
            largest = value;
        }
        beside.push(length);
        next.col_mut(0).iter_mut().for_each(|v| *v /= length);
    }
    None
}

/// Numbers between -1 and 1, the same every time: the upper halves of a linear congruential sequence.
fn start() -> impl Iterator<Item = f64> {
    let next =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    std::iter::successors(Some(1), next).skip(1).map(|state| (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0)
}

/// Whether x - A is positive definite, so that no eigenvalue of A reaches x.
fn is_bound(a: MatRef<'_, f64>, x: f64) -> bool {
    let mut rest = -a;
    rest.diagonal_mut().column_vector_mut().iter_mut().for_each(|v| *v += x);
    rest.llt(Side::Lower).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{largest_singular_value, symmetric_eigen};
    use approx::assert_relative_eq;
    use ndarray::Array2;

    /// A A^T for an A (n x n) of a large part of one rank and some others.
    fn semidefinite(n: usize, others: f64) -> Array2<f64> {
        let entry = |(i, j): (usize, usize)| 1.0 + others * (((i * j * 31 + (i + j) * 17) % 23) as f64 - 11.0);
        let a = Array2::from_shape_fn((n, n), entry);
        a.dot(&a.t())
    }

    #[test]
    fn it_is_the_last_of_all_eigenvalues() {
        for n in [48, 64, 128, 200] {
            for a in [
                semidefinite(n, 0.01),
                semidefinite(n, 0.1),
                1e150 * semidefinite(n, 0.0),
                1e-150 * semidefinite(n, 0.05),
            ] {
                let all = symmetric_eigen(a.view()).unwrap().values;
                let found = largest_eigenvalue_of_semidefinite(a.view()).unwrap();
                assert_relative_eq!(found, all[n - 1], max_relative = 4e-15);
            }
        }
    }

    #[test]
    fn what_it_cannot_prove_it_does_not_say() {
        // no gap
        let even = Array2::from_diag(&ndarray::Array1::linspace(0.0, 1.0, 64));
        assert_eq!(largest_eigenvalue_of_semidefinite(even.view()), None);
        assert_eq!(largest_eigenvalue_of_semidefinite(Array2::zeros((64, 64)).view()), None);
        assert_eq!(largest_eigenvalue_of_semidefinite(Array2::from_elem((64, 64), f64::NAN).view()), None);
        assert_eq!(largest_eigenvalue_of_semidefinite(Array2::zeros((0, 0)).view()), None);
    }

    #[test]
    fn a_direction_that_the_start_does_not_see_is_missed_and_noticed() {
        // I + v v^T / 2 for a v that is exactly orthogonal to the start
        let first: Vec<f64> = start().take(2).collect();
        let length = first[0].hypot(first[1]);
        let v = [first[1] / length, -first[0] / length];
        let mut a = Array2::eye(64);
        for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            a[(i, j)] += 0.5 * v[i] * v[j];
        }
        assert_relative_eq!(largest_ritz_value(borrow(&a.view())).unwrap(), 1.0, max_relative = 1e-14);
        assert_eq!(largest_eigenvalue_of_semidefinite(a.view()), None);
        // where reflections find it
        assert_relative_eq!(largest_singular_value(a.view()).unwrap(), 1.5, max_relative = 4e-15);
    }

    #[test]
    fn multiples_of_the_unit_matrix_have_one_eigenvalue() {
        let a = 3.0 * Array2::<f64>::eye(50);
        assert_relative_eq!(largest_eigenvalue_of_semidefinite(a.view()).unwrap(), 3.0, max_relative = 4e-15);
    }
}
