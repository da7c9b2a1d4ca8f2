//! Which files make a report.

use super::Experiment;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use steepest_data::trajectory::Trajectory;

/// The entries of a folder, sorted by name.
pub(super) fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read the folder {}", folder.display());
    let listed: Result<Vec<_>, _> = std::fs::read_dir(folder).with_context(cannot)?.collect();
    let mut paths: Vec<PathBuf> = listed.with_context(cannot)?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn trajectories(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let is_one = |path: &PathBuf| path.is_file() && path.extension().is_some_and(|ending| ending == "h5");
    Ok(entries(folder)?.into_iter().filter(is_one).collect())
}

/// The folders of experiments that some paths name, each with its trajectories.
///
/// # Errors
/// If a path cannot be read, or there is no trajectory in it.
pub(super) fn experiments(paths: &[PathBuf]) -> anyhow::Result<Vec<(PathBuf, Vec<PathBuf>)>> {
    let mut found: Vec<(PathBuf, Vec<PathBuf>)> = Vec::new();
    for path in paths {
        for (folder, files) in expand(path)? {
            match found.iter_mut().find(|(known, _)| *known == folder) {
                Some((_, all)) => all.extend(files),
                None => found.push((folder, files)),
            }
        }
    }
    if found.is_empty() {
        bail!("no trajectory was named");
    }
    for (_, files) in &mut found {
        files.sort();
        files.dedup();
    }
    Ok(found)
}

/// One path: a file, a folder of trajectories, or a folder of such folders.
fn expand(path: &Path) -> anyhow::Result<Vec<(PathBuf, Vec<PathBuf>)>> {
    if !path.is_dir() {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        return Ok(vec![(folder, vec![path.to_owned()])]);
    }
    let files = trajectories(path)?;
    if !files.is_empty() {
        return Ok(vec![(path.to_owned(), files)]);
    }
    let mut inside = Vec::new();
    for folder in entries(path)?.into_iter().filter(|entry| entry.is_dir()) {
        let files = trajectories(&folder)?;
        if !files.is_empty() {
            inside.push((folder, files));
        }
    }
    if inside.is_empty() {
        bail!("there is no trajectory (*.h5) in {}: `steepest run` writes them to OUT/EXPERIMENT/", path.display());
    }
    Ok(inside)
}

/// The folders in which claims may lie: those of the paths, and those of the experiments in them.
pub(super) fn with_claims(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for path in paths.iter().filter(|path| path.is_dir()) {
        let inside = expand(path).into_iter().flatten().map(|(folder, _)| folder);
        for folder in std::iter::once(path.clone()).chain(inside) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    folders
}

/// Runs of a folder in the order of their experiment file, then by seed.
pub(super) fn in_order(folder: &Path, mut runs: Vec<Trajectory>) -> Experiment {
    let order = runs.first().map(|run| names_as_written(run.config_as_written())).unwrap_or_default();
    runs.sort_by_cached_key(|run| {
        let name = run_name(run).to_owned();
        let place = order.iter().position(|known| *known == name).unwrap_or(order.len());
        (place, name, run.attribute_integer("seed").unwrap_or(0))
    });
    Experiment { name: name_of(folder), runs }
}

/// The name of a folder, also where it is written as `.` or not at all.
fn name_of(folder: &Path) -> String {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let whole = here.canonicalize().unwrap_or_else(|_| here.to_owned());
    whole.file_name().map_or_else(|| "runs".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The name of a run in its experiment.
pub(super) fn run_name(run: &Trajectory) -> &str {
    run.attribute_text("run").unwrap_or("run")
}

/// The names of the runs in an experiment file, in its order; none if it cannot be read.
fn names_as_written(text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().unwrap_or_default();
    let runs = table.get("run").and_then(toml::Value::as_array).into_iter().flatten();
    runs.filter_map(|run| run.get("name")?.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_an_experiment_file_is_that_of_its_runs() {
        assert_eq!(names_as_written("[[run]]\nname = \"SD\"\n[[run]]\nname = \"GD\"\n"), ["SD", "GD"]);
        assert!(names_as_written("this is [ no TOML").is_empty());
    }

    #[test]
    fn a_folder_without_trajectories_is_refused_with_a_sentence() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report");
        let said = expand(&folder).unwrap_err().to_string();
        assert!(said.starts_with("there is no trajectory (*.h5) in "), "{said}");
        assert!(experiments(&[]).is_err());
    }

    #[test]
    fn files_of_one_folder_are_one_experiment() {
        let found = experiments(&["a/2.h5".into(), "a/1.h5".into(), "b/1.h5".into(), "a/1.h5".into()]).unwrap();
        assert_eq!(found[0], (PathBuf::from("a"), vec![PathBuf::from("a/1.h5"), PathBuf::from("a/2.h5")]));
        assert_eq!(found.len(), 2);
    }
}
