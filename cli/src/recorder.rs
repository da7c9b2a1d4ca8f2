//! Writes the rows of a run.

use crate::config::RecordSpec;
pub use crate::metrics::{metrics, recorded_norms};
use crate::residuals;
use crate::shared::Shared;
use crate::test_set::{TestSet, Tested};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use steepest_core::{
    Dynamics, Evaluation, HomogeneousModel, LogReal, Loss, Norm, Observer, ObserverError, ParameterLayout, StopReason,
    Whole, margin,
};
use steepest_data::Split;
use steepest_data::trajectory::TrajectoryWriter;
use steepest_norms::{NormError, NormLabel, NormSpec};

mod state;

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

    /// Told once, something that a person should know.
    fn say(&self, text: &str);
}

/// A recorded norm.
struct RecordedNorm {
    label: NormLabel,
    norm: Box<dyn Norm>,
}

/// What every row is made from; fixed for a run.
pub struct Recorder<'a> {
    writer: TrajectoryWriter,
    model: &'a dyn HomogeneousModel,
    loss: &'a dyn Loss,
    test: TestSet<'a>,
    norms: Vec<RecordedNorm>,
    spec: &'a RecordSpec,
    snapshots: BTreeSet<u64>,
    n_train: usize,
    own: NormLabel,
    running: Running,
    watcher: &'a dyn Watcher,
    started: Instant,
    /// Seconds before that, of a run that goes on.
    seconds_before: f64,
    told: Instant,
    /// The last step that was accumulated: a switch sees its step twice, once from each optimiser.
    last_step: Option<u64>,
    last_row: Option<u64>,
    last_snapshot: Option<u64>,
    progress: Progress,
    left_out_noted: bool,
    doubt_noted: bool,
    n_held_steps: u64,
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
    held_steps: f64,
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
        held_steps: 0.0,
    };
}

impl Running {
    /// Forgets what belongs to the rows so far.
    const fn start_row(&mut self) {
        (self.worst_drop, self.steps_with_bands, self.near_ties, self.held_steps) = (0.0, 0.0, 0.0, 0.0);
    }
}

/// What a recorder is made from.
pub struct RecorderParts<'a> {
    /// The file.
    pub writer: TrajectoryWriter,
    /// The model.
    pub model: &'a dyn HomogeneousModel,
    /// The loss.
    pub loss: &'a dyn Loss,
    /// The training set, and what accuracy is also measured on.
    pub split: &'a Split,
    /// What it shares with other runs.
    pub shared: Shared,
    /// What is recorded.
    pub spec: &'a RecordSpec,
    /// The norms, as [`recorded_norms`] lists them.
    pub norms: &'a [&'a NormSpec],
    /// The own norm of the first optimiser.
    pub own: NormLabel,
    /// Who watches.
    pub watcher: &'a dyn Watcher,
}

impl<'a> Recorder<'a> {
    /// A recorder before its first row.
    ///
    /// # Errors
    /// If a norm or the test set does not fit the model.
    pub fn new(parts: RecorderParts<'a>) -> anyhow::Result<Self> {
        let layout: &ParameterLayout = parts.model.layout();
        let norms: Result<Vec<_>, NormError> = parts
            .norms
            .iter()
            .map(|spec| Ok(RecordedNorm { label: spec.label(), norm: spec.build(layout)? }))
            .collect();
        let Split { train, test, unseen, .. } = parts.split;
        let test = TestSet::new(parts.model, train, test.as_ref(), unseen.as_ref(), parts.shared)?;
        Ok(Self {
            writer: parts.writer,
            model: parts.model,
            loss: parts.loss,
            test,
            norms: norms?,
            snapshots: parts.spec.snapshots.iter().copied().collect(),
            spec: parts.spec,
            n_train: train.n_samples(),
            own: parts.own,
            running: Running::START,
            watcher: parts.watcher,
            started: Instant::now(),
            seconds_before: 0.0,
            told: Instant::now(),
            last_step: None,
            last_row: None,
            last_snapshot: None,
            progress: Progress { test_accuracy: f64::NAN, own_margin: f64::NAN, ..Progress::default() },
            left_out_noted: false,
            doubt_noted: false,
            n_held_steps: 0,
        })
    }

    /// A phase has ended, and another will go on from there.
    pub fn leave(&mut self, dynamics: &mut dyn Dynamics) {
        self.test.leave(dynamics);
    }

    /// Another optimiser takes over: its own norm is followed from here on.
    pub fn switch_to(&mut self, own: NormLabel) {
        self.own = own;
        self.test.switch();
        self.running.own_soft_margin = f64::NAN;
    }

    /// Steps in which the two-sided rule held samples at a kink.
    pub const fn n_held_steps(&self) -> u64 {
        self.n_held_steps
    }

    /// Where the run stands.
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Seconds that the run has taken, those before an interruption included.
    pub fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
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

