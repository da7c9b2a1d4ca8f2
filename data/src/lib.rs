//! Everything that crosses the disk: datasets in, trajectories out.
//!
//! The feature `datasets` (default) brings MNIST, the embedded 8x8 digits and the generators, and needs neither HDF5 nor
//! BLAS; the feature `trajectory` (default) brings one HDF5 file per run and is the only place of the house that links HDF5.

pub mod error;
#[cfg(feature = "datasets")]
pub mod source;
#[cfg(feature = "datasets")]
pub mod spec;
#[cfg(feature = "trajectory")]
pub mod trajectory;

pub use error::DataError;
#[cfg(feature = "datasets")]
pub use source::{PointStream, Provenance, Split, Unseen};
#[cfg(feature = "datasets")]
pub use spec::DataSpec;
