//! What can be wrong with a model that is asked for.

use steepest_core::CoreError;
use thiserror::Error;

/// A model that cannot be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A layer without units.
    #[error(
        "layer {layer} has no units: every width, the number of inputs ({n_inputs}) and of outputs ({n_outputs}) must be positive"
    )]
    EmptyLayer {
        /// Which layer, counted from one.
        layer: usize,
        /// Number of inputs.
        n_inputs: usize,
        /// Number of outputs.
        n_outputs: usize,
    },
    /// A layer that is to be frozen and does not exist.
    #[error("layer {layer} cannot be frozen: the model has layers 1 to {n_layers}")]
    NoSuchLayer {
        /// Which layer, counted from one.
        layer: usize,
        /// Number of layers.
        n_layers: usize,
    },
    /// All layers frozen.
    #[error("all {n_layers} layers are frozen: at least one must be trained")]
    NothingTrained {
        /// Number of layers.
        n_layers: usize,
    },
    /// Weights of the wrong shape.
    #[error("layer {layer} has shape {expected_rows} x {expected_cols}, its weights are {rows} x {cols}")]
    Shape {
        /// Which layer, counted from one.
        layer: usize,
        /// Rows that the layer has.
        expected_rows: usize,
        /// Columns that the layer has.
        expected_cols: usize,
        /// Rows found.
        rows: usize,
        /// Columns found.
        cols: usize,
    },
    /// A number outside its range.
    #[error("`{field}` is {found}, expected {expected}")]
    Range {
        /// The field of the configuration.
        field: &'static str,
        /// What was found.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A degree of homogeneity beyond all use.
    #[error("the model's degree of homogeneity does not fit 32 bits")]
    DegreeOverflow,
    /// Parameters that make no layout.
    #[error(transparent)]
    Core(#[from] CoreError),
}
