//! Norms that are taken block by block and then joined: what their configurations share.

use crate::error::NormError;
use crate::join::Join;
use crate::product::Product;
use crate::spec::NormLabel;
use steepest_core::{BlockShape, Norm, ParameterLayout};

/// The fields that every norm taken block by block has.
pub(crate) const JOIN: (&str, &str) = ("join", "how the blocks are joined: \"max\" (the default), \"sum\" or \"l2\"");
/// The second of them.
pub(crate) const WEIGHTS: (&str, &str) = ("weights", "what each block's norm is multiplied by, one number a block");

/// How blocks are joined, as a configuration's `join` and `weights` say it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PerBlock<'a> {
    pub(crate) join: Join,
    pub(crate) weights: Option<&'a [f64]>,
}

impl PerBlock<'_> {
    /// The joined norm of blocks whose own norms are given with a factor each.
    ///
    /// # Errors
    /// If there is not one positive weight a block, or a block's norm cannot be built.
    pub(crate) fn build(
        self,
        layout: &ParameterLayout,
        part: impl Fn(BlockShape) -> Result<(f64, Box<dyn Norm>), NormError>,
    ) -> Result<Box<dyn Norm>, NormError> {
        let blocks = layout.blocks();
        if let Some(weights) = self.weights.filter(|w| w.len() != blocks.len()) {
            return Err(NormError::PerBlock { field: "weights", expected: blocks.len(), found: weights.len() });
        }
        let mut parts = Vec::with_capacity(blocks.len());
        for (l, block) in blocks.iter().enumerate() {
            let (factor, norm) = part(block.shape)?;
            parts.push((block.range.clone(), self.weights.map_or(factor, |w| w[l] * factor), norm));
        }
        Ok(Box::new(Product::new(self.join, parts)?))
    }

    /// The label of a joined norm: `name` of the norm of a block, the join unless it is the maximum, the weights if there are any.
    pub(crate) fn label(self, each: &str, base: NormLabel) -> NormLabel {
        let over = match self.join {
            Join::Max => "max over blocks of",
            Join::Sum => "sum over blocks of",
            Join::L2 => "root of the sum of squares over blocks of",
        };
        let mut label = NormLabel { formula: format!("{over} {each}"), ..base };
        if !self.join.is_max() {
            label.name += &format!("_{}", self.join.name());
            mark(&mut label, self.join.name());
        }
        if let Some(weights) = self.weights {
            label.name += &list("w", weights);
            label.formula += &format!(", times {weights:?}");
            mark(&mut label, "w");
        }
        label
    }
}

/// Adds a mark to the symbol's subscript; the paper has no symbol for such a norm.
pub(crate) fn mark(label: &mut NormLabel, with: &str) {
    label.symbol = label.symbol.replace('}', &format!(",{with}}}"));
    label.paper_margin = None;
}

/// Numbers as a part of a name: `_w1_w0_5` for 1 and 0.5.
pub(crate) fn list(prefix: &str, numbers: &[f64]) -> String {
    numbers.iter().map(|v| format!("_{prefix}{v}").replace(['.', '-'], "_")).collect()
}
