//! The catalogue: every optimiser that a configuration can name, listed once.

use crate::steepest::SteepestDescent;
use serde::{Deserialize, Serialize};
use steepest_core::{Norm, Optimizer};

/// What a reader of `steepest list optimizers` needs to know about an optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptimizerInfo {
    /// Its name in configurations.
    pub name: &'static str,
    /// Its update as a formula.
    pub formula: &'static str,
    /// One sentence that teaches.
    pub summary: &'static str,
    /// The fields of its table, and what each means.
    pub fields: &'static [(&'static str, &'static str)],
}

/// An optimiser named in a configuration by its `kind`. `N` is how the configuration names a norm: the optimisers know none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum OptimizerSpec<N> {
    /// Steepest descent in a norm.
    Steepest {
        /// The norm.
        norm: N,
    },
}

impl<N> OptimizerSpec<N> {
    /// The optimiser, with norms made by `norm`.
    ///
    /// # Errors
    /// If `norm` fails.
    pub fn build<E>(&self, norm: impl Fn(&N) -> Result<Box<dyn Norm>, E>) -> Result<Box<dyn Optimizer>, E> {
        match self {
            Self::Steepest { norm: spec } => Ok(Box::new(SteepestDescent::new(norm(spec)?))),
        }
    }

    /// The norm whose margin it is to increase.
    pub const fn own_norm(&self) -> &N {
        match self {
            Self::Steepest { norm } => norm,
        }
    }

    /// What the optimiser is.
    pub const fn info(&self) -> OptimizerInfo {
        match self {
            Self::Steepest { .. } => STEEPEST,
        }
    }
}

const STEEPEST: OptimizerInfo = OptimizerInfo {
    name: "steepest",
    formula: "theta <- theta - length * argmax_{N(u) <= 1} <grad L, u>",
    summary: "steepest descent in any norm: l2 is gradient descent, l1 coordinate descent, linf sign descent, spectral spectral descent",
    fields: &[("norm", "a norm by name, such as \"linf\" (see `steepest list norms`)")],
};

/// Every optimiser of the catalogue.
pub fn catalogue() -> Vec<OptimizerInfo> {
    vec![STEEPEST]
}
