//! A gradient as the sum of its terms: what a map may look at beside the sum itself.

use crate::model::Rows;
use ndarray::ArrayView2;
use std::ops::Range;

/// What a steepest map wants to see beside the gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WantedTerms {
    /// Nothing.
    #[default]
    Nothing,
    /// The factors G = D^T H of each matrix block, where they are there anyway: the rank of G is at most the number of samples, which may be
    /// far below its sides. Offered while all weights fit one band; the map must do without otherwise.
    Factors,
    /// Every term e^s u v^T by itself, with the logarithm of its weight: offered at every step.
    Graded,
}

/// One matrix block as a sum of outer products, G = sum_t e^{ln_weights\[t\]} u_t v_t^T.
#[derive(Clone, Copy, Debug)]
pub struct BlockTerms<'a> {
    /// Where the block begins in the flat vector; it is stored row after row.
    pub start: usize,
    /// The u_t, one a row (terms x rows of the block).
    pub u: ArrayView2<'a, f64>,
    /// The v_t, one a row (terms x columns of the block).
    pub v: ArrayView2<'a, f64>,
}

impl BlockTerms<'_> {
    /// The entries of the block.
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.u.ncols() * self.v.ncols()
    }
}

/// The terms of a gradient, block by block; blocks that are vectors have none.
#[derive(Clone, Copy, Debug, Default)]
pub struct GradientTerms<'a> {
    /// ln of the weight of each term, -inf for one that is not there; empty where the weights are in the u_t, relative to the gradient's scale.
    pub ln_weights: &'a [f64],
    /// The blocks.
    pub blocks: &'a [BlockTerms<'a>],
}

impl<'a> GradientTerms<'a> {
    /// The terms of the block that lies at `range`, if it has some.
    pub fn of(&self, range: &Range<usize>) -> Option<BlockTerms<'a>> {
        self.blocks.iter().find(|block| block.range() == *range).copied()
    }
}

/// One call of a backward pass: its rows and the cotangent on their outputs.
#[derive(Clone, Copy, Debug)]
pub struct BackwardCall<'a> {
    /// The inputs of all samples (n x d).
    pub inputs: ArrayView2<'a, f64>,
    /// The rows that it went over.
    pub rows: Rows<'a>,
    /// The cotangent, one row for each of them.
    pub cotangent: ArrayView2<'a, f64>,
}
