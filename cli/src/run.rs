//! One run from its configuration to its finished file.

use crate::checkpoint::{self, Keeper, Kept, Pace};
use crate::config::{RunConfig, StepSpec, optimizers};
use crate::dynamics::{Beginning, Problem};
use crate::experiment::PlannedRun;
use crate::provenance::provenance;
use crate::recorder::{Progress, Recorder, RecorderParts, Watcher, metrics, recorded_norms};
use crate::shared::Shared;
use alone::Alone;
use anyhow::Context;
use start::{Start, Ways};
use std::cell::OnceCell;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use steepest_core::{Dataset, HomogeneousModel, Loss, MetricInfo, Outcome, StopReason, Streams};
use steepest_data::Split;
use steepest_data::trajectory::{Attribute, Header, TrajectoryWriter};
use steepest_models::{BuiltModel, check_degree};
use steepest_norms::{NormLabel, NormSpec};
use steepest_optim::{CompactForms, Milestones, NormOf, OptimizerSpec, Stop, go_on, train};

mod alone;
mod start;

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Its name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Where and why it ended.
    pub outcome: Outcome,
    /// The events on its way.
    pub milestones: Milestones,
    /// Where it stood at its last row.
    pub progress: Progress,
    /// The norm whose margin the (last) optimiser is to increase.
    pub own_norm: String,
    /// Steps a second.
    pub rate: f64,
}

/// Reads or draws the data of a run.
///
/// # Errors
/// With what is missing and what to do.
pub fn build_data(config: &RunConfig) -> anyhow::Result<Split> {
    Ok(config.data.build(&Streams::new(config.seed))?)
}

/// Builds model and initial parameters of a run, and checks the degree of homogeneity there.
///
/// # Errors
/// If they fit no model, or the model is not homogeneous.
pub fn build_model(config: &RunConfig, split: &Split) -> anyhow::Result<BuiltModel> {
    let (d, k) = (split.train.n_features(), split.train.labels().n_outputs());
    let built = config.model.build(d, k, &Streams::new(config.seed));
    let built = built.and_then(|built| {
        check_degree(&*built.model, &built.theta, split.train.inputs())?;
        Ok(built)
    });
    built.with_context(|| format!("in [model] of run \"{}\"", config.name))
}

/// The network in a few words: `mlp 784-128-1, degree 2, 100480 parameters`.
pub fn describe_model(config: &RunConfig, built: &BuiltModel) -> String {
    let sizes: Vec<String> = built.sizes.iter().map(usize::to_string).collect();
    let parameters = built.model.layout().len();
    format!(
        "{} {}, degree {}, {parameters} parameters",
        config.model.info().name,
        sizes.join("-"),
        built.model.degree()
    )
}

/// Whether interrupted runs go on, and how often a run keeps its state for that.
#[derive(Clone, Copy, Debug, Default)]
pub struct GoingOn {
    /// Whether a run goes on from its checkpoint.
    pub resume: bool,
    /// How often a checkpoint is written; `None`: only when the run is interrupted.
    pub every: Option<Duration>,
}