    /// One row, in the order of [`metrics`].
    fn row(&mut self, step: u64, dynamics: &mut dyn Dynamics, is_last: bool) -> Vec<f64> {
        let at = dynamics.evaluate();
        let (ln_dual_norm, is_followed) = (at.dual_norm.ln(), at.own_norm.is_some() && at.whole.is_some());
        let whole = dynamics.whole();
        let (ln_loss, accuracy) = (whole.loss.ln(), margin::accuracy(whole.margins));
        let (q_min, q_soft) = (margin::smallest(whole.margins).1, self.loss.soft_margin(whole.loss, self.n_train));
        let mut tested = Tested::NOTHING;
        if is_measured(self.spec.test_per_decade, step, is_last) {
            tested = self.test.test(dynamics);
            self.progress.test_accuracy = tested.accuracy;
        }
        let forms_theta = is_measured(self.spec.norms_per_decade, step, is_last);
        let mut row = vec![ln_loss, accuracy, tested.accuracy, tested.excess];
        let (degree, mut own_norm) = (self.degree(), f64::NAN);
        for recorded in 0..self.norms.len() {
            let RecordedNorm { label, norm } = &self.norms[recorded];
            let known = dynamics.norm_named(&label.name);
            let value = known.unwrap_or_else(|| if forms_theta { norm.value(dynamics.theta()) } else { f64::NAN });
            let (hard, soft) = (margin::geometric(q_min, value, degree), margin::geometric(q_soft, value, degree));
            row.extend([value, hard, soft]);
            if label.name == self.own.name {
                own_norm = value;
                self.progress.own_margin = hard;
                if !is_followed && !soft.is_nan() {
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
            running.held_steps,
            self.seconds(),
        ]);
        self.running.start_row();
        row
    }

    /// Writes an event the first time that a direction left something out, and the first time that rounding may have decided it.
    fn note_doubts(&mut self, step: u64, at: &Evaluation<'_>) -> Result<(), steepest_data::DataError> {
        if at.left_out && !self.left_out_noted {
            self.left_out_noted = true;
            let text =
                "from here on the direction leaves out entries of the gradient that are invisible beside its largest";
            self.writer.event(step, "left_out", text)?;
        }
        if at.doubtful && !self.doubt_noted {
            self.doubt_noted = true;
            let text =
                "here rounding may have decided a part of the direction: later rows are not exact to all their digits";
            self.writer.event(step, "doubtful", text)?;
        }
        Ok(())
    }

    fn tell(&mut self, step: u64, at: &Evaluation<'_>) {
        const EVERY: Duration = Duration::from_millis(100);
        if self.told.elapsed() < EVERY && step != 0 {
            return;
        }
        self.told = Instant::now();
        self.progress.step = step;
        if let Some(whole) = at.whole {
            self.note_progress(step, whole);
            if let Some(norm) = at.own_norm {
                self.progress.own_margin = margin::geometric(margin::smallest(whole.margins).1, norm, self.degree());
            }
        }
        self.watcher.update(&self.progress);
    }

    fn note_progress(&mut self, step: u64, whole: Whole<'_>) {
        self.progress.step = step;
        self.progress.ln_loss = whole.loss.ln();
        self.progress.train_accuracy = margin::accuracy(whole.margins);
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
        if let (Some(norm), Some(whole)) = (at.own_norm, at.whole) {
            self.follow(margin::geometric(self.loss.soft_margin(whole.loss, self.n_train), norm, self.degree()));
        }
        self.running.held_steps += f64::from(u8::from(at.n_held > 0 && !is_again));
        self.n_held_steps += u64::from(at.n_held > 0 && !is_again);
        if self.note_doubts(step, at).is_err() {
            return ControlFlow::Break(StopReason::Interrupted);
        }
        self.tell(step, at);
        ControlFlow::Continue(())
    }

    fn due(&self, step: u64) -> bool {
        step <= self.spec.every_until || self.snapshots.contains(&step) || enters_part(step, self.spec.per_decade)
    }

    fn record(&mut self, step: u64, dynamics: &mut dyn Dynamics, is_last: bool) -> Result<(), ObserverError> {
        if self.last_row == Some(step) {
            return Ok(());
        }
        self.last_row = Some(step);
        let row = self.row(step, dynamics, is_last);
        let whole = dynamics.whole();
        self.note_progress(step, whole);
        let margins = self.spec.samples.then_some(whole.margins);
        let failed = |source: steepest_data::DataError| ObserverError { step, source: Box::new(source) };
        self.writer.push_row(step, &row, margins).map_err(failed)?;
        if self.snapshots.contains(&step) {
            self.snapshot(step, dynamics.theta()).map_err(failed)?;
        }
        self.writer.flush_if_due().map_err(failed)
    }
}

/// Whether this step is the first of one of the `parts` parts, equal on a logarithmic scale, of its factor of ten; no step where there are none.
fn enters_part(step: u64, parts: u64) -> bool {
    let part = |s: u64| ((s as f64).log10() * parts as f64).floor();
    parts > 0 && (step == 0 || part(step) > part(step - 1))
}

/// Whether what is measured in so many rows for each factor of ten is measured in this one.
fn is_measured(per_decade: Option<u64>, step: u64, is_last: bool) -> bool {
    is_last || per_decade.is_none_or(|per_decade| enters_part(step, per_decade))
}
