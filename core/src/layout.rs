//! One flat parameter vector with named blocks.

use crate::error::CoreError;
use std::ops::Range;

/// The shape of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockShape {
    /// A matrix, stored row after row.
    Matrix {
        /// Number of rows (outputs).
        rows: usize,
        /// Number of columns (inputs).
        cols: usize,
    },
    /// A vector.
    Vector {
        /// Number of entries.
        len: usize,
    },
}

impl BlockShape {
    /// Number of entries.
    pub const fn len(&self) -> usize {
        match *self {
            Self::Matrix { rows, cols } => rows * cols,
            Self::Vector { len } => len,
        }
    }

    /// Whether there are no entries.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A named part of the parameter vector, such as the weights of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its name: an ASCII identifier, such as `W1`.
    pub name: String,
    /// Its shape.
    pub shape: BlockShape,
    /// Where it lies in the flat vector.
    pub range: Range<usize>,
}

/// The blocks of a parameter vector, one after the other.
///
/// ```
/// use steepest_core::{BlockShape, ParameterLayout};
/// let layout = ParameterLayout::new([
///     ("W1", BlockShape::Matrix { rows: 3, cols: 2 }),
///     ("W2", BlockShape::Vector { len: 3 }),
/// ])?;
/// assert_eq!(layout.len(), 9);
/// assert_eq!(layout.blocks()[1].range, 6..9);
/// # Ok::<(), steepest_core::CoreError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterLayout {
    blocks: Vec<Block>,
}

impl ParameterLayout {
    /// Lays the blocks out in the given order.
    ///
    /// # Errors
    /// If there is no block, a block is empty, or two have one name.
    pub fn new<N: Into<String>>(blocks: impl IntoIterator<Item = (N, BlockShape)>) -> Result<Self, CoreError> {
        let mut laid: Vec<Block> = Vec::new();
        for (name, shape) in blocks {
            let (name, start) = (name.into(), laid.last().map_or(0, |b| b.range.end));
            if shape.is_empty() {
                return Err(CoreError::EmptyBlock { name });
            }
            if laid.iter().any(|b| b.name == name) {
                return Err(CoreError::RepeatedBlock { name });
            }
            laid.push(Block { name, shape, range: start..start + shape.len() });
        }
        if laid.is_empty() { Err(CoreError::NoBlocks) } else { Ok(Self { blocks: laid }) }
    }

    /// The blocks in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Length of the flat vector.
    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |b| b.range.end)
    }

    /// Whether the flat vector has no entries; never true.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