/// Carries out a run and writes its file; `shared` is its part in what [`Shared::plan`] says.
///
/// # Errors
/// If the parts do not fit, the file cannot be written, or another process is writing it. A run that diverges or is interrupted is no error: its file and its report
/// say so.
pub fn carry_out(
    run: &PlannedRun,
    shared: Shared,
    experiment: &ExperimentNote<'_>,
    going_on: GoingOn,
    interrupted: &AtomicBool,
    watcher: &dyn Watcher,
) -> anyhow::Result<RunReport> {
    let _alone = Alone::claim(&run.path)?;
    let config = &run.config;
    let split = shared.split(config)?;
    let mut built = build_model(config, &split)?;
    let loss = config.loss.build()?;
    let own: Vec<NormSpec> = phases(config).iter().map(|p| own_norm(p.optimizer)).collect::<anyhow::Result<_>>()?;
    let norms = recorded_norms(&config.record, &own);
    let infos: Vec<NormLabel> = norms.iter().map(|n| n.label()).collect();
    let header = header(run, experiment, &split, &built, metrics(&infos), &own[0].label());
    let (writer, kept) = open(run, &header, going_on.resume, watcher)?;
    let recorder = Recorder::new(RecorderParts {
        writer,
        model: &*built.model,
        loss: &*loss,
        split: &split,
        shared,
        spec: &config.record,
        norms: &norms,
        own: own[0].label(),
        watcher,
    })?;
    // given up: it is long
    let theta = std::mem::take(&mut built.theta);
    let start = match kept {
        Some(kept) => Start::from_checkpoint(kept, theta)
            .with_context(|| format!("cannot go on from {}", checkpoint::beside(&run.path).display()))?,
        None => Start::at(theta),
    };
    let mut keeper = Keeper::new(recorder, &run.resolved, Pace::every(going_on.every), interrupted);
    let finished = go(config, &split, &*built.model, &*loss, start, &mut keeper)?;
    if let Some(text) = finished.ways.disagreement() {
        watcher.say(&format!("{}: {text}", run.describe()));
    }
    let report = close(config, &finished, keeper.into_recorder())?;
    if report.outcome.reason != StopReason::Interrupted {
        checkpoint::remove(&run.path).context("cannot remove the checkpoint of a run that has ended")?;
    }
    Ok(report)
}

/// The file of a run: as its checkpoint knows it, with that checkpoint; or a new one.
fn open(
    run: &PlannedRun,
    header: &Header,
    resume: bool,
    watcher: &dyn Watcher,
) -> anyhow::Result<(TrajectoryWriter, Option<Kept>)> {
    let path = checkpoint::beside(&run.path);
    if resume && path.exists() {
        let opened = Kept::read(&path).map_err(anyhow::Error::new).and_then(|kept| {
            let extent = start::extent(&kept)?;
            Ok((TrajectoryWriter::go_on(&run.path, header, extent)?, Some(kept)))
        });
        match opened {
            Ok(opened) => return Ok(opened),
            Err(why) => watcher.say(&format!("{} begins anew: {why:#}", run.describe())),
        }
    }
    // the rows that it speaks of will not be there any more
    checkpoint::remove(&run.path).with_context(|| format!("cannot remove {}", path.display()))?;
    Ok((TrajectoryWriter::create_over(&run.path, header)?, None))
}

/// What the files of all runs of an experiment say of it.
#[derive(Clone, Copy, Debug)]
pub struct ExperimentNote<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its text as written.
    pub as_written: &'a str,
    /// Set where its data stand in for others.
    pub stands_in_for: Option<&'a str>,
}

/// One optimiser of a run with its step.
struct Phase<'c> {
    optimizer: &'c OptimizerSpec<NormSpec>,
    step: &'c StepSpec,
}

fn phases(config: &RunConfig) -> Vec<Phase<'_>> {
    optimizers(config).map(|(optimizer, step)| Phase { optimizer, step }).collect()
}

/// The norm that an optimiser's own margin is measured in.
///
/// # Errors
/// If the catalogue has no norm of the name that the optimiser asks for.
pub fn own_norm(optimizer: &OptimizerSpec<NormSpec>) -> anyhow::Result<NormSpec> {
    match optimizer.own_norm() {
        NormOf::Configured(norm) => Ok(norm.clone()),
        NormOf::Named(name) => NormSpec::named(name).map_err(anyhow::Error::msg),
    }
}

struct Finished {
    outcome: Outcome,
    milestones: Milestones,
    switch_step: Option<u64>,
    theta: Vec<f64>,
    own: NormLabel,
    /// How each phase was carried out.
    ways: Ways,
}

