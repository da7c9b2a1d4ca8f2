//! What can be wrong with a norm that is asked for.

use thiserror::Error;

/// A norm that cannot be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NormError {
    /// A product whose parts do not cover the vector one after the other.
    #[error(
        "the parts of a product norm must follow one another: expected one that starts at {expected}, found {found}"
    )]
    Gap {
        /// Where the next part should start.
        expected: usize,
        /// Where it starts.
        found: usize,
    },
    /// A parameter outside its range.
    #[error("`{field}` is {found}, expected {expected}")]
    Parameter {
        /// The field of the norm's table.
        field: &'static str,
        /// What was found.
        found: f64,
        /// What would be right.
        expected: &'static str,
    },
    /// A list that has not one entry for each block.
    #[error("`{field}` has {found} entries, expected one for each of {expected} blocks")]
    PerBlock {
        /// The field of the norm's table.
        field: &'static str,
        /// Number of blocks.
        expected: usize,
        /// Entries in the list.
        found: usize,
    },
    /// A norm of another crate whose name is taken.
    #[error("there is a norm named `{name}` already: give the other one another name")]
    Taken {
        /// The name.
        name: &'static str,
    },
    /// A norm of another crate whose name does not fit files.
    #[error("`{name}` is no name for a norm: expected a lower-case letter, then lower-case letters, digits and `_`")]
    Name {
        /// The name.
        name: &'static str,
    },
    /// A part whose norm has another dimension than its range.
    #[error("a part of {range} entries was given a norm on {dim}")]
    Dimension {
        /// Entries in the range.
        range: usize,
        /// Dimension of the norm.
        dim: usize,
    },
}
