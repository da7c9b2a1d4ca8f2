//! Which way a run will take, from the configuration alone.

use super::sizes::{Above, Sizes};
use crate::config::{DynamicsChoice, RunConfig, StepSize, StepSpec, SwitchSpec, optimizers};
use steepest_norms::NormSpec;
use steepest_optim::{OptimizerSpec, StepScale, SwitchAt};

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

/// The steps of one optimiser.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase<'r> {
    pub(super) optimizer: &'r OptimizerSpec<NormSpec>,
    pub(super) way: Way,
    pub(super) steps: f64,
    pub(super) scale: StepScale,
    /// The sum of the sizes of its steps: how far an entry goes that always goes the same way by the size.
    pub(super) way_of_an_entry: f64,
}

/// The phases of a run that does not end early; a switch whose step the configuration does not say is counted as an early one.
pub(super) fn phases<'r>(run: &'r RunConfig, sizes: &Sizes) -> Vec<Phase<'r>> {
    let all = run.stop.steps;
    let first = match &run.switch {
        None => all,
        Some(SwitchSpec { at: SwitchAt::Step(step), .. }) => all.min(*step),
        Some(_) => 0,
    };
    let phase = |((optimizer, step), steps): ((_, &StepSpec), u64)| Phase {
        optimizer,
        way: Way::of_phase(run, sizes, optimizer, step),
        steps: steps as f64,
        scale: step.scale,
        way_of_an_entry: sum_of_sizes(step, steps as f64),
    };
    optimizers(run).zip([first, all - first]).map(phase).collect()
}

/// The sum of so many sizes of steps; of a list, as if all were the last.
fn sum_of_sizes(step: &StepSpec, steps: f64) -> f64 {
    let (size, power) = match &step.size {
        StepSize::Number(size) => (*size, step.power),
        StepSize::List(sizes) => (sizes.last().copied().unwrap_or(0.0), 0.0),
    };
    size * if power < 1.0 { steps.powf(1.0 - power) / (1.0 - power) } else { 1.0 + steps.max(1.0).ln() }
}

impl Way {
    /// That of the last optimiser of a run.
    pub(super) fn of(run: &RunConfig, sizes: &Sizes) -> Self {
        phases(run, sizes).last().map_or(Self::Dense, |phase| phase.way)
    }

    fn of_phase(run: &RunConfig, sizes: &Sizes, optimizer: &OptimizerSpec<NormSpec>, step: &StepSpec) -> Self {
        if sizes.above == Above::Nothing {
            return Self::Dense;
        }
        match run.dynamics {
            DynamicsChoice::Auto | DynamicsChoice::Check if run.batch.is_none() => {}
            DynamicsChoice::Gram => return Self::Gram,
            DynamicsChoice::SmallSide => return Self::SmallSide,
            DynamicsChoice::Greedy => return Self::Greedy,
            DynamicsChoice::Sign => return Self::Sign,
            _ => return Self::Dense,
        }
        let sums_over_units = sizes.above == Above::SumOverUnits;
        let (n, d) = (sizes.n_train, sizes.first_layer.0);
        let (norm, has_momentum) = match optimizer {
            OptimizerSpec::Steepest(spec) => (spec.norm.label().name, spec.momentum.is_some()),
            OptimizerSpec::TwoSidedCd(_) => ("l1".to_owned(), false),
            OptimizerSpec::Shampoo(_) => ("spectral".to_owned(), true),
            _ => return Self::Dense,
        };
        match &*norm {
            "l1" if sums_over_units && !has_momentum => Self::Greedy,
            "linf" if sums_over_units && !has_momentum && sizes.suits_sign && step.scale == StepScale::Normalized => {
                Self::Sign
            }
            "l2" if n <= d => Self::Gram,
            "l2" | "spectral" | "nuclear" if 2 * n <= d => Self::SmallSide,
            schatten if schatten.starts_with("schatten") && 2 * n <= d => Self::SmallSide,
            _ => Self::Dense,
        }
    }
}