/// The phases of a run, one after the other, from where it starts.
fn go(
    config: &RunConfig,
    split: &Split,
    model: &dyn HomogeneousModel,
    loss: &dyn Loss,
    start: Start,
    keeper: &mut Keeper<'_>,
) -> anyhow::Result<Finished> {
    let mut stop = Stop::after(config.stop.steps).with_theory_threshold(loss.theory_threshold(split.train.n_samples()));
    if let Some(ln_loss) = config.stop.ln_loss_below {
        stop = stop.or_ln_loss_below(ln_loss);
    }
    if let Some(switch) = &config.switch {
        stop = stop.or_at(switch.at);
    }
    let compact = CompactForms::default();
    let small = OnceCell::new();
    let Start { phase: first_phase, mut first_step, mut theta, mut ways, mut saved } = start;
    let (mut switch_step, mut own) = (None, own_norm(&config.optimizer)?.label());
    let mut outcome = Outcome { step: 0, reason: StopReason::Steps };
    for (k, phase) in phases(config).iter().enumerate().skip(first_phase) {
        let norm = own_norm(phase.optimizer)?;
        let mut step = phase.step.build();
        let problem = Problem { config, model, data: &split.train, loss, compact: &compact, small: &small };
        let at_its_start = (k > 0).then(|| theta.clone());
        let (mut dynamics, way) = problem.start(Beginning {
            optimizer: phase.optimizer,
            norm: &norm,
            needs_own_norm: step.needs_own_norm(),
            theta: std::mem::take(&mut theta),
            first_step,
        })?;
        if saved.is_none() {
            ways.push(way);
        }
        keeper.begin(start::run_state(k, first_step, at_its_start, &ways), ways.texts());
        if k > 0 {
            own = norm.label();
            keeper.recorder().switch_to(own.clone());
            switch_step = Some(first_step);
            stop = stop.past_event();
        }
        outcome = if let Some((saved, rows)) = saved.take() {
            let recorder = keeper.recorder();
            recorder.restore(&rows)?;
            recorder.writer().event(
                saved.step,
                "resumed",
                "the run was interrupted and went on from its state here",
            )?;
            go_on(&mut *dynamics, &mut *step, &mut stop, keeper, first_step, saved)
                .context("while going on from a checkpoint; without --resume the run begins anew")?
        } else {
            train(&mut *dynamics, &mut *step, &mut stop, keeper, first_step)?
        };
        ways.count(&dynamics.counters(), first_step);
        theta = dynamics.theta().to_vec();
        first_step = outcome.step;
        if outcome.reason != StopReason::Switch {
            break;
        }
        keeper.recorder().leave(&mut *dynamics);
    }
    Ok(Finished { outcome, milestones: stop.milestones(), switch_step, theta, own, ways })
}

/// Writes the events and the end.
fn close(config: &RunConfig, finished: &Finished, mut recorder: Recorder<'_>) -> anyhow::Result<RunReport> {
    let Finished { outcome, milestones, switch_step, theta, own, ways } = finished;
    let (progress, seconds) = (*recorder.progress(), recorder.seconds());
    let mut attributes = vec![
        ("status".to_owned(), Attribute::Text(outcome.reason.name().to_owned())),
        ("status_text".to_owned(), Attribute::Text(outcome.reason.to_string())),
        ("steps_done".to_owned(), Attribute::Integer(outcome.step as i64)),
        ("dynamics".to_owned(), Attribute::Text(ways.names.clone())),
        ("dynamics_reason".to_owned(), Attribute::Text(ways.reasons.clone())),
        ("inputs_left_out".to_owned(), Attribute::Integer(ways.n_left_out as i64)),
    ];
    let mut events = vec![
        ("separation", milestones.separation_step, "every training sample is classified rightly".to_owned()),
        (
            "theory",
            milestones.theory_step,
            "the sum of losses is below l(0): the theory of the soft margin applies".to_owned(),
        ),
        ("unit_margin", milestones.unit_margin_step, "every training sample has a margin above one".to_owned()),
        ("switch", *switch_step, format!("from here on {}", own.descent)),
    ];
    if switch_step.is_some() {
        attributes.push(("norm_after_switch".to_owned(), Attribute::Text(own.name.clone())));
        attributes.push(("descent_after_switch".to_owned(), Attribute::Text(own.descent.to_owned())));
    }
    if optimizers(config).any(|(optimizer, _)| matches!(optimizer, OptimizerSpec::TwoSidedCd(_))) {
        attributes.push(("held_steps".to_owned(), Attribute::Integer(recorder.n_held_steps() as i64)));
    }
    let counts = ways.counts.iter().map(|(name, count)| (format!("count_{name}"), Attribute::Integer(*count as i64)));
    attributes.extend(counts);
    events.sort_by_key(|(_, step, _)| *step);
    for (kind, step, text) in events {
        let Some(step) = step else { continue };
        attributes.push((format!("{kind}_step"), Attribute::Integer(step as i64)));
        recorder.writer().event(step, kind, &text)?;
    }
    if let Some(text) = ways.disagreement() {
        recorder.writer().event(outcome.step, "disagreement", &text)?;
    }
    recorder.writer().event(outcome.step, outcome.reason.name(), &outcome.reason.to_string())?;
    if config.record.final_snapshot && !matches!(outcome.reason, StopReason::NonFinite { .. }) {
        recorder.snapshot(outcome.step, theta)?;
    }
    let mut writer = recorder.into_writer();
    if outcome.reason == StopReason::Interrupted {
        // the attribute `finished` stays 0, so that the run is done again
        for (name, value) in attributes {
            writer.set_attribute(&name, value)?;
        }
        writer.flush()?;
    } else {
        writer.finish(&attributes)?;
    }
    Ok(RunReport {
        name: config.name.clone(),
        seed: config.seed,
        outcome: *outcome,
        milestones: *milestones,
        progress,
        own_norm: own.name.clone(),
        rate: outcome.step as f64 / seconds.max(1e-9),
    })
}

