//! Matrix products.

#[cfg(feature = "linalg")]
use super::backend::{Backend, current, factorising};
#[cfg(feature = "linalg")]
use super::blocked;
use super::real::Real;
use crate::vector;
use ndarray::{ArrayView2, ArrayViewMut2};

/// What a product does with what is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulate {
    /// Overwrites it.
    Replace,
    /// Adds to it.
    Add,
}

#[cfg(feature = "linalg")]
impl Accumulate {
    /// For a sum whose terms from this one on are added: the first ones overwrite.
    const fn after(first: usize) -> Self {
        if first == 0 { Self::Replace } else { Self::Add }
    }
}

/// Terms of a sum up to which a product by faer in blocks of the second cache is a tenth faster than one by OpenBLAS, whose kernels are made for
/// larger matrices, if c is no wider than this one way.
#[cfg(feature = "linalg")]
const NARROW: usize = 256;

/// c = a b, or c += a b: 2 m n k flops for (m x k) times (k x n). Any strides; transposes are views. Narrow products run on one thread, whatever
/// [`set_threads`](super::set_threads) says.
///
/// # Panics
/// If the shapes do not fit.
pub fn multiply_into<T: Real>(
    accumulate: Accumulate,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    mut c: ArrayViewMut2<'_, T>,
) {
    let ((m, k), (l, n)) = (a.dim(), b.dim());
    assert!(k == l && c.dim() == (m, n), "product of {m} x {k} and {l} x {n} into {:?}", c.dim());
    #[cfg(feature = "linalg")]
    if current() == Backend::Faer || (k <= NARROW && m.min(n) <= NARROW && factorising() == Backend::Faer) {
        blocked::multiply(accumulate, a, b, c);
        return;
    }
    let beta = if accumulate == Accumulate::Add { T::one() } else { T::zero() };
    ndarray::linalg::general_mat_mul(T::one(), &a, &b, beta, &mut c);
}

/// c = a b where a, b and c together fit the second cache, as those of a step in the span of the data do: by faer unless the caller chose another
/// library. There it is a quarter faster than OpenBLAS with the best kernel, which is made for larger matrices.
///
/// # Panics
/// If the shapes do not fit.
pub fn multiply_in_cache(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, mut c: ArrayViewMut2<'_, f64>) {
    #[cfg(feature = "linalg")]
    if factorising() == Backend::Faer {
        assert!(a.ncols() == b.nrows() && c.dim() == (a.nrows(), b.ncols()), "product into a matrix of another shape");
        blocked::multiply(Accumulate::Replace, a, b, c);
        return;
    }
    multiply_into(Accumulate::Replace, a, b, c.view_mut());
}

/// c = A^T A (n x n) for A (m x n), exactly symmetric: m n^2 flops by faer, which computes one triangle, unless the caller chose another library,
/// which takes twice as many. Of a symmetric A it is the square.
///
/// # Panics
/// If the shapes do not fit.
pub fn gram_into(a: ArrayView2<'_, f64>, mut c: ArrayViewMut2<'_, f64>) {
    let n = a.ncols();
    assert!(c.dim() == (n, n), "Gram matrix of {} x {n} into {:?}", a.nrows(), c.dim());
    lower_triangle(a.t(), a, &mut c);
    mirror(c);
}

/// c = a b (n x n), exactly symmetric, for symmetric a and b that commute, as polynomials of one matrix do: n^3 flops by faer, which computes one
/// triangle, unless the caller chose another library.
///
/// # Panics
/// If the shapes do not fit.
pub fn commuting_product_into(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, mut c: ArrayViewMut2<'_, f64>) {
    let n = a.nrows();
    assert!(
        [a.dim(), b.dim(), c.dim()] == [(n, n); 3],
        "product of {:?} and {:?} into {:?}",
        a.dim(),
        b.dim(),
        c.dim()
    );
    lower_triangle(a, b, &mut c);
    mirror(c);
}

/// Columns of a triangle at a time: few, so that little above the diagonal is computed, and as many as a kernel takes without waiting for itself.
#[cfg(feature = "linalg")]
const COLUMNS: usize = 16;

