//! `steepest run`: the runs of an experiment in parallel, then its figure.

use crate::args::{HowArgs, RunArgs};
use crate::config::{ExperimentConfig, RunConfig};
use crate::estimate;
use crate::experiment::{Experiment, PlannedRun};
use crate::output::{Failure, note, result};
use crate::plots;
use crate::queue::order_of_start;
use crate::run::{ExperimentNote, GoingOn, RunReport, build_model, carry_out, describe_model, own_norm};
use crate::shared::Shared;
use crate::summary;
use crate::terminal::{Board, on_interrupt};
use anyhow::{Context, bail};
use rayon::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use steepest_core::{Labels, ParameterLayout};
use steepest_data::trajectory::Trajectory;
use steepest_models::BuiltModel;

/// Set once Ctrl-C was pressed.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// `steepest run FILE`.
pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let path = &args.experiment;
    let text = std::fs::read_to_string(path).with_context(|| match std::fs::metadata(path) {
        Ok(_) => format!("cannot read {}", path.display()),
        Err(_) => format!("experiment file {} not found", path.display()),
    })?;
    let config = ExperimentConfig::parse(&text, &args.set)
        .map_err(anyhow::Error::new)
        .map_err(|e| if args.set.is_empty() { e.context(format!("cannot understand {}", path.display())) } else { e })
        .map_err(Failure::Misunderstood)?;
    let name = path.file_stem().map_or_else(|| "experiment".to_owned(), |s| s.to_string_lossy().into_owned());
    if args.how.dry_run {
        note(&estimate::estimate(&config).text(&name));
        return Ok(());
    }
    carry_out_all(config, &name, &args.how)
}

/// Carries the missing runs of an experiment out, draws its figure, and says what happened.
fn carry_out_all(config: ExperimentConfig, name: &str, how: &HowArgs) -> Result<(), Failure> {
    let (experiment, trajectories) = train_missing(config, name, how, None)?;
    let page = plots::page(&trajectories, &plots::PlotOptions::default())?;
    let drawn = plots::write(&page, &experiment.folder.join("margins.svg"), true)?;
    let names: Vec<String> =
        drawn.iter().filter_map(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned()).collect();
    note(&format!("{}/   {} trajectories, {}", experiment.folder.display(), experiment.runs.len(), names.join(", ")));
    result(&experiment.folder.display().to_string());
    Ok(())
}

/// Plans an experiment and carries its missing runs out; the files of all of its runs, in its order.
pub(super) fn train_missing(
    config: ExperimentConfig,
    name: &str,
    how: &HowArgs,
    stands_in_for: Option<&str>,
) -> Result<(Experiment, Vec<Trajectory>), Failure> {
    let experiment = Experiment::plan(config, &how.out, name, how.force)?;
    if how.resume {
        experiment.check_checkpoints()?;
    }
    let parts = Shared::plan(experiment.runs.iter().map(|run| &run.config));
    let about = describe(&experiment, &parts)?;
    experiment.make_folder()?;
    note(&about);
    let missing: Vec<_> = experiment.runs.iter().zip(parts).filter(|(run, _)| !run.is_done).collect();
    let done = experiment.runs.len() - missing.len();
    if done > 0 {
        note(&format!("  {done} of {} runs are there already, finished and identical", experiment.runs.len()));
    }
    if let Some(text) = speak_of_checkpoints(&experiment, how.resume) {
        note(&text);
    }
    let (reports, files) = in_parallel(&experiment, missing, how, stands_in_for)?;
    if !reports.is_empty() {
        note(&summary::table(&reports));
    }
    if INTERRUPTED.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted);
    }
    let mut new = files.into_iter();
    let stored = experiment.runs.iter().map(|run| {
        let read = if run.is_done { None } else { new.next() };
        read.map_or_else(|| Trajectory::open(&run.path), Ok)
    });
    let trajectories = stored.collect::<Result<_, _>>().map_err(anyhow::Error::new)?;
    Ok((experiment, trajectories))
}

/// What there is to say of runs that were interrupted.
fn speak_of_checkpoints(experiment: &Experiment, resume: bool) -> Option<String> {
    let places: Vec<String> =
        experiment.interrupted().map(|(run, head)| format!("{} at step {}", run.describe(), head.step)).collect();
    let text = if resume {
        "going on with"
    } else {
        "there are checkpoints, from which --resume would go on; without it these runs begin anew:"
    };
    (!places.is_empty()).then(|| format!("  {text} {}", places.join("; ")))
}

