//! From a configuration to the runs that are still to be done.

use crate::checkpoint::{self, Head};
use crate::config::{ExperimentConfig, RunConfig};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use steepest_data::trajectory::Trajectory;

/// An experiment with a folder of its own.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its title.
    pub title: String,
    /// Where its files go.
    pub folder: PathBuf,
    /// The text as written.
    pub as_written: String,
    /// Its runs.
    pub runs: Vec<PlannedRun>,
}

/// A run, and what is there of it already.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// Its configuration.
    pub config: RunConfig,
    /// The configuration as TOML: what is stored, and what says whether two runs are the same.
    pub resolved: String,
    /// Its file.
    pub path: PathBuf,
    /// Whether an identical finished run is there.
    pub is_done: bool,
    /// The checkpoint that it left beside its file when it was interrupted; `None` where there is none that can be read.
    pub checkpoint: Option<Head>,
}

impl PlannedRun {
    /// Its name and seed for people.
    pub fn describe(&self) -> String {
        format!("run \"{}\", seed {}", self.config.name, self.config.seed)
    }
}

/// The file of a run: its name in lower case, everything but letters and digits a dash, and its seed.
pub fn file_name(run: &RunConfig) -> String {
    format!("{}-seed{}.h5", slug(&run.name), run.seed)
}

/// A name as it stands in file names.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

impl Experiment {
    /// Plans an experiment in `out`/`name`, which need not exist. A finished identical run is skipped; one that differs is refused unless
    /// `force`; an unfinished one is done again.
    ///
    /// # Errors
    /// If the folder holds a different run.
    pub fn plan(config: ExperimentConfig, out: &Path, name: &str, force: bool) -> anyhow::Result<Self> {
        let folder = out.join(name);
        let mut runs = Vec::with_capacity(config.runs.len());
        for run in config.runs {
            let path = folder.join(file_name(&run));
            let resolved = toml::to_string(&run).context("the resolved configuration cannot be written as TOML")?;
            // one that cannot be read is spoken of when its run is to go on
            let checkpoint = Head::read(&checkpoint::beside(&path)).ok().flatten();
            let is_known = checkpoint.as_ref().is_some_and(|head| head.config == resolved);
            let is_done = !force && is_done(&path, &resolved, is_known)?;
            runs.push(PlannedRun { config: run, resolved, path, is_done, checkpoint });
        }
        Ok(Self { title: config.title, folder, as_written: config.as_written, runs })
    }

    /// Makes its folder.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn make_folder(&self) -> anyhow::Result<()> {
        let folder = &self.folder;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))
    }

    /// The runs that were interrupted and left a checkpoint.
    pub fn interrupted(&self) -> impl Iterator<Item = (&PlannedRun, &Head)> {
        self.runs.iter().filter(|run| !run.is_done).filter_map(|run| Some((run, run.checkpoint.as_ref()?)))
    }

    /// Refuses to go on from the checkpoint of another run.
    ///
    /// # Errors
    /// If there is one.
    pub fn check_checkpoints(&self) -> anyhow::Result<()> {
        if let Some((run, _)) = self.interrupted().find(|(run, head)| head.config != run.resolved) {
            let path = checkpoint::beside(&run.path);
            bail!(
                "{} is of a run with another configuration; name another folder with --out, or leave out --resume to begin anew",
                path.display()
            );
        }
        Ok(())
    }
}

/// Whether the file is there and holds this very run, finished; `is_known` where a checkpoint says that it is this run's, whatever is in it.
fn is_done(path: &Path, resolved: &str, is_known: bool) -> anyhow::Result<bool> {
    if !path.exists() {
        return Ok(false);
    }
    let remedy = "name another folder with --out, or use --force to write over it";
    let stored = match Trajectory::open(path) {
        Ok(stored) => stored,
        // a run that was killed before its first block
        Err(_) if std::fs::metadata(path).is_ok_and(|m| m.len() < 1024) => return Ok(false),
        // a run that was killed in the middle of a write
        Err(_) if is_known => return Ok(false),
        Err(error) => {
            return Err(anyhow::Error::new(error).context(format!("{} is in the way; {remedy}", path.display())));
        }
    };
    if stored.config_resolved() != resolved {
        bail!("{} holds a run with another configuration; {remedy}", path.display());
    }
    Ok(stored.is_finished())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_file_names() {
        assert_eq!(slug("GD then CD"), "gd-then-cd");
        assert_eq!(slug("  Adam (0.9, 0.99) "), "adam-0-9-0-99");
    }
}