/// The lower triangle of a b, and perhaps more.
fn lower_triangle(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, c: &mut ArrayViewMut2<'_, f64>) {
    #[cfg(feature = "linalg")]
    if factorising() == Backend::Faer {
        use super::faer_view::{borrow, borrow_mut};
        use faer::linalg::matmul::triangular::{BlockStructure, matmul};
        let (n, k) = (a.nrows(), a.ncols());
        if n <= NARROW && k > 0 {
            // a tenth to a fifth faster there than in halves of halves
            for first in (0..k).step_by(NARROW) {
                let (terms, accumulate) = (first..k.min(first + NARROW), Accumulate::after(first));
                for from in (0..n).step_by(COLUMNS) {
                    let columns = from..n.min(from + COLUMNS);
                    let a = a.slice(ndarray::s![from.., terms.clone()]);
                    let b = b.slice(ndarray::s![terms.clone(), columns.clone()]);
                    blocked::multiply(accumulate, a, b, c.slice_mut(ndarray::s![from.., columns]));
                }
            }
            return;
        }
        let full = BlockStructure::Rectangular;
        let (a, b, c, lower) = (borrow(&a), borrow(&b), borrow_mut(c), BlockStructure::TriangularLower);
        matmul(c, lower, faer::Accum::Replace, a, full, b, full, 1.0, faer::Par::Seq);
        super::registers::clear_upper_halves();
        return;
    }
    multiply_into(Accumulate::Replace, a, b, c.view_mut());
}

/// Rows and columns of a block of F^T F for triangular F: as wide as the widest kernel, and few rows, so that few zeros of F are multiplied.
#[cfg(feature = "linalg")]
const BLOCK: (usize, usize) = (24, 48);

/// c = F^T F (n x n), exactly symmetric, for a lower triangular F, by faer: n^3 / 3 flops and a block's edge.
#[cfg(feature = "linalg")]
pub(super) fn gram_of_lower_into(f: ArrayView2<'_, f64>, mut c: ArrayViewMut2<'_, f64>) {
    use ndarray::s;
    let n = f.nrows();
    for from in (0..n).step_by(BLOCK.0) {
        let end = n.min(from + BLOCK.0);
        // above are zeros
        let left = f.slice(s![from.., from..end]);
        for first in (0..end).step_by(BLOCK.1) {
            let columns = first..end.min(first + BLOCK.1);
            let right = f.slice(s![from.., columns.clone()]);
            blocked::multiply(Accumulate::Replace, left.t(), right, c.slice_mut(s![from..end, columns]));
        }
    }
    mirror(c);
}

/// Rows and columns that are mirrored at a time: those of a column are on lines of the first cache that are still there for the next.
const MIRRORED: usize = 16;

/// The lower triangle in the place of the upper one, too.
pub(super) fn mirror(mut c: ArrayViewMut2<'_, f64>) {
    let n = c.nrows();
    for rows in (0..n).step_by(MIRRORED) {
        for columns in (0..=rows).step_by(MIRRORED) {
            for i in rows..n.min(rows + MIRRORED) {
                for j in columns..i.min(columns + MIRRORED) {
                    c[(j, i)] = c[(i, j)];
                }
            }
        }
    }
}

/// y = A x for a row-major A (m x n): one dot product a row.
///
/// # Panics
/// If the shapes do not fit or the rows of A are not contiguous.
pub fn matrix_times_vector(
    a: ArrayView2<'_, f64>,
    x: &[f64],
    y: impl IntoIterator<Item = impl std::ops::DerefMut<Target = f64>>,
) {
    for (row, mut y) in a.rows().into_iter().zip(y) {
        let Some(row) = row.to_slice() else { panic!("rows of a matrix must be contiguous") };
        *y = vector::dot(row, x);
    }
}

