//! Optimisers, step lengths, and the training loop that stays exact far below underflow.
//!
//! A whole run, without any file:
//!
//! ```
//! use ndarray::array;
//! use steepest_core::observer::Unobserved;
//! use steepest_core::{Dataset, Labels, Norm};
//! use steepest_core::loss::Exponential;
//! use steepest_models::Linear;
//! use steepest_norms::Linf;
//! use steepest_optim::{Schedule, SteepestDescent, StepRule, StepScale, Stop, Trainer};
//!
//! let data = Dataset::new(array![[1.0, 0.0], [5.0, 1.0]], Labels::Binary(vec![1.0, 1.0]))?;
//! let (model, loss) = (Linear::new(2, 1)?, Exponential::sum());
//! let run = Trainer::new(&model, &data, &loss)
//!     .optimizer(SteepestDescent::new(Linf::new(2)))
//!     .step(StepRule::new(StepScale::Normalized, Schedule::Constant { size: 1.0 }))
//!     .until(Stop::after(1000))
//!     .train(vec![0.0; 2], &mut Unobserved)?;
//! // the weight of the second sample is e^-5000 of the first, and still moves the second coordinate
//! assert_eq!(run.theta, [1000.0, 1000.0]);
//! assert_eq!(run.loss.ln(), -1000.0);
//! assert_eq!(run.margin(&Linf::new(2)), 1.0); // min_i q_i / |theta|_inf, the largest possible
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, expect(clippy::float_cmp, reason = "tests compare values that are exact"))]

mod adaptive;
mod batches;
pub mod dynamics;
mod error;
mod momentum;
pub mod schedule;
#[macro_use]
pub mod spec;
pub mod stop;
pub mod train;
mod trainer;

pub use adaptive::RaiseOrRollBack;
pub use batches::{BatchOrder, BatchSpec, Batches};
pub use dynamics::{Checked, Compact, CompactForms, CompactProblem, Dense, Gram, Greedy, Sign};
#[cfg(feature = "linalg")]
pub use dynamics::{SmallProblem, SmallSide};
pub use error::OptimError;
pub use momentum::{MomentumDescent, MomentumSpec};
pub use schedule::{Schedule, StepRule, StepScale};
pub use spec::{BuildOptimizer, NormOf, OptimizerInfo};
pub use stop::{Milestones, Stop, SwitchAt};
pub use train::{go_on, train};
pub use trainer::{TrainedRun, Trainer};

// The catalogue. A new optimiser is one new file and one line here.
optimizers! {
    steepest::SteepestSpec<N> as Steepest,
    two_sided::TwoSidedSpec as TwoSidedCd,
    adam::AdamSpec as Adam,
    #[cfg(feature = "linalg")]
    shampoo::ShampooSpec as Shampoo,
}
