//! The one door to matrix products and factorisations.
//!
//! Behind it stand OpenBLAS with LAPACK, and faer (pure Rust). Debian's OpenBLAS runs an SSE3 kernel on processors newer
//! than itself, three to six times slower than they could be; there faer serves. QR decompositions and eigenvalues are
//! faer's everywhere, and so are narrow products. The choice depends on the kernel's name and the processor's features only, is the same for every
//! product of a process, and is reported by [`backend`] so that a file can say which one made it. Every backend runs on
//! one thread unless [`set_threads`] says otherwise.

mod backend;
#[cfg(feature = "linalg")]
mod blocked;
#[cfg(feature = "linalg")]
mod factor;
#[cfg(feature = "linalg")]
mod faer_view;
#[cfg(feature = "linalg")]
mod lanczos;
#[cfg(feature = "linalg")]
mod openblas;
mod product;
mod real;
#[cfg(feature = "linalg")]
mod registers;
mod rows;
mod sparse;
#[cfg(feature = "linalg")]
mod tridiagonal;

pub use backend::{Backend, BackendReport, backend, set_backend, set_threads};
#[cfg(feature = "linalg")]
pub use factor::{
    SymmetricEigen, ThinSvd, inverse_cholesky, inverse_positive_definite, largest_eigenvalue_of_gram,
    largest_singular_value, singular_values, symmetric_eigen, thin_qr, thin_svd, thin_svd_of_product,
};
pub use product::{
    Accumulate, commuting_product_into, gram_into, matrix_times_vector, multiply_in_cache, multiply_into,
    transposed_times_vector,
};
pub use real::Real;
pub use sparse::{SparseRows, SparseWork};