/// y = A^T x for a row-major A (m x n): one multiple of a row added after the other; rows with x_i = 0 cost nothing.
///
/// # Panics
/// If the shapes do not fit or the rows of A are not contiguous.
pub fn transposed_times_vector(a: ArrayView2<'_, f64>, x: impl IntoIterator<Item = f64>, y: &mut [f64]) {
    y.fill(0.0);
    for (row, x) in a.rows().into_iter().zip(x) {
        let Some(row) = row.to_slice() else { panic!("rows of a matrix must be contiguous") };
        if x != 0.0 {
            vector::add_multiple(y, x, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use ndarray::Array2;

    fn matrix(rows: usize, cols: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, cols), |(i, j)| ((i * 31 + j * 17) % 23) as f64 - 11.0)
    }

    #[test]
    fn products_agree_with_the_definition() {
        for (m, k, n) in [(1, 1, 1), (3, 5, 2), (17, 33, 9), (64, 100, 70)] {
            let (a, b) = (matrix(m, k), matrix(k, n));
            let slow = Array2::from_shape_fn((m, n), |(i, j)| (0..k).map(|l| a[(i, l)] * b[(l, j)]).sum::<f64>());
            let mut c = Array2::zeros((m, n));
            multiply_into(Accumulate::Replace, a.view(), b.view(), c.view_mut());
            assert_relative_eq!(c, slow, max_relative = 1e-14);
            multiply_into(Accumulate::Add, a.view(), b.view(), c.view_mut());
            assert_relative_eq!(c, &slow * 2.0, max_relative = 1e-14);
            // transposed operands are views
            let (at, bt) = (a.t().to_owned(), b.t().to_owned());
            multiply_into(Accumulate::Replace, at.t(), bt.t(), c.view_mut());
            assert_relative_eq!(c, slow, max_relative = 1e-14);
        }
    }

    #[test]
    fn products_in_single_precision_agree_with_the_definition() {
        let single = |a: Array2<f64>| a.mapv(|v| v as f32);
        for (m, k, n) in [(3, 5, 2), (64, 100, 70), (253, 600, 241)] {
            let (a, b) = (single(matrix(m, k)), single(matrix(k, n)));
            // sums of so few whole numbers are exact in any order
            let slow = Array2::from_shape_fn((m, n), |(i, j)| (0..k).map(|l| a[(i, l)] * b[(l, j)]).sum::<f32>());
            let mut c = Array2::zeros((m, n));
            multiply_into(Accumulate::Replace, a.view(), b.view(), c.view_mut());
            assert_eq!(c, slow);
            multiply_into(Accumulate::Add, a.t().to_owned().t(), b.view(), c.view_mut());
            assert_eq!(c, &slow * 2.0);
            #[cfg(feature = "linalg")]
            {
                blocked::multiply(Accumulate::Replace, a.view(), b.t().to_owned().t(), c.view_mut());
                assert_eq!(c, slow);
            }
        }
    }

    #[test]
    fn gram_matrices_are_products_and_symmetric() {
        for (m, n) in [(1, 1), (5, 3), (3, 5), (64, 33), (100, 70)] {
            let a = matrix(m, n);
            let (mut slow, mut fast) = (Array2::zeros((n, n)), Array2::from_elem((n, n), f64::NAN));
            multiply_into(Accumulate::Replace, a.t(), a.view(), slow.view_mut());
            gram_into(a.view(), fast.view_mut());
            assert_relative_eq!(fast, slow, max_relative = 1e-14);
            assert_eq!(fast, fast.t());
            // of a view with other strides
            gram_into(a.t().to_owned().t(), fast.view_mut());
            assert_relative_eq!(fast, slow, max_relative = 1e-14);
        }
    }

    #[cfg(feature = "linalg")]
    #[test]
    fn gram_matrices_of_triangles_are_those_of_matrices() {
        for n in [1, 24, 49, 100] {
            let mut f = matrix(n, n);
            f.indexed_iter_mut().filter(|((i, j), _)| i < j).for_each(|(_, f)| *f = 0.0);
            for f in [f.view(), f.t().as_standard_layout().into_owned().t()] {
                let (mut slow, mut fast) = (Array2::zeros((n, n)), Array2::from_elem((n, n), f64::NAN));
                gram_into(f, slow.view_mut());
                gram_of_lower_into(f, fast.view_mut());
                // sums of so few whole numbers are exact in any order
                assert_eq!(fast, slow);
            }
        }
    }

    #[test]
    fn products_of_polynomials_of_a_matrix_are_symmetric() {
        for n in [1, 7, 64, 100] {
            let mut a = Array2::zeros((n, n));
            gram_into(matrix(n + 3, n).view(), a.view_mut());
            let b = a.dot(&a) + &a;
            let mut c = Array2::from_elem((n, n), f64::NAN);
            commuting_product_into(a.view(), b.view(), c.view_mut());
            assert_relative_eq!(c, a.dot(&b), max_relative = 1e-13);
            assert_eq!(c, c.t());
        }
    }

    #[test]
    fn matrix_vector_products_agree_with_the_definition() {
        let a = matrix(7, 19);
        let x: Vec<f64> = (0..19).map(|k| f64::from(k) - 8.0).collect();
        let mut y = vec![0.0; 7];
        matrix_times_vector(a.view(), &x, &mut y);
        for (i, y) in y.iter().enumerate() {
            assert_relative_eq!(*y, (0..19).map(|k| a[(i, k)] * x[k]).sum::<f64>(), max_relative = 1e-14);
        }
        let mut z = vec![1.0; 19];
        transposed_times_vector(a.view(), y.iter().copied(), &mut z);
        for (k, z) in z.iter().enumerate() {
            assert_relative_eq!(*z, (0..7).map(|i| a[(i, k)] * y[i]).sum::<f64>(), max_relative = 1e-14);
        }
    }
}
