//! Norms that are taken block by block and then joined: what their configurations share.

use crate::error::NormError;
use crate::join::Join;
use crate::product::Product;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
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

/// A kind of norm that is taken block by block and joined. Its specification is declared by [`per_block!`], and is a [`BuildNorm`].
pub(crate) trait BlockNorm: JoinOfBlocks {
    /// What norms of this kind are.
    const INFO: NormInfo;

    /// The formula of the norm of one block.
    fn each(&self) -> String;

    /// The label but for the formula and the join.
    fn base(&self) -> NormLabel {
        Self::INFO.into()
    }

    /// Parameters with which the laws are tested, all joined by the maximum.
    fn parameters() -> Vec<Self>;

    /// A factor and the norm of one block.
    ///
    /// # Errors
    /// If the parameters fit no norm.
    fn of_block(&self, shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError>;
}

/// The fields that [`per_block!`] declares.
pub(crate) trait JoinOfBlocks: Sized {
    /// What they say.
    fn per_block(&self) -> PerBlock<'_>;

    /// The same norm of a block, otherwise joined.
    fn joined(self, join: Join, weights: Option<Vec<f64>>) -> Self;
}

impl<S: BlockNorm> BuildNorm for S {
    const INFO: NormInfo = <S as BlockNorm>::INFO;

    fn label(&self) -> NormLabel {
        self.per_block().label(&self.each(), self.base())
    }

    /// All parameters joined by the maximum, the first also by a weighted sum, the last also by l2.
    fn examples() -> Vec<Self> {
        let sum = S::parameters().into_iter().next().map(|s| s.joined(Join::Sum, Some(vec![2.0, 0.25])));
        let l2 = S::parameters().pop().map(|s| s.joined(Join::L2, None));
        S::parameters().into_iter().chain(sum).chain(l2).collect()
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        self.per_block().build(layout, |shape| self.of_block(shape))
    }
}

/// The specification of a norm that is taken block by block: the fields that are its own, then `join` and `weights`.
macro_rules! per_block {
    ($(#[$attribute:meta])* $spec:ident { $($(#[$about:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $spec {
            $($(#[$about])* pub $field: $type,)*
            /// How the blocks are joined.
            #[serde(default, skip_serializing_if = "crate::join::Join::is_max")]
            pub join: crate::join::Join,
            /// What each block's norm is multiplied by; absent for one.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub weights: Option<Vec<f64>>,
        }

        impl crate::blocks::JoinOfBlocks for $spec {
            fn per_block(&self) -> crate::blocks::PerBlock<'_> {
                crate::blocks::PerBlock { join: self.join, weights: self.weights.as_deref() }
            }

            fn joined(mut self, join: crate::join::Join, weights: Option<Vec<f64>>) -> Self {
                (self.join, self.weights) = (join, weights);
                self
            }
        }
    };
}
pub(crate) use per_block;

/// Adds a mark to the symbol's subscript; the paper has no symbol for such a norm.
pub(crate) fn mark(label: &mut NormLabel, with: &str) {
    label.symbol = label.symbol.replace('}', &format!(",{with}}}"));
    label.paper_margin = None;
}

/// Numbers as a part of a name: `_w1_w0_5` for 1 and 0.5.
pub(crate) fn list(prefix: &str, numbers: &[f64]) -> String {
    numbers.iter().map(|v| format!("_{prefix}{v}").replace(['.', '-'], "_")).collect()
}
