//! `[loss]`, and the catalogue of losses.

use serde::{Deserialize, Serialize};
use steepest_core::loss::{CrossEntropy, Exponential, Logistic, PowerTail, Reduction, SinglePrecisionWeights, Tailed};
use steepest_core::{CoreError, Loss};

/// `[loss]`: its kind, its parameters, and how the samples' losses are joined.
///
/// | kind | fields and defaults |
/// |---|---|
/// | `exponential`, `logistic`, `cross_entropy` | `reduction = "sum"`, `weights = "real"` |
/// | `power_tail` | `exponent` (required), `reduction = "sum"`, `weights = "real"` |
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum LossSpec {
    /// e^-q.
    Exponential(PlainLoss),
    /// ln(1 + e^-q).
    Logistic(PlainLoss),
    /// ln sum_k e^{f_k - f_y}.
    CrossEntropy(PlainLoss),
    /// e^-Phi(q) with Phi(q) = sgn(q) ((1 + |q|)^a - 1) / a.
    PowerTail(PowerTailLoss),
}

/// A loss without parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainLoss {
    /// Sum (default) or mean over samples.
    #[serde(default)]
    pub reduction: Reduction,
    /// The range of the weights.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weights: Weights,
}

/// The loss of a power tail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerTailLoss {
    /// a > 0.
    pub exponent: f64,
    /// Sum (default) or mean over samples.
    #[serde(default)]
    pub reduction: Reduction,
    /// The range of the weights.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weights: Weights,
}

/// The range of the weights -l'(q).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// That of real numbers: every weight is there, however small (default).
    #[default]
    Real,
    /// That of single precision: [`SinglePrecisionWeights`].
    SinglePrecision,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a reader of `steepest list losses` needs to know about a kind of loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossInfo {
    /// Its name in configurations.
    pub name: &'static str,
    /// One line: l, Phi, and the soft margin.
    pub summary: &'static str,
    /// The fields of its table, and what each means.
    pub fields: &'static [(&'static str, &'static str)],
}

const REDUCTION: (&str, &str) = ("reduction", "\"sum\" (default), of which the theory speaks, or \"mean\"");

const WEIGHTS: (&str, &str) = (
    "weights",
    "\"real\" (default): no weight underflows; or \"single_precision\": zero below 2^-150, where a program in single precision freezes",
);

/// Every loss, in the order of [`LossSpec`].
pub const LOSSES: [LossInfo; 4] = [
    LossInfo {
        name: "exponential",
        summary: "l = e^-q, Phi = q; soft margin -ln S, S the sum of losses: each sample weighs e^-q, and S falls like e^-min q",
        fields: &[REDUCTION, WEIGHTS],
    },
    LossInfo {
        name: "logistic",
        summary: "l = ln(1 + e^-q), Phi = -ln l; soft margin -ln(e^S - 1): a wrong sample weighs at most 1, a right one what it does \
                  in the exponential loss",
        fields: &[REDUCTION, WEIGHTS],
    },
    LossInfo {
        name: "cross_entropy",
        summary: "l = ln sum_k e^(f_k - f_y) for several classes; soft margin -ln(e^S - 1): the logistic loss of each sample's softmin \
                  over its rivals",
        fields: &[REDUCTION, WEIGHTS],
    },
    LossInfo {
        name: "power_tail",
        summary: "l = e^-Phi, Phi = sgn(q) ((1 + |q|)^a - 1)/a; soft margin Phi^-1(-ln S): another tail (a = 1 is exponential; below it \
                  more samples keep a weight), the same margin problem",
        fields: &[("exponent", "a > 0, required"), REDUCTION, WEIGHTS],
    },
];

impl LossSpec {
    /// The loss.
    ///
    /// # Errors
    /// If a parameter is out of its range.
    pub fn build(self) -> Result<Box<dyn Loss>, CoreError> {
        let loss: Box<dyn Loss> = match self {
            Self::Exponential(spec) => Box::new(Exponential::new(spec.reduction)),
            Self::Logistic(spec) => Box::new(Logistic::new(spec.reduction)),
            Self::CrossEntropy(spec) => Box::new(CrossEntropy::new(spec.reduction)),
            Self::PowerTail(spec) => Box::new(Tailed::with(PowerTail::new(spec.exponent)?, spec.reduction)),
        };
        Ok(match self.weights() {
            Weights::Real => loss,
            Weights::SinglePrecision => Box::new(SinglePrecisionWeights::of(loss)),
        })
    }

    /// The range of its weights.
    pub const fn weights(self) -> Weights {
        match self {
            Self::Exponential(spec) | Self::Logistic(spec) | Self::CrossEntropy(spec) => spec.weights,
            Self::PowerTail(spec) => spec.weights,
        }
    }

    /// Its name, parameters and reduction, for people: `power tail 0.5 (sum)`.
    pub fn describe(self) -> String {
        let (kind, reduction) = match self {
            Self::Exponential(spec) => ("exponential".to_owned(), spec.reduction),
            Self::Logistic(spec) => ("logistic".to_owned(), spec.reduction),
            Self::CrossEntropy(spec) => ("cross-entropy".to_owned(), spec.reduction),
            Self::PowerTail(spec) => (format!("power tail {}", spec.exponent), spec.reduction),
        };
        let reduction = match reduction {
            Reduction::Sum => "sum",
            Reduction::Mean => "mean",
        };
        match self.weights() {
            Weights::Real => format!("{kind} ({reduction})"),
            Weights::SinglePrecision => format!("{kind} ({reduction}, weights in single precision)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LossSpec, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn every_loss_of_the_catalogue_can_be_configured() {
        for info in LOSSES {
            let parameters = if info.name == "power_tail" { "exponent = 0.5" } else { "" };
            let spec = read(&format!("kind = \"{}\"\nreduction = \"mean\"\n{parameters}", info.name)).unwrap();
            assert_eq!(spec.build().unwrap().reduction(), Reduction::Mean);
            assert!(spec.describe().ends_with("(mean)") && spec.describe().starts_with(&info.name[..5]));
            let again: LossSpec = toml::from_str(&toml::to_string(&spec).unwrap()).unwrap();
            assert_eq!(again, spec);
            // unknown fields are refused, and the message lists exactly the fields of the catalogue
            let message = read(&format!("kind = \"{}\"\n{parameters}\nbase = 2", info.name)).unwrap_err().to_string();
            assert!(info.fields.iter().all(|(name, _)| message.contains(&format!("`{name}`"))), "{message}");
        }
        let message = read("kind = \"hinge\"").unwrap_err().to_string();
        assert!(LOSSES.iter().all(|info| message.contains(info.name)), "{message}");
    }
}
