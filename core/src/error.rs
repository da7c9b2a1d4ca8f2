//! What can be wrong with the values that this crate is given.

use thiserror::Error;

/// A value that cannot be what it claims to be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CoreError {
    /// A layout without blocks.
    #[error("a parameter layout needs at least one block")]
    NoBlocks,
    /// A block without entries.
    #[error("parameter block `{name}` has no entries")]
    EmptyBlock {
        /// The block.
        name: String,
    },
    /// Two blocks of one name.
    #[error("two parameter blocks are named `{name}`")]
    RepeatedBlock {
        /// The name.
        name: String,
    },
    /// A dataset without samples or without features.
    #[error("a dataset needs at least one sample and one feature, found {n_samples} x {n_features}")]
    EmptyDataset {
        /// Number of samples.
        n_samples: usize,
        /// Number of features.
        n_features: usize,
    },
    /// Inputs and labels of different number.
    #[error("{n_samples} inputs but {n_labels} labels")]
    LabelCount {
        /// Number of inputs.
        n_samples: usize,
        /// Number of labels.
        n_labels: usize,
    },
    /// An input that is not a finite number.
    #[error("input {value} at sample {sample}, feature {feature} is not finite")]
    NonFiniteInput {
        /// The sample.
        sample: usize,
        /// The feature.
        feature: usize,
        /// The value found.
        value: f64,
    },
    /// A label outside its range.
    #[error("label {found} at sample {sample}: expected {expected}")]
    BadLabel {
        /// The sample.
        sample: usize,
        /// The label found.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// A vector of the wrong length.
    #[error("{what} has length {found}, expected {expected}")]
    Length {
        /// Which vector.
        what: String,
        /// Its length.
        found: usize,
        /// The right length.
        expected: usize,
    },
    /// A loss with a tail of no exponent.
    #[error("the exponent of a power tail is {found}, expected a positive finite number")]
    TailExponent {
        /// The exponent found.
        found: f64,
    },
    /// A saved state without the entry that is to be restored.
    #[error("the saved state has no entry `{name}`")]
    MissingState {
        /// The entry.
        name: String,
    },
    /// A factorisation that did not converge, by either library.
    #[error("the {what} of a {rows} x {cols} matrix failed: {reason}")]
    Factorisation {
        /// Which factorisation.
        what: &'static str,
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        cols: usize,
        /// What the library said.
        reason: String,
    },
}
