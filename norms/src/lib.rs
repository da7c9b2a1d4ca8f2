//! Norms with their duals, steepest maps and subgradients.
//!
//! Each file of a norm is one norm; the Frobenius norm is `l2`, and a norm of blocks is a [`Product`] of the blocks' norms. The others hold what
//! they share: lists with exponents (`entries`), joins (`join`), rows and columns (`group`), singular values (`matrix`), and projections on
//! subdifferentials (`multiples`). All norms are listed once, at the end of this one; the program's help, its `list` and the law tests are made
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

mod blocks;
mod entries;
mod error;
pub mod graded_polar;
mod group;
#[cfg(feature = "linalg")]
mod inverse_root;
mod join;
#[cfg(feature = "linalg")]
mod matrix;
mod multiples;
#[cfg(feature = "linalg")]
mod nearly_orthogonal;
#[cfg(test)]
mod oracle;
mod outside;
#[cfg(feature = "linalg")]
mod polar;
mod product;
#[macro_use]
pub mod spec;

pub use error::NormError;
pub use group::Groups;
pub use join::Join;
#[cfg(feature = "linalg")]
pub use matrix::RANK_CUT;
pub use outside::{OutsideNorm, OutsideSpec, register};
pub use product::Product;
pub use spec::{BuildNorm, NormInfo, NormLabel};

// The catalogue. A new norm is one new file and one line here.
norms! {
    l1::L1Spec as L1,
    l2::L2Spec as L2,
    linf::LinfSpec as Linf,
    lp::LpSpec as Lp,
    quadratic::QuadraticSpec as Quadratic,
    mixed::MixedSpec as Mixed,
    l1_to_l2::L1ToL2Spec as L1ToL2,
    l2_to_linf::L2ToLinfSpec as L2ToLinf,
    #[cfg(feature = "linalg")]
    spectral::SpectralSpec as Spectral,
    #[cfg(feature = "linalg")]
    nuclear::NuclearSpec as Nuclear,
    #[cfg(feature = "linalg")]
    schatten::SchattenSpec as Schatten,
    #[cfg(feature = "linalg")]
    rms_to_rms::RmsToRmsSpec as RmsToRms,
    #[cfg(feature = "linalg")]
    modular::ModularSpec as Modular,
}
