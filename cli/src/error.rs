//! What can be wrong with an experiment file.

use thiserror::Error;

/// A configuration that cannot be understood. The message says what was wrong, where, and what would be right.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No TOML.
    #[error("{source}")]
    Syntax {
        /// With line and column.
        source: Box<toml::de::Error>,
    },
    /// A name that does not exist.
    #[error("unknown {what} `{found}` in {place}{hint}")]
    Unknown {
        /// Field, norm, kind, ...
        what: &'static str,
        /// What was found.
        found: String,
        /// Where.
        place: String,
        /// The nearest name, all names, and the line.
        hint: String,
    },
    /// A value of the wrong type or out of range.
    #[error("in [{section}]: {reason}")]
    Value {
        /// The table.
        section: String,
        /// What is wrong.
        reason: String,
    },
    /// A table that is needed.
    #[error("run \"{run}\" has no [{section}]: write it at the top for all runs, or inside the run")]
    Missing {
        /// The table.
        section: &'static str,
        /// The run.
        run: String,
    },
    /// A file of the wrong shape.
    #[error("{what}")]
    Shape {
        /// What is wrong, and what to write.
        what: String,
    },
    /// A `--set` that goes nowhere.
    #[error("cannot apply --set {text}: {reason}")]
    Setting {
        /// As given.
        text: String,
        /// Why.
        reason: String,
    },
}
