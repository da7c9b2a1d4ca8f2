//! Which library multiplies and factorises.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// A library behind the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// OpenBLAS and LAPACK.
    OpenBlas,
    /// faer: pure Rust, kernels chosen from the processor's features.
    Faer,
    /// matrixmultiply, ndarray's own product: all there is without the feature `linalg`.
    Matrixmultiply,
}

impl Backend {
    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenBlas => "openblas",
            Self::Faer => "faer",
            Self::Matrixmultiply => "matrixmultiply",
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::OpenBlas => 1,
            Self::Faer => 2,
            Self::Matrixmultiply => 3,
        }
    }
}

/// The backend in use, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendReport {
    /// The library that multiplies.
    pub backend: Backend,
    /// The library of QR decompositions and symmetric eigenvalues.
    pub factorisations: Backend,
    /// The kernel that OpenBLAS runs, by its own name; empty without OpenBLAS.
    pub openblas_kernel: String,
    /// Why this backend.
    pub reason: String,
}

/// Zero while nothing was chosen.
static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// Whether the caller chose.
static SET: AtomicBool = AtomicBool::new(false);

/// The library of QR decompositions and symmetric eigenvalues: faer unless the caller chose another. It is two to five times faster than LAPACK
/// at the sizes of gradients, also where OpenBLAS has the best kernel; with singular values the two are about equal, and they follow the
/// products (`cargo bench --bench factorisations`).
#[cfg(feature = "linalg")]
pub(super) fn factorising() -> Backend {
    if SET.load(Ordering::Relaxed) { current() } else { Backend::Faer }
}

/// The backend in use; chosen at the first call.
pub(super) fn current() -> Backend {
    match CHOSEN.load(Ordering::Relaxed) {
        1 => Backend::OpenBlas,
        2 => Backend::Faer,
        3 => Backend::Matrixmultiply,
        _ => {
            let chosen = automatic().backend;
            // one thread per product until somebody asks for more: runs go in parallel, not products
            set_threads(1);
            CHOSEN.store(chosen.code(), Ordering::Relaxed);
            chosen
        }
    }
}

/// The backend in use, and why.
pub fn backend() -> BackendReport {
    let (chosen, automatic) = (current(), automatic());
    if chosen == automatic.backend && !SET.load(Ordering::Relaxed) {
        automatic
    } else {
        BackendReport { backend: chosen, factorisations: chosen, reason: "set by the caller".into(), ..automatic }
    }
}

/// Uses this backend from now on, for products and for factorisations, instead of the automatic one. Call it before the first product: two backends differ in
/// their last bits.
///
/// Without the feature `linalg` there is only [`Backend::Matrixmultiply`], and the call changes nothing.
pub fn set_backend(backend: Backend) {
    set_threads(1);
    if cfg!(feature = "linalg") {
        CHOSEN.store(backend.code(), Ordering::Relaxed);
        SET.store(true, Ordering::Relaxed);
    }
}

/// Lets every product of this process run on `n` threads (OpenBLAS only; faer runs on the caller's thread).
pub fn set_threads(n: usize) {
    #[cfg(feature = "linalg")]
    super::openblas::set_threads(n);
    #[cfg(not(feature = "linalg"))]
    let _ = n;
}

#[cfg(not(feature = "linalg"))]
fn automatic() -> BackendReport {
    BackendReport {
        backend: Backend::Matrixmultiply,
        factorisations: Backend::Matrixmultiply,
        openblas_kernel: String::new(),
        reason: "built without the feature `linalg`".into(),
    }
}

#[cfg(feature = "linalg")]
fn automatic() -> BackendReport {
    let openblas_kernel = super::openblas::kernel_name();
    let (has_avx2, has_avx512) = processor_features();
    let level = kernel_level(&openblas_kernel);
    let (backend, reason) = if (has_avx512 && level < 3) || (has_avx2 && level < 2) {
        let newer = if has_avx512 { "AVX-512" } else { "AVX2" };
        (Backend::Faer, format!("the processor has {newer}, OpenBLAS runs its kernel {openblas_kernel}"))
    } else {
        (Backend::OpenBlas, format!("OpenBLAS runs its kernel {openblas_kernel}, made for this processor"))
    };
    BackendReport { backend, factorisations: Backend::Faer, openblas_kernel, reason }
}

/// AVX2 with FMA, and AVX-512.
#[cfg(feature = "linalg")]
fn processor_features() -> (bool, bool) {
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
        (avx2, avx2 && std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512dq"))
    }
    #[cfg(not(target_arch = "x86_64"))]
    (false, false)
}

/// The vector instructions that a kernel of OpenBLAS uses: 3 for AVX-512, 2 for AVX2 with FMA, 1 for less. Names of other
/// architectures count as good as any.
#[cfg(feature = "linalg")]
fn kernel_level(name: &str) -> u8 {
    const AVX512: [&str; 3] = ["SkylakeX", "Cooperlake", "Sapphirerapids"];
    const OLD: [&str; 14] = [
        "Katmai",
        "Coppermine",
        "Northwood",
        "Banias",
        "Prescott",
        "Core2",
        "Penryn",
        "Dunnington",
        "Nehalem",
        "Atom",
        "Sandybridge",
        "Opteron",
        "Barcelona",
        "Bobcat",
    ];
    const BULLDOZER: [&str; 3] = ["Bulldozer", "Piledriver", "Steamroller"];
    let is = |names: &[&str]| names.iter().any(|n| name.eq_ignore_ascii_case(n));
    if is(&OLD) || is(&BULLDOZER) {
        1
    } else if is(&["Haswell", "Zen", "Excavator"]) {
        2
    } else if is(&AVX512) {
        3
    } else {
        u8::MAX
    }
}

#[cfg(all(test, feature = "linalg"))]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_ranked_by_their_instructions() {
        assert!(kernel_level("Prescott") < kernel_level("Haswell"));
        assert!(kernel_level("HASWELL") < kernel_level("SkylakeX"));
        assert_eq!(kernel_level("neoversen1"), u8::MAX);
    }

    #[test]
    fn the_automatic_choice_is_reported() {
        let report = automatic();
        assert!(!report.openblas_kernel.is_empty());
        assert!(report.reason.contains(&report.openblas_kernel));
    }
}
