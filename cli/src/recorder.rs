//! Writes the rows of a run.

use crate::config::RecordSpec;
use crate::residuals;
use ndarray::Array2;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use steepest_core::{
    Dataset, Dynamics, Evaluation, HomogeneousModel, LogReal, Loss, MetricInfo, Norm, Observer, ObserverError,
    ParameterLayout, StopReason, Workspace, margin,
};
use steepest_data::trajectory::TrajectoryWriter;
use steepest_norms::{NormError, NormLabel, NormSpec};

/// Where a run stands, for people who watch it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// ln L.
    pub ln_loss: f64,
    /// Train accuracy.
    pub train_accuracy: f64,
    /// Test accuracy at the last row; NaN without a test set.
    pub test_accuracy: f64,
    /// The hard margin in the optimiser's own norm; NaN where that is too dear for every step.
    pub own_margin: f64,
}

/// Somebody who watches runs.
pub trait Watcher: Sync {
    /// Told now and then, at most ten times a second.
    fn update(&self, progress: &Progress);
}

/// A recorded norm.
struct RecordedNorm {
    label: NormLabel,
    norm: Box<dyn Norm>,
}

/// The test set with buffers of its own.
struct TestSet<'a> {
    data: &'a Dataset,
    outputs: Array2<f64>,
    margins: Vec<f64>,
    ln_weights: Vec<f64>,
    work: Workspace,
}

/// What every row is made from; fixed for a run.
pub struct Recorder<'a> {
    writer: TrajectoryWriter,
    model: &'a dyn HomogeneousModel,
    loss: &'a dyn Loss,
    test: Option<TestSet<'a>>,
    norms: Vec<RecordedNorm>,
    spec: &'a RecordSpec,
    snapshots: BTreeSet<u64>,
    n_train: usize,
    own: NormLabel,
    running: Running,
    interrupted: &'a AtomicBool,
    watcher: &'a dyn Watcher,
    started: Instant,
    told: Instant,
    /// The last step that was accumulated: a switch sees its step twice, once from each optimiser.
    last_step: Option<u64>,
    last_row: Option<u64>,
    last_snapshot: Option<u64>,
    progress: Progress,
    left_out_noted: bool,
}

/// Quantities that are followed at every step.
#[derive(Clone, Copy, Debug)]
struct Running {
    flow_time: LogReal,
    pending: LogReal,
    step_size: f64,
    own_soft_margin: f64,
    worst_drop: f64,
    steps_with_bands: f64,
    near_ties: f64,
}

impl Running {
    const START: Self = Self {
        flow_time: LogReal::ZERO,
        pending: LogReal::ZERO,
        step_size: 0.0,
        own_soft_margin: f64::NAN,
        worst_drop: 0.0,
        steps_with_bands: 0.0,
        near_ties: 0.0,
    };
}

/// The norms that a run records: those asked for, and its optimisers' own.
pub fn recorded_norms<'s>(spec: &'s RecordSpec, own: impl IntoIterator<Item = &'s NormSpec>) -> Vec<&'s NormSpec> {
    let mut norms: Vec<&NormSpec> = Vec::new();
    for norm in spec.norms.iter().chain(own) {
        if norms.iter().all(|n| n.label().name != norm.label().name) {
            norms.push(norm);
        }
    }
    norms
}

/// What is measured in every row, in the order of the row: the one table for storage, axes and help.
pub fn metrics(norms: &[NormLabel]) -> Vec<MetricInfo> {
    let mut all = vec![
        MetricInfo::new("ln_loss", "1", "ln L", "natural logarithm of the training loss as reduced"),
        MetricInfo::new("train_accuracy", "1", "train accuracy", "share of training samples with margin q > 0"),
        MetricInfo::new("test_accuracy", "1", "test accuracy", "share of test samples with margin q > 0")
            .undefined_when("there is no test set"),
    ];
    for norm in norms {
        let (name, symbol) = (&norm.name, &*norm.symbol);
        all.push(MetricInfo::new(format!("norm_{name}"), "1", symbol, format!("N(theta) = {}", norm.formula)));
        let mut hard = MetricInfo::new(
            format!("margin_{name}"),
            "1",
            format!("min q / {symbol}^{{L}}"),
            format!("hard geometric margin min_i q_i / N(theta)^L with N = {name}, L the degree"),
        );
        let mut soft = MetricInfo::new(
            format!("soft_margin_{name}"),
            "1",
            format!("q^{{soft}} / {symbol}^{{L}}"),
            format!("soft geometric margin l^-1(sum of losses) / N(theta)^L with N = {name}, L the degree"),
        );
        if let Some(paper) = norm.paper_margin {
            hard = hard.in_paper(paper);
            soft = soft.in_paper(format!("soft {paper}"));
        }
        all.extend([hard, soft].map(|m| m.undefined_when("theta is zero")));
    }
    all.extend(residuals::metrics());
    all.extend([
        MetricInfo::new("ln_dual_norm", "1", "ln N^{*}(∇L)", "natural logarithm of the dual of the optimiser's own norm, of the gradient of the loss"),
        MetricInfo::new("step_size", "1", "step length", "length, in the optimiser's own norm, of the step that is taken from this row"),
        MetricInfo::new("flow_time", "1", "flow time", "time of the steepest flow (3) so far: sum of step length / N*(grad L); infinite beyond 1.8e308"),
        MetricInfo::new("ln_flow_time", "1", "ln flow time", "natural logarithm of flow_time, which goes on where that is infinite; -infinity at step 0"),
        MetricInfo::new(
            "worst_own_soft_margin_drop",
            "1",
            "drop of the own soft margin",
            "largest decrease of the soft margin in the optimiser's own norm from one step to the next since the last row, zero if none; of a norm \
             that is too dear for every step (spectral), from row to row",
        ),
        MetricInfo::new("steps_with_bands", "1", "steps with bands", "steps since the last row whose weights spread beyond one double's range"),
        MetricInfo::new("near_ties", "1", "near ties", "entries, over the steps since the last row, within a relative 1e-12 of deciding the direction otherwise"),
        MetricInfo::new("wall_seconds", "s", "wall time", "wall time since the run began; the only series that differs between two identical runs"),
    ]);
    all
}

