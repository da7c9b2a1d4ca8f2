//! The paper's experiments, inside the program: what `steepest reproduce` runs.

use crate::config::{ExperimentConfig, Setting};
use anyhow::bail;

/// A figure of the paper and the experiment file behind it.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows, one line.
    pub summary: &'static str,
    /// The experiment file, by scale.
    texts: &'static [(Scale, &'static str)],
    /// Whether it needs MNIST.
    pub needs_mnist: bool,
}

/// How large an experiment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Small, for the first command of the README.
    Quick,
    /// Minutes on two cores.
    Default,
}

/// Every figure that can be reproduced.
pub const FIGURES: [Figure; 2] = [
    Figure {
        name: "fig1",
        summary: "margins of GD, SD and CD on teacher-student data (exponential loss)",
        texts: &[
            (Scale::Quick, include_str!("../../experiments/teacher-student-quick.toml")),
            (Scale::Default, include_str!("../../experiments/teacher-student.toml")),
        ],
        needs_mnist: false,
    },
    Figure {
        name: "fig2",
        summary: "margins of GD, SD and CD on two MNIST digits (logistic loss)",
        texts: &[
            (Scale::Quick, include_str!("../../experiments/mnist-3-6.toml")),
            (Scale::Default, include_str!("../../experiments/mnist-3-6.toml")),
        ],
        needs_mnist: true,
    },
];

impl Figure {
    /// The experiment at a scale. Where MNIST is not there, `fallback` puts the embedded 8x8 digits in its place.
    ///
    /// # Errors
    /// If the figure has no such scale, or a setting does not fit.
    pub fn experiment(&self, scale: Scale, fallback: bool) -> anyhow::Result<ExperimentConfig> {
        let Some((_, text)) = self.texts.iter().find(|(s, _)| *s == scale) else {
            bail!("{} has no such scale", self.name);
        };
        let settings: Vec<Setting> =
            if fallback { vec!["data.kind=\"uci_digits\"".parse().map_err(anyhow::Error::msg)?] } else { Vec::new() };
        Ok(ExperimentConfig::parse(text, &settings)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_experiment_of_the_program_parses() {
        for figure in FIGURES {
            for (scale, _) in figure.texts {
                figure.experiment(*scale, false).unwrap();
                if figure.needs_mnist {
                    figure.experiment(*scale, true).unwrap();
                }
            }
        }
    }
}
