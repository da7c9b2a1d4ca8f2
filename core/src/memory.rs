//! Memory for long vectors.

/// A vector of zeros, on large pages where it is long and the system has them.
///
/// Vectors of millions of entries are read and written from end to end at every step; with pages of 4 kB much of that time goes into
/// finding the pages. On Linux the kernel is asked for pages of 2 MB before the first touch; elsewhere, and for short vectors, this is
/// `vec![0.0; len]`. What is in the vector, and every result, is the same.
pub fn zeros(len: usize) -> Vec<f64> {
    // from the system's allocator such a vector comes zeroed and untouched
    let vector = vec![0.0; len];
    #[cfg(target_os = "linux")]
    linux::advise_large_pages(&vector);
    vector
}

/// A copy of a slice, in memory as [`zeros`] gives it.
pub fn copied(values: &[f64]) -> Vec<f64> {
    let mut copy = zeros(values.len());
    copy.copy_from_slice(values);
    copy
}

#[cfg(target_os = "linux")]
mod linux {
    #![expect(unsafe_code, reason = "madvise is a C function of the system; its advice changes no content")]

    use std::ffi::{c_int, c_void};

    /// Below this many entries (2 MB) there is no large page to be had.
    const SHORTEST: usize = 1 << 18;
    const PAGE: usize = 4096;
    const MADV_HUGEPAGE: c_int = 14;

    unsafe extern "C" {
        fn madvise(address: *mut c_void, length: usize, advice: c_int) -> c_int;
    }

    /// Asks for large pages in the whole small pages of a vector. A refusal costs nothing but speed.
    pub(super) fn advise_large_pages(vector: &[f64]) {
        if vector.len() < SHORTEST {
            return;
        }
        let start = vector.as_ptr().addr().next_multiple_of(PAGE);
        let end = (vector.as_ptr().addr() + size_of_val(vector)) / PAGE * PAGE;
        let address = vector.as_ptr().with_addr(start).cast_mut().cast::<c_void>();
        // SAFETY: the range lies within the vector's own allocation, and this advice neither reads nor changes what is in it
        unsafe { madvise(address, end - start, MADV_HUGEPAGE) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short_vectors_are_zero() {
        for len in [0, 1, 1 << 17, (1 << 19) + 3] {
            assert!(zeros(len).len() == len && zeros(len).iter().all(|v| v.to_bits() == 0));
        }
        assert_eq!(copied(&[1.0, -2.0]), [1.0, -2.0]);
    }
}
