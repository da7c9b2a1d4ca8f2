//! Which way a run will take, from the configuration alone.

use super::sizes::Sizes;
use crate::config::{DynamicsChoice, RunConfig, StepSpec, optimizers};
use steepest_norms::NormSpec;
use steepest_optim::{OptimizerSpec, StepScale};

/// How steps are carried out, as their cost tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Dense,
    Gram,
    SmallSide,
    Greedy,
    /// Sign descent whose steps are long enough that units soon move along single samples.
    Sign,
}

impl Way {
    /// That of the last optimiser of a run.
    pub(super) fn of(run: &RunConfig, sizes: &Sizes) -> Self {
        Self::each(run, sizes).last().unwrap_or(Self::Dense)
    }

    /// Those of all its optimisers.
    pub(super) fn each(run: &RunConfig, sizes: &Sizes) -> impl Iterator<Item = Self> {
        optimizers(run).map(|(optimizer, step)| Self::of_phase(run, sizes, optimizer, step))
    }

    fn of_phase(run: &RunConfig, sizes: &Sizes, optimizer: &OptimizerSpec<NormSpec>, step: &StepSpec) -> Self {
        let Some(layers_above) = sizes.layers_above else { return Self::Dense };
        match run.dynamics {
            DynamicsChoice::Auto | DynamicsChoice::Check if run.batch.is_none() => {}
            DynamicsChoice::Gram => return Self::Gram,
            DynamicsChoice::SmallSide => return Self::SmallSide,
            DynamicsChoice::Greedy => return Self::Greedy,
            DynamicsChoice::Sign => return Self::Sign,
            _ => return Self::Dense,
        }
        let (n, d) = (sizes.n_train, sizes.first_layer.0);
        let (norm, has_momentum) = match optimizer {
            OptimizerSpec::Steepest(spec) => (spec.norm.label().name, spec.momentum.is_some()),
            OptimizerSpec::TwoSidedCd(_) => ("l1".to_owned(), false),
            OptimizerSpec::Shampoo(_) => ("spectral".to_owned(), true),
            _ => return Self::Dense,
        };
        match &*norm {
            "l1" if layers_above == 1 && !has_momentum => Self::Greedy,
            "linf" if layers_above == 1 && !has_momentum && sizes.suits_sign && step.scale == StepScale::Normalized => {
                Self::Sign
            }
            "l2" if n <= d => Self::Gram,
            "l2" | "spectral" | "nuclear" if 2 * n <= d => Self::SmallSide,
            schatten if schatten.starts_with("schatten") && 2 * n <= d => Self::SmallSide,
            _ => Self::Dense,
        }
    }
}
