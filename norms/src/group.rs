//! Parts of a flat vector that need not be contiguous: rows, columns, blocks.

use crate::entries::Entries;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use steepest_core::{BlockShape, GradedView, ParameterLayout};

/// What the groups of a matrix are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Groups {
    /// Its rows: the weights into one neuron.
    #[default]
    Rows,
    /// Its columns: the weights out of one neuron or input.
    Columns,
}

impl Groups {
    /// Its name in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Columns => "columns",
        }
    }
}

/// Entries of a flat vector that lie one stride apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    start: usize,
    stride: usize,
    pub(crate) len: usize,
}

impl From<Range<usize>> for Group {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, stride: 1, len: range.len() }
    }
}

impl Group {
    /// Which entries.
    pub(crate) fn indices(self) -> impl Iterator<Item = usize> {
        (0..self.len).map(move |k| self.start + k * self.stride)
    }

    /// Copies the group out of a flat vector.
    pub(crate) fn gather(self, x: &[f64]) -> Vec<f64> {
        self.indices().map(|k| x[k]).collect()
    }

    /// Writes numbers where the group lies.
    pub(crate) fn scatter(self, numbers: &[f64], x: &mut [f64]) {
        self.indices().zip(numbers).for_each(|(k, &v)| x[k] = v);
    }

    /// Multiplies the group's entries; a factor of zero makes them zero.
    pub(crate) fn scale(self, factor: f64, x: &mut [f64]) {
        self.indices().for_each(|k| x[k] = if factor == 0.0 { 0.0 } else { factor * x[k] });
    }
}

/// The rows or columns of a matrix of this shape that starts at `start`; a vector is one group.
pub(crate) fn groups_of(shape: BlockShape, groups: Groups, start: usize) -> Vec<Group> {
    match (shape, groups) {
        (BlockShape::Vector { len }, _) => vec![Group { start, stride: 1, len }],
        (BlockShape::Matrix { rows, cols }, Groups::Rows) => {
            (0..rows).map(|i| Group { start: start + i * cols, stride: 1, len: cols }).collect()
        }
        (BlockShape::Matrix { rows, cols }, Groups::Columns) => {
            (0..cols).map(|j| Group { start: start + j, stride: cols, len: rows }).collect()
        }
    }
}

/// The groups of all blocks.
pub(crate) fn groups_of_layout(layout: &ParameterLayout, groups: Groups) -> Vec<Group> {
    layout.blocks().iter().flat_map(|b| groups_of(b.shape, groups, b.range.start)).collect()
}

/// A copy of one group of a graded vector after another.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    values: Vec<f64>,
    exponents: Vec<i64>,
}

impl Gathered {
    /// The group's entries, without the common scale.
    pub(crate) fn load(&mut self, g: GradedView<'_>, group: Group) -> Entries<'_> {
        self.values.clear();
        self.values.extend(group.indices().map(|k| g.values()[k]));
        let exponents = g.exponents().map(|e| {
            self.exponents.clear();
            self.exponents.extend(group.indices().map(|k| e[k]));
            &self.exponents[..]
        });
        Entries { values: &self.values, exponents }
    }
}
