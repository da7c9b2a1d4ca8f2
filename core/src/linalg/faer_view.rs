//! ndarray's views as faer's.

#![expect(unsafe_code, reason = "faer takes a strided view of foreign memory as a raw pointer")]

use faer::{MatMut, MatRef};
use ndarray::{ArrayView2, ArrayViewMut2};

/// The same memory as a faer view.
pub(super) fn borrow<'a, T>(a: &'a ArrayView2<'_, T>) -> MatRef<'a, T> {
    let (rows, cols) = a.dim();
    let [row_stride, col_stride] = [a.strides()[0], a.strides()[1]];
    // SAFETY: pointer, shape and strides are those of a live view, whose borrow the result inherits
    unsafe { MatRef::from_raw_parts(a.as_ptr(), rows, cols, row_stride, col_stride) }
}

/// The same memory as a mutable faer view.
pub(super) fn borrow_mut<'a, T>(a: &'a mut ArrayViewMut2<'_, T>) -> MatMut<'a, T> {
    let (rows, cols) = a.dim();
    let [row_stride, col_stride] = [a.strides()[0], a.strides()[1]];
    // SAFETY: pointer, shape and strides are those of a live unique view, whose borrow the result inherits
    unsafe { MatMut::from_raw_parts_mut(a.as_mut_ptr(), rows, cols, row_stride, col_stride) }
}
