//! The few calls into OpenBLAS that no binding declares.

#![expect(unsafe_code, reason = "OpenBLAS's thread count and kernel name are C functions that no binding declares")]

// links the library, once for the whole house
use openblas_src as _;
use std::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    fn openblas_set_num_threads(n: c_int);
    fn openblas_get_corename() -> *const c_char;
}

/// Sets the number of threads of every later BLAS call of the process.
pub(super) fn set_threads(n: usize) {
    let n = c_int::try_from(n.max(1)).unwrap_or(c_int::MAX);
    // SAFETY: takes any positive number
    unsafe { openblas_set_num_threads(n) }
}

/// The kernel that OpenBLAS chose for this processor.
pub(super) fn kernel_name() -> String {
    // SAFETY: returns a pointer to a static, zero-terminated string
    unsafe { CStr::from_ptr(openblas_get_corename()) }.to_string_lossy().into_owned()
}
