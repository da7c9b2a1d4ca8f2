//! When the state of a run is kept, and the end of a run that somebody interrupts.

use super::{Contents, beside};
use crate::recorder::Recorder;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use steepest_core::{Dynamics, Evaluation, Observer, ObserverError, SavedPhase, SavedState, StopReason};

/// At most one part in so many of a run's time is spent on checkpoints.
const SHARE: u32 = 50;

/// How often a state is kept.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    every: Option<Duration>,
    last: Instant,
    /// How long the last one must be ago, since it took a while.
    rest: Duration,
}

impl Pace {
    /// So often, the first one not before that time; `None`: at an interruption only.
    pub fn every(every: Option<Duration>) -> Self {
        Self { every, last: Instant::now(), rest: Duration::ZERO }
    }

    fn is_due(&self) -> bool {
        self.every.is_some_and(|every| self.last.elapsed() >= every.max(self.rest))
    }

    fn took(&mut self, cost: Duration) {
        (self.last, self.rest) = (Instant::now(), cost.saturating_mul(SHARE));
    }
}

/// A recorder whose run can be interrupted and gone on with.
pub struct Keeper<'a> {
    recorder: Recorder<'a>,
    path: PathBuf,
    config: &'a str,
    pace: Pace,
    interrupted: &'a AtomicBool,
    /// Whether an interruption was seen before an evaluation, and that state kept: the run ends at the next row.
    is_ending: bool,
    /// What belongs to the run and not to a step.
    run: SavedState,
    texts: Vec<(&'static str, String)>,
}

impl<'a> Keeper<'a> {
    /// Keeps the states of the run that the recorder writes, beside its file.
    pub fn new(mut recorder: Recorder<'a>, config: &'a str, pace: Pace, interrupted: &'a AtomicBool) -> Self {
        let path = beside(recorder.writer().path());
        let (run, texts) = (SavedState::default(), Vec::new());
        Self { recorder, path, config, pace, interrupted, is_ending: false, run, texts }
    }

    /// A phase begins: what is needed to build it again, beside its state.
    pub fn begin(&mut self, run: SavedState, texts: Vec<(&'static str, String)>) {
        (self.run, self.texts) = (run, texts);
    }

    /// The recorder.
    pub const fn recorder(&mut self) -> &mut Recorder<'a> {
        &mut self.recorder
    }

    /// The recorder, given up.
    pub fn into_recorder(self) -> Recorder<'a> {
        self.recorder
    }

    /// The rows first: the state speaks of them.
    fn write(&mut self, state: &SavedPhase) -> anyhow::Result<()> {
        let writer = self.recorder.writer();
        writer.flush_to_disk()?;
        let extent = writer.extent();
        for (k, word) in extent.to_words().into_iter().enumerate() {
            self.run.put_counter(&format!("extent/{k}"), word);
        }
        let mut recorder = SavedState::default();
        self.recorder.save(&mut recorder);
        let mut states = vec![
            ("run", &self.run),
            ("recorder", &recorder),
            ("dynamics", &state.dynamics),
            ("step_length", &state.step_length),
            ("stop", &state.stop),
        ];
        states.extend(state.accepted.as_ref().map(|accepted| ("accepted", accepted)));
        let texts: Vec<(&str, &str)> = self.texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let contents = Contents { step: state.step, config: self.config, texts: &texts, states: &states };
        Ok(contents.write(&self.path)?)
    }
}

impl Observer for Keeper<'_> {
    fn accumulate(&mut self, step: u64, at: &Evaluation<'_>, length: f64) -> ControlFlow<StopReason> {
        let flow = self.recorder.accumulate(step, at, length);
        if self.is_ending { ControlFlow::Break(StopReason::Interrupted) } else { flow }
    }

    fn due(&self, step: u64) -> bool {
        self.recorder.due(step)
    }

    fn record(&mut self, step: u64, dynamics: &mut dyn Dynamics, is_last: bool) -> Result<(), ObserverError> {
        self.recorder.record(step, dynamics, is_last)
    }

    fn wants_state(&mut self) -> bool {
        let is_news = !self.is_ending && self.interrupted.load(Ordering::Relaxed);
        self.is_ending |= is_news;
        is_news || (!self.is_ending && self.pace.is_due())
    }

    fn keep(&mut self, state: &SavedPhase) -> Result<(), ObserverError> {
        let started = Instant::now();
        let written = self.write(state);
        self.pace.took(started.elapsed());
        written.map_err(|error| ObserverError { step: state.step, source: error.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dear_state_is_kept_less_often() {
        let mut pace = Pace::every(Some(Duration::ZERO));
        assert!(pace.is_due());
        pace.took(Duration::from_secs(3));
        assert!(!pace.is_due() && pace.rest == Duration::from_secs(150));
        assert!(!Pace::every(Some(Duration::from_mins(1))).is_due());
        assert!(!Pace::every(None).is_due());
    }
}
