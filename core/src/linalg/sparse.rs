//! Matrices of which most entries are zero.

use super::real::Real;
use super::rows::{self, Row};
use crate::vector::vectorized;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};

/// Columns of A at a time, so that what they multiply (32 kB) stays in the first cache, and rows of A at a time, so that their sums (128 kB) stay in
/// the second: without these blocks a product waits for the second cache at every entry.
const DEPTH: usize = 64;
const ROWS: usize = 256;

/// A matrix is worth the trouble where at most this share of its entries is not zero: a product by entries reads a row of the other matrix for
/// each. With as many it takes three fifths of the time of a dense product where registers hold eight numbers, and three quarters where they hold four.
const SHARE: f64 = 0.4;

/// A matrix A (n x d) without the entries that are zero, block by block and row by row: images on a black ground are four fifths zeros.
#[derive(Clone, Debug)]
pub struct SparseRows<T = f64> {
    /// n, d.
    shape: (usize, usize),
    /// Where the entries of each row of each block begin, in the order of the blocks, and where the last ones end.
    starts: Vec<usize>,
    /// The column of each entry within its block, ascending in a row, and its value.
    entries: Vec<(u32, T)>,
}

/// What a product by entries works in: made once, used again by products of any shape.
#[derive(Clone, Debug)]
pub struct SparseWork<T: Real = f64> {
    turned: Vec<Row<T>>,
    sums: Vec<Row<T>>,
}

impl<T: Real> Default for SparseWork<T> {
    fn default() -> Self {
        Self { turned: Vec::new(), sums: Vec::new() }
    }
}

impl<T: Real> SparseRows<T> {
    /// Whether a matrix has so many zeros that products without them are faster.
    pub fn pays(a: ArrayView2<'_, T>) -> bool {
        is_worth(count(a), a.len())
    }

