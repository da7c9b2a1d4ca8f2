//! The tables of a run.

use super::LossSpec;
use serde::{Deserialize, Serialize};
use steepest_core::StepLength;
use steepest_data::DataSpec;
use steepest_models::ModelSpec;
use steepest_norms::NormSpec;
use steepest_optim::{BatchSpec, OptimizerSpec, RaiseOrRollBack, Schedule, StepRule, StepScale, SwitchAt};

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
    /// Mini-batches; the full batch if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchSpec>,
    /// The optimiser that takes over at an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switch: Option<SwitchSpec>,
    /// How its steps are carried out.
    pub dynamics: DynamicsChoice,
    /// When it ends.
    pub stop: StopSpec,
    /// What is recorded.
    pub record: RecordSpec,
}

/// `dynamics`: how steps are carried out. The trajectory is the same up to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DynamicsChoice {
    /// The fastest exact way (default).
    #[default]
    Auto,
    /// The whole gradient at every step.
    Dense,
    /// Coordinate descent on a two-layer network whose arg-max is found by bounds, without the gradient.
    Greedy,
    /// Sign descent on a two-layer network, units of equal signs together.
    Sign,
    /// Gradient descent in the span of the data: the first layer is not formed.
    Gram,
    /// The dense step in coordinates of the span of the data, for directions that commute with rotations of the inputs.
    SmallSide,
    /// What `auto` takes, compared with the dense step a hundred times on the way.
    Check,
}

/// `[step]`: size x scale, with an optional decay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    /// The learning rate: a number, the size of the first step; or a list, one size a step, of which the last stays.
    pub size: StepSize,
    /// What the size is multiplied with: `dual_norm` (the paper's Eq. 1, default), `normalized`, `dual_norm_over_loss`,
    /// `margin_paced`.
    #[serde(default)]
    pub scale: StepScale,
    /// The size at step t is size (t + 1)^-power; default 0, a constant. Not with a list.
    #[serde(default)]
    pub power: f64,
    /// Raise the step while the loss falls and go back where it did not (Lyu and Li 2020); default false.
    #[serde(default)]
    pub adaptive: bool,
}

impl StepSpec {
    /// The rule.
    pub fn build(&self) -> Box<dyn StepLength> {
        let rule = StepRule::new(self.scale, self.schedule());
        if self.adaptive { Box::new(RaiseOrRollBack::new(rule)) } else { Box::new(rule) }
    }

    /// The schedule.
    pub fn schedule(&self) -> Schedule {
        match &self.size {
            StepSize::List(sizes) => Schedule::List { sizes: sizes.clone() },
            StepSize::Number(size) if self.power.abs() < f64::MIN_POSITIVE => Schedule::Constant { size: *size },
            StepSize::Number(size) => Schedule::Power { size: *size, exponent: self.power },
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub fn check(&self) -> Result<(), String> {
        if matches!(self.size, StepSize::List(_)) && self.power.abs() > 0.0 {
            return Err("`power` is for a single `size`: a list says every step's size itself".into());
        }
        self.schedule().check().map_err(|e| e.to_string())
    }
}

/// `size` of a step: a number or a list of numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum StepSize {
    /// The same at every step, up to the schedule's decay.
    Number(f64),
    /// One a step; the last stays.
    List(Vec<f64>),
}

impl<'de> Deserialize<'de> for StepSize {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrList;
        impl<'de> serde::de::Visitor<'de> for NumberOrList {
            type Value = StepSize;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a number, or a list of numbers")
            }

            fn visit_f64<E: serde::de::Error>(self, size: f64) -> Result<StepSize, E> {
                Ok(StepSize::Number(size))
            }

            fn visit_i64<E: serde::de::Error>(self, size: i64) -> Result<StepSize, E> {
                Ok(StepSize::Number(size as f64))
            }

            fn visit_u64<E: serde::de::Error>(self, size: u64) -> Result<StepSize, E> {
                Ok(StepSize::Number(size as f64))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, list: A) -> Result<StepSize, A::Error> {
                Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(list)).map(StepSize::List)
            }
        }
        deserializer.deserialize_any(NumberOrList)
    }
}

/// `switch` of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchSpec {
    /// When: `separation` (first 100 % train accuracy), `theory` (first SUM of losses below l(0)),
    /// `{ min_margin = 1.0 }` (first step with every margin above that), or `{ step = 1000 }`.
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
    /// Rows for each factor of ten in which test accuracy is measured, and the last; elsewhere it is NaN. Default: every row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_per_decade: Option<u64>,
    /// The same for norms that are not known without forming theta.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub norms_per_decade: Option<u64>,
    /// Steps at which the parameters are stored, besides the end; default `[0]`.
    #[serde(default = "first_step")]
    pub snapshots: Vec<u64>,
    /// Whether they are stored at the end; default true.
    #[serde(default = "yes")]
    pub final_snapshot: bool,
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
            test_per_decade: None,
            norms_per_decade: None,
            snapshots: first_step(),
            final_snapshot: true,
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
