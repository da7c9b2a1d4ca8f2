//! Dimension scales: the three functions of the HDF5 high-level library that the binding lacks.
//!
//! A scale written by hand is recognised only if its class is a null-terminated ASCII text of exactly 16 bytes, which the
//! binding cannot write; hence the calls into C.

#![expect(
    unsafe_code,
    reason = "the binding declares no dimension scales; three calls into the HDF5 high-level library"
)]

use hdf5::{Dataset, Error, Result};
use hdf5_sys::h5i::hid_t;
use std::ffi::{CString, c_char, c_int, c_uint};

// Signatures as in H5DSpublic.h of HDF5 1.10, where herr_t and htri_t are int.
unsafe extern "C" {
    fn H5DSset_scale(scale: hid_t, name: *const c_char) -> c_int;
    fn H5DSattach_scale(variable: hid_t, scale: hid_t, axis: c_uint) -> c_int;
    fn H5DSis_attached(variable: hid_t, scale: hid_t, axis: c_uint) -> c_int;
}

/// Makes a dataset a dimension scale of the given name.
pub(super) fn set_scale(scale: &Dataset, name: &str) -> Result<()> {
    let name = CString::new(name).map_err(|e| Error::from(e.to_string()))?;
    // SAFETY: the handle is open while it is borrowed, the text ends with a null and outlives the call, and the lock is held.
    hdf5::sync::sync(|| checked("H5DSset_scale", unsafe { H5DSset_scale(scale.id(), name.as_ptr()) })).map(drop)
}

/// Names an axis of a variable by a scale.
pub(super) fn attach(variable: &Dataset, scale: &Dataset, axis: u32) -> Result<()> {
    // SAFETY: both handles are open while they are borrowed, the library checks the axis, and the lock is held.
    let attach = || checked("H5DSattach_scale", unsafe { H5DSattach_scale(variable.id(), scale.id(), axis) });
    hdf5::sync::sync(attach).map(drop)
}

/// Whether an axis of a variable is named by that scale. A scale itself, or a variable without that axis, is an error.
pub(super) fn is_attached(variable: &Dataset, scale: &Dataset, axis: u32) -> Result<bool> {
    // SAFETY: both handles are open while they are borrowed, the library checks the axis, and the lock is held.
    let ask = || checked("H5DSis_attached", unsafe { H5DSis_attached(variable.id(), scale.id(), axis) });
    hdf5::sync::sync(ask).map(|answer| answer > 0)
}

/// The library says "failed" by a negative number. Its error stack is read while the lock is held.
fn checked(call: &str, code: c_int) -> Result<c_int> {
    if code >= 0 {
        return Ok(code);
    }
    Err(Error::query().unwrap_or_else(|_| Error::from(format!("{call} failed"))))
}
