//! Matrices of which most entries are zero.

use crate::vector::vectorized;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};

/// Columns of a product that are summed at a time: their sums stay in registers.
const COLUMNS: usize = 64;

/// So many numbers where a vector register reads them from one line of the cache.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Row([f64; COLUMNS]);

/// Columns of A at a time, so that what they multiply (32 kB) stays in the first cache, and rows of A at a time, so that their sums (128 kB) stay in
/// the second: without these blocks a product waits for the second cache at every entry.
const DEPTH: usize = 64;
const ROWS: usize = 256;

/// A matrix is worth the trouble where at most one in so many entries is not zero: a product by entries reads a row of the other matrix for
/// each, and reaches half the speed of a dense one.
const FEWER: usize = 3;

/// A matrix A (n x d) without the entries that are zero, block by block and row by row: images on a black ground are four fifths zeros.
#[derive(Clone, Debug)]
pub struct SparseRows {
    /// n, d.
    shape: (usize, usize),
    /// Where the entries of each row of each block begin, in the order of the blocks, and where the last ones end.
    starts: Vec<usize>,
    /// The column of each entry within its block, ascending in a row, and its value.
    entries: Vec<(u32, f64)>,
}

impl SparseRows {
    /// The entries of a matrix; `None` where more than a third of them is not zero, so that nothing is to be gained.
    pub fn of(a: ArrayView2<'_, f64>) -> Option<Self> {
        let count = a.iter().filter(|v| **v != 0.0).count();
        if FEWER * count > a.len() {
            return None;
        }
        let (mut starts, mut entries) = (Vec::new(), Vec::with_capacity(count));
        for rows in a.axis_chunks_iter(Axis(0), ROWS) {
            for block in rows.axis_chunks_iter(Axis(1), DEPTH) {
                for row in block.rows() {
                    starts.push(entries.len());
                    entries.extend((0..).zip(row.iter().copied()).filter(|(_, value)| *value != 0.0));
                }
            }
        }
        starts.push(entries.len());
        Some(Self { shape: a.dim(), starts, entries })
    }

    /// C = A B^T (n x m) for B (m x d): 2 m flops for each entry of A that is not zero. Each entry of C is one sum in the order of the columns of
    /// A; a zero of A times an infinity is no NaN here.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn times_transposed(&self, b: ArrayView2<'_, f64>, mut c: ArrayViewMut2<'_, f64>) {
        let ((n, d), m) = (self.shape, b.nrows());
        assert!(b.ncols() == d && c.dim() == (n, m), "product into a matrix of another shape");
        let mut turned = vec![Row([0.0; COLUMNS]); d];
        let mut sums = vec![Row([0.0; COLUMNS]); n.min(ROWS)];
        for from in (0..m).step_by(COLUMNS) {
            let part = from..m.min(from + COLUMNS);
            turn(b.slice(s![part.clone(), ..]), &mut turned);
            let mut starts = &self.starts[..];
            for mut c in c.slice_mut(s![.., part]).axis_chunks_iter_mut(Axis(0), ROWS) {
                let sums = &mut sums[..c.nrows()];
                sums.fill(Row([0.0; COLUMNS]));
                for turned in turned.chunks(DEPTH) {
                    self.add_block(&starts[..=sums.len()], turned, sums);
                    starts = &starts[sums.len()..];
                }
                for (c, Row(sums)) in c.rows_mut().into_iter().zip(sums) {
                    c.into_iter().zip(sums).for_each(|(c, sum)| *c = *sum);
                }
            }
        }
    }

    /// The sums of some rows and what one block adds, whose rows begin and end there.
    fn add_block(&self, starts: &[usize], turned: &[Row], sums: &mut [Row]) {
        vectorized(
            #[inline(always)]
            || {
                for (bounds, Row(sums)) in starts.windows(2).zip(sums) {
                    // in registers
                    let mut of_row = *sums;
                    for &(k, value) in &self.entries[bounds[0]..bounds[1]] {
                        for (sum, b) in of_row.iter_mut().zip(&turned[k as usize].0) {
                            *sum += value * b;
                        }
                    }
                    *sums = of_row;
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
        for (n, d, m) in [(1, 1, 1), (5, 9, 64), (30, 40, 7), (20, 33, 130), (256, 64, 3), (257, 65, 65), (600, 140, 5)]
        {
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
