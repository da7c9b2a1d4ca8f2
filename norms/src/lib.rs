//! Norms with their duals, steepest maps and subgradients.
//!
//! Each file is one norm. All of them are listed once, at the end of this one; the program's help, its `list` and the law tests are made
//! from that list. There is no epsilon in any map: zero maps to zero, and a map that is not unique says which element it takes.
//!
//! ```
//! use steepest_core::Norm;
//! use steepest_norms::Linf;
//! let norm = Linf::new(3);
//! let gradient = [2.0, -0.5, 0.0];
//! let mut u = [0.0; 3];
//! let step = norm.steepest_into(gradient[..].into(), &mut u); // sign descent
//! assert_eq!(u, [1.0, -1.0, 0.0]);
//! assert!((step.dual.value() - 2.5).abs() < 1e-15); // <g, u> = |g|_1
//! ```

mod error;
mod product;
#[macro_use]
pub mod spec;

pub use error::NormError;
pub use product::MaxProduct;
pub use spec::{BuildNorm, NormInfo, NormLabel};

// The catalogue. A new norm is one new file and one line here.
norms! {
    l1::L1Spec as L1,
    l2::L2Spec as L2,
    linf::LinfSpec as Linf,
    lp::LpSpec as Lp,
    #[cfg(feature = "linalg")]
    spectral::SpectralSpec as Spectral,
}
