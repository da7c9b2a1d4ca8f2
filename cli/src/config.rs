//! Exactly what an experiment file may say.
//!
//! Tables at the top are shared by all runs; a run may override any field of any of them. Everything left out has a documented
//! default, and the resolved configuration of each run is stored in its file.

use crate::error::ConfigError;
use crate::unknown::explain;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use steepest_core::Loss;
use steepest_core::loss::{CrossEntropy, Exponential, Logistic, Reduction};
use steepest_data::DataSpec;
use steepest_models::ModelSpec;
use steepest_norms::NormSpec;
use steepest_optim::{OptimizerSpec, Schedule, StepRule, StepScale, SwitchAt};
use toml::{Table, Value};

/// The tables that runs share and override.
const SECTIONS: [&str; 7] = ["data", "model", "loss", "optimizer", "step", "stop", "record"];

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

/// `[loss]`: its kind and how the samples' losses are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossSpec {
    /// Which loss.
    pub kind: LossKind,
    /// Sum (default) or mean over samples.
    #[serde(default)]
    pub reduction: Reduction,
}

/// The losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// e^-q.
    Exponential,
    /// ln(1 + e^-q).
    Logistic,
    /// ln sum_k e^{f_k - f_y}.
    CrossEntropy,
}

impl LossSpec {
    /// The loss.
    pub fn build(self) -> Box<dyn Loss> {
        match self.kind {
            LossKind::Exponential => Box::new(Exponential::new(self.reduction)),
            LossKind::Logistic => Box::new(Logistic::new(self.reduction)),
            LossKind::CrossEntropy => Box::new(CrossEntropy::new(self.reduction)),
        }
    }

    /// Its name and reduction, for people.
    pub fn describe(self) -> String {
        let kind = match self.kind {
            LossKind::Exponential => "exponential",
            LossKind::Logistic => "logistic",
            LossKind::CrossEntropy => "cross-entropy",
        };
        let reduction = match self.reduction {
            Reduction::Sum => "sum",
            Reduction::Mean => "mean",
        };
        format!("{kind} ({reduction})")
    }
}

/// `[step]`: size x scale, with an optional decay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    /// The size of the first step: the learning rate.
    pub size: f64,
    /// What the size is multiplied with: `dual_norm` (the paper's Eq. 1, default), `normalized`, `dual_norm_over_loss`.
    #[serde(default)]
    pub scale: StepScale,
    /// The size at step t is size (t + 1)^-power; default 0, a constant.
    #[serde(default)]
    pub power: f64,
}

impl StepSpec {
    /// The rule.
    pub fn build(self) -> StepRule {
        StepRule::new(self.scale, self.schedule())
    }

    fn schedule(self) -> Schedule {
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
    /// Steps at which the parameters are stored, besides the last; default [0].
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

/// An experiment as its file says it, with its runs resolved.
#[derive(Clone, Debug)]
pub struct ExperimentConfig {
    /// Its title.
    pub title: String,
    /// The runs, one for each name and seed.
    pub runs: Vec<RunConfig>,
    /// The text as written, `--set` changes noted at its end.
    pub as_written: String,
}

/// One `--set KEY=VALUE`.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The dotted key.
    pub key: Vec<String>,
    /// The value, as TOML; anything that is no TOML value is a text.
    pub value: Value,
    /// As it was given.
    pub text: String,
}

impl std::str::FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) =
            text.split_once('=').ok_or_else(|| format!("`{text}` is not KEY=VALUE, such as model.hidden=[64]"))?;
        let key: Vec<String> = key.trim().split('.').map(str::to_owned).collect();
        if key.iter().any(String::is_empty) {
            return Err(format!("`{text}` has an empty part in its key"));
        }
        let parsed = format!("value = {value}").parse::<Table>().ok().and_then(|mut t| t.remove("value"));
        Ok(Self { key, value: parsed.unwrap_or_else(|| Value::String(value.trim().to_owned())), text: text.to_owned() })
    }
}

