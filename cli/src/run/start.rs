//! Where a run starts: at its beginning, or where a checkpoint kept it.

use crate::checkpoint::Kept;
use crate::dynamics::Way;
use anyhow::Context;
use std::collections::BTreeMap;
use steepest_core::{CoreError, Counter, SavedPhase, SavedState};
use steepest_data::trajectory::Extent;

/// Before the names of what was counted.
const COUNTS: &str = "counts/";
/// The count that is a step.
const FIRST_DISAGREEMENT: &str = "first_disagreement";

/// A phase, and where in it.
pub(super) struct Start {
    /// Which phase.
    pub(super) phase: usize,
    /// The step at which it began.
    pub(super) first_step: u64,
    /// theta where it began.
    pub(super) theta: Vec<f64>,
    /// How the phases up to here are carried out; this one included where it is gone on with.
    pub(super) ways: Ways,
    /// The state on its way, and that of the recorder.
    pub(super) saved: Option<(SavedPhase, SavedState)>,
}

/// How the phases of a run are carried out, as its file says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    pub(super) names: String,
    pub(super) reasons: String,
    pub(super) n_left_out: u64,
    /// What was counted in the phases that have ended, all of one name together.
    pub(super) counts: BTreeMap<String, u64>,
}

impl Ways {
    /// One more phase.
    pub(super) fn push(&mut self, way: Way) {
        let is_first = self.names.is_empty();
        self.names += if is_first { "" } else { ", then " };
        self.reasons += if is_first { "" } else { "; then " };
        self.names += way.name;
        self.reasons += &way.reason;
        self.n_left_out = self.n_left_out.max(way.n_left_out as u64);
    }

    /// A phase that began at `first_step` has ended.
    pub(super) fn count(&mut self, counters: &[Counter], first_step: u64) {
        for Counter { name, count, .. } in counters {
            if *name == FIRST_DISAGREEMENT {
                self.counts.entry(FIRST_DISAGREEMENT.to_owned()).or_insert(first_step + count);
            } else {
                *self.counts.entry((*name).to_owned()).or_default() += count;
            }
        }
    }

    /// What `dynamics = "check"` found, if it is not what it should be.
    pub(super) fn disagreement(&self) -> Option<String> {
        let count = |name| self.counts.get(name).copied().unwrap_or_default();
        let (n, checks, entries) = (count("disagreements"), count("checks"), count("entries_moved_otherwise"));
        (n > 0).then(|| {
            format!(
                "{n} of {checks} steps differ from the dense step by more than rounding, {entries} entries of theta among them; first at \
                 step {}",
                count(FIRST_DISAGREEMENT)
            )
        })
    }

    /// As texts of a checkpoint.
    pub(super) fn texts(&self) -> Vec<(&'static str, String)> {
        vec![("ways", self.names.clone()), ("reasons", self.reasons.clone())]
    }
}

impl Start {
    /// The beginning.
    pub(super) fn at(theta: Vec<f64>) -> Self {
        Self { phase: 0, first_step: 0, theta, ways: Ways::default(), saved: None }
    }

    /// Where the checkpoint is; `theta` is that of the beginning.
    ///
    /// # Errors
    /// If something is missing in it.
    pub(super) fn from_checkpoint(mut kept: Kept, theta: Vec<f64>) -> anyhow::Result<Self> {
        let mut take = |name: &str| kept.states.remove(name).ok_or_else(|| missing(name));
        let (mut run, recorder) = (take("run")?, take("recorder")?);
        let saved = SavedPhase {
            step: kept.head.step,
            dynamics: take("dynamics")?,
            step_length: take("step_length")?,
            stop: take("stop")?,
            accepted: take("accepted").ok(),
        };
        let counts = run.counters().filter_map(|(name, count)| Some((name.strip_prefix(COUNTS)?.to_owned(), count)));
        let counts = counts.collect();
        let mut text = |name: &str| kept.texts.remove(name).ok_or_else(|| missing(name));
        let n_left_out = run.counter("inputs_left_out")?;
        Ok(Self {
            phase: usize::try_from(run.counter("phase")?).context("the phase is no number of this machine")?,
            first_step: run.counter("first_step")?,
            theta: run.take("theta").unwrap_or(theta),
            ways: Ways { names: text("ways")?, reasons: text("reasons")?, n_left_out, counts },
            saved: Some((saved, recorder)),
        })
    }
}

fn missing(name: &str) -> CoreError {
    CoreError::MissingState { name: name.to_owned() }
}

/// What a checkpoint needs to build a phase again: the first begins at the theta that the configuration says, the others where the one before
/// ended.
pub(super) fn run_state(phase: usize, first_step: u64, theta: Option<Vec<f64>>, ways: &Ways) -> SavedState {
    let mut state = SavedState::default();
    state.put_counter("phase", phase as u64);
    state.put_counter("first_step", first_step);
    state.put_counter("inputs_left_out", ways.n_left_out);
    for (name, count) in &ways.counts {
        state.put_counter(&format!("{COUNTS}{name}"), *count);
    }
    if let Some(theta) = theta {
        state.put_vector("theta", theta);
    }
    state
}

/// How far the file of the run had come.
///
/// # Errors
/// If the checkpoint does not say it.
pub(super) fn extent(kept: &Kept) -> anyhow::Result<Extent> {
    let run = kept.states.get("run").ok_or_else(|| missing("run"))?;
    let mut words = [0; 6];
    for (k, word) in words.iter_mut().enumerate() {
        *word = run.counter(&format!("extent/{k}"))?;
    }
    Ok(Extent::from_words(words))
}