/// What a recorder is made from.
pub struct RecorderParts<'a> {
    /// The file.
    pub writer: TrajectoryWriter,
    /// The model.
    pub model: &'a dyn HomogeneousModel,
    /// The loss.
    pub loss: &'a dyn Loss,
    /// The test set.
    pub test: Option<&'a Dataset>,
    /// Number of training samples.
    pub n_train: usize,
    /// What is recorded.
    pub spec: &'a RecordSpec,
    /// The norms, as [`recorded_norms`] lists them.
    pub norms: &'a [&'a NormSpec],
    /// The own norm of the first optimiser.
    pub own: NormLabel,
    /// Set when somebody interrupts.
    pub interrupted: &'a AtomicBool,
    /// Who watches.
    pub watcher: &'a dyn Watcher,
}

impl<'a> Recorder<'a> {
    /// A recorder before its first row.
    ///
    /// # Errors
    /// If a norm does not fit the model.
    pub fn new(parts: RecorderParts<'a>) -> Result<Self, NormError> {
        let layout: &ParameterLayout = parts.model.layout();
        let norms: Result<Vec<_>, _> = parts
            .norms
            .iter()
            .map(|spec| Ok(RecordedNorm { label: spec.label(), norm: spec.build(layout)? }))
            .collect();
        let test = parts.test.map(|data| TestSet {
            outputs: Array2::zeros((data.n_samples(), parts.model.n_outputs())),
            margins: vec![0.0; data.n_samples()],
            ln_weights: vec![0.0; data.n_samples() * parts.loss.terms_per_sample(parts.model.n_outputs())],
            work: parts.model.workspace(data.n_samples()),
            data,
        });
        Ok(Self {
            writer: parts.writer,
            model: parts.model,
            loss: parts.loss,
            test,
            norms: norms?,
            snapshots: parts.spec.snapshots.iter().copied().collect(),
            spec: parts.spec,
            n_train: parts.n_train,
            own: parts.own,
            running: Running::START,
            interrupted: parts.interrupted,
            watcher: parts.watcher,
            started: Instant::now(),
            told: Instant::now(),
            last_step: None,
            last_row: None,
            last_snapshot: None,
            progress: Progress { test_accuracy: f64::NAN, own_margin: f64::NAN, ..Progress::default() },
            left_out_noted: false,
        })
    }

    /// Another optimiser takes over: its own norm is followed from here on.
    pub fn switch_to(&mut self, own: NormLabel) {
        self.own = own;
        self.running.own_soft_margin = f64::NAN;
    }

    /// Where the run stands.
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Seconds since the run began.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// The file, for events and the end.
    pub const fn writer(&mut self) -> &mut TrajectoryWriter {
        &mut self.writer
    }

