//! Step lengths: a scale times a schedule, multiplied as logarithms.

use crate::error::OptimError;
use serde::{Deserialize, Serialize};
use steepest_core::{CoreError, Evaluation, LogReal, SavedState, Step, StepLength};

/// What the schedule is multiplied with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepScale {
    /// One: every step has the length of the schedule in the optimiser's own norm.
    Normalized,
    /// N*(grad L): the paper's Eq. (1). For gradient descent this is the usual learning rate.
    #[default]
    DualNorm,
    /// N*(grad L) / L: Eq. (1) for ln L in place of L. A step lowers ln L by about size (N*(grad L) / L)^2, which grows as theta does.
    DualNormOverLoss,
    /// N(theta)^(1 - degree): the margins move by about the same amount in every step, since they grow as N(theta)^degree. Late in a run this
    /// keeps a step from overshooting; at theta = 0 and degree above one it is infinite, and the run ends as diverged.
    MarginPaced,
}

impl StepScale {
    /// Every scale: its name in configurations and one line that teaches.
    pub const CATALOGUE: [(&'static str, &'static str); 4] = [
        ("normalized", "one: every step has the schedule's length in the optimiser's own norm"),
        ("dual_norm", "N*(grad L): the paper's Eq. (1), and for gradient descent the usual learning rate; the default"),
        ("dual_norm_over_loss", "N*(grad L) / L: Eq. (1) for ln L, so that the steps do not die with the loss"),
        ("margin_paced", "N(theta)^(1 - degree): the margins move by about the same amount in every step"),
    ];
}

/// The schedule of a step length over steps t = 0, 1, ...
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// `size` at every step.
    Constant {
        /// The size.
        size: f64,
    },
    /// `size` (t + 1)^-`exponent`.
    Power {
        /// The size of the first step.
        size: f64,
        /// The exponent, not negative.
        exponent: f64,
    },
    /// One size a step; the last stays.
    List {
        /// The sizes, at least one.
        sizes: Vec<f64>,
    },
}

impl Schedule {
    /// ln of the schedule's value at step t.
    fn ln(&self, step: u64) -> f64 {
        match self {
            Self::Constant { size } => size.ln(),
            Self::Power { size, exponent } => size.ln() - exponent * ((step + 1) as f64).ln(),
            // no size at all is no step: NaN ends the run
            Self::List { sizes } => sizes.get(step as usize).or(sizes.last()).map_or(f64::NAN, |size| size.ln()),
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// If a size is not positive, there is none, or the exponent is negative or not finite.
    pub fn check(&self) -> Result<(), OptimError> {
        let (sizes, exponent): (&[f64], f64) = match self {
            Self::Constant { size } => (std::slice::from_ref(size), 0.0),
            Self::Power { size, exponent } => (std::slice::from_ref(size), *exponent),
            Self::List { sizes } if sizes.is_empty() => return Err(OptimError::NoSize),
            Self::List { sizes } => (sizes, 0.0),
        };
        if let Some(&found) = sizes.iter().find(|size| !(**size > 0.0 && size.is_finite())) {
            return Err(OptimError::Range { field: "step.size", found, expected: "a positive number" });
        }
        if !(exponent >= 0.0 && exponent.is_finite()) {
            return Err(OptimError::Range {
                field: "step.power",
                found: exponent,
                expected: "zero or a positive number",
            });
        }
        Ok(())
    }
}

/// Length = scale x schedule. Computed as a logarithm and exponentiated last, so the factors may lie beyond a double's range.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRule {
    scale: StepScale,
    schedule: Schedule,
}

impl StepRule {
    /// The product of a scale and a schedule.
    pub const fn new(scale: StepScale, schedule: Schedule) -> Self {
        Self { scale, schedule }
    }
}

impl StepRule {
    /// The step times e^`ln_factor`.
    pub(crate) fn scaled(&self, step: u64, at: &Evaluation<'_>, ln_factor: f64) -> Step {
        let scale = match self.scale {
            StepScale::Normalized => LogReal::ONE,
            StepScale::DualNorm => at.dual_norm,
            StepScale::DualNormOverLoss => at.dual_norm / at.loss,
            StepScale::MarginPaced => {
                // asked for by needs_own_norm; NaN, and so an end, where a dynamics does not give it
                let ln_norm = at.own_norm.map_or(f64::NAN, f64::ln);
                let power = 1.0 - f64::from(at.degree);
                if at.degree == 1 { LogReal::ONE } else { LogReal::from_ln(power * ln_norm) }
            }
        };
        Step::Advance((LogReal::from_ln(self.schedule.ln(step) + ln_factor) * scale).value())
    }
}

impl StepLength for StepRule {
    fn at(&mut self, step: u64, at: &Evaluation<'_>) -> Step {
        self.scaled(step, at, 0.0)
    }

    fn needs_own_norm(&self) -> bool {
        self.scale == StepScale::MarginPaced
    }

    fn save(&self, _state: &mut SavedState) {}

    fn restore(&mut self, _state: &SavedState) -> Result<(), CoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use steepest_core::Form;

    fn length(scale: StepScale, schedule: Schedule, step: u64) -> f64 {
        let at = Evaluation {
            margins: &[],
            ln_weights: &[],
            loss: LogReal::from_ln(-1e5),
            slope: LogReal::from_ln(-1e5),
            mean_margin: 1e5,
            mean_excess: 0.0,
            dual_norm: LogReal::from_ln(-1e5 + 2.0),
            degree: 3,
            own_norm: Some(4.0),
            form: Form::Written,
            near_ties: 0,
            left_out: false,
            doubtful: false,
            n_held: 0,
            n_bands: 1,
            whole: None,
        };
        match StepRule::new(scale, schedule).at(step, &at) {
            Step::Advance(length) => length,
            Step::RollBack => f64::NAN,
        }
    }

    #[test]
    fn the_catalogue_of_scales_is_what_configurations_take() {
        for (name, _) in StepScale::CATALOGUE {
            let value = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(name);
            assert!(StepScale::deserialize(value).is_ok(), "{name}");
        }
    }

    #[test]
    fn lengths_are_products_of_logarithms() {
        let constant = Schedule::Constant { size: 0.5 };
        assert_relative_eq!(length(StepScale::Normalized, constant.clone(), 9), 0.5, max_relative = 1e-15);
        assert_relative_eq!(
            length(StepScale::DualNormOverLoss, constant.clone(), 9),
            0.5 * 2f64.powf(2.0 / std::f64::consts::LN_2),
            max_relative = 1e-11
        );
        assert_eq!(length(StepScale::DualNorm, constant.clone(), 9), 0.0);
        assert_relative_eq!(length(StepScale::MarginPaced, constant, 9), 0.5 / 16.0, max_relative = 1e-14);
        assert_relative_eq!(
            length(StepScale::Normalized, Schedule::Power { size: 0.5, exponent: 0.5 }, 3),
            0.25,
            max_relative = 1e-14
        );
        let list = Schedule::List { sizes: vec![0.5, 0.25, 2.0] };
        for (step, size) in [(0, 0.5), (1, 0.25), (2, 2.0), (900, 2.0)] {
            assert_relative_eq!(length(StepScale::Normalized, list.clone(), step), size, max_relative = 1e-15);
        }
        assert!(Schedule::List { sizes: vec![] }.check().is_err());
        assert!(Schedule::List { sizes: vec![1.0, -1.0] }.check().is_err());
        assert!(Schedule::Constant { size: 0.0 }.check().is_err());
        assert!(Schedule::Power { size: 1.0, exponent: f64::NAN }.check().is_err());
    }
}
