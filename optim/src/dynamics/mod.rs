//! How a step is carried out, and where theta lives. [`Dense`] serves every model and optimiser, and is what any faster way is
//! measured against.

mod batching;
mod dense;
mod kinks;
mod terms;

pub use dense::Dense;
