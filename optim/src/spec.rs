//! How a configuration names an optimiser.

use crate::adam::{Adam, AdamSpec};
use crate::momentum::{MomentumDescent, MomentumSpec};
#[cfg(feature = "linalg")]
use crate::shampoo::{Shampoo, ShampooSpec};
use crate::steepest::SteepestDescent;
use crate::two_sided::TwoSidedDescent;
use serde::{Deserialize, Serialize};
use steepest_core::{Norm, Optimizer, ParameterLayout};

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

/// The norm that an optimiser asks for: the optimisers know none themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormOf<'a, N> {
    /// The one that the configuration gives.
    Configured(&'a N),
    /// The one of this name in the catalogue.
    Named(&'static str),
}

/// An optimiser named in a configuration by its `kind`; `N` is how the configuration names a norm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OptimizerSpec<N> {
    /// Steepest descent in a norm, with or without momentum.
    Steepest(SteepestSpec<N>),
    /// Coordinate descent with the two-sided rule at kinks.
    TwoSidedCd(TwoSidedSpec),
    /// Adam.
    Adam(AdamSpec),
    /// Shampoo.
    #[cfg(feature = "linalg")]
    Shampoo(ShampooSpec),
}

/// `steepest` in a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SteepestSpec<N> {
    /// The norm.
    pub norm: N,
    /// Momentum on the gradient before the dual map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub momentum: Option<MomentumSpec>,
}

/// `two_sided_cd` in a configuration: it has no parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoSidedSpec {}

impl<N> OptimizerSpec<N> {
    /// The norm whose margin it is to increase.
    pub const fn own_norm(&self) -> NormOf<'_, N> {
        match self {
            Self::Steepest(spec) => NormOf::Configured(&spec.norm),
            Self::TwoSidedCd(_) => NormOf::Named("l1"),
            Self::Adam(_) => NormOf::Named("linf"),
            #[cfg(feature = "linalg")]
            Self::Shampoo(_) => NormOf::Named("spectral"),
        }
    }

    /// The optimiser on vectors of this layout, with its own norm.
    #[cfg_attr(not(feature = "linalg"), expect(unused_variables, reason = "only Shampoo looks at the blocks"))]
    pub fn build(&self, layout: &ParameterLayout, own_norm: Box<dyn Norm>) -> Box<dyn Optimizer> {
        match self {
            Self::Steepest(SteepestSpec { momentum: None, .. }) => Box::new(SteepestDescent::new(own_norm)),
            Self::Steepest(SteepestSpec { momentum: Some(m), .. }) => Box::new(MomentumDescent::new(own_norm, *m)),
            Self::TwoSidedCd(_) => Box::new(TwoSidedDescent::new(own_norm)),
            Self::Adam(spec) => Box::new(Adam::new(*spec, own_norm)),
            #[cfg(feature = "linalg")]
            Self::Shampoo(spec) => Box::new(Shampoo::new(*spec, layout, own_norm)),
        }
    }

    /// Whether its direction has a length of its own, so that the only step scale that makes sense is `normalized`.
    pub const fn has_own_length(&self) -> bool {
        !matches!(self, Self::Steepest(_) | Self::TwoSidedCd(_))
    }

    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    /// A sentence that names the field and its range.
    pub fn check(&self) -> Result<(), String> {
        let decay = |field: &str, beta: f64| {
            if (0.0..1.0).contains(&beta) {
                Ok(())
            } else {
                Err(format!("`{field}` is {beta}, expected 0 <= {field} < 1"))
            }
        };
        match self {
            Self::Steepest(spec) => spec.momentum.map_or(Ok(()), |m| decay("beta", m.beta)),
            Self::TwoSidedCd(_) => Ok(()),
            Self::Adam(spec) => {
                decay("beta1", spec.beta1)?;
                decay("beta2", spec.beta2)?;
                let fine = spec.eps >= 0.0 && spec.eps.is_finite();
                if fine { Ok(()) } else { Err(format!("`eps` is {}, expected zero or a positive number", spec.eps)) }
            }
            #[cfg(feature = "linalg")]
            Self::Shampoo(spec) => {
                let fine = spec.eps > 0.0 && spec.eps.is_finite();
                if fine { Ok(()) } else { Err(format!("`eps` is {}, expected a positive number", spec.eps)) }
            }
        }
    }

    /// What the optimiser is.
    pub const fn info(&self) -> OptimizerInfo {
        match self {
            Self::Steepest(_) => STEEPEST,
            Self::TwoSidedCd(_) => TWO_SIDED_CD,
            Self::Adam(_) => ADAM,
            #[cfg(feature = "linalg")]
            Self::Shampoo(_) => SHAMPOO,
        }
    }
}

const STEEPEST: OptimizerInfo = OptimizerInfo {
    name: "steepest",
    formula: "theta <- theta - length * argmax_{N(u) <= 1} <M, u>, M = grad L or its momentum",
    summary: "steepest descent in any norm: l2 is gradient descent, l1 coordinate descent, linf sign descent (with momentum \
              Signum), spectral is spectral descent (with momentum Muon with an exact polar factor)",
    fields: &[
        ("norm", "a norm by name, such as \"linf\" (see `steepest list norms`)"),
        (
            "momentum",
            "{ beta, dampening = true, nesterov = false }: M <- beta M + (1 - beta) g, or + g without dampening",
        ),
    ],
};

const TWO_SIDED_CD: OptimizerInfo = OptimizerInfo {
    name: "two_sided_cd",
    formula: "coordinate descent; a weight that flips back over a kink gets the derivative in between that makes its gradient zero, and the \
              arg-max is taken again",
    summary: "coordinate descent that is not caught by the kinks of ReLU networks; the plain rule is `steepest` with norm = \"l1\"",
    fields: &[],
};

const ADAM: OptimizerInfo = OptimizerInfo {
    name: "adam",
    formula: "theta <- theta - length * m^ / (sqrt(v^) + eps)",
    summary: "Adam with the true gradient at any size; betas (0, 0) with eps = 0 is sign descent",
    fields: &[
        ("beta1", "decay of the first moment, default 0.9"),
        ("beta2", "decay of the second moment, default 0.99"),
        ("eps", "added outside the root, default 1e-8; 0 is allowed"),
        ("bias_correction", "default true"),
    ],
};

#[cfg(feature = "linalg")]
const SHAMPOO: OptimizerInfo = OptimizerInfo {
    name: "shampoo",
    formula: "W <- W - length * L^a G R^a",
    summary: "Shampoo with accumulation; without it, it is `steepest` with norm = \"spectral\"",
    fields: &[
        (
            "form",
            "\"equation76\" (the paper's Eq. (76), a = -1/4) or \"torch_optimizer\" (the package that the paper ran, a = -1/2)",
        ),
        ("eps", "the preconditioners start as eps times the identity, default 1e-4"),
    ],
};

/// Every optimiser of the catalogue.
pub fn catalogue() -> Vec<OptimizerInfo> {
    vec![
        STEEPEST,
        TWO_SIDED_CD,
        ADAM,
        #[cfg(feature = "linalg")]
        SHAMPOO,
    ]
}