fn header(
    run: &PlannedRun,
    experiment: &ExperimentNote<'_>,
    split: &Split,
    built: &BuiltModel,
    metrics: Vec<MetricInfo>,
    own: &NormLabel,
) -> Header {
    let config = &run.config;
    let text = |value: &str| Attribute::Text(value.to_owned());
    let mut data_attributes = vec![
        ("source".to_owned(), split.provenance.source.clone()),
        ("note".to_owned(), split.provenance.note.clone()),
        ("sha256".to_owned(), split.provenance.sha256.clone()),
    ];
    let mut attributes = vec![
        ("run".to_owned(), text(&config.name)),
        ("seed".to_owned(), Attribute::Integer(config.seed as i64)),
        ("optimizer".to_owned(), text(config.optimizer.info().name)),
        ("norm".to_owned(), text(&own.name)),
        ("descent".to_owned(), text(own.descent)),
        ("loss".to_owned(), text(&config.loss.describe())),
        ("model".to_owned(), text(&describe_model(config, built))),
        ("degree".to_owned(), Attribute::Integer(i64::from(built.model.degree().get()))),
        ("data".to_owned(), text(&split.provenance.note)),
        ("majority_rate".to_owned(), Attribute::Number(split.train.labels().majority_rate())),
        ("steepest_version".to_owned(), text(env!("CARGO_PKG_VERSION"))),
    ];
    let test_labels = split.test.as_ref().map(Dataset::labels).or_else(|| Some(&split.unseen.as_ref()?.labels));
    if let Some(labels) = test_labels {
        attributes.push(("test_majority_rate".to_owned(), Attribute::Number(labels.majority_rate())));
    }
    if let Some(wanted) = experiment.stands_in_for {
        data_attributes.push(("stands_in_for".to_owned(), wanted.to_owned()));
        attributes.push(("stands_in_for".to_owned(), text(wanted)));
    }
    Header {
        title: experiment.title.to_owned(),
        metrics,
        n_samples: if config.record.samples { split.train.n_samples() } else { 0 },
        layout: built.model.layout().clone(),
        attributes,
        config_as_written: experiment.as_written.to_owned(),
        config_resolved: run.resolved.clone(),
        provenance: provenance(),
        train_indices: split.provenance.train_indices.clone(),
        test_indices: split.provenance.test_indices.clone(),
        arrays: split.provenance.arrays.clone(),
        data_attributes,
    }
}
