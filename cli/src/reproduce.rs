//! The paper's experiments, inside the program: what `steepest reproduce` runs.

use crate::config::{ExperimentConfig, Setting};
use anyhow::{Context, bail};

/// A figure of the paper and the experiment file behind it.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows, one line.
    pub summary: &'static str,
    /// The figure whose experiment it draws; its own unless it trains nothing.
    pub draws: &'static str,
    /// The experiment, by scale.
    texts: &'static [(Scale, Text)],
    /// Whether it needs MNIST.
    pub needs_mnist: bool,
}

/// An experiment file, and the fields in which a scale differs from it.
#[derive(Clone, Copy, Debug)]
struct Text {
    toml: &'static str,
    settings: &'static [&'static str],
}

/// How large an experiment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Small, for the first command of the README.
    Quick,
    /// Minutes on two cores.
    Default,
    /// As the paper ran it.
    Paper,
}

impl Scale {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Default => "default",
            Self::Paper => "paper",
        }
    }
}

/// An experiment file of `experiments/paper`.
macro_rules! experiment {
    ($name:literal $(, $setting:literal)*) => {
        Text { toml: include_str!(concat!("../../experiments/paper/", $name, ".toml")), settings: &[$($setting),*] }
    };
}

const FIG1: &[(Scale, Text)] = &[
    (Scale::Quick, experiment!("fig1-quick")),
    (Scale::Default, experiment!("fig1-default")),
    (Scale::Paper, experiment!("fig1-paper")),
];

/// Every figure that can be reproduced.
pub const FIGURES: [Figure; 6] = [
    Figure {
        name: "fig1",
        summary: "margins and test accuracy of GD, CD and SD on teacher-student data, switches at separation (exponential loss)",
        draws: "fig1",
        texts: FIG1,
        needs_mnist: false,
    },
    Figure {
        name: "fig2",
        summary: "GD, SD and Adam on MNIST 3 vs 6: accuracy, loss, gamma_1, gamma_2 (logistic loss)",
        draws: "fig2",
        texts: &[
            (Scale::Quick, experiment!("fig2-quick")),
            (Scale::Default, experiment!("fig2-default")),
            (Scale::Paper, experiment!("fig2-default", "seeds=[0, 1, 2]")),
        ],
        needs_mnist: true,
    },
    Figure {
        name: "fig3",
        summary: "spectral margin of GD, Adam and three forms of Shampoo on MNIST, second layer frozen",
        draws: "fig3",
        texts: &[
            (Scale::Quick, experiment!("fig3-quick")),
            (Scale::Default, experiment!("fig3-default")),
            (Scale::Paper, experiment!("fig3-default", "stop.steps=5000")),
        ],
        needs_mnist: true,
    },
    Figure {
        name: "fig5",
        summary: "test accuracy against gamma_1 and gamma_2; draws the runs of fig1 and trains nothing",
        draws: "fig1",
        texts: FIG1,
        needs_mnist: false,
    },
    Figure {
        name: "fig6",
        summary: "the same as fig2 on MNIST 2 vs 7",
        draws: "fig6",
        texts: &[
            (Scale::Quick, experiment!("fig6-quick")),
            (Scale::Default, experiment!("fig6-default")),
            (Scale::Paper, experiment!("fig6-default", "seeds=[0, 1, 2]")),
        ],
        needs_mnist: true,
    },
    Figure {
        name: "exact",
        summary: "a figure nobody could draw: all algorithms and all margins down to ln L = -1,000,000 on MNIST",
        draws: "exact",
        texts: &[
            (Scale::Quick, experiment!("exact-quick")),
            (Scale::Default, experiment!("exact-default")),
            (Scale::Paper, experiment!("exact-default")),
        ],
        needs_mnist: true,
    },
];

impl Figure {
    /// Whether it has an experiment of its own.
    pub fn trains(&self) -> bool {
        self.draws == self.name
    }

    /// The folder of its results, or of another figure's, at a scale: the default scale bears the name alone.
    pub fn folder(name: &str, scale: Scale) -> String {
        if scale == Scale::Default { name.to_owned() } else { format!("{name}-{}", scale.name()) }
    }

    /// The experiment at a scale. Where MNIST is not there, `fallback` puts the embedded 8x8 digits in its place.
    ///
    /// # Errors
    /// If the figure has no such scale, or a setting does not fit.
    pub fn experiment(&self, scale: Scale, fallback: bool) -> anyhow::Result<ExperimentConfig> {
        let Some((_, text)) = self.texts.iter().find(|(s, _)| *s == scale) else {
            bail!("{} has no such scale", self.name);
        };
        let instead = fallback.then_some("data.kind=\"uci_digits\"");
        let settings: Result<Vec<Setting>, String> =
            text.settings.iter().copied().chain(instead).map(str::parse).collect();
        let settings = settings.map_err(anyhow::Error::msg).context("a setting of the program itself")?;
        Ok(ExperimentConfig::parse(text.toml, &settings)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALES: [Scale; 3] = [Scale::Quick, Scale::Default, Scale::Paper];

    #[test]
    fn every_experiment_of_the_program_parses_at_every_scale() {
        for figure in FIGURES {
            for scale in SCALES {
                figure.experiment(scale, false).unwrap();
                if figure.needs_mnist {
                    figure.experiment(scale, true).unwrap();
                }
            }
        }
    }

    #[test]
    fn every_setting_says_where_it_comes_from() {
        for (scale, text) in FIGURES.iter().flat_map(|f| f.texts) {
            let untold: Vec<&str> = text
                .toml
                .lines()
                .filter(|line| line.contains(" = ") && !line.starts_with(['#', 't']) && !line.starts_with("name"))
                .filter(|line| !line.starts_with("kind = \"mnist\"") && !line.starts_with("kind = \"mlp\""))
                .filter(|line| !line.starts_with("kind = \"teacher_student\""))
                .filter(|line| !["# published", "# reconstructed", "# ours"].iter().any(|tag| line.contains(tag)))
                .collect();
            assert!(untold.is_empty(), "{scale:?}: {untold:#?}");
        }
    }

    #[test]
    fn the_paper_s_scale_is_the_paper_s() {
        let runs =
            |name: &str| FIGURES.iter().find(|f| f.name == name).unwrap().experiment(Scale::Paper, false).unwrap().runs;
        assert_eq!(runs("fig1").len(), 10 * 15);
        assert_eq!(runs("fig2").len(), 3 * 6);
        assert!(runs("fig3").iter().all(|run| run.stop.steps == 5000));
        assert_eq!(Figure::folder("fig5", Scale::Quick), "fig5-quick");
        assert_eq!(Figure::folder("fig5", Scale::Default), "fig5");
    }
}
