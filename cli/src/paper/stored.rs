//! The stored runs of an experiment, all of them and no others.

use crate::config::{ExperimentConfig, RunConfig};
use crate::experiment::file_name;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;
use steepest_data::trajectory::{Attribute, SeriesInfo, Trajectory};

/// One run as its file tells it, in memory.
///
/// Its name is the algorithm, then what tells it from other runs of that algorithm, behind a comma: `GD, alpha 0.1`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// Its seed; runs of one seed share their data.
    pub seed: i64,
    /// The degree of homogeneity.
    pub degree: i64,
    /// The step of each row.
    pub steps: Vec<u64>,
    /// The series by name, a value a row.
    pub series: BTreeMap<String, Vec<f64>>,
    /// What the series are.
    pub metrics: Vec<SeriesInfo>,
    /// Attributes that are numbers, such as `separation_step`.
    pub numbers: BTreeMap<String, f64>,
    /// Attributes that are texts, such as `status`.
    pub texts: BTreeMap<String, String>,
}

impl From<&Trajectory> for Run {
    fn from(stored: &Trajectory) -> Self {
        let mut run = Self {
            name: stored.attribute_text("run").unwrap_or_default().to_owned(),
            seed: stored.attribute_integer("seed").unwrap_or(0),
            degree: stored.attribute_integer("degree").unwrap_or(1),
            steps: stored.steps().to_vec(),
            metrics: stored.metrics().to_vec(),
            ..Self::default()
        };
        for info in stored.metrics() {
            run.series.insert(info.name.clone(), stored.series(&info.name).unwrap_or_default().to_vec());
        }
        for (name, value) in stored.attributes() {
            match value {
                Attribute::Text(text) => drop(run.texts.insert(name.clone(), text.clone())),
                Attribute::Number(number) => drop(run.numbers.insert(name.clone(), *number)),
                Attribute::Integer(integer) => drop(run.numbers.insert(name.clone(), *integer as f64)),
            }
        }
        run
    }
}

impl Run {
    /// The algorithm.
    pub fn algorithm(&self) -> &str {
        self.name.split_once(", ").map_or(&*self.name, |(algorithm, _)| algorithm)
    }

    /// What tells the run from others of its algorithm; empty if there are none.
    pub fn variant(&self) -> &str {
        self.name.split_once(", ").map_or("", |(_, variant)| variant)
    }

    /// A text attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// An attribute that is a step.
    pub fn step(&self, name: &str) -> Option<u64> {
        self.numbers.get(name).map(|step| *step as u64)
    }

    /// Whether some number was not finite.
    pub fn is_diverged(&self) -> bool {
        self.text("status") == Some("diverged")
    }

    /// Whether it has a margin to speak of: it did not diverge, and reached 100 % train accuracy.
    pub fn is_used(&self) -> bool {
        !self.is_diverged() && self.step("separation_step").is_some()
    }

    /// The values of a series; none if it was not recorded.
    pub fn values(&self, series: &str) -> &[f64] {
        self.series.get(series).map_or(&[], Vec::as_slice)
    }

    /// Steps and values of a series from a step on, in the rows in which it was measured.
    pub fn from_step<'r>(&'r self, series: &str, first: u64) -> impl Iterator<Item = (u64, f64)> + 'r {
        let rows = self.steps.iter().copied().zip(self.values(series).iter().copied());
        rows.filter(move |(step, value)| *step >= first && !value.is_nan())
    }

    /// The value in the last row; NaN if there is none.
    pub fn last(&self, series: &str) -> f64 {
        self.values(series).last().copied().unwrap_or(f64::NAN)
    }

    /// The value in the last row not after a step in which it was measured; NaN if there is none.
    pub fn at_step(&self, series: &str, step: u64) -> f64 {
        let rows = self.steps.partition_point(|s| *s <= step);
        let until = self.values(series).get(..rows).unwrap_or_default();
        until.iter().rev().copied().find(|value| !value.is_nan()).unwrap_or(f64::NAN)
    }

    /// The first row whose loss is below this, by the logarithms of both.
    pub fn row_below(&self, ln_loss: f64) -> Option<usize> {
        self.values("ln_loss").iter().position(|l| *l < ln_loss)
    }

    /// The value in the first row whose loss is below this; NaN if there is none.
    pub fn at_loss(&self, series: &str, ln_loss: f64) -> f64 {
        self.row_below(ln_loss).and_then(|row| self.values(series).get(row)).copied().unwrap_or(f64::NAN)
    }
}

/// Reads the runs of an experiment from a folder.
///
/// # Errors
/// If a file is missing, unfinished, or holds another run than the experiment asks for.
pub fn load(config: &ExperimentConfig, folder: &Path) -> anyhow::Result<Vec<Trajectory>> {
    config.runs.iter().map(|run| one(run, folder)).collect()
}

fn one(run: &RunConfig, folder: &Path) -> anyhow::Result<Trajectory> {
    let path = folder.join(file_name(run));
    let shown = path.display();
    if !path.exists() {
        bail!("{shown} is missing: the figure needs every run of its experiment");
    }
    let stored = Trajectory::open(&path)?;
    let wanted = toml::to_string(run).context("the resolved configuration cannot be written as TOML")?;
    if stored.config_resolved() != wanted {
        bail!("{shown} holds another run than the figure's experiment asks for: it is not drawn");
    }
    if !stored.is_finished() {
        bail!("{shown} is not finished: the same command without --from-files goes on with it");
    }
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_an_algorithm_and_a_variant() {
        let run = |name: &str| Run { name: name.into(), ..Run::default() };
        assert_eq!((run("GD").algorithm(), run("GD").variant()), ("GD", ""));
        let adam = run("Adam, eps 1e-8, betas 0, 0");
        assert_eq!((adam.algorithm(), adam.variant()), ("Adam", "eps 1e-8, betas 0, 0"));
    }

    #[test]
    fn rows_are_found_by_step_and_by_loss() {
        let rare = ("rare", vec![1.0, f64::NAN, 3.0]);
        let series = [("ln_loss", vec![1.0, -2.0, -9.0]), ("a", vec![5.0, 6.0, 7.0]), rare];
        let series = series.map(|(name, values)| (name.to_owned(), values)).into();
        let run = Run { steps: vec![0, 10, 20], series, ..Run::default() };
        assert!((run.at_step("a", 15) - 6.0).abs() < 1e-15 && (run.last("a") - 7.0).abs() < 1e-15);
        assert!((run.at_loss("a", -3.0) - 7.0).abs() < 1e-15 && run.at_loss("a", -10.0).is_nan());
        assert!(run.at_step("nothing", 15).is_nan());
        assert!((run.at_step("rare", 15) - 1.0).abs() < 1e-15, "what was measured last");
        assert_eq!(run.from_step("rare", 0).collect::<Vec<_>>(), [(0, 1.0), (20, 3.0)]);
        assert_eq!(run.from_step("a", 10).collect::<Vec<_>>(), [(10, 6.0), (20, 7.0)]);
    }

    #[test]
    fn a_missing_file_is_named() {
        let config = ExperimentConfig::parse(include_str!("../../../experiments/paper/fig1-quick.toml"), &[]).unwrap();
        let error = load(&config, Path::new("nowhere")).unwrap_err().to_string();
        assert!(error.contains("nowhere/gd-alpha-0-2-seed0.h5 is missing"), "{error}");
    }
}