    /// Stores the parameters, once a step.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn snapshot(&mut self, step: u64, theta: &[f64]) -> Result<(), steepest_data::DataError> {
        if self.last_snapshot == Some(step) {
            return Ok(());
        }
        self.last_snapshot = Some(step);
        self.writer.push_snapshot(step, theta)
    }

    /// The file, given up.
    pub fn into_writer(self) -> TrajectoryWriter {
        self.writer
    }

    fn degree(&self) -> u32 {
        self.model.degree().get()
    }

    /// Follows the soft margin in the own norm, and how far it ever fell.
    fn follow(&mut self, soft_margin: f64) {
        let drop = self.running.own_soft_margin - soft_margin;
        if drop > self.running.worst_drop {
            self.running.worst_drop = drop;
        }
        self.running.own_soft_margin = soft_margin;
    }

    fn test_accuracy(&mut self, theta: &[f64]) -> f64 {
        let Some(test) = &mut self.test else { return f64::NAN };
        self.model.forward(theta, test.data.inputs(), test.outputs.view_mut(), &mut test.work);
        self.loss.evaluate(test.outputs.view(), test.data.labels(), &mut test.margins, &mut test.ln_weights);
        margin::accuracy(&test.margins)
    }

    /// One row, in the order of [`metrics`].
    fn row(&mut self, dynamics: &mut dyn Dynamics) -> Vec<f64> {
        let at = dynamics.evaluate();
        let (ln_loss, ln_dual_norm, accuracy) = (at.loss.ln(), at.dual_norm.ln(), margin::accuracy(at.margins));
        let (q_min, q_soft) = (margin::smallest(at.margins).1, self.loss.soft_margin(at.loss, self.n_train));
        let is_dear = at.own_norm.is_none();
        let theta = dynamics.theta();
        let test_accuracy = self.test_accuracy(theta);
        let mut row = vec![ln_loss, accuracy, test_accuracy];
        let (degree, mut own_norm) = (self.degree(), f64::NAN);
        for recorded in 0..self.norms.len() {
            let RecordedNorm { label, norm } = &self.norms[recorded];
            let value = norm.value(theta);
            let (hard, soft) = (margin::geometric(q_min, value, degree), margin::geometric(q_soft, value, degree));
            row.extend([value, hard, soft]);
            if label.name == self.own.name {
                own_norm = value;
                self.progress.own_margin = hard;
                if is_dear {
                    self.follow(soft);
                }
            }
        }
        row.extend(residuals::row(dynamics, own_norm, self.model, self.loss));
        let running = &self.running;
        row.extend([ln_dual_norm, running.step_size, running.flow_time.value(), running.flow_time.ln()]);
        row.extend([
            running.worst_drop,
            running.steps_with_bands,
            running.near_ties,
            self.started.elapsed().as_secs_f64(),
        ]);
        (self.running.worst_drop, self.running.steps_with_bands, self.running.near_ties) = (0.0, 0.0, 0.0);
        self.progress.test_accuracy = test_accuracy;
        row
    }

    fn tell(&mut self, step: u64, at: &Evaluation<'_>) {
        const EVERY: Duration = Duration::from_millis(100);
        if self.told.elapsed() < EVERY && step != 0 {
            return;
        }
        self.told = Instant::now();
        self.note_progress(step, at);
        self.watcher.update(&self.progress);
    }

    fn note_progress(&mut self, step: u64, at: &Evaluation<'_>) {
        self.progress.step = step;
        self.progress.ln_loss = at.loss.ln();
        self.progress.train_accuracy = margin::accuracy(at.margins);
        if let Some(norm) = at.own_norm {
            self.progress.own_margin = margin::geometric(margin::smallest(at.margins).1, norm, self.degree());
        }
    }
}

impl Observer for Recorder<'_> {
    fn accumulate(&mut self, step: u64, at: &Evaluation<'_>, length: f64) -> ControlFlow<StopReason> {
        let is_again = self.last_step == Some(step);
        self.last_step = Some(step);
        if !is_again {
            // the step that was pending has been taken
            self.running.flow_time = self.running.flow_time.plus(self.running.pending);
            self.running.near_ties += f64::from(at.near_ties);
            self.running.steps_with_bands += f64::from(u8::from(at.n_bands > 1));
        }
        self.running.pending = LogReal::from_value(length) / at.dual_norm;
        self.running.step_size = length;
        if let Some(norm) = at.own_norm {
            self.follow(margin::geometric(self.loss.soft_margin(at.loss, self.n_train), norm, self.degree()));
        }
        if at.left_out && !self.left_out_noted {
            self.left_out_noted = true;
            let text =
                "from here on the direction leaves out entries of the gradient that are invisible beside its largest";
            if self.writer.event(step, "left_out", text).is_err() {
                return ControlFlow::Break(StopReason::Interrupted);
            }
        }
        self.tell(step, at);
        if self.interrupted.load(Ordering::Relaxed) {
            ControlFlow::Break(StopReason::Interrupted)
        } else {
            ControlFlow::Continue(())
        }
    }

    fn due(&self, step: u64) -> bool {
        let decades = |s: u64| ((s as f64).log10() * self.spec.per_decade as f64).floor();
        step <= self.spec.every_until || self.snapshots.contains(&step) || decades(step) > decades(step - 1)
    }

    fn record(&mut self, step: u64, dynamics: &mut dyn Dynamics) -> Result<(), ObserverError> {
        if self.last_row == Some(step) {
            return Ok(());
        }
        self.last_row = Some(step);
        let row = self.row(dynamics);
        let at = dynamics.evaluate();
        self.note_progress(step, &at);
        let margins = self.spec.samples.then_some(at.margins);
        let failed = |source: steepest_data::DataError| ObserverError { step, source: Box::new(source) };
        self.writer.push_row(step, &row, margins).map_err(failed)?;
        if self.snapshots.contains(&step) {
            self.snapshot(step, dynamics.theta()).map_err(failed)?;
        }
        self.writer.flush_if_due().map_err(failed)
    }
}
