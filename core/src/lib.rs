//! The language of `steepest`: numbers known by their logarithm, gradients that cannot underflow,
//! and the traits that norms, models, losses and optimisers speak.
//!
//! Nothing in this crate knows a concrete norm, network or optimiser, a file, or a thread.
//!
//! Reading order: [`logspace`] and [`graded`] (how a loss of e^-1000000 is an ordinary value), [`layout`]
//! (one flat parameter vector with named blocks), then the traits [`Norm`], [`HomogeneousModel`], [`Loss`],
//! [`Optimizer`], [`StepLength`], [`Dynamics`] and [`Observer`].

#![cfg_attr(test, expect(clippy::float_cmp, reason = "tests compare values that are exact"))]

pub mod bands;
pub mod dataset;
pub mod dynamics;
pub mod error;
pub mod graded;
pub mod kkt;
#[cfg(feature = "laws")]
pub mod laws;
pub mod layout;
pub mod linalg;
pub mod logspace;
pub mod loss;
pub mod margin;
pub mod memory;
pub mod metric;
pub mod model;
pub mod norm;
pub mod observer;
pub mod optimizer;
pub mod seed;
pub mod state;
pub mod step;
pub mod subdifferential;
pub mod terms;
pub mod vector;
mod wide;

pub use bands::{Band, Bands};
pub use dataset::{Dataset, Labels};
pub use dynamics::{Counter, Displaced, Displacement, Dynamics, Evaluation, NormKind, Whole};
pub use error::CoreError;
pub use graded::{Graded, GradedView};
pub use kkt::Kkt;
pub use layout::{Block, BlockShape, ParameterLayout};
pub use logspace::LogReal;
pub use loss::{Loss, LossValue, Reduction};
pub use metric::MetricInfo;
pub use model::{HomogeneousModel, LinearFirstLayer, OutputWeights, Restricted, Rows, Seam, TwoLayer, Workspace};
pub use norm::{Fold, Form, Moved, Norm, Steepest};
pub use observer::{Observer, ObserverError, Outcome, StopReason};
pub use optimizer::{Momentum, Optimizer, OptimizerKind};
pub use seed::Streams;
pub use state::{SavedPhase, SavedState};
pub use step::{Step, StepLength};
pub use subdifferential::{Multiples, Subdifferential};
pub use terms::{BackwardCall, BlockTerms, GradientTerms, WantedTerms};
pub use wide::Wide;
