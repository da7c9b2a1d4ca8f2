//! How a step is carried out, and where theta lives. [`Dense`] serves every model and optimiser, and is what any faster way is
//! measured against.

mod batching;
mod checked;
mod compact;
mod dark;
mod dense;
mod gram;
mod greedy;
mod kinks;
mod routes;
mod sign;
#[cfg(feature = "linalg")]
mod small_side;
mod spectral;
mod terms;

pub use checked::Checked;
pub use compact::{Compact, CompactForms, CompactProblem};
pub use dense::Dense;
pub use gram::Gram;
pub use greedy::Greedy;
pub use sign::Sign;
#[cfg(feature = "linalg")]
pub use small_side::{SmallProblem, SmallSide};
use steepest_core::{HomogeneousModel, TwoLayer};

/// The width of the first layer, and the model as a sum over units.
fn two_layer(model: &dyn HomogeneousModel) -> Option<(usize, TwoLayer<'_>)> {
    let first = model.linear_first_layer()?;
    Some((first.width(), first.two_layer()?))
}

#[cfg(test)]
mod tests;
