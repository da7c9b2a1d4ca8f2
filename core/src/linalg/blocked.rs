//! Products by faer, in blocks that suit its kernels.

use super::faer_view::{borrow, borrow_mut};
use super::product::Accumulate;
use super::real::Real;
use super::registers::clear_upper_halves;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, ShapeError, s};

/// Columns of C at a time: five of the widest kernel, which is 48 wide. Left alone faer cuts larger products at powers of two and fills up what is
/// left with narrower kernels, of a half and a third of the speed.
const COLUMNS: usize = 240;

/// Columns of that kernel, and how many are few beside it.
const KERNEL: usize = 48;
const FEW: usize = 16;

/// Rows of C at a time. With both as they are, a block of C and what a sum of 512 terms reads for it lie in a second cache of 1 MiB.
const ROWS: usize = 252;

/// Numbers between two terms of a sum from which on A is copied first: they lie on different pages and compete for few lines of the first cache.
const FAR: isize = 512;

/// Columns of C from which on the copy is worth it, and columns that are copied at a time.
const WORTH_A_COPY: usize = 64;
const TILE: usize = 8;

/// c = a b, or c += a b. The shapes fit.
pub(super) fn multiply<T: Real>(
    accumulate: Accumulate,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    mut c: ArrayViewMut2<'_, T>,
) {
    if c.strides()[1] != 1 && c.strides()[0] == 1 {
        return multiply(accumulate, b.reversed_axes(), a.reversed_axes(), c.reversed_axes());
    }
    let copies = c.ncols() >= WORTH_A_COPY && a.strides()[1].abs() >= FAR;
    for (a, c) in a.axis_chunks_iter(Axis(0), ROWS).zip(c.axis_chunks_iter_mut(Axis(0), ROWS)) {
        if copies {
            T::kept().with_borrow_mut(|rows| multiply_rows(accumulate, copied(a, rows), b, c));
        } else {
            multiply_rows(accumulate, a, b, c);
        }
    }
}

/// The same, a block of columns after the other.
fn multiply_rows<T: Real>(
    accumulate: Accumulate,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    mut c: ArrayViewMut2<'_, T>,
) {
    let accumulate = match accumulate {
        Accumulate::Replace => faer::Accum::Replace,
        Accumulate::Add => faer::Accum::Add,
    };
    let mut from = 0;
    while from < c.ncols() {
        let width = width_of_next(c.ncols() - from);
        let part = s![.., from..from + width];
        let (b, mut c) = (b.slice(part), c.slice_mut(part));
        faer::linalg::matmul::matmul(borrow_mut(&mut c), accumulate, borrow(&a), borrow(&b), T::one(), faer::Par::Seq);
        clear_upper_halves();
        from += width;
    }
}

/// How many of the columns that are left go into the next product: a few beyond a multiple of the kernel's go by themselves, since beside the others
/// they would be filled up with more.
fn width_of_next(left: usize) -> usize {
    let (width, few) = (left.min(COLUMNS), left.min(COLUMNS) % KERNEL);
    if width > KERNEL && few <= FEW { width - few } else { width }
}

/// A, row by row in this memory.
fn copied<'r, T: Real>(a: ArrayView2<'_, T>, rows: &'r mut Vec<T>) -> ArrayView2<'r, T> {
    let needed = a.len();
    if rows.len() < needed {
        rows.resize(needed, T::zero());
    }
    let rows = &mut rows[..needed];
    let mut copy = matrix(ArrayViewMut2::from_shape(a.raw_dim(), &mut *rows));
    for from in (0..a.ncols()).step_by(TILE) {
        let tile = s![.., from..a.ncols().min(from + TILE)];
        copy.slice_mut(tile).assign(&a.slice(tile));
    }
    matrix(ArrayView2::from_shape(a.raw_dim(), rows))
}

fn matrix<M>(of_its_length: Result<M, ShapeError>) -> M {
    of_its_length.unwrap_or_else(|error| panic!("as many numbers as the matrix has: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn blocks_are_put_together_as_the_definition_says() {
        let entry =
            |seed: usize| move |(i, j): (usize, usize)| ((i * 31 + j * 17 + seed * (i * j % 7)) % 23) as f64 - 11.0;
        // a block less one, one, and more than one, each way; terms far apart and near
        for (m, k, n) in [(1, 3, 1), (251, 5, 239), (252, 600, 240), (253, 9, 241), (520, 3, 500), (3, 0, 2), (0, 4, 3)]
        {
            let (a, b) = (Array2::from_shape_fn((m, k), entry(1)), Array2::from_shape_fn((k, n), entry(2)));
            let slow = a.dot(&b);
            let (turned_a, turned_b) =
                (a.t().as_standard_layout().into_owned(), b.t().as_standard_layout().into_owned());
            for (a, b) in [(a.view(), b.view()), (turned_a.t(), turned_b.t())] {
                let mut c = Array2::from_elem((m, n), f64::NAN);
                multiply(Accumulate::Replace, a, b, c.view_mut());
                assert_eq!(c, slow, "{m} {k} {n}");
                multiply(Accumulate::Add, a, b, c.view_mut());
                assert_eq!(c, &slow * 2.0);
                let mut turned = Array2::zeros((n, m));
                multiply(Accumulate::Replace, a, b, turned.view_mut().reversed_axes());
                assert_eq!(turned.t(), slow);
            }
        }
    }
}
