//! Matrices of which most entries are zero.

use crate::vector::vectorized;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};

/// Columns of a product that are summed at a time: their sums stay in registers.
const COLUMNS: usize = 64;

/// So many numbers where a vector register reads them from one line of the cache.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Row([f64; COLUMNS]);

/// A matrix is worth the trouble where at most one in so many entries is not zero: a product by entries reads a row of the other matrix for
/// each, and reaches half the speed of a dense one.
const FEWER: usize = 3;

/// A matrix A (n x d) row by row, without the entries that are zero: images on a black ground are four fifths zeros.
#[derive(Clone, Debug)]
pub struct SparseRows {
    /// Where each row begins among the entries, and where the last one ends.
    starts: Vec<usize>,
    /// The column of each entry, ascending in a row.
    places: Vec<usize>,
    values: Vec<f64>,
    n_columns: usize,
}

impl SparseRows {
    /// The entries of a matrix; `None` where more than a third of them is not zero, so that nothing is to be gained.
    pub fn of(a: ArrayView2<'_, f64>) -> Option<Self> {
        let count = a.iter().filter(|v| **v != 0.0).count();
        if FEWER * count > a.len() {
            return None;
        }
        let mut starts = Vec::with_capacity(a.nrows() + 1);
        let (mut places, mut values) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for row in a.rows() {
            starts.push(places.len());
            for (k, &value) in row.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                places.push(k);
                values.push(value);
            }
        }
        starts.push(places.len());
        Some(Self { starts, places, values, n_columns: a.ncols() })
    }

    /// C = A B^T (n x m) for B (m x d): 2 m flops for each entry of A that is not zero. Each entry of C is one sum in the order of the columns of
    /// A; a zero of A times an infinity is no NaN here.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn times_transposed(&self, b: ArrayView2<'_, f64>, mut c: ArrayViewMut2<'_, f64>) {
        let (n, m) = (self.starts.len() - 1, b.nrows());
        assert!(b.ncols() == self.n_columns && c.dim() == (n, m), "product into a matrix of another shape");
        let mut turned = vec![Row([0.0; COLUMNS]); self.n_columns];
        for from in (0..m).step_by(COLUMNS) {
            let part = s![from..m.min(from + COLUMNS), ..];
            turn(b.slice(part), &mut turned);
            self.times(&turned, c.slice_mut(s![.., from..m.min(from + COLUMNS)]));
        }
    }

    /// The same for B^T row by row.
    fn times(&self, turned: &[Row], mut c: ArrayViewMut2<'_, f64>) {
        vectorized(
            #[inline(always)]
            || {
                for (bounds, c) in self.starts.windows(2).zip(c.rows_mut()) {
                    let entries = bounds[0]..bounds[1];
                    let mut sums = [0.0; COLUMNS];
                    for (&k, &value) in self.places[entries.clone()].iter().zip(&self.values[entries]) {
                        for (sum, b) in sums.iter_mut().zip(&turned[k].0) {
                            *sum += value * b;
                        }
                    }
                    c.into_iter().zip(sums).for_each(|(c, sum)| *c = sum);
                }
            },
        );
    }
}

/// Writes B^T for B (at most [`COLUMNS`] x d); what lies beside stays as it was.
fn turn(b: ArrayView2<'_, f64>, turned: &mut [Row]) {
    for (Row(row), b) in turned.iter_mut().zip(b.axis_iter(Axis(1))) {
        row.iter_mut().zip(b).for_each(|(to, &from)| *to = from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn products_are_those_of_the_whole_matrix() {
        for (n, d, m) in [(1, 1, 1), (5, 9, 64), (30, 40, 7), (20, 33, 130)] {
            let a = Array2::from_shape_fn((n, d), |(i, k)| match (i * 31 + k * 17 + i * k) % 23 {
                r @ 18.. if n > 1 => r as f64 / 7.0 - 3.0,
                _ => 0.0,
            });
            let b = Array2::from_shape_fn((m, d), |(j, k)| ((j * 13 + k * 29) % 19) as f64 / 5.0 - 1.0);
            let mut c = Array2::from_elem((n, m), f64::NAN);
            SparseRows::of(a.view()).unwrap().times_transposed(b.view(), c.view_mut());
            let slow = a.dot(&b.t());
            assert!((&c - &slow).iter().all(|off| off.abs() < 1e-13), "{n} x {d} times {m}");
            // of a view with other strides, into one
            let (columns, mut turned) = (b.t().to_owned(), Array2::zeros((m, n)));
            SparseRows::of(a.view()).unwrap().times_transposed(columns.t(), turned.view_mut().reversed_axes());
            assert_eq!(turned.t(), c);
        }
    }

    #[test]
    fn a_matrix_of_many_entries_is_refused() {
        let a = |count: usize| Array2::from_shape_fn((6, 5), |(i, k)| if 5 * i + k < count { 2.0 } else { 0.0 });
        assert!(SparseRows::of(a(10).view()).is_some() && SparseRows::of(a(11).view()).is_none());
    }
}