    /// The entries of a matrix; `None` where more than two fifths of them are not zero, so that little is to be gained.
    pub fn of(a: ArrayView2<'_, T>) -> Option<Self> {
        let count = count(a);
        if !is_worth(count, a.len()) {
            return None;
        }
        let (mut starts, mut entries) = (Vec::new(), Vec::with_capacity(count));
        for rows in a.axis_chunks_iter(Axis(0), ROWS) {
            for block in rows.axis_chunks_iter(Axis(1), DEPTH) {
                for row in block.rows() {
                    starts.push(entries.len());
                    entries.extend((0..).zip(row.iter().copied()).filter(|(_, value)| *value != T::zero()));
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
    pub fn times_transposed(&self, b: ArrayView2<'_, T>, c: ArrayViewMut2<'_, T>, work: &mut SparseWork<T>) {
        self.multiply(None, b, c, work);
    }

    /// Some rows of A B^T, which stand one after the other in C (k x m), each to the bit as in the whole product.
    ///
    /// # Panics
    /// If the shapes do not fit, or the rows do not ascend.
    pub fn rows_times_transposed(
        &self,
        rows: &[usize],
        b: ArrayView2<'_, T>,
        c: ArrayViewMut2<'_, T>,
        work: &mut SparseWork<T>,
    ) {
        assert!(rows.is_sorted(), "rows that do not ascend");
        self.multiply(Some(rows), b, c, work);
    }

    fn multiply(
        &self,
        which: Option<&[usize]>,
        b: ArrayView2<'_, T>,
        mut c: ArrayViewMut2<'_, T>,
        work: &mut SparseWork<T>,
    ) {
        let ((n, d), m) = (self.shape, b.nrows());
        let n_wanted = which.map_or(n, <[usize]>::len);
        assert!(b.ncols() == d && c.dim() == (n_wanted, m), "product into a matrix of another shape");
        let (turned, sums) = (rows::first(&mut work.turned, d), rows::first(&mut work.sums, n_wanted.min(ROWS)));
        let n_blocks = d.div_ceil(DEPTH);
        if n_blocks == 0 {
            c.fill(T::zero());
        }
        for from in (0..m).step_by(T::COLUMNS) {
            let part = from..m.min(from + T::COLUMNS);
            rows::write_turned(b.slice(s![part.clone(), ..]), turned);
            let (mut starts, mut c) = (&self.starts[..], c.slice_mut(s![.., part]));
            let mut which = which;
            for first in (0..n).step_by(ROWS) {
                let n_here = ROWS.min(n - first);
                let here = which.map(|rows| rows.split_at(rows.partition_point(|row| *row < first + n_here)));
                which = here.map(|(_, rest)| rest);
                let rows = here.map(|(rows, _)| BlockRows { rows, first });
                let (mut now, rest) = c.split_at(Axis(0), rows.map_or(n_here, |rows| rows.rows.len()));
                c = rest;
                let sums = &mut sums[..now.nrows()];
                for (k, turned) in turned.chunks(DEPTH).enumerate() {
                    let block = Block {
                        starts: &starts[..=n_here],
                        rows,
                        turned,
                        is_first: k == 0,
                        is_last: k + 1 == n_blocks,
                    };
                    self.add_block(block, sums, now.view_mut());
                    starts = &starts[n_here..];
                }
            }
        }
    }

    /// The sums of some rows and what one block adds: in `sums`, and after the last block in `c`.
    fn add_block(&self, block: Block<'_, T>, sums: &mut [Row<T>], c: ArrayViewMut2<'_, T>) {
        if multiplies_and_adds_at_once() {
            self.add_width(block, sums, c, T::plus_product);
        } else {
            self.add_width(block, sums, c, |sum, a, b| sum + a * b);
        }
    }

    fn add_width(
        &self,
        block: Block<'_, T>,
        sums: &mut [Row<T>],
        c: ArrayViewMut2<'_, T>,
        plus_product: impl Fn(T, T, T) -> T,
    ) {
        match c.ncols().div_ceil(16) {
            1 => self.add_columns::<16>(block, sums, c, plus_product),
            2 => self.add_columns::<32>(block, sums, c, plus_product),
            3 | 4 => self.add_columns::<64>(block, sums, c, plus_product),
            _ => self.add_columns::<128>(block, sums, c, plus_product),
        }
    }

    fn add_columns<const WIDTH: usize>(
        &self,
        block: Block<'_, T>,
        sums: &mut [Row<T>],
        mut c: ArrayViewMut2<'_, T>,
        plus_product: impl Fn(T, T, T) -> T,
    ) {
        let Block { starts, rows, turned, is_first, is_last } = block;
        let at_once = is_last && c.ncols() == WIDTH && c.strides()[1] == 1;
        let (mut finished, begun) = (c.rows_mut().into_iter(), &mut *sums);
        vectorized(
            #[inline(always)]
            move || {
                for (k, sums) in begun.iter_mut().enumerate() {
                    let row = rows.map_or(k, |rows| rows.rows[k] - rows.first);
                    let (from, to) = (starts[row], starts[row + 1]);
                    let sums = sums.first_mut::<WIDTH>();
                    // in registers
                    let mut of_row = if is_first { [T::zero(); WIDTH] } else { *sums };
                    for &(k, value) in &self.entries[from..to] {
                        let b = turned[k as usize].first::<WIDTH>();
                        for (sum, b) in of_row.iter_mut().zip(b) {
                            *sum = plus_product(*sum, value, *b);
                        }
                    }
                    match at_once.then(|| finished.next()?.into_slice()).flatten() {
                        Some(c) => c.copy_from_slice(&of_row),
                        None => *sums = of_row,
                    }
                }
            },
        );
        if is_last && !at_once {
            rows::read_into(sums, c);
        }
    }
}

/// Whether a matrix of `len` entries of which so many are not zero is worth the trouble.
fn is_worth(count: usize, len: usize) -> bool {
    count as f64 <= SHARE * len as f64
}

/// How many entries are not zero.
fn count<T: Real>(a: ArrayView2<'_, T>) -> usize {
    a.iter().filter(|v| **v != T::zero()).count()
}

/// Some columns of A in some rows, whose entries begin and end at `starts`, which of these rows are wanted (all, if nothing is said), and the rows of B^T
/// that they multiply.
#[derive(Clone, Copy)]
struct Block<'b, T: Real> {
    starts: &'b [usize],
    rows: Option<BlockRows<'b>>,
    turned: &'b [Row<T>],
    is_first: bool,
    is_last: bool,
}

/// Rows of a matrix within a block that begins with row `first`.
#[derive(Clone, Copy)]
struct BlockRows<'b> {
    rows: &'b [usize],
    first: usize,
}

/// Whether a fused multiply-add is one instruction in a [`vectorized`] loop; elsewhere it is a call, and slow. As with products of whole matrices the
/// last bits are therefore the processor's.
fn multiplies_and_adds_at_once() -> bool {
    #[cfg(feature = "linalg")]
    return !matches!(pulp::Arch::new(), pulp::Arch::Scalar);
    #[cfg(not(feature = "linalg"))]
    return cfg!(any(target_arch = "aarch64", target_feature = "fma"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn products_are_those_of_the_whole_matrix() {
        let mut work = SparseWork::default();
        for (n, d, m) in [
            (1, 1, 1),
            (5, 9, 64),
            (30, 40, 7),
            (20, 33, 130),
            (256, 64, 3),
            (257, 65, 65),
            (600, 140, 5),
            (300, 130, 128),
            (3, 0, 4),
        ] {
            let a = Array2::from_shape_fn((n, d), |(i, k)| match (i * 31 + k * 17 + i * k) % 23 {
                r @ 18.. if n > 1 => r as f64 / 7.0 - 3.0,
                _ => 0.0,
            });
            let b = Array2::from_shape_fn((m, d), |(j, k)| ((j * 13 + k * 29) % 19) as f64 / 5.0 - 1.0);
            let mut c = Array2::from_elem((n, m), f64::NAN);
            SparseRows::of(a.view()).unwrap().times_transposed(b.view(), c.view_mut(), &mut work);
            let slow = a.dot(&b.t());
            assert!((&c - &slow).iter().all(|off| off.abs() < 1e-13), "{n} x {d} times {m}");
            // in single precision
            let [a_single, b_single] = [&a, &b].map(|a| a.mapv(|v| v as f32));
            let mut c_single = Array2::from_elem((n, m), f32::NAN);
            let sparse = SparseRows::of(a_single.view()).unwrap();
            sparse.times_transposed(b_single.view(), c_single.view_mut(), &mut SparseWork::default());
            let off = &c_single.mapv(f64::from) - &slow;
            assert!(off.iter().all(|off| off.abs() < 1e-4), "{n} x {d} times {m}");
            // of a view with other strides, into one
            let (columns, mut turned) = (b.t().to_owned(), Array2::zeros((m, n)));
            SparseRows::of(a.view()).unwrap().times_transposed(
                columns.t(),
                turned.view_mut().reversed_axes(),
                &mut work,
            );
            assert_eq!(turned.t(), c);
            // of some rows
            for every in [2, 3, 300] {
                let rows: Vec<usize> = (0..n).filter(|i| i % every == every - 1).collect();
                let mut some = Array2::from_elem((rows.len(), m), f64::NAN);
                let sparse = SparseRows::of(a.view()).unwrap();
                sparse.rows_times_transposed(&rows, b.view(), some.view_mut(), &mut work);
                assert_eq!(some, c.select(Axis(0), &rows), "{n} x {d} times {m}");
            }
        }
    }

    #[test]
    fn a_matrix_of_many_entries_is_refused() {
        let a = |count: usize| Array2::from_shape_fn((6, 5), |(i, k)| if 5 * i + k < count { 2.0 } else { 0.0 });
        assert!(SparseRows::of(a(12).view()).is_some() && SparseRows::of(a(13).view()).is_none());
    }
}
