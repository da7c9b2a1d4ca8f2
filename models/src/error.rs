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
    /// A model that is not homogeneous, or not of the degree that it claims.
    #[error(
        "the model is not positively homogeneous of degree {degree}: f(2 theta)/f(theta) gives degree {measured:.6}, \
         off by {scaling_error:.1e}, and Euler's identity <theta, grad f> = {degree} f is off by {euler_error:.1e} \
         (relative); look for biases above the first layer, residual connections or normalisation"
    )]
    NotHomogeneous {
        /// The degree that it claims.
        degree: u32,
        /// The degree measured.
        measured: f64,
        /// Relative error of f(2 theta) = 2^degree f(theta).
        scaling_error: f64,
        /// Relative error of Euler's identity.
        euler_error: f64,
    },
    /// A model whose degree cannot be measured.
    #[error("all outputs are zero at the initial parameters and at random ones: are all inputs zero?")]
    AlwaysZero,
    /// Parameters that make no layout.
    #[error(transparent)]
    Core(#[from] CoreError),
}
