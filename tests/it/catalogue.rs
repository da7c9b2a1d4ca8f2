//! Every entry of every catalogue has an experiment that shows how it is written, and the experiments of the catalogues run.

use crate::workshop::Workshop;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use steepest_cli::config::{ExperimentConfig, LOSSES, RunConfig, optimizers};
use steepest_cli::run::own_norm;
use toml::Value;

fn experiments() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments")
}

/// Every TOML file below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            files.extend(files_below(&entry));
        } else if entry.extension().is_some_and(|e| e == "toml") {
            files.push(entry);
        }
    }
    files.sort();
    files
}

/// Every run of every experiment in the repository.
fn all_runs() -> Vec<RunConfig> {
    let parse = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        ExperimentConfig::parse(&text, &[]).unwrap_or_else(|e| panic!("{}: {e}", file.display())).runs
    };
    files_below(&experiments()).into_iter().flat_map(parse).collect()
}

/// The `kind` that a part of a configuration is written with.
fn kind(part: &impl serde::Serialize) -> String {
    let table = Value::try_from(part).unwrap();
    table.get("kind").and_then(Value::as_str).unwrap().to_owned()
}

/// Every entry of the catalogue is written in some experiment.
fn assert_shown(what: &str, catalogue: impl IntoIterator<Item = String>, shown: impl IntoIterator<Item = String>) {
    let shown: BTreeSet<String> = shown.into_iter().collect();
    let missing: Vec<String> = catalogue.into_iter().filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "no experiment shows the {what} {}", missing.join(", "));
}

#[test]
fn every_entry_of_the_catalogues_has_an_experiment() {
    let runs = all_runs();
    let named = |name: &str| name.to_owned();
    let norms =
        runs.iter().flat_map(|run| optimizers(run).map(|(o, _)| kind(&own_norm(o).unwrap())).collect::<Vec<_>>());
    assert_shown("norms", steepest_norms::catalogue().iter().map(|n| named(n.name)), norms);
    let used = runs.iter().flat_map(|run| optimizers(run).map(|(o, _)| kind(o)).collect::<Vec<_>>());
    assert_shown("optimisers", steepest_optim::catalogue().iter().map(|o| named(o.name)), used);
    let models = runs.iter().map(|run| kind(&run.model));
    assert_shown("models", steepest_models::catalogue().iter().map(|m| named(m.name)), models);
    let losses = runs.iter().map(|run| kind(&run.loss));
    assert_shown("losses", LOSSES.iter().map(|l| named(l.name)), losses);
    let data = runs.iter().map(|run| kind(&run.data));
    assert_shown("data", steepest_data::spec::catalogue().iter().map(|d| named(d.name)), data);
}

#[test]
fn the_experiments_of_the_catalogues_run() {
    for file in files_below(&experiments().join("catalogue")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let workshop = Workshop::with("all.toml", &text);
        workshop.steepest(&["run", "all.toml", "--set", "stop.steps=20"]).success();
        for run in ExperimentConfig::parse(&text, &[]).unwrap().runs {
            let file = format!("out/all/{}", steepest_cli::experiment::file_name(&run));
            let status = workshop.trajectory(&file).attribute_text("status").map(str::to_owned);
            assert_eq!(status.as_deref(), Some("steps"), "{}", run.name);
        }
    }
}