/// The line that says what is trained on what; also the moment at which missing data are noticed, before any run starts. Of all data that it
/// reads or draws it keeps those of the first run.
fn describe(experiment: &Experiment, parts: &[Shared]) -> Result<String, Failure> {
    let Some(first) = experiment.runs.first() else { return Ok(experiment.title.clone()) };
    let mut built = Vec::new();
    for (PlannedRun { config, .. }, part) in experiment.runs.iter().zip(parts) {
        let is_this = |(seen, ..): &(&RunConfig, _, _, _)| seen.data == config.data && seen.model == config.model;
        let at = if let Some(at) = built.iter().position(is_this) {
            at
        } else {
            let split = part.split(config)?;
            if !part.is_of_data_of(&parts[0]) {
                part.forget_split();
            }
            let model = build_model(config, &split).map_err(Failure::Misunderstood)?;
            // no inputs and no parameters: they are long
            let model = BuiltModel { theta: Vec::new(), ..model };
            built.push((config, split.train.labels().clone(), split.provenance.note.clone(), model));
            built.len() - 1
        };
        let (_, labels, _, model) = &built[at];
        check_fit(config, labels, model.model.layout()).map_err(Failure::Misunderstood)?;
    }
    let Some((_, _, note, built)) = built.first() else { return Ok(experiment.title.clone()) };
    let facts = [note, &describe_model(&first.config, built), &first.config.loss.describe()];
    Ok(format!("{} · {}", experiment.title, facts.map(String::as_str).join(" · ")))
}

/// Notices a loss or a norm that does not fit, before any file is made.
fn check_fit(config: &RunConfig, labels: &Labels, layout: &ParameterLayout) -> anyhow::Result<()> {
    let run = || format!("run \"{}\"", config.name);
    if !config.loss.build()?.accepts(labels) {
        let loss = config.loss.describe();
        let text =
            "exponential, logistic and power_tail are for two classes labelled -1 and +1, cross_entropy is for several";
        bail!("{}: the loss {loss} does not fit the data: {text}", run());
    }
    let own = std::iter::once(&config.optimizer).chain(config.switch.as_ref().map(|s| &s.optimizer)).map(own_norm);
    for norm in own.collect::<anyhow::Result<Vec<_>>>()?.iter().chain(&config.record.norms) {
        norm.build(layout).with_context(|| format!("{}: the norm {} cannot be built", run(), norm.label().name))?;
    }
    Ok(())
}

/// The runs in the order in which they start on so many cores, each with its place.
fn in_order_of_start(missing: Vec<(&PlannedRun, Shared)>, cores: usize) -> Vec<(usize, &PlannedRun, Shared)> {
    let costs: Vec<f64> = missing.iter().map(|(run, _)| estimate::relative_cost(&run.config)).collect();
    let seeds: Vec<u64> = missing.iter().map(|(run, _)| run.config.seed).collect();
    let mut runs: Vec<_> = missing.into_iter().map(Some).collect();
    let in_order = order_of_start(&costs, &seeds, cores).into_iter();
    in_order.filter_map(|k| runs[k].take().map(|(run, part)| (k, run, part))).collect()
}

/// Carries runs out, on several cores, and reads the file of each as soon as it is there, beside those that are still running.
fn in_parallel(
    experiment: &Experiment,
    missing: Vec<(&PlannedRun, Shared)>,
    how: &HowArgs,
    stands_in_for: Option<&str>,
) -> Result<(Vec<RunReport>, Vec<Trajectory>), Failure> {
    if missing.is_empty() {
        return Ok(Default::default());
    }
    on_interrupt(&INTERRUPTED)?;
    let board =
        Board::new(missing.iter().map(|(run, _)| (run.config.name.clone(), run.config.seed, run.config.stop.steps)));
    let jobs =
        how.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)).max(1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().context("cannot start the worker threads")?;
    let failed = Mutex::new(None);
    let about = ExperimentNote { title: &experiment.title, as_written: &experiment.as_written, stands_in_for };
    let every = Some(how.checkpoint_every).filter(|every| !every.is_zero());
    let going_on = GoingOn { resume: how.resume, every };
    let one = |(k, run, shared): (usize, &PlannedRun, Shared)| -> Option<(usize, (RunReport, Trajectory))> {
        if INTERRUPTED.load(Ordering::Relaxed) || failed.lock().is_ok_and(|f| f.is_some()) {
            return None;
        }
        let bar = board.bar(k);
        let outcome = carry_out(run, shared, &about, going_on, &INTERRUPTED, &bar).and_then(|report| {
            bar.finish(&report);
            Ok((report, Trajectory::open(&run.path)?))
        });
        match outcome.with_context(|| run.describe()) {
            Ok(ended) => Some((k, ended)),
            Err(error) => {
                if let Ok(mut failed) = failed.lock() {
                    failed.get_or_insert(error);
                }
                None
            }
        }
    };
    let queue = in_order_of_start(missing, jobs).into_iter().par_bridge();
    let mut ended: Vec<(usize, (RunReport, Trajectory))> = pool.install(|| queue.filter_map(one).collect());
    ended.sort_by_key(|(k, _)| *k);
    board.clear();
    match failed.into_inner() {
        Ok(Some(error)) => Err(Failure::Failed(error)),
        _ => Ok(ended.into_iter().map(|(_, ended)| ended).unzip()),
    }
}