impl ExperimentConfig {
    /// Reads an experiment from its text, after the changes of `settings`.
    ///
    /// # Errors
    /// With the line or the field, what was wrong, and the nearest thing that would be right.
    pub fn parse(text: &str, settings: &[Setting]) -> Result<Self, ConfigError> {
        let mut root: Table = text.parse().map_err(|source| ConfigError::Syntax { source: Box::new(source) })?;
        for setting in settings {
            set(&mut root, setting)?;
        }
        let head: Head = section("the top level", Value::Table(take(&mut root, &["title", "seeds"])), text, settings)?;
        let runs = take_runs(&mut root)?;
        let shared = take(&mut root, &SECTIONS);
        if let Some(key) = root.keys().next() {
            let known: Vec<&str> = ["title", "seeds", "run"].into_iter().chain(SECTIONS).collect();
            return Err(explain("the top level", key, &known, text, settings));
        }
        let mut resolved = Vec::new();
        for run in runs {
            for &seed in &head.seeds {
                resolved.push(resolve(&shared, run.clone(), seed, text, settings)?);
            }
        }
        check_names(&resolved)?;
        let changes: Vec<String> = settings.iter().map(|s| format!("# --set {}\n", s.text)).collect();
        Ok(Self { title: head.title, runs: resolved, as_written: format!("{text}{}", changes.concat()) })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    title: String,
    #[serde(default = "one_seed")]
    seeds: Vec<u64>,
}

fn one_seed() -> Vec<u64> {
    vec![0]
}

/// Puts a `--set` value where its key says; tables on the way are made.
fn set(root: &mut Table, setting: &Setting) -> Result<(), ConfigError> {
    let Some((last, path)) = setting.key.split_last() else { return Ok(()) };
    let mut table = root;
    for part in path {
        let entry = table.entry(part.clone()).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else {
            return Err(ConfigError::Setting {
                text: setting.text.clone(),
                reason: format!("`{part}` is not a table"),
            });
        };
        table = inner;
    }
    table.insert(last.clone(), setting.value.clone());
    Ok(())
}

/// Moves some keys out of a table.
fn take(table: &mut Table, keys: &[&str]) -> Table {
    keys.iter().filter_map(|k| table.remove_entry(*k)).collect()
}

fn take_runs(root: &mut Table) -> Result<Vec<Table>, ConfigError> {
    let not_runs =
        || ConfigError::Shape { what: "`run` must be an array of tables: write [[run]] before each run".into() };
    match root.remove("run") {
        Some(Value::Array(runs)) if !runs.is_empty() => {
            runs.into_iter().map(|r| if let Value::Table(t) = r { Ok(t) } else { Err(not_runs()) }).collect()
        }
        Some(_) => Err(not_runs()),
        None => Err(ConfigError::Shape {
            what: "there is no run: write [[run]] with a name, an optimizer and a step".into(),
        }),
    }
}

/// Lays a run's tables over the shared ones and reads each.
fn resolve(
    shared: &Table,
    mut run: Table,
    seed: u64,
    text: &str,
    settings: &[Setting],
) -> Result<RunConfig, ConfigError> {
    let name = match run.remove("name") {
        Some(Value::String(name)) if !name.trim().is_empty() => name,
        _ => return Err(ConfigError::Shape { what: "every [[run]] needs a `name`".into() }),
    };
    let switch = run.remove("switch");
    let mut tables = shared.clone();
    merge(&mut tables, take(&mut run, &SECTIONS));
    if let Some(key) = run.keys().next() {
        let known: Vec<&str> = ["name", "switch"].into_iter().chain(SECTIONS).collect();
        return Err(explain(&format!("[[run]] \"{name}\""), key, &known, text, settings));
    }
    let mut reader = Reader { tables, run: &name, text, settings };
    let config = RunConfig {
        seed,
        data: reader.read("data")?,
        model: reader.read("model")?,
        loss: reader.read("loss")?,
        optimizer: reader.read("optimizer")?,
        step: reader.read("step")?,
        switch: switch.map(|s| section("switch", s, text, settings)).transpose()?,
        stop: reader.read("stop")?,
        record: reader.read_or_default("record")?,
        name: name.clone(),
    };
    for step in [Some(config.step), config.switch.as_ref().and_then(|s| s.step)].into_iter().flatten() {
        step.schedule().check().map_err(|e| ConfigError::Value { section: "step".into(), reason: e.to_string() })?;
    }
    let optimizers = std::iter::once((&config.optimizer, config.step))
        .chain(config.switch.as_ref().map(|s| (&s.optimizer, s.step.unwrap_or(config.step))));
    for (optimizer, step) in optimizers {
        let bad = |reason| ConfigError::Value { section: "optimizer".into(), reason };
        optimizer.check().map_err(bad)?;
        if optimizer.has_own_length() && step.scale != StepScale::Normalized {
            let name = optimizer.info().name;
            return Err(bad(format!(
                "the direction of {name} has a length of its own: write step.scale = \"normalized\""
            )));
        }
    }
    config.data.validate().map_err(|e| ConfigError::Value { section: "data".into(), reason: e.to_string() })?;
    if config.record.per_decade == 0 {
        let reason = "`per_decade` is 0, expected at least 1".into();
        return Err(ConfigError::Value { section: "record".into(), reason });
    }
    Ok(config)
}

/// The merged tables of one run.
struct Reader<'a> {
    tables: Table,
    run: &'a str,
    text: &'a str,
    settings: &'a [Setting],
}

