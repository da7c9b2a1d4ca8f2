//! The tables of a run.

use super::LossSpec;
use serde::{Deserialize, Serialize};
use steepest_core::StepLength;
use steepest_data::DataSpec;
use steepest_models::ModelSpec;
use steepest_norms::NormSpec;
use steepest_optim::{OptimizerSpec, RaiseOrRollBack, Schedule, StepRule, StepScale, SwitchAt};

/// One run: everything that it could differ in from another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunConfig {
    /// Its name in legends and file names.
    pub name: String,
    /// The seed of all its random streams.
    pub seed: u64,
    /// The data.
    pub data: DataSpec,
    /// The model.
    pub model: ModelSpec,
    /// The loss.
    pub loss: LossSpec,
    /// The optimiser.
    pub optimizer: OptimizerSpec<NormSpec>,
    /// The step length.
    pub step: StepSpec,
    /// The optimiser that takes over at an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switch: Option<SwitchSpec>,
    /// When it ends.
    pub stop: StopSpec,
    /// What is recorded.
    pub record: RecordSpec,
}

/// `[step]`: size x scale, with an optional decay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    /// The size of the first step: the learning rate.
    pub size: f64,
    /// What the size is multiplied with: `dual_norm` (the paper's Eq. 1, default), `normalized`, `dual_norm_over_loss`,
    /// `margin_paced`.
    #[serde(default)]
    pub scale: StepScale,
    /// The size at step t is size (t + 1)^-power; default 0, a constant.
    #[serde(default)]
    pub power: f64,
    /// Raise the step while the loss falls and go back where it did not (Lyu and Li 2020); default false.
    #[serde(default)]
    pub adaptive: bool,
}

impl StepSpec {
    /// The rule.
    pub fn build(self) -> Box<dyn StepLength> {
        let rule = StepRule::new(self.scale, self.schedule());
        if self.adaptive { Box::new(RaiseOrRollBack::new(rule)) } else { Box::new(rule) }
    }

    /// The schedule.
    pub fn schedule(self) -> Schedule {
        if self.power.abs() < f64::MIN_POSITIVE {
            Schedule::Constant { size: self.size }
        } else {
            Schedule::Power { size: self.size, exponent: self.power }
        }
    }
}

/// `switch` of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchSpec {
    /// When: `separation` (first 100 % train accuracy), `theory` (first SUM of losses below l(0)), or `{ step = 1000 }`.
    pub at: SwitchAt,
    /// The optimiser from then on.
    pub optimizer: OptimizerSpec<NormSpec>,
    /// Its step; the run's own if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepSpec>,
}

/// `[stop]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopSpec {
    /// The number of steps at most.
    pub steps: u64,
    /// Ends earlier, as soon as ln L is below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ln_loss_below: Option<f64>,
}

/// `[record]`: which rows, norms and snapshots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSpec {
    /// The norms whose values and margins are recorded; the optimiser's own is added where it is not among them.
    #[serde(default = "every_norm")]
    pub norms: Vec<NormSpec>,
    /// Every step is recorded up to this one; default 100.
    #[serde(default = "hundred")]
    pub every_until: u64,
    /// Rows for each factor of ten in the number of steps after that; default 100.
    #[serde(default = "hundred")]
    pub per_decade: u64,
    /// Steps at which the parameters are stored, besides the last; default `[0]`.
    #[serde(default = "first_step")]
    pub snapshots: Vec<u64>,
    /// Whether the margin of each sample is stored in every row; default true.
    #[serde(default = "yes")]
    pub samples: bool,
}

impl Default for RecordSpec {
    fn default() -> Self {
        Self {
            norms: every_norm(),
            every_until: hundred(),
            per_decade: hundred(),
            snapshots: first_step(),
            samples: true,
        }
    }
}

fn every_norm() -> Vec<NormSpec> {
    ["l1", "l2", "linf", "spectral"].iter().filter_map(|name| NormSpec::named(name).ok()).collect()
}

const fn hundred() -> u64 {
    100
}

fn first_step() -> Vec<u64> {
    vec![0]
}

const fn yes() -> bool {
    true
}
