//! What can be wrong with a run that is asked for.

use steepest_core::{CoreError, ObserverError};
use thiserror::Error;

/// A run that cannot be set up, or whose rows cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OptimError {
    /// Model and data of different input dimension.
    #[error("the model takes {model} inputs, the data has {data} features a sample")]
    Inputs {
        /// Inputs of the model.
        model: usize,
        /// Features of the data.
        data: usize,
    },
    /// Model and labels of different output dimension.
    #[error("the model has {model} outputs, the labels need {labels}")]
    Outputs {
        /// Outputs of the model.
        model: usize,
        /// Outputs that the labels need.
        labels: usize,
    },
    /// A loss for another kind of labels.
    #[error("{loss} is not a loss for {labels}: exponential and logistic are for -1 and +1, cross-entropy for classes")]
    Labels {
        /// The loss.
        loss: String,
        /// What the labels are.
        labels: &'static str,
    },
    /// A parameter vector of the wrong length.
    #[error("theta has {found} entries, the model has {expected} parameters")]
    Theta {
        /// Entries found.
        found: usize,
        /// Parameters of the model.
        expected: usize,
    },
    /// An optimiser for vectors of another length.
    #[error("the optimiser's norm is on {found} entries, the model has {expected} parameters")]
    Dimension {
        /// Dimension of the optimiser's norm.
        found: usize,
        /// Parameters of the model.
        expected: usize,
    },
    /// A number outside its range.
    #[error("`{field}` is {found}, expected {expected}")]
    Range {
        /// The field of the configuration.
        field: &'static str,
        /// What was found.
        found: f64,
        /// What would be right.
        expected: &'static str,
    },
    /// The two-sided rule for a model without a kink behind a trained first layer.
    #[error(
        "the two-sided rule acts at kinks of the first layer: it needs a network whose first layer is trained and followed by relu or \
         leaky_relu (plain coordinate descent is steepest descent in l1)"
    )]
    NoKink,
    /// A dynamics in the span of the data for a model whose first layer does not act on the raw inputs.
    #[error("the model's first layer is frozen or no plain matrix on the raw inputs: train it with the dense dynamics")]
    NoLinearFirstLayer,
    /// A dynamics of single units for a model that is not a sum over them.
    #[error(
        "the model is no network of two layers with one output, relu, leaky_relu or identity units and a trained first layer: train it with \
         the dense dynamics"
    )]
    NotTwoLayers,
    /// A dynamics in coordinates of the span of the data for an optimiser that looks at single inputs.
    #[error("the optimiser's direction does not commute with rotations of the inputs: train with the dense dynamics")]
    NotInvariant,
    /// A dynamics by single coordinates for another optimiser.
    #[error("the optimiser is not coordinate descent (l1, no momentum): train with the dense dynamics")]
    NotCoordinate,
    /// Something that mini-batches are not for.
    #[error("{what} needs the full batch: leave out the mini-batches")]
    FullBatchOnly {
        /// What.
        what: &'static str,
    },
    /// A list of step sizes without any.
    #[error("`step.size` is an empty list, expected at least one number")]
    NoSize,
    /// A run without an optimiser, a step or an end.
    #[error("the run has no {what}: call `{method}` first")]
    Incomplete {
        /// What is missing.
        what: &'static str,
        /// The method that gives it.
        method: &'static str,
    },
    /// A state that could not be restored.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// A row that could not be written.
    #[error(transparent)]
    Observer(#[from] ObserverError),
}
