//! The upper halves of the vector registers.

#![expect(unsafe_code, reason = "an instruction of processors that have AVX")]

/// Marks the upper halves of the vector registers as unused.
///
/// faer's kernels are assembly and leave them in use. From then on every instruction of plain SSE2 code, the system's exp among it, would wait
/// for the whole register, and exponentials take many times as long, until something clears them.
pub(super) fn clear_upper_halves() {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx") {
        // SAFETY: the processor has the instruction
        unsafe { zero_upper() };
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
fn zero_upper() {
    std::arch::x86_64::_mm256_zeroupper();
}
