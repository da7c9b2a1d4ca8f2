//! Exactly what an experiment file may say.
//!
//! Tables at the top are shared by all runs; a run may override any field of any of them. Everything left out has a documented
//! default, and the resolved configuration of each run is stored in its file.

use crate::error::ConfigError;
use crate::unknown::explain;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use steepest_norms::NormSpec;
use steepest_optim::{OptimizerSpec, StepScale};
use toml::{Table, Value};

mod loss;
mod sections;

pub use loss::{LOSSES, LossInfo, LossSpec, PlainLoss, PowerTailLoss, Weights};
pub use sections::{DynamicsChoice, RecordSpec, RunConfig, StepSize, StepSpec, StopSpec, SwitchSpec};

/// The tables that runs share and override.
const SECTIONS: [&str; 9] = ["data", "model", "loss", "optimizer", "step", "batch", "dynamics", "stop", "record"];

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
        if head.seeds.is_empty() {
            return Err(ConfigError::Shape {
                what: "`seeds` is empty: write at least one, such as seeds = [0]".into(),
            });
        }
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
    // the command line has the last word, also over what a run overrides
    for setting in settings.iter().filter(|s| SECTIONS.contains(&s.key[0].as_str())) {
        set(&mut tables, setting)?;
    }
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
        batch: reader.read_if_there("batch")?,
        dynamics: reader.read_or_default("dynamics")?,
        switch: switch.map(|s| section("switch", s, text, settings)).transpose()?,
        stop: reader.read("stop")?,
        record: reader.read_or_default("record")?,
        name: name.clone(),
    };
    check_values(&config)?;
    Ok(config)
}

/// The optimisers of a run, each with its step.
pub fn optimizers(config: &RunConfig) -> impl Iterator<Item = (&OptimizerSpec<NormSpec>, &StepSpec)> {
    let second = config.switch.as_ref().map(|s| (&s.optimizer, s.step.as_ref().unwrap_or(&config.step)));
    std::iter::once((&config.optimizer, &config.step)).chain(second)
}

/// Checks what a table's types cannot.
fn check_values(config: &RunConfig) -> Result<(), ConfigError> {
    for (optimizer, step) in optimizers(config) {
        step.check().map_err(|reason| ConfigError::Value { section: "step".into(), reason })?;
        let bad = |reason| ConfigError::Value { section: "optimizer".into(), reason };
        optimizer.check().map_err(bad)?;
        if step.adaptive && config.batch.is_some() {
            let reason = "`adaptive` compares the loss of one step with the next: it needs the full batch".into();
            return Err(ConfigError::Value { section: "step".into(), reason });
        }
        if optimizer.has_own_length() && step.scale != StepScale::Normalized {
            let name = optimizer.info().name;
            return Err(bad(format!(
                "the direction of {name} has a length of its own: write step.scale = \"normalized\""
            )));
        }
    }
    config.loss.build().map_err(|e| ConfigError::Value { section: "loss".into(), reason: e.to_string() })?;
    config.data.validate().map_err(|e| ConfigError::Value { section: "data".into(), reason: e.to_string() })?;
    if config.record.per_decade == 0 {
        let reason = "`per_decade` is 0, expected at least 1".into();
        return Err(ConfigError::Value { section: "record".into(), reason });
    }
    if config.batch.is_some_and(|batch| batch.size == 0) {
        let reason = "`size` is 0, expected at least 1".into();
        return Err(ConfigError::Value { section: "batch".into(), reason });
    }
    Ok(())
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

    fn read_if_there<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, ConfigError> {
        if self.tables.contains_key(name) { self.read(name).map(Some) } else { Ok(None) }
    }

    fn read_or_default<T: DeserializeOwned + Default>(&mut self, name: &'static str) -> Result<T, ConfigError> {
        if self.tables.contains_key(name) { self.read(name) } else { Ok(T::default()) }
    }
}

/// Reads one table.
fn section<T: DeserializeOwned>(name: &str, value: Value, text: &str, settings: &[Setting]) -> Result<T, ConfigError> {
    value.try_into().map_err(|e: toml::de::Error| crate::unknown::translate(name, &e.to_string(), text, settings))
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
mod tests;
