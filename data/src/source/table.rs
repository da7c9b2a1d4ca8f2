//! A table of the user's own: a CSV file with the labels in one of its columns, or a pair of NPY files.
//!
//! Labels may be numbers or words. They are sorted, numbers by value and words by alphabet: of two, the first becomes -1 and
//! the second +1; more become the classes 0, 1, ... The note of the run says which became what. Inputs are taken as they are:
//! nothing is centred or scaled.

mod csv;
mod labels;
mod npy;
mod spec;
#[cfg(test)]
mod tests;

pub use spec::{Column, TableSpec};

use ndarray::Array2;

/// What a file holds: inputs (n x d) and as many labels, in their plainest writing (`1`, not `1.0`).
#[derive(Clone, Debug, PartialEq)]
struct Table {
    inputs: Array2<f64>,
    labels: Vec<String>,
}

/// A text as an error shows it: quoted, and not too long.
fn shown(text: &str) -> String {
    match text.chars().count() {
        0 => "an empty cell".into(),
        1..=40 => format!("`{text}`"),
        _ => format!("`{}...`", text.chars().take(40).collect::<String>()),
    }
}