impl Reader<'_> {
    fn read<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, ConfigError> {
        let value =
            self.tables.remove(name).ok_or_else(|| ConfigError::Missing { section: name, run: self.run.to_owned() })?;
        section(name, value, self.text, self.settings)
    }

    fn read_or_default<T: DeserializeOwned + Default>(&mut self, name: &'static str) -> Result<T, ConfigError> {
        if self.tables.contains_key(name) { self.read(name) } else { Ok(T::default()) }
    }
}

/// Reads one table.
fn section<T: DeserializeOwned>(name: &str, value: Value, text: &str, settings: &[Setting]) -> Result<T, ConfigError> {
    value.try_into().map_err(|e: toml::de::Error| crate::unknown::translate(name, e.message(), text, settings))
}

/// Lays one table over another, field by field; a table of another `kind` replaces the whole.
fn merge(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) if !changes_kind(old, &new) => merge(old, new),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

fn changes_kind(old: &Table, new: &Table) -> bool {
    new.get("kind").is_some_and(|kind| old.get("kind") != Some(kind))
}

/// Two runs must not write one file.
fn check_names(runs: &[RunConfig]) -> Result<(), ConfigError> {
    let mut seen = std::collections::BTreeSet::new();
    for run in runs {
        if !seen.insert(crate::experiment::file_name(run)) {
            let what = format!(
                "two runs would write {}: give each [[run]] a name of its own",
                crate::experiment::file_name(run)
            );
            return Err(ConfigError::Shape { what });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
title = "two digits"
seeds = [0, 1]
[data]
kind = "uci_digits"
n_train = 20
[model]
kind = "mlp"
hidden = [8]
init = { kind = "uniform", alpha = 0.1 }
[loss]
kind = "logistic"
[stop]
steps = 10
[[run]]
name = "GD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 3e-3 }
[[run]]
name = "SD"
optimizer = { kind = "steepest", norm = "linf" }
step = { size = 3e-3, scale = "normalized" }
model.init = { kind = "normal", alpha = 0.5 }
model.hidden = [4]
"#;

    fn message(text: &str, settings: &[&str]) -> String {
        let settings: Vec<Setting> = settings.iter().map(|s| s.parse().unwrap()).collect();
        ExperimentConfig::parse(text, &settings).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn runs_override_shared_tables() {
        let config = ExperimentConfig::parse(TEXT, &[]).unwrap();
        assert_eq!(config.runs.len(), 4);
        let ModelSpec::Mlp(gd) = &config.runs[0].model else { panic!("an mlp") };
        let ModelSpec::Mlp(sd) = &config.runs[2].model else { panic!("an mlp") };
        assert_eq!((gd.hidden[0], sd.hidden[0]), (8, 4));
        assert!(matches!(sd.init, steepest_models::InitSpec::Normal { .. }));
        assert_eq!(config.runs[3].seed, 1);
    }

    #[test]
    fn the_example_of_the_readme_is_an_experiment() {
        let readme = include_str!("../../README.md");
        let text = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let config = ExperimentConfig::parse(text, &[]).unwrap();
        assert_eq!(config.runs.len(), 6);
        assert!(config.runs[5].switch.is_some());
    }

    #[test]
    fn settings_change_what_is_written() {
        let setting = "stop.steps=77".parse().unwrap();
        let config = ExperimentConfig::parse(TEXT, &[setting]).unwrap();
        assert_eq!(config.runs[0].stop.steps, 77);
        assert!(config.as_written.contains("--set stop.steps=77"));
    }

    #[test]
    fn errors_name_the_place_and_the_nearest_name() {
        let unknown = message(TEXT, &["model.hiden=[3]"]);
        assert!(unknown.contains("unknown field `hiden`") && unknown.contains("did you mean `hidden`"), "{unknown}");
        assert!(unknown.contains("--set model.hiden=[3]"), "{unknown}");
        let typo = message(&TEXT.replace("n_train", "n_trian"), &[]);
        assert!(typo.contains("`n_train`") && typo.contains("line 6"), "{typo}");
        let norm = message(&TEXT.replace("\"linf\"", "\"lnf\""), &[]);
        assert!(norm.contains("did you mean `linf`"), "{norm}");
        let top = message(&TEXT.replace("[loss]", "[los]"), &[]);
        assert!(top.contains("did you mean `loss`"), "{top}");
        assert!(message("title = 3\n[[[\n", &[]).contains("line 2"));
        assert!(message(&TEXT.replace("size = 3e-3 }", "size = -1.0 }"), &[]).contains("positive"));
        assert!(message(&TEXT.replace("[stop]\nsteps = 10", ""), &[]).contains("[stop]"));
        assert!(message(&TEXT.replace("\"SD\"", "\"GD\""), &[]).contains("name of its own"));
    }
}
