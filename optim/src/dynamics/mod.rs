//! How a step is carried out, and where theta lives. [`Dense`] serves every model and optimiser, and is what any faster way is
//! measured against.

mod batching;
mod compact;
mod dense;
mod gram;
mod greedy;
mod kinks;
#[cfg(feature = "linalg")]
mod small_side;
mod terms;

pub use compact::{Compact, CompactProblem};
pub use dense::Dense;
pub use gram::Gram;
pub use greedy::Greedy;
#[cfg(feature = "linalg")]
pub use small_side::{SmallProblem, SmallSide};
