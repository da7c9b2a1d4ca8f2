//! How a step is carried out, and where theta lives. [`Dense`] serves every model and optimiser, and is what any faster way is
//! measured against.

mod dense;

pub use dense::Dense;
